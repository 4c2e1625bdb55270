//! `kubectl edit` (and `create --edit`): objects as YAML in the host's editor, and what was changed as a patch. What the server turns down comes
//! back into the editor with its reasons. Models k8s.io/kubectl/pkg/cmd/util/editor.

use crate::ctx::Ctx;
use crate::dry::DryRun;
use crate::fail::{Fail, Run, Stop, plain};
use crate::target::{Info, Pick, Unit, finish};
use api::PatchType;
use base::Text;
use value::{Value, patch, yaml};

const HEADER: &str = "# Please edit the object below. Lines beginning with a '#' will be ignored,\n# and an empty file will abort the edit. If an error occurs while saving this file will be\n# reopened with the relevant failures.\n#\n";

/// How one object's edit ended.
enum Ended {
    /// Nothing more to say.
    Done,
    Failed(Fail),
}

pub(crate) fn run(ctx: &mut Ctx) -> Run {
    let pick = Pick { bare_type: false, ..ctx.pick(ctx.words()) };
    let (infos, mut fails) = ctx.fetch(&pick)?;
    for info in infos {
        if let Ended::Failed(fail) = one(ctx, &info)? {
            fails.push(fail);
        }
    }
    finish(fails)
}

/// An object in the form that is edited.
fn shown(ctx: &Ctx, object: &Value) -> String {
    let object = ctx.shown(object);
    if ctx.flag("output") == "json" { object.to_json_pretty() + "\n" } else { object.to_yaml() }
}

/// The text without lines that are comments.
fn stripped(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect()
}

fn one(ctx: &mut Ctx, info: &Info) -> Run<Ended> {
    let original = shown(ctx, &info.object);
    let (mut content, mut reasons): (String, String) = (original.clone(), String::new());
    loop {
        let before = format!("{HEADER}{reasons}{content}");
        let Some(after) = ctx.edit(&before)? else { return plain("there is no editor here; use kubectl patch or kubectl apply") };
        let edited = stripped(&after);
        if !reasons.is_empty() && edited == stripped(&content) {
            return kept(ctx, &after, "Edit cancelled, no valid changes were saved.");
        }
        if edited == original && reasons.is_empty() {
            ctx.complain("Edit cancelled, no changes made.");
            return Ok(Ended::Done);
        }
        content = edited;
        let new = match yaml::value(&content) {
            Ok(new @ Value::Map(_)) => new,
            Ok(_) => {
                reasons = refused(
                    ctx,
                    info,
                    &["<nil>: Invalid value: \"The edited file failed validation\": invalid object to validate".into()],
                );
                continue;
            }
            Err(why) => {
                let words = format!("<nil>: Invalid value: \"The edited file failed validation\": {}", why.message);
                reasons = refused(ctx, info, &[words]);
                continue;
            }
        };
        let same = |path: &[&str]| new.at(path) == info.object.at(path);
        if !same(&["apiVersion"]) || !same(&["kind"]) || !same(&["metadata", "name"]) {
            return kept(ctx, &after, "At least one of apiVersion, kind and name was changed");
        }
        match send(ctx, info, &new)? {
            Ok(()) => return Ok(Ended::Done),
            Err(Fail::Server(status)) if status.reason == "Invalid" => {
                let lines: Vec<String> =
                    status.details.causes.iter().map(|(_, message, field)| format!("{field}: {message}")).collect();
                reasons = refused(ctx, info, &lines);
            }
            Err(fail) => return Ok(Ended::Failed(fail)),
        }
    }
}

/// Says that an edit is invalid, and answers the comment with the reasons for the next round.
fn refused(ctx: &mut Ctx, info: &Info, lines: &[String]) -> String {
    let what = format!("{} {:?}", info.kind.group_resource(), info.name.as_str());
    ctx.complain(&format!("error: {what} is invalid"));
    let lines: String = lines.iter().map(|line| format!("# * {line}\n")).collect();
    format!("# {what} was not valid:\n{lines}#\n")
}

/// Ends an edit whose text is kept in a file.
fn kept(ctx: &mut Ctx, text: &Text, words: &str) -> Run<Ended> {
    let path = format!("/tmp/kubectl-edit-{}.yaml", ctx.started().as_micros());
    let _ = ctx.write_file(&path, text)?;
    ctx.complain(&format!("A copy of your changes has been stored to {path:?}"));
    Ok(Ended::Failed(Fail::Plain(words.into())))
}

fn send(ctx: &mut Ctx, info: &Info, new: &Value) -> Run<Result<(), Fail>> {
    let old = ctx.shown(&info.object);
    let body = patch::create_merge(&old, new);
    if body.is_empty() {
        ctx.complain("Edit cancelled, no changes made.");
        return Ok(Ok(()));
    }
    if ctx.on("output-patch") {
        ctx.say(&format!("Patch: {}", body.to_json_go()));
    }
    let format = ctx.format()?;
    match ctx.patch(&info.kind, (&info.namespace, &info.name), (PatchType::Merge, body), DryRun::None)? {
        Ok(object) => {
            ctx.report(&format, &object, "edited")?;
            Ok(Ok(()))
        }
        Err(fail) => Ok(Err(fail)),
    }
}

/// `create --edit`: the objects of the files as they are after an edit; `None` if nothing was changed.
pub(crate) fn units(ctx: &mut Ctx, units: Vec<Unit>) -> Run<Option<Vec<Unit>>> {
    let mut edited = Vec::new();
    for unit in units {
        let Unit::File { kind, namespace, object, source, .. } = unit else {
            edited.push(unit);
            continue;
        };
        let before = object.to_yaml();
        let Some(after) = ctx.edit(&format!("{HEADER}{before}"))? else {
            return plain("there is no editor here; use kubectl create -f");
        };
        let content = stripped(&after);
        if content == before {
            ctx.complain("Edit cancelled, no changes made.");
            return Ok(None);
        }
        let object =
            yaml::value(&content).map_err(|why| Stop::Fail(Fail::Plain(format!("The edited file had a syntax error: {why}"))))?;
        let name = object["metadata"]["name"].text();
        edited.push(Unit::File { kind, namespace, name, object, source });
    }
    Ok(Some(edited))
}
