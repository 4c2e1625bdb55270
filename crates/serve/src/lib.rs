//! The real Kubernetes HTTP API in front of a cluster: HTTP, TLS, identities and streams. What a request means is decided by
//! `apiserver`; here URLs become requests and replies become answers. The cluster is a simulated one, whose virtual time real
//! time drives, or a control plane whose store is on disk.

mod cluster;
mod controlplane;
mod datadir;
mod engine;
mod follow;
mod forward;
mod journal;
mod jwt;
mod kubeconfig;
mod log;
mod media;
mod metrics;
mod observed;
mod pace;
mod patience;
mod record;
mod running;
mod server;
mod service;
mod simulate;
mod spdy;
mod streams;
mod tls;
mod url;
mod users;

pub use controlplane::ControlPlane;
pub use datadir::{backup, restore};
pub use log::{Log, LogFormat};
pub use pace::Pace;
pub use running::Running;
pub use simulate::Simulation;
pub use users::{Token, known};
