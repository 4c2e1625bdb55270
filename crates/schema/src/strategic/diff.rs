//! Differences: the patch that turns one object into another.

use super::order::{Order, of_maps, unique};
use super::{DELETE_FROM, Meta, PATCH, PatchError, RETAIN_KEYS, SET_ORDER, below};
use crate::Schema;
use crate::kind::Type;
use value::{List, Map, Value, obj};

/// What a patch leaves out; both false is everything.
#[derive(Clone, Copy)]
pub(super) struct Diff<'a> {
    pub schema: &'a Schema,
    pub skip_deletions: bool,
    pub skip_changes: bool,
    /// The map at hand is a union: `$retainKeys` tells what it has.
    pub retain_keys: bool,
}

impl Diff<'_> {
    pub fn maps(&self, original: &Map, modified: &Map, node: Option<&Type>) -> Result<Map, PatchError> {
        let mut patch = Map::default();
        for (key, new) in modified.iter() {
            match (original.get(key), new) {
                (Some(Value::Map(old)), Value::Map(new)) => self.map_field(&mut patch, (key, old, new), node)?,
                (Some(Value::List(old)), Value::List(new)) => self.list_field(&mut patch, (key, old, new), node)?,
                (Some(old), new) if old == new => {}
                _ => self.replace(&mut patch, key, new),
            }
        }
        if !self.skip_deletions {
            for key in original.keys().filter(|key| !modified.contains(key)) {
                patch.insert(key, Value::Null);
            }
        }
        let retained: Vec<Value> = modified.iter().filter(|(_, v)| !v.is_null()).map(|(k, _)| Value::Str(k.clone())).collect();
        let lost = || original.iter().any(|(key, value)| !value.is_null() && !modified.contains(key));
        if self.retain_keys && !retained.is_empty() && (!patch.is_empty() || lost()) {
            patch.insert(RETAIN_KEYS, Value::List(retained.into()));
        }
        Ok(patch)
    }

    fn replace(&self, patch: &mut Map, key: &str, new: &Value) {
        if !self.skip_changes {
            patch.insert(key, new);
        }
    }

    fn map_field(&self, patch: &mut Map, (key, old, new): (&str, &Map, &Map), node: Option<&Type>) -> Result<(), PatchError> {
        let meta = below(self.schema, node, key);
        if meta.strategy.replace {
            self.replace(patch, key, &Value::Map(new.clone()));
            return Ok(());
        }
        let below = Diff { retain_keys: meta.strategy.retain_keys, ..*self };
        let changes = below.maps(old, new, meta.node)?;
        if !changes.is_empty() {
            patch.insert(key, changes);
        }
        Ok(())
    }

    fn list_field(&self, patch: &mut Map, (key, old, new): (&str, &List, &List), node: Option<&Type>) -> Result<(), PatchError> {
        let meta = below(self.schema, node, key);
        if !meta.strategy.merge {
            if old != new {
                self.replace(patch, key, &Value::List(new.clone()));
            }
            return Ok(());
        }
        let below = Diff { retain_keys: meta.strategy.retain_keys, ..*self };
        let lists = below.lists(old, new, &meta)?;
        let directive = |name: &str| format!("{name}/{key}");
        let parts = [(key.to_string(), lists.add), (directive(DELETE_FROM), lists.delete), (directive(SET_ORDER), lists.order)];
        for (key, items) in parts.into_iter().filter(|(_, items)| !items.is_empty()) {
            patch.insert(key, Value::List(items.into()));
        }
        Ok(())
    }

    fn lists(&self, old: &List, new: &List, meta: &Meta) -> Result<Lists, PatchError> {
        if old.is_empty() {
            let add = if self.skip_changes { Vec::new() } else { new.as_slice().to_vec() };
            return Ok(Lists { add, ..Lists::default() });
        }
        if of_maps([old.as_slice(), new.as_slice()])? {
            return self.lists_of_maps(old.as_slice(), new.as_slice(), meta);
        }
        let (add, delete) = self.scalars(old.as_slice(), new.as_slice());
        let add = Order { key: "" }.sort(add, new.as_slice())?;
        let ordered = (!self.skip_deletions && !delete.is_empty()) || (!self.skip_changes && old != new);
        let order = if ordered { new.as_slice().to_vec() } else { Vec::new() };
        Ok(Lists { add, delete, order })
    }

    fn lists_of_maps(&self, old: &[Value], new: &[Value], meta: &Meta) -> Result<Lists, PatchError> {
        let order = Order { key: meta.key };
        let (changes, deletions) = self.items(old, new, meta)?;
        let mut add = order.sort(changes, new)?;
        add.extend(deletions);
        let same_order = old.len() == new.len() && old.iter().zip(new).all(|(a, b)| a[meta.key] == b[meta.key]);
        let ordered = (!self.skip_deletions && !add.is_empty()) || (!self.skip_changes && (!add.is_empty() || !same_order));
        let keys = || new.iter().map(|item| key_only(item, meta.key)).collect();
        Ok(Lists { add, delete: Vec::new(), order: if ordered { keys() } else { Vec::new() } })
    }

    /// Changed and added items, and the directives that delete items; both by merge key.
    fn items(&self, old: &[Value], new: &[Value], meta: &Meta) -> Result<(Vec<Value>, Vec<Value>), PatchError> {
        let order = Order { key: meta.key };
        order.check(old)?;
        order.check(new)?;
        let (mut changes, mut deletions) = (Vec::new(), Vec::new());
        let (mut old, mut new) = (sorted(old, meta.key).into_iter().peekable(), sorted(new, meta.key).into_iter().peekable());
        loop {
            let turn = match (old.peek(), new.peek()) {
                (None, None) => return Ok((changes, deletions)),
                (Some((a, _)), Some((b, _))) => a.cmp(b),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
            };
            let from = if turn.is_le() { old.next() } else { None };
            let to = if turn.is_ge() { new.next() } else { None };
            match (from, to) {
                (Some((_, from)), Some((_, to))) => changes.extend(self.item(from, to, meta)?),
                (None, Some((_, to))) if !self.skip_changes => changes.push(to.clone()),
                (Some((_, from)), None) if !self.skip_deletions => {
                    let mut gone = key_only(from, meta.key);
                    gone.set(&[PATCH], "delete");
                    deletions.push(gone);
                }
                _ => {}
            }
        }
    }

    fn item(&self, old: &Value, new: &Value, meta: &Meta) -> Result<Option<Value>, PatchError> {
        let empty = Map::default();
        let mut changes = self.maps(old.as_map().unwrap_or(&empty), new.as_map().unwrap_or(&empty), meta.node)?;
        if changes.is_empty() {
            return Ok(None);
        }
        changes.insert(meta.key, &new[meta.key]);
        Ok(Some(Value::Map(changes)))
    }

    /// Added and deleted scalars of a list that is a set.
    fn scalars(&self, old: &[Value], new: &[Value]) -> (Vec<Value>, Vec<Value>) {
        let (old_sorted, new_sorted) = (sorted(old, ""), sorted(new, ""));
        let (mut add, mut delete) = (Vec::new(), Vec::new());
        let (mut old, mut new) = (old_sorted.into_iter().peekable(), new_sorted.into_iter().peekable());
        loop {
            let turn = match (old.peek(), new.peek()) {
                (None, None) => return (add, unique(delete)),
                (Some((a, _)), Some((b, _))) => a.cmp(b),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
            };
            let from = if turn.is_le() { old.next() } else { None };
            let to = if turn.is_ge() { new.next() } else { None };
            match (from, to) {
                (Some((_, gone)), None) if !self.skip_deletions => delete.push(gone.clone()),
                (None, Some((_, added))) if !self.skip_changes => add.push(added.clone()),
                _ => {}
            }
        }
    }
}

/// The three lists that a merged list leaves in a patch.
#[derive(Default)]
struct Lists {
    add: Vec<Value>,
    delete: Vec<Value>,
    order: Vec<Value>,
}

/// Items with their merge keys as text (or their own), sorted by it.
fn sorted<'a>(items: &'a [Value], key: &str) -> Vec<(String, &'a Value)> {
    let text = |item: &Value| if key.is_empty() { item.to_go_text() } else { item[key].to_go_text() };
    let mut items: Vec<(String, &Value)> = items.iter().map(|item| (text(item), item)).collect();
    items.sort_by(|a, b| a.0.cmp(&b.0));
    items
}

fn key_only(item: &Value, key: &str) -> Value {
    let mut out = obj! {};
    out.set(&[key], &item[key]);
    out
}
