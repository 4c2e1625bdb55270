//! The five conditions of a pod that the kubelet keeps, in the order in which it writes them; conditions of others first.
//! Models pkg/kubelet/status/generate.go.

use crate::worker::{Container, Kind, Mode, Worker};
use base::Time;
use model::Condition;
use value::{Value, obj};

const OWN: [&str; 5] = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"];

/// What a condition says: status, reason, message.
type Word = (&'static str, &'static str, String);

const TRUE: Word = ("True", "", String::new());

pub(crate) fn of(worker: &Worker, status: &Value, now: Time) -> Vec<Value> {
    let foreign = worker.pod.status()["conditions"].items().iter();
    let mut list: Vec<Value> = foreign.filter(|c| !OWN.contains(&c["type"].s())).cloned().collect();
    let phase = status["phase"].s();
    let containers = containers_ready(worker, phase);
    let ready = ready(worker, &containers);
    let sandbox = worker.sandbox.is_some() && worker.mode != Mode::Terminated;
    let words = [if sandbox { TRUE } else { ("False", "", String::new()) }, initialized(worker, phase), ready, containers, TRUE];
    for (kind, word) in OWN.iter().zip(words) {
        list.push(condition(worker, kind, &word, now));
    }
    list
}

fn condition(worker: &Worker, kind: &str, word: &Word, now: Time) -> Value {
    let known = Condition::find(&worker.status, kind);
    let old = if known.is_null() { Condition::find(worker.pod.status(), kind) } else { known };
    let since = match &old["lastTransitionTime"] {
        same if old["status"].s() == word.0 && !same.is_null() => same.clone(),
        _ => Value::Str(now.rfc3339().into()),
    };
    let mut condition =
        obj! { "type" => kind, "status" => word.0, "lastProbeTime" => Value::Null, "lastTransitionTime" => since };
    if worker.pod.meta.generation > 0 {
        condition.set(&["observedGeneration"], worker.pod.meta.generation);
    }
    if !word.1.is_empty() {
        condition.set(&["reason"], word.1);
    }
    if !word.2.is_empty() {
        condition.set(&["message"], word.2.as_str());
    }
    condition
}

fn initialized(worker: &Worker, phase: &str) -> Word {
    if worker.containers.iter().all(|c| !c.is_init()) && phase != "Succeeded" {
        return TRUE;
    }
    if phase == "Succeeded" {
        return ("True", "PodCompleted", String::new());
    }
    if worker.containers.iter().any(|c| c.kind == Kind::App && c.current.as_ref().is_some_and(|i| i.started_at.is_some())) {
        return TRUE;
    }
    let incomplete = |c: &&Container| match c.kind {
        Kind::Init => c.ended().is_none_or(|e| e.code != 0),
        Kind::Sidecar => !c.is_started(),
        Kind::App | Kind::Ephemeral => false,
    };
    let names: Vec<&str> = worker.containers.iter().filter(incomplete).map(|c| c.name.as_str()).collect();
    if names.is_empty() {
        return TRUE;
    }
    ("False", "ContainersNotInitialized", format!("containers with incomplete status: [{}]", names.join(" ")))
}

fn containers_ready(worker: &Worker, phase: &str) -> Word {
    match phase {
        "Succeeded" => return ("False", "PodCompleted", String::new()),
        "Failed" => return ("False", "PodFailed", String::new()),
        _ => {}
    }
    let unready = |c: &&Container| {
        matches!(c.kind, Kind::App | Kind::Sidecar)
            && !(c.is_started() && c.probes[1].as_ref().is_none_or(|p| p.result == Some(true)))
    };
    let names: Vec<&str> = worker.containers.iter().filter(unready).map(|c| c.name.as_str()).collect();
    if names.is_empty() {
        return TRUE;
    }
    ("False", "ContainersNotReady", format!("containers with unready status: [{}]", names.join(" ")))
}

fn ready(worker: &Worker, containers: &Word) -> Word {
    if containers.0 != "True" {
        return containers.clone();
    }
    let mut unmet = Vec::new();
    for gate in worker.spec()["readinessGates"].items() {
        let kind = gate["conditionType"].s();
        let found = Condition::find(worker.pod.status(), kind);
        if found.is_null() {
            unmet.push(format!("corresponding condition of pod readiness gate \"{kind}\" does not exist."));
        } else if found["status"].s() != "True" {
            let status = found["status"].s();
            unmet.push(format!("the status of pod readiness gate \"{kind}\" is not \"True\", but {status}"));
        }
    }
    if unmet.is_empty() {
        return TRUE;
    }
    ("False", "ReadinessGatesNotReady", unmet.join(", "))
}
