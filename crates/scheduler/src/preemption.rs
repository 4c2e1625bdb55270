//! Preemption: which lower pods would have to go for a pod to fit, and on which node that hurts least.
//! Models pkg/scheduler/framework/preemption and plugins/defaultpreemption.

use crate::cycle::{Cycle, Nodes, Nominated, histogram};
use crate::plugins::Refused;
use crate::rows::{NodeRow, PodRow};
use base::{Text, Time, text};
use model::Selector;
use std::sync::Arc;
use store::Snapshot;

/// A node and the pods that would have to leave it.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub node: Text,
    pub victims: Vec<Arc<PodRow>>,
    violations: usize,
}

static RESOURCE: Text = text!("poddisruptionbudgets.policy");

/// The best candidate, or the text that says why there is none.
pub fn preempt(
    pod: &PodRow,
    nodes: &Nodes,
    (snap, nominated): (&Snapshot, &Nominated),
    refused: &[(&NodeRow, Refused)],
) -> Result<Candidate, String> {
    if !pod.preempts {
        return Err("not eligible due to preemptionPolicy=Never.".into());
    }
    let mut candidates = Vec::new();
    let mut reasons: Vec<Text> = Vec::new();
    for (node, refusal) in refused {
        if !refusal.resolvable {
            reasons.push("Preemption is not helpful for scheduling".into());
            continue;
        }
        match victims(pod, node, nodes, (snap, nominated)) {
            Some(candidate) => candidates.push(candidate),
            None => reasons.push("No preemption victims found for incoming pod".into()),
        }
    }
    let narrowed = nodes.len().saturating_sub(refused.len());
    reasons.extend((0..narrowed).map(|_| text!("Preemption is not helpful for scheduling")));
    candidates.into_iter().min_by_key(hurt).ok_or_else(|| histogram(nodes.len(), reasons.into_iter()))
}

/// Fewest budget violations, lowest highest priority, smallest sum, fewest victims, latest start of the highest.
fn hurt(candidate: &Candidate) -> (usize, i64, i64, usize, i64, Text) {
    let highest = candidate.victims.iter().map(|v| v.priority).max().unwrap_or(i64::MIN);
    let sum = candidate.victims.iter().map(|v| v.priority + (1 << 31)).sum();
    let started = candidate.victims.iter().filter(|v| v.priority == highest).map(|v| v.started).min().unwrap_or(Time::EPOCH);
    (candidate.violations, highest, sum, candidate.victims.len(), -started.as_micros(), candidate.node.clone())
}

/// Removes all lower pods, then puts back as many as fit: protected ones first, then by priority.
fn victims(pod: &PodRow, node: &NodeRow, nodes: &Nodes, (snap, nominated): (&Snapshot, &Nominated)) -> Option<Candidate> {
    let mut lower: Vec<Arc<PodRow>> = node.pods.values().filter(|p| p.priority < pod.priority).cloned().collect();
    if lower.is_empty() {
        return None;
    }
    let mut row = node.clone();
    for victim in &lower {
        row.remove(&victim.key);
    }
    let fits = |row: &NodeRow| {
        let mut nodes = nodes.clone();
        nodes.insert(row.name.clone(), Arc::new(row.clone()));
        Cycle::new(pod, &nodes, snap, nominated).filter(row).is_ok()
    };
    if !fits(&row) {
        return None;
    }
    lower.sort_by_key(|p| (!protected(p, snap), -p.priority, p.started, p.key.clone()));
    let mut victims = Vec::new();
    for candidate in lower {
        row.add(candidate.clone());
        if !fits(&row) {
            row.remove(&candidate.key);
            victims.push(candidate);
        }
    }
    let violations = victims.iter().filter(|v| protected(v, snap)).count();
    if victims.is_empty() { None } else { Some(Candidate { node: node.name.clone(), victims, violations }) }
}

/// Whether a disruption budget without room covers the pod.
fn protected(pod: &PodRow, snap: &Snapshot) -> bool {
    snap.list(&RESOURCE, &pod.key.namespace).any(|budget| {
        Selector::of(&budget.value["spec"]["selector"]).matches(&pod.labels)
            && budget.value["status"]["disruptionsAllowed"].as_i64().unwrap_or(0) <= 0
    })
}
