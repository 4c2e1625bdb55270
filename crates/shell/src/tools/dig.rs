//! dig: `+short` and the full form.

use crate::call::{Call, CallId, DnsAnswer, DnsQuestion, Failure, Record, RecordData, RecordKind, Reply, ResponseCode};
use crate::kernel::{Finished, Io};
use crate::net::{Resolver, reverse_name};
use crate::tool::{On, Step, Tool};
use crate::tools::date;
use base::{Duration, Text, Time};
use std::net::IpAddr;

#[derive(Clone, Debug, Default)]
struct Show {
    short: bool,
    comments: bool,
    answer: bool,
    stats: bool,
    cmd: bool,
}

#[derive(Clone, Debug)]
struct Dig {
    show: Show,
    server: IpAddr,
    port: u16,
    tcp: bool,
    kind: RecordKind,
    asked: Text,
    names: Vec<Text>,
    next: usize,
    wait: Duration,
    tries: u32,
    tried: u32,
    call: Option<(CallId, Time)>,
}

pub(crate) fn dig(io: &mut Io) -> Result<Box<dyn Tool>, i32> {
    let resolver = Resolver::read(io);
    let mut show = Show { short: false, comments: true, answer: true, stats: true, cmd: true };
    let (mut server, mut port, mut kind, mut name) = (resolver.servers[0], 53, None, None);
    let (mut search, mut tcp, mut wait, mut tries) = (false, false, 5, 3);
    let argv = io.core.argv.clone();
    let mut words = argv[1..].iter();
    while let Some(word) = words.next() {
        if let Some(at) = word.strip_prefix('@') {
            match at.parse() {
                Ok(address) => server = address,
                Err(_) => {
                    io.complain(&format!("couldn't get address for '{at}': not found"));
                    return Err(10);
                }
            }
        } else if let Some(option) = word.strip_prefix('+') {
            match option {
                "short" => show.short = true,
                "search" => search = true,
                "tcp" | "vc" => tcp = true,
                "noall" => show = Show { short: show.short, ..Show::default() },
                "all" => show = Show { short: show.short, comments: true, answer: true, stats: true, cmd: true },
                "answer" => show.answer = true,
                "noanswer" => show.answer = false,
                "nocomments" => show.comments = false,
                "nostats" => show.stats = false,
                "nocmd" => show.cmd = false,
                _ => {
                    let number = |name: &str| option.strip_prefix(name).and_then(|text| text.parse::<u32>().ok());
                    wait = number("time=").or(number("timeout=")).unwrap_or(wait).clamp(1, 300);
                    tries = number("tries=").or(number("retry=").map(|n| n.saturating_add(1))).unwrap_or(tries).clamp(1, 20);
                }
            }
        } else if word == "-x" {
            let address = words.next().and_then(|text| text.parse::<IpAddr>().ok());
            name = address.map(|address| Text::from(reverse_name(address)));
            kind = Some(RecordKind::Ptr);
        } else if word == "-t" {
            kind = words.next().and_then(|text| RecordKind::parse(text)).or(kind);
        } else if word == "-p" {
            port = words.next().and_then(|text| text.parse().ok()).unwrap_or(53);
        } else if word.starts_with('-') || word.eq_ignore_ascii_case("in") {
            continue;
        } else if let Some(found) = RecordKind::parse(word).filter(|_| name.is_some() || kind.is_none() && words.len() > 0) {
            kind = Some(found);
        } else {
            name = Some(word.clone());
        }
    }
    let asked = name.unwrap_or_default();
    let whole = Text::from(asked.trim_end_matches('.'));
    let dots = whole.matches('.').count();
    let names = if search && !asked.ends_with('.') {
        let searched = resolver.search.iter().map(|domain| Text::from(format!("{whole}.{domain}")));
        if dots >= resolver.ndots {
            std::iter::once(whole.clone()).chain(searched).collect()
        } else {
            searched.chain(std::iter::once(whole.clone())).collect()
        }
    } else {
        vec![whole]
    };
    let kind = kind.unwrap_or(if asked.is_empty() { RecordKind::Ns } else { RecordKind::A });
    let wait = Duration::from_secs(wait.into());
    Ok(Box::new(Dig { show, server, port, tcp, kind, asked, names, next: 0, wait, tries, tried: 0, call: None }))
}

/// The data of a record in the form of zone files.
pub(crate) fn data(data: &RecordData) -> String {
    match data {
        RecordData::Address(address) => address.to_string(),
        RecordData::Cname(name) | RecordData::Ns(name) | RecordData::Ptr(name) => format!("{name}."),
        RecordData::Txt(text) => format!("\"{text}\""),
        RecordData::Mx { preference, host } => format!("{preference} {host}."),
        RecordData::Srv { priority, weight, port, target } => format!("{priority} {weight} {port} {target}."),
        RecordData::Soa { primary, mailbox, serial, refresh, retry, expire, minimum } => {
            format!("{primary}. {mailbox}. {serial} {refresh} {retry} {expire} {minimum}")
        }
    }
}

/// What leads to the column at that many tab stops: dig's, a blank if the text is longer.
fn column(len: usize, stops: usize) -> String {
    match stops.saturating_sub(len / 8) {
        0 => " ".into(),
        tabs => "\t".repeat(tabs),
    }
}

fn line(record: &Record) -> String {
    let owner = format!("{}.", record.name);
    let tabs = column(owner.len(), 3);
    format!("{owner}{tabs}{}\tIN\t{}\t{}\n", record.ttl, record.data.kind().name(), data(&record.data))
}

impl Dig {
    fn answered(&mut self, answer: &DnsAnswer, io: &mut Io) -> Step {
        if answer.code == ResponseCode::NxDomain && self.next + 1 < self.names.len() {
            self.next += 1;
            return Step::More;
        }
        if self.show.short {
            io.out(answer.answers.iter().map(|record| data(&record.data) + "\n").collect::<String>());
            return Step::Exit(0);
        }
        let name = &self.names[self.next];
        let mut out = String::new();
        if self.show.cmd {
            let words: Vec<&str> = io.core.argv[1..].iter().map(|word| word.as_str()).collect();
            out += &format!("\n; <<>> DiG 9.18.33 <<>> {}\n;; global options: +cmd\n", words.join(" "));
        }
        if self.show.comments {
            let flags = [(true, "qr"), (answer.authoritative, "aa"), (true, "rd"), (answer.recursion_available, "ra")];
            let flags: Vec<&str> = flags.iter().filter(|row| row.0).map(|row| row.1).collect();
            let id = io.now.as_micros().rem_euclid(65_536);
            out += &format!(
                ";; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: {}, id: {id}\n;; flags: {}; QUERY: 1, ANSWER: {}, AUTHORITY: {}, ADDITIONAL: {}\n",
                answer.code.name(),
                flags.join(" "),
                answer.answers.len(),
                answer.authority.len(),
                answer.additional.len() + 1
            );
            if !answer.recursion_available {
                out += ";; WARNING: recursion requested but not available\n";
            }
            out += "\n;; OPT PSEUDOSECTION:\n; EDNS: version: 0, flags:; udp: 1232\n";
            out += &format!(";; QUESTION SECTION:\n;{name}.{}IN\t{}\n\n", column(name.len() + 2, 4), self.kind.name());
        }
        let sections = [
            ("ANSWER", &answer.answers, self.show.answer),
            ("AUTHORITY", &answer.authority, self.show.comments),
            ("ADDITIONAL", &answer.additional, self.show.comments),
        ];
        for (title, records, shown) in sections {
            if records.is_empty() || !shown {
                continue;
            }
            if self.show.comments {
                out += &format!(";; {title} SECTION:\n");
            }
            records.iter().for_each(|record| out += &line(record));
            if self.show.comments {
                out.push('\n');
            }
        }
        if self.show.stats {
            let transport = if self.tcp { "TCP" } else { "UDP" };
            let when = date::show(io.now, "%a %b %d %H:%M:%S UTC %Y");
            let size = 12 + name.len() + 6 + 11 + answer.answers.iter().map(|record| record.name.len() + 16).sum::<usize>();
            let (server, port) = (self.server, self.port);
            out += &format!(
                ";; Query time: {} msec\n;; SERVER: {server}#{port}({server}) ({transport})\n;; WHEN: {when}\n;; MSG SIZE  rcvd: {size}\n\n",
                answer.time.as_millis()
            );
        }
        io.out(out);
        Step::Exit(0)
    }

    fn unanswered(&self, failure: Failure, io: &mut Io) -> Step {
        let words = match failure {
            Failure::Refused => "connection refused",
            Failure::Unreachable => "host unreachable",
            _ => "timed out",
        };
        let line = format!(";; communications error to {}#{}: {words}\n", self.server, self.port);
        let banner = format!("\n; <<>> DiG 9.18.33 <<>> {}\n;; global options: +cmd\n", self.asked);
        let banner = if self.show.short || !self.show.cmd { String::new() } else { banner };
        io.out(format!("{}{banner};; no servers could be reached\n", line.repeat(self.tries as usize)));
        Step::Exit(9)
    }
}

impl Tool for Dig {
    fn step(&mut self, io: &mut Io) -> Step {
        if let Some((call, until)) = self.call {
            match io.reply(call) {
                Some(Reply::Dns(answer)) => {
                    io.forget(call, Finished::Yes);
                    self.call = None;
                    return match answer {
                        Ok(answer) => self.answered(&answer, io),
                        Err(failure) => self.unanswered(failure, io),
                    };
                }
                _ if io.now >= until => {
                    io.forget(call, Finished::No);
                    self.call = None;
                    self.tried += 1;
                    if self.tried >= self.tries {
                        return self.unanswered(Failure::Timeout, io);
                    }
                }
                _ => return Step::Wait(On::Reply(call, until)),
            }
            return Step::More;
        }
        let name = self.names[self.next].clone();
        let question = DnsQuestion { server: self.server, port: self.port, name, kind: self.kind, tcp: self.tcp };
        self.call = Some((io.call(Call::Query(question)), io.now + self.wait));
        Step::More
    }
    fn copy(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}
