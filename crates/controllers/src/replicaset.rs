//! ReplicaSet: keeps a number of pods of one template. Models pkg/controller/replicaset.
//! Too few active pods: create; too many: delete the least valuable; then write what was counted.

use crate::claim::{Claim, claim, keys_of_claimants};
use crate::fields::{int, push, replicas, set_count, sides};
use crate::{Controller, pods};
use api::{Note, Op, Outcome, Status};
use base::{Duration, Text, Time};
use model::resource::{PODS, REPLICA_SETS};
use model::{Condition, Key, Object};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{Commit, Snapshot};
use value::{Map, Value};

/// Most pods made or deleted in one go (upstream's BurstReplicas).
const BURST: usize = 500;
/// The changes of many pods become few looks at their set. (Upstream is slowed down by a limit of 20 writes a second.)
const BATCH_PERIOD: Duration = Duration::from_millis(15);
const NAME: &str = "replicaset-controller";

/// The ReplicaSet controller.
pub struct ReplicaSets;

impl Controller for ReplicaSets {
    fn name(&self) -> &'static str {
        NAME
    }

    fn batch_period(&self) -> Duration {
        BATCH_PERIOD
    }

    fn keys(&self, snap: &Snapshot, commit: &Commit, out: &mut Vec<Key>) {
        if commit.key.resource == REPLICA_SETS {
            push(out, commit.key.clone());
        } else if commit.key.resource == PODS && pods::counts_changed(commit) {
            sides(commit).for_each(|pod| keys_of_claimants(snap, &REPLICA_SETS, pod, out));
        }
    }

    fn reconcile(&self, snap: &Snapshot, key: &Key, now: Time) -> Outcome {
        let Some(set) = snap.get(key) else { return Outcome::nothing() };
        let Claim { owned, ops } = claim(snap, set, &PODS, |pod| pod.pod().is_active());
        if !ops.is_empty() {
            return Outcome { ops, ..Outcome::nothing() };
        }
        let counted = Counted::of(set, &owned, now);
        let mut out = Outcome { ops: manage(snap, set, &counted.active, now), again_at: counted.again_at, notes: Vec::new() };
        let status = counted.status(set, Failure::None);
        if status != *set.status() {
            out.ops.push(Op::status(set, status));
        }
        out
    }

    fn applied(&self, snap: &Snapshot, key: &Key, op: &Op, made: &Value) -> Vec<Note> {
        let Some(set) = snap.get(key) else { return Vec::new() };
        match op {
            Op::Create { .. } => {
                vec![Note::normal(set, NAME, "SuccessfulCreate", format!("Created pod: {}", made["metadata"]["name"].s()))]
            }
            Op::Delete { key, .. } => vec![Note::normal(set, NAME, "SuccessfulDelete", format!("Deleted pod: {}", key.name))],
            Op::Update { .. }
            | Op::UpdateStatus { .. }
            | Op::Finalize { .. }
            | Op::Patch { .. }
            | Op::Bind { .. }
            | Op::Evict { .. } => Vec::new(),
        }
    }

    fn refused(&self, snap: &Snapshot, key: &Key, op: &Op, status: &Status, now: Time) -> Outcome {
        let Some(set) = snap.get(key) else { return Outcome::nothing() };
        let (failure, message) = match op {
            Op::Create { .. } if is_namespace_going(status) => return Outcome::nothing(),
            Op::Create { .. } => (Failure::Create(&status.message), format!("Error creating: {}", status.message)),
            Op::Delete { .. } if status.code == 404 => return Outcome::nothing(),
            Op::Delete { .. } => (Failure::Delete(&status.message), format!("Error deleting: {}", status.message)),
            Op::Update { .. }
            | Op::UpdateStatus { .. }
            | Op::Finalize { .. }
            | Op::Patch { .. }
            | Op::Bind { .. }
            | Op::Evict { .. } => {
                return Outcome::nothing();
            }
        };
        let owned = claim(snap, set, &PODS, |pod| pod.pod().is_active()).owned;
        let wanted = Counted::of(set, &owned, now).status(set, failure);
        let mut out = Outcome { notes: vec![Note::warning(set, NAME, failure.reason(), message)], ..Outcome::nothing() };
        if wanted != *set.status() {
            out.ops.push(Op::status(set, wanted));
        }
        out
    }
}

/// The refusal that a namespace is being deleted is no failure of the ReplicaSet.
fn is_namespace_going(status: &Status) -> bool {
    status.details.causes.iter().any(|(reason, _, _)| reason == "NamespaceTerminating")
}

/// Why pods could not be made or deleted.
#[derive(Clone, Copy)]
enum Failure<'a> {
    None,
    Create(&'a Text),
    Delete(&'a Text),
}

impl Failure<'_> {
    fn reason(self) -> &'static str {
        match self {
            Failure::None => "",
            Failure::Create(_) => "FailedCreate",
            Failure::Delete(_) => "FailedDelete",
        }
    }
}

/// The pods of a set, counted as its status tells them.
struct Counted<'a> {
    active: Vec<&'a Arc<Object>>,
    labeled: i64,
    ready: i64,
    available: i64,
    terminating: i64,
    /// When the next ready pod becomes available.
    again_at: Option<Time>,
    now: Time,
}

impl<'a> Counted<'a> {
    fn of(set: &Object, owned: &[&'a Arc<Object>], now: Time) -> Counted<'a> {
        let min_ready = Duration::from_secs(int(set.spec(), &["minReadySeconds"]));
        let template = set.spec()["template"]["metadata"]["labels"].as_map();
        let mut counted = Counted { active: Vec::new(), labeled: 0, ready: 0, available: 0, terminating: 0, again_at: None, now };
        // What is owned is selected, mostly by the very labels of the template.
        let template = template.filter(|labels| set.spec()["selector"]["matchLabels"].as_map() != Some(*labels));
        for pod in owned {
            let view = pod.pod();
            if view.is_active() {
                counted.active.push(pod);
                counted.labeled += i64::from(template.is_none_or(|labels| has_all(&pod.meta.labels, labels)));
                if view.is_ready() {
                    counted.count_ready(view.ready_since(), min_ready);
                }
            } else if !view.is_finished() {
                counted.terminating += 1;
            }
        }
        counted
    }

    fn count_ready(&mut self, since: Option<Time>, min_ready: Duration) {
        self.ready += 1;
        if min_ready == Duration::ZERO {
            self.available += 1;
            return;
        }
        let Some(at) = since.map(|since| since + min_ready) else { return };
        if at <= self.now {
            self.available += 1;
        } else {
            self.again_at = Some(self.again_at.map_or(at, |have| have.min(at)));
        }
    }

    fn status(&self, set: &Object, failure: Failure<'_>) -> Value {
        let mut status = set.status().clone();
        status.set(&["replicas"], self.active.len() as i64);
        status.set(&["terminatingReplicas"], self.terminating);
        status.set(&["observedGeneration"], set.meta.generation);
        set_count(&mut status, "fullyLabeledReplicas", self.labeled);
        set_count(&mut status, "readyReplicas", self.ready);
        set_count(&mut status, "availableReplicas", self.available);
        match failure {
            Failure::None => remove_condition(&mut status, "ReplicaFailure"),
            Failure::Create(message) | Failure::Delete(message) => {
                if Condition::find(&status, "ReplicaFailure").is_null() {
                    let wanted = Condition { kind: "ReplicaFailure", status: "True", reason: failure.reason(), message };
                    wanted.put(&mut status, self.now);
                }
            }
        }
        status
    }
}

fn remove_condition(status: &mut Value, kind: &str) {
    if Condition::find(status, kind).is_null() {
        return;
    }
    let kept: Vec<Value> = status["conditions"].items().iter().filter(|c| c["type"].s() != kind).cloned().collect();
    if kept.is_empty() {
        status.remove(&["conditions"]);
    } else {
        status.set(&["conditions"], kept);
    }
}

fn has_all(labels: &Map, wanted: &Map) -> bool {
    wanted.iter().all(|(key, value)| labels.get(key) == Some(value))
}

/// The ops that bring the number of active pods to the wanted one.
fn manage(snap: &Snapshot, set: &Object, active: &[&Arc<Object>], now: Time) -> Vec<Op> {
    if set.is_terminating() {
        return Vec::new();
    }
    let wanted = usize::try_from(replicas(set)).unwrap_or(0);
    if active.len() <= wanted {
        let missing = (wanted - active.len()).min(BURST);
        let pod = pods::from_template(set, &set.spec()["template"]);
        return (0..missing).map(|_| Op::Create { resource: PODS.clone(), object: pod.clone() }).collect();
    }
    let surplus = active.len() - wanted;
    let mut ranked = active.to_vec();
    if surplus < ranked.len() {
        let crowd = crowding(snap, set);
        ranked.sort_by(|a, b| value_of(a, b, &crowd, now));
    }
    ranked.iter().take(surplus.min(BURST)).map(|pod| Op::delete(pod)).collect()
}

/// How many active pods of the same owner's ReplicaSets each node has; nothing for a set without an owner.
fn crowding<'a>(snap: &'a Snapshot, set: &Object) -> BTreeMap<&'a str, u32> {
    let mut crowd = BTreeMap::new();
    let Some(owner) = set.meta.controller() else { return crowd };
    for sibling in snap.controlled_by(&owner.uid, &REPLICA_SETS) {
        for pod in snap.controlled_by(&sibling.meta.uid, &PODS).filter(|pod| pod.pod().is_active()) {
            *crowd.entry(pod.pod().node()).or_default() += 1;
        }
    }
    crowd
}

/// Less means: goes first. Models ActivePodsWithRanks of pkg/controller/controller_utils.go.
fn value_of(a: &Object, b: &Object, crowd: &BTreeMap<&str, u32>, now: Time) -> Ordering {
    let (x, y) = (a.pod(), b.pod());
    let crowded = |node: &str| crowd.get(node).copied().unwrap_or(0);
    (!x.node().is_empty())
        .cmp(&!y.node().is_empty())
        .then_with(|| phase_rank(x.phase()).cmp(&phase_rank(y.phase())))
        .then_with(|| x.is_ready().cmp(&y.is_ready()))
        .then_with(|| deletion_cost(a).cmp(&deletion_cost(b)))
        .then_with(|| crowded(y.node()).cmp(&crowded(x.node())))
        .then_with(|| if x.is_ready() { newer_first(x.ready_since(), y.ready_since(), now) } else { Ordering::Equal })
        .then_with(|| most_restarts(b).cmp(&most_restarts(a)))
        .then_with(|| newer_first(Some(a.meta.created), Some(b.meta.created), now))
        .then_with(|| a.meta.uid.cmp(&b.meta.uid))
}

/// Ages are compared by powers of two, so that old pods are not picked by seconds.
fn newer_first(a: Option<Time>, b: Option<Time>, now: Time) -> Ordering {
    magnitude(a, now).cmp(&magnitude(b, now))
}

fn magnitude(since: Option<Time>, now: Time) -> i64 {
    let age = since.map_or(0, |since| (now - since).as_micros().saturating_mul(1000));
    if age <= 0 { -1 } else { i64::from(age.ilog2()) }
}

fn phase_rank(phase: &str) -> u8 {
    match phase {
        "Running" => 2,
        "Unknown" => 1,
        _ => 0,
    }
}

fn deletion_cost(pod: &Object) -> i32 {
    pod.meta.annotation("controller.kubernetes.io/pod-deletion-cost").parse().unwrap_or(0)
}

fn most_restarts(pod: &Object) -> i64 {
    pod.pod().container_statuses().iter().filter_map(|status| status["restartCount"].as_i64()).max().unwrap_or(0)
}
