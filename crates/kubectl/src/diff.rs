//! `kubectl diff`: what `apply` would change, as a unified difference of YAML. 1: there is one; more: it could not be made.

use crate::ctx::Ctx;
use crate::dry::{DryRun, LAST_APPLIED, configuration};
use crate::fail::{Fail, Run, Stop};
use crate::merge::{Three, three_way};
use crate::printer::without_managed_fields;
use crate::target::Unit;
use value::Value;

pub(crate) fn run(ctx: &mut Ctx) -> Run {
    compare(ctx).map_err(|stop| match stop {
        Stop::Fail(fail) => Stop::Fail(Fail::Code(Box::new(fail), 2)),
        other => other,
    })
}

fn compare(ctx: &mut Ctx) -> Run {
    if ctx.filenames()?.is_empty() {
        return ctx.usage("must specify one of -f and -k");
    }
    let mut differs = false;
    for unit in ctx.selected_files()? {
        let (kind, namespace, name, object) = match unit {
            Unit::File { kind, namespace, name, object, .. } => (kind, namespace, name, object),
            Unit::Broken(fail) => return Err(Stop::Fail(fail)),
            Unit::Name { .. } | Unit::List { .. } => continue,
        };
        let mut modified = object.clone();
        modified.set(&["metadata", "annotations", LAST_APPLIED], configuration(&object));
        let live = ctx.ask(kind.get(&namespace, &name))?;
        let (live, wanted) = match live {
            Ok(current) => {
                let original = Value::from_json(current["metadata"]["annotations"][LAST_APPLIED].s()).unwrap_or_default();
                let three = Three { original: &original, modified: &modified, current: &current };
                let patch = three_way(&kind, &three).map_err(Stop::Fail)?;
                let wanted = ctx.patch(&kind, (&namespace, &name), patch, DryRun::Server)?.map_err(Stop::Fail)?;
                (current, wanted)
            }
            Err(status) if status.reason == "NotFound" => {
                let wanted = ctx.create(&kind, &namespace, object, DryRun::Server)?.map_err(Stop::Fail)?;
                (Value::Null, wanted)
            }
            Err(status) => return Err(Stop::Fail(Fail::Server(status))),
        };
        let file =
            format!("{}.{}.{}.{namespace}.{name}", kind.group, kind.version, kind.kind).trim_start_matches('.').to_string();
        let (old, new) = (lines(&live), lines(&wanted));
        if old != new {
            differs = true;
            let text = unified(&file, &old, &new);
            ctx.out(&text);
        }
    }
    if differs { Err(Stop::Exit(1)) } else { Ok(()) }
}

fn lines(object: &Value) -> Vec<String> {
    if object.is_null() {
        return Vec::new();
    }
    let mut object = without_managed_fields(object);
    object.remove(&["metadata", "annotations", LAST_APPLIED]);
    object.remove(&["metadata", "resourceVersion"]);
    object.to_yaml().lines().map(str::to_string).collect()
}

/// One hunk from the first to the last line that differs, with three lines around it.
fn unified(file: &str, old: &[String], new: &[String]) -> String {
    let same_start = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let same_end = old[same_start..].iter().rev().zip(new[same_start..].iter().rev()).take_while(|(a, b)| a == b).count();
    let from = same_start.saturating_sub(3);
    let (old_to, new_to) = (old.len() - same_end, new.len() - same_end);
    let after = same_end.min(3);
    let mut text = format!("diff -u -N LIVE/{file} MERGED/{file}\n--- LIVE/{file}\n+++ MERGED/{file}\n");
    let start = |len: usize| if len == 0 { 0 } else { from + 1 };
    text.push_str(&format!(
        "@@ -{},{} +{},{} @@\n",
        start(old.len()),
        old_to + after - from,
        start(new.len()),
        new_to + after - from
    ));
    let mut put = |mark: char, part: &[String]| part.iter().for_each(|line| text.push_str(&format!("{mark}{line}\n")));
    put(' ', &old[from..same_start]);
    put('-', &old[same_start..old_to]);
    put('+', &new[same_start..new_to]);
    put(' ', &old[old_to..old_to + after]);
    text
}
