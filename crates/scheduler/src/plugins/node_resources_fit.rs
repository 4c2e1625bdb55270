//! NodeResourcesFit: requests must fit beside those of the pods already there; emptier nodes score higher.
//! Models plugins/noderesources (fit, LeastAllocated).

use super::Refused;
use crate::rows::{Amounts, NodeRow, PodRow};
use base::Text;

pub const NAME: &str = "NodeResourcesFit";
pub const WEIGHT: i64 = 1;

/// `reserved`: requests and count of pods nominated to this node before the pod.
pub fn filter(pod: &PodRow, node: &NodeRow, reserved: (&Amounts, i64)) -> Result<(), Refused> {
    let mut reasons: Vec<Text> = Vec::new();
    let mut resolvable = true;
    if node.pods.len() as i64 + reserved.1 + 1 > node.pods_allowed {
        reasons.push("Too many pods".into());
    }
    let (want, can, used, held) = (&pod.requests, &node.allocatable, &node.requested, reserved.0);
    let mut check = |name: &str, want: i64, can: i64, used: i64| {
        if want > 0 && want > can - used {
            reasons.push(format!("Insufficient {name}").into());
            resolvable &= want <= can;
        }
    };
    check("cpu", want.cpu, can.cpu, used.cpu + held.cpu);
    check("memory", want.memory, can.memory, used.memory + held.memory);
    check("ephemeral-storage", want.ephemeral, can.ephemeral, used.ephemeral + held.ephemeral);
    for (name, amount) in &want.other {
        let of = |amounts: &Amounts| amounts.other.get(name).copied().unwrap_or(0);
        check(name, *amount, of(can), of(used) + of(held));
    }
    if reasons.is_empty() { Ok(()) } else { Err(Refused { plugin: NAME, reasons, resolvable }) }
}

/// The mean of free CPU and free memory after the pod, in percent.
pub fn score(pod: &PodRow, nodes: &[&NodeRow]) -> Vec<i64> {
    let free = |can: i64, used: i64| if can == 0 || used > can { 0 } else { 100 * (can - used) / can };
    let one = |node: &NodeRow| {
        let cpu = free(node.allocatable.cpu, node.nonzero.0 + pod.nonzero.0);
        let memory = free(node.allocatable.memory, node.nonzero.1 + pod.nonzero.1);
        (cpu + memory) / 2
    };
    nodes.iter().map(|node| one(node)).collect()
}
