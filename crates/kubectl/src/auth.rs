//! `kubectl auth can-i` and `whoami`: questions that the server answers.

use crate::access;
use crate::ctx::Ctx;
use crate::fail::{Run, Stop, plain};
use crate::help;
use crate::kinds::Kind;
use crate::printer::Format;
use crate::tab::TabWriter;
use api::Verb;
use schema::Schema;
use value::{Value, obj};

const VERBS: [&str; 12] =
    ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "use", "bind", "impersonate", "*"];

pub(crate) fn run(ctx: &mut Ctx) -> Run {
    match ctx.spec.path {
        "auth can-i" => can_i(ctx),
        "auth whoami" => who_am_i(ctx),
        "auth" => help::group(ctx, true),
        other => plain(format!("kubectl {other} is not supported here")),
    }
}

fn can_i(ctx: &mut Ctx) -> Run {
    if ctx.on("list") {
        return access::list(ctx);
    }
    let words = ctx.words().to_vec();
    let [verb, target, rest @ ..] = &words[..] else {
        return plain(
            "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples.",
        );
    };
    let mut spec = Value::map();
    if target.starts_with('/') {
        spec.set(&["nonResourceAttributes"], obj! { "path" => target, "verb" => verb });
    } else {
        let (word, name) = target
            .split_once('/')
            .map_or((target.as_str(), rest.first().map_or("", |n| n.as_str())), |(word, name)| (word, name));
        spec.set(&["resourceAttributes"], attributes(ctx, verb, (word, name)));
    }
    let Some(kind) = Kind::builtin("authorization.k8s.io", "selfsubjectaccessreviews") else {
        return plain("auth can-i is not supported by this cluster");
    };
    let mut request = kind.request(Verb::Create, "", "");
    request.body = obj! {
        "apiVersion" => "authorization.k8s.io/v1", "kind" => "SelfSubjectAccessReview", "metadata" => obj! {}, "spec" => spec,
    };
    let answer = ctx.request(request)?;
    let allowed = answer["status"]["allowed"].is_true();
    if !ctx.on("quiet") {
        let reason = answer["status"]["reason"].s();
        let word = if allowed { "yes" } else { "no" };
        let line = if reason.is_empty() || allowed { word.to_string() } else { format!("{word} - {reason}") };
        ctx.say(&line);
    }
    if allowed { Ok(()) } else { Err(Stop::Exit(1)) }
}

fn attributes(ctx: &mut Ctx, verb: &str, (word, name): (&str, &str)) -> Value {
    let info = Schema::builtin().by_any_name(word);
    if !VERBS.contains(&verb) {
        ctx.warn(&format!("verb '{verb}' is not a known verb"));
        ctx.err("\n");
    }
    let (group, resource) = match info {
        Some(info) => (info.group.to_string(), info.plural.to_string()),
        None => {
            let place = word.split_once('.').map_or(String::new(), |(_, group)| format!(" in group '{group}'"));
            ctx.warn(&format!("the server doesn't have a resource type '{}'{place}", word.split('.').next().unwrap_or(word)));
            ctx.err("\n");
            (String::new(), word.to_string())
        }
    };
    if info.is_some_and(|info| !info.namespaced) {
        ctx.warn(&format!("resource '{resource}' is not namespace scoped"));
        ctx.err("\n");
    }
    let namespace = if ctx.on("all-namespaces") { base::text!("") } else { ctx.namespace() };
    let mut attributes = obj! { "namespace" => namespace, "verb" => verb, "group" => group, "resource" => resource };
    if !name.is_empty() {
        attributes.set(&["name"], name);
    }
    let sub = ctx.flag("subresource");
    if !sub.is_empty() {
        attributes.set(&["subresource"], sub);
    }
    attributes
}

fn who_am_i(ctx: &mut Ctx) -> Run {
    let format = ctx.format()?;
    let user = ctx.user();
    let groups: Vec<&str> = user.groups.iter().map(|g| g.as_str()).collect();
    if !matches!(format, Format::Default) {
        let groups = Value::List(user.groups.iter().map(|g| Value::Str(g.clone())).collect());
        let info = obj! { "username" => &user.name, "groups" => groups };
        let review = obj! {
            "apiVersion" => "authentication.k8s.io/v1", "kind" => "SelfSubjectReview", "metadata" => obj! {},
            "status" => obj! { "userInfo" => info },
        };
        return ctx.print(&format, &review);
    }
    let text = format!("ATTRIBUTE\tVALUE\nUsername\t{}\nGroups\t[{}]\n", user.name, groups.join(" "));
    let text = TabWriter::table().format(&text);
    ctx.out(&text);
    Ok(())
}
