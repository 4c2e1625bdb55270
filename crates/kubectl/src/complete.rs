//! What a terminal offers on Tab: commands, flags, kinds of resources, and names, which the host looks up.

use crate::command::{ROOT, child, children, leaf};
use crate::env::Env;
use crate::flags::flags_of;
use crate::kinds::Kind;
use crate::table::Spec;
use api::Request;
use base::Text;
use schema::Schema;

/// Commands whose first word is a kind of resource and whose next words are names.
const TYPED: [&str; 16] = [
    "get",
    "describe",
    "delete",
    "edit",
    "label",
    "annotate",
    "scale",
    "autoscale",
    "expose",
    "patch",
    "wait",
    "explain",
    "rollout status",
    "rollout history",
    "rollout undo",
    "set image",
];
/// Commands whose first word is a pod (or `TYPE/NAME`).
const PODS: [&str; 4] = ["logs", "exec", "attach", "port-forward"];
/// Commands whose words are nodes.
const NODES: [&str; 3] = ["cordon", "uncordon", "drain"];

/// The candidates for the last word of a command line (without the word `kubectl`; an empty last word begins a new one).
/// `lookup` answers a list request with the names in it.
pub fn complete(words: &[Text], env: &Env, lookup: &mut dyn FnMut(Request) -> Vec<Text>) -> Vec<Text> {
    let Some((last, before)) = words.split_last() else { return Vec::new() };
    let mut spec: &'static Spec = &ROOT;
    let mut plain: Vec<&Text> = Vec::new();
    let mut namespace = env.namespace();
    let mut at = 0;
    while at < before.len() {
        let word = &before[at];
        if word.starts_with('-') {
            at += takes_value(spec, word, before.get(at + 1), &mut namespace);
            continue;
        }
        match child(spec, word).filter(|_| plain.is_empty()) {
            Some(found) => spec = found,
            None => plain.push(word),
        }
        at += 1;
    }
    let mut found = candidates(spec, &plain, (last, before.last()), (&namespace, lookup));
    found.retain(|word| word.starts_with(last.as_str()));
    found.sort();
    found.dedup();
    found
}

/// How many words a flag takes; the namespace is remembered.
fn takes_value(spec: &'static Spec, word: &str, next: Option<&Text>, namespace: &mut Text) -> usize {
    if let Some(value) = word.strip_prefix("--namespace=").or(word.strip_prefix("-n=")) {
        *namespace = value.into();
        return 1;
    }
    if word.contains('=') || word == "--" {
        return 1;
    }
    let name = word.trim_start_matches('-');
    let flag = flags_of(spec).find(|f| f.name == name || (word.len() == 2 && f.short == name.chars().next()));
    if flag.is_some_and(|f| f.name == "namespace")
        && let Some(value) = next
    {
        *namespace = value.clone();
    }
    if flag.is_some_and(|f| f.bare().is_none()) { 2 } else { 1 }
}

type Names<'a, 'b> = (&'a str, &'b mut dyn FnMut(Request) -> Vec<Text>);

fn candidates(
    spec: &'static Spec,
    plain: &[&Text],
    (last, previous): (&str, Option<&Text>),
    (namespace, lookup): Names,
) -> Vec<Text> {
    let mut names =
        |kind: &str| Schema::builtin().by_any_name(kind).map_or(Vec::new(), |info| lookup(Kind::of(info).list(namespace)));
    if matches!(previous.map(|w| w.as_str()), Some("-n" | "--namespace")) {
        return names("namespaces");
    }
    if matches!(previous.map(|w| w.as_str()), Some("-o" | "--output")) {
        return ["custom-columns=", "json", "jsonpath=", "name", "wide", "yaml"].map(Text::from).to_vec();
    }
    if last.starts_with('-') {
        return flags_of(spec).map(|f| format!("--{}", f.name).into()).collect();
    }
    if plain.is_empty() && children(spec).next().is_some() {
        return children(spec).map(|s| leaf(s).into()).collect();
    }
    if let Some((kind, _)) = last.split_once('/') {
        return names(kind).into_iter().map(|name| format!("{kind}/{name}").into()).collect();
    }
    if PODS.contains(&spec.path) {
        return if plain.is_empty() { names("pods") } else { Vec::new() };
    }
    if NODES.contains(&spec.path) {
        return names("nodes");
    }
    if spec.path == "config use-context" {
        return Vec::new();
    }
    if !TYPED.contains(&spec.path) && !spec.path.starts_with("rollout ") && !spec.path.starts_with("set ") {
        return Vec::new();
    }
    match plain.first() {
        None => kinds(),
        Some(kind) if kind.contains('/') => Vec::new(),
        Some(kind) => names(kind),
    }
}

/// The plurals of everything that can be listed.
fn kinds() -> Vec<Text> {
    let listed = Schema::builtin().resources().filter(|r| r.preferred && r.verbs.has("list"));
    listed.map(|r| r.plural.as_ref().into()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Time;

    fn check(line: &str, want: &[&str]) {
        let words: Vec<Text> = line.split(' ').map(Text::from).collect();
        let mut lookup = |request: Request| match (request.resource.as_str(), request.namespace.as_str()) {
            ("pods", "default") => vec!["web-1".into(), "db-0".into()],
            ("pods", "blue") => vec!["sky".into()],
            ("namespaces", _) => vec!["default".into(), "blue".into()],
            _ => Vec::new(),
        };
        let got = complete(&words, &Env::new(Time::EPOCH), &mut lookup);
        assert_eq!(got.iter().map(|w| w.as_str()).collect::<Vec<_>>(), want, "{line}");
    }

    #[test]
    fn offers_commands_kinds_and_names() {
        check("rol", &["rollout"]);
        check("rollout re", &["restart", "resume"]);
        check("get deploym", &["deployments"]);
        check("get pods ", &["db-0", "web-1"]);
        check("get pod/w", &["pod/web-1"]);
        check("-n blue logs ", &["sky"]);
        check("get pods -n b", &["blue"]);
        check("get --show-", &["--show-kind", "--show-labels", "--show-managed-fields"]);
    }
}
