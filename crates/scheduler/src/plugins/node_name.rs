//! NodeName: a pod that names its node goes nowhere else. Models plugins/nodename.

use super::Refused;
use crate::rows::{NodeRow, PodRow};

pub const NAME: &str = "NodeName";

pub fn filter(pod: &PodRow, node: &NodeRow) -> Result<(), Refused> {
    if pod.node.is_empty() || pod.node == node.name {
        return Ok(());
    }
    Err(Refused::with(NAME, "node(s) didn't match the requested node name"))
}
