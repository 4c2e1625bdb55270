//! What all pod workers of a kubelet share: the way out (commands), who waits for which answer, deadlines, services.

use crate::runtime;
use crate::timers::Timers;
use crate::{Command, Config};
use api::{Note, Request, User, Verb};
use base::{Duration, Rng, Text, Time};
use model::{Key, Object};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use value::{Value, obj};

/// The shared part of a kubelet.
#[derive(Clone)]
pub(crate) struct Core {
    pub config: Arc<Config>,
    pub user: User,
    pub rng: Rng,
    /// The time of the input that is being handled.
    pub now: Time,
    pub commands: VecDeque<Command>,
    pub timers: Timers,
    next_id: u64,
    asked: BTreeMap<u64, Asked>,
    /// Objects that are being fetched: since when, and by which request.
    fetching: BTreeMap<Key, (Time, u64)>,
    /// By namespace and name.
    pub services: BTreeMap<(Text, Text), Arc<Object>>,
    /// Which pod's how-manieth container a container id is.
    pub containers: BTreeMap<Text, (Text, u32)>,
    pub node: Option<Arc<Object>>,
    pub used: Used,
}

/// What the pods of this node take of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Used {
    pub cpu_milli: i64,
    pub memory: i64,
    pub pods: i64,
}

/// Who waits for an answer.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    Node(NodeAsked),
    Pod(Text, PodAsked),
    /// An object that pods need, with the pods and the serial number of the step they are in.
    Object(Key, Vec<(Text, u32)>),
}

/// What the node agent asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NodeAsked {
    Register,
    Status,
    RenewLease,
    CreateLease,
}

/// What a pod worker asked for. Numbers after the container are the serial number of the step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum PodAsked {
    Volumes,
    Token(u32, Want),
    Sandbox,
    StopSandbox,
    Image(u32),
    Pull(u32, Time),
    Created(u32),
    Started(u32),
    PostStart(u32),
    /// With the number of restarts, since an answer may outlive the run it is about.
    PreStop(u32, i64),
    Probe(u32, u8),
    Status,
    Delete,
}

/// Something outside the pod that a step needs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Want {
    Object(Key),
    /// A token of the pod's service account: audience and seconds.
    Token(Text, i64),
}

impl Core {
    pub(crate) fn new(config: Config, rng: Rng, now: Time) -> Core {
        let user = User {
            name: format!("system:node:{}", config.node).into(),
            groups: vec![base::text!("system:nodes"), base::text!("system:authenticated")],
        };
        Core {
            config: Arc::new(config),
            user,
            rng,
            now,
            commands: VecDeque::new(),
            timers: Timers::default(),
            next_id: 1,
            asked: BTreeMap::new(),
            fetching: BTreeMap::new(),
            services: BTreeMap::new(),
            containers: BTreeMap::new(),
            node: None,
            used: Used::default(),
        }
    }
    pub(crate) fn push(&mut self, command: Command) {
        self.commands.push_back(command);
    }
    /// Remembers who waits, and gives out the id to ask with.
    pub(crate) fn ask(&mut self, asked: Asked) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        self.asked.insert(id, asked);
        id
    }
    pub(crate) fn ask_pod(&mut self, uid: &Text, what: PodAsked) -> u64 {
        self.ask(Asked::Pod(uid.clone(), what))
    }
    /// Who waited for this answer; nobody if it came before.
    pub(crate) fn answered(&mut self, id: u64) -> Option<Asked> {
        let asked = self.asked.remove(&id)?;
        if let Asked::Object(key, _) = &asked
            && self.fetching.get(key).is_some_and(|(_, by)| *by == id)
        {
            self.fetching.remove(key);
        }
        Some(asked)
    }
    pub(crate) fn api(&mut self, asked: Asked, request: Request) {
        let id = self.ask(asked);
        self.push(Command::Api { id, request: Box::new(request) });
    }
    /// Gets an object for a pod's step; pods that ask at the same moment share the request.
    pub(crate) fn fetch(&mut self, key: &Key, pod: (Text, u32)) {
        if let Some((at, id)) = self.fetching.get(key)
            && *at == self.now
            && let Some(Asked::Object(_, waiting)) = self.asked.get_mut(id)
        {
            waiting.push(pod);
            return;
        }
        let id = self.ask(Asked::Object(key.clone(), vec![pod]));
        self.fetching.insert(key.clone(), (self.now, id));
        let request = Request::of(&self.user, Verb::Get, key);
        self.push(Command::Api { id, request: Box::new(request) });
    }
    pub(crate) fn note(&mut self, note: Note) {
        let note = note.on_host(&self.config.node);
        self.push(Command::Note(Box::new(note)));
    }
    /// An event about the node itself.
    pub(crate) fn node_note(&mut self, reason: &str, message: String) {
        let about = obj! { "kind" => "Node", "name" => &self.config.node, "uid" => &self.config.node };
        let note = Note {
            about,
            warning: false,
            reason: reason.into(),
            message: message.into(),
            source: base::text!("kubelet"),
            host: Text::new(),
        };
        self.note(note);
    }
    /// A span that is up to half as long again.
    pub(crate) fn jitter(&mut self, span: Duration) -> Duration {
        span + Duration::from_micros(self.rng.between(0, span.as_micros() / 2))
    }
    /// The node's labels, as the API has them or as they will be registered.
    pub(crate) fn node_labels(&self) -> value::Map {
        match &self.node {
            Some(node) => node.meta.labels.clone(),
            None => crate::node::labels(&self.config),
        }
    }
    /// What pods may use of a resource.
    pub(crate) fn allocatable(&self, resource: &str) -> base::Quantity {
        let table = if self.config.allocatable.is_empty() { &self.config.capacity } else { &self.config.allocatable };
        quantity(&table[resource])
    }
    #[cfg(test)]
    pub(crate) fn waits_for(&self, pod: &str) -> bool {
        self.asked.values().any(|asked| matches!(asked, Asked::Pod(uid, _) if uid == pod))
    }
}

/// A quantity of a spec: a text or a number; zero if it is none.
pub(crate) fn quantity(value: &Value) -> base::Quantity {
    match value {
        Value::Int(n) => base::Quantity::from_int(*n),
        other => base::Quantity::parse(other.s()).unwrap_or(base::Quantity::ZERO),
    }
}

/// Requests and limits of a `resources` field.
pub(crate) fn resources(value: &Value) -> runtime::Resources {
    let (requests, limits) = (&value["requests"], &value["limits"]);
    runtime::Resources {
        cpu_request_milli: quantity(&requests["cpu"]).as_milli(),
        cpu_limit_milli: quantity(&limits["cpu"]).as_milli(),
        memory_request: quantity(&requests["memory"]).value(),
        memory_limit: quantity(&limits["memory"]).value(),
    }
}
