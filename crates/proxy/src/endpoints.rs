//! Which endpoints of a service a node uses: readiness, termination, policies, zone and node hints.
//! Models pkg/proxy/topology.go.

use crate::Endpoint;
use base::Text;
use model::Object;
use std::net::IpAddr;
use std::sync::Arc;
use value::Value;

/// An endpoint of a slice with its conditions.
#[derive(Clone, PartialEq, Debug)]
pub struct Candidate {
    pub endpoint: Endpoint,
    ready: bool,
    serving: bool,
    terminating: bool,
    zones: Vec<Text>,
    nodes: Vec<Text>,
}

/// The node that asks.
pub struct Here<'a> {
    pub node: &'a str,
    pub zone: &'a str,
}

/// All endpoints that slices give to a service port of this name, each address once, sorted as text.
pub fn candidates(slices: &[&Arc<Object>], port_name: &str, protocol: &str, here: &Here<'_>) -> Vec<Candidate> {
    let mut found: Vec<(String, Candidate)> = Vec::new();
    for slice in slices {
        let ports = slice.value["ports"].items();
        let named = |p: &&Value| {
            p["name"].s() == port_name && (p["protocol"].s() == protocol || p["protocol"].s().is_empty() && protocol == "TCP")
        };
        let Some(port) = ports.iter().find(named).and_then(|p| p["port"].as_i64()) else { continue };
        for endpoint in slice.value["endpoints"].items() {
            if let Some(candidate) = candidate(endpoint, port, here) {
                found.push((format!("{}:{port}", endpoint["addresses"][0].s()), candidate));
            }
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found.dedup_by(|a, b| a.0 == b.0);
    found.into_iter().map(|(_, candidate)| candidate).collect()
}

fn candidate(endpoint: &Value, port: i64, here: &Here<'_>) -> Option<Candidate> {
    let ip: IpAddr = endpoint["addresses"][0].s().parse().ok()?;
    let conditions = &endpoint["conditions"];
    let ready = conditions["ready"].as_bool().unwrap_or(true);
    let names = |list: &Value| list.items().iter().map(|z| z["name"].text()).collect();
    let target = &endpoint["targetRef"];
    Some(Candidate {
        endpoint: Endpoint {
            ip,
            port: u16::try_from(port).ok()?,
            local: endpoint["nodeName"].s() == here.node,
            pod: if target["kind"].s() == "Pod" { target["name"].text() } else { Text::new() },
            node: endpoint["nodeName"].text(),
        },
        ready,
        serving: conditions["serving"].as_bool().unwrap_or(ready),
        terminating: conditions["terminating"].is_true(),
        zones: names(&endpoint["hints"]["forZones"]),
        nodes: names(&endpoint["hints"]["forNodes"]),
    })
}

/// The ready ones; if none is, those that still serve while they terminate.
fn usable<'a>(among: impl Iterator<Item = &'a Candidate> + Clone) -> Vec<Endpoint> {
    let ready: Vec<Endpoint> = among.clone().filter(|c| c.ready).map(|c| c.endpoint.clone()).collect();
    if !ready.is_empty() {
        return ready;
    }
    among.filter(|c| c.serving && c.terminating).map(|c| c.endpoint.clone()).collect()
}

/// The endpoints of policy Cluster: hinted ones if every ready endpoint has hints that fit this node.
pub fn cluster(all: &[Candidate], here: &Here<'_>) -> Vec<Endpoint> {
    let hinted = hinted(all, here);
    if hinted.is_empty() { usable(all.iter()) } else { hinted }
}

fn hinted(all: &[Candidate], here: &Here<'_>) -> Vec<Endpoint> {
    let ready = || all.iter().filter(|c| c.ready);
    let pick = |fits: &dyn Fn(&Candidate) -> bool| ready().filter(|c| fits(c)).map(|c| c.endpoint.clone()).collect::<Vec<_>>();
    if ready().all(|c| !c.nodes.is_empty()) {
        let same_node = pick(&|c| c.nodes.iter().any(|n| n == here.node));
        if !same_node.is_empty() {
            return same_node;
        }
    }
    if here.zone.is_empty() || !ready().all(|c| !c.zones.is_empty()) {
        return Vec::new();
    }
    pick(&|c| c.zones.iter().any(|z| z == here.zone))
}

/// The endpoints of policy Local on this node.
pub fn local(all: &[Candidate]) -> Vec<Endpoint> {
    usable(all.iter().filter(|c| c.endpoint.local))
}
