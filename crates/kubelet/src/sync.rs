//! A pass over one pod: report its status, then make volumes, sandbox and containers what they should be, one thing at a
//! time. What happens meanwhile starts another pass. Models pkg/kubelet SyncPod and kuberuntime computePodActions.

use crate::core::{Core, PodAsked};
use crate::runtime::{Sandbox, VolumeSource};
use crate::timers::Timer;
use crate::worker::{Container, Kind, Mode, Step, Worker};
use crate::{Command, volumes};
use base::{Duration, Text, Time, text};
use std::collections::VecDeque;
use std::sync::Arc;

/// A failed pass is tried again after this, and up to half as much more.
const RETRY: Duration = Duration::from_secs(10);
const FIRST_VOLUME_DELAY: Duration = Duration::from_millis(500);
const LONGEST_VOLUME_DELAY: Duration = Duration::from_secs(122);
/// Files of configuration volumes are brought up to date after this, and up to half as much more.
const REFRESH: Duration = Duration::from_secs(40);

impl Worker {
    /// Something happened: look at the pod now, or as soon as the running pass is over.
    pub(crate) fn wake(&mut self, core: &mut Core) {
        match (self.mode, self.step) {
            (Mode::Syncing, Step::Idle) => self.begin(core),
            (Mode::Syncing, _) => self.dirty = true,
            (Mode::Terminating, _) => self.end(core),
            (Mode::Terminated, _) => {}
        }
    }
    fn begin(&mut self, core: &mut Core) {
        self.dirty = false;
        self.failed = false;
        self.retry_at = None;
        self.todo.clear();
        core.timers.clear(&Timer::Sync(self.uid.clone()));
        for container in &mut self.containers {
            let before = container.previous.as_ref().and_then(|p| p.ended.as_ref());
            container.ended_before = container.ended().or(before).map(|e| e.finished_at);
        }
        self.check_deadline(core);
        if self.verdict.is_some() || self.is_over() {
            let grace = self.grace();
            self.terminate(core, grace);
            return;
        }
        self.publish(core);
        self.arm_probes(core);
        self.set_up_volumes(core);
    }
    /// Ends the pass: the next one comes at once, after a while, or when something happens.
    pub(crate) fn finish(&mut self, core: &mut Core) {
        self.enter(Step::Idle);
        if self.dirty {
            self.begin(core);
        } else if self.failed {
            let at = core.now + core.jitter(RETRY);
            core.timers.set(Timer::Sync(self.uid.clone()), self.retry_at.map_or(at, |until| at.min(until)));
        }
    }
    /// The pod's grace period for ends that nobody gave one.
    pub(crate) fn grace(&self) -> Duration {
        Duration::from_secs(self.spec()["terminationGracePeriodSeconds"].as_i64().unwrap_or(30).max(1))
    }
    fn deadline(&self) -> Option<Time> {
        let seconds = self.spec()["activeDeadlineSeconds"].as_i64()?;
        let started = Time::parse(self.status["startTime"].s()).unwrap_or(self.since);
        Some(started + Duration::from_secs(seconds))
    }
    fn check_deadline(&mut self, core: &mut Core) {
        let Some(at) = self.deadline() else { return };
        if at > core.now {
            core.timers.set(Timer::ActiveDeadline(self.uid.clone()), at);
        } else if self.verdict.is_none() {
            let message = "Pod was active on the node longer than the specified deadline";
            self.verdict = Some((text!("DeadlineExceeded"), message.into()));
            self.note(core, "DeadlineExceeded", message);
        }
    }
    /// Every container has ended for good (or an init container has failed for good).
    fn is_over(&self) -> bool {
        let policy = self.restart_policy();
        let for_good = |c: &Container| !c.again && c.ended().is_some_and(|e| !c.restarts_after(e, policy));
        let init_failed = |c: &Container| c.kind == Kind::Init && for_good(c) && c.ended().is_some_and(|e| e.code != 0);
        self.containers.iter().any(init_failed) || self.containers.iter().filter(|c| c.kind == Kind::App).all(for_good)
    }
}

// === volumes ===

impl Worker {
    fn set_up_volumes(&mut self, core: &mut Core) {
        if self.volumes.is_some() {
            self.run_sandbox(core);
            return;
        }
        self.enter(Step::VolumeObjects);
        let wants = volumes::wants(self, core);
        if self.want(core, wants) {
            self.volume_objects_here(core);
        }
    }
    /// All objects for the volumes were asked for and answered.
    pub(crate) fn volume_objects_here(&mut self, core: &mut Core) {
        match volumes::resolve(self, core) {
            Ok(volumes) if volumes.is_empty() => {
                self.volumes = Some(volumes);
                self.run_sandbox(core);
            }
            Ok(volumes) => {
                self.enter(Step::Volumes);
                let id = self.ask(core, PodAsked::Volumes);
                self.volumes = Some(volumes.clone());
                core.push(Command::SetVolumes { id, pod: self.pod_ref(), volumes });
            }
            Err(failures) => self.volumes_failed(core, failures),
        }
    }
    fn volumes_failed(&mut self, core: &mut Core, failures: Vec<(Text, String)>) {
        self.volumes = None;
        for (name, why) in failures {
            self.warn(core, "FailedMount", format!("MountVolume.SetUp failed for volume \"{name}\" : {why}"));
        }
        let longer = self.volume_delay * 2;
        self.volume_delay = longer.clamp(FIRST_VOLUME_DELAY, LONGEST_VOLUME_DELAY);
        core.timers.set(Timer::Volumes(self.uid.clone()), core.now + self.volume_delay);
        self.enter(Step::VolumeRetry);
    }
    pub(crate) fn volumes_set(&mut self, core: &mut Core, result: Result<(), (Text, Text)>) {
        match (self.step, result) {
            (Step::Volumes, Ok(())) => {
                self.plan_refresh(core);
                self.run_sandbox(core);
            }
            (Step::Volumes, Err((name, why))) => self.volumes_failed(core, vec![(name, why.to_string())]),
            (Step::Refresh, _) => self.refreshed(core),
            _ => {}
        }
    }
    /// The time has come to try the volumes again, or to bring their files up to date.
    pub(crate) fn volumes_due(&mut self, core: &mut Core) {
        match (self.mode, self.step) {
            (Mode::Syncing, Step::VolumeRetry) => self.set_up_volumes(core),
            (Mode::Syncing, Step::Idle) => {
                self.enter(Step::RefreshObjects);
                let wants = volumes::wants(self, core);
                if self.want(core, wants) {
                    self.refresh_objects_here(core);
                }
            }
            (Mode::Syncing, _) => core.timers.set(Timer::Volumes(self.uid.clone()), core.now + Duration::SECOND),
            (Mode::Terminating | Mode::Terminated, _) => {}
        }
    }
    /// Objects that are missing now leave the files as they were.
    pub(crate) fn refresh_objects_here(&mut self, core: &mut Core) {
        match volumes::resolve(self, core) {
            Ok(volumes) if self.volumes.as_ref() != Some(&volumes) => {
                self.enter(Step::Refresh);
                let id = self.ask(core, PodAsked::Volumes);
                self.volumes = Some(volumes.clone());
                core.push(Command::SetVolumes { id, pod: self.pod_ref(), volumes });
            }
            Ok(_) => self.refreshed(core),
            Err(failures) => {
                for (name, why) in failures {
                    self.warn(core, "FailedMount", format!("MountVolume.SetUp failed for volume \"{name}\" : {why}"));
                }
                self.refreshed(core);
            }
        }
    }
    fn refreshed(&mut self, core: &mut Core) {
        self.plan_refresh(core);
        self.finish(core);
    }
    fn plan_refresh(&mut self, core: &mut Core) {
        let changing = |v: &crate::runtime::Volume| matches!(&v.source, VolumeSource::Files { .. });
        if self.volumes.iter().flatten().any(changing) && volumes::may_change(self) {
            let at = core.now + core.jitter(REFRESH);
            core.timers.set(Timer::Volumes(self.uid.clone()), at);
        }
    }
}

// === sandbox ===

impl Worker {
    fn run_sandbox(&mut self, core: &mut Core) {
        if self.sandbox.is_some() {
            self.kill_unwell(core);
            return;
        }
        self.enter(Step::Sandbox);
        let config = Arc::new(crate::sandbox::config(self, core));
        let id = self.ask(core, PodAsked::Sandbox);
        core.push(Command::RunSandbox { id, config });
    }
    pub(crate) fn sandbox_runs(&mut self, core: &mut Core, result: Result<Sandbox, Text>) {
        self.sandbox_attempts += 1;
        let ok = result.is_ok();
        match result {
            Ok(sandbox) => {
                self.sandbox = Some(sandbox);
                self.dirty = true;
            }
            Err(why) => {
                self.warn(core, "FailedCreatePodSandBox", format!("Failed to create pod sandbox: {why}"));
                self.failed = true;
            }
        }
        if self.mode != Mode::Syncing {
            self.enter(Step::Idle);
            self.end(core);
        } else if ok {
            self.kill_unwell(core);
        } else {
            self.finish(core);
        }
    }
}

// === containers ===

impl Worker {
    /// Stops containers that a probe failed or whose image is no longer the one of the spec.
    fn kill_unwell(&mut self, core: &mut Core) {
        let restart = self.restart_policy() != "Never";
        for number in self.numbers() {
            let container = self.at(number);
            if !container.is_running() || !matches!(container.kind, Kind::App | Kind::Sidecar) {
                continue;
            }
            let Some((why, grace)) = self.unwell(number) else { continue };
            let name = &self.at(number).name;
            let changed = why == "definition changed";
            let mut message = format!("Container {name} {why}");
            if restart || changed || self.at(number).kind == Kind::Sidecar {
                message += ", will be restarted";
            }
            self.at_mut(number).again |= changed;
            self.kill(core, number, grace, &message);
        }
        self.enter(Step::Kill);
        self.killed(core);
    }
    /// What is wrong with a running container, and how long it may take to stop.
    fn unwell(&self, number: u32) -> Option<(&'static str, Duration)> {
        let container = self.at(number);
        let current = container.current.as_ref()?;
        if current.spec_image != container.spec["image"].s() {
            return Some(("definition changed", self.grace()));
        }
        for (kind, words) in [(0, "failed liveness probe"), (2, "failed startup probe")] {
            if let Some(probe) = &container.probes[kind]
                && probe.result == Some(false)
            {
                return Some((words, probe.grace().unwrap_or_else(|| self.grace())));
            }
        }
        None
    }
    /// Goes on once no container is being stopped any more.
    pub(crate) fn killed(&mut self, core: &mut Core) {
        if self.containers.iter().any(|c| c.killing.is_some()) {
            return;
        }
        self.todo = self.plan();
        self.start_next(core);
    }
    /// Which containers to start now, in order.
    fn plan(&self) -> VecDeque<u32> {
        let policy = self.restart_policy();
        let wants_start = |c: &Container| match &c.current {
            None => c.kind != Kind::Ephemeral || c.waiting.is_none(),
            Some(_) => c.again || c.ended().is_some_and(|e| c.restarts_after(e, policy)),
        };
        let mut plan: VecDeque<u32> = VecDeque::new();
        let of = |kind: Kind| self.numbers().filter(move |n| self.at(*n).kind == kind);
        plan.extend(of(Kind::Ephemeral).filter(|n| wants_start(self.at(*n))));
        let initialized = self.containers.iter().any(|c| c.kind == Kind::App && c.current.is_some());
        for number in self.numbers().filter(|n| self.at(*n).is_init()) {
            let container = self.at(number);
            let finished = container.kind == Kind::Init && container.ended().is_some_and(|e| e.code == 0);
            if finished || (initialized && container.kind == Kind::Init) {
                continue;
            }
            if wants_start(container) {
                plan.push_back(number);
            }
            if !initialized && !container.is_started() {
                return plan;
            }
            if !initialized && container.kind == Kind::Init {
                return plan;
            }
        }
        plan.extend(of(Kind::App).filter(|n| wants_start(self.at(*n))));
        plan
    }
    /// Starts the next container of the plan, or ends the pass.
    pub(crate) fn start_next(&mut self, core: &mut Core) {
        while let Some(number) = self.todo.front().copied() {
            if self.start(core, number) {
                return;
            }
            self.skip();
        }
        self.finish(core);
    }
    /// The first container of the plan is done with: started, or it could not be.
    pub(crate) fn skip(&mut self) {
        if let Some(number) = self.todo.pop_front()
            && self.at(number).kind == Kind::Init
        {
            self.todo.clear();
        }
    }
}
