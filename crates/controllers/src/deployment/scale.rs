//! Sizes: fenceposts, the size of the new ReplicaSet, and spreading a change of size over several ReplicaSets.
//! Models the arithmetic of pkg/controller/deployment/util/deployment_util.go and scale of sync.go.

use super::sets::Sets;
use super::{NAME, annotations};
use crate::fields::{int, replicas, scaled};
use api::{Note, Op};
use base::Round;
use model::resource::REPLICA_SETS;
use model::{Key, Object};
use std::sync::Arc;
use store::Snapshot;

/// How many pods above the wanted number are allowed; 0 for Recreate.
pub fn max_surge(deployment: &Object) -> i64 {
    fenceposts(deployment).0
}

/// How many of the wanted pods may be missing; 0 for Recreate.
pub fn max_unavailable(deployment: &Object) -> i64 {
    fenceposts(deployment).1.min(replicas(deployment))
}

/// Surge rounds up, unavailability down; if both come to nothing one pod may be missing.
fn fenceposts(deployment: &Object) -> (i64, i64) {
    let strategy = &deployment.spec()["strategy"];
    if strategy["type"].s() == "Recreate" {
        return (0, 0);
    }
    let size = replicas(deployment);
    let surge = scaled(&strategy["rollingUpdate"]["maxSurge"], size, Round::Up);
    let unavailable = scaled(&strategy["rollingUpdate"]["maxUnavailable"], size, Round::Down);
    (surge, if surge == 0 && unavailable == 0 { 1 } else { unavailable })
}

/// The size the new ReplicaSet may have now; `all` is the wanted size of all ReplicaSets, `have` of the new one.
pub fn new_size(deployment: &Object, all: i64, have: i64) -> i64 {
    let size = replicas(deployment);
    if deployment.spec()["strategy"]["type"].s() == "Recreate" {
        return size;
    }
    let room = size + max_surge(deployment) - all;
    if room <= 0 { have } else { have + room.min(size - have) }
}

/// The op that gives a ReplicaSet a size, and notes what it was scaled for; nothing if it is so already.
pub fn resize(deployment: &Object, set: &Object, size: i64) -> Option<Op> {
    let desired = replicas(deployment);
    let annotations = annotations::with_sizes(&set.meta.annotations, desired, desired + max_surge(deployment));
    if replicas(set) == size && annotations == set.meta.annotations {
        return None;
    }
    let mut object = set.value.clone();
    object.set(&["spec", "replicas"], size);
    object.set(&["metadata", "annotations"], annotations);
    Some(Op::Update { resource: REPLICA_SETS.clone(), object })
}

/// As [`resize`], but only if the size differs.
pub fn resize_if_other(deployment: &Object, set: &Object, size: i64) -> Option<Op> {
    if replicas(set) == size { None } else { resize(deployment, set, size) }
}

/// The event of a size that changed.
pub fn scaling_note(snap: &Snapshot, deployment: &Object, op: &Op) -> Option<Note> {
    let (object, from) = match op {
        Op::Create { object, .. } => (object, 0),
        Op::Update { object, .. } => {
            let key = Key::new(&REPLICA_SETS, deployment.meta.namespace.clone(), object["metadata"]["name"].text());
            (object, replicas(snap.get(&key)?))
        }
        Op::UpdateStatus { .. }
        | Op::Finalize { .. }
        | Op::Patch { .. }
        | Op::Delete { .. }
        | Op::Bind { .. }
        | Op::Evict { .. } => return None,
    };
    let to = object["spec"]["replicas"].as_i64()?;
    let way = match to.cmp(&from) {
        std::cmp::Ordering::Equal => return None,
        std::cmp::Ordering::Greater => "up",
        std::cmp::Ordering::Less => "down",
    };
    let message = format!("Scaled {way} replica set {} from {from} to {to}", object["metadata"]["name"].s());
    Some(Note::normal(deployment, NAME, "ScalingReplicaSet", message))
}

/// Whether some ReplicaSet with pods was last scaled for another size of the Deployment.
pub fn is_scaling(deployment: &Object, sets: &Sets<'_>) -> bool {
    let size = replicas(deployment);
    sets.active().iter().any(|set| annotations::desired(set).is_some_and(|desired| desired != size))
}

/// The ops that bring the sizes to the Deployment's: of the only active ReplicaSet, or of all in proportion.
pub fn spread(deployment: &Object, sets: &Sets<'_>) -> Vec<Op> {
    let size = replicas(deployment);
    let active = sets.active();
    let only = match active.as_slice() {
        [] => sets.new.or(sets.old.last().copied()),
        [one] => Some(*one),
        _ => None,
    };
    if let Some(only) = only {
        return resize_if_other(deployment, only, size).into_iter().collect();
    }
    if sets.new.is_some_and(|new| is_saturated(deployment, new)) {
        let old = sets.old.iter().filter(|set| replicas(set) > 0);
        return old.filter_map(|set| resize_if_other(deployment, set, 0)).collect();
    }
    if deployment.spec()["strategy"]["type"].s() == "Recreate" || active.is_empty() {
        return Vec::new();
    }
    in_proportion(deployment, active)
}

fn is_saturated(deployment: &Object, new: &Object) -> bool {
    let size = replicas(deployment);
    replicas(new) == size && annotations::desired(new) == Some(size) && int(new.status(), &["availableReplicas"]) == size
}

/// Bigger ReplicaSets take more of the change, the first one takes what rounding leaves.
fn in_proportion(deployment: &Object, mut active: Vec<&Arc<Object>>) -> Vec<Op> {
    let size = replicas(deployment);
    let allowed = if size > 0 { size + max_surge(deployment) } else { 0 };
    let to_add = allowed - active.iter().map(|set| replicas(set)).sum::<i64>();
    let age = |set: &Object| (set.meta.created, set.meta.name.clone());
    if to_add > 0 {
        active.sort_by(|a, b| replicas(b).cmp(&replicas(a)).then_with(|| age(b).cmp(&age(a))));
    } else {
        active.sort_by(|a, b| replicas(b).cmp(&replicas(a)).then_with(|| age(a).cmp(&age(b))));
    }
    let mut added = 0;
    let mut sizes = Vec::with_capacity(active.len());
    for set in &active {
        let part = proportion(deployment, set, to_add, added);
        added += part;
        sizes.push(replicas(set) + part);
    }
    sizes[0] = (sizes[0] + to_add - added).max(0);
    active.iter().zip(sizes).filter_map(|(set, size)| resize(deployment, set, size)).collect()
}

fn proportion(deployment: &Object, set: &Object, to_add: i64, added: i64) -> i64 {
    if replicas(set) == 0 || to_add == 0 || to_add == added {
        return 0;
    }
    let left = to_add - added;
    if to_add > 0 { fraction(deployment, set).min(left) } else { fraction(deployment, set).max(left) }
}

/// How much a ReplicaSet grows when the whole grows from its remembered maximum to the present one.
fn fraction(deployment: &Object, set: &Object) -> i64 {
    let (size, have) = (replicas(deployment), replicas(set));
    if size == 0 {
        return -have;
    }
    let before = annotations::max(set).filter(|max| *max > 0).unwrap_or_else(|| int(deployment.status(), &["replicas"]));
    if before <= 0 {
        return 0;
    }
    let grown = have.saturating_mul(size + max_surge(deployment));
    (2 * grown + before) / (2 * before) - have
}
