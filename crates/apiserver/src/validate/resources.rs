//! Resource requests and limits. Models ValidateContainerResourceRequirements of pkg/apis/core/validation.

use crate::field::{Errors, Path};
use base::{Quantity, names};
use value::Value;

pub fn container(resources: &Value, path: &Path, errors: &mut Errors) {
    let (limits, requests) = (&resources["limits"], &resources["requests"]);
    let (limit_path, request_path) = (path.child("limits"), path.child("requests"));
    for (name, quantity) in limits.entries() {
        one(name, quantity, &limit_path.key(name), errors);
    }
    for (name, quantity) in requests.entries() {
        one(name, quantity, &request_path.key(name), errors);
        let limit = &limits[name.as_str()];
        let overcommit = overcommits(name);
        if limit.is_null() {
            if !overcommit {
                errors.required(&limit_path, "Limit must be set for non overcommitable resources");
            }
            continue;
        }
        let (Ok(asked), Ok(most)) = (Quantity::parse(quantity.s()), Quantity::parse(limit.s())) else { continue };
        if asked != most && !overcommit {
            errors.invalid(&request_path, quantity, &format!("must be equal to {name} limit of {}", limit.s()));
        } else if asked > most {
            errors.invalid(&request_path, quantity, &format!("must be less than or equal to {name} limit of {}", limit.s()));
        }
    }
    let all = || limits.entries().iter().chain(requests.entries()).map(|(name, _)| name.as_str());
    if all().any(is_huge) && !all().any(|name| matches!(name, "cpu" | "memory")) {
        errors.forbidden(path, "HugePages require cpu or memory");
    }
}

fn one(name: &str, quantity: &Value, path: &Path, errors: &mut Errors) {
    resource_name(name, path, errors);
    let Ok(parsed) = Quantity::parse(quantity.s()) else { return };
    if parsed.is_negative() {
        errors.invalid(path, quantity, "must be greater than or equal to 0");
    }
    if is_extended(name) && !parsed.is_integer() {
        errors.invalid(path, quantity, "must be an integer");
    }
}

fn resource_name(name: &str, path: &Path, errors: &mut Errors) {
    if is_container_standard(name) {
        return;
    }
    errors.complaints(path, name, names::qualified_name(name));
    if name.contains('/') {
        return;
    }
    if !is_standard(name) {
        errors.invalid(path, name, "must be a standard resource type or fully qualified");
    }
    errors.invalid(path, name, "must be a standard resource for containers");
}

fn is_container_standard(name: &str) -> bool {
    matches!(name, "cpu" | "memory" | "ephemeral-storage") || is_huge(name)
}

fn is_standard(name: &str) -> bool {
    const WORDS: [&str; 10] = [
        "pods",
        "services",
        "replicationcontrollers",
        "resourcequotas",
        "secrets",
        "configmaps",
        "persistentvolumeclaims",
        "storage",
        "services.nodeports",
        "services.loadbalancers",
    ];
    WORDS.contains(&name) || name.starts_with("requests.") || name.starts_with("limits.")
}

fn is_huge(name: &str) -> bool {
    name.starts_with("hugepages-")
}

fn is_extended(name: &str) -> bool {
    name.contains('/') && !name.contains("kubernetes.io/") && !name.starts_with("requests.")
}

fn overcommits(name: &str) -> bool {
    (!name.contains('/') || name.contains("kubernetes.io/")) && !is_huge(name)
}
