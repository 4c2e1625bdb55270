//! nslookup (busybox's form, and bind's on a bash machine) and host.

use crate::call::{Call, CallId, DnsAnswer, DnsQuestion, Failure, Record, RecordData, RecordKind, Reply, ResponseCode};
use crate::kernel::{Finished, Io};
use crate::net::{Resolver, reverse_name};
use crate::tool::{On, Step, Tool};
use base::{Duration, Text, Time};
use std::net::IpAddr;

#[derive(Clone, Debug)]
struct Lookup {
    kind: Form,
    name: Text,
    server: IpAddr,
    port: u16,
    /// What is asked, in order: name and type.
    questions: Vec<(Text, RecordKind)>,
    next: usize,
    call: Option<(CallId, Time)>,
    tries: u32,
    /// Answers by question.
    answers: Vec<(Text, RecordKind, Result<DnsAnswer, Failure>)>,
    /// bind stops at the first name of the search list that exists.
    stop_at_first: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    Busybox,
    Bind,
    Host,
}

/// How long a server is asked.
const WAIT: Duration = Duration::from_secs(5);

pub(crate) fn nslookup(io: &mut Io) -> Result<Box<dyn Tool>, i32> {
    let form = if io.is_bash() { Form::Bind } else { Form::Busybox };
    let (mut kinds, mut words, mut port) = (Vec::new(), Vec::new(), 53);
    for word in &io.core.argv.clone()[1..] {
        let option = word.strip_prefix('-').map(|rest| rest.trim_start_matches('-'));
        match option.and_then(|rest| rest.split_once('=')) {
            Some(("type" | "querytype" | "q" | "t", name)) => match RecordKind::parse(name) {
                Some(kind) => kinds.push(kind),
                None => {
                    io.complain(&format!("invalid query type \"{name}\""));
                    return Err(1);
                }
            },
            Some(("port", text)) => port = text.parse().unwrap_or(53),
            Some(_) => {}
            None if option.is_some() => {}
            None => words.push(word.clone()),
        }
    }
    let Some(name) = words.first().cloned() else {
        io.err("BusyBox v1.36.1 multi-call binary.\n\nUsage: nslookup [-type=QUERY_TYPE] [-debug] HOST [DNS_SERVER]\n");
        return Err(1);
    };
    start(io, Asked { form, name, server: words.get(1).cloned(), kinds, port })
}

pub(crate) fn host(io: &mut Io) -> Result<Box<dyn Tool>, i32> {
    let options = crate::tool::options(io, "t:avW:4", &[])?;
    let kinds: Vec<RecordKind> = options.value('t').and_then(|text| RecordKind::parse(text)).into_iter().collect();
    let Some(name) = options.rest.first().cloned() else {
        io.err("Usage: host [-aCdilrTvVw] [-c class] [-N ndots] [-t type] [-W time] hostname [server]\n");
        return Err(1);
    };
    start(io, Asked { form: Form::Host, name, server: options.rest.get(1).cloned(), kinds, port: 53 })
}

/// What the command line asks for.
struct Asked {
    form: Form,
    name: Text,
    server: Option<Text>,
    kinds: Vec<RecordKind>,
    port: u16,
}

fn start(io: &mut Io, asked: Asked) -> Result<Box<dyn Tool>, i32> {
    let Asked { form, name, server, mut kinds, port } = asked;
    let resolver = Resolver::read(io);
    let server = match server {
        None => resolver.servers[0],
        Some(text) => match text.parse() {
            Ok(address) => address,
            Err(_) => {
                io.complain(&if form == Form::Busybox {
                    format!("bad address '{text}'")
                } else {
                    format!("couldn't get address for '{text}': not found")
                });
                return Err(1);
            }
        },
    };
    let mut names = names(&name, &resolver, form);
    if let Ok(address) = name.parse::<IpAddr>() {
        names = vec![Text::from(reverse_name(address))];
        kinds = vec![RecordKind::Ptr];
    }
    if kinds.is_empty() {
        kinds = vec![RecordKind::A, RecordKind::Aaaa];
    }
    // busybox asks for one type after the other, bind for one name after the other.
    let questions = match form {
        Form::Busybox => kinds.iter().flat_map(|kind| names.iter().map(|name| (name.clone(), *kind))).collect(),
        Form::Bind | Form::Host => names.iter().flat_map(|name| kinds.iter().map(|kind| (name.clone(), *kind))).collect(),
    };
    Ok(Box::new(Lookup {
        kind: form,
        name,
        server,
        port,
        questions,
        next: 0,
        call: None,
        tries: 0,
        answers: Vec::new(),
        stop_at_first: form != Form::Busybox,
    }))
}

/// The names that are asked. busybox searches only names without a dot, and asks all of the list.
fn names(name: &str, resolver: &Resolver, form: Form) -> Vec<Text> {
    if let Some(whole) = name.strip_suffix('.') {
        return vec![Text::from(whole)];
    }
    let dots = name.matches('.').count();
    let searched = || resolver.search.iter().map(|domain| Text::from(format!("{name}.{}", domain.trim_end_matches('.'))));
    match form {
        Form::Busybox if dots > 0 || resolver.search.is_empty() => vec![Text::from(name)],
        Form::Busybox => searched().collect(),
        _ if dots >= resolver.ndots => std::iter::once(Text::from(name)).chain(searched()).collect(),
        _ => searched().chain(std::iter::once(Text::from(name))).collect(),
    }
}

impl Lookup {
    fn noted(&mut self, answer: Result<DnsAnswer, Failure>) {
        let (name, kind) = self.questions[self.next].clone();
        self.next += 1;
        let found = answer.as_ref().is_ok_and(|answer| answer.code == ResponseCode::NoError);
        self.answers.push((name.clone(), kind, answer));
        let name_done = self.questions.get(self.next).is_none_or(|next| next.0 != name);
        if self.stop_at_first && name_done {
            let any = found
                || self.answers.iter().any(|row| row.0 == name && row.2.as_ref().is_ok_and(|a| a.code == ResponseCode::NoError));
            if any {
                self.next = self.questions.len();
            }
        }
    }

    fn end(&self, io: &mut Io) -> Step {
        let no_server = self.answers.iter().all(|row| row.2.is_err());
        match self.kind {
            Form::Busybox => self.busybox(no_server, io),
            Form::Bind => self.bind(no_server, io),
            Form::Host => self.host(no_server, io),
        }
    }

    fn busybox(&self, no_server: bool, io: &mut Io) -> Step {
        if no_server {
            let refused = self.answers.iter().any(|row| row.2 == Err(Failure::Refused));
            if refused {
                io.complain(&format!("write to '{}': Connection refused", self.server));
            }
            io.out(";; connection timed out; no servers could be reached\n\n");
            return Step::Exit(1);
        }
        let mut out = format!("Server:\t\t{}\nAddress:\t{}:{}\n\n", self.server, self.server, self.port);
        let mut failed = false;
        for (name, _, answer) in &self.answers {
            match answer {
                Ok(answer) if answer.code != ResponseCode::NoError => {
                    failed = true;
                    out += &format!("** server can't find {name}: {}\n\n", answer.code.name());
                }
                Ok(answer) => {
                    if !answer.authoritative {
                        out += "Non-authoritative answer:\n";
                    }
                    answer.answers.iter().for_each(|record| out += &row(record, true));
                    out.push('\n');
                }
                Err(_) => failed = true,
            }
        }
        io.out(out);
        Step::Exit(i32::from(failed))
    }

    fn bind(&self, no_server: bool, io: &mut Io) -> Step {
        if no_server {
            io.out(";; communications error to the server: timed out\n;; no servers could be reached\n\n\n");
            return Step::Exit(1);
        }
        let mut out = format!("Server:\t\t{}\nAddress:\t{}#{}\n\n", self.server, self.server, self.port);
        let found: Vec<&DnsAnswer> = self
            .answers
            .iter()
            .filter_map(|row| row.2.as_ref().ok())
            .filter(|answer| answer.code == ResponseCode::NoError)
            .collect();
        if found.is_empty() {
            let code =
                self.answers.iter().rev().find_map(|row| row.2.as_ref().ok()).map_or("SERVFAIL", |answer| answer.code.name());
            let asked = self.questions.last().map_or(&self.name, |row| &row.0);
            io.out(out + &format!("** server can't find {asked}: {code}\n\n"));
            return Step::Exit(1);
        }
        let mut seen: Vec<String> = Vec::new();
        for answer in &found {
            for record in &answer.answers {
                let text = row(record, false);
                if !seen.contains(&text) {
                    seen.push(text);
                }
            }
        }
        if seen.is_empty() {
            out += &format!("*** Can't find {}: No answer\n", self.name);
        } else if found.iter().any(|answer| !answer.authoritative) {
            out += "Non-authoritative answer:\n";
        }
        out += &seen.concat();
        out.push('\n');
        io.out(out);
        Step::Exit(i32::from(seen.is_empty()))
    }

    fn host(&self, no_server: bool, io: &mut Io) -> Step {
        if no_server {
            io.out(";; connection timed out; no servers could be reached\n");
            return Step::Exit(1);
        }
        let records: Vec<&Record> =
            self.answers.iter().filter_map(|row| row.2.as_ref().ok()).flat_map(|answer| &answer.answers).collect();
        let found = self.answers.iter().any(|row| row.2.as_ref().is_ok_and(|answer| answer.code == ResponseCode::NoError));
        if !found {
            let code = self
                .answers
                .iter()
                .rev()
                .find_map(|row| row.2.as_ref().ok())
                .map_or(2, |answer| if answer.code == ResponseCode::NxDomain { 3 } else { 2 });
            let words = if code == 3 { "3(NXDOMAIN)" } else { "2(SERVFAIL)" };
            io.out(format!("Host {} not found: {words}\n", self.name));
            return Step::Exit(1);
        }
        let mut lines: Vec<String> = Vec::new();
        for record in records {
            let line = match &record.data {
                RecordData::Address(IpAddr::V4(address)) => format!("{} has address {address}\n", record.name),
                RecordData::Address(IpAddr::V6(address)) => format!("{} has IPv6 address {address}\n", record.name),
                RecordData::Cname(to) => format!("{} is an alias for {to}.\n", record.name),
                RecordData::Ptr(to) => format!("{} domain name pointer {to}.\n", record.name),
                data => format!("{} has {} record {}\n", record.name, data.kind().name(), super::dig::data(data)),
            };
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        io.out(lines.concat());
        Step::Exit(0)
    }
}

/// A record as nslookup shows it.
fn row(record: &Record, busybox: bool) -> String {
    let name = &record.name;
    let dot = if busybox { "" } else { "." };
    match &record.data {
        RecordData::Address(address) => format!("Name:\t{name}\nAddress: {address}\n"),
        RecordData::Cname(to) => format!("{name}\tcanonical name = {to}{dot}\n"),
        RecordData::Ptr(to) => format!("{name}\tname = {to}{dot}\n"),
        RecordData::Ns(to) => format!("{name}\tnameserver = {to}{dot}\n"),
        RecordData::Txt(text) => format!("{name}\ttext = \"{text}\"\n"),
        RecordData::Mx { preference, host } => {
            format!("{name}\tmail exchanger = {preference} {host}{dot}\n")
        }
        RecordData::Srv { priority, weight, port, target } => {
            format!("{name}\tservice = {priority} {weight} {port} {target}{dot}\n")
        }
        RecordData::Soa { primary, mailbox, serial, refresh, retry, expire, minimum } => format!(
            "{name}\n\torigin = {primary}\n\tmail addr = {mailbox}\n\tserial = {serial}\n\trefresh = {refresh}\n\tretry = {retry}\n\texpire = {expire}\n\tminimum = {minimum}\n"
        ),
    }
}

impl Tool for Lookup {
    fn step(&mut self, io: &mut Io) -> Step {
        if let Some((call, until)) = self.call {
            match io.reply(call) {
                Some(Reply::Dns(answer)) => {
                    io.forget(call, Finished::Yes);
                    self.call = None;
                    self.tries = 0;
                    self.noted(answer);
                }
                _ if io.now >= until => {
                    io.forget(call, Finished::No);
                    self.call = None;
                    self.tries += 1;
                    // busybox gives up at once, bind asks three times.
                    if self.tries >= if self.kind == Form::Busybox { 1 } else { 3 } {
                        // Who does not answer one question will not answer the others.
                        self.noted(Err(Failure::Timeout));
                        self.next = self.questions.len();
                    }
                }
                _ => return Step::Wait(On::Reply(call, until)),
            }
            return Step::More;
        }
        let Some((name, kind)) = self.questions.get(self.next).cloned() else { return self.end(io) };
        let question = DnsQuestion { server: self.server, port: self.port, name, kind, tcp: false };
        self.call = Some((io.call(Call::Query(question)), io.now + WAIT));
        Step::More
    }
    fn copy(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}
