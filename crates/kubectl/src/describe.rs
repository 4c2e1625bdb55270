//! `kubectl describe`: which objects, which describer, and the events below. Models k8s.io/kubectl/pkg/describe.

use crate::ctx::Ctx;
use crate::fail::{Fail, Run};
use crate::get::no_type;
use crate::kinds::Kind;
use crate::page::{Page, moment};
use crate::target::{Info, Pick, finish};
use crate::{describe_config, describe_net, describe_node, describe_other, describe_pod, describe_work};
use base::{Text, Time};
use value::Value;

pub(crate) fn run(ctx: &mut Ctx) -> Run {
    let words = ctx.words();
    if words.is_empty() && ctx.filenames()?.is_empty() {
        return no_type(ctx, "describe");
    }
    let pick = Pick { bare_type: true, ..ctx.pick(words) };
    let (mut infos, mut fails) = ctx.fetch(&pick)?;
    if let ([word, prefix], true) = (words, infos.is_empty() && fails.len() == 1 && fails[0].is_not_found()) {
        infos = matching(ctx, word, prefix)?;
        if !infos.is_empty() {
            fails.clear();
        }
    }
    let mut first = true;
    for info in &infos {
        let text = one(ctx, info)?;
        if !std::mem::take(&mut first) {
            ctx.out("\n\n");
        }
        ctx.out(&text);
    }
    if infos.is_empty() && fails.is_empty() {
        let words = if ctx.on("all-namespaces") {
            "No resources found".to_string()
        } else {
            format!("No resources found in {} namespace.", ctx.namespace())
        };
        ctx.complain(&words);
    }
    finish(fails)
}

/// Objects whose names begin with a text.
fn matching(ctx: &mut Ctx, word: &str, prefix: &str) -> Run<Vec<Info>> {
    let words: [Text; 1] = [word.into()];
    let pick = Pick { words: &words, bare_type: true, ..Pick::default() };
    let (infos, _) = ctx.fetch(&pick)?;
    Ok(infos.into_iter().filter(|info| info.name.starts_with(prefix)).collect())
}

fn one(ctx: &mut Ctx, info: &Info) -> Run<String> {
    let mut page = Page::default();
    match (info.kind.group.as_str(), info.kind.kind.as_str()) {
        ("", "Pod") => describe_pod::pod(ctx, &mut page, info)?,
        ("", "Node") => describe_node::node(ctx, &mut page, info)?,
        ("", "Service") => describe_net::service(ctx, &mut page, info)?,
        ("", "Endpoints") => describe_net::endpoints(ctx, &mut page, info)?,
        ("discovery.k8s.io", "EndpointSlice") => describe_net::slice(ctx, &mut page, info)?,
        ("networking.k8s.io", "Ingress") => describe_net::ingress(ctx, &mut page, info)?,
        ("networking.k8s.io", "NetworkPolicy") => describe_net::policy(&mut page, info),
        ("", "ConfigMap") => describe_config::config_map(ctx, &mut page, info)?,
        ("", "Secret") => describe_config::secret(&mut page, info),
        ("", "ServiceAccount") => describe_config::service_account(ctx, &mut page, info)?,
        ("", "Namespace") => describe_config::namespace(ctx, &mut page, info)?,
        ("", "ResourceQuota") => describe_config::quota(&mut page, info),
        ("rbac.authorization.k8s.io", "Role" | "ClusterRole") => describe_config::role(&mut page, info),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => describe_config::binding(&mut page, info),
        ("apps", "Deployment") => describe_work::deployment(ctx, &mut page, info)?,
        ("apps", "ReplicaSet") | ("", "ReplicationController") => describe_work::replica_set(ctx, &mut page, info)?,
        ("apps", "StatefulSet") => describe_work::stateful_set(ctx, &mut page, info)?,
        ("apps", "DaemonSet") => describe_work::daemon_set(ctx, &mut page, info)?,
        ("batch", "Job") => describe_work::job(ctx, &mut page, info)?,
        ("batch", "CronJob") => describe_work::cron_job(ctx, &mut page, info)?,
        _ => describe_other::any(ctx, &mut page, info)?,
    }
    Ok(page.finish())
}

/// Name, namespace (if it has one), labels and annotations.
pub(crate) fn head(page: &mut Page, info: &Info) {
    named(page, info);
    let meta = &info.object["metadata"];
    page.labels("Labels", &meta["labels"]);
    page.annotations("Annotations", &meta["annotations"]);
}

/// Name and namespace.
pub(crate) fn named(page: &mut Page, info: &Info) {
    page.field(0, "Name", &info.name);
    if info.kind.namespaced {
        page.field(0, "Namespace", &info.namespace);
    }
}

/// `ReplicaSet/web-5d4f`
pub(crate) fn controller(object: &Value) -> Option<String> {
    let owners = object["metadata"]["ownerReferences"].items();
    owners.iter().find(|o| o["controller"].is_true()).map(|o| format!("{}/{}", o["kind"].s(), o["name"].s()))
}

// === events ===

/// The events of an object at the end of its description.
pub(crate) fn events(ctx: &mut Ctx, page: &mut Page, info: &Info) -> Run {
    let uid = info.object["metadata"]["uid"].text();
    events_of(ctx, page, info, &[uid])
}

/// The events that name one of several uids.
pub(crate) fn events_of(ctx: &mut Ctx, page: &mut Page, info: &Info, uids: &[Text]) -> Run {
    if !ctx.on("show-events") {
        return Ok(());
    }
    let Some(kind) = Kind::builtin("", "events") else { return Ok(()) };
    let mut found: Vec<Value> = Vec::new();
    for uid in uids {
        let mut list = kind.list(&info.namespace);
        let mut selector =
            format!("involvedObject.name={},involvedObject.kind={},involvedObject.uid={uid}", info.name, info.kind.kind);
        if !info.namespace.is_empty() {
            selector.push_str(&format!(",involvedObject.namespace={}", info.namespace));
        }
        list.query.field_selector = selector.into();
        if let Ok(answer) = ctx.ask(list)? {
            found.extend(answer["items"].items().iter().cloned());
        }
    }
    event_lines(page, found, ctx.now);
    Ok(())
}

fn event_lines(page: &mut Page, mut events: Vec<Value>, now: Time) {
    if events.is_empty() {
        page.line(0, "Events:\t<none>");
        return;
    }
    page.flush();
    events.sort_by_key(|event| last_seen(event).unwrap_or_default());
    page.line(0, "Events:");
    page.line(1, "Type\tReason\tAge\tFrom\tMessage");
    page.line(1, "----\t------\t----\t----\t-------");
    for event in &events {
        let source = event["source"]["component"].s();
        let source = if source.is_empty() { event["reportingComponent"].s() } else { source };
        let age = event_age(event, now);
        let message = event["message"].s().trim();
        page.line(1, &format!("{}\t{}\t{age}\t{source}\t{message}", event["type"].s(), event["reason"].s()));
    }
}

/// When an event was seen last.
pub(crate) fn last_seen(event: &Value) -> Option<Time> {
    let at = |value: &Value| Time::parse(value.s());
    at(&event["series"]["lastObservedTime"]).or_else(|| at(&event["lastTimestamp"])).or_else(|| at(&event["eventTime"]))
}

/// `5s`, `5s (x3 over 10s)`
pub(crate) fn event_age(event: &Value, now: Time) -> String {
    let ago = |value: &Value| Time::parse(value.s()).map_or("<unknown>".to_string(), |time| (now - time).human());
    let first = if event["eventTime"].is_null() { ago(&event["firstTimestamp"]) } else { ago(&event["eventTime"]) };
    let count = event["count"].as_i64().unwrap_or(0);
    if let Some(series) = event.get("series").filter(|series| !series.is_null()) {
        return format!("{} (x{} over {first})", ago(&series["lastObservedTime"]), series["count"].as_i64().unwrap_or(0));
    }
    if count > 1 { format!("{} (x{count} over {first})", ago(&event["lastTimestamp"])) } else { first }
}

/// A `Conditions:` table of a workload.
pub(crate) fn conditions(page: &mut Page, status: &Value) {
    if status["conditions"].items().is_empty() {
        return;
    }
    page.line(0, "Conditions:");
    page.line(1, "Type\tStatus\tReason");
    page.line(1, "----\t------\t------");
    for condition in status["conditions"].items() {
        page.line(1, &format!("{} \t{}\t{}", condition["type"].s(), condition["status"].s(), condition["reason"].s()));
    }
}

/// `Terminating (lasts 5s)` of something that is being deleted.
pub(crate) fn lasts(object: &Value, now: Time) -> Option<String> {
    let since = Time::parse(object["metadata"]["deletionTimestamp"].s())?;
    Some(format!("Terminating (lasts {})", (now - since).human()))
}

/// The creation time as descriptions print it.
pub(crate) fn created(info: &Info) -> String {
    moment(&info.object["metadata"]["creationTimestamp"])
}

/// A failure as text in the middle of a description.
pub(crate) fn failure(status: &api::Status) -> String {
    Fail::Server(status.clone()).words()
}
