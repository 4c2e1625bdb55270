//! `WatchPlan`: what a watcher gets first, and which later commits it is told of, in which form.

use crate::forms::Form;
use crate::kinds::Kind;
use crate::view;
use api::{Status, WatchEvent, WatchKind};
use base::{Duration, Text, Time};
use store::{Commit, Filter, watch_event};
use value::{Value, obj};

/// A watch that the host streams: first `initial`, then an event for every commit after `from` that [`WatchPlan::event`]
/// answers. If the log no longer reaches back to `from`, the host sends [`WatchPlan::gone`] and ends the stream.
#[derive(Clone, Debug)]
pub struct WatchPlan {
    pub filter: Filter,
    pub initial: Vec<WatchEvent>,
    /// Commits after this revision are told.
    pub from: u64,
    /// The client wants BOOKMARK events now and then.
    pub bookmarks: bool,
    /// The stream ends by itself after this time.
    pub timeout: Option<Duration>,
    pub warnings: Vec<Text>,
    pub(crate) kind: &'static Kind,
    pub(crate) form: Form,
}

impl WatchPlan {
    /// What the watcher is told of a commit, if anything.
    pub fn event(&self, commit: &Commit) -> Option<WatchEvent> {
        let mut event = watch_event(&self.filter, commit)?;
        if event.kind == WatchKind::Deleted && commit.kind != WatchKind::Deleted {
            // It left the selectors: seen as it was, at the revision of the change.
            let before = commit.before.as_ref()?;
            event.object = before.value.clone();
            event.object.set(&["metadata", "resourceVersion"], commit.rev.to_string());
        }
        Some(WatchEvent { kind: event.kind, object: self.show(&event.object, commit.time) })
    }
    /// A bookmark at a revision; `initial_end` marks the end of the initial events.
    pub fn bookmark(&self, rev: u64, initial_end: bool) -> WatchEvent {
        let mut metadata = obj! { "resourceVersion" => rev.to_string() };
        if initial_end {
            metadata.set(&["annotations"], obj! { "k8s.io/initial-events-end" => "true" });
        }
        let object = obj! { "kind" => self.kind.kind.as_ref(), "apiVersion" => &self.kind.api_version, "metadata" => metadata };
        WatchEvent { kind: WatchKind::Bookmark, object }
    }
    /// The event for a watcher that came too late; `oldest` is the oldest revision that is kept.
    pub fn gone(&self, oldest: u64) -> WatchEvent {
        let status = Status::expired(format!("too old resource version: {} ({oldest})", self.from));
        WatchEvent { kind: WatchKind::Error, object: status.to_value() }
    }
    pub(crate) fn show(&self, object: &Value, now: Time) -> Value {
        self.form.one(self.kind, view::show(self.kind, object), now)
    }
}
