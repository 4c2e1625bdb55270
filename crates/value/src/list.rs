//! `List`: a shared list of values; a change copies it only if it is shared.

use crate::Value;
use std::sync::Arc;

/// Items in order.
#[derive(Clone, Default)]
pub struct List(Option<Arc<Vec<Value>>>);

impl List {
    pub fn len(&self) -> usize {
        self.as_slice().len()
    }
    pub fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }
    pub fn as_slice(&self) -> &[Value] {
        self.0.as_ref().map_or(&[], |v| v.as_slice())
    }
    pub fn iter(&self) -> std::slice::Iter<'_, Value> {
        self.as_slice().iter()
    }
    /// True if both are the same shared list.
    pub fn same(&self, other: &List) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
    /// The items for writing.
    pub fn to_mut(&mut self) -> &mut Vec<Value> {
        Arc::make_mut(self.0.get_or_insert_with(Arc::default))
    }
}

impl From<Vec<Value>> for List {
    fn from(items: Vec<Value>) -> List {
        if items.is_empty() { List(None) } else { List(Some(Arc::new(items))) }
    }
}

impl FromIterator<Value> for List {
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> List {
        items.into_iter().collect::<Vec<_>>().into()
    }
}

impl PartialEq for List {
    fn eq(&self, other: &List) -> bool {
        self.same(other) || self.as_slice() == other.as_slice()
    }
}

impl std::fmt::Debug for List {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_list().entries(self.iter()).finish()
    }
}
