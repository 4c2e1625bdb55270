//! One simulated machine: the kubelet and the runtime it commands.

use crate::agenda::Source;
use crate::runtime::{Outgoing, Runtime};
use crate::world::World;
use api::{Cause, Origin, Status};
use base::{Rng, Shared, Text, Time};
use control::Answered;
use kubelet::{Command, Config, Input, Kubelet};
use std::sync::Arc;

/// A machine. Switched off, it hears and does nothing.
#[derive(Clone)]
pub struct Node {
    config: Arc<Config>,
    pub(crate) kubelet: Shared<Kubelet>,
    pub(crate) runtime: Shared<Runtime>,
    pub(crate) up: bool,
    /// The revision of the last thing the kubelet was told.
    heard: u64,
}

impl Node {
    pub fn new(config: Config, dice: &Rng, now: Time) -> Node {
        let dice = dice.fork(&config.node);
        Node {
            kubelet: Shared::new(Kubelet::new(config.clone(), dice.fork("kubelet"), now)),
            runtime: Shared::new(Runtime::new(dice.fork("runtime"))),
            up: true,
            heard: 0,
            config: Arc::new(config),
        }
    }
    pub fn name(&self) -> &Text {
        &self.config.node
    }
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }
    pub fn is_up(&self) -> bool {
        self.up
    }
    /// Gives the kubelet a piece of news, if the machine is on.
    pub(crate) fn tell(&mut self, input: Input, now: Time) {
        if !self.up {
            return;
        }
        match &input {
            Input::Pod(object) | Input::Node(object) | Input::Service(object) => self.heard = object.meta.revision,
            _ => {}
        }
        self.kubelet.handle(input, now);
    }
    fn next_deadline(&self) -> Option<Time> {
        if !self.up {
            return None;
        }
        [self.kubelet.next_deadline(), self.runtime.next_deadline()].into_iter().flatten().min()
    }
    /// Everything on the machine stops at once; what is on its disk stays.
    pub(crate) fn power_off(&mut self) {
        self.up = false;
        self.runtime.power_off();
    }
    pub(crate) fn power_on(&mut self, dice: &Rng, now: Time) {
        self.kubelet = Shared::new(Kubelet::new((*self.config).clone(), dice.fork(&self.config.node), now));
        self.up = true;
    }
}

impl World {
    /// Lets a node do what is due: one thing of the runtime, then the kubelet's deadline.
    pub(crate) fn step_node(&mut self, name: &Text) {
        let now = self.now;
        let Some(node) = self.nodes.get_mut(name).filter(|n| n.up) else {
            return self.agenda.set(Source::Node(name.clone()), None);
        };
        let mut news = Vec::new();
        while node.runtime.step(now, &mut news) {
            for input in news.drain(..) {
                node.kubelet.handle(input, now);
            }
        }
        if node.kubelet.next_deadline().is_some_and(|at| at <= now) {
            node.kubelet.handle(Input::Tick, now);
        }
        self.drain_node(name);
    }
    /// Carries out everything that a node's kubelet and processes want now.
    pub(crate) fn drain_node(&mut self, name: &Text) {
        let now = self.now;
        // A kubelet that always wants more would be a bug; it must not hang the world.
        for _ in 0..100_000 {
            let Some(node) = self.nodes.get_mut(name).filter(|n| n.up) else { break };
            match node.kubelet.poll() {
                Some(Command::Api { id, request }) => self.api(name, id, &request),
                Some(Command::Note(note)) => {
                    let cause = Cause::new(format!("kubelet/{name}"), Origin::Revision(node.heard));
                    self.control.note(&note, &cause, now);
                }
                Some(command) => node.runtime.carry_out(command, now),
                None => {
                    let outgoing = std::mem::take(&mut node.runtime.outbox);
                    let changes = std::mem::take(&mut node.runtime.address_changes);
                    self.update_addresses(name, changes);
                    if outgoing.is_empty() {
                        break;
                    }
                    for one in outgoing {
                        self.outgoing(name, one);
                    }
                }
            }
        }
        let deadline = self.nodes.get(name).and_then(|n| n.next_deadline());
        self.agenda.set(Source::Node(name.clone()), deadline);
    }
    fn api(&mut self, name: &Text, id: u64, request: &api::Request) {
        let key = request.key();
        let about = self.control.snapshot().get(&key).map(|o| o.meta.revision);
        let heard = self.nodes.get(name).map_or(0, |n| n.heard);
        let answered = self.control.request(request, Origin::Revision(about.unwrap_or(heard)), self.now);
        let reply = match answered {
            Answered::Reply(reply) => reply,
            Answered::Watch(_) | Answered::Connect(_) => {
                Status::bad_request("the kubelet follows its objects through its host").into()
            }
        };
        if let Some(node) = self.nodes.get_mut(name) {
            node.kubelet.handle(Input::Api { id, reply }, self.now);
        }
    }
    fn outgoing(&mut self, node: &Text, one: Outgoing) {
        match one {
            Outgoing::Call { container, which, id, call } => self.container_call(node, (&container, which), id, call),
            Outgoing::Act { id, container, action } => self.probe(node, id, &container, &action),
            Outgoing::Data { stream, fd, bytes } => self.streams.data(stream, fd, bytes),
            Outgoing::Exit { stream, code } => self.streams.exit(stream, code),
        }
    }
}
