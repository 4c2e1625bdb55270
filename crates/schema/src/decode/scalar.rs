//! One value that is no list, map or struct of the type: read, made canonical, or refused.

use super::{Changed, Words, time};
use crate::kind::Type;
use base::{Quantity, base64_decode};
use value::go::{FloatStyle, float_text};
use value::{IntoValue, Value};

/// Why a value does not fit.
pub(super) enum Wrong {
    /// The whole text.
    Text(String),
    /// Another JSON type than the Go type takes.
    Type {
        /// `string`, `number 1.5`
        given: String,
        /// The Go type where it is not the field's own.
        target: Option<&'static str>,
    },
}

/// Reads the value; None means that it is canonical already.
pub(super) fn decode(ty: &Type, value: &Value, words: Words) -> Result<Changed, Wrong> {
    match (ty, value) {
        (Type::Str, Value::Str(_)) | (Type::Bool, Value::Bool(_)) | (Type::Double, Value::Int(_) | Value::Float(_)) => Ok(None),
        (Type::Int64, Value::Int(_)) | (Type::IntOrString, Value::Str(_)) => Ok(None),
        (Type::Int32 | Type::IntOrString, Value::Int(i)) if i32::try_from(*i).is_ok() => Ok(None),
        (Type::Int32 | Type::Int64 | Type::IntOrString, Value::Float(f)) if whole(*f).is_some() => Ok(whole(*f)),
        (Type::Quantity, _) => quantity(value),
        (Type::Bytes, Value::Str(text)) => bytes(text, words),
        (Type::Time | Type::MicroTime, Value::Str(text)) => time::decode(ty, text).map_err(Wrong::Text),
        (Type::Time | Type::MicroTime, _) => Err(Wrong::Type { given: given(value), target: Some("string") }),
        (Type::IntOrString, _) => Err(Wrong::Type { given: number(value), target: Some("int32") }),
        _ if words == Words::Converter => Err(Wrong::Text(converter(ty, value))),
        (Type::Int32 | Type::Int64, Value::Int(_) | Value::Float(_)) => Err(Wrong::Type { given: number(value), target: None }),
        _ => Err(Wrong::Type { given: given(value), target: None }),
    }
}

/// `2.0` for a whole number is `2`; YAML turned into JSON reads so.
fn whole(f: f64) -> Changed {
    let fits = f == f.trunc() && f.abs() < 2_147_483_648.0;
    fits.then_some(Value::Int(f as i64))
}

fn quantity(value: &Value) -> Result<Changed, Wrong> {
    let text = match value {
        Value::Str(text) => text.to_string(),
        other => other.to_json(),
    };
    let canonical = Quantity::canonical(&text).map_err(|wrong| Wrong::Text(wrong.to_string()))?;
    Ok(if value.as_str() == Some(&canonical) { None } else { Some(canonical.into_value()) })
}

fn bytes(text: &str, words: Words) -> Result<Changed, Wrong> {
    let prefix = if words == Words::Converter { "error decoding from json: " } else { "" };
    match base64_decode(text) {
        Ok(bytes) if text.contains(['\n', '\r']) => Ok(Some(base::base64_encode(&bytes).into_value())),
        Ok(_) => Ok(None),
        Err(at) => Err(Wrong::Text(format!("{prefix}illegal base64 data at input byte {at}"))),
    }
}

/// What Go's JSON decoder calls a value.
fn given(value: &Value) -> String {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::Float(_) => "number",
        Value::Str(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
    }
    .to_string()
}

/// As `given`, with the number itself: it is one, but does not fit.
fn number(value: &Value) -> String {
    match value {
        Value::Int(i) => format!("number {i}"),
        Value::Float(f) => format!("number {}", float_text(*f, FloatStyle::Json)),
        _ => given(value),
    }
}

/// The words of the converter from unstructured objects.
fn converter(ty: &Type, value: &Value) -> String {
    let kind = match value {
        Value::Null => "invalid",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::Str(_) => "string",
        Value::List(_) => "slice",
        Value::Map(_) => "map",
    };
    match ty {
        Type::List(_) | Type::Bytes => format!("cannot restore slice from {kind}"),
        Type::Map(_) | Type::Object => format!("cannot restore map from {kind}"),
        Type::Struct(_) => format!("cannot restore struct from: {kind}"),
        other => format!("unrecognized type: {}", go_type(other)),
    }
}

/// The Go type of what is no struct, list or map.
pub(super) fn go_type(ty: &Type) -> &'static str {
    match ty {
        Type::Str => "string",
        Type::Bytes => "[]uint8",
        Type::Bool => "bool",
        Type::Int32 => "int32",
        Type::Int64 => "int64",
        Type::Double => "float64",
        Type::Quantity => "resource.Quantity",
        Type::IntOrString => "intstr.IntOrString",
        Type::Time => "v1.Time",
        Type::MicroTime => "v1.MicroTime",
        Type::Any => "v1.JSON",
        Type::Object | Type::Map(_) => "map[string]interface {}",
        Type::List(_) => "[]interface {}",
        Type::Struct(_) => "struct",
    }
}
