//! IP families of a service: what it says, what its addresses say, and what the cluster has.
//! Models initIPFamilyFields of pkg/registry/core/service/storage/alloc.go.

use super::{SPEC, needs_cluster_ip};
use crate::Config;
use crate::field::{Bad, Errors};
use base::parse_ip;
use value::{List, Value};

/// `IPv4` or `IPv6`.
pub fn family(is_ipv4: bool) -> &'static str {
    if is_ipv4 { "IPv4" } else { "IPv6" }
}

fn second(first: &str) -> &'static str {
    family(first != "IPv4")
}

/// Writes `ipFamilyPolicy` and `ipFamilies` where they are left out, or says what the cluster cannot do.
pub fn settle(service: &mut Value, old: Option<&Value>, config: &Config, errors: &mut Errors) {
    let spec = service.at_mut(&["spec"]);
    if !needs_cluster_ip(spec) {
        return;
    }
    if old.is_some_and(|old| unchanged(spec, &old["spec"])) {
        return;
    }
    let dual = config.second_service_cidr.is_some();
    let headless = spec["clusterIP"].s() == "None";
    let selectorless = headless && spec["selector"].is_empty();
    if spec["ipFamilyPolicy"].is_empty() {
        let two = spec["clusterIPs"].items().len() == 2 || spec["ipFamilies"].items().len() == 2;
        let policy =
            if two || (selectorless && dual && spec["ipFamilies"].is_empty()) { "RequireDualStack" } else { "SingleStack" };
        spec.set(&["ipFamilyPolicy"], policy);
    }
    families_of_addresses(spec, config, errors);
    if !errors.is_empty() {
        return;
    }
    check_families(spec, config, errors);
    let policy = spec["ipFamilyPolicy"].text();
    if policy == "RequireDualStack" && !dual && !selectorless {
        errors.invalid(&SPEC.child("ipFamilyPolicy"), policy.as_str(), "this cluster is not configured for dual-stack services");
    }
    if !errors.is_empty() {
        return;
    }
    if spec["ipFamilies"].is_empty() {
        spec.set(&["ipFamilies"], List::from(vec![Value::str(family(config.service_cidr.is_ipv4()))]));
    }
    let wants_two = policy != "SingleStack" && (dual || selectorless);
    if wants_two && spec["ipFamilies"].items().len() == 1 {
        let other = second(spec["ipFamilies"][0].s());
        spec.at_mut(&["ipFamilies"]).as_list_mut().push(Value::str(other));
    }
}

fn unchanged(to: &Value, from: &Value) -> bool {
    ["ipFamilies", "ipFamilyPolicy", "clusterIPs", "type"].iter().all(|f| to[*f] == from[*f]) && !to["ipFamilies"].is_empty()
}

/// Addresses that are given decide the families.
fn families_of_addresses(spec: &mut Value, config: &Config, errors: &mut Errors) {
    let ips = spec["clusterIPs"].clone();
    for (i, ip) in ips.items().iter().enumerate() {
        let Some(address) = parse_ip(ip.s()) else { continue };
        let name = family(address.is_ipv4());
        if spec["ipFamilies"][i].is_null() {
            let list = spec.at_mut(&["ipFamilies"]).as_list_mut();
            if list.len() == i {
                list.push(Value::str(name));
            }
        }
        if !has_family(config, name) {
            let path = SPEC.child("clusterIPs");
            errors.invalid(&path.index(i), Bad::Value(&ips), &format!("{name} is not configured on this cluster"));
        }
    }
}

fn check_families(spec: &Value, config: &Config, errors: &mut Errors) {
    let headless_selectorless = spec["clusterIP"].s() == "None" && spec["selector"].is_empty();
    for (i, name) in spec["ipFamilies"].items().iter().enumerate() {
        if !headless_selectorless && !has_family(config, name.s()) {
            let path = SPEC.child("ipFamilies");
            errors.invalid(&path.index(i), name, "not configured on this cluster");
        }
    }
}

fn has_family(config: &Config, name: &str) -> bool {
    let cidrs = [Some(config.service_cidr), config.second_service_cidr];
    cidrs.into_iter().flatten().any(|cidr| family(cidr.is_ipv4()) == name)
}
