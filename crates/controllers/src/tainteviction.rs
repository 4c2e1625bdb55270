//! Taint eviction: pods that do not tolerate a NoExecute taint of their node go, at once or after the seconds they
//! tolerate it. Models pkg/controller/tainteviction.

use crate::Controller;
use crate::fields::push;
use api::{Note, Op, Outcome, PatchType, WatchKind};
use base::{Duration, Time, text};
use model::resource::{NODES, PODS};
use model::{Key, Object};
use store::{Commit, Snapshot};
use value::{Value, list, obj};

const NAME: &str = "taint-eviction-controller";

/// The taint eviction controller.
pub struct TaintEviction;

impl Controller for TaintEviction {
    fn name(&self) -> &'static str {
        NAME
    }

    fn keys(&self, snap: &Snapshot, commit: &Commit, out: &mut Vec<Key>) {
        if commit.kind == WatchKind::Deleted {
            return;
        }
        let (before, after) = (commit.before.as_deref(), &*commit.object);
        if commit.key.resource == NODES {
            if before.is_none_or(|before| before.spec()["taints"] != after.spec()["taints"]) && banishing(after).next().is_some()
            {
                snap.pods_on(&after.meta.name).for_each(|pod| push(out, pod.key()));
            }
        } else if commit.key.resource == PODS && !after.pod().node().is_empty() {
            let same = |before: &Object| {
                before.pod().node() == after.pod().node() && before.spec()["tolerations"] == after.spec()["tolerations"]
            };
            let node = snap.find(&NODES, "", after.pod().node());
            if !before.is_some_and(same) && node.is_some_and(|node| banishing(node).next().is_some()) {
                push(out, commit.key.clone());
            }
        }
    }

    fn reconcile(&self, snap: &Snapshot, key: &Key, now: Time) -> Outcome {
        let Some(pod) = snap.get(key).filter(|pod| !pod.is_terminating()) else { return Outcome::nothing() };
        let Some(node) = snap.find(&NODES, "", pod.pod().node()) else { return Outcome::nothing() };
        match end_of_stay(pod, node) {
            None => Outcome::nothing(),
            Some(end) if end > now => Outcome { again_at: Some(end), ..Outcome::nothing() },
            Some(_) => evict(pod, now),
        }
    }

    fn applied(&self, snap: &Snapshot, key: &Key, op: &Op, _made: &Value) -> Vec<Note> {
        match (snap.get(key), op) {
            (Some(pod), Op::Delete { .. }) => {
                let message = format!("Marking for deletion Pod {}", key.path());
                vec![Note::normal(pod, NAME, "TaintManagerEviction", message)]
            }
            _ => Vec::new(),
        }
    }
}

fn banishing(node: &Object) -> impl Iterator<Item = &Value> {
    node.node().taints().iter().filter(|taint| taint["effect"].s() == "NoExecute")
}

/// When the pod has to go: at the epoch if it does not tolerate some taint, never if it tolerates all for ever.
fn end_of_stay(pod: &Object, node: &Object) -> Option<Time> {
    let tolerations = pod.spec()["tolerations"].items();
    let mut seconds: Option<i64> = None;
    let mut since = None;
    for taint in banishing(node) {
        let mut tolerated = tolerations.iter().filter(|toleration| tolerates(toleration, taint)).peekable();
        if tolerated.peek().is_none() {
            return Some(Time::EPOCH);
        }
        since = since.max(Time::parse(taint["timeAdded"].s()));
        for limit in tolerated.filter_map(|toleration| toleration["tolerationSeconds"].as_i64()) {
            seconds = Some(seconds.map_or(limit, |least| least.min(limit)).max(0));
        }
    }
    // The taint's time is written by the node lifecycle controller; until then nothing is counted.
    Some(since? + Duration::from_secs(seconds?))
}

/// Models ToleratesTaint of k8s.io/api/core/v1/toleration.go.
pub fn tolerates(toleration: &Value, taint: &Value) -> bool {
    let fits = |field: &str| toleration[field].is_empty() || toleration[field] == taint[field];
    if !fits("effect") || !fits("key") {
        return false;
    }
    match toleration["operator"].s() {
        "" | "Equal" => toleration["value"].s() == taint["value"].s(),
        "Exists" => true,
        _ => false,
    }
}

fn evict(pod: &Object, now: Time) -> Outcome {
    let message = "Taint manager: deleting due to NoExecute taint";
    let condition = disruption(pod, ("DeletionByTaintManager", message), now);
    Outcome { ops: vec![status_patch(pod, obj! { "conditions" => list![condition] }), Op::delete(pod)], ..Outcome::nothing() }
}

/// The condition that says why a pod is taken away.
pub fn disruption(pod: &Object, (reason, message): (&str, &str), now: Time) -> Value {
    obj! {
        "type" => "DisruptionTarget", "status" => "True", "reason" => reason, "message" => message,
        "observedGeneration" => pod.meta.generation, "lastProbeTime" => Value::Null, "lastTransitionTime" => now,
    }
}

/// A patch of a pod's status.
pub fn status_patch(pod: &Object, status: Value) -> Op {
    let patch = obj! { "metadata" => obj! { "uid" => &pod.meta.uid }, "status" => status };
    Op::Patch { key: pod.key(), subresource: text!("status"), kind: PatchType::Strategic, patch }
}
