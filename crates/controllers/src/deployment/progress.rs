//! The status of a Deployment: counts, availability, progress and its deadline.
//! Models pkg/controller/deployment/progress.go and calculateStatus of sync.go.

use super::sets::Sets;
use super::{conditions, scale};
use crate::fields::{int, replicas, set_count};
use base::{Duration, Time};
use model::{Condition, Object};
use value::Value;

/// Whether the rollout is done: every wanted pod is new and available, and no other is left.
pub fn is_complete(deployment: &Object, status: &Value) -> bool {
    let size = replicas(deployment);
    int(status, &["updatedReplicas"]) == size
        && int(status, &["replicas"]) == size
        && int(status, &["availableReplicas"]) == size
        && int(status, &["observedGeneration"]) >= deployment.meta.generation
}

/// The status with its counts and the Available condition.
pub fn counted(deployment: &Object, sets: &Sets<'_>, now: Time) -> Value {
    let sum = |field: &str| sets.all().map(|set| int(set.status(), &[field])).sum::<i64>();
    let available = sum("availableReplicas");
    let mut status = deployment.status().clone();
    if status.is_null() {
        status = Value::map();
    }
    status.set(&["observedGeneration"], deployment.meta.generation);
    set_count(&mut status, "replicas", sum("replicas"));
    set_count(&mut status, "updatedReplicas", sets.new.map_or(0, |new| int(new.status(), &["replicas"])));
    set_count(&mut status, "readyReplicas", sum("readyReplicas"));
    set_count(&mut status, "availableReplicas", available);
    set_count(&mut status, "unavailableReplicas", (sets.wanted() - available).max(0));
    if sets.all().all(|set| !set.status()["terminatingReplicas"].is_null()) {
        status.set(&["terminatingReplicas"], sum("terminatingReplicas"));
    } else {
        status.remove(&["terminatingReplicas"]);
    }
    let enough = available >= replicas(deployment) - scale::max_unavailable(deployment);
    let (word, reason, message) = if enough {
        ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    } else {
        ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    };
    conditions::put(&mut status, &Condition { kind: conditions::AVAILABLE, status: word, reason, message }, now);
    status
}

/// The status with the Progressing and ReplicaFailure conditions too, and when its deadline passes.
pub fn judged(deployment: &Object, sets: &Sets<'_>, now: Time) -> (Value, Option<Time>) {
    let mut status = counted(deployment, sets, now);
    let current = Condition::find(deployment.status(), conditions::PROGRESSING);
    match conditions::deadline(deployment) {
        None => conditions::remove(&mut status, conditions::PROGRESSING),
        Some(_) => {
            let settled = status["replicas"] == status["updatedReplicas"] && current["reason"].s() == "NewReplicaSetAvailable";
            if !settled {
                judge(deployment, sets, &mut status, now);
            }
        }
    }
    match replica_failure(sets) {
        Some(failure) => conditions::put(&mut status, &failure, now),
        None => conditions::remove(&mut status, conditions::REPLICA_FAILURE),
    }
    let again = deadline_of(deployment, &status).filter(|_| !is_complete(deployment, &status));
    (status, again.map(|at| at + Duration::from_secs(1)))
}

fn judge(deployment: &Object, sets: &Sets<'_>, status: &mut Value, now: Time) {
    let about = match sets.new {
        Some(new) => format!("ReplicaSet \"{}\"", new.meta.name),
        None => format!("Deployment \"{}\"", deployment.meta.name),
    };
    let condition = |status, reason, message: &str| (status, reason, format!("{about} {message}"));
    let progressed = has_progressed(deployment.status(), status);
    let (word, reason, message) = if is_complete(deployment, status) {
        condition("True", "NewReplicaSetAvailable", "has successfully progressed.")
    } else if progressed {
        condition("True", "ReplicaSetUpdated", "is progressing.")
    } else if deadline_of(deployment, status).is_some_and(|at| at < now) {
        condition("False", "ProgressDeadlineExceeded", "has timed out progressing.")
    } else {
        return;
    };
    let wanted = Condition { kind: conditions::PROGRESSING, status: word, reason, message: &message };
    if reason == "ReplicaSetUpdated" {
        conditions::replace(status, &wanted, now);
    } else {
        conditions::put(status, &wanted, now);
    }
}

/// More new, ready or available pods than before, or fewer old ones.
fn has_progressed(before: &Value, after: &Value) -> bool {
    let more = |field: &str| int(after, &[field]) > int(before, &[field]);
    let old = |status: &Value| int(status, &["replicas"]) - int(status, &["updatedReplicas"]);
    more("updatedReplicas") || old(after) < old(before) || more("readyReplicas") || more("availableReplicas")
}

/// When a rollout that makes no progress counts as stuck; nothing if it is done or known to be stuck.
fn deadline_of(deployment: &Object, status: &Value) -> Option<Time> {
    let current = Condition::find(status, conditions::PROGRESSING);
    if current.is_null() || matches!(current["reason"].s(), "NewReplicaSetAvailable" | "ProgressDeadlineExceeded") {
        return None;
    }
    let since = Time::parse(current["lastUpdateTime"].s())?;
    Some(since + Duration::from_secs(conditions::deadline(deployment)?))
}

/// A failure to make or delete pods: the new ReplicaSet's, else the first old one's.
fn replica_failure<'a>(sets: &Sets<'a>) -> Option<Condition<'a>> {
    let failure = |set: &&'a std::sync::Arc<Object>| {
        let found = Condition::find(set.status(), conditions::REPLICA_FAILURE);
        (!found.is_null()).then(|| Condition {
            kind: conditions::REPLICA_FAILURE,
            status: found["status"].s(),
            reason: found["reason"].s(),
            message: found["message"].s(),
        })
    };
    sets.new.iter().chain(&sets.old).find_map(failure)
}
