//! From a command line to the function that runs it. Models github.com/spf13/cobra's search, and its suggestions.

use crate::ctx::Ctx;
use crate::fail::{Fail, Run, Stop};
use crate::flags::{self, Args, Flag};
use crate::help;
use crate::refused;
use crate::table::{SPECS, Spec};
use crate::{
    apply, auth, cluster, config, create, delete, describe, diff, discovery, edit, events, exec, explain, expose, get, label,
    logs, node, patch, replace, rollout, run, scale, set, wait,
};
use base::Text;

/// A command line that was read, or why it could not be.
#[derive(Clone)]
pub(crate) struct Plan {
    pub spec: &'static Spec,
    pub args: Args,
    early: Option<Fail>,
}

/// `kubectl` itself.
pub(crate) static ROOT: Spec = Spec {
    path: "",
    aliases: "",
    usage: "[flags] [options]",
    summary: "kubectl controls the Kubernetes cluster manager.",
    flags: "",
};

/// `kubectl options` and `kubectl help`, which the table of commands does not list.
static OPTIONS: Spec = Spec {
    path: "options",
    aliases: "",
    usage: "[options]",
    summary: "Print the list of flags inherited by all commands.",
    flags: "",
};
static HELP: Spec = Spec { path: "help", aliases: "", usage: "[command]", summary: "Help about any command.", flags: "" };

/// The command of a path of words (`rollout`, then `status`), by name or alias.
pub(crate) fn child(parent: &Spec, word: &str) -> Option<&'static Spec> {
    if parent.path.is_empty() {
        match word {
            "options" => return Some(&OPTIONS),
            "help" => return Some(&HELP),
            _ => {}
        }
    }
    children(parent).find(|spec| leaf(spec) == word || spec.aliases.split(' ').any(|alias| alias == word))
}

/// The commands right below one.
pub(crate) fn children(parent: &Spec) -> impl Iterator<Item = &'static Spec> {
    let path = parent.path;
    SPECS.iter().filter(move |spec| {
        spec.path.strip_prefix(path).is_some_and(|rest| match path {
            "" => !rest.contains(' '),
            _ => rest.starts_with(' ') && !rest[1..].contains(' '),
        })
    })
}

/// The last word of a command's path.
pub(crate) fn leaf(spec: &Spec) -> &'static str {
    spec.path.rsplit(' ').next().unwrap_or("")
}

/// Reads a command line.
pub(crate) fn plan(argv: &[Text]) -> Plan {
    let (mut spec, mut rest): (&'static Spec, Vec<Text>) = (&ROOT, argv.to_vec());
    while let Some(at) = first_word(spec, &rest) {
        let Some(found) = child(spec, &rest[at]) else { break };
        rest.remove(at);
        spec = found;
    }
    if spec.path.is_empty()
        && let Some(at) = first_word(spec, &rest)
    {
        return Plan { spec, args: Args::default(), early: Some(unknown(&rest[at])) };
    }
    match flags::parse(spec, &rest) {
        Ok(args) => Plan { spec, args, early: None },
        Err(why) => {
            let path = if spec.path.is_empty() { "kubectl".to_string() } else { format!("kubectl {}", spec.path) };
            let words = format!("{why}\nSee '{path} --help' for usage.");
            Plan { spec, args: Args::default(), early: Some(Fail::Plain(words)) }
        }
    }
}

/// Where the first word stands that is neither a flag nor a flag's value.
fn first_word(spec: &'static Spec, argv: &[Text]) -> Option<usize> {
    let known: Vec<Flag> = flags::flags_of(spec).collect();
    let mut at = 0;
    while at < argv.len() {
        let arg = argv[at].as_str();
        if arg == "--" {
            return None;
        }
        if let Some(long) = arg.strip_prefix("--") {
            let bare = long == "help" || known.iter().any(|f| f.name == long && f.bare().is_some());
            at += if long.contains('=') || bare { 1 } else { 2 };
        } else if arg.len() > 1 && arg.starts_with('-') {
            let alone =
                arg.len() == 2 && arg != "-h" && !known.iter().any(|f| f.short == arg.chars().nth(1) && f.bare().is_some());
            at += if alone { 2 } else { 1 };
        } else if arg.is_empty() {
            at += 1;
        } else {
            return Some(at);
        }
    }
    None
}

fn unknown(word: &str) -> Fail {
    let mut text = format!("unknown command {word:?} for \"kubectl\"");
    let close = |name: &str| distance(&word.to_lowercase(), name) <= 2 || name.starts_with(&word.to_lowercase());
    let names: Vec<&str> = children(&ROOT).map(leaf).filter(|name| close(name)).collect();
    if !names.is_empty() {
        text.push_str("\n\nDid you mean this?\n");
        names.iter().for_each(|name| text.push_str(&format!("\t{name}\n")));
    }
    Fail::Plain(text)
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let change = corner + usize::from(ca != *cb);
            corner = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}

/// Runs a command's function.
pub(crate) fn run(ctx: &mut Ctx, plan: &Plan) -> Run {
    if let Some(fail) = &plan.early {
        return Err(Stop::Fail(fail.clone()));
    }
    if plan.args.changed("help") {
        let text = help::of(plan.spec);
        ctx.out(&text);
        return Ok(());
    }
    ctx.load_config()?;
    config::check(ctx)?;
    refused::check(ctx)?;
    ctx.check_validate()?;
    match plan.spec.path.split(' ').next().unwrap_or("") {
        "create" => create::run(ctx),
        "rollout" => rollout::run(ctx),
        "set" => set::run(ctx),
        "config" => config::run(ctx),
        "auth" => auth::run(ctx),
        "apply" => apply::run(ctx),
        _ => single(ctx, plan.spec.path),
    }
}

fn single(ctx: &mut Ctx, path: &str) -> Run {
    match path {
        "" => {
            let text = help::root();
            ctx.out(&text);
            Ok(())
        }
        "help" => help::topic(ctx),
        "options" => {
            let text = help::options();
            ctx.out(&text);
            Ok(())
        }
        "get" => get::run(ctx),
        "run" => run::run(ctx),
        "delete" => delete::run(ctx),
        "describe" => describe::run(ctx),
        "scale" => scale::run(ctx),
        "autoscale" => scale::autoscale(ctx),
        "expose" => expose::run(ctx),
        "logs" => logs::run(ctx),
        "exec" => exec::run(ctx),
        "attach" => exec::attach(ctx),
        "port-forward" => exec::port_forward(ctx),
        "cp" => exec::cp(ctx),
        "debug" => exec::debug(ctx),
        "label" => label::labels(ctx),
        "annotate" => label::annotations(ctx),
        "patch" => patch::run(ctx),
        "replace" => replace::run(ctx),
        "edit" => edit::run(ctx),
        "diff" => diff::run(ctx),
        "cordon" => node::cordon(ctx, true),
        "uncordon" => node::cordon(ctx, false),
        "drain" => node::drain(ctx),
        "taint" => node::taint(ctx),
        "wait" => wait::run(ctx),
        "events" => events::run(ctx),
        "explain" => explain::run(ctx),
        "api-resources" => discovery::resources(ctx),
        "api-versions" => discovery::versions(ctx),
        "version" => cluster::version(ctx),
        "cluster-info" | "cluster-info dump" => cluster::info_command(ctx),
        "top" | "top node" | "top pod" => cluster::top(ctx),
        other => crate::fail::plain(format!("kubectl {other} is not supported here")),
    }
}
