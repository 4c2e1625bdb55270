//! `Scheduler`: keeps rows and queue up to date by events, and places one pod at a time.

use crate::cycle::{self, Cycle, Found, Nodes, Nominated};
use crate::decision::Decision;
use crate::plugins::{inter_pod_affinity, node_affinity, node_ports, node_resources_fit, node_unschedulable};
use crate::plugins::{pod_topology_spread, taint_toleration, volume_binding};
use crate::preemption::{self, Candidate};
use crate::queue::{Queue, Waiting, backoff};
use crate::rows::{NodeRow, PodRow};
use api::{Note, Op, Outcome, PatchType, WatchKind};
use base::{Rng, Text, Time, text};
use imbl::OrdMap;
use model::{Condition, Key, Object, resource};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{Commit, Snapshot};
use value::{Value, obj};

pub const NAME: &str = "default-scheduler";

/// The scheduler's whole state. Cloning shares the rows.
#[derive(Clone, Default)]
pub struct Scheduler {
    nodes: Nodes,
    queue: Queue,
    nominated: Nominated,
    decisions: OrdMap<Text, Arc<Decision>>,
    attempts: BTreeMap<Key, u32>,
    start: usize,
}

impl Scheduler {
    pub fn new() -> Scheduler {
        Scheduler::default()
    }
    /// The last decision about a pod that still exists, by its uid.
    pub fn decision(&self, uid: &str) -> Option<&Arc<Decision>> {
        self.decisions.get(&Text::from(uid))
    }
    /// When [`Scheduler::schedule_one`] has something to do; a time long past if it has now.
    pub fn next_deadline(&self) -> Option<Time> {
        if self.queue.has_active() { Some(Time::EPOCH) } else { self.queue.next_retry() }
    }
    /// Takes notice of a commit.
    pub fn handle(&mut self, snap: &Snapshot, commit: &Commit, now: Time) {
        if commit.key.resource == resource::PODS {
            self.handle_pod(commit, now);
        } else if commit.key.resource == resource::NODES {
            self.handle_node(snap, commit, now);
        } else if commit.key.resource == resource::PERSISTENT_VOLUME_CLAIMS {
            self.wake(snap, now, &|_, waiting| waiting.plugins.contains(&"VolumeBinding"));
        }
    }
    /// Tells that the API server refused the decision.
    pub fn refused(&mut self, key: &Key, now: Time) {
        let attempts = self.attempts.get(key).copied().unwrap_or(1);
        self.queue.wait(key.clone(), Waiting { plugins: Vec::new(), priority: 0, retry_at: Some(now + backoff(attempts)) });
    }
    /// Decides about the next pod, if one is ready.
    pub fn schedule_one(&mut self, snap: &Snapshot, now: Time, rng: &mut Rng) -> Option<Arc<Decision>> {
        self.wake_keys(self.queue.woken(&|_, waiting| waiting.retry_at.is_some_and(|at| at <= now)), now);
        let key = self.queue.pop()?;
        let pod = snap.get(&key)?.clone();
        if !wanted(&pod) {
            return None;
        }
        let attempts = self.attempts.entry(key.clone()).or_insert(0);
        *attempts += 1;
        let decision = Arc::new(self.decide(&pod, snap, now, rng));
        self.decisions.insert(pod.meta.uid.clone(), decision.clone());
        Some(decision)
    }

    fn handle_pod(&mut self, commit: &Commit, now: Time) {
        let pod = &commit.object;
        let gone = commit.kind == WatchKind::Deleted || pod.pod().is_finished();
        if commit.kind == WatchKind::Deleted {
            self.decisions.remove(&pod.meta.uid);
            self.nominated.remove(&pod.meta.uid);
            self.attempts.remove(&commit.key);
        }
        let was_on =
            commit.before.as_ref().filter(|b| !b.pod().is_finished()).map(|b| b.pod().node().to_string()).unwrap_or_default();
        let is_on = if gone { "" } else { pod.pod().node() };
        if !is_on.is_empty() {
            self.queue.remove(&commit.key);
            self.nominated.remove(&pod.meta.uid);
            self.attempts.remove(&commit.key);
            self.place(pod, commit);
        } else if let Some(row) = self.nodes.get_mut(was_on.as_str()) {
            Arc::make_mut(row).remove(&commit.key);
        }
        self.wake_after_pod(commit, (!was_on.is_empty(), !is_on.is_empty()), now);
        if gone || !is_on.is_empty() || !wanted(pod) {
            if gone || is_on.is_empty() {
                self.queue.remove(&commit.key);
            }
        } else if !self.queue.contains(&commit.key) || spec_changed(commit) {
            self.queue.push(commit.key.clone(), pod.value["spec"]["priority"].as_i64().unwrap_or(0), now);
        }
    }
    /// Puts a bound pod into its node's row, if what rows hold changed.
    fn place(&mut self, pod: &Arc<Object>, commit: &Commit) {
        let same = commit.before.as_ref().is_some_and(|before| {
            before.value["spec"] == pod.value["spec"]
                && before.meta.labels == pod.meta.labels
                && before.is_terminating() == pod.is_terminating()
        });
        let node = pod.pod().node();
        if same && self.nodes.get(node).is_some_and(|row| row.pods.contains_key(&commit.key)) {
            return;
        }
        if let Some(row) = self.nodes.get_mut(node) {
            Arc::make_mut(row).add(Arc::new(PodRow::of(pod)));
        }
    }
    fn wake_after_pod(&mut self, commit: &Commit, (was_on, is_on): (bool, bool), now: Time) {
        let relabelled = commit.before.as_ref().is_some_and(|b| b.meta.labels != commit.object.meta.labels);
        let plugins: &[&str] = if was_on && !is_on {
            &[node_resources_fit::NAME, node_ports::NAME, pod_topology_spread::NAME, inter_pod_affinity::NAME]
        } else if is_on && (!was_on || relabelled) {
            &[pod_topology_spread::NAME, inter_pod_affinity::NAME]
        } else {
            return;
        };
        self.wake_keys(self.queue.woken(&|_, waiting| waiting.plugins.iter().any(|p| plugins.contains(p))), now);
    }
    fn handle_node(&mut self, snap: &Snapshot, commit: &Commit, now: Time) {
        if commit.kind == WatchKind::Deleted {
            self.nodes.remove(&commit.key.name);
            return;
        }
        let old = self.nodes.get(&commit.key.name).cloned();
        match self.nodes.get_mut(&commit.key.name) {
            Some(row) => Arc::make_mut(row).refresh(&commit.object),
            None => {
                let mut row = NodeRow::of(&commit.object);
                for pod in snap.pods_on(&commit.key.name).filter(|p| !p.pod().is_finished()) {
                    row.add(Arc::new(PodRow::of(pod)));
                }
                self.nodes.insert(commit.key.name.clone(), Arc::new(row));
            }
        }
        let Some(new) = self.nodes.get(&commit.key.name).cloned() else { return };
        self.wake(snap, now, &|pod, waiting| node_wakes(pod, waiting, old.as_deref(), &new));
    }
    fn wake(&mut self, snap: &Snapshot, now: Time, wakes: &dyn Fn(&PodRow, &Waiting) -> bool) {
        self.wake_keys(self.queue.woken(&|key, waiting| snap.get(key).is_some_and(|pod| wakes(&PodRow::of(pod), waiting))), now);
    }
    fn wake_keys(&mut self, keys: Vec<Key>, now: Time) {
        for key in keys {
            let priority = self.queue.priority(&key);
            self.queue.push(key, priority, now);
        }
    }

    fn decide(&mut self, pod: &Arc<Object>, snap: &Snapshot, now: Time, rng: &mut Rng) -> Decision {
        let row = PodRow::of(pod);
        let mut decision = Decision {
            key: row.key.clone(),
            uid: row.uid.clone(),
            at: now,
            node: None,
            refusals: Vec::new(),
            scores: Vec::new(),
            message: Text::new(),
            outcome: Outcome::nothing(),
        };
        if self.nodes.is_empty() {
            self.fail(pod, &mut decision, ("no nodes available to schedule pods".into(), Vec::new()), now);
            let attempts = self.attempts.get(&row.key).copied().unwrap_or(1);
            self.queue.wait(row.key, Waiting { plugins: Vec::new(), priority: 0, retry_at: Some(now + backoff(attempts)) });
            return decision;
        }
        if let Some(reason) = volume_binding::pre_filter(&row, snap) {
            let message = format!("0/{} nodes are available: {reason}. not found", self.nodes.len());
            self.fail(pod, &mut decision, (message, vec!["VolumeBinding"]), now);
            return decision;
        }
        let nodes = self.nodes.clone();
        let nominated = self.nominated.clone();
        let cycle = Cycle::new(&row, &nodes, snap, &nominated);
        let (found, visited) = cycle.find(self.start % nodes.len());
        self.start = (self.start + visited) % nodes.len();
        decision.refusals = cycle::refusals(&found);
        if found.feasible.is_empty() {
            self.give_up(pod, &row, (&found, snap), &mut decision);
            return decision;
        }
        decision.node = match found.feasible.as_slice() {
            [only] => Some(only.name.clone()),
            many => {
                decision.scores = cycle.score(many);
                cycle::best(&decision.scores, rng)
            }
        };
        bind(pod, &mut decision);
        decision
    }
    /// No node fits: say why, and see whether evicting lower pods helps.
    fn give_up(&mut self, pod: &Arc<Object>, row: &PodRow, (found, snap): (&Found<'_>, &Snapshot), decision: &mut Decision) {
        let all = self.nodes.len();
        let reasons = decision.refusals.iter().flat_map(|r| r.reasons.iter().cloned());
        let text = cycle::histogram(all, reasons);
        let mut plugins: Vec<&'static str> = decision.refusals.iter().map(|r| r.plugin).collect();
        plugins.sort_unstable();
        plugins.dedup();
        let now = decision.at;
        match preemption::preempt(row, &self.nodes, (snap, &self.nominated), &found.refused) {
            Ok(candidate) => {
                self.fail(pod, decision, (text, plugins), now);
                self.evict(pod, row, &candidate, decision);
            }
            Err(why) => {
                self.fail(pod, decision, (format!("{text} no new claims to deallocate, preemption: {why}"), plugins), now)
            }
        }
    }
    fn evict(&mut self, pod: &Object, row: &PodRow, candidate: &Candidate, decision: &mut Decision) {
        let outcome = &mut decision.outcome;
        for victim in candidate.victims.iter().filter(|v| !v.terminating) {
            let condition = obj! {
                "type" => "DisruptionTarget", "status" => "True", "reason" => "PreemptionByScheduler",
                "message" => "default-scheduler: preempting to accommodate a higher priority pod",
                "lastProbeTime" => Value::Null, "lastTransitionTime" => decision.at,
            };
            outcome.ops.push(status_patch(&victim.key, obj! { "conditions" => value::list![condition] }));
            outcome.ops.push(Op::Delete { key: victim.key.clone(), uid: victim.uid.clone(), options: Value::Null });
            let about = obj! {
                "apiVersion" => "v1", "kind" => "Pod", "name" => &victim.key.name,
                "namespace" => &victim.key.namespace, "uid" => &victim.uid,
            };
            outcome.notes.push(Note {
                about,
                warning: false,
                reason: text!("Preempted"),
                message: format!("Preempted by pod {} on node {}", pod.meta.uid, candidate.node).into(),
                source: NAME.into(),
                host: Text::new(),
            });
        }
        outcome.ops.push(status_patch(&row.key, obj! { "nominatedNodeName" => &candidate.node }));
        self.nominated.insert(row.uid.clone(), (candidate.node.clone(), Arc::new(row.clone())));
    }
    fn fail(&mut self, pod: &Object, decision: &mut Decision, (message, plugins): (String, Vec<&'static str>), now: Time) {
        decision.message = message.into();
        decision.outcome.notes.push(Note::warning(pod, NAME, "FailedScheduling", decision.message.clone()));
        let mut status = pod.value["status"].clone();
        let condition = Condition { kind: "PodScheduled", status: "False", reason: "Unschedulable", message: &decision.message };
        if condition.put(&mut status, now) {
            let mut written = Condition::find(&status, "PodScheduled").clone();
            written.set(&["lastProbeTime"], Value::Null);
            written.set(&["observedGeneration"], pod.meta.generation);
            decision.outcome.ops.push(status_patch(&decision.key, obj! { "conditions" => value::list![written] }));
        }
        self.queue.wait(
            decision.key.clone(),
            Waiting { plugins, priority: pod.value["spec"]["priority"].as_i64().unwrap_or(0), retry_at: None },
        );
    }
}

/// A pod of this scheduler that has no node, is not going, and is not held by gates.
fn wanted(pod: &Object) -> bool {
    let spec = &pod.value["spec"];
    let mine = matches!(spec["schedulerName"].s(), NAME | "");
    mine && spec["nodeName"].s().is_empty() && spec["schedulingGates"].items().is_empty() && pod.pod().is_active()
}

fn spec_changed(commit: &Commit) -> bool {
    commit
        .before
        .as_ref()
        .is_some_and(|b| b.value["spec"] != commit.object.value["spec"] || b.meta.labels != commit.object.meta.labels)
}

fn status_patch(key: &Key, status: Value) -> Op {
    Op::Patch { key: key.clone(), subresource: text!("status"), kind: PatchType::Strategic, patch: obj! { "status" => status } }
}

fn bind(pod: &Object, decision: &mut Decision) {
    let Some(node) = decision.node.clone() else { return };
    let message = format!("Successfully assigned {}/{} to {node}", decision.key.namespace, decision.key.name);
    decision.outcome.ops.push(Op::Bind { key: decision.key.clone(), uid: decision.uid.clone(), node });
    decision.outcome.notes.push(Note::normal(pod, NAME, "Scheduled", message));
}

/// Whether a new or changed node may help a waiting pod. Models the plugins' event registrations and queueing hints.
fn node_wakes(pod: &PodRow, waiting: &Waiting, old: Option<&NodeRow>, new: &NodeRow) -> bool {
    let refused_by = |plugin: &str| waiting.plugins.contains(&plugin);
    let Some(old) = old else {
        return taint_toleration::filter(pod, new).is_ok() && node_affinity::matches(pod, new);
    };
    if old.taints != new.taints {
        return true;
    }
    let relabelled = old.labels != new.labels;
    (relabelled && refused_by(node_affinity::NAME) && node_affinity::matches(pod, new) && !node_affinity::matches(pod, old))
        || (relabelled && (refused_by(pod_topology_spread::NAME) || refused_by(inter_pod_affinity::NAME)))
        || (refused_by(node_unschedulable::NAME) && old.unschedulable && !new.unschedulable)
        || (refused_by(node_resources_fit::NAME)
            && (old.allocatable != new.allocatable || old.pods_allowed != new.pods_allowed)
            && node_resources_fit::filter(pod, new, (&Default::default(), 0)).is_ok())
}
