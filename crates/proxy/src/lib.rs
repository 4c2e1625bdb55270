//! The service proxy: a snapshot and a node give one [`RuleSet`]; a packet is traced through it.
//! Models pkg/proxy and pkg/proxy/nftables of Kubernetes 1.36 (nftables mode).

mod build;
mod conntrack;
mod endpoints;
mod packet;
mod ruleset;
mod text;
mod trace;

pub use build::build as ruleset;
pub use conntrack::{Conntrack, Flow};
pub use packet::{Origin, Packet, Protocol};
pub use ruleset::{Config, Endpoint, Entry, Kind, RuleSet, ServicePort};
pub use trace::{Step, Trace, Verdict, Why};
