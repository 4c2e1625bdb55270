//! kubectl's JSONPath: templates such as `{range .items[*]}{.metadata.name}{"\n"}{end}`, evaluated over a value.
//! Models k8s.io/client-go/util/jsonpath with missing keys allowed, as every use in kubectl allows them.

mod parse;

use crate::{List, Value};
use parse::{Filter, Node, Part, Single};
use std::borrow::Cow;
use std::cmp::Ordering;

/// So many values a template may pass by; more is a mistake, or meant to hang the page.
const VISITS_MAX: u32 = 2_000_000;
const RANGES_MAX: u32 = 64;

/// A template that was understood.
#[derive(Clone, PartialEq, Debug)]
pub struct Template {
    parts: Vec<Part>,
}

impl Template {
    /// Reads a template; the error has upstream's words (`invalid array index "kind"`).
    pub fn parse(text: &str) -> Result<Template, String> {
        Ok(Template { parts: parse::template(text)? })
    }
    /// What `-o jsonpath=` prints.
    pub fn eval(&self, data: &Value) -> Result<String, String> {
        let mut out = String::new();
        for group in self.groups(data)? {
            for (at, value) in group.iter().enumerate() {
                if at > 0 {
                    out.push(' ');
                }
                out.push_str(&printed(value));
            }
        }
        Ok(out)
    }
    /// What `-o jsonpath-as-json=` prints.
    pub fn eval_json(&self, data: &Value) -> Result<String, String> {
        let texts = self.groups(data)?.into_iter().map(|group| Value::List(List::from(group)).to_json_pretty() + "\n");
        Ok(texts.collect())
    }
    /// All that is found, in order.
    pub fn find(&self, data: &Value) -> Result<Vec<Value>, String> {
        Ok(self.groups(data)?.into_iter().flatten().collect())
    }
    /// What is found, by the parts of the template.
    pub fn groups(&self, data: &Value) -> Result<Vec<Vec<Value>>, String> {
        Run { parts: &self.parts, begin: 0, inside: 0, end: 0, last_end: None, visits: 0 }.results(Some(data), 0)
    }
}

/// The braces around what `--sort-by` and `-o custom-columns` take: `.metadata.name`, `metadata.name` or `{.metadata.name}`.
pub fn relaxed(expression: &str) -> Result<String, String> {
    if expression.is_empty() {
        return Ok(String::new());
    }
    let inner = expression.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(expression);
    let path = inner.strip_prefix('.').unwrap_or(inner);
    if path.is_empty() || path.contains(['{', '}']) {
        return Err(
            "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'".into()
        );
    }
    Ok(["{.", path, "}"].concat())
}

fn printed(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => "null".into(),
        Value::Str(s) => s.as_str().into(),
        Value::List(_) | Value::Map(_) => value.to_json_go().into(),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) => value.to_go_text().into(),
    }
}

/// One evaluation. `range` and `end` are found while walking, so their counts live here.
struct Run<'a> {
    parts: &'a [Part],
    begin: u32,
    inside: u32,
    end: u32,
    last_end: Option<usize>,
    visits: u32,
}

impl Run<'_> {
    fn results(&mut self, data: Option<&Value>, from: usize) -> Result<Vec<Vec<Value>>, String> {
        let parts = self.parts;
        let mut all = Vec::new();
        let mut at = from;
        while at < parts.len() {
            let found = match &parts[at] {
                Part::Text(text) => vec![Value::str(text)],
                Part::Action(nodes) => self.list(data.cloned().into_iter().collect(), nodes)?,
            };
            if self.end > 0 && self.end <= self.inside {
                self.end -= 1;
                self.last_end = Some(at);
                break;
            }
            if self.begin > 0 {
                self.begin -= 1;
                self.range(&found, at + 1, &mut all)?;
                if let Some(end) = self.last_end.filter(|end| *end > at) {
                    at = end;
                }
            } else {
                all.push(found);
            }
            at += 1;
        }
        Ok(all)
    }
    fn range(&mut self, found: &[Value], from: usize, all: &mut Vec<Vec<Value>>) -> Result<(), String> {
        self.inside += 1;
        if self.inside > RANGES_MAX {
            return Err("too many nested ranges".into());
        }
        for value in found {
            all.extend(self.results(Some(value), from)?);
        }
        if found.is_empty() {
            // Only to find the end of the range.
            self.results(None, from)?;
        }
        self.inside -= 1;
        Ok(())
    }
    fn list(&mut self, input: Vec<Value>, nodes: &[Node]) -> Result<Vec<Value>, String> {
        nodes.iter().try_fold(input, |input, node| self.node(input, node))
    }
    fn visit(&mut self, values: usize) -> Result<(), String> {
        self.visits = self.visits.saturating_add(values as u32 + 1);
        if self.visits > VISITS_MAX { Err("too many values".into()) } else { Ok(()) }
    }
    fn node(&mut self, input: Vec<Value>, node: &Node) -> Result<Vec<Value>, String> {
        self.visit(input.len())?;
        let constant = |value: Value| Ok(vec![value; input.len()]);
        match node {
            Node::Text(text) => Ok(vec![Value::str(text)]),
            Node::Int(i) => constant(Value::Int(*i)),
            Node::Float(f) => constant(Value::Float(*f)),
            Node::Bool(b) => constant(Value::Bool(*b)),
            Node::Field(name) => Ok(input.iter().filter_map(|value| value.get(name).cloned()).collect()),
            Node::Wildcard => Ok(input.iter().flat_map(children).collect()),
            Node::Recursive => {
                let mut found = Vec::new();
                self.recurse(&input, &mut found)?;
                Ok(found)
            }
            Node::Array(bounds, single) => slices(&input, bounds, *single),
            Node::Filter(filter) => self.filter(&input, filter),
            Node::Union(paths) => {
                let mut found = Vec::new();
                for path in paths {
                    found.extend(self.list(input.clone(), path)?);
                }
                Ok(found)
            }
            Node::Identifier(word) => self.identifier(input, word),
        }
    }
    fn identifier(&mut self, input: Vec<Value>, word: &str) -> Result<Vec<Value>, String> {
        match word {
            "range" => {
                self.begin += 1;
                Ok(input)
            }
            "end" if self.inside > 0 => {
                self.end += 1;
                Ok(Vec::new())
            }
            "end" => Err("not in range, nothing to end".into()),
            _ => Err(format!("unrecognized identifier {word}")),
        }
    }
    fn recurse(&mut self, input: &[Value], found: &mut Vec<Value>) -> Result<(), String> {
        self.visit(input.len())?;
        for value in input {
            let below = children(value);
            if !below.is_empty() {
                found.push(value.clone());
                self.recurse(&below, found)?;
            }
        }
        Ok(())
    }
    fn filter(&mut self, input: &[Value], filter: &Filter) -> Result<Vec<Value>, String> {
        let mut found = Vec::new();
        for value in input {
            let Value::List(items) = value else {
                return Err(format!("{} is not array or slice and cannot be filtered", value.to_go_text()));
            };
            for item in items.iter() {
                if self.passes(item, filter)? {
                    found.push(item.clone());
                }
            }
        }
        Ok(found)
    }
    fn passes(&mut self, item: &Value, filter: &Filter) -> Result<bool, String> {
        let left = self.list(vec![item.clone()], &filter.left);
        if filter.operator == "exists" {
            return Ok(left.is_ok_and(|left| !left.is_empty()));
        }
        let Some(left) = only(left?)? else { return Ok(false) };
        let Some(right) = only(self.list(vec![item.clone()], &filter.right)?)? else { return Ok(false) };
        compare(&left, &right, &filter.operator)
    }
}

fn only(values: Vec<Value>) -> Result<Option<Value>, String> {
    if values.len() > 1 {
        return Err("can only compare one element at a time".into());
    }
    Ok(values.into_iter().next())
}

/// The fields of a map, the items of a list, the bytes of a text.
fn children(value: &Value) -> Vec<Value> {
    match value {
        Value::Map(fields) => fields.iter().map(|(_, field)| field.clone()).collect(),
        Value::List(items) => items.as_slice().to_vec(),
        Value::Str(s) => s.bytes().map(|b| Value::Int(b.into())).collect(),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => Vec::new(),
    }
}

fn slices(input: &[Value], bounds: &[Option<i64>; 3], single: Single) -> Result<Vec<Value>, String> {
    let mut found = Vec::new();
    for value in input {
        let items = match value {
            Value::Null => continue,
            Value::List(items) => items.as_slice(),
            other => return Err(format!("{} is not array or slice", other.go_type())),
        };
        let len = items.len() as i64;
        let from_end = |at: i64| if at < 0 { at.saturating_add(len) } else { at };
        let first = from_end(bounds[0].unwrap_or(0));
        let end = match (single, bounds[1]) {
            (Single::Yes, _) if bounds[0] == Some(-1) => len,
            (Single::Yes, _) => from_end(bounds[0].unwrap_or(0).saturating_add(1)),
            (Single::No, end) => from_end(end.unwrap_or(len)),
        };
        if first == end {
            continue;
        }
        if first >= len || first < 0 {
            return Err(format!("array index out of bounds: index {first}, length {len}"));
        }
        if end > len || end < 0 {
            return Err(format!("array index out of bounds: index {}, length {len}", end - 1));
        }
        if first > end {
            return Err(format!("starting index {first} is greater than ending index {end}"));
        }
        let step = bounds[2].unwrap_or(1);
        if step <= 0 {
            return Err("step must be > 0".into());
        }
        found.extend(items[first as usize..end as usize].iter().step_by(usize::try_from(step).unwrap_or(usize::MAX)).cloned());
    }
    Ok(found)
}

/// Models the comparisons of Go's text/template: numbers of one kind, texts, and equality of booleans.
fn compare(left: &Value, right: &Value, operator: &str) -> Result<bool, String> {
    let order = match (left, right) {
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b).unwrap_or(Ordering::Less),
        (Value::Str(a), Value::Str(b)) => a.as_str().cmp(b.as_str()),
        (Value::Bool(a), Value::Bool(b)) if matches!(operator, "==" | "!=") => a.cmp(b),
        (Value::Bool(_), Value::Bool(_))
        | (Value::Null | Value::List(_) | Value::Map(_), _)
        | (_, Value::Null | Value::List(_) | Value::Map(_)) => {
            return Err("invalid type for comparison".into());
        }
        _ => return Err("incompatible types for comparison".into()),
    };
    match operator {
        "==" => Ok(order.is_eq()),
        "!=" => Ok(order.is_ne()),
        "<" => Ok(order.is_lt()),
        "<=" => Ok(order.is_le()),
        ">" => Ok(order.is_gt()),
        ">=" => Ok(order.is_ge()),
        _ => Err(format!("unrecognized filter operator {operator}")),
    }
}

#[cfg(test)]
mod tests;
