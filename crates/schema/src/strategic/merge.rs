//! Merging: a patch into an object, or a patch into another patch.

use super::order::{Order, is_deletion, of_maps, unique};
use super::{DELETE_FROM, Meta, PATCH, PatchError, RETAIN_KEYS, SET_ORDER, behind, below};
use crate::Schema;
use crate::kind::Type;
use value::{List, Map, Value};

/// What the result is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// An object: directives are carried out, nulls delete.
    Apply,
    /// A patch: directives and nulls are kept.
    Combine,
}

pub(super) struct Merge<'a> {
    pub schema: &'a Schema,
    pub mode: Mode,
}

impl Merge<'_> {
    pub fn map(&self, original: &Map, patch: &Map, node: Option<&Type>) -> Result<Map, PatchError> {
        if let Some(directive) = patch.get(PATCH) {
            return directed(directive, patch);
        }
        let (mut out, mut patch) = (original.clone(), patch.clone());
        self.retain_keys(&mut out, &mut patch)?;
        self.ordered_lists(&mut out, &mut patch, node)?;
        for (key, value) in patch.iter() {
            match behind(key, DELETE_FROM) {
                Some(field) if self.mode == Mode::Apply => self.delete_from(&mut out, field?, value, node)?,
                _ => self.entry(&mut out, (key, value), node)?,
            }
        }
        Ok(out)
    }

    fn entry(&self, out: &mut Map, (key, value): (&str, &Value), node: Option<&Type>) -> Result<(), PatchError> {
        if value.is_null() && self.mode == Mode::Apply {
            out.remove(key);
            return Ok(());
        }
        let merged = match (out.get(key), value) {
            (Some(Value::Map(old)), Value::Map(new)) => {
                let meta = below(self.schema, node, key);
                Value::Map(if meta.strategy.replace { new.clone() } else { self.map(old, new, meta.node)? })
            }
            (Some(Value::List(old)), Value::List(new)) => {
                let meta = below(self.schema, node, key);
                Value::List(if meta.strategy.merge { self.list(old, new, &meta)? } else { new.clone() })
            }
            _ => self.taken(value),
        };
        out.insert(key, merged);
        Ok(())
    }

    /// A value that the original has nothing to merge with.
    fn taken(&self, value: &Value) -> Value {
        if self.mode == Mode::Apply { clean(value).unwrap_or_default() } else { value.clone() }
    }

    /// `$deleteFromPrimitiveList/finalizers: [a]`
    fn delete_from(&self, out: &mut Map, field: &str, gone: &Value, node: Option<&Type>) -> Result<(), PatchError> {
        let Some(Value::List(old)) = out.get(field) else { return Ok(()) };
        if of_maps([old.as_slice(), gone.items()])? {
            let merged = self.list(old, &gone.as_list().cloned().unwrap_or_default(), &below(self.schema, node, field))?;
            out.insert(field, Value::List(merged));
            return Ok(());
        }
        let kept: Vec<Value> = old.iter().filter(|item| !gone.items().contains(item)).cloned().collect();
        out.insert(field, Value::List(kept.into()));
        Ok(())
    }

    /// `$retainKeys: [a]`: a union; everything that is not in the list goes.
    fn retain_keys(&self, out: &mut Map, patch: &mut Map) -> Result<(), PatchError> {
        let Some(keys) = patch.remove(RETAIN_KEYS) else { return Ok(()) };
        if self.mode == Mode::Combine {
            match out.get(RETAIN_KEYS) {
                Some(other) if *other != keys => {
                    let (a, b) = (other.to_go_text(), keys.to_go_text());
                    let why = "this may happen when calculating the 3-way diff patch";
                    return Err(PatchError::internal(format!("{a} and {b} are not deep equal: {why}")));
                }
                _ => out.insert(RETAIN_KEYS, keys),
            };
            return Ok(());
        }
        let Value::List(keys) = keys else { return Err(PatchError::bad_format("retainKeys")) };
        let retained = |key: &str| keys.iter().any(|k| k.as_str() == Some(key));
        let is_directive = |key: &str| key.starts_with(DELETE_FROM) || key.starts_with(SET_ORDER);
        if patch.iter().any(|(key, value)| !value.is_null() && !is_directive(key) && !retained(key)) {
            return Err(PatchError::bad_format("retainKeys"));
        }
        out.retain(|key, _| retained(key));
        Ok(())
    }

    /// `$setElementOrder/ports: [{port: 1}]`: merges that list now and puts it in order. What is done leaves the patch.
    fn ordered_lists(&self, out: &mut Map, patch: &mut Map, node: Option<&Type>) -> Result<(), PatchError> {
        let directives: Vec<_> = patch.keys().filter(|key| key.starts_with(SET_ORDER)).cloned().collect();
        for directive in directives {
            let wanted = patch.remove(&directive).unwrap_or_default();
            if self.mode == Mode::Combine {
                match out.get(&directive) {
                    Some(other) if *other != wanted => return Err(PatchError::bad_format("setElementOrder list")),
                    _ => out.insert(&directive, &wanted),
                };
            }
            let Some(field) = behind(&directive, SET_ORDER) else { continue };
            let field = field?;
            let old = list_at(out, field)?;
            let new = list_at(patch, field)?;
            let wanted = as_list(&wanted)?;
            let meta = below(self.schema, node, field);
            if let Some(merged) = self.ordered_list((old.as_ref(), new.as_ref()), &wanted, &meta)? {
                out.insert(field, Value::List(merged));
                patch.remove(field);
            }
        }
        Ok(())
    }

    fn ordered_list(
        &self,
        (old, new): (Option<&List>, Option<&List>),
        wanted: &List,
        meta: &Meta,
    ) -> Result<Option<List>, PatchError> {
        let order = Order { key: meta.key };
        check_order(new.map_or(&[], List::as_slice), wanted.as_slice(), order)?;
        let merged = match (old, new) {
            (Some(old), None) => old.clone(),
            (None, Some(new)) => as_list(&self.taken(&Value::List(new.clone())))?,
            (Some(old), Some(new)) if meta.strategy.merge => self.list(old, new, meta)?,
            (Some(_), Some(new)) => new.clone(),
            (None, None) => return Ok(None),
        };
        let server = old.map_or(&[][..], List::as_slice);
        order.normalize(merged.as_slice().to_vec(), wanted.as_slice(), server).map(|items| Some(items.into()))
    }

    /// Two lists with merge strategy.
    fn list(&self, original: &List, patch: &List, meta: &Meta) -> Result<List, PatchError> {
        if original.is_empty() && patch.is_empty() {
            return Ok(original.clone());
        }
        if !of_maps([original.as_slice(), patch.as_slice()])? {
            let both = unique(original.iter().chain(patch.iter()).cloned());
            return Ok(Order { key: "" }.normalize(both, patch.as_slice(), original.as_slice())?.into());
        }
        if meta.key.is_empty() {
            let name = meta.node.map(|ty| self.type_name(ty)).unwrap_or_default();
            return Err(PatchError::internal(format!("cannot merge lists without merge key for {name}")));
        }
        let (kept, patch) = special_items(original.as_slice().to_vec(), patch, meta.key)?;
        let merged = self.merge_items(kept.clone(), &patch, meta)?;
        Ok(Order { key: meta.key }.normalize(merged, &patch, &kept)?.into())
    }

    fn type_name(&self, ty: &Type) -> String {
        if let Type::Struct(id) = ty { self.schema.type_info(*id).full_name() } else { String::new() }
    }

    fn merge_items(&self, mut merged: Vec<Value>, patch: &[Value], meta: &Meta) -> Result<Vec<Value>, PatchError> {
        let order = Order { key: meta.key };
        order.check(patch)?;
        for item in patch {
            match order.index(&merged, item) {
                Some(at) => {
                    let empty = Map::default();
                    let (old, new) = (merged[at].as_map().unwrap_or(&empty), item.as_map().unwrap_or(&empty));
                    merged[at] = Value::Map(self.map(old, new, meta.node)?);
                }
                None => merged.push(self.taken(item)),
            }
        }
        Ok(merged)
    }
}

/// `$patch` in a map.
fn directed(directive: &Value, patch: &Map) -> Result<Map, PatchError> {
    match directive.s() {
        "replace" => {
            let mut out = patch.clone();
            out.remove(PATCH);
            Ok(out)
        }
        "delete" => Ok(Map::default()),
        _ => Err(unknown(directive, patch)),
    }
}

fn unknown(directive: &Value, patch: &Map) -> PatchError {
    let map = Value::Map(patch.clone()).to_go_text();
    PatchError::internal(format!("unknown patch type: {} in map: {map}", directive.to_go_text()))
}

/// Carries out the `$patch` items of a list: what is left of the original, and the items to merge.
fn special_items(original: Vec<Value>, patch: &List, key: &str) -> Result<(Vec<Value>, Vec<Value>), PatchError> {
    let (mut original, mut plain, mut replace) = (original, Vec::new(), false);
    for item in patch.iter() {
        let Some(directive) = item.get(PATCH) else {
            plain.push(item.clone());
            continue;
        };
        match directive.s() {
            "delete" => {
                let gone = item.get(key).ok_or_else(|| PatchError::no_merge_key(item, key))?;
                original.retain(|old| old.get(key) != Some(gone));
            }
            "replace" => replace = true,
            "merge" => return Err(PatchError::internal("merging lists cannot yet be specified in the patch".into())),
            _ => return Err(unknown(directive, item.as_map().unwrap_or(&Map::default()))),
        }
    }
    Ok(if replace { (plain, Vec::new()) } else { (original, plain) })
}

/// The items of the patch must follow each other as the order says.
fn check_order(patch: &[Value], wanted: &[Value], order: Order) -> Result<(), PatchError> {
    let mut wanted_left = wanted.iter();
    let in_order = patch
        .iter()
        .filter(|item| order.key.is_empty() || !is_deletion(item))
        .all(|item| wanted_left.any(|other| order.index(std::slice::from_ref(other), item).is_some()));
    if in_order {
        return Ok(());
    }
    let (patch, wanted) = (Value::List(patch.to_vec().into()), Value::List(wanted.to_vec().into()));
    Err(PatchError::internal(format!(
        "The order in patch list:\n{}\n doesn't match {SET_ORDER} list:\n{}\n",
        patch.to_go_text(),
        wanted.to_go_text()
    )))
}

fn list_at(map: &Map, field: &str) -> Result<Option<List>, PatchError> {
    map.get(field).filter(|value| !value.is_null()).map(as_list).transpose()
}

fn as_list(value: &Value) -> Result<List, PatchError> {
    value.as_list().cloned().ok_or_else(|| PatchError::wrong_type("[]interface {}", value))
}

/// A new value without nulls and directives; None if it says itself that it is to be deleted.
fn clean(value: &Value) -> Option<Value> {
    match value {
        Value::Map(_) if is_deletion(value) => None,
        Value::Map(fields) => {
            let kept = fields.iter().filter(|(key, value)| !is_directive(key) && !value.is_null());
            Some(Value::Map(kept.filter_map(|(key, value)| clean(value).map(|v| (key.clone(), v))).collect()))
        }
        Value::List(items) => Some(Value::List(items.iter().filter_map(clean).collect())),
        other => Some(other.clone()),
    }
}

fn is_directive(key: &str) -> bool {
    key == PATCH || key == RETAIN_KEYS || key.starts_with(SET_ORDER) || key.starts_with(DELETE_FROM)
}
