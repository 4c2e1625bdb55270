//! `-o custom-columns`. Models k8s.io/kubectl/pkg/cmd/get customcolumn.

use crate::fail::{Fail, Run, plain};
use crate::tab::TabWriter;
use value::Value;
use value::jsonpath::{self, Template};

/// Headers with their paths.
#[derive(Clone)]
pub(crate) struct Columns {
    columns: Vec<(String, Template)>,
    headers: bool,
    writer: TabWriter,
}

impl Columns {
    /// From `NAME:.metadata.name,IMAGE:.spec.image`.
    pub fn parse(spec: &str, no_headers: bool) -> Run<Columns> {
        if spec.is_empty() {
            return plain("custom-columns format specified but no custom columns given");
        }
        let mut columns = Vec::new();
        for part in spec.split(',') {
            let Some((header, path)) = part.split_once(':') else {
                return plain(format!("unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>"));
            };
            columns.push((header.to_string(), path_of(path)?));
        }
        Ok(Columns { columns, headers: !no_headers, writer: TabWriter::table() })
    }
    /// From a file with a line of headers and a line of paths.
    pub fn of_file(text: &str, no_headers: bool) -> Run<Columns> {
        let mut lines = text.lines();
        let words = |line: Option<&str>| -> Vec<String> { line.unwrap_or("").split_whitespace().map(str::to_string).collect() };
        let (headers, paths) = (words(lines.next()), words(lines.next()));
        if headers.len() != paths.len() {
            return plain(format!(
                "number of headers ({}) and field specifications ({}) don't match",
                headers.len(),
                paths.len()
            ));
        }
        let mut columns = Vec::new();
        for (header, path) in headers.into_iter().zip(&paths) {
            columns.push((header, path_of(path)?));
        }
        Ok(Columns { columns, headers: !no_headers, writer: TabWriter::table() })
    }
    /// Rows of objects (lists count as their items), under the headers if these were not printed yet.
    pub fn table(&mut self, objects: &[Value]) -> (String, Option<Fail>) {
        let (mut text, mut failure) = (String::new(), None);
        if std::mem::take(&mut self.headers) {
            let headers: Vec<&str> = self.columns.iter().map(|(header, _)| header.as_str()).collect();
            text.push_str(&(headers.join("\t") + "\n"));
        }
        let all = objects.iter().flat_map(|object| match object["items"].as_list() {
            Some(items) if object["kind"].s().ends_with("List") => items.as_slice(),
            _ => std::slice::from_ref(object),
        });
        for object in all {
            match self.row(object) {
                Ok(row) => text.push_str(&row),
                Err(why) => {
                    failure = Some(Fail::Plain(why));
                    break;
                }
            }
        }
        (self.writer.format(&text), failure)
    }
    fn row(&self, object: &Value) -> Result<String, String> {
        let mut cells = Vec::new();
        for (_, path) in &self.columns {
            let found: Vec<String> = path.find(object)?.iter().map(Value::to_go_text).collect();
            cells.push(if found.is_empty() { "<none>".to_string() } else { found.join(",") });
        }
        Ok(cells.join("\t") + "\n")
    }
}

fn path_of(path: &str) -> Run<Template> {
    let parsed = jsonpath::relaxed(path).and_then(|text| Template::parse(&text));
    parsed.or_else(plain)
}
