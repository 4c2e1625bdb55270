//! Defaults: what the server fills in when a client leaves it out, kind by kind.
//! Models pkg/apis/*/v1/defaults.go and the conversions that go with them.

mod core;
mod network;
mod pod;
mod workloads;

use value::{IntoValue, Value};

pub use network::service_status;
pub use pod::pod_spec;

/// Fills in the defaults of an object of a resource; kinds without any are left alone.
pub fn apply(resource: &str, object: &mut Value) {
    if let Some(fill) = of(resource) {
        fill(object);
    }
}

fn of(resource: &str) -> Option<fn(&mut Value)> {
    Some(match resource {
        "pods" => pod::pod,
        "podtemplates" => pod::pod_template,
        "deployments.apps" => workloads::deployment,
        "replicasets.apps" => workloads::replica_set,
        "replicationcontrollers" => workloads::replication_controller,
        "daemonsets.apps" => workloads::daemon_set,
        "statefulsets.apps" => workloads::stateful_set,
        "jobs.batch" => workloads::job,
        "cronjobs.batch" => workloads::cron_job,
        "services" => network::service,
        "endpoints" => network::endpoints,
        "endpointslices.discovery.k8s.io" => network::endpoint_slice,
        "networkpolicies.networking.k8s.io" => network::network_policy,
        "secrets" => core::secret,
        "namespaces" => core::namespace,
        "nodes" => core::node,
        "persistentvolumes" => core::persistent_volume,
        "persistentvolumeclaims" => core::persistent_volume_claim,
        "limitranges" => core::limit_range,
        "storageclasses.storage.k8s.io" => core::storage_class,
        "priorityclasses.scheduling.k8s.io" => core::priority_class,
        "horizontalpodautoscalers.autoscaling" => workloads::autoscaler,
        "rolebindings.rbac.authorization.k8s.io" | "clusterrolebindings.rbac.authorization.k8s.io" => core::role_binding,
        "roles.rbac.authorization.k8s.io" | "clusterroles.rbac.authorization.k8s.io" => core::role,
        "customresourcedefinitions.apiextensions.k8s.io" => core::definition,
        "csidrivers.storage.k8s.io" => core::csi_driver,
        _ => return None,
    })
}

/// Writes a field of a map if it is missing or empty there.
fn fill(map: &mut Value, field: &str, to: impl IntoValue) {
    if map[field].is_empty() {
        map.as_map_mut().insert(field, to);
    }
}

/// Writes a field if it is missing; zero and false are kept (pointer fields of the Go types).
fn fill_absent(map: &mut Value, field: &str, to: impl IntoValue) {
    if map[field].is_null() {
        map.as_map_mut().insert(field, to);
    }
}

/// Does something with every item of a list field, if it is there.
fn each(map: &mut Value, field: &str, mut f: impl FnMut(&mut Value)) {
    if map[field].items().is_empty() {
        return;
    }
    for item in map.as_map_mut().entry(field).as_list_mut() {
        f(item);
    }
}

/// Does something with a field that is a map, if it is there.
fn inside(map: &mut Value, field: &str, f: impl FnOnce(&mut Value)) {
    if matches!(map[field], Value::Map(_)) {
        f(map.as_map_mut().entry(field));
    }
}
