//! `kubectl patch`.

use crate::ctx::Ctx;
use crate::dry::DryRun;
use crate::fail::{Fail, Run, Stop, plain};
use crate::kinds::Kind;
use crate::merge;
use crate::target::{Info, Unit, finish};
use api::{PatchType, Status, Verb};
use base::Text;
use value::{Value, yaml};

pub(crate) fn run(ctx: &mut Ctx) -> Run {
    let (text, path) = (ctx.flag("patch"), ctx.flag("patch-file"));
    if !text.is_empty() && !path.is_empty() {
        return plain("cannot specify --patch and --patch-file together");
    }
    if text.is_empty() && path.is_empty() {
        return plain("must specify --patch or --patch-file containing the contents of the patch");
    }
    let how = ctx.flag("type").to_lowercase();
    let how = match how.as_str() {
        "strategic" | "" => PatchType::Strategic,
        "merge" => PatchType::Merge,
        "json" => PatchType::Json,
        _ => return plain(format!("--type must be one of [json merge strategic], not {how:?}")),
    };
    let format = ctx.format()?;
    let dry = ctx.dry_run()?;
    let body = body(ctx, text, &path)?;
    let pick = ctx.pick(ctx.words());
    if ctx.on("local") {
        return local(ctx, &format, (how, &body?));
    }
    let (infos, mut fails) = ctx.fetch(&pick)?;
    let body = match body {
        Ok(body) => body,
        Err(fail) if fails.is_empty() => return Err(Stop::Fail(fail)),
        Err(_) => return finish(fails),
    };
    for info in infos {
        match one(ctx, &info, (how, &body), dry)? {
            Ok(object) => {
                let same = object == info.object;
                ctx.report(&format, &object, if same && dry != DryRun::Client { "patched (no change)" } else { "patched" })?;
            }
            Err(fail) => fails.push(fail),
        }
    }
    finish(fails)
}

/// The patch; a text that is none is left to the server's words.
fn body(ctx: &mut Ctx, text: Text, path: &str) -> Run<Result<Value, Fail>> {
    let text = if path.is_empty() {
        text
    } else {
        match ctx.read_file(path)? {
            Ok(text) => text,
            Err(why) => return plain(format!("unable to read patch file: open {path}: {}", why.words())),
        }
    };
    Ok(yaml::value(&text).map_err(|why| match text.trim_start().starts_with(['{', '[']) {
        true => Fail::Server(Status::bad_request("unexpected end of JSON input")),
        false => Fail::Plain(format!("unable to parse {:?}: {}", text.as_str(), why.message)),
    }))
}

fn one(ctx: &mut Ctx, info: &Info, (how, body): (PatchType, &Value), dry: DryRun) -> Run<Result<Value, Fail>> {
    if dry == DryRun::Client {
        return Ok(Ok(merge::locally(&info.kind, &info.object, (how, body))));
    }
    let mut request = ctx.write_request(info.request(Verb::Patch(how)), dry);
    request.subresource = ctx.flag("subresource");
    request.body = body.clone();
    Ok(match ctx.ask(request)? {
        Ok(object) => Ok(object),
        Err(status) if status.reason == "UnsupportedMediaType" => {
            let Kind { kind, .. } = &info.kind;
            let version = info.kind.api_version();
            Err(Fail::Plain(format!(
                "application/strategic-merge-patch+json is not supported by {version}, Kind={kind}: {}",
                status.message
            )))
        }
        Err(status) => Err(Fail::Server(status)),
    })
}

fn local(ctx: &mut Ctx, format: &crate::printer::Format, patch: (PatchType, &Value)) -> Run {
    let mut fails = Vec::new();
    for unit in ctx.selected_files()? {
        match unit {
            Unit::File { kind, object, .. } => {
                let object = merge::locally(&kind, &object, patch);
                ctx.report(format, &object, "patched")?;
            }
            Unit::Broken(fail) => fails.push(fail),
            Unit::Name { .. } | Unit::List { .. } => {}
        }
    }
    finish(fails)
}
