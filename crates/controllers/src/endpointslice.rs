//! EndpointSlice: a Service's endpoints in slices of at most a hundred, one group of slices per set of ports.
//! Models pkg/controller/endpointslice and k8s.io/endpointslice: existing slices are kept as they are where possible.

use crate::fields::push;
use crate::ports::{self, Port};
use crate::{Controller, services};
use api::{Op, Outcome};
use base::{Text, Time};
use model::resource::{ENDPOINT_SLICES, NODES, SERVICES};
use model::{Key, Object};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{Commit, Snapshot};
use value::{Map, Value, list, obj};

/// A slice holds so many endpoints.
const FULL: usize = 100;
const SERVICE_NAME: &str = "kubernetes.io/service-name";
const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
const US: &str = "endpointslice-controller.k8s.io";
const HEADLESS: &str = "service.kubernetes.io/headless";
const TRIGGER_TIME: &str = "endpoints.kubernetes.io/last-change-trigger-time";

/// The EndpointSlice controller.
pub struct EndpointSlices;

impl Controller for EndpointSlices {
    fn name(&self) -> &'static str {
        "endpoint-slice-controller"
    }

    fn keys(&self, snap: &Snapshot, commit: &Commit, out: &mut Vec<Key>) {
        services::keys(snap, commit, out);
        if commit.key.resource == ENDPOINT_SLICES {
            for slice in crate::fields::sides(commit).filter(|slice| is_ours(slice)) {
                push(out, Key::new(&SERVICES, slice.meta.namespace.clone(), slice.meta.label(SERVICE_NAME)));
            }
        }
    }

    fn reconcile(&self, snap: &Snapshot, key: &Key, _now: Time) -> Outcome {
        let Some(service) = snap.get(key).filter(|s| !s.is_terminating() && services::has_endpoints(s)) else {
            return Outcome::nothing();
        };
        let pods: Vec<&Object> = services::pods(snap, service).collect();
        let mut plan =
            Plan { labels: labels(service), trigger: services::trigger_time(service, &pods), service, ops: Vec::new() };
        let slices = snap.controlled_by(&service.meta.uid, &ENDPOINT_SLICES);
        let slices: Vec<&Arc<Object>> = slices.filter(|slice| is_ours(slice) && !slice.is_terminating()).collect();
        for family in families(service) {
            let existing = slices.iter().copied().filter(|slice| slice.value["addressType"].s() == family).collect();
            plan.reconcile(family, existing, wanted(snap, service, &pods, family == "IPv6"));
        }
        Outcome { ops: plan.ops, ..Outcome::nothing() }
    }
}

fn is_ours(slice: &Object) -> bool {
    slice.meta.label(MANAGED_BY) == US
}

fn families(service: &Object) -> Vec<&str> {
    let families: Vec<&str> = service.spec()["ipFamilies"].items().iter().map(Value::s).collect();
    if families.is_empty() { vec!["IPv4"] } else { families }
}

fn labels(service: &Object) -> Map {
    let mut labels = service.meta.labels.clone();
    labels.remove(HEADLESS);
    if services::is_headless(service) {
        labels.insert(HEADLESS, "");
    }
    labels.insert(SERVICE_NAME, &service.meta.name);
    labels.insert(MANAGED_BY, US);
    labels
}

/// The endpoints of each set of ports.
type Wanted = BTreeMap<Vec<Port>, Vec<Value>>;

fn wanted(snap: &Snapshot, service: &Object, pods: &[&Object], ipv6: bool) -> Wanted {
    let publish = service.spec()["publishNotReadyAddresses"].is_true();
    let mut zones: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    let mut wanted = Wanted::new();
    for pod in pods {
        let Some(ip) = services::address(pod, ipv6) else { continue };
        let node = pod.pod().node();
        let zone = *zones.entry(node).or_insert_with(|| snap.find(&NODES, "", node).map(|node| node.meta.label(services::ZONE)));
        // A pod on a node that is gone waits for its own end.
        if zone.is_none() && !publish {
            continue;
        }
        let mut ports = ports::of_pod(service, pod);
        ports.sort();
        wanted.entry(ports).or_default().push(endpoint(service, pod, ip, zone.unwrap_or_default()));
    }
    wanted
}

fn endpoint(service: &Object, pod: &Object, ip: &str, zone: &str) -> Value {
    let (serving, terminating) = (pod.pod().is_ready(), pod.is_terminating());
    let ready = service.spec()["publishNotReadyAddresses"].is_true() || (serving && !terminating);
    let node = pod.pod().node();
    let mut endpoint = obj! {
        "addresses" => list![ip],
        "conditions" => obj! { "ready" => ready, "serving" => serving, "terminating" => terminating },
        "targetRef" => obj! {
            "kind" => "Pod", "namespace" => &pod.meta.namespace, "name" => &pod.meta.name, "uid" => &pod.meta.uid,
        },
    };
    for (field, text) in [("nodeName", node), ("zone", zone), ("hostname", services::hostname(service, pod))] {
        if !text.is_empty() {
            endpoint.set(&[field], text);
        }
    }
    if ready && !zone.is_empty() {
        hint(service.spec()["trafficDistribution"].s(), node, zone, &mut endpoint);
    }
    endpoint
}

/// For whom an endpoint is meant: its own zone, or its own node. Models pkg/trafficdist of k8s.io/endpointslice.
fn hint(distribution: &str, node: &str, zone: &str, endpoint: &mut Value) {
    let (by_zone, by_node) = match distribution {
        "PreferClose" | "PreferSameZone" => (true, false),
        "PreferSameNode" => (true, true),
        _ => return,
    };
    if by_zone {
        endpoint.set(&["hints", "forZones"], list![obj! { "name" => zone }]);
    }
    if by_node && !node.is_empty() {
        endpoint.set(&["hints", "forNodes"], list![obj! { "name" => node }]);
    }
}

/// Tells endpoints apart, and orders them.
type PodName = (Text, Text);

fn pod_name(endpoint: &Value) -> PodName {
    (endpoint["targetRef"]["name"].text(), endpoint["targetRef"]["uid"].text())
}

/// A slice on its way: what it was, and what it will hold.
struct Draft<'a> {
    old: Option<&'a Arc<Object>>,
    ports: Vec<Port>,
    endpoints: Vec<Value>,
    changed: bool,
}

/// All slices of one family: those that hold something, and those that are left over.
struct Packing<'a> {
    drafts: Vec<Draft<'a>>,
    spare: Vec<&'a Arc<Object>>,
}

/// The ops for one Service.
struct Plan<'a> {
    service: &'a Object,
    labels: Map,
    trigger: Value,
    ops: Vec<Op>,
}

impl Plan<'_> {
    fn reconcile(&mut self, family: &str, existing: Vec<&Arc<Object>>, wanted: Wanted) {
        let mut packing = Packing { drafts: Vec::new(), spare: Vec::new() };
        let mut by_ports: BTreeMap<Vec<Port>, Vec<&Arc<Object>>> = BTreeMap::new();
        for slice in existing {
            by_ports.entry(ports_of(slice)).or_default().push(slice);
        }
        for (ports, endpoints) in wanted {
            let slices = by_ports.remove(&ports).unwrap_or_default();
            self.pack(&ports, slices, endpoints, &mut packing);
        }
        packing.spare.extend(by_ports.into_values().flatten());
        if packing.drafts.is_empty() {
            self.placeholder(&mut packing);
        }
        self.write(family, packing);
    }

    /// Puts the endpoints of one set of ports into its slices: what is there stays where it is, the rest fills changed
    /// slices first, then one with enough room, then new ones.
    fn pack<'a>(&self, ports: &[Port], slices: Vec<&'a Arc<Object>>, endpoints: Vec<Value>, packing: &mut Packing<'a>) {
        let mut left: BTreeMap<PodName, Value> = endpoints.into_iter().map(|e| (pod_name(&e), e)).collect();
        let mut mine: Vec<Draft<'a>> = Vec::new();
        for slice in slices {
            let draft = self.keep(ports, slice, &mut left);
            if draft.endpoints.is_empty() { packing.spare.push(slice) } else { mine.push(draft) }
        }
        mine.sort_by_key(|draft| std::cmp::Reverse(draft.endpoints.len()));
        for draft in mine.iter_mut().filter(|draft| draft.changed) {
            draft.fill(&mut left);
        }
        if !left.is_empty() && left.len() < FULL {
            let fits = mine.iter_mut().filter(|d| !d.changed && d.endpoints.len() + left.len() <= FULL);
            if let Some(draft) = fits.max_by_key(|draft| draft.endpoints.len()) {
                draft.fill(&mut left);
            }
        }
        while !left.is_empty() {
            let mut draft = Draft { old: None, ports: ports.to_vec(), endpoints: Vec::new(), changed: true };
            draft.fill(&mut left);
            mine.push(draft);
        }
        packing.drafts.extend(mine);
    }

    /// The slice without the endpoints that are no longer wanted; those it keeps are brought up to date.
    fn keep<'a>(&self, ports: &[Port], slice: &'a Arc<Object>, left: &mut BTreeMap<PodName, Value>) -> Draft<'a> {
        let have = slice.value["endpoints"].items();
        let endpoints: Vec<Value> = have.iter().filter_map(|endpoint| left.remove(&pod_name(endpoint))).collect();
        let changed = endpoints != have || slice.meta.labels != self.labels;
        Draft { old: Some(slice), ports: ports.to_vec(), endpoints, changed }
    }

    /// A Service without endpoints has one empty slice.
    fn placeholder(&self, packing: &mut Packing<'_>) {
        let fits = |slice: &&Arc<Object>| slice.value["ports"].is_empty() && slice.value["endpoints"].is_empty();
        let old = packing.spare.iter().position(fits).map(|at| packing.spare.remove(at));
        let changed = old.is_none_or(|slice| slice.meta.labels != self.labels);
        packing.drafts.push(Draft { old, ports: Vec::new(), endpoints: Vec::new(), changed });
    }

    /// Slices that would go are written anew where one is to be made.
    fn write(&mut self, family: &str, packing: Packing<'_>) {
        let mut spare = packing.spare.into_iter();
        for draft in packing.drafts.into_iter().filter(|draft| draft.changed) {
            let resource = ENDPOINT_SLICES.clone();
            let op = match draft.old.or_else(|| spare.next()) {
                Some(old) => Op::Update { resource, object: self.filled(old.value.clone(), &draft) },
                None => Op::Create { resource, object: self.filled(self.empty(family), &draft) },
            };
            self.ops.push(op);
        }
        self.ops.extend(spare.map(|slice| Op::delete(slice)));
    }

    fn empty(&self, family: &str) -> Value {
        let owner = model::OwnerRef::controlled_by(self.service);
        obj! {
            "apiVersion" => "discovery.k8s.io/v1", "kind" => "EndpointSlice", "addressType" => family,
            "metadata" => obj! {
                "generateName" => format!("{}-", self.service.meta.name), "namespace" => &self.service.meta.namespace,
                "ownerReferences" => list![owner],
            },
        }
    }

    fn filled(&self, mut object: Value, draft: &Draft<'_>) -> Value {
        let null_if_empty = |items: Vec<Value>| if items.is_empty() { Value::Null } else { Value::List(items.into()) };
        object.set(&["metadata", "labels"], &self.labels);
        object.set(&["metadata", "annotations", TRIGGER_TIME], &self.trigger);
        object.set(&["ports"], null_if_empty(draft.ports.iter().map(Port::in_slice).collect()));
        object.set(&["endpoints"], null_if_empty(draft.endpoints.clone()));
        object
    }
}

impl Draft<'_> {
    fn fill(&mut self, left: &mut BTreeMap<PodName, Value>) {
        while self.endpoints.len() < FULL
            && let Some((_, endpoint)) = left.pop_first()
        {
            self.endpoints.push(endpoint);
            self.changed = true;
        }
    }
}

fn ports_of(slice: &Object) -> Vec<Port> {
    let port = |p: &Value| Port {
        name: p["name"].s().into(),
        number: p["port"].as_i64().unwrap_or(0),
        protocol: p["protocol"].s().into(),
        app_protocol: p["appProtocol"].s().into(),
    };
    let mut ports: Vec<Port> = slice.value["ports"].items().iter().map(port).collect();
    ports.sort();
    ports
}
