//! Field paths and the errors of validation, in Kubernetes' own words and order.
//! Models k8s.io/apimachinery/pkg/util/validation/field.

use api::{Detail, Status};
use base::Text;
use std::fmt;
use value::Value;

/// A path to a field; it lives on the stack and is written out only when something is wrong.
#[derive(Clone, Copy)]
pub struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Field(&'a str),
    Index(usize),
    Key(&'a str),
}

impl<'a> Path<'a> {
    pub const fn root(field: &'a str) -> Path<'a> {
        Path { parent: None, step: Step::Field(field) }
    }
    /// The nameless start of paths to the fields of the object itself.
    fn is_root(&self) -> bool {
        matches!(self.step, Step::Field("")) && self.parent.is_none()
    }
    pub const fn child(&'a self, field: &'a str) -> Path<'a> {
        Path { parent: Some(self), step: Step::Field(field) }
    }
    pub const fn index(&'a self, index: usize) -> Path<'a> {
        Path { parent: Some(self), step: Step::Index(index) }
    }
    pub const fn key(&'a self, key: &'a str) -> Path<'a> {
        Path { parent: Some(self), step: Step::Key(key) }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            write!(out, "{parent}")?;
        }
        match self.step {
            Step::Field(name) if self.parent.is_some_and(|p| !p.is_root()) => write!(out, ".{name}"),
            Step::Field(name) => out.write_str(name),
            Step::Index(index) => write!(out, "[{index}]"),
            Step::Key(key) => write!(out, "[{key}]"),
        }
    }
}

/// A refused value as error texts print it: texts in quotes, everything else as JSON.
pub enum Bad<'a> {
    Text(&'a str),
    Int(i64),
    Value(&'a Value),
    /// Already printed.
    Raw(String),
}

impl fmt::Display for Bad<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bad::Text(text) => out.write_str(&quote(text)),
            Bad::Int(int) => write!(out, "{int}"),
            Bad::Value(Value::Str(text)) => out.write_str(&quote(text)),
            Bad::Value(value) => out.write_str(&value.to_json()),
            Bad::Raw(text) => out.write_str(text),
        }
    }
}

impl<'a> From<&'a str> for Bad<'a> {
    fn from(text: &'a str) -> Bad<'a> {
        Bad::Text(text)
    }
}
impl From<i64> for Bad<'_> {
    fn from(int: i64) -> Self {
        Bad::Int(int)
    }
}
impl<'a> From<&'a Value> for Bad<'a> {
    fn from(value: &'a Value) -> Bad<'a> {
        Bad::Value(value)
    }
}

/// A text in double quotes as Go's `%q` prints it.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if (c as u32) < 0x20 || c == '\u{7f}' => out.push_str(&format!("\\x{:02x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// The errors found so far, in the order of validation.
#[derive(Default, Debug)]
pub struct Errors(Vec<Problem>);

#[derive(Debug, PartialEq)]
struct Problem {
    reason: &'static str,
    field: String,
    message: String,
}

impl Errors {
    pub fn new() -> Errors {
        Errors::default()
    }
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    pub fn len(&self) -> usize {
        self.0.len()
    }
    fn add(&mut self, reason: &'static str, path: &Path, message: String) {
        self.0.push(Problem { reason, field: path.to_string(), message });
    }
    pub fn required(&mut self, path: &Path, detail: &str) {
        self.add("FieldValueRequired", path, with("Required value", detail));
    }
    pub fn invalid<'a>(&mut self, path: &Path, value: impl Into<Bad<'a>>, detail: &str) {
        self.add("FieldValueInvalid", path, with(&format!("Invalid value: {}", value.into()), detail));
    }
    /// One error per complaint about a text.
    pub fn complaints(&mut self, path: &Path, value: &str, complaints: impl IntoIterator<Item = String>) {
        for complaint in complaints {
            self.invalid(path, value, &complaint);
        }
    }
    pub fn unsupported<'a>(&mut self, path: &Path, value: impl Into<Bad<'a>>, supported: &[&str]) {
        let list = supported.iter().map(|s| quote(s)).collect::<Vec<_>>().join(", ");
        let detail = if list.is_empty() { list } else { format!("supported values: {list}") };
        self.add("FieldValueNotSupported", path, with(&format!("Unsupported value: {}", value.into()), &detail));
    }
    pub fn duplicate<'a>(&mut self, path: &Path, value: impl Into<Bad<'a>>) {
        self.add("FieldValueDuplicate", path, format!("Duplicate value: {}", value.into()));
    }
    pub fn not_found<'a>(&mut self, path: &Path, value: impl Into<Bad<'a>>) {
        self.add("FieldValueNotFound", path, format!("Not found: {}", value.into()));
    }
    pub fn forbidden(&mut self, path: &Path, detail: &str) {
        self.add("FieldValueForbidden", path, with("Forbidden", detail));
    }
    pub fn too_long(&mut self, path: &Path, max: usize) {
        self.add("FieldValueTooLong", path, format!("Too long: may not be more than {max} bytes"));
    }
    pub fn too_many(&mut self, path: &Path, actual: usize, max: usize) {
        let items = if max == 1 { "item" } else { "items" };
        self.add("FieldValueTooMany", path, format!("Too many: {actual}: must have at most {max} {items}"));
    }
    pub fn immutable<'a>(&mut self, path: &Path, value: impl Into<Bad<'a>>) {
        self.invalid(path, value, "field is immutable");
    }
    pub fn non_negative(&mut self, path: &Path, value: i64) {
        if value < 0 {
            self.invalid(path, value, "must be greater than or equal to 0");
        }
    }
    /// The 422 of all errors; `kind` is `Deployment`, `group` is `apps` or empty.
    pub fn into_status(self, kind: &str, group: &str, name: &str) -> Status {
        let kind_text = if group.is_empty() { kind.to_string() } else { format!("{kind}.{group}") };
        let mut texts: Vec<String> = Vec::with_capacity(self.0.len());
        for problem in &self.0 {
            let text = format!("{}: {}", problem.field, problem.message);
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        let list = if texts.len() == 1 { texts.remove(0) } else { format!("[{}]", texts.join(", ")) };
        let mut status = Status::new(422, "Invalid", format!("{kind_text} \"{name}\" is invalid: {list}"));
        status.details = Detail {
            name: name.into(),
            group: group.into(),
            kind: kind.into(),
            causes: self.0.into_iter().map(|p| (Text::from(p.reason), p.message.into(), p.field.into())).collect(),
            ..Detail::default()
        };
        status
    }
}

fn with(head: &str, detail: &str) -> String {
    if detail.is_empty() { head.to_string() } else { format!("{head}: {detail}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_texts() {
        let spec = Path::root("spec");
        let list = spec.child("ports");
        let item = list.index(2);
        let mut errors = Errors::new();
        errors.invalid(&item.child("port"), 0, "must be between 1 and 65535, inclusive");
        errors.required(&spec.child("selector"), "");
        errors.required(&spec.child("selector"), "");
        let status = errors.into_status("Deployment", "apps", "web");
        let want = "Deployment.apps \"web\" is invalid: [spec.ports[2].port: Invalid value: 0: must be between 1 and 65535, inclusive, spec.selector: Required value]";
        assert_eq!(status.message, want);
        assert_eq!(status.details.causes.len(), 3);
        assert_eq!(quote("a\"b\u{1}"), "\"a\\\"b\\x01\"");
    }
}
