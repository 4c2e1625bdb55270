//! Checks that several kinds share: selectors, ports, numbers or percentages, addresses.
//! Models k8s.io/apimachinery/pkg/apis/meta/v1/validation and pkg/apis/core/validation.

use super::meta;
use crate::field::{Errors, Path};
use base::{names, parse_ip};
use value::Value;

/// A LabelSelector.
pub fn label_selector(selector: &Value, path: &Path, errors: &mut Errors) {
    meta::labels(&selector["matchLabels"], &path.child("matchLabels"), errors);
    let list = path.child("matchExpressions");
    for (i, expression) in selector["matchExpressions"].items().iter().enumerate() {
        requirement(expression, &list.index(i), errors);
        let values = list.index(i);
        let values = values.child("values");
        for (v, value) in expression["values"].items().iter().enumerate() {
            errors.complaints(&values.index(v), value.s(), names::label_value(value.s()));
        }
    }
}

/// `key`, `operator` and whether there are `values`, as in label and node selectors.
pub fn requirement(expression: &Value, path: &Path, errors: &mut Errors) {
    let values = expression["values"].items();
    let at = path.child("values");
    match expression["operator"].s() {
        "In" | "NotIn" if values.is_empty() => errors.required(&at, "must be specified when `operator` is 'In' or 'NotIn'"),
        "In" | "NotIn" => {}
        "Exists" | "DoesNotExist" if !values.is_empty() => {
            errors.forbidden(&at, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
        }
        "Exists" | "DoesNotExist" => {}
        other => errors.invalid(&path.child("operator"), other, "not a valid selector operator"),
    }
    label_name(&expression["key"], &path.child("key"), errors);
}

/// A label key standing alone.
pub fn label_name(key: &Value, path: &Path, errors: &mut Errors) {
    errors.complaints(path, key.s(), names::qualified_name(key.s()));
}

/// A number of a field that may be missing but not be negative.
pub fn non_negative(object: &Value, field: &str, path: &Path, errors: &mut Errors) {
    if let Some(number) = object[field].as_i64() {
        errors.non_negative(&path.child(field), number);
    }
}

/// One of the allowed words; a missing one is required.
pub fn word(object: &Value, field: &str, allowed: &[&str], path: &Path, errors: &mut Errors) {
    let word = object[field].s();
    if word.is_empty() {
        errors.required(&path.child(field), "");
    } else if !allowed.contains(&word) {
        errors.unsupported(&path.child(field), word, allowed);
    }
}

/// One of the allowed words, if it is there at all.
pub fn optional_word(object: &Value, field: &str, allowed: &[&str], path: &Path, errors: &mut Errors) {
    if !object[field].is_null() {
        let word = object[field].s();
        if !allowed.contains(&word) {
            errors.unsupported(&path.child(field), word, allowed);
        }
    }
}

/// A port number, or the name of one.
pub fn port_or_name(port: &Value, path: &Path, errors: &mut Errors) {
    match port {
        Value::Str(name) => errors.complaints(path, name, names::port_name(name)),
        other => port_number(other.as_i64().unwrap_or(0), path, errors),
    }
}

pub fn port_number(port: i64, path: &Path, errors: &mut Errors) {
    for complaint in names::port_number(port) {
        errors.invalid(path, port, &complaint);
    }
}

/// A whole number of at least 0, or a percentage.
pub fn number_or_percent(value: &Value, path: &Path, errors: &mut Errors) {
    match value {
        Value::Str(text) => errors.complaints(path, text, names::percent(text)),
        Value::Int(number) => errors.non_negative(path, *number),
        _ => {}
    }
}

pub fn at_most_100_percent(value: &Value, path: &Path, errors: &mut Errors) {
    let percent = value.as_str().and_then(|t| t.strip_suffix('%')).and_then(|t| t.parse::<i64>().ok());
    if percent.is_some_and(|p| p > 100) {
        errors.invalid(path, value, "must not be greater than 100%");
    }
}

/// The number that a percentage or number stands for, as far as being zero matters.
pub fn is_zero(value: &Value) -> bool {
    match value {
        Value::Str(text) => text.trim_end_matches('%').parse::<i64>().is_ok_and(|n| n == 0),
        other => other.as_i64().unwrap_or(0) == 0,
    }
}

/// An address of any family.
pub fn address(value: &Value, path: &Path, errors: &mut Errors) {
    errors.complaints(path, value.s(), names::ip(value.s()));
}

/// An address that a service or an endpoint may really have. Models ValidateEndpointIP.
pub fn plain_address(value: &Value, path: &Path, errors: &mut Errors) {
    let Some(ip) = parse_ip(value.s()) else {
        return errors.invalid(path, value, "must be a valid IP address");
    };
    if ip.is_unspecified() {
        errors.invalid(path, value, "may not be unspecified (0.0.0.0 or ::)");
    }
    if ip.is_loopback() {
        errors.invalid(path, value, "may not be in the loopback range (127.0.0.0/8, ::1/128)");
    }
    let (local, local_multicast) = match ip {
        std::net::IpAddr::V4(v4) => (v4.is_link_local(), v4.octets()[..3] == [224, 0, 0]),
        std::net::IpAddr::V6(v6) => (v6.segments()[0] & 0xffc0 == 0xfe80, v6.segments()[0] == 0xff02),
    };
    if local {
        errors.invalid(path, value, "may not be in the link-local range (169.254.0.0/16, fe80::/10)");
    }
    if local_multicast {
        errors.invalid(path, value, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)");
    }
}

/// A field that may not change.
pub fn immutable(new: &Value, old: &Value, path: &Path, errors: &mut Errors) {
    if new != old {
        errors.immutable(path, new);
    }
}
