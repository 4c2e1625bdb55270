//! The text of a template into nodes. Models parser.go of k8s.io/client-go/util/jsonpath, its errors and its gaps: double-quoted keys
//! are refused, dots inside single-quoted keys still need a backslash.

/// One step of a template.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Node {
    Text(String),
    Int(i64),
    Float(f64),
    Bool(bool),
    Field(String),
    Wildcard,
    Recursive,
    Array([Option<i64>; 3], Single),
    Filter(Filter),
    Union(Vec<Vec<Node>>),
    Identifier(String),
}

/// Whether a slice was written as one index.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Single {
    Yes,
    No,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Filter {
    pub left: Vec<Node>,
    pub operator: String,
    pub right: Vec<Node>,
}

/// A part of a template: text, or what stands between braces.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Part {
    Text(String),
    Action(Vec<Node>),
}

pub(super) fn template(text: &str) -> Result<Vec<Part>, String> {
    let mut scan = Scan { text, at: 0 };
    let mut parts = Vec::new();
    loop {
        let plain = scan.until('{');
        if !plain.is_empty() {
            parts.push(Part::Text(plain.into()));
        }
        if scan.next().is_none() {
            return Ok(parts);
        }
        parts.push(Part::Action(scan.action()?));
    }
}

/// What `{text}` would be; of several actions the first.
fn nested(text: &str) -> Result<Vec<Node>, String> {
    let text = ["{", text, "}"].concat();
    let first = template(&text)?.into_iter().next();
    Ok(match first {
        Some(Part::Action(nodes)) => nodes,
        Some(Part::Text(_)) | None => Vec::new(),
    })
}

struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }
    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }
    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }
    fn eat(&mut self, prefix: &str) -> bool {
        let found = self.rest().starts_with(prefix);
        self.at += if found { prefix.len() } else { 0 };
        found
    }
    /// Everything before a character, or all that is left.
    fn until(&mut self, c: char) -> &'a str {
        let rest = self.rest();
        let len = rest.find(c).unwrap_or(rest.len());
        self.at += len;
        &rest[..len]
    }

    fn action(&mut self) -> Result<Vec<Node>, String> {
        let mut nodes = Vec::new();
        loop {
            if self.eat("}") {
                return Ok(nodes);
            }
            if self.eat("[?(") {
                nodes.push(self.filter()?);
                continue;
            }
            if self.eat("..") {
                if nodes.last() == Some(&Node::Recursive) {
                    return Err("invalid multiple recursive descent".into());
                }
                nodes.push(Node::Recursive);
                if self.peek().is_some_and(is_word) {
                    nodes.push(self.field());
                }
                continue;
            }
            match self.next() {
                None | Some('\r' | '\n') => return Err("unclosed action".into()),
                Some(' ' | '@' | '$') => {}
                Some('[') => self.array(&mut nodes)?,
                Some(quote @ ('"' | '\'')) => nodes.push(self.quoted(quote)?),
                Some('.') => nodes.push(self.field()),
                Some(c) if c == '+' || c == '-' || c.is_numeric() => {
                    self.at -= c.len_utf8();
                    nodes.push(self.number()?);
                }
                Some(c) if is_word(c) => {
                    self.at -= c.len_utf8();
                    nodes.push(self.identifier());
                }
                Some(c) => return Err(format!("unrecognized character in action: U+{:04X} '{c}'", u32::from(c))),
            }
        }
    }
    fn field(&mut self) -> Node {
        let start = self.at;
        while let Some(c) = self.peek() {
            if is_terminator(c) {
                break;
            }
            self.next();
            if c == '\\' {
                self.next();
            }
        }
        let name = &self.text[start..self.at];
        if name == "*" { Node::Wildcard } else { Node::Field(name.replace('\\', "")) }
    }
    fn identifier(&mut self) -> Node {
        let rest = self.rest();
        let word = &rest[..rest.find(is_terminator).unwrap_or(rest.len())];
        self.at += word.len();
        match word {
            "true" => Node::Bool(true),
            "false" => Node::Bool(false),
            _ => Node::Identifier(word.into()),
        }
    }
    fn number(&mut self) -> Result<Node, String> {
        let rest = self.rest();
        let signed = usize::from(rest.starts_with(['+', '-']));
        let len = rest[signed..].find(|c: char| c != '.' && !c.is_numeric()).unwrap_or(rest.len() - signed);
        let text = &rest[..signed + len];
        self.at += text.len();
        let float = || text.parse::<f64>().ok().filter(|f| f.is_finite()).map(Node::Float);
        text.parse().ok().map(Node::Int).or_else(float).ok_or_else(|| format!("cannot parse number {text}"))
    }
    fn quoted(&mut self, quote: char) -> Result<Node, String> {
        let start = self.at - 1;
        let mut before = quote;
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated quoted string".into()),
                Some(c) if c == quote && before != '\\' => break,
                Some(c) => before = c,
            }
        }
        let text = &self.text[start..self.at];
        match unquote(&text[1..text.len() - 1], quote) {
            Some(plain) => Ok(Node::Text(plain)),
            None => Err(format!("unquote string {text} error invalid syntax")),
        }
    }
    fn array(&mut self, nodes: &mut Vec<Node>) -> Result<(), String> {
        let line = self.until(']');
        if line.contains('\n') || self.next().is_none() {
            return Err("unterminated array".into());
        }
        let inner = if line == "*" { ":" } else { line };
        if inner.contains(',') {
            let parts = inner.split(',').map(|part| nested(&["[", part.trim_matches(' '), "]"].concat()));
            nodes.push(Node::Union(parts.collect::<Result<_, _>>()?));
            return Ok(());
        }
        if let Some(key) = inner.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).filter(|key| !key.contains('\'')) {
            nodes.extend(nested(&[".", key].concat())?);
            return Ok(());
        }
        nodes.push(slice(inner)?);
        Ok(())
    }
    fn filter(&mut self) -> Result<Node, String> {
        let start = self.at;
        let (mut quote, mut closed, mut before) = (None, false, '(');
        loop {
            match (self.next(), quote) {
                (None | Some('\n'), _) => return Err("unterminated filter".into()),
                (Some(c @ ('"' | '\'')), None) => quote = Some(c),
                (Some(c), Some(open)) if c == open && before != '\\' => closed = true,
                (Some(')'), _) if quote.is_some() == closed => break,
                (Some(c), _) => before = c,
            }
        }
        let text = &self.text[start..self.at - 1];
        if self.next() != Some(']') {
            return Err("unclosed array expect ]".into());
        }
        let sign = |c: char| matches!(c, '!' | '<' | '>' | '=');
        let compared = text.find(sign).filter(|at| *at > 0).and_then(|at| {
            let (left, rest) = text.split_at(at);
            // At least one character stays for the right side.
            let end = rest.find(|c| !sign(c)).unwrap_or(rest.len() - 1);
            (end > 0).then(|| (left, &rest[..end], &rest[end..]))
        });
        Ok(Node::Filter(match compared {
            None => Filter { left: nested(text)?, operator: "exists".into(), right: Vec::new() },
            Some((left, operator, right)) => Filter { left: nested(left)?, operator: operator.into(), right: nested(right)? },
        }))
    }
}

/// `2`, `1:3`, `::2`, `-1`.
fn slice(text: &str) -> Result<Node, String> {
    let parts: Vec<&str> = text.split(':').collect();
    let is_index = |part: &&str| part.strip_prefix('-').unwrap_or(part).bytes().all(|b| b.is_ascii_digit());
    if parts.len() > 3 || !parts.iter().all(is_index) {
        return Err(format!("invalid array index {text}"));
    }
    let mut bounds = [None; 3];
    for (bound, part) in bounds.iter_mut().zip(&parts) {
        if !part.is_empty() {
            *bound = Some(part.parse().map_err(|_| format!("array index {part} is not a number"))?);
        }
    }
    Ok(Node::Array(bounds, if parts.len() == 1 { Single::Yes } else { Single::No }))
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

fn is_terminator(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n' | '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}')
}

/// Go's strconv escapes, in either kind of quotes.
fn unquote(text: &str, quote: char) -> Option<String> {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == quote {
            return None;
        }
        if c != '\\' {
            out.push(c);
            continue;
        }
        let escape = chars.next()?;
        out.push(match escape {
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            '\\' => '\\',
            'x' => code(&mut chars, 2, 16, 0)?,
            'u' => code(&mut chars, 4, 16, 0)?,
            'U' => code(&mut chars, 8, 16, 0)?,
            '0'..='7' => code(&mut chars, 2, 8, escape.to_digit(8)?)?,
            c if c == quote => c,
            _ => return None,
        });
    }
    Some(out)
}

fn code(chars: &mut std::str::Chars<'_>, len: u32, radix: u32, first: u32) -> Option<char> {
    let mut code = first;
    for _ in 0..len {
        code = code.checked_mul(radix)?.checked_add(chars.next()?.to_digit(radix)?)?;
    }
    char::from_u32(code)
}
