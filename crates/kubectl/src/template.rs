//! `-o go-template`: the part of Go's text/template that people use on objects: fields, `index`, `range`, `if`, `with`, variables, comparisons.

use crate::fail::{Run, plain};
use base::Text;
use value::Value;

/// A template that was understood.
#[derive(Clone)]
pub(crate) struct GoTemplate {
    pub text: Text,
    nodes: Vec<Node>,
}

#[derive(Clone)]
enum Node {
    Text(String),
    /// Variables to set (`$i, $e :=`), then what is printed when there are none; and the action as errors quote it.
    Print(Vec<String>, Pipe, String),
    If(Pipe, Vec<Node>, Vec<Node>),
    With(Pipe, Vec<Node>, Vec<Node>),
    Range(Vec<String>, Pipe, Vec<Node>, Vec<Node>),
}

/// Commands joined by `|`.
type Pipe = Vec<Vec<Term>>;

#[derive(Clone)]
enum Term {
    Literal(Value),
    /// `.a.b` (`.` is the empty path)
    Field(Vec<String>),
    /// `$x.a.b`
    Variable(String, Vec<String>),
    /// `(pipe).a.b`
    Group(Pipe, Vec<String>),
    Word(String),
}

impl GoTemplate {
    pub fn parse(text: &str) -> Run<GoTemplate> {
        let mut parser = Parser { rest: text, whole: text };
        match parser.nodes(false) {
            Ok((nodes, _)) => Ok(GoTemplate { text: text.into(), nodes }),
            Err(why) => plain(format!("error parsing template {text}, template: output:1: {why}")),
        }
    }
    pub fn eval(&self, data: &Value) -> Result<String, String> {
        let mut run = Eval { variables: vec![("$".to_string(), data.clone())], out: String::new(), steps: 0 };
        run.nodes(&self.nodes, data)?;
        Ok(run.out)
    }
    /// What kubectl prints on stdout when a template fails.
    pub fn complaint(&self, why: &str, data: &Value) -> String {
        format!(
            "Error executing template: {why}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t{}\n\traw data was:\n\t\t{}\n\tobject given to template engine was:\n\t\t{}\n\n",
            self.text,
            data.to_json_go(),
            data.to_go_text()
        )
    }
}

struct Parser<'a> {
    rest: &'a str,
    whole: &'a str,
}

impl Parser<'_> {
    /// Nodes up to `end` or `else` (whose word is answered), or to the end of the text.
    fn nodes(&mut self, inside: bool) -> Result<(Vec<Node>, String), String> {
        let mut nodes = Vec::new();
        loop {
            let Some((text, after)) = self.rest.split_once("{{") else {
                if inside {
                    return Err("unexpected EOF".into());
                }
                nodes.push(Node::Text(self.rest.to_string()));
                return Ok((nodes, String::new()));
            };
            let trim_left = after.starts_with("- ");
            let end = action_end(after).ok_or("unclosed action")?;
            let place = self.place(after);
            let action = after[..end].trim_start_matches("- ");
            let trim_right = action.ends_with(" -");
            nodes.push(Node::Text(if trim_left { text.trim_end() } else { text }.to_string()));
            self.rest = &after[end + 2..];
            if trim_right {
                self.rest = self.rest.trim_start();
            }
            let action = action.strip_suffix(" -").unwrap_or(action).trim();
            let (word, argument) = action.split_once(char::is_whitespace).unwrap_or((action, ""));
            match word {
                "end" | "else" if inside => return Ok((nodes, action.to_string())),
                "if" | "with" | "range" => nodes.push(self.block(word, argument)?),
                _ if action.starts_with("/*") => {}
                _ => {
                    let (variables, pipe) = declared(action)?;
                    nodes.push(Node::Print(variables, pipe, format!("{place}: executing \"output\" at <{action}>")));
                }
            }
        }
    }
    /// `1:2`: where an action's text begins.
    fn place(&self, action: &str) -> String {
        let offset = self.whole.len() - action.len();
        let before = &self.whole[..offset];
        let line = before.matches('\n').count() + 1;
        let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1);
        format!("template: output:{line}:{column}")
    }
    fn block(&mut self, word: &str, argument: &str) -> Result<Node, String> {
        let (variables, pipe) = declared(argument)?;
        let (body, stop) = self.nodes(true)?;
        let mut otherwise = Vec::new();
        if let Some(condition) = stop.strip_prefix("else if ") {
            otherwise.push(self.block("if", condition)?);
        } else if stop == "else" {
            otherwise = self.nodes(true)?.0;
        }
        Ok(match word {
            "if" => Node::If(pipe, body, otherwise),
            "with" => Node::With(pipe, body, otherwise),
            _ => Node::Range(variables, pipe, body, otherwise),
        })
    }
}

/// Where the `}}` of an action stands, outside of quotes.
fn action_end(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut quote) = (0, 0_u8);
    while at < bytes.len() {
        let byte = bytes[at];
        if quote != 0 {
            if byte == b'\\' && quote == b'"' {
                at += 1;
            } else if byte == quote {
                quote = 0;
            }
        } else if byte == b'"' || byte == b'`' {
            quote = byte;
        } else if bytes[at..].starts_with(b"}}") {
            return Some(at);
        }
        at += 1;
    }
    None
}

/// `$i, $e := pipeline`
fn declared(text: &str) -> Result<(Vec<String>, Pipe), String> {
    let (names, rest) = match text.split_once(":=") {
        Some((names, rest)) if names.trim_start().starts_with('$') => (names, rest),
        _ => ("", text),
    };
    let names = names.split(',').map(|name| name.trim().to_string()).filter(|name| !name.is_empty()).collect();
    let tokens = tokens(rest)?;
    let mut at = 0;
    let pipe = pipeline(&tokens, &mut at)?;
    if at < tokens.len() { Err(format!("unexpected {:?} in command", tokens[at])) } else { Ok((names, pipe)) }
}

fn tokens(text: &str) -> Result<Vec<String>, String> {
    let (mut out, mut chars) = (Vec::new(), text.char_indices().peekable());
    while let Some((start, c)) = chars.next() {
        match c {
            c if c.is_whitespace() => {}
            '(' | ')' | '|' => out.push(c.to_string()),
            '"' | '`' => {
                let mut escaped = false;
                let end = chars.find(|(_, d)| {
                    let closes = *d == c && !escaped;
                    escaped = *d == '\\' && c == '"' && !escaped;
                    closes
                });
                let (end, _) = end.ok_or("unterminated quoted string")?;
                out.push(text[start..=end].to_string());
            }
            _ => {
                let mut end = start + c.len_utf8();
                while let Some((at, d)) = chars.peek().copied() {
                    if d.is_whitespace() || "()|\"`".contains(d) {
                        break;
                    }
                    end = at + d.len_utf8();
                    chars.next();
                }
                out.push(text[start..end].to_string());
            }
        }
    }
    Ok(out)
}

fn pipeline(tokens: &[String], at: &mut usize) -> Result<Pipe, String> {
    let mut pipe = vec![Vec::new()];
    while let Some(token) = tokens.get(*at) {
        match token.as_str() {
            ")" => break,
            "|" => pipe.push(Vec::new()),
            _ => {
                let term = term(tokens, at)?;
                if let Some(command) = pipe.last_mut() {
                    command.push(term);
                }
            }
        }
        *at += 1;
    }
    if pipe.iter().any(Vec::is_empty) { Err("missing value for command".into()) } else { Ok(pipe) }
}

fn term(tokens: &[String], at: &mut usize) -> Result<Term, String> {
    let token = tokens[*at].as_str();
    let path = |text: &str| text.split('.').filter(|part| !part.is_empty()).map(str::to_string).collect::<Vec<_>>();
    if token == "(" {
        *at += 1;
        let inner = pipeline(tokens, at)?;
        if tokens.get(*at).map(String::as_str) != Some(")") {
            return Err("unclosed left paren".into());
        }
        let mut after = Vec::new();
        if let Some(next) = tokens.get(*at + 1).filter(|next| next.starts_with('.')) {
            after = path(next);
            *at += 1;
        }
        return Ok(Term::Group(inner, after));
    }
    if let Some(rest) = token.strip_prefix('$') {
        let (name, fields) = rest.split_once('.').unwrap_or((rest, ""));
        return Ok(Term::Variable(format!("${name}"), path(fields)));
    }
    if token.starts_with('.') {
        return Ok(Term::Field(path(token)));
    }
    if token.starts_with('"') {
        return Value::from_json(token).map(Term::Literal).map_err(|_| "invalid syntax".to_string());
    }
    if token.starts_with('`') {
        return Ok(Term::Literal(Value::str(token.trim_matches('`'))));
    }
    Ok(match token {
        "true" | "false" => Term::Literal(Value::Bool(token == "true")),
        "nil" => Term::Literal(Value::Null),
        _ => token.parse::<i64>().map_or_else(|_| Term::Word(token.to_string()), |n| Term::Literal(Value::Int(n))),
    })
}

struct Eval {
    variables: Vec<(String, Value)>,
    out: String,
    steps: u32,
}

impl Eval {
    fn nodes(&mut self, nodes: &[Node], dot: &Value) -> Result<(), String> {
        let depth = self.variables.len();
        for node in nodes {
            self.steps += 1;
            if self.steps > 1_000_000 {
                return Err("the template takes too long".into());
            }
            self.node(node, dot)?;
        }
        self.variables.truncate(depth);
        Ok(())
    }
    fn node(&mut self, node: &Node, dot: &Value) -> Result<(), String> {
        match node {
            Node::Text(text) => self.out.push_str(text),
            Node::Print(names, pipe, place) => {
                let value = self.pipe(pipe, dot).map_err(|why| format!("{place}: {why}"))?;
                match names.first() {
                    Some(name) => self.variables.push((name.clone(), value)),
                    None => self.out.push_str(&printed(&value)),
                }
            }
            Node::If(pipe, body, otherwise) => {
                let truth = !self.pipe(pipe, dot)?.is_empty();
                self.nodes(if truth { body } else { otherwise }, dot)?;
            }
            Node::With(pipe, body, otherwise) => {
                let value = self.pipe(pipe, dot)?;
                if value.is_empty() { self.nodes(otherwise, dot)? } else { self.nodes(body, &value)? }
            }
            Node::Range(names, pipe, body, otherwise) => self.range(names, pipe, (body, otherwise), dot)?,
        }
        Ok(())
    }
    fn range(&mut self, names: &[String], pipe: &Pipe, (body, otherwise): (&[Node], &[Node]), dot: &Value) -> Result<(), String> {
        let over = self.pipe(pipe, dot)?;
        let pairs: Vec<(Value, Value)> = match &over {
            Value::List(list) => list.iter().enumerate().map(|(at, item)| (Value::Int(at as i64), item.clone())).collect(),
            Value::Map(map) => map.iter().map(|(key, field)| (Value::Str(key.clone()), field.clone())).collect(),
            Value::Null => Vec::new(),
            other => return Err(format!("range can't iterate over {}", printed(other))),
        };
        if pairs.is_empty() {
            return self.nodes(otherwise, dot);
        }
        for (key, item) in pairs {
            let depth = self.variables.len();
            match names {
                [one] => self.variables.push((one.clone(), item.clone())),
                [first, second, ..] => self.variables.extend([(first.clone(), key), (second.clone(), item.clone())]),
                [] => {}
            }
            self.nodes(body, &item)?;
            self.variables.truncate(depth);
        }
        Ok(())
    }
    fn pipe(&mut self, pipe: &Pipe, dot: &Value) -> Result<Value, String> {
        let mut last: Option<Value> = None;
        for command in pipe {
            last = Some(self.command(command, dot, last)?);
        }
        Ok(last.unwrap_or_default())
    }
    fn command(&mut self, command: &[Term], dot: &Value, piped: Option<Value>) -> Result<Value, String> {
        let Some((Term::Word(function), rest)) = command.split_first() else {
            return command.first().map_or(Ok(Value::Null), |term| self.term(term, dot));
        };
        let mut arguments = Vec::new();
        for term in rest {
            arguments.push(self.term(term, dot)?);
        }
        arguments.extend(piped);
        call(function, &arguments)
    }
    fn term(&mut self, term: &Term, dot: &Value) -> Result<Value, String> {
        match term {
            Term::Literal(value) => Ok(value.clone()),
            Term::Field(path) => descend(dot, path),
            Term::Variable(name, path) => {
                let found = self.variables.iter().rev().find(|(n, _)| n == name).map(|(_, v)| v.clone());
                descend(&found.ok_or_else(|| format!("undefined variable {name:?}"))?, path)
            }
            Term::Group(pipe, path) => descend(&self.pipe(pipe, dot)?, path),
            Term::Word(function) => call(function, &[]),
        }
    }
}

fn descend(from: &Value, path: &[String]) -> Result<Value, String> {
    let mut at = from;
    for key in path {
        match at {
            Value::Map(_) => at = &at[key.as_str()],
            Value::Null => return Err(format!("nil pointer evaluating interface {{}}.{key}")),
            other => return Err(format!("can't evaluate field {key} in type {}", other.go_type())),
        }
    }
    Ok(at.clone())
}

/// As Go's templates print a value; what is missing prints `<no value>`.
fn printed(value: &Value) -> String {
    if value.is_null() { "<no value>".into() } else { value.to_go_text() }
}

fn call(function: &str, arguments: &[Value]) -> Result<Value, String> {
    let first = arguments.first().cloned().unwrap_or_default();
    let second = arguments.get(1).cloned().unwrap_or_default();
    Ok(match function {
        "index" => arguments[1.min(arguments.len())..].iter().try_fold(first, |at, key| index(&at, key))?,
        "len" => Value::Int(match &first {
            Value::List(list) => list.len() as i64,
            Value::Map(map) => map.len() as i64,
            Value::Str(text) => text.len() as i64,
            other => return Err(format!("error calling len: len of type {}", other.go_type())),
        }),
        "eq" => Value::Bool(arguments.iter().skip(1).any(|other| *other == first)),
        "ne" => Value::Bool(first != second),
        "lt" | "le" | "gt" | "ge" => {
            let order = match (first.as_f64(), second.as_f64()) {
                (Some(a), Some(b)) => a.partial_cmp(&b),
                _ => Some(first.s().cmp(second.s())),
            };
            let order = order.unwrap_or(std::cmp::Ordering::Equal);
            Value::Bool(match function {
                "lt" => order.is_lt(),
                "le" => order.is_le(),
                "gt" => order.is_gt(),
                _ => order.is_ge(),
            })
        }
        "and" => arguments.iter().find(|v| v.is_empty()).or(arguments.last()).cloned().unwrap_or_default(),
        "or" => arguments.iter().find(|v| !v.is_empty()).or(arguments.last()).cloned().unwrap_or_default(),
        "not" => Value::Bool(first.is_empty()),
        "print" | "println" => {
            let text: String = arguments.iter().map(printed).collect();
            Value::str(&if function == "println" { text + "\n" } else { text })
        }
        "printf" => Value::str(&formatted(first.s(), &arguments[1.min(arguments.len())..])),
        "base64decode" => match base::base64_decode(first.s()) {
            Ok(bytes) => Value::str(&String::from_utf8_lossy(&bytes)),
            Err(at) => return Err(format!("error calling base64decode: illegal base64 data at input byte {at}")),
        },
        "exists" => Value::Bool(
            arguments[1.min(arguments.len())..].iter().try_fold(first, |at, key| index(&at, key)).is_ok_and(|v| !v.is_null()),
        ),
        other => return Err(format!("function {other:?} not defined")),
    })
}

fn index(of: &Value, key: &Value) -> Result<Value, String> {
    match (of, key) {
        (Value::List(list), Value::Int(at)) => {
            let found = usize::try_from(*at).ok().and_then(|at| list.as_slice().get(at)).cloned();
            found.ok_or_else(|| format!("error calling index: index out of range: {at}"))
        }
        (Value::Map(_), Value::Str(key)) => Ok(of[key.as_str()].clone()),
        (Value::Null, _) => Err("error calling index: index of untyped nil".into()),
        (other, _) => Err(format!("error calling index: can't index item of type {}", other.go_type())),
    }
}

fn formatted(format: &str, arguments: &[Value]) -> String {
    let (mut out, mut next, mut chars) = (String::new(), arguments.iter(), format.chars().peekable());
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut width = String::new();
        while let Some(d) = chars.peek().filter(|d| d.is_ascii_digit() || **d == '-').copied() {
            width.push(d);
            chars.next();
        }
        let Some(verb) = chars.next() else { break };
        let text = match verb {
            '%' => "%".to_string(),
            'q' => format!("{:?}", next.next().map(printed).unwrap_or_default()),
            _ => next.next().map(printed).unwrap_or_default(),
        };
        let wide = width.trim_start_matches('-').parse::<usize>().unwrap_or(0).min(1000);
        out.push_str(&if width.starts_with('-') { format!("{text:<wide$}") } else { format!("{text:>wide$}") });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use value::{list, obj};

    fn check(template: &str, want: &str) {
        let data = obj! { "kind" => "Pod", "items" => list![obj! { "n" => "a", "r" => 1 }, obj! { "n" => "b" }], "m" => obj! { "k" => "v" } };
        let Ok(parsed) = GoTemplate::parse(template) else { panic!("{template}") };
        assert_eq!(parsed.eval(&data).unwrap_or_else(|why| why), want, "{template}");
    }

    #[test]
    fn evaluates_what_people_write() {
        check("{{.kind}} {{.nope}}", "Pod <no value>");
        check(r#"{{range .items}}{{.n}}{{"\n"}}{{end}}"#, "a\nb\n");
        check("{{range $i, $e := .items}}{{if $i}},{{end}}{{$e.n}}{{end}}", "a,b");
        check("{{len .items}} {{(index .items 1).n}}", "2 b");
        check("{{range $k, $v := .m}}{{$k}}={{$v}}{{end}}", "k=v");
        check(r#"{{if eq .kind "Pod"}}yes{{else}}no{{end}}"#, "yes");
        check(
            "{{index .items 9}}",
            r#"template: output:1:2: executing "output" at <index .items 9>: error calling index: index out of range: 9"#,
        );
        check(r#"{{.kind | printf "%5s"}}"#, "  Pod");
    }
}
