//! Rows of what is stored: configuration, volumes, quotas, events.

use super::cells::{UNSET, access_modes, age, join, name, number, since, text};
use base::Time;
use value::Value;

fn count(map: &Value) -> i64 {
    map.entries().len() as i64
}

pub fn config_map(object: &Value, now: Time) -> Vec<Value> {
    vec![name(object), Value::Int(count(&object["data"]) + count(&object["binaryData"])), age(object, now)]
}

pub fn secret(object: &Value, now: Time) -> Vec<Value> {
    vec![name(object), object["type"].clone(), Value::Int(count(&object["data"])), age(object, now)]
}

pub fn service_account(object: &Value, now: Time) -> Vec<Value> {
    vec![name(object), age(object, now)]
}

/// Models printEvent.
pub fn event(event: &Value, now: Time) -> Vec<Value> {
    let time = &event["eventTime"];
    let first = match (event["firstTimestamp"].is_null(), time.is_null()) {
        (true, false) => since(time, now),
        _ => since(&event["firstTimestamp"], now),
    };
    let (series, last) = (&event["series"], &event["lastTimestamp"]);
    let last = if !series.is_null() {
        since(&series["lastObservedTime"], now)
    } else if last.is_null() {
        first.clone()
    } else {
        since(last, now)
    };
    let count = if !series.is_null() {
        number(&series["count"])
    } else if event["count"].is_empty() {
        i64::from(!time.is_null() || event["count"].is_null()).max(1)
    } else {
        number(&event["count"])
    };
    let about = &event["involvedObject"];
    let target = format!("{}/{}", about["kind"].s().to_lowercase(), about["name"].s());
    let from = &event["source"];
    let component = if from["component"].is_empty() { &event["reportingComponent"] } else { &from["component"] };
    let host = if from["host"].is_empty() { &event["reportingInstance"] } else { &from["host"] };
    let source = if host.is_empty() { component.s().to_string() } else { format!("{}, {}", component.s(), host.s()) };
    vec![
        text(&last),
        Value::Str(event["type"].text()),
        Value::Str(event["reason"].text()),
        text(&target),
        Value::Str(about["fieldPath"].text()),
        text(&source),
        text(event["message"].s().trim()),
        text(&first),
        Value::Int(count),
        name(event),
    ]
}

fn class_of(value: &Value) -> Value {
    if value.is_empty() { Value::str(UNSET) } else { value.clone() }
}

pub fn persistent_volume(volume: &Value, now: Time) -> Vec<Value> {
    let (spec, status) = (&volume["spec"], &volume["status"]);
    let claim = &spec["claimRef"];
    let bound = if claim.is_null() { String::new() } else { format!("{}/{}", claim["namespace"].s(), claim["name"].s()) };
    let phase =
        if volume["metadata"]["deletionTimestamp"].is_null() { status["phase"].text() } else { base::text!("Terminating") };
    vec![
        name(volume),
        Value::Str(spec["capacity"]["storage"].text()),
        access_modes(&spec["accessModes"]),
        spec["persistentVolumeReclaimPolicy"].clone(),
        Value::Str(phase),
        text(&bound),
        Value::Str(spec["storageClassName"].text()),
        class_of(&spec["volumeAttributesClassName"]),
        Value::Str(status["reason"].text()),
        age(volume, now),
        class_of(&spec["volumeMode"]),
    ]
}

pub fn persistent_volume_claim(claim: &Value, now: Time) -> Vec<Value> {
    let (spec, status) = (&claim["spec"], &claim["status"]);
    let bound = !spec["volumeName"].is_empty();
    let phase =
        if claim["metadata"]["deletionTimestamp"].is_null() { status["phase"].text() } else { base::text!("Terminating") };
    let class = &claim["metadata"]["annotations"]["volume.beta.kubernetes.io/storage-class"];
    let class = if class.is_null() { &spec["storageClassName"] } else { class };
    vec![
        name(claim),
        Value::Str(phase),
        Value::Str(spec["volumeName"].text()),
        if bound { Value::Str(status["capacity"]["storage"].text()) } else { text("") },
        if bound { access_modes(&status["accessModes"]) } else { text("") },
        Value::Str(class.text()),
        class_of(&spec["volumeAttributesClassName"]),
        age(claim, now),
        class_of(&spec["volumeMode"]),
    ]
}

pub fn storage_class(class: &Value, now: Time) -> Vec<Value> {
    let annotations = &class["metadata"]["annotations"];
    let marks = ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];
    let default = if marks.iter().any(|m| annotations[*m].s() == "true") { " (default)" } else { "" };
    vec![
        text(&format!("{}{default}", class["metadata"]["name"].s())),
        class["provisioner"].clone(),
        class["reclaimPolicy"].clone(),
        class["volumeBindingMode"].clone(),
        Value::Bool(class["allowVolumeExpansion"].is_true()),
        age(class, now),
    ]
}

pub fn resource_quota(quota: &Value, now: Time) -> Vec<Value> {
    let status = &quota["status"];
    let (mut requests, mut limits) = (Vec::new(), Vec::new());
    for (resource, hard) in status["hard"].entries() {
        let used = status["used"][resource.as_str()].s();
        let used = if used.is_empty() { "0" } else { used };
        let shown = format!("{resource}: {used}/{}", hard.s());
        if resource.starts_with("limits") { limits.push(shown) } else { requests.push(shown) }
    }
    vec![name(quota), text(&requests.join(", ")), text(&limits.join(", ")), age(quota, now)]
}

pub fn csi_driver(driver: &Value, now: Time) -> Vec<Value> {
    let spec = &driver["spec"];
    let tokens: Vec<&str> = spec["tokenRequests"].items().iter().map(|t| t["audience"].s()).collect();
    let tokens = if tokens.is_empty() { Value::str(UNSET) } else { text(&tokens.join(",")) };
    let flag = |field: &str| Value::Bool(spec[field].is_true());
    let modes = join(spec["volumeLifecycleModes"].items(), ",");
    let modes = if modes.is_empty() { "<none>".into() } else { modes };
    vec![
        name(driver),
        flag("attachRequired"),
        flag("podInfoOnMount"),
        flag("storageCapacity"),
        tokens,
        flag("requiresRepublish"),
        text(&modes),
        age(driver, now),
    ]
}
