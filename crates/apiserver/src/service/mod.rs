//! Services: fields that depend on the type, cluster addresses and node ports.
//! Models pkg/registry/core/service/strategy.go and storage/alloc.go.

mod addresses;
mod families;
mod ports;

use crate::call::Ctx;
use crate::field::{Errors, Path};
use api::{Status, Write};
use model::{Key, Object};
use store::Snapshot;
use value::Value;

pub use addresses::{address_object, release};

/// An old client names one cluster address only; the list follows it.
pub fn prepare_new(service: &mut Value) {
    let spec = service.at_mut(&["spec"]);
    if !spec["clusterIP"].is_empty() && spec["clusterIPs"].is_empty() {
        let ip = spec["clusterIP"].clone();
        spec.set(&["clusterIPs"], vec![ip]);
    }
}

/// Fills in what the server allocated before, and drops what another type does not have.
pub fn prepare_update(new: &mut Value, old: &Value) {
    let (to, from) = (new.at_mut(&["spec"]), &old["spec"]);
    if to["type"].is_empty() {
        to.set(&["type"], "ClusterIP");
    }
    drop_type_fields(to, from);
    keep_allocated(to, from);
    normalize_update(to, from);
}

/// Types with addresses of the cluster.
pub fn needs_cluster_ip(spec: &Value) -> bool {
    matches!(spec["type"].s(), "ClusterIP" | "NodePort" | "LoadBalancer")
}

/// Types with ports on every node.
pub fn needs_node_port(spec: &Value) -> bool {
    match spec["type"].s() {
        "NodePort" => true,
        "LoadBalancer" => spec["allocateLoadBalancerNodePorts"].as_bool() != Some(false),
        _ => false,
    }
}

/// Load balancers ask nodes for health only when traffic stays on its node.
pub fn needs_health_port(spec: &Value) -> bool {
    spec["type"].s() == "LoadBalancer" && spec["externalTrafficPolicy"].s() == "Local"
}

fn has_traffic_policy(spec: &Value) -> bool {
    match spec["type"].s() {
        "NodePort" | "LoadBalancer" => true,
        "ClusterIP" => !spec["externalIPs"].is_empty(),
        _ => false,
    }
}

/// Models patchAllocatedValues.
fn keep_allocated(to: &mut Value, from: &Value) {
    if needs_cluster_ip(from) && needs_cluster_ip(to) {
        if to["clusterIP"].is_empty() {
            to.set(&["clusterIP"], &from["clusterIP"]);
        }
        if to["clusterIPs"].is_empty() && to["clusterIP"] == from["clusterIP"] {
            to.set(&["clusterIPs"], &from["clusterIPs"]);
        }
        for field in ["ipFamilies", "ipFamilyPolicy"] {
            if to[field].is_empty() && !from[field].is_empty() && to["clusterIPs"] == from["clusterIPs"] {
                to.set(&[field], &from[field]);
            }
        }
    }
    if needs_node_port(from) && needs_node_port(to) {
        keep_node_ports(to, from);
    }
    if needs_health_port(from) && needs_health_port(to) && to["healthCheckNodePort"].is_empty() {
        to.set(&["healthCheckNodePort"], &from["healthCheckNodePort"]);
    }
}

/// A port without a number gets back the one that the same port had.
fn keep_node_ports(to: &mut Value, from: &Value) {
    let used: Vec<i64> = to["ports"].items().iter().filter_map(|p| p["nodePort"].as_i64()).collect();
    if to["ports"].items().is_empty() {
        return;
    }
    for port in to.as_map_mut().entry("ports").as_list_mut() {
        if !port["nodePort"].is_empty() {
            continue;
        }
        let same = |p: &&Value| p["port"] == port["port"] && p["protocol"] == port["protocol"];
        let had = from["ports"].items().iter().find(same).and_then(|p| p["nodePort"].as_i64()).unwrap_or(0);
        if had != 0 && !used.contains(&had) {
            port.set(&["nodePort"], had);
        }
    }
}

/// Keeps the one and the many in step. Models normalizeClusterIPs.
fn normalize_update(to: &mut Value, from: &Value) {
    if to["clusterIP"] == from["clusterIP"] || to["clusterIPs"] != from["clusterIPs"] {
        return;
    }
    let ip = to["clusterIP"].clone();
    if ip.is_empty() {
        to.remove(&["clusterIPs"]);
    } else {
        to.set(&["clusterIPs"], vec![ip]);
    }
}

/// When the type changes, the fields of the old type that the client did not touch go. Models dropTypeDependentFields.
fn drop_type_fields(to: &mut Value, from: &Value) {
    let drop = |to: &mut Value, fields: &[&str]| {
        if fields.iter().all(|f| to[*f] == from[*f]) {
            fields.iter().for_each(|f| _ = to.remove(&[f]));
        }
    };
    if from["type"].s() == "ExternalName" && to["type"].s() != "ExternalName" {
        drop(to, &["externalName"]);
    }
    if needs_cluster_ip(from) && !needs_cluster_ip(to) {
        drop(to, &["clusterIP", "clusterIPs"]);
        drop(to, &["ipFamilies"]);
        drop(to, &["ipFamilyPolicy"]);
        drop(to, &["internalTrafficPolicy"]);
    }
    let numbers = |spec: &Value| -> Vec<Value> { spec["ports"].items().iter().map(|p| p["nodePort"].clone()).collect() };
    if needs_node_port(from) && !needs_node_port(to) && numbers(to) == numbers(from) && !to["ports"].is_empty() {
        for port in to.as_map_mut().entry("ports").as_list_mut() {
            port.remove(&["nodePort"]);
        }
    }
    if needs_health_port(from) && !needs_health_port(to) {
        drop(to, &["healthCheckNodePort"]);
    }
    if from["type"].s() == "LoadBalancer" && to["type"].s() != "LoadBalancer" {
        drop(to, &["allocateLoadBalancerNodePorts"]);
        drop(to, &["loadBalancerClass"]);
    }
    if has_traffic_policy(from) && !has_traffic_policy(to) {
        drop(to, &["externalTrafficPolicy"]);
    }
}

/// Gives a new service its addresses and ports; answers the writes that hold the addresses.
pub fn allocate_new(snap: &Snapshot, key: &Key, service: &mut Value, ctx: Ctx) -> Result<Vec<Write>, Status> {
    let mut errors = Errors::new();
    let mut writes = Vec::new();
    families::settle(service, None, ctx.config, &mut errors);
    if errors.is_empty() {
        writes = addresses::allocate(snap, key, service, ctx, &mut errors);
    }
    if errors.is_empty() {
        ports::allocate(snap, service, None, ctx, &mut errors);
    }
    finish(errors, key, writes)
}

/// Allocates what a changed service newly needs and releases what it no longer does.
pub fn allocate_changed(snap: &Snapshot, key: &Key, old: &Object, new: &mut Value, ctx: Ctx) -> Result<Vec<Write>, Status> {
    let mut errors = Errors::new();
    let mut writes = Vec::new();
    families::settle(new, Some(&old.value), ctx.config, &mut errors);
    if errors.is_empty() && new["spec"]["clusterIPs"] != old.value["spec"]["clusterIPs"] {
        writes = release(snap, old);
        let more = addresses::allocate(snap, key, new, ctx, &mut errors);
        // An address that stays is neither released nor taken again.
        let stays: Vec<Key> = more.iter().map(|w| w.key.clone()).filter(|k| writes.iter().any(|w| w.key == *k)).collect();
        writes.extend(more);
        writes.retain(|w| !stays.contains(&w.key));
    } else if errors.is_empty() && new["spec"]["clusterIPs"].is_empty() && needs_cluster_ip(&new["spec"]) {
        writes = addresses::allocate(snap, key, new, ctx, &mut errors);
    }
    if errors.is_empty() {
        ports::allocate(snap, new, Some(old), ctx, &mut errors);
    }
    finish(errors, key, writes)
}

fn finish(errors: Errors, key: &Key, writes: Vec<Write>) -> Result<Vec<Write>, Status> {
    if errors.is_empty() { Ok(writes) } else { Err(errors.into_status("Service", "", &key.name)) }
}

/// `spec`, the root of all paths here.
const SPEC: Path<'static> = Path::root("spec");
