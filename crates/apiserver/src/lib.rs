//! The API server as a pure function: [`admit`] turns a request on a snapshot into a [`Plan`], which the host carries out;
//! [`finish`] answers after the commits. Admission, defaulting, validation, patches, subresources, allocators, tables and
//! discovery live here. Models pkg/apiserver, pkg/registry and pkg/apis of Kubernetes.
//!
//! A request goes through: `call` (its kind), `decode`, `defaults`, `admission`, `strategy` (what the server writes),
//! `validate`, `service` (allocation), and ends as a plan. `update` is where every change of an object ends.

mod admission;
mod admit;
mod apply;
mod authorize;
mod birth;
mod call;
mod config;
mod connect;
mod create;
mod decode;
mod defaults;
mod delete;
mod discovery;
mod field;
mod forms;
mod kinds;
mod managed;
mod openapi;
mod patch;
mod paths;
mod plan;
mod rbac;
mod read;
mod reviews;
mod scale;
mod service;
mod strategy;
mod subresource;
mod tables;
mod token;
mod update;
mod validate;
mod view;
mod warn;
mod watch;

pub use admit::{admit, refusal};
pub use authorize::{Attempt, allowed, authorize};
pub use birth::birth;
pub use config::{Config, Context};
pub use connect::{Action, Connect, LogOptions, Streams};
pub use decode::unreadable;
pub use plan::{Answer, Plan, WritePlan, finish};
pub use rbac::DEFAULT_ROLES;
pub use token::{holder, reviewed};
pub use watch::WatchPlan;
