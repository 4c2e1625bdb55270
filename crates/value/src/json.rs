//! JSON in and out. Output is compact, or indented by four spaces as kubectl prints it.

use crate::{List, Map, Value, name};
use base::Text;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use std::fmt;

/// Why a text is no JSON, with the parser's own words and position.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JsonError {
    pub message: String,
    /// 1-based; 0 when unknown.
    pub line: u32,
    /// 1-based; 0 when unknown.
    pub column: u32,
}

impl Value {
    /// Reads one JSON document.
    pub fn from_json(text: &str) -> Result<Value, JsonError> {
        serde_json::from_str(text).map_err(|e| JsonError {
            message: e.to_string(),
            line: e.line() as u32,
            column: e.column() as u32,
        })
    }
    /// Compact JSON, keys sorted.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
    /// JSON indented by four spaces, as `kubectl -o json` prints it, without a final newline.
    pub fn to_json_pretty(&self) -> String {
        let mut out = Vec::new();
        let format = serde_json::ser::PrettyFormatter::with_indent(b"    ");
        let mut to = serde_json::Serializer::with_formatter(&mut out, format);
        if self.serialize(&mut to).is_err() {
            return String::new();
        }
        String::from_utf8(out).unwrap_or_default()
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => to.serialize_unit(),
            Value::Bool(b) => to.serialize_bool(*b),
            Value::Int(i) => to.serialize_i64(*i),
            Value::Float(f) => to.serialize_f64(*f),
            Value::Str(s) => to.serialize_str(s),
            Value::List(items) => {
                let mut seq = to.serialize_seq(Some(items.len()))?;
                for item in items.iter() {
                    seq.serialize_element(item)?;
                }
                seq.end()
            }
            Value::Map(fields) => {
                let mut map = to.serialize_map(Some(fields.len()))?;
                for (key, field) in fields.iter() {
                    map.serialize_entry(key.as_str(), field)?;
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Value, D::Error> {
        from.deserialize_any(Tree)
    }
}

struct Tree;

impl<'de> Visitor<'de> for Tree {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, b: bool) -> Result<Value, E> {
        Ok(Value::Bool(b))
    }
    fn visit_i64<E>(self, i: i64) -> Result<Value, E> {
        Ok(Value::Int(i))
    }
    fn visit_u64<E>(self, u: u64) -> Result<Value, E> {
        Ok(i64::try_from(u).map_or(Value::Float(u as f64), Value::Int))
    }
    fn visit_f64<E>(self, f: f64) -> Result<Value, E> {
        Ok(Value::Float(f))
    }
    fn visit_str<E>(self, s: &str) -> Result<Value, E> {
        Ok(Value::Str(name(s)))
    }
    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        Value::deserialize(from)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = from.next_element()? {
            items.push(item);
        }
        Ok(Value::List(List::from(items)))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut fields: Vec<(Text, Value)> = Vec::new();
        while let Some((key, field)) = from.next_entry::<Key, Value>()? {
            fields.push((key.0, field));
        }
        Ok(Value::Map(fields.into_iter().collect::<Map>()))
    }
}

struct Key(Text);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Key, D::Error> {
        struct Field;
        impl Visitor<'_> for Field {
            type Value = Key;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a field name")
            }
            fn visit_str<E>(self, s: &str) -> Result<Key, E> {
                Ok(Key(name(s)))
            }
        }
        from.deserialize_str(Field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_sorts_and_keeps_numbers() {
        let v = Value::from_json(r#"{"b":[1,2.5,null,true],"a":{"x":"y","n":9007199254740993}}"#).unwrap();
        assert_eq!(v.to_json(), r#"{"a":{"n":9007199254740993,"x":"y"},"b":[1,2.5,null,true]}"#);
        assert_eq!(Value::from_json(&v.to_json_pretty()).unwrap(), v);
        assert_eq!(Value::from_json("{\"a\":\n}").unwrap_err().line, 2);
        assert!(Value::from_json(&"[".repeat(100_000)).is_err());
    }
}
