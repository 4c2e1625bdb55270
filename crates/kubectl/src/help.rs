//! Help texts: the list of commands as kubectl prints it, and for each command its usage and flags (without the long prose).

use crate::command::{ROOT, child, children, leaf};
use crate::ctx::Ctx;
use crate::fail::Run;
use crate::flags::{Flag, flags_of, global};
use crate::table::Spec;

/// The groups of the main help: a name without a text starts a group.
const GROUPS: &[(&str, &str)] = &[
    ("Basic Commands (Beginner):", ""),
    ("create", "Create a resource from a file or from stdin"),
    ("expose", "Take a replication controller, service, deployment or pod and expose it as a new Kubernetes service"),
    ("run", "Run a particular image on the cluster"),
    ("set", "Set specific features on objects"),
    ("Basic Commands (Intermediate):", ""),
    ("explain", "Get documentation for a resource"),
    ("get", "Display one or many resources"),
    ("edit", "Edit a resource on the server"),
    ("delete", "Delete resources by file names, stdin, resources and names, or by resources and label selector"),
    ("Deploy Commands:", ""),
    ("rollout", "Manage the rollout of a resource"),
    ("scale", "Set a new size for a deployment, replica set, or replication controller"),
    ("autoscale", "Auto-scale a deployment, replica set, stateful set, or replication controller"),
    ("Cluster Management Commands:", ""),
    ("certificate", "Modify certificate resources"),
    ("cluster-info", "Display cluster information"),
    ("top", "Display resource (CPU/memory) usage"),
    ("cordon", "Mark node as unschedulable"),
    ("uncordon", "Mark node as schedulable"),
    ("drain", "Drain node in preparation for maintenance"),
    ("taint", "Update the taints on one or more nodes"),
    ("Troubleshooting and Debugging Commands:", ""),
    ("describe", "Show details of a specific resource or group of resources"),
    ("logs", "Print the logs for a container in a pod"),
    ("attach", "Attach to a running container"),
    ("exec", "Execute a command in a container"),
    ("port-forward", "Forward one or more local ports to a pod"),
    ("proxy", "Run a proxy to the Kubernetes API server"),
    ("cp", "Copy files and directories to and from containers"),
    ("auth", "Inspect authorization"),
    ("debug", "Create debugging sessions for troubleshooting workloads and nodes"),
    ("events", "List events"),
    ("Advanced Commands:", ""),
    ("diff", "Diff the live version against a would-be applied version"),
    ("apply", "Apply a configuration to a resource by file name or stdin"),
    ("patch", "Update fields of a resource"),
    ("replace", "Replace a resource by file name or stdin"),
    ("wait", "Wait for a specific condition on one or many resources"),
    ("kustomize", "Build a kustomization target from a directory or URL"),
    ("Settings Commands:", ""),
    ("label", "Update the labels on a resource"),
    ("annotate", "Update the annotations on a resource"),
    ("completion", "Output shell completion code for the specified shell (bash, zsh, fish, or powershell)"),
    ("Subcommands provided by plugins:", ""),
    ("Other Commands:", ""),
    ("api-resources", "Print the supported API resources on the server"),
    ("api-versions", "Print the supported API versions on the server, in the form of \"group/version\""),
    ("config", "Modify kubeconfig files"),
    ("kuberc", "Manage kuberc configuration files"),
    ("plugin", "Provides utilities for interacting with plugins"),
    ("version", "Print the client and server version information"),
];

const FIND_MORE: &str = " Find more information at: https://kubernetes.io/docs/reference/kubectl/";
const OPTIONS_HINT: &str = "Use \"kubectl options\" for a list of global command-line options (applies to all commands).\n";

/// The main help.
pub(crate) fn root() -> String {
    format!("{}\n\n{FIND_MORE}\n\n{}", ROOT.summary, groups())
}

fn groups() -> String {
    let mut text = String::new();
    for (name, short) in GROUPS {
        if name.ends_with(':') {
            text.push_str(&format!("{}{name}\n", if text.is_empty() { "" } else { "\n" }));
        } else {
            text.push_str(&format!("  {name:<16}{short}\n"));
        }
    }
    text + "\nUsage:\n  kubectl [flags] [options]\n\nUse \"kubectl <command> --help\" for more information about a given command.\n"
        + OPTIONS_HINT
}

/// `kubectl help [COMMAND]`.
pub(crate) fn topic(ctx: &mut Ctx) -> Run {
    let mut spec = &ROOT;
    for word in ctx.words() {
        let Some(next) = child(spec, word) else {
            let words: Vec<&str> = ctx.words().iter().map(|w| w.as_str()).collect();
            let text = format!("Unknown help topic [`{}`]\n\n\n{}", words.join(" "), groups());
            ctx.err(&text);
            return Err(crate::fail::Stop::Exit(1));
        };
        spec = next;
    }
    let text = of(spec);
    ctx.out(&text);
    Ok(())
}

/// The flags that every command takes.
pub(crate) fn options() -> String {
    let mut text = "The following options can be passed to any command:\n\n".to_string();
    global().for_each(|flag| text.push_str(&option(flag)));
    text
}

/// The help of one command.
pub(crate) fn of(spec: &'static Spec) -> String {
    if spec.path.is_empty() {
        return root();
    }
    let mut text = format!("{}\n\n", spec.summary);
    let names = spec.aliases.split(' ').filter(|alias| !alias.is_empty()).collect::<Vec<_>>();
    if !names.is_empty() {
        text.push_str(&format!("Aliases:\n{}, {}\n\n", leaf(spec), names.join(", ")));
    }
    let below: Vec<&Spec> = children(spec).collect();
    if !below.is_empty() {
        let width = below.iter().map(|s| leaf(s).len()).max().unwrap_or(0).max(11);
        text.push_str("Available Commands:\n");
        for child in &below {
            text.push_str(&format!("  {:<width$} {}\n", leaf(child), child.summary.trim_end_matches('.')));
        }
        text.push('\n');
    }
    if !spec.flags.is_empty() {
        text.push_str("Options:\n");
        let shared = global().count();
        let own = flags_of(spec).count() - shared;
        let mut flags: Vec<Flag> = flags_of(spec).take(own).collect();
        flags.sort_by_key(|f| f.name);
        flags.into_iter().for_each(|flag| text.push_str(&option(flag)));
        text.push('\n');
    }
    text.push_str(&format!("Usage:\n  kubectl {} {}\n\n", spec.path, spec.usage));
    if !below.is_empty() {
        text.push_str(&format!("Use \"kubectl {} <command> --help\" for more information about a given command.\n", spec.path));
    }
    text + OPTIONS_HINT
}

fn option(flag: Flag) -> String {
    let short = flag.short.filter(|s| flag.name != s.to_string()).map_or(String::new(), |s| format!("-{s}, "));
    let default = match flag.kind {
        'b' => "false".to_string(),
        'B' => "true".to_string(),
        'l' | 'a' => "[]".to_string(),
        's' | 'o' => format!("'{}'", flag.default),
        _ => flag.default.to_string(),
    };
    format!("    {short}--{}={default}\n", flag.name)
}

/// A group without a subcommand: its help, and words that are no subcommand as an error.
pub(crate) fn group(ctx: &mut Ctx, to_stderr: bool) -> Run {
    if !ctx.words().is_empty() {
        let words: Vec<&str> = ctx.words().iter().map(|w| w.as_str()).collect();
        return ctx.usage(format!("unknown command {:?}", words.join(" ")));
    }
    let text = of(ctx.spec);
    if to_stderr {
        ctx.err(&text);
        return Err(crate::fail::Stop::Exit(1));
    }
    ctx.out(&text);
    Ok(())
}
