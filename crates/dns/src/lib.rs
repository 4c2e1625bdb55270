//! Cluster DNS: one pure [`answer`] from a snapshot, and how resolvers in pods ask ([`resolver`]).
//! Models the kubernetes plugin of CoreDNS with the usual cluster Corefile, and the search lists of glibc and musl.

mod answer;
mod cluster;
mod record;
pub mod resolver;
mod reverse;

pub use answer::{Config, Zone, answer};
pub use record::{Answer, Code, Data, Question, Record, RecordType};
