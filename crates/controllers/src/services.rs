//! Which Services a commit concerns, and which pods a Service has. Models pkg/controller/util/endpoint.

use crate::fields::push;
use base::{Duration, Time};
use model::resource::{NODES, PODS, SERVICES};
use model::{Key, Object};
use store::{Commit, Snapshot};
use value::Map;

pub const ZONE: &str = "topology.kubernetes.io/zone";

/// A rollout's many pods become few writes (`--endpointslice-updates-batch-period`, there 0 behind a limit of 20 writes a
/// second).
pub const BATCH_PERIOD: Duration = Duration::from_millis(50);

/// The Services whose endpoints a commit of a Service, Pod or Node may change.
pub fn keys(snap: &Snapshot, commit: &Commit, out: &mut Vec<Key>) {
    if commit.key.resource == SERVICES {
        push(out, commit.key.clone());
    } else if commit.key.resource == PODS {
        keys_of_pod(snap, commit, out);
    } else if commit.key.resource == NODES {
        keys_of_node(snap, commit, out);
    }
}

fn keys_of_pod(snap: &Snapshot, commit: &Commit, out: &mut Vec<Key>) {
    let after = &*commit.object;
    match commit.before.as_deref() {
        Some(before) if before.meta.labels != after.meta.labels => {
            keys_of_labels(snap, &before.meta.labels, &commit.key.namespace, out);
        }
        Some(before) if commit.kind == api::WatchKind::Modified && !endpoint_changed(before, after) => return,
        // An address that nobody had seen: nothing to add yet, or nothing left to take away.
        Some(_) | None if after.pod().ip().is_empty() => return,
        Some(_) | None => {}
    }
    keys_of_labels(snap, &after.meta.labels, &commit.key.namespace, out);
}

fn keys_of_labels(snap: &Snapshot, labels: &Map, namespace: &str, out: &mut Vec<Key>) {
    for service in snap.list(&SERVICES, namespace) {
        if selects(service, labels) {
            push(out, service.key());
        }
    }
}

/// A node that appears, goes or moves to another zone changes what is told of its pods.
fn keys_of_node(snap: &Snapshot, commit: &Commit, out: &mut Vec<Key>) {
    let zone = |node: &Object| node.meta.label(ZONE).to_owned();
    let moved = commit.before.as_deref().is_none_or(|before| zone(before) != zone(&commit.object));
    if moved || commit.kind == api::WatchKind::Deleted {
        for pod in snap.pods_on(&commit.key.name) {
            keys_of_labels(snap, &pod.meta.labels, &pod.meta.namespace, out);
        }
    }
}

/// Whether the Service has a selector and it matches.
pub fn selects(service: &Object, labels: &Map) -> bool {
    let selector = service.spec()["selector"].entries();
    !selector.is_empty() && selector.iter().all(|(key, wanted)| labels.get(key) == Some(wanted))
}

/// Whether endpoints are made for the Service: it has a selector and is more than a name.
pub fn has_endpoints(service: &Object) -> bool {
    service.service().kind() != "ExternalName" && !service.spec()["selector"].is_empty()
}

/// The pods of a Service that have an address and have not ended, in the order of their names.
pub fn pods<'a>(snap: &'a Snapshot, service: &'a Object) -> impl Iterator<Item = &'a Object> {
    let pods = snap.list(&PODS, &service.meta.namespace).map(|pod| &**pod);
    pods.filter(|pod| !pod.pod().ip().is_empty() && !pod.pod().is_finished() && selects(service, &pod.meta.labels))
}

/// A pod's ready condition, address, place or name within its Service changed.
fn endpoint_changed(before: &Object, after: &Object) -> bool {
    let (x, y) = (before.pod(), after.pod());
    x.ip() != y.ip()
        || x.node() != y.node()
        || before.is_terminating() != after.is_terminating()
        || x.is_finished() != y.is_finished()
        || x.is_ready() != y.is_ready()
        || before.spec()["hostname"] != after.spec()["hostname"]
        || before.spec()["subdomain"] != after.spec()["subdomain"]
}

/// The name that the pod has within the (headless) Service.
pub fn hostname<'a>(service: &Object, pod: &'a Object) -> &'a str {
    let spec = pod.spec();
    if spec["subdomain"].s() == service.meta.name { spec["hostname"].s() } else { "" }
}

/// The pod's address of a family.
pub fn address(pod: &Object, ipv6: bool) -> Option<&str> {
    let first = pod.pod().ip();
    if first.contains(':') == ipv6 {
        return Some(first);
    }
    pod.status()["podIPs"].items().iter().map(|ip| ip["ip"].s()).find(|ip| !ip.is_empty() && ip.contains(':') == ipv6)
}

/// Whether the Service has no address of its own.
pub fn is_headless(service: &Object) -> bool {
    matches!(service.service().cluster_ip(), "None" | "")
}

/// The time of the last change that its endpoints follow: readiness of a pod, or the Service's own birth.
pub fn trigger_time(service: &Object, pods: &[&Object]) -> Time {
    pods.iter().filter_map(|pod| pod.pod().ready_since()).max().map_or(service.meta.created, |at| at.max(service.meta.created))
}
