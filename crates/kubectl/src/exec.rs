//! `kubectl exec`, `attach` and what is left of `port-forward`, `cp` and `debug`. Models k8s.io/kubectl/pkg/cmd/exec.

use crate::call::{Answer, Call};
use crate::ctx::Ctx;
use crate::delete::Victim;
use crate::fail::{Fail, Run, Stop, plain};
use crate::follow::Follow;
use crate::kinds::Kind;
use crate::pods;
use crate::stream::Session;
use api::{Request, Verb};
use base::{Text, Time};
use value::Value;

/// A container.
pub(crate) struct Place {
    pub namespace: Text,
    pub pod: Text,
    pub container: Text,
}

pub(crate) fn run(ctx: &mut Ctx) -> Run {
    let before_dash = ctx.args.dash.unwrap_or(ctx.words().len());
    let has_files = !ctx.filenames()?.is_empty();
    if before_dash == 0 && !has_files {
        return plain("pod, type/name or --filename must be specified");
    }
    if before_dash > 1 {
        return ctx.usage("exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead");
    }
    let command = ctx.after_dash(1);
    if command.is_empty() {
        return plain("you must specify at least one command for the container");
    }
    let place = place(ctx)?;
    let mut request = connect(&place, "exec");
    request.query.other.extend(command.into_iter().map(|word| ("command".into(), word)));
    session(ctx, request, (None, None))
}

/// The container that a command line means: the pod, or one of a workload's, and `-c` or the default container.
fn place(ctx: &mut Ctx) -> Run<Place> {
    let target = ctx.words().first().cloned().unwrap_or_default();
    let deadline = ctx.started() + ctx.span("pod-running-timeout");
    let pod = pods::first(ctx, &target, deadline)?;
    let container = ctx.flag("container");
    let phase = pod["status"]["phase"].text();
    if phase == "Succeeded" || phase == "Failed" {
        return plain(format!("cannot exec into a container in a completed pod; current phase is {phase}"));
    }
    let container = if container.is_empty() {
        let quiet = ctx.on("quiet");
        pods::default_container(ctx, &pod, quiet)
    } else if pods::containers(&pod).iter().any(|(name, _)| *name == container) {
        container
    } else {
        return plain(format!("container {container} not found in pod {}", pod["metadata"]["name"].s()));
    };
    Ok(Place { namespace: pod["metadata"]["namespace"].text(), pod: pod["metadata"]["name"].text(), container })
}

/// A request for a connection to a container.
pub(crate) fn connect(place: &Place, what: &str) -> Request {
    let key = model::Key::new(&model::resource::PODS, place.namespace.clone(), place.pod.clone());
    let mut request = Request { subresource: what.into(), ..Request::of(&api::User::default(), Verb::Connect, &key) };
    request.version = "v1".into();
    request.query.other.push(("container".into(), place.container.clone()));
    request
}

/// Opens the connection with the streams that the flags ask for, and follows it.
fn session(ctx: &mut Ctx, mut request: Request, (removal, ending): (Option<Victim>, Option<String>)) -> Run {
    let stdin = ctx.on("stdin");
    let mut tty = ctx.on("tty");
    if tty && !ctx.env.tty && stdin {
        ctx.complain("Unable to use a TTY - input is not a terminal or the right kind of file");
        tty = false;
    }
    for (name, on) in [("stdin", stdin), ("stdout", true), ("stderr", !tty), ("tty", tty)] {
        if on {
            request.query.other.push((name.into(), "true".into()));
        }
    }
    let exec = request.subresource == "exec";
    let stream = ctx.open(Call::Connect(request));
    let piped = if stdin { ctx.env.stdin.clone() } else { None };
    let typed = stdin && piped.is_none() && ctx.env.tty;
    let user = ctx.user();
    Err(Stop::Follow(Box::new(Follow::Session(
        Session::new(stream, typed, exec).with_input(stdin, piped).with_removal(removal, user).with_ending(ending),
    ))))
}

pub(crate) fn attach(ctx: &mut Ctx) -> Run {
    if ctx.words().is_empty() {
        return plain("at least 1 argument is required for attach");
    }
    if ctx.words().len() > 1 {
        return ctx.usage(format!("expected POD, TYPE/NAME, or TYPE NAME, got {} arguments", ctx.words().len()));
    }
    let place = place(ctx)?;
    attach_session(ctx, &place, (None, None))
}

/// Attaches to a running container.
pub(crate) fn attach_session(ctx: &mut Ctx, place: &Place, after: (Option<Victim>, Option<String>)) -> Run {
    if !ctx.on("quiet") {
        ctx.complain(
            "All commands and output from this session will be recorded in container logs, including credentials and sensitive information passed through the command prompt.",
        );
        ctx.complain("If you don't see a command prompt, try pressing enter.");
    }
    session(ctx, connect(place, "attach"), after)
}

/// Waits until a pod runs or is finished, and answers it as it is then.
pub(crate) fn await_running(ctx: &mut Ctx, place: &Place, deadline: Time) -> Run<Value> {
    let Some(pods) = Kind::builtin("", "pods") else { return plain("pods are not known here") };
    loop {
        let pod = ctx.request(pods.get(&place.namespace, &place.pod))?;
        if settled(&pod) {
            return Ok(pod);
        }
        let mut watch = pods.request(Verb::Watch, &place.namespace, "");
        watch.query.field_selector = format!("metadata.name={}", place.pod).into();
        watch.query.resource_version = pod["metadata"]["resourceVersion"].text();
        let stream = ctx.open(Call::Watch(watch));
        while let Some(answer) = ctx.next(stream, deadline)? {
            match answer {
                Answer::Event(event) if settled(&event.object) => {
                    ctx.close(stream);
                    return Ok(event.object);
                }
                Answer::Event(_) => {}
                _ => break,
            }
        }
        ctx.close(stream);
        if ctx.clock() >= deadline {
            return plain("timed out waiting for the condition");
        }
    }
}

fn settled(pod: &Value) -> bool {
    let running = pod["status"]["containerStatuses"].items().iter().any(|c| !c["state"]["running"].is_null());
    matches!(pod["status"]["phase"].s(), "Succeeded" | "Failed") || (pod["status"]["phase"].s() == "Running" && running)
}

/// Prints the whole log of a container.
pub(crate) fn print_log(ctx: &mut Ctx, place: &Place) -> Run {
    let stream = ctx.open(Call::Connect(connect(place, "log")));
    while let Some(answer) = ctx.next(stream, Time::NEVER)? {
        match answer {
            Answer::Data { bytes, .. } => ctx.write(1, &bytes),
            Answer::Failed(status) => return Err(Stop::Fail(Fail::Server(status))),
            _ => break,
        }
    }
    Ok(())
}

pub(crate) fn port_forward(ctx: &mut Ctx) -> Run {
    if ctx.words().len() < 2 {
        return ctx.usage("TYPE/NAME and list of ports are required for port-forward");
    }
    plain("port-forward is not supported here: the terminal has no local ports; curl the service or the pod instead")
}

pub(crate) fn cp(ctx: &mut Ctx) -> Run {
    let words = ctx.words();
    if words.len() != 2 {
        return plain("source and destination are required");
    }
    let remote = |word: &Text| word.contains(':') && !word.starts_with('/') && !word.starts_with('.');
    match (remote(&words[0]), remote(&words[1])) {
        (true, true) => plain("one of src or dest must be a local file specification"),
        (false, false) => plain("one of src or dest must be a remote file specification"),
        _ => plain("cp is not supported here; use kubectl exec -- cat"),
    }
}

pub(crate) fn debug(ctx: &mut Ctx) -> Run {
    if ctx.flag("image").is_empty() && ctx.flag("copy-to").is_empty() {
        return plain("you must specify --image when not using --copy-to.");
    }
    let target = ctx.words().first().cloned().unwrap_or_default();
    let (word, name) = target.split_once('/').unwrap_or(("pods", &target));
    let kind = ctx.kind(word)?;
    ctx.request(kind.get(&ctx.namespace(), name))?;
    plain("debug is not supported here: there are no ephemeral containers")
}
