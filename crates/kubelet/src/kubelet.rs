//! The kubelet: one machine per node. News go in by `handle`, wishes come out of `poll`, and `next_deadline` says when
//! it wants to be woken. Models pkg/kubelet/kubelet.go.

use crate::core::{Asked, Core, PodAsked, Want};
use crate::node::NodeAgent;
use crate::runtime::{Exit, Reply};
use crate::timers::Timer;
use crate::worker::{Container, Kind, Mode, Step, Worker};
use crate::{Command, Config, Input, admit};
use api::Status;
use base::{Rng, Text, Time};
use model::Object;
use std::collections::BTreeMap;
use std::sync::Arc;
use value::Value;

/// A node's agent.
#[derive(Clone)]
pub struct Kubelet {
    pub(crate) core: Core,
    agent: NodeAgent,
    /// By uid. Shared, so that a clone of the whole kubelet is cheap.
    pub(crate) pods: BTreeMap<Text, Arc<Worker>>,
}

impl Kubelet {
    /// A kubelet that starts now: its first commands register the node.
    pub fn new(config: Config, rng: Rng, now: Time) -> Kubelet {
        let mut kubelet = Kubelet { core: Core::new(config, rng, now), agent: NodeAgent::default(), pods: BTreeMap::new() };
        kubelet.agent.start(&mut kubelet.core);
        kubelet
    }
    pub fn node(&self) -> &Text {
        &self.core.config.node
    }
    pub fn config(&self) -> &Config {
        &self.core.config
    }
    /// Takes in one piece of news. Deadlines that have passed are served first.
    pub fn handle(&mut self, input: Input, now: Time) {
        self.core.now = self.core.now.max(now);
        while let Some(timer) = self.core.timers.due(self.core.now) {
            self.due(timer);
        }
        match input {
            Input::Pod(pod) => self.pod(pod),
            Input::PodGone(uid) => self.pod_gone(&uid),
            Input::Node(node) => self.core.node = Some(node),
            Input::NodeGone => self.core.node = None,
            Input::Service(service) => {
                let key = (service.meta.namespace.clone(), service.meta.name.clone());
                self.core.services.insert(key, service);
            }
            Input::ServiceGone(key) => {
                self.core.services.remove(&(key.namespace, key.name));
            }
            Input::Api { id, reply } => self.api_answered(id, &reply),
            Input::Runtime { id, reply } => self.runtime_answered(id, reply),
            Input::Exited(exit) => self.exited(exit),
            Input::Tick => {}
        }
    }
    /// The next thing to be done, in order; poll until there is none.
    #[must_use]
    pub fn poll(&mut self) -> Option<Command> {
        self.core.commands.pop_front()
    }
    /// When to call `handle(Input::Tick, …)` at the latest.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        self.core.timers.next()
    }
    /// Acts on a pod, and forgets it if it is over.
    fn with(&mut self, uid: &Text, act: impl FnOnce(&mut Worker, &mut Core)) {
        let Some(worker) = self.pods.get_mut(uid) else { return };
        let worker = Arc::make_mut(worker);
        act(worker, &mut self.core);
        if worker.is_done() {
            worker.forget(&mut self.core);
            self.pods.remove(uid);
        }
    }
    fn due(&mut self, timer: Timer) {
        match timer {
            Timer::Lease => self.agent.lease_due(&mut self.core),
            Timer::NodeStatus => self.agent.status_due(&mut self.core),
            Timer::Sync(uid) | Timer::ActiveDeadline(uid) => self.with(&uid, |w, core| w.wake(core)),
            Timer::Volumes(uid) => self.with(&uid, |w, core| w.volumes_due(core)),
            Timer::Write(uid) => self.with(&uid, |w, core| w.write_again(core)),
            Timer::Probe(uid, number, kind) => self.with(&uid, |w, core| w.probe(core, number, kind)),
            Timer::Hook(uid, number) => self.with(&uid, |w, core| w.hook_slept(core, number)),
        }
    }
    fn exited(&mut self, exit: Exit) {
        if let Some((uid, number)) = self.core.containers.get(&exit.container).cloned() {
            self.with(&uid, |w, core| w.exited(core, number, exit));
        }
    }
}

// === pods ===

impl Kubelet {
    fn pod(&mut self, pod: Arc<Object>) {
        let uid = pod.meta.uid.clone();
        if self.pods.contains_key(&uid) {
            self.with(&uid, |w, core| w.update(core, pod));
            return;
        }
        let mut worker = Worker::new(pod, self.core.now);
        if worker.pod.pod().is_finished() {
            worker.mode = Mode::Terminated;
        } else if !worker.pod.is_terminating() {
            let taken = self.taken_ports(&worker);
            match admit::admit(&worker, &self.core, &taken) {
                Ok(size) => worker.take(&mut self.core, size),
                Err(refusal) => worker.refuse(&mut self.core, refusal),
            }
        }
        self.pods.insert(uid.clone(), Arc::new(worker));
        self.with(&uid, |w, core| match w.mode {
            Mode::Terminated => w.delete(core),
            _ if w.pod.is_terminating() => {
                let grace = w.deletion_grace();
                w.terminate(core, grace);
            }
            _ => w.wake(core),
        });
    }
    /// The host ports in use, looked up only for a pod that wants some.
    fn taken_ports(&self, worker: &Worker) -> Vec<(String, i64)> {
        if admit::host_ports(worker.spec()).is_empty() {
            return Vec::new();
        }
        let alive = self.pods.values().filter(|w| w.mode != Mode::Terminated);
        alive.flat_map(|w| admit::host_ports(w.spec())).collect()
    }
    fn pod_gone(&mut self, uid: &Text) {
        self.with(uid, |w, core| {
            w.gone = true;
            if w.mode == Mode::Syncing {
                let grace = w.deletion_grace();
                w.terminate(core, grace);
            }
        });
    }
}

impl Worker {
    fn take(&mut self, core: &mut Core, size: crate::core::Used) {
        self.size = size;
        core.used.cpu_milli += size.cpu_milli;
        core.used.memory += size.memory;
        core.used.pods += size.pods;
    }
    /// The node does not take the pod: it fails without having run.
    fn refuse(&mut self, core: &mut Core, refusal: admit::Refusal) {
        self.warn(core, &refusal.reason, refusal.message.clone());
        self.mode = Mode::Terminated;
        let message = format!("Pod was rejected: {}", refusal.message);
        let mut status = self.pod.status().clone();
        status.set(&["phase"], "Failed");
        status.set(&["reason"], refusal.reason);
        status.set(&["message"], message);
        status.set(&["startTime"], core.now);
        self.report_status(core, status);
    }
    /// A new revision of the pod's object.
    pub(crate) fn update(&mut self, core: &mut Core, pod: Arc<Object>) {
        let old = std::mem::replace(&mut self.pod, pod);
        let changed = old.spec() != self.pod.spec();
        let gates = !self.spec()["readinessGates"].is_empty();
        let gated = gates && old.status()["conditions"] != self.pod.status()["conditions"];
        if changed {
            self.update_containers(core);
        }
        if self.pod.is_terminating() && self.mode != Mode::Terminated {
            let grace = self.deletion_grace();
            self.terminate(core, grace);
        } else if self.mode == Mode::Terminated {
            self.delete(core);
        } else if changed || gated {
            self.wake(core);
        } else {
            self.reconcile_report(core);
        }
    }
    /// Takes over changed container specs: images, resources, and ephemeral containers that came.
    fn update_containers(&mut self, core: &mut Core) {
        let pod = self.pod.clone();
        for (kind, field) in [(Kind::Init, "initContainers"), (Kind::App, "containers"), (Kind::Ephemeral, "ephemeralContainers")]
        {
            for spec in pod.spec()[field].items() {
                let Some(container) = self.containers.iter_mut().find(|c| c.name == spec["name"].s()) else {
                    if kind == Kind::Ephemeral {
                        self.containers.push(Container::new(kind, spec));
                    }
                    continue;
                };
                let resized = container.spec["resources"] != spec["resources"];
                container.spec = spec.clone();
                if let Some(current) = container.current.as_ref().filter(|c| resized && c.is_running()) {
                    let resources = crate::core::resources(&spec["resources"]);
                    core.push(Command::UpdateContainer { container: current.created.id.clone(), resources });
                }
            }
        }
    }
    /// One thing that the present step waits for.
    fn deliver(&mut self, core: &mut Core, serial: u32, (want, got): (Want, Result<Value, Status>)) {
        let waits = matches!(self.step, Step::VolumeObjects | Step::RefreshObjects | Step::PullSecrets | Step::Objects);
        if !waits || serial != self.serial {
            return;
        }
        self.got.insert(want, got);
        self.missing = self.missing.saturating_sub(1);
        if self.missing > 0 {
            return;
        }
        match self.step {
            Step::VolumeObjects => self.volume_objects_here(core),
            Step::RefreshObjects => self.refresh_objects_here(core),
            Step::PullSecrets => self.pull_secrets_here(core),
            _ => self.objects_here(core),
        }
    }
}

// === answers ===

impl Kubelet {
    fn api_answered(&mut self, id: u64, reply: &api::Reply) {
        match self.core.answered(id) {
            None => {}
            Some(Asked::Node(what)) => self.agent.answered(&mut self.core, what, reply),
            Some(Asked::Object(key, waiting)) => {
                let got = reply.failure().map_or_else(|| Ok(reply.body.clone()), Err);
                for (uid, serial) in waiting {
                    let found = (Want::Object(key.clone()), got.clone());
                    self.with(&uid, |w, core| w.deliver(core, serial, found));
                }
            }
            Some(Asked::Pod(uid, PodAsked::Status)) => self.with(&uid, |w, core| w.status_answered(core, reply)),
            Some(Asked::Pod(uid, PodAsked::Delete)) => self.with(&uid, |w, core| w.delete_answered(core, reply)),
            Some(Asked::Pod(uid, PodAsked::Token(serial, want))) => {
                let token = reply.failure().map_or_else(|| Ok(reply.body["status"]["token"].clone()), Err);
                self.with(&uid, |w, core| w.deliver(core, serial, (want, token)));
            }
            Some(Asked::Pod(..)) => {}
        }
    }
    fn runtime_answered(&mut self, id: u64, reply: Reply) {
        let Some(Asked::Pod(uid, what)) = self.core.answered(id) else { return };
        self.with(&uid, |w, core| match (what, reply) {
            (PodAsked::Volumes, Reply::Volumes(result)) => w.volumes_set(core, result),
            (PodAsked::Sandbox, Reply::Sandbox(result)) => w.sandbox_runs(core, result),
            (PodAsked::StopSandbox, Reply::SandboxStopped) => w.terminated(core),
            (PodAsked::Image(serial), Reply::Image(image)) => w.image_known(core, serial, image),
            (PodAsked::Pull(serial, since), Reply::Pulled(result)) => w.pulled(core, (serial, since), result),
            (PodAsked::Created(number), Reply::Created(result)) => w.created(core, number, result),
            (PodAsked::Started(number), Reply::Started(result)) => w.started(core, number, result),
            (PodAsked::PostStart(number), Reply::Acted(acted)) => w.post_started(core, number, &acted),
            (PodAsked::PreStop(number, run), Reply::Acted(acted)) if w.at(number).restarts == run => {
                w.pre_stopped(core, number, &acted);
            }
            (PodAsked::Probe(number, kind), Reply::Acted(acted)) => w.probed(core, (number, kind), &acted),
            // An answer of another kind than the question: a runtime that breaks its contract is not listened to.
            _ => {}
        });
    }
}
