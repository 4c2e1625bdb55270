//! StatefulSet: pods with names, one after the other. Models pkg/controller/statefulset.
//! Each look makes the next step: lower pods first when growing, higher ones first when shrinking or updating.

mod identity;

use crate::claim::claim;
use crate::fields::{int, push, replicas, set_count, sides};
use crate::revisions::{CONTROLLER_REVISIONS, History, REVISION_LABEL, template};
use crate::{Controller, pods};
use api::{Note, Op, Outcome, Status};
use base::{Duration, Time};
use model::resource::{PERSISTENT_VOLUME_CLAIMS, PODS, STATEFUL_SETS};
use model::{Key, Object, Selector};
use std::collections::BTreeMap;
use store::{Commit, Snapshot};
use value::Value;

const NAME: &str = "statefulset-controller";

/// The StatefulSet controller.
pub struct StatefulSets;

impl Controller for StatefulSets {
    fn name(&self) -> &'static str {
        NAME
    }

    fn keys(&self, snap: &Snapshot, commit: &Commit, out: &mut Vec<Key>) {
        if commit.key.resource == STATEFUL_SETS {
            push(out, commit.key.clone());
        } else if commit.key.resource == CONTROLLER_REVISIONS {
            sides(commit).for_each(|revision| keys_of_owner(revision, out));
        } else if commit.key.resource == PODS && pods::counts_changed(commit) {
            sides(commit).for_each(|pod| keys_of_pod(snap, pod, out));
        }
    }

    fn reconcile(&self, snap: &Snapshot, key: &Key, now: Time) -> Outcome {
        let Some(set) = snap.get(key) else { return Outcome::nothing() };
        if Selector::of(&set.spec()["selector"]).is_everything() {
            return Outcome::nothing();
        }
        let claimed = claim(snap, set, &PODS, |_| true);
        // Only pods with a name of this set's are taken.
        let mut ops: Vec<Op> = claimed.ops.into_iter().filter(|op| is_member_op(set, op)).collect();
        ops.extend(History::adoptions(snap, set));
        if !ops.is_empty() {
            return Outcome { ops, ..Outcome::nothing() };
        }
        let history = History::of(snap, set);
        let update = match history.newest(snap, set) {
            Ok(newest) => newest,
            Err(_) if set.is_terminating() => return Outcome::nothing(),
            Err(op) => return Outcome::op(op),
        };
        let current = history.named(set.status()["currentRevision"].s()).unwrap_or(update);
        let pods: Vec<&Object> =
            claimed.owned.iter().map(|pod| &***pod).filter(|p| identity::ordinal(set, &p.meta.name).is_some()).collect();
        let mut run = Run { snap, set, history: &history, update, current, now, ops: Vec::new(), again_at: None };
        run.step(&pods);
        Outcome { ops: run.ops, again_at: run.again_at, notes: Vec::new() }
    }

    fn applied(&self, snap: &Snapshot, key: &Key, op: &Op, made: &Value) -> Vec<Note> {
        let Some(set) = snap.get(key) else { return Vec::new() };
        let note = |reason, message: String| vec![Note::normal(set, NAME, reason, message)];
        match op {
            Op::Create { resource, .. } if *resource == PODS => note(
                "SuccessfulCreate",
                format!("Create Pod {} in StatefulSet {} successful", made["metadata"]["name"].s(), key.name),
            ),
            Op::Create { resource, object } if *resource == PERSISTENT_VOLUME_CLAIMS => {
                let claim = object["metadata"]["name"].s();
                let pod = identity::pod_of_claim(set, claim);
                note("SuccessfulCreate", format!("Create Claim {claim} Pod {pod} in StatefulSet {} success", key.name))
            }
            Op::Delete { key: pod, .. } if pod.resource == PODS => {
                note("SuccessfulDelete", format!("Delete Pod {} in StatefulSet {} successful", pod.name, key.name))
            }
            _ => Vec::new(),
        }
    }

    fn refused(&self, snap: &Snapshot, key: &Key, op: &Op, status: &Status, _now: Time) -> Outcome {
        let (Some(set), Op::Create { resource, object }) = (snap.get(key), op) else { return Outcome::nothing() };
        if *resource != PODS || status.reason == "AlreadyExists" {
            return Outcome::nothing();
        }
        let pod = object["metadata"]["name"].s();
        let message = format!("Create Pod {pod} in StatefulSet {} failed error: {}", key.name, status.message);
        Outcome { notes: vec![Note::warning(set, NAME, "FailedCreate", message)], ..Outcome::nothing() }
    }
}

fn is_member_op(set: &Object, op: &Op) -> bool {
    match op {
        Op::Patch { key, .. } => identity::ordinal(set, &key.name).is_some(),
        _ => true,
    }
}

fn keys_of_owner(object: &Object, out: &mut Vec<Key>) {
    if let Some(name) = pods::controller_of(object, "apps", "StatefulSet") {
        push(out, Key::new(&STATEFUL_SETS, object.meta.namespace.clone(), name));
    }
}

/// A pod that nobody controls may bear a name that a set waits for.
fn keys_of_pod(snap: &Snapshot, pod: &Object, out: &mut Vec<Key>) {
    if pod.meta.controller().is_some() {
        return keys_of_owner(pod, out);
    }
    let Some((parent, _)) = pod.meta.name.rsplit_once('-') else { return };
    let key = Key::new(&STATEFUL_SETS, pod.meta.namespace.clone(), parent);
    if snap.get(&key).is_some() {
        push(out, key);
    }
}

/// One StatefulSet at one moment.
struct Run<'a> {
    snap: &'a Snapshot,
    set: &'a Object,
    history: &'a History<'a>,
    update: &'a Object,
    current: &'a Object,
    now: Time,
    ops: Vec<Op>,
    again_at: Option<Time>,
}

impl<'a> Run<'a> {
    fn step(&mut self, pods: &[&'a Object]) {
        let by_ordinal: BTreeMap<i64, &Object> =
            pods.iter().filter_map(|pod| Some((identity::ordinal(self.set, &pod.meta.name)?, *pod))).collect();
        let start = int(self.set.spec(), &["ordinals", "start"]);
        let end = start + replicas(self.set);
        if !self.set.is_terminating() {
            let went_on = self.fill(&by_ordinal, start..end) && self.shrink(&by_ordinal, start..end);
            if went_on {
                self.roll(&by_ordinal, start..end);
            }
        }
        self.write_status(pods);
        let live = [self.update.meta.name.as_str(), self.current.meta.name.as_str()];
        let of_pods = pods.iter().map(|pod| pod.meta.label(REVISION_LABEL));
        let live: Vec<&str> = live.into_iter().chain(of_pods).collect();
        if self.ops.is_empty() {
            self.ops = self.history.truncate(self.set, &live);
        }
    }

    fn is_ordered(&self) -> bool {
        self.set.spec()["podManagementPolicy"].s() != "Parallel"
    }

    /// Running, ready for long enough, and not going.
    fn is_available(&mut self, pod: &Object) -> bool {
        let min_ready = Duration::from_secs(int(self.set.spec(), &["minReadySeconds"]));
        let running = pod.pod().phase() == "Running" && pod.pod().is_ready();
        if running && let Some(at) = pod.pod().ready_since().map(|since| since + min_ready).filter(|at| *at > self.now) {
            self.again_at = Some(self.again_at.map_or(at, |have| have.min(at)));
        }
        running && pod.pod().is_available(min_ready, self.now)
    }

    /// Makes missing pods, lowest first. Answers whether everything is there, so that other work may go on.
    fn fill(&mut self, pods: &BTreeMap<i64, &'a Object>, wanted: std::ops::Range<i64>) -> bool {
        for ordinal in wanted {
            let ordered = self.is_ordered();
            let Some(pod) = pods.get(&ordinal).copied() else {
                if !self.make(ordinal) || ordered {
                    return false;
                }
                continue;
            };
            if pod.pod().is_finished() {
                if !pod.is_terminating() {
                    self.ops.push(Op::delete(pod));
                }
                return false;
            }
            if ordered && (pod.is_terminating() || !self.is_available(pod)) {
                return false;
            }
            self.ops.extend(identity::restored(self.set, pod, ordinal));
        }
        true
    }

    /// Makes a pod after its claims. False if a pod of that name is somebody else's.
    fn make(&mut self, ordinal: i64) -> bool {
        let name = identity::pod_name(self.set, ordinal);
        for claim in identity::claims(self.set, ordinal) {
            let taken =
                self.snap.find(&PERSISTENT_VOLUME_CLAIMS, &self.set.meta.namespace, claim["metadata"]["name"].s()).is_some();
            if !taken {
                self.ops.push(Op::Create { resource: PERSISTENT_VOLUME_CLAIMS.clone(), object: claim });
            }
        }
        if self.snap.find(&PODS, &self.set.meta.namespace, &name).is_some() {
            return false;
        }
        let partition = int(self.set.spec(), &["updateStrategy", "rollingUpdate", "partition"]);
        let start = int(self.set.spec(), &["ordinals", "start"]);
        let revision = if ordinal < start + partition { self.current } else { self.update };
        let object = identity::pod(self.set, &template(revision), (ordinal, &revision.meta.name));
        self.ops.push(Op::Create { resource: PODS.clone(), object });
        true
    }

    /// Takes pods beyond the wanted ones away, highest first.
    fn shrink(&mut self, pods: &BTreeMap<i64, &'a Object>, wanted: std::ops::Range<i64>) -> bool {
        let ordered = self.is_ordered();
        let sick = pods.values().copied().find(|pod| pod.is_terminating() || !pod.pod().is_ready()).map(|pod| &pod.meta.uid);
        for (_, pod) in pods.iter().rev().filter(|(ordinal, _)| !wanted.contains(ordinal)) {
            if pod.is_terminating() {
                if ordered {
                    return false;
                }
                continue;
            }
            let healthy = self.is_available(pod);
            if ordered && !healthy && sick != Some(&pod.meta.uid) {
                return false;
            }
            self.ops.push(Op::delete(pod));
            if ordered {
                return false;
            }
        }
        true
    }

    /// Replaces pods of older templates, highest first, each after the one before is available.
    fn roll(&mut self, pods: &BTreeMap<i64, &'a Object>, wanted: std::ops::Range<i64>) {
        if self.set.spec()["updateStrategy"]["type"].s() == "OnDelete" {
            return;
        }
        let partition = wanted.start + int(self.set.spec(), &["updateStrategy", "rollingUpdate", "partition"]);
        for (_, pod) in pods.iter().rev().filter(|(ordinal, _)| wanted.contains(ordinal) && **ordinal >= partition) {
            if pod.meta.label(REVISION_LABEL) != self.update.meta.name && !pod.is_terminating() {
                self.ops.push(Op::delete(pod));
                return;
            }
            if pod.is_terminating() || !self.is_available(pod) {
                return;
            }
        }
    }

    fn write_status(&mut self, pods: &[&'a Object]) {
        let of = |revision: &Object| {
            pods.iter().filter(|pod| !pod.is_terminating() && pod.meta.label(REVISION_LABEL) == revision.meta.name).count() as i64
        };
        let is_ready = |pod: &&&Object| pod.pod().phase() == "Running" && pod.pod().is_ready();
        let ready = pods.iter().filter(is_ready).count() as i64;
        let available = pods.iter().filter(|pod| self.is_available(pod)).count() as i64;
        let (mut current, updated, total) = (of(self.current), of(self.update), pods.len() as i64);
        let mut current_name = &self.current.meta.name;
        let rolling = self.set.spec()["updateStrategy"]["type"].s() != "OnDelete";
        if rolling && updated == total && ready == total {
            (current, current_name) = (updated, &self.update.meta.name);
        }
        let mut status = self.set.status().clone();
        status.set(&["observedGeneration"], self.set.meta.generation);
        status.set(&["replicas"], total);
        status.set(&["availableReplicas"], available);
        set_count(&mut status, "readyReplicas", ready);
        set_count(&mut status, "currentReplicas", current);
        set_count(&mut status, "updatedReplicas", updated);
        status.set(&["currentRevision"], current_name);
        status.set(&["updateRevision"], &self.update.meta.name);
        status.set(&["collisionCount"], int(self.set.status(), &["collisionCount"]));
        if status != *self.set.status() {
            self.ops.push(Op::status(self.set, status));
        }
    }
}
