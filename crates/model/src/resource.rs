//! The name of a resource as the API spells it: plural, and the group after a dot (`pods`, `deployments.apps`).

use base::{Text, text};

/// A group-qualified plural. The core group has no suffix.
pub type Resource = Text;

macro_rules! resources {
    ($($constant:ident $name:literal $group:literal $version:literal $kind:literal $namespaced:literal;)*) => {
        $(pub static $constant: Resource = text!($name);)*
        /// group, version, kind of the resources that components of this project create or write.
        const KNOWN: &[(&str, &str, &str, &str, bool)] = &[$(($name, $group, $version, $kind, $namespaced)),*];
    };
}

resources! {
    PODS "pods" "" "v1" "Pod" true;
    NODES "nodes" "" "v1" "Node" false;
    SERVICES "services" "" "v1" "Service" true;
    ENDPOINTS "endpoints" "" "v1" "Endpoints" true;
    NAMESPACES "namespaces" "" "v1" "Namespace" false;
    EVENTS "events" "" "v1" "Event" true;
    CONFIG_MAPS "configmaps" "" "v1" "ConfigMap" true;
    SECRETS "secrets" "" "v1" "Secret" true;
    SERVICE_ACCOUNTS "serviceaccounts" "" "v1" "ServiceAccount" true;
    PERSISTENT_VOLUME_CLAIMS "persistentvolumeclaims" "" "v1" "PersistentVolumeClaim" true;
    PERSISTENT_VOLUMES "persistentvolumes" "" "v1" "PersistentVolume" false;
    REPLICATION_CONTROLLERS "replicationcontrollers" "" "v1" "ReplicationController" true;
    DEPLOYMENTS "deployments.apps" "apps" "v1" "Deployment" true;
    REPLICA_SETS "replicasets.apps" "apps" "v1" "ReplicaSet" true;
    STATEFUL_SETS "statefulsets.apps" "apps" "v1" "StatefulSet" true;
    DAEMON_SETS "daemonsets.apps" "apps" "v1" "DaemonSet" true;
    JOBS "jobs.batch" "batch" "v1" "Job" true;
    CRON_JOBS "cronjobs.batch" "batch" "v1" "CronJob" true;
    ENDPOINT_SLICES "endpointslices.discovery.k8s.io" "discovery.k8s.io" "v1" "EndpointSlice" true;
    LEASES "leases.coordination.k8s.io" "coordination.k8s.io" "v1" "Lease" true;
    PRIORITY_CLASSES "priorityclasses.scheduling.k8s.io" "scheduling.k8s.io" "v1" "PriorityClass" false;
}

/// `(group, version, kind, namespaced)` of a resource known here; the schema crate knows them all.
pub fn known(resource: &str) -> Option<(&'static str, &'static str, &'static str, bool)> {
    KNOWN.iter().find(|row| row.0 == resource).map(|row| (row.1, row.2, row.3, row.4))
}

/// The resource of an `apiVersion` (its group counts) and `kind`, among those known here.
pub fn of_kind(api_version: &str, kind: &str) -> Option<Resource> {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    KNOWN.iter().find(|row| row.1 == group && row.3 == kind).map(|row| row.0.into())
}

/// Joins a group and a plural: `("apps", "deployments")` is `deployments.apps`.
pub fn join(group: &str, plural: &str) -> Resource {
    if group.is_empty() { plural.into() } else { format!("{plural}.{group}").into() }
}

/// Splits a resource into plural and group.
pub fn split(resource: &str) -> (&str, &str) {
    resource.split_once('.').unwrap_or((resource, ""))
}
