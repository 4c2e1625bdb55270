//! Node ports: numbers that every node answers on, one service each.
//! Models initNodePorts of pkg/registry/core/service/storage/alloc.go and portallocator.

use super::{SPEC, needs_health_port, needs_node_port};
use crate::call::Ctx;
use crate::field::Errors;
use base::Rng;
use model::Object;
use store::Snapshot;
use value::Value;

/// How many random places are tried before every port in turn.
const TRIES: u32 = 16;

/// The ports of one service in the making.
struct Taking<'a> {
    snap: &'a Snapshot,
    range: (u16, u16),
    /// Ports that this service has already, or had before.
    own: Vec<i64>,
}

/// Takes the node ports that a service asks for, or free ones.
pub fn allocate(snap: &Snapshot, service: &mut Value, old: Option<&Object>, ctx: Ctx, errors: &mut Errors) {
    let mut taking = Taking { snap, range: ctx.config.node_ports, own: old.map(|o| ports_of(&o.value)).unwrap_or_default() };
    let spec = service.at_mut(&["spec"]);
    if wants_ports(spec) {
        let count = spec["ports"].items().len();
        // (protocol-less port, node port) pairs that are settled: one service may use a number for TCP and UDP.
        let mut settled: Vec<(i64, i64)> = Vec::new();
        for i in 0..count {
            let port = &spec["ports"][i];
            let (number, asked) = (port["port"].as_i64().unwrap_or(0), port["nodePort"].as_i64().unwrap_or(0));
            let shared = settled
                .iter()
                .find(|(port, node)| *port == number && (asked == 0 || asked == *node) && protocol_differs(spec, i, *node));
            let got = match (asked, shared) {
                (0, Some((_, node))) => Ok(*node),
                (0, None) if needs_node_port(spec) => {
                    taking.free(ctx.rng).ok_or_else(|| "failed to allocate a nodePort: range is full".to_string())
                }
                (0, None) => continue,
                (asked, _) if taking.own.contains(&asked) => Ok(asked),
                (asked, _) => taking.claim(asked),
            };
            match got {
                Ok(node) => {
                    settled.push((number, node));
                    taking.own.push(node);
                    if node != asked {
                        spec.at_mut(&["ports"]).as_list_mut()[i].set(&["nodePort"], node);
                    }
                }
                Err(why) => {
                    let ports = SPEC.child("ports");
                    return errors.invalid(&ports.index(i).child("nodePort"), asked, &why);
                }
            }
        }
    }
    health_port(spec, &mut taking, ctx, errors);
}

fn wants_ports(spec: &Value) -> bool {
    matches!(spec["type"].s(), "NodePort" | "LoadBalancer")
}

/// Whether an earlier port with this node port has another protocol than the `i`-th.
fn protocol_differs(spec: &Value, i: usize, node: i64) -> bool {
    let ports = spec["ports"].items();
    let same = |p: &Value| p["nodePort"].as_i64() == Some(node) && p["protocol"] == ports[i]["protocol"];
    !ports[..i].iter().any(same)
}

fn health_port(spec: &mut Value, taking: &mut Taking, ctx: Ctx, errors: &mut Errors) {
    if !needs_health_port(spec) {
        return;
    }
    let asked = spec["healthCheckNodePort"].as_i64().unwrap_or(0);
    let got = match asked {
        0 => taking.free(ctx.rng).ok_or_else(|| "failed to allocate a nodePort: range is full".to_string()),
        asked if taking.own.contains(&asked) => Ok(asked),
        asked => taking.claim(asked),
    };
    match got {
        Ok(port) => spec.set(&["healthCheckNodePort"], port),
        Err(why) => errors.invalid(
            &SPEC.child("healthCheckNodePort"),
            asked,
            &format!("failed to allocate requested HealthCheck NodePort {asked}: {why}"),
        ),
    }
}

fn ports_of(service: &Value) -> Vec<i64> {
    let spec = &service["spec"];
    let health = spec["healthCheckNodePort"].as_i64();
    spec["ports"].items().iter().filter_map(|p| p["nodePort"].as_i64()).chain(health).filter(|p| *p != 0).collect()
}

impl Taking<'_> {
    fn claim(&self, port: i64) -> Result<i64, String> {
        let (first, last) = self.range;
        if port < first.into() || port > last.into() {
            return Err(format!("provided port is not in the valid range. The range of valid ports is {first}-{last}"));
        }
        if self.is_taken(port) { Err("provided port is already allocated".into()) } else { Ok(port) }
    }
    fn is_taken(&self, port: i64) -> bool {
        u16::try_from(port).is_ok_and(|port| self.snap.service_on(port).is_some())
    }
    /// A free port: at random from the upper part, which leaves the lower one to people.
    fn free(&self, rng: &mut Rng) -> Option<i64> {
        let (first, size) = (i64::from(self.range.0), i64::from(self.range.1) - i64::from(self.range.0) + 1);
        let low = if size < 16 { 0 } else { (size / 32).clamp(16, 128) };
        let open = |port: &i64| !self.own.contains(port) && !self.is_taken(*port);
        for _ in 0..TRIES {
            let port = first + low + rng.below((size - low).max(1) as u64) as i64;
            if open(&port) {
                return Some(port);
            }
        }
        (low..size).chain(0..low).map(|i| first + i).find(open)
    }
}
