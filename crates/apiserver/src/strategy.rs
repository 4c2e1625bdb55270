//! Strategy: what makes one kind different from the next in the way through create, update and delete.
//! Models the strategy.go files of pkg/registry.

use crate::validate::meta::{NameRule, path_segment};
use base::names;
use model::Object;
use value::Value;

/// How a kind's objects may be named.
pub fn name_rule(resource: &str) -> NameRule {
    match resource {
        "services" => names::dns1123_label,
        "namespaces" => names::dns1123_label,
        "statefulsets.apps" => names::dns1123_label,
        "cronjobs.batch" => cron_job_name,
        "events" | "events.events.k8s.io" => names::dns1123_subdomain,
        "ipaddresses.networking.k8s.io" => ip_name,
        "roles.rbac.authorization.k8s.io"
        | "clusterroles.rbac.authorization.k8s.io"
        | "rolebindings.rbac.authorization.k8s.io"
        | "clusterrolebindings.rbac.authorization.k8s.io"
        | "controllerrevisions.apps" => rule_of_paths(resource),
        _ => names::dns1123_subdomain,
    }
}

fn rule_of_paths(resource: &str) -> NameRule {
    if resource.starts_with("controllerrevisions") { names::dns1123_subdomain } else { path_segment }
}

/// A cron job's name leaves room for the eleven characters of its jobs.
fn cron_job_name(name: &str) -> Vec<String> {
    if name.len() > 52 { vec![names::max_len_error(52)] } else { names::dns1123_subdomain(name) }
}

fn ip_name(name: &str) -> Vec<String> {
    names::ip(name)
}

/// Kinds that count changes of their spec in `metadata.generation`.
pub fn has_generation(resource: &str) -> bool {
    matches!(
        resource,
        "pods"
            | "deployments.apps"
            | "replicasets.apps"
            | "replicationcontrollers"
            | "statefulsets.apps"
            | "daemonsets.apps"
            | "jobs.batch"
            | "cronjobs.batch"
            | "ingresses.networking.k8s.io"
            | "networkpolicies.networking.k8s.io"
            | "poddisruptionbudgets.policy"
            | "endpointslices.discovery.k8s.io"
            | "customresourcedefinitions.apiextensions.k8s.io"
            | "priorityclasses.scheduling.k8s.io"
            | "ingressclasses.networking.k8s.io"
            | "validatingwebhookconfigurations.admissionregistration.k8s.io"
            | "mutatingwebhookconfigurations.admissionregistration.k8s.io"
            | "validatingadmissionpolicies.admissionregistration.k8s.io"
            | "validatingadmissionpolicybindings.admissionregistration.k8s.io"
            | "flowschemas.flowcontrol.apiserver.k8s.io"
            | "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io"
    )
}

/// Kinds whose `status` a client cannot write through the object itself.
/// (Kinds without the subresource keep what the client sends.)
pub fn first_status(resource: &str, new: &mut Value) {
    let status = match resource {
        "pods" => {
            let qos = qos_class(&new["spec"]);
            let mut status = value::obj! { "phase" => "Pending", "qosClass" => qos };
            if !new["spec"]["schedulingGates"].is_empty() {
                status.set(&["conditions"], value::list![gated(&new["metadata"]["creationTimestamp"])]);
            }
            status
        }
        "namespaces" => value::obj! { "phase" => "Active" },
        // A kubelet registers its node with its status.
        "nodes" => return,
        "services" => value::obj! { "loadBalancer" => value::obj! {} },
        "ingresses.networking.k8s.io" => value::obj! { "loadBalancer" => value::obj! {} },
        "persistentvolumeclaims" | "persistentvolumes" => value::obj! { "phase" => "Pending" },
        "deployments.apps" | "jobs.batch" | "cronjobs.batch" | "resourcequotas" => Value::map(),
        "replicasets.apps" | "replicationcontrollers" => value::obj! { "replicas" => 0 },
        "statefulsets.apps" => value::obj! { "replicas" => 0, "availableReplicas" => 0 },
        "daemonsets.apps" => value::obj! {
            "currentNumberScheduled" => 0, "numberMisscheduled" => 0, "desiredNumberScheduled" => 0, "numberReady" => 0,
        },
        "horizontalpodautoscalers.autoscaling" => value::obj! { "desiredReplicas" => 0, "currentMetrics" => Value::Null },
        "poddisruptionbudgets.policy" => value::obj! {
            "disruptionsAllowed" => 0, "currentHealthy" => 0, "desiredHealthy" => 0, "expectedPods" => 0,
        },
        _ => {
            new.remove(&["status"]);
            return;
        }
    };
    new.set(&["status"], status);
}

/// Why a gated pod is not scheduled.
fn gated(now: &Value) -> Value {
    value::obj! {
        "type" => "PodScheduled", "status" => "False", "lastProbeTime" => Value::Null, "lastTransitionTime" => now,
        "reason" => "SchedulingGated", "message" => "Scheduling is blocked due to non-empty scheduling gates",
    }
}

/// Kinds that answer a delete with the object itself; all others with a Status.
pub fn answers_delete_with_object(resource: &str) -> bool {
    matches!(
        resource,
        "pods"
            | "services"
            | "serviceaccounts"
            | "persistentvolumeclaims"
            | "persistentvolumes"
            | "namespaces"
            | "podtemplates"
            | "resourcequotas"
    )
}

/// Kinds that a PUT may create.
pub fn creates_on_update(resource: &str) -> bool {
    matches!(resource, "endpoints" | "events" | "leases.coordination.k8s.io" | "limitranges" | "podtemplates" | "resourcequotas")
        || resource.ends_with(".rbac.authorization.k8s.io")
}

/// The quality-of-service class of a pod's spec. Models pkg/apis/core/helper/qos ComputePodQOS.
pub fn qos_class(spec: &Value) -> &'static str {
    let (mut any, mut all_limited, mut equal) = (false, true, true);
    let containers = ["containers", "initContainers"].into_iter().flat_map(|list| spec[list].items());
    for container in containers {
        let (requests, limits) = (&container["resources"]["requests"], &container["resources"]["limits"]);
        for name in ["cpu", "memory"] {
            let (request, limit) = (positive(&requests[name]), positive(&limits[name]));
            any |= request.is_some() || limit.is_some();
            all_limited &= limit.is_some();
            equal &= request == limit;
        }
    }
    match (any, all_limited && equal) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}

fn positive(quantity: &Value) -> Option<base::Quantity> {
    base::Quantity::parse(quantity.as_str()?).ok().filter(|q| !q.is_zero() && !q.is_negative())
}

/// The grace that a delete gives an object: what it asks for, or the kind's own default.
/// `None` for kinds that go at once.
pub fn grace_seconds(resource: &str, object: &Object, asked: Option<i64>) -> Option<i64> {
    if resource != "pods" {
        return None;
    }
    let pod = object.pod();
    let mut grace = asked.or_else(|| object.spec()["terminationGracePeriodSeconds"].as_i64()).unwrap_or(30);
    if pod.node().is_empty() || pod.is_finished() {
        grace = 0;
    }
    // A negative period means the smallest one.
    Some(if grace < 0 { 1 } else { grace })
}
