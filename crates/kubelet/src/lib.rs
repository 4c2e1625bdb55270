//! The kubelet core: pod workers, probes, restarts, volumes, and the node's own status, as a machine without IO.
//! It talks to a container runtime in the words of CRI ([`runtime`]) and to an API server in the words of `api`, so the
//! same code runs in a simulated cluster and on a node. Models pkg/kubelet.

mod admit;
mod conditions;
mod config;
mod container;
mod core;
mod env;
mod fields;
mod hook;
mod image;
mod io;
mod kill;
mod kubelet;
mod lookup;
mod node;
mod probe;
pub mod runtime;
mod sandbox;
mod start;
mod status;
mod sync;
#[cfg(test)]
mod tests;
mod timers;
mod volumes;
mod worker;

pub use config::Config;
pub use io::{Command, Input};
pub use kubelet::Kubelet;
pub use lookup::Running;
