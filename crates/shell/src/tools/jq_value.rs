//! jq's values: their order, arithmetic, paths, formats and the functions of one input.

use crate::regex::Regex;
use crate::tools::jq_run::{Key, Run, Stop, VALUES, wrong};
use base::Text;
use std::cmp::Ordering;
use value::{Map, Value};

pub(crate) fn type_of(value: &Value) -> &'static str {
    if matches!(value, Value::Int(_)) { "number" } else { value.type_name() }
}

pub(crate) fn truth(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(false))
}

pub(crate) fn float(number: f64) -> Value {
    if number == number.trunc() && number.abs() < 9e15 { Value::Int(number as i64) } else { Value::Float(number) }
}

/// jq's order of all values.
pub(crate) fn order(a: &Value, b: &Value) -> Ordering {
    let rank = |value: &Value| match value {
        Value::Null => 0,
        Value::Bool(false) => 1,
        Value::Bool(true) => 2,
        Value::Int(_) | Value::Float(_) => 3,
        Value::Str(_) => 4,
        Value::List(_) => 5,
        Value::Map(_) => 6,
    };
    rank(a).cmp(&rank(b)).then_with(|| match (a, b) {
        (Value::Str(a), Value::Str(b)) => a.cmp(b),
        (Value::List(a), Value::List(b)) => {
            a.iter().zip(b.iter()).map(|(a, b)| order(a, b)).find(|order| order.is_ne()).unwrap_or(a.len().cmp(&b.len()))
        }
        (Value::Map(a), Value::Map(b)) => a.keys().cmp(b.keys()).then_with(|| {
            a.iter().zip(b.iter()).map(|(a, b)| order(a.1, b.1)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        }),
        _ => a.as_f64().unwrap_or(0.0).total_cmp(&b.as_f64().unwrap_or(0.0)),
    })
}

pub(crate) fn list(values: impl IntoIterator<Item = Value>) -> Value {
    Value::List(values.into_iter().collect())
}
pub(crate) fn string(text: impl AsRef<str>) -> Value {
    Value::Str(Text::from(text.as_ref()))
}

/// A short form of a value for messages.
pub(crate) fn shown(value: &Value) -> String {
    let text = value.to_json();
    if text.len() > 11 { format!("{}...", text.chars().take(10).collect::<String>()) } else { text }
}

pub(crate) fn index(of: &Value, key: &Value) -> Run<Value> {
    match (of, key) {
        (Value::Null, Value::Str(_) | Value::Int(_) | Value::Null) => Ok(Value::Null),
        (Value::Map(map), Value::Str(name)) => Ok(map.get(name).cloned().unwrap_or_default()),
        (Value::List(items), Value::Int(at)) => {
            let at = if *at < 0 { items.len() as i64 + at } else { *at };
            Ok(usize::try_from(at).ok().and_then(|at| items.as_slice().get(at)).cloned().unwrap_or_default())
        }
        (Value::List(_), Value::Str(name)) => wrong(format!("Cannot index array with string \"{name}\"")),
        (of, Value::Str(name)) => wrong(format!("Cannot index {} with \"{name}\"", type_of(of))),
        (of, key) => wrong(format!("Cannot index {} with {}", type_of(of), type_of(key))),
    }
}

pub(crate) fn iterate(value: &Value) -> Run<Vec<Value>> {
    match value {
        Value::List(items) => Ok(items.as_slice().to_vec()),
        Value::Map(map) => Ok(map.iter().map(|(_, value)| value.clone()).collect()),
        Value::Null => wrong("Cannot iterate over null (null)"),
        other => wrong(format!("Cannot iterate over {} ({})", type_of(other), shown(other))),
    }
}

pub(crate) fn get(value: &Value, path: &[Key]) -> Value {
    let mut here = value;
    for key in path {
        here = match key {
            Key::Field(name) => &here[name.as_str()],
            Key::Index(at) => {
                let at = if *at < 0 { here.items().len() as i64 + at } else { *at };
                &here[usize::try_from(at).unwrap_or(usize::MAX)]
            }
        };
    }
    here.clone()
}

pub(crate) fn set(value: &mut Value, path: &[Key], new: Value) -> Run<()> {
    let Some((key, rest)) = path.split_first() else {
        *value = new;
        return Ok(());
    };
    match key {
        Key::Field(name) => {
            if !matches!(value, Value::Map(_) | Value::Null) {
                return wrong(format!("Cannot index {} with \"{name}\"", type_of(value)));
            }
            set(value.as_map_mut().entry(name), rest, new)
        }
        Key::Index(at) => {
            if !matches!(value, Value::List(_) | Value::Null) {
                return wrong(format!("Cannot index {} with number", type_of(value)));
            }
            let items = value.as_list_mut();
            let at = if *at < 0 { items.len() as i64 + at } else { *at };
            let at = usize::try_from(at)
                .ok()
                .filter(|at| *at < 100_000)
                .ok_or_else(|| Stop::Wrong("Out of bounds negative array index".into()))?;
            if items.len() <= at {
                items.resize(at + 1, Value::Null);
            }
            set(&mut items[at], rest, new)
        }
    }
}

pub(crate) fn remove(value: &mut Value, path: &[Key]) {
    let Some((last, parents)) = path.split_last() else {
        *value = Value::Null;
        return;
    };
    let mut parent = get(value, parents);
    match (&mut parent, last) {
        (Value::Map(map), Key::Field(name)) => _ = map.remove(name),
        (Value::List(items), Key::Index(at)) => {
            let at = if *at < 0 { items.len() as i64 + at } else { *at };
            if let Some(at) = usize::try_from(at).ok().filter(|at| *at < items.len()) {
                items.to_mut().remove(at);
            }
        }
        _ => return,
    }
    let _ = set(value, parents, parent);
}

pub(crate) fn operate(operator: &str, a: &Value, b: &Value) -> Run<Value> {
    let compared = |truth: fn(Ordering) -> bool| Ok(Value::Bool(truth(order(a, b))));
    match operator {
        "==" => return compared(Ordering::is_eq),
        "!=" => return compared(Ordering::is_ne),
        "<" => return compared(Ordering::is_lt),
        "<=" => return compared(Ordering::is_le),
        ">" => return compared(Ordering::is_gt),
        ">=" => return compared(Ordering::is_ge),
        _ => {}
    }
    if let (Value::Int(x), Value::Int(y)) = (a, b) {
        let exact = match operator {
            "+" => x.checked_add(*y),
            "-" => x.checked_sub(*y),
            "*" => x.checked_mul(*y),
            "%" if *y != 0 => x.checked_rem(*y),
            _ => None,
        };
        if let Some(exact) = exact {
            return Ok(Value::Int(exact));
        }
    }
    Ok(match (operator, a, b) {
        ("+", Value::Null, other) | ("+", other, Value::Null) => other.clone(),
        ("+", Value::Str(x), Value::Str(y)) => {
            if x.len() + y.len() > 1 << 20 {
                return wrong("out of memory");
            }
            string(format!("{x}{y}"))
        }
        ("+", Value::List(x), Value::List(y)) => {
            if x.len() + y.len() > VALUES {
                return wrong("out of memory");
            }
            list(x.iter().chain(y.iter()).cloned())
        }
        ("+", Value::Map(x), Value::Map(y)) => {
            let mut out = x.clone();
            y.iter().for_each(|(key, value)| _ = out.insert(key, value.clone()));
            Value::Map(out)
        }
        ("-", Value::List(x), Value::List(y)) => list(x.iter().filter(|item| !y.iter().any(|other| other == *item)).cloned()),
        ("*", Value::Map(x), Value::Map(y)) => Value::Map(merged(x, y, 0)),
        ("*", Value::Str(text), times) if times.as_i64().is_some() => {
            let times = times.as_i64().unwrap_or(0).clamp(0, 100_000) as usize;
            if times * text.len() > 1 << 20 {
                return wrong("out of memory");
            }
            if times == 0 { Value::Null } else { string(text.repeat(times)) }
        }
        ("/", Value::Str(text), Value::Str(by)) => list(pieces(text, by)),
        _ => return numbers(operator, a, b),
    })
}

fn numbers(operator: &str, a: &Value, b: &Value) -> Run<Value> {
    match (a.as_f64(), b.as_f64()) {
        (Some(_), Some(y)) if matches!(operator, "/" | "%") && y == 0.0 => {
            wrong(format!("number ({}) and number ({}) cannot be divided because the divisor is zero", shown(a), shown(b)))
        }
        (Some(x), Some(y)) => Ok(float(match operator {
            "+" => x + y,
            "-" => x - y,
            "*" => x * y,
            "/" => x / y,
            _ => x.trunc() % y.trunc(),
        })),
        _ => {
            let verb = match operator {
                "+" => "added",
                "-" => "subtracted",
                "*" => "multiplied",
                _ => "divided",
            };
            wrong(format!("{} ({}) and {} ({}) cannot be {verb}", type_of(a), shown(a), type_of(b), shown(b)))
        }
    }
}

fn merged(a: &Map, b: &Map, depth: u32) -> Map {
    let mut out = a.clone();
    for (key, value) in b.iter() {
        let both = (out.get(key), value);
        let new = match both {
            (Some(Value::Map(old)), Value::Map(new)) if depth < 100 => Value::Map(merged(old, new, depth + 1)),
            _ => value.clone(),
        };
        out.insert(key, new);
    }
    out
}

fn pieces(text: &str, by: &str) -> Vec<Value> {
    if text.is_empty() {
        return Vec::new();
    }
    if by.is_empty() {
        return text.chars().map(|c| string(c.to_string())).collect();
    }
    text.split(by).map(string).collect()
}

/// `@base64` and the others; `text` is `tostring`.
pub(crate) fn formatted(name: &str, value: &Value) -> Run<Value> {
    let text = value.as_str().map_or_else(|| value.to_json(), String::from);
    let cells = |quote: &dyn Fn(&str) -> String| {
        let cell = |value: &Value| match value {
            Value::Str(text) => quote(text),
            Value::Null => String::new(),
            other => other.to_json(),
        };
        value.items().iter().map(cell).collect::<Vec<_>>()
    };
    Ok(string(match name {
        "text" => text,
        "json" => value.to_json(),
        "base64" => base::base64_encode(text.as_bytes()),
        "base64d" => match base::base64_decode(&text) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(_) => return wrong(format!("{} ({}) is not valid base64 data", type_of(value), shown(value))),
        },
        "csv" => cells(&|text| format!("\"{}\"", text.replace('"', "\"\""))).join(","),
        "tsv" => cells(&|text| text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n")).join("\t"),
        "sh" if matches!(value, Value::List(_)) => cells(&|text| format!("'{}'", text.replace('\'', "'\\''"))).join(" "),
        "sh" => format!("'{}'", text.replace('\'', "'\\''")),
        "html" => {
            text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
        }
        "uri" => text
            .bytes()
            .map(|byte| {
                if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            })
            .collect(),
        _ => return wrong(format!("{name} is not a valid format")),
    }))
}

/// Functions of the input and plain arguments.
pub(crate) fn plain(name: &str, input: &Value, args: &[Value]) -> Run<Value> {
    match args.len() {
        0 => plain_0(name, input),
        _ => plain_1(name, input, args),
    }
}

fn plain_0(name: &str, input: &Value) -> Run<Value> {
    let sorted = || -> Run<Vec<Value>> {
        let Value::List(items) = input else {
            return wrong(format!("{} ({}) cannot be sorted, as it is not an array", type_of(input), shown(input)));
        };
        let mut items = items.as_slice().to_vec();
        crate::table::sort_by(&mut items, order);
        Ok(items)
    };
    Ok(match name {
        "length" => match input {
            Value::Null => Value::Int(0),
            Value::Str(text) => Value::Int(text.chars().count() as i64),
            Value::List(items) => Value::Int(items.len() as i64),
            Value::Map(map) => Value::Int(map.len() as i64),
            Value::Bool(_) => return wrong(format!("boolean ({}) has no length", shown(input))),
            other => float(other.as_f64().unwrap_or(0.0).abs()),
        },
        "keys" | "keys_unsorted" => match input {
            Value::Map(map) => list(map.keys().cloned().map(Value::Str)),
            Value::List(items) => list((0..items.len() as i64).map(Value::Int)),
            other => return wrong(format!("{} ({}) has no keys", type_of(other), shown(other))),
        },
        "type" => string(type_of(input)),
        "add" => {
            let mut sum = Value::Null;
            for value in iterate(input)? {
                sum = operate("+", &sum, &value)?;
            }
            sum
        }
        "any" => Value::Bool(iterate(input)?.iter().any(truth)),
        "all" => Value::Bool(iterate(input)?.iter().all(truth)),
        "first" => input[0].clone(),
        "last" => input.items().last().cloned().unwrap_or_default(),
        "sort" => list(sorted()?),
        "unique" => {
            let mut items = sorted()?;
            items.dedup();
            list(items)
        }
        "min" => sorted()?.into_iter().next().unwrap_or_default(),
        "max" => sorted()?.pop().unwrap_or_default(),
        "reverse" => match input {
            Value::Str(text) => string(text.chars().rev().collect::<String>()),
            other => list(other.items().iter().rev().cloned()),
        },
        "flatten" => {
            let mut out = Vec::new();
            flatten(input, 0, &mut out);
            list(out)
        }
        "to_entries" | "from_entries" | "tostring" | "tojson" | "fromjson" | "tonumber" => return converted(name, input),
        "ascii_downcase" => string(input.s().to_ascii_lowercase()),
        "ascii_upcase" => string(input.s().to_ascii_uppercase()),
        "floor" => float(input.as_f64().unwrap_or(0.0).floor()),
        "ceil" => float(input.as_f64().unwrap_or(0.0).ceil()),
        "round" => float(input.as_f64().unwrap_or(0.0).round()),
        "trim" => string(input.s().trim()),
        "env" => Value::map(),
        "now" => Value::Int(0),
        _ => return wrong(format!("{name}/0 is not defined")),
    })
}

fn converted(name: &str, input: &Value) -> Run<Value> {
    Ok(match name {
        "to_entries" => {
            let Value::Map(map) = input else { return wrong(format!("{} ({}) has no keys", type_of(input), shown(input))) };
            list(map.iter().map(|(key, value)| {
                Value::Map(
                    [(base::text!("key"), Value::Str(key.clone())), (base::text!("value"), value.clone())].into_iter().collect(),
                )
            }))
        }
        "from_entries" => {
            let mut out = Map::default();
            for entry in iterate(input)? {
                let key = ["key", "k", "name", "Name"]
                    .iter()
                    .map(|name| entry[*name].clone())
                    .find(|key| !key.is_null())
                    .unwrap_or_default();
                let value =
                    ["value", "v"].iter().map(|name| entry[*name].clone()).find(|value| !value.is_null()).unwrap_or_default();
                out.insert(formatted("text", &key)?.s(), value);
            }
            Value::Map(out)
        }
        "tostring" => formatted("text", input)?,
        "tojson" => string(input.to_json()),
        "fromjson" => Value::from_json(input.s())
            .map_err(|error| Stop::Wrong(format!("{} (while parsing '{}')", error.message, input.s())))?,
        "tonumber" => match input {
            Value::Str(text) => match Value::from_json(text) {
                Ok(number @ (Value::Int(_) | Value::Float(_))) => number,
                _ => return wrong(format!("Cannot parse '{text}' as JSON")),
            },
            Value::Int(_) | Value::Float(_) => input.clone(),
            other => return wrong(format!("{} ({}) cannot be parsed as a number", type_of(other), shown(other))),
        },
        _ => return wrong(format!("{name}/0 is not defined")),
    })
}

fn plain_1(name: &str, input: &Value, args: &[Value]) -> Run<Value> {
    let arg = &args[0];
    Ok(match name {
        "has" => match (input, arg) {
            (Value::Map(map), Value::Str(key)) => Value::Bool(map.contains(key)),
            (Value::List(items), Value::Int(at)) => Value::Bool(*at >= 0 && *at < items.len() as i64),
            _ => return wrong(format!("Cannot check whether {} has a {} key", type_of(input), type_of(arg))),
        },
        "in" => plain_1("has", arg, std::slice::from_ref(input))?,
        "join" => {
            let mut out = String::new();
            for (nth, value) in iterate(input)?.iter().enumerate() {
                if nth > 0 {
                    out += arg.s();
                }
                if !value.is_null() {
                    out += formatted("text", value)?.s();
                }
            }
            string(out)
        }
        "split" => list(pieces(input.s(), arg.s())),
        "startswith" => Value::Bool(input.s().starts_with(arg.s())),
        "endswith" => Value::Bool(input.s().ends_with(arg.s())),
        "ltrimstr" => string(input.s().strip_prefix(arg.s()).unwrap_or(input.s())),
        "rtrimstr" => string(input.s().strip_suffix(arg.s()).unwrap_or(input.s())),
        "test" => {
            let flags = args.get(1).map_or("", Value::s);
            let regex = Regex::new(arg.s(), true, flags.contains('i')).map_err(|words| Stop::Wrong(words.into()))?;
            Value::Bool(regex.is_match(input.s().as_bytes()))
        }
        "sub" | "gsub" => {
            let regex = Regex::new(arg.s(), true, false).map_err(|words| Stop::Wrong(words.into()))?;
            let (text, with) = (input.s(), args.get(1).map_or("", Value::s));
            let (mut out, mut at) = (String::new(), 0);
            while let Some(found) = regex.find(text.as_bytes(), at).filter(|found| found.end > found.start) {
                out = out + &text[at..found.start] + with;
                at = found.end;
                if name == "sub" || out.len() > 1 << 20 {
                    break;
                }
            }
            string(out + &text[at..])
        }
        "contains" => Value::Bool(contains(input, arg, 0)),
        "inside" => Value::Bool(contains(arg, input, 0)),
        "index" => input.s().find(arg.s()).map_or(Value::Null, |at| Value::Int(input.s()[..at].chars().count() as i64)),
        "flatten" => plain_0("flatten", input)?,
        "getpath" => {
            let path: Vec<Key> =
                arg.items().iter().map(|key| key.as_i64().map_or_else(|| Key::Field(key.text()), Key::Index)).collect();
            get(input, &path)
        }
        "tojson" | "tostring" => plain_0(name, input)?,
        _ => return wrong(format!("{name}/{} is not defined", args.len())),
    })
}

fn flatten(value: &Value, depth: u32, out: &mut Vec<Value>) {
    for item in value.items() {
        match item {
            Value::List(_) if depth < 100 => flatten(item, depth + 1, out),
            other => out.push(other.clone()),
        }
    }
}

fn contains(a: &Value, b: &Value, depth: u32) -> bool {
    match (a, b) {
        _ if depth > 100 => false,
        (Value::Str(a), Value::Str(b)) => a.contains(b.as_str()),
        (Value::List(a), Value::List(b)) => b.iter().all(|b| a.iter().any(|a| contains(a, b, depth + 1))),
        (Value::Map(a), Value::Map(b)) => b.iter().all(|(key, b)| a.get(key).is_some_and(|a| contains(a, b, depth + 1))),
        _ => a == b,
    }
}
