//! `kubectl config`: the kubeconfig, which the host keeps as a value. Models k8s.io/client-go/tools/clientcmd and kubectl/pkg/cmd/config.

use crate::ctx::Ctx;
use crate::env::{context, named, server};
use crate::fail::{Fail, Run, Stop, plain};
use crate::help;
use crate::printer::Format;
use crate::tab::TabWriter;
use base::Text;
use value::{Value, obj};

/// Contexts, clusters and users that flags name must be there; only commands that talk to a server care.
pub(crate) fn check(ctx: &mut Ctx) -> Run {
    if ctx.spec.path.starts_with("config") || ctx.spec.path.is_empty() || matches!(ctx.spec.path, "help" | "options") {
        return Ok(());
    }
    let config = &ctx.config.value;
    let name = ctx.flag("context");
    if !name.is_empty() && named(config, "contexts", &name).is_none() {
        let words = format!("Error in configuration: context was not found for specified context: {name}");
        return Err(Stop::Fail(Fail::Raw(words)));
    }
    let cluster = ctx.flag("cluster");
    if !cluster.is_empty() && server(config, &cluster).is_empty() {
        return plain(format!("no server found for cluster {:?}", cluster.as_str()));
    }
    let user = ctx.flag("user");
    if !user.is_empty()
        && !matches!(ctx.spec.path, "create rolebinding" | "create clusterrolebinding" | "set subject")
        && named(config, "users", &user).is_none()
    {
        return plain(format!("auth info {:?} does not exist", user.as_str()));
    }
    Ok(())
}

pub(crate) fn run(ctx: &mut Ctx) -> Run {
    let config = ctx.config.value.clone();
    match ctx.spec.path {
        "config" => help::group(ctx, false),
        "config current-context" => match config["current-context"].s() {
            "" => plain("current-context is not set"),
            name => {
                ctx.say(name);
                Ok(())
            }
        },
        "config view" => view(ctx, config),
        "config get-contexts" => get_contexts(ctx, &config),
        "config use-context" => use_context(ctx, config),
        "config set-context" => set_context(ctx, config),
        "config rename-context" => rename_context(ctx, config),
        "config delete-context" => delete(ctx, config, "contexts", "context"),
        "config delete-cluster" => delete(ctx, config, "clusters", "cluster"),
        "config delete-user" => delete(ctx, config, "users", "user"),
        "config get-clusters" => names(ctx, &config, "clusters"),
        "config get-users" => names(ctx, &config, "users"),
        "config set" => set(ctx, config),
        "config unset" => unset(ctx, config),
        "config set-cluster" => set_cluster(ctx, config),
        "config set-credentials" => set_credentials(ctx, config),
        other => plain(format!("kubectl {other} is not supported here")),
    }
}

/// The help, and the complaint about the words.
fn wrong_words(ctx: &mut Ctx) -> Run {
    let text = help::of(ctx.spec);
    ctx.out(&text);
    let words: Vec<&str> = ctx.words().iter().map(|w| w.as_str()).collect();
    plain(format!("Unexpected args: [{}]", words.join(" ")))
}

fn view(ctx: &mut Ctx, mut config: Value) -> Run {
    let format = match ctx.format()? {
        Format::Default => Format::Yaml,
        other => other,
    };
    if ctx.on("minify") {
        minify(&mut config);
    }
    if !ctx.on("raw") {
        for cluster in config.at_mut(&["clusters"]).as_list_mut() {
            hide(cluster, "cluster", &["certificate-authority-data"], "DATA+OMITTED");
        }
        for user in config.at_mut(&["users"]).as_list_mut() {
            hide(user, "user", &["client-certificate-data", "client-key-data"], "DATA+OMITTED");
            hide(user, "user", &["token", "password"], "REDACTED");
        }
    }
    config.remove(&["preferences"]);
    ctx.print(&format, &config)
}

fn hide(row: &mut Value, inner: &str, fields: &[&str], word: &str) {
    for field in fields {
        if !row[inner][*field].is_null() {
            row.set(&[inner, field], word);
        }
    }
}

/// Only what the current context needs.
fn minify(config: &mut Value) {
    let current = config["current-context"].text();
    let own = context(config, &current).clone();
    let keep = [("contexts", current), ("clusters", own["cluster"].text()), ("users", own["user"].text())];
    for (list, name) in keep {
        config.at_mut(&[list]).as_list_mut().retain(|row| row["name"].s() == name);
    }
}

fn get_contexts(ctx: &mut Ctx, config: &Value) -> Run {
    let output = ctx.flag("output");
    if !matches!(output.as_str(), "" | "name") {
        return plain(format!("output must be one of '' or 'name': {output}"));
    }
    let mut all: Vec<&Value> = config["contexts"].items().iter().collect();
    all.sort_by(|a, b| a["name"].s().cmp(b["name"].s()));
    let wanted = ctx.words();
    let missing: Vec<&Text> = wanted.iter().filter(|name| !all.iter().any(|row| row["name"].s() == name.as_str())).collect();
    if !wanted.is_empty() {
        all.retain(|row| wanted.iter().any(|name| row["name"].s() == name.as_str()));
    }
    if output == "name" {
        for row in &all {
            ctx.say(row["name"].s());
        }
    } else {
        let mut text = String::new();
        if !ctx.on("no-headers") {
            text.push_str("CURRENT\tNAME\tCLUSTER\tAUTHINFO\tNAMESPACE\n");
        }
        for row in &all {
            let mark = if row["name"] == config["current-context"] { "*" } else { "" };
            let inner = &row["context"];
            let (cluster, user, namespace) = (inner["cluster"].s(), inner["user"].s(), inner["namespace"].s());
            text.push_str(&format!("{mark}\t{}\t{cluster}\t{user}\t{namespace}\n", row["name"].s()));
        }
        let text = TabWriter::table().format(&text);
        ctx.out(&text);
    }
    match missing.first() {
        Some(name) => plain(format!("context {name} not found")),
        None => Ok(()),
    }
}

fn use_context(ctx: &mut Ctx, mut config: Value) -> Run {
    let [name] = ctx.words() else { return wrong_words(ctx) };
    if named(&config, "contexts", name).is_none() {
        return plain(format!("no context exists with the name: {:?}", name.as_str()));
    }
    config.set(&["current-context"], name);
    ctx.save_config(config)?;
    ctx.say(&format!("Switched to context {:?}.", name.as_str()));
    Ok(())
}

/// The row of a name in a list for writing; made where it is missing. The second answer: it was there.
fn row<'a>(config: &'a mut Value, list: &str, inner: &str, name: &str) -> (&'a mut Value, bool) {
    let rows = config.at_mut(&[list]).as_list_mut();
    let at = rows.iter().position(|row| row["name"].s() == name);
    let known = at.is_some();
    let at = at.unwrap_or_else(|| {
        let mut row = obj! { "name" => name };
        row.set(&[inner], Value::map());
        rows.push(row);
        rows.sort_by(|a, b| a["name"].s().cmp(b["name"].s()));
        rows.iter().position(|row| row["name"].s() == name).unwrap_or(0)
    });
    (rows[at].at_mut(&[inner]), known)
}

fn set_context(ctx: &mut Ctx, mut config: Value) -> Run {
    let name = match ctx.words() {
        [] if ctx.on("current") => config["current-context"].text(),
        [name] if !ctx.on("current") => name.clone(),
        [_] => return plain("you cannot specify both a context name and --current"),
        _ => return wrong_words(ctx),
    };
    if name.is_empty() {
        return plain("no current context is set");
    }
    let (inner, known) = row(&mut config, "contexts", "context", &name);
    for flag in ["cluster", "user", "namespace"] {
        if ctx.changed(flag) {
            inner.set(&[flag], ctx.flag(flag));
        }
    }
    ctx.save_config(config)?;
    ctx.say(&format!("Context {:?} {}.", name.as_str(), if known { "modified" } else { "created" }));
    Ok(())
}

fn set_cluster(ctx: &mut Ctx, mut config: Value) -> Run {
    let [name] = ctx.words() else { return wrong_words(ctx) };
    let (inner, _) = row(&mut config, "clusters", "cluster", name);
    for flag in ["server", "tls-server-name", "certificate-authority", "proxy-url"] {
        if ctx.changed(flag) {
            inner.set(&[flag], ctx.flag(flag));
        }
    }
    if ctx.changed("insecure-skip-tls-verify") {
        inner.set(&["insecure-skip-tls-verify"], ctx.on("insecure-skip-tls-verify"));
    }
    ctx.save_config(config)?;
    ctx.say(&format!("Cluster {:?} set.", name.as_str()));
    Ok(())
}

fn set_credentials(ctx: &mut Ctx, mut config: Value) -> Run {
    let [name] = ctx.words() else { return wrong_words(ctx) };
    let (inner, _) = row(&mut config, "users", "user", name);
    for flag in ["token", "username", "password", "client-certificate", "client-key"] {
        if ctx.changed(flag) {
            inner.set(&[flag], ctx.flag(flag));
        }
    }
    ctx.save_config(config)?;
    ctx.say(&format!("User {:?} set.", name.as_str()));
    Ok(())
}

fn rename_context(ctx: &mut Ctx, mut config: Value) -> Run {
    let [old, new] = ctx.words() else { return wrong_words(ctx) };
    if named(&config, "contexts", old).is_none() {
        return plain(format!("cannot rename the context {:?}, it's not in $HOME/.kube/config", old.as_str()));
    }
    if named(&config, "contexts", new).is_some() {
        let words = format!(
            "cannot rename the context {:?}, the context {:?} already exists in $HOME/.kube/config",
            old.as_str(),
            new.as_str()
        );
        return plain(words);
    }
    for row in config.at_mut(&["contexts"]).as_list_mut() {
        if row["name"].s() == old.as_str() {
            row.set(&["name"], new);
        }
    }
    if config["current-context"].s() == old.as_str() {
        config.set(&["current-context"], new);
    }
    ctx.save_config(config)?;
    ctx.say(&format!("Context {:?} renamed to {:?}.", old.as_str(), new.as_str()));
    Ok(())
}

fn delete(ctx: &mut Ctx, mut config: Value, list: &str, noun: &str) -> Run {
    let [name] = ctx.words() else {
        let text = help::of(ctx.spec);
        ctx.out(&text);
        return Ok(());
    };
    if named(&config, list, name).is_none() {
        return plain(format!("cannot delete {noun} {name}, not in $HOME/.kube/config"));
    }
    if list == "contexts" && config["current-context"].s() == name.as_str() {
        ctx.complain("warning: this removed your active context, use \"kubectl config use-context\" to select a different one");
    }
    config.at_mut(&[list]).as_list_mut().retain(|row| row["name"].s() != name.as_str());
    ctx.save_config(config)?;
    ctx.say(&format!("deleted {noun} {name} from $HOME/.kube/config"));
    Ok(())
}

fn names(ctx: &mut Ctx, config: &Value, list: &str) -> Run {
    let mut names: Vec<&str> = config[list].items().iter().map(|row| row["name"].s()).collect();
    names.sort_unstable();
    ctx.say("NAME");
    if names.is_empty() && list == "users" {
        return Ok(());
    }
    for name in names {
        ctx.say(name);
    }
    Ok(())
}

/// `contexts.dev.namespace`: the list, the name, and the path inside.
fn property(path: &str) -> Option<(&str, &'static str, &str, &str)> {
    let (list, rest) = path.split_once('.')?;
    let inner = match list {
        "contexts" => "context",
        "clusters" => "cluster",
        "users" => "user",
        _ => return None,
    };
    let (name, field) = rest.split_once('.').unwrap_or((rest, ""));
    Some((list, inner, name, field))
}

fn set(ctx: &mut Ctx, mut config: Value) -> Run {
    let [path, text] = ctx.words() else { return wrong_words(ctx) };
    if path == "current-context" {
        config.set(&["current-context"], text);
    } else {
        let Some((list, inner, name, field)) = property(path) else {
            return plain(format!("unable to parse {path} after [] at api.Config"));
        };
        let (row, _) = row(&mut config, list, inner, name);
        let to = match (field, text.as_str()) {
            ("insecure-skip-tls-verify", "true" | "false") => Value::Bool(text == "true"),
            (field, text) if field.ends_with("-data") && ctx.on("set-raw-bytes") => {
                Value::str(&base::base64_encode(text.as_bytes()))
            }
            (_, text) => Value::str(text),
        };
        row.set(&[field], to);
    }
    ctx.save_config(config)?;
    ctx.say(&format!("Property {:?} set.", path.as_str()));
    Ok(())
}

fn unset(ctx: &mut Ctx, mut config: Value) -> Run {
    let [path] = ctx.words() else { return wrong_words(ctx) };
    if path == "current-context" {
        config.set(&["current-context"], "");
    } else {
        let Some((list, inner, name, field)) = property(path) else {
            return plain(format!("unable to parse {path} after [] at api.Config"));
        };
        if field.is_empty() {
            config.at_mut(&[list]).as_list_mut().retain(|row| row["name"].s() != name);
        } else {
            for row in config.at_mut(&[list]).as_list_mut() {
                if row["name"].s() == name {
                    row.remove(&[inner, field]);
                }
            }
        }
    }
    ctx.save_config(config)?;
    ctx.say(&format!("Property {:?} unset.", path.as_str()));
    Ok(())
}
