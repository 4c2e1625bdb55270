//! What an unquoted word means. Models resolve.go of go-yaml v2: YAML 1.1 booleans, octal and underscored numbers, no sexagesimals.

use crate::Value;

/// The value of an unquoted word; a word that means nothing else is a text.
pub fn resolve(word: &str) -> Option<Value> {
    match word {
        "" | "~" | "null" | "Null" | "NULL" => return Some(Value::Null),
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => return Some(Value::Bool(true)),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => return Some(Value::Bool(false)),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Some(Value::Float(f64::INFINITY)),
        "-.inf" | "-.Inf" | "-.INF" => return Some(Value::Float(f64::NEG_INFINITY)),
        ".nan" | ".NaN" | ".NAN" => return Some(Value::Float(f64::NAN)),
        _ => {}
    }
    match word.as_bytes()[0] {
        b'.' => float(word),
        b'0'..=b'9' | b'+' | b'-' if word.contains('_') => number(&word.replace('_', "")),
        b'0'..=b'9' | b'+' | b'-' => number(word),
        _ => None,
    }
}

/// True if the word can stand unquoted and still be read as a text by every YAML 1.1 reader.
pub fn is_text(word: &str) -> bool {
    resolve(word).is_none() && word != "<<" && word != "=" && !is_timestamp(word) && !is_sexagesimal(word)
}

fn number(word: &str) -> Option<Value> {
    let digits = word.strip_prefix(['+', '-']).unwrap_or(word);
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let Ok(size) = u128::from_str_radix(digits, radix) else { return float(word) };
    let signed = if word.starts_with('-') { -(size.min(1 << 100) as i128) } else { size.min(1 << 100) as i128 };
    if let Ok(int) = i64::try_from(signed) {
        return Some(Value::Int(int));
    }
    if let Ok(unsigned) = u64::try_from(signed)
        && !word.starts_with('+')
    {
        return Some(Value::Float(unsigned as f64));
    }
    float(word)
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn float(word: &str) -> Option<Value> {
    let unsigned = word.strip_prefix(['+', '-']).unwrap_or(word);
    let (number, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    if !is_digits(whole)
        || !is_digits(fraction)
        || !is_digits(exponent)
        || exponent.is_empty()
        || whole.len() + fraction.len() == 0
    {
        return None;
    }
    word.parse().ok().filter(|f: &f64| f.is_finite()).map(Value::Float)
}

fn is_digits(s: &str) -> bool {
    s.bytes().all(|b| b.is_ascii_digit())
}

/// A date, or a date and a time: quoted, lest other readers take it for one.
fn is_timestamp(word: &str) -> bool {
    let mut rest = word;
    let date = number_part(&mut rest, 4, 4).is_some()
        && eat(&mut rest, "-")
        && number_part(&mut rest, 1, 2).is_some_and(|n| (1..=12).contains(&n))
        && eat(&mut rest, "-")
        && number_part(&mut rest, 1, 2).is_some_and(|n| (1..=31).contains(&n));
    if !date || rest.is_empty() {
        return date;
    }
    let zoned = rest.starts_with(['T', 't']);
    if !zoned && !rest.starts_with(' ') {
        return false;
    }
    rest = &rest[1..];
    let time = number_part(&mut rest, 1, 2).is_some_and(|n| n < 24)
        && eat(&mut rest, ":")
        && number_part(&mut rest, 1, 2).is_some_and(|n| n < 60)
        && eat(&mut rest, ":")
        && number_part(&mut rest, 1, 2).is_some_and(|n| n < 60);
    if time && eat(&mut rest, ".") && number_part(&mut rest, 1, 30).is_none() {
        return false;
    }
    time && if zoned { is_zone(rest) } else { rest.is_empty() }
}

fn is_zone(zone: &str) -> bool {
    let mut rest = zone;
    zone == "Z"
        || (eat(&mut rest, "+") || eat(&mut rest, "-"))
            && number_part(&mut rest, 2, 2).is_some()
            && eat(&mut rest, ":")
            && number_part(&mut rest, 2, 2).is_some()
            && rest.is_empty()
}

fn eat(rest: &mut &str, prefix: &str) -> bool {
    rest.strip_prefix(prefix).map(|after| *rest = after).is_some()
}

fn number_part(rest: &mut &str, least: usize, most: usize) -> Option<u32> {
    let len = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if len < least {
        return None;
    }
    let (digits, after) = rest.split_at(len);
    *rest = after;
    Some(digits.bytes().fold(0, |n: u32, b| n.wrapping_mul(10).wrapping_add(u32::from(b - b'0'))))
}

/// `[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?`: YAML 1.1 numbers of base 60, such as `22:30`.
fn is_sexagesimal(word: &str) -> bool {
    let word = word.strip_prefix(['+', '-']).unwrap_or(word);
    let (word, fraction) = word.split_once('.').unwrap_or((word, ""));
    let mut parts = word.split(':');
    let first = parts.next().unwrap_or("");
    let underscored = |s: &str| s.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let sixty = |s: &str| matches!(s.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']);
    word.contains(':')
        && first.starts_with(|c: char| c.is_ascii_digit())
        && underscored(first)
        && underscored(fraction)
        && parts.all(sixty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        for (word, want) in [
            ("yes", Some(Value::Bool(true))),
            ("n", Some(Value::Bool(false))),
            ("~", Some(Value::Null)),
            ("12", Some(Value::Int(12))),
            ("-12", Some(Value::Int(-12))),
            ("+12", Some(Value::Int(12))),
            ("0755", Some(Value::Int(493))),
            ("0o17", Some(Value::Int(15))),
            ("0x1F", Some(Value::Int(31))),
            ("0b11", Some(Value::Int(3))),
            ("1_000", Some(Value::Int(1000))),
            ("08", Some(Value::Float(8.0))),
            ("1e3", Some(Value::Float(1000.0))),
            (".5", Some(Value::Float(0.5))),
            ("1.", Some(Value::Float(1.0))),
            ("-9223372036854775808", Some(Value::Int(i64::MIN))),
            ("9223372036854775808", Some(Value::Float(9_223_372_036_854_775_808.0))),
            ("1e999", None),
            (".", None),
            ("-", None),
            ("+", None),
            ("0x", None),
            ("--1", None),
            ("1.2.3", None),
            ("yEs", None),
            ("22:30", None),
            ("2024-01-02", None),
            ("1Gi", None),
            ("inf", None),
            ("0_", Some(Value::Int(0))),
            ("é", None),
        ] {
            assert_eq!(resolve(word), want, "{word}");
        }
    }

    #[test]
    fn what_needs_quotes() {
        for word in [
            "2024-01-02",
            "2024-1-2",
            "2024-01-02T03:04:05Z",
            "2024-01-02t03:04:05.5+01:00",
            "2024-01-02 03:04:05",
            "22:30",
            "190:20:30",
            "<<",
        ] {
            assert!(!is_text(word), "{word}");
        }
        for word in ["2024-13-02", "2024-01-02T03:04:05", "2024-01-02x", "a:b", "10.0.0.1:80", "22:70", "nginx:1.27", "1:2:x"] {
            assert!(is_text(word), "{word}");
        }
    }
}
