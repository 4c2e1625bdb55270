//! Where a pod may run: affinity, tolerations, spread. Models the parts of pkg/apis/core/validation.

use super::common::{self, label_selector};
use crate::field::{Errors, Path};
use base::names;
use value::Value;

pub fn affinity(affinity: &Value, path: &Path, errors: &mut Errors) {
    if !affinity["nodeAffinity"].is_null() {
        node_affinity(&affinity["nodeAffinity"], &path.child("nodeAffinity"), errors);
    }
    for field in ["podAffinity", "podAntiAffinity"] {
        if !affinity[field].is_null() {
            pod_affinity(&affinity[field], &path.child(field), errors);
        }
    }
}

fn node_affinity(affinity: &Value, path: &Path, errors: &mut Errors) {
    let required = &affinity["requiredDuringSchedulingIgnoredDuringExecution"];
    if !required.is_null() {
        let at = path.child("requiredDuringSchedulingIgnoredDuringExecution");
        let terms = at.child("nodeSelectorTerms");
        if required["nodeSelectorTerms"].items().is_empty() {
            errors.required(&terms, "must have at least one node selector term");
        }
        for (i, term) in required["nodeSelectorTerms"].items().iter().enumerate() {
            node_term(term, &terms.index(i), errors);
        }
    }
    let at = path.child("preferredDuringSchedulingIgnoredDuringExecution");
    for (i, preferred) in affinity["preferredDuringSchedulingIgnoredDuringExecution"].items().iter().enumerate() {
        let at = at.index(i);
        weight(&preferred["weight"], &at.child("weight"), errors);
        node_term(&preferred["preference"], &at.child("preference"), errors);
    }
}

fn weight(value: &Value, path: &Path, errors: &mut Errors) {
    let number = value.as_i64().unwrap_or(0);
    if !(1..=100).contains(&number) {
        errors.invalid(path, number, "must be in the range 1-100");
    }
}

fn node_term(term: &Value, path: &Path, errors: &mut Errors) {
    let list = path.child("matchExpressions");
    for (i, expression) in term["matchExpressions"].items().iter().enumerate() {
        let at = list.index(i);
        let values = expression["values"].items().len();
        match expression["operator"].s() {
            "Gt" | "Lt" => {
                if values != 1 {
                    errors.required(&at.child("values"), "must be specified single value when `operator` is 'Lt' or 'Gt'");
                }
                common::label_name(&expression["key"], &at.child("key"), errors);
            }
            _ => common::requirement(expression, &at, errors),
        }
    }
    let list = path.child("matchFields");
    for (i, field) in term["matchFields"].items().iter().enumerate() {
        let at = list.index(i);
        if field["key"].s() != "metadata.name" {
            errors.invalid(&at.child("key"), &field["key"], "not a valid field selector key");
        }
    }
}

fn pod_affinity(affinity: &Value, path: &Path, errors: &mut Errors) {
    let at = path.child("requiredDuringSchedulingIgnoredDuringExecution");
    for (i, term) in affinity["requiredDuringSchedulingIgnoredDuringExecution"].items().iter().enumerate() {
        pod_term(term, &at.index(i), errors);
    }
    let at = path.child("preferredDuringSchedulingIgnoredDuringExecution");
    for (i, preferred) in affinity["preferredDuringSchedulingIgnoredDuringExecution"].items().iter().enumerate() {
        let at = at.index(i);
        weight(&preferred["weight"], &at.child("weight"), errors);
        pod_term(&preferred["podAffinityTerm"], &at.child("podAffinityTerm"), errors);
    }
}

fn pod_term(term: &Value, path: &Path, errors: &mut Errors) {
    label_selector(&term["labelSelector"], &path.child("labelSelector"), errors);
    label_selector(&term["namespaceSelector"], &path.child("namespaceSelector"), errors);
    for namespace in term["namespaces"].items() {
        errors.complaints(&path.child("namespace"), namespace.s(), names::dns1123_label(namespace.s()));
    }
    if term["topologyKey"].is_empty() {
        errors.required(&path.child("topologyKey"), "can not be empty");
    }
    common::label_name(&term["topologyKey"], &path.child("topologyKey"), errors);
}

pub fn gates(gates: &Value, path: &Path, errors: &mut Errors) {
    let mut seen: Vec<&str> = Vec::new();
    for (i, gate) in gates.items().iter().enumerate() {
        let (name, at) = (gate["name"].s(), path.index(i));
        errors.complaints(&at, name, names::qualified_name(name));
        if seen.contains(&name) {
            errors.duplicate(&at, name);
        }
        seen.push(name);
    }
}

pub fn spread(constraints: &Value, path: &Path, errors: &mut Errors) {
    let list = constraints.items();
    for (i, constraint) in list.iter().enumerate() {
        let at = path.index(i);
        let skew = constraint["maxSkew"].as_i64().unwrap_or(0);
        if skew <= 0 {
            errors.invalid(&at.child("maxSkew"), skew, "must be greater than zero");
        }
        let key = constraint["topologyKey"].s();
        if key.is_empty() {
            errors.required(&at.child("topologyKey"), "can not be empty");
        }
        let when = constraint["whenUnsatisfiable"].s();
        if !matches!(when, "DoNotSchedule" | "ScheduleAnyway") {
            errors.unsupported(&at.child("whenUnsatisfiable"), when, &["DoNotSchedule", "ScheduleAnyway"]);
        }
        let same = |c: &Value| c["topologyKey"].s() == key && c["whenUnsatisfiable"].s() == when;
        if list[i + 1..].iter().any(same) {
            errors.duplicate(&at.child("{topologyKey, whenUnsatisfiable}"), format!("{{{key}, {when}}}").as_str());
        }
        if let Some(domains) = constraint["minDomains"].as_i64() {
            min_domains(domains, when, &at.child("minDomains"), errors);
        }
        for field in ["nodeAffinityPolicy", "nodeTaintsPolicy"] {
            common::optional_word(constraint, field, &["Honor", "Ignore"], &at, errors);
        }
        label_selector(&constraint["labelSelector"], &at.child("labelSelector"), errors);
    }
}

fn min_domains(domains: i64, when: &str, path: &Path, errors: &mut Errors) {
    if domains <= 0 {
        errors.invalid(path, domains, "must be greater than zero");
    }
    if when != "DoNotSchedule" {
        errors.invalid(path, domains, &format!("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {when}"));
    }
}

pub fn tolerations(tolerations: &Value, path: &Path, errors: &mut Errors) {
    for (i, toleration) in tolerations.items().iter().enumerate() {
        let at = path.index(i);
        let (key, operator, effect) = (toleration["key"].s(), toleration["operator"].s(), toleration["effect"].s());
        if !key.is_empty() {
            errors.complaints(&at.child("key"), key, names::qualified_name(key));
        } else if operator != "Exists" {
            let words = "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
            errors.invalid(&at.child("operator"), operator, words);
        }
        if !toleration["tolerationSeconds"].is_null() && effect != "NoExecute" {
            errors.invalid(&at.child("effect"), effect, "effect must be 'NoExecute' when `tolerationSeconds` is set");
        }
        let value = toleration["value"].s();
        match operator {
            "Equal" | "" => {
                let complaints = names::label_value(value);
                if !complaints.is_empty() {
                    errors.invalid(&at.child("operator"), value, &complaints.join(";"));
                }
            }
            "Exists" if !value.is_empty() => {
                errors.invalid(&at.child("operator"), value, "value must be empty when `operator` is 'Exists'");
            }
            "Exists" => {}
            other => errors.unsupported(&at.child("operator"), other, &["Equal", "Exists", "Lt", "Gt"]),
        }
        if !matches!(effect, "" | "NoSchedule" | "PreferNoSchedule" | "NoExecute") {
            errors.unsupported(&at.child("effect"), effect, &["NoSchedule", "PreferNoSchedule", "NoExecute"]);
        }
    }
}
