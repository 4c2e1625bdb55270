//! Requests over the simulated network: resolver steps, the way of the packet, the server's answer; and how each failure
//! looks to the client. Processes, probes and people all go through here.

use crate::container::Container;
use crate::network::{End, Path, Place};
use crate::runtime::{Event, Which};
use crate::server::{Answered, Asked, Surroundings, reason};
use crate::world::World;
use base::{Duration, Text, Time, text};
use dns::resolver::{Library, Lookup, Resolution, ResolvConf, resolve};
use dns::{Code, Question};
use kubelet::runtime::{Acted, Action};
use proxy::Protocol;
use shell::{Call, CallId, Failure, HttpReply, HttpRequest, HttpResponse, PingReply};
use std::net::IpAddr;

/// One request over the network, for pictures and explanations.
#[derive(Clone, PartialEq, Debug)]
pub struct Exchange {
    pub id: u64,
    pub at: Time,
    pub from: Place,
    /// `GET http://web:80/`
    pub what: Text,
    /// The host as it was asked for.
    pub host: Text,
    pub lookups: Vec<Lookup>,
    /// The packet's way, if there was an address to send it to.
    pub path: Option<Path>,
    /// What the client got: `200 OK`, `connection refused` …
    pub outcome: Text,
    pub ok: bool,
}

/// Who asks: a place with the resolver's files.
pub struct Caller {
    pub place: Place,
    pub resolv_conf: String,
    pub hosts: String,
    pub library: Library,
}

/// How a connection attempt ended.
enum Met {
    /// A container of a node listens.
    Server {
        node: Text,
        container: Text,
    },
    Internet(Text),
    /// Nothing listens, or a rule refuses.
    Refused,
    /// No answer ever.
    Silence,
}

/// A TCP connection attempt that nobody answers is given up by the kernel after this time.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(130);

impl World {
    /// Sends the first packet of a connection; `None` if the place has no address.
    pub fn send(&mut self, from: &Place, to: (Protocol, IpAddr, u16)) -> Option<Path> {
        let snap = self.control.snapshot().clone();
        self.network.send(&snap, from, to, self.now)
    }
    fn meet(&self, path: &Path, protocol: Protocol) -> Met {
        match &path.end {
            End::Pod { namespace, name, node } => self.listener(
                node,
                &|c: &Container| c.config.pod.namespace == *namespace && c.config.pod.name == *name,
                (protocol, path.reached.1),
            ),
            End::Node(node) => {
                let host = |c: &Container| self.nodes.get(node).is_some_and(|n| n.runtime.is_host_network(&c.config.sandbox));
                self.listener(node, &host, (protocol, path.reached.1))
            }
            End::Internet(name) => Met::Internet(name.clone()),
            End::Rejected { .. } => Met::Refused,
            End::Dropped { .. } | End::NoRoute(_) => Met::Silence,
        }
    }
    fn listener(&self, node: &Text, of: &dyn Fn(&Container) -> bool, (protocol, port): (Protocol, u16)) -> Met {
        let Some(runtime) = self.nodes.get(node).filter(|n| n.up).map(|n| &n.runtime) else { return Met::Silence };
        let udp = protocol == Protocol::Udp;
        let found = runtime.containers.iter().find(|(_, c)| c.is_running() && of(c) && c.listener(udp, port).is_some());
        match found {
            Some((id, _)) => Met::Server { node: node.clone(), container: id.clone() },
            None => Met::Refused,
        }
    }
    /// The time there and back.
    fn round_trip(&mut self, path: &Path) -> Duration {
        let far = path.hops.iter().any(|h| matches!(h.at, Place::Outside | Place::LoadBalancer { .. }))
            || matches!(path.end, End::Internet(_));
        let nodes = path.hops.iter().filter(|h| matches!(h.at, Place::Node(_))).count() as i64;
        let base = if far { 18_000 } else { 120 };
        Duration::from_micros(base + nodes * 160 + self.dice.between(0, base / 4))
    }

    /// One DNS question to a server; `None` if no server answers.
    pub fn query(&mut self, from: &Place, server: IpAddr, question: &Question) -> Option<(dns::Answer, Duration)> {
        if server == UPSTREAM {
            let answer = dns::answer(
                &store::Snapshot::default(),
                question,
                &dns::Config { domain: text!("invalid."), ..(*self.outside).clone() },
            );
            return Some((answer, Duration::from_millis(self.dice.between(8, 20))));
        }
        let path = self.send(from, (Protocol::Udp, server, 53))?;
        let Met::Server { node, container } = self.meet(&path, Protocol::Udp) else { return None };
        let is_dns = self.nodes.get(&node).and_then(|n| n.runtime.containers.get(&container)).is_some_and(|c| c.answers_dns());
        if !is_dns {
            return None;
        }
        let trip = self.round_trip(&path);
        Some((dns::answer(self.control.snapshot(), question, &self.outside), trip + Duration::from_micros(200)))
    }
    /// Resolves a name as the caller's C library does: `/etc/hosts`, search list, server. The time it took comes with it;
    /// `None` if no server answered.
    pub(crate) fn resolve(&mut self, caller: &Caller, name: &str) -> Option<(Resolution, Duration)> {
        if name == "localhost" {
            let addresses = vec![IpAddr::from([127, 0, 0, 1])];
            return Some((Resolution { addresses, name: name.into(), ..Resolution::default() }, Duration::ZERO));
        }
        if let Some(ip) = name.parse().ok().or_else(|| in_hosts(&caller.hosts, name)) {
            return Some((Resolution { addresses: vec![ip], name: name.into(), ..Resolution::default() }, Duration::ZERO));
        }
        let conf = ResolvConf::parse(&caller.resolv_conf);
        let server = conf.nameserver.unwrap_or(UPSTREAM);
        let mut took = Duration::ZERO;
        let mut answered = true;
        let mut ask = |question: &Question| match self.query(&caller.place, server, question) {
            Some((answer, time)) => {
                took = took + time;
                answer
            }
            None => {
                answered = false;
                dns::Answer { code: Code::ServFail, ..dns::Answer::default() }
            }
        };
        let resolution = resolve(name, &conf, caller.library, &mut ask);
        if answered { Some((resolution, took)) } else { None }
    }

    /// An HTTP request. Answers the reply, after which time it comes (`None`: it never does), and what to remember.
    pub fn http(&mut self, caller: &Caller, request: &HttpRequest) -> (Option<(HttpReply, Duration)>, Exchange) {
        let scheme = if request.tls { "https" } else { "http" };
        let mut exchange = Exchange {
            id: 0,
            at: self.now,
            from: caller.place.clone(),
            what: format!("{} {scheme}://{}:{}{}", request.method, request.host, request.port, request.path).into(),
            host: request.host.clone(),
            lookups: Vec::new(),
            path: None,
            outcome: Text::new(),
            ok: false,
        };
        let failed = |failure| HttpReply {
            address: None,
            local: None,
            name_time: Duration::ZERO,
            connect_time: Duration::ZERO,
            outcome: Err(failure),
        };
        let (resolution, name_time) = match request.address {
            Some(ip) => (Resolution { addresses: vec![ip], ..Resolution::default() }, Duration::ZERO),
            None => match self.resolve(caller, &request.host) {
                Some(found) => found,
                None => {
                    exchange.outcome = text!("no name server answered");
                    return (Some((failed(Failure::NoNameServer), Duration::from_secs(10))), exchange);
                }
            },
        };
        exchange.lookups = resolution.lookups;
        let Some(address) = resolution.addresses.first().copied() else {
            exchange.outcome = format!("the name {} does not exist", request.host).into();
            return (Some((failed(Failure::NoSuchHost), name_time + Duration::from_millis(1))), exchange);
        };
        let reply = self.http_to(caller, request, (address, name_time), &mut exchange);
        (reply, exchange)
    }
    fn http_to(
        &mut self,
        caller: &Caller,
        request: &HttpRequest,
        (address, name_time): (IpAddr, Duration),
        exchange: &mut Exchange,
    ) -> Option<(HttpReply, Duration)> {
        let mut reply =
            HttpReply { address: Some(address), local: None, name_time, connect_time: name_time, outcome: Err(Failure::Refused) };
        let target = self.loopback(&caller.place, address);
        let Some(path) = target.and_then(|ip| self.send(&caller.place, (Protocol::Tcp, ip, request.port))) else {
            exchange.outcome = text!("connection refused: nothing listens on this machine's own address");
            return Some((reply, name_time + Duration::from_micros(100)));
        };
        let trip = self.round_trip(&path);
        reply.local = path.hops.first().map(|h| h.source);
        reply.connect_time = name_time + trip;
        let met = self.meet(&path, Protocol::Tcp);
        let seen = path.seen;
        let port = path.reached.1;
        exchange.path = Some(path);
        let answered = match met {
            Met::Silence => {
                exchange.outcome = text!("no answer: the connection times out");
                reply.outcome = Err(Failure::Timeout);
                return Some((reply, CONNECT_TIMEOUT));
            }
            Met::Refused => {
                exchange.outcome = text!("connection refused");
                return Some((reply, name_time + trip));
            }
            Met::Internet(name) => Some(Answered {
                status: 200,
                content_type: "text/html",
                server: "",
                body: format!("<!doctype html>\n<title>{name}</title>\n<p>A simulated page of {name}.</p>\n").into_bytes(),
                log: None,
            }),
            Met::Server { node, container } => self.serve((&node, &container, port), request, seen),
        };
        let Some(answered) = answered.filter(|_| !request.tls) else {
            exchange.outcome = text!("the server does not speak this protocol");
            reply.outcome = Err(if request.tls { Failure::Tls } else { Failure::Empty });
            return Some((reply, name_time + trip * 2));
        };
        exchange.ok = answered.status < 400;
        exchange.outcome = format!("{} {}", answered.status, reason(answered.status)).into();
        reply.outcome = Ok(response(answered, self.now));
        Some((reply, name_time + trip * 2 + Duration::from_micros(600)))
    }
    /// The address behind a loopback address: the caller's own.
    fn loopback(&self, place: &Place, ip: IpAddr) -> Option<IpAddr> {
        if !ip.is_loopback() {
            return Some(ip);
        }
        match place {
            Place::Pod { .. } | Place::Node(_) => self.network.address(place).map(|(ip, _)| ip),
            Place::Outside | Place::Internet(_) | Place::LoadBalancer { .. } => None,
        }
    }
    /// Lets a server answer.
    fn serve(
        &mut self,
        (node, container, port): (&Text, &Text, u16),
        request: &HttpRequest,
        seen: (IpAddr, u16),
    ) -> Option<Answered> {
        let now = self.now;
        let runtime = &self.nodes.get(node)?.runtime;
        let ip = runtime.ip_of(container);
        let found = runtime.containers.get(container)?;
        let (server, env, machine) = (found.listener(false, port)?, &*found.env, &*found.machine);
        let asked = Asked {
            method: &request.method,
            path: &request.path,
            host: &request.host,
            headers: &request.headers,
            body: &request.body,
            client: seen.0.to_string().into(),
            client_port: seen.1,
            now,
        };
        let answered = runtime.look_at_files(container, |files| {
            let read = |path: &str| files.read(path, machine.owner()).ok().map(|data| data.bytes().to_vec());
            server.answer(&asked, &Surroundings { env, hostname: &machine.hostname, ip: &ip, read: &read })
        })?;
        if let Some(line) = answered.as_ref().and_then(|a| a.log.clone())
            && let Some(found) = self.nodes.get_mut(node)?.runtime.containers.get_mut(container)
        {
            found.log.line(false, &line, now);
        }
        answered
    }

    /// A call of a process, from any place. The reply and when it comes; `None`: it never does, or none is due.
    pub(crate) fn carry_out(&mut self, caller: &Caller, call: Call) -> Option<(shell::Reply, Duration)> {
        match call {
            Call::Http(request) => {
                let (reply, exchange) = self.http(caller, &request);
                self.remember(exchange);
                reply.map(|(reply, wait)| (shell::Reply::Http(reply), wait))
            }
            Call::Connect { host, port, udp } => {
                self.connect(caller, &host, port, if udp { Protocol::Udp } else { Protocol::Tcp })
            }
            Call::Query(question) => self.dns_call(caller, &question),
            Call::Ping { host, sequence: _ } => self.ping(caller, &host),
            Call::Program(_) | Call::Input { .. } | Call::Signal { .. } | Call::Kill { .. } | Call::Cancel(_) => None,
        }
    }
    fn connect(&mut self, caller: &Caller, host: &Text, port: u16, protocol: Protocol) -> Option<(shell::Reply, Duration)> {
        let answer = |address, outcome| shell::Reply::Connect(shell::ConnectReply { address, outcome });
        let Some((resolution, took)) = self.resolve(caller, host) else {
            return Some((answer(None, Err(Failure::NoNameServer)), Duration::from_secs(10)));
        };
        let Some(ip) = resolution.addresses.first().copied() else { return Some((answer(None, Err(Failure::NoSuchHost)), took)) };
        let target = self.loopback(&caller.place, ip);
        let Some(path) = target.and_then(|ip| self.send(&caller.place, (protocol, ip, port))) else {
            return Some((answer(Some(ip), Err(Failure::Refused)), took));
        };
        let trip = self.round_trip(&path);
        let met = self.meet(&path, protocol);
        let mut exchange = Exchange {
            id: 0,
            at: self.now,
            from: caller.place.clone(),
            what: format!("{protocol} {host}:{port}").into(),
            host: host.clone(),
            lookups: resolution.lookups,
            path: Some(path),
            outcome: text!("connected"),
            ok: true,
        };
        let (outcome, wait) = match met {
            Met::Server { .. } | Met::Internet(_) => (Ok(()), took + trip),
            Met::Refused => (Err(Failure::Refused), took + trip),
            Met::Silence => (Err(Failure::Timeout), CONNECT_TIMEOUT),
        };
        if outcome.is_err() {
            exchange.ok = false;
            exchange.outcome = if wait == CONNECT_TIMEOUT { text!("no answer") } else { text!("connection refused") };
        }
        self.remember(exchange);
        Some((answer(Some(ip), outcome), wait))
    }
    fn dns_call(&mut self, caller: &Caller, question: &shell::DnsQuestion) -> Option<(shell::Reply, Duration)> {
        let kind = dns::RecordType::parse(question.kind.name()).unwrap_or(dns::RecordType::Any);
        let asked = Question::new(&question.name, kind);
        let answered = self.query(&caller.place, question.server, &asked);
        self.note_lookup(caller, &asked, answered.as_ref().map(|(answer, _)| answer));
        match answered {
            Some((answer, time)) => Some((shell::Reply::Dns(Ok(crate::resolve::to_shell(&answer, &asked, time))), time)),
            None => match self
                .send(&caller.place, (Protocol::Udp, question.server, question.port))
                .map(|path| self.meet(&path, Protocol::Udp))
            {
                Some(Met::Refused | Met::Server { .. } | Met::Internet(_)) => {
                    Some((shell::Reply::Dns(Err(Failure::Refused)), Duration::from_millis(1)))
                }
                Some(Met::Silence) | None => None,
            },
        }
    }
    fn ping(&mut self, caller: &Caller, host: &Text) -> Option<(shell::Reply, Duration)> {
        let answer = |address, outcome| shell::Reply::Ping(PingReply { address, outcome });
        let Some((resolution, took)) = self.resolve(caller, host) else {
            return Some((answer(None, Err(Failure::NoNameServer)), Duration::from_secs(10)));
        };
        let Some(ip) = resolution.addresses.first().copied() else { return Some((answer(None, Err(Failure::NoSuchHost)), took)) };
        let ttl_and_time = match (&caller.place, self.network.config.service_cidr.contains(ip)) {
            (_, true) => None,
            (Place::Outside, _) if self.network.pods.contains_key(&ip) => None,
            _ => {
                let known = self.network.pods.contains_key(&ip)
                    || self.network.internet.contains_key(&ip)
                    || self.network.nodes.values().any(|n| n.ip == ip && n.up)
                    || ip.is_loopback();
                if known { Some((63, Duration::from_micros(self.dice.between(80, 400)))) } else { None }
            }
        };
        ttl_and_time.map(|found| (answer(Some(ip), Ok(found)), took + found.1))
    }

    /// A call of a container's process.
    pub(crate) fn container_call(&mut self, node: &Text, (container, which): (&Text, Which), id: CallId, call: Call) {
        let Some(caller) = self.caller_in(node, container) else { return };
        let Some((reply, wait)) = self.carry_out(&caller, call) else { return };
        let now = self.now;
        if let Some(node) = self.nodes.get_mut(node) {
            node.runtime.after(now, wait, Event::CallReply { container: container.clone(), which, id, reply });
        }
    }
    pub(crate) fn caller_in(&self, node: &Text, container: &Text) -> Option<Caller> {
        let runtime = &self.nodes.get(node)?.runtime;
        let found = runtime.containers.get(container)?;
        let pod = found.config.pod.clone();
        let library = found.library();
        let host = runtime.is_host_network(&found.config.sandbox.clone());
        let read =
            |path| runtime.read_file(container, path).map(|b| String::from_utf8_lossy(&b).into_owned()).unwrap_or_default();
        let (resolv_conf, hosts) = (read("/etc/resolv.conf"), read("/etc/hosts"));
        let place = if host { Place::Node(node.clone()) } else { Place::Pod { namespace: pod.namespace, name: pod.name } };
        Some(Caller { place, resolv_conf, hosts, library })
    }
    /// A probe or hook that goes over the network, from the node.
    pub(crate) fn probe(&mut self, node: &Text, id: u64, _container: &Text, action: &Action) {
        let from = Place::Node(node.clone());
        let (wait, acted) = match action {
            Action::HttpGet { scheme, host, port, path, headers } => {
                let mut headers = headers.clone();
                if !headers.iter().any(|(k, _)| k.eq_ignore_ascii_case("user-agent")) {
                    headers.push((text!("User-Agent"), text!("kube-probe/1.36")));
                }
                let request = HttpRequest {
                    tls: scheme.eq_ignore_ascii_case("https"),
                    host: host.clone(),
                    port: *port,
                    address: host.parse().ok(),
                    method: text!("GET"),
                    path: path.clone(),
                    headers,
                    body: Vec::new(),
                };
                let caller = Caller { place: from, resolv_conf: String::new(), hosts: String::new(), library: Library::Glibc };
                match self.http(&caller, &request).0 {
                    Some((HttpReply { outcome: Ok(response), .. }, wait)) => {
                        let body = String::from_utf8_lossy(&response.body).as_ref().into();
                        (wait, Some(Acted::Http { status: response.status, body, other_host: false }))
                    }
                    Some((reply, wait)) => (wait, failed(&reply.outcome)),
                    None => (Duration::ZERO, None),
                }
            }
            Action::TcpConnect { host, port } | Action::Grpc { host, port, .. } => {
                let met = host
                    .parse()
                    .ok()
                    .and_then(|ip| self.send(&from, (Protocol::Tcp, ip, *port)))
                    .map(|path| self.meet(&path, Protocol::Tcp));
                match met {
                    Some(Met::Server { .. } | Met::Internet(_)) => (Duration::from_millis(1), Some(Acted::Connected)),
                    Some(Met::Refused) | None => (Duration::from_millis(1), Some(Acted::Refused)),
                    Some(Met::Silence) => (Duration::ZERO, None),
                }
            }
            Action::Exec { .. } => return,
        };
        // An answer that never comes ends with the probe's own timeout.
        if let (Some(acted), Some(node)) = (acted, self.nodes.get_mut(node)) {
            node.runtime.after(self.now, wait, Event::Acted { id, acted });
        }
    }
}

/// The resolver of the machines outside the cluster.
pub const UPSTREAM: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(172, 18, 0, 1));

fn failed(outcome: &Result<HttpResponse, Failure>) -> Option<Acted> {
    match outcome {
        Ok(_) => None,
        Err(Failure::Refused) => Some(Acted::Refused),
        Err(Failure::Timeout | Failure::Unreachable) => None,
        Err(Failure::NoSuchHost | Failure::NoNameServer) => Some(Acted::Failed(text!("no such host"))),
        Err(Failure::Reset | Failure::Empty) => Some(Acted::Failed(text!("EOF"))),
        Err(Failure::Tls) => Some(Acted::Failed(text!("http: server gave HTTP response to HTTPS client"))),
    }
}

fn in_hosts(hosts: &str, name: &str) -> Option<IpAddr> {
    let line = hosts.lines().find(|l| !l.starts_with('#') && l.split_whitespace().skip(1).any(|n| n == name))?;
    line.split_whitespace().next()?.parse().ok()
}

fn response(answered: Answered, now: Time) -> HttpResponse {
    let mut headers = Vec::new();
    if !answered.server.is_empty() {
        headers.push((text!("Server"), answered.server.into()));
    }
    headers.push((text!("Date"), http_date(now)));
    headers.push((text!("Content-Type"), answered.content_type.into()));
    headers.push((text!("Content-Length"), answered.body.len().to_string().into()));
    HttpResponse { status: answered.status, reason: reason(answered.status).into(), headers, body: answered.body }
}

/// `Mon, 23 Nov 2026 22:10:31 GMT`
fn http_date(now: Time) -> Text {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (y, mo, d, h, mi, s) = now.civil();
    format!("{}, {d:02} {} {y} {h:02}:{mi:02}:{s:02} GMT", DAYS[now.weekday() as usize % 7], MONTHS[(mo as usize + 11) % 12])
        .into()
}
