//! The kubelet: one machine per node. News go in by `handle`, wishes come out of `poll`, and `next_deadline` says when
//! it wants to be woken. Models pkg/kubelet/kubelet.go.

use crate::{Command, Config, Input};
use base::{Rng, Text, Time};
use std::collections::VecDeque;

/// A node's agent.
#[derive(Clone)]
pub struct Kubelet {
    config: std::sync::Arc<Config>,
    commands: VecDeque<Command>,
}

impl Kubelet {
    /// A kubelet that starts now: its first commands register the node.
    pub fn new(config: Config, _rng: Rng, _now: Time) -> Kubelet {
        Kubelet { config: config.into(), commands: VecDeque::new() }
    }
    pub fn node(&self) -> &Text {
        &self.config.node
    }
    /// Takes in one piece of news.
    pub fn handle(&mut self, _input: Input, _now: Time) {}
    /// The next thing to be done, in order; poll until there is none.
    #[must_use]
    pub fn poll(&mut self) -> Option<Command> {
        self.commands.pop_front()
    }
    /// When to call `handle(Input::Tick, …)` at the latest.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        None
    }
}
