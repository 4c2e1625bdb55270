//! What there is to draw, read from one snapshot: nodes with their load and pods, pods without a node, Services with
//! their endpoints. No positions yet.

use crate::picture::glyph::Glyph;
use crate::services::{self, State};
use crate::status;
use crate::views::services::matches;
use base::{Quantity, Text};
use model::{Condition, Key, Object, resource};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::Snapshot;

/// A pod, without its place in the picture.
#[derive(Clone, PartialEq, Debug)]
pub struct Pod {
    pub key: Key,
    pub glyph: Glyph,
    pub word: Text,
    /// The name without what its controller put into the middle of it.
    pub label: String,
    /// Degrees on the colour wheel, from the namespace.
    pub hue: u16,
    pub restarts: i64,
    /// The filter does not want it.
    pub faint: bool,
}

/// A node and its pods.
#[derive(Clone, PartialEq, Debug)]
pub struct Node {
    pub key: Key,
    pub word: Text,
    pub health: status::Health,
    pub address: Text,
    /// Ordinary pods are kept off it, and it has none.
    pub is_aside: bool,
    /// What its pods request and what it has: thousandths of a CPU, bytes of memory, pods.
    pub cpu: (i64, i64),
    pub memory: (i64, i64),
    pub places: (i64, i64),
    pub pods: Vec<Pod>,
}

/// A Service.
#[derive(Clone, PartialEq, Debug)]
pub struct Service {
    pub key: Key,
    pub kind: String,
    pub address: String,
    pub ports: String,
    /// Addresses of its load balancer; empty while it waits for one.
    pub balancer: Option<String>,
    /// Pods behind it, and how they are.
    pub endpoints: Vec<(Key, State)>,
    /// It is a name only.
    pub is_external: bool,
    pub faint: bool,
}

/// Everything.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Census {
    pub nodes: Vec<Node>,
    pub waiting: Vec<Pod>,
    /// Why pods wait, the most frequent first, with how many.
    pub reasons: Vec<(Text, u32)>,
    pub services: Vec<Service>,
}

/// Reads a snapshot. Pods and Services of the cluster itself are left out unless `system`.
pub fn census(snapshot: &Snapshot, filter: &str, system: bool) -> Census {
    let shown = |object: &Object| system || !is_system(object);
    let nodes = snapshot.list(&resource::NODES, "").map(|node| read_node(snapshot, node, filter, &shown)).collect();
    let has_node = |pod: &Object| snapshot.find(&resource::NODES, "", pod.pod().node()).is_some();
    let homeless = |pod: &&Arc<Object>| !has_node(pod) && shown(pod);
    let waiting: Vec<&Arc<Object>> = snapshot.list(&resource::PODS, "").filter(homeless).collect();
    let mut reasons: BTreeMap<Text, u32> = BTreeMap::new();
    for pod in &waiting {
        *reasons.entry(reason(pod)).or_default() += 1;
    }
    let mut reasons: Vec<(Text, u32)> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, count)| u32::MAX - count);
    Census {
        nodes,
        waiting: waiting.into_iter().map(|pod| read_pod(pod, filter)).collect(),
        reasons,
        services: snapshot
            .list(&resource::SERVICES, "")
            .filter(|s| shown(s))
            .map(|s| read_service(snapshot, s, filter))
            .collect(),
    }
}

fn is_system(object: &Object) -> bool {
    let is_api = object.resource == resource::SERVICES && object.meta.namespace == "default" && object.meta.name == "kubernetes";
    object.meta.namespace == "kube-system" || is_api
}

fn reason(pod: &Object) -> Text {
    if !pod.pod().node().is_empty() {
        return format!("node {} is gone", pod.pod().node()).into();
    }
    let condition = Condition::find(pod.status(), "PodScheduled");
    let message = condition["message"].s();
    // What follows the first sentence is about preemption.
    let first = message.split(". ").next().unwrap_or_default().trim_end_matches('.');
    if first.is_empty() { "waits for the scheduler".into() } else { first.into() }
}

fn read_node(snapshot: &Snapshot, node: &Object, filter: &str, shown: &dyn Fn(&Object) -> bool) -> Node {
    let status = status::of_node(node);
    let allocatable = &node.status()["allocatable"];
    let has = |name: &str| quantity(allocatable[name].s());
    let mut load = (0, 0, 0);
    let mut pods = Vec::new();
    for pod in snapshot.pods_on(&node.meta.name) {
        if !pod.pod().is_finished() {
            let (cpu, memory) = requests(pod);
            load = (load.0 + cpu, load.1 + memory, load.2 + 1);
        }
        if shown(pod) {
            pods.push(read_pod(pod, filter));
        }
    }
    Node {
        key: node.key(),
        word: status.word,
        health: status.health,
        address: node.node().address("InternalIP").into(),
        is_aside: pods.is_empty() && node.meta.labels.contains("node-role.kubernetes.io/control-plane"),
        cpu: (load.0, has("cpu").as_milli()),
        memory: (load.1, has("memory").value()),
        places: (load.2, has("pods").value()),
        pods,
    }
}

fn quantity(text: &str) -> Quantity {
    Quantity::parse(text).unwrap_or(Quantity::ZERO)
}

fn requests(pod: &Object) -> (i64, i64) {
    pod.pod().containers().iter().fold((0, 0), |(cpu, memory), container| {
        let requests = &container["resources"]["requests"];
        let of = |name: &str| Some(requests[name].s()).filter(|text| !text.is_empty()).map(quantity);
        (cpu + of("cpu").map_or(0, Quantity::as_milli), memory + of("memory").map_or(0, Quantity::value))
    })
}

fn read_pod(pod: &Object, filter: &str) -> Pod {
    let status = status::of_pod(pod);
    Pod {
        key: pod.key(),
        glyph: Glyph::of(&status),
        word: status.word,
        label: label(pod),
        hue: hue(&pod.meta.namespace),
        restarts: pod.pod().restarts(),
        faint: !matches(pod, filter),
    }
}

/// `web-6d8c7f9b4-abcde` of a Deployment is `web-…abcde`; the namespace is in front unless it is `default`.
fn label(pod: &Object) -> String {
    let name = pod.meta.name.as_str();
    let hash = pod.meta.label("pod-template-hash");
    let short = match name.rsplit_once('-') {
        Some((front, end)) if !hash.is_empty() => front.strip_suffix(hash).map(|app| [app, "…", end].concat()),
        _ => None,
    };
    let short = short.unwrap_or_else(|| name.to_owned());
    if pod.meta.namespace == "default" { short } else { [pod.meta.namespace.as_str(), "/", &short].concat() }
}

/// A colour for a namespace. `default` is always the same calm blue; the others spread over the wheel.
pub fn hue(namespace: &str) -> u16 {
    match namespace {
        "default" => 215,
        other => (base::fnv32a(other.as_bytes()) % 24 * 15) as u16,
    }
}

fn read_service(snapshot: &Snapshot, service: &Object, filter: &str) -> Service {
    let view = service.service();
    let is_external = view.kind() == "ExternalName";
    let endpoint = |endpoint: services::Endpoint| {
        (!endpoint.pod.is_empty()).then(|| (services::pod_key(&service.meta.namespace, &endpoint.pod), endpoint.state))
    };
    let address = match view.cluster_ip() {
        _ if is_external => ["→ ", service.spec()["externalName"].s()].concat(),
        "None" => "no address of its own".to_owned(),
        ip => ip.to_owned(),
    };
    let mut endpoints: Vec<_> = services::endpoints(snapshot, service).into_iter().filter_map(endpoint).collect();
    endpoints.sort_by(|a, b| a.0.cmp(&b.0));
    endpoints.dedup_by(|a, b| a.0 == b.0);
    Service {
        key: service.key(),
        kind: services::kind(service).to_owned(),
        address,
        ports: services::ports(service),
        balancer: (view.kind() == "LoadBalancer").then(|| view.ingress_ips().collect::<Vec<_>>().join(", ")),
        endpoints,
        is_external,
        faint: !matches(service, filter),
    }
}

impl Service {
    /// How many endpoints are ready, not ready, terminating.
    pub fn tally(&self) -> [usize; 3] {
        let count = |state| self.endpoints.iter().filter(|(_, s)| *s == state).count();
        [count(State::Ready), count(State::NotReady), count(State::Terminating)]
    }
}
