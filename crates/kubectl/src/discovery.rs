//! `kubectl api-resources` and `kubectl api-versions`: the table of kinds, and custom ones.

use crate::ctx::Ctx;
use crate::fail::{Run, plain};
use crate::printer::Format;
use crate::tab::TabWriter;
use schema::Schema;
use value::{Value, obj};

/// A row of the table.
struct Row {
    name: String,
    short: String,
    group: String,
    version: String,
    namespaced: bool,
    kind: String,
    singular: String,
    verbs: Vec<String>,
    categories: Vec<String>,
}

impl Row {
    fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }
    fn full_name(&self) -> String {
        if self.group.is_empty() { self.name.clone() } else { format!("{}.{}", self.name, self.group) }
    }
}

fn rows(ctx: &mut Ctx) -> Run<Vec<Row>> {
    let own = |items: &[schema::Str]| -> Vec<String> { items.iter().map(|item| item.to_string()).collect() };
    let mut rows: Vec<Row> = Schema::builtin()
        .resources()
        .filter(|r| r.preferred)
        .map(|r| Row {
            name: r.plural.to_string(),
            short: r.short_names.join(","),
            group: r.group.to_string(),
            version: r.version.to_string(),
            namespaced: r.namespaced,
            kind: r.kind.to_string(),
            singular: r.singular.to_string(),
            verbs: r.verbs.iter().map(str::to_string).collect(),
            categories: own(&r.categories),
        })
        .collect();
    for (kind, names) in ctx.custom_kinds()? {
        let texts = |field: &str| -> Vec<String> { names[field].items().iter().map(|item| item.s().to_string()).collect() };
        rows.push(Row {
            name: kind.plural.to_string(),
            short: texts("shortNames").join(","),
            group: kind.group.to_string(),
            version: kind.version.to_string(),
            namespaced: kind.namespaced,
            kind: kind.kind.to_string(),
            singular: kind.singular.to_string(),
            verbs: ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"]
                .map(str::to_string)
                .to_vec(),
            categories: texts("categories"),
        });
    }
    Ok(rows)
}

pub(crate) fn resources(ctx: &mut Ctx) -> Run {
    no_words(ctx)?;
    let by = ctx.flag("sort-by");
    if !matches!(by.as_str(), "" | "name" | "kind") {
        return plain("--sort-by accepts only name or kind");
    }
    let output = ctx.flag("output");
    if !matches!(output.as_str(), "" | "wide" | "name" | "json" | "yaml" | "kyaml") {
        return plain(format!(
            "unable to match a printer suitable for the output format {:?}, allowed formats are: json,kyaml,name,wide,yaml",
            output.as_str()
        ));
    }
    let (groups, verbs, categories) = (ctx.flag("api-group"), ctx.flags("verbs"), ctx.flags("categories"));
    let mut rows = rows(ctx)?;
    rows.retain(|row| {
        (!ctx.changed("api-group") || row.group == groups.as_str())
            && (!ctx.changed("namespaced") || row.namespaced == ctx.on("namespaced"))
            && verbs.iter().all(|verb| row.verbs.iter().any(|v| v == verb.as_str()))
            && categories.iter().all(|category| row.categories.iter().any(|c| c == category.as_str()))
            && !row.verbs.is_empty()
    });
    match by.as_str() {
        "name" => rows.sort_by(|a, b| a.name.cmp(&b.name)),
        "kind" => rows.sort_by(|a, b| a.kind.cmp(&b.kind)),
        _ => {}
    }
    match output.as_str() {
        "name" => {
            for row in &rows {
                ctx.say(&row.full_name());
            }
            Ok(())
        }
        "" | "wide" => {
            let text = table(&rows, output == "wide", !ctx.on("no-headers"));
            ctx.out(&text);
            Ok(())
        }
        "json" => ctx.print_typed(&Format::Json, &as_list(&rows)),
        _ => ctx.print(&Format::Yaml, &as_list(&rows)),
    }
}

fn table(rows: &[Row], wide: bool, headers: bool) -> String {
    let mut text = String::new();
    if headers {
        text.push_str("NAME\tSHORTNAMES\tAPIVERSION\tNAMESPACED\tKIND");
        text.push_str(if wide { "\tVERBS\tCATEGORIES\n" } else { "\n" });
    }
    for row in rows {
        text.push_str(&format!("{}\t{}\t{}\t{}\t{}", row.name, row.short, row.api_version(), row.namespaced, row.kind));
        if wide {
            text.push_str(&format!("\t{}\t{}", row.verbs.join(","), row.categories.join(",")));
        }
        text.push('\n');
    }
    TabWriter::table().format(&text)
}

fn as_list(rows: &[Row]) -> Value {
    let texts = |items: &[String]| Value::List(items.iter().map(|item| Value::str(item)).collect());
    let resources: Vec<Value> = rows
        .iter()
        .map(|row| {
            let mut value = obj! {
                "name" => &row.name, "singularName" => &row.singular, "namespaced" => row.namespaced, "kind" => &row.kind,
                "version" => &row.version, "verbs" => texts(&row.verbs),
            };
            if !row.group.is_empty() {
                value.set(&["group"], &row.group);
            }
            if !row.short.is_empty() {
                value.set(&["shortNames"], Value::List(row.short.split(',').map(Value::str).collect()));
            }
            if !row.categories.is_empty() {
                value.set(&["categories"], texts(&row.categories));
            }
            value
        })
        .collect();
    obj! { "kind" => "APIResourceList", "apiVersion" => "v1", "groupVersion" => "", "resources" => resources }
}

pub(crate) fn versions(ctx: &mut Ctx) -> Run {
    no_words(ctx)?;
    let mut all: Vec<String> = Schema::builtin().resources().map(|r| r.api_version()).collect();
    all.extend(ctx.custom_kinds()?.iter().map(|(kind, _)| kind.api_version()));
    all.sort();
    all.dedup();
    for version in all {
        ctx.say(&version);
    }
    Ok(())
}

fn no_words(ctx: &Ctx) -> Run {
    if ctx.words().is_empty() {
        return Ok(());
    }
    let words: Vec<&str> = ctx.words().iter().map(|w| w.as_str()).collect();
    ctx.usage(format!("unexpected arguments: [{}]", words.join(" ")))
}
