//! `kubectl label` and `kubectl annotate`. Models k8s.io/kubectl/pkg/cmd/label and annotate.

use crate::ctx::Ctx;
use crate::dry::DryRun;
use crate::fail::{Fail, Run, plain};
use crate::target::{Info, finish};
use api::PatchType;
use base::{Text, names};
use value::{Value, obj};

/// What the words ask for.
struct Change {
    /// `label` or `annotation`
    noun: &'static str,
    /// `labels` or `annotations`
    field: &'static str,
    set: Vec<(Text, Text)>,
    remove: Vec<Text>,
}

pub(crate) fn labels(ctx: &mut Ctx) -> Run {
    run(ctx, "label", "labels")
}

pub(crate) fn annotations(ctx: &mut Ctx) -> Run {
    run(ctx, "annotation", "annotations")
}

/// Words before the first `KEY=VALUE` or `KEY-`, and from there on.
pub(crate) fn split_pairs(words: &[Text], noun: &str) -> Run<(usize, Vec<Text>)> {
    let is_pair = |word: &Text| (word.contains('=') && !word.starts_with('=')) || (word.ends_with('-') && word != "-");
    let at = words.iter().position(is_pair).unwrap_or(words.len());
    match words[at..].iter().find(|word| !is_pair(word)) {
        Some(word) => plain(format!("all resources must be specified before {noun} changes: {word}")),
        None => Ok((at, words[at..].to_vec())),
    }
}

fn run(ctx: &mut Ctx, noun: &'static str, field: &'static str) -> Run {
    let format = ctx.format()?;
    let dry = ctx.dry_run()?;
    let (at, pairs) = split_pairs(ctx.words(), noun)?;
    let change = change(noun, field, &pairs)?;
    if at == 0 && ctx.filenames()?.is_empty() {
        return plain("one or more resources must be specified as <resource> <name> or <resource>/<name>");
    }
    if change.set.is_empty() && change.remove.is_empty() && !ctx.on("list") {
        return plain(format!("at least one {noun} update is required"));
    }
    if ctx.on("all") && !ctx.flag("selector").is_empty() {
        return plain("cannot set --all and --selector at the same time");
    }
    if ctx.on("local") {
        return plain("--local is not supported here; use --dry-run=client");
    }
    let words = ctx.words();
    let pick = ctx.pick(&words[..at]);
    let (infos, mut fails) = ctx.fetch(&pick)?;
    let several = infos.len() > 1;
    for info in infos {
        if ctx.on("list") {
            list(ctx, &info, field, several);
            continue;
        }
        match one(ctx, &info, &change, dry)? {
            Ok((object, done)) => ctx.report(&format, &object, &dry.done(done))?,
            Err(fail) => fails.push(fail),
        }
    }
    finish(fails)
}

fn change(noun: &'static str, field: &'static str, pairs: &[Text]) -> Run<Change> {
    let mut change = Change { noun, field, set: Vec::new(), remove: Vec::new() };
    for pair in pairs {
        if let Some((key, text)) = pair.split_once('=') {
            if noun == "label"
                && let Some(why) = names::label_value(text).first()
            {
                return plain(format!("invalid label value: {:?}: {why}", pair.as_str()));
            }
            change.set.push((key.into(), text.into()));
        } else {
            change.remove.push(pair.trim_end_matches('-').into());
        }
    }
    let both: Vec<&str> =
        change.remove.iter().filter(|key| change.set.iter().any(|(k, _)| k == *key)).map(|key| key.as_str()).collect();
    if let Some(first) = both.first() {
        return plain(if noun == "label" {
            "can not both modify and remove a label in the same command".to_string()
        } else {
            let _ = first;
            format!("can not both modify and remove the following annotation(s) in the same command: {}", both.join(", "))
        });
    }
    Ok(change)
}

fn list(ctx: &mut Ctx, info: &Info, field: &str, several: bool) {
    if several {
        ctx.say(&format!("Listing {field} for {}.{}/{}:", info.kind.kind, info.kind.group, info.name));
    }
    for (key, text) in info.object["metadata"][field].entries() {
        ctx.say(&format!("{key}={}", text.s()));
    }
}

fn one(ctx: &mut Ctx, info: &Info, change: &Change, dry: DryRun) -> Run<Result<(Value, &'static str), Fail>> {
    let old = &info.object["metadata"][change.field];
    if !ctx.on("overwrite") {
        let taken: Vec<String> = change
            .set
            .iter()
            .filter(|(key, text)| old.get(key).is_some_and(|have| have.s() != text))
            .map(|(key, _)| format!("'{key}' already has a value ({})", old[key.as_str()].s()))
            .collect();
        if !taken.is_empty() {
            return Ok(Err(Fail::Plain(format!(
                "--overwrite is false but found the following declared {}(s): {}",
                change.noun,
                taken.join("; ")
            ))));
        }
    }
    let mut patch = Value::map();
    let mut new = info.object.clone();
    for key in &change.remove {
        if old.get(key).is_none() {
            if change.noun == "label" {
                ctx.say(&format!("label {:?} not found.", key.as_str()));
            }
            continue;
        }
        patch.set(&[key], Value::Null);
        new.remove(&["metadata", change.field, key]);
    }
    for (key, text) in &change.set {
        patch.set(&[key], text);
        new.set(&["metadata", change.field, key], text);
    }
    let done = match change.noun {
        "annotation" => "annotated",
        _ if new == info.object => "not labeled",
        _ if !ctx.on("overwrite") && new.to_json_go().len() < info.object.to_json_go().len() => "unlabeled",
        _ => "labeled",
    };
    if dry == DryRun::Client {
        return Ok(Ok((new, done)));
    }
    let mut body = if patch.is_empty() {
        Value::map()
    } else {
        obj! { "metadata" => Value::map() }
    };
    if !patch.is_empty() {
        body.set(&["metadata", change.field], patch);
    }
    let version = ctx.flag("resource-version");
    if !version.is_empty() {
        body.set(&["metadata", "resourceVersion"], version);
    }
    let sent = ctx.patch(&info.kind, (&info.namespace, &info.name), (PatchType::Merge, body), dry)?;
    Ok(sent.map(|object| (object, done)))
}
