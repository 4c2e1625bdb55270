//! What goes into the kubelet and what comes out of it.

use crate::runtime::{self, Action, ContainerConfig, Exit, PodRef, SandboxConfig, Volume};
use api::{Note, Request};
use base::{Duration, Text};
use model::{Key, Object};
use std::sync::Arc;

/// News for the kubelet. Its host follows the pods of its node, its own Node and all Services, and passes each change on.
#[derive(Clone, PartialEq, Debug)]
pub enum Input {
    /// A pod with this node's name was added or changed.
    Pod(Arc<Object>),
    /// A pod of this node is no longer in the API (a watch's DELETED), by its uid.
    PodGone(Text),
    /// This node's own object was added or changed.
    Node(Arc<Object>),
    /// This node's own object was deleted.
    NodeGone,
    /// A Service of any namespace was added or changed (for service environment variables).
    Service(Arc<Object>),
    ServiceGone(Key),
    /// The answer to `Command::Api`.
    Api {
        id: u64,
        reply: api::Reply,
    },
    /// The answer to a runtime command with this id.
    Runtime {
        id: u64,
        reply: runtime::Reply,
    },
    /// A started container ended.
    Exited(Exit),
    /// Nothing but time has passed.
    Tick,
}

/// What the kubelet wants done. Commands with an `id` are answered (see [`crate::runtime`] for the contract).
#[derive(Clone, PartialEq, Debug)]
pub enum Command {
    /// Answered by `Input::Api`. A server out of reach is answered with code 503.
    Api { id: u64, request: Box<Request> },
    /// An event to record.
    Note(Box<Note>),
    /// Makes the pod's volumes, or brings their files up to date. Answered by `Reply::Volumes`.
    SetVolumes { id: u64, pod: PodRef, volumes: Vec<Volume> },
    /// The pod is gone: forget its volumes.
    RemoveVolumes { pod: PodRef },
    /// Answered by `Reply::Sandbox`.
    RunSandbox { id: u64, config: Arc<SandboxConfig> },
    /// Takes the sandbox's network away; its containers have ended before. Answered by `Reply::SandboxStopped`.
    StopSandbox { id: u64, sandbox: Text },
    /// Forgets a stopped sandbox and all its containers (their logs too).
    RemoveSandbox { sandbox: Text },
    /// Answered by `Reply::Image`.
    ImageStatus { id: u64, image: Text },
    /// Answered by `Reply::Pulled`. Credentials: registry, user name, password.
    PullImage { id: u64, pod: PodRef, image: Text, credentials: Vec<(Text, Text, Text)> },
    /// Answered by `Reply::Created`.
    CreateContainer { id: u64, config: Arc<ContainerConfig> },
    /// Answered by `Reply::Started`.
    StartContainer { id: u64, container: Text },
    /// The stop signal, and KILL once the grace period is over. No answer: the end is told by `Input::Exited`.
    /// Sent again with a shorter grace, the shorter one counts.
    StopContainer { container: Text, grace: Duration },
    /// New requests and limits for a running container (a resize in place). No answer.
    UpdateContainer { container: Text, resources: runtime::Resources },
    /// Forgets an ended container and its logs.
    RemoveContainer { container: Text },
    /// A probe or hook. Answered by `Reply::Acted`, `Acted::TimedOut` after `timeout` at the latest.
    Act { id: u64, container: Text, action: Action, timeout: Duration },
}
