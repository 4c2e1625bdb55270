//! The `scale` subresource: the replicas of a workload in a form that is the same for all of them.
//! Models pkg/registry/apps/deployment/storage ScaleREST.

use crate::call::{Call, Ctx};
use crate::decode;
use crate::field::{Errors, Path};
use crate::kinds::Kind;
use crate::plan::{Body, Plan};
use crate::update::{self, Part, Revision};
use api::{Reply, Status, Verb};
use model::Selector;
use value::{Value, obj};

/// The Scale of a stored workload.
pub fn of(kind: &Kind, object: &Value) -> Value {
    let (spec, meta) = (&object["spec"], &object["metadata"]);
    let mut metadata = Value::map();
    for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
        if let Some(have) = meta.get(field) {
            metadata.set(&[field], have);
        }
    }
    let mut scale = obj! { "kind" => "Scale", "apiVersion" => "autoscaling/v1", "metadata" => metadata, "spec" => obj! {} };
    if !spec["replicas"].is_empty() {
        scale.set(&["spec", "replicas"], &spec["replicas"]);
    }
    let replicas = object["status"]["replicas"].as_i64().unwrap_or(0);
    scale.set(&["status", "replicas"], replicas);
    let selector = if kind.plural == "replicationcontrollers" {
        Selector::of_map(&spec["selector"])
    } else {
        Selector::of(&spec["selector"])
    };
    let text = selector.to_string();
    if !text.is_empty() {
        scale.set(&["status", "selector"], text);
    }
    scale
}

pub fn answer(call: Call, ctx: Ctx) -> Result<Plan, Status> {
    let old = call.current()?;
    let now = of(call.kind, &old.value);
    let wanted = match call.request.verb {
        Verb::Get => return Ok(Plan::Reply(Reply::ok(now))),
        Verb::Update => sent(call)?,
        Verb::Patch(kind) => crate::patch::apply_untyped(kind, &now, &call.request.body)?,
        _ => return Err(crate::call::not_allowed()),
    };
    update::name_of_body(&wanted, call.name())?;
    let replicas = &wanted["spec"]["replicas"];
    let count = match replicas {
        Value::Null => 0,
        Value::Int(count) if *count <= i32::MAX.into() => *count,
        other => {
            let what = decode::go_type_word(other);
            let message = format!(
                "Scale in version \"v1\" cannot be handled as a Scale: json: cannot unmarshal {what} into Go struct field ScaleSpec.spec.replicas of type int32"
            );
            return Err(Status::bad_request(message));
        }
    };
    if count < 0 {
        let mut errors = Errors::new();
        errors.non_negative(&Path::root("spec").child("replicas"), count);
        return Err(errors.into_status("Scale", "autoscaling", call.name()));
    }
    let mut new = old.value.clone();
    new.set(&["spec", "replicas"], count);
    new.set(&["metadata", "resourceVersion"], &wanted["metadata"]["resourceVersion"]);
    let plan = update::replace(call, Revision { old, new, part: Part::Own }, ctx)?;
    Ok(match plan {
        Plan::Write(mut write) => {
            write.answer.body = Body::Scale;
            Plan::Write(write)
        }
        Plan::Reply(reply) if reply.is_success() => Plan::Reply(Reply { body: of(call.kind, &reply.body), ..reply }),
        other => other,
    })
}

fn sent(call: Call) -> Result<Value, Status> {
    let body = &call.request.body;
    let (version, kind) = (body["apiVersion"].s(), body["kind"].s());
    if !kind.is_empty() && kind != "Scale" {
        let version = version.rsplit('/').next().unwrap_or(version);
        return Err(Status::bad_request(format!(
            "{kind} in version \"{version}\" cannot be handled as a Scale: converting ({version}.{kind}) to (autoscaling.Scale): unknown conversion"
        )));
    }
    Ok(body.clone())
}
