//! NodePorts: two pods cannot share a host port. Models plugins/nodeports.

use super::Refused;
use crate::rows::{HostPort, NodeRow, PodRow};

pub const NAME: &str = "NodePorts";

pub fn filter(pod: &PodRow, node: &NodeRow) -> Result<(), Refused> {
    if pod.ports.is_empty() {
        return Ok(());
    }
    let taken = node.pods.values().flat_map(|p| &p.ports).any(|have| pod.ports.iter().any(|want| conflict(have, want)));
    if taken { Err(Refused::resolvable(NAME, "node(s) didn't have free ports for the requested pod ports")) } else { Ok(()) }
}

fn conflict(a: &HostPort, b: &HostPort) -> bool {
    a.port == b.port && a.protocol == b.protocol && (a.ip == b.ip || a.ip == "0.0.0.0" || b.ip == "0.0.0.0")
}
