//! Walking one packet through a node's rules: every rule that matched, what was chosen at which odds, what was rewritten.

use crate::conntrack::Flow;
use crate::{Conntrack, Entry, Kind, Origin, Packet, RuleSet, ServicePort};
use base::{Rng, Time};
use std::net::IpAddr;

/// What became of the packet on this node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Goes on to this destination, seen as coming from this source.
    Forward { source: IpAddr, source_port: u16, destination: IpAddr, port: u16 },
    /// No rule concerns it.
    Pass,
    /// Refused with ICMP port unreachable.
    Reject,
    /// Dropped without an answer.
    Drop,
}

/// One rule that concerned the packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// A known connection: its translation is applied again.
    Established,
    /// The address and port are those of a service.
    Service { entry: Entry },
    /// The address is a cluster IP, but not with this port or protocol.
    WrongPort,
    /// The address is in the service range and belongs to nothing.
    Unallocated,
    /// The source is not in `loadBalancerSourceRanges`.
    OutsideRanges { entry: Entry },
    /// Policy Local: pods and the node itself may use all endpoints.
    ShortCircuit,
    /// Marked for masquerade, and why.
    Mark(Why),
    /// No endpoint at all, or none on this node.
    NoEndpoints { entry: Entry, elsewhere: bool },
    /// One of so many endpoints was chosen, by dice or by the client's affinity.
    Chosen { ip: IpAddr, port: u16, of: u32, by_affinity: bool },
    /// The destination was rewritten.
    Dnat { ip: IpAddr, port: u16 },
    /// The source was rewritten.
    Masquerade { ip: IpAddr, port: u16 },
}

/// Why a packet's source is hidden.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// It came from outside the pod network.
    NotFromPod,
    /// It came by an external address under policy Cluster.
    External,
    /// The node itself uses an external address under policy Local.
    FromNode,
    /// The pod reaches itself.
    Hairpin,
    /// The proxy masquerades everything.
    All,
}

/// The way of one packet.
#[derive(Clone, PartialEq, Debug)]
pub struct Trace {
    pub packet: Packet,
    pub steps: Vec<Step>,
    pub verdict: Verdict,
}

impl RuleSet {
    /// Traces the first packet of a connection and remembers its translation.
    pub fn trace(&self, packet: &Packet, conntrack: &mut Conntrack, rng: &mut Rng, now: Time) -> Trace {
        let mut trace = Trace { packet: *packet, steps: Vec::with_capacity(5), verdict: Verdict::Pass };
        if let Some(flow) = conntrack.find(packet, now) {
            trace.steps.push(Step::Established);
            trace.verdict = Verdict::Forward {
                source: flow.source,
                source_port: flow.source_port,
                destination: flow.destination,
                port: flow.port,
            };
            return trace;
        }
        match self.lookup(packet.protocol, packet.destination, packet.port) {
            Some(entry) => self.service_chain(entry, &mut trace, conntrack, (rng, now)),
            None => self.other_address(&mut trace),
        }
        trace
    }

    fn other_address(&self, trace: &mut Trace) {
        let ip = trace.packet.destination;
        if self.cluster_ips.contains(&ip) {
            trace.steps.push(Step::WrongPort);
            trace.verdict = Verdict::Reject;
        } else if self.config.service_cidr.contains(ip) {
            trace.steps.push(Step::Unallocated);
            trace.verdict = Verdict::Drop;
        }
    }

    fn service_chain(&self, entry: Entry, trace: &mut Trace, conntrack: &mut Conntrack, (rng, now): (&mut Rng, Time)) {
        let service = self.service(entry);
        trace.steps.push(Step::Service { entry });
        let source = trace.packet.source;
        let allowed = service.source_ranges.is_empty() || service.source_ranges.iter().any(|r| r.contains(source));
        if entry.kind == Kind::LoadBalancer && !allowed {
            trace.steps.push(Step::OutsideRanges { entry });
            trace.verdict = Verdict::Drop;
            return;
        }
        let (local_only, mark) = self.policy(entry, &trace.packet, &mut trace.steps);
        if let Some(why) = mark {
            trace.steps.push(Step::Mark(why));
        }
        let endpoints = if local_only { &service.local } else { &service.cluster };
        if endpoints.is_empty() {
            let elsewhere = local_only && service.any;
            trace.steps.push(Step::NoEndpoints { entry, elsewhere });
            trace.verdict = if elsewhere { Verdict::Drop } else { Verdict::Reject };
            return;
        }
        let sticky = service.affinity.and_then(|timeout| conntrack.sticky(identity(service), source, timeout, now));
        let kept = sticky.and_then(|(ip, port)| endpoints.iter().find(|e| e.ip == ip && e.port == port));
        let chosen = kept.unwrap_or_else(|| &endpoints[rng.below(endpoints.len() as u64) as usize]);
        if service.affinity.is_some() {
            conntrack.stick(identity(service), source, (chosen.ip, chosen.port), now);
        }
        trace.steps.push(Step::Chosen {
            ip: chosen.ip,
            port: chosen.port,
            of: endpoints.len() as u32,
            by_affinity: kept.is_some(),
        });
        trace.steps.push(Step::Dnat { ip: chosen.ip, port: chosen.port });
        let hairpin = chosen.local && chosen.ip == source;
        if hairpin && mark.is_none() {
            trace.steps.push(Step::Mark(Why::Hairpin));
        }
        let hide = if mark.is_some() || hairpin { Some(chosen.local) } else { None };
        self.postrouting(trace, (chosen.ip, chosen.port), hide, (conntrack, rng, now));
    }

    /// Whether only local endpoints may be used, and whether (and why) the source is to be hidden.
    fn policy(&self, entry: Entry, packet: &Packet, steps: &mut Vec<Step>) -> (bool, Option<Why>) {
        let service = self.service(entry);
        let from_pod = self.config.cluster_cidr.as_ref().is_some_and(|c| c.contains(packet.source));
        match entry.kind {
            Kind::ClusterIp => {
                let why = if self.config.masquerade_all {
                    Some(Why::All)
                } else if self.config.cluster_cidr.is_some() && !from_pod {
                    Some(Why::NotFromPod)
                } else {
                    None
                };
                (service.internal_local, why)
            }
            Kind::NodePort | Kind::LoadBalancer | Kind::ExternalIp if !service.external_local => (false, Some(Why::External)),
            Kind::NodePort | Kind::LoadBalancer | Kind::ExternalIp => {
                if from_pod {
                    steps.push(Step::ShortCircuit);
                    return (false, None);
                }
                if packet.origin == Origin::Node {
                    steps.push(Step::ShortCircuit);
                    return (false, Some(Why::FromNode));
                }
                (true, None)
            }
        }
    }

    /// Rewrites the source if it is to be hidden (`hide`: whether the endpoint is local), and remembers the flow.
    fn postrouting(
        &self,
        trace: &mut Trace,
        to: (IpAddr, u16),
        hide: Option<bool>,
        (conntrack, rng, now): (&mut Conntrack, &mut Rng, Time),
    ) {
        let packet = trace.packet;
        let (mut source, mut source_port) = (packet.source, packet.source_port);
        let never_leaves = packet.origin == Origin::Node && Some(to.0) == self.node_ip;
        if let Some(local) = hide.filter(|_| !never_leaves)
            && let Some(address) = self.hide_behind(local)
        {
            source = address;
            source_port = 1024 + rng.below(64_512) as u16;
            trace.steps.push(Step::Masquerade { ip: source, port: source_port });
        }
        conntrack.put(&packet, Flow { source, source_port, destination: to.0, port: to.1, last: now });
        trace.verdict = Verdict::Forward { source, source_port, destination: to.0, port: to.1 };
    }

    /// The address of the interface by which the packet leaves: the pods' gateway for local ones.
    fn hide_behind(&self, local: bool) -> Option<IpAddr> {
        if local { self.gateway.or(self.node_ip) } else { self.node_ip }
    }
}

/// Affinity belongs to a service port on a node.
fn identity(service: &ServicePort) -> u64 {
    let bytes = service.namespace.bytes().chain([0]).chain(service.name.bytes()).chain([0]).chain(service.port_name.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325 ^ u64::from(service.port), |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
