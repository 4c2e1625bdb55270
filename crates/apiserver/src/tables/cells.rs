//! Cells that many tables share: names, ages, lists of containers, selectors.

use base::{Text, Time};
use model::Selector;
use value::Value;

pub const NONE: &str = "<none>";
pub const UNSET: &str = "<unset>";

pub fn name(object: &Value) -> Value {
    object["metadata"]["name"].clone()
}

/// The AGE cell.
pub fn age(object: &Value, now: Time) -> Value {
    text(&since(&object["metadata"]["creationTimestamp"], now))
}

/// The time since a timestamp, as people read it.
pub fn since(timestamp: &Value, now: Time) -> String {
    Time::parse(timestamp.s()).map_or_else(|| "<unknown>".into(), |time| (now - time).human())
}

pub fn text(s: &str) -> Value {
    Value::Str(Text::from(s))
}

/// The text, or `<none>`.
pub fn or_none(value: &Value) -> Value {
    if value.is_empty() { Value::str(NONE) } else { value.clone() }
}

pub fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or(0)
}

pub fn join(items: &[Value], separator: &str) -> String {
    items.iter().map(Value::s).collect::<Vec<_>>().join(separator)
}

/// `a=b,c=d` of a map of labels, or `<none>`.
pub fn labels(map: &Value) -> Value {
    if map.is_empty() {
        return Value::str(NONE);
    }
    text(&map.entries().iter().map(|(k, v)| format!("{k}={}", v.s())).collect::<Vec<_>>().join(","))
}

/// A LabelSelector as text; `<none>` when it selects nothing in particular.
pub fn selector(value: &Value) -> Value {
    if value.is_null() {
        return Value::str(NONE);
    }
    let shown = Selector::of(value).to_string();
    if shown.is_empty() { Value::str(NONE) } else { text(&shown) }
}

/// Names and images of the containers of a pod spec.
pub fn containers(spec: &Value) -> [Value; 2] {
    let list = |field: &str| spec["containers"].items().iter().map(|c| c[field].s()).collect::<Vec<_>>().join(",");
    [text(&list("name")), text(&list("image"))]
}

/// `RWO,ROX` of access modes, each once, in the order of printing.
pub fn access_modes(modes: &Value) -> Value {
    let has = |mode: &str| modes.items().iter().any(|m| m.s() == mode);
    let short = [("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP")];
    text(&short.iter().filter(|(mode, _)| has(mode)).map(|(_, s)| *s).collect::<Vec<_>>().join(","))
}

/// `True` or `False`, as booleans of pointers are printed.
pub fn truth(value: &Value) -> Value {
    Value::str(if value.is_true() { "True" } else { "False" })
}
