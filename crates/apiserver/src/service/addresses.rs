//! Cluster addresses. Each one that is taken is an IPAddress object, so whether one is free is a single look-up.
//! New ones come from the upper part of the range at random, so that people can choose low ones by hand.
//! Models pkg/registry/core/service/ipallocator.

use super::families::family;
use super::{SPEC, needs_cluster_ip};
use crate::Config;
use crate::call::Ctx;
use crate::field::{Bad, Errors};
use api::{Change, Expect, Write};
use base::{Cidr, Rng, Text, parse_ip, text};
use model::{Key, Object, Resource};
use std::net::IpAddr;
use store::Snapshot;
use value::{List, Value, obj};

static IP_ADDRESSES: Resource = text!("ipaddresses.networking.k8s.io");

/// How many random places are tried before every address in turn.
const TRIES: u32 = 32;

/// Takes the addresses a service asks for, or free ones.
pub fn allocate(snap: &Snapshot, key: &Key, service: &mut Value, ctx: Ctx, errors: &mut Errors) -> Vec<Write> {
    let spec = service.at_mut(&["spec"]);
    if !needs_cluster_ip(spec) || spec["clusterIP"].s() == "None" {
        return Vec::new();
    }
    let asked = spec["clusterIPs"].clone();
    let families: Vec<Text> = spec["ipFamilies"].items().iter().map(Value::text).collect();
    let mut addresses: Vec<IpAddr> = Vec::new();
    let mut writes = Vec::new();
    for (i, wanted) in families.iter().enumerate() {
        let Some(range) = range(ctx.config, wanted) else { continue };
        let taken = match asked[i].s() {
            "" => match free(snap, range, ctx.rng) {
                Some(address) => address,
                None => {
                    let why = "failed to allocate a serviceIP: range is full";
                    errors.invalid(&SPEC.child("clusterIPs"), Bad::Value(&asked), why);
                    return Vec::new();
                }
            },
            text => match claim(snap, range, text, key) {
                Ok(address) => address,
                Err(why) => {
                    let why = format!("failed to allocate IP {text}: {why}");
                    errors.invalid(&SPEC.child("clusterIPs"), Bad::Value(&asked), &why);
                    return Vec::new();
                }
            },
        };
        addresses.push(taken);
        let value = address_object(taken, key, ctx);
        let key = Key::cluster(&IP_ADDRESSES, taken.to_string());
        writes.push(Write { key, expect: Expect::Absent, change: Change::Put(value) });
    }
    if let Some(first) = addresses.first() {
        spec.set(&["clusterIP"], first.to_string());
        spec.set(&["clusterIPs"], addresses.iter().map(|a| Value::str(&a.to_string())).collect::<List>());
    }
    writes
}

fn range(config: &Config, wanted: &str) -> Option<Cidr> {
    let cidrs = [Some(config.service_cidr), config.second_service_cidr];
    cidrs.into_iter().flatten().find(|cidr| family(cidr.is_ipv4()) == wanted)
}

/// The network address is never given out, the last IPv4 address neither.
fn usable(range: Cidr) -> u128 {
    let all = range.size().saturating_sub(1);
    if range.is_ipv4() { all.saturating_sub(1) } else { all }
}

fn is_taken(snap: &Snapshot, address: IpAddr) -> bool {
    snap.get(&Key::cluster(&IP_ADDRESSES, address.to_string())).is_some()
}

fn claim(snap: &Snapshot, range: Cidr, text: &str, key: &Key) -> Result<IpAddr, &'static str> {
    const OUTSIDE: &str = "the provided network does not match the current range";
    let address = parse_ip(text).ok_or(OUTSIDE)?;
    match range.index_of(address) {
        Some(index) if index > 0 && index <= usable(range) => {}
        _ => return Err(OUTSIDE),
    }
    match snap.get(&Key::cluster(&IP_ADDRESSES, address.to_string())) {
        Some(holder) if !is_held_by(holder, key) => Err("provided IP is already allocated"),
        _ => Ok(address),
    }
}

fn is_held_by(holder: &Object, key: &Key) -> bool {
    let parent = &holder.value["spec"]["parentRef"];
    parent["resource"].s() == "services"
        && parent["name"].s() == key.name.as_str()
        && parent["namespace"].s() == key.namespace.as_str()
}

/// How many addresses at the bottom are kept for people. Models calculateRangeOffset.
fn reserved(size: u128) -> u128 {
    if size < 16 { 0 } else { (size / 16).clamp(16, 256).min(size) }
}

fn free(snap: &Snapshot, range: Cidr, rng: &mut Rng) -> Option<IpAddr> {
    let (size, low) = (usable(range), reserved(range.size()));
    let upper = u64::try_from(size.saturating_sub(low)).unwrap_or(u64::MAX);
    let address = |index: u128| range.nth(index + 1).filter(|a| !is_taken(snap, *a));
    for _ in 0..TRIES {
        if let Some(found) = address(low + u128::from(rng.below(upper))) {
            return Some(found);
        }
    }
    // Crowded: every one in turn, the upper part first. A range has at most 2^20 addresses in practice.
    let last = size.min(1 << 20);
    (low..last).chain(0..low.min(last)).find_map(address)
}

/// The IPAddress that says whose an address is.
pub fn address_object(address: IpAddr, service: &Key, ctx: Ctx) -> Value {
    let labels = obj! {
        "ipaddress.kubernetes.io/ip-family" => family(address.is_ipv4()),
        "ipaddress.kubernetes.io/managed-by" => "ipallocator.k8s.io",
    };
    let parent = obj! { "group" => "", "resource" => "services", "namespace" => &service.namespace, "name" => &service.name };
    obj! {
        "apiVersion" => "networking.k8s.io/v1", "kind" => "IPAddress",
        "metadata" => obj! { "name" => address.to_string(), "uid" => ctx.rng.uuid(), "creationTimestamp" => ctx.now, "labels" => labels },
        "spec" => obj! { "parentRef" => parent },
    }
}

/// The writes that give a service's addresses back.
pub fn release(snap: &Snapshot, object: &Object) -> Vec<Write> {
    if object.resource != "services" {
        return Vec::new();
    }
    let key = object.key();
    let held = |ip: &Value| {
        let holder = snap.get(&Key::cluster(&IP_ADDRESSES, ip.text()))?;
        is_held_by(holder, &key).then(|| Write {
            key: holder.key(),
            expect: Expect::Revision(holder.meta.revision),
            change: Change::Delete,
        })
    };
    object.spec()["clusterIPs"].items().iter().filter_map(held).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lower_part_is_left_to_people() {
        assert_eq!(reserved(1 << 20), 256);
        assert_eq!(reserved(256), 16);
        assert_eq!(reserved(8), 0);
        let range = Cidr::parse("10.96.0.0/24").expect("a range");
        let mut rng = Rng::new(1);
        for _ in 0..500 {
            let index = free(&Snapshot::default(), range, &mut rng).and_then(|a| range.index_of(a)).expect("a free address");
            assert!((17..=254).contains(&index), "{index}");
        }
    }
}
