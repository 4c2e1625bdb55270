//! Update: PUT of an object or of its status. What ends an update (defaults, admission, validation, generation, the
//! write) is shared with patches and the other subresources.
//! Models k8s.io/apiserver/pkg/registry/rest/update.go and pkg/registry/generic/registry/store.go.

use crate::call::{Call, Ctx};
use crate::decode::{Decoded, decode};
use crate::forms::Form;
use crate::plan::{Answer, Body, Plan, WritePlan};
use crate::{admission, create, defaults, field::Errors, managed, service, strategy, validate, warn};
use api::{Change, Expect, Reply, Status, Write};
use base::Text;
use model::{Object, resource};
use value::Value;

pub fn update(call: Call, ctx: Ctx) -> Result<Plan, Status> {
    let Decoded { object: mut new, warnings } = decode(&call, &call.request.body)?;
    name_of_body(&new, call.name())?;
    create::namespace_of_body(&mut new, call)?;
    let Some(old) = call.snap.get(&call.key()) else {
        if call.request.subresource.is_empty() && strategy::creates_on_update(call.resource()) {
            return create::create(call, ctx);
        }
        return Err(Status::not_found(call.resource(), call.name()));
    };
    Ok(create::warned(replace(call, Revision { old, new, part: Part::of(&call.request.subresource) }, ctx), warnings))
}

/// Which part of the object a change may touch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// Everything but the status (for kinds with a status subresource).
    Main,
    /// The status, and metadata for kinds that let it.
    Status,
    /// A subresource that has made sure of its own part.
    Own,
}

impl Part {
    pub fn of(subresource: &str) -> Part {
        match subresource {
            "" => Part::Main,
            "status" => Part::Status,
            _ => Part::Own,
        }
    }
}

/// A change on its way: the object that is there and the one that is wanted.
pub struct Revision<'a> {
    pub old: &'a Object,
    pub new: Value,
    pub part: Part,
}

/// The name in a body must be the one in the URL.
pub fn name_of_body(body: &Value, name: &str) -> Result<(), Status> {
    let inside = body["metadata"]["name"].s();
    if inside.is_empty() {
        let message = format!("the name of the object ({name} based on URL) was undeterminable: name must be provided");
        return Err(Status::bad_request(message));
    }
    if inside != name {
        let message = format!("the name of the object ({inside}) does not match the name on the URL ({name})");
        return Err(Status::bad_request(message));
    }
    Ok(())
}

/// Carries a change through preconditions, defaults, admission and validation to its write.
pub fn replace(call: Call, change: Revision, ctx: Ctx) -> Result<Plan, Status> {
    let Revision { old, mut new, part } = change;
    let mut warnings = Vec::new();
    preconditions(call, old, &new)?;
    keep_metadata(old, &mut new);
    keep_part(call, old, &mut new, part);
    let resource = call.resource();
    if part == Part::Main {
        if resource == "services" {
            service::prepare_update(&mut new, &old.value);
        }
        defaults::apply(resource, &mut new);
    }
    managed::track(call, Some(&old.value), &mut new, ctx.now);
    if part == Part::Main {
        admission::update(&old.key(), &mut new);
        create::rights(call, Some(&old.value), &new, ctx)?;
    }
    if part != Part::Status {
        bump_generation(resource, old, &mut new);
    } else if resource == "services" {
        defaults::service_status(&mut new);
    }
    check(call, old, &new, part)?;
    let mut also = Vec::new();
    let key = old.key();
    if part == Part::Main && resource == "services" {
        also = service::allocate_changed(call.snap, &key, old, &mut new, ctx)?;
    }
    if part == Part::Main {
        warnings.extend(warn::of(call.kind, &new, Some(&old.value)));
    }
    let dry = call.request.query.dry_run;
    if same(&old.value, &new) || dry {
        let stored = if dry { &new } else { &old.value };
        let body = Form::of(call.request)?.one(call.kind, call.show(stored), ctx.now);
        return Ok(Plan::Reply(Reply { code: 200, body, warnings }));
    }
    // The deletion event of an object that lost its last finalizer still shows the finalizer: nothing to write before.
    let (change, body) =
        if gone(old, &new) { (Change::Delete, Body::Value(call.show(&new))) } else { (Change::Put(new), Body::Written) };
    let expect = Expect::Revision(old.meta.revision);
    also.push(Write { key, expect, change });
    let answer = Answer { code: 200, body, form: Form::of(call.request)?, kind: call.kind, warnings };
    Ok(Plan::Write(WritePlan { writes: also, answer }))
}

/// An object that waits for its end goes when its last finalizer does; a namespace has some of its own.
fn gone(old: &Object, new: &Value) -> bool {
    old.is_terminating()
        && (old.resource != resource::NAMESPACES || new["spec"]["finalizers"].is_empty())
        && new["metadata"]["finalizers"].is_empty()
        && new["metadata"]["deletionGracePeriodSeconds"].as_i64().unwrap_or(0) == 0
}

/// Whether a change changes nothing, but for the time of an apply or update. (Both carry the old resourceVersion by now.)
fn same(old: &Value, new: &Value) -> bool {
    if old == new {
        return true;
    }
    let path = ["metadata", "managedFields"];
    let (before, after) = (old.at(&path), new.at(&path));
    if before.is_null() || !managed::same_but_times(before, after) {
        return false;
    }
    let mut new = new.clone();
    new.set(&path, before);
    *old == new
}

/// uid and resourceVersion, where the client names them.
fn preconditions(call: Call, old: &Object, new: &Value) -> Result<(), Status> {
    let meta = &new["metadata"];
    let version = meta["resourceVersion"].s();
    if !version.is_empty() && version != "0" {
        let Ok(wanted) = version.parse::<u64>() else {
            let message = format!("strconv.ParseUint: parsing {}: invalid syntax", crate::field::quote(version));
            return Err(Status::new(500, "", message));
        };
        if wanted != old.meta.revision {
            return Err(Status::modified(call.resource(), call.name()));
        }
    }
    let uid = meta["uid"].s();
    let is_put = call.request.verb == api::Verb::Update;
    if is_put && !uid.is_empty() && uid != old.meta.uid.as_str() {
        let path = registry_path(call, old);
        let why = format!(
            "StorageError: invalid object, Code: 4, Key: {path}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
            old.meta.uid
        );
        return Err(Status::conflict(call.resource(), call.name(), &why));
    }
    Ok(())
}

fn registry_path(call: Call, old: &Object) -> String {
    let (plural, _) = resource::split(call.resource());
    let folder = match plural {
        "services" => "services/specs",
        "endpoints" => "services/endpoints",
        "nodes" => "minions",
        other => other,
    };
    format!("/registry/{folder}/{}", old.key().path())
}

/// What a client leaves out of the metadata that only the server writes, comes from the old object.
fn keep_metadata(old: &Object, new: &mut Value) {
    let before = &old.value["metadata"];
    let meta = new.at_mut(&["metadata"]).as_map_mut();
    for field in ["uid", "deletionTimestamp", "deletionGracePeriodSeconds"] {
        if meta.get(field).is_none_or(Value::is_null)
            && let Some(have) = before.get(field)
        {
            meta.insert(field, have);
        }
    }
    for field in ["creationTimestamp", "generation", "resourceVersion"] {
        match before.get(field) {
            Some(have) => _ = meta.insert(field, have),
            None => _ = meta.remove(field),
        }
    }
    meta.remove("selfLink");
}

/// Puts back what this part of the API may not change. Models the PrepareForUpdate of each strategy.
fn keep_part(call: Call, old: &Object, new: &mut Value, part: Part) {
    let has_status = crate::kinds::has_subresource(call.kind, "status");
    match part {
        Part::Main if has_status => restore(new, &old.value, "status"),
        Part::Main | Part::Own => {}
        Part::Status => {
            for (field, _) in old.value.entries() {
                if !matches!(field.as_str(), "status" | "metadata") {
                    restore(new, &old.value, field);
                }
            }
            let extra: Vec<Text> = new.entries().iter().map(|(field, _)| field.clone()).collect();
            for field in extra.iter().filter(|f| !matches!(f.as_str(), "status" | "metadata")) {
                restore(new, &old.value, field);
            }
            if old.resource == "deployments.apps" {
                let meta = new.at_mut(&["metadata"]);
                restore(meta, &old.value["metadata"], "labels");
            }
            if old.resource == "pods" {
                let meta = new.at_mut(&["metadata"]);
                restore(meta, &old.value["metadata"], "ownerReferences");
                keep_qos(old, new);
            }
        }
    }
}

/// A kubelet that does not speak of the class does not take it away.
fn keep_qos(old: &Object, new: &mut Value) {
    let class = &old.value["status"]["qosClass"];
    if new["status"]["qosClass"].is_empty() && !class.is_empty() {
        new.set(&["status", "qosClass"], class);
    }
}

fn restore(new: &mut Value, old: &Value, field: &str) {
    match old.get(field) {
        Some(have) => _ = new.as_map_mut().insert(field, have),
        None => _ = new.remove(&[field]),
    }
}

/// Kinds that count: any change outside metadata and status; a Deployment's annotations count too.
fn bump_generation(resource: &str, old: &Object, new: &mut Value) {
    if !strategy::has_generation(resource) {
        return;
    }
    let counts = |field: &str| !matches!(field, "metadata" | "status");
    let fields = |v: &Value| v.entries().iter().filter(|(f, _)| counts(f)).count();
    let mut changed =
        fields(&old.value) != fields(new) || old.value.entries().iter().any(|(f, v)| counts(f) && new[f.as_str()] != *v);
    if resource == "deployments.apps" {
        changed |= new["metadata"]["annotations"] != old.value["metadata"]["annotations"];
    }
    if changed {
        new.set(&["metadata", "generation"], old.meta.generation + 1);
        if resource == "daemonsets.apps" && new["spec"]["template"] != old.value["spec"]["template"] {
            next_template_generation(new);
        }
    }
}

fn next_template_generation(set: &mut Value) {
    const KEY: &str = "deprecated.daemonset.template.generation";
    let next = set["metadata"]["annotations"][KEY].s().parse::<i64>().unwrap_or(0) + 1;
    set.set(&["metadata", "annotations", KEY], next.to_string());
}

fn check(call: Call, old: &Object, new: &Value, part: Part) -> Result<(), Status> {
    let mut errors = Errors::new();
    match part {
        Part::Main => validate::update(call.kind, new, old, &mut errors),
        Part::Status | Part::Own => validate::update_status(call.kind, new, old, &mut errors),
    }
    if errors.is_empty() { Ok(()) } else { Err(errors.into_status(&call.kind.kind, &call.kind.group, call.name())) }
}
