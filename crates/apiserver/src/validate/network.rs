//! Ingresses, their classes, and network policies. Models pkg/apis/networking/validation.

use super::common::{self, immutable, label_selector, port_number, port_or_name};
use crate::field::{Bad, Errors, Path};
use base::{Cidr, names};
use model::Object;
use value::Value;

const SPEC: Path<'static> = Path::root("spec");

pub fn ingress(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    let rules = spec["rules"].items();
    if rules.is_empty() && spec["defaultBackend"].is_null() {
        errors.invalid(&SPEC, &spec["rules"], "either `defaultBackend` or `rules` must be specified");
    }
    if !spec["defaultBackend"].is_null() {
        backend(&spec["defaultBackend"], &SPEC.child("defaultBackend"), errors);
    }
    let list = SPEC.child("rules");
    for (i, rule) in rules.iter().enumerate() {
        ingress_rule(rule, &list.index(i), errors);
    }
    let tls = SPEC.child("tls");
    for (i, entry) in spec["tls"].items().iter().enumerate() {
        let at = tls.index(i);
        let hosts = at.child("hosts");
        for (h, host) in entry["hosts"].items().iter().enumerate() {
            self::host(host.s(), &hosts.index(h), errors);
        }
    }
    let class = spec["ingressClassName"].s();
    if !class.is_empty() {
        errors.complaints(&SPEC.child("ingressClassName"), class, names::dns1123_subdomain(class));
    }
}

fn host(host: &str, path: &Path, errors: &mut Errors) {
    if host.contains('*') {
        errors.complaints(path, host, names::wildcard_dns1123_subdomain(host));
    } else {
        errors.complaints(path, host, names::dns1123_subdomain(host));
    }
}

fn ingress_rule(rule: &Value, path: &Path, errors: &mut Errors) {
    let name = rule["host"].s();
    if !name.is_empty() {
        if base::parse_ip(name).is_some() {
            errors.invalid(&path.child("host"), name, "must be a DNS name, not an IP address");
        }
        host(name, &path.child("host"), errors);
    }
    if rule["http"].is_null() {
        return;
    }
    let at = path.child("http");
    let list = at.child("paths");
    if rule["http"]["paths"].is_empty() {
        errors.required(&list, "");
    }
    for (i, entry) in rule["http"]["paths"].items().iter().enumerate() {
        http_path(entry, &list.index(i), errors);
    }
}

fn http_path(entry: &Value, path: &Path, errors: &mut Errors) {
    let (text, at) = (entry["path"].s(), path.child("path"));
    match entry["pathType"].s() {
        "" => return errors.required(&path.child("pathType"), "pathType must be specified"),
        "Exact" | "Prefix" => {
            if !text.starts_with('/') {
                errors.invalid(&at, text, "must be an absolute path");
            } else {
                for bad in ["//", "/./", "/../", "%2f", "%2F"] {
                    if text.contains(bad) {
                        errors.invalid(&at, text, &format!("must not contain '{bad}'"));
                    }
                }
                for bad in ["/..", "/."] {
                    if text.ends_with(bad) {
                        errors.invalid(&at, text, &format!("cannot end with '{bad}'"));
                    }
                }
            }
        }
        "ImplementationSpecific" if !text.is_empty() && !text.starts_with('/') => {
            errors.invalid(&at, text, "must be an absolute path");
        }
        "ImplementationSpecific" => {}
        other => errors.unsupported(&path.child("pathType"), other, &["Exact", "ImplementationSpecific", "Prefix"]),
    }
    backend(&entry["backend"], &path.child("backend"), errors);
}

fn backend(backend: &Value, path: &Path, errors: &mut Errors) {
    let service = &backend["service"];
    match (service.is_null(), backend["resource"].is_null()) {
        (false, false) => return errors.invalid(path, "", "cannot set both resource and service backends"),
        (true, true) => return errors.invalid(path, "", "resource or service backend is required"),
        (true, false) => return,
        (false, true) => {}
    }
    let (at, port) = (path.child("service"), &service["port"]);
    let name = service["name"].s();
    if name.is_empty() {
        errors.required(&at.child("name"), "");
    } else {
        errors.complaints(&at.child("name"), name, names::dns1123_label(name));
    }
    let number = port["number"].as_i64().unwrap_or(0);
    match (port["name"].s(), number) {
        ("", 0) => errors.required(path, "port name or number is required"),
        ("", number) => port_number(number, &at.child("port").child("number"), errors),
        (name, 0) => errors.complaints(&at.child("port").child("name"), name, names::port_name(name)),
        _ => errors.invalid(path, "", "cannot set both port name & port number"),
    }
}

pub fn ingress_class(object: &Value, errors: &mut Errors) {
    let (controller, path) = (object["spec"]["controller"].s(), SPEC.child("controller"));
    if controller.is_empty() {
        errors.required(&path, "");
    } else {
        errors.complaints(&path, controller, names::domain_prefixed_path(controller));
    }
}

pub fn ingress_class_update(new: &Value, old: &Object, errors: &mut Errors) {
    immutable(&new["spec"]["controller"], &old.spec()["controller"], &SPEC.child("controller"), errors);
}

pub fn network_policy(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    label_selector(&spec["podSelector"], &SPEC.child("podSelector"), errors);
    for (field, peers) in [("ingress", "from"), ("egress", "to")] {
        let list = SPEC.child(field);
        for (i, rule) in spec[field].items().iter().enumerate() {
            let at = list.index(i);
            let ports = at.child("ports");
            for (p, port) in rule["ports"].items().iter().enumerate() {
                policy_port(port, &ports.index(p), errors);
            }
            let list = at.child(peers);
            for (p, peer) in rule[peers].items().iter().enumerate() {
                policy_peer(peer, &list.index(p), errors);
            }
        }
    }
    let (types, path) = (spec["policyTypes"].items(), SPEC.child("policyTypes"));
    if types.len() > 2 {
        return errors.invalid(&path, &spec["policyTypes"], "may not specify more than two policyTypes");
    }
    for (i, kind) in types.iter().enumerate() {
        if !matches!(kind.s(), "Ingress" | "Egress") {
            errors.unsupported(&path.index(i), kind, &["Ingress", "Egress"]);
        }
    }
}

fn policy_port(port: &Value, path: &Path, errors: &mut Errors) {
    common::optional_word(port, "protocol", &["SCTP", "TCP", "UDP"], path, errors);
    let end = port["endPort"].as_i64();
    let at = path.child("endPort");
    if !port["port"].is_null() {
        port_or_name(&port["port"], &path.child("port"), errors);
    }
    match (port["port"].as_i64(), end) {
        (_, None) => {}
        (None, Some(end)) if port["port"].is_null() => {
            errors.invalid(&at, end, "may not be specified when `port` is not specified")
        }
        (None, Some(end)) => errors.invalid(&at, end, "may not be specified when `port` is non-numeric"),
        (Some(start), Some(end)) if end < start => errors.invalid(&at, start, "must be greater than or equal to `port`"),
        (Some(_), Some(end)) => port_number(end, &at, errors),
    }
}

fn policy_peer(peer: &Value, path: &Path, errors: &mut Errors) {
    let mut peers = 0;
    for field in ["podSelector", "namespaceSelector"] {
        if !peer[field].is_null() {
            peers += 1;
            label_selector(&peer[field], &path.child(field), errors);
        }
    }
    let block = &peer["ipBlock"];
    if !block.is_null() {
        peers += 1;
        ip_block(block, &path.child("ipBlock"), errors);
    }
    if peers == 0 {
        errors.required(path, "must specify a peer");
    } else if peers > 1 && !block.is_null() {
        errors.forbidden(path, "may not specify both ipBlock and another peer");
    }
}

fn ip_block(block: &Value, path: &Path, errors: &mut Errors) {
    let text = block["cidr"].s();
    if text.is_empty() {
        return errors.required(&path.child("cidr"), "");
    }
    errors.complaints(&path.child("cidr"), text, names::cidr(text));
    let Some(range) = Cidr::parse(text) else { return };
    let list = path.child("except");
    for (i, except) in block["except"].items().iter().enumerate() {
        errors.complaints(&list.index(i), except.s(), names::cidr(except.s()));
        let inside = Cidr::parse(except.s()).is_none_or(|e| range.contains(e.first()) && e.bits() > range.bits());
        if !inside {
            errors.invalid(&list.index(i), except, "must be a strict subset of `cidr`");
        }
    }
}

/// A spec printed as Go does, for budgets with two limits.
pub fn budget_text(spec: &Value) -> Bad<'static> {
    let shown = |field: &str| spec[field].to_json();
    Bad::Raw(format!(
        "{{\"MinAvailable\":{},\"Selector\":{},\"MaxUnavailable\":{},\"UnhealthyPodEvictionPolicy\":{}}}",
        shown("minAvailable"),
        shown("selector"),
        shown("maxUnavailable"),
        shown("unhealthyPodEvictionPolicy")
    ))
}

/// Models pkg/apis/policy/validation.
pub fn disruption_budget(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    let (least, most) = (&spec["minAvailable"], &spec["maxUnavailable"]);
    if !least.is_null() && !most.is_null() {
        errors.invalid(&SPEC, budget_text(spec), "minAvailable and maxUnavailable cannot be both set");
    }
    for field in ["minAvailable", "maxUnavailable"] {
        if !spec[field].is_null() {
            common::number_or_percent(&spec[field], &SPEC.child(field), errors);
            common::at_most_100_percent(&spec[field], &SPEC.child(field), errors);
        }
    }
    label_selector(&spec["selector"], &SPEC.child("selector"), errors);
    common::optional_word(spec, "unhealthyPodEvictionPolicy", &["AlwaysAllow", "IfHealthyBudget"], &SPEC, errors);
}
