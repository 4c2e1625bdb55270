//! The state of a pod or a node in one word and one shape, so that nobody needs to tell colours apart.

use base::Text;
use model::Object;
use value::Value;

/// How a thing is doing. Each has a sign, a colour and words.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum Health {
    /// Runs and takes requests.
    Ready,
    /// On its way up.
    Starting,
    /// Waits for something.
    Waiting,
    /// Something is wrong.
    Failing,
    /// On its way out.
    Ending,
    /// Came to a good end.
    Done,
}

impl Health {
    /// A sign that differs in shape.
    pub fn sign(self) -> &'static str {
        match self {
            Health::Ready => "●",
            Health::Starting => "◐",
            Health::Waiting => "○",
            Health::Failing => "▲",
            Health::Ending => "◌",
            Health::Done => "✓",
        }
    }

    /// The class in the stylesheet.
    pub fn class(self) -> &'static str {
        match self {
            Health::Ready => "ready",
            Health::Starting => "starting",
            Health::Waiting => "waiting",
            Health::Failing => "failing",
            Health::Ending => "ending",
            Health::Done => "done",
        }
    }
}

/// A health with the word that `kubectl get` would print.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Status {
    pub health: Health,
    pub word: Text,
}

impl Status {
    fn new(health: Health, word: &str) -> Status {
        Status { health, word: word.into() }
    }
}

/// A pod's status (models pkg/printers/internalversion printPod).
pub fn of_pod(object: &Object) -> Status {
    let pod = object.pod();
    let reason = object.status()["reason"].s();
    if object.is_terminating() {
        return Status::new(Health::Ending, "Terminating");
    }
    if let Some(status) = init_status(object) {
        return status;
    }
    let waiting = object.status()["containerStatuses"].items().iter().find_map(container_trouble);
    match (pod.phase(), waiting) {
        ("Succeeded", _) => Status::new(Health::Done, "Completed"),
        (_, Some(status)) => status,
        ("Failed", None) => Status::new(Health::Failing, if reason.is_empty() { "Error" } else { reason }),
        ("Running", None) if pod.is_ready() => Status::new(Health::Ready, "Running"),
        ("Running", None) => Status::new(Health::Starting, "Running, not ready"),
        (_, None) if pod.node().is_empty() => unscheduled(object),
        (_, None) => Status::new(Health::Starting, "Pending"),
    }
}

fn unscheduled(object: &Object) -> Status {
    let refused = model::Condition::find(object.status(), "PodScheduled")["reason"].s() == "Unschedulable";
    if refused { Status::new(Health::Failing, "Unschedulable") } else { Status::new(Health::Waiting, "Pending") }
}

fn init_status(object: &Object) -> Option<Status> {
    let statuses = object.status()["initContainerStatuses"].items();
    let total = object.spec()["initContainers"].items().len();
    let (index, current) = statuses.iter().enumerate().find(|(_, s)| {
        let done = s["state"]["terminated"].as_map().is_some() && s["state"]["terminated"]["exitCode"].as_i64() == Some(0);
        !done && !s["started"].is_true()
    })?;
    let reason = current["state"]["waiting"]["reason"].s();
    let failed = current["state"]["terminated"].as_map().is_some();
    let word = match (reason, failed) {
        ("" | "PodInitializing", false) => format!("Init:{index}/{total}"),
        ("", true) => "Init:Error".to_owned(),
        (reason, _) => format!("Init:{reason}"),
    };
    let health = if failed || is_trouble(reason) { Health::Failing } else { Health::Starting };
    Some(Status::new(health, &word))
}

fn container_trouble(status: &Value) -> Option<Status> {
    let waiting = status["state"]["waiting"]["reason"].s();
    if !waiting.is_empty() {
        return Some(Status::new(if is_trouble(waiting) { Health::Failing } else { Health::Starting }, waiting));
    }
    let ended = &status["state"]["terminated"];
    ended.as_map()?;
    let reason = ended["reason"].s();
    let health = if ended["exitCode"].as_i64() == Some(0) { Health::Done } else { Health::Failing };
    Some(Status::new(health, if reason.is_empty() { "Error" } else { reason }))
}

fn is_trouble(reason: &str) -> bool {
    reason.contains("BackOff") || reason.contains("Err") || reason.contains("Invalid")
}

/// A node's status, as `kubectl get nodes` says it.
pub fn of_node(object: &Object) -> Status {
    let node = object.node();
    let ready = if node.is_ready() { "Ready" } else { "NotReady" };
    let health = match (node.is_ready(), node.is_unschedulable()) {
        (false, _) => Health::Failing,
        (true, true) => Health::Waiting,
        (true, false) => Health::Ready,
    };
    let word = if node.is_unschedulable() { [ready, ",SchedulingDisabled"].concat() } else { ready.to_owned() };
    Status::new(health, &word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::resource::PODS;
    use value::{list, obj};

    fn pod(status: Value) -> Object {
        let spec = obj! { "nodeName" => "node-1", "initContainers" => list![obj! { "name" => "i" }] };
        let metadata = obj! { "name" => "a", "namespace" => "default" };
        Object::new(&PODS, obj! { "kind" => "Pod", "metadata" => metadata, "spec" => spec, "status" => status })
    }

    fn check(status: Value, health: Health, word: &str) {
        assert_eq!(of_pod(&pod(status)), Status::new(health, word));
    }

    fn containers(state: Value) -> Value {
        list![obj! { "name" => "c", "state" => state }]
    }

    #[test]
    fn pods_have_a_word_and_a_shape() {
        check(obj! { "phase" => "Pending" }, Health::Starting, "Pending");
        let ready = list![obj! { "type" => "Ready", "status" => "True" }];
        check(obj! { "phase" => "Running", "conditions" => &ready }, Health::Ready, "Running");
        check(obj! { "phase" => "Running" }, Health::Starting, "Running, not ready");
        let waiting = containers(obj! { "waiting" => obj! { "reason" => "CrashLoopBackOff" } });
        check(obj! { "phase" => "Running", "containerStatuses" => &waiting }, Health::Failing, "CrashLoopBackOff");
        let creating = containers(obj! { "waiting" => obj! { "reason" => "ContainerCreating" } });
        check(obj! { "phase" => "Pending", "containerStatuses" => &creating }, Health::Starting, "ContainerCreating");
        check(obj! { "phase" => "Succeeded" }, Health::Done, "Completed");
        check(obj! { "phase" => "Failed" }, Health::Failing, "Error");
        let running = containers(obj! { "running" => obj! {} });
        check(obj! { "phase" => "Pending", "initContainerStatuses" => &running }, Health::Starting, "Init:0/1");
    }
}
