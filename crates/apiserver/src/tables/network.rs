//! Rows of services, endpoints, ingresses and policies.

use super::cells::{NONE, UNSET, age, labels, name, number, or_none, selector, text};
use base::Time;
use value::Value;

pub fn service(service: &Value, now: Time) -> Vec<Value> {
    let spec = &service["spec"];
    vec![
        name(service),
        spec["type"].clone(),
        or_none(&spec["clusterIPs"][0]),
        text(&external(service)),
        text(&service_ports(&spec["ports"])),
        age(service, now),
        labels(&spec["selector"]),
    ]
}

fn external(service: &Value) -> String {
    let spec = &service["spec"];
    let ips: Vec<&str> = spec["externalIPs"].items().iter().map(Value::s).collect();
    let own = |fallback: &str| if ips.is_empty() { fallback.to_string() } else { ips.join(",") };
    match spec["type"].s() {
        "ClusterIP" | "NodePort" => own(NONE),
        "LoadBalancer" => {
            let ingress = service["status"]["loadBalancer"]["ingress"].items();
            let mut all: Vec<&str> =
                ingress.iter().map(|i| if i["ip"].is_empty() { i["hostname"].s() } else { i["ip"].s() }).collect();
            all.sort_unstable();
            all.dedup();
            all.extend(&ips);
            if all.is_empty() { "<pending>".into() } else { all.join(",") }
        }
        "ExternalName" => spec["externalName"].s().into(),
        _ => "<unknown>".into(),
    }
}

fn service_ports(ports: &Value) -> String {
    if ports.items().is_empty() {
        return NONE.into();
    }
    let one = |p: &Value| {
        let node = number(&p["nodePort"]);
        let node = if node > 0 { format!(":{node}") } else { String::new() };
        format!("{}{node}/{}", number(&p["port"]), p["protocol"].s())
    };
    ports.items().iter().map(one).collect::<Vec<_>>().join(",")
}

pub fn endpoints(endpoints: &Value, now: Time) -> Vec<Value> {
    vec![name(endpoints), text(&endpoint_list(&endpoints["subsets"])), age(endpoints, now)]
}

/// At most three of them. Models formatEndpoints.
fn endpoint_list(subsets: &Value) -> String {
    if subsets.items().is_empty() {
        return NONE.into();
    }
    let mut list: Vec<String> = Vec::new();
    for subset in subsets.items() {
        let (ports, addresses) = (subset["ports"].items(), subset["addresses"].items());
        if ports.is_empty() {
            list.extend(addresses.iter().map(|a| a["ip"].s().to_string()));
        }
        for port in ports {
            list.extend(addresses.iter().map(|a| host_port(a["ip"].s(), number(&port["port"]))));
        }
    }
    if list.is_empty() { NONE.into() } else { at_most_three(&list) }
}

fn host_port(ip: &str, port: i64) -> String {
    if ip.contains(':') { format!("[{ip}]:{port}") } else { format!("{ip}:{port}") }
}

fn at_most_three(list: &[String]) -> String {
    let shown = list[..list.len().min(3)].join(",");
    if list.len() > 3 { format!("{shown} + {} more...", list.len() - 3) } else { shown }
}

pub fn endpoint_slice(slice: &Value, now: Time) -> Vec<Value> {
    let ports: Vec<String> =
        slice["ports"].items().iter().map(|p| p["port"].as_i64().map_or_else(|| "*".to_string(), |n| n.to_string())).collect();
    let addresses: Vec<String> =
        slice["endpoints"].items().iter().flat_map(|e| e["addresses"].items()).map(|a| a.s().to_string()).collect();
    let list = |list: &[String]| if list.is_empty() { UNSET.to_string() } else { at_most_three(list) };
    vec![name(slice), slice["addressType"].clone(), text(&list(&ports)), text(&list(&addresses)), age(slice, now)]
}

pub fn ingress(ingress: &Value, now: Time) -> Vec<Value> {
    let spec = &ingress["spec"];
    let mut hosts: Vec<String> = Vec::new();
    for rule in spec["rules"].items() {
        let host = rule["host"].s();
        if !host.is_empty() && !hosts.iter().any(|h| h == host) {
            hosts.push(host.to_string());
        }
    }
    let hosts = if hosts.is_empty() { "*".to_string() } else { at_most_three(&hosts) };
    let annotation = &ingress["metadata"]["annotations"]["kubernetes.io/ingress.class"];
    let class = if spec["ingressClassName"].is_empty() { annotation } else { &spec["ingressClassName"] };
    let balancers = ingress["status"]["loadBalancer"]["ingress"].items();
    let mut addresses: Vec<&str> =
        balancers.iter().map(|i| if i["ip"].is_empty() { i["hostname"].s() } else { i["ip"].s() }).collect();
    addresses.sort_unstable();
    addresses.dedup();
    let ports = if spec["tls"].is_empty() { "80" } else { "80, 443" };
    vec![name(ingress), or_none(class), text(&hosts), text(&addresses.join(",")), text(ports), age(ingress, now)]
}

pub fn ingress_class(class: &Value, now: Time) -> Vec<Value> {
    let parameters = &class["spec"]["parameters"];
    let shown = if parameters.is_null() {
        NONE.to_string()
    } else {
        let group = parameters["apiGroup"].s();
        let kind = parameters["kind"].s();
        let kind = if group.is_empty() { kind.to_string() } else { format!("{kind}.{group}") };
        format!("{kind}/{}", parameters["name"].s())
    };
    vec![name(class), class["spec"]["controller"].clone(), text(&shown), age(class, now)]
}

pub fn network_policy(policy: &Value, now: Time) -> Vec<Value> {
    vec![name(policy), selector(&policy["spec"]["podSelector"]), age(policy, now)]
}

pub fn ip_address(address: &Value, now: Time) -> Vec<Value> {
    let parent = &address["spec"]["parentRef"];
    let group = if parent["group"].is_empty() { String::new() } else { format!(".{}", parent["group"].s()) };
    let shown = format!("{}{group}/{}/{}", parent["resource"].s(), parent["namespace"].s(), parent["name"].s());
    vec![name(address), text(&shown), age(address, now)]
}

pub fn service_cidr(cidr: &Value, now: Time) -> Vec<Value> {
    vec![name(cidr), text(&super::cells::join(cidr["spec"]["cidrs"].items(), ",")), age(cidr, now)]
}
