//! The scheduler: a queue of pods, filters, scores, preemption; each decision keeps its reasons.
//! Models pkg/scheduler of Kubernetes 1.36 with the default profile.

mod cycle;
mod decision;
mod plugins;
mod preemption;
mod queue;
mod rows;
mod scheduler;

pub use cycle::Nodes;
pub use decision::{Decision, NodeScore, PluginScore, Refusal};
pub use rows::{Amounts, NodeRow, PodRow};
pub use scheduler::{NAME, Scheduler};
