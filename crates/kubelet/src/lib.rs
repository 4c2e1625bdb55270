//! The kubelet core: pod workers, probes, restarts, volumes, and the node's own status, as a machine without IO.
//! It talks to a container runtime in the words of CRI ([`runtime`]) and to an API server in the words of `api`, so the
//! same code runs in a simulated cluster and on a node. Models pkg/kubelet.

mod config;
mod io;
mod kubelet;
pub mod runtime;

pub use config::Config;
pub use io::{Command, Input};
pub use kubelet::Kubelet;
