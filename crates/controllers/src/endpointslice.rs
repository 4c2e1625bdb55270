//! EndpointSlice: a Service's endpoints in slices of at most a hundred, one group of slices per set of ports.
//! Models pkg/controller/endpointslice and k8s.io/endpointslice: existing slices are kept as they are where possible.

use crate::fields::push;
use crate::ports::{self, Port};
use crate::{Controller, services};
use api::{Op, Outcome};
use base::{Duration, Time};
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

    fn batch_period(&self) -> Duration {
        services::BATCH_PERIOD
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
            let wanted = wanted(snap, service, &pods, family == "IPv6");
            plan.reconcile(family, existing, wanted);
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

/// One pod as an endpoint. It becomes a value only where a slice does not have it already.
#[derive(Clone, Copy)]
struct Endpoint<'a> {
    service: &'a Object,
    pod: &'a Object,
    ip: &'a str,
    zone: &'a str,
    /// `spec.publishNotReadyAddresses` and `spec.trafficDistribution` of the Service.
    publish: bool,
    distribution: &'a str,
}

/// The endpoints of each set of ports, in the order of the pods' names.
type Wanted<'a> = BTreeMap<Vec<Port>, Vec<Endpoint<'a>>>;

fn wanted<'a>(snap: &'a Snapshot, service: &'a Object, pods: &[&'a Object], ipv6: bool) -> Wanted<'a> {
    let publish = service.spec()["publishNotReadyAddresses"].is_true();
    let distribution = service.spec()["trafficDistribution"].s();
    let mut zones: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    let mut endpoint = |pod: &'a Object| {
        let ip = services::address(pod, ipv6)?;
        let node = pod.pod().node();
        let zone = *zones.entry(node).or_insert_with(|| snap.find(&NODES, "", node).map(|node| node.meta.label(services::ZONE)));
        // A pod on a node that is gone waits for its own end.
        let zone = if publish { Some(zone.unwrap_or_default()) } else { zone };
        Some(Endpoint { service, pod, ip, zone: zone?, publish, distribution })
    };
    let groups = ports::groups(service, pods).into_iter();
    let groups = groups.map(|(ports, pods)| (ports, pods.into_iter().filter_map(&mut endpoint).collect::<Vec<_>>()));
    groups.filter(|(_, endpoints)| !endpoints.is_empty()).collect()
}

impl Endpoint<'_> {
    fn is_ready(&self) -> bool {
        self.publish || (self.pod.pod().is_ready() && !self.pod.is_terminating())
    }
    /// The texts that are left out where they are empty.
    fn texts(&self) -> [(&'static str, &str); 3] {
        [("nodeName", self.pod.pod().node()), ("zone", self.zone), ("hostname", services::hostname(self.service, self.pod))]
    }
    /// For whom an endpoint is meant: its own zone, or its own node too. Models trafficdist of k8s.io/endpointslice.
    fn hints(&self) -> Value {
        let by_node = match self.distribution {
            "PreferClose" | "PreferSameZone" => false,
            "PreferSameNode" => true,
            _ => return Value::Null,
        };
        if self.zone.is_empty() || !self.is_ready() {
            return Value::Null;
        }
        let mut hints = obj! { "forZones" => list![obj! { "name" => self.zone }] };
        if by_node {
            hints.set(&["forNodes"], list![obj! { "name" => self.pod.pod().node() }]);
        }
        hints
    }
    fn to_value(self) -> Value {
        let meta = &self.pod.meta;
        let (serving, terminating) = (self.pod.pod().is_ready(), self.pod.is_terminating());
        let mut endpoint = obj! {
            "addresses" => list![self.ip],
            "conditions" => obj! { "ready" => self.is_ready(), "serving" => serving, "terminating" => terminating },
            "targetRef" => obj! { "kind" => "Pod", "namespace" => &meta.namespace, "name" => &meta.name, "uid" => &meta.uid },
        };
        for (field, text) in self.texts() {
            if !text.is_empty() {
                endpoint.set(&[field], text);
            }
        }
        let hints = self.hints();
        if !hints.is_null() {
            endpoint.set(&["hints"], hints);
        }
        endpoint
    }
    /// Whether the value in a slice says the same.
    fn is(&self, have: &Value) -> bool {
        let conditions = &have["conditions"];
        conditions["ready"].is_true() == self.is_ready()
            && conditions["serving"].is_true() == self.pod.pod().is_ready()
            && conditions["terminating"].is_true() == self.pod.is_terminating()
            && have["addresses"][0].s() == self.ip
            && self.texts().iter().all(|(field, text)| have[*field].s() == *text)
            && have["hints"] == self.hints()
    }
}

/// The endpoints that no slice has taken yet, by pod name.
struct Left<'a> {
    endpoints: Vec<Option<Endpoint<'a>>>,
    names: Vec<&'a str>,
    count: usize,
    /// All before this place are taken.
    next: usize,
}

impl<'a> Left<'a> {
    fn of(endpoints: Vec<Endpoint<'a>>) -> Left<'a> {
        let names = endpoints.iter().map(|e| e.pod.meta.name.as_str()).collect();
        Left { count: endpoints.len(), endpoints: endpoints.into_iter().map(Some).collect(), names, next: 0 }
    }
    /// The endpoint of the same pod as one in a slice.
    fn take(&mut self, have: &Value) -> Option<Endpoint<'a>> {
        let target = &have["targetRef"];
        let name = target["name"].s();
        let at = self.names.binary_search(&name).ok()?;
        let found = self.endpoints[at].take_if(|endpoint| endpoint.pod.meta.uid == target["uid"].s())?;
        self.count -= 1;
        Some(found)
    }
    fn pop(&mut self) -> Option<Endpoint<'a>> {
        while self.next < self.endpoints.len() {
            self.next += 1;
            if let Some(endpoint) = self.endpoints[self.next - 1].take() {
                self.count -= 1;
                return Some(endpoint);
            }
        }
        None
    }
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
    trigger: Time,
    ops: Vec<Op>,
}

impl Plan<'_> {
    fn reconcile(&mut self, family: &str, existing: Vec<&Arc<Object>>, wanted: Wanted<'_>) {
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
    fn pack<'a>(&self, ports: &[Port], slices: Vec<&'a Arc<Object>>, endpoints: Vec<Endpoint<'_>>, packing: &mut Packing<'a>) {
        let mut left = Left::of(endpoints);
        let mut mine: Vec<Draft<'a>> = Vec::new();
        for slice in slices {
            let draft = self.keep(ports, slice, &mut left);
            if draft.endpoints.is_empty() { packing.spare.push(slice) } else { mine.push(draft) }
        }
        mine.sort_by_key(|draft| std::cmp::Reverse(draft.endpoints.len()));
        for draft in mine.iter_mut().filter(|draft| draft.changed) {
            draft.fill(&mut left);
        }
        if left.count > 0 && left.count < FULL {
            let fits = mine.iter_mut().filter(|d| !d.changed && d.endpoints.len() + left.count <= FULL);
            if let Some(draft) = fits.max_by_key(|draft| draft.endpoints.len()) {
                draft.fill(&mut left);
            }
        }
        while left.count > 0 {
            let mut draft = Draft { old: None, ports: ports.to_vec(), endpoints: Vec::new(), changed: true };
            draft.fill(&mut left);
            mine.push(draft);
        }
        packing.drafts.extend(mine);
    }

    /// The slice without the endpoints that are no longer wanted; those it keeps are brought up to date.
    fn keep<'a>(&self, ports: &[Port], slice: &'a Arc<Object>, left: &mut Left<'_>) -> Draft<'a> {
        let have = slice.value["endpoints"].items();
        let mut changed = slice.meta.labels != self.labels;
        let mut endpoints = Vec::with_capacity(have.len());
        for old in have {
            match left.take(old) {
                Some(endpoint) if endpoint.is(old) => endpoints.push(old.clone()),
                Some(endpoint) => {
                    endpoints.push(endpoint.to_value());
                    changed = true;
                }
                None => changed = true,
            }
        }
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
        object.set(&["metadata", "annotations", TRIGGER_TIME], self.trigger);
        object.set(&["ports"], null_if_empty(draft.ports.iter().map(Port::in_slice).collect()));
        object.set(&["endpoints"], null_if_empty(draft.endpoints.clone()));
        object
    }
}

impl Draft<'_> {
    fn fill(&mut self, left: &mut Left<'_>) {
        while self.endpoints.len() < FULL
            && let Some(endpoint) = left.pop()
        {
            self.endpoints.push(endpoint.to_value());
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
