//! The simulated network: who has which address, each node's rules and connection tracking, and the way of a packet hop
//! by hop. The rules are those that a node's proxy loads; nothing here decides for them.

use base::{Rng, Shared, Text, Time};
use proxy::{Config, Conntrack, Origin, Packet, Protocol, RuleSet, Trace, Verdict};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, OnceLock};
use store::Snapshot;

/// The outside client's address.
pub const OUTSIDE: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7));

/// Somewhere a packet can be.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Place {
    /// The client outside the cluster.
    Outside,
    /// Somewhere on the internet.
    Internet(Text),
    /// A cloud load balancer, by its service.
    LoadBalancer {
        namespace: Text,
        service: Text,
    },
    Node(Text),
    Pod {
        namespace: Text,
        name: Text,
    },
}

/// One station of a packet.
#[derive(Clone, PartialEq, Debug)]
pub struct Hop {
    pub at: Place,
    /// Source and destination as they are when the packet leaves this place.
    pub source: (IpAddr, u16),
    pub destination: (IpAddr, u16),
    /// What the node's rules did, and the rules, if this is a node that looked at it.
    pub trace: Option<(Trace, Arc<RuleSet>)>,
}

/// Where the packet ended.
#[derive(Clone, PartialEq, Debug)]
pub enum End {
    /// It reached the address of a pod.
    Pod {
        namespace: Text,
        name: Text,
        node: Text,
    },
    /// It reached a node's own address.
    Node(Text),
    Internet(Text),
    /// Refused at a node, with the rule's words.
    Rejected {
        node: Text,
    },
    /// Dropped at a node.
    Dropped {
        node: Text,
    },
    /// Nobody has the address, or nobody may be reached there from here.
    NoRoute(&'static str),
}

/// A packet's whole way.
#[derive(Clone, PartialEq, Debug)]
pub struct Path {
    pub hops: Vec<Hop>,
    pub end: End,
    /// The client as the server sees it.
    pub seen: (IpAddr, u16),
    /// The address and port where the packet ended.
    pub reached: (IpAddr, u16),
}

#[derive(Clone, PartialEq, Debug)]
pub struct NodeAt {
    pub ip: IpAddr,
    pub up: bool,
}

#[derive(Clone, PartialEq, Debug)]
pub struct PodAt {
    pub namespace: Text,
    pub name: Text,
    pub node: Text,
}

/// Addresses, rules and memory of the network.
#[derive(Clone)]
pub struct Network {
    pub nodes: Shared<BTreeMap<Text, NodeAt>>,
    /// Sandboxes by address.
    pub pods: Shared<BTreeMap<IpAddr, PodAt>>,
    /// Internet hosts by address.
    pub internet: Shared<BTreeMap<IpAddr, Text>>,
    pub config: Config,
    /// Worked out when first asked for. A clone shares them until one of the two changes: asking costs nothing twice.
    rules: BTreeMap<Text, Arc<OnceLock<Arc<RuleSet>>>>,
    conntrack: BTreeMap<Text, Shared<Conntrack>>,
    dice: Rng,
}

impl Network {
    pub fn new(config: Config, dice: Rng) -> Network {
        Network {
            nodes: Shared::default(),
            pods: Shared::default(),
            internet: Shared::default(),
            config,
            rules: BTreeMap::new(),
            conntrack: BTreeMap::new(),
            dice,
        }
    }
    /// Services or endpoints changed: the proxies load new rules before the next packet.
    pub fn rules_changed(&mut self) {
        self.rules = self.nodes.keys().map(|node| (node.clone(), Arc::default())).collect();
    }
    /// The rules of a node.
    pub fn rules(&self, snap: &Snapshot, node: &Text) -> Arc<RuleSet> {
        let rules = || Arc::new(proxy::ruleset(snap, node, &self.config));
        self.rules.get(node).map_or_else(rules, |known| known.get_or_init(rules).clone())
    }
    /// A free source port.
    pub fn source_port(&mut self) -> u16 {
        32_768 + self.dice.below(28_232) as u16
    }
    /// The address of a place and the node it is on, if any.
    pub fn address(&self, place: &Place) -> Option<(IpAddr, Option<Text>)> {
        match place {
            Place::Outside => Some((OUTSIDE, None)),
            Place::Node(name) => self.nodes.get(name).map(|node| (node.ip, Some(name.clone()))),
            Place::Pod { namespace, name } => {
                let (ip, pod) = self.pods.iter().find(|(_, pod)| pod.name == *name && pod.namespace == *namespace)?;
                Some((*ip, Some(pod.node.clone())))
            }
            Place::Internet(_) | Place::LoadBalancer { .. } => None,
        }
    }
    /// Sends the first packet of a connection from a place on its way; `None` if the place has no address.
    pub fn send(&mut self, snap: &Snapshot, from: &Place, to: (Protocol, IpAddr, u16), now: Time) -> Option<Path> {
        let (source, node) = self.address(from)?;
        let packet = Packet {
            protocol: to.0,
            source,
            source_port: self.source_port(),
            destination: to.1,
            port: to.2,
            origin: if matches!(from, Place::Node(_)) { Origin::Node } else { Origin::Network },
        };
        let mut path = Path {
            hops: Vec::with_capacity(4),
            end: End::NoRoute("nobody has this address"),
            seen: (packet.source, packet.source_port),
            reached: (packet.destination, packet.port),
        };
        path.hops.push(hop(from.clone(), &packet, None));
        match node {
            Some(node) => self.at_node(snap, node, packet, (&mut path, now)),
            None => self.enter(snap, packet, (&mut path, now)),
        }
        Some(path)
    }

    /// From outside: load balancers and node addresses can be reached, pods and cluster IPs cannot.
    fn enter(&mut self, snap: &Snapshot, packet: Packet, (path, now): (&mut Path, Time)) {
        if let Some(node) = self.node_with(packet.destination) {
            return self.at_node(snap, node, packet, (path, now));
        }
        if let Some(name) = self.internet.get(&packet.destination) {
            path.end = End::Internet(name.clone());
            return;
        }
        match self.balancer(snap, &packet) {
            Some((place, Some(node))) => {
                path.hops.push(hop(place, &packet, None));
                self.at_node(snap, node, packet, (path, now));
            }
            Some((place, None)) => {
                path.hops.push(hop(place, &packet, None));
                path.end = End::NoRoute("the load balancer has no healthy node for this service");
            }
            None if self.config.service_cidr.contains(packet.destination) => {
                path.end = End::NoRoute("cluster IPs exist only inside the cluster; from outside there is no route");
            }
            None if self.pods.contains_key(&packet.destination) || self.is_pod_range(packet.destination) => {
                path.end = End::NoRoute("pod addresses exist only inside the cluster; from outside there is no route");
            }
            None => {}
        }
    }

    /// The load balancer with an address, and the node it chooses.
    fn balancer(&mut self, snap: &Snapshot, packet: &Packet) -> Option<(Place, Option<Text>)> {
        let wanted = packet.destination.to_string();
        let service =
            snap.list(&model::resource::SERVICES, "").find(|s| s.service().ingress_ips().any(|ip| ip == wanted))?.clone();
        let place = Place::LoadBalancer { namespace: service.meta.namespace.clone(), service: service.meta.name.clone() };
        let local = service.value["spec"]["externalTrafficPolicy"].s() == "Local";
        let names: Vec<Text> = self.nodes.iter().filter(|(_, n)| n.up).map(|(name, _)| name.clone()).collect();
        let mut healthy = Vec::new();
        for name in names {
            let control_plane = snap
                .find(&model::resource::NODES, "", &name)
                .is_some_and(|n| n.meta.labels.contains("node.kubernetes.io/exclude-from-external-load-balancers"));
            let rules = self.rules(snap, &name);
            let has_local = || {
                let entry = rules.lookup(packet.protocol, packet.destination, packet.port);
                entry.is_some_and(|e| !rules.service(e).local.is_empty())
            };
            if !control_plane && (!local || has_local()) {
                healthy.push(name);
            }
        }
        let chosen =
            if healthy.is_empty() { None } else { Some(healthy[self.dice.below(healthy.len() as u64) as usize].clone()) };
        Some((place, chosen))
    }

    /// A packet at a node: its rules, then on to a pod, another node, or out.
    fn at_node(&mut self, snap: &Snapshot, node: Text, packet: Packet, (path, now): (&mut Path, Time)) {
        if !self.nodes.get(&node).is_some_and(|n| n.up) {
            path.end = End::NoRoute("the node is down");
            return;
        }
        let rules = self.rules(snap, &node);
        let conntrack = self.conntrack.entry(node.clone()).or_default();
        let trace = rules.trace(&packet, conntrack, &mut self.dice, now);
        let verdict = trace.verdict;
        let concerned = !trace.steps.is_empty();
        let mut next = packet;
        match verdict {
            Verdict::Forward { source, source_port, destination, port } => {
                next = Packet { source, source_port, destination, port, ..packet };
            }
            Verdict::Reject => path.end = End::Rejected { node: node.clone() },
            Verdict::Drop => path.end = End::Dropped { node: node.clone() },
            Verdict::Pass => {}
        }
        let own = self.nodes.get(&node).is_some_and(|n| n.ip == packet.destination);
        if concerned || own || path.hops.len() > 1 || packet.origin != Origin::Node {
            path.hops.push(hop(Place::Node(node.clone()), &next, Some((trace, rules))));
        }
        if matches!(verdict, Verdict::Forward { .. } | Verdict::Pass) {
            self.forward(snap, &node, next, (path, now));
        }
    }

    /// From a node towards an address that is no service's (any more).
    fn forward(&mut self, snap: &Snapshot, node: &Text, packet: Packet, (path, now): (&mut Path, Time)) {
        path.seen = (packet.source, packet.source_port);
        path.reached = (packet.destination, packet.port);
        if let Some(pod) = self.pods.get(&packet.destination).cloned() {
            return self.arrive(node, pod, packet, path);
        }
        if let Some(other) = self.node_with(packet.destination) {
            if other == *node {
                path.end = End::Node(other);
                return;
            }
            let hidden = self.hide_pod(node, packet);
            return self.at_node(snap, other, hidden, (path, now));
        }
        if let Some(name) = self.internet.get(&packet.destination) {
            path.seen = (OUTSIDE, packet.source_port);
            path.end = End::Internet(name.clone());
            return;
        }
        if self.balancer(snap, &packet).is_some() && path.hops.len() < 6 {
            return self.enter(snap, self.hide_pod(node, packet), (path, now));
        }
        path.end = End::NoRoute(if self.is_pod_range(packet.destination) {
            "no pod has this address (any more)"
        } else {
            "nobody has this address"
        });
    }

    fn arrive(&self, node: &Text, pod: PodAt, packet: Packet, path: &mut Path) {
        if pod.node != *node {
            if !self.nodes.get(&pod.node).is_some_and(|n| n.up) {
                path.end = End::NoRoute("the pod's node is down");
                return;
            }
            path.hops.push(hop(Place::Node(pod.node.clone()), &packet, None));
        }
        path.hops.push(hop(Place::Pod { namespace: pod.namespace.clone(), name: pod.name.clone() }, &packet, None));
        path.end = End::Pod { namespace: pod.namespace, name: pod.name, node: pod.node };
    }

    /// The pod network masquerades what pods send to addresses that are no pods'.
    fn hide_pod(&self, node: &Text, packet: Packet) -> Packet {
        let from_pod = self.pods.contains_key(&packet.source);
        match self.nodes.get(node) {
            Some(here) if from_pod => Packet { source: here.ip, ..packet },
            _ => packet,
        }
    }
    fn node_with(&self, ip: IpAddr) -> Option<Text> {
        self.nodes.iter().find(|(_, node)| node.ip == ip).map(|(name, _)| name.clone())
    }
    fn is_pod_range(&self, ip: IpAddr) -> bool {
        self.config.cluster_cidr.as_ref().is_some_and(|cidr| cidr.contains(ip))
    }
}

fn hop(at: Place, packet: &Packet, trace: Option<(Trace, Arc<RuleSet>)>) -> Hop {
    Hop { at, source: (packet.source, packet.source_port), destination: (packet.destination, packet.port), trace }
}

impl std::fmt::Display for Place {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Outside => out.write_str("client (outside)"),
            Place::Internet(name) => write!(out, "{name} (internet)"),
            Place::LoadBalancer { namespace, service } => write!(out, "load balancer of {namespace}/{service}"),
            Place::Node(name) => write!(out, "node {name}"),
            Place::Pod { namespace, name } => write!(out, "pod {namespace}/{name}"),
        }
    }
}

impl Place {
    /// A word for prompts: `client`, `node-1`, `pod/web`.
    pub fn short(&self) -> String {
        match self {
            Place::Outside => "client".into(),
            Place::Internet(name) | Place::Node(name) => name.to_string(),
            Place::LoadBalancer { service, .. } => format!("lb/{service}"),
            Place::Pod { name, .. } => format!("pod/{name}"),
        }
    }
}
