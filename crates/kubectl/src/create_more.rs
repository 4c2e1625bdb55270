//! `kubectl create` of the smaller kinds: namespaces, jobs, service accounts, roles and their bindings, ingresses, quotas.

use crate::ctx::Ctx;
use crate::dry::{named, texts};
use crate::fail::{Fail, Run, Stop, plain};
use api::Verb;
use base::{Quantity, Text};
use schema::Schema;
use value::{Map, Value, list, obj};

const RBAC: &str = "rbac.authorization.k8s.io/v1";

pub(crate) fn run(ctx: &mut Ctx) -> Run {
    match ctx.spec.path {
        "create namespace" => {
            let name = ctx.one_name()?;
            ctx.make(simple("v1", "Namespace", &name, &["spec", "status"]), "")
        }
        "create serviceaccount" => {
            let name = ctx.one_name()?;
            ctx.make(simple("v1", "ServiceAccount", &name, &[]), "failed to create serviceaccount: ")
        }
        "create job" => job(ctx),
        "create cronjob" => cron_job(ctx),
        "create ingress" => ingress(ctx),
        "create quota" => quota(ctx),
        "create poddisruptionbudget" => budget(ctx),
        "create priorityclass" => priority_class(ctx),
        "create role" => role(ctx, "Role"),
        "create clusterrole" => role(ctx, "ClusterRole"),
        "create rolebinding" => binding(ctx, "RoleBinding"),
        "create clusterrolebinding" => binding(ctx, "ClusterRoleBinding"),
        "create token" => token(ctx),
        other => plain(format!("kubectl {other} is not supported here")),
    }
}

fn simple(version: &str, kind: &str, name: &str, empty: &[&str]) -> Value {
    let mut object = obj! { "apiVersion" => version, "kind" => kind, "metadata" => named(name) };
    empty.iter().for_each(|field| object.set(&[field], Value::map()));
    object
}

// === jobs ===

fn job(ctx: &mut Ctx) -> Run {
    let name = ctx.one_name()?;
    let (image, from) = (ctx.flag("image"), ctx.flag("from"));
    if image.is_empty() == from.is_empty() {
        return plain("either --image or --from must be specified");
    }
    let command = ctx.after_dash(1);
    if !from.is_empty() && !command.is_empty() {
        return plain("cannot specify --from and command");
    }
    if !from.is_empty() {
        return job_from(ctx, &name, &from);
    }
    let object = obj! {
        "apiVersion" => "batch/v1", "kind" => "Job", "metadata" => named(&name),
        "spec" => obj! { "template" => job_template(&name, &image, &command, "Never") }, "status" => obj! {},
    };
    ctx.make(object, "failed to create job: ")
}

fn job_template(name: &str, image: &str, command: &[Text], restart: &str) -> Value {
    let mut container = obj! { "name" => name, "image" => image, "resources" => obj! {} };
    if !command.is_empty() {
        container.set(&["command"], texts(command));
    }
    obj! { "metadata" => obj! {}, "spec" => obj! { "containers" => list![container], "restartPolicy" => restart } }
}

fn job_from(ctx: &mut Ctx, name: &str, from: &str) -> Run {
    let Some((word, source)) = from.split_once('/') else {
        return plain(format!("invalid --from {from:?}, expected cronjob/name"));
    };
    let kind = ctx.kind(word)?;
    let cron = ctx.request(kind.get(&ctx.namespace(), source))?;
    if kind.kind != "CronJob" {
        return plain(format!("unknown object type {}", kind.kind));
    }
    let template = &cron["spec"]["jobTemplate"];
    let mut annotations = template["metadata"]["annotations"].as_map().cloned().unwrap_or_default();
    annotations.insert("cronjob.kubernetes.io/instantiate", "manual");
    let mut metadata = named(name);
    metadata.set(&["annotations"], annotations);
    if !template["metadata"]["labels"].is_empty() {
        metadata.set(&["labels"], &template["metadata"]["labels"]);
    }
    metadata.set(
        &["ownerReferences"],
        list![obj! {
            "apiVersion" => "batch/v1", "kind" => "CronJob", "name" => source, "uid" => &cron["metadata"]["uid"], "controller" => true,
        }],
    );
    let mut spec = template["spec"].clone();
    if spec["template"]["metadata"].is_null() {
        spec.set(&["template", "metadata"], Value::map());
    }
    let object =
        obj! { "apiVersion" => "batch/v1", "kind" => "Job", "metadata" => metadata, "spec" => spec, "status" => obj! {} };
    ctx.make(object, "failed to create job: ")
}

fn cron_job(ctx: &mut Ctx) -> Run {
    ctx.require(&["image", "schedule"])?;
    let name = ctx.one_name()?;
    let restart = ctx.flag("restart");
    let restart = if restart.is_empty() { "OnFailure" } else { restart.as_str() };
    let template = job_template(&name, &ctx.flag("image"), &ctx.after_dash(1), restart);
    let object = obj! {
        "apiVersion" => "batch/v1", "kind" => "CronJob", "metadata" => named(&name),
        "spec" => obj! {
            "schedule" => ctx.flag("schedule"),
            "jobTemplate" => obj! { "metadata" => named(&name), "spec" => obj! { "template" => template } },
        },
        "status" => obj! {},
    };
    ctx.make(object, "failed to create cronjob: ")
}

// === ingresses ===

fn ingress(ctx: &mut Ctx) -> Run {
    let name = ctx.one_name()?;
    let (rules, backend) = (ctx.flags("rule"), ctx.flag("default-backend"));
    if rules.is_empty() && backend.is_empty() {
        return plain(
            "not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules (which catch specific paths)",
        );
    }
    let mut metadata = named(&name);
    for annotation in ctx.flags("annotation") {
        let Some((key, text)) = annotation.split_once('=') else {
            return plain(format!("annotation {annotation} is invalid and should be in format key=[value]"));
        };
        metadata.set(&["annotations", key], text);
    }
    let mut spec = Value::map();
    let class = ctx.flag("class");
    if !class.is_empty() {
        spec.set(&["ingressClassName"], class);
    }
    if !backend.is_empty() {
        let Some(value) = backend.split_once(':').map(|(service, port)| backend_of(service, port)) else {
            return plain("default-backend should be in format servicename:serviceport");
        };
        spec.set(&["defaultBackend"], value);
    }
    let (mut hosts, mut secrets) = (Vec::new(), Vec::new());
    for rule in &rules {
        let invalid =
            || Fail::Plain(format!("rule {rule} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]"));
        ingress_rule(rule, &mut hosts, &mut secrets).ok_or_else(invalid)?;
    }
    if !hosts.is_empty() {
        spec.set(&["rules"], hosts);
    }
    if !secrets.is_empty() {
        spec.set(&["tls"], secrets);
    }
    let object = obj! {
        "apiVersion" => "networking.k8s.io/v1", "kind" => "Ingress", "metadata" => metadata, "spec" => spec,
        "status" => obj! { "loadBalancer" => obj! {} },
    };
    ctx.make(object, "failed to create ingress: ")
}

fn backend_of(service: &str, port: &str) -> Value {
    let port = port.parse::<i64>().map_or_else(|_| obj! { "name" => port }, |number| obj! { "number" => number });
    obj! { "service" => obj! { "name" => service, "port" => port } }
}

/// `host/path*=service:port,tls=secret`
fn ingress_rule(rule: &str, hosts: &mut Vec<Value>, secrets: &mut Vec<Value>) -> Option<()> {
    let (place, rest) = rule.split_once('=')?;
    let (host, path) = place.split_once('/')?;
    // With more than one comma there is no TLS at all.
    let parts: Vec<&str> = rest.split(',').collect();
    let (target, tls) = (parts[0], parts.get(1).copied().filter(|_| parts.len() == 2));
    let (service, port) = target.split_once(':')?;
    if tls.is_some_and(|tls| tls != "tls" && !tls.starts_with("tls=")) {
        return None;
    }
    let prefix = path.ends_with('*');
    let path = format!("/{}", path.trim_end_matches('*'));
    let path = if prefix && path.len() > 1 { path.trim_end_matches('/').to_string() } else { path };
    let row =
        obj! { "path" => path, "pathType" => if prefix { "Prefix" } else { "Exact" }, "backend" => backend_of(service, port) };
    match hosts.iter_mut().find(|known| known["host"].s() == host) {
        Some(known) => known.at_mut(&["http", "paths"]).as_list_mut().push(row),
        None => {
            let mut new = obj! { "http" => obj! { "paths" => list![row] } };
            if !host.is_empty() {
                new.set(&["host"], host);
            }
            hosts.push(new);
        }
    }
    if let Some(tls) = tls {
        let mut entry = Value::map();
        if !host.is_empty() {
            entry.set(&["hosts"], list![host]);
        }
        if let Some(secret) = tls.strip_prefix("tls=") {
            entry.set(&["secretName"], secret);
        }
        secrets.push(entry);
    }
    Some(())
}

// === policy ===

fn quota(ctx: &mut Ctx) -> Run {
    let name = ctx.one_name()?;
    let mut spec = Value::map();
    for pair in ctx.flag("hard").split(',').filter(|pair| !pair.is_empty()) {
        let Some((resource, amount)) = pair.split_once('=') else {
            return plain(format!("Invalid argument syntax {pair}, expected <resource>=<value>"));
        };
        let text = Quantity::canonical(amount).map_err(|why| Fail::Plain(why.to_string()))?;
        spec.set(&["hard", resource], text);
    }
    let scopes: Vec<Text> = ctx.flag("scopes").split(',').filter(|s| !s.is_empty()).map(Text::from).collect();
    if !scopes.is_empty() {
        spec.set(&["scopes"], texts(&scopes));
    }
    let object =
        obj! { "apiVersion" => "v1", "kind" => "ResourceQuota", "metadata" => named(&name), "spec" => spec, "status" => obj! {} };
    ctx.make(object, "failed to create quota: ")
}

fn budget(ctx: &mut Ctx) -> Run {
    let name = ctx.one_name()?;
    let (min, max) = (ctx.flag("min-available"), ctx.flag("max-unavailable"));
    if ctx.flag("selector").is_empty() {
        return plain("a selector must be specified");
    }
    if min.is_empty() && max.is_empty() {
        return plain("one of min-available or max-unavailable must be specified");
    }
    if !min.is_empty() && !max.is_empty() {
        return plain("min-available and max-unavailable cannot be both specified");
    }
    let amount = |text: &Text| text.parse::<i64>().map_or_else(|_| Value::Str(text.clone()), Value::Int);
    let mut labels = Map::default();
    for pair in ctx.flag("selector").split(',') {
        let (key, text) = pair.split_once('=').unwrap_or((pair, ""));
        labels.insert(key, text);
    }
    let mut spec = obj! { "selector" => obj! { "matchLabels" => labels } };
    if min.is_empty() {
        spec.set(&["maxUnavailable"], amount(&max));
    } else {
        spec.set(&["minAvailable"], amount(&min));
    }
    let status = obj! { "disruptionsAllowed" => 0, "currentHealthy" => 0, "desiredHealthy" => 0, "expectedPods" => 0 };
    let object = obj! { "apiVersion" => "policy/v1", "kind" => "PodDisruptionBudget", "metadata" => named(&name), "spec" => spec, "status" => status };
    ctx.make(object, "failed to create poddisruptionbudgets: ")
}

fn priority_class(ctx: &mut Ctx) -> Run {
    let name = ctx.one_name()?;
    let mut object = obj! {
        "apiVersion" => "scheduling.k8s.io/v1", "kind" => "PriorityClass", "metadata" => named(&name), "value" => ctx.number("value"),
        "preemptionPolicy" => ctx.flag("preemption-policy"),
    };
    if ctx.on("global-default") {
        object.set(&["globalDefault"], true);
    }
    let description = ctx.flag("description");
    if !description.is_empty() {
        object.set(&["description"], description);
    }
    ctx.make(object, "failed to create priorityclass: ")
}

// === rights ===

const VERBS: [&str; 15] = [
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "use",
    "bind",
    "impersonate",
    "*",
    "approve",
    "sign",
    "escalate",
];

fn role(ctx: &mut Ctx, kind: &str) -> Run {
    let name = ctx.one_name()?;
    let mut verbs: Vec<Text> = Vec::new();
    for verb in ctx.flags("verb") {
        if verb == "*" {
            verbs = vec![verb];
            break;
        }
        if !verbs.contains(&verb) {
            verbs.push(verb);
        }
    }
    let urls = if kind == "ClusterRole" { ctx.flags("non-resource-url") } else { Vec::new() };
    if !ctx.flag("aggregation-rule").is_empty() {
        return plain("--aggregation-rule is not supported here");
    }
    if verbs.is_empty() {
        return plain("at least one verb must be specified");
    }
    let resources = ctx.flags("resource");
    if resources.is_empty() && urls.is_empty() {
        return plain(if kind == "Role" {
            "at least one resource must be specified"
        } else {
            "one of resource or nonResourceURL must be specified"
        });
    }
    for verb in &verbs {
        if !VERBS.contains(&verb.as_str()) && urls.is_empty() {
            ctx.warn(&format!("'{verb}' is not a standard resource verb"));
        }
    }
    let mut rules = resource_rules(ctx, &resources, &verbs)?;
    if !urls.is_empty() {
        rules.push(obj! { "verbs" => texts(&verbs), "nonResourceURLs" => texts(&urls) });
    }
    let object = obj! { "apiVersion" => RBAC, "kind" => kind, "metadata" => named(&name), "rules" => rules };
    ctx.make(object, "")
}

/// A rule for each API group of the resources.
fn resource_rules(ctx: &mut Ctx, resources: &[Text], verbs: &[Text]) -> Run<Vec<Value>> {
    let mut groups: std::collections::BTreeMap<Text, Vec<Text>> = std::collections::BTreeMap::new();
    for resource in resources {
        let (word, sub) = resource.split_once('/').unwrap_or((resource, ""));
        let (group, plural): (Text, Text) = if word == "*" {
            (Text::new(), "*".into())
        } else {
            let Some(info) = Schema::builtin().by_any_name(word) else {
                let (name, group) = word.split_once('.').unwrap_or((word, ""));
                let place = if group.is_empty() { String::new() } else { format!(" in group {group:?}") };
                return Err(Stop::Fail(Fail::Raw(format!("the server doesn't have a resource type {name:?}{place}"))));
            };
            (info.group.as_ref().into(), info.plural.as_ref().into())
        };
        let full: Text = if sub.is_empty() { plural } else { format!("{plural}/{sub}").into() };
        let list = groups.entry(group).or_default();
        if !list.contains(&full) {
            list.push(full);
        }
    }
    let names = ctx.flags("resource-name");
    let mut rules = Vec::new();
    for (group, plurals) in groups {
        let mut rule = obj! { "verbs" => texts(verbs), "apiGroups" => list![group], "resources" => texts(&plurals) };
        if !names.is_empty() {
            rule.set(&["resourceNames"], texts(&names));
        }
        rules.push(rule);
    }
    Ok(rules)
}

fn binding(ctx: &mut Ctx, kind: &str) -> Run {
    let name = ctx.one_name()?;
    let (cluster_role, role) = (ctx.flag("clusterrole"), if kind == "RoleBinding" { ctx.flag("role") } else { Text::new() });
    if kind == "RoleBinding" && cluster_role.is_empty() == role.is_empty() {
        return plain("exactly one of clusterrole or role must be specified");
    }
    if kind == "ClusterRoleBinding" {
        ctx.require(&["clusterrole"])?;
    }
    let mut subjects = Vec::new();
    for (flag, kind) in [("user", "User"), ("group", "Group")] {
        for name in ctx.flags(flag) {
            subjects.push(obj! { "kind" => kind, "apiGroup" => "rbac.authorization.k8s.io", "name" => name });
        }
    }
    for account in ctx.flags("serviceaccount") {
        match account.split_once(':') {
            Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() => {
                subjects.push(obj! { "kind" => "ServiceAccount", "namespace" => namespace, "name" => name });
            }
            _ => return plain("serviceaccount must be <namespace>:<name>"),
        }
    }
    let (ref_kind, ref_name) = if role.is_empty() { ("ClusterRole", cluster_role) } else { ("Role", role) };
    let mut object = obj! {
        "apiVersion" => RBAC, "kind" => kind, "metadata" => named(&name),
        "roleRef" => obj! { "apiGroup" => "rbac.authorization.k8s.io", "kind" => ref_kind, "name" => ref_name },
    };
    if !subjects.is_empty() {
        object.set(&["subjects"], subjects);
    }
    ctx.make(object, &format!("failed to create {}: ", kind.to_lowercase()))
}

fn token(ctx: &mut Ctx) -> Run {
    let name = ctx.one_name()?;
    let kind = ctx.kind("serviceaccounts")?;
    let mut request = kind.request(Verb::Create, &ctx.namespace(), &name);
    request.subresource = "token".into();
    request.body =
        obj! { "apiVersion" => "authentication.k8s.io/v1", "kind" => "TokenRequest", "metadata" => obj! {}, "spec" => obj! {} };
    match ctx.ask(request)? {
        Ok(answer) => {
            let text = answer["status"]["token"].text();
            ctx.say(&text);
            Ok(())
        }
        Err(status) => plain(format!("failed to create token: {}", status.message)),
    }
}
