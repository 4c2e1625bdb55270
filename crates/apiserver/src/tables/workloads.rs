//! Rows of the kinds that make pods.

use super::cells::{age, containers, labels, name, number, selector, text};
use base::Time;
use value::Value;

/// Age, then the wide columns of a pod template.
fn tail(object: &Value, spec: &Value, now: Time) -> Vec<Value> {
    let [names, images] = containers(spec);
    vec![age(object, now), names, images]
}

fn numbers(values: &[&Value]) -> Vec<Value> {
    values.iter().map(|v| Value::Int(number(v))).collect()
}

pub fn deployment(object: &Value, now: Time) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let ready = format!("{}/{}", number(&status["readyReplicas"]), number(&spec["replicas"]));
    let mut row = vec![name(object), text(&ready)];
    row.extend(numbers(&[&status["updatedReplicas"], &status["availableReplicas"]]));
    row.extend(tail(object, &spec["template"]["spec"], now));
    row.push(selector(&spec["selector"]));
    row
}

pub fn replica_set(object: &Value, now: Time) -> Vec<Value> {
    let mut row = replicas(object, now);
    row.push(selector(&object["spec"]["selector"]));
    row
}

pub fn replication_controller(object: &Value, now: Time) -> Vec<Value> {
    let mut row = replicas(object, now);
    row.push(labels(&object["spec"]["selector"]));
    row
}

fn replicas(object: &Value, now: Time) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let mut row = vec![name(object)];
    row.extend(numbers(&[&spec["replicas"], &status["replicas"], &status["readyReplicas"]]));
    row.extend(tail(object, &spec["template"]["spec"], now));
    row
}

pub fn stateful_set(object: &Value, now: Time) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let mut row = vec![name(object), text(&format!("{}/{}", number(&status["readyReplicas"]), number(&spec["replicas"])))];
    row.extend(tail(object, &spec["template"]["spec"], now));
    row
}

pub fn daemon_set(object: &Value, now: Time) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let counts = ["desiredNumberScheduled", "currentNumberScheduled", "numberReady", "updatedNumberScheduled", "numberAvailable"];
    let mut row = vec![name(object)];
    row.extend(numbers(&counts.map(|field| &status[field])));
    row.push(labels(&spec["template"]["spec"]["nodeSelector"]));
    row.extend(tail(object, &spec["template"]["spec"], now));
    row.push(selector(&spec["selector"]));
    row
}

pub fn controller_revision(object: &Value, now: Time) -> Vec<Value> {
    let owner = object["metadata"]["ownerReferences"].items().iter().find(|o| o["controller"].is_true());
    let shown = owner.map_or_else(
        || "<none>".to_string(),
        |owner| {
            let group = owner["apiVersion"].s().split_once('/').map_or(String::new(), |(group, _)| format!(".{group}"));
            format!("{}{group}/{}", owner["kind"].s().to_ascii_lowercase(), owner["name"].s())
        },
    );
    vec![name(object), text(&shown), Value::Int(number(&object["revision"])), age(object, now)]
}

pub fn pod_template(object: &Value, _now: Time) -> Vec<Value> {
    let [names, images] = containers(&object["template"]["spec"]);
    vec![name(object), names, images, labels(&object["template"]["metadata"]["labels"])]
}
