//! `kubectl get`. Models k8s.io/kubectl/pkg/cmd/get.

use crate::call::Call;
use crate::ctx::Ctx;
use crate::fail::{Fail, Run, Stop, plain};
use crate::follow::Follow;
use crate::kinds::Kind;
use crate::printer::Format;
use crate::rows::{TablePrinter, plain_table};
use crate::sort;
use crate::target::{Pick, Unit, finish};
use crate::watch::{Shape, WatchPrinter};
use api::{Accept, Request, Status, User, Verb};
use base::{Duration, Text, Time};
use value::{Value, list, obj};

/// Tables are shared by `get` and `events`: the answer for one unit.
struct Page {
    kind: Kind,
    body: Value,
}

pub(crate) fn run(ctx: &mut Ctx) -> Run {
    let raw = ctx.flag("raw");
    if !raw.is_empty() {
        let body = ctx.request(Request::path(&User::default(), &raw))?;
        let text = body.as_str().map_or_else(|| body.to_json_go(), str::to_string);
        ctx.say(&text);
        return Ok(());
    }
    if ctx.words().is_empty() && ctx.filenames()?.is_empty() {
        return no_type(ctx, "get");
    }
    let format = ctx.table_format()?;
    let pick = Pick { bare_type: true, ..ctx.pick(ctx.words()) };
    let units = ctx.units(&pick)?;
    if !ctx.flag("subresource").is_empty() && units.iter().any(|unit| matches!(unit, Unit::List { .. })) {
        return plain("subresource cannot be used when bulk resources are specified");
    }
    if ctx.on("watch") || ctx.on("watch-only") {
        return watch(ctx, &pick, units, format);
    }
    match format {
        Format::Default | Format::Wide => human(ctx, &pick, units, matches!(format, Format::Wide)),
        other => generic(ctx, &pick, units, other),
    }
}

/// The mistake of a command that needs a type and got none.
pub(crate) fn no_type(ctx: &mut Ctx, verb: &str) -> Run {
    ctx.err(&format!(
        "You must specify the type of resource to {verb}. Use \"kubectl api-resources\" for a complete list of supported resources.\n\n"
    ));
    ctx.usage(
        "Required resource not specified.\nUse \"kubectl explain <resource>\" for a detailed description of that resource (e.g. kubectl explain pods).",
    )
}

/// The request for a unit.
fn request(ctx: &Ctx, pick: &Pick, unit: &Unit) -> Option<(Kind, Request)> {
    let (kind, mut request) = match unit {
        Unit::Name { kind, namespace, name } | Unit::File { kind, namespace, name, .. } => {
            (kind.clone(), kind.get(namespace, name))
        }
        Unit::List { kind, namespace } => (kind.clone(), pick.list(kind, namespace)),
        Unit::Broken(_) => return None,
    };
    request.subresource = ctx.flag("subresource");
    Some((kind, request))
}

/// The answers for all units, and the failures.
fn pages(ctx: &mut Ctx, pick: &Pick, units: &[Unit], accept: Accept) -> Run<(Vec<Page>, Vec<Fail>)> {
    let (mut pages, mut fails) = (Vec::new(), Vec::new());
    let silent = ctx.on("ignore-not-found");
    for unit in units {
        let Some((kind, mut request)) = request(ctx, pick, unit) else {
            if let Unit::Broken(fail) = unit {
                fails.push(fail.clone());
            }
            continue;
        };
        request.accept = accept;
        let whole = request.verb == Verb::List;
        match ctx.ask(request)? {
            Ok(body) => pages.push(Page { kind, body }),
            Err(status) if whole => fails.push(Fail::Server(pick.unable(&kind, status))),
            Err(status) if silent && status.reason == "NotFound" => {}
            Err(status) => fails.push(Fail::Server(status)),
        }
    }
    Ok((pages, fails))
}

/// The items of a page, each with its apiVersion and kind.
fn objects_of(page: &Page) -> Vec<Value> {
    if page.body["items"].as_list().is_none() || !page.body["kind"].s().ends_with("List") {
        return vec![page.body.clone()];
    }
    let mut items = page.body["items"].items().to_vec();
    for item in &mut items {
        if item["kind"].is_null() {
            item.set(&["apiVersion"], page.kind.api_version());
            item.set(&["kind"], &page.kind.kind);
        }
    }
    items
}

// === JSON, YAML, names, templates ===

fn generic(ctx: &mut Ctx, pick: &Pick, units: Vec<Unit>, format: Format) -> Run {
    let single = units.len() == 1 && !matches!(units[0], Unit::List { .. });
    let (pages, fails) = pages(ctx, pick, &units, Accept::Object)?;
    if single && !fails.is_empty() {
        return finish(fails);
    }
    let mut items: Vec<Value> = pages.iter().flat_map(objects_of).collect();
    if items.is_empty() && ctx.on("ignore-not-found") && !units.iter().any(|u| matches!(u, Unit::List { .. })) {
        return finish(fails);
    }
    if single && items.len() == 1 && !pages[0].body["kind"].s().ends_with("List") {
        ctx.print(&format, &items[0])?;
        return finish(fails);
    }
    let by = ctx.flag("sort-by");
    if !by.is_empty() {
        let order = sort::order(&items, &by, ctx.now)?;
        items = order.into_iter().map(|at| items[at].clone()).collect();
    }
    let all = obj! { "apiVersion" => "v1", "items" => items, "kind" => "List", "metadata" => obj! { "resourceVersion" => "" } };
    ctx.print(&format, &all)?;
    finish(fails)
}

// === tables ===

/// The printer for a kind's tables under the flags of the command.
fn table_printer(ctx: &Ctx, kind: &Kind, several: bool) -> TablePrinter {
    let lower = kind.kind.to_lowercase();
    let named = if kind.group.is_empty() { lower } else { format!("{lower}.{}", kind.group) };
    TablePrinter {
        no_headers: ctx.on("no-headers"),
        with_namespace: ctx.on("all-namespaces") && kind.namespaced,
        with_kind: if several || ctx.on("show-kind") { named.into() } else { Text::new() },
        show_labels: ctx.on("show-labels"),
        label_columns: ctx.flags("label-columns"),
        ..TablePrinter::default()
    }
}

fn human(ctx: &mut Ctx, pick: &Pick, units: Vec<Unit>, wide: bool) -> Run {
    let by = ctx.flag("sort-by");
    let accept = if by.is_empty() && ctx.on("server-print") { Accept::Table } else { Accept::Object };
    let (mut pages, fails) = pages(ctx, pick, &units, accept)?;
    if !by.is_empty() {
        sort_pages(ctx, pick, &units, &mut pages)?;
    }
    let several = pages.windows(2).any(|pair| pair[0].kind != pair[1].kind);
    let namespaced = !ctx.on("all-namespaces") && pages.iter().all(|page| page.kind.namespaced);
    let (mut written, mut last): (bool, Option<(Kind, TablePrinter, String)>) = (false, None);
    for page in &pages {
        let table = if page.body["kind"].s() == "Table" { page.body.clone() } else { plain_table(&objects_of(page), ctx.now) };
        if last.as_ref().is_none_or(|(kind, _, _)| *kind != page.kind) {
            flush(ctx, last.take(), &mut written);
            last = Some((page.kind.clone(), TablePrinter { wide, ..table_printer(ctx, &page.kind, several) }, String::new()));
        }
        if let Some((_, printer, lines)) = &mut last {
            lines.push_str(&printer.lines(&table, ""));
        }
    }
    flush(ctx, last, &mut written);
    if !written && !ctx.on("ignore-not-found") && fails.is_empty() {
        let words = if namespaced {
            format!("No resources found in {} namespace.", ctx.namespace())
        } else {
            "No resources found".to_string()
        };
        ctx.complain(&words);
    }
    finish(fails)
}

/// Prints the rows of one kind, after an empty line if there were others.
fn flush(ctx: &mut Ctx, group: Option<(Kind, TablePrinter, String)>, written: &mut bool) {
    let Some((_, mut printer, lines)) = group else { return };
    if lines.is_empty() {
        return;
    }
    if *written && !ctx.on("no-headers") {
        ctx.out("\n");
    }
    *written = true;
    let text = printer.align(&lines);
    ctx.out(&text);
}

/// Puts the rows of every page in the order of a field. Rows do not carry whole objects, so tables are asked for besides them.
fn sort_pages(ctx: &mut Ctx, pick: &Pick, units: &[Unit], sorted: &mut Vec<Page>) -> Run {
    let by = ctx.flag("sort-by");
    let objects: Vec<Value> = sorted.iter().flat_map(objects_of).collect();
    let order = match sort::order(&objects, &by, ctx.now) {
        Ok(order) => order,
        // A table without the field is an empty table.
        Err(Stop::Fail(Fail::Plain(_))) => Vec::new(),
        Err(other) => return Err(other),
    };
    let (tables, _) = pages(ctx, pick, units, Accept::Table)?;
    let key = |object: &Value| (object["metadata"]["namespace"].text(), object["metadata"]["name"].text());
    let mut rows: Vec<(Kind, Value, Value)> = Vec::new();
    for page in &tables {
        for row in page.body["rows"].items() {
            rows.push((page.kind.clone(), page.body["columnDefinitions"].clone(), row.clone()));
        }
    }
    sorted.clear();
    for at in order {
        let wanted = key(&objects[at]);
        let kind = objects[at]["kind"].text();
        let Some((kind, columns, row)) = rows.iter().find(|(k, _, row)| k.kind == kind && key(&row["object"]) == wanted) else {
            continue;
        };
        let body = obj! { "kind" => "Table", "columnDefinitions" => columns, "rows" => list![row] };
        sorted.push(Page { kind: kind.clone(), body });
    }
    Ok(())
}

// === watches ===

fn watch(ctx: &mut Ctx, pick: &Pick, units: Vec<Unit>, format: Format) -> Run {
    let [unit] = &units[..] else {
        return plain("you may only specify a single resource type");
    };
    let Some((kind, mut first)) = request(ctx, pick, unit) else { return Ok(()) };
    let human = matches!(format, Format::Default | Format::Wide);
    if human {
        first.accept = Accept::Table;
    }
    let list = first.verb == Verb::List;
    let body = match ctx.ask(first.clone())? {
        Ok(body) => body,
        Err(status) => return refused(ctx, status),
    };
    let events = ctx.on("output-watch-events");
    let shape = if human {
        let wide = matches!(format, Format::Wide);
        Shape::Rows(TablePrinter { wide, with_event: events, ..table_printer(ctx, &kind, false) })
    } else {
        Shape::Objects(format)
    };
    let mut printer = WatchPrinter::new(shape, events, deadline(ctx));
    if !ctx.on("watch-only") {
        let initial = if human { vec![body.clone()] } else { objects_of(&Page { kind: kind.clone(), body: body.clone() }) };
        for object in initial {
            let text = printer.text("ADDED", &object);
            ctx.out(&text);
        }
    }
    let mut stream = kind.request(Verb::Watch, &first.namespace, "");
    stream.accept = first.accept;
    stream.query = first.query.clone();
    let mut version = body["metadata"]["resourceVersion"].text();
    if !list {
        stream.query.field_selector = format!("metadata.name={}", first.name).into();
        if version.is_empty() {
            version = body["rows"][0]["object"]["metadata"]["resourceVersion"].text();
        }
    }
    stream.query.resource_version = version;
    stream.query.allow_bookmarks = false;
    printer.stream = ctx.open(Call::Watch(stream));
    Err(Stop::Follow(Box::new(Follow::Watch(printer))))
}

fn refused(ctx: &mut Ctx, status: Status) -> Run {
    if ctx.on("ignore-not-found") && status.reason == "NotFound" {
        return Ok(());
    }
    Err(Stop::Fail(Fail::Server(status)))
}

/// When `--request-timeout` ends a watch.
pub(crate) fn deadline(ctx: &Ctx) -> Time {
    let text = ctx.flag("request-timeout");
    let span = text.parse::<i64>().map(Duration::from_secs).or_else(|_| Duration::parse(&text)).unwrap_or_default();
    if span > Duration::ZERO { ctx.started() + span } else { Time::NEVER }
}
