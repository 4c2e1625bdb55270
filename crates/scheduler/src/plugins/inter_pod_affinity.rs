//! InterPodAffinity: pods that want to be near others, or far from them. Models plugins/interpodaffinity.

use super::Refused;
use crate::Nodes;
use crate::rows::{NodeRow, PodRow, Term};
use base::Text;
use model::resource::NAMESPACES;
use std::collections::BTreeMap;
use store::Snapshot;
use value::Map;

pub const NAME: &str = "InterPodAffinity";
pub const WEIGHT: i64 = 2;

type Domains = BTreeMap<(Text, Text), i64>;

/// Where pods are that the terms speak of, by (topology key, value).
pub struct State {
    /// Domains that existing pods' anti-affinity closes to the pod.
    closed: Domains,
    /// Existing pods that match all affinity terms of the pod.
    near: Domains,
    /// Existing pods that match the pod's anti-affinity.
    far: Domains,
    /// The pod matches its own affinity terms, so the first of its group may go anywhere.
    first: bool,
}

fn namespace_labels(snap: &Snapshot) -> impl Fn(&str) -> Map {
    |namespace| snap.find(&NAMESPACES, "", namespace).map(|ns| ns.meta.labels.clone()).unwrap_or_default()
}

fn count(domains: &mut Domains, node: &NodeRow, key: &Text, by: i64) {
    if let Some(domain) = node.label(key) {
        *domains.entry((key.clone(), domain.into())).or_insert(0) += by;
    }
}

pub fn pre_filter(pod: &PodRow, nodes: &Nodes, snap: &Snapshot) -> State {
    let labels = namespace_labels(snap);
    let mut state = State { closed: Domains::new(), near: Domains::new(), far: Domains::new(), first: false };
    let own = !pod.affinity.is_empty() || !pod.anti_affinity.is_empty();
    for node in nodes.values().filter(|n| n.with_terms > 0 || own) {
        for existing in node.pods.values() {
            for term in existing.anti_affinity.iter().filter(|t| t.matches(pod, &labels)) {
                count(&mut state.closed, node, &term.topology_key, 1);
            }
            if !pod.affinity.is_empty() && pod.affinity.iter().all(|t| t.matches(existing, &labels)) {
                for term in &pod.affinity {
                    count(&mut state.near, node, &term.topology_key, 1);
                }
            }
            for term in pod.anti_affinity.iter().filter(|t| t.matches(existing, &labels)) {
                count(&mut state.far, node, &term.topology_key, 1);
            }
        }
    }
    state.first = state.near.is_empty() && pod.affinity.iter().all(|t| t.matches(pod, &labels));
    state
}

pub fn filter(pod: &PodRow, node: &NodeRow, state: &State) -> Result<(), Refused> {
    let held = |domains: &Domains, key: &Text| node.label(key).is_some_and(|v| domains.contains_key(&(key.clone(), v.into())));
    let has_keys = pod.affinity.iter().all(|t| node.label(&t.topology_key).is_some());
    let near = pod.affinity.iter().all(|t| held(&state.near, &t.topology_key));
    if !pod.affinity.is_empty() && !(has_keys && (near || state.first)) {
        return Err(Refused::with(NAME, "node(s) didn't match pod affinity rules"));
    }
    if pod.anti_affinity.iter().any(|t| held(&state.far, &t.topology_key)) {
        return Err(Refused::resolvable(NAME, "node(s) didn't match pod anti-affinity rules"));
    }
    if state.closed.keys().any(|(key, domain)| node.label(key) == Some(domain)) {
        return Err(Refused::resolvable(NAME, "node(s) didn't satisfy existing pods anti-affinity rules"));
    }
    Ok(())
}

/// `None` if no preference matches anywhere.
pub fn score(pod: &PodRow, feasible: &[&NodeRow], nodes: &Nodes, snap: &Snapshot) -> Option<Vec<i64>> {
    let labels = namespace_labels(snap);
    let mut domains = Domains::new();
    for node in nodes.values().filter(|n| n.with_terms > 0 || !pod.preferred.is_empty()) {
        for existing in node.pods.values() {
            for (weight, term) in &pod.preferred {
                prefer(&mut domains, node, (*weight, term), term.matches(existing, &labels));
            }
            for (weight, term) in &existing.preferred {
                prefer(&mut domains, node, (*weight, term), term.matches(pod, &labels));
            }
            for term in &existing.affinity {
                prefer(&mut domains, node, (1, term), term.matches(pod, &labels));
            }
        }
    }
    if domains.is_empty() {
        return None;
    }
    let raw: Vec<i64> = feasible.iter().map(|node| sum(&domains, node)).collect();
    let (max, min) = (raw.iter().copied().max().unwrap_or(0), raw.iter().copied().min().unwrap_or(0));
    Some(raw.iter().map(|r| if max == min { 0 } else { 100 * (r - min) / (max - min) }).collect())
}

fn prefer(domains: &mut Domains, node: &NodeRow, (weight, term): (i64, &Term), matches: bool) {
    if matches {
        count(domains, node, &term.topology_key, weight);
    }
}

fn sum(domains: &Domains, node: &NodeRow) -> i64 {
    domains.iter().filter(|((key, domain), _)| node.label(key) == Some(domain)).map(|(_, weight)| weight).sum()
}
