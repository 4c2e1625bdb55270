//! What was told of a node before: the newest event of a reason. Some controllers tell a thing once and keep no memory but
//! this.

use model::Object;
use store::Snapshot;

/// The newest event of a reason about the node of this name.
pub fn last<'a>(snap: &'a Snapshot, reason: &str, node: &str) -> Option<&'a Object> {
    let events = snap.told_of_node(node).map(|event| &**event);
    events.filter(|event| event.value["reason"].s() == reason).max_by_key(|event| event.meta.created)
}
