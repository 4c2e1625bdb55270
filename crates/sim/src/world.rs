//! `World`: a whole cluster on virtual time, as one value. `step` does the next thing that is due; cloning the world
//! keeps a moment for good.

use crate::agenda::{Agenda, Source};
use crate::exchange::Exchange;
use crate::instant::Instant;
use crate::network::{Network, NodeAt, PodAt};
use crate::node::Node;
use crate::setup::{Machines, Setup};
use crate::streams::Streams;
use crate::terminal::Terminal;
use api::{Origin, Request, WatchKind};
use base::{Duration, Rng, Shared, Text, Time};
use control::{Answered, Control};
use kubelet::runtime::PodRef;
use model::{Object, resource};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use store::Commit;

/// How many requests over the network are remembered.
const EXCHANGES: usize = 200;

/// A cluster, its nodes, its network, and the people at its terminals.
#[derive(Clone)]
pub struct World {
    pub(crate) now: Time,
    pub(crate) control: Shared<Control>,
    pub(crate) nodes: BTreeMap<Text, Shared<Node>>,
    pub(crate) network: Network,
    pub(crate) agenda: Shared<Agenda>,
    pub(crate) terminals: Shared<BTreeMap<u32, Terminal>>,
    pub(crate) streams: Shared<Streams>,
    pub(crate) outside: Arc<dns::Config>,
    pub(crate) exchanges: Shared<VecDeque<Arc<Exchange>>>,
    pub(crate) exchange_count: u64,
    pub(crate) dice: Rng,
    /// Answers that terminals will get.
    pub(crate) later: BTreeMap<(Time, u64), (u32, shell::CallId, shell::Reply)>,
    /// Pods of nodes that run nothing.
    pub(crate) instant: Option<Instant>,
    pub(crate) counter: u64,
    pub(crate) terminal_count: u32,
    /// The number of the input that is being carried out, or was last.
    pub(crate) input: u32,
    fed: u64,
    touched: BTreeSet<Text>,
}

impl World {
    /// A new cluster. Nothing has run yet; the nodes register in the first moments.
    pub fn new(setup: &Setup) -> World {
        let dice = Rng::new(setup.seed);
        let control = Control::new(setup.api.clone(), setup.options, &dice, setup.start);
        let mut world = World {
            now: setup.start,
            network: Network::new(setup.proxy(), dice.fork("network")),
            control: Shared::new(control),
            nodes: BTreeMap::new(),
            agenda: Shared::default(),
            terminals: Shared::default(),
            streams: Shared::default(),
            outside: Arc::new(setup.outside()),
            exchanges: Shared::default(),
            exchange_count: 0,
            dice: dice.fork("world"),
            later: BTreeMap::new(),
            instant: (setup.machines == Machines::Instant).then(Instant::default),
            counter: 0,
            terminal_count: 0,
            input: 0,
            fed: 0,
            touched: BTreeSet::new(),
        };
        for (ip, name) in setup.internet() {
            world.network.internet.insert(ip, name);
        }
        for config in setup.nodes() {
            let ip = config.ip.parse().unwrap_or(crate::network::OUTSIDE);
            world.network.nodes.insert(config.node.clone(), NodeAt { ip, up: true });
            let node = Node::new(config, &world.dice, setup.start);
            world.touched.insert(node.name().clone());
            world.nodes.insert(node.name().clone(), Shared::new(node));
        }
        world.network.rules_changed();
        for request in setup.addons() {
            world.request(&request, Origin::Start);
        }
        world.settle();
        world
    }
    pub fn now(&self) -> Time {
        self.now
    }
    pub fn control(&self) -> &Control {
        &self.control
    }
    /// The state of the API at this moment.
    pub fn snapshot(&self) -> &store::Snapshot {
        self.control.snapshot()
    }
    /// The hash of everything that was ever committed.
    pub fn hash(&self) -> u64 {
        self.control.store().hash()
    }
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes.values().map(|node| &**node)
    }
    /// The last requests over the network, oldest first.
    pub fn exchanges(&self) -> impl DoubleEndedIterator<Item = &Arc<Exchange>> {
        self.exchanges.iter()
    }
    /// Every node is Ready and every pod that should run does.
    pub fn is_settled(&self) -> bool {
        let snap = self.snapshot();
        let nodes = snap.list(&resource::NODES, "").filter(|n| n.node().is_ready()).count();
        let pods = snap.list(&resource::PODS, "").filter(|p| !p.pod().is_finished());
        nodes == self.nodes.len()
            && snap.list(&resource::DEPLOYMENTS, "").all(|d| d.status()["readyReplicas"] == d.spec()["replicas"])
            && pods.into_iter().all(|p| p.pod().is_ready())
    }
    /// Forgets what terminals printed and nobody took.
    pub(crate) fn drop_outputs(&mut self) {
        for terminal in self.terminals.values_mut() {
            terminal.output.clear();
        }
    }
    /// When something happens next.
    pub fn next_deadline(&self) -> Option<Time> {
        self.agenda.next().map(|(at, _)| *at)
    }
    /// Does the next thing, if one is due by `limit`. Answers whether it did.
    pub fn step(&mut self, limit: Time) -> bool {
        let Some((at, source)) = self.agenda.next().filter(|(at, _)| *at <= limit).cloned() else { return false };
        self.now = self.now.max(at);
        match source {
            Source::Control => {
                self.control.step(self.now);
            }
            Source::Node(name) => self.step_node(&name),
            Source::Terminal(id) => self.run_terminal(id),
            Source::World => {
                self.deliver();
                self.step_instant();
            }
        }
        self.settle();
        true
    }
    /// Runs up to and including a moment, or until the budget of steps is used up. True if the moment was reached.
    pub fn run_until(&mut self, until: Time, budget: &mut u64) -> bool {
        while *budget > 0 {
            if !self.step(until) {
                self.now = self.now.max(until);
                return true;
            }
            *budget -= 1;
        }
        false
    }
    /// Runs for a span, however many steps it takes.
    pub fn advance(&mut self, span: Duration) {
        let mut budget = u64::MAX;
        self.run_until(self.now + span, &mut budget);
    }
    /// Runs until something is true, at most for a span. Answers whether it became true.
    pub fn run_while(&mut self, span: Duration, mut wanted: impl FnMut(&World) -> bool) -> bool {
        let end = self.now + span;
        loop {
            if wanted(self) {
                return true;
            }
            if !self.step(end) {
                self.now = end;
                return wanted(self);
            }
        }
    }
    /// One request to the API server, from outside the simulated components.
    pub fn request(&mut self, request: &Request, origin: Origin) -> Answered {
        let answered = self.control.request(request, origin, self.now);
        self.feed();
        answered
    }

    /// Shows new commits to nodes and network, and brings the agenda up to date.
    pub(crate) fn settle(&mut self) {
        loop {
            self.feed();
            let Some(name) = self.touched.pop_first() else { break };
            self.drain_node(&name);
        }
        self.agenda.set(Source::Control, self.control.next_deadline());
        let answer = self.later.first_key_value().map(|((at, _), _)| *at);
        let pod = self.instant.as_ref().and_then(Instant::next_deadline);
        self.agenda.set(Source::World, [answer, pod].into_iter().flatten().min());
        self.feed_terminals();
    }
    pub(crate) fn touch(&mut self, node: &Text) {
        self.touched.insert(node.clone());
    }
    fn feed(&mut self) {
        while self.fed < self.control.store().rev() {
            self.fed += 1;
            let Some(commit) = self.control.store().commit_at(self.fed).cloned() else { continue };
            if commit.key.resource == resource::PODS {
                self.feed_pod(&commit);
            } else if commit.key.resource == resource::NODES {
                self.feed_node(&commit);
            } else if commit.key.resource == resource::SERVICES {
                self.network.rules_changed();
                self.feed_service(&commit);
            } else if commit.key.resource == resource::ENDPOINT_SLICES {
                self.network.rules_changed();
            }
            self.streams.feed(&commit);
        }
    }
    fn feed_pod(&mut self, commit: &Commit) {
        let on = |object: &Arc<Object>| Text::from(object.pod().node());
        let node = on(&commit.object);
        let before = commit.before.as_ref().map(on).unwrap_or_default();
        let name = if node.is_empty() { before } else { node };
        let Some(node) = self.nodes.get_mut(&name) else { return };
        if let Some(instant) = &mut self.instant {
            return instant.handle(commit, self.now);
        }
        if commit.kind == WatchKind::Deleted {
            node.tell(kubelet::Input::PodGone(commit.object.meta.uid.clone()), self.now);
        } else {
            node.tell(kubelet::Input::Pod(commit.object.clone()), self.now);
        }
        self.touched.insert(name);
    }
    fn feed_node(&mut self, commit: &Commit) {
        let before = commit.before.as_ref();
        let zone = "topology.kubernetes.io/zone";
        let moved = before.is_none_or(|b| {
            b.meta.label(zone) != commit.object.meta.label(zone)
                || b.node().pod_cidr() != commit.object.node().pod_cidr()
                || b.node().address("InternalIP") != commit.object.node().address("InternalIP")
        });
        if moved || commit.kind == WatchKind::Deleted {
            self.network.rules_changed();
        }
        let Some(node) = self.nodes.get_mut(&commit.key.name) else { return };
        if commit.kind == WatchKind::Deleted {
            node.tell(kubelet::Input::NodeGone, self.now);
        } else {
            node.runtime.set_pod_cidr(commit.object.node().pod_cidr());
            node.tell(kubelet::Input::Node(commit.object.clone()), self.now);
        }
        self.touched.insert(commit.key.name.clone());
    }
    fn feed_service(&mut self, commit: &Commit) {
        for node in self.nodes.values_mut() {
            let input = if commit.kind == WatchKind::Deleted {
                kubelet::Input::ServiceGone(commit.key.clone())
            } else {
                kubelet::Input::Service(commit.object.clone())
            };
            node.tell(input, self.now);
            self.touched.insert(node.name().clone());
        }
    }
    /// Tells a node everything that concerns it, as its watches do after a start.
    pub(crate) fn relist(&mut self, name: &Text) {
        let snap = self.control.snapshot().clone();
        let Some(node) = self.nodes.get_mut(name) else { return };
        if let Some(own) = snap.find(&resource::NODES, "", name) {
            node.runtime.set_pod_cidr(own.node().pod_cidr());
            node.tell(kubelet::Input::Node(own.clone()), self.now);
        }
        for service in snap.list(&resource::SERVICES, "") {
            node.tell(kubelet::Input::Service(service.clone()), self.now);
        }
        for pod in snap.pods_on(name) {
            node.tell(kubelet::Input::Pod(pod.clone()), self.now);
        }
        self.touched.insert(name.clone());
    }
    /// Brings the network's list of pod addresses up to date with a node's sandboxes.
    pub(crate) fn update_addresses(&mut self, name: &Text, changes: Vec<(IpAddr, Option<PodRef>)>) {
        for (ip, pod) in changes {
            match pod {
                Some(pod) => self.network.pods.insert(ip, PodAt { namespace: pod.namespace, name: pod.name, node: name.clone() }),
                None => self.network.pods.remove(&ip),
            };
        }
    }
    pub(crate) fn remember(&mut self, exchange: Exchange) -> u64 {
        self.exchange_count += 1;
        self.exchanges.push_back(Arc::new(Exchange { id: self.exchange_count, ..exchange }));
        if self.exchanges.len() > EXCHANGES {
            self.exchanges.pop_front();
        }
        self.exchange_count
    }
}
