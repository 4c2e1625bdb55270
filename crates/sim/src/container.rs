//! One simulated container: its files, its log, the server or shell process that runs in it, and what was exec'ed into it.

use crate::image::{ImageSpec, System};
use crate::server::Server;
use base::{Text, Time};
use kubelet::runtime::{ContainerConfig, Exit};
use shell::{CallId, Machine, Mount, Process, Tree};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// How many log lines a container keeps (a node rotates by size; this is about 1 MB).
const LOG_LINES: usize = 10_000;

/// A container in any state.
#[derive(Clone)]
pub struct Container {
    pub config: Arc<ContainerConfig>,
    pub spec: Option<&'static ImageSpec>,
    pub argv: Vec<Text>,
    pub env: Arc<Vec<(Text, Text)>>,
    pub machine: Arc<Machine>,
    pub root: Tree,
    pub mounts: Vec<Mount>,
    pub state: State,
    pub main: Main,
    pub execs: BTreeMap<u32, Exec>,
    pub log: Log,
    /// When the stop signal was sent.
    pub stopping: bool,
}

#[derive(Clone, PartialEq, Debug)]
pub enum State {
    Created,
    Running { since: Time },
    Exited(Exit),
}

/// What the container's first process is.
#[derive(Clone)]
pub enum Main {
    /// Nothing yet.
    Nothing,
    Server(Server),
    Process(Box<Running>),
}

/// A shell process and the servers that run inside it.
#[derive(Clone)]
pub struct Running {
    pub process: Process,
    pub servers: BTreeMap<CallId, Server>,
    /// When it wants to run again.
    pub wake: Time,
}

/// A process that was exec'ed into the container.
#[derive(Clone)]
pub struct Exec {
    pub running: Running,
    pub purpose: Purpose,
    pub output: Vec<u8>,
}

/// Who waits for an exec.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// A probe or hook of the kubelet, by the id of its command.
    Act(u64),
    /// A client's stream.
    Stream(u64),
}

/// One line of a container's output.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogLine {
    pub time: Time,
    pub stderr: bool,
    /// Without the newline.
    pub text: Text,
}

/// A container's output, line by line.
#[derive(Clone, Default)]
pub struct Log {
    lines: VecDeque<LogLine>,
    /// Number of the first kept line.
    first: u64,
    partial: [Vec<u8>; 2],
    /// The newest output as it came, for those who are attached; how many pieces were forgotten.
    pieces: VecDeque<(u8, Vec<u8>)>,
    forgotten: u64,
}

/// How many pieces of output wait for an attached client.
const PIECES: usize = 256;

impl Log {
    /// Adds output as it comes; only whole lines become visible.
    pub fn write(&mut self, stderr: bool, bytes: &[u8], now: Time) {
        self.piece(stderr, bytes);
        let partial = &mut self.partial[usize::from(stderr)];
        partial.extend_from_slice(bytes);
        let Some(end) = partial.iter().rposition(|b| *b == b'\n') else {
            if partial.len() > 16_384 {
                self.flush(now);
            }
            return;
        };
        let rest = partial.split_off(end + 1);
        let whole = std::mem::replace(partial, rest);
        for line in whole[..end].split(|b| *b == b'\n') {
            self.add(stderr, &String::from_utf8_lossy(line), now);
        }
    }
    pub fn line(&mut self, stderr: bool, text: &str, now: Time) {
        self.piece(stderr, format!("{text}\n").as_bytes());
        self.add(stderr, text, now);
    }
    fn piece(&mut self, stderr: bool, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.pieces.push_back((1 + u8::from(stderr), bytes.to_vec()));
        if self.pieces.len() > PIECES {
            self.pieces.pop_front();
            self.forgotten += 1;
        }
    }
    /// The number after the newest piece of output.
    pub fn pieces_end(&self) -> u64 {
        self.forgotten + self.pieces.len() as u64
    }
    /// Pieces of output from a number on.
    pub fn pieces_since(&self, number: u64) -> impl Iterator<Item = &(u8, Vec<u8>)> {
        self.pieces.iter().skip(number.saturating_sub(self.forgotten) as usize)
    }
    /// What stands on the last line, which has no end yet: a prompt.
    pub fn unfinished(&self) -> &[u8] {
        &self.partial[0]
    }
    fn add(&mut self, stderr: bool, text: &str, now: Time) {
        self.lines.push_back(LogLine { time: now, stderr, text: text.into() });
        if self.lines.len() > LOG_LINES {
            self.lines.pop_front();
            self.first += 1;
        }
    }
    /// Makes unfinished lines visible, when the process has ended.
    pub fn flush(&mut self, now: Time) {
        for stderr in [false, true] {
            let rest = std::mem::take(&mut self.partial[usize::from(stderr)]);
            if !rest.is_empty() {
                self.add(stderr, &String::from_utf8_lossy(&rest), now);
            }
        }
    }
    /// The number after the last line's.
    pub fn end(&self) -> u64 {
        self.first + self.lines.len() as u64
    }
    /// Lines from a number on, with the number of the next one.
    pub fn since(&self, number: u64) -> impl Iterator<Item = &LogLine> {
        self.lines.iter().skip(number.saturating_sub(self.first) as usize)
    }
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &LogLine> + ExactSizeIterator {
        self.lines.iter()
    }
}

impl Container {
    pub fn is_running(&self) -> bool {
        matches!(self.state, State::Running { .. })
    }
    /// Every server that runs in the container.
    pub fn servers(&self) -> impl Iterator<Item = &Server> {
        let (one, many) = match &self.main {
            Main::Server(server) => (Some(server), None),
            Main::Process(running) => (None, Some(running.servers.values())),
            Main::Nothing => (None, None),
        };
        let execs = self.execs.values().flat_map(|e| e.running.servers.values());
        one.into_iter().chain(many.into_iter().flatten()).chain(execs)
    }
    /// The server on a port.
    pub fn listener(&self, udp: bool, port: u16) -> Option<&Server> {
        self.servers().find(|s| if udp { s.udp_ports.contains(&port) } else { s.ports.contains(&port) })
    }
    pub fn answers_dns(&self) -> bool {
        self.is_running() && self.servers().any(|s| s.kind == crate::server::Kind::CoreDns)
    }
    /// The C library of its image.
    pub fn library(&self) -> dns::resolver::Library {
        match self.spec.map(|s| s.system) {
            Some(System::Alpine) => dns::resolver::Library::Musl,
            Some(System::Busybox | System::Debian | System::Scratch) | None => dns::resolver::Library::Glibc,
        }
    }
    /// When one of its processes wants to run.
    pub fn next_wake(&self) -> Option<Time> {
        let main = match &self.main {
            Main::Process(running) => Some(running.wake),
            Main::Nothing | Main::Server(_) => None,
        };
        main.into_iter().chain(self.execs.values().map(|e| e.running.wake)).min().filter(|at| *at != Time::NEVER)
    }
}

/// The whole command line of a container: the image's entry point and command, and what the pod puts in their place.
pub fn command_line(spec: Option<&ImageSpec>, config: &ContainerConfig) -> Vec<Text> {
    let own = |words: &[&str]| words.iter().map(|w| Text::from(*w)).collect::<Vec<_>>();
    let (entrypoint, command) = spec.map_or((&[][..], &[][..]), |s| (s.entrypoint, s.command));
    if !config.command.is_empty() {
        return config.command.iter().chain(&config.args).cloned().collect();
    }
    let args = if config.args.is_empty() { own(command) } else { config.args.clone() };
    match entrypoint {
        // Entry scripts that set up and then become their arguments.
        ["/docker-entrypoint.sh"] => args,
        ["docker-entrypoint.sh"] if args.first().is_some_and(|a| a.starts_with('-')) => {
            own(&["redis-server"]).into_iter().chain(args).collect()
        }
        ["docker-entrypoint.sh"] => args,
        ["/entrypoint.sh"] if args.first().is_some_and(|a| a.starts_with('-') || a.contains("://")) => {
            own(&["curl"]).into_iter().chain(args).collect()
        }
        ["/entrypoint.sh"] => args,
        _ => own(entrypoint).into_iter().chain(args).collect(),
    }
}

/// Programs of an image that are servers of the table.
pub fn programs(spec: Option<&ImageSpec>) -> Vec<Text> {
    let names: &[&str] = match spec.map_or("", |s| s.repository) {
        "nginx" => &["nginx"],
        "httpd" => &["httpd-foreground"],
        "redis" => &["redis-server"],
        "bretfisher/httpenv" => &["httpenv", "/httpenv"],
        "registry.k8s.io/e2e-test-images/agnhost" => &["agnhost", "/agnhost"],
        "gcr.io/google-samples/hello-app" => &["hello-app", "/hello-app"],
        "python" => &["python3", "python"],
        "busybox" | "alpine" => &["httpd"],
        _ => &[],
    };
    names.iter().map(|n| Text::from(*n)).collect()
}

/// Tools that the shell crate knows and the image has not.
pub fn missing_tools(spec: Option<&ImageSpec>) -> Vec<Text> {
    let network: &[&str] = &["curl", "wget", "dig", "nslookup", "ping", "nc", "ps"];
    let names: &[&str] = match spec {
        None => &[],
        Some(spec) if spec.repository == "nginx" => &["wget", "dig", "nslookup", "ping", "nc", "ps"],
        Some(spec) if spec.network_tools => &[],
        Some(spec) => match spec.system {
            System::Busybox | System::Alpine => &["curl", "dig", "bash", "jq"],
            System::Debian => network,
            System::Scratch => &[],
        },
    };
    names.iter().map(|n| Text::from(*n)).collect()
}
