//! `cargo xtask schema --from DIR`: writes `crates/schema/src/table.bin`, the table of every kind of Kubernetes.
//!
//! DIR holds what an API server answers: `openapi-v3/*.json`, `api.discovery-v2.json` and `apis.discovery-v2.json`
//! (aggregated discovery), `apis.json`, `resources/*.json` and `version.json`. `schema_go.txt` beside this file adds
//! what only the Go types know. The reader of the format is `crates/schema/src/table.rs`.

use crate::process::Result;
use crate::project;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The folders of a `--from`, read: types by full name, discovery in its order, and a digest of every byte.
struct Source {
    types: BTreeMap<String, Value>,
    groups: Vec<Value>,
    preferred: BTreeMap<String, String>,
    storage_hashes: BTreeMap<String, String>,
    version: Value,
    digest: u64,
}

/// Generates the table, or with `--check` says whether the committed one is what the documents give.
pub fn run(args: &[String]) -> Result {
    let table = table(&Source::read(&folder(args)?)?);
    let path = project::root().join("crates/schema/src/table.bin");
    if args.iter().any(|arg| arg == "--check") {
        let same = std::fs::read(&path).is_ok_and(|old| old == table);
        return if same { Ok(()) } else { Err("crates/schema/src/table.bin is stale".into()) };
    }
    println!("{}: {} bytes", path.display(), table.len());
    project::write(&path, table)
}

fn folder(args: &[String]) -> Result<PathBuf> {
    let given = args.iter().position(|arg| arg == "--from").and_then(|at| args.get(at + 1)).map(PathBuf::from);
    let folder = given.or_else(|| std::env::var_os("KUBERNETES_SCHEMA").map(PathBuf::from));
    folder.ok_or_else(|| "say where the API documents are: --from DIR (or KUBERNETES_SCHEMA)".into())
}

impl Source {
    fn read(folder: &Path) -> Result<Source> {
        let mut digest = 0xcbf2_9ce4_8422_2325_u64;
        let mut json = |path: &Path| -> Result<Value> {
            let text = project::read(path)?;
            for byte in text.bytes() {
                digest = (digest ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
            }
            serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
        };
        let mut types = BTreeMap::new();
        for file in project::files(&folder.join("openapi-v3")) {
            if let Some(schemas) = json(&file)?.pointer("/components/schemas").and_then(Value::as_object) {
                types.extend(schemas.iter().map(|(name, schema)| (name.clone(), schema.clone())));
            }
        }
        let mut groups = Vec::new();
        for file in ["api.discovery-v2.json", "apis.discovery-v2.json"] {
            groups.extend(list(&json(&folder.join(file))?["items"]).iter().cloned());
        }
        let apis = json(&folder.join("apis.json"))?;
        let preferred = list(&apis["groups"]).iter();
        let preferred = preferred.map(|g| (text(&g["name"]), text(&g["preferredVersion"]["version"]))).collect();
        let mut storage_hashes = BTreeMap::new();
        for file in project::files(&folder.join("resources")) {
            let resources = json(&file)?;
            for resource in list(&resources["resources"]) {
                let key = format!("{}/{}", text(&resources["groupVersion"]), text(&resource["name"]));
                storage_hashes.insert(key, text(&resource["storageVersionHash"]));
            }
        }
        let version = json(&folder.join("version.json"))?;
        if types.is_empty() || groups.is_empty() {
            return Err(format!("{}: no API documents", folder.display()));
        }
        Ok(Source { types, groups, preferred, storage_hashes, version, digest })
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or("").to_string()
}

fn words(value: &Value) -> Vec<String> {
    list(value).iter().map(text).collect()
}

/// Bytes with the texts they refer to by number; the texts come first in the file.
#[derive(Default)]
struct Out {
    texts: BTreeMap<String, u64>,
    /// First pass: only collect texts. Second pass: numbers are known.
    bytes: Vec<u8>,
}

impl Out {
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }
    fn text(&mut self, text: &str) {
        let next = self.texts.len() as u64;
        let number = *self.texts.entry(text.to_string()).or_insert(next);
        self.number(number);
    }
    fn texts(&mut self, texts: &[String]) {
        self.number(texts.len() as u64);
        texts.iter().for_each(|text| self.text(text));
    }
}

/// The whole file: a mark, the digest, the texts sorted, then versions, types and resources.
fn table(source: &Source) -> Vec<u8> {
    let mut first = Out::default();
    body(source, &mut first);
    let mut out = Out { texts: first.texts, bytes: Vec::new() };
    out.texts.values_mut().enumerate().for_each(|(number, slot)| *slot = number as u64);
    out.bytes.extend(b"tab1");
    out.bytes.extend(source.digest.to_le_bytes());
    let texts: Vec<String> = out.texts.keys().cloned().collect();
    out.number(texts.len() as u64);
    texts.iter().for_each(|text| out.number(text.len() as u64));
    texts.iter().for_each(|text| out.bytes.extend(text.bytes()));
    body(source, &mut out);
    out.bytes
}

fn body(source: &Source, out: &mut Out) {
    for part in ["major", "minor", "gitVersion"] {
        out.text(source.version[part].as_str().unwrap_or(""));
    }
    let go = Go::read();
    out.number(source.types.len() as u64);
    for (name, schema) in &source.types {
        type_row(source, &go, name, schema, out);
    }
    groups(source, out);
}

/// A type: package, name, kind if it has exactly one, whether its maps are atomic, what it is, and its fields.
fn type_row(source: &Source, go: &Go, name: &str, schema: &Value, out: &mut Out) {
    let (package, short) = name.rsplit_once('.').unwrap_or(("", name));
    out.text(package);
    out.text(short);
    let kinds = list(&schema["x-kubernetes-group-version-kind"]);
    out.number(u64::from(kinds.len() == 1));
    if let [kind] = kinds {
        out.text(kind["group"].as_str().unwrap_or(""));
        out.text(kind["version"].as_str().unwrap_or(""));
    }
    out.number(u64::from(schema["x-kubernetes-map-type"] == "atomic"));
    let fields = schema["properties"].as_object();
    out.number(fields.map_or(0, serde_json::Map::len) as u64);
    for (field, property) in fields.into_iter().flatten() {
        let required = list(&schema["required"]).iter().any(|r| r == field.as_str());
        field_row(source, &go.field(name, field), (field, property, required), out);
    }
}

const REQUIRED: u64 = 1;
const KEEP_ZERO: u64 = 1 << 1;
const ALWAYS: u64 = 1 << 2;
const ENUM: u64 = 1 << 3;
const DEFAULT: u64 = 1 << 4;
const GO: u64 = 1 << 5;
const MERGE_KEY: u64 = 1 << 6;
const MAP_KEYS: u64 = 1 << 7;
const PATCH_MERGE: u64 = 1 << 8;
const RETAIN_KEYS: u64 = 1 << 9;
const PATCH_REPLACE: u64 = 1 << 10;
const LIST_SHIFT: u64 = 11;

/// A field: name, type, flags, and the parts that the flags announce.
fn field_row(source: &Source, go: &Fact, (name, property, required): (&str, &Value, bool), out: &mut Out) {
    out.text(name);
    shape(source, property, out);
    let default = &property["default"];
    let zero = match default {
        Value::Null => false,
        Value::String(s) => s.is_empty(),
        Value::Number(n) => n.as_f64() == Some(0.0),
        Value::Bool(b) => !b,
        Value::Object(_) | Value::Array(_) => true,
    };
    let structure = default.is_object();
    let list_type = property["x-kubernetes-list-type"].as_str().or(property["x-kubernetes-map-type"].as_str());
    let strategy = property["x-kubernetes-patch-strategy"].as_str().unwrap_or("");
    let scalar = matches!(property["type"].as_str(), Some("string" | "integer" | "boolean" | "number"));
    let listed = required && property["type"] == "array";
    let always = go.always || structure || ((zero || listed) && !go.pointer && !go.never);
    let keep_zero = go.pointer || (required && scalar && !zero) || (!structure && !property["allOf"].is_null());
    let enumeration = words(&property["enum"]);
    let merge_key = property["x-kubernetes-patch-merge-key"].as_str().unwrap_or("");
    let keys = words(&property["x-kubernetes-list-map-keys"]);
    let mut flags = 0;
    for (yes, flag) in [
        (required, REQUIRED),
        (keep_zero, KEEP_ZERO),
        (always, ALWAYS),
        (!enumeration.is_empty(), ENUM),
        (!zero && !default.is_null(), DEFAULT),
        (!go.name.is_empty(), GO),
        (!merge_key.is_empty(), MERGE_KEY),
        (!keys.is_empty(), MAP_KEYS),
        (strategy.split(',').any(|s| s == "merge"), PATCH_MERGE),
        (strategy.split(',').any(|s| s == "retainKeys"), RETAIN_KEYS),
        (strategy == "replace", PATCH_REPLACE),
    ] {
        flags |= if yes { flag } else { 0 };
    }
    let list_type = ["", "atomic", "set", "map", "granular"].iter().position(|t| *t == list_type.unwrap_or("")).unwrap_or(0);
    out.number(flags | (list_type as u64) << LIST_SHIFT);
    if flags & ENUM != 0 {
        out.texts(&enumeration);
    }
    if flags & DEFAULT != 0 {
        out.text(&default.to_string());
    }
    if flags & GO != 0 {
        out.text(&go.name);
    }
    if flags & MERGE_KEY != 0 {
        out.text(merge_key);
    }
    if flags & MAP_KEYS != 0 {
        out.texts(&keys);
    }
}

/// What a field holds: one number, then the number of a struct or the shape of the items.
fn shape(source: &Source, property: &Value, out: &mut Out) {
    let target = property["$ref"].as_str().or(property["allOf"][0]["$ref"].as_str());
    if let Some(name) = target.and_then(|path| path.rsplit('/').next()) {
        return match name.rsplit('.').next().unwrap_or("") {
            "Quantity" => out.number(6),
            "IntOrString" => out.number(7),
            "Time" => out.number(8),
            "MicroTime" => out.number(9),
            "JSON" | "JSONSchemaPropsOrArray" | "JSONSchemaPropsOrBool" | "JSONSchemaPropsOrStringArray" => out.number(10),
            "RawExtension" | "FieldsV1" | "Patch" => out.number(11),
            _ => {
                out.number(12);
                out.number(source.types.keys().position(|known| known == name).unwrap_or(0) as u64);
            }
        };
    }
    match (property["type"].as_str(), property["format"].as_str()) {
        (Some("string"), Some("byte")) => out.number(1),
        (Some("string"), _) => out.number(0),
        (Some("boolean"), _) => out.number(2),
        (Some("integer"), Some("int32")) => out.number(3),
        (Some("integer"), _) => out.number(4),
        (Some("number"), _) => out.number(5),
        (Some("array"), _) => {
            out.number(13);
            shape(source, &property["items"], out);
        }
        (Some("object"), _) if property["additionalProperties"].is_object() => {
            out.number(14);
            shape(source, &property["additionalProperties"], out);
        }
        _ => out.number(10),
    }
}

/// Groups in discovery order, their versions with the preferred one first, and the resources of each.
fn groups(source: &Source, out: &mut Out) {
    out.number(source.groups.len() as u64);
    for group in &source.groups {
        let name = text(&group["metadata"]["name"]);
        out.text(&name);
        let mut versions: Vec<&Value> = list(&group["versions"]).iter().collect();
        versions.sort_by_key(|v| source.preferred.get(&name).is_some_and(|p| v["version"] != p.as_str()));
        out.number(versions.len() as u64);
        for version in versions {
            let label = text(&version["version"]);
            out.text(&label);
            out.number(list(&version["resources"]).len() as u64);
            for resource in list(&version["resources"]) {
                resource_row(source, (&name, &label), resource, out);
            }
        }
    }
}

fn resource_row(source: &Source, (group, version): (&str, &str), resource: &Value, out: &mut Out) {
    let plural = text(&resource["resource"]);
    let group_version = if group.is_empty() { version.to_string() } else { format!("{group}/{version}") };
    let hash = source.storage_hashes.get(&format!("{group_version}/{plural}")).cloned().unwrap_or_default();
    out.text(&plural);
    out.text(resource["singularResource"].as_str().unwrap_or(""));
    kind_row(&resource["responseKind"], out);
    out.number(u64::from(resource["scope"] == "Namespaced"));
    out.text(&hash);
    out.number(verbs(&resource["verbs"]));
    out.texts(&words(&resource["shortNames"]));
    out.texts(&words(&resource["categories"]));
    out.number(list(&resource["subresources"]).len() as u64);
    for subresource in list(&resource["subresources"]) {
        out.text(subresource["subresource"].as_str().unwrap_or(""));
        kind_row(&subresource["responseKind"], out);
        out.number(verbs(&subresource["verbs"]));
    }
}

/// Group and version are empty where they are the resource's own.
fn kind_row(kind: &Value, out: &mut Out) {
    for part in ["group", "version", "kind"] {
        out.text(kind[part].as_str().unwrap_or(""));
    }
}

/// A bit for each verb, in alphabetical order.
fn verbs(verbs: &Value) -> u64 {
    let known = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
    list(verbs).iter().filter_map(|verb| known.iter().position(|k| verb == k)).fold(0, |bits, bit| bits | 1 << bit)
}

/// What `schema_go.txt` says about one field.
#[derive(Clone, Default)]
struct Fact {
    pointer: bool,
    always: bool,
    never: bool,
    name: String,
}

struct Go(Vec<(String, String, Fact)>);

impl Go {
    fn read() -> Go {
        let mut facts = Vec::new();
        for line in include_str!("schema_go.txt").lines().filter(|line| !line.starts_with('#')) {
            let mut parts = line.split_whitespace();
            let Some(owner) = parts.next() else { continue };
            for part in parts {
                let (field, fact) = match part.split_at(1) {
                    ("*", field) => (field, Fact { pointer: true, ..Fact::default() }),
                    ("+", field) => (field, Fact { always: true, ..Fact::default() }),
                    ("-", field) => (field, Fact { never: true, ..Fact::default() }),
                    _ => {
                        let (field, name) = part.split_once('=').unwrap_or((part, ""));
                        (field, Fact { name: name.into(), ..Fact::default() })
                    }
                };
                facts.push((format!(".{owner}"), field.to_string(), fact));
            }
        }
        Go(facts)
    }
    fn field(&self, owner: &str, field: &str) -> Fact {
        let mut all = Fact::default();
        for (_, _, fact) in self.0.iter().filter(|(type_name, name, _)| owner.ends_with(type_name) && name == field) {
            all.pointer |= fact.pointer;
            all.always |= fact.always;
            all.never |= fact.never;
            if !fact.name.is_empty() {
                all.name.clone_from(&fact.name);
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Only where the documents are: they are too large for the repository.
    #[test]
    fn the_committed_table_is_fresh() {
        if std::env::var_os("KUBERNETES_SCHEMA").is_some() {
            run(&["--check".to_string()]).expect("cargo xtask schema writes it anew");
        }
    }

    #[test]
    fn every_go_fact_names_a_field_once() {
        let go = Go::read();
        assert!(go.field("io.k8s.api.apps.v1.DeploymentSpec", "replicas").pointer);
        assert!(!go.field("io.k8s.api.autoscaling.v1.ScaleSpec", "selector").never);
        let both = go.0.iter().filter(|(_, _, fact)| fact.always && fact.never).count();
        assert_eq!(both, 0);
    }
}
