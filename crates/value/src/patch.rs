//! Patches of plain JSON: RFC 6902 operations, RFC 7386 merge patches, the three-way merge of `kubectl apply` for kinds without a schema.
//! Models evanphx/json-patch v4 and k8s.io/apimachinery/pkg/util/jsonmergepatch, error texts included.

use crate::{Map, Value};
use base::Text;
use std::fmt;

/// As many bytes may be copied by the operations of one patch.
const COPY_MAX: usize = 3 << 20;
/// No patch makes a value deeper than this.
const DEPTH_MAX: usize = 256;

/// Why a JSON patch does nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PatchError {
    /// It is no list of operations (the API answers 400).
    Decode(String),
    /// An operation does not fit the value (the API answers 422).
    Apply(String),
}

impl fmt::Display for PatchError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PatchError::Decode(message) | PatchError::Apply(message) => out.write_str(message),
        }
    }
}

/// Applies RFC 6902 operations, all or none.
pub fn json(target: &Value, operations: &Value) -> Result<Value, PatchError> {
    let wrong = |value: &Value, list: &str| {
        let kind = match value {
            Value::Int(_) | Value::Float(_) => "number",
            Value::Bool(_) => "bool",
            other => other.type_name(),
        };
        PatchError::Decode(format!("json: cannot unmarshal {kind} into Go value of type {list}handlers.jsonPatchOp"))
    };
    if !matches!(operations, Value::List(_) | Value::Null) {
        return Err(wrong(operations, "[]"));
    }
    if let Some(other) = operations.items().iter().find(|o| !matches!(o, Value::Map(_) | Value::Null)) {
        return Err(wrong(other, ""));
    }
    let mut patched = Patched { root: target.clone(), copied: 0 };
    operations.items().iter().try_for_each(|operation| patched.apply(operation)).map_err(PatchError::Apply)?;
    Ok(patched.root)
}

struct Patched {
    root: Value,
    copied: usize,
}

impl Patched {
    fn apply(&mut self, operation: &Value) -> Result<(), String> {
        match operation["op"].as_str().unwrap_or("unknown") {
            "add" => {
                let path = field(operation, "path").map_err(|_| "add operation failed to decode path: missing value")?;
                let missing = || format!("add operation does not apply: doc is missing path: \"{path}\": missing value");
                self.add(path, operation["value"].clone(), &missing, &format!("error in add for path: '{path}'"))
            }
            "remove" => {
                let path = field(operation, "path").map_err(|_| "remove operation failed to decode path: missing value")?;
                let missing = || format!("remove operation does not apply: doc is missing path: \"{path}\": missing value");
                let (parent, key) = self.parent(path).ok_or_else(missing)?;
                take(parent, &key).map(drop).map_err(|why| format!("error in remove for path: '{path}': {why}"))
            }
            "replace" => self.replace(operation),
            "move" => self.relocate(operation),
            "copy" => self.copy(operation),
            "test" => self.test(operation),
            other => Err(format!("Unexpected kind: {other}")),
        }
    }
    /// The map or list that a pointer's last part names something in, and that part.
    fn parent(&mut self, pointer: &str) -> Option<(&mut Value, String)> {
        let (parents, last) = pointer.rsplit_once('/')?;
        let mut node = &mut self.root;
        // Whatever stands before the first slash is ignored.
        for part in parents.split('/').skip(1) {
            node = match node {
                Value::Map(fields) => fields.get_mut(&decode(part))?,
                Value::List(items) => {
                    let at = index(&decode(part), items.len()).ok()?;
                    items.to_mut().get_mut(at)?
                }
                _ => return None,
            };
        }
        matches!(node, Value::Map(_) | Value::List(_)).then(|| (node, decode(last)))
    }
    fn add(&mut self, path: &str, value: Value, missing: &dyn Fn() -> String, context: &str) -> Result<(), String> {
        if path.matches('/').count() + depth(&value) > DEPTH_MAX {
            return Err(format!("{context}: exceeded max depth"));
        }
        let (parent, key) = self.parent(path).ok_or_else(missing)?;
        let Value::List(items) = parent else {
            parent.as_map_mut().insert(&key, value);
            return Ok(());
        };
        let items = items.to_mut();
        if key == "-" {
            items.push(value);
            return Ok(());
        }
        let at = index(&key, items.len() + 1).map_err(|why| match key.parse::<i64>() {
            Ok(_) => format!("{context}: {why}"),
            Err(_) => format!("{context}: value was not a proper array index: '{key}': {why}"),
        })?;
        items.insert(at, value);
        Ok(())
    }
    fn replace(&mut self, operation: &Value) -> Result<(), String> {
        let path = field(operation, "path").map_err(|why| format!("replace operation failed to decode path: {why}"))?;
        let value = operation["value"].clone();
        if path.is_empty() {
            if !matches!(value, Value::Map(_) | Value::List(_)) {
                return Err("replace operation value must be object or array".into());
            }
            self.root = value;
            return Ok(());
        }
        if path.matches('/').count() + depth(&value) > DEPTH_MAX {
            return Err(format!("error in replace for path: '{path}': exceeded max depth"));
        }
        let missing = || format!("replace operation does not apply: doc is missing path: {path}: missing value");
        let (parent, key) = self.parent(path).ok_or_else(missing)?;
        match parent {
            Value::List(items) => {
                let at = index(&key, items.len())
                    .map_err(|_| format!("replace operation does not apply: doc is missing key: {path}: missing value"))?;
                items.to_mut()[at] = value;
            }
            // A field that is not there yet is made: upstream does so too.
            other => _ = other.as_map_mut().insert(&key, value),
        }
        Ok(())
    }
    fn relocate(&mut self, operation: &Value) -> Result<(), String> {
        let from = field(operation, "from").map_err(|why| format!("move operation failed to decode from: {why}"))?;
        let missing = || format!("move operation does not apply: doc is missing from path: {from}: missing value");
        let (parent, key) = self.parent(from).ok_or_else(missing)?;
        let value = take(parent, &key).map_err(|why| format!("error in move for path: '{key}': {why}"))?;
        let path = field(operation, "path").map_err(|why| format!("move operation failed to decode path: {why}"))?;
        let missing = || format!("move operation does not apply: doc is missing destination path: {path}: missing value");
        self.add(path, value, &missing, &format!("error in move for path: '{path}'"))
    }
    fn copy(&mut self, operation: &Value) -> Result<(), String> {
        let from = field(operation, "from").map_err(|why| format!("copy operation failed to decode from: {why}"))?;
        let missing = || format!("copy operation does not apply: doc is missing from path: {from}: missing value");
        let (parent, key) = self.parent(from).ok_or_else(missing)?;
        let value = get(parent, &key).map_err(|why| format!("error in copy for from: '{from}': {why}"))?.clone();
        let path = field(operation, "path").map_err(|_| "copy operation failed to decode path: missing value")?;
        self.copied += value.to_json().len();
        if self.copied > COPY_MAX {
            return Err(format!(
                "Unable to complete the copy, the accumulated size increase of copy is {}, exceeding the limit {COPY_MAX}",
                self.copied
            ));
        }
        let missing = || format!("copy operation does not apply: doc is missing destination path: {path}: missing value");
        self.add(path, value, &missing, "error while adding value during copy")
    }
    fn test(&mut self, operation: &Value) -> Result<(), String> {
        let path = field(operation, "path").map_err(|why| format!("test operation failed to decode path: {why}"))?;
        let wanted = &operation["value"];
        let equal = if path.is_empty() {
            self.root == *wanted
        } else {
            let missing = || format!("test operation does not apply: is missing path: {path}: missing value");
            let (parent, key) = self.parent(path).ok_or_else(missing)?;
            get(parent, &key).map_err(|why| format!("error in test for path: '{path}': {why}"))? == wanted
        };
        if equal { Ok(()) } else { Err(format!("testing value {path} failed: test failed")) }
    }
}

fn field<'a>(operation: &'a Value, name: &str) -> Result<&'a str, String> {
    match operation.get(name) {
        Some(Value::Str(text)) => Ok(text),
        None | Some(Value::Null) => Err(format!("operation missing {name} field: missing value")),
        Some(other) => Err(format!("json: cannot unmarshal {} into Go value of type string", other.type_name())),
    }
}

/// One part of a JSON pointer without its escapes.
fn decode(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

/// A place in a list; negative ones count from its end.
fn index(key: &str, len: usize) -> Result<usize, String> {
    let at: i64 = key.parse().map_err(|_| format!("strconv.Atoi: parsing {key:?}: invalid syntax"))?;
    let from_start = if at < 0 { at.saturating_add(len as i64) } else { at };
    usize::try_from(from_start)
        .ok()
        .filter(|place| *place < len)
        .ok_or_else(|| format!("Unable to access invalid index: {at}: invalid index referenced"))
}

fn get<'a>(parent: &'a Value, key: &str) -> Result<&'a Value, String> {
    match parent {
        Value::List(items) => Ok(&items.as_slice()[index(key, items.len())?]),
        other => Ok(&other[key]),
    }
}

fn take(parent: &mut Value, key: &str) -> Result<Value, String> {
    if let Value::List(items) = parent {
        let at = index(key, items.len())?;
        return Ok(items.to_mut().remove(at));
    }
    parent.as_map_mut().remove(key).ok_or_else(|| format!("Unable to remove nonexistent key: {key}: missing value"))
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Map(fields) => 1 + fields.iter().map(|(_, field)| depth(field)).max().unwrap_or(0),
        Value::List(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Str(_) => 0,
    }
}

/// Applies an RFC 7386 merge patch: maps are merged, null removes, anything else replaces.
pub fn merge(target: &Value, patch: &Value) -> Value {
    let Value::Map(changes) = patch else { return patch.clone() };
    let mut fields = target.as_map().cloned().unwrap_or_default();
    for (key, change) in changes.iter() {
        match change {
            Value::Null => _ = fields.remove(key),
            Value::Map(_) => {
                let merged = merge(fields.get(key).unwrap_or(&Value::Null), change);
                fields.insert(key, merged);
            }
            other => _ = fields.insert(key, other),
        }
    }
    Value::Map(fields)
}

/// The merge patch that turns `original` into `modified`.
pub fn create_merge(original: &Value, modified: &Value) -> Value {
    let (Value::Map(old), Value::Map(new)) = (original, modified) else { return modified.clone() };
    let mut patch: Vec<(Text, Value)> = Vec::new();
    for (key, value) in new.iter() {
        let change = match (old.get(key), value) {
            (Some(before @ Value::Map(_)), Value::Map(_)) => create_merge(before, value),
            (Some(before), _) if before == value => continue,
            (None, _) => {
                patch.push((key.clone(), value.clone()));
                continue;
            }
            (Some(_), _) => value.clone(),
        };
        let nothing = matches!((old.get(key), &change), (Some(Value::Map(_)), Value::Map(m)) if m.is_empty());
        if !nothing {
            patch.push((key.clone(), change));
        }
    }
    patch.extend(old.keys().filter(|key| !new.contains(key)).map(|key| (key.clone(), Value::Null)));
    Value::Map(patch.into_iter().collect())
}

/// The merge patch for `current` that brings the changes from `current` to `modified`, and removes what was in `original` and is no more
/// in `modified`. What others set and nobody mentioned stays.
pub fn three_way_merge(original: &Value, modified: &Value, current: &Value) -> Value {
    let changes = filtered(&create_merge(current, modified), Keep::Values);
    let removals = filtered(&create_merge(original, modified), Keep::Nulls);
    overlaid(&removals, &changes)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    Values,
    Nulls,
}

/// Only the removals of a merge patch, or all but them.
fn filtered(patch: &Value, keep: Keep) -> Value {
    let kept = patch.entries().iter().filter_map(|(key, change)| {
        let change = match change {
            Value::Null => (keep == Keep::Nulls).then_some(Value::Null),
            Value::Map(fields) if !fields.is_empty() => Some(filtered(change, keep)).filter(|rest| !rest.is_empty()),
            other => (keep == Keep::Values).then(|| other.clone()),
        };
        change.map(|change| (key.clone(), change))
    });
    Value::Map(kept.collect::<Map>())
}

/// Two patches as one; the second wins, and keeps its own maps.
fn overlaid(below: &Value, above: &Value) -> Value {
    let (Value::Map(first), Value::Map(second)) = (below, above) else { return above.clone() };
    let mut fields = first.clone();
    for (key, change) in second.iter() {
        let merged = fields.get(key).map_or_else(|| change.clone(), |before| overlaid(before, change));
        fields.insert(key, merged);
    }
    Value::Map(fields)
}

/// A part that differs between two values.
#[derive(Clone, PartialEq, Debug)]
pub struct Change {
    /// `spec.containers[0].image`, `metadata.labels[example.com/a]`
    pub path: String,
    /// Null where it was missing.
    pub old: Value,
    /// Null where it is gone.
    pub new: Value,
}

/// All parts in which two values differ, in the order of their paths. Maps that are new or gone as a whole are one change.
pub fn diff(old: &Value, new: &Value) -> Vec<Change> {
    let mut changes = Vec::new();
    collect(old, new, &mut String::new(), &mut changes);
    changes
}

fn collect(old: &Value, new: &Value, path: &mut String, changes: &mut Vec<Change>) {
    if old == new {
        return;
    }
    let length = path.len();
    match (old, new) {
        (Value::Map(before), Value::Map(after)) => {
            let mut keys: Vec<&Text> = before.keys().chain(after.keys().filter(|key| !before.contains(key))).collect();
            keys.sort();
            for key in keys {
                extend(path, key);
                collect(&old[key.as_str()], &new[key.as_str()], path, changes);
                path.truncate(length);
            }
        }
        (Value::List(before), Value::List(after)) => {
            for at in 0..before.len().max(after.len()) {
                path.push_str(&format!("[{at}]"));
                collect(&old[at], &new[at], path, changes);
                path.truncate(length);
            }
        }
        _ => changes.push(Change { path: path.clone(), old: old.clone(), new: new.clone() }),
    }
}

/// Adds a field name to a path, in brackets if it holds dots or brackets itself.
fn extend(path: &mut String, key: &str) {
    if key.contains(['.', '[', ']', '/']) {
        path.push('[');
        path.push_str(key);
        path.push(']');
        return;
    }
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(key);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::List;
    use base::Rng;

    fn v(text: &str) -> Value {
        crate::yaml::value(text).unwrap()
    }

    fn check(target: &str, operations: &str, want: &str) {
        let got = json(&v(target), &v(operations));
        assert_eq!(got.map_or_else(|e| e.to_string(), |v| v.to_json()), want, "{operations}");
    }

    #[test]
    fn operations() {
        let cm = "{data: {k: v, b.c: x}, list: [1, 2], labels: {example.com/x: y}}";
        let op = |op: &str| format!("[{op}]");
        let fail = |o: &str, want: &str| check(cm, &op(o), want);
        check(
            "{d: {a: '1', b.c: x}}",
            "[{op: add, path: /d/n, value: new}, {op: replace, path: /d/a, value: '2'}, {op: remove, path: /d/b.c}]",
            r#"{"d":{"a":"2","n":"new"}}"#,
        );
        check(
            "{d: {a: 1}, l: {x/y: 1}}",
            "[{op: copy, from: /d/a, path: /d/b}, {op: move, from: /d/a, path: /d/c}, {op: test, path: /d/b, value: 1}, {op: replace, path: /l/x~1y, value: z}]",
            r#"{"d":{"b":1,"c":1},"l":{"x/y":"z"}}"#,
        );
        check(
            "{a: [x, w]}",
            "[{op: add, path: /a/-, value: last}, {op: add, path: /a/0, value: first}, {op: remove, path: /a/1}, {op: add, path: /a/-1, value: end}]",
            r#"{"a":["first","w","last","end"]}"#,
        );
        check("{a: 1}", "[{op: replace, path: '', value: {b: 2}}]", r#"{"b":2}"#);
        check("{a: 1}", "[{op: add, path: data/x, value: z}]", r#"{"a":1,"x":"z"}"#);
        check("{a: 1}", "[{op: replace, path: /new, value: z}]", r#"{"a":1,"new":"z"}"#);
        check("{a: 1}", "[]", r#"{"a":1}"#);
        fail(
            "{op: remove, path: /data/missing}",
            "error in remove for path: '/data/missing': Unable to remove nonexistent key: missing: missing value",
        );
        fail(
            "{op: add, path: /nope/x, value: 1}",
            "add operation does not apply: doc is missing path: \"/nope/x\": missing value",
        );
        fail("{op: test, path: /data/k, value: other}", "testing value /data/k failed: test failed");
        fail("{op: explode, path: /data}", "Unexpected kind: explode");
        fail("{path: /data}", "Unexpected kind: unknown");
        fail("{op: add, value: x}", "add operation failed to decode path: missing value");
        fail(
            "{op: replace, path: /list/7, value: x}",
            "replace operation does not apply: doc is missing key: /list/7: missing value",
        );
        fail(
            "{op: add, path: /list/7, value: x}",
            "error in add for path: '/list/7': Unable to access invalid index: 7: invalid index referenced",
        );
        fail(
            "{op: add, path: /list/x, value: x}",
            "error in add for path: '/list/x': value was not a proper array index: 'x': strconv.Atoi: parsing \"x\": invalid syntax",
        );
        check("{}", "{}", "json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp");
        check("{}", "[1]", "json: cannot unmarshal number into Go value of type handlers.jsonPatchOp");
    }

    #[test]
    fn copies_end() {
        let bomb: Vec<String> = (0..200).map(|_| "{op: copy, from: /a, path: /a/-}".into()).collect();
        let error = json(&v("{a: [1]}"), &v(&format!("[{}]", bomb.join(",")))).unwrap_err().to_string();
        assert!(error.contains("max depth") || error.contains("exceeding the limit"), "{error}");
    }

    #[test]
    fn merges() {
        for (target, patch, want) in [
            ("{a: b}", "{a: c}", r#"{"a":"c"}"#),
            ("{a: b}", "{a: null}", "{}"),
            ("{a: [b]}", "{a: c}", r#"{"a":"c"}"#),
            ("{a: {b: c}}", "{a: {b: d, c: null}}", r#"{"a":{"b":"d"}}"#),
            ("{a: foo}", "{a: {b: {c: null, d: 1}}}", r#"{"a":{"b":{"d":1}}}"#),
            ("[a]", "{a: 1}", r#"{"a":1}"#),
            ("{a: 1}", "[x]", r#"["x"]"#),
            ("{e: null}", "{a: 1}", r#"{"a":1,"e":null}"#),
        ] {
            assert_eq!(merge(&v(target), &v(patch)).to_json(), want, "{patch}");
        }
    }

    #[test]
    fn three_ways() {
        let (original, modified, current) =
            (v("{a: 1, b: 2, m: {x: 1}}"), v("{a: 1, c: 3, m: {}}"), v("{a: 9, b: 2, m: {x: 1, w: 2}, other: 5}"));
        let patch = three_way_merge(&original, &modified, &current);
        assert_eq!(patch.to_json(), r#"{"a":1,"b":null,"c":3,"m":{"x":null}}"#);
        assert_eq!(merge(&current, &patch).to_json(), r#"{"a":1,"c":3,"m":{"w":2},"other":5}"#);
        assert_eq!(three_way_merge(&modified, &modified, &modified).to_json(), "{}");
    }

    #[test]
    fn differences() {
        let changes = diff(
            &v("{a: {b: 1, x.y/z: 2}, l: [1, {c: 2}], gone: 1}"),
            &v("{a: {b: 2, x.y/z: 3}, l: [1, {c: 3}, 4], new: {d: 1}}"),
        );
        let paths: Vec<String> = changes.iter().map(|c| format!("{} {} {}", c.path, c.old.to_json(), c.new.to_json())).collect();
        assert_eq!(paths, ["a.b 1 2", "a[x.y/z] 2 3", "gone 1 null", "l[1].c 2 3", "l[2] null 4", "new null {\"d\":1}"]);
    }

    fn random(rng: &mut Rng, depth: u32) -> Value {
        match rng.below(if depth == 0 { 3 } else { 6 }) {
            0 => Value::Int(rng.between(0, 2)),
            1 => Value::Bool(rng.chance(50)),
            2 => Value::str(["x", "y"][rng.below(2) as usize]),
            3 => Value::List((0..rng.below(3)).map(|_| random(rng, depth - 1)).collect::<List>()),
            _ => Value::Map(
                (0..rng.below(4))
                    .map(|_| (crate::name(["a", "b", "c"][rng.below(3) as usize]), random(rng, depth - 1)))
                    .collect(),
            ),
        }
    }

    #[test]
    fn create_then_apply_is_identity() {
        let mut rng = Rng::new(9);
        for _ in 0..5_000 {
            let (a, b, c) =
                (obj! { "r" => random(&mut rng, 3) }, obj! { "r" => random(&mut rng, 3) }, obj! { "r" => random(&mut rng, 3) });
            assert_eq!(merge(&a, &create_merge(&a, &b)), b, "{a:?}");
            assert_eq!(diff(&a, &b).is_empty(), a == b);
            assert_eq!(merge(&b, &three_way_merge(&a, &b, &b)), b);
            let _ = merge(&c, &three_way_merge(&a, &b, &c));
        }
    }

    #[test]
    fn operations_never_panic() {
        let pieces = ["/", "r", "a", "b", "0", "1", "-", "~1", "~", "é", "-1", "99999999999999999999"];
        let ops = ["add", "remove", "replace", "move", "copy", "test"];
        let mut rng = Rng::new(4);
        for _ in 0..20_000 {
            let target = obj! { "r" => random(&mut rng, 3) };
            let mut path = || (0..rng.below(6)).map(|_| pieces[rng.below(pieces.len() as u64) as usize]).collect::<String>();
            let (path, from) = (path(), path());
            let operation =
                obj! { "op" => ops[rng.below(6) as usize], "path" => path, "from" => from, "value" => random(&mut rng, 2) };
            let _ = json(&target, &list![operation]);
        }
    }
}
