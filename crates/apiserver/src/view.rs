//! Versions: objects are stored in one version; requests in another one see and send them converted.

use crate::kinds::{self, Kind};
use value::{List, Value, obj};

/// A stored object in the version of the request's kind.
pub fn show(kind: &Kind, object: &Value) -> Value {
    if kind.preferred && !kinds::is_new_event(kind) {
        return object.clone();
    }
    match kind.resource.as_str() {
        "events" if kinds::is_new_event(kind) => new_event(object),
        "horizontalpodautoscalers.autoscaling" if kind.version == "v1" => old_autoscaler(object),
        _ => with_version(object, kind),
    }
}

/// A sent object in the version that is stored.
pub fn store(kind: &Kind, object: Value) -> Value {
    if kind.preferred && !kinds::is_new_event(kind) {
        return object;
    }
    match kind.resource.as_str() {
        "events" if kinds::is_new_event(kind) => core_event(object),
        "horizontalpodautoscalers.autoscaling" if kind.version == "v1" => new_autoscaler(object),
        resource => match kinds::of_resource(resource) {
            Some(stored) => with_version(&object, stored),
            None => object,
        },
    }
}

fn with_version(object: &Value, kind: &Kind) -> Value {
    let mut out = object.clone();
    out.set(&["apiVersion"], &kind.api_version);
    out
}

/// How the fields of a core event are called in events.k8s.io.
const EVENT_FIELDS: [(&str, &str); 7] = [
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
    ("reportingComponent", "reportingController"),
];

fn new_event(event: &Value) -> Value {
    let mut out = event.clone();
    out.set(&["apiVersion"], "events.k8s.io/v1");
    for (core, new) in EVENT_FIELDS {
        if let Some(field) = out.remove(&[core]) {
            out.set(&[new], field);
        }
    }
    out
}

fn core_event(event: Value) -> Value {
    let mut out = event;
    out.set(&["apiVersion"], "v1");
    for (core, new) in EVENT_FIELDS {
        if let Some(field) = out.remove(&[new]) {
            out.set(&[core], field);
        }
    }
    out
}

/// autoscaling/v1 knows one target: the processor's percentage. Other metrics ride in an annotation, which is not shown
/// here.
fn old_autoscaler(object: &Value) -> Value {
    let mut out = object.clone();
    out.set(&["apiVersion"], "autoscaling/v1");
    let metrics = out.remove(&["spec", "metrics"]).unwrap_or_default();
    let is_cpu = |m: &&Value| m["type"].s() == "Resource" && m["resource"]["name"].s() == "cpu";
    if let Some(cpu) = metrics.items().iter().find(is_cpu) {
        let target = cpu["resource"]["target"]["averageUtilization"].clone();
        if !target.is_null() {
            out.set(&["spec", "targetCPUUtilizationPercentage"], target);
        }
    }
    let status = out.at_mut(&["status"]);
    if let Some(current) = status.remove(&["currentMetrics"])
        && let Some(cpu) = current.items().iter().find(is_cpu)
    {
        status.set(&["currentCPUUtilizationPercentage"], &cpu["resource"]["current"]["averageUtilization"]);
    }
    status.remove(&["conditions"]);
    for field in ["currentReplicas", "desiredReplicas"] {
        if status[field].is_null() {
            status.set(&[field], 0);
        }
    }
    out
}

fn new_autoscaler(object: Value) -> Value {
    let mut out = object;
    out.set(&["apiVersion"], "autoscaling/v2");
    if let Some(target) = out.remove(&["spec", "targetCPUUtilizationPercentage"]) {
        let target = obj! { "type" => "Utilization", "averageUtilization" => target };
        let metric = obj! { "type" => "Resource", "resource" => obj! { "name" => "cpu", "target" => target } };
        out.set(&["spec", "metrics"], List::from(vec![metric]));
    }
    out
}
