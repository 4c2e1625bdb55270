//! Node IPAM: every node gets a range of pod addresses. Models pkg/controller/nodeipam (RangeAllocator).

use crate::Controller;
use crate::fields::push;
use api::{Note, Op, Outcome, PatchType, WatchKind};
use base::{Cidr, Text, Time};
use model::Key;
use model::resource::NODES;
use std::net::{IpAddr, Ipv4Addr};
use store::{Commit, Snapshot};
use value::{list, obj};

/// `--cluster-cidr` and `--node-cidr-mask-size`.
const CLUSTER: Ipv4Addr = Ipv4Addr::new(10, 244, 0, 0);
const CLUSTER_BITS: u8 = 16;
const NODE_BITS: u8 = 24;

/// The node IPAM controller.
pub struct NodeIpam;

impl Controller for NodeIpam {
    fn name(&self) -> &'static str {
        "node-ipam-controller"
    }

    fn keys(&self, _snap: &Snapshot, commit: &Commit, out: &mut Vec<Key>) {
        let is_node = commit.key.resource == NODES && commit.kind != WatchKind::Deleted;
        if is_node && commit.object.node().pod_cidr().is_empty() {
            push(out, commit.key.clone());
        }
    }

    fn reconcile(&self, snap: &Snapshot, key: &Key, _now: Time) -> Outcome {
        let Some(node) = snap.get(key).filter(|node| node.node().pod_cidr().is_empty()) else { return Outcome::nothing() };
        let taken: Vec<Cidr> = snap.list(&NODES, "").filter_map(|node| Cidr::parse(node.node().pod_cidr())).collect();
        let Some(cluster) = Cidr::new(IpAddr::V4(CLUSTER), CLUSTER_BITS) else { return Outcome::nothing() };
        let mut parts = (0..).map_while(|n| cluster.part(NODE_BITS, n));
        let Some(free) = parts.find(|part| !taken.iter().any(|other| other.overlaps(*part))) else {
            let message = format!("Node {} status is now: CIDRNotAvailable", key.name);
            return Outcome {
                notes: vec![Note::normal(node, "cidrAllocator", "CIDRNotAvailable", message)],
                ..Outcome::nothing()
            };
        };
        let cidr = free.to_string();
        let patch = obj! {
            "metadata" => obj! { "resourceVersion" => node.meta.revision.to_string() },
            "spec" => obj! { "podCIDR" => &cidr, "podCIDRs" => list![&cidr] },
        };
        Outcome::op(Op::Patch { key: key.clone(), subresource: Text::new(), kind: PatchType::Merge, patch })
    }
}
