//! One message of a watch.

use value::{Value, obj};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WatchKind {
    Added,
    Modified,
    Deleted,
    Bookmark,
    Error,
}

/// A change, as a watcher is told of it.
#[derive(Clone, PartialEq, Debug)]
pub struct WatchEvent {
    pub kind: WatchKind,
    pub object: Value,
}

impl WatchKind {
    /// `ADDED`, `MODIFIED` …
    pub fn as_str(self) -> &'static str {
        match self {
            WatchKind::Added => "ADDED",
            WatchKind::Modified => "MODIFIED",
            WatchKind::Deleted => "DELETED",
            WatchKind::Bookmark => "BOOKMARK",
            WatchKind::Error => "ERROR",
        }
    }
}

impl WatchEvent {
    pub fn to_value(&self) -> Value {
        obj! { "type" => self.kind.as_str(), "object" => &self.object }
    }
}
