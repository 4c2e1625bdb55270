//! `admit`: from a request to a plan. One function per verb; the way is the same for all kinds.

use crate::call::{Call, Ctx, not_allowed};
use crate::{Context, Plan, create, delete, patch, paths, read, subresource, update, warn};
use api::{Reply, Request, Status, Verb};
use store::Snapshot;

/// Decides about one request on one snapshot.
pub fn admit(snap: &Snapshot, request: &Request, ctx: &mut Context) -> Plan {
    decide(snap, request, ctx).unwrap_or_else(|status| Plan::Reply(refusal(status)))
}

/// The answer to a refused request. Refusals that come before any object is looked at have empty details.
pub fn refusal(status: Status) -> Reply {
    if status.code == 404 && status.message == paths::NO_PAGE {
        let body = value::Value::str("404 page not found\n");
        return Reply { code: 404, body, warnings: Vec::new() };
    }
    let bare = status.details == api::Detail::default()
        && matches!(status.reason.as_str(), "NotFound" | "MethodNotAllowed" | "Invalid" | "Forbidden");
    let mut reply = Reply::from(status);
    if bare {
        reply.body.set(&["details"], value::Value::map());
    }
    reply
}

fn decide(snap: &Snapshot, request: &Request, ctx: Ctx) -> Result<Plan, Status> {
    if request.verb == Verb::Path {
        return paths::answer(request);
    }
    let call = Call::of(snap, request)?;
    if !matches!(request.subresource.as_str(), "" | "status") || subresource::is_virtual(call.kind) {
        return subresource::answer(call, ctx);
    }
    let warnings = warn::deprecated_kind(call.kind);
    if warnings.is_empty() {
        return by_verb(call, ctx);
    }
    Ok(create::warned(by_verb(call, ctx), warnings))
}

fn by_verb(call: Call, ctx: Ctx) -> Result<Plan, Status> {
    match call.request.verb {
        Verb::Get => read::get(call, ctx),
        Verb::List => read::list(call, ctx),
        Verb::Watch => read::watch(call, ctx),
        Verb::Create => create::create(call, ctx),
        Verb::Update => update::update(call, ctx),
        Verb::Patch(kind) => patch::patch(call, kind, ctx),
        Verb::Delete => delete::delete(call, ctx),
        Verb::DeleteCollection => delete::delete_collection(call, ctx),
        Verb::Connect | Verb::Path => Err(not_allowed()),
    }
}
