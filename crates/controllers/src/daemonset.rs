//! DaemonSet: one pod on every node that may run it. Models pkg/controller/daemon.

mod placement;
mod update;

use crate::claim::{claim, keys_of_claimants};
use crate::fields::{int, push, set_count, sides};
use crate::revisions::{CONTROLLER_REVISIONS, History, hash};
use crate::{Controller, pods};
use api::{Note, Op, Outcome, Status, WatchKind};
use base::{Duration, Time};
use model::resource::{DAEMON_SETS, NODES, PODS};
use model::{Key, Object, Selector};
use placement::Place;
use std::collections::BTreeMap;
use store::{Commit, Snapshot};
use value::Value;

/// Most pods made or deleted in one go.
const BURST: usize = 250;
const NAME: &str = "daemonset-controller";

/// The DaemonSet controller.
pub struct DaemonSets;

impl Controller for DaemonSets {
    fn name(&self) -> &'static str {
        NAME
    }

    fn keys(&self, snap: &Snapshot, commit: &Commit, out: &mut Vec<Key>) {
        if commit.key.resource == DAEMON_SETS {
            push(out, commit.key.clone());
        } else if commit.key.resource == CONTROLLER_REVISIONS {
            sides(commit).for_each(|revision| keys_of_claimants(snap, &DAEMON_SETS, revision, out));
        } else if commit.key.resource == PODS && pods::counts_changed(commit) {
            sides(commit).for_each(|pod| keys_of_claimants(snap, &DAEMON_SETS, pod, out));
        } else if commit.key.resource == NODES {
            keys_of_node(snap, commit, out);
        }
    }

    fn reconcile(&self, snap: &Snapshot, key: &Key, now: Time) -> Outcome {
        let Some(set) = snap.get(key).filter(|set| !set.is_terminating()) else { return Outcome::nothing() };
        if Selector::of(&set.spec()["selector"]).is_everything() {
            let message = "This daemon set is selecting all pods. A non-empty selector is required.";
            return Outcome { notes: vec![Note::warning(set, NAME, "SelectingAll", message)], ..Outcome::nothing() };
        }
        let claimed = claim(snap, set, &PODS, |_| true);
        let mut ops = claimed.ops;
        ops.extend(History::adoptions(snap, set));
        if !ops.is_empty() {
            return Outcome { ops, ..Outcome::nothing() };
        }
        let history = History::of(snap, set);
        let newest = match history.newest(snap, set) {
            Ok(newest) => newest,
            Err(op) => return Outcome::op(op),
        };
        let pods: Vec<&Object> = claimed.owned.iter().map(|pod| &***pod).collect();
        let mut run = Run::of(snap, set, now);
        run.hash = hash(newest);
        run.put_pods(&pods);
        run.step();
        let live: Vec<&str> = pods.iter().map(|pod| pod.meta.label(crate::revisions::REVISION_LABEL)).collect();
        let live = history.all.iter().filter(|r| live.contains(&hash(r)) || r.meta.uid == newest.meta.uid);
        let live: Vec<&str> = live.map(|r| r.meta.name.as_str()).collect();
        if run.out.ops.is_empty() {
            run.out.ops = history.truncate(set, &live);
        }
        run.out
    }

    fn applied(&self, snap: &Snapshot, key: &Key, op: &Op, made: &Value) -> Vec<Note> {
        let Some(set) = snap.get(key) else { return Vec::new() };
        match op {
            Op::Create { resource, .. } if *resource == PODS => {
                vec![Note::normal(set, NAME, "SuccessfulCreate", format!("Created pod: {}", made["metadata"]["name"].s()))]
            }
            Op::Delete { key: pod, .. } if pod.resource == PODS => {
                vec![Note::normal(set, NAME, "SuccessfulDelete", format!("Deleted pod: {}", pod.name))]
            }
            _ => Vec::new(),
        }
    }

    fn refused(&self, snap: &Snapshot, key: &Key, op: &Op, status: &Status, now: Time) -> Outcome {
        let (Some(set), Op::Create { resource, .. }) = (snap.get(key), op) else { return Outcome::nothing() };
        if *resource != PODS || status.details.causes.iter().any(|(reason, _, _)| reason == "NamespaceTerminating") {
            return Outcome::nothing();
        }
        let mut run = Run::of(snap, set, now);
        let history = History::of(snap, set);
        run.hash = history.newest(snap, set).map_or("", |newest| hash(newest));
        let owned = claim(snap, set, &PODS, |_| true).owned;
        run.put_pods(&owned.iter().map(|pod| &***pod).collect::<Vec<_>>());
        run.write_status();
        run.out.notes = vec![Note::warning(set, NAME, "FailedCreate", format!("Error creating: {}", status.message))];
        run.out
    }
}

/// A node matters to the sets that lack a pod there or have one that must go.
fn keys_of_node(snap: &Snapshot, commit: &Commit, out: &mut Vec<Key>) {
    let node = &*commit.object;
    let same = |before: &Object| before.meta.labels == node.meta.labels && before.spec() == node.spec();
    if commit.kind == WatchKind::Modified && commit.before.as_deref().is_some_and(same) {
        return;
    }
    for set in snap.list(&DAEMON_SETS, "") {
        let has = snap.controlled_by(&set.meta.uid, &PODS).any(|pod| placement::target(pod) == node.meta.name);
        let place = if commit.kind == WatchKind::Deleted { Place::Never } else { placement::place(set, node) };
        let concerns = match place {
            Place::Run => !has,
            Place::Stay => false,
            Place::Never => has,
        };
        if concerns || commit.kind == WatchKind::Deleted {
            push(out, set.key());
        }
    }
}

/// One DaemonSet at one moment: its nodes, and its pods by node.
struct Run<'a> {
    set: &'a Object,
    now: Time,
    /// The hash of the newest template.
    hash: &'a str,
    nodes: BTreeMap<&'a str, Place>,
    /// Oldest first.
    pods: BTreeMap<&'a str, Vec<&'a Object>>,
    out: Outcome,
}

impl<'a> Run<'a> {
    fn of(snap: &'a Snapshot, set: &'a Object, now: Time) -> Run<'a> {
        let nodes = snap.list(&NODES, "").map(|node| (node.meta.name.as_str(), placement::place(set, node)));
        Run { set, now, hash: "", nodes: nodes.collect(), pods: BTreeMap::new(), out: Outcome::nothing() }
    }

    fn put_pods(&mut self, pods: &[&'a Object]) {
        for pod in pods {
            self.pods.entry(placement::target(pod)).or_default().push(pod);
        }
        for pods in self.pods.values_mut() {
            pods.sort_by_key(|pod| (pod.pod().node().is_empty(), pod.meta.created, pod.meta.name.clone()));
        }
    }

    fn on(&self, node: &str) -> &[&'a Object] {
        self.pods.get(node).map_or(&[], |pods| pods.as_slice())
    }

    fn step(&mut self) {
        self.manage();
        if self.out.ops.is_empty() && self.set.spec()["updateStrategy"]["type"].s() == "RollingUpdate" {
            self.roll();
        }
        self.write_status();
    }

    /// One pod where there should be one, none where there should be none, and no dead ones.
    fn manage(&mut self) {
        let (mut gone, mut missing) = (Vec::new(), Vec::new());
        for (node, place) in self.nodes.clone() {
            match place {
                Place::Run if self.on(node).is_empty() => missing.push(node),
                Place::Run | Place::Stay => gone.extend(self.needless(node)),
                Place::Never => gone.extend(self.on(node).iter().copied().filter(|pod| !pod.is_terminating())),
            }
        }
        let lost =
            self.pods.iter().filter(|(node, _)| !self.nodes.contains_key(*node)).flat_map(|(_, pods)| pods.iter().copied());
        gone.extend(lost.filter(|pod| pod.pod().node().is_empty() && !pod.is_terminating()));
        self.change(&gone, &missing);
    }

    /// Ended pods of a node, and all but the oldest of the running ones (with a surge: of each template).
    fn needless(&mut self, node: &str) -> Vec<&'a Object> {
        let (mut gone, mut running) = (Vec::new(), Vec::new());
        for pod in self.on(node).to_vec() {
            if pod.is_terminating() {
                continue;
            }
            let path = pod.key().path();
            let note = match pod.pod().phase() {
                "Failed" => {
                    let message = format!("Found failed daemon pod {path} on node {node}, will try to kill it");
                    Note::warning(self.set, NAME, "FailedDaemonPod", message)
                }
                "Succeeded" => {
                    let message = format!("Found succeeded daemon pod {path} on node {node}, will try to delete it");
                    Note::normal(self.set, NAME, "SucceededDaemonPod", message)
                }
                _ => {
                    running.push(pod);
                    continue;
                }
            };
            self.out.notes.push(note);
            gone.push(pod);
        }
        if self.surge_and_unavailable().0 == 0 {
            gone.extend(running.into_iter().skip(1));
            return gone;
        }
        let (new, old): (Vec<_>, Vec<_>) = running.into_iter().partition(|pod| self.is_updated(pod));
        let new_serves = new.first().is_some_and(|pod| self.is_available(pod));
        gone.extend(new.into_iter().skip(1));
        gone.extend(old.into_iter().skip(usize::from(!new_serves)));
        gone
    }

    fn change(&mut self, gone: &[&Object], missing: &[&str]) {
        self.out.ops.extend(gone.iter().take(BURST).map(|pod| Op::delete(pod)));
        let pods = missing.iter().take(BURST).map(|node| placement::pod(self.set, node, self.hash));
        self.out.ops.extend(pods.map(|object| Op::Create { resource: PODS.clone(), object }));
    }

    fn is_updated(&self, pod: &Object) -> bool {
        pod.meta.label(crate::revisions::REVISION_LABEL) == self.hash
    }

    fn is_available(&mut self, pod: &Object) -> bool {
        let min_ready = Duration::from_secs(int(self.set.spec(), &["minReadySeconds"]));
        if pod.pod().is_ready()
            && let Some(at) = pod.pod().ready_since().map(|since| since + min_ready).filter(|at| *at > self.now)
        {
            self.out.again(at);
        }
        pod.pod().is_available(min_ready, self.now)
    }

    fn write_status(&mut self) {
        let (mut desired, mut current, mut ready, mut available, mut updated, mut wrong) = (0, 0, 0, 0, 0, 0);
        for (node, place) in self.nodes.clone() {
            let first = self.on(node).first().copied();
            if place != Place::Run {
                wrong += i64::from(first.is_some());
                continue;
            }
            desired += 1;
            let Some(pod) = first else { continue };
            current += 1;
            ready += i64::from(pod.pod().is_ready());
            available += i64::from(self.is_available(pod));
            updated += i64::from(self.is_updated(pod));
        }
        let mut status = self.set.status().clone();
        status.set(&["currentNumberScheduled"], current);
        status.set(&["desiredNumberScheduled"], desired);
        status.set(&["numberMisscheduled"], wrong);
        status.set(&["numberReady"], ready);
        status.set(&["observedGeneration"], self.set.meta.generation);
        set_count(&mut status, "updatedNumberScheduled", updated);
        set_count(&mut status, "numberAvailable", available);
        set_count(&mut status, "numberUnavailable", desired - available);
        if status != *self.set.status() {
            self.out.ops.push(Op::status(self.set, status));
        }
    }
}
