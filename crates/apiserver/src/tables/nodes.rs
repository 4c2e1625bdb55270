//! Rows of nodes and namespaces. Models printNode and printNamespace.

use super::cells::{NONE, age, name, text};
use base::Time;
use model::Condition;
use value::Value;

const ROLE: &str = "node-role.kubernetes.io/";

pub fn node(node: &Value, now: Time) -> Vec<Value> {
    let (info, status) = (&node["status"]["nodeInfo"], &node["status"]);
    let known = |field: &str| if info[field].is_empty() { text("<unknown>") } else { info[field].clone() };
    let mut kernel = known("kernelVersion");
    if !info["architecture"].is_empty() {
        kernel = text(&format!("{} ({})", kernel.s(), info["architecture"].s()));
    }
    vec![
        name(node),
        text(&state(node)),
        text(&roles(node)),
        age(node, now),
        Value::Str(info["kubeletVersion"].text()),
        address(status, "InternalIP"),
        address(status, "ExternalIP"),
        known("osImage"),
        kernel,
        known("containerRuntimeVersion"),
    ]
}

fn state(node: &Value) -> String {
    let ready = Condition::find(&node["status"], "Ready");
    let word = match ready["status"].s() {
        "" => "Unknown",
        "True" => "Ready",
        _ => "NotReady",
    };
    let suffix = if node["spec"]["unschedulable"].is_true() { ",SchedulingDisabled" } else { "" };
    format!("{word}{suffix}")
}

fn roles(node: &Value) -> String {
    let mut roles: Vec<&str> = Vec::new();
    for (key, value) in node["metadata"]["labels"].entries() {
        if let Some(role) = key.strip_prefix(ROLE) {
            if !role.is_empty() {
                roles.push(role);
            }
        } else if key == "kubernetes.io/role" && !value.is_empty() {
            roles.push(value.s());
        }
    }
    roles.sort_unstable();
    roles.dedup();
    if roles.is_empty() { NONE.into() } else { roles.join(",") }
}

fn address(status: &Value, kind: &str) -> Value {
    let found = status["addresses"].items().iter().find(|a| a["type"].s() == kind);
    found.map_or_else(|| Value::str(NONE), |a| a["address"].clone())
}

pub fn namespace(namespace: &Value, now: Time) -> Vec<Value> {
    vec![name(namespace), Value::Str(namespace["status"]["phase"].text()), age(namespace, now)]
}
