//! Paths that are no resources: version, health and discovery, all read off the table of kinds.

use crate::call::{no_resource, not_allowed};
use crate::{discovery, openapi};
use api::{Accept, Reply, Request, Status};
use schema::{ResourceInfo, Schema};
use value::{List, Value, obj};

/// Answers `/version`, `/healthz`, `/api`, `/apis/apps/v1` and their like.
pub fn answer(request: &Request) -> Result<crate::Plan, Status> {
    let path = request.name.split('?').next().unwrap_or_default().trim_end_matches('/');
    let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
    let body = match parts.as_slice() {
        [] => root(),
        ["version"] => version(),
        ["healthz" | "livez" | "readyz", ..] => Value::str("ok"),
        ["api"] if request.accept == Accept::Discovery => discovery::aggregated(&[("", vec!["v1"])]),
        ["apis"] if request.accept == Accept::Discovery => discovery::aggregated(&table()),
        ["api"] => versions(),
        ["api", "v1"] => resources("", "v1"),
        ["apis"] => groups(),
        ["apis", group] => one_group(group).ok_or_else(page_not_found)?,
        ["apis", group, version] if known(group, version) => resources(group, version),
        ["apis", group, ..] if one_group(group).is_none() => return Err(page_not_found()),
        ["api" | "apis", ..] => return Err(no_resource()),
        ["openapi", "v3"] => openapi::index(&group_versions()),
        ["openapi", "v3", "api", "v1"] => openapi::document("", "v1"),
        ["openapi", "v3", "apis", group, version] if known(group, version) => openapi::document(group, version),
        ["openapi", "v2"] => openapi::second(),
        ["metrics" | "logs" | "debug", ..] => return Err(Status::unsupported(path)),
        _ => return Err(page_not_found()),
    };
    if !request.body.is_null() {
        return Err(not_allowed());
    }
    Ok(Reply::ok(body).into())
}

/// What the server says about paths outside the API.
pub fn page_not_found() -> Status {
    Status::new(404, "NotFound", NO_PAGE)
}

/// This refusal is a plain text.
pub const NO_PAGE: &str = "404 page not found";

fn root() -> Value {
    let mut paths = vec!["/api".to_string(), "/api/v1".into(), "/apis".into()];
    for (group, versions) in table() {
        paths.push(format!("/apis/{group}"));
        paths.extend(versions.iter().map(|v| format!("/apis/{group}/{v}")));
    }
    paths.extend(["/healthz", "/livez", "/readyz", "/version"].map(String::from));
    obj! { "paths" => paths.iter().map(|p| Value::str(p)).collect::<List>() }
}

fn version() -> Value {
    let (major, minor, git) = Schema::builtin().version();
    let before = minor.parse::<u32>().unwrap_or(1) - 1;
    obj! {
        "major" => major, "minor" => minor, "emulationMajor" => major, "emulationMinor" => minor,
        "minCompatibilityMajor" => major, "minCompatibilityMinor" => before.to_string(), "gitVersion" => git,
        "gitCommit" => "unknown", "gitTreeState" => "clean", "buildDate" => "2026-06-10T00:00:00Z",
        "goVersion" => "go1.26.8", "compiler" => "gc", "platform" => "linux/amd64",
    }
}

fn versions() -> Value {
    let address = obj! { "clientCIDR" => "0.0.0.0/0", "serverAddress" => "172.18.0.2:6443" };
    obj! {
        "kind" => "APIVersions", "versions" => List::from(vec![Value::str("v1")]),
        "serverAddressByClientCIDRs" => List::from(vec![address]),
    }
}

/// Groups with their versions, preferred first, in the order of discovery.
fn table() -> Vec<(&'static str, Vec<&'static str>)> {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for row in Schema::builtin().resources().filter(|r| !r.group.is_empty()) {
        let at = match groups.iter().position(|(group, _)| *group == row.group) {
            Some(at) => at,
            None => {
                groups.push((&row.group, Vec::new()));
                groups.len() - 1
            }
        };
        if !groups[at].1.contains(&row.version.as_ref()) {
            groups[at].1.push(&row.version);
        }
    }
    for (_, versions) in &mut groups {
        versions.sort_by_key(|v| version_rank(v));
    }
    groups
}

/// Releases before betas before alphas, new before old.
fn version_rank(version: &str) -> (u8, std::cmp::Reverse<u32>, std::cmp::Reverse<u32>) {
    let rest = version.trim_start_matches('v');
    let number = |s: &str| std::cmp::Reverse(s.parse().unwrap_or(0));
    for (stage, word) in [(1, "beta"), (2, "alpha")] {
        if let Some((major, minor)) = rest.split_once(word) {
            return (stage, number(major), number(minor));
        }
    }
    (0, number(rest), std::cmp::Reverse(0))
}

/// Every group and version, core first.
fn group_versions() -> Vec<(&'static str, &'static str)> {
    let others = table().into_iter().flat_map(|(group, versions)| versions.into_iter().map(move |v| (group, v)));
    std::iter::once(("", "v1")).chain(others).collect()
}

/// Whether a group is there in any version.
pub fn known_group(group: &str) -> bool {
    group.is_empty() || Schema::builtin().resources().any(|r| r.group == group)
}

fn known(group: &str, version: &str) -> bool {
    table().iter().any(|(have, versions)| *have == group && versions.contains(&version))
}

fn group_object(group: &str, versions: &[&str]) -> Value {
    let one = |v: &&str| obj! { "groupVersion" => format!("{group}/{v}"), "version" => *v };
    let preferred = versions.first().map(one).unwrap_or_default();
    obj! { "name" => group, "versions" => versions.iter().map(one).collect::<List>(), "preferredVersion" => preferred }
}

fn groups() -> Value {
    let groups: List = table().iter().map(|(group, versions)| group_object(group, versions)).collect();
    obj! { "kind" => "APIGroupList", "apiVersion" => "v1", "groups" => groups }
}

fn one_group(group: &str) -> Option<Value> {
    let table = table();
    let (group, versions) = table.iter().find(|(have, _)| *have == group)?;
    let mut object = group_object(group, versions);
    object.set(&["kind"], "APIGroup");
    object.set(&["apiVersion"], "v1");
    Some(object)
}

fn resources(group: &str, version: &str) -> Value {
    let rows = Schema::builtin().resources().filter(|r| r.group == group && r.version == version);
    let mut list = Vec::new();
    for row in rows {
        list.push(resource(row));
        list.extend(row.subresources.iter().map(|sub| subresource(row, sub)));
    }
    let group_version = if group.is_empty() { version.to_string() } else { format!("{group}/{version}") };
    obj! { "kind" => "APIResourceList", "apiVersion" => "v1", "groupVersion" => group_version, "resources" => list }
}

fn words<'a>(words: impl Iterator<Item = &'a str>) -> List {
    words.map(Value::str).collect()
}

fn resource(row: &ResourceInfo) -> Value {
    let mut out = obj! {
        "name" => row.plural.as_ref(), "singularName" => row.singular.as_ref(), "namespaced" => row.namespaced,
        "kind" => row.kind.as_ref(), "verbs" => words(row.verbs.iter()),
    };
    for (field, texts) in [("shortNames", &row.short_names), ("categories", &row.categories)] {
        if !texts.is_empty() {
            out.set(&[field], words(texts.iter().map(AsRef::as_ref)));
        }
    }
    if !row.storage_version_hash.is_empty() {
        out.set(&["storageVersionHash"], row.storage_version_hash.as_ref());
    }
    out
}

fn subresource(row: &ResourceInfo, sub: &schema::Subresource) -> Value {
    let mut out = obj! {
        "name" => format!("{}/{}", row.plural, sub.name), "singularName" => "", "namespaced" => row.namespaced,
        "kind" => sub.kind.as_ref(), "verbs" => words(sub.verbs.iter()),
    };
    if sub.group != row.group || sub.version != row.version {
        out.set(&["group"], sub.group.as_ref());
        out.set(&["version"], sub.version.as_ref());
    }
    out
}
