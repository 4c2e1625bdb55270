//! TaintToleration: NoSchedule and NoExecute taints refuse, PreferNoSchedule ones cost. Models plugins/tainttoleration.

use super::Refused;
use crate::rows::{NodeRow, PodRow};

pub const NAME: &str = "TaintToleration";
pub const WEIGHT: i64 = 3;

pub fn filter(pod: &PodRow, node: &NodeRow) -> Result<(), Refused> {
    let refuses = |effect: &str| matches!(effect, "NoSchedule" | "NoExecute");
    if node.taints.iter().any(|t| refuses(&t.effect) && !t.is_tolerated(pod.tolerations())) {
        return Err(Refused::with(NAME, "node(s) had untolerated taint(s)"));
    }
    Ok(())
}

/// 100 for the nodes with fewest untolerated PreferNoSchedule taints.
pub fn score(pod: &PodRow, nodes: &[&NodeRow]) -> Vec<i64> {
    let soft = |node: &NodeRow| {
        node.taints.iter().filter(|t| t.effect == "PreferNoSchedule" && !t.is_tolerated(pod.tolerations())).count() as i64
    };
    let raw: Vec<i64> = nodes.iter().map(|node| soft(node)).collect();
    let max = raw.iter().copied().max().unwrap_or(0);
    raw.iter().map(|r| if max == 0 { 100 } else { 100 - 100 * r / max }).collect()
}
