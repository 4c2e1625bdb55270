//! `kubectl apply`. Models k8s.io/kubectl/pkg/cmd/apply: three-way merge against the last-applied annotation.

use crate::ctx::Ctx;
use crate::dry::{DryRun, LAST_APPLIED, configuration};
use crate::fail::{Fail, Run, Stop, plain};
use crate::kinds::Kind;
use crate::printer::Format;
use crate::target::{Unit, finish};
use crate::{last_applied, merge, upgrade};
use api::{PatchType, Request, Verb};
use base::{Duration, Text};
use value::{Value, obj};

pub(crate) fn run(ctx: &mut Ctx) -> Run {
    match ctx.spec.path {
        "apply" => apply(ctx),
        _ => last_applied::run(ctx),
    }
}

/// One object of the files.
pub(crate) struct Doc {
    kind: Kind,
    namespace: Text,
    name: Text,
    object: Value,
    source: Text,
}

/// What was done with an object: how it looks now, and the word for it.
struct Done {
    object: Value,
    word: &'static str,
}

fn apply(ctx: &mut Ctx) -> Run {
    check_flags(ctx)?;
    let format = ctx.format()?;
    let dry = ctx.dry_run()?;
    let mut fails = Vec::new();
    let mut docs = Vec::new();
    for unit in ctx.selected_files()? {
        match unit {
            Unit::File { kind, namespace, name, object, source } => docs.push(Doc { kind, namespace, name, object, source }),
            Unit::Broken(fail) => fails.push(fail),
            Unit::Name { .. } | Unit::List { .. } => {}
        }
    }
    if docs.is_empty() && fails.is_empty() {
        return plain("no objects passed to apply");
    }
    let pruned = if ctx.on("prune") { pruned_kinds(ctx)? } else { Vec::new() };
    let mut shown = Vec::new();
    for doc in &docs {
        let done = if ctx.on("server-side") { server_side(ctx, doc, dry)? } else { client_side(ctx, doc, dry)? };
        match done {
            Ok(done) => match &format {
                Format::Default | Format::Name => ctx.report(&format, &done.object, &dry.done(done.word))?,
                _ => shown.push(done.object),
            },
            Err(fail) => fails.push(fail),
        }
    }
    print_all(ctx, &format, shown)?;
    if fails.is_empty() {
        prune(ctx, (&docs, pruned), dry)?;
    }
    finish(fails)
}

fn check_flags(ctx: &mut Ctx) -> Run {
    let dry = ctx.dry_run()?;
    if ctx.on("server-side") {
        if ctx.on("force") {
            return plain("--force cannot be used with --server-side");
        }
        if dry == DryRun::Client {
            return plain("--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)");
        }
    } else if ctx.on("force-conflicts") {
        return plain("--force-conflicts only works with --server-side");
    }
    if !ctx.words().is_empty() {
        let words: Vec<&str> = ctx.words().iter().map(|w| w.as_str()).collect();
        return ctx.usage(format!("Unexpected args: [{}]", words.join(" ")));
    }
    if ctx.filenames()?.is_empty() {
        return plain("must specify one of -f and -k");
    }
    let selected = !ctx.flag("selector").is_empty();
    if ctx.on("all") && selected {
        return plain("cannot set --all and --selector at the same time");
    }
    if ctx.on("prune") && !ctx.on("all") && !selected {
        return plain(
            "all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all flag. If you did not mean to prune all resources, specify a label selector",
        );
    }
    Ok(())
}

/// With `-o yaml` and the like all objects are printed at the end: one alone, several as a List.
fn print_all(ctx: &mut Ctx, format: &Format, mut objects: Vec<Value>) -> Run {
    match objects.len() {
        0 => Ok(()),
        1 => ctx.print(format, &objects.remove(0)),
        _ => {
            let list = obj! { "apiVersion" => "v1", "items" => objects, "kind" => "List", "metadata" => obj! { "resourceVersion" => "" } };
            ctx.print(format, &list)
        }
    }
}

// === client side ===

fn client_side(ctx: &mut Ctx, doc: &Doc, dry: DryRun) -> Run<Result<Done, Fail>> {
    if doc.name.is_empty() && !doc.object["metadata"]["generateName"].is_null() {
        let prefix = doc.object["metadata"]["generateName"].s();
        return Ok(Err(Fail::Plain(format!("from {prefix}: cannot use generate name with apply"))));
    }
    let mut modified = doc.object.clone();
    modified.set(&["metadata", "annotations", LAST_APPLIED], configuration(&doc.object));
    match ctx.ask(doc.kind.get(&doc.namespace, &doc.name))? {
        Ok(current) => patch(ctx, doc, (&modified, current), dry),
        Err(status) if status.reason == "NotFound" => {
            if dry == DryRun::Client {
                return Ok(Ok(Done { object: modified, word: "created" }));
            }
            let made = ctx.create(&doc.kind, &doc.namespace, modified, dry)?;
            Ok(made.map(|object| Done { object, word: "created" }).map_err(|fail| fail.in_source("creating", &doc.source)))
        }
        Err(status) => {
            let fail = Fail::Server(status);
            let words = format!("retrieving current configuration of:\n{}\nfrom server for:", describe(doc));
            Ok(Err(fail.in_source(&words, &doc.source)))
        }
    }
}

fn describe(doc: &Doc) -> String {
    let Kind { group, version, kind, plural, .. } = &doc.kind;
    let slash = if group.is_empty() { "/" } else { "" };
    let full = if group.is_empty() { version.to_string() } else { format!("{group}/{version}") };
    format!(
        "Resource: \"{slash}{full}, Resource={plural}\", GroupVersionKind: \"{slash}{full}, Kind={kind}\"\nName: {:?}, Namespace: {:?}",
        doc.name.as_str(),
        doc.namespace.as_str()
    )
}

fn patch(ctx: &mut Ctx, doc: &Doc, (modified, mut current): (&Value, Value), dry: DryRun) -> Run<Result<Done, Fail>> {
    if current["metadata"]["annotations"].get(LAST_APPLIED).is_none() {
        let words = format!(
            "resource {}/{} is missing the {LAST_APPLIED} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.",
            doc.kind.group_resource().split('.').next().unwrap_or(""),
            doc.name
        );
        ctx.complain(&format!("Warning: {words}"));
    }
    let mut tries = 0;
    loop {
        let original = Value::from_json(current["metadata"]["annotations"][LAST_APPLIED].s()).unwrap_or_default();
        let three = merge::Three { original: &original, modified, current: &current };
        let (how, body) = match merge::three_way(&doc.kind, &three) {
            Ok(patch) => patch,
            Err(fail) => return Ok(Err(fail.in_source("creating patch with", &doc.source))),
        };
        if body.is_empty() {
            warn_if_deleting(ctx, &current);
            return Ok(Ok(Done { object: current, word: "unchanged" }));
        }
        if dry == DryRun::Client {
            let object = merge::locally(&doc.kind, &current, (how, &body));
            return Ok(Ok(Done { object, word: "configured" }));
        }
        match ctx.patch(&doc.kind, (&doc.namespace, &doc.name), (how, body.clone()), dry)? {
            Ok(object) => {
                warn_if_deleting(ctx, &object);
                return Ok(Ok(Done { object, word: "configured" }));
            }
            Err(Fail::Server(status)) if status.reason == "Conflict" && tries < 5 => {
                tries += 1;
                current = ctx.request(doc.kind.get(&doc.namespace, &doc.name))?;
            }
            Err(fail)
                if ctx.on("force") && matches!(&fail, Fail::Server(s) if s.reason == "Invalid" || s.reason == "Conflict") =>
            {
                return recreate(ctx, doc, modified, dry);
            }
            Err(fail) => {
                let words = format!("applying patch:\n{}\nto:\n{}\nfor:", body.to_json_go(), describe(doc));
                return Ok(Err(fail.in_source("patching", &doc.source).in_source(&words, &doc.source)));
            }
        }
    }
}

fn warn_if_deleting(ctx: &mut Ctx, object: &Value) {
    if !object["metadata"]["deletionTimestamp"].is_null() {
        let name = object["metadata"]["name"].text();
        ctx.complain(&format!("Warning: Detected changes to resource {name} which is currently being deleted."));
    }
}

/// `--force`: deletes the object, waits until it is gone, makes it anew.
fn recreate(ctx: &mut Ctx, doc: &Doc, modified: &Value, dry: DryRun) -> Run<Result<Done, Fail>> {
    let delete = ctx.write_request(doc.kind.request(Verb::Delete, &doc.namespace, &doc.name), dry);
    if let Err(status) = ctx.ask(delete)? {
        return Ok(Err(Fail::Server(status)));
    }
    for _ in 0..300 {
        if ctx.ask(doc.kind.get(&doc.namespace, &doc.name))?.is_err() {
            break;
        }
        let moment = ctx.clock() + Duration::SECOND;
        ctx.sleep_until(moment)?;
    }
    let made = ctx.create(&doc.kind, &doc.namespace, modified.clone(), dry)?;
    Ok(made.map(|object| Done { object, word: "configured" }))
}

// === server side ===

const ADVICE: &str = "Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the `--force-conflicts` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts";

fn server_side(ctx: &mut Ctx, doc: &Doc, dry: DryRun) -> Run<Result<Done, Fail>> {
    let mut request = apply_request(ctx, doc, dry);
    request.query.force = ctx.on("force-conflicts");
    request.body = doc.object.clone();
    Ok(match ctx.ask(request.clone())? {
        Ok(object) => {
            let object = take_over(ctx, doc, (&request, object), dry)?;
            warn_if_deleting(ctx, &object);
            Ok(Done { object, word: "serverside-applied" })
        }
        Err(status) if status.reason == "Conflict" => Err(Fail::Plain(format!("{}\n{ADVICE}", status.message))),
        Err(status) => Err(Fail::Server(status)),
    })
}

fn apply_request(ctx: &Ctx, doc: &Doc, dry: DryRun) -> Request {
    let mut request = ctx.write_request(doc.kind.request(Verb::Patch(PatchType::Apply), &doc.namespace, &doc.name), dry);
    if !ctx.changed("field-manager") {
        request.query.field_manager = "kubectl".into();
    }
    request
}

/// An object that client-side apply made: what it owned goes to server-side apply, its annotation to an owner of its own, and
/// the configuration is applied once more. What fails here is tried again with the next apply.
fn take_over(ctx: &mut Ctx, doc: &Doc, (applied, mut object): (&Request, Value), dry: DryRun) -> Run<Value> {
    if applied.query.field_manager == "kubectl"
        && let Some(body) = upgrade::annotation(&object)
    {
        let mut request = Request { body, ..apply_request(ctx, doc, dry) };
        request.query.field_manager = upgrade::KEEPER.into();
        match ctx.ask(request)? {
            Ok(now) => object = now,
            Err(status) => {
                ctx.complain(&format!("Warning: failed to migrate the last-applied annotation: {}", status.message));
                return Ok(object);
            }
        }
    }
    let Some(patch) = upgrade::patch(&object, &applied.query.field_manager) else { return Ok(object) };
    if let Err(fail) = ctx.patch(&doc.kind, (&doc.namespace, &doc.name), (PatchType::Json, patch), dry)? {
        ctx.complain(&format!(
            "Warning: server rejected managed fields migration to Server-Side Apply. This is non-fatal and will be retried next time you apply. Error: {}",
            fail.words()
        ));
        return Ok(object);
    }
    match ctx.ask(applied.clone())? {
        Ok(now) => Ok(now),
        Err(status) => {
            ctx.complain(&format!(
                "Warning: failed to re-apply configuration after performing Server-Side Apply migration. This is non-fatal and will be retried next time you apply. Error: {}",
                status.message
            ));
            Ok(object)
        }
    }
}

// === prune ===

/// What `--prune` looks through: core kinds, then workloads. Namespaces and volumes too, as kubectl still does.
const PRUNED: [(&str, &str); 15] = [
    ("", "configmaps"),
    ("", "endpoints"),
    ("", "persistentvolumeclaims"),
    ("", "pods"),
    ("", "replicationcontrollers"),
    ("", "secrets"),
    ("", "services"),
    ("batch", "jobs"),
    ("batch", "cronjobs"),
    ("networking.k8s.io", "ingresses"),
    ("apps", "daemonsets"),
    ("apps", "deployments"),
    ("apps", "replicasets"),
    ("apps", "statefulsets"),
    ("", "persistentvolumes"),
];

fn pruned_kinds(ctx: &mut Ctx) -> Run<Vec<Kind>> {
    let allowed = ctx.flags("prune-allowlist");
    let mut kinds: Vec<Kind> = PRUNED.iter().filter_map(|(group, plural)| Kind::builtin(group, plural)).collect();
    if !allowed.is_empty() {
        kinds.clear();
        for item in &allowed {
            kinds.push(allowed_kind(ctx, item)?);
        }
    }
    Ok(kinds)
}

fn prune(ctx: &mut Ctx, (docs, kinds): (&[Doc], Vec<Kind>), dry: DryRun) -> Run {
    if !kinds.is_empty() && ctx.flags("prune-allowlist").is_empty() {
        let words = ctx.log_line(
            'W',
            "prune.go:71",
            "Deprecated: kubectl apply will no longer prune non-namespaced resources by default when used with the --namespace flag in a future release. To preserve the current behaviour, list the resources you want to target explicitly in the --prune-allowlist flag.",
        );
        ctx.complain(&words);
    }
    let selector = ctx.flag("selector");
    for kind in kinds {
        let mut list = kind.list(&ctx.namespace());
        list.query.label_selector = selector.clone();
        let found = ctx.request(list)?;
        for item in found["items"].items() {
            let name = item["metadata"]["name"].text();
            let kept = docs.iter().any(|doc| doc.kind == kind && doc.name == name);
            if kept || item["metadata"]["annotations"].get(LAST_APPLIED).is_none() {
                continue;
            }
            if dry != DryRun::Client {
                let delete = ctx.write_request(kind.request(Verb::Delete, item["metadata"]["namespace"].s(), &name), dry);
                ctx.request(delete)?;
            }
            ctx.say(&format!("{} {}", kind.show(&name), dry.done("pruned")));
        }
    }
    Ok(())
}

/// `core/v1/ConfigMap`
fn allowed_kind(ctx: &mut Ctx, item: &str) -> Run<Kind> {
    let parts: Vec<&str> = item.split('/').collect();
    let [group, version, kind] = parts[..] else {
        return plain(format!("invalid GroupVersionKind format: {item}, please follow <group/version/kind>"));
    };
    let api_version = if group == "core" || group.is_empty() { version.to_string() } else { format!("{group}/{version}") };
    match ctx.kind_of(&api_version, kind)? {
        Some(kind) => Ok(kind),
        None => Err(Stop::Fail(Fail::Plain(format!("no matches for kind {kind:?} in version {api_version:?}")))),
    }
}
