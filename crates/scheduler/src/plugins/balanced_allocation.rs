//! NodeResourcesBalancedAllocation: nodes whose CPU and memory use stay close score higher.
//! Models plugins/noderesources (balanced allocation of 1.36: 50 + half the change).

use crate::rows::{NodeRow, PodRow};

pub const NAME: &str = "NodeResourcesBalancedAllocation";
pub const WEIGHT: i64 = 1;

/// `None` for pods without CPU and memory requests.
pub fn score(pod: &PodRow, nodes: &[&NodeRow]) -> Option<Vec<i64>> {
    if pod.requests.cpu == 0 && pod.requests.memory == 0 {
        return None;
    }
    let one = |node: &NodeRow| {
        let with = balance(node, pod.requests.cpu, pod.requests.memory);
        50 + (50 + with - balance(node, 0, 0)) / 2
    };
    Some(nodes.iter().map(|node| one(node)).collect())
}

fn balance(node: &NodeRow, cpu: i64, memory: i64) -> i64 {
    let fraction = |used: i64, can: i64| if can == 0 { 1.0 } else { (used as f64 / can as f64).min(1.0) };
    let cpu = fraction(node.requested.cpu + cpu, node.allocatable.cpu);
    let memory = fraction(node.requested.memory + memory, node.allocatable.memory);
    (100.0 * (1.0 - (cpu - memory).abs() / 2.0)) as i64
}
