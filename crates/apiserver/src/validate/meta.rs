//! Validation of `metadata`, for creates and updates of every kind.
//! Models k8s.io/apimachinery/pkg/api/validation/objectmeta.go.

use crate::field::{Bad, Errors, Path};
use base::names;
use model::Meta;
use value::Value;

/// How a kind wants its objects named.
pub type NameRule = fn(&str) -> Vec<String>;

/// Names that only have to be a segment of a URL path (RBAC and the like).
pub fn path_segment(name: &str) -> Vec<String> {
    match name {
        "." => return vec!["may not be '.'".into()],
        ".." => return vec!["may not be '..'".into()],
        _ => {}
    }
    ["/", "%"].iter().filter(|bad| name.contains(**bad)).map(|bad| format!("may not contain '{bad}'")).collect()
}

/// The metadata of a new (or changed) object.
pub fn object_meta(object: &Value, namespaced: bool, rule: NameRule, errors: &mut Errors) {
    let (meta, root) = (&object["metadata"], Path::root("metadata"));
    let generate = meta["generateName"].s();
    if !generate.is_empty() {
        // A trailing dash is fine: a suffix will follow it.
        let masked = generate.strip_suffix('-').map(|head| format!("{head}a"));
        errors.complaints(&root.child("generateName"), generate, rule(masked.as_deref().unwrap_or(generate)));
    }
    let name = meta["name"].s();
    if name.is_empty() {
        errors.required(&root.child("name"), "name or generateName is required");
    } else {
        errors.complaints(&root.child("name"), name, rule(name));
    }
    namespace(meta, namespaced, &root, errors);
    if let Some(generation) = meta["generation"].as_i64() {
        errors.non_negative(&root.child("generation"), generation);
    }
    labels(&meta["labels"], &root.child("labels"), errors);
    annotations(&meta["annotations"], &root.child("annotations"), errors);
    owners(&meta["ownerReferences"], &root.child("ownerReferences"), errors);
    finalizers(&meta["finalizers"], &root.child("finalizers"), errors);
}

fn namespace(meta: &Value, namespaced: bool, root: &Path, errors: &mut Errors) {
    let (namespace, path) = (meta["namespace"].s(), root.child("namespace"));
    match (namespaced, namespace.is_empty()) {
        (true, true) => errors.required(&path, ""),
        (true, false) => errors.complaints(&path, namespace, names::dns1123_label(namespace)),
        (false, false) => errors.forbidden(&path, "not allowed on this type"),
        (false, true) => {}
    }
}

/// A map of labels.
pub fn labels(labels: &Value, path: &Path, errors: &mut Errors) {
    for (key, value) in labels.entries() {
        if !plain_key(key) {
            errors.complaints(path, key, names::qualified_name(key));
        }
        if !plain_value(value.s()) {
            errors.complaints(path, value.s(), names::label_value(value.s()));
        }
    }
}

/// A key that needs no closer look: short, letters, digits and inner dashes only. Almost every key is one.
fn plain_key(key: &str) -> bool {
    !key.is_empty() && plain_value(key)
}

fn plain_value(text: &str) -> bool {
    let edge = |b: Option<&u8>| b.is_none_or(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
}

pub fn annotations(annotations: &Value, path: &Path, errors: &mut Errors) {
    let mut size = 0;
    for (key, value) in annotations.entries() {
        if !plain_key(key) {
            errors.complaints(path, key, names::qualified_name(&key.to_ascii_lowercase()));
        }
        size += key.len() + value.s().len();
    }
    if size > 256 << 10 {
        errors.too_long(path, 256 << 10);
    }
}

fn owners(owners: &Value, path: &Path, errors: &mut Errors) {
    let mut controllers: Vec<String> = Vec::new();
    for owner in owners.items() {
        let version = owner["apiVersion"].s();
        if version.is_empty() {
            errors.invalid(&path.child("apiVersion"), version, "version must not be empty");
        }
        if owner["kind"].s().is_empty() {
            errors.invalid(&path.child("kind"), "", "must not be empty");
        }
        if owner["name"].s().is_empty() {
            errors.invalid(&path.child("name"), "", "must not be empty");
        }
        if owner["uid"].s().is_empty() {
            errors.invalid(&path.child("uid"), "", "must not be empty");
        }
        if owner["kind"].s() == "Event" && version == "v1" {
            errors.invalid(path, Bad::Raw(owner_json(owner)), "/v1, Kind=Event is disallowed from being an owner");
        }
        if owner["controller"].is_true() {
            controllers.push(format!("{}/{}", owner["kind"].s(), owner["name"].s()));
        }
    }
    for second in controllers.iter().skip(1) {
        let list = owners.items().iter().map(owner_json).collect::<Vec<_>>().join(",");
        let detail = format!(
            "Only one reference can have Controller set to true. Found \"true\" in references for {} and {second}",
            controllers[0]
        );
        errors.invalid(path, Bad::Raw(format!("[{list}]")), &detail);
    }
}

/// An owner reference with its fields in the order of the Go type.
fn owner_json(owner: &Value) -> String {
    let fields = ["apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion"];
    let known = fields.iter().filter_map(|f| owner.get(f).map(|v| format!("\"{f}\":{}", v.to_json())));
    format!("{{{}}}", known.collect::<Vec<_>>().join(","))
}

fn finalizers(finalizers: &Value, path: &Path, errors: &mut Errors) {
    for (i, finalizer) in finalizers.items().iter().enumerate() {
        finalizer_name(finalizer.s(), path, i, errors);
    }
    let has = |name: &str| finalizers.items().iter().any(|f| f.s() == name);
    if has("orphan") && has("foregroundDeletion") {
        errors.invalid(path, finalizers, "finalizer orphan and foregroundDeletion cannot be both set");
    }
}

/// One finalizer: a qualified name, and one of the known words if it has no domain.
pub fn finalizer_name(name: &str, path: &Path, index: usize, errors: &mut Errors) {
    errors.complaints(path, name, names::qualified_name(name));
    if !name.contains('/') && !matches!(name, "orphan" | "foregroundDeletion" | "kubernetes") {
        errors.invalid(&path.index(index), name, "name is neither a standard finalizer name nor is it fully qualified");
    }
}

/// What must not change in metadata. The generic server and the kind's own strategy both check it, which is why its
/// causes come twice.
pub fn object_meta_update(new: &Value, old: &Meta, old_value: &Value, errors: &mut Errors) {
    let (meta, before, root) = (&new["metadata"], &old_value["metadata"], Path::root("metadata"));
    if old.deleted.is_some() {
        let have = |name: &Value| old.finalizers.iter().any(|f| f.as_str() == name.s());
        let added: Vec<&str> = meta["finalizers"].items().iter().filter(|f| !have(f)).map(Value::s).collect();
        if !added.is_empty() {
            let list = added.iter().map(|f| crate::field::quote(f)).collect::<Vec<_>>().join(", ");
            let detail =
                format!("no new finalizers can be added if the object is being deleted, found new finalizers []string{{{list}}}");
            errors.forbidden(&root.child("finalizers"), &detail);
        }
    }
    let generation = |v: &Value| v["generation"].as_i64().unwrap_or(0);
    if generation(meta) < generation(before) {
        errors.invalid(&root.child("generation"), generation(meta), "must not be decremented");
    }
    for field in ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"] {
        if meta[field] != before[field] {
            let path = root.child(field);
            errors.immutable(&path, &meta[field]);
        }
    }
}
