//! The controllers: pure, total, level-triggered functions from a snapshot to ops. One file per controller.
//! Models cmd/kube-controller-manager and the pkg/controller packages it starts.

mod claim;
mod claimprotection;
mod clusterroles;
mod daemonset;
mod deployment;
mod endpoints;
mod endpointslice;
mod fields;
mod garbage;
mod job;
mod loadbalancer;
mod namespace;
mod nodeipam;
mod nodelifecycle;
mod podgc;
mod pods;
mod ports;
mod replicaset;
mod revisions;
mod serviceaccount;
mod services;
mod statefulset;
mod tainteviction;
mod told;

use api::{Note, Op, Outcome, Status};
use base::{Duration, Time};
use model::Key;
use store::{Commit, Snapshot};
use value::Value;

/// One controller. It holds no state: everything it knows is in the snapshot.
pub trait Controller: Sync {
    /// The component that its events name and its commits are caused by: `deployment-controller`.
    fn name(&self) -> &'static str;
    /// The keys that a commit concerns, judged by the states before and after it.
    fn keys(&self, snap: &Snapshot, commit: &Commit, out: &mut Vec<Key>);
    /// How long a key waits for more commits before it is looked at, besides the queue's own latency.
    fn batch_period(&self) -> Duration {
        Duration::ZERO
    }
    /// What is to be done for one key; at a fixpoint no ops. The key's object may be gone.
    fn reconcile(&self, snap: &Snapshot, key: &Key, now: Time) -> Outcome;
    /// What to tell people once an op of this key has happened. `snap` is the one that the op was decided on, `made` the
    /// API server's answer (it has the generated name of a created object).
    fn applied(&self, _snap: &Snapshot, _key: &Key, _op: &Op, _made: &Value) -> Vec<Note> {
        Vec::new()
    }
    /// What to do when an op of this key was refused (the ops after it were not tried). The key is tried again with
    /// back-off in any case.
    #[allow(clippy::too_many_arguments, reason = "a refusal is reconcile's arguments, the op and the answer")]
    fn refused(&self, _snap: &Snapshot, _key: &Key, _op: &Op, _status: &Status, _now: Time) -> Outcome {
        Outcome::nothing()
    }
}

/// Every controller that runs.
pub static CONTROLLERS: &[&dyn Controller] = &[
    &deployment::Deployments,
    &replicaset::ReplicaSets,
    &endpointslice::EndpointSlices,
    &endpoints::EndpointsOfServices,
    &garbage::GarbageCollector,
    &namespace::Namespaces,
    &serviceaccount::ServiceAccounts,
    &serviceaccount::RootCertificates,
    &nodelifecycle::NodeLifecycle,
    &nodeipam::NodeIpam,
    &tainteviction::TaintEviction,
    &podgc::PodGarbageCollector,
    &loadbalancer::LoadBalancers,
    &job::Jobs,
    &statefulset::StatefulSets,
    &claimprotection::ClaimProtection,
    &daemonset::DaemonSets,
    &job::FinishedJobs,
    &clusterroles::ClusterRoleAggregation,
];
