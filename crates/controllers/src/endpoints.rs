//! Endpoints: the old form of a Service's endpoints, one object of the same name. Models pkg/controller/endpoint.

use crate::fields::push;
use crate::ports::{self, Port};
use crate::{Controller, services};
use api::{Op, Outcome, WatchKind};
use base::Time;
use model::resource::{ENDPOINTS, SERVICES};
use model::{Key, Object};
use std::collections::BTreeMap;
use store::{Commit, Snapshot};
use value::{Value, obj};

/// More addresses are cut off.
const MOST_ADDRESSES: usize = 1000;
const TRIGGER_TIME: &str = "endpoints.kubernetes.io/last-change-trigger-time";
const OVER_CAPACITY: &str = "endpoints.kubernetes.io/over-capacity";
const MANAGED_BY: &str = "endpoints.kubernetes.io/managed-by";
const HEADLESS: &str = "service.kubernetes.io/headless";

/// The Endpoints controller.
pub struct EndpointsOfServices;

impl Controller for EndpointsOfServices {
    fn name(&self) -> &'static str {
        "endpoint-controller"
    }

    fn keys(&self, snap: &Snapshot, commit: &Commit, out: &mut Vec<Key>) {
        services::keys(snap, commit, out);
        if commit.key.resource == ENDPOINTS && commit.kind == WatchKind::Deleted {
            push(out, Key { resource: SERVICES.clone(), ..commit.key.clone() });
        }
    }

    fn reconcile(&self, snap: &Snapshot, key: &Key, _now: Time) -> Outcome {
        let have = snap.find(&ENDPOINTS, &key.namespace, &key.name);
        let Some(service) = snap.get(key) else {
            return have.map_or_else(Outcome::nothing, |endpoints| Outcome::op(Op::delete(endpoints)));
        };
        if !services::has_endpoints(service) {
            return Outcome::nothing();
        }
        let pods: Vec<&Object> = services::pods(snap, service).collect();
        let (subsets, cut) = subsets(service, &pods);
        let labels = labels(service);
        let same = have.is_some_and(|e| {
            e.value["subsets"] == subsets
                && e.value["metadata"]["labels"] == labels
                && e.meta.annotation(OVER_CAPACITY).is_empty() != cut
        });
        if same {
            return Outcome::nothing();
        }
        let mut object = match have {
            Some(endpoints) => endpoints.value.clone(),
            None => obj! {
                "apiVersion" => "v1", "kind" => "Endpoints",
                "metadata" => obj! { "name" => &key.name, "namespace" => &key.namespace },
            },
        };
        object.set(&["metadata", "labels"], labels);
        object.set(&["metadata", "annotations", TRIGGER_TIME], services::trigger_time(service, &pods));
        if cut {
            object.set(&["metadata", "annotations", OVER_CAPACITY], "truncated");
        } else {
            object.remove(&["metadata", "annotations", OVER_CAPACITY]);
        }
        if subsets.is_null() {
            object.remove(&["subsets"]);
        } else {
            object.set(&["subsets"], subsets);
        }
        let resource = ENDPOINTS.clone();
        Outcome::op(if have.is_some() { Op::Update { resource, object } } else { Op::Create { resource, object } })
    }
}

fn labels(service: &Object) -> Value {
    let mut labels = service.meta.labels.clone();
    labels.remove(HEADLESS);
    if services::is_headless(service) {
        labels.insert(HEADLESS, "");
    }
    labels.insert(MANAGED_BY, "endpoint-controller");
    Value::Map(labels)
}

/// Ready and not ready addresses that serve the same ports.
#[derive(Default)]
struct Subset {
    ready: Vec<Value>,
    not_ready: Vec<Value>,
}

/// The subsets, one for each set of ports; null if there is none. Also whether some addresses were cut off.
fn subsets(service: &Object, pods: &[&Object]) -> (Value, bool) {
    let publish = service.spec()["publishNotReadyAddresses"].is_true();
    let ipv6 = service.spec()["ipFamilies"][0].s() == "IPv6";
    let portless = service.service().ports().is_empty() && services::is_headless(service);
    let mut groups: BTreeMap<Vec<Port>, Subset> = BTreeMap::new();
    for pod in pods {
        let Some(ip) = services::address(pod, ipv6).filter(|_| publish || !pod.is_terminating()) else { continue };
        let mut ports = ports::of_pod(service, pod);
        if ports.is_empty() && !portless {
            continue;
        }
        ports.sort();
        let group = groups.entry(ports).or_default();
        let place = if publish || pod.pod().is_ready() { &mut group.ready } else { &mut group.not_ready };
        place.push(address(service, pod, ip));
    }
    let cut = cut(&mut groups);
    let subsets: Vec<Value> = groups.into_iter().map(|(ports, subset)| to_value(&ports, subset)).collect();
    (if subsets.is_empty() { Value::Null } else { Value::List(subsets.into()) }, cut)
}

/// Keeps the first thousand addresses, ready ones before others.
fn cut(groups: &mut BTreeMap<Vec<Port>, Subset>) -> bool {
    let total: usize = groups.values().map(|s| s.ready.len() + s.not_ready.len()).sum();
    if total <= MOST_ADDRESSES {
        return false;
    }
    let mut room = MOST_ADDRESSES;
    for subset in groups.values_mut() {
        subset.ready.truncate(room);
        room -= subset.ready.len();
    }
    for subset in groups.values_mut() {
        subset.not_ready.truncate(room);
        room -= subset.not_ready.len();
    }
    groups.retain(|_, subset| !subset.ready.is_empty() || !subset.not_ready.is_empty());
    true
}

fn to_value(ports: &[Port], mut subset: Subset) -> Value {
    let mut out = Value::map();
    for (field, addresses) in [("addresses", &mut subset.ready), ("notReadyAddresses", &mut subset.not_ready)] {
        if !addresses.is_empty() {
            addresses.sort_by(|a, b| (a["ip"].s(), a["targetRef"]["uid"].s()).cmp(&(b["ip"].s(), b["targetRef"]["uid"].s())));
            out.set(&[field], std::mem::take(addresses));
        }
    }
    if !ports.is_empty() {
        out.set(&["ports"], ports.iter().map(Port::in_subset).collect::<Vec<_>>());
    }
    out
}

fn address(service: &Object, pod: &Object, ip: &str) -> Value {
    let mut address = obj! {
        "ip" => ip,
        "targetRef" => obj! {
            "kind" => "Pod", "namespace" => &pod.meta.namespace, "name" => &pod.meta.name, "uid" => &pod.meta.uid,
        },
    };
    if !pod.pod().node().is_empty() {
        address.set(&["nodeName"], pod.pod().node());
    }
    let hostname = services::hostname(service, pod);
    if !hostname.is_empty() {
        address.set(&["hostname"], hostname);
    }
    address
}
