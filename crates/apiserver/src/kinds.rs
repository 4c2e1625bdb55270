//! What the schema table says about the kind of a request: verbs, subresources, storage and field labels.

use api::Verb;
use base::{Text, text};
use model::{FieldSelector, Resource, resource};
use schema::{ResourceInfo, Schema};
use std::sync::OnceLock;

/// One resource in one version: its row of the table, with the texts that every request needs ready to share.
#[derive(Debug)]
pub struct Kind {
    row: &'static ResourceInfo,
    /// Under which name its objects are stored: both event APIs share one.
    pub resource: Resource,
    /// `apps/v1`
    pub api_version: Text,
}

impl std::ops::Deref for Kind {
    type Target = ResourceInfo;
    fn deref(&self) -> &ResourceInfo {
        self.row
    }
}

/// All kinds, sorted by group, plural and version.
fn table() -> &'static [Kind] {
    static TABLE: OnceLock<Vec<Kind>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut kinds: Vec<Kind> = Schema::builtin()
            .resources()
            .map(|row| {
                let resource = if is_new_event(row) { text!("events") } else { resource::join(&row.group, &row.plural) };
                Kind { row, resource, api_version: row.api_version().into() }
            })
            .collect();
        kinds.sort_by(|a, b| order(a).cmp(&order(b)));
        kinds
    })
}

fn order(kind: &Kind) -> (&str, &str, &str) {
    (&kind.row.group, &kind.row.plural, &kind.row.version)
}

/// The kind of a group, version (empty: the preferred one) and plural.
pub fn find(group: &str, version: &str, plural: &str) -> Option<&'static Kind> {
    let kinds = table();
    let start = kinds.partition_point(|k| (k.row.group.as_ref(), k.row.plural.as_ref()) < (group, plural));
    let mut same = kinds[start..].iter().take_while(|k| k.row.group == group && k.row.plural == plural);
    same.find(|k| if version.is_empty() { k.row.preferred } else { k.row.version == version })
}

/// The kind under which a resource (`deployments.apps`) is stored.
pub fn of_resource(name: &str) -> Option<&'static Kind> {
    let (plural, group) = resource::split(name);
    find(group, "", plural)
}

/// events.k8s.io/v1, a second view of core events.
pub fn is_new_event(kind: &ResourceInfo) -> bool {
    kind.plural == "events" && kind.group == "events.k8s.io"
}

pub fn has_subresource(kind: &Kind, name: &str) -> bool {
    kind.subresource(name).is_some()
}

/// Whether the kind, or its subresource, knows the verb.
pub fn allows(kind: &Kind, subresource: &str, verb: Verb) -> bool {
    let word = match verb {
        Verb::Get => "get",
        Verb::List => "list",
        Verb::Watch => "watch",
        Verb::Create => "create",
        Verb::Update => "update",
        Verb::Patch(_) => "patch",
        Verb::Delete => "delete",
        Verb::DeleteCollection => "deletecollection",
        Verb::Connect => return matches!(subresource, "log" | "exec" | "attach" | "portforward" | "proxy"),
        Verb::Path => return false,
    };
    match kind.subresource(subresource) {
        Some(sub) => sub.verbs.has(word),
        None => kind.verbs.has(word),
    }
}

/// Reads a field selector and checks its labels. The three wordings of the refusal are upstream's: kinds with conversion
/// functions of their own, jobs, and all others.
pub fn field_selector(kind: &Kind, text: &str) -> Result<FieldSelector, String> {
    let mut selector = FieldSelector::parse(text)?;
    let known = field_labels(kind);
    for (path, wanted, negated) in &mut selector.terms {
        let metadata = path == "metadata.name" || path == "metadata.namespace";
        if !metadata && !known.contains(&path.as_str()) {
            return Err(unknown_label(kind, path, known.is_empty()));
        }
        // A missing boolean is false, a missing number zero.
        if wanted == "false" {
            (*wanted, *negated) = (text!("true"), !*negated);
        }
        if path == "source" {
            *path = text!("source.component");
        }
        if path == "status.successful" {
            *path = text!("status.succeeded");
            if wanted == "0" {
                *wanted = text!("");
            }
        }
    }
    Ok(selector)
}

fn unknown_label(kind: &Kind, path: &str, plain: bool) -> String {
    if kind.plural == "jobs" {
        return format!("field label \"{path}\" not supported for Job");
    }
    if plain {
        return format!("\"{path}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"");
    }
    format!("field label not supported: {path}")
}

/// The field labels of a kind beyond name and namespace.
fn field_labels(kind: &Kind) -> &'static [&'static str] {
    match (kind.group.as_ref(), kind.plural.as_ref()) {
        ("", "pods") => &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        ],
        ("", "nodes") => &["spec.unschedulable"],
        ("", "replicationcontrollers") => &["status.replicas"],
        ("", "services") => &["spec.clusterIP", "spec.type"],
        ("", "secrets") => &["type"],
        ("", "namespaces") => &["status.phase"],
        ("" | "events.k8s.io", "events") => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
        ("batch", "jobs") => &["status.successful"],
        _ => &[],
    }
}
