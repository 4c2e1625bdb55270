//! The real Kubernetes HTTP API in front of a simulated cluster: HTTP, TLS, identities and streams. What a request means is
//! decided by `apiserver`; here URLs become requests, replies become answers, and real time drives the virtual one.

mod engine;
mod follow;
mod forward;
mod kubeconfig;
mod media;
mod pace;
mod server;
mod service;
mod simulate;
mod spdy;
mod streams;
mod tls;
mod url;
mod users;

pub use engine::{Engine, Moment, Stream};
pub use kubeconfig::Kubeconfig;
pub use pace::Pace;
pub use server::{Door, serve};
pub use service::Service;
pub use simulate::{Running, Simulation};
pub use tls::{Certificates, Pair, make};
pub use users::{Token, known};
