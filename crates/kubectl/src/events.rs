//! `kubectl events`. Models k8s.io/kubectl/pkg/cmd/events.

use crate::ctx::Ctx;
use crate::describe::{event_age, last_seen};
use crate::fail::{Run, plain};
use crate::kinds::Kind;
use crate::printer::Format;
use crate::tab::TabWriter;
use value::{Value, obj};

pub(crate) fn run(ctx: &mut Ctx) -> Run {
    if !ctx.words().is_empty() {
        let words: Vec<&str> = ctx.words().iter().map(|w| w.as_str()).collect();
        return ctx.usage(format!("unexpected arguments: [{}]", words.join(" ")));
    }
    if ctx.on("watch") {
        return plain("events --watch is not supported here; use kubectl get events -w");
    }
    let format = ctx.format()?;
    let types = ctx.flags("types");
    if let Some(bad) = types.iter().find(|t| !t.eq_ignore_ascii_case("normal") && !t.eq_ignore_ascii_case("warning")) {
        let _ = bad;
        return plain("valid --types are Normal or Warning");
    }
    let Some(kind) = Kind::builtin("", "events") else { return plain("events are not known here") };
    let namespace = if ctx.on("all-namespaces") { base::text!("") } else { ctx.namespace() };
    let mut list = kind.list(&namespace);
    let about = ctx.flag("for");
    if !about.is_empty() {
        let Some((word, name)) = about.split_once('/') else { return plain("--for must be in resource/name form") };
        let target = ctx.kind(word)?;
        list.query.field_selector = format!(
            "involvedObject.kind={},involvedObject.apiVersion={},involvedObject.name={name}",
            target.kind,
            target.api_version()
        )
        .into();
    }
    let found = ctx.request(list)?;
    let fits = |event: &&Value| types.is_empty() || types.iter().any(|t| event["type"].s().eq_ignore_ascii_case(t));
    let mut events: Vec<Value> = found["items"].items().iter().filter(fits).cloned().collect();
    for event in &mut events {
        event.set(&["apiVersion"], "v1");
        event.set(&["kind"], "Event");
    }
    if !matches!(format, Format::Default | Format::Wide) {
        let list = obj! { "apiVersion" => "v1", "items" => events, "kind" => "EventList", "metadata" => obj! {} };
        return if matches!(format, Format::Name) && list["items"].items().is_empty() {
            Ok(())
        } else {
            ctx.print(&format, &list)
        };
    }
    if events.is_empty() {
        let words = if namespace.is_empty() {
            "No events found.".to_string()
        } else {
            format!("No events found in {namespace} namespace.")
        };
        ctx.complain(&words);
        return Ok(());
    }
    events.sort_by_key(|event| last_seen(event).unwrap_or_default());
    let text = table(ctx, &events, namespace.is_empty());
    ctx.out(&text);
    Ok(())
}

fn table(ctx: &Ctx, events: &[Value], with_namespace: bool) -> String {
    let mut text = String::new();
    let lead = |namespace: &str| if with_namespace { format!("{namespace}\t") } else { String::new() };
    if !ctx.on("no-headers") {
        text.push_str(&format!("{}LAST SEEN\tTYPE\tREASON\tOBJECT\tMESSAGE\n", lead("NAMESPACE")));
    }
    for event in events {
        let object = &event["involvedObject"];
        let message = event["message"].s().trim();
        text.push_str(&format!(
            "{}{}\t{}\t{}\t{}/{}\t{}\n",
            lead(event["metadata"]["namespace"].s()),
            event_age(event, ctx.now),
            event["type"].s(),
            event["reason"].s(),
            object["kind"].s(),
            object["name"].s(),
            message.lines().next().unwrap_or("")
        ));
    }
    TabWriter::table().format(&text)
}
