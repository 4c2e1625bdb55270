//! What the page says about a Service: its addresses, its endpoints and how they are, and the ways to reach it.

use base::Text;
use model::{Key, Object, resource};
use store::Snapshot;

/// One backend of a Service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoint {
    pub address: Text,
    /// Empty if the slice names no pod.
    pub pod: Text,
    pub node: Text,
    pub state: State,
}

/// Whether it gets requests.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum State {
    Ready,
    NotReady,
    Terminating,
}

impl State {
    /// In words.
    pub fn word(self) -> &'static str {
        match self {
            State::Ready => "ready",
            State::NotReady => "not ready",
            State::Terminating => "terminating",
        }
    }
}

/// The endpoints of a Service, from its slices.
pub fn endpoints(snapshot: &Snapshot, service: &Object) -> Vec<Endpoint> {
    let name = service.meta.name.as_str();
    let slices = snapshot.list(&resource::ENDPOINT_SLICES, &service.meta.namespace);
    let own = slices.filter(|slice| slice.meta.label("kubernetes.io/service-name") == name);
    let all = own.flat_map(|slice| slice.value["endpoints"].items());
    all.map(|endpoint| {
        let conditions = &endpoint["conditions"];
        let state = match (conditions["terminating"].is_true(), conditions["ready"].as_bool().unwrap_or(true)) {
            (true, _) => State::Terminating,
            (false, true) => State::Ready,
            (false, false) => State::NotReady,
        };
        let pod = if endpoint["targetRef"]["kind"].s() == "Pod" { endpoint["targetRef"]["name"].text() } else { Text::new() };
        Endpoint { address: endpoint["addresses"][0].text(), pod, node: endpoint["nodeName"].text(), state }
    })
    .collect()
}

/// The type as people call it: `Headless` is none of the API's.
pub fn kind(service: &Object) -> &str {
    if service.service().is_headless() { "Headless" } else { service.service().kind() }
}

/// `80`, `80:30080/TCP`, `53/UDP`.
pub fn ports(service: &Object) -> String {
    let port = |port: &value::Value| {
        let protocol = port["protocol"].s();
        let node = port["nodePort"].as_i64().filter(|p| *p != 0).map(|p| format!(":{p}")).unwrap_or_default();
        let suffix = if protocol == "TCP" || protocol.is_empty() { String::new() } else { ["/", protocol].concat() };
        format!("{}{node}{suffix}", port["port"].as_i64().unwrap_or(0))
    };
    service.service().ports().iter().map(port).collect::<Vec<_>>().join(", ")
}

/// Its addresses, the outermost first.
pub fn addresses(service: &Object) -> String {
    let view = service.service();
    let mut found: Vec<String> = view.ingress_ips().map(|ip| [ip, " (outside)"].concat()).collect();
    if view.kind() == "LoadBalancer" && found.is_empty() {
        found.push("<pending>".to_owned());
    }
    match view.kind() {
        "ExternalName" => found.push(["→ ", service.spec()["externalName"].s()].concat()),
        _ if view.is_headless() => found.push("no address of its own".to_owned()),
        _ => found.push(view.cluster_ip().to_owned()),
    }
    found.join(", ")
}

/// One way to ask a Service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Route {
    pub title: String,
    pub url: String,
}

/// Every way to ask a Service over HTTP: names, cluster IP, node ports, load balancer.
pub fn routes(snapshot: &Snapshot, service: &Object) -> Vec<Route> {
    let view = service.service();
    let (name, namespace) = (&service.meta.name, &service.meta.namespace);
    let mut found = Vec::new();
    let mut add = |title: &str, host: &str, port: i64| {
        let host = if host.contains(':') { ["[", host, "]"].concat() } else { host.to_owned() };
        let url = if port == 80 { format!("http://{host}") } else { format!("http://{host}:{port}") };
        found.push(Route { title: title.to_owned(), url });
    };
    let tcp: Vec<_> = view.ports().iter().filter(|port| port["protocol"].s() != "UDP").collect();
    let default = [80];
    let numbers: Vec<i64> = tcp.iter().map(|port| port["port"].as_i64().unwrap_or(80)).collect();
    for port in if numbers.is_empty() { &default[..] } else { &numbers } {
        add("by name", name, *port);
        add("by full name", &format!("{name}.{namespace}.svc.cluster.local"), *port);
        if !view.is_headless() && !view.cluster_ip().is_empty() {
            add("by cluster IP", view.cluster_ip(), *port);
        }
        for ip in view.ingress_ips() {
            add("by load balancer", ip, *port);
        }
    }
    for port in tcp.iter().filter_map(|port| port["nodePort"].as_i64()).filter(|port| *port != 0) {
        for node in snapshot.list(&resource::NODES, "") {
            add(&["by node port of ", node.meta.name.as_str()].concat(), node.node().address("InternalIP"), port);
        }
    }
    found
}

/// The key of a pod.
pub fn pod_key(namespace: &Text, name: &Text) -> Key {
    Key::new(&resource::PODS, namespace.clone(), name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use value::{Value, list, obj};

    fn service(spec: Value) -> Object {
        let metadata = obj! { "name" => "web", "namespace" => "shop" };
        Object::new(&resource::SERVICES, obj! { "kind" => "Service", "metadata" => metadata, "spec" => spec })
    }

    fn urls(spec: Value) -> Vec<String> {
        routes(&Snapshot::default(), &service(spec)).into_iter().map(|route| route.url).collect()
    }

    #[test]
    fn services_are_reached_in_many_ways() {
        let ports = list![obj! { "port" => 8888, "protocol" => "TCP" }];
        assert_eq!(
            urls(obj! { "type" => "ClusterIP", "clusterIP" => "10.96.0.9", "ports" => &ports }),
            ["http://web:8888", "http://web.shop.svc.cluster.local:8888", "http://10.96.0.9:8888"]
        );
        let headless = obj! { "type" => "ClusterIP", "clusterIP" => "None", "ports" => &ports };
        assert_eq!(urls(headless.clone()), ["http://web:8888", "http://web.shop.svc.cluster.local:8888"]);
        assert_eq!(kind(&service(headless)), "Headless");
        assert_eq!(urls(obj! { "type" => "ExternalName" }), ["http://web", "http://web.shop.svc.cluster.local"]);
    }

    #[test]
    fn ports_are_as_kubectl_writes_them() {
        let ports_of = |ports_list: Value| ports(&service(obj! { "type" => "NodePort", "ports" => ports_list }));
        assert_eq!(ports_of(list![obj! { "port" => 80, "nodePort" => 30080, "protocol" => "TCP" }]), "80:30080");
        assert_eq!(ports_of(list![obj! { "port" => 53, "protocol" => "UDP" }, obj! { "port" => 53 }]), "53/UDP, 53");
    }
}
