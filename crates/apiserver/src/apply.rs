//! Server-side apply: a client says which fields it wants and owns; the server merges them and answers who else does.
//! Models applyPatcher of k8s.io/apiserver/pkg/endpoints/handlers/patch.go.

use crate::call::{Call, Ctx};
use crate::managed::{self, Entries, Updater};
use crate::update::{self, Part, Revision};
use crate::{Plan, create, decode};
use api::{Status, Validation};
use base::Text;
use model::Object;
use std::sync::Arc;
use value::Value;

pub fn apply(call: Call, ctx: Ctx) -> Result<Plan, Status> {
    let config = &call.request.body;
    check(call, config)?;
    let Some(updater) = Updater::of(call, ctx.now) else {
        return Err(Status::unsupported("server-side apply of this kind"));
    };
    let named = || format!("{}/{}; {}", config["metadata"]["namespace"].s(), config["metadata"]["name"].s(), group_kind(config));
    let refuse = |what: &str, why: String| Status::new(500, "", format!("failed to {what} ({}){why}", named()));
    updater.typed().validate(config).map_err(|why| refuse("create typed patch object", format!(": {why}")))?;
    let old = call.snap.get(&call.key());
    if old.is_none() && !call.request.subresource.is_empty() {
        return Err(Status::not_found(call.resource(), call.name()));
    }
    let (live, entries) = current(call, old, &updater);
    let warnings = said_twice(call)?;
    let applied = updater.apply(&live, config, entries, call.request.query.force)?;
    let mut new = match (&applied.object, old) {
        (None, Some(old)) => old.value.clone(),
        (object, _) => {
            let object = object.as_ref().unwrap_or(&live);
            let decoded = decode::decode_applied(&call, (object, &live));
            decoded.map_err(|why| refuse("convert new object", format!(" to proper version: {why}")))?
        }
    };
    new.remove(&["metadata", "managedFields"]);
    managed::put(&mut new, &applied.entries);
    update::name_of_body(&new, call.name())?;
    create::namespace_of_body(&mut new, call)?;
    let plan = match old {
        Some(old) => update::replace(call, Revision { old, new, part: Part::of(&call.request.subresource) }, ctx),
        None => {
            new.remove(&["metadata", "resourceVersion"]);
            create::decoded(call, new, ctx)
        }
    };
    Ok(create::warned(plan, warnings))
}

/// Keys that the text has twice: warnings, or an error if the client wants it so.
fn said_twice(call: Call) -> Result<Vec<Text>, Status> {
    let twice = &call.request.query.duplicates;
    if call.request.query.validation != Validation::Strict || twice.is_empty() {
        return Ok(twice.clone());
    }
    let why =
        format!("error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  {}", twice.join("\n  "));
    Err(Status::bad_request(why))
}

/// The object as it is without its managers, and its managers.
fn current(call: Call, old: Option<&Arc<Object>>, updater: &Updater) -> (Value, Entries) {
    let Some(old) = old else { return (updater.typed().zero(), Entries::default()) };
    let mut live = call.show(&old.value);
    let list = live.remove(&["metadata", "managedFields"]).unwrap_or_default();
    (live, Entries::of(&list).unwrap_or_default())
}

fn check(call: Call, config: &Value) -> Result<(), Status> {
    if !matches!(config, Value::Map(_) | Value::Null) {
        let word = decode::go_type_word(config);
        return Err(Status::bad_request(format!(
            "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {word} into Go value of type map[string]interface {{}}"
        )));
    }
    if config["apiVersion"].s() != call.kind.api_version || config["kind"].s() != call.kind.kind {
        return Err(Status::bad_request(format!("invalid object type: {}", group_kind(config))));
    }
    if !config["metadata"]["managedFields"].is_null() {
        return Err(Status::bad_request("metadata.managedFields must be nil"));
    }
    Ok(())
}

/// `apps/v1, Kind=Deployment`, as Go prints a GroupVersionKind.
fn group_kind(object: &Value) -> String {
    let version = object["apiVersion"].s();
    let slash = if version.contains('/') { "" } else { "/" };
    format!("{slash}{version}, Kind={}", object["kind"].s())
}
