//! Strict decoding: a sent object as Go reads it into the kind's types and writes it again.
//!
//! Unknown fields go (each with its complaint), wrong types are refused in the decoder's words, nulls and zeros go where
//! Go leaves them out, `{}` and null come where Go writes them, quantities and times become canonical.
//! Models sigs.k8s.io/json (the words of encoding/json) and k8s.io/apimachinery/pkg/runtime/converter.go.

mod scalar;
mod time;

use crate::kind::{Field, Type, TypeId, TypeInfo};
use crate::{Schema, Str};
use scalar::Wrong;
use std::cmp::Ordering;
use value::{List, Map, Value};

/// As many complaints are collected, like upstream.
const UNKNOWN_MAX: usize = 100;

/// An object that the kind's types can hold.
#[derive(Clone, PartialEq, Debug)]
pub struct Decoded {
    pub value: Value,
    /// `unknown field "spec.containers[0].imagee"`, in the order of the fields: warnings, or the errors of strict decoding.
    pub unknown: Vec<String>,
}

/// Whose words tell that a value has the wrong type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Words {
    /// Bodies, JSON and merge patches: `json: cannot unmarshal string into Go struct field …`.
    Json,
    /// Strategic merge patches: `unrecognized type: int32`, `cannot restore slice from map`.
    Converter,
}

impl Schema {
    /// Decodes a whole object; the error is the text behind `cannot be handled as a Pod: `.
    pub fn decode(&self, id: TypeId, value: &Value, words: Words) -> Result<Decoded, String> {
        self.decode_changed(id, (value, &Value::Null), words)
    }
    /// Decodes an object that was made of another one, which is decoded already: what both share is not looked at again.
    pub fn decode_changed(&self, id: TypeId, (value, was): (&Value, &Value), words: Words) -> Result<Decoded, String> {
        let mut decoder = Decoder { schema: self, words, unknown: Vec::new() };
        let changed = decoder.shape(&Type::Struct(id), (value, was), &At::Root)?;
        Ok(Decoded { value: changed.unwrap_or_else(|| value.clone()), unknown: decoder.unknown })
    }
    /// Looks only at `metadata`, as clients do before they send an object: `json: cannot unmarshal bool into Go struct field
    /// ObjectMeta.metadata.labels of type string`.
    pub fn check_metadata(&self, object: &Value) -> Result<(), String> {
        let Some(metadata) = object.get("metadata") else { return Ok(()) };
        let Some(id) = self.type_of_kind("", "v1", "ConfigMap") else { return Ok(()) };
        self.decode(id, &value::obj! { "metadata" => metadata }, Words::Json).map(drop)
    }
}

/// Where the walk is; it lives on the stack and is written out only for a complaint.
enum At<'a> {
    Root,
    Field { parent: &'a At<'a>, owner: &'a TypeInfo, field: &'a Field },
    Index(&'a At<'a>, usize),
    Key(&'a At<'a>, &'a str),
}

impl At<'_> {
    /// `spec.containers[0].ports`
    fn path(&self) -> String {
        match self {
            At::Root => String::new(),
            At::Field { parent, field, .. } => join(&parent.path(), &field.name),
            At::Index(parent, index) => format!("{}[{index}]", parent.path()),
            At::Key(parent, key) => join(&parent.path(), key),
        }
    }
    /// `spec.containers.ports`, as Go's errors have it.
    fn names(&self) -> String {
        match self {
            At::Root => String::new(),
            At::Field { parent, field, .. } => join(&parent.names(), &field.name),
            At::Index(parent, _) | At::Key(parent, _) => parent.names(),
        }
    }
    /// The innermost struct and field, and how many lists and maps lie below them.
    fn innermost(&self) -> Option<(&TypeInfo, &Field, u32)> {
        match self {
            At::Root => None,
            At::Field { owner, field, .. } => Some((owner, field, 0)),
            At::Index(parent, _) | At::Key(parent, _) => parent.innermost().map(|(o, f, depth)| (o, f, depth + 1)),
        }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_string() } else { format!("{path}.{name}") }
}

struct Decoder<'a> {
    schema: &'a Schema,
    words: Words,
    unknown: Vec<String>,
}

/// A value, and what stood in its place in the decoded object it was made of.
type Given<'a> = (&'a Value, &'a Value);

/// None: as it was given. So an object that is fine is not copied.
type Changed = Option<Value>;

impl Decoder<'_> {
    fn shape(&mut self, ty: &Type, (value, was): Given, at: &At) -> Result<Changed, String> {
        match (ty, value) {
            (Type::Any, _) => Ok(None),
            _ if value.same(was) => Ok(None),
            (_, Value::Null) => Ok(Some(self.zero(ty))),
            (Type::Object, Value::Map(_)) => Ok(None),
            (Type::Struct(id), Value::Map(fields)) => self.structure(self.schema.type_info(*id), (fields, was), at),
            (Type::List(item), Value::List(items)) => self.list(item, (items, was), at),
            (Type::Map(item), Value::Map(fields)) => self.map(item, (fields, was), at),
            _ => scalar::decode(ty, value, self.words).map_err(|wrong| self.text(ty, wrong, at)),
        }
    }

    /// Fields of the value and of the type are both sorted, so one walk meets all of them.
    fn structure(&mut self, info: &TypeInfo, (fields, was): (&Map, &Value), at: &At) -> Result<Changed, String> {
        let mut changes: Vec<(&str, Value)> = Vec::new();
        let mut known: &[Field] = &info.fields;
        for (name, value) in fields.iter() {
            let mut order = Ordering::Greater;
            while let Some(next) = known.first() {
                order = next.name.as_ref().cmp(name.as_str());
                if order != Ordering::Less {
                    break;
                }
                changes.extend(self.missing(next).map(|zero| (next.name.as_ref(), zero)));
                known = &known[1..];
            }
            let Some((field, after)) = known.split_first().filter(|_| order == Ordering::Equal) else {
                if !info.keeps_unknown {
                    self.complain(at, name);
                    changes.push((name, Value::Null));
                }
                continue;
            };
            known = after;
            let decoded = self.shape(&field.ty, (value, &was[name.as_str()]), &At::Field { parent: at, owner: info, field })?;
            if let Some(written) = self.written(field, value, decoded) {
                changes.push((name, written));
            }
        }
        changes.extend(known.iter().filter_map(|field| self.missing(field).map(|zero| (field.name.as_ref(), zero))));
        Ok(apply(info, fields, &changes))
    }

    /// What Go writes for a field that was given, if that is not what was given. Null stands for nothing, where the field
    /// is not one that Go always writes.
    fn written(&self, field: &Field, given: &Value, decoded: Changed) -> Changed {
        let value = decoded.as_ref().unwrap_or(given);
        if given.is_null() {
            return Some(self.missing(field).unwrap_or_default());
        }
        let gone = match &field.ty {
            Type::List(_) | Type::Map(_) => value.is_empty(),
            Type::Str | Type::Bytes | Type::Bool | Type::Int32 | Type::Int64 | Type::Double => {
                value.is_empty() && !field.keep_zero && !field.always
            }
            Type::Quantity | Type::IntOrString | Type::Time | Type::MicroTime => false,
            Type::Any | Type::Object | Type::Struct(_) => false,
        };
        if gone { Some(Value::Null) } else { decoded }
    }

    /// What Go writes for a field that was not given; it may be null.
    fn missing(&self, field: &Field) -> Changed {
        let pointer = field.keep_zero || matches!(field.ty, Type::List(_) | Type::Map(_));
        field.always.then(|| if pointer { Value::Null } else { self.zero(&field.ty) })
    }

    /// The zero of a type as Go writes it.
    fn zero(&self, ty: &Type) -> Value {
        match ty {
            Type::Str | Type::Bytes => Value::str(""),
            Type::Bool => Value::Bool(false),
            Type::Int32 | Type::Int64 | Type::Double | Type::IntOrString => Value::Int(0),
            Type::Quantity => Value::str("0"),
            Type::Time | Type::MicroTime | Type::Any | Type::Object | Type::List(_) | Type::Map(_) => Value::Null,
            Type::Struct(id) => {
                let fields = &self.schema.type_info(*id).fields;
                let given = fields.iter().filter_map(|f| self.missing(f).map(|zero| (value::name(&f.name), zero)));
                Value::Map(given.collect())
            }
        }
    }

    fn list(&mut self, item: &Type, (items, was): (&List, &Value), at: &At) -> Result<Changed, String> {
        let mut changed: Option<Vec<Value>> = None;
        for (index, value) in items.iter().enumerate() {
            if let Some(new) = self.shape(item, (value, &was[index]), &At::Index(at, index))? {
                changed.get_or_insert_with(|| items.as_slice().to_vec())[index] = new;
            }
        }
        Ok(changed.map(|items| Value::List(items.into())))
    }

    fn map(&mut self, item: &Type, (fields, was): (&Map, &Value), at: &At) -> Result<Changed, String> {
        let mut changed: Option<Map> = None;
        for (key, value) in fields.iter() {
            if let Some(new) = self.shape(item, (value, &was[key.as_str()]), &At::Key(at, key))? {
                changed.get_or_insert_with(|| fields.clone()).insert(key, new);
            }
        }
        Ok(changed.map(Value::Map))
    }

    fn complain(&mut self, at: &At, name: &str) {
        if self.unknown.len() < UNKNOWN_MAX {
            self.unknown.push(format!("unknown field \"{}\"", join(&at.path(), name)));
        }
    }

    /// The error of a value that does not fit.
    fn text(&self, ty: &Type, wrong: Wrong, at: &At) -> String {
        let (given, target) = match wrong {
            Wrong::Text(text) => return text,
            Wrong::Type { given, target } => (given, target),
        };
        let target = target.map_or_else(|| self.go_type(ty, at), str::to_string);
        match at.innermost() {
            Some((owner, ..)) if self.words == Words::Json => {
                format!("json: cannot unmarshal {given} into Go struct field {}.{} of type {target}", owner.name, at.names())
            }
            _ => format!("json: cannot unmarshal {given} into Go value of type {target}"),
        }
    }

    /// The Go type that a place has, by its own name where the table knows one.
    fn go_type(&self, ty: &Type, at: &At) -> String {
        let named = at.innermost().and_then(|(_, field, depth)| match depth {
            0 => Some(field.go.as_ref()),
            1 => field.go.strip_prefix("[]"),
            _ => None,
        });
        named.filter(|go| !go.is_empty()).map_or_else(|| self.plain_go_type(ty), str::to_string)
    }

    fn plain_go_type(&self, ty: &Type) -> String {
        match ty {
            Type::Struct(id) => self.schema.type_info(*id).go_name(),
            Type::List(item) => format!("[]{}", self.plain_go_type(item)),
            Type::Map(item) => format!("map[string]{}", self.plain_go_type(item)),
            other => scalar::go_type(other).to_string(),
        }
    }
}

/// The fields with the changes; a null takes a field out unless the type always writes it.
fn apply(info: &TypeInfo, fields: &Map, changes: &[(&str, Value)]) -> Changed {
    if changes.is_empty() {
        return None;
    }
    let mut out = fields.clone();
    for (name, value) in changes {
        if value.is_null() && !info.field(name).is_some_and(|field| field.always) {
            out.remove(name);
        } else {
            out.insert(name, value);
        }
    }
    Some(Value::Map(out))
}

/// The value of a field's default, if the API documents name one.
pub fn default_of(field: &Field) -> Option<Value> {
    let text: &Str = &field.default;
    if text.is_empty() { None } else { Value::from_json(text).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(kind: &str, json: &str, words: Words) -> Result<Decoded, String> {
        let schema = Schema::builtin();
        let mut resources = schema.resources().filter(|r| r.kind == kind);
        let id = resources.next().and_then(|r| r.type_id).expect("a kind");
        schema.decode(id, &Value::from_json(json).expect("JSON"), words)
    }

    fn refused(kind: &str, json: &str, want: &str) {
        let got = decode(kind, json, Words::Json).expect_err(json);
        assert_eq!(got.strip_prefix("json: cannot unmarshal ").unwrap_or(&got), want, "{json}");
    }

    fn container(fields: &str) -> String {
        format!(r#"{{"spec": {{"containers": [{{"name": "a", "image": "nginx", {fields}}}]}}}}"#)
    }

    #[test]
    fn wrong_types_have_gos_words() {
        let pod = |fields: &str, want: &str| refused("Pod", &container(fields), want);
        pod(
            r#""env": [{"name": "A", "value": 1}]"#,
            "number into Go struct field EnvVar.spec.containers.env.value of type string",
        );
        pod(r#""env": {"A": "b"}"#, "object into Go struct field Container.spec.containers.env of type []v1.EnvVar");
        pod(r#""ports": [80]"#, "number into Go struct field Container.spec.containers.ports of type v1.ContainerPort");
        pod(r#""args": [1, 2]"#, "number into Go struct field Container.spec.containers.args of type string");
        pod(
            r#""resources": {"limits": 5}"#,
            "number into Go struct field ResourceRequirements.spec.containers.resources.limits of type v1.ResourceList",
        );
        refused("Pod", r#"{"spec": []}"#, "array into Go struct field Pod.spec of type v1.PodSpec");
        refused("Pod", r#"{"metadata": []}"#, "array into Go struct field Pod.metadata of type v1.ObjectMeta");
        refused(
            "PersistentVolumeClaim",
            r#"{"spec": {"accessModes": "ReadWriteOnce"}}"#,
            "string into Go struct field PersistentVolumeClaimSpec.spec.accessModes of type []v1.PersistentVolumeAccessMode",
        );
        refused(
            "Service",
            r#"{"spec": {"selector": {"matchLabels": {}}}}"#,
            "object into Go struct field ServiceSpec.spec.selector of type string",
        );
        refused(
            "PodDisruptionBudget",
            r#"{"spec": {"minAvailable": 1.5}}"#,
            "number 1.5 into Go struct field PodDisruptionBudgetSpec.spec.minAvailable of type int32",
        );
        refused("Secret", r#"{"data": {"k": 5}}"#, "number into Go struct field Secret.data of type []uint8");
        refused("Secret", r#"{"data": {"k": "plain text!"}}"#, "illegal base64 data at input byte 5");
        refused("Secret", r#"{"data": {"k": "abc"}}"#, "illegal base64 data at input byte 0");
        let quantity = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
        pod(r#""resources": {"limits": {"memory": "64mb"}}"#, quantity);
    }

    #[test]
    fn strategic_patches_have_the_converters_words() {
        for (json, want) in [
            (r#"{"spec": {"replicas": "many"}}"#, "unrecognized type: int32"),
            (r#"{"spec": {"template": {"spec": {"containers": {"name": "a"}}}}}"#, "cannot restore slice from map"),
            (r#"{"spec": 5}"#, "cannot restore struct from: int64"),
        ] {
            assert_eq!(decode("Deployment", json, Words::Converter).expect_err(json), want);
        }
    }

    #[test]
    fn unknown_fields_are_dropped_and_told() {
        let json = r#"{"Metadata": {}, "metadata": {"lables": {"a": "b"}},
            "spec": {"container": [], "containers": [{"name": "a", "port": 80, "ports": [{"containerport": 80}]}]}}"#;
        let decoded = decode("Pod", json, Words::Json).unwrap();
        let want = [
            "unknown field \"Metadata\"",
            "unknown field \"metadata.lables\"",
            "unknown field \"spec.container\"",
            "unknown field \"spec.containers[0].port\"",
            "unknown field \"spec.containers[0].ports[0].containerport\"",
        ];
        assert_eq!(decoded.unknown, want);
        let left =
            r#"{"metadata":{},"spec":{"containers":[{"name":"a","ports":[{"containerPort":0}],"resources":{}}]},"status":{}}"#;
        assert_eq!(decoded.value.to_json(), left);
    }

    fn written(kind: &str, json: &str, want: &str) {
        let decoded = decode(kind, json, Words::Json).unwrap();
        assert_eq!(decoded.value.to_json(), want);
        assert!(decoded.unknown.is_empty());
        let id = Schema::builtin().resources().find(|r| r.kind == kind).and_then(|r| r.type_id).unwrap();
        let again = Schema::builtin().decode(id, &decoded.value, Words::Json).unwrap();
        assert_eq!(again.value, decoded.value, "decoding twice changes nothing more");
    }

    #[test]
    fn zeros_go_as_in_go() {
        written(
            "Pod",
            r#"{"metadata": {"labels": {}, "creationTimestamp": null, "annotations": {"a": null}}, "spec": {"containers": [],
                "enableServiceLinks": false, "hostNetwork": false, "nodeName": "", "priority": 0, "tolerations": null,
                "nodeSelector": {}, "securityContext": {}, "volumes": [{"name": "v", "emptyDir": {}}]}}"#,
            r#"{"metadata":{"annotations":{"a":""}},"spec":{"containers":null,"enableServiceLinks":false,"priority":0,"securityContext":{},"volumes":[{"emptyDir":{},"name":"v"}]},"status":{}}"#,
        );
        written(
            "Service",
            r#"{"spec": {"ports": [{"port": 80, "targetPort": "http"}, {"port": 81, "targetPort": 8081}]}}"#,
            r#"{"metadata":{},"spec":{"ports":[{"port":80,"targetPort":"http"},{"port":81,"targetPort":8081}]},"status":{"loadBalancer":{}}}"#,
        );
        written(
            "ResourceQuota",
            r#"{"spec": {"hard": {"cpu": "1000m", "memory": "0.5Gi", "pods": 5}}}"#,
            r#"{"metadata":{},"spec":{"hard":{"cpu":"1","memory":"512Mi","pods":"5"}},"status":{}}"#,
        );
    }

    #[test]
    fn an_object_that_is_fine_is_not_copied() {
        let given =
            Value::from_json(r#"{"apiVersion":"v1","data":{"a":"b"},"kind":"ConfigMap","metadata":{"name":"a"}}"#).unwrap();
        let schema = Schema::builtin();
        let id = schema.by_kind("", "v1", "ConfigMap").unwrap().type_id.unwrap();
        let decoded = schema.decode(id, &given, Words::Json).unwrap();
        let (Value::Map(a), Value::Map(b)) = (&given, &decoded.value) else { panic!("maps") };
        assert!(a.same(b));
    }

    #[test]
    fn what_is_shared_is_not_looked_at_again() {
        let schema = Schema::builtin();
        let id = schema.by_kind("", "v1", "ConfigMap").unwrap().type_id.unwrap();
        let was = Value::from_json(r#"{"data":{"a":"b"},"metadata":{"name":"a","wrong":1}}"#).unwrap();
        let mut value = was.clone();
        value.set(&["data", "c"], 5);
        assert!(schema.decode_changed(id, (&value, &was), Words::Json).is_err());
        value.set(&["data", "c"], "d");
        let unknown = |was: &Value| schema.decode_changed(id, (&value, was), Words::Json).unwrap().unknown.len();
        assert_eq!((unknown(&Value::Null), unknown(&was)), (1, 0));
    }

    #[test]
    fn metadata_alone() {
        let object = Value::from_json(r#"{"metadata": {"labels": {"on": true}}, "spec": 5}"#).unwrap();
        let want = "json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.labels of type string";
        assert_eq!(Schema::builtin().check_metadata(&object), Err(want.to_string()));
    }
}
