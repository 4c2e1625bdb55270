//! jq's evaluation: a filter and an input give values.

use crate::tools::jq_parse::Filter;
use crate::tools::jq_value::{
    float, formatted, get, index, iterate, list, operate, order, plain, remove, set, shown, string, truth, type_of,
};
use base::Text;
use std::cmp::Ordering;
use value::{Map, Value};

/// How evaluation ended early.
#[derive(Debug)]
pub(crate) enum Stop {
    Wrong(String),
}

pub(crate) type Run<T> = Result<T, Stop>;

pub(crate) fn wrong<T>(words: impl Into<String>) -> Run<T> {
    Err(Stop::Wrong(words.into()))
}

/// Filters by type.
const TYPES: &[(&str, &[&str])] = &[
    ("numbers", &["number"]),
    ("strings", &["string"]),
    ("arrays", &["array"]),
    ("objects", &["object"]),
    ("booleans", &["boolean"]),
    ("nulls", &["null"]),
    ("values", &["number", "string", "array", "object", "boolean"]),
    ("scalars", &["number", "string", "boolean", "null"]),
    ("iterables", &["array", "object"]),
];

/// Steps for one input, and the most values at once.
const STEPS: u32 = 2_000_000;
pub(crate) const VALUES: usize = 500_000;

pub(crate) struct Machine {
    pub(crate) vars: Vec<(String, Value)>,
    pub(crate) steps: u32,
}

/// A step into a value.
#[derive(Clone, Debug)]
pub(crate) enum Key {
    Field(Text),
    Index(i64),
}

impl Machine {
    fn step(&mut self) -> Run<()> {
        self.steps += 1;
        if self.steps > STEPS { wrong("runs for too long") } else { Ok(()) }
    }

    pub(crate) fn eval(&mut self, filter: &Filter, input: &Value) -> Run<Vec<Value>> {
        self.step()?;
        let out = match filter {
            Filter::Identity => vec![input.clone()],
            Filter::Literal(value) => vec![value.clone()],
            Filter::Recurse => self.recurse(input)?,
            Filter::Field(of, key) => self.pairs(of, key, input, |of, key| index(of, key).map(|value| vec![value]))?,
            Filter::Slice(of, from, to) => self.slices(of, [from.as_deref(), to.as_deref()], input)?,
            Filter::Iterate(of) => {
                let mut out = Vec::new();
                for value in self.eval(of, input)? {
                    out.extend(iterate(&value)?);
                }
                out
            }
            Filter::Try(inner) => self.attempt(inner, input)?,
            Filter::Pipe(left, right) => {
                let mut out = Vec::new();
                for value in self.eval(left, input)? {
                    out.extend(self.eval(right, &value)?);
                    if out.len() > VALUES {
                        return wrong("too many results");
                    }
                }
                out
            }
            Filter::Comma(left, right) => {
                let mut out = self.eval(left, input)?;
                out.extend(self.eval(right, input)?);
                out
            }
            Filter::Binary(operator, left, right) => self.binary(operator, left, right, input)?,
            Filter::Update(operator, path, with) => vec![self.update(operator, path, with, input)?],
            Filter::Negative(inner) => {
                let values = self.eval(inner, input)?;
                values
                    .iter()
                    .map(|value| {
                        value
                            .as_f64()
                            .map(|number| float(-number))
                            .ok_or_else(|| Stop::Wrong(format!("{} ({}) cannot be negated", type_of(value), shown(value))))
                    })
                    .collect::<Run<_>>()?
            }
            Filter::Array(None) => vec![list([])],
            Filter::Array(Some(inner)) => vec![list(self.eval(inner, input)?)],
            Filter::Object(fields) => self.object(fields, input)?,
            Filter::Text(parts, format) => vec![self.text(parts, format.as_deref(), input)?],
            Filter::Format(name) => vec![formatted(name, input)?],
            Filter::If(..) | Filter::Bind(..) | Filter::Reduce(..) => self.control(filter, input)?,
            Filter::Var(name) => vec![self.var(name)?],
            Filter::Call(name, args) => self.call(name, args, input)?,
        };
        Ok(out)
    }

    /// `…?`: only the last step may fail.
    fn attempt(&mut self, inner: &Filter, input: &Value) -> Run<Vec<Value>> {
        match inner {
            Filter::Iterate(of) => {
                Ok(self.eval(of, input)?.iter().flat_map(|value| iterate(value).unwrap_or_default()).collect())
            }
            Filter::Field(of, key) => {
                self.pairs(of, key, input, |of, key| Ok(index(of, key).map(|value| vec![value]).unwrap_or_default()))
            }
            other => Ok(self.eval(other, input).unwrap_or_default()),
        }
    }

    /// `if`, `as` and `reduce`.
    fn control(&mut self, filter: &Filter, input: &Value) -> Run<Vec<Value>> {
        Ok(match filter {
            Filter::If(condition, yes, no) => {
                let mut out = Vec::new();
                for value in self.eval(condition, input)? {
                    out.extend(self.eval(if truth(&value) { yes } else { no }, input)?);
                }
                out
            }
            Filter::Bind(source, name, body) => {
                let mut out = Vec::new();
                for value in self.eval(source, input)? {
                    self.vars.push((name.clone(), value));
                    let values = self.eval(body, input);
                    self.vars.pop();
                    out.extend(values?);
                }
                out
            }
            Filter::Reduce(source, name, first, update) => {
                let mut state = self.eval(first, input)?.pop().unwrap_or_default();
                for value in self.eval(source, input)? {
                    self.vars.push((name.clone(), value));
                    let values = self.eval(update, &state);
                    self.vars.pop();
                    state = values?.pop().unwrap_or_default();
                }
                vec![state]
            }
            _ => Vec::new(),
        })
    }

    fn var(&self, name: &str) -> Run<Value> {
        match self.vars.iter().rev().find(|row| row.0 == name) {
            Some((_, value)) => Ok(value.clone()),
            None if name == "ENV" => Ok(Value::map()),
            None => wrong(format!("${name} is not defined")),
        }
    }

    fn recurse(&mut self, input: &Value) -> Run<Vec<Value>> {
        let mut out = vec![input.clone()];
        let mut at = 0;
        while at < out.len() {
            self.step()?;
            let value = out[at].clone();
            at += 1;
            if matches!(value, Value::List(_) | Value::Map(_)) {
                out.splice(at..at, iterate(&value)?);
            }
        }
        Ok(out)
    }

    fn pairs(
        &mut self,
        left: &Filter,
        right: &Filter,
        input: &Value,
        how: impl Fn(&Value, &Value) -> Run<Vec<Value>>,
    ) -> Run<Vec<Value>> {
        let rights = self.eval(right, input)?;
        let lefts = self.eval(left, input)?;
        let mut out = Vec::new();
        for right in &rights {
            for left in &lefts {
                self.step()?;
                out.extend(how(left, right)?);
            }
        }
        Ok(out)
    }

    fn slices(&mut self, of: &Filter, bounds: [Option<&Filter>; 2], input: &Value) -> Run<Vec<Value>> {
        let mut ends = [None, None];
        for (end, bound) in ends.iter_mut().zip(bounds) {
            if let Some(bound) = bound {
                *end = self.eval(bound, input)?.first().and_then(Value::as_i64);
            }
        }
        let mut out = Vec::new();
        for value in self.eval(of, input)? {
            let len = match &value {
                Value::Str(text) => text.chars().count(),
                Value::Null => 0,
                other => other.items().len(),
            } as i64;
            let place =
                |bound: Option<i64>, or: i64| bound.map_or(or, |at| if at < 0 { len + at } else { at }).clamp(0, len) as usize;
            let (from, to) = (place(ends[0], 0), place(ends[1], len));
            let to = to.max(from);
            out.push(match &value {
                Value::Str(text) => string(text.chars().skip(from).take(to - from).collect::<String>()),
                Value::Null => Value::Null,
                Value::List(items) => list(items.as_slice()[from..to].to_vec()),
                other => return wrong(format!("Cannot index {} with object", type_of(other))),
            });
        }
        Ok(out)
    }

    fn binary(&mut self, operator: &str, left: &Filter, right: &Filter, input: &Value) -> Run<Vec<Value>> {
        match operator {
            "//" => {
                let found = self.eval(left, input).unwrap_or_default();
                let found: Vec<Value> = found.into_iter().filter(truth).collect();
                if found.is_empty() { self.eval(right, input) } else { Ok(found) }
            }
            "and" | "or" => {
                let mut out = Vec::new();
                for value in self.eval(left, input)? {
                    if truth(&value) == (operator == "or") {
                        out.push(Value::Bool(operator == "or"));
                        continue;
                    }
                    out.extend(self.eval(right, input)?.iter().map(|value| Value::Bool(truth(value))));
                }
                Ok(out)
            }
            _ => self.pairs(left, right, input, |a, b| operate(operator, a, b).map(|value| vec![value])),
        }
    }

    fn object(&mut self, fields: &[(Filter, Filter)], input: &Value) -> Run<Vec<Value>> {
        let mut out = vec![Map::default()];
        for (key, value) in fields {
            let keys = self.eval(key, input)?;
            let values = self.eval(value, input)?;
            let mut next = Vec::new();
            for map in &out {
                for key in &keys {
                    let Value::Str(name) = key else {
                        return wrong(format!("Object keys must be strings, not {}", type_of(key)));
                    };
                    for value in &values {
                        let mut map = map.clone();
                        map.insert(name, value.clone());
                        next.push(map);
                    }
                }
            }
            if next.len() > VALUES {
                return wrong("too many results");
            }
            out = next;
        }
        Ok(out.into_iter().map(Value::Map).collect())
    }

    fn text(&mut self, parts: &[Filter], format: Option<&str>, input: &Value) -> Run<Value> {
        let mut out = String::new();
        for (nth, part) in parts.iter().enumerate() {
            for value in self.eval(part, input)? {
                // Every other part is text as it was written.
                out += formatted(if nth % 2 == 1 { format.unwrap_or("text") } else { "text" }, &value)?.s();
            }
        }
        Ok(string(out))
    }

    /// The places that a filter names.
    fn paths(&mut self, filter: &Filter, input: &Value) -> Run<Vec<Vec<Key>>> {
        self.step()?;
        let mut out = Vec::new();
        match filter {
            Filter::Identity => out.push(Vec::new()),
            Filter::Field(of, key) => {
                for path in self.paths(of, input)? {
                    for key in self.eval(key, input)? {
                        let key = match &key {
                            Value::Str(name) => Key::Field(name.clone()),
                            other => Key::Index(other.as_i64().ok_or_else(|| Stop::Wrong("Invalid path expression".into()))?),
                        };
                        out.push(path.iter().cloned().chain([key]).collect());
                    }
                }
            }
            Filter::Iterate(of) => {
                for path in self.paths(of, input)? {
                    let keys: Vec<Key> = match get(input, &path) {
                        Value::List(items) => (0..items.len() as i64).map(Key::Index).collect(),
                        Value::Map(map) => map.keys().cloned().map(Key::Field).collect(),
                        other => return wrong(format!("Cannot iterate over {}", type_of(&other))),
                    };
                    out.extend(keys.into_iter().map(|key| path.iter().cloned().chain([key]).collect::<Vec<_>>()));
                }
            }
            Filter::Pipe(left, right) => {
                for path in self.paths(left, input)? {
                    let here = get(input, &path);
                    for rest in self.paths(right, &here)? {
                        out.push(path.iter().cloned().chain(rest).collect());
                    }
                }
            }
            Filter::Comma(left, right) => {
                out = self.paths(left, input)?;
                out.extend(self.paths(right, input)?);
            }
            Filter::Try(inner) => out = self.paths(inner, input).unwrap_or_default(),
            Filter::Call(name, args) if name == "select" && args.len() == 1 => {
                if self.eval(&args[0], input)?.iter().any(truth) {
                    out.push(Vec::new());
                }
            }
            Filter::Call(name, _) if name == "empty" => {}
            Filter::Call(name, _) if name == "first" => out.push(vec![Key::Index(0)]),
            _ => return wrong("Invalid path expression"),
        }
        Ok(out)
    }

    fn update(&mut self, operator: &str, path: &Filter, with: &Filter, input: &Value) -> Run<Value> {
        let paths = self.paths(path, input)?;
        let right = if operator == "|=" { Value::Null } else { self.eval(with, input)?.pop().unwrap_or_default() };
        let mut out = input.clone();
        let mut gone = Vec::new();
        for path in paths {
            let old = get(&out, &path);
            let new = match operator {
                "|=" => match self.eval(with, &old)?.into_iter().next() {
                    Some(new) => new,
                    None => {
                        gone.push(path);
                        continue;
                    }
                },
                "=" => right.clone(),
                "//=" if truth(&old) => old,
                "//=" => right.clone(),
                _ => operate(&operator[..1], &old, &right)?,
            };
            set(&mut out, &path, new)?;
        }
        for path in gone.iter().rev() {
            remove(&mut out, path);
        }
        Ok(out)
    }

    fn call(&mut self, name: &str, args: &[Filter], input: &Value) -> Run<Vec<Value>> {
        match (name, args) {
            ("empty", []) => return Ok(Vec::new()),
            ("error", _) => {
                let words = match args.first() {
                    Some(words) => self.eval(words, input)?.pop().unwrap_or_default(),
                    None => input.clone(),
                };
                return wrong(words.as_str().map_or_else(|| words.to_json(), String::from));
            }
            (_, []) if TYPES.iter().any(|row| row.0 == name) => {
                let fits = TYPES.iter().any(|row| row.0 == name && row.1.contains(&type_of(input)));
                return Ok(if fits { vec![input.clone()] } else { Vec::new() });
            }
            ("not", []) => return Ok(vec![Value::Bool(!truth(input))]),
            ("select", [condition]) => {
                let truths = self.eval(condition, input)?;
                return Ok(truths.iter().filter(|value| truth(value)).map(|_| input.clone()).collect());
            }
            ("recurse", []) => return self.recurse(input),
            ("map", [inner]) => {
                let mut out = Vec::new();
                for value in iterate(input)? {
                    out.extend(self.eval(inner, &value)?);
                }
                return Ok(vec![list(out)]);
            }
            ("map_values", [inner]) => {
                let path = Filter::Iterate(Box::new(Filter::Identity));
                return Ok(vec![self.update("|=", &path, inner, input)?]);
            }
            ("with_entries", [inner]) => {
                let entries = plain("to_entries", input, &[])?;
                let mut out = Vec::new();
                for entry in entries.items() {
                    out.extend(self.eval(inner, entry)?);
                }
                return Ok(vec![plain("from_entries", &list(out), &[])?]);
            }
            ("sort_by" | "group_by" | "unique_by" | "min_by" | "max_by", [key]) => return self.by(name, key, input),
            ("any" | "all", [inner]) => {
                let mut truths = Vec::new();
                for value in iterate(input)? {
                    truths.extend(self.eval(inner, &value)?);
                }
                return Ok(vec![plain(name, &list(truths), &[])?]);
            }
            ("first", [inner]) => return Ok(self.eval(inner, input)?.into_iter().take(1).collect()),
            ("last", [inner]) => return Ok(self.eval(inner, input)?.pop().into_iter().collect()),
            ("limit", [count, inner]) => {
                let count = self.eval(count, input)?.first().and_then(Value::as_i64).unwrap_or(0).max(0) as usize;
                return Ok(self.eval(inner, input)?.into_iter().take(count).collect());
            }
            ("del", [path]) => {
                let mut out = input.clone();
                for path in self.paths(path, input)?.iter().rev() {
                    remove(&mut out, path);
                }
                return Ok(vec![out]);
            }
            ("range", [_] | [_, _]) => return self.range(args, input),
            _ => {}
        }
        let mut values = Vec::new();
        for arg in args {
            values.push(self.eval(arg, input)?.into_iter().next().unwrap_or_default());
        }
        plain(name, input, &values).map(|value| vec![value])
    }

    fn range(&mut self, args: &[Filter], input: &Value) -> Run<Vec<Value>> {
        let mut ends = Vec::new();
        for arg in args {
            ends.push(self.eval(arg, input)?.first().and_then(Value::as_i64).unwrap_or(0));
        }
        let (from, to) = if ends.len() == 1 { (0, ends[0]) } else { (ends[0], ends[1]) };
        if to.saturating_sub(from) > VALUES as i64 {
            return wrong("too many results");
        }
        Ok((from..to).map(Value::Int).collect())
    }

    fn by(&mut self, name: &str, key: &Filter, input: &Value) -> Run<Vec<Value>> {
        let mut rows: Vec<(Vec<Value>, Value)> = Vec::new();
        for value in iterate(input)? {
            rows.push((self.eval(key, &value)?, value));
        }
        let compare = |a: &[Value], b: &[Value]| {
            a.iter().zip(b).map(|(a, b)| order(a, b)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
        };
        crate::table::sort_by(&mut rows, |a, b| compare(&a.0, &b.0));
        Ok(vec![match name {
            "sort_by" => list(rows.into_iter().map(|row| row.1)),
            "min_by" => rows.into_iter().next().map(|row| row.1).unwrap_or_default(),
            "max_by" => rows.pop().map(|row| row.1).unwrap_or_default(),
            _ => {
                let groups = rows.chunk_by(|a, b| compare(&a.0, &b.0).is_eq());
                if name == "unique_by" {
                    list(groups.map(|group| group[0].1.clone()))
                } else {
                    list(groups.map(|group| list(group.iter().map(|row| row.1.clone()))))
                }
            }
        }])
    }
}
