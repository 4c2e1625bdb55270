//! `kubectl apply view-last-applied`, `set-last-applied` and `edit-last-applied`.

use crate::ctx::Ctx;
use crate::dry::{LAST_APPLIED, named};
use crate::fail::{Run, plain};
use crate::target::{Pick, Unit, finish};
use api::PatchType;
use value::{Value, obj};

pub(crate) fn run(ctx: &mut Ctx) -> Run {
    match ctx.spec.path {
        "apply view-last-applied" => view(ctx),
        "apply set-last-applied" => set(ctx),
        other => plain(format!("kubectl {other} is not supported here")),
    }
}

fn view(ctx: &mut Ctx) -> Run {
    let output = ctx.flag("output");
    if !matches!(output.as_str(), "" | "yaml" | "json") {
        return ctx.usage(format!("Unexpected -o output mode: {output}, the flag 'output' must be one of yaml|json"));
    }
    let pick = Pick { bare_type: true, ..ctx.pick(ctx.words()) };
    for info in ctx.fetch_all(&pick)? {
        let text = info.object["metadata"]["annotations"][LAST_APPLIED].text();
        let Ok(value) = Value::from_json(&text) else { continue };
        let shown = if output == "json" { value.to_json_pretty() + "\n" } else { value.to_yaml() };
        ctx.out(&shown);
    }
    Ok(())
}

fn set(ctx: &mut Ctx) -> Run {
    if ctx.filenames()?.is_empty() {
        return plain(crate::target::NOTHING_NAMED);
    }
    let format = ctx.format()?;
    let dry = ctx.dry_run()?;
    let mut fails = Vec::new();
    for unit in ctx.selected_files()? {
        let (kind, namespace, name, object) = match unit {
            Unit::File { kind, namespace, name, object, .. } => (kind, namespace, name, object),
            Unit::Broken(fail) => {
                fails.push(fail);
                continue;
            }
            Unit::Name { .. } | Unit::List { .. } => continue,
        };
        let current = ctx.request(kind.get(&namespace, &name))?;
        let old = &current["metadata"]["annotations"][LAST_APPLIED];
        if old.is_null() && !ctx.on("create-annotation") {
            return plain(format!(
                "no last-applied-configuration annotation found on resource: {name}, to create the annotation, run the command with --create-annotation"
            ));
        }
        let text = object.to_json_go() + "\n";
        if old.s() == text {
            ctx.report(&format, &current, &dry.done("unchanged"))?;
            continue;
        }
        let mut metadata = named(&name);
        metadata.set(&["annotations", LAST_APPLIED], text);
        let patch = obj! { "metadata" => metadata };
        match ctx.patch(&kind, (&namespace, &name), (PatchType::Merge, patch), dry)? {
            Ok(object) => ctx.report(&format, &object, &dry.done("configured"))?,
            Err(fail) => fails.push(fail),
        }
    }
    finish(fails)
}
