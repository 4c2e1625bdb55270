//! `kubectl version`, `cluster-info` and `top`.

use crate::ctx::Ctx;
use crate::fail::{Fail, Run, Stop, plain};
use crate::help;
use crate::kinds::Kind;
use crate::printer::Format;
use api::{Request, User};
use schema::Schema;
use value::{Value, obj};

const KUSTOMIZE: &str = "v5.8.1";

pub(crate) fn version(ctx: &mut Ctx) -> Run {
    let output = ctx.flag("output");
    if !matches!(output.as_str(), "" | "yaml" | "json") {
        return plain("--output must be 'yaml' or 'json'");
    }
    let (major, minor, git) = Schema::builtin().version();
    let client = info(major, minor, git);
    let server = if ctx.on("client") { None } else { Some(ctx.ask(Request::path(&User::default(), "/version"))?) };
    if output.is_empty() {
        ctx.say(&format!("Client Version: {git}"));
        ctx.say(&format!("Kustomize Version: {KUSTOMIZE}"));
        return match server {
            None => Ok(()),
            Some(Ok(server)) => {
                ctx.say(&format!("Server Version: {}", server["gitVersion"].s()));
                Ok(())
            }
            Some(Err(status)) => Err(Stop::Fail(Fail::Server(status))),
        };
    }
    let mut all = obj! { "clientVersion" => client, "kustomizeVersion" => KUSTOMIZE };
    if let Some(Ok(server)) = server {
        all.set(&["serverVersion"], server);
    }
    ctx.print(if output == "json" { &Format::Json } else { &Format::Yaml }, &all)
}

fn info(major: &str, minor: &str, git: &str) -> Value {
    obj! {
        "major" => major, "minor" => minor, "gitVersion" => git, "gitTreeState" => "clean", "compiler" => "rustc",
        "platform" => "wasm32/web",
    }
}

pub(crate) fn info_words(what: &str, place: &str, colour: bool) -> String {
    if colour {
        format!("\x1b[0;32m{what}\x1b[0m is running at \x1b[0;33m{place}\x1b[0m")
    } else {
        format!("{what} is running at {place}")
    }
}

pub(crate) fn info_command(ctx: &mut Ctx) -> Run {
    if ctx.spec.path == "cluster-info dump" {
        return plain("cluster-info dump is not supported here; use kubectl get -o yaml");
    }
    let (server, colour) = (ctx.server(), ctx.env.tty);
    ctx.say(&info_words("Kubernetes control plane", &server, colour));
    if let Some(services) = Kind::builtin("", "services") {
        let mut list = services.list("kube-system");
        list.query.label_selector = "kubernetes.io/cluster-service=true".into();
        let found = ctx.request(list)?;
        for service in found["items"].items() {
            let meta = &service["metadata"];
            let named = meta["labels"]["kubernetes.io/name"].text();
            let name = if named.is_empty() { meta["name"].text() } else { named };
            let port = match service["spec"]["ports"].items() {
                [] => String::new(),
                [one] if one["name"].s().is_empty() => String::new(),
                [first, ..] => format!(":{}", first["name"].s()),
            };
            let place = format!("{server}/api/v1/namespaces/kube-system/services/{}{port}/proxy", meta["name"].s());
            ctx.say(&info_words(&name, &place, colour));
        }
    }
    ctx.say("\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.");
    Ok(())
}

pub(crate) fn top(ctx: &mut Ctx) -> Run {
    if ctx.spec.path == "top" {
        return help::group(ctx, true);
    }
    // The metrics API is an add-on that this cluster does not have.
    plain("Metrics API not available")
}
