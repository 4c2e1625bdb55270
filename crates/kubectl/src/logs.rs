//! `kubectl logs`. Models k8s.io/kubectl/pkg/cmd/logs.

use crate::ctx::Ctx;
use crate::exec::{Place, connect};
use crate::fail::{Fail, Run, Stop, plain};
use crate::follow::Follow;
use crate::kinds::Kind;
use crate::pods;
use crate::stream::Tail;
use api::Request;
use base::{Duration, Text};
use value::Value;

pub(crate) fn run(ctx: &mut Ctx) -> Run {
    let words = ctx.words();
    let selector = ctx.flag("selector");
    let container_word = if selector.is_empty() { words.get(1).cloned() } else { None };
    let fits = if selector.is_empty() { matches!(words.len(), 1 | 2) } else { words.is_empty() };
    if !fits && !selector.is_empty() {
        return ctx.usage("only a selector (-l) or a POD name is allowed");
    }
    if !fits {
        return ctx.usage(
            "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command",
        );
    }
    let pods = chosen(ctx, &selector)?;
    check(ctx)?;
    if pods.is_empty() {
        let words = format!("No resources found in {} namespace.", ctx.namespace());
        ctx.complain(&words);
        return Ok(());
    }
    let container = container_word.unwrap_or_else(|| ctx.flag("container"));
    let mut sources = Vec::new();
    for pod in &pods {
        sources.extend(of_pod(ctx, pod, &container)?);
    }
    let follow = ctx.on("follow");
    let most = ctx.number("max-log-requests");
    if follow && sources.len() as i64 > most {
        return plain(format!(
            "you are attempting to follow {} log streams, but maximum allowed concurrency is {most}, use --max-log-requests to increase the limit",
            sources.len()
        ));
    }
    let tail = Tail::new(sources, follow, ctx.on("ignore-errors"));
    Err(Stop::Follow(Box::new(Follow::Logs(tail))))
}

/// The pods whose logs are wanted.
fn chosen(ctx: &mut Ctx, selector: &Text) -> Run<Vec<Value>> {
    let Some(kind) = Kind::builtin("", "pods") else { return plain("pods are not known here") };
    if !selector.is_empty() {
        let mut list = kind.list(&ctx.namespace());
        list.query.label_selector = selector.clone();
        return Ok(ctx.request(list)?["items"].items().to_vec());
    }
    let target = ctx.words()[0].clone();
    let (word, name) = target.split_once('/').unwrap_or(("pods", &target));
    let kind = ctx.kind(word)?;
    let namespace = ctx.namespace();
    let object = match ctx.ask(kind.get(&namespace, name))? {
        Ok(object) => object,
        Err(status) if status.reason == "NotFound" => {
            return plain(format!("error from server (NotFound): {} in namespace {:?}", status.message, namespace.as_str()));
        }
        Err(status) => return Err(Stop::Fail(Fail::Server(status))),
    };
    if kind.kind == "Pod" {
        return Ok(vec![object]);
    }
    let mut found = pods::of_workload(ctx, &kind, &object)?;
    if found.is_empty() {
        return plain("timed out waiting for the condition");
    }
    if ctx.on("all-pods") {
        return Ok(found);
    }
    if found.len() > 1 {
        let words = format!("Found {} pods, using pod/{}", found.len(), found[0]["metadata"]["name"].s());
        ctx.complain(&words);
    }
    found.truncate(1);
    Ok(found)
}

fn check(ctx: &Ctx) -> Run {
    let container = ctx.flag("container");
    if ctx.on("all-containers") && !container.is_empty() {
        return plain(format!("--all-containers=true should not be specified with container name {container}"));
    }
    if ctx.number("tail") < -1 {
        return plain("--tail must be greater than or equal to -1");
    }
    if ctx.number("limit-bytes") < 0 {
        return plain("--limit-bytes must be greater than 0");
    }
    if ctx.span("since") < Duration::ZERO {
        return plain("--since must be greater than 0");
    }
    if !ctx.flag("since-time").is_empty() && ctx.span("since") > Duration::ZERO {
        return plain("at most one of `sinceTime` or `sinceSeconds` may be specified");
    }
    Ok(())
}

/// The requests for a pod's logs, each with the prefix of its lines.
fn of_pod(ctx: &mut Ctx, pod: &Value, container: &Text) -> Run<Vec<(Request, String)>> {
    let name = pod["metadata"]["name"].text();
    let all = pods::containers(pod);
    let wanted: Vec<Text> = if ctx.on("all-containers") || ctx.on("all-pods") && container.is_empty() {
        let mut ordered: Vec<Text> = all.iter().filter(|(_, mark)| *mark == " (init)").map(|(name, _)| name.clone()).collect();
        ordered.extend(all.iter().filter(|(_, mark)| *mark != " (init)").map(|(name, _)| name.clone()));
        ordered
    } else if container.is_empty() {
        vec![pods::default_container(ctx, pod, false)]
    } else if all.iter().any(|(known, _)| known == container) {
        vec![container.clone()]
    } else {
        let names: Vec<String> = all.iter().map(|(name, mark)| format!("{name}{mark}")).collect();
        return plain(format!("container {container} is not valid for pod {name} out of: {}", names.join(", ")));
    };
    let user = ctx.user();
    let prefixed = ctx.on("prefix") || (ctx.on("all-pods") && !ctx.changed("prefix"));
    Ok(wanted
        .into_iter()
        .map(|container| {
            let prefix = if prefixed { format!("[pod/{name}/{container}] ") } else { String::new() };
            let place = Place { namespace: pod["metadata"]["namespace"].text(), pod: name.clone(), container };
            let mut request = Request { user: user.clone(), ..connect(&place, "log") };
            request.query.other.extend(options(ctx));
            (request, prefix)
        })
        .collect())
}

/// PodLogOptions as query parameters.
fn options(ctx: &Ctx) -> Vec<(Text, Text)> {
    let mut options: Vec<(Text, Text)> = Vec::new();
    let mut put = |name: &str, value: String| options.push((name.into(), value.into()));
    for flag in ["follow", "previous", "timestamps"] {
        if ctx.on(flag) {
            put(flag, "true".into());
        }
    }
    let selecting = !ctx.flag("selector").is_empty();
    let tail = if selecting && !ctx.changed("tail") { 10 } else { ctx.number("tail") };
    if tail >= 0 {
        put("tailLines", tail.to_string());
    }
    let since = ctx.span("since");
    if since > Duration::ZERO {
        put("sinceSeconds", (since.as_micros() + 999_999).div_euclid(1_000_000).to_string());
    }
    let time = ctx.flag("since-time");
    if !time.is_empty() {
        put("sinceTime", time.to_string());
    }
    let bytes = ctx.number("limit-bytes");
    if bytes > 0 {
        put("limitBytes", bytes.to_string());
    }
    options
}
