//! What one watcher is told of one commit: objects that enter or leave its selectors appear as ADDED or DELETED.

use crate::Commit;
use api::{WatchEvent, WatchKind};
use base::Text;
use model::{FieldSelector, Object, Resource, Selector};

/// What a watcher asked for.
#[derive(Clone, PartialEq, Debug)]
pub struct Filter {
    pub resource: Resource,
    /// Empty for all namespaces.
    pub namespace: Text,
    /// A single name, or empty.
    pub name: Text,
    pub labels: Selector,
    pub fields: FieldSelector,
}

impl Filter {
    pub fn matches(&self, object: &Object) -> bool {
        object.resource == self.resource
            && (self.namespace.is_empty() || object.meta.namespace == self.namespace)
            && (self.name.is_empty() || object.meta.name == self.name)
            && self.labels.matches(&object.meta.labels)
            && self.fields.matches(&object.value)
    }
}

/// The event a watcher with this filter gets for a commit, if any.
pub fn watch_event(filter: &Filter, commit: &Commit) -> Option<WatchEvent> {
    if commit.key.resource != filter.resource {
        return None;
    }
    let before = commit.before.as_ref().is_some_and(|o| filter.matches(o));
    let after = commit.kind != WatchKind::Deleted && filter.matches(&commit.object);
    let kind = match (before, after) {
        (false, true) => WatchKind::Added,
        (true, true) => WatchKind::Modified,
        (true, false) => WatchKind::Deleted,
        (false, false) => return None,
    };
    Some(WatchEvent { kind, object: commit.object.value.clone() })
}
