//! Starting one container: back-off, image, environment, create, start, postStart hook.
//! Models kuberuntime startContainer and pkg/kubelet/images EnsureImageExists.

use crate::core::{Core, PodAsked};
use crate::runtime::{Acted, Created, Image};
use crate::timers::Timer;
use crate::worker::{Ended, Instance, Mode, Step, Worker};
use crate::{Command, container, env, hook, image};
use base::{Duration, Text, Time};
use std::sync::Arc;

impl Worker {
    /// Begins to start a container; false if it cannot be tried now.
    pub(crate) fn start(&mut self, core: &mut Core, number: u32) -> bool {
        let container = self.at(number);
        let image = container.spec["image"].text();
        if container.current.is_some()
            && let Some(since) = container.ended_before
        {
            if let Some(until) = container.crash.until(since, core.now) {
                self.backs_off(core, number, until);
                return false;
            }
            let now = core.now;
            self.at_mut(number).crash.grow(since, now);
        }
        if let Err(why) = image::check(&image) {
            let message = format!("Failed to apply default image tag \"{image}\": {why}");
            self.warn_at(core, number, "InspectFailed", message.clone());
            self.fails(core, number, ("InvalidImageName", message.into()), "InvalidImageName");
            return false;
        }
        self.enter(Step::Image);
        let id = self.ask(core, PodAsked::Image(self.serial));
        core.push(Command::ImageStatus { id, image });
        true
    }
    fn backs_off(&mut self, core: &mut Core, number: u32, until: Time) {
        let (name, span) = (self.at(number).name.clone(), self.at(number).crash.span);
        let full_name = self.full_name();
        let event = format!("Back-off restarting failed container {name} in pod {full_name}");
        self.warn_at(core, number, "BackOff", event);
        let message = format!("back-off {span} restarting failed container={name} pod={full_name}");
        self.at_mut(number).waiting = Some((base::text!("CrashLoopBackOff"), message.into()));
        self.failed = true;
        self.retry_at = Some(self.retry_at.map_or(until, |have| have.min(until)));
    }
    /// A try failed: the waiting reason, and the event that says so.
    fn fails(&mut self, core: &mut Core, number: u32, waiting: (&str, Text), event: &str) {
        self.warn_at(core, number, "Failed", format!("Error: {event}"));
        self.at_mut(number).waiting = Some((waiting.0.into(), waiting.1));
        self.failed = true;
    }
    /// The container under way is done with, well or not: on to the next.
    fn go_on(&mut self, core: &mut Core) {
        self.skip();
        self.start_next(core);
    }
    /// The container that the present step is about.
    fn under_way(&self, step: Step, serial: u32) -> Option<u32> {
        if self.step == step && self.serial == serial { self.todo.front().copied() } else { None }
    }
}

// === image ===

impl Worker {
    pub(crate) fn image_known(&mut self, core: &mut Core, serial: u32, found: Option<Image>) {
        let Some(number) = self.under_way(Step::Image, serial) else { return };
        let spec = &self.at(number).spec;
        let (name, policy) = (spec["image"].text(), spec["imagePullPolicy"].s());
        if let Some(found) = found
            && policy != "Always"
        {
            let message = format!("Container image \"{name}\" already present on machine and can be accessed by the pod");
            self.note_at(core, number, "Pulled", message);
            self.image_here(core, found);
            return;
        }
        if policy == "Never" {
            let message = format!("Container image \"{name}\" is not present with pull policy of Never");
            self.warn_at(core, number, "ErrImageNeverPull", message.clone());
            self.fails(core, number, ("ErrImageNeverPull", message.into()), "ErrImageNeverPull");
            self.go_on(core);
            return;
        }
        if let Some(pull) = self.pulls.get(&name)
            && pull.delay.until(pull.delay.last, core.now).is_some()
        {
            let event = format!("Back-off pulling image \"{name}\"");
            let message = format!("{event}: ErrImagePull: {}", pull.error);
            self.note_at(core, number, "BackOff", event);
            self.fails(core, number, ("ImagePullBackOff", message.into()), "ImagePullBackOff");
            self.go_on(core);
            return;
        }
        self.fetch_pull_secrets(core);
    }
    /// The pod's imagePullSecrets come first; then the pull.
    fn fetch_pull_secrets(&mut self, core: &mut Core) {
        self.enter(Step::PullSecrets);
        let wants = image::secrets(self);
        if self.want(core, wants) {
            self.pull_secrets_here(core);
        }
    }
    pub(crate) fn pull_secrets_here(&mut self, core: &mut Core) {
        let Some(number) = self.todo.front().copied() else { return };
        let image = self.at(number).spec["image"].text();
        let (credentials, missing) = image::credentials(self);
        if !missing.is_empty() {
            let names = missing.join(", ");
            let message =
                format!("Unable to retrieve some image pull secrets ({names}); attempting to pull the image may not succeed.");
            self.warn(core, "FailedToRetrieveImagePullSecret", message);
        }
        self.enter(Step::Pull);
        self.note_at(core, number, "Pulling", format!("Pulling image \"{image}\""));
        let id = self.ask(core, PodAsked::Pull(self.serial, core.now));
        core.push(Command::PullImage { id, pod: self.pod_ref(), image, credentials });
    }
    pub(crate) fn pulled(&mut self, core: &mut Core, (serial, since): (u32, Time), result: Result<Image, Text>) {
        let Some(number) = self.under_way(Step::Pull, serial) else { return };
        let name = self.at(number).spec["image"].text();
        match result {
            Ok(image) => {
                self.pulls.remove(&name);
                let took = Duration::from_millis((core.now - since).as_millis());
                let message = format!(
                    "Successfully pulled image \"{name}\" in {took} ({took} including waiting). Image size: {} bytes.",
                    image.size
                );
                self.note_at(core, number, "Pulled", message);
                self.image_here(core, image);
            }
            Err(why) => {
                self.warn_at(core, number, "Failed", format!("Failed to pull image \"{name}\": {why}"));
                let pull = self.pulls.entry(name).or_default();
                pull.delay.grow(core.now, core.now);
                pull.error = why.clone();
                self.fails(core, number, ("ErrImagePull", why), "ErrImagePull");
                self.go_on(core);
            }
        }
    }
    fn image_here(&mut self, core: &mut Core, image: Image) {
        let Some(number) = self.todo.front().copied() else { return };
        self.image = Some(image);
        self.enter(Step::Objects);
        let wants = env::wants(self, number);
        if self.want(core, wants) {
            self.objects_here(core);
        }
    }
}

// === create and start ===

impl Worker {
    /// All objects for the environment were asked for and answered.
    pub(crate) fn objects_here(&mut self, core: &mut Core) {
        let Some(number) = self.todo.front().copied() else { return };
        match container::config(self, core, number) {
            Ok(config) => {
                self.enter(Step::Create);
                let id = self.ask(core, PodAsked::Created(number));
                core.push(Command::CreateContainer { id, config: Arc::new(config) });
            }
            Err(why) => {
                self.fails(core, number, ("CreateContainerConfigError", why.as_str().into()), &why);
                self.go_on(core);
            }
        }
    }
    pub(crate) fn created(&mut self, core: &mut Core, number: u32, result: Result<Created, Text>) {
        let created = match result {
            Ok(created) => created,
            Err(why) if self.mode == Mode::Syncing => {
                let event = why.to_string();
                self.fails(core, number, ("CreateContainerError", why), &event);
                self.go_on(core);
                return;
            }
            Err(_) => {
                self.enter(Step::Idle);
                self.end(core);
                return;
            }
        };
        core.containers.insert(created.id.clone(), (self.uid.clone(), number));
        let image = self.image.take().unwrap_or_default();
        let id = created.id.clone();
        self.place(
            core,
            number,
            Instance {
                created,
                image: image.name,
                image_id: image.id,
                spec_image: self.at(number).spec["image"].text(),
                started_at: None,
                ended: None,
            },
        );
        self.note_at(core, number, "Created", "Container created");
        if self.mode != Mode::Syncing {
            self.enter(Step::Idle);
            self.end(core);
            return;
        }
        self.enter(Step::Start);
        let asked = self.ask(core, PodAsked::Started(number));
        core.push(Command::StartContainer { id: asked, container: id });
    }
    /// Puts a new instance in place; one ended instance before it is kept for `logs --previous`.
    fn place(&mut self, core: &mut Core, number: u32, instance: Instance) {
        let container = self.at_mut(number);
        let former = container.current.replace(instance);
        if let Some(former) = former {
            container.restarts += 1;
            if let Some(older) = container.previous.replace(former) {
                core.containers.remove(&older.created.id);
                core.push(Command::RemoveContainer { container: older.created.id });
            }
        }
    }
    pub(crate) fn started(&mut self, core: &mut Core, number: u32, result: Result<(), Text>) {
        let now = core.now;
        self.dirty = true;
        let container = self.at_mut(number);
        container.again = false;
        let Some(current) = &mut container.current else { return };
        match result {
            Ok(()) => {
                if current.ended.is_none() {
                    current.started_at = Some(now);
                }
                container.waiting = None;
                self.note_at(core, number, "Started", "Container started");
            }
            Err(why) => {
                current.ended = Some(Ended {
                    code: 128,
                    reason: base::text!("StartError"),
                    message: why.clone(),
                    started_at: Time::EPOCH,
                    finished_at: now,
                });
                let event = why.to_string();
                self.fails(core, number, ("RunContainerError", why), &event);
            }
        }
        if self.mode != Mode::Syncing {
            self.enter(Step::Idle);
            self.end(core);
        } else if self.at(number).is_running() && !self.at(number).spec["lifecycle"]["postStart"].is_null() {
            self.post_start(core, number);
        } else {
            self.go_on(core);
        }
    }
}

// === postStart ===

impl Worker {
    fn post_start(&mut self, core: &mut Core, number: u32) {
        self.enter(Step::Hook);
        let handler = self.at(number).spec["lifecycle"]["postStart"].clone();
        match hook::of(self, core, number, &handler) {
            hook::Hook::Sleep(span) => core.timers.set(Timer::Hook(self.uid.clone(), number), core.now + span),
            hook::Hook::Act(action) => {
                let container = self.at(number).current.as_ref().map(|c| c.created.id.clone()).unwrap_or_default();
                let id = self.ask(core, PodAsked::PostStart(number));
                let timeout = Duration::HOUR * 24;
                core.push(Command::Act { id, container, action, timeout });
            }
            hook::Hook::Nothing => self.post_started(core, number, &Acted::Failed(base::text!("invalid handler"))),
        }
    }
    pub(crate) fn post_started(&mut self, core: &mut Core, number: u32, acted: &Acted) {
        if self.step != Step::Hook || self.todo.front() != Some(&number) {
            return;
        }
        if hook::succeeded(acted) {
            self.go_on(core);
            return;
        }
        self.warn_at(core, number, "FailedPostStartHook", "PostStartHook failed");
        self.at_mut(number).waiting = Some((base::text!("PostStartHookError"), base::text!("PostStartHook failed")));
        self.failed = true;
        self.enter(Step::HookKill);
        let grace = self.grace();
        self.kill(core, number, grace, "FailedPostStartHook");
        self.hook_killed(core);
    }
    /// Goes on once the container whose hook failed has ended.
    pub(crate) fn hook_killed(&mut self, core: &mut Core) {
        if self.todo.front().is_none_or(|number| !self.at(*number).is_running()) {
            self.go_on(core);
        }
    }
}
