//! Get, list and watch. Models k8s.io/apiserver/pkg/endpoints/handlers/get.go and the list option validation.

use crate::call::{Call, Ctx};
use crate::field::{Errors, Path, quote};
use crate::forms::Form;
use crate::kinds;
use crate::plan::Plan;
use crate::watch::WatchPlan;
use api::{Reply, Status, WatchEvent, WatchKind};
use base::{Duration, Text, base64_decode, base64_encode};
use model::{Key, Object, Selector};
use std::sync::Arc;
use store::Filter;
use value::{Value, obj};

pub fn get(call: Call, ctx: Ctx) -> Result<Plan, Status> {
    let version = &call.request.query.resource_version;
    if !version.is_empty() && version.parse::<u64>().is_err() {
        return Err(Status::new(500, "", bad_version(version)));
    }
    let object = call.current()?;
    let body = Form::of(call.request)?.one(call.kind, call.show(&object.value), ctx.now);
    Ok(Plan::Reply(Reply { code: 200, body, warnings: Vec::new() }))
}

fn bad_version(version: &str) -> String {
    format!("resourceVersion: Invalid value: {0}: strconv.ParseUint: parsing {0}: invalid syntax", quote(version))
}

pub fn list(call: Call, ctx: Ctx) -> Result<Plan, Status> {
    let query = &call.request.query;
    list_options(call)?;
    let asked = revision(call)?;
    if asked > call.snap.rev() {
        return Err(too_large(asked, call.snap.rev()));
    }
    let filter = filter(call)?;
    let after = Continue::read(&query.continue_token)?;
    let mut page: Vec<Value> = Vec::new();
    let mut last: Option<Key> = None;
    let mut remaining = 0_i64;
    for object in candidates(call, &filter) {
        if after.as_ref().is_some_and(|after| !after.is_before(object)) || !filter.matches(object) {
            continue;
        }
        if query.limit > 0 && page.len() as i64 >= query.limit {
            remaining += 1;
            continue;
        }
        page.push(call.show(&object.value));
        last = Some(object.key());
    }
    let mut metadata = obj! { "resourceVersion" => after.map_or(call.snap.rev(), |a| a.rev).to_string() };
    if let (true, Some(last)) = (remaining > 0, last) {
        metadata.set(&["continue"], Continue::write(&last, call.snap.rev()));
        if query.label_selector.is_empty() && query.field_selector.is_empty() {
            metadata.set(&["remainingItemCount"], remaining);
        }
    }
    let body = Form::of(call.request)?.list(call.kind, &page, metadata, ctx.now);
    Ok(Plan::Reply(Reply { code: 200, body, warnings: Vec::new() }))
}

/// The objects that a filter may match, without looking at those of other names or nodes where an index knows.
fn candidates<'a>(call: Call<'a>, filter: &Filter) -> Vec<&'a Arc<Object>> {
    let snap = call.snap;
    if !filter.name.is_empty() && !filter.namespace.is_empty() {
        return snap.find(&filter.resource, &filter.namespace, &filter.name).into_iter().collect();
    }
    let node = filter.fields.terms.iter().find(|(path, node, negated)| path == "spec.nodeName" && !*negated && !node.is_empty());
    if let ("pods", Some((_, node, _))) = (filter.resource.as_str(), node) {
        return snap.pods_on(node).collect();
    }
    snap.list(call.resource(), &filter.namespace).collect()
}

/// Every object that the selectors of the request match.
pub fn matching(call: Call) -> Result<Vec<Arc<Object>>, Status> {
    let filter = filter(call)?;
    Ok(candidates(call, &filter).into_iter().filter(|o| filter.matches(o)).cloned().collect())
}

/// A plain list body.
pub fn list_body(call: Call, objects: &[Value], ctx: Ctx) -> Value {
    Form::default().list(call.kind, objects, obj! { "resourceVersion" => call.snap.rev().to_string() }, ctx.now)
}

/// The selectors of a request as one filter.
fn filter(call: Call) -> Result<Filter, Status> {
    let request = call.request;
    let labels = Selector::parse(&request.query.label_selector).map_err(Status::bad_request)?;
    let fields = kinds::field_selector(call.kind, &request.query.field_selector).map_err(Status::bad_request)?;
    let named = fields.terms.iter().find(|(path, _, negated)| path == "metadata.name" && !negated);
    let name = named.map_or_else(Text::new, |(_, name, _)| name.clone());
    Ok(Filter { resource: call.resource().clone(), namespace: request.namespace.clone(), name, labels, fields })
}

/// The resourceVersion of a list or watch; 0 when absent.
fn revision(call: Call) -> Result<u64, Status> {
    let version = &call.request.query.resource_version;
    if version.is_empty() {
        return Ok(0);
    }
    version.parse().map_err(|_| Status::bad_request(format!("invalid resource version: {}", bad_version(version))))
}

fn too_large(asked: u64, current: u64) -> Status {
    let mut status = Status::new(504, "Timeout", format!("Too large resource version: {asked}, current: {current}"));
    status.details.retry_after_seconds = 1;
    status.details.causes.push(("ResourceVersionTooLarge".into(), "Too large resource version".into(), Text::new()));
    status
}

/// Models ValidateListOptions of k8s.io/apimachinery/pkg/apis/meta/internalversion/validation.
fn list_options(call: Call) -> Result<(), Status> {
    let query = &call.request.query;
    let (wanted, version) = (query.resource_version_match.as_str(), query.resource_version.as_str());
    let path = Path::root("resourceVersionMatch");
    let mut errors = Errors::new();
    if !wanted.is_empty() {
        if version.is_empty() {
            errors.forbidden(&path, "resourceVersionMatch is forbidden unless resourceVersion is provided");
        }
        if !query.continue_token.is_empty() {
            errors.forbidden(&path, "resourceVersionMatch is forbidden when continue is provided");
        }
        if !matches!(wanted, "Exact" | "NotOlderThan") {
            errors.unsupported(&path, wanted, &["Exact", "NotOlderThan", ""]);
        }
        if wanted == "Exact" && version == "0" {
            errors.forbidden(&path, "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"");
        }
    }
    fail(errors)
}

fn watch_options(call: Call) -> Result<(), Status> {
    let query = &call.request.query;
    let wanted = query.resource_version_match.as_str();
    let path = Path::root("resourceVersionMatch");
    let mut errors = Errors::new();
    if query.send_initial_events && wanted.is_empty() {
        errors.forbidden(&path, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
    }
    if !wanted.is_empty() {
        if !query.send_initial_events {
            errors.forbidden(&path, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
        }
        if wanted != "NotOlderThan" {
            errors.unsupported(&path, wanted, &["NotOlderThan"]);
        }
    }
    if !query.continue_token.is_empty() {
        errors.forbidden(&path, "resourceVersionMatch is forbidden when continue is provided");
    }
    fail(errors)
}

fn fail(errors: Errors) -> Result<(), Status> {
    if errors.is_empty() { Ok(()) } else { Err(errors.into_status("ListOptions", "meta.k8s.io", "")) }
}

/// The position in a list: the last key of the page before, and the revision of the first page.
struct Continue {
    rev: u64,
    namespace: String,
    name: String,
}

impl Continue {
    fn read(token: &str) -> Result<Option<Continue>, Status> {
        if token.is_empty() {
            return Ok(None);
        }
        let bad = |why: &str| Status::bad_request(format!("continue key is not valid: {why}"));
        let padded = format!("{token}{}", "=".repeat((4 - token.len() % 4) % 4)).replace('-', "+").replace('_', "/");
        let bytes = base64_decode(&padded).map_err(|at| bad(&format!("illegal base64 data at input byte {at}")))?;
        let text = String::from_utf8(bytes).map_err(|_| bad("unrecognized encoded version \"\""))?;
        let value = Value::from_json(&text).map_err(|e| bad(&e.message))?;
        let rev = value["rv"].as_i64().and_then(|rev| u64::try_from(rev).ok()).ok_or_else(|| bad("no resourceVersion"))?;
        let (namespace, name) = value["start"].s().split_once('/').unwrap_or(("", value["start"].s()));
        let name = name.strip_suffix('\0').unwrap_or(name);
        Ok(Some(Continue { rev, namespace: namespace.into(), name: name.into() }))
    }
    fn write(last: &Key, rev: u64) -> String {
        let start = format!("{}/{}\0", last.namespace, last.name);
        let json = obj! { "v" => "meta.k8s.io/v1", "rv" => rev as i64, "start" => start }.to_json();
        base64_encode(json.as_bytes()).trim_end_matches('=').replace('+', "-").replace('/', "_")
    }
    fn is_before(&self, object: &Object) -> bool {
        (self.namespace.as_str(), self.name.as_str()) < (object.meta.namespace.as_str(), object.meta.name.as_str())
    }
}

pub fn watch(call: Call, ctx: Ctx) -> Result<Plan, Status> {
    let query = &call.request.query;
    watch_options(call)?;
    let mut filter = filter(call)?;
    if !call.name().is_empty() {
        filter.name = call.name().clone();
    }
    let version = query.resource_version.as_str();
    let from = match version {
        "" | "0" => call.snap.rev(),
        text => text.parse().map_err(|_| Status::new(500, "", bad_version(text)))?,
    };
    if from > call.snap.rev() {
        return Err(too_large(from, call.snap.rev()));
    }
    let mut plan = WatchPlan {
        initial: Vec::new(),
        kind: call.kind,
        form: Form::of(call.request)?,
        bookmarks: query.allow_bookmarks,
        timeout: (query.timeout_seconds > 0).then(|| Duration::from_secs(query.timeout_seconds.min(86_400))),
        warnings: Vec::new(),
        from,
        filter,
    };
    if matches!(version, "" | "0") || query.send_initial_events {
        let existing = candidates(call, &plan.filter).into_iter().filter(|o| plan.filter.matches(o));
        let events: Vec<WatchEvent> =
            existing.map(|o| WatchEvent { kind: WatchKind::Added, object: plan.show(&o.value, ctx.now) }).collect();
        plan.initial = events;
        plan.from = call.snap.rev();
    }
    if query.send_initial_events {
        plan.initial.push(plan.bookmark(call.snap.rev(), true));
    }
    Ok(Plan::Watch(Box::new(plan)))
}
