//! The order of merged lists: the patch says how its items follow each other, the server's own keep their places.

use super::PatchError;
use value::Value;

/// Orders lists of scalars (`key` is empty) or of maps that have the merge key.
#[derive(Clone, Copy)]
pub(super) struct Order<'a> {
    pub key: &'a str,
}

impl Order<'_> {
    fn same(self, a: &Value, b: &Value) -> bool {
        if self.key.is_empty() { a == b } else { a.get(self.key).is_some() && a.get(self.key) == b.get(self.key) }
    }
    pub fn index(self, list: &[Value], item: &Value) -> Option<usize> {
        list.iter().position(|other| self.same(other, item))
    }
    /// Every item must have the merge key.
    pub fn check(self, list: &[Value]) -> Result<(), PatchError> {
        let bad = list.iter().find(|item| !self.key.is_empty() && item.get(self.key).is_none());
        bad.map_or(Ok(()), |item| Err(PatchError::no_merge_key(item, self.key)))
    }
    /// The merged items in their final order: those of `wanted` as it lists them, the others as the server had them.
    pub fn normalize(self, merged: Vec<Value>, wanted: &[Value], server: &[Value]) -> Result<Vec<Value>, PatchError> {
        self.check(&merged)?;
        self.check(wanted)?;
        let (patched, others) = merged.into_iter().partition(|item| self.index(wanted, item).is_some());
        let (patched, others) = (self.sort(patched, wanted)?, self.sort(others, server)?);
        Ok(self.interleave(others, patched, server))
    }
    /// As `order` lists them; items that delete come last.
    pub fn sort(self, items: Vec<Value>, order: &[Value]) -> Result<Vec<Value>, PatchError> {
        self.check(&items)?;
        self.check(order)?;
        let (deletions, mut items): (Vec<Value>, Vec<Value>) = items.into_iter().partition(is_deletion);
        items.sort_by_cached_key(|item| self.index(order, item).unwrap_or(usize::MAX));
        items.extend(deletions);
        Ok(items)
    }
    /// An item of the server goes before one of the patch only if it was before it on the server.
    fn interleave(self, others: Vec<Value>, patched: Vec<Value>, server: &[Value]) -> Vec<Value> {
        let mut out = Vec::with_capacity(others.len() + patched.len());
        let (mut others, mut patched) = (others.into_iter().peekable(), patched.into_iter().peekable());
        while let (Some(other), Some(item)) = (others.peek(), patched.peek()) {
            let places = (self.index(server, other), self.index(server, item));
            let first = matches!(places, (Some(other), Some(item)) if other < item);
            out.extend(if first { others.next() } else { patched.next() });
        }
        out.extend(others);
        out.extend(patched);
        out
    }
}

pub(super) fn is_deletion(item: &Value) -> bool {
    item[super::PATCH].s() == "delete"
}

/// Whether the items are maps; all must be of one type and none a list.
pub(super) fn of_maps(lists: [&[Value]; 2]) -> Result<bool, PatchError> {
    let mut first: Option<&'static str> = None;
    for list in lists {
        for item in list {
            let ty = item.go_type();
            if matches!(item, Value::List(_)) {
                return Err(PatchError::list_of_lists());
            }
            if *first.get_or_insert(ty) != ty {
                let items = Value::List(list.to_vec().into()).to_go_text();
                return Err(PatchError::internal(format!("list element types are not identical: {items}")));
            }
        }
    }
    Ok(first == Some("map[string]interface {}"))
}

/// The list without repetitions.
pub(super) fn unique(items: impl IntoIterator<Item = Value>) -> Vec<Value> {
    let mut out: Vec<Value> = Vec::new();
    for item in items {
        if !out.contains(&item) {
            out.push(item);
        }
    }
    out
}
