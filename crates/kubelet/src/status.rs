//! A pod's status as its containers are now: container statuses, phase, addresses.
//! Models pkg/kubelet generateAPIPodStatus, getPhase, and the status manager's TerminatePod.

use crate::conditions;
use crate::core::Core;
use crate::worker::{Container, Ended, Kind, Mode, Worker};
use base::{Text, Time};
use value::{Map, Value, list, obj};

/// Fields of a pod's status that the kubelet alone writes.
const OWN: [&str; 13] = [
    "phase",
    "conditions",
    "reason",
    "message",
    "hostIP",
    "hostIPs",
    "podIP",
    "podIPs",
    "startTime",
    "initContainerStatuses",
    "containerStatuses",
    "ephemeralContainerStatuses",
    "observedGeneration",
];

impl Worker {
    /// The whole status as it is to be reported now.
    pub(crate) fn make_status(&self, core: &Core) -> Value {
        let mut status = self.foreign();
        let init = self.statuses(|c| c.is_init());
        let mut app = self.statuses(|c| c.kind == Kind::App);
        let ephemeral = self.statuses(|c| c.kind == Kind::Ephemeral);
        let mut phase = self.phase();
        if self.mode == Mode::Terminated {
            if self.was_initialized() {
                app.iter_mut().for_each(lost);
            }
            if !matches!(phase, "Succeeded" | "Failed") {
                phase = "Failed";
            }
        }
        // Upstream sorts these by name, and leaves the init containers in their order.
        app.sort_by(|a, b| a["name"].s().cmp(b["name"].s()));
        for (field, list) in
            [("initContainerStatuses", init), ("containerStatuses", app), ("ephemeralContainerStatuses", ephemeral)]
        {
            if !list.is_empty() {
                status.set(&[field], list);
            }
        }
        status.set(&["phase"], phase);
        if let Some((reason, message)) = &self.verdict {
            status.set(&["reason"], reason);
            status.set(&["message"], message);
        }
        self.addresses(core, &mut status);
        status.set(&["startTime"], self.start_time());
        if self.pod.meta.generation > 0 {
            status.set(&["observedGeneration"], self.pod.meta.generation);
        }
        let conditions = conditions::of(self, &status, core.now);
        status.set(&["conditions"], conditions);
        status
    }
    /// What others wrote into the status.
    fn foreign(&self) -> Value {
        let mut fields: Map = self.pod.status().as_map().cloned().unwrap_or_default();
        if !fields.is_empty() {
            fields.retain(|field, _| !OWN.contains(&field));
        }
        if !fields.contains("qosClass") {
            fields.insert("qosClass", qos_class(self.spec()));
        }
        if self.sandbox.is_some() {
            let whole = &self.spec()["resources"];
            fields.insert("resources", if whole.is_null() { Value::map() } else { whole.clone() });
        }
        Value::Map(fields)
    }
    fn addresses(&self, core: &Core, status: &mut Value) {
        let ip = &core.config.ip;
        status.set(&["hostIP"], ip);
        status.set(&["hostIPs"], list![obj! { "ip" => ip }]);
        let ips = self.ips(core);
        if let Some(first) = ips.first() {
            status.set(&["podIP"], first);
            status.set(&["podIPs"], ips.iter().map(|ip| obj! { "ip" => ip }).collect::<Vec<_>>());
        }
    }
    fn statuses(&self, which: impl Fn(&Container) -> bool) -> Vec<Value> {
        self.containers.iter().filter(|c| which(c)).map(|c| self.container_status(c)).collect()
    }
    fn container_status(&self, container: &Container) -> Value {
        let (state, last) = self.states(container);
        let ready = match container.kind {
            Kind::Init => container.ended().is_some_and(|e| e.code == 0),
            Kind::Sidecar | Kind::App => {
                container.is_started() && container.probes[1].as_ref().is_none_or(|p| p.result == Some(true))
            }
            Kind::Ephemeral => false,
        };
        let current = container.current.as_ref();
        let text = |of: fn(&crate::worker::Instance) -> &Text| current.map(of).cloned().unwrap_or_default();
        let image = match text(|c| &c.image) {
            none if none.is_empty() => container.spec["image"].text(),
            name => name,
        };
        let mut status = obj! {
            "name" => &container.name, "image" => image, "imageID" => text(|c| &c.image_id),
            "restartCount" => container.restarts, "ready" => ready,
            "state" => state, "lastState" => last,
        };
        if container.kind != Kind::Ephemeral {
            status.set(&["started"], container.is_started());
        }
        if let Some(current) = current {
            status.set(&["containerID"], format!("containerd://{}", current.created.id));
            let resources = &container.spec["resources"];
            status.set(&["resources"], if resources.is_null() { Value::map() } else { resources.clone() });
            if !resources["requests"].is_empty() {
                status.set(&["allocatedResources"], &resources["requests"]);
            }
            let made = &current.created;
            let groups: Vec<Value> = made.groups.iter().map(|g| Value::Int(*g)).collect();
            status.set(
                &["user"],
                obj! { "linux" => obj! { "uid" => made.uid, "gid" => made.gid, "supplementalGroups" => groups } },
            );
        }
        let mounts = container.spec["volumeMounts"].items();
        if !mounts.is_empty() {
            status.set(&["volumeMounts"], mounts.iter().map(mount_status).collect::<Vec<_>>());
        }
        status
    }
    /// `state` and `lastState`.
    fn states(&self, container: &Container) -> (Value, Value) {
        let ended_state = |instance: &crate::worker::Instance| {
            instance.ended.as_ref().map_or(Value::map(), |e| terminated(e, &instance.created.id))
        };
        let last = container.previous.as_ref().map_or(Value::map(), ended_state);
        let waiting = |reason: &str, message: &str| {
            let mut waiting = obj! { "reason" => reason };
            if !message.is_empty() {
                waiting.set(&["message"], message);
            }
            obj! { "waiting" => waiting }
        };
        let Some(current) = &container.current else {
            let initializing = container.kind == Kind::App && self.containers.iter().any(Container::is_init);
            let state = match &container.waiting {
                Some((reason, message)) => waiting(reason, message),
                None if initializing || container.is_init() && self.pod_has_many_inits() => waiting("PodInitializing", ""),
                None => waiting("ContainerCreating", ""),
            };
            return (state, last);
        };
        if current.is_running() {
            let at = current.started_at.unwrap_or(Time::EPOCH);
            return (obj! { "running" => obj! { "startedAt" => at } }, last);
        }
        let Some(ended) = &current.ended else { return (waiting("ContainerCreating", ""), last) };
        match &container.waiting {
            Some((reason, message)) if self.mode == Mode::Syncing && container.restarts_after(ended, self.restart_policy()) => {
                (waiting(reason, message), ended_state(current))
            }
            _ => (ended_state(current), last),
        }
    }
    /// Upstream's default waiting reason is the same for all containers of a pod with init containers.
    fn pod_has_many_inits(&self) -> bool {
        self.containers.iter().any(Container::is_init)
    }
    /// Some container of the main ones was there once.
    fn was_initialized(&self) -> bool {
        self.containers.iter().any(|c| c.kind == Kind::App && c.current.is_some())
    }
    fn phase(&self) -> &'static str {
        if self.verdict.is_some() {
            return "Failed";
        }
        let policy = self.restart_policy();
        let (mut pending, mut failed) = (false, false);
        for init in self.containers.iter().filter(|c| c.is_init()) {
            match (init.kind, init.ended()) {
                (Kind::Init, Some(ended)) if ended.code == 0 => {}
                (Kind::Init, Some(ended)) if !init.restarts_after(ended, policy) => failed = true,
                (Kind::Init, _) => pending = true,
                _ => pending |= !init.is_started(),
            }
        }
        if failed {
            return "Failed";
        }
        let (mut waiting, mut running, mut stopped, mut good) = (0_u32, 0_u32, 0_u32, 0_u32);
        for app in self.containers.iter().filter(|c| c.kind == Kind::App) {
            match (&app.current, app.ended()) {
                (Some(current), _) if current.is_running() => running += 1,
                (_, Some(ended)) => {
                    stopped += 1;
                    good += u32::from(ended.code == 0);
                }
                _ => waiting += 1,
            }
        }
        let initialized = self.was_initialized();
        if (pending && !initialized) || waiting > 0 {
            return "Pending";
        }
        if running > 0 || stopped == 0 {
            return if running > 0 { "Running" } else { "Pending" };
        }
        let over = |c: &Container| c.ended().is_some_and(|e| !c.restarts_after(e, policy));
        let all_over = self.containers.iter().filter(|c| c.kind == Kind::App).all(over);
        match (self.mode == Mode::Syncing && !all_over, stopped == good) {
            (true, _) => "Running",
            (false, true) => "Succeeded",
            (false, false) => "Failed",
        }
    }
}

fn terminated(ended: &Ended, id: &str) -> Value {
    let mut state = obj! {
        "exitCode" => ended.code, "reason" => &ended.reason, "startedAt" => ended.started_at,
        "finishedAt" => ended.finished_at, "containerID" => format!("containerd://{id}"),
    };
    if !ended.message.is_empty() {
        state.set(&["message"], &ended.message);
    }
    obj! { "terminated" => state }
}

/// A container that has no end although its pod is over.
fn lost(status: &mut Value) {
    if status["state"]["terminated"].is_null() {
        let state = obj! {
            "exitCode" => 137, "reason" => "ContainerStatusUnknown",
            "message" => "The container could not be located when the pod was terminated",
            "startedAt" => Value::Null, "finishedAt" => Value::Null,
        };
        status.set(&["state"], obj! { "terminated" => state });
    }
}

fn mount_status(mount: &Value) -> Value {
    let mut status = obj! { "name" => &mount["name"], "mountPath" => &mount["mountPath"] };
    if mount["readOnly"].is_true() {
        status.set(&["readOnly"], true);
        status.set(&["recursiveReadOnly"], "Disabled");
    }
    status
}

/// Guaranteed, Burstable or BestEffort (models pkg/apis/core/helper/qos).
pub(crate) fn qos_class(spec: &Value) -> &'static str {
    let (mut any, mut guaranteed) = (false, true);
    for container in ["initContainers", "containers"].iter().flat_map(|f| spec[*f].items()) {
        let r = &container["resources"];
        for resource in ["cpu", "memory"] {
            let (request, limit) = (&r["requests"][resource], &r["limits"][resource]);
            any |= !request.is_null() || !limit.is_null();
            let same = request.is_null() || crate::core::quantity(request) == crate::core::quantity(limit);
            guaranteed &= !limit.is_null() && same;
        }
    }
    match (any, guaranteed) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}
