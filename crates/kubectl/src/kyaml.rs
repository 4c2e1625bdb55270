//! `-o kyaml`: YAML in the form of JSON with plain keys and trailing commas. Models sigs.k8s.io/yaml/kyaml.

use value::yaml;
use value::{Map, Value};

/// A document with its `---` line.
pub(crate) fn document(object: &Value) -> String {
    let mut out = "---\n".to_string();
    write(object, 0, &mut out);
    out.push('\n');
    out
}

fn write(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Map(map) if !map.is_empty() => fields(map, depth, out),
        Value::List(items) if !items.is_empty() => {
            let cuddled = items.iter().all(|item| matches!(item, Value::Map(map) if !map.is_empty()));
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if cuddled {
                    out.push_str(if at > 0 { ", " } else { "" });
                    write(item, depth, out);
                } else {
                    line(depth + 1, out);
                    write(item, depth + 1, out);
                    out.push(',');
                }
            }
            if !cuddled {
                line(depth, out);
            }
            out.push(']');
        }
        Value::Str(text) if text.contains('\n') => block(text, depth, out),
        other => out.push_str(&other.to_json()),
    }
}

fn fields(map: &Map, depth: usize, out: &mut String) {
    out.push('{');
    for (key, value) in map.iter() {
        line(depth + 1, out);
        let plain =
            key.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b)) && yaml::value(key) == Ok(Value::str(key));
        out.push_str(&if plain { key.to_string() } else { Value::str(key).to_json() });
        out.push_str(": ");
        write(value, depth + 1, out);
        out.push(',');
    }
    line(depth, out);
    out.push('}');
}

/// A text of several lines: one a line, joined by escaped line ends.
fn block(text: &str, depth: usize, out: &mut String) {
    out.push_str("\"\\");
    for part in text.split_inclusive('\n') {
        line(depth + 1, out);
        let quoted = Value::str(part).to_json();
        out.push(' ');
        out.push_str(&quoted[1..quoted.len() - 1]);
        out.push('\\');
    }
    line(depth + 1, out);
    out.push('"');
}

fn line(depth: usize, out: &mut String) {
    out.push('\n');
    (0..depth).for_each(|_| out.push_str("  "));
}
