//! The default profile's plugins, one file each, in the order in which they filter.

pub mod balanced_allocation;
pub mod image_locality;
pub mod inter_pod_affinity;
pub mod node_affinity;
pub mod node_name;
pub mod node_ports;
pub mod node_resources_fit;
pub mod node_unschedulable;
pub mod pod_topology_spread;
pub mod taint_toleration;
pub mod volume_binding;

use base::Text;

/// Why a plugin refuses a node.
#[derive(Clone, PartialEq, Debug)]
pub struct Refused {
    pub plugin: &'static str,
    pub reasons: Vec<Text>,
    /// Whether evicting pods might open the node.
    pub resolvable: bool,
}

impl Refused {
    pub fn with(plugin: &'static str, reason: &'static str) -> Refused {
        Refused { plugin, reasons: vec![reason.into()], resolvable: false }
    }
    pub fn resolvable(plugin: &'static str, reason: &'static str) -> Refused {
        Refused { resolvable: true, ..Refused::with(plugin, reason) }
    }
}
