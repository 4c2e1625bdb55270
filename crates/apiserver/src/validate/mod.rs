//! Validation: what is wrong with an object, kind by kind, in upstream's words and order.
//! Models pkg/apis/*/validation. A kind is added by a function here and a row in [`rule`].

mod access;
mod common;
mod container;
mod core;
mod diff;
mod endpoints;
mod limits;
pub mod meta;
mod network;
mod pod;
mod resources;
mod scaling;
mod schedule;
mod scheduling;
mod service;
mod storage;
mod volumes;
mod workloads;

use crate::field::Errors;
use crate::kinds::Kind;
use crate::strategy;
use model::Object;
use value::Value;

type Check = fn(&Value, &mut Errors);
type CheckUpdate = fn(&Value, &Object, &mut Errors);

/// What a kind checks of every object, and of a change.
struct Rule {
    object: Check,
    change: CheckUpdate,
}

fn fine(_: &Value, _: &mut Errors) {}
fn may_change(_: &Value, _: &Object, _: &mut Errors) {}

fn rule(resource: &str) -> Rule {
    let (object, change): (Check, CheckUpdate) = match resource {
        "pods" => (pod::pod, pod::update),
        "deployments.apps" => (workloads::deployment, workloads::selector_update),
        "replicasets.apps" => (workloads::replica_set, workloads::selector_update),
        "replicationcontrollers" => (workloads::replication_controller, may_change),
        "daemonsets.apps" => (workloads::daemon_set, workloads::selector_update),
        "statefulsets.apps" => (workloads::stateful_set, workloads::stateful_set_update),
        "jobs.batch" => (workloads::job, workloads::job_update),
        "cronjobs.batch" => (workloads::cron_job, may_change),
        "services" => (service::service, service::update),
        "endpoints" => (endpoints::endpoints, may_change),
        "endpointslices.discovery.k8s.io" => (endpoints::endpoint_slice, endpoints::slice_update),
        "configmaps" => (core::config_map, core::immutable_data),
        "secrets" => (core::secret, core::secret_update),
        "nodes" => (core::node, core::node_update),
        "persistentvolumeclaims" => (storage::claim, storage::claim_update),
        "persistentvolumes" => (storage::volume, storage::volume_update),
        "storageclasses.storage.k8s.io" => (storage::class, storage::class_update),
        "ingresses.networking.k8s.io" => (network::ingress, may_change),
        "ingressclasses.networking.k8s.io" => (network::ingress_class, network::ingress_class_update),
        "networkpolicies.networking.k8s.io" => (network::network_policy, may_change),
        "poddisruptionbudgets.policy" => (network::disruption_budget, may_change),
        "horizontalpodautoscalers.autoscaling" => (scaling::autoscaler, may_change),
        "events" => (core::event, may_change),
        "limitranges" => (limits::limit_range, may_change),
        "leases.coordination.k8s.io" => (core::lease, may_change),
        "priorityclasses.scheduling.k8s.io" => (core::priority_class, core::priority_class_update),
        "roles.rbac.authorization.k8s.io" => (access::role, may_change),
        "clusterroles.rbac.authorization.k8s.io" => (access::cluster_role, may_change),
        "rolebindings.rbac.authorization.k8s.io" => (access::binding, access::binding_update),
        "clusterrolebindings.rbac.authorization.k8s.io" => (access::cluster_binding, access::binding_update),
        _ => (fine, may_change),
    };
    Rule { object, change }
}

/// A new object.
pub fn create(kind: &Kind, object: &Value, errors: &mut Errors) {
    meta::object_meta(object, kind.namespaced, strategy::name_rule(&kind.resource), errors);
    (rule(&kind.resource).object)(object, errors);
}

/// A changed object: valid by itself, and changed only where it may be.
pub fn update(kind: &Kind, new: &Value, old: &Object, errors: &mut Errors) {
    let rule = rule(&kind.resource);
    meta::object_meta_update(new, &old.meta, &old.value, errors);
    // The generic server and the strategy both look at the metadata; their causes come twice.
    meta::object_meta_update(new, &old.meta, &old.value, errors);
    if !errors.is_empty() {
        return;
    }
    let change_first =
        matches!(kind.resource.as_str(), "secrets" | "daemonsets.apps" | "services" | "priorityclasses.scheduling.k8s.io");
    if change_first {
        (rule.change)(new, old, errors);
    }
    meta::object_meta(new, kind.namespaced, strategy::name_rule(&kind.resource), errors);
    if kind.resource == "pods" {
        pod::spec_again(new, errors);
    } else {
        (rule.object)(new, errors);
    }
    if !change_first {
        (rule.change)(new, old, errors);
    }
}

/// A write of the status or another subresource.
pub fn update_status(kind: &Kind, new: &Value, old: &Object, errors: &mut Errors) {
    meta::object_meta_update(new, &old.meta, &old.value, errors);
    match kind.resource.as_str() {
        "namespaces" => core::namespace_update(new, &old.meta, errors),
        "services" => service::status(new, errors),
        "pods" if new["spec"] != old.value["spec"] => pod::part_update(new, old, errors),
        _ => {}
    }
}
