//! Aggregated discovery: all groups, versions and resources in one document.
//! Models k8s.io/apiserver/pkg/endpoints/discovery/aggregated.

use schema::{ResourceInfo, Schema, Subresource};
use value::{List, Value, obj};

/// `/api` or `/apis` as an APIGroupDiscoveryList; `groups` are names with their versions, preferred first.
pub fn aggregated(groups: &[(&str, Vec<&str>)]) -> Value {
    let items: List = groups
        .iter()
        .map(|(group, versions)| {
            let metadata = if group.is_empty() {
                Value::map()
            } else {
                obj! { "name" => *group }
            };
            obj! { "metadata" => metadata, "versions" => versions.iter().map(|v| one_version(group, v)).collect::<List>() }
        })
        .collect();
    obj! { "kind" => "APIGroupDiscoveryList", "apiVersion" => "apidiscovery.k8s.io/v2", "metadata" => Value::map(), "items" => items }
}

fn one_version(group: &str, version: &str) -> Value {
    let rows = Schema::builtin().resources().filter(|r| r.group == group && r.version == version);
    obj! { "version" => version, "resources" => rows.map(resource).collect::<List>(), "freshness" => "Current" }
}

fn resource(row: &ResourceInfo) -> Value {
    let texts = |texts: &[schema::Str]| texts.iter().map(|t| Value::str(t)).collect::<List>();
    let mut out = obj! {
        "resource" => row.plural.as_ref(), "responseKind" => obj! { "group" => "", "version" => "", "kind" => row.kind.as_ref() },
        "scope" => if row.namespaced { "Namespaced" } else { "Cluster" }, "singularResource" => row.singular.as_ref(),
        "verbs" => row.verbs.iter().map(Value::str).collect::<List>(),
    };
    for (field, list) in [("shortNames", &row.short_names), ("categories", &row.categories)] {
        if !list.is_empty() {
            out.set(&[field], texts(list));
        }
    }
    if !row.subresources.is_empty() {
        out.set(&["subresources"], row.subresources.iter().map(|sub| subresource(row, sub)).collect::<List>());
    }
    out
}

/// The group and version of an answer are told only where they are others than the resource's.
fn subresource(row: &ResourceInfo, sub: &Subresource) -> Value {
    let other = sub.group != row.group || sub.version != row.version;
    let (group, version) = if other { (sub.group.as_ref(), sub.version.as_ref()) } else { ("", "") };
    obj! {
        "subresource" => sub.name.as_ref(), "responseKind" => obj! { "group" => group, "version" => version, "kind" => sub.kind.as_ref() },
        "verbs" => sub.verbs.iter().map(Value::str).collect::<List>(),
    }
}
