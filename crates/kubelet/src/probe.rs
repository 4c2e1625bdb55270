//! Probes: when each is due, what it asks, and what its answers mean. Models pkg/kubelet/prober.

use crate::Command;
use crate::core::{Core, PodAsked};
use crate::runtime::{Acted, Action};
use crate::timers::Timer;
use crate::worker::{Kind, Mode, Worker};
use base::{Duration, Text, text};
use value::Value;

/// Liveness, readiness, startup, by the place they have in a container's table.
const FIELDS: [&str; 3] = ["livenessProbe", "readinessProbe", "startupProbe"];
const WORDS: [&str; 3] = ["Liveness", "Readiness", "Startup"];
const READINESS: u8 = 1;
const STARTUP: u8 = 2;

/// One probe of a container and what it found so far.
#[derive(Clone)]
pub(crate) struct Probe {
    spec: Value,
    /// What counts: liveness begins well, readiness badly, startup is unknown.
    pub result: Option<bool>,
    last: Option<bool>,
    run: i64,
    /// A deadline is set or an answer is awaited.
    armed: bool,
    /// It was due at least once in this run of the container.
    tried: bool,
    /// Asked, about the container with this id.
    asked: Option<Text>,
    /// The container is to be restarted: no more questions.
    held: bool,
}

impl Probe {
    pub(crate) fn all(container: &Value) -> [Option<Probe>; 3] {
        [0, 1, 2].map(|kind| {
            let spec = &container[FIELDS[kind]];
            if spec.is_null() { None } else { Some(Probe::new(spec, kind as u8)) }
        })
    }
    fn new(spec: &Value, kind: u8) -> Probe {
        let mut probe =
            Probe { spec: spec.clone(), result: None, last: None, run: 0, armed: false, tried: false, asked: None, held: false };
        probe.reset(kind);
        probe
    }
    fn reset(&mut self, kind: u8) {
        self.result = match kind {
            READINESS => Some(false),
            STARTUP => None,
            _ => Some(true),
        };
        self.last = None;
        self.run = 0;
        self.armed = false;
        self.tried = false;
        self.asked = None;
        self.held = false;
    }
    fn seconds(&self, field: &str, default: i64, least: i64) -> Duration {
        Duration::from_secs(self.spec[field].as_i64().unwrap_or(default).max(least))
    }
    fn threshold(&self, field: &str, default: i64) -> i64 {
        self.spec[field].as_i64().unwrap_or(default).max(1)
    }
    /// The probe's own grace period for the kill it causes.
    pub(crate) fn grace(&self) -> Option<Duration> {
        self.spec["terminationGracePeriodSeconds"].as_i64().map(Duration::from_secs)
    }
    /// Counts an answer; true if the result that matters has changed (or, for a failure that kills, is reached again).
    fn count(&mut self, well: bool, kind: u8) -> bool {
        self.run = if self.last == Some(well) { self.run + 1 } else { 1 };
        self.last = Some(well);
        let needed = if well { self.threshold("successThreshold", 1) } else { self.threshold("failureThreshold", 3) };
        if self.run < needed {
            return false;
        }
        let changed = self.result != Some(well);
        self.result = Some(well);
        if !well && kind != READINESS {
            self.held = true;
            self.run = 0;
        }
        changed
    }
}

impl Worker {
    /// Sets the deadlines of probes whose container now runs.
    pub(crate) fn arm_probes(&mut self, core: &mut Core) {
        for number in self.numbers() {
            if !self.at(number).is_running() || !matches!(self.at(number).kind, Kind::App | Kind::Sidecar) {
                continue;
            }
            let started = self.at(number).is_started();
            for kind in 0..3 {
                let Some(probe) = &self.at(number).probes[usize::from(kind)] else { continue };
                if !probe.armed && !probe.held && started == (kind != STARTUP) {
                    self.arm(core, number, kind);
                }
            }
        }
    }
    /// The next moment of the probe's own clock, which began when the pod came; readiness is asked at once at first.
    fn arm(&mut self, core: &mut Core, number: u32, kind: u8) {
        let since = self.since;
        let container = self.at_mut(number);
        let running = container.current.as_ref().and_then(|c| c.started_at).unwrap_or(core.now);
        let Some(probe) = &mut container.probes[usize::from(kind)] else { return };
        let from = (running + probe.seconds("initialDelaySeconds", 0, 0)).max(core.now);
        let period = probe.seconds("periodSeconds", 10, 1);
        let ticks = (from - since).as_micros() / period.as_micros() + 1;
        let at_once = kind == READINESS && !probe.tried && from == core.now;
        let at = if at_once { core.now } else { since + period * ticks };
        probe.armed = true;
        core.timers.set(Timer::Probe(self.uid.clone(), number, kind), at);
    }
    /// A probe is due.
    pub(crate) fn probe(&mut self, core: &mut Core, number: u32, kind: u8) {
        let ip = self.ips(core).first().cloned().unwrap_or_default();
        let container = self.at_mut(number);
        let running = container.is_running();
        let Some(probe) = &mut container.probes[usize::from(kind)] else { return };
        let Some(current) = container.current.as_ref().filter(|_| running && !probe.held) else {
            probe.armed = false;
            return;
        };
        probe.tried = true;
        let timeout = probe.seconds("timeoutSeconds", 1, 1);
        let Some(action) = action(&container.spec, &probe.spec, &ip) else {
            self.warn_at(core, number, "Unhealthy", unknown_port(kind));
            self.arm(core, number, kind);
            return;
        };
        let id = current.created.id.clone();
        probe.asked = Some(id.clone());
        let asked = self.ask(core, PodAsked::Probe(number, kind));
        core.push(Command::Act { id: asked, container: id, action, timeout });
    }
    pub(crate) fn probed(&mut self, core: &mut Core, (number, kind): (u32, u8), acted: &Acted) {
        let ip = self.ips(core).first().cloned().unwrap_or_default();
        let container = self.at_mut(number);
        let current = container.current.as_ref().filter(|c| c.is_running()).map(|c| c.created.id.clone());
        let Some(probe) = &mut container.probes[usize::from(kind)] else { return };
        if probe.asked.take() != current || current.is_none() {
            return;
        }
        let action = action(&container.spec, &probe.spec, &ip);
        let verdict = judge(acted, action.as_ref(), probe.seconds("timeoutSeconds", 1, 1));
        let word = WORDS[usize::from(kind)];
        let well = match &verdict {
            Verdict::Well => Some(true),
            Verdict::Warning(_) => Some(true),
            Verdict::Badly(_) => Some(false),
            Verdict::Unknown(_) => None,
        };
        let changed = well.is_some_and(|well| probe.count(well, kind));
        match verdict {
            Verdict::Well => {}
            Verdict::Warning(text) => self.warn_at(core, number, "ProbeWarning", format!("{word} probe warning: {text}")),
            Verdict::Badly(text) => self.warn_at(core, number, "Unhealthy", format!("{word} probe failed: {text}")),
            Verdict::Unknown(text) => {
                let message = format!("{word} probe errored and resulted in unknown state: {text}");
                self.warn_at(core, number, "Unhealthy", message);
            }
        }
        self.after_probe(core, (number, kind), changed);
    }
    fn after_probe(&mut self, core: &mut Core, (number, kind): (u32, u8), changed: bool) {
        let over = kind == STARTUP && self.at(number).is_started();
        let held = self.at(number).probes[usize::from(kind)].as_ref().is_some_and(|p| p.held);
        if over || held {
            self.disarm(core, number, kind);
        } else {
            self.arm(core, number, kind);
        }
        match self.mode {
            Mode::Syncing if changed => self.wake(core),
            Mode::Terminating if changed => self.publish(core),
            _ => {}
        }
    }
    fn disarm(&mut self, core: &mut Core, number: u32, kind: u8) {
        core.timers.clear(&Timer::Probe(self.uid.clone(), number, kind));
        if let Some(probe) = &mut self.at_mut(number).probes[usize::from(kind)] {
            probe.armed = false;
        }
    }
    /// The container ended: its next instance begins anew.
    pub(crate) fn reset_probes(&mut self, core: &mut Core, number: u32) {
        for kind in 0..3 {
            self.disarm(core, number, kind);
            if let Some(probe) = &mut self.at_mut(number).probes[usize::from(kind)] {
                probe.reset(kind);
            }
        }
    }
    /// A pod that is ending is no longer asked whether it lives.
    pub(crate) fn hold_probes(&mut self, core: &mut Core) {
        for number in self.numbers() {
            for kind in [0, STARTUP] {
                self.disarm(core, number, kind);
                if let Some(probe) = &mut self.at_mut(number).probes[usize::from(kind)] {
                    probe.held = true;
                }
            }
        }
    }
}

/// What an answer means, with the text for the event.
enum Verdict {
    Well,
    Warning(String),
    Badly(String),
    /// Counts for nothing.
    Unknown(String),
}

fn judge(acted: &Acted, action: Option<&Action>, timeout: Duration) -> Verdict {
    match acted {
        Acted::Connected => Verdict::Well,
        Acted::Exited { code: 0, .. } => Verdict::Well,
        Acted::Exited { output, .. } => Verdict::Badly(output.to_string()),
        Acted::Http { body, other_host: true, .. } => {
            Verdict::Warning(format!("Probe terminated redirects, Response body: {body}"))
        }
        Acted::Http { status: 200..400, .. } => Verdict::Well,
        Acted::Http { status, .. } => Verdict::Badly(format!("HTTP probe failed with statuscode: {status}")),
        Acted::Unhealthy(text) => Verdict::Badly(text.to_string()),
        Acted::Refused => broken(action, timeout, "connect: connection refused"),
        Acted::TimedOut => broken(action, timeout, ""),
        Acted::Failed(text) => broken(action, timeout, text),
    }
}

/// What the prober says when there was no answer; an empty `why` is a timeout.
fn broken(action: Option<&Action>, timeout: Duration, why: &str) -> Verdict {
    let late = why.is_empty();
    match action {
        Some(Action::HttpGet { scheme, host, port, path, .. }) => {
            let url = format!("{}://{host}:{port}{path}", scheme.to_lowercase());
            Verdict::Badly(match late {
                true => format!("Get \"{url}\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"),
                false => format!("Get \"{url}\": dial tcp {host}:{port}: {why}"),
            })
        }
        Some(Action::TcpConnect { host, port }) => {
            Verdict::Badly(format!("dial tcp {host}:{port}: {}", if late { "i/o timeout" } else { why }))
        }
        Some(Action::Grpc { host, port, .. }) => Verdict::Badly(format!(
            "timeout: failed to connect service \"{host}:{port}\" within {timeout}: context deadline exceeded"
        )),
        Some(Action::Exec { command }) if late => {
            Verdict::Badly(format!("command timed out: \"{}\" timed out after {timeout}", command.join(" ")))
        }
        Some(Action::Exec { .. }) | None => Verdict::Unknown(why.to_string()),
    }
}

fn unknown_port(kind: u8) -> String {
    format!("{} probe errored and resulted in unknown state: invalid port", WORDS[usize::from(kind)])
}

/// The question of a probe's spec; `None` if its port has no number.
fn action(container: &Value, probe: &Value, ip: &Text) -> Option<Action> {
    if !probe["exec"].is_null() {
        return Some(Action::Exec { command: probe["exec"]["command"].items().iter().map(Value::text).collect() });
    }
    let get = &probe["httpGet"];
    if !get.is_null() {
        return Some(http_get(get, ip, port(container, &get["port"])?, text!("kube-probe/1.36")));
    }
    let tcp = &probe["tcpSocket"];
    if !tcp.is_null() {
        let host = if tcp["host"].s().is_empty() { ip.clone() } else { tcp["host"].text() };
        return Some(Action::TcpConnect { host, port: port(container, &tcp["port"])? });
    }
    let grpc = &probe["grpc"];
    let port = port(container, &grpc["port"])?;
    Some(Action::Grpc { host: ip.clone(), port, service: grpc["service"].text() })
}

pub(crate) fn http_get(get: &Value, ip: &Text, port: u16, agent: Text) -> Action {
    let mut headers = vec![(text!("User-Agent"), agent)];
    headers.extend(get["httpHeaders"].items().iter().map(|h| (h["name"].text(), h["value"].text())));
    let path = get["path"].s();
    Action::HttpGet {
        scheme: if get["scheme"].s().is_empty() { text!("HTTP") } else { get["scheme"].text() },
        host: if get["host"].s().is_empty() { ip.clone() } else { get["host"].text() },
        port,
        path: if path.starts_with('/') { path.into() } else { format!("/{path}").into() },
        headers,
    }
}

/// A port by number, or by its name in the container's `ports`.
pub(crate) fn port(container: &Value, port: &Value) -> Option<u16> {
    let number = match port {
        Value::Str(name) => {
            let named = container["ports"].items().iter().find(|p| p["name"].s() == name.as_str());
            named.and_then(|p| p["containerPort"].as_i64()).or_else(|| name.parse().ok())
        }
        other => other.as_i64(),
    };
    number.and_then(|n| u16::try_from(n).ok()).filter(|n| *n > 0)
}
