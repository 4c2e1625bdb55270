//! Strategic merge patches: applied, made from two states, and made from three as `kubectl apply` does.
//! Models k8s.io/apimachinery/pkg/util/strategicpatch, its directives, orders and error texts included.

mod diff;
mod merge;
mod order;

use crate::Schema;
use crate::kind::{PatchStrategy, Type, TypeId};
use diff::Diff;
use merge::{Merge, Mode};
use std::fmt;
use value::{Map, Value};

/// Why a patch cannot be applied or made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PatchError {
    /// The HTTP code that the API answers: 400, 422, or 500 for what it did not foresee.
    pub code: u16,
    pub message: String,
}

impl PatchError {
    fn internal(message: String) -> PatchError {
        PatchError { code: 500, message }
    }
    fn bad_format(of: &str) -> PatchError {
        PatchError { code: 400, message: format!("invalid patch format of {of}") }
    }
    fn list_of_lists() -> PatchError {
        PatchError { code: 422, message: "lists of lists are not supported".into() }
    }
    fn no_merge_key(item: &Value, key: &str) -> PatchError {
        PatchError::internal(format!("map: {} does not contain declared merge key: {key}", item.to_go_text()))
    }
    fn wrong_type(want: &str, got: &Value) -> PatchError {
        PatchError::internal(format!("expected a {want}, but received a {}", got.go_type()))
    }
}

impl fmt::Display for PatchError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

/// Strategic merge for one type; without a type maps merge and lists are replaced.
#[derive(Clone, Copy)]
pub struct Strategic<'a> {
    schema: &'a Schema,
    root: Option<TypeId>,
}

impl Schema {
    /// Strategic merge patches of a type.
    pub fn strategic(&self, root: Option<TypeId>) -> Strategic<'_> {
        Strategic { schema: self, root }
    }
}

impl Strategic<'_> {
    /// The object with the patch applied. Nulls and directives are gone from the result; it is not decoded yet.
    pub fn apply(&self, original: &Value, patch: &Value) -> Result<Value, PatchError> {
        let merge = Merge { schema: self.schema, mode: Mode::Apply };
        merge.map(&map(original)?, &map(patch)?, self.node().as_ref()).map(Value::Map)
    }
    /// The patch from one state to another; `{}` if they are equal.
    pub fn two_way(&self, original: &Value, modified: &Value) -> Result<Value, PatchError> {
        let diff = Diff { schema: self.schema, skip_deletions: false, skip_changes: false, retain_keys: false };
        diff.maps(&map(original)?, &map(modified)?, self.node().as_ref()).map(Value::Map)
    }
    /// The patch that `kubectl apply` sends: what the new manifest says differently than the live object, and the removal of
    /// what the last manifest said and the new one does not.
    pub fn three_way(&self, last_applied: &Value, modified: &Value, current: &Value) -> Result<Value, PatchError> {
        let node = self.node();
        let (last_applied, modified, current) = (map(last_applied)?, map(modified)?, map(current)?);
        let only = Diff { schema: self.schema, skip_deletions: true, skip_changes: false, retain_keys: false };
        let changes = only.maps(&current, &modified, node.as_ref())?;
        let only = Diff { skip_deletions: false, skip_changes: true, ..only };
        let deletions = only.maps(&last_applied, &modified, node.as_ref())?;
        let merge = Merge { schema: self.schema, mode: Mode::Combine };
        merge.map(&deletions, &changes, node.as_ref()).map(Value::Map)
    }
    fn node(&self) -> Option<Type> {
        self.root.map(Type::Struct)
    }
}

fn map(value: &Value) -> Result<Map, PatchError> {
    match value {
        Value::Null => Ok(Map::default()),
        Value::Map(fields) => Ok(fields.clone()),
        other => Err(PatchError::wrong_type("map[string]interface {}", other)),
    }
}

const PATCH: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const SET_ORDER: &str = "$setElementOrder";
const DELETE_FROM: &str = "$deleteFromPrimitiveList";

/// The field behind `$setElementOrder/`; None for any other key, an error if there is no one field.
fn behind<'k>(key: &'k str, directive: &str) -> Option<Result<&'k str, PatchError>> {
    let rest = key.strip_prefix(directive)?;
    let of = if directive == DELETE_FROM { "primitive list" } else { "setElementOrder list" };
    let field = rest.strip_prefix('/').filter(|field| !field.contains('/'));
    Some(field.ok_or_else(|| PatchError::bad_format(of)))
}

/// What the table says about a key: the type of the map, or of the items if it is a list, and how to merge it.
struct Meta<'a> {
    node: Option<&'a Type>,
    strategy: PatchStrategy,
    key: &'a str,
}

fn below<'a>(schema: &'a Schema, node: Option<&'a Type>, key: &str) -> Meta<'a> {
    let plain = |node| Meta { node, strategy: PatchStrategy::default(), key: "" };
    match node {
        Some(Type::Struct(id)) => match schema.type_info(*id).field(key) {
            Some(field) => Meta { node: Some(inner(&field.ty)), strategy: field.patch, key: &field.merge_key },
            None => plain(None),
        },
        Some(Type::Map(item)) => plain(Some(inner(item))),
        _ => plain(None),
    }
}

fn inner(ty: &Type) -> &Type {
    if let Type::List(item) = ty { item } else { ty }
}

#[cfg(test)]
mod tests;
