//! How a resolver in a pod asks: search list, ndots, and what glibc, musl and busybox do differently.

use crate::record::{Answer, Code, Question, RecordType};
use base::Text;
use std::net::IpAddr;

/// `/etc/resolv.conf` as the kubelet writes it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ResolvConf {
    pub nameserver: Option<IpAddr>,
    pub search: Vec<Text>,
    pub ndots: u32,
}

/// The C library that asks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Library {
    #[default]
    Glibc,
    /// Never searches after a name with enough dots failed.
    Musl,
}

/// One question on the way, and its answer.
#[derive(Clone, PartialEq, Debug)]
pub struct Lookup {
    pub question: Question,
    pub answer: Answer,
}

/// All questions of one resolution, and the addresses found.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Resolution {
    pub lookups: Vec<Lookup>,
    pub addresses: Vec<IpAddr>,
    /// The name that had the addresses.
    pub name: Text,
}

impl ResolvConf {
    pub fn parse(text: &str) -> ResolvConf {
        let mut conf = ResolvConf { ndots: 1, ..ResolvConf::default() };
        for line in text.lines() {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("nameserver") if conf.nameserver.is_none() => conf.nameserver = words.next().and_then(|ip| ip.parse().ok()),
                Some("search") => conf.search = words.map(Text::from).collect(),
                Some("options") => {
                    let ndots = words.find_map(|w| w.strip_prefix("ndots:").and_then(|n| n.parse().ok()));
                    conf.ndots = ndots.unwrap_or(conf.ndots);
                }
                _ => {}
            }
        }
        conf
    }
}

/// The absolute names that are tried, in order.
pub fn candidates(name: &str, conf: &ResolvConf, library: Library) -> Vec<Text> {
    if name.ends_with('.') {
        return vec![name.into()];
    }
    let as_is: Text = format!("{name}.").into();
    let searched = conf.search.iter().map(|domain| Text::from(format!("{name}.{}.", domain.trim_end_matches('.'))));
    let dots = name.bytes().filter(|b| *b == b'.').count();
    if dots >= conf.ndots as usize {
        let mut names = vec![as_is];
        if library == Library::Glibc {
            names.extend(searched);
        }
        return names;
    }
    searched.chain([as_is]).collect()
}

/// Asks for A and AAAA of each candidate until one has addresses. An address as name needs no question.
pub fn resolve(name: &str, conf: &ResolvConf, library: Library, ask: &mut dyn FnMut(&Question) -> Answer) -> Resolution {
    let mut resolution = Resolution::default();
    if let Ok(ip) = name.parse() {
        resolution.addresses.push(ip);
        resolution.name = name.into();
        return resolution;
    }
    for candidate in candidates(name, conf, library) {
        let mut exists = false;
        for kind in [RecordType::A, RecordType::Aaaa] {
            let question = Question { name: candidate.clone(), kind };
            let answer = ask(&question);
            exists |= answer.code == Code::NoError;
            resolution.addresses.extend(answer.addresses());
            resolution.lookups.push(Lookup { question, answer });
        }
        if !resolution.addresses.is_empty() {
            resolution.name = candidate;
            return resolution;
        }
        // musl stops at the first name that exists, though it has no address.
        if exists && library == Library::Musl {
            return resolution;
        }
    }
    resolution
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conf() -> ResolvConf {
        ResolvConf::parse(
            "search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n",
        )
    }

    #[test]
    fn search_order() {
        let names = |name, library| candidates(name, &conf(), library).iter().map(|n| n.to_string()).collect::<Vec<_>>();
        assert_eq!(
            names("web", Library::Glibc),
            ["web.default.svc.cluster.local.", "web.svc.cluster.local.", "web.cluster.local.", "web."]
        );
        assert_eq!(names("web.", Library::Glibc), ["web."]);
        assert_eq!(names("db-0.db.data.svc.cluster.local", Library::Musl), ["db-0.db.data.svc.cluster.local."]);
        assert_eq!(names("db-0.db.data.svc.cluster.local", Library::Glibc).len(), 4);
    }

    #[test]
    fn eight_questions_for_an_outside_name() {
        let mut asked = 0;
        let mut ask = |_: &Question| {
            asked += 1;
            Answer { code: Code::NxDomain, ..Answer::default() }
        };
        assert!(resolve("www.example.com", &conf(), Library::Glibc, &mut ask).addresses.is_empty());
        assert_eq!(asked, 8);
    }
}
