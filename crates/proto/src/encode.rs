//! From a value to bytes, as the schema's types say. What a value does not have is not written: clients read zeros.

use crate::MAGIC;
use crate::decode::type_of;
use crate::table::{Message, message};
use crate::wire::{put_bytes, put_double, put_number};
use base::{Time, base64_decode};
use schema::{Schema, Type, TypeId};
use value::Value;

/// Writes an object in its envelope; `None` for a kind that has no protobuf form here.
pub fn encode(object: &Value) -> Option<Vec<u8>> {
    let (api_version, kind) = (object["apiVersion"].s(), object["kind"].s());
    let raw = structure(type_of(api_version, kind)?, object)?;
    let mut meta = Vec::new();
    put_bytes(&mut meta, 1, api_version.as_bytes());
    put_bytes(&mut meta, 2, kind.as_bytes());
    let mut out = MAGIC.to_vec();
    put_bytes(&mut out, 1, &meta);
    put_bytes(&mut out, 2, &raw);
    Some(out)
}

/// One event of a watch with its length before it.
pub fn watch_frame(kind: &str, object: &Value) -> Option<Vec<u8>> {
    let mut extension = Vec::new();
    put_bytes(&mut extension, 1, &encode(object)?);
    let mut event = Vec::new();
    put_bytes(&mut event, 1, kind.as_bytes());
    put_bytes(&mut event, 2, &extension);
    let mut out = u32::try_from(event.len()).ok()?.to_be_bytes().to_vec();
    out.extend(event);
    Some(out)
}

/// The head of an OpenAPI v2 document as gnostic's protobuf: version and title.
pub fn encode_openapi(document: &Value) -> Vec<u8> {
    let mut info = Vec::new();
    put_bytes(&mut info, 1, document["info"]["title"].s().as_bytes());
    put_bytes(&mut info, 2, document["info"]["version"].s().as_bytes());
    let mut out = Vec::new();
    put_bytes(&mut out, 1, document["swagger"].s().as_bytes());
    put_bytes(&mut out, 2, &info);
    put_bytes(&mut out, 8, &[]);
    out
}

fn structure(id: TypeId, value: &Value) -> Option<Vec<u8>> {
    let known = message(&Schema::builtin().type_info(id).full_name())?;
    let mut out = Vec::new();
    fields(id, known, value, &mut out);
    Some(out)
}

fn fields(id: TypeId, known: &Message, value: &Value, out: &mut Vec<u8>) {
    let info = Schema::builtin().type_info(id);
    for field in known {
        match field.of(info) {
            Some(found) => {
                if let Some(value) = value.get(&found.name).filter(|v| !v.is_null()) {
                    put(&found.ty, field.number, value, out);
                }
            }
            None => {
                let Some(inner) = message(&field.message) else { continue };
                let mut inline = Vec::new();
                fields(id, inner, value, &mut inline);
                if !inline.is_empty() {
                    put_bytes(out, field.number, &inline);
                }
            }
        }
    }
}

fn put(ty: &Type, number: u32, value: &Value, out: &mut Vec<u8>) {
    match (ty, value) {
        (Type::List(of), Value::List(items)) => items.iter().for_each(|item| put_one(of, number, item, out)),
        (Type::Map(of), Value::Map(entries)) => {
            for (key, value) in entries.iter() {
                let mut entry = Vec::new();
                put_bytes(&mut entry, 1, key.as_bytes());
                put_one(of, 2, value, &mut entry);
                put_bytes(out, number, &entry);
            }
        }
        (ty, value) => put_one(ty, number, value, out),
    }
}

fn put_one(ty: &Type, number: u32, value: &Value, out: &mut Vec<u8>) {
    match ty {
        Type::Bool => put_number(out, number, i64::from(value.is_true())),
        Type::Int32 | Type::Int64 => put_number(out, number, value.as_i64().unwrap_or(0)),
        Type::Double => put_double(out, number, value.as_f64().unwrap_or(0.0)),
        Type::Str => put_bytes(out, number, value.s().as_bytes()),
        Type::Bytes => put_bytes(out, number, &base64_decode(value.s()).unwrap_or_default()),
        Type::Quantity => put_bytes(out, number, &wrapped(value.s().as_bytes())),
        Type::Any | Type::Object => put_bytes(out, number, &wrapped(value.to_json_go().as_bytes())),
        Type::IntOrString => put_bytes(out, number, &int_or_string(value)),
        Type::Time | Type::MicroTime => put_bytes(out, number, &time(value.s())),
        Type::Struct(id) => put_bytes(out, number, &structure(*id, value).unwrap_or_default()),
        Type::List(of) => {
            let mut inner = Vec::new();
            value.items().iter().for_each(|item| put_one(of, 1, item, &mut inner));
            put_bytes(out, number, &inner);
        }
        // A map in a list or map: no message has one.
        Type::Map(_) => {}
    }
}

/// A message whose first field is all.
fn wrapped(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    put_bytes(&mut out, 1, bytes);
    out
}

fn int_or_string(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    match value.as_i64() {
        Some(int) => {
            put_number(&mut out, 1, 0);
            put_number(&mut out, 2, int);
        }
        None => {
            put_number(&mut out, 1, 1);
            put_bytes(&mut out, 3, value.s().as_bytes());
        }
    }
    out
}

fn time(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    if let Some(time) = Time::parse(text) {
        put_number(&mut out, 1, time.as_secs());
        put_number(&mut out, 2, time.as_micros().rem_euclid(1_000_000) * 1000);
    }
    out
}
