//! YAML in and out, as kubectl understands it: YAML 1.1 words, documents split at `---` lines, go-yaml's error texts.
//!
//! The parser is libyaml's, in its Rust successor to serde_yaml: go-yaml is a port of the same C code, so that words and line numbers of
//! errors are those that kubectl prints. What serde does not tell (quoted or plain, where) is read off the borrowed text.

mod positions;
mod print;
mod read;
mod scalar;

pub use positions::Positions;

use crate::Value;
use base::Text;
use std::fmt;

/// No text longer than this is read: an answer must come within a second.
const TEXT_MAX: usize = 4 << 20;
/// No document longer than this is read; the API server refuses longer requests too.
const DOCUMENT_MAX: usize = 3 << 20;

/// One document of a text.
#[derive(Clone, Debug)]
pub struct Document {
    pub value: Result<Value, YamlError>,
    /// The line of the text on which the document starts, from 1.
    pub start_line: u32,
    pub positions: Positions,
    /// Fields that are written twice in one map; the last one counts.
    pub duplicates: Vec<Duplicate>,
}

/// A field that its map had already.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Duplicate {
    /// `spec.containers[0].image`
    pub path: String,
    /// `image`
    pub key: Text,
    pub line: u32,
    pub column: u32,
}

/// Why a document is no YAML. Prints what kubectl says after `error parsing FILE: `.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct YamlError {
    /// `yaml: line 3: could not find expected ':'`, with go-yaml's way to count lines inside the document.
    pub message: String,
    /// Where it is in the whole text, from 1.
    pub line: u32,
    /// From 1.
    pub column: u32,
}

impl fmt::Display for YamlError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.message.starts_with("yaml: ") || self.message.starts_with("json: ") {
            out.write_str("error converting YAML to JSON: ")?;
        }
        out.write_str(&self.message)
    }
}

/// The documents of a text, without the empty ones. A text that starts with `{` may also be a row of JSON objects.
pub fn documents(text: &str) -> Vec<Document> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.len() > TEXT_MAX {
        return vec![refused("yaml: the text is longer than 4 MiB", 1)];
    }
    let documents: Vec<Document> = chunks(text).into_iter().map(document).filter(|d| d.value != Ok(Value::Null)).collect();
    if text.trim_start().starts_with('{') && documents.iter().any(|d| d.value.is_err()) {
        return json_documents(text).unwrap_or(documents);
    }
    documents
}

/// The one value of a text: the first document that is not empty, or null.
pub fn value(text: &str) -> Result<Value, YamlError> {
    documents(text).into_iter().next().map_or(Ok(Value::Null), |d| d.value)
}

struct Chunk<'a> {
    text: &'a str,
    start_line: u32,
}

/// Cuts a text at `---` lines. Models YAMLReader of k8s.io/apimachinery/pkg/util/yaml, which keeps the separator line when nothing
/// came before it: line numbers in errors depend on that.
fn chunks(text: &str) -> Vec<Chunk<'_>> {
    let mut chunks = Vec::new();
    let (mut start, mut start_line, mut at) = (0, 1, 0);
    for (line, number) in text.split_inclusive('\n').zip(1_u32..) {
        if at > start && line.strip_prefix("---").is_some_and(|rest| rest.trim().is_empty() || rest.trim_start().starts_with('#'))
        {
            chunks.push(Chunk { text: &text[start..at], start_line });
            (start, start_line) = (at + line.len(), number + 1);
        }
        at += line.len();
    }
    if at > start {
        chunks.push(Chunk { text: &text[start..], start_line });
    }
    chunks
}

fn document(chunk: Chunk<'_>) -> Document {
    if chunk.text.len() > DOCUMENT_MAX {
        return refused("yaml: the document is longer than 3 MiB", chunk.start_line);
    }
    if let Some(message) = hostile(chunk.text) {
        return refused(message, chunk.start_line);
    }
    read::document(chunk.text, chunk.start_line)
}

fn refused(message: &str, line: u32) -> Document {
    let error = YamlError { message: message.into(), line, column: 1 };
    Document { value: Err(error), start_line: line, positions: Positions::default(), duplicates: Vec::new() }
}

/// Texts that would keep the parser busy for minutes: thousands of open brackets, or of directives.
fn hostile(text: &str) -> Option<&'static str> {
    let (mut open, mut directives, mut after) = (0_i32, 0_u32, b'\n');
    for byte in text.bytes() {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = (open - 1).max(0),
            b'%' if after == b'\n' => directives += 1,
            _ => {}
        }
        if open > 1000 {
            return Some("yaml: exceeded max depth of 1000");
        }
        if directives > 1000 {
            return Some("yaml: too many directives");
        }
        after = byte;
    }
    None
}

/// The objects of a JSON text; `None` if it is broken in a way that makes kubectl try YAML.
fn json_documents(text: &str) -> Option<Vec<Document>> {
    let mut documents = Vec::new();
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    loop {
        let offset = stream.byte_offset();
        let before = text.get(..offset)?;
        let start_line = 1 + before.bytes().filter(|b| *b == b'\n').count() as u32;
        match stream.next() {
            None => return Some(documents),
            Some(Ok(value)) => {
                documents.push(Document {
                    value: Ok(value),
                    start_line,
                    positions: Positions::default(),
                    duplicates: Vec::new(),
                });
            }
            Some(Err(error)) if error.is_eof() => {
                let error =
                    YamlError { message: "unexpected EOF".into(), line: error.line() as u32, column: error.column() as u32 };
                documents.push(Document {
                    value: Err(error),
                    start_line,
                    positions: Positions::default(),
                    duplicates: Vec::new(),
                });
                return Some(documents);
            }
            Some(Err(_)) => return None,
        }
    }
}

#[cfg(test)]
mod tests;
