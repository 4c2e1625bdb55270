//! `--sort-by`. Models k8s.io/kubectl/pkg/cmd/get sorter.

use crate::fail::{Fail, Run, Stop, plain};
use base::{Quantity, Time};
use std::cmp::Ordering;
use value::Value;
use value::jsonpath::{self, Template};

/// The order of objects by a field: positions, smallest first; objects without the field come before all others.
pub(crate) fn order(objects: &[Value], field: &str, now: Time) -> Run<Vec<usize>> {
    let mut positions: Vec<usize> = (0..objects.len()).collect();
    if objects.is_empty() {
        return Ok(positions);
    }
    let path = jsonpath::relaxed(field).or_else(plain)?;
    let template = Template::parse(&path).or_else(plain)?;
    let mut keys: Vec<Option<Value>> = Vec::new();
    for object in objects {
        keys.push(template.find(object).or_else(plain)?.into_iter().next());
    }
    if keys.iter().all(Option::is_none) {
        return plain(format!("couldn't find any field with path {path:?} in the list of objects"));
    }
    if let Some(bad) = keys.iter().flatten().find(|key| matches!(key, Value::Map(_) | Value::List(_))) {
        let (_, month, day, hour, minute, second) = now.civil();
        let words = format!(
            "F{month:02}{day:02} {hour:02}:{minute:02}:{second:02}.000000   12345 sorter.go:355] Field {path} in [][][]reflect.Value is an unsortable type: interface, err: unsortable type: {}",
            bad.go_type()
        );
        return Err(Stop::Fail(Fail::Raw(words)));
    }
    positions.sort_by(|a, b| match (&keys[*a], &keys[*b]) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (Some(a), Some(b)) => compare(a, b),
    });
    Ok(positions)
}

fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Str(a), Value::Str(b)) => match (Quantity::parse(a), Quantity::parse(b)) {
            (Ok(a), Ok(b)) => a.cmp(&b),
            _ => natural(a, b),
        },
        _ => a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Ordering::Equal),
    }
}

/// Digits in texts compare as numbers: `c2` comes before `c10`.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        match (a.chars().next(), b.chars().next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(x), Some(y)) if x.is_ascii_digit() && y.is_ascii_digit() => {
                let (x, rest_a) = digits(a);
                let (y, rest_b) = digits(b);
                let (short_x, short_y) = (x.trim_start_matches('0'), y.trim_start_matches('0'));
                let order = short_x.len().cmp(&short_y.len()).then(short_x.cmp(short_y)).then(x.len().cmp(&y.len()));
                if order != Ordering::Equal {
                    return order;
                }
                (a, b) = (rest_a, rest_b);
            }
            (Some(x), Some(y)) if x == y => (a, b) = (&a[x.len_utf8()..], &b[y.len_utf8()..]),
            (Some(x), Some(y)) => return x.cmp(&y),
        }
    }
}

fn digits(s: &str) -> (&str, &str) {
    s.split_at(s.bytes().position(|c| !c.is_ascii_digit()).unwrap_or(s.len()))
}
