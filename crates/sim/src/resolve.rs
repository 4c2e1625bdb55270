//! Between the DNS server's words and the words of the tools in a shell.

use base::{Duration, Text};
use dns::{Answer, Code, Data, Question, Record};
use shell::{DnsAnswer, RecordData, ResponseCode};

/// The answer as `dig` and `nslookup` read it.
pub fn to_shell(answer: &Answer, question: &Question, time: Duration) -> DnsAnswer {
    let cluster =
        question.name.ends_with("cluster.local.") || answer.authority.iter().any(|r| r.name.ends_with("cluster.local."));
    let records = |list: &[Record]| list.iter().map(record).collect();
    DnsAnswer {
        code: match answer.code {
            Code::NoError => ResponseCode::NoError,
            Code::NxDomain => ResponseCode::NxDomain,
            Code::ServFail => ResponseCode::ServFail,
        },
        authoritative: cluster,
        recursion_available: !cluster,
        answers: records(&answer.answer),
        authority: records(&answer.authority),
        additional: records(&answer.additional),
        time,
    }
}

fn bare(name: &Text) -> Text {
    name.strip_suffix('.').filter(|n| !n.is_empty()).unwrap_or(name).into()
}

fn record(record: &Record) -> shell::Record {
    let data = match &record.data {
        Data::A(ip) => RecordData::Address((*ip).into()),
        Data::Aaaa(ip) => RecordData::Address((*ip).into()),
        Data::Cname(name) => RecordData::Cname(bare(name)),
        Data::Srv { weight, port, target } => RecordData::Srv { priority: 0, weight: *weight, port: *port, target: bare(target) },
        Data::Ptr(name) => RecordData::Ptr(bare(name)),
        Data::Txt(text) => RecordData::Txt(text.clone()),
        Data::Ns(name) => RecordData::Ns(bare(name)),
        Data::Soa { server, mailbox, root } => {
            let (refresh, retry, expire, minimum) = if *root { (1800, 900, 604_800, 86_400) } else { (7200, 1800, 86_400, 30) };
            RecordData::Soa { primary: bare(server), mailbox: bare(mailbox), serial: 1, refresh, retry, expire, minimum }
        }
    };
    shell::Record { name: bare(&record.name), ttl: record.ttl, data }
}
