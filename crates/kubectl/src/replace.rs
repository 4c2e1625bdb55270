//! `kubectl replace`.

use crate::ctx::Ctx;
use crate::delete::{self, Deletion, Victim};
use crate::dry::{DryRun, LAST_APPLIED, configuration};
use crate::fail::{Fail, Run, plain};
use crate::target::{Unit, finish};
use api::Verb;
use base::{Text, Time};

pub(crate) fn run(ctx: &mut Ctx) -> Run {
    if !ctx.flag("raw").is_empty() {
        return plain("--raw is not supported here");
    }
    if ctx.filenames()?.is_empty() {
        return plain("must specify one of -f and -k");
    }
    let format = ctx.format()?;
    let dry = ctx.dry_run()?;
    let force = ctx.on("force");
    if force && dry != DryRun::None {
        return plain("--dry-run can not be used when --force is set");
    }
    if ctx.number("grace-period") >= 0 && !force {
        return plain("--grace-period must have --force specified");
    }
    let mut fails = Vec::new();
    let units = ctx.selected_files()?;
    if force {
        remove(ctx, &units, &mut fails)?;
    }
    for unit in units {
        let (kind, namespace, name, mut object, source) = match unit {
            Unit::File { kind, namespace, name, object, source } => (kind, namespace, name, object, source),
            Unit::Broken(fail) => {
                fails.push(fail);
                continue;
            }
            Unit::Name { .. } | Unit::List { .. } => continue,
        };
        if ctx.on("save-config") {
            let text = configuration(&object);
            object.set(&["metadata", "annotations", LAST_APPLIED], text);
        }
        if dry == DryRun::Client {
            ctx.report(&format, &object, &dry.done("replaced"))?;
            continue;
        }
        let answer = if force {
            ctx.create(&kind, &namespace, object, dry)?
        } else {
            let subresource = ctx.flag("subresource");
            let mut request = ctx.write_request(kind.request(Verb::Update, &namespace, &name), dry);
            request.subresource = subresource;
            request.body = object;
            ctx.ask(request)?.map_err(Fail::Server)
        };
        match answer {
            Ok(object) => ctx.report(&format, &object, &dry.done("replaced"))?,
            Err(fail) => fails.push(fail.in_source(if force { "creating" } else { "replacing" }, &source)),
        }
    }
    finish(fails)
}

/// `--force`: what is there is deleted first.
fn remove(ctx: &mut Ctx, units: &[Unit], fails: &mut Vec<Fail>) -> Run {
    let deletion = Deletion { grace: ctx.number("grace-period"), policy: "Background", dry: DryRun::None, name_only: false };
    let mut gone = Vec::new();
    for unit in units {
        let Unit::File { kind, namespace, name, .. } = unit else { continue };
        let victim = Victim {
            kind: kind.clone(),
            namespace: namespace.clone(),
            name: name.clone(),
            uid: Text::new(),
            source: Text::new(),
        };
        match delete::delete(ctx, victim, &deletion)? {
            Ok(victim) => gone.push(victim),
            Err(fail) if fail.is_not_found() => {}
            Err(fail) => fails.push(fail),
        }
    }
    delete::await_all(ctx, &gone, Time::NEVER)
}
