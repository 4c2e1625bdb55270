//! PodTopologySpread: keeps pods even over zones, hosts or any label. Models plugins/podtopologyspread.

use super::{Refused, node_affinity, taint_toleration};
use crate::Nodes;
use crate::rows::{Group, NodeRow, PodRow, Spread};
use base::{Text, text};
use model::{Requirement, Selector, resource};
use std::collections::BTreeMap;
use store::Snapshot;

pub const NAME: &str = "PodTopologySpread";
pub const WEIGHT: i64 = 2;

static HOSTNAME: Text = text!("kubernetes.io/hostname");
static ZONE: Text = text!("topology.kubernetes.io/zone");

/// Matching pods per domain of each hard constraint.
pub struct State(Vec<BTreeMap<Text, i64>>);

fn hard(pod: &PodRow) -> impl Iterator<Item = &Spread> {
    pod.spread.iter().filter(|c| c.hard)
}

pub fn pre_filter(pod: &PodRow, nodes: &Nodes) -> State {
    State(hard(pod).map(|c| counts(pod, c, nodes)).collect())
}

fn counts(pod: &PodRow, constraint: &Spread, nodes: &Nodes) -> BTreeMap<Text, i64> {
    let mut counts = BTreeMap::new();
    for node in nodes.values() {
        let Some(domain) = node.label(&constraint.key) else { continue };
        if !counted(pod, constraint, node) || hard(pod).any(|c| node.label(&c.key).is_none()) {
            continue;
        }
        *counts.entry(domain.into()).or_insert(0) += matching(pod, constraint, node);
    }
    counts
}

fn counted(pod: &PodRow, constraint: &Spread, node: &NodeRow) -> bool {
    (!constraint.honor_affinity || node_affinity::matches(pod, node))
        && (!constraint.honor_taints || taint_toleration::filter(pod, node).is_ok())
}

fn matching(pod: &PodRow, constraint: &Spread, node: &NodeRow) -> i64 {
    let same = |g: &&Group| g.namespace == pod.key.namespace && constraint.selector.matches(&g.labels);
    node.groups.iter().filter(same).map(|g| g.count).sum()
}

pub fn filter(pod: &PodRow, node: &NodeRow, state: &State) -> Result<(), Refused> {
    for (constraint, counts) in hard(pod).zip(&state.0) {
        let Some(domain) = node.label(&constraint.key) else {
            return Err(Refused::with(NAME, "node(s) didn't match pod topology spread constraints (missing required label)"));
        };
        let enough = counts.len() as i64 >= constraint.min_domains;
        let min = if enough { counts.values().copied().min().unwrap_or(0) } else { 0 };
        let own = i64::from(constraint.selector.matches(&pod.labels));
        if counts.get(domain).copied().unwrap_or(0) + own - min > constraint.max_skew {
            return Err(Refused::resolvable(NAME, "node(s) didn't match pod topology spread constraints"));
        }
    }
    Ok(())
}

/// The cluster's default constraints for pods of a Service or a workload.
pub fn system_defaults(pod: &PodRow, snap: &Snapshot) -> Vec<Spread> {
    let selector = default_selector(pod, snap);
    if selector.requirements.is_empty() {
        return Vec::new();
    }
    let spread = |key: &Text, max_skew| Spread {
        max_skew,
        key: key.clone(),
        hard: false,
        selector: selector.clone(),
        min_domains: 1,
        honor_affinity: true,
        honor_taints: false,
        system: true,
    };
    vec![spread(&HOSTNAME, 5), spread(&ZONE, 3)]
}

/// Everything that Services and the owner select by. Models plugins/helper DefaultSelector.
fn default_selector(pod: &PodRow, snap: &Snapshot) -> Selector {
    let mut selector = Selector::everything();
    for service in snap.list(&resource::SERVICES, &pod.key.namespace) {
        let labels = &service.value["spec"]["selector"];
        if Selector::of_map(labels).matches(&pod.labels) {
            selector.requirements.extend(Selector::of_map(labels).requirements);
        }
    }
    if let Some(owner) = snap.get(&pod.key).and_then(|p| p.meta.controller().cloned()) {
        let requirements: Vec<Requirement> = model::resource::of_kind(&owner.api_version, &owner.kind)
            .and_then(|kind| snap.find(&kind, &pod.key.namespace, &owner.name).cloned())
            .map(|o| match owner.kind.as_str() {
                "ReplicationController" => Selector::of_map(&o.value["spec"]["selector"]).requirements,
                "ReplicaSet" | "StatefulSet" => Selector::of(&o.value["spec"]["selector"]).requirements,
                _ => Vec::new(),
            })
            .unwrap_or_default();
        selector.requirements.extend(requirements);
    }
    selector
}

/// `None` if no soft constraint applies.
pub fn score(pod: &PodRow, feasible: &[&NodeRow], nodes: &Nodes, snap: &Snapshot) -> Option<Vec<i64>> {
    let defaults = if pod.spread.is_empty() { system_defaults(pod, snap) } else { Vec::new() };
    let soft: Vec<&Spread> = pod.spread.iter().filter(|c| !c.hard).chain(&defaults).collect();
    if soft.is_empty() {
        return None;
    }
    let mut raw: Vec<Option<f64>> = feasible.iter().map(|n| if ignored(&soft, n) { None } else { Some(0.0) }).collect();
    for constraint in &soft {
        add_constraint(pod, constraint, (feasible, &mut raw), nodes);
    }
    Some(normalize(&raw))
}

fn ignored(soft: &[&Spread], node: &NodeRow) -> bool {
    soft.iter().any(|c| !c.system && node.label(&c.key).is_none())
}

fn add_constraint(pod: &PodRow, constraint: &Spread, (feasible, raw): (&[&NodeRow], &mut [Option<f64>]), nodes: &Nodes) {
    let by_host = constraint.key == HOSTNAME;
    let mut domains: BTreeMap<Text, i64> = BTreeMap::new();
    for (node, _) in feasible.iter().zip(raw.iter()).filter(|(_, raw)| raw.is_some()) {
        if let Some(domain) = node.label(&constraint.key) {
            domains.insert(domain.into(), 0);
        }
    }
    let size = if by_host { raw.iter().flatten().count() } else { domains.len() };
    if !by_host {
        for node in nodes.values().filter(|n| counted(pod, constraint, n)) {
            if let Some(count) = node.label(&constraint.key).and_then(|domain| domains.get_mut(domain)) {
                *count += matching(pod, constraint, node);
            }
        }
    }
    let weight = libm::log(size as f64 + 2.0);
    for (node, raw) in feasible.iter().zip(raw.iter_mut()) {
        let Some(raw) = raw else { continue };
        let Some(domain) = node.label(&constraint.key) else { continue };
        let count = if by_host { matching(pod, constraint, node) } else { domains.get(domain).copied().unwrap_or(0) };
        *raw += count as f64 * weight + (constraint.max_skew - 1) as f64;
    }
}

fn normalize(raw: &[Option<f64>]) -> Vec<i64> {
    let rounded: Vec<Option<i64>> = raw.iter().map(|r| r.map(|r| libm::round(r) as i64)).collect();
    let max = rounded.iter().flatten().copied().max().unwrap_or(0);
    let min = rounded.iter().flatten().copied().min().unwrap_or(0);
    let one = |r: i64| if max == 0 { 100 } else { 100 * (max + min - r) / max };
    rounded.iter().map(|r| r.map_or(0, one)).collect()
}
