//! Tables: what `kubectl get` prints, column by column. Models pkg/printers/internalversion/printers.go.

use crate::kinds::Kind;
use base::Time;
use value::{List, Value, obj};

/// The columns of a kind and the function that fills them.
#[derive(Clone, Copy)]
pub struct Printer {
    pub columns: &'static [Column],
    pub cells: fn(&Value, Time) -> Vec<Value>,
}

/// One column: its name, type, and whether it is wide only.
#[derive(Clone, Copy)]
pub struct Column {
    pub name: &'static str,
    pub kind: &'static str,
    pub wide: bool,
}

static PLAIN: Printer = Printer {
    columns: &[Column { name: "Name", kind: "string", wide: false }, Column { name: "Age", kind: "string", wide: false }],
    cells: |object, now| vec![object["metadata"]["name"].clone(), age(object, now)],
};

/// The printer of a resource; name and age for those that have none of their own.
pub fn printer(_resource: &str) -> &'static Printer {
    &PLAIN
}

/// `columnDefinitions`. Descriptions are left out: no client shows them.
pub fn columns(printer: &Printer) -> Value {
    let one = |c: &Column| {
        let format = if c.name == "Name" { "name" } else { "" };
        obj! { "name" => c.name, "type" => c.kind, "format" => format, "description" => "", "priority" => i64::from(c.wide) }
    };
    Value::List(printer.columns.iter().map(one).collect::<List>())
}

/// The cells of one object.
pub fn cells(printer: &Printer, object: &Value, now: Time) -> List {
    (printer.cells)(object, now).into()
}

/// Finished pods are marked, so that clients can hide them.
pub fn row_conditions(kind: &Kind, object: &Value) -> Value {
    if kind.resource != "pods" {
        return Value::Null;
    }
    let (reason, message) = match object["status"]["phase"].s() {
        "Succeeded" => ("Succeeded", "The pod has completed successfully."),
        "Failed" => ("Failed", "The pod failed."),
        _ => return Value::Null,
    };
    let done = obj! { "type" => "Completed", "status" => "True", "reason" => reason, "message" => message };
    Value::List(List::from(vec![done]))
}

/// The AGE cell.
pub fn age(object: &Value, now: Time) -> Value {
    since(&object["metadata"]["creationTimestamp"], now)
}

/// The time since a timestamp, as people read it.
pub fn since(timestamp: &Value, now: Time) -> Value {
    match Time::parse(timestamp.s()) {
        Some(time) => Value::str(&(now - time).human()),
        None => Value::str("<unknown>"),
    }
}
