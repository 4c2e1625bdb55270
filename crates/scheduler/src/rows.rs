//! Typed rows of nodes and pods, kept up to date by events: what the hot loops read instead of JSON paths.

use base::{Quantity, Text, Time};
use model::{Key, Object, Requirement, Selector};
use std::collections::BTreeMap;
use std::sync::Arc;
use value::{Map, Value};

/// Amounts of resources: milli-CPU, bytes, and counts of anything else.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Amounts {
    pub cpu: i64,
    pub memory: i64,
    pub ephemeral: i64,
    pub other: BTreeMap<Text, i64>,
}

/// A node as filters and scores see it.
#[derive(Clone, Debug)]
pub struct NodeRow {
    pub name: Text,
    pub labels: Map,
    pub taints: Vec<Taint>,
    pub unschedulable: bool,
    pub allocatable: Amounts,
    pub pods_allowed: i64,
    pub requested: Amounts,
    /// Requests where a container without one counts 100m and 200Mi.
    pub nonzero: (i64, i64),
    pub pods: BTreeMap<Key, Arc<PodRow>>,
    /// How many pods that are not terminating have which labels.
    pub groups: Vec<Group>,
    /// How many of the pods have inter-pod terms.
    pub with_terms: u32,
    /// Image names and sizes.
    pub images: BTreeMap<Text, i64>,
}

/// Pods of a namespace with equal labels: replicas are counted once for all.
#[derive(Clone, PartialEq, Debug)]
pub struct Group {
    pub namespace: Text,
    pub labels: Map,
    pub count: i64,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Taint {
    pub key: Text,
    pub value: Text,
    pub effect: Text,
}

/// A pod as filters and scores see it.
#[derive(Clone, Debug)]
pub struct PodRow {
    pub key: Key,
    pub uid: Text,
    pub labels: Map,
    pub node: Text,
    pub priority: i64,
    pub preempts: bool,
    pub terminating: bool,
    pub started: Time,
    pub requests: Amounts,
    pub nonzero: (i64, i64),
    pub ports: Vec<HostPort>,
    pub affinity: Vec<Term>,
    pub anti_affinity: Vec<Term>,
    /// Preferred terms; anti-affinity with negative weights.
    pub preferred: Vec<(i64, Term)>,
    pub spread: Vec<Spread>,
    pub spec: Value,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HostPort {
    pub ip: Text,
    pub port: i64,
    pub protocol: Text,
}

/// An inter-pod affinity term.
#[derive(Clone, PartialEq, Debug)]
pub struct Term {
    pub selector: Selector,
    /// Empty: the pod's own namespace.
    pub namespaces: Vec<Text>,
    pub namespace_selector: Option<Selector>,
    pub topology_key: Text,
    pub own_namespace: Text,
}

/// A topology spread constraint.
#[derive(Clone, PartialEq, Debug)]
pub struct Spread {
    pub max_skew: i64,
    pub key: Text,
    pub hard: bool,
    pub selector: Selector,
    pub min_domains: i64,
    pub honor_affinity: bool,
    pub honor_taints: bool,
    /// One of the cluster's default constraints.
    pub system: bool,
}

impl Amounts {
    /// From a ResourceList, `pods` left out.
    pub fn of(list: &Value) -> Amounts {
        let mut amounts = Amounts::default();
        for (name, quantity) in list.entries() {
            match name.as_str() {
                "cpu" => amounts.cpu = milli(quantity),
                "memory" => amounts.memory = whole(quantity),
                "ephemeral-storage" => amounts.ephemeral = whole(quantity),
                "pods" => {}
                _ => {
                    amounts.other.insert(name.clone(), whole(quantity));
                }
            }
        }
        amounts
    }
    pub fn add(&mut self, more: &Amounts) {
        self.cpu = self.cpu.saturating_add(more.cpu);
        self.memory = self.memory.saturating_add(more.memory);
        self.ephemeral = self.ephemeral.saturating_add(more.ephemeral);
        for (name, amount) in &more.other {
            let have = self.other.entry(name.clone()).or_default();
            *have = have.saturating_add(*amount);
        }
    }
    pub fn sub(&mut self, less: &Amounts) {
        self.cpu -= less.cpu;
        self.memory -= less.memory;
        self.ephemeral -= less.ephemeral;
        for (name, amount) in &less.other {
            *self.other.entry(name.clone()).or_default() -= amount;
        }
    }
    fn max(&mut self, other: &Amounts) {
        self.cpu = self.cpu.max(other.cpu);
        self.memory = self.memory.max(other.memory);
        self.ephemeral = self.ephemeral.max(other.ephemeral);
        for (name, amount) in &other.other {
            let have = self.other.entry(name.clone()).or_default();
            *have = (*have).max(*amount);
        }
    }
}

fn quantity(value: &Value) -> Option<Quantity> {
    match value {
        Value::Int(i) => Quantity::parse(&i.to_string()).ok(),
        other => Quantity::parse(other.s()).ok(),
    }
}

fn milli(value: &Value) -> i64 {
    quantity(value).map_or(0, |q| q.as_milli())
}

fn whole(value: &Value) -> i64 {
    quantity(value).map_or(0, |q| q.value())
}

impl NodeRow {
    pub fn of(node: &Object) -> NodeRow {
        let allocatable = &node.value["status"]["allocatable"];
        let mut images = BTreeMap::new();
        for image in node.value["status"]["images"].items() {
            for name in image["names"].items() {
                images.insert(name.text(), image["sizeBytes"].as_i64().unwrap_or(0));
            }
        }
        NodeRow {
            name: node.meta.name.clone(),
            labels: node.meta.labels.clone(),
            taints: node.node().taints().iter().map(Taint::of).collect(),
            unschedulable: node.node().is_unschedulable(),
            allocatable: Amounts::of(allocatable),
            pods_allowed: whole(&allocatable["pods"]),
            requested: Amounts::default(),
            nonzero: (0, 0),
            pods: BTreeMap::new(),
            groups: Vec::new(),
            with_terms: 0,
            images,
        }
    }
    /// Takes a new revision of the node object, keeping the pods.
    pub fn refresh(&mut self, node: &Object) {
        let fresh = NodeRow::of(node);
        *self = NodeRow {
            requested: std::mem::take(&mut self.requested),
            nonzero: self.nonzero,
            pods: std::mem::take(&mut self.pods),
            groups: std::mem::take(&mut self.groups),
            with_terms: self.with_terms,
            ..fresh
        };
    }
    pub fn add(&mut self, pod: Arc<PodRow>) {
        self.remove(&pod.key);
        self.requested.add(&pod.requests);
        self.nonzero.0 += pod.nonzero.0;
        self.nonzero.1 += pod.nonzero.1;
        self.with_terms += u32::from(pod.has_terms());
        self.count(&pod, 1);
        self.pods.insert(pod.key.clone(), pod);
    }
    pub fn remove(&mut self, key: &Key) -> Option<Arc<PodRow>> {
        let pod = self.pods.remove(key)?;
        self.requested.sub(&pod.requests);
        self.nonzero.0 -= pod.nonzero.0;
        self.nonzero.1 -= pod.nonzero.1;
        self.with_terms -= u32::from(pod.has_terms());
        self.count(&pod, -1);
        Some(pod)
    }
    fn count(&mut self, pod: &PodRow, by: i64) {
        if pod.terminating {
            return;
        }
        let namespace = &pod.key.namespace;
        match self.groups.iter_mut().find(|g| g.namespace == *namespace && g.labels == pod.labels) {
            Some(group) => group.count += by,
            None => self.groups.push(Group { namespace: namespace.clone(), labels: pod.labels.clone(), count: by }),
        }
        self.groups.retain(|g| g.count > 0);
    }
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.get(key).map(|v| v.s())
    }
}

impl Taint {
    pub fn of(value: &Value) -> Taint {
        Taint { key: value["key"].text(), value: value["value"].text(), effect: value["effect"].text() }
    }
    /// Whether a toleration of the list covers this taint.
    pub fn is_tolerated(&self, tolerations: &[Value]) -> bool {
        tolerations.iter().any(|t| {
            let effect = t["effect"].s();
            let key = t["key"].s();
            let same_key = self.key == key || (key.is_empty() && t["operator"].s() == "Exists");
            let same_value = t["operator"].s() == "Exists" || self.value == t["value"].s();
            same_key && same_value && (effect.is_empty() || self.effect == effect)
        })
    }
}

impl PodRow {
    pub fn of(pod: &Object) -> PodRow {
        let spec = pod.value["spec"].clone();
        let affinity = &spec["affinity"];
        let namespace = &pod.meta.namespace;
        let terms = |list: &Value| list.items().iter().map(|t| Term::of(t, namespace)).collect();
        let weighted = |list: &Value, sign: i64| -> Vec<(i64, Term)> {
            list.items()
                .iter()
                .map(|w| (sign * w["weight"].as_i64().unwrap_or(0), Term::of(&w["podAffinityTerm"], namespace)))
                .collect()
        };
        let (soft, hard) = ("preferredDuringSchedulingIgnoredDuringExecution", "requiredDuringSchedulingIgnoredDuringExecution");
        let mut preferred = weighted(&affinity["podAffinity"][soft], 1);
        preferred.extend(weighted(&affinity["podAntiAffinity"][soft], -1));
        PodRow {
            key: pod.key(),
            uid: pod.meta.uid.clone(),
            labels: pod.meta.labels.clone(),
            node: spec["nodeName"].text(),
            priority: spec["priority"].as_i64().unwrap_or(0),
            preempts: spec["preemptionPolicy"].s() != "Never",
            terminating: pod.is_terminating(),
            started: Time::parse(pod.value["status"]["startTime"].s()).unwrap_or(pod.meta.created),
            requests: requests(&spec),
            nonzero: nonzero(&spec),
            ports: host_ports(&spec),
            affinity: terms(&affinity["podAffinity"][hard]),
            anti_affinity: terms(&affinity["podAntiAffinity"][hard]),
            preferred,
            spread: spec["topologySpreadConstraints"].items().iter().map(Spread::of).collect(),
            spec,
        }
    }
    pub fn has_terms(&self) -> bool {
        !self.affinity.is_empty() || !self.anti_affinity.is_empty() || !self.preferred.is_empty()
    }
    pub fn tolerations(&self) -> &[Value] {
        self.spec["tolerations"].items()
    }
}

impl Term {
    fn of(value: &Value, own_namespace: &Text) -> Term {
        let namespace_selector = &value["namespaceSelector"];
        Term {
            selector: Selector::of(&value["labelSelector"]),
            namespaces: value["namespaces"].items().iter().map(Value::text).collect(),
            namespace_selector: if namespace_selector.is_null() { None } else { Some(Selector::of(namespace_selector)) },
            topology_key: value["topologyKey"].text(),
            own_namespace: own_namespace.clone(),
        }
    }
    /// Whether a pod in a namespace (with these labels) is one that the term talks about.
    pub fn matches(&self, pod: &PodRow, namespace_labels: &dyn Fn(&str) -> Map) -> bool {
        let namespace = &pod.key.namespace;
        let listed = self.namespaces.contains(namespace);
        let selected = self.namespace_selector.as_ref().is_some_and(|s| s.matches(&namespace_labels(namespace)));
        let own = self.namespaces.is_empty() && self.namespace_selector.is_none() && *namespace == self.own_namespace;
        (listed || selected || own) && self.selector.matches(&pod.labels)
    }
}

impl Spread {
    fn of(value: &Value) -> Spread {
        Spread {
            max_skew: value["maxSkew"].as_i64().unwrap_or(1),
            key: value["topologyKey"].text(),
            hard: value["whenUnsatisfiable"].s() != "ScheduleAnyway",
            selector: Selector::of(&value["labelSelector"]),
            min_domains: value["minDomains"].as_i64().unwrap_or(1),
            honor_affinity: value["nodeAffinityPolicy"].s() != "Ignore",
            honor_taints: value["nodeTaintsPolicy"].s() == "Honor",
            system: false,
        }
    }
}

/// Models resourcehelper.PodRequests: the larger of what runs together and each init container with the sidecars before it.
fn requests(spec: &Value) -> Amounts {
    let mut running = Amounts::default();
    for container in spec["containers"].items() {
        running.add(&Amounts::of(&container["resources"]["requests"]));
    }
    let (mut sidecars, mut peak) = (Amounts::default(), Amounts::default());
    for container in spec["initContainers"].items() {
        let mut with = Amounts::of(&container["resources"]["requests"]);
        with.add(&sidecars);
        if container["restartPolicy"].s() == "Always" {
            sidecars = with.clone();
        }
        peak.max(&with);
    }
    running.add(&sidecars);
    running.max(&peak);
    let pod_level = Amounts::of(&spec["resources"]["requests"]);
    for (name, _) in spec["resources"]["requests"].entries() {
        match name.as_str() {
            "cpu" => running.cpu = pod_level.cpu,
            "memory" => running.memory = pod_level.memory,
            _ => {}
        }
    }
    running.add(&Amounts::of(&spec["overhead"]));
    running
}

fn nonzero(spec: &Value) -> (i64, i64) {
    let mut sum = (0, 0);
    for container in spec["containers"].items() {
        let requests = &container["resources"]["requests"];
        sum.0 += if requests["cpu"].is_null() { 100 } else { milli(&requests["cpu"]) };
        sum.1 += if requests["memory"].is_null() { 200 << 20 } else { whole(&requests["memory"]) };
    }
    sum
}

fn host_ports(spec: &Value) -> Vec<HostPort> {
    let host_network = spec["hostNetwork"].is_true();
    let sidecars = spec["initContainers"].items().iter().filter(|c| c["restartPolicy"].s() == "Always");
    let mut ports = Vec::new();
    for port in spec["containers"].items().iter().chain(sidecars).flat_map(|c| c["ports"].items()) {
        let number = port["hostPort"].as_i64().or(if host_network { port["containerPort"].as_i64() } else { None });
        let or = |value: &Value, default: &str| if value.s().is_empty() { Text::from(default) } else { value.text() };
        if let Some(number) = number.filter(|n| *n > 0) {
            ports.push(HostPort { ip: or(&port["hostIP"], "0.0.0.0"), port: number, protocol: or(&port["protocol"], "TCP") });
        }
    }
    ports
}

/// Whether a nodeSelectorTerm list (terms ORed, expressions ANDed) matches a node; an empty term matches nothing.
pub fn node_terms_match(terms: &Value, node: &NodeRow) -> bool {
    terms.items().iter().any(|term| node_term_matches(term, node))
}

pub fn node_term_matches(term: &Value, node: &NodeRow) -> bool {
    let (expressions, fields) = (term["matchExpressions"].items(), term["matchFields"].items());
    if expressions.is_empty() && fields.is_empty() {
        return false;
    }
    let by_name: Map = [(base::text!("metadata.name"), Value::Str(node.name.clone()))].into_iter().collect();
    expressions.iter().all(|e| Requirement::of(e).is_some_and(|r| r.matches(&node.labels)))
        && fields.iter().all(|e| Requirement::of(e).is_some_and(|r| r.matches(&by_name)))
}
