//! Endpoints: the old form of a Service's endpoints, one object of the same name. Models pkg/controller/endpoint.

use crate::fields::push;
use crate::ports::{self, Port};
use crate::{Controller, services};
use api::{Op, Outcome, WatchKind};
use base::{Duration, Time};
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

    fn batch_period(&self) -> Duration {
        services::BATCH_PERIOD
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
        let (groups, cut) = subsets(service, &pods);
        let labels = labels(service);
        let same = have.is_some_and(|endpoints| {
            let told = endpoints.value["subsets"].items();
            told.len() == groups.len()
                && groups.iter().zip(told).all(|((ports, subset), told)| subset.is(service, ports, told))
                && endpoints.value["metadata"]["labels"] == labels
                && endpoints.meta.annotation(OVER_CAPACITY).is_empty() != cut
        });
        if same {
            return Outcome::nothing();
        }
        let told = have.map_or(&Value::Null, |endpoints| &endpoints.value["subsets"]);
        let subsets = groups.iter().enumerate().map(|(at, (ports, subset))| subset.to_value(service, ports, &told[at]));
        let subsets: Vec<Value> = subsets.collect();
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
        if subsets.is_empty() {
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

/// Pods that serve the same ports, ready and not ready, in the order of their addresses.
#[derive(Default)]
struct Subset<'a> {
    ready: Vec<(&'a str, &'a Object)>,
    not_ready: Vec<(&'a str, &'a Object)>,
}

/// The subsets, one for each set of ports, and whether some addresses were cut off.
fn subsets<'a>(service: &Object, pods: &[&'a Object]) -> (BTreeMap<Vec<Port>, Subset<'a>>, bool) {
    let publish = service.spec()["publishNotReadyAddresses"].is_true();
    let ipv6 = service.spec()["ipFamilies"][0].s() == "IPv6";
    let portless = service.service().ports().is_empty() && services::is_headless(service);
    let mut subsets = BTreeMap::new();
    for (ports, pods) in ports::groups(service, pods) {
        let mut subset = Subset::default();
        for pod in pods.into_iter().filter(|pod| publish || !pod.is_terminating()) {
            let Some(ip) = services::address(pod, ipv6) else { continue };
            let place = if publish || pod.pod().is_ready() { &mut subset.ready } else { &mut subset.not_ready };
            place.push((ip, pod));
        }
        if (!ports.is_empty() || portless) && !(subset.ready.is_empty() && subset.not_ready.is_empty()) {
            subset.ready.sort_by_key(|(ip, pod)| (*ip, &pod.meta.uid));
            subset.not_ready.sort_by_key(|(ip, pod)| (*ip, &pod.meta.uid));
            subsets.insert(ports, subset);
        }
    }
    let cut = cut(&mut subsets);
    (subsets, cut)
}

/// Keeps the first thousand addresses, ready ones before others.
fn cut(subsets: &mut BTreeMap<Vec<Port>, Subset<'_>>) -> bool {
    let total: usize = subsets.values().map(|s| s.ready.len() + s.not_ready.len()).sum();
    if total <= MOST_ADDRESSES {
        return false;
    }
    let mut room = MOST_ADDRESSES;
    for subset in subsets.values_mut() {
        subset.ready.truncate(room);
        room -= subset.ready.len();
    }
    for subset in subsets.values_mut() {
        subset.not_ready.truncate(room);
        room -= subset.not_ready.len();
    }
    subsets.retain(|_, subset| !subset.ready.is_empty() || !subset.not_ready.is_empty());
    true
}

impl Subset<'_> {
    /// The value; what was told before of an address stays the same shared value.
    fn to_value(&self, service: &Object, ports: &[Port], told: &Value) -> Value {
        let mut out = Value::map();
        for (field, pods) in [("addresses", &self.ready), ("notReadyAddresses", &self.not_ready)] {
            if !pods.is_empty() {
                let mut told = told[field].items();
                let addresses = pods.iter().map(|(ip, pod)| {
                    told = &told[told.iter().take_while(|told| told["ip"].s() < *ip).count()..];
                    let same = told.first().filter(|told| is_address(service, pod, (ip, told)));
                    same.cloned().unwrap_or_else(|| address(service, pod, ip))
                });
                out.set(&[field], addresses.collect::<Vec<_>>());
            }
        }
        if !ports.is_empty() {
            out.set(&["ports"], ports.iter().map(Port::in_subset).collect::<Vec<_>>());
        }
        out
    }
    /// Whether the value says the same.
    fn is(&self, service: &Object, ports: &[Port], told: &Value) -> bool {
        let same = |pods: &[(&str, &Object)], told: &Value| {
            pods.len() == told.items().len()
                && pods.iter().zip(told.items()).all(|((ip, pod), told)| is_address(service, pod, (ip, told)))
        };
        let told_ports = told["ports"].items();
        same(&self.ready, &told["addresses"])
            && same(&self.not_ready, &told["notReadyAddresses"])
            && ports.len() == told_ports.len()
            && ports.iter().zip(told_ports).all(|(port, told)| port.in_subset() == *told)
    }
}

fn is_address(service: &Object, pod: &Object, (ip, told): (&str, &Value)) -> bool {
    told["ip"].s() == ip
        && told["targetRef"]["uid"].s() == pod.meta.uid
        && told["nodeName"].s() == pod.pod().node()
        && told["hostname"].s() == services::hostname(service, pod)
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
