//! What kubectl prints when `--server` names a place where nobody listens: this cluster is at one address only.

use crate::ctx::Ctx;
use crate::env;
use crate::fail::{Fail, Run, Stop, plain};

/// Ends commands that would talk to another server.
pub(crate) fn check(ctx: &mut Ctx) -> Run {
    let server = ctx.flag("server");
    let own: String = env::server(&ctx.config.value, ctx.context()["cluster"].s()).to_string();
    let local = ctx.spec.path.starts_with("config") || matches!(ctx.spec.path, "" | "help" | "options");
    if server.is_empty() || server == own || local || ctx.flag("dry-run") == "client" || ctx.on("client") {
        return Ok(());
    }
    let host = server.split_once("://").map_or(server.as_str(), |(_, host)| host).trim_end_matches('/').to_string();
    let dial = format!("dial tcp {host}: connect: connection refused");
    let unreachable = format!("The connection to the server {host} was refused - did you specify the right host or port?");
    match ctx.spec.path {
        "apply" | "create" | "replace" => {
            let file = ctx.flags("filename").first().cloned().unwrap_or_default();
            return plain(format!(
                "error validating {:?}: error validating data: failed to download openapi: Get \"{server}/openapi/v2?timeout=32s\": {dial}; if you choose to ignore these errors, turn validation off with --validate=false",
                file.as_str()
            ));
        }
        "create deployment" => {
            let place = format!(
                "{server}/apis/apps/v1/namespaces/{}/deployments?fieldManager=kubectl-create&fieldValidation=Strict",
                ctx.namespace()
            );
            return plain(format!("failed to create deployment: Post \"{place}\": {dial}"));
        }
        "version" => {
            let git = schema::Schema::builtin().version().2;
            ctx.say(&format!("Client Version: {git}\nKustomize Version: v5.8.1"));
        }
        "cluster-info" => ctx.say("\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'."),
        _ => {}
    }
    let tries = match ctx.spec.path {
        "version" => 0,
        "get" if !ctx.flag("raw").is_empty() => 0,
        "api-resources" | "api-versions" => 1,
        "explain" | "auth can-i" => 2,
        "logs" => 4,
        _ => 5,
    };
    let words = format!(
        "\"Unhandled Error\" err=\"couldn't get current server API group list: Get \\\"{server}/api?timeout=32s\\\": {dial}\""
    );
    for _ in 0..tries {
        let line = ctx.log_line('E', "memcache.go:265", &words);
        ctx.complain(&line);
    }
    if ctx.spec.path == "api-versions" {
        return plain(format!("couldn't get available api versions from server: Get \"{server}/api?timeout=32s\": {dial}"));
    }
    Err(Stop::Fail(Fail::Raw(unreachable)))
}
