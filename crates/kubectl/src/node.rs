//! `kubectl cordon`, `uncordon`, `drain`. Models k8s.io/kubectl/pkg/drain.

use crate::ctx::Ctx;
use crate::dry::DryRun;
use crate::fail::{Fail, Run, Stop, plain};
use crate::kinds::Kind;
use crate::target::{Info, Pick, finish};
use api::{PatchType, Verb};
use base::{Duration, Text, Time};
use std::collections::BTreeMap;
use value::{Value, obj};

pub(crate) use crate::taint::run as taint;

/// The nodes that the words and `-l` name.
fn nodes(ctx: &mut Ctx) -> Run<(Vec<Info>, Vec<Fail>)> {
    let words = ctx.words();
    let selector = ctx.flag("selector");
    if words.is_empty() && selector.is_empty() {
        return ctx.usage(format!("USAGE: {} NODE [flags]", ctx.spec.path));
    }
    if !words.is_empty() && !selector.is_empty() {
        return plain("error: cannot specify both a node name and a --selector option");
    }
    let mut all: Vec<Text> = vec!["nodes".into()];
    all.extend(words.iter().map(|word| word.strip_prefix("node/").or(word.strip_prefix("nodes/")).unwrap_or(word).into()));
    let pick = Pick { words: &all, selector, ..Pick::default() };
    ctx.fetch(&pick)
}

pub(crate) fn cordon(ctx: &mut Ctx, on: bool) -> Run {
    let dry = ctx.dry_run()?;
    let (infos, mut fails) = nodes(ctx)?;
    for info in infos {
        if let Err(fail) = mark(ctx, &info, on, dry)? {
            fails.push(fail);
        }
    }
    finish(fails)
}

/// Makes a node (un)schedulable and says so.
fn mark(ctx: &mut Ctx, info: &Info, on: bool, dry: DryRun) -> Run<Result<(), Fail>> {
    let word = if on { "cordoned" } else { "uncordoned" };
    let shown = format!("node/{}", info.name);
    if info.object["spec"]["unschedulable"].is_true() == on {
        ctx.say(&format!("{shown} {}", dry.done(&format!("already {word}"))));
        return Ok(Ok(()));
    }
    if dry != DryRun::Client {
        let to = if on { Value::Bool(true) } else { Value::Null };
        let patch = obj! { "spec" => obj! { "unschedulable" => to } };
        if let Err(fail) = ctx.patch(&info.kind, ("", &info.name), (PatchType::Strategic, patch), dry)? {
            return Ok(Err(fail));
        }
    }
    ctx.say(&format!("{shown} {}", dry.done(word)));
    Ok(Ok(()))
}

// === drain ===

/// What is to happen with a pod of a node that is drained.
enum Fate {
    Evict(Option<&'static str>),
    Leave(Option<&'static str>),
    Refuse(&'static str),
}

pub(crate) fn drain(ctx: &mut Ctx) -> Run {
    let dry = ctx.dry_run()?;
    let (infos, fails) = nodes(ctx)?;
    finish(fails)?;
    for info in &infos {
        mark(ctx, info, true, dry)?.map_err(Stop::Fail)?;
    }
    let mut broken = Vec::new();
    for (at, info) in infos.iter().enumerate() {
        match empty(ctx, info, dry)? {
            Ok(()) => ctx.say(&format!("node/{} {}", info.name, dry.done("drained"))),
            Err(reasons) => {
                let words = if reasons.len() == 1 { reasons[0].clone() } else { format!("[{}]", reasons.join(", ")) };
                ctx.complain(&format!(
                    "error: unable to drain node {:?} due to error: {words}, continuing command...",
                    info.name.as_str()
                ));
                ctx.complain("There are pending nodes to be drained:");
                for left in &infos[at..] {
                    ctx.complain(&format!(" {}", left.name));
                }
                broken.extend(reasons);
            }
        }
    }
    if broken.is_empty() { Ok(()) } else { Err(Stop::Fail(Fail::Raw(broken.join("\n")))) }
}

/// Evicts the pods of a node; the error is the list of reasons why not.
fn empty(ctx: &mut Ctx, node: &Info, dry: DryRun) -> Run<Result<(), Vec<String>>> {
    let Some(pods) = Kind::builtin("", "pods") else { return Ok(Ok(())) };
    let mut list = pods.list("");
    list.query.field_selector = format!("spec.nodeName={}", node.name).into();
    list.query.label_selector = ctx.flag("pod-selector");
    let found = ctx.request(list)?;
    let mut errors: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut warnings: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut leaving = Vec::new();
    for pod in found["items"].items() {
        let name = format!("{}/{}", pod["metadata"]["namespace"].s(), pod["metadata"]["name"].s());
        let warning = match fate(ctx, pod)? {
            Fate::Refuse(why) => {
                errors.entry(why).or_default().push(name);
                continue;
            }
            Fate::Leave(warning) => warning,
            Fate::Evict(warning) => {
                leaving.push(pod.clone());
                warning
            }
        };
        if let Some(warning) = warning {
            warnings.entry(warning).or_default().push(name);
        }
    }
    if !errors.is_empty() {
        return Ok(Err(errors.iter().map(|(why, pods)| format!("{why}: {}", pods.join(", "))).collect()));
    }
    if !warnings.is_empty() {
        let words: Vec<String> = warnings.iter().rev().map(|(why, pods)| format!("{why}: {}", pods.join(", "))).collect();
        ctx.complain(&format!("Warning: {}", words.join("; ")));
    }
    evict(ctx, &pods, &leaving, dry)
}

fn fate(ctx: &mut Ctx, pod: &Value) -> Run<Fate> {
    let meta = &pod["metadata"];
    let finished = matches!(pod["status"]["phase"].s(), "Succeeded" | "Failed");
    let controller = meta["ownerReferences"].items().iter().find(|owner| owner["controller"].is_true()).cloned();
    if let Some(owner) = &controller
        && owner["kind"].s() == "DaemonSet"
        && !finished
    {
        return Ok(if ctx.on("ignore-daemonsets") {
            Fate::Leave(Some("ignoring DaemonSet-managed Pods"))
        } else {
            Fate::Refuse("cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)")
        });
    }
    if meta["annotations"].get("kubernetes.io/config.mirror").is_some() {
        return Ok(Fate::Leave(None));
    }
    let mut warning = None;
    if !finished && pod["spec"]["volumes"].items().iter().any(|volume| !volume["emptyDir"].is_null()) {
        if !ctx.on("delete-emptydir-data") {
            return Ok(Fate::Refuse("cannot delete Pods with local storage (use --delete-emptydir-data to override)"));
        }
        warning = Some("deleting Pods with local storage");
    }
    if !finished && controller.is_none() {
        if !ctx.on("force") {
            return Ok(Fate::Refuse("cannot delete Pods that declare no controller (use --force to override)"));
        }
        warning = Some("deleting Pods that declare no controller");
    }
    Ok(Fate::Evict(warning))
}

fn evict(ctx: &mut Ctx, pods: &Kind, leaving: &[Value], dry: DryRun) -> Run<Result<(), Vec<String>>> {
    let timeout = ctx.span("timeout");
    let deadline = if timeout > Duration::ZERO { ctx.clock() + timeout } else { Time::NEVER };
    for pod in leaving {
        let words = format!("evicting pod {}/{}", pod["metadata"]["namespace"].s(), pod["metadata"]["name"].s());
        ctx.say(&dry.done(&words));
    }
    if dry == DryRun::Client {
        return Ok(Ok(()));
    }
    let mut errors = Vec::new();
    for pod in leaving {
        if let Err(why) = evict_one(ctx, pods, pod, deadline)? {
            errors.push(why);
        }
    }
    if !errors.is_empty() {
        return Ok(Err(errors));
    }
    for pod in leaving {
        if let Err(why) = gone(ctx, pods, pod, deadline)? {
            errors.push(why);
        }
    }
    Ok(if errors.is_empty() { Ok(()) } else { Err(errors) })
}

fn evict_one(ctx: &mut Ctx, pods: &Kind, pod: &Value, deadline: Time) -> Run<Result<(), String>> {
    let (namespace, name) = (pod["metadata"]["namespace"].text(), pod["metadata"]["name"].text());
    loop {
        let mut request = if ctx.on("disable-eviction") {
            pods.request(Verb::Delete, &namespace, &name)
        } else {
            let mut request = pods.request(Verb::Create, &namespace, &name);
            request.subresource = "eviction".into();
            request.body = obj! { "apiVersion" => "policy/v1", "kind" => "Eviction", "metadata" => obj! { "name" => &name, "namespace" => &namespace } };
            request
        };
        let grace = ctx.number("grace-period");
        if grace >= 0 {
            let options = if ctx.on("disable-eviction") {
                &["gracePeriodSeconds"][..]
            } else {
                &["deleteOptions", "gracePeriodSeconds"][..]
            };
            request.body.set(options, grace);
        }
        match ctx.ask(request)? {
            Ok(_) => return Ok(Ok(())),
            Err(status) if status.reason == "NotFound" => return Ok(Ok(())),
            Err(status) if status.reason == "TooManyRequests" => {
                ctx.complain(&format!(
                    "error when evicting pods/{:?} -n {:?} (will retry after 5s): {}",
                    name.as_str(),
                    namespace.as_str(),
                    status.message
                ));
                let moment = ctx.clock() + Duration::from_secs(5);
                if moment > deadline {
                    ctx.sleep_until(deadline)?;
                    return Ok(Err(format!("global timeout reached: {}", ctx.span("timeout"))));
                }
                ctx.sleep_until(moment)?;
            }
            Err(status) => {
                return Ok(Err(format!(
                    "error when evicting pods/{:?} -n {:?}: {}",
                    name.as_str(),
                    namespace.as_str(),
                    status.message
                )));
            }
        }
    }
}

/// Waits until a pod is gone, looking every second.
fn gone(ctx: &mut Ctx, pods: &Kind, pod: &Value, deadline: Time) -> Run<Result<(), String>> {
    let (namespace, name) = (pod["metadata"]["namespace"].text(), pod["metadata"]["name"].text());
    loop {
        match ctx.ask(pods.get(&namespace, &name))? {
            Ok(now) if now["metadata"]["uid"] == pod["metadata"]["uid"] => {}
            _ => {
                ctx.say(&format!("pod/{name} evicted"));
                return Ok(Ok(()));
            }
        }
        let now = ctx.clock();
        if now >= deadline {
            return Ok(Err(format!("global timeout reached: {}", ctx.span("timeout"))));
        }
        ctx.sleep_until((now + Duration::SECOND).min(deadline))?;
    }
}
