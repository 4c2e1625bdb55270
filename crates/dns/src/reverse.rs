//! Names of addresses: cluster IPs and ready endpoints; anything else is the upstream server's matter.

use crate::answer::{positive, record};
use crate::cluster::{cluster_ips, endpoint_label, is_ready};
use crate::record::{Answer, Data, Question, RecordType};
use base::Text;
use model::resource;
use std::net::{IpAddr, Ipv6Addr};
use store::Snapshot;

/// The PTR records of an address; `None` if the cluster does not know it.
pub fn answer(snap: &Snapshot, question: &Question, domain: &str) -> Option<Answer> {
    if question.kind != RecordType::Ptr {
        return None;
    }
    let ip = address(&question.name)?;
    let mut names: Vec<Text> = Vec::new();
    for service in snap.list(&resource::SERVICES, "") {
        if cluster_ips(service).contains(&ip) {
            names.push(format!("{}.{}.svc.{domain}", service.meta.name, service.meta.namespace).into());
        }
    }
    if names.is_empty() {
        names = endpoints(snap, ip, domain);
    }
    names.sort();
    names.dedup();
    let records: Vec<_> = names.into_iter().map(|name| record(&question.name, Data::Ptr(name))).collect();
    if records.is_empty() { None } else { Some(positive(records)) }
}

fn endpoints(snap: &Snapshot, ip: IpAddr, domain: &str) -> Vec<Text> {
    let mut names = Vec::new();
    let wanted = ip.to_string();
    for slice in snap.list(&resource::ENDPOINT_SLICES, "") {
        let service = slice.meta.label("kubernetes.io/service-name");
        for endpoint in slice.value["endpoints"].items().iter().filter(|e| is_ready(e)) {
            if endpoint["addresses"].items().iter().any(|a| a.s() == wanted) && !service.is_empty() {
                let label = endpoint_label(endpoint, &wanted);
                names.push(format!("{label}.{service}.{}.svc.{domain}", slice.meta.namespace).into());
            }
        }
    }
    names
}

/// The address that a whole `in-addr.arpa` or `ip6.arpa` name stands for.
fn address(name: &str) -> Option<IpAddr> {
    if let Some(labels) = name.strip_suffix(".in-addr.arpa.") {
        let parts: Vec<&str> = labels.split('.').rev().collect();
        return if parts.len() == 4 { parts.join(".").parse().ok() } else { None };
    }
    let labels: Vec<&str> = name.strip_suffix(".ip6.arpa.")?.split('.').rev().collect();
    if labels.len() != 32 || labels.iter().any(|l| l.len() != 1) {
        return None;
    }
    let bits = u128::from_str_radix(&labels.concat(), 16).ok()?;
    Some(IpAddr::V6(Ipv6Addr::from(bits)))
}
