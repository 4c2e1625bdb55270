//! `kubectl taint`. Models k8s.io/kubectl/pkg/cmd/taint.

use crate::ctx::Ctx;
use crate::fail::{Fail, Run, plain};
use crate::target::{Info, Pick, finish};
use api::PatchType;
use base::{Text, names};
use value::{Value, obj};

/// `key=value:Effect`; an empty effect means all effects (only when taking away).
#[derive(Clone, PartialEq)]
struct Taint {
    key: Text,
    value: Text,
    effect: Text,
}

pub(crate) fn run(ctx: &mut Ctx) -> Run {
    let format = ctx.format()?;
    let dry = ctx.dry_run()?;
    let words = ctx.words();
    let is_pair = |word: &Text| word.contains('=') || word.ends_with('-') || word.contains(':');
    let at = words.iter().position(is_pair).unwrap_or(words.len());
    let (resources, pairs) = words.split_at(at);
    let (add, remove) = taints(ctx, pairs)?;
    let Some(first) = resources.first() else {
        return plain("one or more resources must be specified as <resource> <name>");
    };
    let kind_word = first.split('/').next().unwrap_or("");
    if !matches!(kind_word, "node" | "nodes" | "no") {
        return plain(format!("invalid resource type {kind_word}, only node types are supported"));
    }
    let selector = ctx.flag("selector");
    if resources.len() < 2 && !first.contains('/') && selector.is_empty() && !ctx.on("all") {
        return plain("at least one resource name must be specified since 'all' parameter is not set");
    }
    if add.is_empty() && remove.is_empty() {
        return plain("at least one taint update is required");
    }
    let conflicts: Vec<String> = add
        .iter()
        .filter(|a| remove.iter().any(|r| r.key == a.key && (r.effect.is_empty() || r.effect == a.effect)))
        .map(|a| format!("{}=", a.key))
        .collect();
    if !conflicts.is_empty() {
        return plain(format!(
            "can not both modify and remove the following taint(s) in the same command: {}",
            conflicts.join(", ")
        ));
    }
    let pick = Pick { words: resources, selector, all: ctx.on("all"), ..Pick::default() };
    let (infos, mut fails) = ctx.fetch(&pick)?;
    for info in infos {
        match changed(ctx, &info, &add, &remove) {
            Ok((taints, word)) => {
                if dry != crate::dry::DryRun::Client {
                    let patch = obj! { "spec" => obj! { "taints" => taints } };
                    if let Err(fail) = ctx.patch(&info.kind, ("", &info.name), (PatchType::Merge, patch), dry)? {
                        fails.push(fail);
                        continue;
                    }
                }
                ctx.report(&format, &info.object, word)?;
            }
            Err(fail) => fails.push(fail),
        }
    }
    finish(fails)
}

/// Taints to put and to take away.
fn taints(ctx: &Ctx, pairs: &[Text]) -> Run<(Vec<Taint>, Vec<Taint>)> {
    let (mut add, mut remove): (Vec<Taint>, Vec<Taint>) = (Vec::new(), Vec::new());
    for pair in pairs {
        if let Some(spec) = pair.strip_suffix('-') {
            let (key, effect) = spec.split_once(':').unwrap_or((spec, ""));
            let key = key.split('=').next().unwrap_or(key);
            remove.push(Taint { key: key.into(), value: Text::new(), effect: effect.into() });
            continue;
        }
        let (body, effect) = pair.rsplit_once(':').unwrap_or((pair, ""));
        let (key, value) = body.split_once('=').unwrap_or((body, ""));
        let bad = |words: String| ctx.usage(words);
        if let Some(why) = names::qualified_name(if pair.contains(':') { key } else { pair }).first() {
            return bad(format!("invalid taint spec: {pair}, {why}"));
        }
        if !matches!(effect, "NoSchedule" | "PreferNoSchedule" | "NoExecute") {
            return bad(format!("invalid taint effect: {effect}, unsupported taint effect"));
        }
        if let Some(why) = names::label_value(value).first() {
            return bad(format!("invalid taint spec: {pair}, {why}"));
        }
        if add.iter().any(|t| t.key == key && t.effect == effect) {
            return bad(format!("duplicated taints with the same key and effect: {{{key} {value} {effect} <nil>}}"));
        }
        add.push(Taint { key: key.into(), value: value.into(), effect: effect.into() });
    }
    Ok((add, remove))
}

/// The node's taints after the change, and the word for it.
fn changed(ctx: &Ctx, info: &Info, add: &[Taint], remove: &[Taint]) -> Result<(Vec<Value>, &'static str), Fail> {
    let old = info.object["spec"]["taints"].items();
    let same = |value: &Value, taint: &Taint| value["key"].s() == taint.key && value["effect"].s() == taint.effect;
    let overwrite = ctx.on("overwrite");
    if !overwrite {
        let known: Vec<&str> = add.iter().filter(|t| old.iter().any(|o| same(o, t))).map(|t| t.key.as_str()).collect();
        if !known.is_empty() {
            return Err(Fail::Plain(format!(
                "node {} already has {} taint(s) with same effect(s) and --overwrite is false",
                info.name,
                known.join(",")
            )));
        }
    }
    let mut new: Vec<Value> = add.iter().map(Taint::to_value).collect();
    new.extend(old.iter().filter(|o| !add.iter().any(|t| same(o, t))).cloned());
    let added = new.len() != old.len();
    let mut deleted = false;
    for taint in remove {
        let before = new.len();
        new.retain(|v| !(v["key"].s() == taint.key && (taint.effect.is_empty() || v["effect"].s() == taint.effect)));
        if new.len() == before {
            let name = if taint.effect.is_empty() { taint.key.to_string() } else { format!("{}:{}", taint.key, taint.effect) };
            return Err(Fail::Plain(format!("taint {name:?} not found")));
        }
        deleted = true;
    }
    let word = if overwrite || (added && deleted) {
        "modified"
    } else if deleted {
        "untainted"
    } else {
        "tainted"
    };
    Ok((new, word))
}

impl Taint {
    fn to_value(&self) -> Value {
        let mut value = obj! { "key" => &self.key, "effect" => &self.effect };
        if !self.value.is_empty() {
            value.set(&["value"], &self.value);
        }
        value
    }
}
