//! Views: questions that several components ask of one kind, read from the value in place.
//! Each is a borrow of an [`Object`]; making one costs nothing.

use crate::{Condition, Object};
use base::{Duration, Time};
use value::Value;

/// A Pod as scheduler, kubelet and controllers see it.
#[derive(Clone, Copy, Debug)]
pub struct PodView<'a>(pub &'a Object);

impl<'a> PodView<'a> {
    pub fn phase(self) -> &'a str {
        &self.0.facts.phase
    }
    pub fn node(self) -> &'a str {
        &self.0.facts.node
    }
    pub fn ip(self) -> &'a str {
        &self.0.facts.ip
    }
    pub fn containers(self) -> &'a [Value] {
        self.0.value["spec"]["containers"].items()
    }
    pub fn init_containers(self) -> &'a [Value] {
        self.0.value["spec"]["initContainers"].items()
    }
    pub fn container_statuses(self) -> &'a [Value] {
        self.0.value["status"]["containerStatuses"].items()
    }
    pub fn is_ready(self) -> bool {
        self.0.facts.ready
    }
    /// Since when the Ready condition is what it is.
    pub fn ready_since(self) -> Option<Time> {
        self.0.facts.ready_since
    }
    /// Ready for at least `min_ready` (models podutil.IsPodAvailable).
    pub fn is_available(self, min_ready: Duration, now: Time) -> bool {
        self.is_ready() && (min_ready == Duration::ZERO || self.ready_since().is_some_and(|since| since + min_ready <= now))
    }
    /// Succeeded or Failed.
    pub fn is_finished(self) -> bool {
        matches!(self.phase(), "Succeeded" | "Failed")
    }
    /// Neither finished nor asked to go (models controller.IsPodActive).
    pub fn is_active(self) -> bool {
        !self.is_finished() && !self.0.is_terminating()
    }
    pub fn restarts(self) -> i64 {
        self.container_statuses().iter().filter_map(|s| s["restartCount"].as_i64()).sum()
    }
}

/// A Node as the scheduler and the node controllers see it.
#[derive(Clone, Copy, Debug)]
pub struct NodeView<'a>(pub &'a Object);

impl<'a> NodeView<'a> {
    pub fn is_ready(self) -> bool {
        Condition::is_true(&self.0.value["status"], "Ready")
    }
    pub fn is_unschedulable(self) -> bool {
        self.0.value["spec"]["unschedulable"].is_true()
    }
    pub fn taints(self) -> &'a [Value] {
        self.0.value["spec"]["taints"].items()
    }
    pub fn pod_cidr(self) -> &'a str {
        self.0.value["spec"]["podCIDR"].s()
    }
    /// The address of a type: `InternalIP`, `ExternalIP`, `Hostname`.
    pub fn address(self, kind: &str) -> &'a str {
        let found = self.0.value["status"]["addresses"].items().iter().find(|a| a["type"].s() == kind);
        found.map_or("", |a| a["address"].s())
    }
}

/// A Service as the proxy, DNS and endpoint controllers see it.
#[derive(Clone, Copy, Debug)]
pub struct ServiceView<'a>(pub &'a Object);

impl<'a> ServiceView<'a> {
    /// `ClusterIP`, `NodePort`, `LoadBalancer` or `ExternalName`.
    pub fn kind(self) -> &'a str {
        self.0.value["spec"]["type"].s()
    }
    /// The first cluster address; `None` and empty for headless ones.
    pub fn cluster_ip(self) -> &'a str {
        self.0.value["spec"]["clusterIP"].s()
    }
    pub fn is_headless(self) -> bool {
        self.cluster_ip() == "None"
    }
    pub fn ports(self) -> &'a [Value] {
        self.0.value["spec"]["ports"].items()
    }
    /// Addresses in `status.loadBalancer.ingress`.
    pub fn ingress_ips(self) -> impl Iterator<Item = &'a str> {
        self.0.value["status"]["loadBalancer"]["ingress"].items().iter().map(|i| i["ip"].s()).filter(|ip| !ip.is_empty())
    }
}

impl Object {
    pub fn pod(&self) -> PodView<'_> {
        PodView(self)
    }
    pub fn node(&self) -> NodeView<'_> {
        NodeView(self)
    }
    pub fn service(&self) -> ServiceView<'_> {
        ServiceView(self)
    }
}
