//! `RuleSet`: everything one node's proxy has loaded, as the maps that nftables mode keeps.

use crate::Protocol;
use base::{Cidr, Duration, Text};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// What the proxy was started with.
#[derive(Clone, PartialEq, Debug)]
pub struct Config {
    /// Pod addresses; traffic from elsewhere to a cluster IP is masqueraded. `None`: nothing is.
    pub cluster_cidr: Option<Cidr>,
    pub service_cidr: Cidr,
    pub masquerade_all: bool,
}

/// An address of a service and what its port leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    ClusterIp,
    NodePort,
    LoadBalancer,
    ExternalIp,
}

/// One entry of the service maps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Index into [`RuleSet::services`].
    pub service: u32,
    pub kind: Kind,
}

/// One port of a service as this node serves it.
#[derive(Clone, PartialEq, Debug)]
pub struct ServicePort {
    pub namespace: Text,
    pub name: Text,
    pub port_name: Text,
    pub protocol: Protocol,
    pub port: u16,
    pub node_port: u16,
    pub cluster_ips: Vec<IpAddr>,
    /// ClientIP affinity and its timeout.
    pub affinity: Option<Duration>,
    pub external_local: bool,
    pub internal_local: bool,
    /// Sources that may use the load balancer address; empty: all.
    pub source_ranges: Vec<Cidr>,
    /// What the cluster IP, and external traffic of policy Cluster, may reach, in the order of their texts.
    pub cluster: Vec<Endpoint>,
    /// What external traffic of policy Local may reach on this node.
    pub local: Vec<Endpoint>,
    /// Whether any node has an endpoint (then a missing local one drops instead of refusing).
    pub any: bool,
}

/// A backend of a service port.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoint {
    pub ip: IpAddr,
    pub port: u16,
    pub local: bool,
    /// The pod, if the slice names one.
    pub pod: Text,
    pub node: Text,
}

/// All rules of one node.
#[derive(Clone, PartialEq, Debug)]
pub struct RuleSet {
    pub node: Text,
    pub config: Config,
    /// The node's own address, where node ports listen.
    pub node_ip: Option<IpAddr>,
    /// The node's address towards its own pods.
    pub gateway: Option<IpAddr>,
    pub services: Vec<ServicePort>,
    pub(crate) service_ips: BTreeMap<(IpAddr, Protocol, u16), Entry>,
    pub(crate) node_ports: BTreeMap<(Protocol, u16), Entry>,
    /// Cluster IPs with at least one port: other ports of them are refused.
    pub(crate) cluster_ips: BTreeSet<IpAddr>,
}

impl RuleSet {
    /// The service port behind an entry.
    pub fn service(&self, entry: Entry) -> &ServicePort {
        &self.services[entry.service as usize]
    }
    /// What an address and port lead to on this node.
    pub fn lookup(&self, protocol: Protocol, ip: IpAddr, port: u16) -> Option<Entry> {
        if let Some(entry) = self.service_ips.get(&(ip, protocol, port)) {
            return Some(*entry);
        }
        if Some(ip) == self.node_ip { self.node_ports.get(&(protocol, port)).copied() } else { None }
    }
}

impl ServicePort {
    /// `namespace/name:port-name`, the port name only if there is one.
    pub fn title(&self) -> String {
        if self.port_name.is_empty() {
            format!("{}/{}", self.namespace, self.name)
        } else {
            format!("{}/{}:{}", self.namespace, self.name, self.port_name)
        }
    }
}
