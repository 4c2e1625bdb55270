//! Stopping containers one by one (preStop hook, signal, grace period) and ending whole pods in order.
//! Models kuberuntime killContainer and pkg/kubelet SyncTerminatingPod, SyncTerminatedPod.

use crate::core::{Asked, Core, PodAsked};
use crate::hook::{self, Hook};
use crate::runtime::{Acted, Exit};
use crate::timers::Timer;
use crate::worker::{Ended, Killing, Kind, Mode, Step, Worker};
use crate::{Command, runtime};
use api::{Reply, Request, Verb};
use base::{Duration, Text, Time, text};
use value::{Value, obj};

/// What a container gets at least between its signal and KILL.
const LEAST_GRACE: Duration = Duration::from_secs(2);
/// A refused write is tried again after this.
const WRITE_RETRY: Duration = Duration::from_secs(10);
/// Longer termination messages are cut.
const LONGEST_MESSAGE: usize = 4096;

// === one container ===

impl Worker {
    /// Starts to stop a running container. Asked again, only a shorter grace counts.
    pub(crate) fn kill(&mut self, core: &mut Core, number: u32, grace: Duration, message: &str) {
        let Some(current) = self.at(number).current.as_ref().filter(|c| c.is_running()) else { return };
        let id = current.created.id.clone();
        if let Some(killing) = self.at(number).killing {
            if grace < killing.grace {
                self.at_mut(number).killing = Some(Killing { grace, in_hook: false, ..killing });
                core.push(Command::StopContainer { container: id, grace });
            }
            return;
        }
        self.note_at(core, number, "Killing", message);
        let since = core.now;
        self.at_mut(number).killing = Some(Killing { since, grace, in_hook: true });
        let handler = self.at(number).spec["lifecycle"]["preStop"].clone();
        if handler.is_null() {
            self.stop(core, number);
            return;
        }
        match hook::of(self, core, number, &handler) {
            Hook::Sleep(span) => core.timers.set(Timer::Hook(self.uid.clone(), number), core.now + span.min(grace)),
            Hook::Act(action) => {
                let asked = self.ask(core, PodAsked::PreStop(number, self.at(number).restarts));
                core.push(Command::Act { id: asked, container: id, action, timeout: grace });
            }
            Hook::Nothing => self.pre_stopped(core, number, &Acted::Failed(text!("invalid handler"))),
        }
    }
    /// The preStop hook is over (or there was none): the signal, with what is left of the grace period.
    pub(crate) fn pre_stopped(&mut self, core: &mut Core, number: u32, acted: &Acted) {
        if !self.at(number).killing.is_some_and(|k| k.in_hook) {
            return;
        }
        if !hook::succeeded(acted) {
            self.warn_at(core, number, "FailedPreStopHook", "PreStopHook failed");
        }
        self.stop(core, number);
    }
    fn stop(&mut self, core: &mut Core, number: u32) {
        let now = core.now;
        let container = self.at_mut(number);
        let (Some(killing), Some(current)) = (&mut container.killing, &container.current) else { return };
        killing.in_hook = false;
        let left = killing.grace - (now - killing.since);
        let grace = left.max(LEAST_GRACE);
        core.push(Command::StopContainer { container: current.created.id.clone(), grace });
    }
    /// A sleeping hook is over.
    pub(crate) fn hook_slept(&mut self, core: &mut Core, number: u32) {
        let done = Acted::Exited { code: 0, output: Text::new() };
        if self.at(number).killing.is_some() {
            self.pre_stopped(core, number, &done);
        } else {
            self.post_started(core, number, &done);
        }
    }
    /// A container ended, whoever ended it.
    pub(crate) fn exited(&mut self, core: &mut Core, number: u32, exit: Exit) {
        let container = self.at_mut(number);
        let Some(current) = container.current.as_mut().filter(|c| c.created.id == exit.container) else { return };
        if current.ended.is_some() {
            return;
        }
        current.started_at.get_or_insert(exit.started_at);
        current.ended = Some(ended(&exit));
        container.killing = None;
        core.timers.clear(&Timer::Hook(self.uid.clone(), number));
        self.reset_probes(core, number);
        match (self.mode, self.step) {
            (Mode::Syncing, Step::Kill) => {
                self.dirty = true;
                self.killed(core);
            }
            (Mode::Syncing, Step::HookKill) => {
                self.dirty = true;
                self.hook_killed(core);
            }
            (Mode::Syncing, Step::Hook) if self.todo.front() == Some(&number) => {
                self.dirty = true;
                self.post_started(core, number, &Acted::Failed(text!("container ended")));
            }
            _ => self.wake(core),
        }
    }
}

fn ended(exit: &Exit) -> Ended {
    let reason = match exit.code {
        _ if exit.oom_killed => text!("OOMKilled"),
        0 => text!("Completed"),
        _ => text!("Error"),
    };
    let cut = exit.message.floor_char_boundary(LONGEST_MESSAGE);
    Ended {
        code: exit.code,
        reason,
        message: exit.message[..cut].into(),
        started_at: exit.started_at,
        finished_at: exit.finished_at,
    }
}

// === the whole pod ===

impl Worker {
    /// Ends the pod within a grace period. Asked again, only a shorter one counts.
    pub(crate) fn terminate(&mut self, core: &mut Core, grace: Duration) {
        match (self.mode, self.ending) {
            (Mode::Terminated, _) => return,
            (Mode::Terminating, Some((since, have))) => {
                if grace < have {
                    self.ending = Some((since, grace));
                    for number in self.numbers().filter(|n| self.at(*n).killing.is_some()).collect::<Vec<_>>() {
                        self.kill(core, number, grace, "");
                    }
                }
            }
            _ => {
                self.mode = Mode::Terminating;
                self.ending = Some((core.now, grace));
                for timer in [Timer::Sync(self.uid.clone()), Timer::ActiveDeadline(self.uid.clone())] {
                    core.timers.clear(&timer);
                }
                core.timers.clear(&Timer::Volumes(self.uid.clone()));
                self.hold_probes(core);
                if !matches!(self.step, Step::Sandbox | Step::Create | Step::Start) {
                    self.enter(Step::Idle);
                }
            }
        }
        self.end(core);
    }
    /// The next thing on the way to the pod's end.
    pub(crate) fn end(&mut self, core: &mut Core) {
        if self.mode != Mode::Terminating || self.step != Step::Idle {
            return;
        }
        let (since, grace) = self.ending.unwrap_or((core.now, LEAST_GRACE));
        let running = |kind_is_sidecar: bool, worker: &Worker| -> Vec<u32> {
            let of = |n: &u32| worker.at(*n).is_running() && (worker.at(*n).kind == Kind::Sidecar) == kind_is_sidecar;
            worker.numbers().filter(of).collect()
        };
        let (others, sidecars) = (running(false, self), running(true, self));
        for number in &others {
            if self.at(*number).killing.is_none() {
                let message = format!("Stopping container {}", self.at(*number).name);
                self.kill(core, *number, grace, &message);
            }
        }
        if !others.is_empty() {
            return;
        }
        if let Some(last) = sidecars.last() {
            if self.at(*last).killing.is_none() {
                let message = format!("Stopping container {}", self.at(*last).name);
                let left = (grace - (core.now - since)).max(LEAST_GRACE);
                self.kill(core, *last, left, &message);
            }
            return;
        }
        match &self.sandbox {
            Some(sandbox) => {
                let sandbox = sandbox.id.clone();
                self.enter(Step::StopSandbox);
                let id = self.ask(core, PodAsked::StopSandbox);
                core.push(Command::StopSandbox { id, sandbox });
            }
            None => self.terminated(core),
        }
    }
    /// Nothing runs any more: the last status, and the way to the object's deletion.
    pub(crate) fn terminated(&mut self, core: &mut Core) {
        if self.mode != Mode::Terminating {
            return;
        }
        self.enter(Step::Idle);
        self.mode = Mode::Terminated;
        self.release(core);
        self.publish(core);
    }
    /// Gives back what the pod took of the node.
    pub(crate) fn release(&mut self, core: &mut Core) {
        core.used.cpu_milli -= self.size.cpu_milli;
        core.used.memory -= self.size.memory;
        core.used.pods -= self.size.pods;
        self.size = crate::core::Used::default();
    }
    /// True once the kubelet may forget the pod.
    pub(crate) fn is_done(&self) -> bool {
        self.mode == Mode::Terminated && self.gone
    }
    /// Takes away what is left of it.
    pub(crate) fn forget(&self, core: &mut Core) {
        for container in &self.containers {
            for instance in container.current.iter().chain(&container.previous) {
                core.containers.remove(&instance.created.id);
            }
        }
        for number in self.numbers() {
            core.timers.clear(&Timer::Hook(self.uid.clone(), number));
            for kind in 0..3 {
                core.timers.clear(&Timer::Probe(self.uid.clone(), number, kind));
            }
        }
        for timer in [Timer::Sync, Timer::ActiveDeadline, Timer::Volumes, Timer::Write] {
            core.timers.clear(&timer(self.uid.clone()));
        }
        if let Some(sandbox) = &self.sandbox {
            core.push(Command::RemoveSandbox { sandbox: sandbox.id.clone() });
        }
        if self.volumes.as_ref().is_some_and(|v: &Vec<runtime::Volume>| !v.is_empty()) {
            core.push(Command::RemoveVolumes { pod: self.pod_ref() });
        }
    }
}

// === what the API is told ===

impl Worker {
    /// Makes the status anew and sends what differs from what was sent before.
    pub(crate) fn publish(&mut self, core: &mut Core) {
        let status = self.make_status(core);
        self.report_status(core, status);
    }
    pub(crate) fn report_status(&mut self, core: &mut Core, status: Value) {
        self.status = status;
        self.send(core);
    }
    fn send(&mut self, core: &mut Core) {
        if self.report.in_flight || self.gone {
            return;
        }
        let patch = difference(&self.report.sent, &self.status);
        if patch.is_empty() {
            self.delete(core);
            return;
        }
        self.report.in_flight = true;
        self.report.sent = self.status.clone();
        let body = obj! { "metadata" => obj! { "uid" => &self.uid }, "status" => patch };
        let request = Request {
            subresource: text!("status"),
            body,
            ..Request::of(&core.user, Verb::Patch(api::PatchType::Merge), &self.pod.key())
        };
        core.api(Asked::Pod(self.uid.clone(), PodAsked::Status), request);
    }
    pub(crate) fn status_answered(&mut self, core: &mut Core, reply: &Reply) {
        self.report.in_flight = false;
        match reply.code {
            0..400 => {
                let revision = reply.body["metadata"]["resourceVersion"].s().parse().unwrap_or(0);
                self.report.revision = self.report.revision.max(revision);
                self.send(core);
            }
            // It is gone, or another pod has its name: the watch will tell.
            404 | 409 | 422 => {}
            _ => {
                self.report.sent = Value::Null;
                core.timers.set(Timer::Write(self.uid.clone()), core.now + WRITE_RETRY);
            }
        }
    }
    /// Tries a refused write again.
    pub(crate) fn write_again(&mut self, core: &mut Core) {
        self.send(core);
    }
    /// The API disagrees with what was sent: someone else wrote the status.
    pub(crate) fn reconcile_report(&mut self, core: &mut Core) {
        if self.report.in_flight || self.pod.meta.revision < self.report.revision || self.report.sent.is_null() {
            return;
        }
        let ready = |status: &Value| model::Condition::find(status, "Ready")["status"].text();
        if ready(self.pod.status()) != ready(&self.report.sent) {
            self.report.sent = self.pod.status().clone();
            self.send(core);
        }
    }
    /// The object may go once its last status is known and somebody wants it gone.
    pub(crate) fn delete(&mut self, core: &mut Core) {
        if self.mode != Mode::Terminated || !self.pod.is_terminating() || self.report.in_flight || self.report.delete_sent {
            return;
        }
        self.report.delete_sent = true;
        let body = obj! {
            "kind" => "DeleteOptions", "apiVersion" => "v1",
            "gracePeriodSeconds" => 0, "preconditions" => obj! { "uid" => &self.uid },
        };
        let mut request = Request { body, ..Request::of(&core.user, Verb::Delete, &self.pod.key()) };
        request.query.grace_period_seconds = Some(0);
        core.api(Asked::Pod(self.uid.clone(), PodAsked::Delete), request);
    }
    pub(crate) fn delete_answered(&mut self, core: &mut Core, reply: &Reply) {
        if !reply.is_success() && !matches!(reply.code, 404 | 409) {
            self.report.delete_sent = false;
            core.timers.set(Timer::Write(self.uid.clone()), core.now + WRITE_RETRY);
        }
    }
    /// When the pod is to be ended, from its own deletion.
    pub(crate) fn deletion_grace(&self) -> Duration {
        match self.pod.meta.grace {
            Some(grace) if grace > Duration::ZERO => grace,
            _ => self.grace(),
        }
    }
    /// Since when the pod runs, for `startTime`.
    pub(crate) fn start_time(&self) -> Time {
        Time::parse(self.status["startTime"].s()).unwrap_or(self.since)
    }
}

/// A merge patch of the top-level fields that differ.
fn difference(old: &Value, new: &Value) -> Value {
    let mut patch = Value::map();
    for (field, value) in new.entries() {
        if &old[field.as_str()] != value {
            patch.set(&[field.as_str()], value);
        }
    }
    for (field, _) in old.entries() {
        if new.get(field).is_none() {
            patch.as_map_mut().insert(field.as_str(), Value::Null);
        }
    }
    patch
}
