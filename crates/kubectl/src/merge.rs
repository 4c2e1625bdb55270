//! The three-way patch of `apply`, and patches done on this side for dry runs.

use crate::fail::Fail;
use crate::kinds::Kind;
use api::PatchType;
use value::{Value, patch};

/// What the file said last time, what it says now, and what the cluster has.
pub(crate) struct Three<'a> {
    pub original: &'a Value,
    pub modified: &'a Value,
    pub current: &'a Value,
}

/// The patch that brings the object to what the file says; empty if there is nothing to do.
pub(crate) fn three_way(kind: &Kind, three: &Three) -> Result<(PatchType, Value), Fail> {
    let _ = kind;
    let body = patch::three_way_merge(three.original, three.modified, three.current);
    Ok((PatchType::Merge, body))
}

/// The object with a patch applied on this side.
pub(crate) fn locally(kind: &Kind, current: &Value, (how, body): (PatchType, &Value)) -> Value {
    let _ = (kind, how);
    patch::merge(current, body)
}
