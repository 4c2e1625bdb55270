//! The smaller kinds: config maps, secrets, namespaces, nodes, claims, events, leases, priority classes.

use super::common;
use super::meta;
use crate::field::{Errors, Path};
use base::{base64_decode, names};
use model::{Meta, Object};
use value::Value;

/// The most that a config map or secret may hold.
const MOST: usize = 1 << 20;

pub fn config_map(object: &Value, errors: &mut Errors) {
    let mut size = 0;
    let path = Path::root("data");
    for (key, value) in object["data"].entries() {
        errors.complaints(&path.key(key), key, names::config_map_key(key));
        if !object["binaryData"][key.as_str()].is_null() {
            errors.invalid(&path.key(key), key.as_str(), "duplicate of key present in binaryData");
        }
        size += value.s().len();
    }
    let path = Path::root("binaryData");
    for (key, value) in object["binaryData"].entries() {
        errors.complaints(&path.key(key), key, names::config_map_key(key));
        size += value.s().len() / 4 * 3;
    }
    if size > MOST {
        errors.too_long(&Path::root("[]"), MOST);
    }
}

/// An immutable one stays as it is, and stays immutable.
pub fn immutable_data(new: &Value, old: &Object, errors: &mut Errors) {
    if !old.value["immutable"].is_true() {
        return;
    }
    const WORDS: &str = "field is immutable when `immutable` is set";
    for field in ["immutable", "data", "binaryData"] {
        if new[field] != old.value[field] {
            errors.forbidden(&Path::root(field), WORDS);
        }
    }
}

/// The keys that a type of secret must have.
fn wanted_keys(kind: &str) -> &'static [&'static str] {
    match kind {
        "kubernetes.io/dockercfg" => &[".dockercfg"],
        "kubernetes.io/dockerconfigjson" => &[".dockerconfigjson"],
        "kubernetes.io/ssh-auth" => &["ssh-privatekey"],
        "kubernetes.io/tls" => &["tls.crt", "tls.key"],
        _ => &[],
    }
}

pub fn secret(object: &Value, errors: &mut Errors) {
    let (data, path) = (&object["data"], Path::root("data"));
    let mut size = 0;
    for (key, value) in data.entries() {
        errors.complaints(&path.key(key), key, names::config_map_key(key));
        size += value.s().len() / 4 * 3;
    }
    if size > MOST {
        errors.too_long(&path, MOST);
    }
    let kind = object["type"].s();
    match kind {
        "kubernetes.io/service-account-token" => {
            let metadata = Path::root("metadata");
            let annotations = metadata.child("annotations");
            const NAME: &str = "kubernetes.io/service-account.name";
            if object["metadata"]["annotations"][NAME].is_empty() {
                errors.required(&annotations.key(NAME), "");
            }
        }
        "kubernetes.io/basic-auth" if data["username"].is_null() && data["password"].is_null() => {
            errors.required(&path.key("username"), "");
            errors.required(&path.key("password"), "");
        }
        _ => {}
    }
    for key in wanted_keys(kind) {
        match data.get(key) {
            None => errors.required(&path.key(key), ""),
            Some(value) if key.starts_with('.') => json_key(value, &path.key(key), errors),
            Some(_) => {}
        }
    }
}

/// Registry logins are JSON. What is wrong with them is said without showing them.
fn json_key(value: &Value, path: &Path, errors: &mut Errors) {
    let bytes = base64_decode(value.s()).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    if let Err(error) = Value::from_json(&text) {
        errors.invalid(path, "<secret contents redacted>", &error.message);
    }
}

pub fn secret_update(new: &Value, old: &Object, errors: &mut Errors) {
    common::immutable(&new["type"], &old.value["type"], &Path::root("type"), errors);
    immutable_data(new, old, errors);
}

pub fn node(object: &Value, errors: &mut Errors) {
    let spec = Path::root("spec");
    let path = spec.child("taints");
    let list = object["spec"]["taints"].items();
    for (i, taint) in list.iter().enumerate() {
        let at = path.index(i);
        common::label_name(&taint["key"], &at.child("key"), errors);
        errors.complaints(&at.child("value"), taint["value"].s(), names::label_value(taint["value"].s()));
        common::word(taint, "effect", &["NoSchedule", "PreferNoSchedule", "NoExecute"], &at, errors);
        let same = |t: &Value| t["key"] == taint["key"] && t["effect"] == taint["effect"];
        if list[..i].iter().any(same) {
            errors.duplicate(&at, taint);
        }
    }
    let path = spec.child("podCIDRs");
    for (i, range) in object["spec"]["podCIDRs"].items().iter().enumerate() {
        errors.complaints(&path.index(i), range.s(), names::cidr(range.s()));
    }
}

/// Ranges and provider of a node are given once.
pub fn node_update(new: &Value, old: &Object, errors: &mut Errors) {
    let (to, from, spec) = (&new["spec"], old.spec(), Path::root("spec"));
    if !from["podCIDRs"].is_empty() && to["podCIDRs"] != from["podCIDRs"] {
        errors.forbidden(&spec.child("podCIDRs"), "node updates may not change podCIDR except from \"\" to valid");
    }
    if !from["providerID"].is_empty() && to["providerID"] != from["providerID"] {
        errors.forbidden(&spec.child("providerID"), "node updates may not change providerID except from \"\" to valid");
    }
}

pub fn event(object: &Value, errors: &mut Errors) {
    let about = &object["involvedObject"]["namespace"];
    let own = object["metadata"]["namespace"].s();
    let path = Path::root("involvedObject");
    let fits = about.s() == own || (about.is_empty() && own == "default");
    if !fits {
        errors.invalid(&path.child("namespace"), about.s(), "does not match event.namespace");
    }
}

pub fn lease(object: &Value, errors: &mut Errors) {
    let (spec, path) = (&object["spec"], Path::root("spec"));
    if let Some(seconds) = spec["leaseDurationSeconds"].as_i64()
        && seconds <= 0
    {
        errors.invalid(&path.child("leaseDurationSeconds"), seconds, "must be greater than 0");
    }
    common::non_negative(spec, "leaseTransitions", &path, errors);
}

pub fn priority_class(object: &Value, errors: &mut Errors) {
    let name = object["metadata"]["name"].s();
    let value = object["value"].as_i64().unwrap_or(0);
    if name.starts_with("system-") && !crate::admission::is_system_class(name) {
        let words = format!(
            "priority class names with 'system-' prefix are reserved for system use only. error: {name} is not a known system priority class"
        );
        errors.forbidden(&Path::root("metadata").child("name"), &words);
    } else if value > 1_000_000_000 && !crate::admission::is_system_class(name) {
        errors.forbidden(&Path::root("value"), "maximum allowed value of a user defined priority is 1000000000");
    }
    common::optional_word(object, "preemptionPolicy", &["PreemptLowerPriority", "Never"], &Path::root(""), errors);
}

pub fn priority_class_update(new: &Value, old: &Object, errors: &mut Errors) {
    for field in ["value", "preemptionPolicy"] {
        if new[field] != old.value[field] {
            errors.forbidden(&Path::root(field), "may not be changed in an update.");
        }
    }
}

/// Finalizers in the spec of a namespace.
pub fn namespace_update(new: &Value, _old: &Meta, errors: &mut Errors) {
    let spec = Path::root("spec");
    let path = spec.child("finalizers");
    for (i, finalizer) in new["spec"]["finalizers"].items().iter().enumerate() {
        let name = finalizer.s();
        meta::finalizer_name(name, &path, i, errors);
    }
}
