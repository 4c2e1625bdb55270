//! Roles and bindings. Models pkg/apis/rbac/validation.

use crate::field::{Bad, Errors, Path};
use model::Object;
use value::Value;

pub fn role(object: &Value, errors: &mut Errors) {
    rules(object, true, errors);
}

pub fn cluster_role(object: &Value, errors: &mut Errors) {
    rules(object, false, errors);
}

fn rules(object: &Value, namespaced: bool, errors: &mut Errors) {
    let list = Path::root("rules");
    for (i, rule) in object["rules"].items().iter().enumerate() {
        let path = list.index(i);
        if rule["verbs"].is_empty() {
            errors.required(&path.child("verbs"), "verbs must contain at least one value");
        }
        let urls = &rule["nonResourceURLs"];
        if !urls.is_empty() {
            if namespaced {
                errors.invalid(&path.child("nonResourceURLs"), urls, "namespaced rules cannot apply to non-resource URLs");
            }
            if !rule["apiGroups"].is_empty() || !rule["resources"].is_empty() || !rule["resourceNames"].is_empty() {
                let words = "rules cannot apply to both regular resources and non-resource URLs";
                errors.invalid(&path.child("nonResourceURLs"), urls, words);
            }
            continue;
        }
        if rule["apiGroups"].is_empty() {
            errors.required(&path.child("apiGroups"), "resource rules must supply at least one api group");
        }
        if rule["resources"].is_empty() {
            errors.required(&path.child("resources"), "resource rules must supply at least one resource");
        }
    }
}

pub fn binding(object: &Value, errors: &mut Errors) {
    role_ref(object, &["Role", "ClusterRole"], errors);
    subjects(object, false, errors);
}

pub fn cluster_binding(object: &Value, errors: &mut Errors) {
    role_ref(object, &["ClusterRole"], errors);
    subjects(object, true, errors);
}

const GROUP: &str = "rbac.authorization.k8s.io";

fn role_ref(object: &Value, kinds: &[&str], errors: &mut Errors) {
    let (role, path) = (&object["roleRef"], Path::root("roleRef"));
    if role["apiGroup"].s() != GROUP {
        errors.unsupported(&path.child("apiGroup"), role["apiGroup"].s(), &[GROUP]);
    }
    if !kinds.contains(&role["kind"].s()) {
        errors.unsupported(&path.child("kind"), role["kind"].s(), kinds);
    }
    if role["name"].is_empty() {
        errors.required(&path.child("name"), "");
    } else {
        errors.complaints(&path.child("name"), role["name"].s(), super::meta::path_segment(role["name"].s()));
    }
}

fn subjects(object: &Value, needs_namespace: bool, errors: &mut Errors) {
    let list = Path::root("subjects");
    for (i, subject) in object["subjects"].items().iter().enumerate() {
        let path = list.index(i);
        if subject["name"].is_empty() {
            errors.required(&path.child("name"), "");
        }
        let group = subject["apiGroup"].s();
        match subject["kind"].s() {
            "ServiceAccount" => {
                if !group.is_empty() {
                    errors.unsupported(&path.child("apiGroup"), group, &[""]);
                }
                if needs_namespace && subject["namespace"].is_empty() {
                    errors.required(&path.child("namespace"), "");
                }
            }
            "User" | "Group" if group != GROUP => errors.unsupported(&path.child("apiGroup"), group, &[GROUP]),
            "User" | "Group" => {}
            other => errors.unsupported(&path.child("kind"), other, &["ServiceAccount", "User", "Group"]),
        }
    }
}

/// A role reference stays; the binding is made anew instead.
pub fn binding_update(new: &Value, old: &Object, errors: &mut Errors) {
    let role = &new["roleRef"];
    if *role != old.value["roleRef"] {
        let shown = |field: &str| role[field].to_json();
        let text = format!("{{\"APIGroup\":{},\"Kind\":{},\"Name\":{}}}", shown("apiGroup"), shown("kind"), shown("name"));
        errors.invalid(&Path::root("roleRef"), Bad::Raw(text), "cannot change roleRef");
    }
}
