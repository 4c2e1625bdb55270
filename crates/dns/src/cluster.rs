//! Names below the cluster domain: services, their endpoints and ports, pods by dashed address.
//! Models coredns plugin/kubernetes (findServices, findPods).

use base::{Text, text};
use model::{Object, resource};
use std::net::IpAddr;
use std::sync::Arc;
use store::Snapshot;
use value::Value;

/// What a name stands for.
pub enum Found {
    Nothing,
    /// The cluster domain itself.
    Apex,
    /// `svc`, `pod`, or a namespace below them: exists, has no records.
    Between,
    Version,
    /// An ExternalName's target, absolute.
    Alias(Text),
    Addresses(Addresses),
}

#[derive(Default)]
pub struct Addresses {
    pub targets: Vec<Target>,
}

/// An address with a port (one for each port of a service).
pub struct Target {
    pub ip: IpAddr,
    pub port: u16,
    /// The name that an SRV record points to.
    pub name: Text,
}

/// What `rest`, the part of a name before the domain (no final dot), stands for.
pub fn find(snap: &Snapshot, rest: &str, domain: &str) -> Found {
    let labels: Vec<&str> = if rest.is_empty() { Vec::new() } else { rest.split('.').collect() };
    match labels.as_slice() {
        [] => Found::Apex,
        ["dns-version"] => Found::Version,
        ["ns", "dns"] => server(snap, domain),
        ["svc" | "pod"] => Found::Between,
        [namespace, "svc" | "pod"] if exists(snap, namespace) => Found::Between,
        [address, namespace, "pod"] | [_, address, namespace, "pod"] => pod(snap, address, namespace, domain),
        [service, namespace, "svc"] => find_service(snap, (service, namespace), None, domain),
        [endpoint, service, namespace, "svc"] => {
            find_service(snap, (service, namespace), Some(Narrow::Endpoint(endpoint)), domain)
        }
        [port, protocol, service, namespace, "svc"] => {
            find_service(snap, (service, namespace), Some(Narrow::Port(strip(port), strip(protocol))), domain)
        }
        _ => Found::Nothing,
    }
}

fn strip(label: &str) -> &str {
    label.strip_prefix('_').unwrap_or(label)
}

enum Narrow<'a> {
    Endpoint(&'a str),
    Port(&'a str, &'a str),
}

fn exists(snap: &Snapshot, namespace: &str) -> bool {
    snap.find(&resource::NAMESPACES, "", namespace).is_some()
}

/// The addresses of the DNS service itself.
pub fn server_addresses(snap: &Snapshot) -> Vec<IpAddr> {
    snap.find(&resource::SERVICES, "kube-system", "kube-dns").map(|s| cluster_ips(s)).unwrap_or_default()
}

fn server(snap: &Snapshot, domain: &str) -> Found {
    let name: Text = format!("ns.dns.{domain}").into();
    let targets = server_addresses(snap).into_iter().map(|ip| Target { ip, port: 53, name: name.clone() }).collect();
    Found::Addresses(Addresses { targets })
}

/// Any dashed address in any namespace that exists (`pods insecure`).
fn pod(snap: &Snapshot, address: &str, namespace: &str, domain: &str) -> Found {
    let ip = if address.bytes().filter(|b| *b == b'-').count() == 3 && !address.contains("--") {
        address.replace('-', ".").parse().ok()
    } else {
        address.replace('-', ":").parse().ok()
    };
    match ip {
        Some(ip) if exists(snap, namespace) => {
            let name = format!("{address}.{namespace}.pod.{domain}").into();
            Found::Addresses(Addresses { targets: vec![Target { ip, port: 0, name }] })
        }
        _ => Found::Nothing,
    }
}

pub fn cluster_ips(service: &Object) -> Vec<IpAddr> {
    let list = service.value["spec"]["clusterIPs"].items();
    let mut ips: Vec<IpAddr> = list.iter().filter_map(|ip| ip.s().parse().ok()).collect();
    if ips.is_empty() {
        ips.extend(service.service().cluster_ip().parse::<IpAddr>().ok());
    }
    ips
}

/// The slices of a service.
pub fn slices<'a>(snap: &'a Snapshot, namespace: &str, service: &'a str) -> impl Iterator<Item = &'a Arc<Object>> + use<'a> {
    snap.list(&resource::ENDPOINT_SLICES, namespace).filter(move |s| s.meta.label("kubernetes.io/service-name") == service)
}

/// The label by which an endpoint is named: its hostname, else its dashed address.
pub fn endpoint_label(endpoint: &Value, address: &str) -> Text {
    match endpoint["hostname"].s() {
        "" => address.replace(['.', ':'], "-").into(),
        hostname => hostname.into(),
    }
}

pub fn is_ready(endpoint: &Value) -> bool {
    endpoint["conditions"]["ready"].as_bool().unwrap_or(true)
}

fn find_service(snap: &Snapshot, (name, namespace): (&str, &str), narrow: Option<Narrow<'_>>, domain: &str) -> Found {
    let Some(service) = snap.find(&resource::SERVICES, namespace, name) else { return Found::Nothing };
    let suffix = format!("{name}.{namespace}.svc.{domain}");
    if service.service().kind() == "ExternalName" {
        return external(service, narrow.is_some());
    }
    let mut targets = Vec::new();
    let by_endpoint = service.service().is_headless() || matches!(narrow, Some(Narrow::Endpoint(_)));
    if by_endpoint {
        endpoint_targets(snap, service, narrow.as_ref(), (&suffix, &mut targets));
    } else {
        for port in service.service().ports().iter().filter(|p| fits(p, narrow.as_ref())) {
            for ip in cluster_ips(service) {
                targets.push(Target { ip, port: number(port), name: suffix.as_str().into() });
            }
        }
    }
    if targets.is_empty() { Found::Nothing } else { Found::Addresses(Addresses { targets }) }
}

fn external(service: &Object, narrowed: bool) -> Found {
    let target = service.value["spec"]["externalName"].s();
    if narrowed || target.parse::<IpAddr>().is_ok() {
        return Found::Nothing;
    }
    Found::Alias(if target.ends_with('.') { target.into() } else { format!("{target}.").into() })
}

fn endpoint_targets(snap: &Snapshot, service: &Object, narrow: Option<&Narrow<'_>>, (suffix, targets): (&str, &mut Vec<Target>)) {
    let no_port = Value::map();
    for slice in slices(snap, &service.meta.namespace, &service.meta.name) {
        for endpoint in slice.value["endpoints"].items().iter().filter(|e| is_ready(e)) {
            for address in endpoint["addresses"].items() {
                let label = endpoint_label(endpoint, address.s());
                let wanted = if let Some(Narrow::Endpoint(name)) = narrow { label == *name } else { true };
                let Some(ip) = address.s().parse().ok().filter(|_| wanted) else { continue };
                let name: Text = format!("{label}.{suffix}").into();
                let ports = slice.value["ports"].items();
                let ports = if ports.is_empty() { std::slice::from_ref(&no_port) } else { ports };
                for port in ports.iter().filter(|p| fits(p, narrow)) {
                    targets.push(Target { ip, port: number(port), name: name.clone() });
                }
            }
        }
    }
}

fn fits(port: &Value, narrow: Option<&Narrow<'_>>) -> bool {
    match narrow {
        Some(Narrow::Port(name, protocol)) => {
            let have = if port["protocol"].s().is_empty() { text!("TCP") } else { port["protocol"].text() };
            port["name"].s() == *name && have.eq_ignore_ascii_case(protocol)
        }
        Some(Narrow::Endpoint(_)) | None => true,
    }
}

fn number(port: &Value) -> u16 {
    port["port"].as_i64().and_then(|p| u16::try_from(p).ok()).unwrap_or(0)
}
