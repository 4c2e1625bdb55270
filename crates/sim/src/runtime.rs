//! The simulated container runtime of one node: carries out the kubelet's commands with seeded latencies, as containerd
//! would. What its processes ask of the network is left in `outbox` for the world to carry out.

use crate::container::{Container, Exec, Main, Purpose, Running, State};
use crate::image::{self, ImageSpec, Missing, Reference};
use base::{Cidr, Duration, Rng, Shared, Text, Time};
use kubelet::runtime::{Acted, Action, Exit, Image, Reply, Sandbox, SandboxConfig};
use kubelet::{Command, Input};
use shell::{Call, CallId, Tree};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

/// A process of a container: the main one, or an exec by number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Which {
    Main,
    Exec(u32),
}

/// What the world has to do for this node's processes.
#[derive(Clone, Debug)]
pub enum Outgoing {
    /// A process asks the network.
    Call { container: Text, which: Which, id: CallId, call: Call },
    /// A probe or hook that goes over the network.
    Act { id: u64, container: Text, action: Action },
    /// A client's exec wrote.
    Data { stream: u64, fd: u8, bytes: Vec<u8> },
    /// A client's exec ended.
    Exit { stream: u64, code: i32 },
}

/// What happens later on this node.
#[derive(Clone, Debug)]
pub enum Event {
    Kubelet(Input),
    /// The reply to a probe, unless it was answered before.
    Acted {
        id: u64,
        acted: Acted,
    },
    /// The container's stop is overdue.
    Kill(Text),
    /// A server notices its stop signal.
    Leave {
        container: Text,
        code: i32,
    },
    CallReply {
        container: Text,
        which: Which,
        id: CallId,
        reply: shell::Reply,
    },
}

#[derive(Clone)]
pub(crate) struct SandboxState {
    pub(crate) config: Arc<SandboxConfig>,
    pub(crate) ip: Option<IpAddr>,
}

/// The volumes of a pod: names with the places of their trees. Single files that containers mount are added at the end.
/// The first place is where the node's own files are lent.
#[derive(Clone)]
pub(crate) struct PodVolumes {
    pub(crate) places: BTreeMap<Text, Place>,
    pub(crate) trees: Vec<Tree>,
}

impl Default for PodVolumes {
    fn default() -> PodVolumes {
        PodVolumes { places: BTreeMap::new(), trees: vec![Tree::new()] }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    Tree(u32),
    /// A path of the node's own files.
    Host(Text),
}

/// The runtime of one node.
#[derive(Clone)]
pub struct Runtime {
    pub(crate) dice: Rng,
    images: BTreeSet<Text>,
    trees: Shared<BTreeMap<&'static str, Tree>>,
    pub(crate) sandboxes: BTreeMap<Text, SandboxState>,
    pub(crate) volumes: BTreeMap<Text, PodVolumes>,
    pub containers: BTreeMap<Text, Shared<Container>>,
    /// The node's own files, for hostPath.
    pub(crate) host: Tree,
    events: BTreeMap<(Time, u64), Event>,
    wakes: BTreeSet<(Time, Text)>,
    woken: BTreeMap<Text, Time>,
    counter: u64,
    /// Probes that are still to be answered, with their containers.
    pub(crate) acts: BTreeMap<u64, Text>,
    pods: Option<Cidr>,
    next_ip: u128,
    used: BTreeSet<IpAddr>,
    pub outbox: Vec<Outgoing>,
    /// Pod addresses that came (with their pods) and went.
    pub(crate) address_changes: Vec<(IpAddr, Option<kubelet::runtime::PodRef>)>,
    pub(crate) next_exec: u32,
}

impl Runtime {
    pub fn new(dice: Rng) -> Runtime {
        Runtime {
            dice,
            images: BTreeSet::new(),
            trees: Shared::default(),
            sandboxes: BTreeMap::new(),
            volumes: BTreeMap::new(),
            containers: BTreeMap::new(),
            host: Tree::new(),
            events: BTreeMap::new(),
            wakes: BTreeSet::new(),
            woken: BTreeMap::new(),
            counter: 0,
            acts: BTreeMap::new(),
            pods: None,
            next_ip: 2,
            used: BTreeSet::new(),
            outbox: Vec::new(),
            address_changes: Vec::new(),
            next_exec: 1,
        }
    }
    /// The range from which pods get their addresses.
    pub fn set_pod_cidr(&mut self, cidr: &str) {
        if self.pods.is_none() {
            self.pods = Cidr::parse(cidr);
        }
    }
    pub fn next_deadline(&self) -> Option<Time> {
        let event = self.events.first_key_value().map(|((at, _), _)| *at);
        let wake = self.wakes.first().map(|(at, _)| *at);
        [event, wake].into_iter().flatten().min()
    }
    pub fn after(&mut self, now: Time, wait: Duration, event: Event) {
        self.counter += 1;
        self.events.insert((now + wait, self.counter), event);
    }
    /// A latency: `millis` with a spread of a quarter.
    pub(crate) fn latency(&mut self, millis: i64) -> Duration {
        Duration::from_micros(self.dice.between(millis * 750, millis * 1250))
    }
    /// Carries out one command of the kubelet; API requests and notes are not for the runtime.
    pub fn carry_out(&mut self, command: Command, now: Time) {
        match command {
            Command::Api { .. } | Command::Note(_) => {}
            Command::SetVolumes { id, pod, volumes } => {
                let set = self.set_volumes(&pod.uid, &volumes, now);
                self.reply(now, Duration::from_millis(1), id, Reply::Volumes(set));
            }
            Command::RemoveVolumes { pod } => {
                self.volumes.remove(&pod.uid);
            }
            Command::RunSandbox { id, config } => self.run_sandbox(id, config, now),
            Command::StopSandbox { id, sandbox } => {
                let ip = self.sandboxes.get_mut(&sandbox).and_then(|state| state.ip.take());
                self.release(ip);
                self.reply(now, Duration::from_millis(20), id, Reply::SandboxStopped);
            }
            Command::RemoveSandbox { sandbox } => {
                let ip = self.sandboxes.remove(&sandbox).and_then(|state| state.ip);
                self.release(ip);
                self.containers.retain(|_, c| c.config.sandbox != sandbox);
            }
            Command::ImageStatus { id, image } => {
                let found =
                    Reference::parse(&image).filter(|r| self.images.contains(&Text::from(r.full()))).map(|r| described(&r));
                self.reply(now, Duration::from_millis(1), id, Reply::Image(found));
            }
            Command::PullImage { id, image, .. } => self.pull(id, &image, now),
            Command::CreateContainer { id, config } => {
                let created = self.create(config, now);
                let wait = self.latency(30);
                self.reply(now, wait, id, Reply::Created(created));
            }
            Command::StartContainer { id, container } => {
                let wait = self.latency(50);
                let started = self.start(&container, now + wait);
                self.reply(now, wait, id, Reply::Started(started));
            }
            Command::StopContainer { container, grace } => self.stop(&container, grace, now),
            Command::RemoveContainer { container } => {
                self.containers.remove(&container);
            }
            Command::UpdateContainer { container, resources } => {
                if let Some(found) = self.containers.get_mut(&container) {
                    Arc::make_mut(&mut found.config).resources = resources;
                }
            }
            Command::Act { id, container, action, timeout } => self.act(id, container, action, (timeout, now)),
        }
    }
    fn reply(&mut self, now: Time, wait: Duration, id: u64, reply: Reply) {
        self.after(now, wait, Event::Kubelet(Input::Runtime { id, reply }));
    }

    fn run_sandbox(&mut self, id: u64, config: Arc<SandboxConfig>, now: Time) {
        let wait = self.latency(180);
        let ip = if config.host_network { Ok(None) } else { self.free_ip().map(Some).ok_or("no pod addresses are left") };
        let result = match ip {
            Ok(ip) => {
                let sandbox: Text = self.long_id();
                self.address_changes.extend(ip.map(|ip| (ip, Some(config.pod.clone()))));
                self.sandboxes.insert(sandbox.clone(), SandboxState { config, ip });
                Ok(Sandbox { id: sandbox, ips: ip.iter().map(|ip| ip.to_string().into()).collect() })
            }
            Err(why) => Err(format!("failed to setup network for sandbox: {why}").into()),
        };
        self.reply(now, wait, id, Reply::Sandbox(result));
    }
    /// Addresses are given out in order and taken again only after the range was used up, as host-local does.
    fn free_ip(&mut self) -> Option<IpAddr> {
        let cidr = self.pods?;
        let last = cidr.size().saturating_sub(2);
        for _ in 0..last {
            let candidate = cidr.nth(self.next_ip)?;
            self.next_ip = if self.next_ip >= last { 2 } else { self.next_ip + 1 };
            if !self.used.contains(&candidate) {
                self.used.insert(candidate);
                return Some(candidate);
            }
        }
        None
    }
    fn release(&mut self, ip: Option<IpAddr>) {
        if let Some(ip) = ip {
            self.used.remove(&ip);
            self.address_changes.push((ip, None));
        }
    }
    fn long_id(&mut self) -> Text {
        let words: Vec<String> = (0..4).map(|_| format!("{:016x}", self.dice.next_u64())).collect();
        words.concat().into()
    }

    fn pull(&mut self, id: u64, image: &str, now: Time) {
        let Some(reference) = Reference::parse(image) else {
            return self.reply(now, Duration::ZERO, id, Reply::Pulled(Err("invalid reference format".into())));
        };
        let full = reference.full();
        let (wait, result) = match reference.missing() {
            None => {
                let present = self.images.contains(&Text::from(full.as_str()));
                let millis = if present { 300 } else { 500 + described(&reference).size / 80_000 };
                (self.latency(millis), Ok(described(&reference)))
            }
            Some(missing) => (self.latency(700), Err(refusal(missing, &full).into())),
        };
        if result.is_ok() {
            self.images.insert(full.as_str().into());
        }
        self.reply(now, wait, id, Reply::Pulled(result));
    }
    /// Puts an image on the node without a pull.
    pub fn preload(&mut self, image: &str) {
        if let Some(reference) = Reference::parse(image) {
            self.images.insert(reference.full().into());
        }
    }
    /// The files of an image, made once.
    pub(crate) fn image_files(&mut self, spec: Option<&'static ImageSpec>) -> Tree {
        let name = spec.map_or("", |s| s.repository);
        self.trees.entry(name).or_insert_with(|| image::files(spec)).clone()
    }

    fn stop(&mut self, id: &Text, grace: Duration, now: Time) {
        let Some(container) = self.containers.get_mut(id).filter(|c| c.is_running()) else { return };
        let first = !container.stopping;
        container.stopping = true;
        let signal = shell::Signal::parse(&container.config.stop_signal).unwrap_or(shell::Signal::Term);
        let leaves = match &mut container.main {
            Main::Process(running) => {
                running.process.signal(if grace == Duration::ZERO { shell::Signal::Kill } else { signal });
                running.wake = now;
                None
            }
            Main::Server(server) => Some(server.exit_code(signal)),
            Main::Nothing => Some(0),
        };
        if grace == Duration::ZERO {
            return self.after(now, Duration::from_millis(5), Event::Kill(id.clone()));
        }
        self.after(now, grace, Event::Kill(id.clone()));
        match leaves {
            Some(code) if first => {
                let wait = self.latency(60);
                self.after(now, wait, Event::Leave { container: id.clone(), code });
            }
            Some(_) | None => self.wake_at(id, now),
        }
    }

    fn act(&mut self, id: u64, container: Text, action: Action, (timeout, now): (Duration, Time)) {
        self.acts.insert(id, container.clone());
        self.after(now, timeout, Event::Acted { id, acted: Acted::TimedOut });
        match action {
            Action::Exec { command } => {
                if let Err(why) = self.exec(&container, command, Purpose::Act(id), (false, now)) {
                    self.after(now, Duration::from_millis(2), Event::Acted { id, acted: Acted::Failed(why) });
                }
            }
            Action::HttpGet { .. } | Action::TcpConnect { .. } | Action::Grpc { .. } => {
                self.outbox.push(Outgoing::Act { id, container, action });
            }
        }
    }

    /// Does one thing that is due; the kubelet's news come back. False if nothing is due.
    pub fn step(&mut self, now: Time, news: &mut Vec<Input>) -> bool {
        if let Some((at, _)) = self.wakes.first()
            && *at <= now
            && let Some((_, id)) = self.wakes.pop_first()
        {
            self.woken.remove(&id);
            self.run_container(&id, now, news);
            return true;
        }
        let due = self.events.first_key_value().is_some_and(|((at, _), _)| *at <= now);
        let Some((_, event)) = due.then(|| self.events.pop_first()).flatten() else { return false };
        match event {
            Event::Kubelet(input) => news.push(input),
            Event::Acted { id, acted } => {
                if self.acts.remove(&id).is_some() {
                    self.end_act(id);
                    news.push(Input::Runtime { id, reply: Reply::Acted(acted) });
                }
            }
            Event::Kill(id) => self.leave(&id, 137, now, news),
            Event::Leave { container, code } => self.leave(&container, code, now, news),
            Event::CallReply { container, which, id, reply } => {
                if let Some(running) = self.running(&container, which) {
                    running.process.reply(id, reply);
                    running.wake = now;
                    self.wake_at(&container, now);
                }
            }
        }
        true
    }
    /// The exec of a probe that was given up ends.
    fn end_act(&mut self, id: u64) {
        for container in self.containers.values_mut() {
            container.execs.retain(|_, exec: &mut Exec| exec.purpose != Purpose::Act(id));
        }
    }
    pub fn running(&mut self, container: &Text, which: Which) -> Option<&mut Running> {
        let container = self.containers.get_mut(container)?;
        match which {
            Which::Main => match &mut container.main {
                Main::Process(running) => Some(running),
                Main::Nothing | Main::Server(_) => None,
            },
            Which::Exec(number) => container.execs.get_mut(&number).map(|e| &mut e.running),
        }
    }
    pub fn is_host_network(&self, sandbox: &Text) -> bool {
        self.sandboxes.get(sandbox).is_some_and(|s| s.config.host_network)
    }
    /// Everything stops without a word; images and the node's files stay.
    pub(crate) fn power_off(&mut self) {
        self.sandboxes.clear();
        self.used.clear();
        self.address_changes.clear();
        self.containers.clear();
        self.volumes.clear();
        self.events.clear();
        self.wakes.clear();
        self.woken.clear();
        self.acts.clear();
        self.outbox.clear();
    }
    /// Kills the first process of a container. Answers whether it runs here.
    pub(crate) fn kill(&mut self, now: Time, (namespace, pod, container): (&str, &str, &str)) -> bool {
        let wanted = |c: &Container| {
            c.is_running()
                && c.config.pod.namespace == namespace
                && c.config.pod.name == pod
                && (container.is_empty() || c.config.name == container)
        };
        let Some(id) = self.containers.iter().find(|(_, c)| wanted(c)).map(|(id, _)| id.clone()) else { return false };
        self.after(now, Duration::ZERO, Event::Kill(id));
        true
    }
    /// Makes sure that a container runs at this time at the latest.
    pub fn wake_at(&mut self, id: &Text, at: Time) {
        match self.woken.get(id) {
            Some(have) if *have <= at => return,
            Some(have) => {
                self.wakes.remove(&(*have, id.clone()));
            }
            None => {}
        }
        self.woken.insert(id.clone(), at);
        self.wakes.insert((at, id.clone()));
    }
    /// A container's end: its log is flushed, its execs are gone, the kubelet hears of it.
    pub(crate) fn leave(&mut self, id: &Text, code: i32, now: Time, news: &mut Vec<Input>) {
        let message = self.termination_message(id, code);
        let Some(container) = self.containers.get_mut(id) else { return };
        let State::Running { since } = container.state else { return };
        container.log.flush(now);
        container.main = Main::Nothing;
        let exit = Exit { container: id.clone(), code, oom_killed: false, message, started_at: since, finished_at: now };
        container.state = State::Exited(exit.clone());
        for exec in std::mem::take(&mut container.execs).into_values() {
            match exec.purpose {
                Purpose::Stream(stream) => self.outbox.push(Outgoing::Exit { stream, code: 137 }),
                Purpose::Act(act) => {
                    if self.acts.remove(&act).is_some() {
                        let acted = Acted::Exited { code: 137, output: Text::new() };
                        news.push(Input::Runtime { id: act, reply: Reply::Acted(acted) });
                    }
                }
            }
        }
        news.push(Input::Exited(exit));
    }
}

/// What the runtime tells of an image.
fn described(reference: &Reference) -> Image {
    let spec = reference.spec();
    let full = reference.full();
    Image {
        id: format!("{}@{}", reference.repository, image::digest(&full)).into(),
        size: spec.map_or(60, |s| s.megabytes) * 1_048_576 + (full.len() as i64 * 7_919) % 1_000_000,
        name: full.into(),
        uid: spec.map(|s| s.uid).filter(|uid| *uid != 0),
        user_name: Text::new(),
    }
}

fn refusal(missing: Missing, full: &str) -> String {
    let unpack = format!("failed to pull and unpack image \"{full}\": failed to resolve reference \"{full}\":");
    match missing {
        Missing::Tag => format!("rpc error: code = NotFound desc = {unpack} {full}: not found"),
        Missing::Repository => format!(
            "{unpack} pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed"
        ),
    }
}
