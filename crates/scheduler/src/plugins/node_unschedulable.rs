//! NodeUnschedulable: cordoned nodes take only pods that tolerate it. Models plugins/nodeunschedulable.

use super::Refused;
use crate::rows::{NodeRow, PodRow, Taint};

pub const NAME: &str = "NodeUnschedulable";

pub fn filter(pod: &PodRow, node: &NodeRow) -> Result<(), Refused> {
    if !node.unschedulable {
        return Ok(());
    }
    let taint = Taint { key: "node.kubernetes.io/unschedulable".into(), value: "".into(), effect: "NoSchedule".into() };
    if taint.is_tolerated(pod.tolerations()) { Ok(()) } else { Err(Refused::with(NAME, "node(s) were unschedulable")) }
}
