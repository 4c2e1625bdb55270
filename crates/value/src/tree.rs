//! `Value`: one JSON-like tree node, 16 bytes on wasm32. Cloning shares; changing copies only the path it touches.

use crate::{List, Map, name};
use base::Text;
use std::ops::Index;

/// A JSON value. Integers stay integers; maps are sorted by key.
#[derive(Clone, Debug, Default)]
pub enum Value {
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(Text),
    List(List),
    Map(Map),
}

static NULL: Value = Value::Null;

impl Value {
    pub fn map() -> Value {
        Value::Map(Map::default())
    }
    pub fn str(s: &str) -> Value {
        Value::Str(name(s))
    }
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }
    /// Null, `""`, `0`, `false`, `[]` and `{}`: what Go's `omitempty` leaves out (and null).
    pub fn is_empty(&self) -> bool {
        match self {
            Value::Null => true,
            Value::Bool(b) => !b,
            Value::Int(i) => *i == 0,
            Value::Float(f) => *f == 0.0,
            Value::Str(s) => s.is_empty(),
            Value::List(l) => l.is_empty(),
            Value::Map(m) => m.is_empty(),
        }
    }
    /// True if both are the same shared map or list.
    pub fn same(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Map(a), Value::Map(b)) => a.same(b),
            (Value::List(a), Value::List(b)) => a.same(b),
            _ => false,
        }
    }
    /// The JSON type's name: `null, boolean, integer, number, string, array, object`.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Int(_) => "integer",
            Value::Float(_) => "number",
            Value::Str(_) => "string",
            Value::List(_) => "array",
            Value::Map(_) => "object",
        }
    }
    pub fn as_str(&self) -> Option<&str> {
        if let Value::Str(s) = self { Some(s) } else { None }
    }
    /// The text, or `""` for anything else.
    pub fn text(&self) -> Text {
        if let Value::Str(s) = self { s.clone() } else { Text::new() }
    }
    /// The text as a slice, or `""` for anything else.
    pub fn s(&self) -> &str {
        self.as_str().unwrap_or("")
    }
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Int(i) => Some(*i),
            Value::Float(f) if *f == (*f as i64) as f64 => Some(*f as i64),
            _ => None,
        }
    }
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Int(i) => Some(*i as f64),
            Value::Float(f) => Some(*f),
            _ => None,
        }
    }
    pub fn as_bool(&self) -> Option<bool> {
        if let Value::Bool(b) = self { Some(*b) } else { None }
    }
    /// True only for `true`.
    pub fn is_true(&self) -> bool {
        matches!(self, Value::Bool(true))
    }
    pub fn as_list(&self) -> Option<&List> {
        if let Value::List(l) = self { Some(l) } else { None }
    }
    pub fn as_map(&self) -> Option<&Map> {
        if let Value::Map(m) = self { Some(m) } else { None }
    }
    /// The items of a list; nothing for any other value.
    pub fn items(&self) -> &[Value] {
        self.as_list().map_or(&[], |l| l.as_slice())
    }
    /// The entries of a map; nothing for any other value.
    pub fn entries(&self) -> &[(Text, Value)] {
        self.as_map().map_or(&[], |m| m.as_slice())
    }
    /// The field, if this is a map that has it (it may be null).
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_map().and_then(|m| m.get(key))
    }
    /// The value at a path of field names; null if any part is missing.
    pub fn at(&self, path: &[&str]) -> &Value {
        path.iter().fold(self, |v, key| &v[*key])
    }
    /// This node as a map for writing; anything else (null too) is replaced by an empty map first.
    pub fn as_map_mut(&mut self) -> &mut Map {
        if !matches!(self, Value::Map(_)) {
            *self = Value::map();
        }
        match self {
            Value::Map(m) => m,
            _ => unreachable!("made a map above"),
        }
    }
    /// This node as a list for writing; anything else is replaced by an empty list first.
    pub fn as_list_mut(&mut self) -> &mut Vec<Value> {
        if !matches!(self, Value::List(_)) {
            *self = Value::List(List::default());
        }
        match self {
            Value::List(l) => l.to_mut(),
            _ => unreachable!("made a list above"),
        }
    }
    /// The node at a path of field names, made (as nulls in maps) where it is missing.
    pub fn at_mut(&mut self, path: &[&str]) -> &mut Value {
        path.iter().fold(self, |v, key| v.as_map_mut().entry(key))
    }
    /// Writes a field below a path, making maps on the way.
    pub fn set(&mut self, path: &[&str], to: impl crate::IntoValue) {
        *self.at_mut(path) = to.into_value();
    }
    /// Takes a field out; missing parents are left missing.
    pub fn remove(&mut self, path: &[&str]) -> Option<Value> {
        let (last, parents) = path.split_last()?;
        let mut node = self;
        for key in parents {
            node = match node {
                Value::Map(m) if m.get(key).is_some() => m.entry(key),
                _ => return None,
            };
        }
        if let Value::Map(m) = node { m.remove(last) } else { None }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Str(a), Value::Str(b)) => a == b,
            (Value::List(a), Value::List(b)) => a == b,
            (Value::Map(a), Value::Map(b)) => a == b,
            (Value::Float(_), Value::Float(_) | Value::Int(_)) | (Value::Int(_), Value::Float(_)) => {
                self.as_f64() == other.as_f64()
            }
            _ => false,
        }
    }
}

/// A field by name; null where it is missing, so that `v["spec"]["replicas"]` never fails.
impl Index<&str> for Value {
    type Output = Value;
    fn index(&self, key: &str) -> &Value {
        self.get(key).unwrap_or(&NULL)
    }
}

/// An item by position; null where it is missing.
impl Index<usize> for Value {
    type Output = Value;
    fn index(&self, position: usize) -> &Value {
        self.items().get(position).unwrap_or(&NULL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_parts_are_null() {
        let v = obj! { "spec" => obj! { "replicas" => 3, "list" => list![1, "b"] } };
        assert_eq!(v["spec"]["replicas"].as_i64(), Some(3));
        assert_eq!(v["spec"]["list"][1].s(), "b");
        assert!(v["a"]["b"][7]["c"].is_null());
    }

    #[test]
    fn writing_copies_only_its_own_tree() {
        let a = obj! { "spec" => obj! { "replicas" => 3 } };
        let mut b = a.clone();
        b.set(&["spec", "replicas"], 4);
        b.set(&["status", "phase"], "Running");
        assert_eq!(a.at(&["spec", "replicas"]), &Value::Int(3));
        assert_eq!(b.to_json(), r#"{"spec":{"replicas":4},"status":{"phase":"Running"}}"#);
        assert_eq!(b.remove(&["status", "phase"]), Some(Value::str("Running")));
        assert_eq!(b.remove(&["nothing", "here"]), None);
        assert!(b.get("nothing").is_none());
    }
}
