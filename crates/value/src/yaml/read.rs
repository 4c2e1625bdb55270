//! One YAML document into a value, with the place of every part.

use super::positions::Step;
use super::scalar::resolve;
use super::{Document, Duplicate, Positions, YamlError};
use crate::go::{FloatStyle, float_text, go_syntax};
use crate::{List, Map, Value, name};
use base::Text;
use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error, IgnoredAny, MapAccess, SeqAccess, VariantAccess, Visitor};
use std::fmt;

/// As many nodes as a document of the greatest length can have without aliases, and a little more.
const NODES_MAX: u32 = 4_000_000;

pub(super) fn document(text: &str, start_line: u32) -> Document {
    let mut reader = Reader::new(text, start_line);
    let root = reader.positions.add(0, Step::Root);
    let value = match serde_yaml::Deserializer::from_str(text).next() {
        None => Ok(Value::Null),
        Some(document) => Node { reader: &mut reader, place: root }.deserialize(document),
    };
    let value = match value {
        Ok(value) => Ok(value),
        // A document of nothing but comments.
        Err(error) if reader.failure.is_none() && error.to_string().starts_with("EOF while parsing") => Ok(Value::Null),
        Err(error) => Err(reader.error(&error)),
    };
    let positions = if value.is_ok() { reader.positions } else { Positions::default() };
    Document { value, start_line, positions, duplicates: reader.duplicates }
}

struct Reader<'t> {
    text: &'t str,
    start_line: u32,
    /// The offset of every line's first byte.
    lines: Vec<u32>,
    positions: Positions,
    duplicates: Vec<Duplicate>,
    nodes: u32,
    /// The offset of the last text that was read.
    last: usize,
    failure: Option<String>,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, start_line: u32) -> Reader<'t> {
        let ends = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at as u32 + 1);
        let lines = std::iter::once(0).chain(ends).collect();
        Reader {
            text,
            start_line,
            lines,
            positions: Positions::default(),
            duplicates: Vec::new(),
            nodes: 0,
            last: 0,
            failure: None,
        }
    }
    /// Where in the text a piece of it begins.
    fn offset(&mut self, piece: &str) -> Option<usize> {
        let offset = (piece.as_ptr() as usize).checked_sub(self.text.as_ptr() as usize)?;
        if offset > self.text.len() {
            return None;
        }
        self.last = offset;
        Some(offset)
    }
    fn line_column(&self, offset: usize) -> (u32, u32) {
        let line = self.lines.partition_point(|start| *start as usize <= offset).max(1) - 1;
        let start = self.lines[line] as usize;
        // Counting the characters of endless lines over and over would take too long.
        let before =
            if offset - start < 4096 { self.text.get(start..offset).map_or(0, |s| s.chars().count()) } else { offset - start };
        (self.start_line + line as u32, before as u32 + 1)
    }
    fn mark(&mut self, place: u32, offset: usize) {
        let at = self.line_column(offset);
        self.positions.set(place, at);
    }
    /// What an unquoted word means; `None` for a quoted one and for texts.
    fn word(&self, piece: &str, offset: usize) -> Option<Value> {
        let before = self.text.as_bytes().get(..offset).unwrap_or_default();
        if matches!(before.last(), Some(b'"' | b'\'')) {
            return None;
        }
        let value = resolve(piece)?;
        let tagged = before.trim_ascii_end().ends_with(b"!!str");
        if tagged { None } else { Some(value) }
    }
    fn fail<T, E: Error>(&mut self, message: String) -> Result<T, E> {
        self.failure = Some(message);
        Err(E::custom(""))
    }
    fn count<E: Error>(&mut self) -> Result<(), E> {
        self.nodes += 1;
        if self.nodes > NODES_MAX { self.fail("yaml: document contains excessive aliasing".into()) } else { Ok(()) }
    }
    /// JSON has no number that is none, and Go writes a whole float like an integer.
    fn float<E: Error>(&mut self, f: f64) -> Result<Value, E> {
        if !f.is_finite() {
            return self.fail(format!("json: unsupported value: {}", float_text(f, FloatStyle::Json)));
        }
        Ok(if f.fract() == 0.0 && f.abs() < 9.2e18 { Value::Int(f as i64) } else { Value::Float(f) })
    }
    fn error(&mut self, error: &serde_yaml::Error) -> YamlError {
        if let Some(message) = self.failure.take() {
            let (line, column) = self.line_column(self.last);
            return YamlError { message, line, column };
        }
        let (line, column, index) = error.location().map_or((1, 1, 0), |at| (at.line(), at.column(), at.index()));
        let message = self.message(error, line, index);
        YamlError { message, line: self.start_line + line as u32 - 1, column: column as u32 }
    }
    fn message(&self, error: &serde_yaml::Error, line: usize, index: usize) -> String {
        let text = error.to_string();
        let end = [" at line ", " at position ", ", while "].iter().filter_map(|mark| text.find(mark)).min();
        let problem = &text[..end.unwrap_or(text.len())];
        match problem {
            "recursion limit exceeded" => return "yaml: exceeded max depth of 128".into(),
            "repetition limit exceeded" => return "yaml: document contains excessive aliasing".into(),
            "unknown anchor" => {
                let rest = self.text.get(index..).unwrap_or("").trim_start_matches('*');
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-').unwrap_or(rest.len());
                return format!("yaml: unknown anchor '{}' referenced", &rest[..end]);
            }
            _ => {}
        }
        // go-yaml counts from 0 where its parser finds the error, from 1 where its scanner does, and is silent on the first line.
        let scanner = format!("{error:?}").contains("kind: SCANNER");
        if line < 2 {
            format!("yaml: {problem}")
        } else {
            format!("yaml: line {}: {problem}", if scanner { line } else { line - 1 })
        }
    }
}

/// A node that is about to be read.
struct Node<'r, 't> {
    reader: &'r mut Reader<'t>,
    place: u32,
}

impl<'de> DeserializeSeed<'de> for Node<'_, 'de> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        self.reader.count()?;
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_, 'de> {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value")
    }
    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_none<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
    fn visit_bool<E: Error>(self, b: bool) -> Result<Value, E> {
        Ok(Value::Bool(b))
    }
    fn visit_i64<E: Error>(self, i: i64) -> Result<Value, E> {
        Ok(Value::Int(i))
    }
    fn visit_u64<E: Error>(self, u: u64) -> Result<Value, E> {
        i64::try_from(u).map_or_else(|_| self.reader.float(u as f64), |i| Ok(Value::Int(i)))
    }
    fn visit_i128<E: Error>(self, i: i128) -> Result<Value, E> {
        self.reader.float(i as f64)
    }
    fn visit_u128<E: Error>(self, u: u128) -> Result<Value, E> {
        self.reader.float(u as f64)
    }
    fn visit_f64<E: Error>(self, f: f64) -> Result<Value, E> {
        self.reader.float(f)
    }
    fn visit_str<E: Error>(self, s: &str) -> Result<Value, E> {
        Ok(Value::Str(name(s)))
    }
    fn visit_borrowed_str<E: Error>(self, s: &'de str) -> Result<Value, E> {
        let Some(offset) = self.reader.offset(s) else { return self.visit_str(s) };
        self.reader.mark(self.place, offset);
        match self.reader.word(s, offset) {
            Some(Value::Float(f)) => self.reader.float(f),
            Some(value) => Ok(value),
            None => self.visit_str(s),
        }
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        loop {
            let place = self.reader.positions.add(self.place, Step::Item(items.len() as u32));
            match from.next_element_seed(Node { reader: self.reader, place })? {
                Some(item) => items.push(item),
                None => {
                    self.reader.positions.forget_last();
                    return Ok(Value::List(List::from(items)));
                }
            }
        }
    }
    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut fields: Vec<(Text, Value)> = Vec::new();
        let mut written: Vec<(Text, u32)> = Vec::new();
        while let Some(key) = from.next_key_seed(Key { reader: self.reader, parent: self.place })? {
            let field = from.next_value_seed(Node { reader: self.reader, place: key.place })?;
            if key.merge {
                merge(&mut fields, &field).or_else(|message| self.reader.fail(message))?;
            } else {
                written.push((key.name.clone(), key.place));
                fields.push((key.name, field));
            }
        }
        written.sort_by(|a, b| a.0.cmp(&b.0));
        for pair in written.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
            let place = pair[1].1;
            let path = self.reader.positions.path(place);
            let (line, column) = self.reader.positions.exact(&path).unwrap_or((self.reader.start_line, 1));
            self.reader.duplicates.push(Duplicate { path, key: pair[1].0.clone(), line, column });
        }
        Ok(Value::Map(fields.into_iter().collect::<Map>()))
    }
    /// A node with a tag of its own: the tag says nothing to Kubernetes.
    fn visit_enum<A: EnumAccess<'de>>(self, from: A) -> Result<Value, A::Error> {
        let (IgnoredAny, node) = from.variant()?;
        node.newtype_variant_seed(self)
    }
}

/// What `<<` brings: the fields of a map, or of several, of which the first ones win.
fn merge(fields: &mut Vec<(Text, Value)>, from: &Value) -> Result<(), String> {
    match from {
        Value::Map(map) => fields.extend(map.as_slice().iter().cloned()),
        Value::List(maps) if maps.iter().all(|m| matches!(m, Value::Map(_))) => {
            maps.iter().rev().for_each(|map| fields.extend(map.entries().iter().cloned()));
        }
        _ => return Err("yaml: map merge requires map or sequence of maps as the value".into()),
    }
    Ok(())
}

/// A field name that is about to be read.
struct Key<'r, 't> {
    reader: &'r mut Reader<'t>,
    parent: u32,
}

struct Field {
    name: Text,
    place: u32,
    merge: bool,
}

impl Key<'_, '_> {
    fn field(self, name: Text, offset: Option<usize>) -> Field {
        let place = self.reader.positions.add(self.parent, Step::Field(name.clone()));
        if let Some(offset) = offset {
            self.reader.mark(place, offset);
        }
        Field { name, place, merge: false }
    }
    /// Words and numbers that stand as a field name, as sigs.k8s.io/yaml writes them into JSON.
    fn scalar<E: Error>(self, value: Value, offset: Option<usize>) -> Result<Field, E> {
        let text = match &value {
            Value::Null => {
                return self.reader.fail("yaml: unsupported map key of type: %!s(<nil>), key: interface {}(nil)".into());
            }
            Value::Float(f) => float_text(*f, FloatStyle::Text),
            other => other.to_go_text(),
        };
        Ok(self.field(name(&text), offset))
    }
    fn composite<E: Error>(reader: &mut Reader<'_>, key: &Value) -> Result<Field, E> {
        let mut message = String::from("yaml: invalid map key: ");
        go_syntax(key, "map[interface {}]interface {}", &mut message);
        reader.fail(message)
    }
}

impl<'de> DeserializeSeed<'de> for Key<'_, 'de> {
    type Value = Field;
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Field, D::Error> {
        self.reader.count()?;
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Key<'_, 'de> {
    type Value = Field;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a field name")
    }
    fn visit_unit<E: Error>(self) -> Result<Field, E> {
        self.scalar(Value::Null, None)
    }
    fn visit_bool<E: Error>(self, b: bool) -> Result<Field, E> {
        self.scalar(Value::Bool(b), None)
    }
    fn visit_i64<E: Error>(self, i: i64) -> Result<Field, E> {
        self.scalar(Value::Int(i), None)
    }
    fn visit_u64<E: Error>(self, u: u64) -> Result<Field, E> {
        Ok(self.field(name(&u.to_string()), None))
    }
    fn visit_f64<E: Error>(self, f: f64) -> Result<Field, E> {
        self.scalar(Value::Float(f), None)
    }
    fn visit_str<E: Error>(self, s: &str) -> Result<Field, E> {
        Ok(self.field(name(s), None))
    }
    fn visit_borrowed_str<E: Error>(self, s: &'de str) -> Result<Field, E> {
        let Some(offset) = self.reader.offset(s) else { return self.visit_str(s) };
        let quoted = offset > 0 && matches!(self.reader.text.as_bytes()[offset - 1], b'"' | b'\'');
        match self.reader.word(s, offset) {
            Some(value) => self.scalar(value, Some(offset)),
            None => Ok(Field { merge: s == "<<" && !quoted, ..self.field(name(s), Some(offset)) }),
        }
    }
    fn visit_seq<A: SeqAccess<'de>>(self, from: A) -> Result<Field, A::Error> {
        let key = Node { reader: self.reader, place: self.parent }.visit_seq(from)?;
        Key::composite(self.reader, &key)
    }
    fn visit_map<A: MapAccess<'de>>(self, from: A) -> Result<Field, A::Error> {
        let key = Node { reader: self.reader, place: self.parent }.visit_map(from)?;
        Key::composite(self.reader, &key)
    }
    fn visit_enum<A: EnumAccess<'de>>(self, from: A) -> Result<Field, A::Error> {
        let (IgnoredAny, node) = from.variant()?;
        node.newtype_variant_seed(self)
    }
}
