//! `kubectl delete`. Models k8s.io/kubectl/pkg/cmd/delete.

use crate::call::{Answer, Call};
use crate::ctx::Ctx;
use crate::dry::DryRun;
use crate::fail::{Fail, Run, Stop, plain};
use crate::follow::Follow;
use crate::gone::Gone;
use crate::kinds::Kind;
use crate::target::{Unit, finish};
use api::{Verb, WatchKind};
use base::{Duration, Text, Time};
use value::{Value, list, obj};

const FORCE_WARNING: &str = "Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.";

/// How objects are to be deleted, and how that is told.
pub(crate) struct Deletion {
    pub grace: i64,
    pub policy: &'static str,
    pub dry: DryRun,
    pub name_only: bool,
}

/// An object that was (to be) deleted.
#[derive(Clone)]
pub(crate) struct Victim {
    pub kind: Kind,
    pub namespace: Text,
    pub name: Text,
    pub uid: Text,
    pub source: Text,
}

pub(crate) fn run(ctx: &mut Ctx) -> Run {
    if !ctx.flag("raw").is_empty() || ctx.on("interactive") {
        return plain("--raw and --interactive are not supported here");
    }
    let pick = ctx.pick(ctx.words());
    if pick.all && !pick.selector.is_empty() {
        return plain("setting 'all' parameter but found a non empty selector.");
    }
    let units = ctx.units(&pick)?;
    let deletion = deletion(ctx)?;
    let (mut fails, mut victims) = (Vec::new(), Vec::new());
    for unit in units {
        match unit {
            Unit::Broken(fail) => fails.push(fail),
            Unit::Name { kind, namespace, name } => {
                victims.push(Victim { kind, namespace, name, uid: Text::new(), source: Text::new() })
            }
            Unit::File { kind, namespace, name, source, .. } => {
                victims.push(Victim { kind, namespace, name, uid: Text::new(), source })
            }
            Unit::List { kind, namespace } => match ctx.ask(pick.list(&kind, &namespace))? {
                Ok(list) => victims.extend(list["items"].items().iter().map(|item| Victim::of(&kind, item))),
                Err(status) => fails.push(Fail::Server(pick.unable(&kind, status))),
            },
        }
    }
    if victims.is_empty() && fails.is_empty() {
        ctx.say("No resources found");
        return Ok(());
    }
    let silent = ctx.on("ignore-not-found") || (pick.all && !ctx.changed("ignore-not-found"));
    let mut gone = Vec::new();
    for victim in victims {
        match delete(ctx, victim, &deletion)? {
            Ok(victim) => gone.push(victim),
            Err(fail) if silent && fail.is_not_found() => {}
            Err(fail) => fails.push(fail),
        }
    }
    finish(fails)?;
    if ctx.on("wait") && deletion.dry == DryRun::None {
        let timeout = ctx.span("timeout");
        let deadline = if timeout > Duration::ZERO { ctx.started() + timeout } else { Time::NEVER };
        let user = ctx.user();
        return Err(Stop::Follow(Box::new(Follow::Gone(Gone::new(gone, user, deadline)))));
    }
    Ok(())
}

fn deletion(ctx: &mut Ctx) -> Run<Deletion> {
    let output = ctx.flag("output");
    let mut grace = ctx.number("grace-period");
    let (now, force) = (ctx.on("now"), ctx.on("force"));
    if !output.is_empty() && output != "name" {
        return plain(format!("unexpected -o output mode: {output}. We only support '-o name'"));
    }
    if now && ctx.changed("grace-period") && grace >= 0 {
        return plain("--now and --grace-period cannot be specified together");
    }
    if force && grace > 0 {
        return plain("--force and --grace-period greater than 0 cannot be specified together");
    }
    if now {
        grace = 1;
    }
    if force {
        grace = if grace < 0 { 0 } else { grace };
        ctx.complain(&format!("Warning: {FORCE_WARNING}"));
    } else if grace == 0 {
        // Without --force, an immediate deletion is not allowed; one second is.
        grace = 1;
    }
    let policy = match ctx.flag("cascade").as_str() {
        "background" | "true" | "" => "Background",
        "foreground" => "Foreground",
        "orphan" | "false" => "Orphan",
        other => return plain(format!("invalid cascade value ({other}). Must be \"background\", \"foreground\", or \"orphan\"")),
    };
    Ok(Deletion { grace, policy, dry: ctx.dry_run()?, name_only: output == "name" })
}

impl Victim {
    pub fn of(kind: &Kind, item: &Value) -> Victim {
        let meta = &item["metadata"];
        Victim {
            kind: kind.clone(),
            namespace: meta["namespace"].text(),
            name: meta["name"].text(),
            uid: Text::new(),
            source: Text::new(),
        }
    }
}

/// The request that deletes an object.
pub(crate) fn request(kind: &Kind, namespace: &str, name: &str, deletion: &Deletion) -> api::Request {
    let mut request = kind.request(Verb::Delete, namespace, name);
    let mut body = obj! { "apiVersion" => "v1", "kind" => "DeleteOptions", "propagationPolicy" => deletion.policy };
    if deletion.grace >= 0 {
        body.set(&["gracePeriodSeconds"], deletion.grace);
        request.query.grace_period_seconds = Some(deletion.grace);
    }
    if deletion.dry == DryRun::Server {
        body.set(&["dryRun"], list!["All"]);
        request.query.dry_run = true;
    }
    request.query.propagation_policy = deletion.policy.into();
    request.body = body;
    request
}

/// Deletes one object and says so.
pub(crate) fn delete(ctx: &mut Ctx, mut victim: Victim, deletion: &Deletion) -> Run<Result<Victim, Fail>> {
    if deletion.dry != DryRun::Client {
        let request = request(&victim.kind, &victim.namespace, &victim.name, deletion);
        match ctx.ask(request)? {
            Ok(body) => {
                let uid =
                    if body["kind"].s() == "Status" { body["details"]["uid"].text() } else { body["metadata"]["uid"].text() };
                victim.uid = uid;
            }
            Err(status) => return Ok(Err(Fail::Server(status).in_source("deleting", &victim.source))),
        }
    }
    let line = told(&victim, deletion);
    ctx.say(&line);
    Ok(Ok(victim))
}

/// `pod "web" deleted from default namespace`
fn told(victim: &Victim, deletion: &Deletion) -> String {
    let kind = &victim.kind;
    if deletion.name_only {
        return kind.show(&victim.name);
    }
    let lower = kind.kind.to_lowercase();
    let what = if kind.group.is_empty() { lower } else { format!("{lower}.{}", kind.group) };
    let done = if deletion.grace == 0 { "force deleted" } else { "deleted" };
    let place = if victim.namespace.is_empty() { String::new() } else { format!(" from {} namespace", victim.namespace) };
    deletion.dry.done(&format!("{what} {:?} {done}{place}", victim.name.as_str()))
}

/// Waits until all are gone, or the deadline comes.
pub(crate) fn await_all(ctx: &mut Ctx, gone: &[Victim], deadline: Time) -> Run {
    let mut fails = Vec::new();
    for victim in gone {
        if let Err(fail) = await_one(ctx, victim, deadline)? {
            fails.push(fail);
        }
    }
    finish(fails)
}

/// Waits until one is gone.
pub(crate) fn await_one(ctx: &mut Ctx, victim: &Victim, deadline: Time) -> Run<Result<(), Fail>> {
    let kind = &victim.kind;
    loop {
        let current = match ctx.ask(kind.get(&victim.namespace, &victim.name))? {
            Ok(current) => current,
            Err(status) if status.reason == "NotFound" => return Ok(Ok(())),
            Err(status) => return Ok(Err(Fail::Server(status))),
        };
        if !victim.uid.is_empty() && current["metadata"]["uid"].s() != victim.uid {
            return Ok(Ok(()));
        }
        let mut watch = kind.request(Verb::Watch, &victim.namespace, "");
        watch.query.field_selector = format!("metadata.name={}", victim.name).into();
        watch.query.resource_version = current["metadata"]["resourceVersion"].text();
        let stream = ctx.open(Call::Watch(watch));
        loop {
            match ctx.next(stream, deadline)? {
                None => {
                    ctx.close(stream);
                    let words = format!("timed out waiting for the condition on {}/{}", kind.plural, victim.name);
                    return Ok(Err(Fail::Plain(words)));
                }
                Some(Answer::Event(event)) if event.kind == WatchKind::Deleted => {
                    ctx.close(stream);
                    return Ok(Ok(()));
                }
                Some(Answer::Event(event)) if event.kind != WatchKind::Error => {}
                Some(_) => break,
            }
        }
        ctx.close(stream);
    }
}
