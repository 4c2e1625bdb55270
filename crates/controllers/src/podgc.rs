//! Pod garbage collection: pods of nodes that are gone, unscheduled pods that are going, and the oldest finished pods
//! when there are too many. Models pkg/controller/podgc.

use crate::fields::push;
use crate::tainteviction::{disruption, status_patch};
use crate::{Controller, told};
use api::{Op, Outcome, WatchKind};
use base::{Duration, Time};
use model::resource::{NODES, PODS};
use model::{Key, Object};
use store::{Commit, Snapshot};
use value::{Value, list, obj};

/// A node must be missing for so long.
const QUARANTINE: Duration = Duration::from_secs(40);
/// The collector makes its rounds every so many seconds.
const ROUND: i64 = 20;
/// More finished pods than these are deleted, oldest first (`--terminated-pod-gc-threshold`).
const MOST_FINISHED: usize = 12_500;

/// The pod garbage collector.
pub struct PodGarbageCollector;

impl Controller for PodGarbageCollector {
    fn name(&self) -> &'static str {
        "pod-garbage-collector-controller"
    }

    fn keys(&self, snap: &Snapshot, commit: &Commit, out: &mut Vec<Key>) {
        if commit.key.resource == NODES && commit.kind == WatchKind::Deleted {
            snap.pods_on(&commit.key.name).for_each(|pod| push(out, pod.key()));
        } else if commit.key.resource == PODS && commit.kind != WatchKind::Deleted {
            let pod = &*commit.object;
            let (node, before) = (pod.pod().node(), commit.before.as_deref());
            let lost = !node.is_empty()
                && before.is_none_or(|before| before.pod().node().is_empty())
                && snap.find(&NODES, "", node).is_none();
            let finished = pod.pod().is_finished() && !before.is_some_and(|before| before.pod().is_finished());
            let going = node.is_empty() && pod.is_terminating();
            if lost || going || (finished && snap.len() > MOST_FINISHED) {
                push(out, commit.key.clone());
            }
        }
    }

    fn reconcile(&self, snap: &Snapshot, key: &Key, now: Time) -> Outcome {
        let Some(pod) = snap.get(key) else { return Outcome::nothing() };
        let node = pod.pod().node();
        if node.is_empty() {
            let Some(due) = unscheduled_due(pod) else { return Outcome::nothing() };
            return if due > now { Outcome { again_at: Some(due), ..Outcome::nothing() } } else { end(pod, None, now) };
        }
        if snap.find(&NODES, "", node).is_none() {
            let due = missing_since(snap, pod) + QUARANTINE;
            if due > now {
                return Outcome { again_at: Some(due), ..Outcome::nothing() };
            }
            return end(pod, Some("PodGC: node no longer exists"), now);
        }
        if pod.pod().is_finished() && is_beyond_limit(snap, pod) { end(pod, None, now) } else { Outcome::nothing() }
    }
}

/// When the collector's next round comes upon an unscheduled pod that is going.
fn unscheduled_due(pod: &Object) -> Option<Time> {
    let meta = &pod.value["metadata"];
    let asked = Time::parse(meta["deletionTimestamp"].s())?.as_secs() - meta["deletionGracePeriodSeconds"].as_i64().unwrap_or(0);
    Some(Time::from_secs((asked / ROUND + 1) * ROUND))
}

/// The node's end as its event tells it, or the pod's birth if no such node was ever seen.
fn missing_since(snap: &Snapshot, pod: &Object) -> Time {
    let gone = told::last(snap, "RemovingNode", pod.pod().node());
    gone.and_then(|event| Time::parse(event.value["lastTimestamp"].s())).unwrap_or_default().max(pod.meta.created)
}

fn is_beyond_limit(snap: &Snapshot, pod: &Object) -> bool {
    let finished: Vec<&Object> = snap.list(&PODS, "").map(|p| &**p).filter(|p| p.pod().is_finished()).collect();
    let age = |pod: &Object| (pod.meta.created, pod.meta.uid.clone());
    let older = finished.iter().filter(|other| age(other) < age(pod)).count();
    older < finished.len().saturating_sub(MOST_FINISHED)
}

/// Marks a pod failed unless it has ended, and takes it away at once.
fn end(pod: &Object, why: Option<&str>, now: Time) -> Outcome {
    let mut ops = Vec::new();
    if !pod.pod().is_finished() {
        let mut status = obj! { "phase" => "Failed" };
        if let Some(message) = why {
            status.set(&["conditions"], list![disruption(pod, ("DeletionByPodGC", message), now)]);
        }
        ops.push(status_patch(pod, status));
    }
    let going_at_once = pod.is_terminating() && pod.meta.grace == Some(Duration::ZERO);
    if !going_at_once {
        let options: Value = obj! { "gracePeriodSeconds" => 0 };
        ops.push(Op::Delete { key: pod.key(), uid: pod.meta.uid.clone(), options });
    }
    Outcome { ops, ..Outcome::nothing() }
}
