//! The API server as a pure function: [`admit`] turns a request on a snapshot into a [`Plan`], which the host carries out;
//! [`finish`] answers after the commits. Admission, defaulting, validation, patches, subresources, allocators, tables and
//! discovery live here. Models pkg/apiserver, pkg/registry and pkg/apis of Kubernetes.

mod admit;
mod birth;
mod config;
mod connect;
mod plan;
mod watch;

pub use admit::admit;
pub use birth::birth;
pub use config::{Config, Context};
pub use connect::{Action, Connect, LogOptions, Streams};
pub use plan::{Answer, Body, Plan, WritePlan, finish};
pub use watch::WatchPlan;
