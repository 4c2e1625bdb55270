//! nc (connecting only: `nc -zv host port`) and telnet.

use crate::call::{Call, CallId, ConnectReply, Failure, Reply};
use crate::kernel::{Finished, Io};
use crate::tool::{On, Step, Tool, options};
use crate::tools::time::span_of;
use base::{Duration, Text, Time};

#[derive(Clone, Debug)]
struct Nc {
    host: Text,
    ports: Vec<u16>,
    next: usize,
    verbose: bool,
    zero: bool,
    udp: bool,
    telnet: bool,
    wait: Duration,
    call: Option<(CallId, Time)>,
    code: i32,
}

pub(crate) fn nc(io: &mut Io) -> Result<Box<dyn Tool>, i32> {
    let options = options(io, "zvw:unlp:kq:46e:i:s:", &[])?;
    if options.has('l') {
        io.complain("listening is not supported in the simulated shell");
        return Err(1);
    }
    let [host, ports] = options.rest.as_slice() else {
        io.err(if io.is_bash() {
            "usage: nc [-46CDdFhklNnrStUuvZz] [destination] [port]\n"
        } else {
            "BusyBox v1.36.1 multi-call binary.\n\nUsage: nc [-iN] [-wN] [-l] [-p PORT] [-f FILE|IPADDR PORT] [-e PROG]\n"
        });
        return Err(1);
    };
    let range = match ports.split_once('-') {
        Some((low, high)) => low.parse::<u16>().ok().zip(high.parse::<u16>().ok()),
        None => ports.parse().ok().map(|port| (port, port)),
    };
    let Some((low, high)) = range.filter(|(low, high)| low <= high && high - low < 1024) else {
        io.complain(&if io.is_bash() { format!("port number invalid: {ports}") } else { format!("bad port '{ports}'") });
        return Err(1);
    };
    Ok(Box::new(Nc {
        host: host.clone(),
        ports: (low..=high).collect(),
        next: 0,
        verbose: options.has('v'),
        zero: options.has('z'),
        udp: options.has('u'),
        telnet: false,
        wait: options.value('w').and_then(|text| span_of(text, 1_000_000)).unwrap_or(Duration::from_secs(130)),
        call: None,
        code: 0,
    }))
}

pub(crate) fn telnet(io: &mut Io) -> Result<Box<dyn Tool>, i32> {
    let argv = io.core.argv.clone();
    let host = argv.get(1).cloned();
    let port = argv.get(2).map_or(Some(23), |port| port.parse().ok());
    let (Some(host), Some(port)) = (host, port) else {
        io.err("Usage: telnet HOST [PORT]\n");
        return Err(1);
    };
    Ok(Box::new(Nc {
        host,
        ports: vec![port],
        next: 0,
        verbose: true,
        zero: true,
        udp: false,
        telnet: true,
        wait: Duration::from_secs(130),
        call: None,
        code: 0,
    }))
}

impl Nc {
    fn told(&mut self, reply: ConnectReply, port: u16, io: &mut Io) {
        let host = self.host.clone();
        let gnu = io.is_bash();
        let Some(address) = reply.address else {
            let words = match (self.telnet, gnu) {
                (true, true) => format!("could not resolve {host}/{port}: Name or service not known"),
                (false, true) => format!("getaddrinfo for host \"{host}\" port {port}: Name or service not known"),
                (_, false) => format!("bad address '{host}'"),
            };
            io.complain(&words);
            self.code = 1;
            return;
        };
        if self.telnet && gnu {
            io.out(format!("Trying {address}...\n"));
        }
        match reply.outcome {
            Ok(()) => {
                self.code = 0;
                if self.telnet {
                    io.out(format!("Connected to {host}\n"));
                } else if self.verbose {
                    io.err(if gnu {
                        let kind = if self.udp { "udp" } else { "tcp" };
                        format!("Connection to {host} ({address}) {port} port [{kind}/*] succeeded!\n")
                    } else {
                        format!("{host} ({address}:{port}) open\n")
                    });
                }
            }
            Err(failure) => {
                self.code = 1;
                let words = words(failure);
                let line = match (self.telnet, gnu) {
                    (true, true) => format!("telnet: Unable to connect to remote host: {words}\n"),
                    (true, false) => format!("telnet: can't connect to remote host ({address}): {words}\n"),
                    (false, true) => format!("nc: connect to {host} ({address}) port {port} (tcp) failed: {words}\n"),
                    (false, false) if self.zero => format!("nc: {host} ({address}:{port}): {words}\n"),
                    (false, false) => format!("nc: can't connect to remote host ({address}): {words}\n"),
                };
                if self.verbose || !gnu && !self.zero {
                    io.err(line);
                }
            }
        }
    }
}

fn words(failure: Failure) -> &'static str {
    match failure {
        Failure::Refused => "Connection refused",
        Failure::Unreachable => "No route to host",
        Failure::Timeout => "Connection timed out",
        Failure::Reset | Failure::Empty | Failure::Tls => "Connection reset by peer",
        Failure::NoSuchHost | Failure::NoNameServer => "Name or service not known",
    }
}

impl Tool for Nc {
    fn step(&mut self, io: &mut Io) -> Step {
        if let Some((call, until)) = self.call {
            let port = self.ports.get(self.next).copied().unwrap_or(0);
            let reply = match io.reply(call) {
                Some(Reply::Connect(reply)) => {
                    io.forget(call, Finished::Yes);
                    reply
                }
                _ if io.now >= until => {
                    io.forget(call, Finished::No);
                    ConnectReply { address: self.host.parse().ok(), outcome: Err(Failure::Timeout) }
                }
                _ => return Step::Wait(On::Reply(call, until)),
            };
            if reply.address.is_none() && reply.outcome == Err(Failure::Timeout) {
                self.code = 1;
                if self.verbose {
                    io.complain(&format!("{} ({port}): Connection timed out", self.host));
                }
            } else {
                self.told(reply, port, io);
            }
            self.call = None;
            self.next += 1;
            return Step::More;
        }
        match self.ports.get(self.next) {
            None => Step::Exit(self.code),
            Some(port) => {
                let call = io.call(Call::Connect { host: self.host.clone(), port: *port, udp: self.udp });
                self.call = Some((call, io.now + self.wait));
                Step::More
            }
        }
    }
    fn copy(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}
