//! `kubectl set image`, `resources`, `selector`, `serviceaccount` and `subject`; `set env` is beside.

use crate::ctx::Ctx;
use crate::dry::DryRun;
use crate::fail::{Fail, Run, plain};
use crate::help;
use crate::label::split_pairs;
use crate::set_env;
use crate::target::{Info, NOTHING_NAMED, Pick, finish};
use api::PatchType;
use base::{Quantity, Text};
use value::{Value, list, obj, patch};

pub(crate) fn run(ctx: &mut Ctx) -> Run {
    match ctx.spec.path {
        "set image" => image(ctx),
        "set env" => set_env::run(ctx),
        "set resources" => resources(ctx),
        "set selector" => selector(ctx),
        "set serviceaccount" => service_account(ctx),
        "set subject" => subject(ctx),
        _ => help::group(ctx, true),
    }
}

/// The path of the pod spec in an object, if it has one.
pub(crate) fn pod_spec(info: &Info) -> Option<&'static [&'static str]> {
    Some(match info.kind.kind.as_str() {
        "Pod" => &["spec"],
        "CronJob" => &["spec", "jobTemplate", "spec", "template", "spec"],
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "Job" | "ReplicationController" => {
            &["spec", "template", "spec"]
        }
        _ => return None,
    })
}

pub(crate) fn no_template(info: &Info) -> Fail {
    let kind = &info.kind;
    Fail::Plain(format!(
        "{}/{} the object is not a pod or does not have a pod template: *{}.{}",
        kind.plural, info.name, kind.version, kind.kind
    ))
}

/// The containers of a pod spec whose names fit a pattern (`*` at the end or alone).
pub(crate) fn fitting(name: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => name == pattern,
        Some((head, tail)) => name.len() >= head.len() + tail.len() && name.starts_with(head) && name.ends_with(tail),
    }
}

/// Sends what changed, and says what was done; without a change nothing is said.
pub(crate) fn send(ctx: &mut Ctx, info: &Info, new: Value, (done, failure): (&str, &str)) -> Run<Option<Fail>> {
    let body = patch::create_merge(&info.object, &new);
    let local = ctx.on("local");
    if body.is_empty() && !local {
        return Ok(None);
    }
    let format = ctx.format()?;
    let dry = ctx.dry_run()?;
    if local || dry == DryRun::Client {
        let words = if local { done.to_string() } else { dry.done(done) };
        ctx.report(&format, &new, &words)?;
        return Ok(None);
    }
    match ctx.patch(&info.kind, (&info.namespace, &info.name), (PatchType::Merge, body), dry)? {
        Ok(object) => {
            ctx.report(&format, &object, &dry.done(done))?;
            Ok(None)
        }
        Err(fail) => Ok(Some(Fail::Plain(format!("{failure}{}", fail.words())))),
    }
}

/// The objects a set command is about; with --local those of the files as they are.
pub(crate) fn chosen(ctx: &mut Ctx, pick: &Pick) -> Run<(Vec<Info>, Vec<Fail>)> {
    if !ctx.on("local") {
        return ctx.fetch(pick);
    }
    let (mut infos, mut fails) = (Vec::new(), Vec::new());
    for unit in ctx.selected_files()? {
        match unit {
            crate::target::Unit::File { kind, namespace, name, object, .. } => infos.push(Info { kind, namespace, name, object }),
            crate::target::Unit::Broken(fail) => fails.push(fail),
            crate::target::Unit::Name { .. } | crate::target::Unit::List { .. } => {}
        }
    }
    Ok((infos, fails))
}

fn image(ctx: &mut Ctx) -> Run {
    let (at, pairs) = split_pairs(ctx.words(), "image")?;
    let words = ctx.words();
    let has_files = !ctx.filenames()?.is_empty();
    if at == 0 && !has_files {
        return plain(NOTHING_NAMED);
    }
    let slashes = words[..at].iter().filter(|w| w.contains('/')).count();
    if pairs.is_empty() && (slashes == 0 || slashes == at) {
        return plain("at least one image update is required");
    }
    if pairs.len() > 1 && pairs.iter().any(|pair| pair.starts_with("*=")) {
        return plain("all containers are already specified by *, but saw more than one container_name=container_image pairs");
    }
    let pick = ctx.pick(&words[..at]);
    let (infos, mut fails) = chosen(ctx, &pick)?;
    for info in infos {
        fails.extend(image_of(ctx, &info, &pairs)?);
    }
    finish(fails)
}

fn image_of(ctx: &mut Ctx, info: &Info, pairs: &[Text]) -> Run<Option<Fail>> {
    let Some(path) = pod_spec(info) else { return Ok(Some(no_template(info))) };
    let mut new = info.object.clone();
    let spec = new.at_mut(path);
    let mut missing = Vec::new();
    for pair in pairs {
        let (wanted, image) = pair.split_once('=').unwrap_or((pair, ""));
        let mut found = false;
        for field in ["initContainers", "containers"] {
            if spec[field].is_null() {
                continue;
            }
            for container in spec.at_mut(&[field]).as_list_mut() {
                if wanted == "*" || container["name"].s() == wanted {
                    container.set(&["image"], image);
                    found = true;
                }
            }
        }
        if !found {
            missing.push(Fail::Plain(format!("unable to find container named {wanted:?}")));
        }
    }
    if !missing.is_empty() {
        return Ok(Some(if missing.len() == 1 { missing.remove(0) } else { Fail::Many(missing) }));
    }
    send(ctx, info, new, ("image updated", "failed to patch image update to pod template: "))
}

fn resources(ctx: &mut Ctx) -> Run {
    let words = ctx.words();
    let (limits, requests) = (ctx.flag("limits"), ctx.flag("requests"));
    if limits.is_empty() && requests.is_empty() {
        return plain("you must specify an update to requests or limits (in the form of --requests/--limits)");
    }
    let (limits, requests) = (amounts(&limits)?, amounts(&requests)?);
    let pick = ctx.pick(words);
    let (infos, mut fails) = chosen(ctx, &pick)?;
    let pattern = ctx.flag("containers");
    for info in infos {
        let Some(path) = pod_spec(&info) else {
            fails.push(no_template(&info));
            continue;
        };
        let mut new = info.object.clone();
        let mut found = false;
        for container in new.at_mut(path).at_mut(&["containers"]).as_list_mut() {
            if !fitting(container["name"].s(), &pattern) {
                continue;
            }
            found = true;
            for (field, amounts) in [("limits", &limits), ("requests", &requests)] {
                for (name, amount) in amounts {
                    container.set(&["resources", field, name], amount);
                }
            }
        }
        if !found {
            fails.push(Fail::Plain(format!("unable to find container named {pattern}")));
            continue;
        }
        fails.extend(send(
            ctx,
            &info,
            new,
            ("resource requirements updated", "failed to patch resources update to pod template "),
        )?);
    }
    finish(fails)
}

fn amounts(text: &str) -> Run<Vec<(Text, Text)>> {
    let mut amounts = Vec::new();
    for pair in text.split(',').filter(|pair| !pair.is_empty()) {
        let Some((name, amount)) = pair.split_once('=') else {
            return plain(format!("Invalid argument syntax {pair}, expected <resource>=<value>"));
        };
        let canonical = Quantity::canonical(amount).or_else(|why| plain(why.to_string()))?;
        amounts.push((name.into(), canonical.into()));
    }
    Ok(amounts)
}

fn selector(ctx: &mut Ctx) -> Run {
    let words = ctx.words();
    let Some((expression, resources)) = words.split_last() else {
        return plain("one or more resources must be specified as <resource> <name> or <resource>/<name>");
    };
    let parsed = model::Selector::parse(expression).or_else(plain)?;
    let mut map = Value::map();
    for requirement in &parsed.requirements {
        match requirement {
            model::Requirement::Equals(key, text) => map.set(&[key], text),
            model::Requirement::In(key, values) => {
                let values: Vec<&str> = values.iter().map(|v| v.as_str()).collect();
                return plain(format!("match expression [{{{key} In [{}]}}] not supported on this object", values.join(" ")));
            }
            other => return plain(format!("match expression [{other}] not supported on this object")),
        }
    }
    let pick = ctx.pick(resources);
    let (infos, mut fails) = chosen(ctx, &pick)?;
    for info in infos {
        if info.kind.kind != "Service" {
            fails.push(Fail::Plain("setting a selector is only supported for Services".into()));
            continue;
        }
        let mut new = info.object.clone();
        new.set(&["spec", "selector"], map.clone());
        fails.extend(send(ctx, &info, new, ("selector updated", "failed to patch selector: "))?);
    }
    finish(fails)
}

fn service_account(ctx: &mut Ctx) -> Run {
    let words = ctx.words();
    let Some((name, resources)) = words.split_last() else {
        return plain("serviceaccount is required");
    };
    let pick = ctx.pick(resources);
    let (infos, mut fails) = chosen(ctx, &pick)?;
    for info in infos {
        let Some(path) = pod_spec(&info) else {
            fails.push(no_template(&info));
            continue;
        };
        let mut new = info.object.clone();
        new.at_mut(path).set(&["serviceAccountName"], name);
        let format = ctx.format()?;
        let dry = ctx.dry_run()?;
        if dry == DryRun::Client || ctx.on("local") {
            ctx.report(&format, &new, &dry.done("serviceaccount updated"))?;
            continue;
        }
        let body = patch::create_merge(&info.object, &new);
        match ctx.patch(&info.kind, (&info.namespace, &info.name), (PatchType::Merge, body), dry)? {
            Ok(object) => ctx.report(&format, &object, &dry.done("serviceaccount updated"))?,
            Err(fail) => fails.push(Fail::Plain(format!("failed to patch ServiceAccountName {}", fail.words()))),
        }
    }
    finish(fails)
}

fn subject(ctx: &mut Ctx) -> Run {
    let (users, groups, accounts) = (ctx.flags("user"), ctx.flags("group"), ctx.flags("serviceaccount"));
    if users.is_empty() && groups.is_empty() && accounts.is_empty() {
        return plain("you must specify at least one value of user, group or serviceaccount");
    }
    let mut subjects = Vec::new();
    for (kind, names) in [("User", users), ("Group", groups)] {
        for name in names {
            subjects.push(obj! { "kind" => kind, "apiGroup" => "rbac.authorization.k8s.io", "name" => name });
        }
    }
    for account in accounts {
        let Some((namespace, name)) = account.split_once(':') else {
            return plain("serviceaccount must be <namespace>:<name>");
        };
        subjects.push(obj! { "kind" => "ServiceAccount", "namespace" => namespace, "name" => name });
    }
    let pick = ctx.pick(ctx.words());
    let (infos, mut fails) = chosen(ctx, &pick)?;
    for info in infos {
        if !matches!(info.kind.kind.as_str(), "RoleBinding" | "ClusterRoleBinding") {
            fails.push(Fail::Plain("setting subjects is only supported for RoleBinding/ClusterRoleBinding".into()));
            continue;
        }
        let mut new = info.object.clone();
        if new["subjects"].is_null() {
            new.set(&["subjects"], list![]);
        }
        for subject in &subjects {
            if !new["subjects"].items().contains(subject) {
                new.at_mut(&["subjects"]).as_list_mut().push(subject.clone());
            }
        }
        fails.extend(send(ctx, &info, new, ("subjects updated", "failed to patch subjects to rolebinding: "))?);
    }
    finish(fails)
}
