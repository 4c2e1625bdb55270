//! `kubectl set env`. Models k8s.io/kubectl/pkg/cmd/set set_env.

use crate::ctx::Ctx;
use crate::fail::{Fail, Run, Stop, plain};
use crate::label::split_pairs;
use crate::set::{chosen, fitting, no_template, pod_spec, send};
use crate::target::{Info, finish};
use base::{Text, names};
use value::{Value, obj};

/// What is put into environments and what is taken out.
struct Change {
    set: Vec<Value>,
    remove: Vec<Text>,
}

pub(crate) fn run(ctx: &mut Ctx) -> Run {
    let (at, mut pairs) = split_pairs(ctx.words(), "environment variable")?;
    pairs.extend(ctx.flags("env"));
    let words = ctx.words();
    if at == 0 && ctx.filenames()?.is_empty() {
        return plain("one or more resources must be specified as <resource> <name> or <resource>/<name>");
    }
    let listing = ctx.on("list");
    let mut change = change(ctx, &pairs)?;
    let from = ctx.flag("from");
    if !from.is_empty() {
        change.set.extend(from_source(ctx, &from)?);
    }
    let pick = ctx.pick(&words[..at]);
    let (infos, mut fails) = chosen(ctx, &pick)?;
    for info in infos {
        let Some(path) = pod_spec(&info) else {
            fails.push(no_template(&info));
            continue;
        };
        let result = if listing { list(ctx, &info, path).map(|()| None)? } else { one(ctx, &info, path, &change)? };
        fails.extend(result);
    }
    finish(fails)
}

fn change(ctx: &mut Ctx, pairs: &[Text]) -> Run<Change> {
    let mut change = Change { set: Vec::new(), remove: Vec::new() };
    for pair in pairs {
        if pair == "-" {
            let stdin = ctx.env.stdin.clone().unwrap_or_default();
            for line in stdin.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
                change.set.push(variable(line)?);
            }
        } else if pair.contains('=') {
            change.set.push(variable(pair)?);
        } else {
            change.remove.push(pair.trim_end_matches('-').into());
        }
    }
    Ok(change)
}

fn variable(pair: &str) -> Run<Value> {
    let (name, text) = pair.split_once('=').unwrap_or((pair, ""));
    if let Some(why) = names::env_var_name_strict(name).first() {
        return plain(format!("{name:?} is not a valid key name: {why}"));
    }
    Ok(obj! { "name" => name, "value" => text })
}

/// Variables that refer to the keys of a config map or secret.
fn from_source(ctx: &mut Ctx, from: &str) -> Run<Vec<Value>> {
    let (word, name) = from.split_once('/').unwrap_or((from, ""));
    let kind = ctx.kind(word)?;
    let (reference, binary) = match kind.kind.as_str() {
        "ConfigMap" => ("configMapKeyRef", "binaryData"),
        "Secret" => ("secretKeyRef", ""),
        other => return plain(format!("unsupported resource specified in --from: {other}")),
    };
    let object = ctx.request(kind.get(&ctx.namespace(), name))?;
    let (keys, prefix) = (ctx.flags("keys"), ctx.flag("prefix"));
    let mut set = Vec::new();
    let _ = binary;
    for (key, _) in object["data"].entries() {
        if !keys.is_empty() && !keys.contains(key) {
            continue;
        }
        let upper: String = key.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
        if upper != key.as_str() {
            ctx.complain(&format!("Warning: key {key} transferred to {upper}"));
        }
        let mut variable = obj! { "name" => format!("{prefix}{upper}") };
        variable.set(&["valueFrom", reference], obj! { "key" => key, "name" => name });
        set.push(variable);
    }
    Ok(set)
}

fn one(ctx: &mut Ctx, info: &Info, path: &[&str], change: &Change) -> Run<Option<Fail>> {
    let pattern = ctx.flag("containers");
    let overwrite = ctx.on("overwrite");
    let mut new = info.object.clone();
    let spec = new.at_mut(path);
    let mut found = false;
    let mut taken = None;
    for field in ["initContainers", "containers"] {
        if spec[field].is_null() {
            continue;
        }
        for container in spec.at_mut(&[field]).as_list_mut() {
            if !fitting(container["name"].s(), &pattern) {
                continue;
            }
            found = true;
            let mut env = container["env"].items().to_vec();
            for variable in &change.set {
                match env.iter_mut().find(|old| old["name"] == variable["name"]) {
                    Some(old) if !overwrite && *old != *variable => {
                        let words = format!(
                            "{}/{} '{}' already has a value ({}), and --overwrite is false",
                            info.kind.plural,
                            info.name,
                            variable["name"].s(),
                            old["value"].s()
                        );
                        taken = Some(Fail::Plain(words));
                    }
                    Some(old) => *old = variable.clone(),
                    None => env.push(variable.clone()),
                }
            }
            env.retain(|old| !change.remove.iter().any(|name| old["name"].s() == name.as_str()));
            if env.is_empty() && container["env"].is_null() {
                continue;
            }
            if env.is_empty() {
                container.remove(&["env"]);
            } else {
                container.set(&["env"], env);
            }
        }
    }
    if taken.is_some() {
        return Ok(taken);
    }
    if !found {
        let words =
            format!("Warning: {}/{} does not have any containers matching {:?}", info.kind.kind, info.name, pattern.as_str());
        ctx.complain(&words);
        return Ok(None);
    }
    send(ctx, info, new, ("env updated", "failed to patch env update to pod template: "))
}

fn list(ctx: &mut Ctx, info: &Info, path: &[&str]) -> Run {
    let spec = info.object.at(path).clone();
    let pattern = ctx.flag("containers");
    let resolve = ctx.on("resolve");
    for container in spec["containers"].items().iter().filter(|c| fitting(c["name"].s(), &pattern)) {
        ctx.say(&format!("# {} {}, container {}", info.kind.kind, info.name, container["name"].s()));
        for variable in container["env"].items() {
            let name = variable["name"].text();
            let from = &variable["valueFrom"];
            let (noun, reference) = if from["secretKeyRef"].is_null() {
                ("configmap", &from["configMapKeyRef"])
            } else {
                ("secret", &from["secretKeyRef"])
            };
            let line = if from.is_null() {
                format!("{name}={}", variable["value"].s())
            } else if !reference.is_null() && resolve {
                format!("{name}={}", resolved(ctx, info, noun, reference)?)
            } else if !reference.is_null() {
                format!("# {name} from {noun} {}, key {}", reference["name"].s(), reference["key"].s())
            } else if !from["fieldRef"].is_null() {
                format!("# {name} from field path {}", from["fieldRef"]["fieldPath"].s())
            } else {
                format!("# {name} from resource field {}", from["resourceFieldRef"]["resource"].s())
            };
            ctx.say(&line);
        }
    }
    Ok(())
}

fn resolved(ctx: &mut Ctx, info: &Info, noun: &str, reference: &Value) -> Run<String> {
    let kind = ctx.kind(noun)?;
    let object = ctx.request(kind.get(&info.namespace, reference["name"].s()))?;
    let text = object["data"][reference["key"].s()].s();
    if noun == "configmap" {
        return Ok(text.to_string());
    }
    let bytes = base::base64_decode(text).map_err(|_| Stop::Fail(Fail::Plain("invalid base64 in secret".into())))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
