//! From bytes to a value, as the schema's types say.

use crate::MAGIC;
use crate::table::{Message, message};
use crate::wire::{Item, Items};
use base::{Time, base64_encode};
use schema::{Schema, Type, TypeId};
use value::{List, Map, Value};

/// Messages inside messages may go so deep.
const DEPTH: u32 = 64;

/// Reads an object in its envelope, or says what is wrong with it.
pub fn decode(bytes: &[u8]) -> Result<Value, String> {
    let inside = bytes
        .strip_prefix(MAGIC)
        .ok_or("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")?;
    let (mut api_version, mut kind, mut raw) = (String::new(), String::new(), &[][..]);
    for item in Items(inside) {
        match item.map_err(|_| broken())? {
            (1, Item::Bytes(meta)) => {
                for item in Items(meta) {
                    match item.map_err(|_| broken())? {
                        (1, Item::Bytes(text)) => api_version = string(text)?,
                        (2, Item::Bytes(text)) => kind = string(text)?,
                        _ => {}
                    }
                }
            }
            (2, Item::Bytes(bytes)) => raw = bytes,
            _ => {}
        }
    }
    let id =
        type_of(&api_version, &kind).ok_or_else(|| format!("no kind \"{kind}\" is registered for version \"{api_version}\""))?;
    let mut object = structure(id, raw, DEPTH)?;
    object.set(&["apiVersion"], api_version);
    object.set(&["kind"], kind);
    Ok(object)
}

fn broken() -> String {
    "unexpected EOF".into()
}

/// The type of a kind. Kinds of the machinery (`DeleteOptions`, `Status`) are in every group.
pub fn type_of(api_version: &str, kind: &str) -> Option<TypeId> {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let schema = Schema::builtin();
    let shared = || schema.type_named(&format!("io.k8s.apimachinery.pkg.apis.meta.v1.{kind}"));
    schema.type_of_kind(group, version, kind).or_else(shared).or_else(|| list_type(schema, group, version, kind))
}

/// The lists of a kind stand beside it.
fn list_type(schema: &Schema, group: &str, version: &str, kind: &str) -> Option<TypeId> {
    let item = schema.type_of_kind(group, version, kind.strip_suffix("List")?)?;
    schema.type_named(&format!("{}List", schema.type_info(item).full_name()))
}

fn structure(id: TypeId, bytes: &[u8], depth: u32) -> Result<Value, String> {
    let name = Schema::builtin().type_info(id).full_name();
    let known = message(&name).ok_or_else(|| format!("protobuf is not supported for {name}"))?;
    let mut out = Map::default();
    fields(id, known, bytes, (depth, &mut out))?;
    Ok(Value::Map(out))
}

/// Reads the fields of a message into a map. A field that the type does not have but that is a message is written inline.
fn fields(id: TypeId, known: &Message, bytes: &[u8], (depth, out): (u32, &mut Map)) -> Result<(), String> {
    let depth = depth.checked_sub(1).ok_or("the object is nested too deeply")?;
    let info = Schema::builtin().type_info(id);
    for item in Items(bytes) {
        let (number, item) = item.map_err(|_| broken())?;
        let Some(field) = known.iter().find(|f| f.number == number) else { continue };
        match (field.of(info), item) {
            (Some(found), item) => put(&found.ty, found.name.as_ref(), item, (depth, out))?,
            (None, Item::Bytes(bytes)) => {
                if let Some(inner) = message(&field.message) {
                    fields(id, inner, bytes, (depth, out))?;
                }
            }
            (None, _) => {}
        }
    }
    Ok(())
}

fn put(ty: &Type, name: &str, item: Item, (depth, out): (u32, &mut Map)) -> Result<(), String> {
    match (ty, item) {
        (Type::List(of), item) => {
            let value = one(of, item, depth)?;
            let slot = out.entry(name);
            if slot.is_null() {
                *slot = Value::List(List::default());
            }
            slot.as_list_mut().push(value);
        }
        (Type::Map(of), Item::Bytes(bytes)) => {
            let (mut key, mut value) = (String::new(), None);
            for item in Items(bytes) {
                match item.map_err(|_| broken())? {
                    (1, Item::Bytes(text)) => key = string(text)?,
                    (2, item) => value = Some(one(of, item, depth)?),
                    _ => {}
                }
            }
            let slot = out.entry(name);
            if slot.is_null() {
                *slot = Value::map();
            }
            slot.as_map_mut().insert(&key, value.unwrap_or_else(|| zero(of)));
        }
        (ty, item) => {
            out.insert(name, one(ty, item, depth)?);
        }
    }
    Ok(())
}

/// What a missing value of a map's entry is.
fn zero(ty: &Type) -> Value {
    match ty {
        Type::Str | Type::Bytes => Value::str(""),
        Type::Quantity => Value::str("0"),
        Type::Bool => Value::Bool(false),
        Type::Int32 | Type::Int64 | Type::IntOrString => Value::Int(0),
        Type::Double => Value::Float(0.0),
        Type::Struct(_) | Type::Map(_) | Type::Object => Value::map(),
        Type::List(_) => Value::List(List::default()),
        Type::Time | Type::MicroTime | Type::Any => Value::Null,
    }
}

fn one(ty: &Type, item: Item, depth: u32) -> Result<Value, String> {
    Ok(match (ty, item) {
        (Type::Bool, Item::Varint(number)) => Value::Bool(number != 0),
        (Type::Int32 | Type::Int64, Item::Varint(number)) => Value::Int(number as i64),
        (Type::Double, Item::Fixed64(bits)) => Value::Float(f64::from_bits(bits)),
        (Type::Str, Item::Bytes(text)) => Value::str(&string(text)?),
        (Type::Bytes, Item::Bytes(bytes)) => Value::str(&base64_encode(bytes)),
        (Type::Quantity, Item::Bytes(bytes)) => Value::str(&first_text(bytes)?),
        (Type::IntOrString, Item::Bytes(bytes)) => int_or_string(bytes)?,
        (Type::Time, Item::Bytes(bytes)) => time(bytes, Time::rfc3339)?,
        (Type::MicroTime, Item::Bytes(bytes)) => time(bytes, Time::rfc3339_micro)?,
        // RawExtension and FieldsV1: JSON inside.
        (Type::Any | Type::Object, Item::Bytes(bytes)) => raw(bytes)?,
        (Type::Struct(id), Item::Bytes(bytes)) => structure(*id, bytes, depth)?,
        // ExtraValue and Verbs: a list in a message of its own.
        (Type::List(of), Item::Bytes(bytes)) => {
            let items = Items(bytes).map(|item| item.map_err(|_| broken()).and_then(|(_, item)| one(of, item, depth)));
            Value::List(items.collect::<Result<List, String>>()?)
        }
        _ => return Err("proto: wrong wireType".into()),
    })
}

fn string(bytes: &[u8]) -> Result<String, String> {
    String::from_utf8(bytes.to_vec()).map_err(|_| "string field contains invalid UTF-8".into())
}

fn first_text(bytes: &[u8]) -> Result<String, String> {
    for item in Items(bytes) {
        if let (1, Item::Bytes(text)) = item.map_err(|_| broken())? {
            return string(text);
        }
    }
    Ok("0".into())
}

fn raw(bytes: &[u8]) -> Result<Value, String> {
    let text = first_text(bytes)?;
    Value::from_json(&text).map_err(|error| error.message)
}

fn int_or_string(bytes: &[u8]) -> Result<Value, String> {
    let (mut is_text, mut number, mut text) = (false, 0, String::new());
    for item in Items(bytes) {
        match item.map_err(|_| broken())? {
            (1, Item::Varint(kind)) => is_text = kind == 1,
            (2, Item::Varint(int)) => number = int as i64,
            (3, Item::Bytes(bytes)) => text = string(bytes)?,
            _ => {}
        }
    }
    Ok(if is_text { Value::str(&text) } else { Value::Int(number) })
}

/// Seconds and nanoseconds since 1970; a time without either is none.
fn time(bytes: &[u8], form: fn(Time) -> String) -> Result<Value, String> {
    let (mut seconds, mut nanos) = (0_i64, 0_i64);
    for item in Items(bytes) {
        match item.map_err(|_| broken())? {
            (1, Item::Varint(number)) => seconds = number as i64,
            (2, Item::Varint(number)) => nanos = number as i64,
            _ => {}
        }
    }
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    let micros = seconds.saturating_mul(1_000_000).saturating_add(nanos / 1000);
    Ok(Value::str(&form(Time::from_micros(micros))))
}
