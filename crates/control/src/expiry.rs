//! Events live for an hour, as `--event-ttl` of kube-apiserver has it.

use base::{Duration, Text, Time};
use std::collections::VecDeque;

pub const TTL: Duration = Duration::HOUR;

/// Events in the order of their last change.
#[derive(Clone, Default)]
pub struct Expiry(VecDeque<(Time, Text, Text, u64)>);

impl Expiry {
    /// Remembers that an event was written at `now` with this revision.
    pub fn add(&mut self, now: Time, namespace: Text, name: Text, rev: u64) {
        self.0.push_back((now + TTL, namespace, name, rev));
    }
    /// The next event due: namespace, name, and the revision at which it must still be to go.
    pub fn pop(&mut self, now: Time) -> Option<(Text, Text, u64)> {
        if self.0.front()?.0 > now {
            return None;
        }
        self.0.pop_front().map(|(_, namespace, name, rev)| (namespace, name, rev))
    }
    pub fn next(&self) -> Option<Time> {
        self.0.front().map(|(at, ..)| *at)
    }
}
