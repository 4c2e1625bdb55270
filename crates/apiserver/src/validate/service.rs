//! Services. Models ValidateService and ValidateServiceUpdate of pkg/apis/core/validation.

use super::common::{self, plain_address, port_number, port_or_name};
use super::meta;
use crate::field::{Bad, Errors, Path};
use crate::service::{needs_health_port, needs_node_port};
use base::names;
use model::Object;
use value::Value;

const SPEC: Path<'static> = Path::root("spec");

fn is_headless(spec: &Value) -> bool {
    spec["clusterIPs"].items().len() == 1 && spec["clusterIPs"][0].s() == "None"
}

pub fn service(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    let kind = spec["type"].s();
    if spec["ports"].items().is_empty() && !is_headless(spec) && kind != "ExternalName" {
        errors.required(&SPEC.child("ports"), "");
    }
    by_type(spec, kind, errors);
    let (list, path) = (spec["ports"].items(), SPEC.child("ports"));
    let mut names: Vec<&str> = Vec::new();
    for (i, port) in list.iter().enumerate() {
        service_port(port, list.len() > 1, &mut names, &path.index(i), errors);
    }
    meta::labels(&spec["selector"], &SPEC.child("selector"), errors);
    affinity(spec, errors);
    cluster_ips(spec, errors);
    let path = SPEC.child("externalIPs");
    for (i, ip) in spec["externalIPs"].items().iter().enumerate() {
        external_ip(ip, &path.index(i), errors);
    }
    if !matches!(kind, "ClusterIP" | "NodePort" | "LoadBalancer" | "ExternalName") {
        errors.unsupported(&SPEC.child("type"), kind, &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]);
    }
    node_ports(spec, kind, errors);
    duplicates(list, errors);
    balancer(spec, kind, errors);
    policies(spec, kind, errors);
}

fn by_type(spec: &Value, kind: &str, errors: &mut Errors) {
    let ips = SPEC.child("clusterIPs");
    match kind {
        "LoadBalancer" | "NodePort" if is_headless(spec) => {
            errors.invalid(&ips.index(0), "None", &format!("may not be set to 'None' for {kind} services"));
        }
        "ExternalName" => {
            for field in ["clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
                if !spec[field].is_empty() {
                    errors.forbidden(&SPEC.child(field), "may not be set for ExternalName services");
                }
            }
            let name = spec["externalName"].s();
            let name = name.strip_suffix('.').unwrap_or(name);
            let path = SPEC.child("externalName");
            if name.is_empty() {
                errors.required(&path, "");
            } else {
                errors.complaints(&path, name, names::dns1123_subdomain(name));
            }
        }
        _ => {}
    }
}

fn service_port<'a>(port: &'a Value, named: bool, names: &mut Vec<&'a str>, path: &Path, errors: &mut Errors) {
    let name = port["name"].s();
    if name.is_empty() {
        if named {
            errors.required(&path.child("name"), "");
        }
    } else {
        errors.complaints(&path.child("name"), name, names::dns1123_label(name));
        if names.contains(&name) {
            errors.duplicate(&path.child("name"), name);
        }
        names.push(name);
    }
    port_number(port["port"].as_i64().unwrap_or(0), &path.child("port"), errors);
    common::word(port, "protocol", &["SCTP", "TCP", "UDP"], path, errors);
    port_or_name(&port["targetPort"], &path.child("targetPort"), errors);
    let protocol = port["appProtocol"].s();
    if !protocol.is_empty() {
        errors.complaints(&path.child("appProtocol"), protocol, names::qualified_name(protocol));
    }
}

fn affinity(spec: &Value, errors: &mut Errors) {
    common::word(spec, "sessionAffinity", &["ClientIP", "None"], &SPEC, errors);
    let path = SPEC.child("sessionAffinityConfig");
    match spec["sessionAffinity"].s() {
        "ClientIP" => {
            let path = path.child("clientIP");
            let seconds = spec["sessionAffinityConfig"]["clientIP"]["timeoutSeconds"].as_i64().unwrap_or(0);
            if !(1..=86_400).contains(&seconds) {
                errors.invalid(&path.child("timeoutSeconds"), seconds, "must be greater than 0 and less than 86400");
            }
        }
        "None" if !spec["sessionAffinityConfig"].is_null() => {
            errors.forbidden(&path, "must not be set when session affinity is None");
        }
        _ => {}
    }
}

/// Models ValidateServiceClusterIPsRelatedFields.
fn cluster_ips(spec: &Value, errors: &mut Errors) {
    if spec["type"].s() == "ExternalName" {
        return;
    }
    let (ips, path) = (&spec["clusterIPs"], SPEC.child("clusterIPs"));
    match (spec["clusterIP"].s(), ips.items().first()) {
        ("", Some(_)) => errors.invalid(&path, ips, "must be empty when `clusterIP` is not specified"),
        ("", None) => {}
        (_, None) => errors.required(&path, ""),
        (ip, Some(first)) if first.s() != ip => errors.invalid(&path, ips, "first value must match `clusterIP`"),
        _ => {}
    }
    families(spec, errors);
    if ips.items().len() > 2 {
        errors.invalid(&path, ips, "may only hold up to 2 values");
    }
    for (i, ip) in ips.items().iter().enumerate() {
        if ip.s() == "None" {
            if i > 0 || ips.items().len() > 1 {
                errors.invalid(&path, ips, "'None' must be the first and only value");
            }
            continue;
        }
        common::address(ip, &path.index(i), errors);
    }
}

fn families(spec: &Value, errors: &mut Errors) {
    let (list, path) = (spec["ipFamilies"].items(), SPEC.child("ipFamilies"));
    if list.len() > 2 {
        errors.invalid(&path, &spec["ipFamilies"], "may only hold up to 2 values");
    }
    for (i, family) in list.iter().enumerate() {
        if !matches!(family.s(), "IPv4" | "IPv6") {
            errors.unsupported(&path.index(i), family, &["IPv4", "IPv6"]);
        }
        if list[..i].contains(family) {
            errors.duplicate(&path.index(i), family);
        }
    }
    common::optional_word(spec, "ipFamilyPolicy", &["PreferDualStack", "RequireDualStack", "SingleStack"], &SPEC, errors);
}

/// External addresses are written strictly.
fn external_ip(ip: &Value, path: &Path, errors: &mut Errors) {
    let text = ip.s();
    if text.contains('.') && text.split('.').any(|part| part.len() > 1 && part.starts_with('0')) && base::parse_ip(text).is_some()
    {
        return errors.invalid(path, ip, "must not have leading 0s");
    }
    let before = errors.len();
    common::address(ip, path, errors);
    if errors.len() == before {
        plain_address(ip, path, errors);
    }
}

fn node_ports(spec: &Value, kind: &str, errors: &mut Errors) {
    let path = SPEC.child("ports");
    let list = spec["ports"].items();
    for (i, port) in list.iter().enumerate() {
        let at = path.index(i);
        let number = port["nodePort"].as_i64().unwrap_or(0);
        if number == 0 {
            continue;
        }
        if kind == "ClusterIP" {
            errors.forbidden(&at.child("nodePort"), "may not be used when `type` is 'ClusterIP'");
        }
        let same = |p: &Value| p["nodePort"].as_i64() == Some(number) && p["protocol"] == port["protocol"];
        if list[..i].iter().any(same) {
            errors.duplicate(&at.child("nodePort"), number);
        }
    }
}

fn duplicates(list: &[Value], errors: &mut Errors) {
    let path = SPEC.child("ports");
    for (i, port) in list.iter().enumerate() {
        let same = |p: &Value| p["port"] == port["port"] && p["protocol"] == port["protocol"];
        if list[..i].iter().any(same) {
            let shown = format!(
                "{{\"Name\":\"\",\"Protocol\":{},\"AppProtocol\":null,\"Port\":{},\"TargetPort\":0,\"NodePort\":0}}",
                port["protocol"].to_json(),
                port["port"].to_json()
            );
            errors.duplicate(&path.index(i), Bad::Raw(shown));
        }
    }
}

fn balancer(spec: &Value, kind: &str, errors: &mut Errors) {
    let ranges = SPEC.child("loadBalancerSourceRanges");
    if !spec["loadBalancerSourceRanges"].is_empty() {
        if kind != "LoadBalancer" {
            errors.forbidden(&ranges, "may only be used when `type` is 'LoadBalancer'");
        }
        for (i, range) in spec["loadBalancerSourceRanges"].items().iter().enumerate() {
            errors.complaints(&ranges.index(i), range.s(), names::cidr(range.s().trim()));
        }
    }
    if kind == "LoadBalancer" && spec["allocateLoadBalancerNodePorts"].is_null() {
        errors.required(&SPEC.child("allocateLoadBalancerNodePorts"), "");
    }
    for field in ["allocateLoadBalancerNodePorts", "loadBalancerClass"] {
        if kind != "LoadBalancer" && !spec[field].is_null() {
            errors.forbidden(&SPEC.child(field), "may only be used when `type` is 'LoadBalancer'");
        }
    }
    let class = spec["loadBalancerClass"].s();
    if kind == "LoadBalancer" && !class.is_empty() {
        errors.complaints(&SPEC.child("loadBalancerClass"), class, names::qualified_name(class));
    }
}

fn policies(spec: &Value, kind: &str, errors: &mut Errors) {
    let outside = &spec["externalTrafficPolicy"];
    let path = SPEC.child("externalTrafficPolicy");
    let has_outside = needs_node_port(spec) || kind == "LoadBalancer" || (kind == "ClusterIP" && !spec["externalIPs"].is_empty());
    if !outside.is_empty() && !has_outside {
        errors.invalid(&path, outside, "may only be set for externally-accessible services");
    } else if has_outside && !matches!(outside.s(), "Cluster" | "Local") {
        if outside.is_empty() {
            errors.required(&path, "");
        } else {
            errors.unsupported(&path, outside, &["Cluster", "Local"]);
        }
    }
    let health = spec["healthCheckNodePort"].as_i64().unwrap_or(0);
    if health != 0 && !needs_health_port(spec) {
        let words = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
        errors.invalid(&SPEC.child("healthCheckNodePort"), health, words);
    }
    if kind != "ExternalName" {
        common::optional_word(spec, "internalTrafficPolicy", &["Cluster", "Local"], &SPEC, errors);
    }
    common::optional_word(spec, "trafficDistribution", &["PreferClose", "PreferSameZone", "PreferSameNode"], &SPEC, errors);
}

/// The addresses that a load balancer reports.
pub fn status(object: &Value, errors: &mut Errors) {
    let status = Path::root("status");
    let balancer = status.child("loadBalancer");
    let list = balancer.child("ingress");
    for (i, ingress) in object["status"]["loadBalancer"]["ingress"].items().iter().enumerate() {
        let at = list.index(i);
        if !ingress["ip"].is_empty() {
            common::address(&ingress["ip"], &at.child("ip"), errors);
        }
        common::optional_word(ingress, "ipMode", &["Proxy", "VIP"], &at, errors);
        let host = ingress["hostname"].s();
        if !host.is_empty() {
            errors.complaints(&at.child("hostname"), host, names::dns1123_subdomain(host));
        }
    }
}

/// The first address and family stay as long as the service has any.
pub fn update(new: &Value, old: &Object, errors: &mut Errors) {
    let (to, from) = (&new["spec"], old.spec());
    if to["type"].s() == "ExternalName" || from["type"].s() == "ExternalName" {
        return;
    }
    for field in ["clusterIPs", "ipFamilies"] {
        let (new, old) = (&to[field], &from[field]);
        if !old.is_empty() && !new.is_empty() && new[0] != old[0] {
            errors.invalid(&SPEC.child(field).index(0), new, "may not change once set");
        }
    }
    if to["type"].s() == "LoadBalancer"
        && from["type"].s() == "LoadBalancer"
        && to["loadBalancerClass"] != from["loadBalancerClass"]
    {
        errors.invalid(&SPEC.child("loadBalancerClass"), &to["loadBalancerClass"], "may not change once set");
    }
}
