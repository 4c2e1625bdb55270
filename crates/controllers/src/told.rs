//! What was told before: the newest event of a reason about an object. Some controllers tell a thing once and keep no
//! memory but this.

use model::Object;
use model::resource::EVENTS;
use store::Snapshot;

/// The newest event of a reason about an object of this name; events about cluster-scoped objects are in `default`.
pub fn last<'a>(snap: &'a Snapshot, namespace: &str, reason: &str, name: &str) -> Option<&'a Object> {
    let place = if namespace.is_empty() { "default" } else { namespace };
    let events = snap.list(&EVENTS, place).map(|event| &**event);
    events
        .filter(|event| event.value["reason"].s() == reason && event.value["involvedObject"]["name"].s() == name)
        .max_by_key(|event| event.meta.created)
}
