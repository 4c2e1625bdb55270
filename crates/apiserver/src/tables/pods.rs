//! The row of a pod. Models printPod.

use super::cells::{NONE, age, name, number, or_none, text};
use base::Time;
use model::Condition;
use value::Value;

/// What the containers of a pod add up to.
#[derive(Default)]
struct Sum {
    ready: i64,
    total: i64,
    restarts: i64,
    /// When a container last ended before it was restarted.
    last: Option<Time>,
}

impl Sum {
    fn count(&mut self, status: &Value) {
        self.restarts += number(&status["restartCount"]);
        let ended = Time::parse(status["lastState"]["terminated"]["finishedAt"].s());
        self.last = self.last.max(ended);
    }
}

pub fn pod(pod: &Value, now: Time) -> Vec<Value> {
    let (spec, status) = (&pod["spec"], &pod["status"]);
    let (reason, sum) = summary(pod);
    let mut restarts = sum.restarts.to_string();
    if let (true, Some(last)) = (sum.restarts != 0, sum.last) {
        restarts = format!("{restarts} ({} ago)", (now - last).human());
    }
    let ip = if status["podIPs"].is_empty() { &status["podIP"] } else { &status["podIPs"][0]["ip"] };
    vec![
        name(pod),
        text(&format!("{}/{}", sum.ready, sum.total)),
        text(&reason),
        text(&restarts),
        age(pod, now),
        or_none(ip),
        or_none(&spec["nodeName"]),
        or_none(&status["nominatedNodeName"]),
        text(&gates(spec, status)),
    ]
}

fn gates(spec: &Value, status: &Value) -> String {
    let gates = spec["readinessGates"].items();
    if gates.is_empty() {
        return NONE.into();
    }
    let open = gates.iter().filter(|g| Condition::is_true(status, g["conditionType"].s())).count();
    format!("{open}/{}", gates.len())
}

/// The STATUS word, and the containers' sum.
fn summary(pod: &Value) -> (String, Sum) {
    let status = &pod["status"];
    let phase = status["phase"].s();
    let mut reason = if status["reason"].is_empty() { phase.to_string() } else { status["reason"].s().to_string() };
    if Condition::find(status, "PodScheduled")["reason"].s() == "SchedulingGated" {
        reason = "SchedulingGated".into();
    }
    let (mut sum, sidecars, starting) = init_containers(pod, &mut reason);
    if !starting || Condition::is_true(status, "Initialized") {
        sum = Sum { ready: sum.ready, total: sum.total, ..sidecars };
        main_containers(status, &mut reason, &mut sum);
    }
    if !pod["metadata"]["deletionTimestamp"].is_null() {
        if status["reason"].s() == "NodeLost" {
            reason = "Unknown".into();
        } else if !matches!(phase, "Succeeded" | "Failed") {
            reason = "Terminating".into();
        }
    }
    (reason, sum)
}

/// All init containers, the restartable ones alone, and whether the pod is still being initialized.
fn init_containers(pod: &Value, reason: &mut String) -> (Sum, Sum, bool) {
    let (spec, status) = (&pod["spec"], &pod["status"]);
    let inits = spec["initContainers"].items();
    let is_sidecar = |name: &str| inits.iter().any(|c| c["name"].s() == name && c["restartPolicy"].s() == "Always");
    let sidecar_count = inits.iter().filter(|c| c["restartPolicy"].s() == "Always").count();
    let total = (spec["containers"].items().len() + sidecar_count) as i64;
    let (mut sum, mut sidecars) = (Sum { total, ..Sum::default() }, Sum::default());
    for (i, container) in status["initContainerStatuses"].items().iter().enumerate() {
        sum.count(container);
        let sidecar = is_sidecar(container["name"].s());
        if sidecar {
            sidecars.count(container);
        }
        let state = &container["state"];
        let (ended, waiting) = (&state["terminated"], state["waiting"]["reason"].s());
        if !ended.is_null() && number(&ended["exitCode"]) == 0 {
            continue;
        }
        if sidecar && container["started"].is_true() {
            sum.ready += i64::from(container["ready"].is_true());
            continue;
        }
        *reason = if !ended.is_null() {
            format!("Init:{}", end_word(ended))
        } else if !waiting.is_empty() && waiting != "PodInitializing" {
            format!("Init:{waiting}")
        } else {
            format!("Init:{i}/{}", inits.len())
        };
        return (sum, sidecars, true);
    }
    (sum, sidecars, false)
}

/// The reason of an end: its word, its signal or its exit code.
fn end_word(ended: &Value) -> String {
    match (ended["reason"].s(), number(&ended["signal"])) {
        ("", 0) => format!("ExitCode:{}", number(&ended["exitCode"])),
        ("", signal) => format!("Signal:{signal}"),
        (word, _) => word.to_string(),
    }
}

/// From the last container to the first: the first one's trouble is what is shown.
fn main_containers(status: &Value, reason: &mut String, sum: &mut Sum) {
    let mut running = false;
    for container in status["containerStatuses"].items().iter().rev() {
        sum.count(container);
        let state = &container["state"];
        let waiting = state["waiting"]["reason"].s();
        if !waiting.is_empty() {
            *reason = waiting.to_string();
        } else if !state["terminated"].is_null() {
            *reason = end_word(&state["terminated"]);
        } else if container["ready"].is_true() && !state["running"].is_null() {
            running = true;
            sum.ready += 1;
        }
    }
    if reason == "Completed" && running {
        *reason = if Condition::is_true(status, "Ready") { "Running".into() } else { "NotReady".into() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use value::{list, obj};

    fn check(status: Value, want: &str) {
        let spec = obj! { "containers" => list![obj! { "name" => "a" }, obj! { "name" => "b" }] };
        let row = pod(&obj! { "metadata" => obj! { "name" => "x" }, "spec" => spec, "status" => status }, Time::EPOCH);
        assert_eq!(format!("{} {} {}", row[1].s(), row[2].s(), row[3].s()), want);
    }

    #[test]
    fn status_words() {
        let container =
            |state: Value, ready: bool, restarts: i64| obj! { "state" => state, "ready" => ready, "restartCount" => restarts };
        let running = obj! { "running" => obj! {} };
        let ended = |code: i64, word: &str| obj! { "terminated" => obj! { "exitCode" => code, "reason" => word } };
        check(obj! { "phase" => "Pending" }, "0/2 Pending 0");
        check(obj! { "phase" => "Failed", "reason" => "Evicted" }, "0/2 Evicted 0");
        let both = list![container(ended(0, "Completed"), false, 0), container(running.clone(), true, 1)];
        check(obj! { "phase" => "Running", "containerStatuses" => both }, "1/2 NotReady 1");
        let crash = obj! { "waiting" => obj! { "reason" => "CrashLoopBackOff" } };
        check(
            obj! { "phase" => "Running", "containerStatuses" => list![container(crash, false, 4), container(running, true, 0)] },
            "1/2 CrashLoopBackOff 4",
        );
        check(obj! { "phase" => "Failed", "containerStatuses" => list![container(ended(3, ""), false, 0)] }, "0/2 ExitCode:3 0");
    }
}
