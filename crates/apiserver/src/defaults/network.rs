//! Defaults of services, endpoints and network policies. Models pkg/apis/core/v1, discovery/v1 and networking/v1.

use super::{each, fill, fill_absent};
use value::{Value, list};

pub fn service(object: &mut Value) {
    let spec = object.at_mut(&["spec"]);
    fill(spec, "sessionAffinity", "None");
    if spec["sessionAffinity"].s() == "ClientIP" {
        fill_absent(spec.at_mut(&["sessionAffinityConfig", "clientIP"]), "timeoutSeconds", 10_800);
    } else if spec["sessionAffinity"].s() == "None" {
        spec.remove(&["sessionAffinityConfig"]);
    }
    fill(spec, "type", "ClusterIP");
    each(spec, "ports", |port| {
        fill(port, "protocol", "TCP");
        let number = port["port"].clone();
        fill(port, "targetPort", number);
    });
    let kind = spec["type"].text();
    let outside =
        matches!(kind.as_str(), "NodePort" | "LoadBalancer") || (kind == "ClusterIP" && !spec["externalIPs"].is_empty());
    if outside {
        fill(spec, "externalTrafficPolicy", "Cluster");
    }
    if matches!(kind.as_str(), "NodePort" | "LoadBalancer" | "ClusterIP") {
        fill_absent(spec, "internalTrafficPolicy", "Cluster");
    }
    if kind == "LoadBalancer" {
        fill_absent(spec, "allocateLoadBalancerNodePorts", true);
    }
}

/// A load balancer's address is a virtual IP unless it says otherwise.
pub fn service_status(object: &mut Value) {
    each(object.at_mut(&["status", "loadBalancer"]), "ingress", |ingress| {
        if !ingress["ip"].is_empty() {
            fill_absent(ingress, "ipMode", "VIP");
        }
    });
}

pub fn endpoints(object: &mut Value) {
    each(object, "subsets", |subset| each(subset, "ports", |port| fill(port, "protocol", "TCP")));
}

pub fn endpoint_slice(object: &mut Value) {
    object.as_map_mut().entry("endpoints");
    object.as_map_mut().entry("ports");
    each(object, "ports", |port| {
        fill_absent(port, "name", "");
        fill_absent(port, "protocol", "TCP");
    });
}

pub fn network_policy(object: &mut Value) {
    let spec = object.at_mut(&["spec"]);
    for field in ["ingress", "egress"] {
        each(spec, field, |rule| each(rule, "ports", |port| fill_absent(port, "protocol", "TCP")));
    }
    if spec["policyTypes"].is_empty() {
        let egress = !spec["egress"].is_empty();
        spec.set(&["policyTypes"], if egress { list!["Ingress", "Egress"] } else { list!["Ingress"] });
    }
    if !matches!(spec["podSelector"], Value::Map(_)) {
        spec.set(&["podSelector"], Value::map());
    }
}
