//! What a node's kernel remembers: connections and their translations, and client affinity.

use crate::{Packet, Protocol};
use base::{Duration, Time};
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

/// The translation of one connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Flow {
    pub source: IpAddr,
    pub source_port: u16,
    pub destination: IpAddr,
    pub port: u16,
    pub last: Time,
}

type Tuple = (Protocol, IpAddr, u16, IpAddr, u16);

/// Connection tracking and affinity of one node.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Conntrack {
    flows: BTreeMap<Tuple, Flow>,
    /// Flows in the order in which they began.
    order: VecDeque<Tuple>,
    /// (service port title's hash, client) -> endpoint, last use
    affinity: BTreeMap<(u64, IpAddr), (IpAddr, u16, Time)>,
}

/// How long an idle UDP flow is remembered.
const UDP_IDLE: Duration = Duration::from_secs(120);
/// How many flows are kept: the oldest go first.
const KEEP: usize = 4096;

impl Conntrack {
    /// The translation of a connection that is already known.
    pub fn find(&self, packet: &Packet, now: Time) -> Option<&Flow> {
        let flow = self.flows.get(&tuple(packet))?;
        if packet.protocol == Protocol::Udp && flow.last + UDP_IDLE < now { None } else { Some(flow) }
    }
    pub fn put(&mut self, packet: &Packet, flow: Flow) {
        let tuple = tuple(packet);
        if self.flows.insert(tuple, flow).is_none() {
            self.order.push_back(tuple);
        }
        while self.order.len() > KEEP {
            if let Some(oldest) = self.order.pop_front() {
                self.flows.remove(&oldest);
            }
        }
    }
    /// Forgets the UDP flows to an endpoint that went away while others stay.
    pub fn forget_endpoint(&mut self, protocol: Protocol, ip: IpAddr, port: u16) {
        self.flows.retain(|tuple, flow| tuple.0 != protocol || flow.destination != ip || flow.port != port);
    }
    pub(crate) fn sticky(&self, service: u64, client: IpAddr, timeout: Duration, now: Time) -> Option<(IpAddr, u16)> {
        let (ip, port, last) = self.affinity.get(&(service, client))?;
        if *last + timeout < now { None } else { Some((*ip, *port)) }
    }
    pub(crate) fn stick(&mut self, service: u64, client: IpAddr, to: (IpAddr, u16), now: Time) {
        self.affinity.insert((service, client), (to.0, to.1, now));
    }
    pub fn len(&self) -> usize {
        self.flows.len()
    }
    pub fn is_empty(&self) -> bool {
        self.flows.is_empty()
    }
}

fn tuple(packet: &Packet) -> Tuple {
    (packet.protocol, packet.source, packet.source_port, packet.destination, packet.port)
}
