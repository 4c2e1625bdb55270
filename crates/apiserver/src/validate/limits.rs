//! Limit ranges. Models ValidateLimitRange of pkg/apis/core/validation.

use super::common;
use crate::field::{Errors, Path};
use base::Quantity;
use value::Value;

const SPEC: Path<'static> = Path::root("spec");

pub fn limit_range(object: &Value, errors: &mut Errors) {
    let list = SPEC.child("limits");
    let mut seen: Vec<&str> = Vec::new();
    for (i, limit) in object["spec"]["limits"].items().iter().enumerate() {
        let path = list.index(i);
        let kind = limit["type"].s();
        common::label_name(&limit["type"], &path.child("type"), errors);
        if seen.contains(&kind) {
            errors.duplicate(&path.child("type"), kind);
        }
        seen.push(kind);
        if kind == "Pod" {
            for field in ["default", "defaultRequest"] {
                if !limit[field].is_empty() {
                    errors.forbidden(&path.child(field), "may not be specified when `type` is 'Pod'");
                }
            }
        }
        if kind == "PersistentVolumeClaim" && limit["min"]["storage"].is_null() && limit["max"]["storage"].is_null() {
            let words = "either minimum or maximum storage value is required, but neither was provided";
            errors.required(&path.child("limits"), words);
        }
        for name in names(limit) {
            one(limit, name, &path, errors);
        }
    }
}

/// Every resource that the item speaks of.
fn names(limit: &Value) -> Vec<&str> {
    let fields = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"];
    let mut names: Vec<&str> = fields.iter().flat_map(|f| limit[*f].entries()).map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// One resource: least, default request, default and most, in this order of size.
fn one(limit: &Value, name: &str, path: &Path, errors: &mut Errors) {
    let get = |field: &str| {
        let text = limit[field][name].as_str()?;
        Some((Quantity::parse(text).ok()?, text))
    };
    let (min, max, ratio) = (get("min"), get("max"), get("maxLimitRequestRatio"));
    let (default, request) = (get("default"), get("defaultRequest"));
    let mut above =
        |small: Option<(Quantity, &str)>, large: Option<(Quantity, &str)>, field: &str, shown: &str, words: [&str; 2]| {
            if let (Some((small, small_text)), Some((large, large_text))) = (small, large)
                && small > large
            {
                let detail = format!("{} {small_text} is greater than {} {large_text}", words[0], words[1]);
                errors.invalid(&path.child(field).key(name), shown, &detail);
            }
        };
    let shown = |value: Option<(Quantity, &str)>| value.map_or(String::new(), |v| v.1.to_string());
    above(min, max, "min", &shown(min), ["min value", "max value"]);
    above(min, request, "defaultRequest", &shown(request), ["min value", "default request value"]);
    above(request, max, "defaultRequest", &shown(request), ["default request value", "max value"]);
    above(request, default, "defaultRequest", &shown(request), ["default request value", "default limit value"]);
    above(min, default, "default", &shown(min), ["min value", "default value"]);
    above(default, max, "default", &shown(max), ["default value", "max value"]);
    if let Some((ratio, ratio_text)) = ratio
        && ratio < Quantity::from_int(1)
    {
        let detail = format!("ratio {ratio_text} is less than 1");
        errors.invalid(&path.child("maxLimitRequestRatio").key(name), ratio_text, &detail);
    }
}
