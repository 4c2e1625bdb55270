//! `answer`: which part of the name space a question belongs to, and the answers all parts share.

use crate::cluster::{self, Found};
use crate::record::{Answer, Code, Data, Question, Record, RecordType};
use crate::reverse;
use base::{Text, text};
use std::collections::BTreeMap;
use store::Snapshot;

pub const TTL: u32 = 30;
/// How many CNAMEs are followed.
const CHAIN: usize = 8;

/// The outside world's names, as the upstream server knows them: lower case, with a final dot.
pub type Zone = BTreeMap<Text, Vec<Record>>;

/// What the server was started with.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Config {
    /// The cluster domain with a final dot; empty means `cluster.local.`.
    pub domain: Text,
    pub outside: Zone,
}

impl Config {
    pub fn domain(&self) -> &str {
        if self.domain.is_empty() { "cluster.local." } else { &self.domain }
    }
}

/// The answer to one question.
pub fn answer(snap: &Snapshot, question: &Question, config: &Config) -> Answer {
    let lower = question.name.to_ascii_lowercase();
    let mut answer = lookup(snap, &Question::new(&lower, question.kind), config, CHAIN);
    let ttl = answer.answer.iter().map(|r| r.ttl).min().unwrap_or(TTL).min(TTL);
    for record in answer.answer.iter_mut().chain(&mut answer.authority).chain(&mut answer.additional) {
        record.ttl = ttl;
        if *record.name == *lower {
            record.name = question.name.clone();
        }
    }
    answer
}

fn lookup(snap: &Snapshot, question: &Question, config: &Config, depth: usize) -> Answer {
    let domain = config.domain();
    if let Some(rest) = question.name.strip_suffix(domain).filter(|rest| rest.is_empty() || rest.ends_with('.')) {
        return in_cluster(snap, rest.trim_end_matches('.'), (question, config), depth);
    }
    if let Some(found) = reverse::answer(snap, question, domain) {
        return found;
    }
    outside(question, config)
}

/// Answers from the upstream server, chains of CNAMEs included.
fn outside(question: &Question, config: &Config) -> Answer {
    let mut answer = Answer::default();
    let mut name = question.name.clone();
    for _ in 0..CHAIN {
        let Some(records) = config.outside.get(&name) else {
            answer.code = if answer.answer.is_empty() { Code::NxDomain } else { Code::NoError };
            answer.authority = vec![root()];
            return answer;
        };
        let wanted = |r: &&Record| r.data.kind() == question.kind || question.kind == RecordType::Any;
        let found: Vec<Record> = records.iter().filter(wanted).cloned().collect();
        let alias = records.iter().find_map(|r| if let Data::Cname(to) = &r.data { Some((r.clone(), to.clone())) } else { None });
        match alias {
            Some((record, to)) if found.is_empty() => {
                answer.answer.push(record);
                name = to;
            }
            _ => {
                answer.answer.extend(found);
                return answer;
            }
        }
    }
    answer
}

fn in_cluster(snap: &Snapshot, rest: &str, (question, config): (&Question, &Config), depth: usize) -> Answer {
    let domain = config.domain();
    match cluster::find(snap, rest, domain) {
        Found::Nothing => negative(Code::NxDomain, domain),
        Found::Apex => apex(question, snap, domain),
        Found::Between if question.kind == RecordType::Txt => negative(Code::NxDomain, domain),
        Found::Between => negative(Code::NoError, domain),
        Found::Version if question.kind == RecordType::Txt => positive(vec![record(&question.name, Data::Txt(text!("1.1.0")))]),
        Found::Version => negative(Code::NxDomain, domain),
        Found::Alias(target) => alias(snap, &target, (question, config), depth),
        Found::Addresses(found) => addresses(&found, question, domain),
    }
}

fn apex(question: &Question, snap: &Snapshot, domain: &str) -> Answer {
    match question.kind {
        RecordType::Soa => positive(vec![soa(domain)]),
        RecordType::Ns => {
            let server: Text = format!("ns.dns.{domain}").into();
            let mut answer = positive(vec![record(&question.name, Data::Ns(server.clone()))]);
            answer.additional =
                cluster::server_addresses(snap).into_iter().map(|ip| record(&server, Data::address(ip))).collect();
            answer
        }
        _ => negative(Code::NoError, domain),
    }
}

/// An ExternalName: the CNAME and what it leads to.
fn alias(snap: &Snapshot, target: &Text, (question, config): (&Question, &Config), depth: usize) -> Answer {
    let domain = config.domain();
    let cname = record(&question.name, Data::Cname(target.clone()));
    match question.kind {
        RecordType::Cname => return positive(vec![cname]),
        RecordType::A | RecordType::Aaaa if depth > 0 => {}
        _ => return negative(Code::NoError, domain),
    }
    let internal = target.ends_with(domain);
    let behind = lookup(snap, &Question { name: target.clone(), kind: question.kind }, config, depth - 1);
    let only_aliases = behind.addresses().next().is_none();
    if only_aliases && (internal || behind.code == Code::NoError && behind.answer.is_empty()) {
        return negative(Code::NoError, domain);
    }
    let mut records = vec![cname];
    records.extend(behind.answer);
    positive(records)
}

fn addresses(found: &cluster::Addresses, question: &Question, domain: &str) -> Answer {
    match question.kind {
        RecordType::A | RecordType::Aaaa => {
            let mut records: Vec<Record> = found
                .targets
                .iter()
                .map(|t| record(&question.name, Data::address(t.ip)))
                .filter(|r| r.data.kind() == question.kind)
                .collect();
            records.sort();
            records.dedup();
            if records.is_empty() { negative(Code::NoError, domain) } else { positive(records) }
        }
        RecordType::Srv if !found.targets.is_empty() => services(found, question),
        _ => negative(Code::NoError, domain),
    }
}

fn services(found: &cluster::Addresses, question: &Question) -> Answer {
    let weight = (100 / found.targets.len() as u16).max(1);
    let mut answer = Answer::default();
    for target in &found.targets {
        let data = Data::Srv { weight, port: target.port, target: target.name.clone() };
        answer.answer.push(record(&question.name, data));
        answer.additional.push(record(&target.name, Data::address(target.ip)));
    }
    for list in [&mut answer.answer, &mut answer.additional] {
        list.sort();
        list.dedup();
    }
    answer
}

pub fn record(name: &Text, data: Data) -> Record {
    Record { name: name.clone(), ttl: TTL, data }
}

pub fn positive(answer: Vec<Record>) -> Answer {
    Answer { answer, ..Answer::default() }
}

/// NXDOMAIN or NODATA with the zone's SOA.
pub fn negative(code: Code, zone: &str) -> Answer {
    Answer { code, authority: vec![soa(zone)], ..Answer::default() }
}

fn soa(zone: &str) -> Record {
    let data = Data::Soa { server: format!("ns.dns.{zone}").into(), mailbox: format!("hostmaster.{zone}").into(), root: false };
    Record { name: zone.into(), ttl: TTL, data }
}

fn root() -> Record {
    let data = Data::Soa { server: text!("a.root-servers.net."), mailbox: text!("nstld.verisign-grs.com."), root: true };
    Record { name: text!("."), ttl: TTL, data }
}
