//! The conditions of a Deployment. Unlike elsewhere, one that changes its status or reason moves to the end of the list,
//! and it tells its last update. Models SetDeploymentCondition of pkg/controller/deployment/util.

use base::Time;
use model::{Condition, Object};
use value::{Value, obj};

pub const PROGRESSING: &str = "Progressing";
pub const AVAILABLE: &str = "Available";
pub const REPLICA_FAILURE: &str = "ReplicaFailure";

/// `spec.progressDeadlineSeconds`, unless it is missing or the largest number, which means none.
pub fn deadline(deployment: &Object) -> Option<i64> {
    deployment.spec()["progressDeadlineSeconds"].as_i64().filter(|secs| *secs != i64::from(i32::MAX))
}

/// Writes a condition; one that has this status and reason already stays as it is.
pub fn put(status: &mut Value, wanted: &Condition<'_>, now: Time) {
    let have = Condition::find(status, wanted.kind);
    if !have.is_null() && have["status"].s() == wanted.status && have["reason"].s() == wanted.reason {
        return;
    }
    replace(status, wanted, now);
}

/// Writes a condition anew even if nothing but the time of its update changes.
pub fn replace(status: &mut Value, wanted: &Condition<'_>, now: Time) {
    let have = Condition::find(status, wanted.kind).clone();
    let moved = if have["status"].s() == wanted.status { have["lastTransitionTime"].clone() } else { now_value(now) };
    remove(status, wanted.kind);
    let new = obj! {
        "type" => wanted.kind, "status" => wanted.status, "reason" => wanted.reason, "message" => wanted.message,
        "lastTransitionTime" => moved, "lastUpdateTime" => now,
    };
    status.at_mut(&["conditions"]).as_list_mut().push(new);
}

fn now_value(now: Time) -> Value {
    value::IntoValue::into_value(now)
}

pub fn remove(status: &mut Value, kind: &str) {
    let list = &status["conditions"];
    if list.items().iter().all(|c| c["type"].s() != kind) {
        return;
    }
    let kept: Vec<Value> = list.items().iter().filter(|c| c["type"].s() != kind).cloned().collect();
    if kept.is_empty() {
        status.remove(&["conditions"]);
    } else {
        status.set(&["conditions"], kept);
    }
}

/// The status after a pause or its end was noticed; nothing if it is known already.
pub fn pause_or_resume(deployment: &Object, now: Time) -> Option<Value> {
    deadline(deployment)?;
    let have = Condition::find(deployment.status(), PROGRESSING)["reason"].s();
    if have == "ProgressDeadlineExceeded" {
        return None;
    }
    let (reason, message) = match (deployment.spec()["paused"].is_true(), have == "DeploymentPaused") {
        (true, false) => ("DeploymentPaused", "Deployment is paused"),
        (false, true) => ("DeploymentResumed", "Deployment is resumed"),
        (true, true) | (false, false) => return None,
    };
    let mut status = deployment.status().clone();
    put(&mut status, &Condition { kind: PROGRESSING, status: "Unknown", reason, message }, now);
    Some(status)
}
