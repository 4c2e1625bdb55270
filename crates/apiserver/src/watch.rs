//! `WatchPlan`: what a watcher gets first, and which later commits it is told of, in which form.

use api::{Accept, Status, WatchEvent, WatchKind};
use base::{Duration, Text};
use store::{Commit, Filter, watch_event};
use value::Value;

/// A watch that the host streams: first `initial`, then an event for every commit after `from` that [`WatchPlan::event`]
/// answers. If the log no longer reaches back to `from`, the host sends [`WatchPlan::gone`] and ends the stream.
#[derive(Clone, PartialEq, Debug)]
pub struct WatchPlan {
    pub filter: Filter,
    /// The version in which objects are shown; empty for the stored one.
    pub api_version: Text,
    pub initial: Vec<WatchEvent>,
    pub from: u64,
    pub accept: Accept,
    pub bookmarks: bool,
    /// The stream ends by itself after this time.
    pub timeout: Option<Duration>,
}

impl WatchPlan {
    /// What the watcher is told of a commit, if anything.
    pub fn event(&self, commit: &Commit) -> Option<WatchEvent> {
        let event = watch_event(&self.filter, commit)?;
        Some(WatchEvent { kind: event.kind, object: self.form(event.object) })
    }
    /// The event for a watcher that came too late.
    pub fn gone(oldest: u64, from: u64) -> WatchEvent {
        let status = Status::expired(format!("too old resource version: {from} ({oldest})"));
        WatchEvent { kind: WatchKind::Error, object: status.to_value() }
    }
    fn form(&self, object: Value) -> Value {
        object
    }
}
