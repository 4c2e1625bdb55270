//! Objects by their types: which fields one mentions, how two differ, one merged into another, fields taken out.
//! Models typed.TypedValue of sigs.k8s.io/structured-merge-diff (ToFieldSet, Compare, Merge, RemoveItems).

use super::shape::{Items, Place, Shape, field, info, step};
use model::Fields;
use schema::{Schema, Type, TypeId, Words};
use value::{Map, Value};

/// The type of an object.
#[derive(Clone)]
pub struct Typed(Type, TypeId);

/// How one object differs from another.
#[derive(Default)]
pub struct Comparison {
    pub removed: Fields,
    pub modified: Fields,
    pub added: Fields,
}

impl Typed {
    pub fn new(id: TypeId) -> Typed {
        Typed(Type::Struct(id), id)
    }
    fn root(&self) -> Place<'_> {
        Place::root(&self.0)
    }
    /// An object of the type in which nothing is said, as Go writes it.
    pub fn zero(&self) -> Value {
        Schema::builtin().decode(self.1, &Value::map(), Words::Json).map(|zero| zero.value).unwrap_or_default()
    }
    /// Every leaf, item and map entry that an object mentions.
    pub fn fields(&self, object: &Value) -> Fields {
        mentioned(self.root(), object).1
    }
    pub fn compare(&self, old: &Value, new: &Value) -> Comparison {
        let mut walk = Compare { path: Vec::new(), found: Comparison::default() };
        if old != new {
            walk.at(self.root(), (Some(old), Some(new)));
        }
        walk.found
    }
    /// The object with everything that a configuration says; nothing goes by this.
    pub fn merge(&self, object: &Value, config: &Value) -> Value {
        merge(self.root(), Some(object), Some(config)).unwrap_or_default()
    }
    /// The object without some fields.
    pub fn without(&self, object: &Value, gone: &Fields) -> Value {
        without(self.root(), object, gone)
    }
    /// The set with the named fields on the way to each member.
    pub fn named(&self, fields: &Fields) -> Fields {
        named(Some(self.root()), fields)
    }
}

// === what an object mentions ===

/// Whether the place itself is a member, and what is below it.
fn mentioned(place: Place, value: &Value) -> (bool, Fields) {
    let mut below = Fields::default();
    match (place.shape(), value) {
        (Shape::Leaf, _) => return (true, below),
        (Shape::Struct(_) | Shape::Map, Value::Map(entries)) => {
            let is_struct = matches!(place.ty, Type::Struct(_));
            for (key, value) in entries.iter() {
                let Some(inner) = place.below(key) else { continue };
                let (member, under) = mentioned(inner, value);
                let nothing = value.is_null() || value.as_map().is_some_and(Map::is_empty);
                below.put(&step(key), member || nothing || !is_struct, under);
            }
        }
        (Shape::List(items), Value::List(_)) => {
            for (step, values) in grouped(items, Some(value)) {
                let under = if let [only] = values[..] { mentioned(items.place, only).1 } else { Fields::default() };
                below.put(&step, true, under);
            }
        }
        (Shape::Struct(_) | Shape::Map | Shape::List(_), _) => {}
    }
    (false, below)
}

/// The items of a list by their steps, in order; more than one item where steps are not unique.
fn grouped<'v>(items: Items, list: Option<&'v Value>) -> Vec<(String, Vec<&'v Value>)> {
    let mut groups: Vec<(String, Vec<&Value>)> = Vec::new();
    for (step, item) in list.map(|list| items.steps(list)).unwrap_or_default() {
        match groups.iter_mut().find(|(have, _)| *have == step) {
            Some((_, group)) => group.push(item),
            None => groups.push((step, vec![item])),
        }
    }
    groups
}

// === how two differ ===

type Pair<'v> = (Option<&'v Value>, Option<&'v Value>);

struct Compare {
    path: Vec<String>,
    found: Comparison,
}

impl Compare {
    fn at(&mut self, place: Place, (old, new): Pair) {
        let shape = place.shape();
        let nothing = |value: Option<&Value>| value.is_none_or(|v| v.items().is_empty() && v.entries().is_empty());
        if matches!(shape, Shape::Leaf) || nothing(old) && nothing(new) {
            return self.differ((old, new));
        }
        match shape {
            Shape::Struct(_) | Shape::Map => self.entries(place, (old, new)),
            Shape::List(items) => self.items(items, (old, new)),
            Shape::Leaf => {}
        }
        if old.is_none() || new.is_none() {
            self.differ((old, new));
        }
    }
    /// Notes a difference at the place where the walk is.
    fn differ(&mut self, pair: Pair) {
        let set = match pair {
            (None, None) => return,
            (None, Some(_)) => &mut self.found.added,
            (Some(_), None) => &mut self.found.removed,
            (Some(_), Some(_)) => &mut self.found.modified,
        };
        set.insert(self.path.iter().map(String::as_str));
    }
    fn below(&mut self, step: String, place: Place, pair: Pair) {
        self.path.push(step);
        self.at(place, pair);
        self.path.pop();
    }
    fn entries(&mut self, place: Place, (old, new): Pair) {
        let entries = |value: Option<&'_ Value>| value.and_then(Value::as_map).cloned().unwrap_or_default();
        let (old, new) = (entries(old), entries(new));
        for (key, value) in old.iter() {
            let other = new.get(key);
            if other == Some(value) {
                continue;
            }
            if let Some(inner) = place.below(key) {
                self.below(step(key), inner, (Some(value), other));
            }
        }
        for (key, value) in new.iter().filter(|(key, _)| !old.contains(key)) {
            if let Some(inner) = place.below(key) {
                self.below(step(key), inner, (None, Some(value)));
            }
        }
    }
    fn items(&mut self, items: Items, (old, new): Pair) {
        let (old, new) = (grouped(items, old), grouped(items, new));
        let find = |groups: &[(String, Vec<&Value>)], step: &str| groups.iter().position(|(have, _)| have == step);
        for (step, was) in &old {
            let is = find(&new, step).map_or(&[][..], |at| &new[at].1);
            self.item(items, step, (was, is));
        }
        for (step, is) in new.iter().filter(|(step, _)| find(&old, step).is_none()) {
            self.item(items, step, (&[], is));
        }
    }
    /// Items that share a step are compared as a whole.
    fn item(&mut self, items: Items, step: &str, (old, new): (&[&Value], &[&Value])) {
        if old == new {
            return;
        }
        match (old.len() >= 2, new.len() >= 2) {
            (false, false) => self.below(step.into(), items.place, (old.first().copied(), new.first().copied())),
            (before, after) => {
                if before && !after && !new.is_empty() {
                    self.below(step.into(), items.place, (None, new.first().copied()));
                }
                if after && !before && !old.is_empty() {
                    self.below(step.into(), items.place, (old.first().copied(), None));
                }
                self.path.push(step.into());
                let there = Some(&Value::Null);
                self.differ((there.filter(|_| before), there.filter(|_| after)));
                self.path.pop();
            }
        }
    }
}

// === one merged into another ===

fn merge(place: Place, live: Option<&Value>, config: Option<&Value>) -> Option<Value> {
    let shape = place.shape();
    let nothing = |value: Option<&Value>| value.is_none_or(|v| v.items().is_empty() && v.entries().is_empty());
    if config.is_none() || matches!(shape, Shape::Leaf) || nothing(live) && nothing(config) {
        return config.or(live).cloned();
    }
    match shape {
        Shape::Struct(_) | Shape::Map => {
            let mut out = live.and_then(Value::as_map).cloned().unwrap_or_default();
            for (key, value) in config.map_or(&[][..], Value::entries) {
                let have = out.get(key).cloned();
                if let Some(merged) = place.below(key).and_then(|inner| merge(inner, have.as_ref(), Some(value))) {
                    out.insert(key, merged);
                }
            }
            Some(Value::Map(out))
        }
        Shape::List(items) => {
            let (left, right) = (items.steps(live.unwrap_or(&Value::Null)), items.steps(config.unwrap_or(&Value::Null)));
            Some(Value::List(merge_items(items, &left, &right).into()))
        }
        Shape::Leaf => None,
    }
}

/// Items in the order of the configuration, those that only the object has at their places between them.
fn merge_items(items: Items, left: &[(String, &Value)], right: &[(String, &Value)]) -> Vec<Value> {
    let in_left = |step: &String| left.iter().any(|(have, _)| have == step);
    let in_right = |step: &String| right.iter().any(|(have, _)| have == step);
    let both = |(step, value): &(String, &Value)| {
        let mut same = left.iter().filter(|(have, _)| have == step);
        let only = same.next().map(|(_, value)| *value).filter(|_| same.next().is_none());
        merge(items.place, only, Some(value))
    };
    let (mut l, mut r, mut out) = (0, 0, Vec::with_capacity(left.len().max(right.len())));
    while l < left.len() || r < right.len() {
        let next_shared = right[r..].iter().map(|(step, _)| step).find(|step| in_left(step));
        match (left.get(l), right.get(r)) {
            (Some((step, _)), Some(wanted)) if *step == wanted.0 => {
                out.extend(both(wanted));
                (l, r) = (l + 1, r + 1);
                continue;
            }
            (Some((step, value)), _) if !in_right(step) => {
                out.push((*value).clone());
                l += 1;
                continue;
            }
            // A shared item whose turn comes later in the order of the configuration.
            (Some((step, _)), Some(_)) if next_shared.is_some_and(|next| next != step) => {
                l += 1;
                continue;
            }
            // It is merged already.
            (Some(_), _) if next_shared.is_none() => l += 1,
            _ => {}
        }
        if let Some(wanted) = right.get(r) {
            out.extend(both(wanted));
            r += 1;
        }
    }
    out
}

// === fields taken out ===

fn without(place: Place, value: &Value, gone: &Fields) -> Value {
    match (place.shape(), value) {
        (Shape::Struct(_) | Shape::Map, Value::Map(entries)) => {
            let mut out = entries.clone();
            for (key, value) in entries.iter() {
                let step = step(key);
                if gone.has_step(&step) {
                    out.remove(key);
                    continue;
                }
                let below = gone.below(&step);
                if let Some(inner) = place.below(key).filter(|_| !below.is_empty()) {
                    out.insert(key, without(inner, value, &below));
                }
            }
            if out.is_empty() { Value::Null } else { Value::Map(out) }
        }
        (Shape::List(items), Value::List(_)) => {
            let kept = items.steps(value).into_iter().filter(|(step, _)| !gone.has_step(step)).map(|(step, item)| {
                let below = gone.below(&step);
                if below.is_empty() { item.clone() } else { without(items.place, item, &below) }
            });
            let kept: Vec<Value> = kept.collect();
            if kept.is_empty() { Value::Null } else { Value::List(kept.into()) }
        }
        (Shape::Leaf, Value::Map(_) | Value::List(_)) => Value::Null,
        (Shape::Struct(_) | Shape::Map | Shape::List(_) | Shape::Leaf, _) => value.clone(),
    }
}

/// Struct fields that have members below them count as members.
fn named(place: Option<Place>, fields: &Fields) -> Fields {
    let mut out = Fields::default();
    for (step, member) in fields.steps() {
        let name = step.strip_prefix("f:");
        let (inner, is_field) = match (place.map(|p| (p, p.shape())), name) {
            (Some((_, Shape::Struct(info))), Some(name)) => (field(info, name), info.field(name).is_some()),
            (Some((place, Shape::Map)), Some(name)) => (place.below(name), false),
            (Some((_, Shape::List(items))), None) => (Some(items.place), false),
            _ => (None, false),
        };
        let below = fields.below(step);
        let member = member || is_field && !below.is_empty();
        out.put(step, member, named(inner, &below));
    }
    out
}

// === checks ===

impl Typed {
    /// What does not fit the type, in the words of the original.
    pub fn validate(&self, object: &Value) -> Result<(), String> {
        let mut errors = Vec::new();
        check(self.root(), object, "", &mut errors);
        match &errors[..] {
            [] => Ok(()),
            [only] => Err(only.clone()),
            several => Err(format!("errors:\n  {}", several.join("\n  "))),
        }
    }
}

fn check(place: Place, value: &Value, path: &str, errors: &mut Vec<String>) {
    if value.is_null() {
        return;
    }
    let mut wrong = |what: String| errors.push(if path.is_empty() { what } else { format!("{path}: {what}") });
    match (place.ty, value) {
        (Type::Any | Type::Object, _) => {}
        (Type::Struct(id), Value::Map(entries)) => {
            for (key, value) in entries.iter() {
                let path = format!("{path}.{key}");
                let Some(inner) = field(info(*id), key) else {
                    return errors.push(format!("{path}: field not declared in schema"));
                };
                check(inner, value, &path, errors);
            }
        }
        (Type::Map(_), Value::Map(entries)) => {
            for (key, value) in entries.iter() {
                if let Some(inner) = place.below(key) {
                    check(inner, value, &format!("{path}.{key}"), errors);
                }
            }
        }
        (Type::List(_), Value::List(_)) => check_items(place, value, path, errors),
        (Type::Struct(_) | Type::Map(_), other) => wrong(format!("expected map, got &{{{}}}", other.to_go_text())),
        (Type::List(_), other) => wrong(format!("expected list, got &{{{}}}", other.to_go_text())),
        (Type::Str | Type::Bytes, Value::Str(_)) | (Type::Bool, Value::Bool(_)) => {}
        (Type::Int32 | Type::Int64 | Type::Double, Value::Int(_) | Value::Float(_)) => {}
        (Type::Str | Type::Bytes, other) => {
            wrong(format!("expected string, got &value.valueUnstructured{{Value:{}}}", other.to_go_syntax()));
        }
        (Type::Bool, other) => wrong(format!("expected boolean, got &{{{}}}", other.to_go_text())),
        (Type::Int32 | Type::Int64 | Type::Double, other) => {
            wrong(format!("expected numeric (int or float), got {}", other.go_type()));
        }
        (Type::Quantity | Type::IntOrString | Type::Time | Type::MicroTime, Value::Map(_) | Value::List(_)) => {
            wrong(format!("expected any scalar, got &{{{}}}", value.to_go_text()));
        }
        (Type::Quantity | Type::IntOrString | Type::Time | Type::MicroTime, _) => {}
    }
}

fn check_items(place: Place, list: &Value, path: &str, errors: &mut Vec<String>) {
    let Some((item_place, owned)) = place.items() else { return };
    let mut seen: Vec<String> = Vec::new();
    for (at, item) in list.items().iter().enumerate() {
        let mut below = format!("{path}[{at}]");
        if let Some(items) = owned {
            match items.step(item) {
                Err(why) => return errors.push(format!("{path}: element {at}: {why}")),
                Ok(step) => {
                    let text = model::path_text(&[&step]);
                    if seen.contains(&step) {
                        errors.push(format!("{path}: duplicate entries for key {text}"));
                    }
                    below = format!("{path}{text}");
                    seen.push(step);
                }
            }
        }
        check(item_place, item, &below, errors);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(group: &str, kind: &str) -> Typed {
        Typed::new(Schema::builtin().type_of_kind(group, "v1", kind).expect("a kind"))
    }

    fn json(text: &str) -> Value {
        Value::from_json(text).expect("JSON")
    }

    fn pod(spec: &str) -> Value {
        json(&format!(r#"{{"spec":{spec}}}"#))
    }

    #[test]
    fn an_object_mentions_leaves_items_and_map_entries() {
        let check = |(group, kind): (&str, &str), object: &str, wanted: &str| {
            assert_eq!(typed(group, kind).fields(&json(object)).to_value().to_json(), wanted);
        };
        check(("", "ConfigMap"), r#"{"data":{"a":"1"}}"#, r#"{"f:data":{"f:a":{}}}"#);
        check(("", "ConfigMap"), r#"{"data":{}}"#, r#"{"f:data":{}}"#);
        check(("", "Service"), r#"{"spec":{"selector":{"a":"b"}}}"#, r#"{"f:spec":{"f:selector":{}}}"#);
        check(
            ("", "Pod"),
            r#"{"metadata":{"finalizers":["x"]},"spec":{"containers":[{"name":"a","args":["x"],"ports":[{"containerPort":80}]}]}}"#,
            r#"{"f:metadata":{"f:finalizers":{"v:\"x\"":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"a\"}":{".":{},"f:args":{},"f:name":{},"f:ports":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{}}}}}}}"#,
        );
    }

    #[test]
    fn differences_are_told_as_fields() {
        let pods = typed("", "Pod");
        let old = pod(r#"{"containers":[{"name":"a","image":"x"},{"name":"b"}],"nodeSelector":{"k":"v"}}"#);
        let new = pod(r#"{"containers":[{"name":"a","image":"y"}],"hostname":"h","tolerations":[{}]}"#);
        let found = pods.compare(&old, &new);
        let text = |fields: &Fields| fields.paths().iter().map(|p| model::path_text(p)).collect::<Vec<_>>().join(" ");
        assert_eq!(text(&found.modified), r#".spec.containers[name="a"].image"#);
        assert_eq!(text(&found.added), ".spec.hostname .spec.tolerations");
        assert_eq!(text(&found.removed), r#".spec.nodeSelector .spec.containers[name="b"] .spec.containers[name="b"].name"#);
    }

    #[test]
    fn a_configuration_is_merged_in_its_order() {
        let check = |live: &[&str], config: &[&str], wanted: &[&str]| {
            let spec = |names: &[&str]| {
                let items: Vec<String> = names.iter().map(|name| format!(r#"{{"name":"{name}"}}"#)).collect();
                pod(&format!(r#"{{"containers":[{}]}}"#, items.join(",")))
            };
            assert_eq!(typed("", "Pod").merge(&spec(live), &spec(config)), spec(wanted), "{live:?} {config:?}");
        };
        check(&["a", "side"], &["a", "b"], &["a", "side", "b"]);
        check(&["a", "b", "c"], &["c", "a"], &["b", "c", "a"]);
        check(&["x", "a"], &["a", "y"], &["x", "a", "y"]);
        check(&[], &["b", "a"], &["b", "a"]);
        check(&["a"], &[], &["a"]);
    }

    #[test]
    fn fields_are_taken_out() {
        let pods = typed("", "Pod");
        let object = pod(r#"{"containers":[{"name":"a","image":"x"},{"name":"b"}],"nodeSelector":{"k":"v"}}"#);
        let gone = pods.fields(&pod(r#"{"containers":[{"name":"b"}],"nodeSelector":{"k":"v"}}"#));
        let wanted = r#"{"spec":{"containers":[{"image":"x","name":"a"}]}}"#;
        assert_eq!(pods.without(&object, &gone).to_json(), wanted);
        let gone = pods.named(&gone);
        assert_eq!(pods.without(&object, &gone).to_json(), "null", "spec is a named field of the set too");
    }

    #[test]
    fn what_does_not_fit_is_told_as_upstream_does() {
        let check = |object: &str, wanted: &str| assert_eq!(typed("", "Pod").validate(&json(object)), Err(wanted.to_string()));
        check(r#"{"spec":{"hostname":5}}"#, ".spec.hostname: expected string, got &value.valueUnstructured{Value:5}");
        check(r#"{"spec":{"priority":"x"}}"#, ".spec.priority: expected numeric (int or float), got string");
        check(r#"{"spec":{"containers":{}}}"#, ".spec.containers: expected list, got &{map[]}");
        check(r#"{"spec":["x"]}"#, ".spec: expected map, got &{[x]}");
        check(r#"{"spec":{"foo":1}}"#, ".spec.foo: field not declared in schema");
        check(
            r#"{"spec":{"containers":[{"name":"z"},{"name":"z"}]}}"#,
            ".spec.containers: duplicate entries for key [name=\"z\"]",
        );
        check(
            r#"{"spec":{"containers":[{"name":"z","tty":"x"}],"hostPID":"y"}}"#,
            "errors:\n  .spec.containers[name=\"z\"].tty: expected boolean, got &{x}\n  .spec.hostPID: expected boolean, got &{y}",
        );
    }
}
