//! What the scheduler decided about a pod, and why: every node's refusal, every plugin's score.

use api::Outcome;
use base::{Text, Time};
use model::Key;

/// One attempt to place one pod.
#[derive(Clone, PartialEq, Debug)]
pub struct Decision {
    pub key: Key,
    pub uid: Text,
    pub at: Time,
    /// The chosen node, if there is one.
    pub node: Option<Text>,
    /// Why each other node was refused, in the order of the nodes.
    pub refusals: Vec<Refusal>,
    /// How each feasible node scored (empty when only one was feasible).
    pub scores: Vec<NodeScore>,
    /// The text of the FailedScheduling event and PodScheduled condition; empty if the pod was placed.
    pub message: Text,
    /// Binding or condition writes, preemption's deletes, and events.
    pub outcome: Outcome,
}

/// A node that cannot take the pod.
#[derive(Clone, PartialEq, Debug)]
pub struct Refusal {
    pub node: Text,
    /// The filter that refused: `NodeResourcesFit`, `TaintToleration` …
    pub plugin: &'static str,
    /// `Insufficient cpu` …
    pub reasons: Vec<Text>,
}

/// A node that could take the pod.
#[derive(Clone, PartialEq, Debug)]
pub struct NodeScore {
    pub node: Text,
    pub total: i64,
    pub plugins: Vec<PluginScore>,
}

/// One plugin's verdict on one node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PluginScore {
    pub plugin: &'static str,
    /// 0 to 100.
    pub normalized: i64,
    pub weight: i64,
}
