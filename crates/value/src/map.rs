//! `Map`: a shared, sorted list of fields. Lookups are binary searches; a change copies the slice only if it is shared.

use crate::{Value, name};
use base::Text;
use std::cmp::Ordering;
use std::sync::Arc;

/// Fields sorted by name, each name once.
#[derive(Clone, Default)]
pub struct Map(Option<Arc<Vec<(Text, Value)>>>);

impl Map {
    pub fn len(&self) -> usize {
        self.as_slice().len()
    }
    pub fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }
    pub fn as_slice(&self) -> &[(Text, Value)] {
        self.0.as_ref().map_or(&[], |v| v.as_slice())
    }
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Text, &Value)> + ExactSizeIterator {
        self.as_slice().iter().map(|(k, v)| (k, v))
    }
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Text> {
        self.as_slice().iter().map(|(k, _)| k)
    }
    pub fn get(&self, key: &str) -> Option<&Value> {
        let fields = self.as_slice();
        find(fields, key).ok().map(|i| &fields[i].1)
    }
    /// The text of a field; `""` when it is missing or no text.
    pub fn str(&self, key: &str) -> &str {
        self.get(key).map_or("", |v| v.s())
    }
    pub fn contains(&self, key: &str) -> bool {
        self.get(key).is_some()
    }
    /// Writes a field and answers what was there before.
    pub fn insert(&mut self, key: impl AsRef<str>, to: impl crate::IntoValue) -> Option<Value> {
        let old = std::mem::replace(self.entry(key.as_ref()), to.into_value());
        if old.is_null() { None } else { Some(old) }
    }
    /// The field for writing, made as null where it is missing.
    pub fn entry(&mut self, key: &str) -> &mut Value {
        match find(self.as_slice(), key) {
            Ok(at) => &mut self.to_mut()[at].1,
            Err(at) => {
                self.make_room();
                let fields = self.to_mut();
                fields.insert(at, (name(key), Value::Null));
                &mut fields[at].1
            }
        }
    }
    /// Makes the copy of a shared slice at once as long as it will be with one more field.
    fn make_room(&mut self) {
        if let Some(shared) = &mut self.0
            && Arc::get_mut(shared).is_none()
        {
            let mut copy = Vec::with_capacity(shared.len() + 1);
            copy.extend_from_slice(shared);
            *shared = Arc::new(copy);
        }
    }
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        let at = find(self.as_slice(), key).ok()?;
        Some(&mut self.to_mut()[at].1)
    }
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let at = find(self.as_slice(), key).ok()?;
        Some(self.to_mut().remove(at).1)
    }
    /// Keeps the fields for which `keep` answers true.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &Value) -> bool) {
        self.to_mut().retain(|(k, v)| keep(k, v));
    }
    fn to_mut(&mut self) -> &mut Vec<(Text, Value)> {
        Arc::make_mut(self.0.get_or_insert_with(Arc::default))
    }
    /// True if both are the same shared slice.
    pub fn same(&self, other: &Map) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

fn find(fields: &[(Text, Value)], key: &str) -> Result<usize, usize> {
    search(fields.len(), |at| fields[at].0.as_bytes(), key.as_bytes())
}

/// A binary search among short words. They mostly differ in their first letters: comparing these in place takes a third of
/// the time of the slices' own comparison.
pub(crate) fn search<'a>(len: usize, word: impl Fn(usize) -> &'a [u8], key: &[u8]) -> Result<usize, usize> {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = low.midpoint(high);
        let word = word(middle);
        let differ = word.iter().zip(key).find(|(a, b)| a != b);
        match differ.map_or_else(|| word.len().cmp(&key.len()), |(a, b)| a.cmp(b)) {
            Ordering::Less => low = middle + 1,
            Ordering::Equal => return Ok(middle),
            Ordering::Greater => high = middle,
        }
    }
    Err(low)
}

impl PartialEq for Map {
    fn eq(&self, other: &Map) -> bool {
        self.same(other) || self.as_slice() == other.as_slice()
    }
}

impl std::fmt::Debug for Map {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_map().entries(self.iter()).finish()
    }
}

/// The last of several fields with one name wins, as in Go's JSON.
impl FromIterator<(Text, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (Text, Value)>>(fields: I) -> Map {
        let mut fields: Vec<(Text, Value)> = fields.into_iter().collect();
        if !fields.is_sorted_by(|a, b| a.0 < b.0) {
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            fields.dedup_by(|later, earlier| {
                let again = later.0 == earlier.0;
                if again {
                    std::mem::swap(later, earlier);
                }
                again
            });
        }
        if fields.is_empty() { Map(None) } else { Map(Some(Arc::new(fields))) }
    }
}
