//! What may be wrong with a request that failed: a table of small rules, each of which looks at the Service that was meant
//! and proposes edits of one field. Nothing here knows whether an edit helps; `fix` tries them.

use crate::container::Container;
use crate::exchange::Exchange;
use crate::fix::{Goal, field, patch_of, path_words};
use crate::network::{OUTSIDE, Place};
use crate::trace::Target;
use crate::world::World;
use base::{Text, text};
use model::{Key, Object, Selector, resource};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use store::Snapshot;
use value::{IntoValue, Value, obj};

/// A candidate.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Remedy {
    /// How far-fetched it is.
    pub cost: u32,
    pub object: Option<Key>,
    pub kind: Text,
    pub path: String,
    pub old: String,
    pub new: String,
    pub text: String,
    pub patch: Value,
    pub ask: Ask,
    /// Seconds after which to look whether it has worked.
    pub waits: &'static [i64],
}

/// The request to send after the change.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Ask {
    Same,
    Other(Target),
    /// The node port of a service's port, by its place in the list.
    NodePort(Key, usize),
    /// The address that the load balancer gets.
    Balancer(Key, usize),
}

/// No world has to change.
const AT_ONCE: &[i64] = &[0];
/// Endpoints and rules follow.
const SOON: &[i64] = &[1, 3];
/// A load balancer is ordered.
const CLOUD: &[i64] = &[2, 6, 12];
/// Pods start and become ready.
const PODS: &[i64] = &[3, 6, 10, 20, 30];

/// Labels that controllers put on pods; nobody selects by them.
const OWN_LABELS: [&str; 6] = [
    "topology.kubernetes.io/",
    "pod-template-hash",
    "controller-revision-hash",
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
    "pod-template-generation",
];

/// What asks for a change of the request, and what for one of an object.
const OF_REQUEST: &[fn(&Case<'_>, &mut Vec<Remedy>)] =
    &[other_namespace, other_name, other_port, reachable_address, other_node_port, other_path];
const OF_OBJECTS: &[fn(&Case<'_>, &mut Vec<Remedy>)] =
    &[selector, target_port, service_port, replicas, policies, source_ranges, probes, cordons];

/// A failed request and what it was about.
pub(crate) struct Case<'a> {
    world: &'a World,
    snap: &'a Snapshot,
    from: &'a Place,
    target: &'a Target,
    goal: Goal,
    status: Text,
    /// The host as an address.
    ip: Option<IpAddr>,
    /// The host as a service's name and namespace.
    named: Option<(Text, Text)>,
    service: Option<Arc<Object>>,
    /// The place of the asked port in the service's list.
    port: Option<usize>,
    /// The pod whose address was asked.
    pod: Option<Arc<Object>>,
    /// The host is a node.
    node: bool,
    /// The pods that the service selects.
    pods: Vec<Arc<Object>>,
}

/// All candidates of a case, in no order.
pub(crate) fn propose(case: &Case<'_>) -> Vec<Remedy> {
    let mut found = Vec::new();
    if !case.is_about_dns() {
        OF_REQUEST.iter().for_each(|rule| rule(case, &mut found));
    }
    if case.is_out_of_reach() {
        kind(case, &mut found);
    } else {
        OF_OBJECTS.iter().for_each(|rule| rule(case, &mut found));
    }
    found
}

impl<'a> Case<'a> {
    pub fn of(world: &'a World, from: &'a Place, (target, goal): (&'a Target, Goal), exchange: &Exchange) -> Case<'a> {
        let snap = world.snapshot();
        let mut case = Case {
            world,
            snap,
            from,
            target,
            goal,
            status: exchange.outcome.clone(),
            ip: target.host.parse().ok(),
            named: None,
            service: None,
            port: None,
            pod: None,
            node: false,
            pods: Vec::new(),
        };
        if exchange.outcome == "no name server answered" && *from != Place::Outside {
            case.service = snap.find(&resource::SERVICES, "kube-system", "kube-dns").cloned();
            case.port = case.ports().iter().position(|p| p["port"].as_i64() == Some(53) && p["protocol"].s() == "UDP");
        } else {
            case.find();
        }
        case.pods = case.service.as_ref().map(|s| case.selected(s)).unwrap_or_default();
        case
    }
    /// Whom the request meant.
    fn find(&mut self) {
        let port = i64::from(self.target.port);
        let Some(ip) = self.ip else {
            self.named = service_name(&self.target.host, self.from);
            let found = self.named.as_ref().and_then(|(name, ns)| self.snap.find(&resource::SERVICES, ns, name));
            self.service = found.cloned();
            self.port = self.port_of("port", port);
            return;
        };
        let text = ip.to_string();
        let services = || self.snap.list(&resource::SERVICES, "");
        let of_address = services().find(|s| s.service().cluster_ip() == text || s.service().ingress_ips().any(|i| i == text));
        self.node = self.snap.list(&resource::NODES, "").any(|n| n.node().address("InternalIP") == text);
        self.pod =
            self.snap.list(&resource::PODS, "").find(|p| p.pod().ip() == text && p.pod().is_active() && !self.node).cloned();
        if self.node {
            self.service = services().find(|s| s.service().ports().iter().any(|p| p["nodePort"].as_i64() == Some(port))).cloned();
            self.port = self.port_of("nodePort", port);
        } else {
            self.service = of_address.cloned();
            self.port = self.port_of("port", port);
        }
    }
    fn ports(&self) -> &[Value] {
        self.service.as_ref().map_or(&[], |s| s.service().ports())
    }
    fn port_of(&self, field: &str, number: i64) -> Option<usize> {
        self.ports().iter().position(|p| p[field].as_i64() == Some(number) && p["protocol"].s() != "UDP")
    }
    fn selected(&self, service: &Object) -> Vec<Arc<Object>> {
        let selector = &service.spec()["selector"];
        if selector.is_empty() {
            return Vec::new();
        }
        let selector = Selector::of_map(selector);
        self.active(&service.meta.namespace).filter(|p| selector.matches(&p.meta.labels)).cloned().collect()
    }
    fn active(&self, namespace: &str) -> impl Iterator<Item = &'a Arc<Object>> + use<'a> {
        self.snap.list(&resource::PODS, namespace).filter(|p| p.pod().is_active())
    }
    /// Cluster DNS itself did not answer.
    fn is_about_dns(&self) -> bool {
        self.status == "no name server answered"
    }
    /// Asked from where no cluster address and no cluster name means anything.
    fn is_out_of_reach(&self) -> bool {
        let name = self.ip.is_none() && !matches!(self.from, Place::Pod { .. });
        let cluster_ip = self.ip.is_some_and(|ip| self.world.network.config.service_cidr.contains(ip));
        let inner = cluster_ip || self.pod.is_some();
        *self.from == Place::Outside && inner || name && !self.is_about_dns() || self.node && self.service.is_none()
    }
    /// The ports on which a pod's containers really listen.
    fn listened(&self, pod: &Object, protocol: &str) -> Vec<u16> {
        let is_its =
            |c: &Container| c.is_running() && c.config.pod.namespace == pod.meta.namespace && c.config.pod.name == pod.meta.name;
        let node = self.world.nodes.get(pod.pod().node()).into_iter();
        let servers = node.flat_map(|n| n.runtime.containers.values()).filter(|c| is_its(c)).flat_map(|c| c.servers());
        servers.flat_map(|s| if protocol == "UDP" { &s.udp_ports } else { &s.ports }).copied().collect()
    }
    fn listened_by(&self, pods: &[Arc<Object>], protocol: &str) -> BTreeSet<u16> {
        pods.iter().flat_map(|pod| self.listened(pod, protocol)).collect()
    }
    /// Why the pods behind it do not answer, if it is they.
    pub fn obstacle(&self) -> Option<String> {
        if let Place::Pod { name, .. } = self.from
            && self.world.network.address(self.from).is_none()
        {
            return Some(format!("Pod {name}, which asked, has no address (any more)."));
        }
        let pods = self.pod.iter().chain(&self.pods);
        let unready: Vec<&Arc<Object>> = pods.filter(|pod| !pod.pod().is_ready()).collect();
        let (pod, why) = unready.iter().find_map(|pod| Some((pod, trouble(pod)?)))?;
        let many = if unready.len() > 1 { format!(" (and {} more)", unready.len() - 1) } else { String::new() };
        Some(format!("Pod {}{many} is not ready: {why}", pod.meta.name))
    }

    // === making candidates ===

    fn request(&self, cost: u32, to: Target, text: String) -> Remedy {
        let (kind, old, new) = match self.goal {
            Goal::Lookup => (text!("name"), self.target.host.clone(), to.host.clone()),
            Goal::Connect => (text!("address"), pair(self.target), pair(&to)),
            Goal::Http => (text!("URL"), self.target.to_string(), to.to_string()),
        };
        let (path, patch) = (String::new(), Value::Null);
        Remedy { cost, object: None, kind, path, old, new, text, patch, ask: Ask::Other(to), waits: AT_ONCE }
    }
    fn to_host(&self, host: &str) -> Target {
        Target { host: host.into(), ..self.target.clone() }
    }
    fn to_port(&self, port: i64) -> Target {
        Target { port: port as u16, ..self.target.clone() }
    }
}

/// One field of an object set to something else.
fn edit(cost: u32, object: &Object, (path, to): (&[&str], Value), text: String) -> Remedy {
    let path: Vec<Text> = path.iter().map(|step| Text::from(*step)).collect();
    let old = path.iter().fold(&object.value, |at, step| field(at, step));
    Remedy {
        cost,
        object: Some(object.key()),
        kind: object.kind().to_lowercase().into(),
        path: path_words(object, &path),
        old: words(old),
        new: words(&to),
        text,
        patch: patch_of(object, &path, &to),
        ask: Ask::Same,
        waits: SOON,
    }
}

impl Ask {
    /// The request in a world where the change was made.
    pub fn target(&self, world: &World, asked: &Target) -> Option<Target> {
        let snap = world.snapshot();
        match self {
            Ask::Same => Some(asked.clone()),
            Ask::Other(target) => Some(target.clone()),
            Ask::NodePort(service, at) => {
                let port = snap.get(service)?.service().ports().get(*at)?["nodePort"].as_i64().filter(|p| *p != 0)?;
                let nodes = snap.list(&resource::NODES, "").filter(|n| n.node().is_ready());
                // A worker, if there is one: false is less than true.
                let node = nodes.min_by_key(|n| n.meta.labels.contains("node-role.kubernetes.io/control-plane"))?;
                let same = snap.list(&resource::NODES, "").any(|n| n.node().address("InternalIP") == asked.host);
                let host = if same { asked.host.clone() } else { node.node().address("InternalIP").into() };
                Some(Target { host, port: port as u16, path: asked.path.clone() })
            }
            Ask::Balancer(service, at) => {
                let service = snap.get(service)?;
                let port = service.service().ports().get(*at)?["port"].as_i64()?;
                let host = service.service().ingress_ips().next()?.to_owned();
                Some(Target { host, port: port as u16, path: asked.path.clone() })
            }
        }
    }
}

// === the request is wrong ===

fn other_namespace(case: &Case<'_>, found: &mut Vec<Remedy>) {
    let Some((name, namespace)) = case.named.as_ref().filter(|_| case.service.is_none()) else { return };
    for service in case.snap.list(&resource::SERVICES, "").filter(|s| s.meta.name == *name) {
        let other = &service.meta.namespace;
        let host = format!("{name}.{other}");
        let text = format!("There is no service {name} in namespace {namespace}; there is one in {other}.");
        found.push(case.request(distance(namespace, other).min(5), case.to_host(&host), text));
    }
}

fn other_name(case: &Case<'_>, found: &mut Vec<Remedy>) {
    let Some((name, namespace)) = case.named.as_ref().filter(|_| case.service.is_none()) else { return };
    for service in case.snap.list(&resource::SERVICES, namespace) {
        let other = &service.meta.name;
        let far = distance(name, other);
        let alike = far as usize <= (name.len().max(other.len()) / 3).max(1)
            || other.contains(name.as_str())
            || name.contains(other.as_str());
        if alike {
            let host = case.target.host.replacen(name.as_str(), other, 1);
            let text = format!("There is no service {name} in namespace {namespace}; there is {other}.");
            found.push(case.request(far.min(6), case.to_host(&host), text));
        }
    }
}

fn other_port(case: &Case<'_>, found: &mut Vec<Remedy>) {
    if case.goal == Goal::Lookup {
        return;
    }
    let asked = case.target.port;
    let mut offer = |port: i64, text: String| {
        if port != i64::from(asked) {
            found.push(case.request(5, case.to_port(port), text));
        }
    };
    if let Some(pod) = &case.pod {
        let name = &pod.meta.name;
        for port in case.listened(pod, "TCP") {
            offer(port.into(), format!("Nothing in pod {name} listens on port {asked}; something does on {port}."));
        }
    } else if let Some(service) = case.service.as_ref().filter(|_| !case.node) {
        let name = &service.meta.name;
        if service.service().is_headless() {
            for port in case.listened_by(&case.pods, "TCP") {
                offer(port.into(), format!("Service {name} is headless: one talks to its pods, and they listen on {port}."));
            }
        } else if case.port.is_none() {
            for port in case.ports().iter().filter(|p| p["protocol"].s() != "UDP").filter_map(|p| p["port"].as_i64()) {
                offer(port, format!("Service {name} has no port {asked}; it has {port}."));
            }
        }
    }
}

/// The same service by an address that means something where the client is.
fn reachable_address(case: &Case<'_>, found: &mut Vec<Remedy>) {
    let Some(service) = case.service.as_ref().filter(|_| case.is_out_of_reach() && case.goal != Goal::Lookup) else { return };
    let (view, name) = (service.service(), &service.meta.name);
    let at = case.port.unwrap_or(0);
    let why = if case.ip.is_some() { "a cluster IP means nothing out here" } else { "cluster DNS is not asked out here" };
    if matches!(case.from, Place::Node(_)) && !view.is_headless() && !view.cluster_ip().is_empty() {
        let port = view.ports().get(at).and_then(|p| p["port"].as_i64()).unwrap_or(80);
        let to = Target { host: view.cluster_ip().into(), ..case.to_port(port) };
        found.push(case.request(
            2,
            to,
            format!("On a node, service {name} is reached by its cluster IP: cluster DNS is not asked there."),
        ));
    }
    let key = service.key();
    for (cost, ask, what) in
        [(3, Ask::Balancer(key.clone(), at), "its load balancer"), (4, Ask::NodePort(key, at), "its node port")]
    {
        if let Some(to) = ask.target(case.world, case.target) {
            found.push(case.request(cost, to, format!("Service {name} is reached from here by {what}: {why}.")));
        }
    }
}

fn other_node_port(case: &Case<'_>, found: &mut Vec<Remedy>) {
    if !case.node || case.service.is_some() {
        return;
    }
    let asked = i64::from(case.target.port);
    for service in case.snap.list(&resource::SERVICES, "") {
        let name = &service.meta.name;
        for (at, port) in service.service().ports().iter().enumerate().filter(|(_, p)| p["protocol"].s() != "UDP") {
            let fits = port["port"].as_i64() == Some(asked) || port["targetPort"].as_i64() == Some(asked);
            let Some(number) = port["nodePort"].as_i64().filter(|n| *n != 0) else {
                if fits && service.service().kind() == "ClusterIP" && !service.service().is_headless() {
                    let text = format!("Service {name} is of type ClusterIP: nodes open no port for it.");
                    let ask = Ask::NodePort(service.key(), at);
                    found.push(Remedy { ask, ..edit(20, service, (&["spec", "type"], "NodePort".into_value()), text) });
                }
                continue;
            };
            let far = if fits { 0 } else { distance(&asked.to_string(), &number.to_string()) };
            let text = format!("No service has node port {asked}; {name} has {number}.");
            found.push(case.request(3 + far.min(5), case.to_port(number), text.clone()));
            if (30_000..32_768).contains(&asked) {
                let index = at.to_string();
                found.push(edit(24 + far, service, (&["spec", "ports", &index, "nodePort"], asked.into_value()), text));
            }
        }
    }
}

fn other_path(case: &Case<'_>, found: &mut Vec<Remedy>) {
    if case.status.starts_with("404") && case.target.path != "/" {
        let to = Target { path: "/".into(), ..case.target.clone() };
        found.push(case.request(8, to, format!("The server answers, but has nothing at {}.", case.target.path)));
    }
}

// === an object is wrong ===

/// The service cannot be reached from outside at all.
fn kind(case: &Case<'_>, found: &mut Vec<Remedy>) {
    let Some(service) = case.service.as_ref().filter(|_| *case.from == Place::Outside && case.goal != Goal::Lookup) else {
        return;
    };
    if service.service().kind() != "ClusterIP" || service.service().is_headless() {
        return;
    }
    let (key, at, name) = (service.key(), case.port.unwrap_or(0), &service.meta.name);
    let text = |what: &str| format!("Service {name} is of type ClusterIP, which exists only inside the cluster; {what}.");
    let to = |kind: &str| (["spec", "type"], kind.into_value());
    let ((path, node_port), (_, balancer)) = (to("NodePort"), to("LoadBalancer"));
    let node_port = edit(20, service, (&path, node_port), text("a node port opens it on every node"));
    let balancer = edit(21, service, (&path, balancer), text("a load balancer gives it an address out here"));
    found.push(Remedy { ask: Ask::NodePort(key.clone(), at), ..node_port });
    found.push(Remedy { ask: Ask::Balancer(key, at), waits: CLOUD, ..balancer });
}

/// How many pods carry each label that may be selected by, among those that fit a selector.
fn labels(case: &Case<'_>, namespace: &str, selector: &Selector) -> BTreeMap<(Text, Text), u32> {
    let mut found = BTreeMap::new();
    for pod in case.active(namespace).filter(|p| selector.matches(&p.meta.labels)) {
        for (key, value) in pod.meta.labels.iter().filter(|(key, _)| !is_own(key)) {
            *found.entry((key.clone(), value.text())).or_insert(0) += 1;
        }
    }
    found
}

fn is_own(label: &str) -> bool {
    OWN_LABELS.iter().any(|own| label.starts_with(own))
}

fn selector(case: &Case<'_>, found: &mut Vec<Remedy>) {
    let Some(service) = case.service.as_ref().filter(|s| s.service().kind() != "ExternalName") else { return };
    let (namespace, own) = (&service.meta.namespace, &service.spec()["selector"]);
    // A selector that finds pods is a less likely culprit.
    let base = if case.pods.is_empty() { 10 } else { 30 };
    if own.is_empty() {
        for ((key, value), count) in labels(case, namespace, &Selector::everything()) {
            let text = format!("Service {} selects nothing; {} {key}={value}.", service.meta.name, carry(count));
            let cost = 16 + distance(&value, &service.meta.name).min(5);
            found.push(edit(cost, service, (&["spec", "selector", &key], value.into_value()), text));
        }
        return;
    }
    for (key, value) in own.entries() {
        let value = value.text();
        let rest = own.as_map().map(|all| all.iter().filter(|(k, _)| *k != key).map(|(k, v)| (k.clone(), v.clone())).collect());
        let rest = Value::Map(rest.unwrap_or_default());
        let others = if rest.is_empty() { Selector::everything() } else { Selector::of_map(&rest) };
        let carried = labels(case, namespace, &others);
        let none = format!("No pod carries {key}={value}");
        for ((other, to), count) in &carried {
            let far = distance(&value, to).min(if *to == service.meta.name { 1 } else { 9 });
            if other == key && *to != value {
                let text = format!("{none}; {} {other}={to}.", carry(*count));
                found.push(edit(base + far, service, (&["spec", "selector", key], to.into_value()), text));
            } else if other != key && !own.entries().iter().any(|(k, _)| k == other) && (*to == value || far <= 1) {
                let text = format!("{none}; {} {other}={to}.", carry(*count));
                found.push(renamed(base + 4 + far, service, ((key, &value), (other, to)), text));
            }
        }
        if !rest.is_empty() && !carried.is_empty() {
            let text = format!("{none} and the rest; without it the selector finds pods.");
            found.push(edit(base + 8, service, (&["spec", "selector", key], Value::Null), text));
        }
    }
}

/// Another label in the place of one.
fn renamed(cost: u32, service: &Object, ((key, value), (other, to)): ((&Text, &Text), (&Text, &Text)), text: String) -> Remedy {
    let labels: value::Map = [(key.clone(), Value::Null), (other.clone(), to.into_value())].into_iter().collect();
    Remedy {
        path: "spec.selector".into(),
        old: format!("{key}: {value}"),
        new: format!("{other}: {to}"),
        patch: obj! { "spec" => obj! { "selector" => Value::Map(labels) } },
        ..edit(cost, service, (&["spec", "selector", key], Value::Null), text)
    }
}

fn target_port(case: &Case<'_>, found: &mut Vec<Remedy>) {
    let (Some(service), Some(at)) = (&case.service, case.port) else { return };
    let port = &case.ports()[at];
    let (old, protocol, index) = (words(&port["targetPort"]), port["protocol"].s(), at.to_string());
    let old = if old.is_empty() { words(&port["port"]) } else { old };
    let path = ["spec", "ports", &index, "targetPort"];
    let listened = case.listened_by(&case.pods, protocol);
    let is_name = old.parse::<u16>().is_err();
    let declared: BTreeSet<(Text, i64)> = case
        .pods
        .iter()
        .flat_map(|pod| pod.pod().containers().iter().flat_map(|c| c["ports"].items()))
        .filter_map(|p| Some((p["name"].text(), p["containerPort"].as_i64()?)))
        .collect();
    for (name, number) in declared.iter().filter(|(name, _)| is_name && !name.is_empty()) {
        let text = format!("No port of the pods is named {old}; port {number} is named {name}.");
        found.push(edit(10 + distance(&old, name).min(5), service, (&path, name.into_value()), text));
    }
    let said = if is_name { format!("no port of theirs is named {old}") } else { format!("not on {old}") };
    for number in listened.iter().map(|n| i64::from(*n)).filter(|n| n.to_string() != old) {
        let is_declared = declared.iter().any(|(_, d)| *d == number);
        let cost = 11 + u32::from(!is_declared) + u32::from(is_name) * 3;
        found.push(edit(cost, service, (&path, number.into_value()), format!("The pods listen on port {number}, {said}.")));
    }
}

/// The port that was asked is to be one of the service's.
fn service_port(case: &Case<'_>, found: &mut Vec<Remedy>) {
    let Some(service) = case.service.as_ref().filter(|_| !case.node && case.port.is_none() && case.goal != Goal::Lookup) else {
        return;
    };
    let asked = i64::from(case.target.port);
    for (at, port) in case.ports().iter().enumerate() {
        let (index, name) = (at.to_string(), &service.meta.name);
        if port["protocol"].s() == "UDP" && port["port"].as_i64() == Some(asked) {
            let text = format!("Service {name} serves port {asked} over UDP only.");
            found.push(edit(9, service, (&["spec", "ports", &index, "protocol"], "TCP".into_value()), text));
        } else {
            let text = format!("Service {name} has no port {asked}.");
            found.push(edit(17, service, (&["spec", "ports", &index, "port"], asked.into_value()), text));
        }
    }
}

fn replicas(case: &Case<'_>, found: &mut Vec<Remedy>) {
    let Some(service) = case.service.as_ref().filter(|s| case.pods.is_empty() && !s.spec()["selector"].is_empty()) else {
        return;
    };
    let selector = Selector::of_map(&service.spec()["selector"]);
    for kind in [&resource::DEPLOYMENTS, &resource::STATEFUL_SETS, &resource::REPLICA_SETS] {
        for owner in case.snap.list(kind, &service.meta.namespace) {
            let labels = owner.value.at(&["spec", "template", "metadata", "labels"]).as_map().cloned().unwrap_or_default();
            let own = owner.meta.controller().is_none() && owner.spec()["replicas"].as_i64() == Some(0);
            if own && selector.matches(&labels) {
                let (what, name) = (owner.kind(), &owner.meta.name);
                let text = format!("{what} {name}, whose pods the service selects, is scaled to 0.");
                found.push(Remedy { waits: PODS, ..edit(9, owner, (&["spec", "replicas"], 1.into_value()), text) });
            }
        }
    }
}

fn policies(case: &Case<'_>, found: &mut Vec<Remedy>) {
    let Some(service) = &case.service else { return };
    for policy in ["externalTrafficPolicy", "internalTrafficPolicy"] {
        if service.spec()[policy].s() == "Local" {
            let text = format!("{policy} Local uses endpoints of the node that the packet is at, and there is no ready one.");
            found.push(edit(12, service, (&["spec", policy], "Cluster".into_value()), text));
        }
    }
}

fn source_ranges(case: &Case<'_>, found: &mut Vec<Remedy>) {
    let Some(service) = case.service.as_ref().filter(|_| *case.from == Place::Outside) else { return };
    if let Some(range) = service.spec()["loadBalancerSourceRanges"].items().first() {
        let text = format!("The client's address {OUTSIDE} is not in {}.", range.s());
        let path = ["spec", "loadBalancerSourceRanges", "0"];
        found.push(edit(12, service, (&path, format!("{OUTSIDE}/32").into_value()), text));
    }
}

/// Probes that ask a port or a path which is not there keep pods from becoming ready.
fn probes(case: &Case<'_>, found: &mut Vec<Remedy>) {
    let mut seen = BTreeSet::new();
    for pod in case.pods.iter().filter(|pod| !pod.pod().is_ready()) {
        let Some(owner) = owner(case, pod).filter(|owner| seen.insert(owner.key())) else { continue };
        let listened = case.listened(pod, "TCP");
        let containers = owner.value.at(&["spec", "template", "spec", "containers"]).items();
        for (index, container) in containers.iter().enumerate() {
            let index = index.to_string();
            for (rank, probe) in ["readinessProbe", "startupProbe", "livenessProbe"].into_iter().enumerate() {
                let path = ["spec", "template", "spec", "containers", &index, probe];
                probe_edits(13 + rank as u32, &owner, (&path, container, &listened), found);
            }
        }
    }
}

fn probe_edits(cost: u32, owner: &Object, (path, container, listened): (&[&str], &Value, &[u16]), found: &mut Vec<Remedy>) {
    let name = path.last().copied().unwrap_or_default();
    for how in ["httpGet", "tcpSocket"] {
        let asked = &container[name][how];
        if asked.is_null() {
            continue;
        }
        let declared =
            container["ports"].items().iter().find(|p| p["name"].s() == asked["port"].s() && !asked["port"].s().is_empty());
        let port = asked["port"].as_i64().or_else(|| declared.and_then(|p| p["containerPort"].as_i64()));
        let mut offer = |field: &str, to: Value, text: String| {
            let path = [path, &[how, field]].concat();
            found.push(Remedy { waits: PODS, ..edit(cost, owner, (&path, to), text) });
        };
        let heard = port.is_some_and(|port| listened.iter().any(|l| i64::from(*l) == port));
        for to in listened.iter().filter(|_| !heard) {
            let text =
                format!("The {name} asks port {}, where nothing listens; the container listens on {to}.", words(&asked["port"]));
            offer("port", i64::from(*to).into_value(), text);
        }
        let path = asked["path"].s();
        if heard && !path.is_empty() && path != "/" {
            offer("path", "/".into_value(), format!("The {name} asks for {path}, which the server does not have."));
        }
    }
}

/// Pods that fit nowhere, and nodes that take none.
fn cordons(case: &Case<'_>, found: &mut Vec<Remedy>) {
    if !case.pods.iter().any(|pod| pod.pod().node().is_empty()) || case.pods.iter().any(|pod| pod.pod().is_ready()) {
        return;
    }
    for node in case.snap.list(&resource::NODES, "").filter(|n| n.node().is_unschedulable()) {
        let text = format!("The pods wait for a node, and {} is cordoned.", node.meta.name);
        found.push(Remedy { waits: PODS, ..edit(14, node, (&["spec", "unschedulable"], Value::Null), text) });
    }
}

/// Whose template a pod is made from.
fn owner(case: &Case<'_>, pod: &Object) -> Option<Arc<Object>> {
    let namespace = &pod.meta.namespace;
    let find = |of: &Object| {
        let owner = of.meta.controller()?;
        let kind = resource::of_kind(&owner.api_version, &owner.kind)?;
        case.snap.find(&kind, namespace, &owner.name).cloned()
    };
    let first = find(pod)?;
    if first.resource == resource::REPLICA_SETS { find(&first) } else { Some(first) }
}

/// What keeps a pod from being ready, in Kubernetes' words.
fn trouble(pod: &Object) -> Option<String> {
    let waiting = |status: &Value| {
        let waiting = &status["state"]["waiting"];
        let reason = waiting["reason"].s();
        let last = &status["lastState"]["terminated"];
        match reason {
            "" | "ContainerCreating" | "PodInitializing" => None,
            "CrashLoopBackOff" => Some(format!("{reason}: its container ended with code {}", words(&last["exitCode"]))),
            _ => Some(format!("{reason}: {}", waiting["message"].s())),
        }
    };
    let status = pod.status();
    let statuses = status["initContainerStatuses"].items().iter().chain(status["containerStatuses"].items());
    let container = statuses.clone().find_map(waiting);
    let unplaced = || {
        let conditions = status["conditions"].items();
        let found = conditions.iter().find(|c| c["type"].s() == "PodScheduled" && c["status"].s() == "False")?;
        Some(format!("it has no node: {}", found["message"].s()))
    };
    let probe = || {
        let runs = status["containerStatuses"].items().iter().any(|s| !s["state"]["running"].is_null() && !s["ready"].is_true());
        runs.then(|| "it runs, but its readiness probe fails".to_owned())
    };
    container.or_else(unplaced).or_else(probe)
}

// === words ===

/// The service and namespace that a host name means to a client.
fn service_name(host: &str, from: &Place) -> Option<(Text, Text)> {
    let host = host.trim_end_matches('.');
    let bare = host.strip_suffix(".svc.cluster.local").or(host.strip_suffix(".svc")).unwrap_or(host);
    match bare.split_once('.') {
        None => {
            let namespace = if let Place::Pod { namespace, .. } = from { namespace.clone() } else { text!("default") };
            Some((bare.into(), namespace))
        }
        Some((name, namespace)) if !namespace.contains('.') => Some((name.into(), namespace.into())),
        Some(_) => None,
    }
}

fn words(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Str(text) => text.to_string(),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::List(_) | Value::Map(_) => value.to_json(),
    }
}

fn pair(target: &Target) -> String {
    format!("{}:{}", target.host, target.port)
}

fn carry(count: u32) -> String {
    if count == 1 { "one pod carries".into() } else { format!("{count} pods carry") }
}

/// How many letters have to be added, dropped, changed or swapped.
fn distance(one: &str, other: &str) -> u32 {
    let (a, b): (Vec<char>, Vec<char>) = (one.chars().take(64).collect(), other.chars().take(64).collect());
    let mut rows: Vec<Vec<u32>> = vec![(0..=b.len() as u32).collect()];
    for (i, from) in a.iter().enumerate() {
        let mut row = vec![i as u32 + 1];
        for (j, to) in b.iter().enumerate() {
            let changed = rows[i][j] + u32::from(from != to);
            let swapped = i > 0 && j > 0 && a[i - 1] == *to && *from == b[j - 1];
            let swapped = if swapped { rows[i - 1][j - 1] + 1 } else { u32::MAX };
            row.push(changed.min(rows[i][j + 1] + 1).min(row[j] + 1).min(swapped));
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_near_or_far() {
        for (one, other, want) in [("web", "web", 0), ("ehco", "echo", 1), ("wep", "web", 1), ("", "abc", 3), ("ab", "abc", 1)] {
            assert_eq!(distance(one, other), want, "{one} {other}");
        }
    }

    #[test]
    fn hosts_are_services() {
        let pod = Place::Pod { namespace: text!("shop"), name: text!("a") };
        let check = |host: &str, from: &Place, want: Option<(&str, &str)>| {
            let found = service_name(host, from);
            assert_eq!(found.as_ref().map(|(a, b)| (a.as_str(), b.as_str())), want, "{host}");
        };
        check("web", &pod, Some(("web", "shop")));
        check("web", &Place::Outside, Some(("web", "default")));
        check("web.other", &pod, Some(("web", "other")));
        check("web.other.svc", &pod, Some(("web", "other")));
        check("web.other.svc.cluster.local.", &pod, Some(("web", "other")));
        check("www.example.com", &pod, None);
    }
}
