//! Endpoints and EndpointSlices. Models ValidateEndpoints of pkg/apis/core/validation and pkg/apis/discovery/validation.

use super::common::{self, plain_address, port_number};
use super::meta;
use crate::field::{Errors, Path};
use base::{names, parse_ip};
use model::Object;
use value::Value;

pub fn endpoints(object: &Value, errors: &mut Errors) {
    let path = Path::root("subsets");
    for (i, subset) in object["subsets"].items().iter().enumerate() {
        let at = path.index(i);
        if subset["addresses"].items().is_empty() && subset["notReadyAddresses"].items().is_empty() {
            errors.required(&at, "must specify `addresses` or `notReadyAddresses`");
        }
        for field in ["addresses", "notReadyAddresses"] {
            let list = at.child(field);
            for (a, address) in subset[field].items().iter().enumerate() {
                endpoint_address(address, &list.index(a), errors);
            }
        }
        let (list, ports) = (at.child("ports"), subset["ports"].items());
        for (p, port) in ports.iter().enumerate() {
            endpoint_port(port, ports.len() > 1, &list.index(p), errors);
        }
    }
}

fn endpoint_address(address: &Value, path: &Path, errors: &mut Errors) {
    common::address(&address["ip"], &path.child("ip"), errors);
    let host = address["hostname"].s();
    if !host.is_empty() {
        errors.complaints(&path.child("hostname"), host, names::dns1123_label(host));
    }
    let node = address["nodeName"].s();
    if !node.is_empty() {
        errors.complaints(&path.child("nodeName"), node, names::dns1123_subdomain(node));
    }
    plain_address(&address["ip"], &path.child("ip"), errors);
}

fn endpoint_port(port: &Value, named: bool, path: &Path, errors: &mut Errors) {
    let name = port["name"].s();
    if named && name.is_empty() {
        errors.required(&path.child("name"), "");
    } else if !name.is_empty() {
        errors.complaints(&path.child("name"), name, names::dns1123_label(name));
    }
    port_number(port["port"].as_i64().unwrap_or(0), &path.child("port"), errors);
    common::word(port, "protocol", &["SCTP", "TCP", "UDP"], path, errors);
}

pub fn endpoint_slice(slice: &Value, errors: &mut Errors) {
    let family = slice["addressType"].s();
    let path = Path::root("addressType");
    match family {
        "" => errors.required(&path, ""),
        "IPv4" | "IPv6" | "FQDN" => {}
        other => errors.unsupported(&path, other, &["FQDN", "IPv4", "IPv6"]),
    }
    if family.is_empty() {
        return;
    }
    let path = Path::root("endpoints");
    if slice["endpoints"].items().len() > 1000 {
        return errors.too_many(&path, slice["endpoints"].items().len(), 1000);
    }
    for (i, endpoint) in slice["endpoints"].items().iter().enumerate() {
        slice_endpoint(endpoint, family, &path.index(i), errors);
    }
    slice_ports(&slice["ports"], errors);
}

fn slice_endpoint(endpoint: &Value, family: &str, path: &Path, errors: &mut Errors) {
    let addresses = path.child("addresses");
    let list = endpoint["addresses"].items();
    if list.is_empty() {
        errors.required(&addresses, "must contain at least 1 address");
    } else if list.len() > 100 {
        errors.too_many(&addresses, list.len(), 100);
    }
    for (i, address) in list.iter().enumerate() {
        let at = addresses.index(i);
        match family {
            "IPv4" | "IPv6" => {
                let v4 = parse_ip(address.s()).map(|ip| ip.is_ipv4());
                match v4 {
                    None => common::address(address, &at, errors),
                    Some(v4) if v4 != (family == "IPv4") => {
                        let article = if family == "IPv4" { "an IPv4" } else { "an IPv6" };
                        errors.invalid(&addresses, address, &format!("must be {article} address"));
                        plain_address(address, &at, errors);
                    }
                    Some(_) => plain_address(address, &at, errors),
                }
            }
            _ => errors.complaints(&at, address.s(), names::dns1123_subdomain(address.s())),
        }
    }
    let host = endpoint["hostname"].s();
    if !host.is_empty() {
        errors.complaints(&path.child("hostname"), host, names::dns1123_label(host));
    }
    let node = endpoint["nodeName"].s();
    if !node.is_empty() {
        errors.complaints(&path.child("nodeName"), node, names::dns1123_subdomain(node));
    }
    meta::labels(&endpoint["deprecatedTopology"], &path.child("deprecatedTopology"), errors);
}

fn slice_ports(ports: &Value, errors: &mut Errors) {
    let path = Path::root("ports");
    let mut names: Vec<&str> = Vec::new();
    for (i, port) in ports.items().iter().enumerate() {
        let at = path.index(i);
        let name = port["name"].s();
        if !name.is_empty() {
            errors.complaints(&at.child("name"), name, names::dns1123_label(name));
        }
        if names.contains(&name) {
            errors.duplicate(&at.child("name"), name);
        }
        names.push(name);
        common::word(port, "protocol", &["SCTP", "TCP", "UDP"], &at, errors);
        let protocol = port["appProtocol"].s();
        if !protocol.is_empty() {
            errors.complaints(&at.child("appProtocol"), protocol, names::qualified_name(protocol));
        }
    }
}

/// The family of a slice stays.
pub fn slice_update(new: &Value, old: &Object, errors: &mut Errors) {
    common::immutable(&new["addressType"], &old.value["addressType"], &Path::root("addressType"), errors);
}
