//! `kubectl run`. Models k8s.io/kubectl/pkg/cmd/run.

use crate::ctx::Ctx;
use crate::delete::{self, Deletion, Victim};
use crate::dry::{DryRun, LAST_APPLIED, configuration, texts};
use crate::exec;
use crate::fail::{Fail, Run, Stop, plain};
use crate::kinds::Kind;
use crate::merge;
use crate::printer::Format;
use api::PatchType;
use base::{Text, Time};
use value::{Value, list, obj};

pub(crate) fn run(ctx: &mut Ctx) -> Run {
    let before_dash = ctx.args.dash.unwrap_or(ctx.words().len());
    if ctx.words().is_empty() || before_dash == 0 {
        return ctx.usage("NAME is required for run");
    }
    let image = ctx.flag("image");
    if image.is_empty() {
        return plain("--image is required");
    }
    if !is_image(&image) {
        return plain(format!("Invalid image name {:?}: invalid reference format", image.as_str()));
    }
    let dry = check_flags(ctx)?;
    let format = ctx.format()?;
    let name = ctx.words()[0].clone();
    let mut pod = pod(ctx, &name, &image)?;
    if ctx.on("save-config") {
        let text = configuration(&pod);
        pod.set(&["metadata", "annotations", LAST_APPLIED], text);
    }
    let kinds = (Kind::builtin("", "pods"), Kind::builtin("", "services"));
    let (Some(pods), Some(services)) = kinds else { return plain("pods are not known here") };
    let made = sent(ctx, &pods, pod, dry)?;
    if ctx.on("expose") {
        let service = service(ctx, &name, &made)?;
        let service = sent(ctx, &services, service, dry)?;
        told(ctx, &format, &service, dry)?;
        if matches!(format, Format::Yaml) {
            ctx.out("---\n");
        }
    }
    if attaches(ctx) {
        return attach(ctx, &made);
    }
    told(ctx, &format, &made, dry)
}

fn attaches(ctx: &Ctx) -> bool {
    if ctx.changed("attach") { ctx.on("attach") } else { ctx.on("stdin") }
}

fn check_flags(ctx: &mut Ctx) -> Run<DryRun> {
    let dry = ctx.dry_run()?;
    if ctx.on("tty") && !ctx.on("stdin") {
        return ctx.usage("-i/--stdin is required for containers with -t/--tty=true");
    }
    if ctx.on("expose") && ctx.flag("port").is_empty() {
        return ctx.usage("--port must be set when exposing a service");
    }
    let restart = ctx.flag("restart");
    if !matches!(restart.as_str(), "" | "Always" | "OnFailure" | "Never") {
        return ctx.usage(format!("invalid restart policy: {restart}"));
    }
    if ctx.on("rm") && !attaches(ctx) {
        return ctx.usage("--rm should only be used for attached containers");
    }
    if attaches(ctx) && dry != DryRun::None {
        return ctx
            .usage("--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)");
    }
    let pull = ctx.flag("image-pull-policy");
    if !matches!(pull.as_str(), "" | "Always" | "IfNotPresent" | "Never") {
        return ctx.usage(format!("invalid image pull policy: {pull}"));
    }
    Ok(dry)
}

fn sent(ctx: &mut Ctx, kind: &Kind, mut object: Value, dry: DryRun) -> Run<Value> {
    let namespace = ctx.namespace();
    if ctx.namespace_given() {
        object.set(&["metadata", "namespace"], &namespace);
    }
    if dry == DryRun::Client {
        return Ok(object);
    }
    ctx.create(kind, &namespace, object, dry)?.map_err(Stop::Fail)
}

fn told(ctx: &mut Ctx, format: &Format, object: &Value, dry: DryRun) -> Run {
    let done = dry.done("created");
    if ctx.on("quiet") && matches!(format, Format::Default) {
        return Ok(());
    }
    if dry == DryRun::Client { ctx.tell_made(format, object, &done) } else { ctx.report(format, object, &done) }
}

// === the pod ===

fn pod(ctx: &mut Ctx, name: &str, image: &str) -> Run<Value> {
    let mut container = obj! { "name" => name, "image" => image, "resources" => obj! {} };
    let arguments = ctx.after_dash(1);
    let arguments = if ctx.args.dash.is_none() { ctx.words()[1..].to_vec() } else { arguments };
    if !arguments.is_empty() {
        container.set(&[if ctx.on("command") { "command" } else { "args" }], texts(&arguments));
    }
    let port = ctx.flag("port");
    if !port.is_empty() {
        container.set(&["ports"], list![obj! { "containerPort" => port_number(&port)? }]);
    }
    let env = env(&ctx.flags("env"))?;
    if !env.is_empty() {
        container.set(&["env"], env);
    }
    let pull = ctx.flag("image-pull-policy");
    if !pull.is_empty() {
        container.set(&["imagePullPolicy"], pull);
    }
    if ctx.on("stdin") {
        container.set(&["stdin"], true);
        if !ctx.on("leave-stdin-open") {
            container.set(&["stdinOnce"], true);
        }
    }
    if ctx.on("tty") {
        container.set(&["tty"], true);
    }
    if ctx.on("privileged") {
        container.set(&["securityContext", "privileged"], true);
    }
    let mut metadata = obj! { "name" => name, "labels" => labels(ctx, name)? };
    for annotation in ctx.flags("annotations") {
        let (key, text) = annotation.split_once('=').unwrap_or((&annotation, ""));
        metadata.set(&["annotations", key], text);
    }
    let restart = ctx.flag("restart");
    let object = obj! {
        "apiVersion" => "v1", "kind" => "Pod", "metadata" => metadata,
        "spec" => obj! {
            "containers" => list![container], "dnsPolicy" => "ClusterFirst",
            "restartPolicy" => if restart.is_empty() { "Always" } else { restart.as_str() },
        },
        "status" => obj! {},
    };
    overridden(ctx, object)
}

fn port_number(port: &str) -> Run<i64> {
    port.parse().or_else(|_| plain(format!("strconv.ParseInt: parsing {port:?}: invalid syntax")))
}

/// `NAME=VALUE` texts as the env of a container.
fn env(pairs: &[Text]) -> Run<Vec<Value>> {
    let mut env = Vec::new();
    for pair in pairs {
        match pair.split_once('=') {
            Some((name, "")) if !name.is_empty() => env.push(obj! { "name" => name }),
            Some((name, text)) if !name.is_empty() => env.push(obj! { "name" => name, "value" => text }),
            _ => return plain(format!("invalid env: {pair}")),
        }
    }
    Ok(env)
}

fn labels(ctx: &Ctx, name: &str) -> Run<Value> {
    let given = ctx.flag("labels");
    if given.is_empty() {
        return Ok(obj! { "run" => name });
    }
    let mut labels = Value::map();
    for pair in given.split(',') {
        let Some((key, text)) = pair.split_once('=') else {
            return plain(format!("unexpected label spec: {pair}"));
        };
        labels.set(&[key], text);
    }
    Ok(labels)
}

fn overridden(ctx: &mut Ctx, object: Value) -> Run<Value> {
    let text = ctx.flag("overrides");
    if text.is_empty() {
        return Ok(object);
    }
    let patch = value::yaml::value(&text).or_else(|why| plain(format!("error: {why}")))?;
    let pods = Kind::builtin("", "pods");
    match (ctx.flag("override-type").as_str(), pods) {
        ("merge", _) | (_, None) => Ok(value::patch::merge(&object, &patch)),
        ("strategic", Some(pods)) => Ok(merge::locally(&pods, &object, (PatchType::Strategic, &patch))),
        ("json", _) => value::patch::json(&object, &patch).or_else(|why| plain(format!("error executing json patch: {why}"))),
        (other, _) => plain(format!("invalid override type: {other}")),
    }
}

fn service(ctx: &Ctx, name: &str, pod: &Value) -> Run<Value> {
    let port = port_number(&ctx.flag("port"))?;
    Ok(obj! {
        "apiVersion" => "v1", "kind" => "Service", "metadata" => obj! { "name" => name },
        "spec" => obj! {
            "ports" => list![obj! { "port" => port, "protocol" => "TCP", "targetPort" => port }],
            "selector" => &pod["metadata"]["labels"],
        },
        "status" => obj! { "loadBalancer" => obj! {} },
    })
}

// === attaching ===

fn attach(ctx: &mut Ctx, pod: &Value) -> Run {
    let meta = &pod["metadata"];
    let place = exec::Place { namespace: meta["namespace"].text(), pod: meta["name"].text(), container: meta["name"].text() };
    let deadline = ctx.started() + ctx.span("pod-running-timeout");
    let state = exec::await_running(ctx, &place, deadline)?;
    let removal = ctx.on("rm").then(|| {
        let deletion = Deletion { grace: -1, policy: "Background", dry: DryRun::None, name_only: false };
        let victim = Kind::builtin("", "pods").map(|kind| Victim {
            kind,
            namespace: place.namespace.clone(),
            name: place.pod.clone(),
            uid: Text::new(),
            source: Text::new(),
        });
        (deletion, victim)
    });
    match state["status"]["phase"].s() {
        "Succeeded" | "Failed" => finished(ctx, &place, &state, removal),
        _ => {
            let ending = match ctx.flag("restart").as_str() {
                "Never" | "OnFailure" => format!("pod {}/{} terminated (Error)\n", place.namespace, place.pod),
                _ => String::new(),
            };
            exec::attach_session(ctx, &place, (removal.and_then(|(_, victim)| victim), Some(ending)))
        }
    }
}

/// The container was faster than we were: its log, then its end.
fn finished(ctx: &mut Ctx, place: &exec::Place, pod: &Value, removal: Option<(Deletion, Option<Victim>)>) -> Run {
    exec::print_log(ctx, place)?;
    if let Some((deletion, Some(victim))) = removal
        && let Ok(victim) = delete::delete(ctx, victim, &deletion)?
    {
        delete::await_all(ctx, &[victim], Time::NEVER)?;
    }
    let terminated = &pod["status"]["containerStatuses"][0]["state"]["terminated"];
    if pod["status"]["phase"].s() == "Succeeded" || ctx.flag("restart") == "Always" {
        return Ok(());
    }
    let code = terminated["exitCode"].as_i64().unwrap_or(1);
    let words =
        format!("pod {}/{} terminated ({})\n{}", place.namespace, place.pod, terminated["reason"].s(), terminated["message"].s());
    Err(Stop::Fail(Fail::Code(Box::new(Fail::Raw(words)), i32::try_from(code).unwrap_or(1))))
}

// === image names ===

/// Models github.com/distribution/reference: `[host[:port]/]path[:tag][@digest]`.
fn is_image(text: &str) -> bool {
    let (rest, digest) = text.split_once('@').map_or((text, None), |(rest, digest)| (rest, Some(digest)));
    if digest.is_some_and(|digest| !is_digest(digest)) {
        return false;
    }
    let path_start = rest.rfind('/').map_or(0, |at| at + 1);
    let (name, tag) = match rest[path_start..].find(':') {
        Some(at) => (&rest[..path_start + at], Some(&rest[path_start + at + 1..])),
        None => (rest, None),
    };
    if tag.is_some_and(|tag| !is_tag(tag)) {
        return false;
    }
    let mut parts = name.split('/');
    let first = parts.next().unwrap_or("");
    let others: Vec<&str> = parts.collect();
    let first_fits = is_component(first) || (!others.is_empty() && is_host(first));
    first_fits && others.iter().all(|part| is_component(part))
}

fn is_component(part: &str) -> bool {
    let lower = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = part.as_bytes();
    let framed = bytes.first().is_some_and(|b| lower(*b)) && bytes.last().is_some_and(|b| lower(*b));
    let separators = part.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit()).filter(|s| !s.is_empty());
    framed && separators.into_iter().all(|s| matches!(s, "." | "_" | "__") || s.bytes().all(|b| b == b'-'))
}

fn is_host(part: &str) -> bool {
    let (host, port) = part.split_once(':').map_or((part, None), |(host, port)| (host, Some(port)));
    let label = |l: &str| {
        !l.is_empty() && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') && !l.starts_with('-') && !l.ends_with('-')
    };
    host.split('.').all(label) && port.is_none_or(|port| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()))
}

fn is_tag(tag: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    tag.len() <= 128 && tag.bytes().next().is_some_and(word) && tag.bytes().all(|b| word(b) || b == b'.' || b == b'-')
}

fn is_digest(digest: &str) -> bool {
    let Some((algorithm, hex)) = digest.split_once(':') else { return false };
    let named = algorithm.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
    named && hex.len() >= 32 && hex.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::is_image;

    #[test]
    fn knows_image_names() {
        for good in ["nginx", "nginx:1.27", "docker.io/library/nginx:1.27", "localhost:5000/app:v1", "a/b/c/d:e"] {
            assert!(is_image(good), "{good}");
        }
        for bad in ["Nginx", "nginx:", "nginx:1:2", "http://x/nginx", "", "a//b"] {
            assert!(!is_image(bad), "{bad}");
        }
    }
}
