//! jq: filters on JSON. Keys come out sorted, since values keep them so.

use crate::filter::{Filter as Lines, Filtering, Flow, Wording};
use crate::kernel::Io;
use crate::tool::{Tool, options};
use crate::tools::jq_parse::{Filter, parse};
use crate::tools::jq_run::{Machine, Stop};
use base::Text;
use std::sync::Arc;
use value::{List, Value};

#[derive(Clone, Debug)]
struct Jq {
    filter: Arc<Filter>,
    raw: bool,
    joined: bool,
    compact: bool,
    slurp: bool,
    null_input: bool,
    raw_input: bool,
    exit_status: bool,
    tab: bool,
    vars: Vec<(String, Value)>,
    data: Vec<u8>,
    wrong: Option<String>,
    spent: usize,
}

pub(crate) fn jq(io: &mut Io) -> Result<Box<dyn Tool>, i32> {
    let argv = io.core.argv.clone();
    let mut vars = Vec::new();
    let mut kept = vec![argv[0].clone()];
    let mut words = argv[1..].iter();
    while let Some(word) = words.next() {
        if word == "--arg" || word == "--argjson" {
            let (name, text) = (words.next().cloned().unwrap_or_default(), words.next().cloned().unwrap_or_default());
            let value = if word == "--arg" { Some(Value::Str(text.clone())) } else { Value::from_json(&text).ok() };
            let Some(value) = value else {
                io.complain(&format!("Invalid JSON text passed to --argjson: {text}"));
                return Err(2);
            };
            vars.push((name.to_string(), value));
        } else {
            kept.push(word.clone());
        }
    }
    io.core.argv = Arc::new(kept);
    let long = [
        ("raw-output", 'r'),
        ("compact-output", 'c'),
        ("slurp", 's'),
        ("null-input", 'n'),
        ("exit-status", 'e'),
        ("raw-input", 'R'),
        ("join-output", 'j'),
        ("sort-keys", 'S'),
        ("color-output", 'C'),
        ("monochrome-output", 'M'),
        ("tab", 't'),
        ("indent", 'I'),
    ];
    let options = options(io, "rcsneRjSCMtI:a", &long).map_err(|_| 2)?;
    let (text, files) = match options.rest.split_first() {
        Some((text, files)) => (text.clone(), files.to_vec()),
        None => (base::text!("."), Vec::new()),
    };
    let filter = parse(&text).map_err(|words| {
        io.err(format!("jq: error: {words} (Unix shell quoting issues?) at <top-level>, line 1:\n{text}\njq: 1 compile error\n"));
        3
    })?;
    let jq = Jq {
        filter: Arc::new(filter),
        raw: options.has('r') || options.has('j'),
        joined: options.has('j'),
        compact: options.has('c'),
        slurp: options.has('s'),
        null_input: options.has('n'),
        raw_input: options.has('R'),
        exit_status: options.has('e'),
        tab: options.has('t'),
        vars,
        data: Vec::new(),
        wrong: None,
        spent: 0,
    };
    let files = if jq.null_input { vec![base::text!("/dev/null")] } else { files };
    Ok(Filtering::failing(jq, files, Wording::Plain, 2))
}

impl Lines for Jq {
    fn take(&mut self, data: &[u8], _out: &mut Vec<u8>) -> Flow {
        if self.data.len() > super::text::KEPT {
            self.wrong = Some("error: out of memory".into());
            return Flow::Stop(2);
        }
        self.data.extend_from_slice(data);
        Flow::Go
    }
    fn end(&mut self, out: &mut Vec<u8>) -> i32 {
        let text = String::from_utf8_lossy(&std::mem::take(&mut self.data)).into_owned();
        self.spent = text.len() / 16;
        let mut code = 0;
        let mut inputs = Vec::new();
        if self.null_input {
            inputs.push(Value::Null);
        } else if self.raw_input {
            inputs = text.lines().map(|line| Value::Str(Text::from(line))).collect();
        } else {
            for document in documents(&text) {
                match Value::from_json(document) {
                    Ok(value) => inputs.push(value),
                    Err(error) => {
                        self.wrong = Some(format!("error (at <stdin>:{}): {}", error.line, error.message));
                        code = 2;
                        break;
                    }
                }
            }
        }
        if self.slurp {
            inputs = vec![Value::List(List::from(inputs))];
        }
        let mut last = None;
        for input in inputs {
            let mut machine = Machine { vars: self.vars.clone(), steps: 0 };
            let found = machine.eval(&self.filter.clone(), &input);
            self.spent += machine.steps as usize;
            match found {
                Ok(values) => {
                    for value in values {
                        self.print(&value, out);
                        last = Some(value);
                    }
                }
                Err(Stop::Wrong(words)) => {
                    self.wrong = Some(format!("error (at <stdin>:0): {words}"));
                    code = 5;
                }
            }
        }
        if self.exit_status && code == 0 {
            return match last {
                None => 4,
                Some(Value::Null | Value::Bool(false)) => 1,
                Some(_) => 0,
            };
        }
        code
    }
    fn whole_lines(&self) -> bool {
        false
    }
    fn complaint(&mut self) -> Option<String> {
        self.wrong.take()
    }
    fn cost(&mut self) -> usize {
        std::mem::take(&mut self.spent)
    }
    fn copy(&self) -> Box<dyn Lines> {
        Box::new(self.clone())
    }
}

/// The JSON texts that follow each other in a text.
fn documents(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let (mut depth, mut in_text, mut escaped, mut start) = (0_i64, false, false, None);
    for (at, c) in text.char_indices() {
        if in_text {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => {
                    in_text = false;
                    if depth <= 0 {
                        out.extend(start.take().map(|start| &text[start..=at]));
                    }
                }
                _ => {}
            }
            continue;
        }
        if c.is_whitespace() && depth == 0 {
            out.extend(start.take().map(|start| &text[start..at]));
            continue;
        }
        start.get_or_insert(at);
        match c {
            '"' => in_text = true,
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            _ => {}
        }
        if depth <= 0 && matches!(c, '}' | ']') {
            out.extend(start.take().map(|start| &text[start..=at]));
        }
    }
    out.extend(start.map(|start| &text[start..]));
    out
}

impl Jq {
    fn print(&self, value: &Value, out: &mut Vec<u8>) {
        match value {
            Value::Str(text) if self.raw => out.extend(text.as_bytes()),
            _ if self.compact => out.extend(value.to_json().as_bytes()),
            _ => pretty(value, 0, if self.tab { "\t" } else { "  " }, out),
        }
        if !self.joined {
            out.push(b'\n');
        }
    }
}

fn pretty(value: &Value, depth: usize, indent: &str, out: &mut Vec<u8>) {
    let line = |out: &mut Vec<u8>, depth: usize| {
        out.push(b'\n');
        out.extend(indent.repeat(depth).as_bytes());
    };
    match value {
        Value::List(list) if !list.is_empty() => {
            out.push(b'[');
            for (nth, item) in list.iter().enumerate() {
                out.extend((nth > 0).then_some(b','));
                line(out, depth + 1);
                pretty(item, depth + 1, indent, out);
            }
            line(out, depth);
            out.push(b']');
        }
        Value::Map(map) if !map.is_empty() => {
            out.push(b'{');
            for (nth, (key, item)) in map.iter().enumerate() {
                out.extend((nth > 0).then_some(b','));
                line(out, depth + 1);
                out.extend(Value::Str(key.clone()).to_json().as_bytes());
                out.extend(b": ");
                pretty(item, depth + 1, indent, out);
            }
            line(out, depth);
            out.push(b'}');
        }
        other => out.extend(other.to_json().as_bytes()),
    }
}
