//! OpenAPI v3 documents of the kinds, read off the schema table: what clients validate, explain and merge by. They have no
//! descriptions, and of the operations only what clients look for: that a kind is patched, and that the server validates fields.
//! Models k8s.io/kube-openapi/pkg/builder3.

use schema::{Field, ResourceInfo, Schema, Type, TypeId, TypeInfo, default_of};
use std::collections::BTreeSet;
use value::{List, Map, Value, list, obj};

/// `/openapi/v3`: where the documents are. The hash changes when the table does.
pub fn index(group_versions: &[(&str, &str)]) -> Value {
    let digest = Schema::builtin().digest();
    let mut paths = Map::default();
    for (group, version) in group_versions {
        let path = place(group, version);
        let url = format!("/openapi/v3/{path}?hash={digest:016X}");
        paths.insert(&path, obj! { "serverRelativeURL" => url });
    }
    obj! { "paths" => Value::Map(paths) }
}

/// `/openapi/v2`: nothing but its head. Clients look there for kinds that v3 does not have, and find none either.
pub fn second() -> Value {
    let (_, _, git) = Schema::builtin().version();
    obj! { "swagger" => "2.0", "info" => obj! { "title" => "Kubernetes", "version" => git }, "paths" => Value::map() }
}

/// `api/v1`, `apis/apps/v1`
fn place(group: &str, version: &str) -> String {
    if group.is_empty() { format!("api/{version}") } else { format!("apis/{group}/{version}") }
}

/// The document of one group and version.
pub fn document(group: &str, version: &str) -> Value {
    let schema = Schema::builtin();
    let rows: Vec<&ResourceInfo> = schema.resources().filter(|r| r.group == group && r.version == version).collect();
    let mut paths = Map::default();
    let mut wanted: Vec<TypeId> = schema.type_named("io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions").into_iter().collect();
    for row in rows {
        wanted.extend(row.type_id);
        for (path, operations) in operations(row) {
            paths.insert(&path, operations);
        }
    }
    let mut seen = BTreeSet::new();
    let mut schemas = Map::default();
    while let Some(id) = wanted.pop() {
        if seen.insert(id) {
            let info = schema.type_info(id);
            schemas.insert(info.full_name(), definition(schema, info, &mut wanted));
        }
    }
    for (name, shape) in scalars() {
        schemas.insert(name, shape);
    }
    let (_, _, git) = schema.version();
    obj! {
        "openapi" => "3.0.0", "info" => obj! { "title" => "Kubernetes", "version" => git },
        "paths" => Value::Map(paths), "components" => obj! { "schemas" => Value::Map(schemas) },
    }
}

/// The paths of a resource with the operations that its verbs allow.
fn operations(row: &ResourceInfo) -> Vec<(String, Value)> {
    let scope = if row.namespaced { "/namespaces/{namespace}" } else { "" };
    let all = format!("/{}{scope}/{}", place(&row.group, &row.version), row.plural);
    let gvk = obj! { "group" => row.group.as_ref(), "version" => row.version.as_ref(), "kind" => row.kind.as_ref() };
    let named = [("get", "get"), ("put", "update"), ("patch", "patch"), ("delete", "delete")];
    let methods = |table: &[(&str, &str)]| {
        let mut out = Value::map();
        for (method, _) in table.iter().filter(|(_, verb)| row.verbs.has(verb)) {
            out.set(&[method], operation(method, &gvk));
        }
        out
    };
    vec![(all.clone(), methods(&[("get", "list"), ("post", "create")])), (format!("{all}/{{name}}"), methods(&named))]
}

fn operation(method: &str, gvk: &Value) -> Value {
    let parameter =
        |name: &str| obj! { "name" => name, "in" => "query", "schema" => obj! { "type" => "string", "uniqueItems" => true } };
    let writes = matches!(method, "post" | "put" | "patch");
    let parameters: List =
        if writes { ["dryRun", "fieldManager", "fieldValidation"].map(parameter).into_iter().collect() } else { List::default() };
    obj! {
        "x-kubernetes-action" => method, "x-kubernetes-group-version-kind" => gvk, "parameters" => parameters,
        "responses" => obj! { "200" => obj! { "description" => "OK" } },
    }
}

fn definition(schema: &Schema, info: &TypeInfo, wanted: &mut Vec<TypeId>) -> Value {
    let mut out = obj! { "type" => "object" };
    let required: List = info.fields.iter().filter(|f| f.required).map(|f| Value::str(&f.name)).collect();
    if !required.is_empty() {
        out.set(&["required"], required);
    }
    let mut properties = Map::default();
    for field in &info.fields {
        properties.insert(&field.name, property(schema, field, wanted));
    }
    if !properties.is_empty() {
        out.set(&["properties"], Value::Map(properties));
    }
    if let Some((group, version)) = &info.group_version {
        let gvk = obj! { "group" => group.as_ref(), "version" => version.as_ref(), "kind" => info.name.as_ref() };
        out.set(&["x-kubernetes-group-version-kind"], list![gvk]);
    }
    if info.atomic {
        out.set(&["x-kubernetes-map-type"], "atomic");
    }
    out
}

fn property(schema: &Schema, field: &Field, wanted: &mut Vec<TypeId>) -> Value {
    let mut out = shape(schema, &field.ty, wanted);
    if let Some(target) = out.remove(&["$ref"]) {
        out = obj! { "allOf" => list![obj! { "$ref" => target }] };
    }
    if let Some(default) = default_of(field) {
        out.set(&["default"], default);
    }
    if !field.allowed.is_empty() {
        out.set(&["enum"], field.allowed.iter().map(|v| Value::str(v)).collect::<List>());
    }
    let words: Vec<&str> =
        [("merge", field.patch.merge), ("retainKeys", field.patch.retain_keys), ("replace", field.patch.replace)]
            .into_iter()
            .filter_map(|(word, on)| on.then_some(word))
            .collect();
    if !words.is_empty() {
        out.set(&["x-kubernetes-patch-strategy"], words.join(","));
    }
    if !field.merge_key.is_empty() {
        out.set(&["x-kubernetes-patch-merge-key"], field.merge_key.as_ref());
    }
    topology(field, &mut out);
    out
}

fn topology(field: &Field, out: &mut Value) {
    use schema::Topology;
    let of_list = matches!(field.ty, Type::List(_));
    let word = match field.topology {
        Topology::Unset => return,
        Topology::Atomic => "atomic",
        Topology::Set => "set",
        Topology::Map => "map",
        Topology::Granular => "granular",
    };
    out.set(&[if of_list { "x-kubernetes-list-type" } else { "x-kubernetes-map-type" }], word);
    if !field.map_keys.is_empty() {
        out.set(&["x-kubernetes-list-map-keys"], field.map_keys.iter().map(|k| Value::str(k)).collect::<List>());
    }
}

const QUANTITY: &str = "io.k8s.apimachinery.pkg.api.resource.Quantity";
const INT_OR_STRING: &str = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";
const TIME: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.Time";
const MICRO_TIME: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime";

/// Named types that are no objects.
fn scalars() -> [(&'static str, Value); 4] {
    let either = || list![obj! { "type" => "string" }, obj! { "type" => "number" }];
    let number = list![obj! { "type" => "integer" }, obj! { "type" => "string" }];
    let time = || obj! { "type" => "string", "format" => "date-time" };
    [
        (QUANTITY, obj! { "oneOf" => either() }),
        (INT_OR_STRING, obj! { "format" => "int-or-string", "oneOf" => number }),
        (TIME, time()),
        (MICRO_TIME, time()),
    ]
}

fn reference(name: &str) -> Value {
    obj! { "$ref" => format!("#/components/schemas/{name}") }
}

fn shape(schema: &Schema, ty: &Type, wanted: &mut Vec<TypeId>) -> Value {
    let of = |kind: &str, format: &str| {
        let mut out = obj! { "type" => kind };
        if !format.is_empty() {
            out.set(&["format"], format);
        }
        out
    };
    match ty {
        Type::Str => of("string", ""),
        Type::Bytes => of("string", "byte"),
        Type::Bool => of("boolean", ""),
        Type::Int32 => of("integer", "int32"),
        Type::Int64 => of("integer", "int64"),
        Type::Double => of("number", "double"),
        Type::Quantity => reference(QUANTITY),
        Type::IntOrString => reference(INT_OR_STRING),
        Type::Time => reference(TIME),
        Type::MicroTime => reference(MICRO_TIME),
        Type::Any => Value::map(),
        Type::Object => of("object", ""),
        Type::Struct(id) => {
            wanted.push(*id);
            reference(&schema.type_info(*id).full_name())
        }
        Type::List(item) => obj! { "type" => "array", "items" => shape(schema, item, wanted) },
        Type::Map(item) => obj! { "type" => "object", "additionalProperties" => shape(schema, item, wanted) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_has_what_clients_look_for() {
        let apps = document("apps", "v1");
        let patch = apps.at(&["paths", "/apis/apps/v1/namespaces/{namespace}/deployments/{name}", "patch"]);
        assert_eq!(patch.at(&["x-kubernetes-group-version-kind", "kind"]).s(), "Deployment");
        assert!(patch["parameters"].items().iter().any(|p| p["name"].s() == "fieldValidation"));
        let schemas = apps.at(&["components", "schemas"]);
        let containers = schemas.at(&["io.k8s.api.core.v1.PodSpec", "properties", "containers"]);
        assert_eq!(containers["x-kubernetes-patch-merge-key"].s(), "name");
        assert_eq!(containers["x-kubernetes-patch-strategy"].s(), "merge");
        for (name, _) in schemas.entries() {
            assert!(!schemas[name.as_str()].is_null(), "{name}");
        }
    }
}
