//! awk's values: numbers, texts, and texts from input that count as numbers if they look like one.

use crate::tools::printf::general;

#[derive(Clone, Debug)]
pub(crate) enum Value {
    Number(f64),
    Text(String),
    /// From input: a number if it looks like one.
    Input(String),
    Unset,
}

impl Value {
    pub(crate) fn number(&self) -> f64 {
        match self {
            Value::Number(number) => *number,
            Value::Text(text) | Value::Input(text) => leading(text),
            Value::Unset => 0.0,
        }
    }
    pub(crate) fn truth(&self) -> bool {
        match self {
            Value::Number(number) => *number != 0.0,
            Value::Text(text) => !text.is_empty(),
            Value::Input(text) => looks_numeric(text).map_or(!text.is_empty(), |number| number != 0.0),
            Value::Unset => false,
        }
    }
    pub(crate) fn as_number(&self) -> Option<f64> {
        match self {
            Value::Number(number) => Some(*number),
            Value::Text(_) => None,
            Value::Input(text) => looks_numeric(text),
            Value::Unset => Some(0.0),
        }
    }
    pub(crate) fn text(&self) -> String {
        match self {
            Value::Number(number) => show(*number),
            Value::Text(text) | Value::Input(text) => text.clone(),
            Value::Unset => String::new(),
        }
    }
}

fn show(number: f64) -> String {
    if number == number.trunc() && number.abs() < 1e16 { format!("{}", number as i64) } else { general(number, 6) }
}

pub(crate) fn looks_numeric(text: &str) -> Option<f64> {
    let text = text.trim();
    let plain = text.bytes().all(|c| c.is_ascii_digit() || b"+-.eE".contains(&c));
    if plain && !text.is_empty() { text.parse().ok() } else { None }
}

/// The number that a text begins with.
fn leading(text: &str) -> f64 {
    let text = text.trim_start();
    let mut end = 0;
    let bytes = text.as_bytes();
    let (mut dot, mut exponent) = (false, false);
    while let Some(byte) = bytes.get(end) {
        match byte {
            b'0'..=b'9' => {}
            b'+' | b'-' if end == 0 || matches!(bytes[end - 1], b'e' | b'E') => {}
            b'.' if !dot && !exponent => dot = true,
            b'e' | b'E'
                if !exponent && end > 0 && bytes.get(end + 1).is_some_and(|c| c.is_ascii_digit() || b"+-".contains(c)) =>
            {
                exponent = true
            }
            _ => break,
        }
        end += 1;
    }
    (0..=end).rev().find_map(|end| text[..end].parse().ok()).unwrap_or(0.0)
}
