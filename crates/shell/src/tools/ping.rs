//! ping, in busybox's words and in those of iputils on a bash machine.

use crate::call::{Call, CallId, Failure, PingReply, Reply, Signal};
use crate::kernel::{Finished, Io};
use crate::tool::{On, Step, Tool, options};
use crate::tools::time::span_of;
use base::{Duration, Text, Time};
use std::net::IpAddr;

#[derive(Clone, Debug)]
struct Ping {
    host: Text,
    count: Option<u32>,
    interval: Duration,
    wait: Duration,
    size: u32,
    quiet: bool,
    deadline: Time,
    call: Option<(CallId, Time)>,
    next_at: Time,
    sent: u32,
    received: u32,
    address: Option<IpAddr>,
    times: Vec<Duration>,
    started: Time,
}

pub(crate) fn ping(io: &mut Io) -> Result<Box<dyn Tool>, i32> {
    let options = options(io, "c:W:w:i:s:q46nt:I:A", &[])?;
    let Some(host) = options.rest.first() else {
        io.err(if io.is_bash() {
            "ping: usage error: Destination address required\n"
        } else {
            "BusyBox v1.36.1 multi-call binary.\n\nUsage: ping [OPTIONS] HOST\n"
        });
        return Err(if io.is_bash() { 2 } else { 1 });
    };
    let span = |letter: char, or: i64| {
        options.value(letter).and_then(|text| span_of(text, 1_000_000)).unwrap_or(Duration::from_secs(or))
    };
    let deadline = if options.has('w') { io.now + span('w', 0) } else { Time::NEVER };
    Ok(Box::new(Ping {
        host: host.clone(),
        count: options.value('c').and_then(|text| text.parse().ok()),
        interval: span('i', 1),
        wait: span('W', 10),
        size: options.value('s').and_then(|text| text.parse().ok()).unwrap_or(56).min(65_507),
        quiet: options.has('q'),
        deadline,
        call: None,
        next_at: io.now,
        sent: 0,
        received: 0,
        address: None,
        times: Vec::new(),
        started: io.now,
    }))
}

fn millis(span: Duration) -> String {
    format!("{}.{:03}", span.as_millis(), span.as_micros() % 1000)
}

impl Ping {
    fn end(&self, io: &mut Io) -> Step {
        let lost = 100 - (self.received * 100).checked_div(self.sent).unwrap_or(100);
        let gnu = io.is_bash();
        let mut out = format!("\n--- {} ping statistics ---\n", self.host);
        out += &if gnu {
            let total = (io.now - self.started).as_millis();
            format!("{} packets transmitted, {} received, {lost}% packet loss, time {total}ms\n", self.sent, self.received)
        } else {
            format!("{} packets transmitted, {} packets received, {lost}% packet loss\n", self.sent, self.received)
        };
        if let (Some(least), Some(most)) = (self.times.iter().min(), self.times.iter().max()) {
            let sum = self.times.iter().fold(Duration::ZERO, |sum, time| sum + *time);
            let mean = sum / self.times.len() as i64;
            out += &if gnu {
                format!("rtt min/avg/max/mdev = {}/{}/{}/0.000 ms\n", millis(*least), millis(mean), millis(*most))
            } else {
                format!("round-trip min/avg/max = {}/{}/{} ms\n", millis(*least), millis(mean), millis(*most))
            };
        } else if gnu {
            out.push('\n');
        }
        io.out(out);
        Step::Exit(i32::from(self.received == 0))
    }

    fn answered(&mut self, reply: PingReply, io: &mut Io) -> Option<Step> {
        let gnu = io.is_bash();
        let Some(address) = reply.address else {
            let words =
                if gnu { format!("{}: Name or service not known", self.host) } else { format!("bad address '{}'", self.host) };
            io.complain(&words);
            return Some(Step::Exit(if gnu { 2 } else { 1 }));
        };
        self.title(address, io);
        match reply.outcome {
            Ok((hops, time)) => {
                self.received += 1;
                self.times.push(time);
                if self.times.len() > 1000 {
                    self.times.remove(0);
                }
                if !self.quiet {
                    let bytes = self.size + 8;
                    io.out(if gnu {
                        let named = if self.host == address.to_string().as_str() {
                            address.to_string()
                        } else {
                            format!("{} ({address})", self.host)
                        };
                        format!("{bytes} bytes from {named}: icmp_seq={} ttl={hops} time={} ms\n", self.sent, millis(time))
                    } else {
                        format!("{bytes} bytes from {address}: seq={} ttl={hops} time={} ms\n", self.sent - 1, millis(time))
                    });
                }
            }
            Err(Failure::Unreachable | Failure::Refused) if gnu => {
                io.out(format!("From {address} icmp_seq={} Destination Port Unreachable\n", self.sent));
            }
            Err(Failure::Unreachable | Failure::Refused) => {}
            Err(_) => {}
        }
        None
    }

    fn title(&mut self, address: IpAddr, io: &mut Io) {
        if self.address.replace(address).is_none() {
            let (host, size) = (&self.host, self.size);
            io.out(if io.is_bash() {
                format!("PING {host} ({address}) {size}({}) bytes of data.\n", size + 28)
            } else {
                format!("PING {host} ({address}): {size} data bytes\n")
            });
        }
    }
}

impl Tool for Ping {
    fn step(&mut self, io: &mut Io) -> Step {
        if let Some(full) = io.output_full() {
            return Step::Wait(On::Write(full));
        }
        if io.now >= self.deadline {
            return self.end(io);
        }
        if let Some((call, until)) = self.call {
            let over = match io.reply(call) {
                Some(Reply::Ping(reply)) => {
                    io.forget(call, Finished::Yes);
                    if let Some(step) = self.answered(reply, io) {
                        return step;
                    }
                    true
                }
                _ if io.now >= until => {
                    io.forget(call, Finished::No);
                    if let Ok(address) = self.host.parse() {
                        self.title(address, io);
                    }
                    true
                }
                _ => false,
            };
            if !over {
                return Step::Wait(On::Reply(call, until.min(self.deadline)));
            }
            self.call = None;
            return Step::More;
        }
        if self.count.is_some_and(|count| self.sent >= count) {
            return self.end(io);
        }
        if io.now < self.next_at {
            return Step::Wait(On::Until(self.next_at.min(self.deadline)));
        }
        // The last packet is waited for; before it, the next one goes out after the interval.
        let last = self.count.is_some_and(|count| self.sent + 1 >= count);
        let wait = if last { self.wait } else { self.interval.max(Duration::from_millis(10)) };
        let call = io.call(Call::Ping { host: self.host.clone(), sequence: self.sent });
        self.sent += 1;
        self.next_at = io.now + self.interval.max(Duration::from_millis(10));
        self.call = Some((call, io.now + wait));
        Step::More
    }
    fn copy(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
    /// Ctrl-C shows the statistics.
    fn signal(&mut self, signal: Signal, _io: &mut Io) -> bool {
        let shown = signal == Signal::Int && self.sent > 0;
        if shown {
            self.deadline = Time::EPOCH;
        }
        shown
    }
}
