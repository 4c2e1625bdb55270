//! A packet as the rules see it.

use std::fmt;
use std::net::IpAddr;

/// A transport protocol of the API.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Protocol {
    Tcp,
    Udp,
    Sctp,
}

/// The first packet of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Packet {
    pub protocol: Protocol,
    pub source: IpAddr,
    pub source_port: u16,
    pub destination: IpAddr,
    pub port: u16,
    pub origin: Origin,
}

/// Where a packet comes from, as the node that looks at it can tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// A process of the node itself.
    Node,
    /// An interface: a pod of the node, another node, the outside.
    Network,
}

impl Protocol {
    /// From the API's word; TCP for anything else.
    pub fn of(word: &str) -> Protocol {
        match word {
            "UDP" => Protocol::Udp,
            "SCTP" => Protocol::Sctp,
            _ => Protocol::Tcp,
        }
    }
    /// `tcp`, `udp`, `sctp`.
    pub fn as_str(self) -> &'static str {
        match self {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
            Protocol::Sctp => "sctp",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}
