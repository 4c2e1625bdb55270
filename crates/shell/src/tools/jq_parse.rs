//! The grammar of jq, without definitions of one's own.

use value::Value;

#[derive(Clone, Debug)]
pub(crate) enum Filter {
    Identity,
    /// `..`
    Recurse,
    Literal(Value),
    Field(Box<Filter>, Box<Filter>),
    Slice(Box<Filter>, Option<Box<Filter>>, Option<Box<Filter>>),
    Iterate(Box<Filter>),
    /// `…?`
    Try(Box<Filter>),
    Pipe(Box<Filter>, Box<Filter>),
    Comma(Box<Filter>, Box<Filter>),
    Binary(&'static str, Box<Filter>, Box<Filter>),
    /// `=`, `|=`, `+=` …
    Update(&'static str, Box<Filter>, Box<Filter>),
    Negative(Box<Filter>),
    Array(Option<Box<Filter>>),
    Object(Vec<(Filter, Filter)>),
    /// A text with `\( … )` in it.
    Text(Vec<Filter>, Option<String>),
    If(Box<Filter>, Box<Filter>, Box<Filter>),
    Var(String),
    Bind(Box<Filter>, String, Box<Filter>),
    Reduce(Box<Filter>, String, Box<Filter>, Box<Filter>),
    Call(String, Vec<Filter>),
    Format(String),
}

type Parse<T> = Result<T, String>;

const DEPTH: u32 = 60;

/// Reads a program.
pub(crate) fn parse(text: &str) -> Parse<Filter> {
    let mut parser = Parser { text, at: 0, depth: 0 };
    parser.blank();
    if parser.at == text.len() {
        return Ok(Filter::Identity);
    }
    let filter = parser.pipe()?;
    parser.blank();
    if parser.at < text.len() { Err(parser.unexpected()) } else { Ok(filter) }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
}

/// Binary operators by how tightly they bind, longer ones first.
const BINARY: &[(&str, u8)] = &[
    ("//=", 2),
    ("|=", 2),
    ("+=", 2),
    ("-=", 2),
    ("*=", 2),
    ("/=", 2),
    ("//", 1),
    ("==", 5),
    ("!=", 5),
    ("<=", 5),
    (">=", 5),
    ("=", 2),
    ("<", 5),
    (">", 5),
    ("or", 3),
    ("and", 4),
    ("+", 6),
    ("-", 6),
    ("*", 7),
    ("/", 7),
    ("%", 7),
];

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }
    fn blank(&mut self) {
        loop {
            let rest = self.rest();
            let skipped = rest.len() - rest.trim_start().len();
            self.at += skipped;
            if !self.rest().starts_with('#') {
                return;
            }
            self.at += self.rest().find('\n').unwrap_or(self.rest().len());
        }
    }
    fn eat(&mut self, what: &str) -> bool {
        self.blank();
        let found = self.rest().starts_with(what);
        let word = what.ends_with(|c: char| c.is_ascii_alphanumeric());
        let ends = !word
            || !self.rest()[what.len().min(self.rest().len())..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        if found && ends {
            self.at += what.len();
        }
        found && ends
    }
    fn expect(&mut self, what: &str) -> Parse<()> {
        if self.eat(what) { Ok(()) } else { Err(self.unexpected()) }
    }
    fn unexpected(&self) -> String {
        match self.rest().chars().next() {
            Some(c) => format!("syntax error, unexpected '{c}'"),
            None => "syntax error, unexpected end of file".into(),
        }
    }
    fn name(&mut self) -> String {
        self.blank();
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let name = rest[..end].to_string();
        self.at += end;
        name
    }

    fn pipe(&mut self) -> Parse<Filter> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err("program is nested too deeply".into());
        }
        let left = self.comma()?;
        let out = if self.eat("as") {
            self.expect("$")?;
            let name = self.name();
            self.expect("|")?;
            Filter::Bind(Box::new(left), name, Box::new(self.pipe()?))
        } else if !self.rest().starts_with("|=") && self.eat("|") {
            Filter::Pipe(Box::new(left), Box::new(self.pipe()?))
        } else {
            left
        };
        self.depth -= 1;
        Ok(out)
    }

    fn comma(&mut self) -> Parse<Filter> {
        let mut left = self.binary(1)?;
        while self.eat(",") {
            left = Filter::Comma(Box::new(left), Box::new(self.binary(1)?));
        }
        Ok(left)
    }

    fn binary(&mut self, least: u8) -> Parse<Filter> {
        let mut left = self.unary()?;
        loop {
            self.blank();
            let found = BINARY.iter().find(|row| {
                let word = row.0 == "or" || row.0 == "and";
                self.rest().starts_with(row.0)
                    && !(word && self.rest()[row.0.len()..].starts_with(|c: char| c.is_ascii_alphanumeric()))
            });
            let Some((operator, binds)) = found.filter(|row| row.1 >= least) else { return Ok(left) };
            self.at += operator.len();
            // `//` goes to the right, the others to the left.
            let right = self.binary(if *operator == "//" { *binds } else { binds + 1 })?;
            left = if *binds == 2 {
                Filter::Update(operator, Box::new(left), Box::new(right))
            } else {
                Filter::Binary(operator, Box::new(left), Box::new(right))
            };
        }
    }

    fn unary(&mut self) -> Parse<Filter> {
        if self.eat("-") {
            return Ok(Filter::Negative(Box::new(self.postfix()?)));
        }
        self.postfix()
    }

    fn postfix(&mut self) -> Parse<Filter> {
        let mut out = self.primary()?;
        loop {
            if self.rest().starts_with("..") {
                return Ok(out);
            }
            if self.rest().starts_with('.') {
                self.at += 1;
                if self.rest().starts_with('[') {
                    continue;
                }
                out = Filter::Field(Box::new(out), Box::new(self.field_name()?));
            } else if self.rest().starts_with('[') {
                self.at += 1;
                out = self.bracket(out)?;
            } else if self.rest().starts_with('?') && !self.rest().starts_with("?//") {
                self.at += 1;
                out = Filter::Try(Box::new(out));
            } else {
                return Ok(out);
            }
        }
    }

    fn field_name(&mut self) -> Parse<Filter> {
        if self.rest().starts_with('"') {
            return self.text();
        }
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        if end == 0 {
            return Err(self.unexpected());
        }
        let name = Value::str(&rest[..end]);
        self.at += end;
        Ok(Filter::Literal(name))
    }

    fn bracket(&mut self, of: Filter) -> Parse<Filter> {
        if self.eat("]") {
            return Ok(Filter::Iterate(Box::new(of)));
        }
        let from = if self.eat(":") { None } else { Some(Box::new(self.pipe()?)) };
        if from.is_none() || self.eat(":") {
            let to = if self.eat("]") { None } else { Some(Box::new(self.pipe()?)) };
            if to.is_some() {
                self.expect("]")?;
            }
            return Ok(Filter::Slice(Box::new(of), from, to));
        }
        self.expect("]")?;
        Ok(Filter::Field(Box::new(of), from.unwrap_or_else(|| Box::new(Filter::Identity))))
    }

    fn primary(&mut self) -> Parse<Filter> {
        self.blank();
        let rest = self.rest();
        let Some(c) = rest.chars().next() else { return Err(self.unexpected()) };
        match c {
            '.' if rest.starts_with("..") => {
                self.at += 2;
                Ok(Filter::Recurse)
            }
            '.' => {
                self.at += 1;
                let next = self.rest().chars().next();
                if next.is_some_and(|c| c.is_ascii_alphabetic() || c == '_' || c == '"') {
                    return Ok(Filter::Field(Box::new(Filter::Identity), Box::new(self.field_name()?)));
                }
                Ok(Filter::Identity)
            }
            '(' => {
                self.at += 1;
                let inner = self.pipe()?;
                self.expect(")")?;
                Ok(inner)
            }
            '[' => {
                self.at += 1;
                if self.eat("]") {
                    return Ok(Filter::Array(None));
                }
                let inner = self.pipe()?;
                self.expect("]")?;
                Ok(Filter::Array(Some(Box::new(inner))))
            }
            '{' => self.object(),
            '"' => self.text(),
            '$' => {
                self.at += 1;
                Ok(Filter::Var(self.name()))
            }
            '@' => {
                self.at += 1;
                let name = self.name();
                self.blank();
                if self.rest().starts_with('"')
                    && let Filter::Text(parts, _) = self.text()?
                {
                    return Ok(Filter::Text(parts, Some(name)));
                }
                Ok(Filter::Format(name))
            }
            '0'..='9' => {
                let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
                let number = Value::from_json(&rest[..end]).map_err(|_| self.unexpected())?;
                self.at += end;
                Ok(Filter::Literal(number))
            }
            'a'..='z' | 'A'..='Z' | '_' => self.word(),
            _ => Err(self.unexpected()),
        }
    }

    fn word(&mut self) -> Parse<Filter> {
        let name = self.name();
        match name.as_str() {
            "true" | "false" => Ok(Filter::Literal(Value::Bool(name == "true"))),
            "null" => Ok(Filter::Literal(Value::Null)),
            "if" => self.condition(),
            "reduce" => {
                let source = self.postfix()?;
                self.expect("as")?;
                self.expect("$")?;
                let var = self.name();
                self.expect("(")?;
                let first = self.pipe()?;
                self.expect(";")?;
                let update = self.pipe()?;
                self.expect(")")?;
                Ok(Filter::Reduce(Box::new(source), var, Box::new(first), Box::new(update)))
            }
            "try" => Ok(Filter::Try(Box::new(self.postfix()?))),
            "def" | "foreach" | "import" | "label" => Err(format!("{name} is not supported")),
            _ => {
                let mut args = Vec::new();
                if self.rest().starts_with('(') {
                    self.at += 1;
                    loop {
                        args.push(self.pipe()?);
                        if !self.eat(";") {
                            break;
                        }
                    }
                    self.expect(")")?;
                }
                Ok(Filter::Call(name, args))
            }
        }
    }

    fn condition(&mut self) -> Parse<Filter> {
        let condition = self.pipe()?;
        self.expect("then")?;
        let yes = self.pipe()?;
        let no = if self.eat("elif") {
            self.depth += 1;
            if self.depth > DEPTH {
                return Err("program is nested too deeply".into());
            }
            let no = self.condition()?;
            self.depth -= 1;
            no
        } else {
            let no = if self.eat("else") { self.pipe()? } else { Filter::Identity };
            self.expect("end")?;
            no
        };
        Ok(Filter::If(Box::new(condition), Box::new(yes), Box::new(no)))
    }

    fn object(&mut self) -> Parse<Filter> {
        self.at += 1;
        let mut fields = Vec::new();
        while !self.eat("}") {
            self.blank();
            let (key, short) = match self.rest().chars().next() {
                Some('"') => {
                    let key = self.text()?;
                    (key.clone(), Filter::Field(Box::new(Filter::Identity), Box::new(key)))
                }
                Some('(') => {
                    self.at += 1;
                    let key = self.pipe()?;
                    self.expect(")")?;
                    (key, Filter::Identity)
                }
                Some('$') => {
                    self.at += 1;
                    let name = self.name();
                    (Filter::Literal(Value::str(&name)), Filter::Var(name))
                }
                _ => {
                    let key = self.field_name()?;
                    (key.clone(), Filter::Field(Box::new(Filter::Identity), Box::new(key)))
                }
            };
            let value = if self.eat(":") { self.object_value()? } else { short };
            fields.push((key, value));
            if !self.eat(",") {
                self.expect("}")?;
                break;
            }
        }
        Ok(Filter::Object(fields))
    }

    /// A value in an object: no commas, but pipes.
    fn object_value(&mut self) -> Parse<Filter> {
        let left = self.binary(1)?;
        if !self.rest().starts_with("|=") && self.eat("|") {
            return Ok(Filter::Pipe(Box::new(left), Box::new(self.object_value()?)));
        }
        Ok(left)
    }

    fn text(&mut self) -> Parse<Filter> {
        self.at += 1;
        let mut parts = Vec::new();
        let mut literal = String::new();
        loop {
            let Some(c) = self.rest().chars().next() else { return Err("unterminated string".into()) };
            self.at += c.len_utf8();
            match c {
                '"' => break,
                '\\' if self.rest().starts_with('(') => {
                    self.at += 1;
                    parts.push(Filter::Literal(Value::str(&std::mem::take(&mut literal))));
                    parts.push(self.pipe()?);
                    self.expect(")")?;
                }
                '\\' => {
                    let len = if self.rest().starts_with('u') { 5 } else { self.rest().chars().next().map_or(0, char::len_utf8) };
                    let escape = self.rest().get(..len).ok_or("bad escape")?;
                    match Value::from_json(&format!("\"\\{escape}\"")) {
                        Ok(value) => literal += value.s(),
                        Err(_) => return Err("invalid escape in string".into()),
                    }
                    self.at += len;
                }
                _ => literal.push(c),
            }
        }
        if parts.is_empty() {
            return Ok(Filter::Literal(Value::Str(base::Text::from(literal))));
        }
        parts.push(Filter::Literal(Value::str(&literal)));
        Ok(Filter::Text(parts, None))
    }
}
