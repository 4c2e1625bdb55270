//! Tables that the server sent, as text. Models k8s.io/cli-runtime/pkg/printers tableprinter.

use crate::tab::TabWriter;
use base::Text;
use value::{Value, list, obj};

/// How the tables of one resource are printed; it remembers headers and widths from one table to the next.
#[derive(Clone, Debug)]
pub(crate) struct TablePrinter {
    pub wide: bool,
    pub no_headers: bool,
    pub with_namespace: bool,
    /// `deployment.apps`, put before names; empty for none.
    pub with_kind: Text,
    pub show_labels: bool,
    pub label_columns: Vec<Text>,
    /// A column with the kind of the event.
    pub with_event: bool,
    pub columns: Option<Value>,
    pub writer: TabWriter,
}

impl Default for TablePrinter {
    fn default() -> TablePrinter {
        TablePrinter {
            wide: false,
            no_headers: false,
            with_namespace: false,
            with_kind: Text::new(),
            show_labels: false,
            label_columns: Vec::new(),
            with_event: false,
            columns: None,
            writer: TabWriter::table(),
        }
    }
}

impl TablePrinter {
    /// The lines of a table, cells cut by tabs; see [`TablePrinter::align`].
    pub fn lines(&mut self, table: &Value, event: &str) -> String {
        let given = &table["columnDefinitions"];
        let same = self.columns.as_ref().is_some_and(|last| given.items().is_empty() || last == given);
        let columns = if given.items().is_empty() { self.columns.clone().unwrap_or_default() } else { given.clone() };
        let rows = table["rows"].items();
        let mut text = String::new();
        if !self.no_headers && !same && !rows.is_empty() {
            text.push_str(&(self.headers(&columns).join("\t") + "\n"));
        }
        if !rows.is_empty() || self.no_headers {
            self.columns = Some(columns.clone());
        }
        for row in rows {
            text.push_str(&(self.cells(&columns, row, event).join("\t") + "\n"));
        }
        text
    }
    /// Aligns lines under everything printed before.
    pub fn align(&mut self, lines: &str) -> String {
        self.writer.format(lines)
    }
    /// The text of one table.
    pub fn text(&mut self, table: &Value, event: &str) -> String {
        let lines = self.lines(table, event);
        self.align(&lines)
    }
    fn headers(&self, columns: &Value) -> Vec<String> {
        let mut headers = Vec::new();
        if self.with_event {
            headers.push("EVENT".to_string());
        }
        if self.with_namespace {
            headers.push("NAMESPACE".to_string());
        }
        headers.extend(columns.items().iter().filter(|c| self.shows(c)).map(|c| c["name"].s().to_uppercase()));
        headers.extend(self.label_columns.iter().map(|label| label.rsplit('/').next().unwrap_or("").to_uppercase()));
        if self.show_labels {
            headers.push("LABELS".to_string());
        }
        headers
    }
    fn shows(&self, column: &Value) -> bool {
        self.wide || column["priority"].as_i64().unwrap_or(0) == 0
    }
    fn cells(&self, columns: &Value, row: &Value, event: &str) -> Vec<String> {
        let meta = &row["object"]["metadata"];
        let mut cells = Vec::new();
        if self.with_event {
            cells.push(event.to_string());
        }
        if self.with_namespace {
            cells.push(meta["namespace"].s().to_string());
        }
        for (column, cell) in columns.items().iter().zip(row["cells"].items()) {
            if !self.shows(column) {
                continue;
            }
            let text = cell_text(cell);
            let is_name = column["format"].s() == "name" && column["type"].s() == "string";
            cells.push(if is_name && !self.with_kind.is_empty() { format!("{}/{text}", self.with_kind) } else { text });
        }
        let labels = &meta["labels"];
        cells.extend(self.label_columns.iter().map(|label| labels[label.as_str()].s().to_string()));
        if self.show_labels {
            cells.push(labels_text(labels));
        }
        cells
    }
}

fn cell_text(cell: &Value) -> String {
    match cell {
        Value::Null => String::new(),
        Value::Str(text) => match text.find(['\n', '\r', '\u{c}']) {
            Some(at) => format!("{}...", &text[..at]),
            None => text.to_string(),
        },
        other => other.to_go_text(),
    }
}

/// `a=b,c=d`, or `<none>`.
pub(crate) fn labels_text(labels: &Value) -> String {
    let pairs: Vec<String> = labels.entries().iter().map(|(k, v)| format!("{k}={}", v.s())).collect();
    if pairs.is_empty() { "<none>".into() } else { pairs.join(",") }
}

/// The table that kubectl makes itself of objects that come without one.
pub(crate) fn plain_table(objects: &[Value], now: base::Time) -> Value {
    let rows = objects.iter().map(|object| {
        let age =
            base::Time::parse(object["metadata"]["creationTimestamp"].s()).map_or("<unknown>".into(), |t| (now - t).human());
        obj! { "cells" => list![&object["metadata"]["name"], age], "object" => object }
    });
    if let [scale] = objects
        && scale["kind"].s() == "Scale"
    {
        return scale_table(scale, now);
    }
    let column = |name: &str, format: &str| obj! { "name" => name, "type" => "string", "format" => format, "priority" => 0 };
    obj! {
        "kind" => "Table", "columnDefinitions" => list![column("Name", "name"), column("Age", "")],
        "rows" => rows.collect::<Vec<_>>(),
    }
}

/// The table of `get --subresource=scale`.
fn scale_table(scale: &Value, now: base::Time) -> Value {
    let age = base::Time::parse(scale["metadata"]["creationTimestamp"].s()).map_or("<unknown>".into(), |t| (now - t).human());
    let columns =
        ["Name", "Desired", "Available", "Age"].map(|name| obj! { "name" => name, "type" => "string", "priority" => 0 });
    let count = |of: &str| Value::Int(scale[of]["replicas"].as_i64().unwrap_or(0));
    let cells = list![&scale["metadata"]["name"], count("spec"), count("status"), age];
    obj! { "kind" => "Table", "columnDefinitions" => columns.to_vec(), "rows" => list![obj! { "cells" => cells, "object" => scale }] }
}
