//! The agenda: who wants to run next, and when. Ties are served in the order of their sources.

use base::{Text, Time};
use std::collections::{BTreeMap, BTreeSet};

/// Something with a deadline.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Source {
    Control,
    /// Answers on their way to terminals.
    World,
    Node(Text),
    Terminal(u32),
}

/// One deadline for each source.
#[derive(Clone, Default)]
pub struct Agenda {
    order: BTreeSet<(Time, Source)>,
    times: BTreeMap<Source, Time>,
}

impl Agenda {
    /// Sets or clears the deadline of a source.
    pub fn set(&mut self, source: Source, at: Option<Time>) {
        let at = at.filter(|t| *t != Time::NEVER);
        if self.times.get(&source).copied() == at {
            return;
        }
        if let Some(old) = self.times.remove(&source) {
            self.order.remove(&(old, source.clone()));
        }
        if let Some(at) = at {
            self.times.insert(source.clone(), at);
            self.order.insert((at, source));
        }
    }
    pub fn next(&self) -> Option<&(Time, Source)> {
        self.order.first()
    }
}
