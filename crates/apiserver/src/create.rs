//! Create: decode, default, admit, prepare, validate, allocate, write.
//! Models the way of k8s.io/apiserver/pkg/endpoints/handlers/create.go and pkg/registry/generic/registry/store.go.

use crate::call::{Call, Ctx};
use crate::decode::{Decoded, decode};
use crate::plan::{Answer, Body, Plan, WritePlan};
use crate::{admission, defaults, field::Errors, kinds, managed, rbac, service, strategy, validate, warn};
use api::{Change, Expect, Reply, Status, Write};
use base::Text;
use model::Key;
use value::Value;

/// How often a generated name is tried again when it is taken.
const NAME_TRIES: u32 = 8;

pub fn create(call: Call, ctx: Ctx) -> Result<Plan, Status> {
    let Decoded { object, warnings } = decode(&call, &call.request.body)?;
    Ok(warned(decoded(call, object, ctx), warnings))
}

/// Creates a decoded object.
pub fn decoded(call: Call, object: Value, ctx: Ctx) -> Result<Plan, Status> {
    finish(call, make(call, object, ctx)?)
}

/// A plan with the warnings of decoding before its own; refusals carry them too.
pub fn warned(plan: Result<Plan, Status>, mut warnings: Vec<Text>) -> Plan {
    let mut plan = plan.unwrap_or_else(Plan::from);
    let place = match &mut plan {
        Plan::Reply(reply) => &mut reply.warnings,
        Plan::Write(write) => &mut write.answer.warnings,
        Plan::Watch(watch) => &mut watch.warnings,
        Plan::Connect(_) => return plan,
    };
    warnings.append(place);
    *place = warnings;
    plan
}

/// A new object, ready to be written, and the other writes that go with it.
pub struct Made {
    pub key: Key,
    pub object: Value,
    pub also: Vec<Write>,
    pub warnings: Vec<Text>,
}

/// Makes a complete object of a decoded one, or says why it cannot be.
pub fn make(call: Call, mut object: Value, ctx: Ctx) -> Result<Made, Status> {
    let (request, resource) = (call.request, call.resource());
    namespace_of_body(&mut object, call)?;
    let mut key = Key::new(resource, request.namespace.clone(), shown_name(&object));
    admission::namespace_of(call.snap, &key)?;
    if !object["metadata"]["resourceVersion"].is_empty() {
        return Err(Status::new(500, "", "resourceVersion should not be set on objects to be created"));
    }
    defaults::apply(resource, &mut object);
    managed::track(call, None, &mut object, ctx.now);
    admission::create(call.snap, &key, &mut object, ctx)?;
    rights(call, None, &object, ctx)?;
    name(&mut object, call, ctx);
    key.name = object["metadata"]["name"].text();
    system_metadata(&mut object, call, ctx);
    prepare(call, &mut object);
    let mut errors = Errors::new();
    validate::create(call.kind, &object, &mut errors);
    if !errors.is_empty() {
        return Err(errors.into_status(&call.kind.kind, &call.kind.group, &key.name));
    }
    if let Some(old) = call.snap.get(&key) {
        let mut status = Status::already_exists(resource, &key.name);
        if old.is_terminating() {
            status.message = format!("object is being deleted: {}", status.message).into();
        }
        return Err(status);
    }
    let mut also = Vec::new();
    if resource == "services" {
        also = service::allocate_new(call.snap, &key, &mut object, ctx)?;
    }
    let warnings = warn::of(call.kind, &object, None);
    Ok(Made { key, object, also, warnings })
}

/// Roles and bindings give no more than their writer has.
pub fn rights(call: Call, old: Option<&Value>, new: &Value, ctx: Ctx) -> Result<(), Status> {
    if call.kind.group != "rbac.authorization.k8s.io" {
        return Ok(());
    }
    match call.kind.plural.as_ref() {
        "roles" | "clusterroles" => rbac::grant(call, old, new, ctx),
        _ => rbac::bind(call, old, new, ctx),
    }
}

fn finish(call: Call, made: Made) -> Result<Plan, Status> {
    let warnings = made.warnings;
    if call.request.query.dry_run {
        let body = call.show(&made.object);
        return Ok(Plan::Reply(Reply { code: 201, body, warnings }));
    }
    let mut writes = made.also;
    writes.push(Write { key: made.key, expect: Expect::Absent, change: Change::Put(made.object) });
    let answer =
        Answer { code: 201, body: Body::Written, form: crate::forms::Form::of(call.request)?, kind: call.kind, warnings };
    Ok(Plan::Write(WritePlan { writes, answer }))
}

/// The namespace of the URL counts; another one in the body is an error.
pub fn namespace_of_body(object: &mut Value, call: Call) -> Result<(), Status> {
    let inside = object["metadata"]["namespace"].s();
    if call.kind.namespaced {
        let want = &call.request.namespace;
        if !inside.is_empty() && inside != want.as_str() {
            return Err(Status::bad_request(
                "the namespace of the provided object does not match the namespace sent on the request",
            ));
        }
        object.at_mut(&["metadata"]).as_map_mut().insert("namespace", want);
    } else if !inside.is_empty() {
        return Err(Status::bad_request("the namespace of the provided object does not match the namespace sent on the request"));
    }
    Ok(())
}

/// The name that refusals before naming speak of.
fn shown_name(object: &Value) -> Text {
    let meta = &object["metadata"];
    if meta["name"].is_empty() { meta["generateName"].text() } else { meta["name"].text() }
}

/// Makes a name of `generateName` where none is given. The base is cut so that the suffix fits.
fn name(object: &mut Value, call: Call, ctx: Ctx) {
    let meta = &object["metadata"];
    let (given, base) = (meta["name"].s(), meta["generateName"].s());
    if !given.is_empty() || base.is_empty() {
        return;
    }
    let base = &base[..base.floor_char_boundary(58)];
    let mut name = String::new();
    for _ in 0..NAME_TRIES {
        name = format!("{base}{}", ctx.rng.name_suffix(5));
        if call.snap.find(call.resource(), &call.request.namespace, &name).is_none() {
            break;
        }
    }
    object.at_mut(&["metadata"]).as_map_mut().insert("name", name);
}

/// What only the server writes.
fn system_metadata(object: &mut Value, call: Call, ctx: Ctx) {
    let meta = object.at_mut(&["metadata"]).as_map_mut();
    for field in ["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "generation", "resourceVersion"] {
        if meta.contains(field) {
            meta.remove(field);
        }
    }
    meta.insert("uid", ctx.rng.uuid());
    meta.insert("creationTimestamp", ctx.now);
    if strategy::has_generation(call.resource()) {
        meta.insert("generation", 1);
    }
}

/// Models the PrepareForCreate of each kind.
fn prepare(call: Call, object: &mut Value) {
    if kinds::has_subresource(call.kind, "status") {
        strategy::first_status(call.resource(), object);
    }
    match call.resource().as_str() {
        "namespaces" => {
            let list = object.at_mut(&["spec", "finalizers"]).as_list_mut();
            if !list.iter().any(|f| f.s() == "kubernetes") {
                list.push(Value::str("kubernetes"));
            }
        }
        "services" => service::prepare_new(object),
        "daemonsets.apps" => {
            object.at_mut(&["metadata", "annotations"]).as_map_mut().insert("deprecated.daemonset.template.generation", "1");
        }
        "jobs.batch" => job_selector(object),
        _ => {}
    }
}

/// A job selects its pods by its own uid unless it asks for a selector of its own.
/// Models generateSelector of pkg/registry/batch/job/strategy.go.
fn job_selector(job: &mut Value) {
    if job["spec"]["manualSelector"].is_true() {
        return;
    }
    let (uid, name) = (job["metadata"]["uid"].text(), job["metadata"]["name"].text());
    let labels = job.at_mut(&["spec", "template", "metadata", "labels"]).as_map_mut();
    for (key, to) in [
        ("controller-uid", &uid),
        ("batch.kubernetes.io/controller-uid", &uid),
        ("job-name", &name),
        ("batch.kubernetes.io/job-name", &name),
    ] {
        if !labels.contains(key) {
            labels.insert(key, to);
        }
    }
    let labels = labels.clone();
    let meta = job.at_mut(&["metadata"]).as_map_mut();
    if meta.get("labels").is_none_or(Value::is_empty) {
        meta.insert("labels", labels);
    }
    job.at_mut(&["spec", "selector", "matchLabels"]).as_map_mut().insert("batch.kubernetes.io/controller-uid", uid);
}
