//! The downward API: what `fieldRef` and `resourceFieldRef` answer. Models pkg/fieldpath and pkg/api/v1/resource.

use crate::core::{Core, quantity};
use crate::worker::Worker;
use base::{Quantity, Text};
use value::{Map, Value};

/// The text of a field of the pod.
pub(crate) fn field(worker: &Worker, core: &Core, path: &str) -> Result<Text, String> {
    let meta = &worker.pod.meta;
    let spec = worker.spec();
    if let Some((map, key)) = path.strip_suffix("']").and_then(|p| p.split_once("['")) {
        return match map {
            "metadata.labels" => Ok(meta.labels.str(key).into()),
            "metadata.annotations" => Ok(meta.annotations.str(key).into()),
            _ => Err(format!("unsupported fieldPath: {path}")),
        };
    }
    Ok(match path {
        "metadata.name" => meta.name.clone(),
        "metadata.namespace" => meta.namespace.clone(),
        "metadata.uid" => meta.uid.clone(),
        "metadata.labels" => lines(&meta.labels).into(),
        "metadata.annotations" => lines(&meta.annotations).into(),
        "spec.nodeName" => spec["nodeName"].text(),
        "spec.serviceAccountName" => spec["serviceAccountName"].text(),
        "status.hostIP" | "status.hostIPs" => core.config.ip.clone(),
        "status.podIP" => worker.ips(core).first().cloned().unwrap_or_default(),
        "status.podIPs" => worker.ips(core).join(",").into(),
        _ => return Err(format!("unsupported fieldPath: {path}")),
    })
}

/// `key="value"` lines with Go's quoting.
fn lines(map: &Map) -> String {
    let lines: Vec<String> = map.iter().map(|(key, value)| format!("{key}={}", quote(value.s()))).collect();
    lines.join("\n")
}

/// Go's strconv.Quote, for printable text.
fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() && (c as u32) < 0x80 => out.push_str(&format!("\\x{:02x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// The number a `resourceFieldRef` stands for, in units of its divisor, rounded up.
pub(crate) fn resource(worker: &Worker, core: &Core, own: &Value, reference: &Value) -> Result<Text, String> {
    let name = reference["containerName"].s();
    let container = if name.is_empty() {
        own
    } else {
        let found = worker.containers.iter().find(|c| c.name == name);
        &found.ok_or_else(|| format!("container {name} not found"))?.spec
    };
    let path = reference["resource"].s();
    let Some((kind, resource)) = path.split_once('.') else { return Err(format!("unsupported container resource : {path}")) };
    let resources = &container["resources"];
    let amount = match (kind, &resources[kind][resource]) {
        ("limits", Value::Null) => core.allocatable(resource),
        ("limits" | "requests", amount) => quantity(amount),
        _ => return Err(format!("unsupported container resource : {path}")),
    };
    let divisor = quantity(&reference["divisor"]);
    let divisor = if divisor.is_zero() { Quantity::from_int(1) } else { divisor };
    let in_milli = resource == "cpu";
    let (amount, divisor) = if in_milli { (amount.as_milli(), divisor.as_milli()) } else { (amount.value(), divisor.value()) };
    let whole = amount / divisor.max(1) + i64::from(amount % divisor.max(1) > 0);
    Ok(whole.to_string().into())
}
