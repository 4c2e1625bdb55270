//! Tab completion in the terminal: commands, kinds, names that exist, namespaces, flags.

use model::{Object, resource};
use schema::Schema;
use store::Snapshot;

/// What could stand in place of the last word.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Completion {
    /// Where the word begins, in bytes.
    pub start: usize,
    pub words: Vec<String>,
}

const PROGRAMS: &[&str] = &[
    "cat", "cd", "clear", "curl", "date", "dig", "echo", "env", "exit", "for", "grep", "head", "hostname", "k", "kubectl", "ls",
    "mkdir", "nslookup", "ping", "pwd", "rm", "sleep", "tail", "watch", "wget", "while",
];

/// Verbs of kubectl, and what their first argument is.
const VERBS: &[(&str, Argument)] = &[
    ("annotate", Argument::Kind),
    ("api-resources", Argument::Nothing),
    ("api-versions", Argument::Nothing),
    ("apply", Argument::Nothing),
    ("cluster-info", Argument::Nothing),
    ("config", Argument::Words(&["current-context", "get-contexts", "set-context", "use-context", "view"])),
    ("cordon", Argument::Name("nodes")),
    (
        "create",
        Argument::Words(&["configmap", "cronjob", "deployment", "job", "namespace", "secret", "service", "serviceaccount"]),
    ),
    ("delete", Argument::Kind),
    ("describe", Argument::Kind),
    ("diff", Argument::Nothing),
    ("drain", Argument::Name("nodes")),
    ("edit", Argument::Kind),
    ("events", Argument::Nothing),
    ("exec", Argument::Name("pods")),
    ("explain", Argument::Kind),
    ("expose", Argument::Kind),
    ("get", Argument::Kind),
    ("label", Argument::Kind),
    ("logs", Argument::Name("pods")),
    ("patch", Argument::Kind),
    ("replace", Argument::Nothing),
    ("rollout", Argument::Words(&["history", "pause", "restart", "resume", "status", "undo"])),
    ("run", Argument::Nothing),
    ("scale", Argument::Kind),
    ("set", Argument::Words(&["env", "image", "resources", "selector", "serviceaccount"])),
    ("taint", Argument::Name("nodes")),
    ("uncordon", Argument::Name("nodes")),
    ("version", Argument::Nothing),
    ("wait", Argument::Kind),
];

const FLAGS: &[&str] = &[
    "--all",
    "--all-namespaces",
    "--dry-run=client",
    "--field-selector=",
    "--follow",
    "--force",
    "--grace-period=",
    "--help",
    "--image=",
    "--namespace",
    "--no-headers",
    "--output",
    "--port=",
    "--previous",
    "--replicas=",
    "--selector",
    "--show-labels",
    "--sort-by=",
    "--tail=",
    "--target-port=",
    "--timeout=",
    "--to-revision=",
    "--type=",
    "--watch",
];
const OUTPUTS: &[&str] = &["custom-columns=", "json", "jsonpath=", "name", "wide", "yaml"];

#[derive(Clone, Copy)]
enum Argument {
    Nothing,
    /// A kind, or `kind/name`, then names.
    Kind,
    /// Names of one resource.
    Name(&'static str),
    /// Further verbs; then kinds, where names make sense.
    Words(&'static [&'static str]),
}

/// Completes the last word of a line that ends at the caret.
pub fn complete(snapshot: &Snapshot, line: &str) -> Completion {
    let command = line.rfind(['|', ';', '&', '(']).map_or(0, |at| at + 1);
    let start = line.rfind([' ', '|', ';', '&', '(']).map_or(0, |at| at + 1);
    let word = &line[start..];
    let before: Vec<&str> = line[command..start.max(command)].split_whitespace().collect();
    let mut words = candidates(snapshot, &before, word);
    words.retain(|candidate| candidate.starts_with(word));
    words.sort();
    words.dedup();
    Completion { start, words }
}

/// The longest text with which all of them begin.
pub fn common(words: &[String]) -> String {
    let Some((first, rest)) = words.split_first() else { return String::new() };
    let mut end = first.len();
    for word in rest {
        let same = first.bytes().zip(word.bytes()).take_while(|(a, b)| a == b).count();
        end = end.min(same);
    }
    while !first.is_char_boundary(end) {
        end -= 1;
    }
    first[..end].to_owned()
}

fn candidates(snapshot: &Snapshot, before: &[&str], word: &str) -> Vec<String> {
    match before {
        [] => owned(PROGRAMS),
        ["kubectl" | "k", rest @ ..] => kubectl(snapshot, rest, word),
        ["curl" | "wget" | "ping" | "nslookup" | "dig", ..] => hosts(snapshot, word),
        _ => Vec::new(),
    }
}

fn kubectl(snapshot: &Snapshot, before: &[&str], word: &str) -> Vec<String> {
    match before.last() {
        Some(&"-n" | &"--namespace") => return names(snapshot, "namespaces", ""),
        Some(&"-o" | &"--output") => return owned(OUTPUTS),
        _ => {}
    }
    if word.starts_with('-') {
        return owned(FLAGS);
    }
    let namespace = namespace_of(before);
    let mut plain = plain_words(before);
    let Some(verb) = plain.next() else { return VERBS.iter().map(|(verb, _)| (*verb).to_owned()).collect() };
    let argument = VERBS.iter().find(|(name, _)| *name == verb).map_or(Argument::Nothing, |(_, argument)| *argument);
    match (argument, plain.next()) {
        (Argument::Nothing, _) => Vec::new(),
        (Argument::Name(resource), None) => names(snapshot, resource, namespace),
        (Argument::Name(_), Some(_)) => Vec::new(),
        (Argument::Words(words), None) => owned(words),
        (
            Argument::Words(_),
            Some("env" | "image" | "resources" | "history" | "pause" | "restart" | "resume" | "status" | "undo"),
        ) => after_kind(snapshot, plain.next(), word, namespace),
        (Argument::Words(_), Some(_)) => Vec::new(),
        (Argument::Kind, kind) => after_kind(snapshot, kind, word, namespace),
    }
}

/// A kind, `kind/name`, or a name when the kind is already there.
fn after_kind(snapshot: &Snapshot, kind: Option<&str>, word: &str, namespace: &str) -> Vec<String> {
    match (kind.filter(|kind| !kind.contains('/')), word.split_once('/')) {
        (Some(kind), _) => names(snapshot, kind, namespace),
        (None, Some((kind, _))) => names(snapshot, kind, namespace).into_iter().map(|name| [kind, "/", &name].concat()).collect(),
        (None, None) => Schema::builtin().resources().map(|info| info.plural.to_string()).collect(),
    }
}

fn plain_words<'a>(words: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    let mut skip = false;
    words.iter().copied().filter(move |word| {
        let taken = std::mem::replace(&mut skip, matches!(*word, "-n" | "--namespace" | "-o" | "--output" | "-l" | "-c" | "-f"));
        !taken && !word.starts_with('-')
    })
}

fn namespace_of<'a>(words: &[&'a str]) -> &'a str {
    let at = words.iter().position(|word| matches!(*word, "-n" | "--namespace"));
    at.and_then(|at| words.get(at + 1)).copied().unwrap_or("default")
}

fn names(snapshot: &Snapshot, kind: &str, namespace: &str) -> Vec<String> {
    let found = Schema::builtin().resources().find(|info| {
        info.plural == kind
            || info.singular == kind
            || info.kind.eq_ignore_ascii_case(kind)
            || info.short_names.iter().any(|s| s == kind)
    });
    let Some(info) = found else { return Vec::new() };
    let namespace = if info.namespaced { namespace } else { "" };
    let resource = resource::join(&info.group, &info.plural);
    snapshot.list(&resource, namespace).map(|object| object.meta.name.to_string()).collect()
}

fn hosts(snapshot: &Snapshot, word: &str) -> Vec<String> {
    let scheme = if word.starts_with("http://") { "http://" } else { "" };
    let services = snapshot.list(&resource::SERVICES, "default").filter(|service| service.meta.name != "kubernetes");
    services.flat_map(|service| addresses(service)).map(|host| [scheme, &host].concat()).collect()
}

fn addresses(service: &Object) -> Vec<String> {
    let view = service.service();
    let port = view.ports().first().and_then(|port| port["port"].as_i64()).map(|port| format!(":{port}")).unwrap_or_default();
    let mut hosts = vec![[&service.meta.name, port.as_str()].concat()];
    hosts.extend(Some(view.cluster_ip()).filter(|ip| !ip.is_empty() && *ip != "None").map(|ip| [ip, &port].concat()));
    hosts.extend(view.ingress_ips().map(|ip| [ip, &port].concat()));
    hosts
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::{Cause, Change, Expect, Origin, Write};
    use base::Time;
    use model::Key;
    use value::obj;

    fn snapshot() -> Snapshot {
        let mut store = store::Store::default();
        for (resource, namespace, name) in
            [(&resource::PODS, "default", "web-a"), (&resource::PODS, "default", "web-b"), (&resource::NODES, "", "node-1")]
        {
            let metadata = obj! { "name" => name, "namespace" => namespace };
            let change = Change::Put(obj! { "metadata" => metadata });
            let write = Write { key: Key::new(resource, namespace, name), expect: Expect::Absent, change };
            store.commit(write, Cause::new("test", Origin::Start), Time::EPOCH).expect("a new object");
        }
        store.snapshot()
    }

    fn check(line: &str, wanted: &[&str]) {
        assert_eq!(complete(&snapshot(), line).words, wanted, "{line}");
    }

    #[test]
    fn words_are_completed() {
        check("kub", &["kubectl"]);
        check("kubectl desc", &["describe"]);
        check("k get deploym", &["deployments"]);
        check("k get po ", &["web-a", "web-b"]);
        check("k describe pod/web-", &["pod/web-a", "pod/web-b"]);
        check("kubectl -n default logs web-", &["web-a", "web-b"]);
        check("kubectl drain ", &["node-1"]);
        check("echo x | kubectl get nodes n", &["node-1"]);
        check("kubectl get pods -o y", &["yaml"]);
        check("kubectl get pods --show", &["--show-labels"]);
        check("kubectl rollout und", &["undo"]);
        check("unknown x", &[]);
    }

    #[test]
    fn the_common_part_is_typed() {
        assert_eq!(common(&["web-a".to_owned(), "web-b".to_owned()]), "web-");
        assert_eq!(common(&[]), "");
    }
}
