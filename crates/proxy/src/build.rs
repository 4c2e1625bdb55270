//! From a snapshot to the rules of one node. Models pkg/proxy ServiceChangeTracker and the nftables proxier's sync.

use crate::endpoints::{Here, candidates, cluster, local};
use crate::{Config, Entry, Kind, Protocol, RuleSet, ServicePort};
use base::{Cidr, Duration, Text};
use model::{Object, ServiceView, resource};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use store::Snapshot;
use value::Value;

/// The rules that the proxy of `node` loads for this snapshot.
pub fn build(snap: &Snapshot, node: &str, config: &Config) -> RuleSet {
    let found = snap.find(&resource::NODES, "", node);
    let zone = found.map(|n| Text::from(n.meta.label("topology.kubernetes.io/zone"))).unwrap_or_default();
    let mut rules = RuleSet {
        node: node.into(),
        config: config.clone(),
        node_ip: found.and_then(|n| n.node().address("InternalIP").parse().ok()),
        gateway: found.and_then(|n| Cidr::parse(n.node().pod_cidr())).and_then(|cidr| cidr.nth(1)),
        services: Vec::new(),
        service_ips: BTreeMap::new(),
        node_ports: BTreeMap::new(),
        cluster_ips: BTreeSet::new(),
    };
    let slices = by_service(snap);
    let here = Here { node, zone: &zone };
    for service in snap.list(&resource::SERVICES, "").filter(|s| is_served(s)) {
        let own = slices.get(&(service.meta.namespace.as_str(), service.meta.name.as_str()));
        add_service(&mut rules, service, own.map_or(&[], Vec::as_slice), &here);
    }
    rules
}

type Slices<'a> = BTreeMap<(&'a str, &'a str), Vec<&'a Arc<Object>>>;

fn by_service(snap: &Snapshot) -> Slices<'_> {
    let mut slices = Slices::new();
    for slice in snap.list(&resource::ENDPOINT_SLICES, "") {
        let name = slice.meta.label("kubernetes.io/service-name");
        slices.entry((slice.meta.namespace.as_str(), name)).or_default().push(slice);
    }
    slices
}

/// Headless services, ExternalName, and those of another proxy have no rules.
fn is_served(service: &Object) -> bool {
    let view = service.service();
    !view.is_headless()
        && view.kind() != "ExternalName"
        && !view.cluster_ip().is_empty()
        && !service.meta.labels.contains("service.kubernetes.io/service-proxy-name")
}

fn add_service(rules: &mut RuleSet, service: &Arc<Object>, slices: &[&Arc<Object>], here: &Here<'_>) {
    let view = service.service();
    for port in view.ports() {
        let candidates = candidates(slices, port["name"].s(), port["protocol"].s(), here);
        let all = cluster(&candidates, here);
        let one = ServicePort {
            namespace: service.meta.namespace.clone(),
            name: service.meta.name.clone(),
            port_name: port["name"].text(),
            protocol: Protocol::of(port["protocol"].s()),
            port: number(&port["port"]),
            node_port: number(&port["nodePort"]),
            cluster_ips: addresses(&service.value["spec"]["clusterIPs"], view.cluster_ip()),
            affinity: affinity(&service.value["spec"]),
            external_local: service.value["spec"]["externalTrafficPolicy"].s() == "Local",
            internal_local: service.value["spec"]["internalTrafficPolicy"].s() == "Local",
            source_ranges: ranges(&service.value["spec"]["loadBalancerSourceRanges"]),
            any: !all.is_empty(),
            local: local(&candidates),
            cluster: all,
        };
        add_port(rules, view, one);
    }
}

fn add_port(rules: &mut RuleSet, view: ServiceView<'_>, one: ServicePort) {
    let service = rules.services.len() as u32;
    let mut put = |ip: IpAddr, kind| {
        rules.service_ips.entry((ip, one.protocol, one.port)).or_insert(Entry { service, kind });
    };
    for ip in &one.cluster_ips {
        put(*ip, Kind::ClusterIp);
        rules.cluster_ips.insert(*ip);
    }
    for ip in view.0.value["spec"]["externalIPs"].items().iter().filter_map(|ip| ip.s().parse().ok()) {
        put(ip, Kind::ExternalIp);
    }
    for ingress in view.0.value["status"]["loadBalancer"]["ingress"].items().iter().filter(|i| i["ipMode"].s() != "Proxy") {
        if let Ok(ip) = ingress["ip"].s().parse() {
            put(ip, Kind::LoadBalancer);
        }
    }
    if one.node_port != 0 {
        rules.node_ports.insert((one.protocol, one.node_port), Entry { service, kind: Kind::NodePort });
    }
    rules.services.push(one);
}

fn number(value: &Value) -> u16 {
    value.as_i64().and_then(|n| u16::try_from(n).ok()).unwrap_or(0)
}

fn addresses(list: &Value, first: &str) -> Vec<IpAddr> {
    let mut found: Vec<IpAddr> = list.items().iter().filter_map(|ip| ip.s().parse().ok()).collect();
    if found.is_empty() {
        found.extend(first.parse::<IpAddr>().ok());
    }
    found
}

fn affinity(spec: &Value) -> Option<Duration> {
    if spec["sessionAffinity"].s() != "ClientIP" {
        return None;
    }
    Some(Duration::from_secs(spec.at(&["sessionAffinityConfig", "clientIP", "timeoutSeconds"]).as_i64().unwrap_or(10_800)))
}

/// Ranges that do not parse are left out, as kube-proxy does; a range of everything makes no rule.
fn ranges(list: &Value) -> Vec<Cidr> {
    let ranges: Vec<Cidr> = list.items().iter().filter_map(|c| Cidr::parse(c.s().trim())).collect();
    if ranges.iter().any(|r| r.bits() == 0) { Vec::new() } else { ranges }
}
