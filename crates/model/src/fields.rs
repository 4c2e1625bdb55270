//! `Fields`: a set of an object's fields, kept as the tree that `metadata.managedFields` shows (FieldsV1).
//! Models fieldpath.Set of sigs.k8s.io/structured-merge-diff; what two sets share is not copied.
//!
//! A key of the tree is one step of a path: `f:NAME` a field, `k:{…}` the item of a list with these keys, `v:…` the item
//! of a list of scalars. A step is a member itself when nothing is below it, or `.` is.

use std::fmt::Write;
use value::{Map, Value};

const SELF: &str = ".";

/// A set of fields.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Fields(Map);

/// How two sets are put together.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Op {
    Union,
    /// What both have.
    Common,
    /// What only the first has.
    Minus,
    /// What only the first has, nor anything below members of the second.
    Cut,
}

impl Fields {
    /// Reads a FieldsV1; None if it is none.
    pub fn of(tree: &Value) -> Option<Fields> {
        let step = |key: &str| matches!(key.get(..2), Some("f:" | "k:" | "v:" | "i:")) || key == SELF;
        fn fits(node: &Value, step: &dyn Fn(&str) -> bool) -> bool {
            matches!(node, Value::Map(_)) && node.entries().iter().all(|(key, below)| step(key) && fits(below, step))
        }
        if tree.is_null() {
            return Some(Fields::default());
        }
        fits(tree, &step).then(|| Fields(tree.as_map().cloned().unwrap_or_default()))
    }
    /// The FieldsV1 of the set.
    pub fn to_value(&self) -> Value {
        Value::Map(self.0.clone())
    }
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// Adds the field at the end of a path of steps; no steps are the whole object, which nobody owns.
    pub fn insert<'s>(&mut self, steps: impl IntoIterator<Item = &'s str>) {
        let mut steps = steps.into_iter().peekable();
        let mut at = &mut self.0;
        while let Some(step) = steps.next() {
            let is_last = steps.peek().is_none();
            let known = at.contains(step);
            let below = at.entry(step).as_map_mut();
            // A leaf that gets children, or a parent that becomes a member, has to say that it is one.
            if known && below.is_empty() != is_last {
                below.insert(SELF, Value::map());
            }
            at = below;
        }
    }
    pub fn has(&self, steps: &[&str]) -> bool {
        let Some((last, parents)) = steps.split_last() else { return false };
        let mut at = &self.0;
        for step in parents {
            let Some(Value::Map(below)) = at.get(step) else { return false };
            at = below;
        }
        at.get(last).is_some_and(is_member)
    }
    /// What is below one step.
    pub fn below(&self, step: &str) -> Fields {
        Fields(self.0.get(step).and_then(Value::as_map).cloned().unwrap_or_default())
    }
    /// Whether the field at this one step is in the set.
    pub fn has_step(&self, step: &str) -> bool {
        self.0.get(step).is_some_and(is_member)
    }
    /// The steps of the first level, and whether each is a member itself.
    pub fn steps(&self) -> impl Iterator<Item = (&str, bool)> {
        self.0.iter().filter(|(step, _)| step.as_str() != SELF).map(|(step, node)| (step.as_str(), is_member(node)))
    }
    /// Puts what is below a step, and whether the step itself is a member.
    pub fn put(&mut self, step: &str, member: bool, below: Fields) {
        match node(member, below.0) {
            Some(node) => _ = self.0.insert(step, node),
            None => _ = self.0.remove(step),
        }
    }
    pub fn union(&self, other: &Fields) -> Fields {
        Fields(combine(&self.0, &other.0, Op::Union))
    }
    pub fn common(&self, other: &Fields) -> Fields {
        Fields(combine(&self.0, &other.0, Op::Common))
    }
    /// A parent that goes leaves its children.
    pub fn minus(&self, other: &Fields) -> Fields {
        Fields(combine(&self.0, &other.0, Op::Minus))
    }
    /// A parent that goes takes its children along.
    pub fn cut(&self, other: &Fields) -> Fields {
        Fields(combine(&self.0, &other.0, Op::Cut))
    }
    /// Every member as a path of steps; those of a level before those below them.
    pub fn paths(&self) -> Vec<Vec<&str>> {
        let mut out = Vec::new();
        collect(&self.0, &mut Vec::new(), &mut out);
        out
    }
}

fn is_member(node: &Value) -> bool {
    node.is_empty() || node.get(SELF).is_some()
}

/// A node of the tree; None if it stands for nothing.
fn node(member: bool, mut below: Map) -> Option<Value> {
    below.remove(SELF);
    if member && !below.is_empty() {
        below.insert(SELF, Value::map());
    }
    (member || !below.is_empty()).then_some(Value::Map(below))
}

fn collect<'a>(level: &'a Map, path: &mut Vec<&'a str>, out: &mut Vec<Vec<&'a str>>) {
    let steps = || level.iter().filter(|(step, _)| step.as_str() != SELF);
    for (step, _) in steps().filter(|(_, node)| is_member(node)) {
        out.push(path.iter().copied().chain([step.as_str()]).collect());
    }
    for (step, node) in steps() {
        if let Value::Map(below) = node {
            path.push(step);
            collect(below, path, out);
            path.pop();
        }
    }
}

fn combine(a: &Map, b: &Map, op: Op) -> Map {
    if a.same(b) && matches!(op, Op::Union | Op::Common) {
        return a.clone();
    }
    let mut out = a.clone();
    for (step, mine) in a.iter().filter(|(step, _)| step.as_str() != SELF) {
        let Some(theirs) = b.get(step) else {
            if op == Op::Common {
                out.remove(step);
            }
            continue;
        };
        let kept = together(mine, theirs, op);
        if kept.as_ref() != Some(mine) {
            match kept {
                Some(node) => _ = out.insert(step, node),
                None => _ = out.remove(step),
            }
        }
    }
    if op == Op::Union {
        for (step, theirs) in b.iter().filter(|(step, _)| step.as_str() != SELF && !a.contains(step)) {
            out.insert(step, theirs);
        }
    }
    out.remove(SELF);
    out
}

/// The node that two nodes at one step make.
fn together(mine: &Value, theirs: &Value, op: Op) -> Option<Value> {
    let (in_mine, in_theirs) = (is_member(mine), is_member(theirs));
    if op == Op::Cut && in_theirs {
        return None;
    }
    let member = match op {
        Op::Union => in_mine || in_theirs,
        Op::Common => in_mine && in_theirs,
        Op::Minus | Op::Cut => in_mine && !in_theirs,
    };
    let nothing = Map::default();
    let below = combine(mine.as_map().unwrap_or(&nothing), theirs.as_map().unwrap_or(&nothing), op);
    node(member, below)
}

/// `.spec.containers[name="web"].image`: a path as conflicts name it.
pub fn path_text(steps: &[&str]) -> String {
    let mut text = String::new();
    for step in steps {
        let (kind, rest) = step.split_at(2.min(step.len()));
        let parsed = || Value::from_json(rest).unwrap_or_default();
        // Writing to a text does not fail.
        let _ = match kind {
            "f:" => write!(text, ".{rest}"),
            "k:" => {
                let keys: Vec<String> = parsed().entries().iter().map(|(key, v)| format!("{key}={}", v.to_json())).collect();
                write!(text, "[{}]", keys.join(","))
            }
            "v:" => write!(text, "[={rest}]"),
            _ => write!(text, "[{rest}]"),
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(json: &str) -> Fields {
        Fields::of(&Value::from_json(json).expect("JSON")).expect("a FieldsV1")
    }

    #[test]
    fn inserting_marks_parents_only_when_they_are_members() {
        let mut fields = Fields::default();
        fields.insert(["f:data", "f:a"]);
        fields.insert(["f:data", "f:b"]);
        assert_eq!(fields.to_value().to_json(), r#"{"f:data":{"f:a":{},"f:b":{}}}"#);
        fields.insert(["f:data"]);
        assert_eq!(fields.to_value().to_json(), r#"{"f:data":{".":{},"f:a":{},"f:b":{}}}"#);
        let mut fields = Fields::default();
        fields.insert(["f:data"]);
        fields.insert(["f:data", "f:a"]);
        fields.insert([]);
        assert_eq!(fields.to_value().to_json(), r#"{"f:data":{".":{},"f:a":{}}}"#);
        assert!(fields.has(&["f:data"]) && fields.has(&["f:data", "f:a"]) && !fields.has(&["f:data", "f:b"]) && !fields.has(&[]));
    }

    #[test]
    fn sets_are_put_together() {
        let check = |op: fn(&Fields, &Fields) -> Fields, a: &str, b: &str, wanted: &str| {
            assert_eq!(op(&set(a), &set(b)).to_value().to_json(), wanted, "{a} {b}");
        };
        let (all, one) = (r#"{"f:d":{".":{},"f:a":{},"f:b":{}},"f:x":{}}"#, r#"{"f:d":{"f:a":{}}}"#);
        check(Fields::union, all, one, all);
        check(Fields::union, one, all, all);
        check(Fields::union, one, r#"{"f:d":{}}"#, r#"{"f:d":{".":{},"f:a":{}}}"#);
        check(Fields::common, all, one, one);
        check(Fields::common, one, r#"{"f:d":{}}"#, "{}");
        check(Fields::minus, all, one, r#"{"f:d":{".":{},"f:b":{}},"f:x":{}}"#);
        check(Fields::minus, all, r#"{"f:d":{}}"#, r#"{"f:d":{"f:a":{},"f:b":{}},"f:x":{}}"#);
        check(Fields::minus, one, one, "{}");
        check(Fields::cut, all, r#"{"f:d":{}}"#, r#"{"f:x":{}}"#);
        check(Fields::cut, all, one, r#"{"f:d":{".":{},"f:b":{}},"f:x":{}}"#);
    }

    #[test]
    fn paths_come_members_first_and_read_as_conflicts_do() {
        let fields =
            set(r#"{"f:b":{".":{},"k:{\"port\":80,\"protocol\":\"TCP\"}":{".":{},"f:x":{}}},"f:c":{},"f:d":{"v:\"q\"":{}}}"#);
        let texts: Vec<String> = fields.paths().iter().map(|p| path_text(p)).collect();
        let wanted = [".b", ".c", r#".b[port=80,protocol="TCP"]"#, r#".b[port=80,protocol="TCP"].x"#, r#".d[="q"]"#];
        assert_eq!(texts, wanted);
    }

    #[test]
    fn what_is_no_tree_of_steps_is_refused() {
        for json in [r#"{"data":{}}"#, r#"{"f:a":3}"#, r#"{"f:a":{"b":{}}}"#, "7"] {
            assert_eq!(Fields::of(&Value::from_json(json).unwrap()), None, "{json}");
        }
    }
}
