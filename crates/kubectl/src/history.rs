//! `kubectl rollout history` and `rollout undo`: the revisions of a workload. Models k8s.io/kubectl/pkg/polymorphichelpers history and
//! rollback.

use crate::ctx::Ctx;
use crate::describe_template;
use crate::dry::{DryRun, LAST_APPLIED};
use crate::fail::{Fail, Run};
use crate::kinds::Kind;
use crate::printer::Format;
use crate::tab::TabWriter;
use crate::target::Info;
use api::PatchType;
use value::{Value, list, obj};

const REVISION: &str = "deployment.kubernetes.io/revision";
const CAUSE: &str = "kubernetes.io/change-cause";

/// A revision: its number, the object that keeps it, and its pod template.
struct Revision {
    number: i64,
    object: Value,
    template: Value,
}

/// The revisions of a workload, oldest first.
fn revisions(ctx: &mut Ctx, info: &Info) -> Run<Vec<Revision>> {
    let (plural, deployment) =
        if info.kind.kind == "Deployment" { ("replicasets", true) } else { ("controllerrevisions", false) };
    let Some(kind) = Kind::builtin("apps", plural) else { return Ok(Vec::new()) };
    let mut list = kind.list(&info.namespace);
    list.query.label_selector = model::Selector::of(&info.object["spec"]["selector"]).to_string().into();
    let found = ctx.request(list)?;
    let uid = info.object["metadata"]["uid"].text();
    let mut all = Vec::new();
    for item in found["items"].items() {
        let owned = item["metadata"]["ownerReferences"]
            .items()
            .iter()
            .any(|owner| owner["uid"].s() == uid && owner["controller"].is_true());
        if !owned {
            continue;
        }
        let number = if deployment {
            item["metadata"]["annotations"][REVISION].s().parse().unwrap_or(0)
        } else {
            item["revision"].as_i64().unwrap_or(0)
        };
        let template = if deployment { item["spec"]["template"].clone() } else { item["data"]["spec"]["template"].clone() };
        all.push(Revision { number, object: item.clone(), template });
    }
    all.sort_by_key(|revision| revision.number);
    Ok(all)
}

pub(crate) fn show(ctx: &mut Ctx, info: &Info) -> Run<Option<Fail>> {
    if !matches!(info.kind.kind.as_str(), "Deployment" | "DaemonSet" | "StatefulSet") {
        return Ok(Some(Fail::Plain(format!("no history viewer has been implemented for {:?}", info.kind.kind.as_str()))));
    }
    let all = revisions(ctx, info)?;
    let wanted = ctx.number("revision");
    let format = ctx.format()?;
    if !matches!(format, Format::Default) {
        let chosen = all.iter().rev().find(|revision| wanted <= 0 || revision.number == wanted);
        let Some(revision) = chosen else { return Ok(Some(Fail::Plain("unable to find the specified revision".into()))) };
        ctx.print(&format, &revision.object)?;
        return Ok(None);
    }
    let shown = info.show();
    if wanted > 0 {
        let Some(revision) = all.iter().find(|revision| revision.number == wanted) else {
            return Ok(Some(Fail::Plain("unable to find the specified revision".into())));
        };
        let mut template = revision.template.clone();
        let cause = revision.object["metadata"]["annotations"][CAUSE].text();
        if !cause.is_empty() {
            template.set(&["metadata", "annotations", CAUSE], cause);
        }
        let text = describe_template::pod_template(&template);
        ctx.out(&format!("{shown} with revision #{wanted}\n{text}\n"));
        return Ok(None);
    }
    let mut text = "REVISION\tCHANGE-CAUSE\n".to_string();
    for revision in &all {
        let cause = revision.object["metadata"]["annotations"][CAUSE].s();
        text.push_str(&format!("{}\t{}\n", revision.number, if cause.is_empty() { "<none>" } else { cause }));
    }
    let text = TabWriter::description().format(&text);
    ctx.out(&format!("{shown} \n{text}\n"));
    Ok(None)
}

pub(crate) fn undo(ctx: &mut Ctx, info: &Info) -> Run<Option<Fail>> {
    let dry = ctx.dry_run()?;
    let wanted = ctx.number("to-revision");
    if wanted < 0 {
        return Ok(Some(Fail::Plain(format!("--to-revision must be a positive integer or zero, was {wanted}"))));
    }
    if !matches!(info.kind.kind.as_str(), "Deployment" | "DaemonSet" | "StatefulSet") {
        return Ok(Some(Fail::Plain(format!("no rollbacker has been implemented for {:?}", info.kind.kind.as_str()))));
    }
    if info.object["metadata"]["annotations"].get(LAST_APPLIED).is_some() {
        ctx.complain(&format!(
            "Warning: resource {}/{} was previously managed with 'kubectl apply'. Rolling back will not update the {LAST_APPLIED} annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl apply' with your previous configuration file instead.",
            info.kind.plural, info.name
        ));
    }
    let all = revisions(ctx, info)?;
    let fail = |words: String| Ok(Some(Fail::Plain(words)));
    let target = if wanted == 0 {
        match all.len() {
            0 | 1 if info.kind.kind == "Deployment" => {
                return fail(format!("no rollout history found for deployment {:?}", info.name.as_str()));
            }
            0 | 1 => return fail("no last revision to roll back to".into()),
            len => &all[len - 2],
        }
    } else {
        match all.iter().find(|revision| revision.number == wanted) {
            Some(revision) => revision,
            None => return fail(format!("unable to find specified revision {wanted} in history")),
        }
    };
    if info.object["spec"]["paused"].is_true() {
        return fail("cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again".into());
    }
    let format = ctx.format()?;
    if dry == DryRun::Client {
        let text = describe_template::pod_template(&target.template);
        ctx.out(&format!("{} {text}\n", info.show()));
        return Ok(None);
    }
    let template = without_hash(&target.template);
    if template == without_hash(&info.object["spec"]["template"]) {
        let words = format!("skipped rollback (current template already matches revision {})", target.number);
        ctx.report(&format, &info.object, &words)?;
        return Ok(None);
    }
    let patch = if info.kind.kind == "Deployment" { json_patch(info, target, template) } else { target.object["data"].clone() };
    let how = if info.kind.kind == "Deployment" { PatchType::Json } else { PatchType::Strategic };
    match ctx.patch(&info.kind, (&info.namespace, &info.name), (how, patch), dry)? {
        Ok(object) => {
            ctx.report(&format, &object, &dry.done("rolled back"))?;
            Ok(None)
        }
        Err(fail) => Ok(Some(Fail::Plain(format!("failed restoring revision {wanted}: {}", fail.words())))),
    }
}

fn without_hash(template: &Value) -> Value {
    let mut template = template.clone();
    template.remove(&["metadata", "labels", "pod-template-hash"]);
    template
}

/// Annotations that belong to the deployment or the replica set alone.
const OWN: [&str; 6] = [
    LAST_APPLIED,
    REVISION,
    "deployment.kubernetes.io/revision-history",
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deprecated.deployment.rollback.to",
];

fn json_patch(info: &Info, target: &Revision, template: Value) -> Value {
    let mut annotations = Value::map();
    for (key, text) in info.object["metadata"]["annotations"].entries() {
        if OWN.contains(&key.as_str()) {
            annotations.set(&[key], text);
        }
    }
    for (key, text) in target.object["metadata"]["annotations"].entries() {
        if !OWN.contains(&key.as_str()) {
            annotations.set(&[key], text);
        }
    }
    list![
        obj! { "op" => "replace", "path" => "/spec/template", "value" => template },
        obj! { "op" => "replace", "path" => "/metadata/annotations", "value" => annotations },
    ]
}
