//! `kubectl describe` of workloads: deployments, replica sets, stateful sets, daemon sets, jobs and cron jobs.

use crate::ctx::Ctx;
use crate::describe::{conditions, controller, created, events, head, named};
use crate::describe_template::template_lines;
use crate::fail::Run;
use crate::kinds::Kind;
use crate::page::{Page, moment, or_none, or_unset, truth};
use crate::target::Info;
use base::Time;
use model::Selector;
use value::Value;

fn count(value: &Value) -> i64 {
    value.as_i64().unwrap_or(0)
}

fn selector_text(value: &Value) -> String {
    or_none(&Selector::of(value).to_string()).to_string()
}

/// The objects of a kind in a namespace that a selector fits and an object controls.
fn controlled(ctx: &mut Ctx, info: &Info, (group, plural): (&str, &str), selector: &Selector) -> Run<Vec<Value>> {
    let Some(kind) = Kind::builtin(group, plural) else { return Ok(Vec::new()) };
    let mut list = kind.list(&info.namespace);
    list.query.label_selector = selector.to_string().into();
    let Ok(found) = ctx.ask(list)? else { return Ok(Vec::new()) };
    let uid = info.object["metadata"]["uid"].text();
    let mine =
        |o: &&Value| o["metadata"]["ownerReferences"].items().iter().any(|r| r["controller"].is_true() && r["uid"].s() == uid);
    Ok(found["items"].items().iter().filter(mine).cloned().collect())
}

pub(crate) fn deployment(ctx: &mut Ctx, page: &mut Page, info: &Info) -> Run {
    let (spec, status) = (&info.object["spec"], &info.object["status"]);
    named(page, info);
    page.field(0, "CreationTimestamp", &created(info));
    page.labels("Labels", &info.object["metadata"]["labels"]);
    page.annotations("Annotations", &info.object["metadata"]["annotations"]);
    page.field(0, "Selector", &selector_text(&spec["selector"]));
    let replicas = format!(
        "{} desired | {} updated | {} total | {} available | {} unavailable",
        count(&spec["replicas"]),
        count(&status["updatedReplicas"]),
        count(&status["replicas"]),
        count(&status["availableReplicas"]),
        count(&status["unavailableReplicas"])
    );
    page.field(0, "Replicas", &replicas);
    page.field(0, "StrategyType", spec["strategy"]["type"].s());
    page.field(0, "MinReadySeconds", &count(&spec["minReadySeconds"]).to_string());
    let rolling = &spec["strategy"]["rollingUpdate"];
    if !rolling.is_null() {
        let words =
            format!("{} max unavailable, {} max surge", rolling["maxUnavailable"].to_go_text(), rolling["maxSurge"].to_go_text());
        page.field(0, "RollingUpdateStrategy", &words);
    }
    template_lines(page, &spec["template"]);
    conditions(page, status);
    let sets = controlled(ctx, info, ("apps", "replicasets"), &Selector::of(&spec["selector"]))?;
    let bare = |template: &Value| {
        let mut template = template.clone();
        template.remove(&["metadata", "labels", "pod-template-hash"]);
        template
    };
    let wanted = bare(&spec["template"]);
    let mut sets: Vec<&Value> = sets.iter().collect();
    sets.sort_by(|a, b| a["metadata"]["creationTimestamp"].s().cmp(b["metadata"]["creationTimestamp"].s()));
    let new = sets.iter().position(|set| bare(&set["spec"]["template"]) == wanted);
    let shown = |set: &Value| {
        let (have, want) = (count(&set["status"]["replicas"]), count(&set["spec"]["replicas"]));
        format!("{} ({have}/{want} replicas created)", set["metadata"]["name"].s())
    };
    let old: Vec<String> = sets.iter().enumerate().filter(|(at, _)| Some(*at) != new).map(|(_, set)| shown(set)).collect();
    page.field(0, "OldReplicaSets", or_none(&old.join(", ")));
    page.field(0, "NewReplicaSet", &new.map_or("<none>".into(), |at| shown(sets[at])));
    events(ctx, page, info)
}

/// `2 Running / 0 Waiting / 0 Succeeded / 0 Failed`
fn pods_status(ctx: &mut Ctx, info: &Info, selector: &Selector) -> Run<String> {
    let pods = controlled(ctx, info, ("", "pods"), selector)?;
    let of = |phase: &str| pods.iter().filter(|pod| pod["status"]["phase"].s() == phase).count();
    Ok(format!("{} Running / {} Waiting / {} Succeeded / {} Failed", of("Running"), of("Pending"), of("Succeeded"), of("Failed")))
}

pub(crate) fn replica_set(ctx: &mut Ctx, page: &mut Page, info: &Info) -> Run {
    let (spec, status) = (&info.object["spec"], &info.object["status"]);
    let selector =
        if info.kind.kind == "ReplicaSet" { Selector::of(&spec["selector"]) } else { Selector::of_map(&spec["selector"]) };
    named(page, info);
    page.field(0, "Selector", or_none(&selector.to_string()));
    page.labels("Labels", &info.object["metadata"]["labels"]);
    page.annotations("Annotations", &info.object["metadata"]["annotations"]);
    if let Some(owner) = controller(&info.object) {
        page.field(0, "Controlled By", &owner);
    }
    page.field(0, "Replicas", &format!("{} current / {} desired", count(&status["replicas"]), count(&spec["replicas"])));
    let pods = pods_status(ctx, info, &selector)?;
    page.field(0, "Pods Status", &pods);
    template_lines(page, &spec["template"]);
    conditions(page, status);
    events(ctx, page, info)
}

pub(crate) fn stateful_set(ctx: &mut Ctx, page: &mut Page, info: &Info) -> Run {
    let (spec, status) = (&info.object["spec"], &info.object["status"]);
    named(page, info);
    page.field(0, "CreationTimestamp", &created(info));
    page.field(0, "Selector", &selector_text(&spec["selector"]));
    page.labels("Labels", &info.object["metadata"]["labels"]);
    page.annotations("Annotations", &info.object["metadata"]["annotations"]);
    page.field(0, "Replicas", &format!("{} desired | {} total", count(&spec["replicas"]), count(&status["replicas"])));
    page.field(0, "Update Strategy", spec["updateStrategy"]["type"].s());
    let rolling = &spec["updateStrategy"]["rollingUpdate"];
    if !rolling.is_null() {
        page.field(1, "Partition", &count(&rolling["partition"]).to_string());
        if !rolling["maxUnavailable"].is_null() {
            page.field(1, "MaxUnavailable", &rolling["maxUnavailable"].to_go_text());
        }
    }
    let pods = pods_status(ctx, info, &Selector::of(&spec["selector"]))?;
    page.field(0, "Pods Status", &pods);
    template_lines(page, &spec["template"]);
    claims(page, &spec["volumeClaimTemplates"]);
    events(ctx, page, info)
}

fn claims(page: &mut Page, templates: &Value) {
    if templates.items().is_empty() {
        page.field(0, "Volume Claims", "<none>");
        return;
    }
    page.line(0, "Volume Claims:");
    for claim in templates.items() {
        page.field(1, "Name", claim["metadata"]["name"].s());
        page.field(1, "StorageClass", claim["spec"]["storageClassName"].s());
        page.labels("  Labels", &claim["metadata"]["labels"]);
        page.labels("  Annotations", &claim["metadata"]["annotations"]);
        let capacity = claim["spec"]["resources"]["requests"]["storage"].s();
        page.field(1, "Capacity", if capacity.is_empty() { "<default>" } else { capacity });
        page.field(1, "Access Modes", &claim["spec"]["accessModes"].to_go_text());
    }
}

pub(crate) fn daemon_set(ctx: &mut Ctx, page: &mut Page, info: &Info) -> Run {
    let (spec, status) = (&info.object["spec"], &info.object["status"]);
    named(page, info);
    page.field(0, "Selector", &selector_text(&spec["selector"]));
    let nodes = Selector::of_map(&spec["template"]["spec"]["nodeSelector"]).to_string();
    page.field(0, "Node-Selector", or_none(&nodes));
    page.labels("Labels", &info.object["metadata"]["labels"]);
    page.annotations("Annotations", &info.object["metadata"]["annotations"]);
    for (title, field) in [
        ("Desired Number of Nodes Scheduled", "desiredNumberScheduled"),
        ("Current Number of Nodes Scheduled", "currentNumberScheduled"),
        ("Number of Nodes Scheduled with Up-to-date Pods", "updatedNumberScheduled"),
        ("Number of Nodes Scheduled with Available Pods", "numberAvailable"),
        ("Number of Nodes Misscheduled", "numberMisscheduled"),
    ] {
        page.line(0, &format!("{title}: {}", count(&status[field])));
    }
    let pods = pods_status(ctx, info, &Selector::of(&spec["selector"]))?;
    page.field(0, "Pods Status", &pods);
    template_lines(page, &spec["template"]);
    events(ctx, page, info)
}

pub(crate) fn job(ctx: &mut Ctx, page: &mut Page, info: &Info) -> Run {
    let (spec, status) = (&info.object["spec"], &info.object["status"]);
    named(page, info);
    if !spec["selector"].is_null() {
        page.field(0, "Selector", &selector_text(&spec["selector"]));
    }
    page.labels("Labels", &info.object["metadata"]["labels"]);
    page.annotations("Annotations", &info.object["metadata"]["annotations"]);
    if let Some(owner) = controller(&info.object) {
        page.field(0, "Controlled By", &owner);
    }
    page.field(0, "Parallelism", &or_unset(&spec["parallelism"]));
    page.field(0, "Completions", &or_unset(&spec["completions"]));
    for (title, field) in [
        ("Completion Mode", "completionMode"),
        ("Suspend", "suspend"),
        ("Backoff Limit", "backoffLimit"),
        ("TTL Seconds After Finished", "ttlSecondsAfterFinished"),
    ] {
        if !spec[field].is_null() {
            page.field(0, title, &spec[field].to_go_text());
        }
    }
    times(page, spec, status);
    let ready = status["ready"].as_i64().map_or(String::new(), |ready| format!(" ({ready} Ready)"));
    let (active, succeeded, failed) = (count(&status["active"]), count(&status["succeeded"]), count(&status["failed"]));
    page.field(0, "Pods Statuses", &format!("{active} Active{ready} / {succeeded} Succeeded / {failed} Failed"));
    if spec["completionMode"].s() == "Indexed" {
        page.field(0, "Completed Indexes", or_none(status["completedIndexes"].s()));
    }
    template_lines(page, &spec["template"]);
    events(ctx, page, info)
}

fn times(page: &mut Page, spec: &Value, status: &Value) {
    let (start, end) = (Time::parse(status["startTime"].s()), Time::parse(status["completionTime"].s()));
    if start.is_some() {
        page.field(0, "Start Time", &moment(&status["startTime"]));
    }
    if end.is_some() {
        page.field(0, "Completed At", &moment(&status["completionTime"]));
    }
    if let (Some(start), Some(end)) = (start, end) {
        page.field(0, "Duration", &(end - start).human());
    }
    if let Some(seconds) = spec["activeDeadlineSeconds"].as_i64() {
        page.field(0, "Active Deadline Seconds", &format!("{seconds}s"));
    }
}

pub(crate) fn cron_job(ctx: &mut Ctx, page: &mut Page, info: &Info) -> Run {
    let (spec, status) = (&info.object["spec"], &info.object["status"]);
    head(page, info);
    page.field(0, "Schedule", spec["schedule"].s());
    page.field(0, "Concurrency Policy", spec["concurrencyPolicy"].s());
    page.field(0, "Suspend", truth(spec["suspend"].is_true()));
    page.field(0, "Time Zone", &or_unset(&spec["timeZone"]));
    page.field(0, "Successful Job History Limit", &or_unset(&spec["successfulJobsHistoryLimit"]));
    page.field(0, "Failed Job History Limit", &or_unset(&spec["failedJobsHistoryLimit"]));
    let starting = spec["startingDeadlineSeconds"].as_i64().map_or("<unset>".to_string(), |s| format!("{s}s"));
    page.field(0, "Starting Deadline Seconds", &starting);
    let job = &spec["jobTemplate"]["spec"];
    let selector = if job["selector"].is_null() { "<unset>".to_string() } else { selector_text(&job["selector"]) };
    page.field(0, "Selector", &selector);
    page.field(0, "Parallelism", &or_unset(&job["parallelism"]));
    page.field(0, "Completions", &or_unset(&job["completions"]));
    if let Some(seconds) = job["activeDeadlineSeconds"].as_i64() {
        page.field(0, "Active Deadline Seconds", &format!("{seconds}s"));
    }
    template_lines(page, &job["template"]);
    let last = if status["lastScheduleTime"].is_null() { "<unset>".to_string() } else { moment(&status["lastScheduleTime"]) };
    page.field(0, "Last Schedule Time", &last);
    let active: Vec<&str> = status["active"].items().iter().map(|job| job["name"].s()).collect();
    page.field(0, "Active Jobs", or_none(&active.join(", ")));
    events(ctx, page, info)
}
