//! The cloud's service controller: Services of type LoadBalancer get an address from a pool, and give it back.
//! Models k8s.io/cloud-provider/controllers/service.

use crate::Controller;
use crate::fields::push;
use api::{Note, Op, Outcome, PatchType, WatchKind};
use base::{Text, Time};
use model::resource::SERVICES;
use model::{Key, Object};
use std::net::Ipv4Addr;
use store::{Commit, Snapshot};
use value::{Value, list, obj};

const NAME: &str = "service-controller";
const FINALIZER: &str = "service.kubernetes.io/load-balancer-cleanup";
/// The pool, out of TEST-NET-3: first and last address.
const POOL: (Ipv4Addr, Ipv4Addr) = (Ipv4Addr::new(203, 0, 113, 10), Ipv4Addr::new(203, 0, 113, 250));

/// The service controller of a cloud that has one pool of addresses.
pub struct LoadBalancers;

impl Controller for LoadBalancers {
    fn name(&self) -> &'static str {
        NAME
    }

    fn keys(&self, snap: &Snapshot, commit: &Commit, out: &mut Vec<Key>) {
        if commit.key.resource != SERVICES {
            return;
        }
        let concerns = |service: &Object| wants(service) || has_finalizer(service);
        if commit.kind != WatchKind::Deleted && concerns(&commit.object) {
            push(out, commit.key.clone());
        }
        // An address that is given back may be what another Service waits for.
        let freed = commit.before.as_deref().is_some_and(|before| before.service().ingress_ips().next().is_some());
        if freed {
            let waiting = snap.list(&SERVICES, "").filter(|s| wants(s) && s.service().ingress_ips().next().is_none());
            waiting.for_each(|service| push(out, service.key()));
        }
    }

    fn reconcile(&self, snap: &Snapshot, key: &Key, _now: Time) -> Outcome {
        let Some(service) = snap.get(key) else { return Outcome::nothing() };
        match (wants(service), has_finalizer(service)) {
            (true, false) => with_finalizer(service),
            (true, true) => ensure(snap, service),
            (false, true) => release(service),
            (false, false) => Outcome::nothing(),
        }
    }

    fn applied(&self, snap: &Snapshot, key: &Key, op: &Op, made: &Value) -> Vec<Note> {
        let Some(service) = snap.get(key) else { return Vec::new() };
        let note = |reason, message: &str| vec![Note::normal(service, NAME, reason, message)];
        match op {
            Op::UpdateStatus { .. } if made["status"]["loadBalancer"].is_empty() => {
                note("DeletedLoadBalancer", "Deleted load balancer")
            }
            Op::UpdateStatus { .. } => note("EnsuredLoadBalancer", "Ensured load balancer"),
            _ => Vec::new(),
        }
    }
}

fn has_finalizer(service: &Object) -> bool {
    service.meta.finalizers.iter().any(|f| f == FINALIZER)
}

/// Whether the Service should have one of our addresses. Another class is another cloud's business.
fn wants(service: &Object) -> bool {
    service.service().kind() == "LoadBalancer" && service.spec()["loadBalancerClass"].is_empty() && !service.is_terminating()
}

fn with_finalizer(service: &Object) -> Outcome {
    let mut finalizers: Vec<Value> = service.meta.finalizers.iter().map(|f| Value::Str(f.clone())).collect();
    finalizers.push(Value::str(FINALIZER));
    let note = Note::normal(service, NAME, "EnsuringLoadBalancer", "Ensuring load balancer");
    Outcome { ops: vec![patch_finalizers(service, finalizers)], again_at: None, notes: vec![note] }
}

/// The first free address, or the one the Service asks for if nobody has it.
fn ensure(snap: &Snapshot, service: &Object) -> Outcome {
    if service.service().ingress_ips().next().is_some() {
        return Outcome::nothing();
    }
    let others: Vec<&str> = snap.list(&SERVICES, "").flat_map(|s| s.service().ingress_ips()).collect();
    let free = |ip: &Ipv4Addr| !others.contains(&ip.to_string().as_str());
    let asked = service.spec()["loadBalancerIP"].s();
    let chosen = match asked {
        "" => (u32::from(POOL.0)..=u32::from(POOL.1)).map(Ipv4Addr::from).find(free),
        asked => asked.parse().ok().filter(|ip| (POOL.0..=POOL.1).contains(ip)).filter(free),
    };
    let Some(ip) = chosen else {
        let why = if asked.is_empty() {
            "no address is left".into()
        } else {
            format!("address {asked} is not free in the pool {}-{}", POOL.0, POOL.1)
        };
        let message = format!("Error syncing load balancer: failed to ensure load balancer: {why}");
        return Outcome { notes: vec![Note::warning(service, NAME, "SyncLoadBalancerFailed", message)], ..Outcome::nothing() };
    };
    let mut status = service.status().clone();
    status.set(&["loadBalancer", "ingress"], list![obj! { "ip" => ip.to_string(), "ipMode" => "VIP" }]);
    Outcome::op(Op::status(service, status))
}

/// Gives the address back, then lets the Service go.
fn release(service: &Object) -> Outcome {
    if service.service().ingress_ips().next().is_some() {
        let mut status = service.status().clone();
        status.set(&["loadBalancer"], Value::map());
        let note = Note::normal(service, NAME, "DeletingLoadBalancer", "Deleting load balancer");
        return Outcome { ops: vec![Op::status(service, status)], again_at: None, notes: vec![note] };
    }
    let left = service.meta.finalizers.iter().filter(|f| *f != FINALIZER).map(|f| Value::Str(f.clone()));
    Outcome::op(patch_finalizers(service, left.collect()))
}

fn patch_finalizers(service: &Object, finalizers: Vec<Value>) -> Op {
    let finalizers = if finalizers.is_empty() { Value::Null } else { Value::List(finalizers.into()) };
    let version = service.meta.revision.to_string();
    let patch = obj! { "metadata" => obj! { "finalizers" => finalizers, "resourceVersion" => version } };
    Op::Patch { key: service.key(), subresource: Text::new(), kind: PatchType::Merge, patch }
}
