//! `kubectl rollout`. Models k8s.io/kubectl/pkg/cmd/rollout and polymorphichelpers.

use crate::call::{Answer, Call};
use crate::ctx::Ctx;
use crate::dry::DryRun;
use crate::fail::{Fail, Run, Stop, plain};
use crate::target::{Info, Pick, finish};
use crate::{help, history};
use api::{PatchType, Verb};
use base::{Duration, Time};
use value::{Value, obj};

pub(crate) fn run(ctx: &mut Ctx) -> Run {
    match ctx.spec.path {
        "rollout status" => status(ctx),
        "rollout history" => each(ctx, true, history::show),
        "rollout undo" => each(ctx, true, history::undo),
        "rollout pause" => each(ctx, false, |ctx, info| pause(ctx, info, true)),
        "rollout resume" => each(ctx, false, |ctx, info| pause(ctx, info, false)),
        "rollout restart" => each(ctx, true, restart),
        _ => help::group(ctx, true),
    }
}

/// The objects that the words, `-l` and `-f` name.
fn chosen(ctx: &mut Ctx) -> Run<(Vec<Info>, Vec<Fail>)> {
    let words = ctx.words();
    if words.is_empty() && ctx.filenames()?.is_empty() {
        return ctx.usage("required resource not specified");
    }
    let pick = Pick { bare_type: true, ..ctx.pick(words) };
    ctx.fetch(&pick)
}

fn each(ctx: &mut Ctx, bare: bool, act: fn(&mut Ctx, &Info) -> Run<Option<Fail>>) -> Run {
    let _ = bare;
    let (infos, mut fails) = chosen(ctx)?;
    for info in infos {
        fails.extend(act(ctx, &info)?);
    }
    finish(fails)
}

// === status ===

/// What a rollout says of itself, and whether it is over.
type Told = Result<(String, bool), Fail>;

fn status(ctx: &mut Ctx) -> Run {
    let (infos, fails) = chosen(ctx)?;
    finish(fails)?;
    let revision = ctx.number("revision");
    let watching = ctx.on("watch");
    let timeout = ctx.span("timeout");
    let deadline = if timeout > Duration::ZERO { ctx.started() + timeout } else { Time::NEVER };
    for info in infos {
        follow(ctx, &info, revision, if watching { Some(deadline) } else { None })?;
    }
    Ok(())
}

fn follow(ctx: &mut Ctx, info: &Info, revision: i64, deadline: Option<Time>) -> Run {
    let (mut object, mut last) = (info.object.clone(), String::new());
    loop {
        if tell(ctx, info, (&object, revision), &mut last)? {
            return Ok(());
        }
        let Some(deadline) = deadline else { return Ok(()) };
        let mut watch = info.kind.request(Verb::Watch, &info.namespace, "");
        watch.query.field_selector = format!("metadata.name={}", info.name).into();
        watch.query.resource_version = object["metadata"]["resourceVersion"].text();
        let stream = ctx.open(Call::Watch(watch));
        loop {
            match ctx.next(stream, deadline)? {
                None => return plain("timed out waiting for the condition"),
                Some(Answer::Event(event)) if event.kind == api::WatchKind::Deleted => {
                    return plain("object has been deleted");
                }
                Some(Answer::Event(event)) if event.kind == api::WatchKind::Bookmark => {}
                Some(Answer::Event(event)) if event.kind != api::WatchKind::Error => {
                    if tell(ctx, info, (&event.object, revision), &mut last)? {
                        ctx.close(stream);
                        return Ok(());
                    }
                }
                Some(_) => break,
            }
        }
        ctx.close(stream);
        object = ctx.request(info.get())?;
    }
}

/// Prints the state if it is news; true once the rollout is over.
fn tell(ctx: &mut Ctx, info: &Info, (object, revision): (&Value, i64), last: &mut String) -> Run<bool> {
    let told = match info.kind.kind.as_str() {
        "Deployment" => deployment(object, revision),
        "DaemonSet" => daemon_set(object),
        "StatefulSet" => stateful_set(object),
        other => Err(Fail::Plain(format!("no status viewer has been implemented for {other}"))),
    };
    let (words, over) = told.map_err(Stop::Fail)?;
    if words != *last {
        ctx.out(&words);
        *last = words;
    }
    Ok(over)
}

fn count(status: &Value, field: &str) -> i64 {
    status[field].as_i64().unwrap_or(0)
}

fn observed(object: &Value) -> bool {
    count(&object["metadata"], "generation") <= count(&object["status"], "observedGeneration")
}

fn deployment(object: &Value, revision: i64) -> Told {
    let (name, status) = (object["metadata"]["name"].s(), &object["status"]);
    if revision > 0 {
        let running: i64 = object["metadata"]["annotations"]["deployment.kubernetes.io/revision"].s().parse().unwrap_or(0);
        if running != revision {
            return Err(Fail::Plain(format!("desired revision ({revision}) is different from the running revision ({running})")));
        }
    }
    if !observed(object) {
        return Ok(("Waiting for deployment spec update to be observed...\n".into(), false));
    }
    if model::Condition::find(status, "Progressing")["reason"].s() == "ProgressDeadlineExceeded" {
        return Err(Fail::Plain(format!("deployment {name:?} exceeded its progress deadline")));
    }
    let (wanted, updated) = (object["spec"]["replicas"].as_i64().unwrap_or(1), count(status, "updatedReplicas"));
    let (total, available) = (count(status, "replicas"), count(status, "availableReplicas"));
    let waiting = |rest: String| Ok((format!("Waiting for deployment {name:?} rollout to finish: {rest}...\n"), false));
    if updated < wanted {
        return waiting(format!("{updated} out of {wanted} new replicas have been updated"));
    }
    if total > updated {
        return waiting(format!("{} old replicas are pending termination", total - updated));
    }
    if available < updated {
        return waiting(format!("{available} of {updated} updated replicas are available"));
    }
    Ok((format!("deployment {name:?} successfully rolled out\n"), true))
}

fn rolling(object: &Value) -> Result<(), Fail> {
    if object["spec"]["updateStrategy"]["type"].s() == "RollingUpdate" {
        return Ok(());
    }
    Err(Fail::Plain("rollout status is only available for RollingUpdate strategy type".into()))
}

fn daemon_set(object: &Value) -> Told {
    rolling(object)?;
    let (name, status) = (object["metadata"]["name"].s(), &object["status"]);
    if !observed(object) {
        return Ok(("Waiting for daemon set spec update to be observed...\n".into(), false));
    }
    let (wanted, updated) = (count(status, "desiredNumberScheduled"), count(status, "updatedNumberScheduled"));
    let available = count(status, "numberAvailable");
    let waiting = |rest: String| Ok((format!("Waiting for daemon set {name:?} rollout to finish: {rest}...\n"), false));
    if updated < wanted {
        return waiting(format!("{updated} out of {wanted} new pods have been updated"));
    }
    if available < wanted {
        return waiting(format!("{available} of {wanted} updated pods are available"));
    }
    Ok((format!("daemon set {name:?} successfully rolled out\n"), true))
}

fn stateful_set(object: &Value) -> Told {
    rolling(object)?;
    let (spec, status) = (&object["spec"], &object["status"]);
    if count(status, "observedGeneration") == 0 || !observed(object) {
        return Ok(("Waiting for statefulset spec update to be observed...\n".into(), false));
    }
    let (wanted, ready, updated) =
        (spec["replicas"].as_i64().unwrap_or(1), count(status, "readyReplicas"), count(status, "updatedReplicas"));
    if ready < wanted {
        return Ok((format!("Waiting for {} pods to be ready...\n", wanted - ready), false));
    }
    if !spec["updateStrategy"]["rollingUpdate"].is_null() {
        let target = wanted - count(&spec["updateStrategy"]["rollingUpdate"], "partition");
        if updated < target {
            return Ok((
                format!("Waiting for partitioned roll out to finish: {updated} out of {target} new pods have been updated...\n"),
                false,
            ));
        }
        return Ok((format!("partitioned roll out complete: {updated} new pods have been updated...\n"), true));
    }
    let revision = status["updateRevision"].s();
    if revision != status["currentRevision"].s() {
        let words = format!("waiting for statefulset rolling update to complete {updated} pods at revision {revision}...\n");
        return Ok((words, false));
    }
    Ok((
        format!("statefulset rolling update complete {} pods at revision {revision}...\n", count(status, "currentReplicas")),
        true,
    ))
}

// === pause, resume, restart ===

fn not_supported(info: &Info, what: &str) -> Fail {
    Fail::Plain(format!("{} {:?} {what} is not supported", info.kind.group_resource(), info.name.as_str()))
}

fn pause(ctx: &mut Ctx, info: &Info, on: bool) -> Run<Option<Fail>> {
    if info.kind.kind != "Deployment" {
        return Ok(Some(not_supported(info, if on { "pausing" } else { "resuming" })));
    }
    if info.object["spec"]["paused"].is_true() == on {
        let state = if on { "is already paused" } else { "is not paused" };
        return Ok(Some(Fail::Plain(format!("deployments.apps {:?} {state}", info.name.as_str()))));
    }
    let to = if on { Value::Bool(true) } else { Value::Null };
    let patch = obj! { "spec" => obj! { "paused" => to } };
    let format = ctx.format()?;
    match ctx.patch(&info.kind, (&info.namespace, &info.name), (PatchType::Strategic, patch), DryRun::None)? {
        Ok(object) => {
            ctx.report(&format, &object, if on { "paused" } else { "resumed" })?;
            Ok(None)
        }
        Err(fail) => Ok(Some(Fail::Plain(format!("failed to patch: {}", fail.words())))),
    }
}

const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

fn restart(ctx: &mut Ctx, info: &Info) -> Run<Option<Fail>> {
    if !matches!(info.kind.kind.as_str(), "Deployment" | "DaemonSet" | "StatefulSet") {
        return Ok(Some(not_supported(info, "restarting")));
    }
    if info.object["spec"]["paused"].is_true() {
        let words = format!(
            "{} {:?} can't restart paused deployment (run rollout resume first)",
            info.kind.group_resource(),
            info.name.as_str()
        );
        return Ok(Some(Fail::Plain(words)));
    }
    let now = ctx.started().rfc3339();
    if info.object["spec"]["template"]["metadata"]["annotations"][RESTARTED_AT].s() == now {
        let words = format!(
            "failed to create patch for {}: if restart has already been triggered within the past second, please wait before attempting to trigger another",
            info.name
        );
        return Ok(Some(Fail::Plain(words)));
    }
    let mut patch = Value::map();
    patch.set(&["spec", "template", "metadata", "annotations", RESTARTED_AT], now);
    let format = ctx.format()?;
    match ctx.patch(&info.kind, (&info.namespace, &info.name), (PatchType::Strategic, patch), DryRun::None)? {
        Ok(object) => {
            ctx.report(&format, &object, "restarted")?;
            Ok(None)
        }
        Err(fail) => Ok(Some(Fail::Plain(format!("failed to patch: {}", fail.words())))),
    }
}
