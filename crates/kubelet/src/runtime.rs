//! What the kubelet asks of a container runtime and what it hears back: the verbs of CRI as plain values.
//! Models k8s.io/cri-api/pkg/apis/runtime/v1. The simulated runtime and the CRI client of a node both carry these out.
//!
//! The contract of a runtime:
//! - Every command with an `id` is answered once by `Input::Runtime { id, reply }` with the reply named at the command;
//!   the answer may come at once or later, and in any order.
//! - Every container that was started tells its end once, by `Input::Exited`, whoever ended it. `Stop` has no other answer.
//! - After `RemoveSandbox` nothing of that sandbox is heard of again.

use base::{Text, Time};

/// Who a sandbox or container belongs to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct PodRef {
    pub namespace: Text,
    pub name: Text,
    pub uid: Text,
}

/// A pod's shared surroundings: its network, hostname and resolver.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct SandboxConfig {
    pub pod: PodRef,
    /// How many sandboxes the pod had before.
    pub attempt: u32,
    /// What `hostname` answers inside.
    pub hostname: Text,
    /// The pod uses the node's network and address.
    pub host_network: bool,
    pub host_pid: bool,
    pub share_processes: bool,
    pub dns: DnsConfig,
    /// `hostPort` mappings.
    pub ports: Vec<PortMapping>,
    pub sysctls: Vec<(Text, Text)>,
}

/// The contents of `/etc/resolv.conf`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DnsConfig {
    pub servers: Vec<Text>,
    pub searches: Vec<Text>,
    /// `ndots:5`, `use-vc`.
    pub options: Vec<Text>,
}

impl DnsConfig {
    /// The file as it is read inside a container.
    pub fn file(&self) -> String {
        let mut out = String::new();
        if !self.searches.is_empty() {
            out += &format!("search {}\n", self.searches.join(" "));
        }
        for server in &self.servers {
            out += &format!("nameserver {server}\n");
        }
        if !self.options.is_empty() {
            out += &format!("options {}\n", self.options.join(" "));
        }
        out
    }
}

/// A port of the node that leads to a port of the pod.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PortMapping {
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: Text,
    pub container_port: u16,
    pub host_port: u16,
    /// Empty: every address of the node.
    pub host_ip: Text,
}

/// A sandbox that runs.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sandbox {
    pub id: Text,
    /// Addresses of the pod; for `host_network` the kubelet uses the node's own and this may be empty.
    pub ips: Vec<Text>,
}

/// One container to be made.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ContainerConfig {
    pub pod: PodRef,
    /// The sandbox to join.
    pub sandbox: Text,
    pub name: Text,
    /// How many times it ran before (its restart count).
    pub attempt: u32,
    /// As the pod's spec writes it (an image that `ImageStatus` or `Pull` answered for).
    pub image: Text,
    /// Replaces the image's entry point; empty: the image's own.
    pub command: Vec<Text>,
    /// Replaces the image's arguments; empty: the image's own, unless `command` is given.
    pub args: Vec<Text>,
    /// Empty: the image's own.
    pub working_dir: Text,
    /// In order, later ones win over earlier ones and over the image's.
    pub env: Vec<(Text, Text)>,
    pub mounts: Vec<Mount>,
    pub resources: Resources,
    pub security: Security,
    pub stdin: bool,
    pub stdin_once: bool,
    pub tty: bool,
    /// A file (empty at first) whose contents become [`Exit::message`].
    pub termination_message_path: Text,
    /// If that file is empty and the exit code is not 0, the log's last 80 lines (2048 bytes) become the message.
    pub termination_message_from_logs: bool,
    /// Instead of the image's own or TERM: `SIGQUIT`.
    pub stop_signal: Text,
    /// Ports the pod's author declared: information only, for pictures and unknown images.
    pub ports: Vec<(Text, u16)>,
}

/// A place in a container's file system.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mount {
    pub path: Text,
    pub source: MountSource,
    /// A path inside the source; empty: all of it. What it showed when the container started stays (no updates).
    pub sub_path: Text,
    pub read_only: bool,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MountSource {
    /// A volume of this pod, by the name it has in `SetVolumes`.
    Volume(Text),
    /// One file that the kubelet wrote (`/etc/hosts`).
    File(Text),
}

/// A volume of a pod with its present contents.
#[derive(Clone, PartialEq, Debug)]
pub struct Volume {
    pub name: Text,
    pub source: VolumeSource,
}

#[derive(Clone, PartialEq, Debug)]
pub enum VolumeSource {
    /// Files the kubelet resolved (configMap, secret, projected, downwardAPI). Laid out as `KEY -> ..data/KEY`,
    /// `..data -> ..TIMESTAMP`; `memory` for a tmpfs (secret, projected token). Setting it again replaces all files.
    Files { files: Vec<VolumeFile>, memory: bool, fs_group: Option<i64> },
    /// Empty at first, shared by the pod's containers, gone with the pod.
    EmptyDir { memory: bool, size_limit: Option<i64>, fs_group: Option<i64> },
    /// A path of the node. `kind` is `hostPath.type` (`DirectoryOrCreate`, `Directory`, `File` …), mostly empty.
    HostPath { path: Text, kind: Text },
}

/// One file of a volume.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VolumeFile {
    /// Relative; may have directories in it.
    pub path: Text,
    pub contents: FileBytes,
    pub mode: u32,
}

/// Contents of a file: mostly text, bytes where it is none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FileBytes {
    Text(Text),
    Bytes(std::sync::Arc<[u8]>),
}

/// Requests and limits; 0 where there is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Resources {
    pub cpu_request_milli: i64,
    pub cpu_limit_milli: i64,
    pub memory_request: i64,
    pub memory_limit: i64,
}

/// As whom and with what rights a container runs.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Security {
    /// `None`: the image's user.
    pub uid: Option<i64>,
    /// `None`: 0, or the group that the image's user database names.
    pub gid: Option<i64>,
    pub groups: Vec<i64>,
    pub privileged: bool,
    pub read_only_root: bool,
    pub add_capabilities: Vec<Text>,
    pub drop_capabilities: Vec<Text>,
    pub no_new_privileges: bool,
    /// `RuntimeDefault`, `Unconfined`, `Localhost/…`, or empty.
    pub seccomp: Text,
}

/// An image on the node.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Image {
    /// Full name: `docker.io/library/busybox:1.36`.
    pub name: Text,
    /// `docker.io/library/busybox@sha256:…`, the `imageID` of a container status.
    pub id: Text,
    /// Bytes, for `Image size: N bytes.`
    pub size: i64,
    /// The image's user, if it is a number; `None` with `user_name` empty means root.
    pub uid: Option<i64>,
    /// The image's user, if it is a name.
    pub user_name: Text,
}

/// A container that was made.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Created {
    /// 64 hexadecimal digits.
    pub id: Text,
    /// What the container runs as: uid, gid, supplemental groups.
    pub uid: i64,
    pub gid: i64,
    pub groups: Vec<i64>,
}

/// How a container ended.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Exit {
    /// The container's id.
    pub container: Text,
    /// 128 + signal for those that a signal ended.
    pub code: i32,
    /// The kernel took it for using more memory than its limit.
    pub oom_killed: bool,
    /// The termination message (see [`ContainerConfig::termination_message_path`]).
    pub message: Text,
    pub started_at: Time,
    pub finished_at: Time,
}

/// A question to a container: a probe or a lifecycle hook.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// Runs a program in the container.
    Exec {
        command: Vec<Text>,
    },
    /// Asks over HTTP from the node.
    HttpGet {
        scheme: Text,
        host: Text,
        port: u16,
        path: Text,
        headers: Vec<(Text, Text)>,
    },
    TcpConnect {
        host: Text,
        port: u16,
    },
    /// gRPC health; an empty service is the whole server.
    Grpc {
        host: Text,
        port: u16,
        service: Text,
    },
}

/// How an [`Action`] went.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Acted {
    /// A program ended, with its standard output and error as they came (cut to 10 kB).
    Exited { code: i32, output: Text },
    /// An HTTP answer (redirects on the same host followed). `other_host`: a redirect led elsewhere, and was not followed.
    Http { status: u16, body: Text, other_host: bool },
    /// The connection came about (TCP); the server is serving (gRPC).
    Connected,
    /// gRPC: it answered, and this is not well: the text after `error: ` or `service unhealthy …`, whole.
    Unhealthy(Text),
    /// Nobody listens.
    Refused,
    /// No answer within the timeout.
    TimedOut,
    /// The question could not be asked (program missing, no route): the error's text.
    Failed(Text),
}

/// A runtime's answer to a command with an id.
#[derive(Clone, PartialEq, Debug)]
pub enum Reply {
    /// To `SetVolumes`: done, or the name of the volume that failed and why
    /// (`hostPath type check failed: /x is not a directory`).
    Volumes(Result<(), (Text, Text)>),
    /// To `RunSandbox`.
    Sandbox(Result<Sandbox, Text>),
    /// To `StopSandbox`.
    SandboxStopped,
    /// To `ImageStatus`.
    Image(Option<Image>),
    /// To `PullImage`: the image, or the runtime's whole error text
    /// (`rpc error: code = NotFound desc = failed to pull and unpack image "…": …`).
    Pulled(Result<Image, Text>),
    /// To `CreateContainer`.
    Created(Result<Created, Text>),
    /// To `StartContainer`: running, or the whole error text
    /// (`failed to create containerd task: … exec: "x": executable file not found in $PATH`).
    Started(Result<(), Text>),
    /// To `Act`.
    Acted(Acted),
}
