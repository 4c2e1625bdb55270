//! Rows of autoscalers and disruption budgets. Models printHorizontalPodAutoscaler and printPodDisruptionBudget.

use super::cells::{age, name, number, text};
use base::{Quantity, Time};
use value::Value;

const UNKNOWN: &str = "<unknown>";

pub fn autoscaler(hpa: &Value, now: Time) -> Vec<Value> {
    let (spec, status) = (&hpa["spec"], &hpa["status"]);
    let target = &spec["scaleTargetRef"];
    let reference = format!("{}/{}", target["kind"].s(), target["name"].s());
    let least = spec["minReplicas"].as_i64().map_or_else(|| "<unset>".to_string(), |n| n.to_string());
    vec![
        name(hpa),
        text(&reference),
        text(&targets(&spec["metrics"], &status["currentMetrics"])),
        text(&least),
        Value::Int(number(&spec["maxReplicas"])),
        Value::Int(number(&status["currentReplicas"])),
        age(hpa, now),
    ]
}

/// At most two metrics.
fn targets(metrics: &Value, current: &Value) -> String {
    if metrics.items().is_empty() {
        return "<none>".into();
    }
    let list: Vec<String> = metrics.items().iter().enumerate().map(|(i, m)| target(m, &current[i])).collect();
    let shown = list[..list.len().min(2)].join(", ");
    if list.len() > 2 { format!("{shown} + {} more...", list.len() - 2) } else { shown }
}

fn target(metric: &Value, now: &Value) -> String {
    let field = match metric["type"].s() {
        "External" => "external",
        "Pods" => "pods",
        "Object" => "object",
        "ContainerResource" => "containerResource",
        _ => "resource",
    };
    let (wanted, have) = (&metric[field]["target"], &now[field]["current"]);
    let shown = |value: &Value| {
        let text = value.as_str().map_or_else(|| value.to_json(), str::to_string);
        if value.is_null() { UNKNOWN.to_string() } else { Quantity::canonical(&text).unwrap_or(text) }
    };
    let average = format!("{}/{}", shown(&have["averageValue"]), shown(&wanted["averageValue"]));
    match field {
        "pods" => average,
        "external" | "object" if !wanted["averageValue"].is_null() => format!("{average} (avg)"),
        "external" | "object" => format!("{}/{}", shown(&have["value"]), shown(&wanted["value"])),
        _ => {
            let name = metric[field]["name"].s();
            if !wanted["averageValue"].is_null() {
                return format!("{name}: {average}");
            }
            let percent = |value: &Value| value.as_i64().map_or_else(|| UNKNOWN.to_string(), |n| format!("{n}%"));
            let wanted = wanted["averageUtilization"].as_i64().map_or_else(|| "<auto>".to_string(), |n| format!("{n}%"));
            format!("{name}: {}/{wanted}", percent(&have["averageUtilization"]))
        }
    }
}

pub fn disruption_budget(budget: &Value, now: Time) -> Vec<Value> {
    let spec = &budget["spec"];
    let shown = |value: &Value| match value {
        Value::Null => text("N/A"),
        Value::Str(percent) => Value::Str(percent.clone()),
        other => text(&other.to_json()),
    };
    vec![
        name(budget),
        shown(&spec["minAvailable"]),
        shown(&spec["maxUnavailable"]),
        Value::Int(number(&budget["status"]["disruptionsAllowed"])),
        age(budget, now),
    ]
}
