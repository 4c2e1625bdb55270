//! One scheduling cycle: which nodes can take a pod, why not the others, and which is best.
//! Models pkg/scheduler/schedule_one.go.

use crate::decision::{NodeScore, PluginScore, Refusal};
use crate::plugins::*;
use crate::rows::{Amounts, NodeRow, PodRow};
use base::{Rng, Text};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::Snapshot;

/// All nodes by name.
pub type Nodes = BTreeMap<Text, Arc<NodeRow>>;
/// Pods that preemption promised a node: by uid, the node and the pod.
pub type Nominated = BTreeMap<Text, (Text, Arc<PodRow>)>;

/// Below this number of nodes all are searched.
const SEARCH_ALL: usize = 100;

/// What filters need to know about the whole cluster for one pod.
pub struct Cycle<'a> {
    pub pod: &'a PodRow,
    pub nodes: &'a Nodes,
    pub snap: &'a Snapshot,
    pub nominated: &'a Nominated,
    spread: pod_topology_spread::State,
    affinity: inter_pod_affinity::State,
}

/// The outcome of the filters.
#[derive(Default)]
pub struct Found<'a> {
    pub feasible: Vec<&'a NodeRow>,
    pub refused: Vec<(&'a NodeRow, Refused)>,
    /// Nodes that the pre-filter narrowed away.
    pub narrowed: Vec<Text>,
}

impl<'a> Cycle<'a> {
    pub fn new(pod: &'a PodRow, nodes: &'a Nodes, snap: &'a Snapshot, nominated: &'a Nominated) -> Cycle<'a> {
        let spread = pod_topology_spread::pre_filter(pod, nodes);
        let affinity = inter_pod_affinity::pre_filter(pod, nodes, snap);
        Cycle { pod, nodes, snap, nominated, spread, affinity }
    }
    /// The first refusal of a node, in the order of the filters.
    pub fn filter(&self, node: &NodeRow) -> Result<(), Refused> {
        node_unschedulable::filter(self.pod, node)?;
        node_name::filter(self.pod, node)?;
        taint_toleration::filter(self.pod, node)?;
        node_affinity::filter(self.pod, node)?;
        node_ports::filter(self.pod, node)?;
        let (reserved, count) = self.reserved(node);
        node_resources_fit::filter(self.pod, node, (&reserved, count))?;
        pod_topology_spread::filter(self.pod, node, &self.spread)?;
        inter_pod_affinity::filter(self.pod, node, &self.affinity)
    }
    /// What pods of at least this priority, nominated to the node, will take.
    fn reserved(&self, node: &NodeRow) -> (Amounts, i64) {
        let mut amounts = Amounts::default();
        let mut count = 0;
        for (uid, (name, other)) in self.nominated {
            if *name == node.name
                && *uid != self.pod.uid
                && other.priority >= self.pod.priority
                && !node.pods.contains_key(&other.key)
            {
                amounts.add(&other.requests);
                count += 1;
            }
        }
        (amounts, count)
    }
    /// Runs the filters from node number `start` on, until enough nodes are found. Answers the number visited too.
    pub fn find(&self, start: usize) -> (Found<'a>, usize) {
        let mut found = Found::default();
        let narrowed = node_affinity::narrowed(self.pod);
        let wanted = enough(self.nodes.len());
        let mut visited = 0;
        for node in self.nodes.values().cycle().skip(start).take(self.nodes.len()) {
            visited += 1;
            if narrowed.as_ref().is_some_and(|names| !names.contains(&node.name)) {
                found.narrowed.push(node.name.clone());
                continue;
            }
            match self.filter(node) {
                Ok(()) => found.feasible.push(node),
                Err(refused) => found.refused.push((node, refused)),
            }
            if found.feasible.len() >= wanted {
                break;
            }
        }
        (found, visited)
    }
    /// Scores of the feasible nodes, in their order.
    pub fn score(&self, feasible: &[&NodeRow]) -> Vec<NodeScore> {
        let (pod, all) = (self.pod, Some);
        let columns = [
            (taint_toleration::NAME, taint_toleration::WEIGHT, all(taint_toleration::score(pod, feasible))),
            (node_affinity::NAME, node_affinity::WEIGHT, node_affinity::score(pod, feasible)),
            (node_resources_fit::NAME, node_resources_fit::WEIGHT, all(node_resources_fit::score(pod, feasible))),
            (balanced_allocation::NAME, balanced_allocation::WEIGHT, balanced_allocation::score(pod, feasible)),
            (
                pod_topology_spread::NAME,
                pod_topology_spread::WEIGHT,
                pod_topology_spread::score(pod, feasible, self.nodes, self.snap),
            ),
            (
                inter_pod_affinity::NAME,
                inter_pod_affinity::WEIGHT,
                inter_pod_affinity::score(pod, feasible, self.nodes, self.snap),
            ),
            (image_locality::NAME, image_locality::WEIGHT, all(image_locality::score(pod, feasible, self.nodes))),
        ];
        // Many of these are kept: exactly as long as they need to be.
        let plugins = || Vec::with_capacity(columns.iter().filter(|(.., column)| column.is_some()).count());
        let mut scores: Vec<NodeScore> =
            feasible.iter().map(|n| NodeScore { node: n.name.clone(), total: 0, plugins: plugins() }).collect();
        for (plugin, weight, column) in columns {
            for (score, normalized) in scores.iter_mut().zip(column.unwrap_or_default()) {
                score.total += weight * normalized;
                score.plugins.push(PluginScore { plugin, normalized, weight });
            }
        }
        scores
    }
}

/// How many feasible nodes are enough. Models numFeasibleNodesToFind.
fn enough(nodes: usize) -> usize {
    if nodes < SEARCH_ALL {
        return nodes.max(1);
    }
    let percent = (50 - nodes as i64 / 125).max(5) as usize;
    (nodes * percent / 100).max(SEARCH_ALL)
}

/// One of the nodes with the highest total, chosen by dice among equals.
pub fn best(scores: &[NodeScore], rng: &mut Rng) -> Option<Text> {
    let max = scores.iter().map(|s| s.total).max()?;
    let best: Vec<&NodeScore> = scores.iter().filter(|s| s.total == max).collect();
    Some(best[rng.below(best.len() as u64) as usize].node.clone())
}

/// The refusals as the decision keeps them.
pub fn refusals(found: &Found<'_>) -> Vec<Refusal> {
    let of = |(node, refused): &(&NodeRow, Refused)| Refusal {
        node: node.name.clone(),
        plugin: refused.plugin,
        reasons: refused.reasons.clone(),
    };
    let narrowed = found.narrowed.iter().map(|node| Refusal {
        node: node.clone(),
        plugin: node_affinity::NAME,
        reasons: vec!["node(s) didn't satisfy plugin(s) [NodeAffinity]".into()],
    });
    found.refused.iter().map(of).chain(narrowed).collect()
}

/// `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable.`
pub fn histogram(all: usize, reasons: impl Iterator<Item = Text>) -> String {
    let mut counts: BTreeMap<Text, u32> = BTreeMap::new();
    for reason in reasons {
        *counts.entry(reason).or_insert(0) += 1;
    }
    let mut parts: Vec<String> = counts.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    parts.sort();
    format!("0/{all} nodes are available: {}.", parts.join(", "))
}
