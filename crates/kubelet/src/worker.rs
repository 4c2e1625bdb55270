//! One pod on this node: its containers with what became of them, the step it is in, and what was last reported.
//! Models pkg/kubelet/pod_workers.go; the steps are in `sync`, `start`, `kill`.

use crate::core::{Core, PodAsked, Want};
use crate::probe::Probe;
use crate::runtime::{Created, Image, PodRef, Sandbox, Volume};
use api::{Note, Status};
use base::{Duration, Text, Time};
use model::Object;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use value::Value;

/// A pod and everything the kubelet knows of it.
#[derive(Clone)]
pub(crate) struct Worker {
    pub pod: Arc<Object>,
    pub uid: Text,
    /// When the kubelet first saw it.
    pub since: Time,
    pub mode: Mode,
    pub step: Step,
    /// Grows with every step, so that late answers to an abandoned one are known.
    pub serial: u32,
    /// Containers that the running pass still has to start.
    pub todo: VecDeque<u32>,
    /// Something happened during the pass: another one follows.
    pub dirty: bool,
    /// A try in this pass failed.
    pub failed: bool,
    /// When the first back-off found in this pass ends.
    pub retry_at: Option<Time>,
    pub containers: Vec<Container>,
    pub sandbox: Option<Sandbox>,
    pub sandbox_attempts: u32,
    /// What the step waits for, and what it has got.
    pub missing: u32,
    pub got: BTreeMap<Want, Result<Value, Status>>,
    /// The volumes as they were last set; `None` before.
    pub volumes: Option<Vec<Volume>>,
    pub volume_delay: Duration,
    pub pulls: BTreeMap<Text, PullDelay>,
    /// The image of the container that is being started.
    pub image: Option<Image>,
    /// Why the pod fails as a whole: reason and message.
    pub verdict: Option<(Text, Text)>,
    /// Since when the pod is being ended, and within what time it shall be.
    pub ending: Option<(Time, Duration)>,
    /// The API has no such pod any more.
    pub gone: bool,
    pub status: Value,
    pub report: Report,
    /// The size it takes of the node, until it is over.
    pub size: crate::core::Used,
}

/// Where a pod's life stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    /// Containers are started and kept running.
    Syncing,
    /// Everything is being stopped.
    Terminating,
    /// Nothing runs any more, nor ever will.
    Terminated,
}

/// What the worker waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Step {
    /// Nothing: a pass may begin.
    Idle,
    /// Objects for the volumes.
    VolumeObjects,
    /// The time of the next try.
    VolumeRetry,
    /// The runtime, to set the volumes.
    Volumes,
    /// As `VolumeObjects` and `Volumes`, for a pod that already runs.
    RefreshObjects,
    Refresh,
    Sandbox,
    /// Containers to end that are then started anew.
    Kill,
    Image,
    /// Objects to pull the image with.
    PullSecrets,
    Pull,
    /// Objects for the environment of the first container in `todo`.
    Objects,
    Create,
    Start,
    Hook,
    /// A container to end whose postStart hook failed.
    HookKill,
    StopSandbox,
}

/// How far the API knows the status.
#[derive(Clone, Default)]
pub(crate) struct Report {
    /// The status as last sent.
    pub sent: Value,
    pub in_flight: bool,
    /// The revision of the last accepted write.
    pub revision: u64,
    pub delete_sent: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Init,
    /// An init container with restartPolicy Always.
    Sidecar,
    App,
    Ephemeral,
}

#[derive(Clone)]
pub(crate) struct Container {
    pub kind: Kind,
    pub name: Text,
    pub spec: Value,
    pub current: Option<Instance>,
    pub previous: Option<Instance>,
    pub restarts: i64,
    /// Why the last try to start it failed: the waiting state's reason and message.
    pub waiting: Option<(Text, Text)>,
    pub crash: Delay,
    /// The end that its back-off counts from, as the pass found it.
    pub ended_before: Option<Time>,
    pub killing: Option<Killing>,
    /// It is to be started again whatever its restart policy says: its definition changed.
    pub again: bool,
    /// Liveness, readiness, startup.
    pub probes: [Option<Probe>; 3],
}

/// One run of a container.
#[derive(Clone)]
pub(crate) struct Instance {
    pub created: Created,
    /// The image's full name and id.
    pub image: Text,
    pub image_id: Text,
    /// What the spec said.
    pub spec_image: Text,
    pub started_at: Option<Time>,
    pub ended: Option<Ended>,
}

#[derive(Clone)]
pub(crate) struct Ended {
    pub code: i32,
    pub reason: Text,
    pub message: Text,
    pub started_at: Time,
    pub finished_at: Time,
}

/// A container that is being stopped.
#[derive(Clone, Copy)]
pub(crate) struct Killing {
    pub since: Time,
    pub grace: Duration,
    /// Its preStop hook still runs.
    pub in_hook: bool,
}

/// A back-off of client-go's flowcontrol kind: it doubles at each failure and is told from which moment it counts.
#[derive(Clone, Copy, Default)]
pub(crate) struct Delay {
    pub span: Duration,
    pub last: Time,
}

#[derive(Clone, Default)]
pub(crate) struct PullDelay {
    pub delay: Delay,
    pub error: Text,
}

const FIRST_DELAY: Duration = Duration::from_secs(10);
const LONGEST_DELAY: Duration = Duration::from_secs(300);

impl Delay {
    /// Until when to wait if the failure was at `since`.
    pub(crate) fn until(&self, since: Time, now: Time) -> Option<Time> {
        let over = self.span == Duration::ZERO || self.expired(since) || now - since >= self.span;
        if over { None } else { Some(since + self.span) }
    }
    pub(crate) fn grow(&mut self, since: Time, now: Time) {
        let fresh = self.span == Duration::ZERO || self.expired(since);
        self.span = if fresh { FIRST_DELAY } else { (self.span * 2).min(LONGEST_DELAY) };
        self.last = now;
    }
    fn expired(&self, since: Time) -> bool {
        since - self.last > LONGEST_DELAY * 2
    }
}

impl Instance {
    pub(crate) fn is_running(&self) -> bool {
        self.started_at.is_some() && self.ended.is_none()
    }
}

impl Container {
    pub(crate) fn new(kind: Kind, spec: &Value) -> Container {
        let kind = if kind == Kind::Init && spec["restartPolicy"].s() == "Always" { Kind::Sidecar } else { kind };
        Container {
            kind,
            name: spec["name"].text(),
            spec: spec.clone(),
            current: None,
            previous: None,
            restarts: 0,
            waiting: None,
            crash: Delay::default(),
            ended_before: None,
            killing: None,
            again: false,
            probes: Probe::all(spec),
        }
    }
    pub(crate) fn is_running(&self) -> bool {
        self.current.as_ref().is_some_and(Instance::is_running)
    }
    pub(crate) fn ended(&self) -> Option<&Ended> {
        self.current.as_ref()?.ended.as_ref()
    }
    pub(crate) fn is_init(&self) -> bool {
        matches!(self.kind, Kind::Init | Kind::Sidecar)
    }
    /// `spec.containers{web}`.
    pub(crate) fn field_path(&self) -> String {
        let field = match self.kind {
            Kind::Init | Kind::Sidecar => "initContainers",
            Kind::App => "containers",
            Kind::Ephemeral => "ephemeralContainers",
        };
        format!("spec.{field}{{{}}}", self.name)
    }
    /// Its startup is over: running, and the startup probe (if any) succeeded.
    pub(crate) fn is_started(&self) -> bool {
        self.is_running() && self.probes[2].as_ref().is_none_or(|probe| probe.result == Some(true))
    }
    /// Whether it is started again after it ended (models ShouldContainerBeRestarted).
    pub(crate) fn restarts_after(&self, ended: &Ended, pod_policy: &str) -> bool {
        if self.kind == Kind::Ephemeral {
            return false;
        }
        let own = self.spec["restartPolicy"].s();
        for rule in self.spec["restartPolicyRules"].items() {
            let codes = &rule["exitCodes"];
            let listed = codes["values"].items().iter().any(|v| v.as_i64() == Some(ended.code.into()));
            if listed == (codes["operator"].s() == "In") {
                return true;
            }
        }
        match (self.kind, if own.is_empty() { pod_policy } else { own }) {
            (_, "Never") => false,
            (Kind::Init, _) | (_, "OnFailure") => ended.code != 0,
            _ => true,
        }
    }
}

impl Worker {
    pub(crate) fn new(pod: Arc<Object>, now: Time) -> Worker {
        let spec = pod.spec();
        let mut containers: Vec<Container> = Vec::new();
        for (kind, field) in [(Kind::Init, "initContainers"), (Kind::App, "containers"), (Kind::Ephemeral, "ephemeralContainers")]
        {
            containers.extend(spec[field].items().iter().map(|c| Container::new(kind, c)));
        }
        let mut worker = Worker {
            uid: pod.meta.uid.clone(),
            since: now,
            mode: Mode::Syncing,
            step: Step::Idle,
            serial: 0,
            todo: VecDeque::new(),
            dirty: false,
            failed: false,
            retry_at: None,
            containers,
            sandbox: None,
            sandbox_attempts: 0,
            missing: 0,
            got: BTreeMap::new(),
            volumes: None,
            volume_delay: Duration::ZERO,
            pulls: BTreeMap::new(),
            image: None,
            verdict: None,
            ending: None,
            gone: false,
            status: pod.status().clone(),
            report: Report { sent: pod.status().clone(), ..Report::default() },
            size: crate::core::Used::default(),
            pod,
        };
        worker.recall();
        worker
    }
    /// Takes over what a former kubelet of this node reported: restarts go on counting.
    fn recall(&mut self) {
        let status = self.pod.status();
        for container in &mut self.containers {
            let field = match container.kind {
                Kind::Init | Kind::Sidecar => "initContainerStatuses",
                Kind::App => "containerStatuses",
                Kind::Ephemeral => "ephemeralContainerStatuses",
            };
            let Some(old) = status[field].items().iter().find(|s| s["name"].s() == container.name) else { continue };
            let ran = !old["containerID"].s().is_empty();
            container.restarts = old["restartCount"].as_i64().unwrap_or(0) + i64::from(ran);
        }
    }
    pub(crate) fn pod_ref(&self) -> PodRef {
        let meta = &self.pod.meta;
        PodRef { namespace: meta.namespace.clone(), name: meta.name.clone(), uid: meta.uid.clone() }
    }
    /// `web_default(UID)`, as messages name a pod.
    pub(crate) fn full_name(&self) -> String {
        format!("{}_{}({})", self.pod.meta.name, self.pod.meta.namespace, self.uid)
    }
    pub(crate) fn spec(&self) -> &Value {
        self.pod.spec()
    }
    pub(crate) fn restart_policy(&self) -> &str {
        match self.spec()["restartPolicy"].s() {
            "" => "Always",
            policy => policy,
        }
    }
    pub(crate) fn host_network(&self) -> bool {
        self.spec()["hostNetwork"].is_true()
    }
    /// The pod's addresses once its sandbox runs.
    pub(crate) fn ips(&self, core: &Core) -> Vec<Text> {
        match &self.sandbox {
            Some(_) if self.host_network() => vec![core.config.ip.clone()],
            Some(sandbox) => sandbox.ips.clone(),
            None => Vec::new(),
        }
    }
    /// Begins a step: late answers to the one before no longer count.
    pub(crate) fn enter(&mut self, step: Step) {
        self.step = step;
        self.serial = self.serial.wrapping_add(1);
    }
    pub(crate) fn ask(&self, core: &mut Core, what: PodAsked) -> u64 {
        core.ask_pod(&self.uid, what)
    }
    /// Asks for everything that is wanted; true if there is nothing to wait for.
    pub(crate) fn want(&mut self, core: &mut Core, wants: Vec<Want>) -> bool {
        self.got.clear();
        self.missing = wants.len() as u32;
        let done = wants.is_empty();
        for want in wants {
            match &want {
                Want::Object(key) => core.fetch(key, (self.uid.clone(), self.serial)),
                Want::Token(audience, seconds) => self.ask_token(core, audience, *seconds),
            }
        }
        done
    }
    /// An event about the pod.
    pub(crate) fn note(&self, core: &mut Core, reason: &str, message: impl Into<Text>) {
        core.note(Note::normal(&self.pod, "kubelet", reason, message));
    }
    pub(crate) fn warn(&self, core: &mut Core, reason: &str, message: impl Into<Text>) {
        core.note(Note::warning(&self.pod, "kubelet", reason, message));
    }
    /// An event about one of its containers.
    pub(crate) fn note_at(&self, core: &mut Core, container: u32, reason: &str, message: impl Into<Text>) {
        let path = self.at(container).field_path();
        core.note(Note::normal(&self.pod, "kubelet", reason, message).at(&path));
    }
    pub(crate) fn warn_at(&self, core: &mut Core, container: u32, reason: &str, message: impl Into<Text>) {
        let path = self.at(container).field_path();
        core.note(Note::warning(&self.pod, "kubelet", reason, message).at(&path));
    }
    /// The container with this number; numbers never change and are only given to containers there are.
    pub(crate) fn at(&self, container: u32) -> &Container {
        &self.containers[container as usize]
    }
    pub(crate) fn at_mut(&mut self, container: u32) -> &mut Container {
        &mut self.containers[container as usize]
    }
    pub(crate) fn numbers(&self) -> std::ops::Range<u32> {
        0..self.containers.len() as u32
    }
}
