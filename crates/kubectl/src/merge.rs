//! The three-way patch of `apply`, and patches done on this side for dry runs.

use crate::fail::Fail;
use crate::kinds::Kind;
use api::PatchType;
use schema::Schema;
use value::{Value, patch};

/// What the file said last time, what it says now, and what the cluster has.
pub(crate) struct Three<'a> {
    pub original: &'a Value,
    pub modified: &'a Value,
    pub current: &'a Value,
}

/// The patch that brings the object to what the file says; empty if there is nothing to do. Kinds that this program knows
/// merge strategically, others as JSON.
pub(crate) fn three_way(kind: &Kind, three: &Three) -> Result<(PatchType, Value), Fail> {
    let Three { original, modified, current } = three;
    let Some(info) = kind.info() else {
        return Ok((PatchType::Merge, patch::three_way_merge(original, modified, current)));
    };
    let made = Schema::builtin().strategic(info.type_id).three_way(original, modified, current);
    made.map(|body| (PatchType::Strategic, body)).map_err(|wrong| Fail::Plain(wrong.message))
}

/// The object with a patch applied on this side; a patch that does not fit changes nothing.
pub(crate) fn locally(kind: &Kind, current: &Value, (how, body): (PatchType, &Value)) -> Value {
    match how {
        PatchType::Strategic => {
            let strategic = Schema::builtin().strategic(kind.info().and_then(|info| info.type_id));
            strategic.apply(current, body).unwrap_or_else(|_| current.clone())
        }
        PatchType::Json => patch::json(current, body).unwrap_or_else(|_| current.clone()),
        PatchType::Merge | PatchType::Apply => patch::merge(current, body),
    }
}
