//! How Go prints values: floats in JSON, YAML and text, `%v` and `%#v` dumps. Error texts and columns of Kubernetes hold them.

use crate::Value;

/// Which of Go's rules decides between `1000000` and `1e+06`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FloatStyle {
    /// encoding/json: exponents from 1e21 and below 1e-6, without a leading zero.
    Json,
    /// strconv 'g', in YAML and `%v`: exponents from 1e6 and below 1e-4, two digits at least.
    Text,
}

/// The shortest decimal digits that read back as `f`, in Go's form.
pub fn float_text(f: f64, style: FloatStyle) -> String {
    if !f.is_finite() {
        return if f.is_nan() {
            "NaN"
        } else if f > 0.0 {
            "+Inf"
        } else {
            "-Inf"
        }
        .into();
    }
    let text = format!("{f:e}");
    let Some((mantissa, exponent)) = text.split_once('e') else { return text };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (low, high) = match style {
        FloatStyle::Json => (-6, 21),
        FloatStyle::Text => (-4, 6),
    };
    if f == 0.0 || (low..high).contains(&exponent) {
        return format!("{f}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    let width = if style == FloatStyle::Json && exponent < 0 { 1 } else { 2 };
    format!("{mantissa}e{sign}{:0width$}", exponent.abs())
}

impl Value {
    /// As Go's `%v` prints it: `map[a:1 b:[x y]]`.
    pub fn to_go_text(&self) -> String {
        let mut out = String::new();
        go_text(self, &mut out);
        out
    }
    /// As Go's `%#v` prints it: `map[string]interface {}{"a":1}`.
    pub fn to_go_syntax(&self) -> String {
        let mut out = String::new();
        go_syntax(self, "map[string]interface {}", &mut out);
        out
    }
    /// The Go type that an unstructured object holds for this value.
    pub fn go_type(&self) -> &'static str {
        match self {
            Value::Null => "<nil>",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int64",
            Value::Float(_) => "float64",
            Value::Str(_) => "string",
            Value::List(_) => "[]interface {}",
            Value::Map(_) => "map[string]interface {}",
        }
    }
}

fn go_text(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("<nil>"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Int(i) => out.push_str(&i.to_string()),
        Value::Float(f) => out.push_str(&float_text(*f, FloatStyle::Text)),
        Value::Str(s) => out.push_str(s),
        Value::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(' ');
                }
                go_text(item, out);
            }
            out.push(']');
        }
        Value::Map(fields) => {
            out.push_str("map[");
            for (i, (key, field)) in fields.iter().enumerate() {
                if i > 0 {
                    out.push(' ');
                }
                out.push_str(key);
                out.push(':');
                go_text(field, out);
            }
            out.push(']');
        }
    }
}

pub(crate) fn go_syntax(value: &Value, map_type: &str, out: &mut String) {
    match value {
        Value::Null => out.push_str("interface {}(nil)"),
        Value::Str(s) => go_quote(s, out),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) => go_text(value, out),
        Value::List(items) => {
            out.push_str("[]interface {}{");
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                go_syntax(item, map_type, out);
            }
            out.push('}');
        }
        Value::Map(fields) => {
            out.push_str(map_type);
            out.push('{');
            for (i, (key, field)) in fields.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                go_quote(key, out);
                out.push(':');
                go_syntax(field, map_type, out);
            }
            out.push('}');
        }
    }
}

/// Go's strconv.Quote.
pub fn go_quote(s: &str, out: &mut String) {
    out.push('"');
    for c in s.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            c if c < ' ' || c == '\u{7f}' => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c if c.is_control() || matches!(c, '\u{a0}' | '\u{feff}' | '\u{2028}' | '\u{2029}') => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats() {
        for (f, json, text) in [
            (0.5, "0.5", "0.5"),
            (0.0, "0", "0"),
            (1e6, "1000000", "1e+06"),
            (1_234_567.5, "1234567.5", "1.2345675e+06"),
            (1e21, "1e+21", "1e+21"),
            (1e-7, "1e-7", "1e-07"),
            (0.00001, "0.00001", "1e-05"),
            (-2.5e30, "-2.5e+30", "-2.5e+30"),
        ] {
            assert_eq!(float_text(f, FloatStyle::Json), json);
            assert_eq!(float_text(f, FloatStyle::Text), text);
        }
    }

    #[test]
    fn dumps() {
        let v = obj! { "a" => 1, "b" => list!["x y", Value::Null], "c" => obj! {} };
        assert_eq!(v.to_go_text(), "map[a:1 b:[x y <nil>] c:map[]]");
        assert_eq!(
            v.to_go_syntax(),
            r#"map[string]interface {}{"a":1, "b":[]interface {}{"x y", interface {}(nil)}, "c":map[string]interface {}{}}"#
        );
    }
}
