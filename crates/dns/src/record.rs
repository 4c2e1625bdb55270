//! Questions, records and answers, free of any wire format.

use base::Text;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Types a question may ask for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RecordType {
    A,
    Aaaa,
    Cname,
    Srv,
    Ptr,
    Txt,
    Ns,
    Soa,
    Mx,
    Any,
}

/// A question; the name is absolute and ends with a dot.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Question {
    pub name: Text,
    pub kind: RecordType,
}

/// One resource record.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Record {
    pub name: Text,
    pub ttl: u32,
    pub data: Data,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Data {
    A(Ipv4Addr),
    Aaaa(Ipv6Addr),
    Cname(Text),
    Srv {
        weight: u16,
        port: u16,
        target: Text,
    },
    Ptr(Text),
    Txt(Text),
    Ns(Text),
    /// Primary server and mailbox; `root` tells the outside world's from the cluster's.
    Soa {
        server: Text,
        mailbox: Text,
        root: bool,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Code {
    #[default]
    NoError,
    NxDomain,
    ServFail,
}

/// What a server answers.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Answer {
    pub code: Code,
    pub answer: Vec<Record>,
    pub authority: Vec<Record>,
    pub additional: Vec<Record>,
}

impl RecordType {
    pub const ALL: [(RecordType, &'static str); 10] = [
        (RecordType::A, "A"),
        (RecordType::Aaaa, "AAAA"),
        (RecordType::Cname, "CNAME"),
        (RecordType::Srv, "SRV"),
        (RecordType::Ptr, "PTR"),
        (RecordType::Txt, "TXT"),
        (RecordType::Ns, "NS"),
        (RecordType::Soa, "SOA"),
        (RecordType::Mx, "MX"),
        (RecordType::Any, "ANY"),
    ];
    pub fn parse(word: &str) -> Option<RecordType> {
        RecordType::ALL.iter().find(|(_, name)| name.eq_ignore_ascii_case(word)).map(|(kind, _)| *kind)
    }
    pub fn as_str(self) -> &'static str {
        RecordType::ALL.iter().find(|(kind, _)| *kind == self).map_or("A", |(_, name)| name)
    }
}

impl Data {
    pub fn kind(&self) -> RecordType {
        match self {
            Data::A(_) => RecordType::A,
            Data::Aaaa(_) => RecordType::Aaaa,
            Data::Cname(_) => RecordType::Cname,
            Data::Srv { .. } => RecordType::Srv,
            Data::Ptr(_) => RecordType::Ptr,
            Data::Txt(_) => RecordType::Txt,
            Data::Ns(_) => RecordType::Ns,
            Data::Soa { .. } => RecordType::Soa,
        }
    }
    pub fn address(ip: IpAddr) -> Data {
        match ip {
            IpAddr::V4(ip) => Data::A(ip),
            IpAddr::V6(ip) => Data::Aaaa(ip),
        }
    }
}

impl Question {
    /// A question about an absolute name; the final dot is added if it is missing.
    pub fn new(name: &str, kind: RecordType) -> Question {
        let name = if name.ends_with('.') { Text::from(name) } else { format!("{name}.").into() };
        Question { name, kind }
    }
}

impl Answer {
    /// Addresses of the answer, in its order.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.answer.iter().filter_map(|record| match &record.data {
            Data::A(ip) => Some(IpAddr::V4(*ip)),
            Data::Aaaa(ip) => Some(IpAddr::V6(*ip)),
            _ => None,
        })
    }
}

impl Code {
    pub fn as_str(self) -> &'static str {
        match self {
            Code::NoError => "NOERROR",
            Code::NxDomain => "NXDOMAIN",
            Code::ServFail => "SERVFAIL",
        }
    }
}

/// Prints as dig does, without the padding.
impl fmt::Display for Record {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {} IN {} ", self.name, self.ttl, self.data.kind().as_str())?;
        match &self.data {
            Data::A(ip) => write!(out, "{ip}"),
            Data::Aaaa(ip) => write!(out, "{ip}"),
            Data::Cname(name) | Data::Ptr(name) | Data::Ns(name) => write!(out, "{name}"),
            Data::Srv { weight, port, target } => write!(out, "0 {weight} {port} {target}"),
            Data::Txt(text) => write!(out, "\"{text}\""),
            Data::Soa { server, mailbox, root: false } => write!(out, "{server} {mailbox} 1 7200 1800 86400 30"),
            Data::Soa { server, mailbox, root: true } => write!(out, "{server} {mailbox} 1 1800 900 604800 86400"),
        }
    }
}
