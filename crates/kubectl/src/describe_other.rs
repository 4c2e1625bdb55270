//! `kubectl describe` of everything without a describer of its own: its fields, one below the other, named in words.
//! Models genericDescriber of k8s.io/kubectl/pkg/describe.

use crate::ctx::Ctx;
use crate::describe::events;
use crate::fail::Run;
use crate::page::Page;
use crate::target::Info;
use value::Value;

pub(crate) fn any(ctx: &mut Ctx, page: &mut Page, info: &Info) -> Run {
    if info.kind.kind == "PodDisruptionBudget" {
        return budget(ctx, page, info);
    }
    page.field(0, "Name", &info.name);
    page.field(0, "Namespace", &info.namespace);
    page.labels("Labels", &info.object["metadata"]["labels"]);
    page.annotations("Annotations", &info.object["metadata"]["annotations"]);
    let mut object = info.object.clone();
    for field in ["name", "namespace", "labels", "annotations", "managedFields"] {
        object.remove(&["metadata", field]);
    }
    fields(page, 0, &object);
    events(ctx, page, info)
}

/// `Pod CIDR` of `podCIDR`, `Creation Timestamp` of `creationTimestamp`.
fn words(field: &str) -> String {
    if matches!(field, "apiVersion") {
        return "API Version".into();
    }
    let mut text = String::new();
    let chars: Vec<char> = field.chars().collect();
    for (at, c) in chars.iter().enumerate() {
        let after_lower = at > 0 && chars[at - 1].is_lowercase();
        let before_lower = chars.get(at + 1).is_some_and(|next| next.is_lowercase());
        if at > 0 && c.is_uppercase() && (after_lower || (before_lower && chars[at - 1].is_uppercase())) {
            text.push(' ');
        }
        if at == 0 { text.extend(c.to_uppercase()) } else { text.push(*c) }
    }
    if let Some(rest) = text.strip_suffix("Uid").or(text.strip_suffix("UID")) {
        text = format!("{rest}UID");
    }
    text
}

fn fields(page: &mut Page, level: usize, object: &Value) {
    let mut keys: Vec<(String, &Value)> = object.entries().iter().map(|(key, value)| (words(key), value)).collect();
    keys.sort_by(|a, b| a.0.cmp(&b.0));
    for (name, value) in keys {
        match value {
            Value::Map(map) if map.is_empty() => page.line(level, &format!("{name}:")),
            Value::Map(_) => {
                page.line(level, &format!("{name}:"));
                fields(page, level + 1, value);
            }
            Value::List(items) => {
                page.line(level, &format!("{name}:"));
                for item in items.iter() {
                    if item.as_map().is_some() { fields(page, level + 1, item) } else { page.line(level + 1, &item.to_go_text()) }
                }
            }
            other => page.field(level, &name, &other.to_go_text()),
        }
    }
}

fn budget(ctx: &mut Ctx, page: &mut Page, info: &Info) -> Run {
    let (spec, status) = (&info.object["spec"], &info.object["status"]);
    page.field(0, "Name", &info.name);
    page.field(0, "Namespace", &info.namespace);
    for (title, field) in [("Min available", "minAvailable"), ("Max unavailable", "maxUnavailable")] {
        if !spec[field].is_null() {
            page.field(0, title, &spec[field].to_go_text());
        }
    }
    page.field(0, "Selector", &model::Selector::of(&spec["selector"]).to_string());
    page.line(0, "Status:");
    for (title, field) in [
        ("Allowed disruptions", "disruptionsAllowed"),
        ("Current", "currentHealthy"),
        ("Desired", "desiredHealthy"),
        ("Total", "expectedPods"),
    ] {
        page.field(2, title, &status[field].as_i64().unwrap_or(0).to_string());
    }
    events(ctx, page, info)
}
