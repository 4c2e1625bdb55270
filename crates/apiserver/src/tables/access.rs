//! Rows of access rules, classes, leases and the API's own extensions.

use super::cells::{age, name, or_none, text};
use base::Time;
use model::Condition;
use value::Value;

pub fn lease(lease: &Value, now: Time) -> Vec<Value> {
    vec![name(lease), Value::Str(lease["spec"]["holderIdentity"].text()), age(lease, now)]
}

pub fn priority_class(class: &Value, now: Time) -> Vec<Value> {
    let global = Value::Bool(class["globalDefault"].is_true());
    vec![name(class), class["value"].clone(), global, age(class, now), class["preemptionPolicy"].clone()]
}

pub fn binding(binding: &Value, now: Time) -> Vec<Value> {
    let role = &binding["roleRef"];
    let of = |kind: &str| {
        let shown = binding["subjects"].items().iter().filter(|s| s["kind"].s() == kind).map(|s| match kind {
            "ServiceAccount" if !s["namespace"].is_empty() => format!("{}/{}", s["namespace"].s(), s["name"].s()),
            _ => s["name"].s().to_string(),
        });
        text(&shown.collect::<Vec<_>>().join(", "))
    };
    let reference = format!("{}/{}", role["kind"].s(), role["name"].s());
    vec![name(binding), text(&reference), age(binding, now), of("User"), of("Group"), of("ServiceAccount")]
}

pub fn runtime_class(class: &Value, now: Time) -> Vec<Value> {
    vec![name(class), class["handler"].clone(), age(class, now)]
}

pub fn webhooks(configuration: &Value, now: Time) -> Vec<Value> {
    vec![name(configuration), Value::Int(configuration["webhooks"].items().len() as i64), age(configuration, now)]
}

pub fn admission_policy(policy: &Value, now: Time) -> Vec<Value> {
    let (spec, kind) = (&policy["spec"], &policy["spec"]["paramKind"]);
    let shown = if kind.is_null() { "<unset>".to_string() } else { format!("{}/{}", kind["apiVersion"].s(), kind["kind"].s()) };
    vec![name(policy), Value::Int(spec["validations"].items().len() as i64), text(&shown), age(policy, now)]
}

pub fn admission_policy_binding(binding: &Value, now: Time) -> Vec<Value> {
    let (spec, param) = (&binding["spec"], &binding["spec"]["paramRef"]);
    let shown = match (param.is_null(), param["name"].is_empty(), param["namespace"].is_empty()) {
        (true, ..) => "<unset>".to_string(),
        (_, false, false) => format!("{}/{}", param["namespace"].s(), param["name"].s()),
        (_, false, true) => format!("*/{}", param["name"].s()),
        _ => "<selector>".to_string(),
    };
    vec![name(binding), spec["policyName"].clone(), text(&shown), age(binding, now)]
}

pub fn signing_request(request: &Value, now: Time) -> Vec<Value> {
    let (spec, status) = (&request["spec"], &request["status"]);
    let duration =
        spec["expirationSeconds"].as_i64().map_or_else(|| "<none>".to_string(), |s| base::Duration::from_secs(s).human());
    let mut state = if Condition::is_true(status, "Denied") {
        "Denied"
    } else if Condition::is_true(status, "Approved") {
        "Approved"
    } else {
        "Pending"
    }
    .to_string();
    if Condition::is_true(status, "Failed") {
        state += ",Failed";
    }
    if !status["certificate"].is_empty() {
        state += ",Issued";
    }
    vec![
        name(request),
        age(request, now),
        or_none(&spec["signerName"]),
        Value::Str(spec["username"].text()),
        text(&duration),
        text(&state),
    ]
}

pub fn api_service(service: &Value, now: Time) -> Vec<Value> {
    let target = &service["spec"]["service"];
    let shown =
        if target.is_null() { "Local".to_string() } else { format!("{}/{}", target["namespace"].s(), target["name"].s()) };
    let available = Condition::find(&service["status"], "Available");
    let word = match (available["status"].s(), available["reason"].s()) {
        ("True", _) => "True".to_string(),
        ("", _) => "Unknown".to_string(),
        (status, reason) => format!("{status} ({reason})"),
    };
    vec![name(service), text(&shown), text(&word), age(service, now)]
}
