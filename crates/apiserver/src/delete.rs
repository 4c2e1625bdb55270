//! Delete: at once, after a grace period, or when the last finalizer is gone.
//! Models k8s.io/apiserver/pkg/registry/rest/delete.go and pkg/registry/generic/registry/store.go.

use crate::call::{Call, Ctx};
use crate::field::{Errors, Path};
use crate::forms::Form;
use crate::plan::{Answer, Body, Plan, WritePlan};
use crate::{admission, read, service, strategy};
use api::{Change, Expect, Reply, Status, Write};
use base::{Duration, Text, Time};
use model::Object;
use std::sync::Arc;
use value::Value;

pub fn delete(call: Call, ctx: Ctx) -> Result<Plan, Status> {
    let options = Options::of(call)?;
    let object = call.current()?;
    refuse(call, object)?;
    options.preconditions(call, object)?;
    let ends = end(call, object, &options, ctx.now);
    let body = ends.answer(call, object);
    if call.request.query.dry_run || options.dry_run {
        return Ok(Plan::Reply(Reply { code: 200, body: body.unwrap_or_else(|| object.value.clone()), warnings: Vec::new() }));
    }
    if ends.writes.is_empty() {
        let body = body.unwrap_or_else(|| call.show(&object.value));
        return Ok(Plan::Reply(Reply { code: 200, body, warnings: Vec::new() }));
    }
    let body = body.map_or(Body::Written, Body::Value);
    let answer = Answer { code: 200, body, form: Form::of(call.request)?, kind: call.kind, warnings: Vec::new() };
    Ok(Plan::Write(WritePlan { writes: ends.writes, answer }))
}

/// Deletes whatever the selectors match, and answers the list.
pub fn delete_collection(call: Call, ctx: Ctx) -> Result<Plan, Status> {
    let options = Options::of(call)?;
    let objects = read::matching(call)?;
    let mut writes: Vec<Write> = Vec::new();
    for object in &objects {
        refuse(call, object)?;
        let mut own = end(call, object, &options, ctx.now).writes;
        renumber(&mut own, call.snap.rev() + writes.len() as u64, object);
        writes.extend(own);
    }
    let shown: Vec<Value> = objects.iter().map(|o| call.show(&o.value)).collect();
    let body = read::list_body(call, &shown, ctx);
    if call.request.query.dry_run || options.dry_run || writes.is_empty() {
        return Ok(Plan::Reply(Reply::ok(body)));
    }
    let answer = Answer { code: 200, body: Body::Value(body), form: Form::default(), kind: call.kind, warnings: Vec::new() };
    Ok(Plan::Write(WritePlan { writes, answer }))
}

/// Two writes to one object: the second expects the revision that the first will make.
fn renumber(writes: &mut [Write], revision: u64, object: &Object) {
    let key = object.key();
    for (at, write) in (revision..).zip(writes.iter_mut()) {
        if write.key == key && write.expect != Expect::Revision(object.meta.revision) {
            write.expect = Expect::Revision(at);
        }
    }
}

/// What is never deleted.
fn refuse(call: Call, object: &Object) -> Result<(), Status> {
    match call.resource().as_str() {
        "namespaces" => admission::may_delete_namespace(&object.meta.name),
        "priorityclasses.scheduling.k8s.io" if admission::is_system_class(&object.meta.name) => {
            Err(Status::forbidden(call.resource(), call.name(), "this is a system priority class and cannot be deleted"))
        }
        _ => Ok(()),
    }
}

/// DeleteOptions, from the body and the query.
#[derive(Default)]
pub struct Options {
    grace: Option<i64>,
    uid: Text,
    revision: Text,
    policy: Policy,
    pub dry_run: bool,
}

/// Who deletes what an object owns.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
enum Policy {
    /// Nothing was said: as before, which is in the background at first.
    #[default]
    Unset,
    /// The collector, afterwards.
    Background,
    /// The collector, before the object itself may go.
    Foreground,
    /// Nobody: dependents lose the reference.
    Orphan,
}

impl Options {
    fn of(call: Call) -> Result<Options, Status> {
        let (body, query) = (&call.request.body, &call.request.query);
        let policy =
            if body["propagationPolicy"].is_empty() { query.propagation_policy.as_str() } else { body["propagationPolicy"].s() };
        let orphan = body["orphanDependents"].as_bool();
        let policy = match (policy, orphan) {
            ("", Some(true)) | ("Orphan", None) => Policy::Orphan,
            ("", None) => Policy::Unset,
            ("Background", None) | ("", Some(false)) => Policy::Background,
            ("Foreground", None) => Policy::Foreground,
            (bad, _) => return Err(bad_policy(bad, orphan.is_some())),
        };
        let wants = &body["preconditions"];
        Ok(Options {
            grace: body["gracePeriodSeconds"].as_i64().or(query.grace_period_seconds),
            uid: wants["uid"].text(),
            revision: wants["resourceVersion"].text(),
            policy,
            dry_run: body["dryRun"].items().iter().any(|v| v.s() == "All"),
        })
    }
    fn preconditions(&self, call: Call, object: &Object) -> Result<(), Status> {
        let (kind, name) = (&call.kind.kind, call.name());
        let refuse = |why: String| {
            let mut status = Status::conflict(call.resource(), name, "");
            let what = if call.kind.group.is_empty() { kind.to_string() } else { format!("{kind}.{}", call.kind.group) };
            status.message = format!("Operation cannot be fulfilled on {what} \"{name}\": {why}").into();
            status.details.kind = kind.as_ref().into();
            Err(status)
        };
        if !self.uid.is_empty() && self.uid != object.meta.uid {
            let why = format!(
                "the UID in the precondition ({}) does not match the UID in record ({}). The object might have been deleted and then recreated",
                self.uid, object.meta.uid
            );
            return refuse(why);
        }
        let version = object.meta.revision.to_string();
        if !self.revision.is_empty() && self.revision.as_str() != version {
            let why = format!(
                "the ResourceVersion in the precondition ({}) does not match the ResourceVersion in record ({version}). The object might have been modified",
                self.revision
            );
            return refuse(why);
        }
        Ok(())
    }
}

fn bad_policy(bad: &str, both: bool) -> Status {
    let mut errors = Errors::new();
    if both {
        errors.invalid(&Path::root("propagationPolicy"), bad, "orphanDependents and deletionPropagation cannot be both set");
    } else {
        errors.unsupported(&Path::root("propagationPolicy"), bad, &["Background", "Foreground", "Orphan", "nil"]);
    }
    errors.into_status("DeleteOptions", "meta.k8s.io", "")
}

/// How an object ends: the writes, and whether it is gone after them.
struct End {
    writes: Vec<Write>,
    /// The object as it will be seen last (its deletion asked for).
    last: Value,
    gone: bool,
}

impl End {
    /// The body of the answer where it is known before the commit; `None` for the written object.
    fn answer(&self, call: Call, object: &Object) -> Option<Value> {
        if !self.gone {
            return None;
        }
        if strategy::answers_delete_with_object(call.resource()) {
            return Some(call.show(&self.last));
        }
        let mut status = Status { code: 200, ..Status::default() }.about(call.resource(), &object.meta.name);
        status.details.uid = object.meta.uid.clone();
        let mut body = status.to_value();
        body.remove(&["code"]);
        Some(body)
    }
}

/// Decides how an object goes.
fn end(call: Call, object: &Arc<Object>, options: &Options, now: Time) -> End {
    let resource = call.resource();
    let finalizers = finalizers_for(object, options.policy);
    let grace = strategy::grace_seconds(resource, object, options.grace);
    let namespace_waits = resource == "namespaces" && !object.value["spec"]["finalizers"].is_empty();
    let keeps = !finalizers.is_empty() || namespace_waits;
    let mut last = object.value.clone();
    if finalizers != object.meta.finalizers {
        let list: Vec<Value> = finalizers.iter().map(|f| Value::Str(f.clone())).collect();
        if list.is_empty() { _ = last.remove(&["metadata", "finalizers"]) } else { last.set(&["metadata", "finalizers"], list) }
    }
    let seconds = grace.unwrap_or(0);
    let waits = keeps || seconds > 0;
    let marked = mark(object, &mut last, grace, waits, now);
    if resource == "namespaces" {
        last.set(&["status", "phase"], "Terminating");
    }
    let key = object.key();
    let expect = Expect::Revision(object.meta.revision);
    if waits {
        let changed = marked || last != object.value;
        let writes = if changed { vec![Write { key, expect, change: Change::Put(last.clone()) }] } else { Vec::new() };
        return End { writes, last, gone: false };
    }
    let mut writes = Vec::new();
    // A pod that is already on its way is seen once more, with grace 0, before it is gone.
    if grace.is_some() && object.is_terminating() && marked {
        writes.push(Write { key: key.clone(), expect, change: Change::Put(last.clone()) });
        writes.push(Write { key, expect: Expect::Revision(call.snap.rev() + 1), change: Change::Delete });
    } else {
        writes.push(Write { key, expect, change: Change::Delete });
    }
    writes.extend(service::release(call.snap, object));
    End { writes, last, gone: true }
}

/// The finalizers that are left, and the one that the propagation policy asks for.
/// Models deletionFinalizersForGarbageCollection.
fn finalizers_for(object: &Object, policy: Policy) -> Vec<Text> {
    if policy == Policy::Unset {
        return object.meta.finalizers.clone();
    }
    let mut list: Vec<Text> =
        object.meta.finalizers.iter().filter(|f| !matches!(f.as_str(), "orphan" | "foregroundDeletion")).cloned().collect();
    match policy {
        Policy::Unset | Policy::Background => {}
        Policy::Foreground => list.push(base::text!("foregroundDeletion")),
        Policy::Orphan => list.push(base::text!("orphan")),
    }
    list
}

/// A hundred years: more than anybody waits, and no time overflows.
const LONGEST_GRACE: i64 = 100 * 365 * 86_400;

/// Writes deletionTimestamp and the grace period; answers whether anything changed. A grace period may only shrink.
fn mark(object: &Object, last: &mut Value, grace: Option<i64>, waits: bool, now: Time) -> bool {
    let asked = grace.unwrap_or(0).min(LONGEST_GRACE);
    if let Some(deleted) = object.meta.deleted {
        let have = object.meta.grace.map_or(0, Duration::as_secs);
        if asked >= have {
            return false;
        }
        let at = deleted - Duration::from_secs(have) + Duration::from_secs(asked);
        last.set(&["metadata", "deletionTimestamp"], at.max(now.whole_second()));
        last.set(&["metadata", "deletionGracePeriodSeconds"], asked);
        return true;
    }
    if !waits && grace.is_none() {
        return false;
    }
    last.set(&["metadata", "deletionTimestamp"], now.whole_second() + Duration::from_secs(asked));
    if object.resource != "namespaces" {
        last.set(&["metadata", "deletionGracePeriodSeconds"], asked);
    }
    if strategy::has_generation(&object.resource) {
        last.set(&["metadata", "generation"], object.meta.generation + 1);
    }
    true
}
