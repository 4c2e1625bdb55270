//! Autoscalers. Models pkg/apis/autoscaling/validation.

use super::meta::path_segment;
use crate::field::{Errors, Path};
use value::Value;

const SPEC: Path<'static> = Path::root("spec");

pub fn autoscaler(object: &Value, errors: &mut Errors) {
    let spec = &object["spec"];
    let least = spec["minReplicas"].as_i64().unwrap_or(1);
    if least < 1 {
        errors.invalid(&SPEC.child("minReplicas"), least, "must be greater than or equal to 1");
    }
    let most = spec["maxReplicas"].as_i64().unwrap_or(0);
    let path = SPEC.child("maxReplicas");
    if most < 1 {
        errors.required(&path, "must be set and greater than 0");
    }
    if most < least {
        errors.invalid(&path, most, "must be greater than or equal to `minReplicas`");
    }
    target_ref(&spec["scaleTargetRef"], &SPEC.child("scaleTargetRef"), errors);
    metrics(spec, least, errors);
    for direction in ["scaleUp", "scaleDown"] {
        let rules = &spec["behavior"][direction];
        if !rules.is_null() {
            behavior(rules, &SPEC.child("behavior").child(direction), errors);
        }
    }
}

fn target_ref(target: &Value, path: &Path, errors: &mut Errors) {
    for field in ["kind", "name"] {
        let word = target[field].s();
        if word.is_empty() {
            errors.required(&path.child(field), "");
        } else {
            errors.complaints(&path.child(field), word, path_segment(word));
        }
    }
    let version = target["apiVersion"].s();
    let at = path.child("apiVersion");
    let core = matches!(target["kind"].s(), "ReplicationController");
    if version.matches('/').count() > 1 {
        errors.invalid(&at, version, &format!("unexpected GroupVersion string: {version}"));
    } else if !version.contains('/') && !core {
        errors.invalid(&at, version, "apiVersion must specify API group");
    }
}

fn metrics(spec: &Value, least: i64, errors: &mut Errors) {
    let path = SPEC.child("metrics");
    let list = spec["metrics"].items();
    for (i, metric) in list.iter().enumerate() {
        self::metric(metric, &path.index(i), errors);
    }
    let outside = list.iter().any(|m| matches!(m["type"].s(), "Object" | "External"));
    if least == 0 && !outside {
        errors.forbidden(&path, "must specify at least one Object or External metric to support scaling to zero replicas");
    }
}

fn metric(metric: &Value, path: &Path, errors: &mut Errors) {
    const KINDS: [&str; 5] = ["ContainerResource", "External", "Object", "Pods", "Resource"];
    let kind = metric["type"].s();
    if kind.is_empty() {
        return errors.required(&path.child("type"), "must specify a metric source type");
    }
    if !KINDS.contains(&kind) {
        // Said twice upstream: once for the type, once for the source that it names.
        errors.unsupported(&path.child("type"), kind, &KINDS);
        return errors.unsupported(&path.child("type"), kind, &KINDS);
    }
    let field = match kind {
        "ContainerResource" => "containerResource",
        "External" => "external",
        "Object" => "object",
        "Pods" => "pods",
        _ => "resource",
    };
    let source = &metric[field];
    let at = path.child(field);
    if source.is_null() {
        return errors.required(&at, "must populate information for the given metric source");
    }
    if matches!(field, "resource" | "containerResource") {
        resource(source, &at, errors);
    } else {
        target(&source["target"], &at.child("target"), errors);
    }
}

fn resource(source: &Value, path: &Path, errors: &mut Errors) {
    if source["name"].is_empty() {
        errors.required(&path.child("name"), "must specify a resource name");
    }
    let (wanted, at) = (&source["target"], path.child("target"));
    target(wanted, &at, errors);
    let (usage, value) = (&wanted["averageUtilization"], &wanted["averageValue"]);
    match (usage.is_null(), value.is_null()) {
        (true, true) => {
            errors.required(&at.child("averageUtilization"), "must set either a target raw value or a target utilization")
        }
        (false, false) => {
            errors.forbidden(&at.child("averageValue"), "may not set both a target raw value and a target utilization")
        }
        _ => {}
    }
}

fn target(target: &Value, path: &Path, errors: &mut Errors) {
    let kind = target["type"].s();
    let at = path.child("type");
    if kind.is_empty() {
        errors.required(&at, "must specify a metric target type");
    }
    if !matches!(kind, "Utilization" | "Value" | "AverageValue") {
        errors.invalid(&at, kind, "must be either Utilization, Value, or AverageValue");
    }
    if let Some(percent) = target["averageUtilization"].as_i64()
        && percent < 1
    {
        errors.invalid(&path.child("averageUtilization"), percent, "must be greater than 0");
    }
}

fn behavior(rules: &Value, path: &Path, errors: &mut Errors) {
    if let Some(seconds) = rules["stabilizationWindowSeconds"].as_i64() {
        let at = path.child("stabilizationWindowSeconds");
        if seconds < 0 {
            errors.invalid(&at, seconds, "must be greater than or equal to zero");
        } else if seconds > 3600 {
            errors.invalid(&at, seconds, "must be less than or equal to 3600");
        }
    }
    super::common::optional_word(rules, "selectPolicy", &["Disabled", "Max", "Min"], path, errors);
    let list = path.child("policies");
    if rules["policies"].items().is_empty() {
        errors.required(&list, "must specify at least one Policy");
    }
    for (i, policy) in rules["policies"].items().iter().enumerate() {
        let at = list.index(i);
        let kind = policy["type"].s();
        if !matches!(kind, "Percent" | "Pods") {
            errors.unsupported(&at.child("type"), kind, &["Percent", "Pods"]);
        }
        for field in ["value", "periodSeconds"] {
            let number = policy[field].as_i64().unwrap_or(0);
            if number <= 0 {
                errors.invalid(&at.child(field), number, "must be greater than zero");
            } else if field == "periodSeconds" && number > 1800 {
                errors.invalid(&at.child(field), number, "must be less than or equal to 1800");
            }
        }
    }
}
