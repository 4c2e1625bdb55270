//! JSON in and out. Output is compact, or indented by four spaces as kubectl prints it; written as Go's encoder does it.

use crate::go::{FloatStyle, float_text};
use crate::{List, Map, Value, name};
use base::Text;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use std::fmt;

/// Why a text is no JSON, in the words of Go's encoding/json.
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
        serde_json::from_str(text).map_err(|error| JsonError {
            message: go_words(&error, text),
            line: error.line() as u32,
            column: error.column() as u32,
        })
    }
    /// Compact JSON, keys sorted.
    pub fn to_json(&self) -> String {
        self.written(Layout { html: false, indent: None })
    }
    /// Compact JSON as Go's encoder writes it: `<`, `>`, `&` and the two line separators are escaped.
    /// API answers and the last-applied annotation have this form.
    pub fn to_json_go(&self) -> String {
        self.written(Layout { html: true, indent: None })
    }
    /// JSON indented by four spaces, as `kubectl -o json` prints it, without a final newline.
    pub fn to_json_pretty(&self) -> String {
        self.written(Layout { html: true, indent: Some("    ") })
    }
    /// JSON with an indent of the caller's choice, escaped as Go's encoder does.
    pub fn to_json_indented(&self, indent: &'static str) -> String {
        self.written(Layout { html: true, indent: Some(indent) })
    }
    fn written(&self, layout: Layout) -> String {
        let mut out = String::new();
        layout.value(self, 0, &mut out);
        out
    }
}

/// Go names the character it stumbled over, serde_json what it expected.
fn go_words(error: &serde_json::Error, text: &str) -> String {
    if error.is_eof() {
        return "unexpected end of JSON input".into();
    }
    let line = text.split('\n').nth(error.line().saturating_sub(1)).unwrap_or("");
    let byte = error.column().checked_sub(1).and_then(|at| line.as_bytes().get(at)).copied().unwrap_or(b'\n');
    let words = error.to_string();
    let place = match words.split(" at line ").next().unwrap_or("") {
        "key must be a string" => "looking for beginning of object key string",
        "trailing comma" if byte == b'}' => "looking for beginning of object key string",
        "expected value" | "trailing comma" => "looking for beginning of value",
        "expected `:`" => "after object key",
        "expected `,` or `}`" => "after object key:value pair",
        "expected `,` or `]`" => "after array element",
        "trailing characters" => "after top-level value",
        "control character (\\u0000-\\u001F) found while parsing a string" => "in string literal",
        "invalid escape" => "in string escape code",
        "invalid number" => "in numeric literal",
        "expected ident" => "in literal",
        "recursion limit exceeded" => return "exceeded max depth".into(),
        _ => return words,
    };
    let character = match byte {
        b'\'' => "\\'".to_string(),
        b'"' => "\"".to_string(),
        other => char::from(other).escape_default().to_string(),
    };
    format!("invalid character '{character}' {place}")
}

#[derive(Clone, Copy)]
struct Layout {
    html: bool,
    indent: Option<&'static str>,
}

impl Layout {
    fn value(self, value: &Value, depth: usize, out: &mut String) {
        match value {
            Value::Null => out.push_str("null"),
            Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
            Value::Int(i) => out.push_str(&i.to_string()),
            // JSON has no words for infinity; Go refuses them, and no parser of ours lets them in.
            Value::Float(f) => out.push_str(&if f.is_finite() { float_text(*f, FloatStyle::Json) } else { "null".into() }),
            Value::Str(s) => self.string(s, out),
            Value::List(items) => {
                self.block(("[]", items.len()), depth, out, &mut |at, out| self.value(&items.as_slice()[at], depth + 1, out))
            }
            Value::Map(fields) => self.block(("{}", fields.len()), depth, out, &mut |at, out| {
                let (key, field) = &fields.as_slice()[at];
                self.string(key, out);
                out.push_str(if self.indent.is_some() { ": " } else { ":" });
                self.value(field, depth + 1, out);
            }),
        }
    }
    fn block(self, (brackets, len): (&str, usize), depth: usize, out: &mut String, item: &mut dyn FnMut(usize, &mut String)) {
        out.push_str(&brackets[..1]);
        for at in 0..len {
            if at > 0 {
                out.push(',');
            }
            self.line(depth + 1, out);
            item(at, out);
        }
        if len > 0 {
            self.line(depth, out);
        }
        out.push_str(&brackets[1..]);
    }
    fn line(self, depth: usize, out: &mut String) {
        let Some(indent) = self.indent else { return };
        out.push('\n');
        (0..depth).for_each(|_| out.push_str(indent));
    }
    fn string(self, s: &str, out: &mut String) {
        out.push('"');
        let mut rest = s;
        while let Some(at) = rest.bytes().position(|byte| self.may_need_escape(byte)) {
            out.push_str(&rest[..at]);
            let c = rest[at..].chars().next().unwrap_or_default();
            rest = &rest[at + c.len_utf8()..];
            self.escape(c, out);
        }
        out.push_str(rest);
        out.push('"');
    }
    /// By a byte alone: U+2028 and U+2029 begin with 0xe2, as others do.
    const fn may_need_escape(self, byte: u8) -> bool {
        byte < b' ' || matches!(byte, b'"' | b'\\') || self.html && matches!(byte, b'<' | b'>' | b'&' | 0xe2)
    }
    fn escape(self, c: char, out: &mut String) {
        let escaped = match c {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\u{8}' => "\\b",
            '\u{c}' => "\\f",
            '\0'..='\u{7f}' | '\u{2028}' | '\u{2029}' => "",
            c => return out.push(c),
        };
        out.push_str(escaped);
        if escaped.is_empty() {
            out.push_str("\\u");
            (0..4).rev().for_each(|place| out.push(hex_digit(u32::from(c) >> (4 * place))));
        }
    }
}

fn hex_digit(n: u32) -> char {
    char::from(b"0123456789abcdef"[n as usize & 15])
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
    fn errors_of_go() {
        for (text, words) in [
            ("", "unexpected end of JSON input"),
            ("{\"a\":", "unexpected end of JSON input"),
            ("{'a':1}", "invalid character '\\'' looking for beginning of object key string"),
            ("{\"a\":1,}", "invalid character '}' looking for beginning of object key string"),
            ("[1,]", "invalid character ']' looking for beginning of value"),
            ("{\"a\":1 \"b\":2}", "invalid character '\"' after object key:value pair"),
            ("{\"a\" 1}", "invalid character '1' after object key"),
            ("[1 2]", "invalid character '2' after array element"),
            ("apiVersion: v1", "invalid character 'a' looking for beginning of value"),
            ("{} x", "invalid character 'x' after top-level value"),
            ("\n\"a\nb\"", "invalid character '\\n' in string literal"),
        ] {
            assert_eq!(Value::from_json(text).unwrap_err().message, words, "{text}");
        }
    }

    #[test]
    fn goes_go_way() {
        let v = obj! { "a" => "<x>&\u{2028}\u{1}\"\\\n\u{7f}é", "b" => list![], "c" => obj! {}, "d" => list![1, 1e21] };
        assert_eq!(
            v.to_json_go(),
            "{\"a\":\"\\u003cx\\u003e\\u0026\\u2028\\u0001\\\"\\\\\\n\u{7f}é\",\"b\":[],\"c\":{},\"d\":[1,1e+21]}"
        );
        assert!(v.to_json().starts_with("{\"a\":\"<x>&"));
        let pretty = obj! { "b" => list![], "c" => obj! {}, "d" => list![1, obj! { "e" => 2 }] }.to_json_pretty();
        assert_eq!(
            pretty,
            "{\n    \"b\": [],\n    \"c\": {},\n    \"d\": [\n        1,\n        {\n            \"e\": 2\n        }\n    ]\n}"
        );
        assert_eq!(Value::from_json(&v.to_json_go()).unwrap(), v);
    }

    #[test]
    fn round_trip_sorts_and_keeps_numbers() {
        let v = Value::from_json(r#"{"b":[1,2.5,null,true],"a":{"x":"y","n":9007199254740993}}"#).unwrap();
        assert_eq!(v.to_json(), r#"{"a":{"n":9007199254740993,"x":"y"},"b":[1,2.5,null,true]}"#);
        assert_eq!(Value::from_json(&v.to_json_pretty()).unwrap(), v);
        assert_eq!(Value::from_json("{\"a\":\n}").unwrap_err().line, 2);
        assert!(Value::from_json(&"[".repeat(100_000)).is_err());
    }
}
