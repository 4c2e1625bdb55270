//! `kubectl edit`: the object as YAML in the host's editor, and what was changed as a patch.

use crate::ctx::Ctx;
use crate::fail::{Fail, Run, Stop, plain};
use crate::target::{Info, finish};
use api::PatchType;
use value::{patch, yaml};

const HEADER: &str = "# Please edit the object below. Lines beginning with a '#' will be ignored,\n# and an empty file will abort the edit. If an error occurs while saving this file will be\n# reopened with the relevant failures.\n#\n";

pub(crate) fn run(ctx: &mut Ctx) -> Run {
    let pick = ctx.pick(ctx.words());
    let (infos, mut fails) = ctx.fetch(&pick)?;
    for info in infos {
        if let Some(fail) = one(ctx, &info)? {
            fails.push(fail);
        }
    }
    finish(fails)
}

fn one(ctx: &mut Ctx, info: &Info) -> Run<Option<Fail>> {
    let shown = ctx.shown(&info.object);
    let before =
        if ctx.flag("output") == "json" { shown.to_json_pretty() + "\n" } else { format!("{HEADER}{}", shown.to_yaml()) };
    let Some(after) = ctx.edit(&before)? else { return plain("there is no editor here; use kubectl patch or kubectl apply") };
    let content: String = after.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect();
    if after == before.as_str() {
        ctx.complain("Edit cancelled, no changes made.");
        return Ok(None);
    }
    if content.trim().is_empty() {
        ctx.complain("Edit cancelled, saved file was empty.");
        return Ok(None);
    }
    let edited =
        yaml::value(&content).map_err(|why| Stop::Fail(Fail::Plain(format!("The edited file had a syntax error: {why}"))))?;
    let body = patch::create_merge(&shown, &edited);
    if body.is_empty() {
        ctx.complain("Edit cancelled, no changes made.");
        return Ok(None);
    }
    let format = ctx.format()?;
    match ctx.patch(&info.kind, (&info.namespace, &info.name), (PatchType::Merge, body), crate::dry::DryRun::None)? {
        Ok(object) => {
            ctx.report(&format, &object, "edited")?;
            Ok(None)
        }
        Err(fail) => Ok(Some(fail)),
    }
}
