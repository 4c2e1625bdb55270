//! Subresources that are more than a part of their object: binding, eviction, scale, finalize, logs and the like.

use crate::call::{Call, Ctx, no_resource, not_allowed};
use crate::decode::{Decoded, decode};
use crate::forms::Form;
use crate::kinds::Kind;
use crate::plan::{Answer, Body, Plan, WritePlan};
use crate::update::{self, Part, Revision};
use crate::{connect, create, delete, patch, reviews, scale, token};
use api::{Change, Expect, Reply, Status, Verb, Write};
use base::Text;
use model::{Condition, Key, Resource, resource};
use value::Value;

/// Kinds that are never stored: a request to them does something else (`bindings`, reviews).
pub fn is_virtual(kind: &Kind) -> bool {
    !kind.verbs.has("get")
}

/// Answers a request to a subresource (other than `status`) or to a virtual kind.
pub fn answer(call: Call, ctx: Ctx) -> Result<Plan, Status> {
    let (resource, sub) = (call.resource().as_str(), call.request.subresource.as_str());
    match (resource, sub) {
        ("bindings", _) => bind(call, &call.request.body["metadata"]["name"].text(), ctx),
        ("pods", "binding") => bind(call, call.name(), ctx),
        ("pods", "eviction") => evict(call, ctx),
        (_, "scale") => scale::answer(call, ctx),
        ("namespaces", "finalize") => finalize(call, ctx),
        ("pods", "log" | "exec" | "attach" | "portforward") => connect::answer(call),
        ("pods", "ephemeralcontainers" | "resize") => part_of_pod(call, sub, ctx),
        ("serviceaccounts", "token") => token::answer(call, ctx),
        (_, "proxy") => Err(Status::unsupported("proxying through the API server")),
        (_, "approval") => status_like(call, ctx),
        (plural, "") if plural.ends_with("reviews.authorization.k8s.io") => reviews::answer(call, ctx),
        ("selfsubjectreviews.authentication.k8s.io", "") => reviews::answer(call, ctx),
        (plural, "") => Err(Status::unsupported(plural)),
        _ => Err(no_resource()),
    }
}

/// Gives a pod its node. Models BindingREST of pkg/registry/core/pod/storage.
fn bind(call: Call, name: &Text, ctx: Ctx) -> Result<Plan, Status> {
    let body = &call.request.body;
    let key = Key::new(&resource::PODS, call.request.namespace.clone(), name.clone());
    let node = body["target"]["name"].text();
    if node.is_empty() {
        return Err(Status::new(500, "", "target.name: Required value"));
    }
    let kind = body["target"]["kind"].s();
    if !matches!(kind, "" | "Node") {
        let message = format!("target.kind: Unsupported value: \"{kind}\": supported values: \"Node\", \"<empty>\"");
        return Err(Status::new(500, "", message));
    }
    let Some(pod) = call.snap.get(&key) else { return Err(Status::not_found("pods", name)) };
    let refuse = |why: String| Err(Status::conflict("pods/binding", name, &why));
    let uid = body["metadata"]["uid"].s();
    if !uid.is_empty() && uid != pod.meta.uid.as_str() {
        return refuse(format!("Precondition failed: UID in precondition: {uid}, UID in object meta: {}", pod.meta.uid));
    }
    if pod.is_terminating() {
        return refuse(format!("pod {name} is being deleted, cannot be assigned to a host"));
    }
    if !pod.pod().node().is_empty() {
        return refuse(format!("pod {name} is already assigned to node \"{}\"", pod.pod().node()));
    }
    if !pod.spec()["schedulingGates"].is_empty() {
        return refuse(format!("pod {name} has non-empty .spec.schedulingGates"));
    }
    let mut new = pod.value.clone();
    new.set(&["spec", "nodeName"], &node);
    for (key, to) in body["metadata"]["annotations"].entries() {
        new.set(&["metadata", "annotations", key], to);
    }
    topology_labels(call, &node, &mut new);
    new.remove(&["status", "nominatedNodeName"]);
    let status = new.at_mut(&["status"]);
    Condition { kind: "PodScheduled", status: "True", reason: "", message: "" }.put(status, ctx.now);
    for condition in status.at_mut(&["conditions"]).as_list_mut() {
        if condition["type"].s() == "PodScheduled" {
            condition.set(&["observedGeneration"], pod.meta.generation);
            condition.set(&["lastProbeTime"], Value::Null);
        }
    }
    Ok(done(call, vec![Write { key, expect: Expect::Revision(pod.meta.revision), change: Change::Put(new) }]))
}

/// A bound pod tells the zone and region of its node. Models the PodTopologyLabels admission plugin.
fn topology_labels(call: Call, node: &Text, pod: &mut Value) {
    let Some(node) = call.snap.find(&resource::NODES, "", node) else { return };
    for key in ["topology.kubernetes.io/zone", "topology.kubernetes.io/region"] {
        if let Some(label) = node.meta.labels.get(key) {
            pod.set(&["metadata", "labels", key], label);
        }
    }
}

/// Writes, answered by a bare success.
fn done(call: Call, writes: Vec<Write>) -> Plan {
    let mut body = Status { code: 201, ..Status::default() }.to_value();
    body.set(&["status"], "Success");
    if call.request.query.dry_run {
        return Plan::Reply(Reply { code: 201, body, warnings: Vec::new() });
    }
    let answer = Answer { code: 201, body: Body::Value(body), form: Form::default(), kind: call.kind, warnings: Vec::new() };
    Plan::Write(WritePlan { writes, answer })
}

/// Deletes a pod unless a disruption budget would be broken. Models EvictionREST of pkg/registry/core/pod/storage.
fn evict(call: Call, ctx: Ctx) -> Result<Plan, Status> {
    let pod = call.current()?;
    let inside = call.request.body["metadata"]["name"].s();
    if inside != call.name().as_str() {
        return Err(Status::bad_request("name in URL does not match name in Eviction object"));
    }
    let view = pod.pod();
    // Pods that are gone, going or never started cost no budget.
    let free = view.is_finished() || pod.is_terminating() || view.phase() == "Pending";
    let mut also = Vec::new();
    if !free {
        also = budget(call, ctx)?;
    }
    let mut request = call.request.clone();
    request.verb = Verb::Delete;
    request.subresource = Text::new();
    request.body = call.request.body["deleteOptions"].clone();
    let plan = delete::delete(Call { request: &request, ..call }, ctx)?;
    Ok(match plan {
        Plan::Write(plan) => {
            also.extend(shifted(plan.writes, also.len() as u64, call.snap.rev()));
            done(call, also)
        }
        Plan::Reply(reply) if reply.is_success() => {
            let mut body = Status { code: 201, ..Status::default() }.to_value();
            body.set(&["status"], "Success");
            Plan::Reply(Reply { code: 201, body, ..reply })
        }
        other => other,
    })
}

/// A delete's second write expects the revision of its first, which comes later when other writes go before.
fn shifted(writes: Vec<Write>, by: u64, rev: u64) -> Vec<Write> {
    let shift = |write: Write| match write.expect {
        Expect::Revision(at) if at > rev => Write { expect: Expect::Revision(at + by), ..write },
        Expect::Revision(_) | Expect::Absent => write,
    };
    writes.into_iter().map(shift).collect()
}

/// Takes one disruption from the budget that covers the pod; refuses when none is left.
fn budget(call: Call, ctx: Ctx) -> Result<Vec<Write>, Status> {
    let pod = call.current()?;
    let budgets: Resource = base::text!("poddisruptionbudgets.policy");
    let covers = |b: &&std::sync::Arc<model::Object>| {
        let selector = &b.spec()["selector"];
        !selector.is_null() && model::Selector::of(selector).matches(&pod.meta.labels)
    };
    let mut found = call.snap.list(&budgets, &call.request.namespace).filter(covers);
    let Some(budget) = found.next() else { return Ok(Vec::new()) };
    if found.next().is_some() {
        return Err(Status::new(
            500,
            "",
            "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
        ));
    }
    let status = budget.status();
    let number = |field: &str| status[field].as_i64().unwrap_or(0);
    // An unready pod of a healthy application costs nothing.
    let healthy = number("currentHealthy") >= number("desiredHealthy") && number("desiredHealthy") > 0;
    let always = budget.spec()["unhealthyPodEvictionPolicy"].s() == "AlwaysAllow";
    if !pod.pod().is_ready() && (healthy || always) {
        return Ok(Vec::new());
    }
    if number("observedGeneration") < budget.meta.generation {
        return Err(blocked(&format!("The disruption budget {} is still being processed by the server.", budget.meta.name), 10));
    }
    if number("disruptionsAllowed") <= 0 {
        let why = format!(
            "The disruption budget {} needs {} healthy pods and has {} currently",
            budget.meta.name,
            number("desiredHealthy"),
            number("currentHealthy")
        );
        return Err(blocked(&why, 0));
    }
    let mut new = budget.value.clone();
    new.set(&["status", "disruptionsAllowed"], number("disruptionsAllowed") - 1);
    new.set(&["status", "disruptedPods", &pod.meta.name], ctx.now);
    Ok(vec![Write { key: budget.key(), expect: Expect::Revision(budget.meta.revision), change: Change::Put(new) }])
}

fn blocked(why: &str, retry: i64) -> Status {
    let mut status = Status::too_many_requests("Cannot evict pod as it would violate the pod's disruption budget.");
    status.details.causes.push((base::text!("DisruptionBudget"), why.into(), Text::new()));
    status.details.retry_after_seconds = retry;
    status
}

/// Writes `spec.finalizers` of a namespace; the last one gone, the namespace goes.
fn finalize(call: Call, ctx: Ctx) -> Result<Plan, Status> {
    let old = call.current()?;
    let Decoded { object, warnings } = decode(&call, &call.request.body)?;
    update::name_of_body(&object, call.name())?;
    let mut new = old.value.clone();
    match object["spec"].get("finalizers") {
        Some(list) if !list.is_empty() => new.set(&["spec", "finalizers"], list),
        _ => _ = new.remove(&["spec", "finalizers"]),
    }
    if !object["metadata"]["resourceVersion"].is_empty() {
        new.set(&["metadata", "resourceVersion"], &object["metadata"]["resourceVersion"]);
    }
    let ends = old.is_terminating() && new["spec"]["finalizers"].is_empty() && old.meta.finalizers.is_empty();
    if ends {
        let write = Write { key: old.key(), expect: Expect::Revision(old.meta.revision), change: Change::Delete };
        let answer = Answer { code: 200, body: Body::Value(new), form: Form::default(), kind: call.kind, warnings };
        return Ok(Plan::Write(WritePlan { writes: vec![write], answer }));
    }
    Ok(create::warned(update::replace(call, Revision { old, new, part: Part::Own }, ctx), warnings))
}

/// Subresources that write like `status`.
fn status_like(call: Call, ctx: Ctx) -> Result<Plan, Status> {
    let old = call.current()?;
    match call.request.verb {
        Verb::Get => Ok(Plan::Reply(Reply::ok(call.show(&old.value)))),
        Verb::Update => {
            let Decoded { object: new, warnings } = decode(&call, &call.request.body)?;
            Ok(create::warned(update::replace(call, Revision { old, new, part: Part::Status }, ctx), warnings))
        }
        _ => Err(not_allowed()),
    }
}

/// `ephemeralcontainers` and `resize` change a part of a pod's spec that an update of the pod may not.
fn part_of_pod(call: Call, sub: &str, ctx: Ctx) -> Result<Plan, Status> {
    let old = call.current()?;
    let (wanted, warnings) = match call.request.verb {
        Verb::Get => return Ok(Plan::Reply(Reply::ok(call.show(&old.value)))),
        Verb::Update => {
            let Decoded { object, warnings } = decode(&call, &call.request.body)?;
            (object, warnings)
        }
        Verb::Patch(kind) => patch::patched(call, kind, old)?,
        _ => return Err(not_allowed()),
    };
    update::name_of_body(&wanted, call.name())?;
    let mut new = old.value.clone();
    new.set(&["metadata", "resourceVersion"], &wanted["metadata"]["resourceVersion"]);
    if sub == "resize" {
        resize(&mut new, &wanted);
    } else {
        new.set(&["spec", "ephemeralContainers"], &wanted["spec"]["ephemeralContainers"]);
        crate::defaults::pod_spec(new.at_mut(&["spec"]));
    }
    Ok(create::warned(update::replace(call, Revision { old, new, part: Part::Own }, ctx), warnings))
}

fn resize(new: &mut Value, wanted: &Value) {
    for list in ["initContainers", "containers"] {
        for (at, container) in wanted["spec"][list].items().iter().enumerate() {
            let Some(place) = new.at_mut(&["spec", list]).as_list_mut().get_mut(at) else { break };
            if place["name"] == container["name"] {
                for field in ["resources", "resizePolicy"] {
                    if let Some(have) = container.get(field) {
                        place.set(&[field], have);
                    }
                }
            }
        }
        if new["spec"][list].is_empty() {
            new.remove(&["spec", list]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use value::obj;

    #[test]
    fn resize_touches_resources_only() {
        let mut pod = obj! { "spec" => obj! { "containers" => value::list![obj! { "name" => "a", "image" => "x" }] } };
        let wanted = obj! { "spec" => obj! { "containers" => value::list![obj! { "name" => "a", "image" => "y", "resources" => obj! { "limits" => obj! { "cpu" => "1" } } }] } };
        resize(&mut pod, &wanted);
        assert_eq!(pod.to_json(), r#"{"spec":{"containers":[{"image":"x","name":"a","resources":{"limits":{"cpu":"1"}}}]}}"#);
    }
}
