//! `kubectl wait`. Models k8s.io/kubectl/pkg/cmd/wait.

use crate::call::{Answer, Call};
use crate::ctx::Ctx;
use crate::delete::{self, Victim};
use crate::fail::{Fail, Run, plain};
use crate::kinds::Kind;
use crate::printer::Format;
use crate::target::{Pick, Unit, finish};
use api::{Verb, WatchKind};
use base::{Duration, Text, Time};
use value::Value;
use value::jsonpath::{self, Template};

/// What is waited for.
enum Until {
    Deleted,
    Created,
    Condition { name: Text, status: Text },
    Path { template: Template, wanted: Option<Text> },
}

pub(crate) fn run(ctx: &mut Ctx) -> Run {
    let format = ctx.format()?;
    let until = until(&ctx.flag("for"))?;
    let timeout = ctx.span("timeout");
    let deadline = match timeout {
        span if span < Duration::ZERO => Time::NEVER,
        span => ctx.started() + span,
    };
    let pick = ctx.pick(ctx.words());
    let units = ctx.units(&pick)?;
    let (mut fails, mut found) = (Vec::new(), 0);
    for unit in units {
        for (kind, namespace, name) in names(ctx, &pick, unit, &mut fails)? {
            found += 1;
            let object = match &until {
                Until::Deleted => gone(ctx, (&kind, &namespace, &name), deadline)?,
                Until::Created => created(ctx, (&kind, &namespace, &name), deadline)?,
                Until::Condition { .. } | Until::Path { .. } => met(ctx, (&kind, &namespace, &name), &until, deadline)?,
            };
            match object {
                Ok(Some(object)) => ctx.report(&format, &object, "condition met")?,
                Ok(None) => {}
                Err(fail) => fails.push(fail),
            }
        }
    }
    if found == 0 && fails.is_empty() && !matches!(until, Until::Deleted) {
        return plain("no matching resources found");
    }
    let _ = Format::Default;
    finish(fails)
}

fn until(text: &str) -> Run<Until> {
    if text.eq_ignore_ascii_case("delete") {
        return Ok(Until::Deleted);
    }
    if text.eq_ignore_ascii_case("create") {
        return Ok(Until::Created);
    }
    if let Some(condition) = text.strip_prefix("condition=") {
        let (name, status) = condition.split_once('=').unwrap_or((condition, "true"));
        return Ok(Until::Condition { name: name.into(), status: status.into() });
    }
    if let Some(rest) = text.strip_prefix("jsonpath=") {
        let (path, wanted) =
            match rest.rfind("}=").map(|at| at + 1).or_else(|| if rest.contains('{') { None } else { rest.find('=') }) {
                Some(at) => (&rest[..at], Some(rest[at + 1..].trim_matches(|c| c == '\'' || c == '"'))),
                None => (rest, None),
            };
        if wanted.is_some_and(str::is_empty) {
            return plain("jsonpath wait has to have a value after equal sign");
        }
        let path = path.trim_matches(|c| c == '\'' || c == '"');
        let path = jsonpath::relaxed(path).or_else(plain)?;
        let template = Template::parse(&path).or_else(plain)?;
        return Ok(Until::Path { template, wanted: wanted.map(Text::from) });
    }
    plain(format!("unrecognized condition: {text:?}"))
}

/// The names of a unit; those of a list are asked for.
fn names(ctx: &mut Ctx, pick: &Pick, unit: Unit, fails: &mut Vec<Fail>) -> Run<Vec<(Kind, Text, Text)>> {
    match unit {
        Unit::Name { kind, namespace, name } | Unit::File { kind, namespace, name, .. } => Ok(vec![(kind, namespace, name)]),
        Unit::Broken(fail) => {
            fails.push(fail);
            Ok(Vec::new())
        }
        Unit::List { kind, namespace } => match ctx.ask(pick.list(&kind, &namespace))? {
            Ok(list) => {
                let name = |item: &Value| (kind.clone(), item["metadata"]["namespace"].text(), item["metadata"]["name"].text());
                Ok(list["items"].items().iter().map(name).collect())
            }
            Err(status) => {
                fails.push(Fail::Server(pick.unable(&kind, status)));
                Ok(Vec::new())
            }
        },
    }
}

type At<'a> = (&'a Kind, &'a Text, &'a Text);
type Met = Result<Option<Value>, Fail>;

fn timed_out((kind, _, name): At, ctx: &Ctx) -> Fail {
    let words =
        if ctx.span("timeout") == Duration::ZERO { "condition not met for" } else { "timed out waiting for the condition on" };
    Fail::Plain(format!("{words} {}/{name}", kind.plural))
}

fn gone(ctx: &mut Ctx, at: At, deadline: Time) -> Run<Met> {
    let (kind, namespace, name) = at;
    let object = match ctx.ask(kind.get(namespace, name))? {
        Ok(object) => object,
        Err(status) if status.reason == "NotFound" => return Ok(Ok(None)),
        Err(status) => return Ok(Err(Fail::Server(status))),
    };
    let victim = Victim {
        kind: kind.clone(),
        namespace: namespace.clone(),
        name: name.clone(),
        uid: object["metadata"]["uid"].text(),
        source: Text::new(),
    };
    Ok(match delete::await_one(ctx, &victim, deadline)? {
        Ok(()) => Ok(Some(object)),
        Err(Fail::Plain(_)) => Err(timed_out(at, ctx)),
        Err(fail) => Err(fail),
    })
}

fn created(ctx: &mut Ctx, (kind, namespace, name): At, deadline: Time) -> Run<Met> {
    loop {
        match ctx.ask(kind.get(namespace, name))? {
            Ok(object) => return Ok(Ok(Some(object))),
            Err(status) if status.reason != "NotFound" => return Ok(Err(Fail::Server(status))),
            Err(_) => {}
        }
        let now = ctx.clock();
        if now >= deadline {
            return Ok(Err(Fail::Plain("timed out waiting for the condition".into())));
        }
        ctx.sleep_until((now + Duration::from_millis(500)).min(deadline))?;
    }
}

fn met(ctx: &mut Ctx, at: At, until: &Until, deadline: Time) -> Run<Met> {
    let (kind, namespace, name) = at;
    loop {
        let object = match ctx.ask(kind.get(namespace, name))? {
            Ok(object) => object,
            Err(status) => return Ok(Err(Fail::Server(status))),
        };
        match holds(until, &object) {
            Ok(true) => return Ok(Ok(Some(object))),
            Ok(false) => {}
            Err(why) => return Ok(Err(Fail::Plain(why))),
        }
        let mut watch = kind.request(Verb::Watch, namespace, "");
        watch.query.field_selector = format!("metadata.name={name}").into();
        watch.query.resource_version = object["metadata"]["resourceVersion"].text();
        let stream = ctx.open(Call::Watch(watch));
        loop {
            match ctx.next(stream, deadline)? {
                None => {
                    ctx.close(stream);
                    return Ok(Err(timed_out(at, ctx)));
                }
                Some(Answer::Event(event)) => match event.kind {
                    WatchKind::Deleted | WatchKind::Error => break,
                    WatchKind::Bookmark => {}
                    WatchKind::Added | WatchKind::Modified => match holds(until, &event.object) {
                        Ok(true) => {
                            ctx.close(stream);
                            return Ok(Ok(Some(event.object)));
                        }
                        Ok(false) => {}
                        Err(why) => return Ok(Err(Fail::Plain(why))),
                    },
                },
                Some(_) => break,
            }
        }
        ctx.close(stream);
    }
}

fn holds(until: &Until, object: &Value) -> Result<bool, String> {
    match until {
        Until::Deleted | Until::Created => Ok(true),
        Until::Condition { name, status } => {
            let found = object["status"]["conditions"].items().iter().find(|c| c["type"].s().eq_ignore_ascii_case(name));
            let Some(condition) = found else { return Ok(false) };
            let generation = object["metadata"]["generation"].as_i64();
            let seen = condition["observedGeneration"].as_i64();
            let stale = matches!((generation, seen), (Some(now), Some(seen)) if seen < now);
            Ok(!stale && condition["status"].s().eq_ignore_ascii_case(status))
        }
        Until::Path { template, wanted } => {
            let found = template.find(object)?;
            let Some(first) = found.first() else { return Ok(false) };
            let Some(wanted) = wanted else { return Ok(true) };
            if found.len() > 1 {
                return Err("given jsonpath expression matches more than one value".into());
            }
            if matches!(first, Value::Map(_) | Value::List(_)) {
                return Err("jsonpath leads to a nested object or list which is not supported".into());
            }
            Ok(first.to_go_text() == wanted.as_str())
        }
    }
}
