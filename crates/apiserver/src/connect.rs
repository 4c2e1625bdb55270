//! Connections to containers: log, exec, attach, port-forward. The API server checks them; a kubelet serves them.
//! Models pkg/registry/core/pod/strategy.go LogLocation and streamLocation.

use crate::call::Call;
use crate::field::{Errors, Path};
use crate::plan::Plan;
use api::{Reply, Status};
use base::{Text, Time};
use model::{Key, Object};
use value::Value;

/// A checked connection to a pod that is bound to a node.
#[derive(Clone, PartialEq, Debug)]
pub struct Connect {
    pub pod: Key,
    pub uid: Text,
    pub node: Text,
    /// Empty for port-forward.
    pub container: Text,
    pub what: Action,
}

/// What to do with the container.
#[derive(Clone, PartialEq, Debug)]
pub enum Action {
    Log(LogOptions),
    Exec { command: Vec<Text>, streams: Streams },
    Attach(Streams),
    PortForward { ports: Vec<u16> },
}

/// PodLogOptions.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct LogOptions {
    pub follow: bool,
    pub previous: bool,
    pub timestamps: bool,
    pub since_seconds: Option<i64>,
    pub since_time: Option<Time>,
    pub tail_lines: Option<i64>,
    pub limit_bytes: Option<i64>,
}

/// Which streams an exec or attach wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Streams {
    pub stdin: bool,
    pub stdout: bool,
    pub stderr: bool,
    pub tty: bool,
}

/// Checks a connection and names its end.
pub fn answer(call: Call) -> Result<Plan, Status> {
    let sub = call.request.subresource.as_str();
    let log = if sub == "log" { Some(log_options(call)?) } else { None };
    let pod = call.current()?;
    let container = if sub == "portforward" { Text::new() } else { container(call, pod)? };
    let node: Text = pod.pod().node().into();
    if node.is_empty() {
        if log.is_some() {
            // Nothing to read yet.
            return Ok(Plan::Reply(Reply { code: 204, body: Value::Null, warnings: Vec::new() }));
        }
        return Err(Status::bad_request(format!("pod {} does not have a host assigned", call.name())));
    }
    if log.is_none() && pod.pod().is_finished() {
        let message = format!("cannot exec into a container in a completed pod; current phase is {}", pod.pod().phase());
        return Err(Status::new(500, "InternalError", message));
    }
    let streams = Streams {
        stdin: flag(call, "stdin"),
        stdout: flag(call, "stdout"),
        stderr: flag(call, "stderr"),
        tty: flag(call, "tty"),
    };
    let what = match (sub, log) {
        (_, Some(options)) => Action::Log(options),
        ("exec", None) => Action::Exec { command: command(call)?, streams },
        ("attach", None) => Action::Attach(streams),
        _ => Action::PortForward { ports: all(call, "ports").filter_map(|p| p.parse().ok()).collect() },
    };
    Ok(Plan::Connect(Box::new(Connect { pod: pod.key(), uid: pod.meta.uid.clone(), node, container, what })))
}

fn all<'a>(call: Call<'a>, name: &'static str) -> impl Iterator<Item = &'a Text> {
    call.request.query.other.iter().filter(move |(have, _)| have == name).map(|(_, v)| v)
}

fn option<'a>(call: Call<'a>, name: &'static str) -> &'a str {
    all(call, name).next().map_or("", |v| v.as_str())
}

fn flag(call: Call, name: &'static str) -> bool {
    matches!(option(call, name), "true" | "1")
}

fn command(call: Call) -> Result<Vec<Text>, Status> {
    let command: Vec<Text> = all(call, "command").cloned().collect();
    if command.is_empty() {
        return Err(Status::bad_request("you must specify at least 1 command for the container"));
    }
    Ok(command)
}

/// The container that is meant, which has to be named when there are several.
fn container(call: Call, pod: &Object) -> Result<Text, Status> {
    let spec = pod.spec();
    let names = |list: &str| -> Vec<Text> { spec[list].items().iter().map(|c| c["name"].text()).collect() };
    let asked = option(call, "container");
    let every: Vec<Text> = ["containers", "initContainers", "ephemeralContainers"].into_iter().flat_map(names).collect();
    if !asked.is_empty() {
        if every.iter().any(|name| name == asked) {
            return Ok(asked.into());
        }
        return Err(Status::bad_request(format!("container {asked} is not valid for pod {}", call.name())));
    }
    let main = names("containers");
    if let [only] = main.as_slice() {
        return Ok(only.clone());
    }
    if main.is_empty() {
        return Err(Status::bad_request(format!("a container name must be specified for pod {}", call.name())));
    }
    let list = |kind: &str| names(kind).iter().map(|n| n.as_str()).collect::<Vec<_>>().join(" ");
    let mut message =
        format!("a container name must be specified for pod {}, choose one of: [{}]", call.name(), list("containers"));
    for (field, words) in [("initContainers", "init containers"), ("ephemeralContainers", "ephemeral containers")] {
        if !spec[field].is_empty() {
            message += &format!(" or one of the {words}: [{}]", list(field));
        }
    }
    Err(Status::bad_request(message))
}

/// Reads and checks PodLogOptions. Models ValidatePodLogOptions.
fn log_options(call: Call) -> Result<LogOptions, Status> {
    let mut errors = Errors::new();
    let number = |name: &'static str| option(call, name).parse::<i64>().ok();
    let tail_lines = number("tailLines");
    if let Some(lines) = tail_lines {
        errors.non_negative(&Path::root("tailLines"), lines);
    }
    let limit_bytes = number("limitBytes");
    if limit_bytes.is_some_and(|bytes| bytes < 1) {
        errors.invalid(&Path::root("limitBytes"), limit_bytes.unwrap_or(0), "must be greater than 0");
    }
    let since_seconds = number("sinceSeconds");
    let since_time = Time::parse(option(call, "sinceTime"));
    if since_seconds.is_some() && since_time.is_some() {
        errors.forbidden(&Path::root(""), "at most one of `sinceTime` or `sinceSeconds` may be specified");
    } else if since_seconds.is_some_and(|seconds| seconds < 1) {
        errors.invalid(&Path::root("sinceSeconds"), since_seconds.unwrap_or(0), "must be greater than 0");
    }
    if !errors.is_empty() {
        return Err(errors.into_status("PodLogOptions", "", call.name()));
    }
    let (follow, previous, timestamps) = (flag(call, "follow"), flag(call, "previous"), flag(call, "timestamps"));
    Ok(LogOptions { follow, previous, timestamps, since_seconds, since_time, tail_lines, limit_bytes })
}
