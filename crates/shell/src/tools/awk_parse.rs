//! The grammar of awk (without functions of one's own, `getline` and `system`).

use crate::regex::Regex;

#[derive(Clone, Debug)]
pub(crate) enum Expr {
    Number(f64),
    Text(String),
    Regex(Box<Regex>),
    Var(String),
    Field(Box<Expr>),
    Index(String, Vec<Expr>),
    Assign(char, Box<Expr>, Box<Expr>),
    Condition(Box<Expr>, Box<Expr>, Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    Negative(Box<Expr>),
    Positive(Box<Expr>),
    Binary(&'static str, Box<Expr>, Box<Expr>),
    Match { negate: bool, text: Box<Expr>, regex: Box<Expr> },
    In(Vec<Expr>, String),
    Step { before: bool, by: f64, target: Box<Expr> },
    Call(&'static str, Vec<Expr>),
}

#[derive(Clone, Debug)]
pub(crate) enum Statement {
    Expr(Expr),
    Print(Vec<Expr>, Option<To>),
    Printf(Vec<Expr>, Option<To>),
    If(Expr, Box<Statement>, Option<Box<Statement>>),
    While(Expr, Box<Statement>),
    Do(Box<Statement>, Expr),
    For(Option<Box<Statement>>, Option<Expr>, Option<Box<Statement>>, Box<Statement>),
    ForIn(String, String, Box<Statement>),
    Block(Vec<Statement>),
    Next,
    Exit(Option<Expr>),
    Break,
    Continue,
    Delete(String, Option<Vec<Expr>>),
}

/// A file that `print` writes to, and whether it goes on with it (`>>`).
#[derive(Clone, Debug)]
pub(crate) struct To {
    pub(crate) file: Expr,
    pub(crate) goes_on: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Pattern {
    Begin,
    End,
    Always,
    When(Expr),
    Range(Expr, Expr),
}

#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) pattern: Pattern,
    /// `None` prints the record.
    pub(crate) body: Option<Statement>,
}

#[derive(Clone, PartialEq, Debug)]
enum Token {
    Number(f64),
    Text(String),
    Regex(String),
    /// A name, and whether `(` follows at once.
    Name(String, bool),
    Op(&'static str),
    Newline,
    End,
}

const FUNCTIONS: &[&str] = &[
    "length", "substr", "index", "split", "sub", "gsub", "match", "sprintf", "tolower", "toupper", "int", "sqrt", "exp", "log",
    "sin", "cos", "atan2", "rand", "srand", "systime", "strftime", "close", "fflush",
];

const OPERATORS: &[&str] = &[
    "&&", "||", "==", "!=", "<=", ">=", "++", "--", "+=", "-=", "*=", "/=", "%=", "^=", "**", "!~", ">>", "{", "}", "(", ")",
    "[", "]", ";", ",", "+", "-", "*", "/", "%", "^", "!", "<", ">", "~", "?", ":", "=", "$", "|",
];

type Parse<T> = Result<T, String>;

/// Reads a program.
pub(crate) fn parse(text: &str) -> Parse<Vec<Rule>> {
    let mut parser = Parser { tokens: lex(text)?, at: 0, depth: 0, no_in: false, no_greater: false };
    let mut rules = Vec::new();
    loop {
        parser.skip_ends();
        if parser.peek() == &Token::End {
            return Ok(rules);
        }
        rules.push(parser.rule()?);
    }
}

fn lex(text: &str) -> Parse<Vec<Token>> {
    let bytes = text.as_bytes();
    let mut out: Vec<Token> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        let start = at;
        match byte {
            b' ' | b'\t' | b'\r' => at += 1,
            b'\\' if bytes.get(at + 1) == Some(&b'\n') => at += 2,
            b'#' => {
                while at < bytes.len() && bytes[at] != b'\n' {
                    at += 1;
                }
            }
            b'\n' => {
                out.push(Token::Newline);
                at += 1;
            }
            b'"' => {
                let (token, end) = quoted(text, at)?;
                out.push(token);
                at = end;
            }
            b'/' if regex_here(out.last()) => {
                let (token, end) = slashed(text, at)?;
                out.push(token);
                at = end;
            }
            b'0'..=b'9' | b'.' if byte != b'.' || bytes.get(at + 1).is_some_and(u8::is_ascii_digit) => {
                while at < bytes.len() && (bytes[at].is_ascii_digit() || bytes[at] == b'.') {
                    at += 1;
                }
                if matches!(bytes.get(at), Some(b'e' | b'E'))
                    && bytes.get(at + 1).is_some_and(|c| c.is_ascii_digit() || b"+-".contains(c))
                {
                    at += 2;
                    while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                        at += 1;
                    }
                }
                out.push(Token::Number(text[start..at].parse().map_err(|_| "bad number")?));
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                while at < bytes.len() && (bytes[at].is_ascii_alphanumeric() || bytes[at] == b'_') {
                    at += 1;
                }
                out.push(Token::Name(text[start..at].into(), bytes.get(at) == Some(&b'(')));
            }
            _ => {
                let Some(operator) = OPERATORS.iter().find(|operator| bytes[at..].starts_with(operator.as_bytes())) else {
                    return Err(format!("unexpected character '{}'", text[at..].chars().next().unwrap_or('?')));
                };
                out.push(Token::Op(if *operator == "**" { "^" } else { operator }));
                at += operator.len();
            }
        }
    }
    out.push(Token::End);
    Ok(out)
}

/// A text in double quotes, and where it ends.
fn quoted(text: &str, start: usize) -> Parse<(Token, usize)> {
    let bytes = text.as_bytes();
    let mut at = start + 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    if at >= bytes.len() {
        return Err("unterminated string".into());
    }
    let raw = text.get(start + 1..at).unwrap_or_default().replace("\\/", "/");
    Ok((Token::Text(String::from_utf8_lossy(&crate::escape::unescape(&raw).0).into_owned()), at + 1))
}

/// A regular expression between slashes, and where it ends.
fn slashed(text: &str, start: usize) -> Parse<(Token, usize)> {
    let bytes = text.as_bytes();
    let mut at = start + 1;
    let mut in_set = false;
    while at < bytes.len() && (bytes[at] != b'/' || in_set) {
        match bytes[at] {
            b'\\' => at += 1,
            b'[' => in_set = true,
            b']' => in_set = false,
            b'\n' => return Err("unterminated regexp".into()),
            _ => {}
        }
        at += 1;
    }
    if at >= bytes.len() {
        return Err("unterminated regexp".into());
    }
    Ok((Token::Regex(text.get(start + 1..at).unwrap_or_default().replace("\\/", "/")), at + 1))
}

/// After a value `/` divides, elsewhere it begins an expression.
fn regex_here(last: Option<&Token>) -> bool {
    !matches!(last, Some(Token::Number(_) | Token::Text(_) | Token::Name(..) | Token::Op(")" | "]" | "$" | "++" | "--")))
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: u32,
    /// `in` ends the expression (the head of `for (x in a)`).
    no_in: bool,
    /// `>` redirects.
    no_greater: bool,
}

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).unwrap_or(&Token::End)
    }
    fn op(&mut self, operator: &str) -> bool {
        let found = matches!(self.peek(), Token::Op(found) if *found == operator);
        if found {
            self.at += 1;
        }
        found
    }
    fn word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Token::Name(found, _) if found == word);
        if found {
            self.at += 1;
        }
        found
    }
    fn expect(&mut self, operator: &str) -> Parse<()> {
        if self.op(operator) { Ok(()) } else { Err("syntax error".into()) }
    }
    fn newlines(&mut self) {
        while self.peek() == &Token::Newline {
            self.at += 1;
        }
    }
    fn skip_ends(&mut self) {
        while matches!(self.peek(), Token::Newline | Token::Op(";")) {
            self.at += 1;
        }
    }
    fn enter(&mut self) -> Parse<()> {
        self.depth += 1;
        if self.depth > 80 { Err("program is nested too deeply".into()) } else { Ok(()) }
    }

    fn rule(&mut self) -> Parse<Rule> {
        let pattern = if self.word("BEGIN") {
            Pattern::Begin
        } else if self.word("END") {
            Pattern::End
        } else if matches!(self.peek(), Token::Name(name, _) if name == "function" || name == "func") {
            return Err("functions are not supported".into());
        } else if self.peek() == &Token::Op("{") {
            Pattern::Always
        } else {
            let first = self.expr()?;
            if self.op(",") {
                self.newlines();
                Pattern::Range(first, self.expr()?)
            } else {
                Pattern::When(first)
            }
        };
        let body = if self.peek() == &Token::Op("{") { Some(self.statement()?) } else { None };
        Ok(Rule { pattern, body })
    }

    fn statement(&mut self) -> Parse<Statement> {
        self.enter()?;
        self.newlines();
        let statement = self.statement_inside();
        self.depth -= 1;
        statement
    }

    fn statement_inside(&mut self) -> Parse<Statement> {
        if self.op("{") {
            let mut list = Vec::new();
            loop {
                self.skip_ends();
                if self.op("}") {
                    return Ok(Statement::Block(list));
                }
                if self.peek() == &Token::End {
                    return Err("syntax error".into());
                }
                list.push(self.statement()?);
            }
        }
        if self.op(";") {
            return Ok(Statement::Block(Vec::new()));
        }
        if self.word("if") {
            self.expect("(")?;
            let condition = self.whole_expr()?;
            self.expect(")")?;
            let yes = self.statement()?;
            let back = self.at;
            self.skip_ends();
            let no = if self.word("else") { Some(Box::new(self.statement()?)) } else { None };
            if no.is_none() {
                self.at = back;
            }
            return Ok(Statement::If(condition, Box::new(yes), no));
        }
        if self.word("while") {
            self.expect("(")?;
            let condition = self.whole_expr()?;
            self.expect(")")?;
            return Ok(Statement::While(condition, Box::new(self.statement()?)));
        }
        if self.word("do") {
            let body = self.statement()?;
            self.skip_ends();
            if !self.word("while") {
                return Err("syntax error".into());
            }
            self.expect("(")?;
            let condition = self.whole_expr()?;
            self.expect(")")?;
            self.end_of_statement()?;
            return Ok(Statement::Do(Box::new(body), condition));
        }
        if self.word("for") {
            return self.for_statement();
        }
        let statement = self.simple()?;
        self.end_of_statement()?;
        Ok(statement)
    }

    fn end_of_statement(&mut self) -> Parse<()> {
        match self.peek() {
            Token::Newline | Token::Op(";") => {
                self.at += 1;
                Ok(())
            }
            Token::Op("}") | Token::End => Ok(()),
            _ => Err("syntax error".into()),
        }
    }

    fn for_statement(&mut self) -> Parse<Statement> {
        self.expect("(")?;
        if let [Token::Name(var, _), Token::Name(word, _), Token::Name(array, _), Token::Op(")")] =
            self.tokens.get(self.at..self.at + 4).unwrap_or_default()
            && word == "in"
        {
            let (var, array) = (var.clone(), array.clone());
            self.at += 4;
            return Ok(Statement::ForIn(var, array, Box::new(self.statement()?)));
        }
        let first = if self.peek() == &Token::Op(";") { None } else { Some(Box::new(self.simple()?)) };
        self.expect(";")?;
        self.newlines();
        let condition = if self.peek() == &Token::Op(";") { None } else { Some(self.whole_expr()?) };
        self.expect(";")?;
        self.newlines();
        let next = if self.peek() == &Token::Op(")") { None } else { Some(Box::new(self.simple()?)) };
        self.expect(")")?;
        Ok(Statement::For(first, condition, next, Box::new(self.statement()?)))
    }

    fn simple(&mut self) -> Parse<Statement> {
        if self.word("print") {
            let list = self.print_list()?;
            return Ok(Statement::Print(list, self.print_to()?));
        }
        if self.word("printf") {
            let list = self.print_list()?;
            if list.is_empty() {
                return Err("syntax error".into());
            }
            return Ok(Statement::Printf(list, self.print_to()?));
        }
        if self.word("next") || self.word("nextfile") {
            return Ok(Statement::Next);
        }
        if self.word("break") {
            return Ok(Statement::Break);
        }
        if self.word("continue") {
            return Ok(Statement::Continue);
        }
        if self.word("exit") {
            let bare = matches!(self.peek(), Token::Newline | Token::Op(";" | "}") | Token::End);
            return Ok(Statement::Exit(if bare { None } else { Some(self.expr()?) }));
        }
        if self.word("delete") {
            let Token::Name(name, _) = self.peek().clone() else { return Err("syntax error".into()) };
            self.at += 1;
            let index = if self.op("[") { Some(self.list("]")?) } else { None };
            return Ok(Statement::Delete(name, index));
        }
        if matches!(self.peek(), Token::Name(name, _) if name == "getline" || name == "return") {
            return Err("getline and functions are not supported".into());
        }
        Ok(Statement::Expr(self.expr()?))
    }

    fn print_list(&mut self) -> Parse<Vec<Expr>> {
        let before = std::mem::replace(&mut self.no_greater, true);
        let mut list = Vec::new();
        while !matches!(self.peek(), Token::Newline | Token::Op(";" | "}" | ">" | ">>" | "|") | Token::End) {
            // `print (a, b)` is a list in parentheses.
            if list.is_empty() && self.peek() == &Token::Op("(") && self.is_grouped_list() {
                self.at += 1;
                self.no_greater = false;
                list = self.list(")")?;
                self.no_greater = true;
                break;
            }
            list.push(self.expr()?);
            if !self.op(",") {
                break;
            }
            self.newlines();
        }
        self.no_greater = before;
        Ok(list)
    }

    fn print_to(&mut self) -> Parse<Option<To>> {
        let goes_on = match self.peek() {
            Token::Op(">") => false,
            Token::Op(">>") => true,
            Token::Op("|") => return Err("output to commands is not supported".into()),
            _ => return Ok(None),
        };
        self.at += 1;
        Ok(Some(To { file: self.primary()?, goes_on }))
    }

    fn is_grouped_list(&self) -> bool {
        let mut depth = 0;
        let mut comma = false;
        for (at, token) in self.tokens.iter().enumerate().skip(self.at) {
            match token {
                Token::Op("(" | "[") => depth += 1,
                Token::Op(")" | "]") => {
                    depth -= 1;
                    if depth == 0 {
                        return comma
                            && matches!(
                                self.tokens.get(at + 1),
                                Some(Token::Newline | Token::Op(";" | "}" | ">" | "|") | Token::End) | None
                            );
                    }
                }
                Token::Op(",") if depth == 1 => comma = true,
                Token::Newline | Token::End => return false,
                _ => {}
            }
        }
        false
    }

    /// Expressions up to a closing bracket.
    fn list(&mut self, close: &str) -> Parse<Vec<Expr>> {
        let mut out = Vec::new();
        self.newlines();
        while !self.op(close) {
            out.push(self.whole_expr()?);
            self.newlines();
            if !self.op(",") && !matches!(self.peek(), Token::Op(found) if *found == close) {
                return Err("syntax error".into());
            }
            self.newlines();
        }
        Ok(out)
    }

    /// An expression inside brackets, where `>` and `in` mean themselves.
    fn whole_expr(&mut self) -> Parse<Expr> {
        let before = (self.no_in, self.no_greater);
        (self.no_in, self.no_greater) = (false, false);
        let expr = self.expr();
        (self.no_in, self.no_greater) = before;
        expr
    }

    fn expr(&mut self) -> Parse<Expr> {
        self.enter()?;
        let left = self.ternary()?;
        let is_place = matches!(left, Expr::Var(_) | Expr::Field(_) | Expr::Index(..));
        let mut out = left;
        if is_place && let Token::Op(operator @ ("=" | "+=" | "-=" | "*=" | "/=" | "%=" | "^=")) = self.peek().clone() {
            self.at += 1;
            self.newlines();
            let right = self.expr()?;
            out = Expr::Assign(operator.chars().next().unwrap_or('='), Box::new(out), Box::new(right));
        }
        self.depth -= 1;
        Ok(out)
    }

    fn ternary(&mut self) -> Parse<Expr> {
        let condition = self.or()?;
        if !self.op("?") {
            return Ok(condition);
        }
        self.newlines();
        let yes = self.expr()?;
        self.newlines();
        self.expect(":")?;
        self.newlines();
        let no = self.expr()?;
        Ok(Expr::Condition(Box::new(condition), Box::new(yes), Box::new(no)))
    }

    fn or(&mut self) -> Parse<Expr> {
        let mut left = self.and()?;
        while self.op("||") {
            self.newlines();
            left = Expr::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }
    fn and(&mut self) -> Parse<Expr> {
        let mut left = self.membership()?;
        while self.op("&&") {
            self.newlines();
            left = Expr::And(Box::new(left), Box::new(self.membership()?));
        }
        Ok(left)
    }
    fn membership(&mut self) -> Parse<Expr> {
        let mut left = self.matching()?;
        while !self.no_in && self.word("in") {
            let Token::Name(array, _) = self.peek().clone() else { return Err("syntax error".into()) };
            self.at += 1;
            left = Expr::In(vec![left], array);
        }
        Ok(left)
    }
    fn matching(&mut self) -> Parse<Expr> {
        let mut left = self.comparison()?;
        loop {
            let negate = match self.peek() {
                Token::Op("~") => false,
                Token::Op("!~") => true,
                _ => return Ok(left),
            };
            self.at += 1;
            let regex = self.comparison()?;
            left = Expr::Match { negate, text: Box::new(left), regex: Box::new(regex) };
        }
    }
    fn comparison(&mut self) -> Parse<Expr> {
        let left = self.concat()?;
        let operator = match self.peek() {
            Token::Op(">") if self.no_greater => return Ok(left),
            Token::Op(operator @ ("<" | "<=" | "==" | "!=" | ">" | ">=")) => *operator,
            _ => return Ok(left),
        };
        self.at += 1;
        let right = self.concat()?;
        Ok(Expr::Binary(operator, Box::new(left), Box::new(right)))
    }
    fn concat(&mut self) -> Parse<Expr> {
        let mut left = self.sum()?;
        while matches!(self.peek(), Token::Number(_) | Token::Text(_) | Token::Op("$" | "!" | "(" | "-" | "+" | "++" | "--"))
            || matches!(self.peek(), Token::Name(name, _) if name != "in")
        {
            left = Expr::Binary(" ", Box::new(left), Box::new(self.sum()?));
        }
        Ok(left)
    }
    fn sum(&mut self) -> Parse<Expr> {
        let mut left = self.product()?;
        loop {
            let operator = match self.peek() {
                Token::Op(operator @ ("+" | "-")) => *operator,
                _ => return Ok(left),
            };
            self.at += 1;
            left = Expr::Binary(operator, Box::new(left), Box::new(self.product()?));
        }
    }
    fn product(&mut self) -> Parse<Expr> {
        let mut left = self.unary()?;
        loop {
            let operator = match self.peek() {
                Token::Op(operator @ ("*" | "/" | "%")) => *operator,
                _ => return Ok(left),
            };
            self.at += 1;
            left = Expr::Binary(operator, Box::new(left), Box::new(self.unary()?));
        }
    }
    fn unary(&mut self) -> Parse<Expr> {
        self.enter()?;
        let out = if self.op("!") {
            Expr::Not(Box::new(self.unary()?))
        } else if self.op("-") {
            Expr::Negative(Box::new(self.unary()?))
        } else if self.op("+") {
            Expr::Positive(Box::new(self.unary()?))
        } else {
            self.power()?
        };
        self.depth -= 1;
        Ok(out)
    }
    fn power(&mut self) -> Parse<Expr> {
        let base = self.postfix()?;
        if !self.op("^") {
            return Ok(base);
        }
        Ok(Expr::Binary("^", Box::new(base), Box::new(self.unary()?)))
    }
    fn postfix(&mut self) -> Parse<Expr> {
        let target = self.primary()?;
        let is_place = matches!(target, Expr::Var(_) | Expr::Field(_) | Expr::Index(..));
        if is_place && self.op("++") {
            return Ok(Expr::Step { before: false, by: 1.0, target: Box::new(target) });
        }
        if is_place && self.op("--") {
            return Ok(Expr::Step { before: false, by: -1.0, target: Box::new(target) });
        }
        Ok(target)
    }

    fn primary(&mut self) -> Parse<Expr> {
        let token = self.peek().clone();
        self.at += 1;
        Ok(match token {
            Token::Number(number) => Expr::Number(number),
            Token::Text(text) => Expr::Text(text),
            Token::Regex(text) => Expr::Regex(Box::new(Regex::new(&text, true, false)?)),
            Token::Op("$") => {
                self.enter()?;
                let inner = if self.op("++") {
                    Expr::Step { before: true, by: 1.0, target: Box::new(self.primary()?) }
                } else if self.op("-") {
                    Expr::Negative(Box::new(self.primary()?))
                } else {
                    self.primary()?
                };
                self.depth -= 1;
                Expr::Field(Box::new(inner))
            }
            Token::Op("++") => Expr::Step { before: true, by: 1.0, target: Box::new(self.primary()?) },
            Token::Op("--") => Expr::Step { before: true, by: -1.0, target: Box::new(self.primary()?) },
            Token::Op("(") => {
                let mut list = self.list(")")?;
                if list.len() > 1 {
                    let Token::Name(array, _) = self.peek().clone() else { return Err("syntax error".into()) };
                    if array != "in" {
                        return Err("syntax error".into());
                    }
                    self.at += 1;
                    let Token::Name(array, _) = self.peek().clone() else { return Err("syntax error".into()) };
                    self.at += 1;
                    return Ok(Expr::In(list, array));
                }
                match list.pop() {
                    // Parentheses keep `(a = b) c` and `$1 (…)` apart from places.
                    Some(place @ (Expr::Var(_) | Expr::Field(_) | Expr::Index(..))) => {
                        Expr::Condition(Box::new(Expr::Number(1.0)), Box::new(place), Box::new(Expr::Number(0.0)))
                    }
                    Some(expr) => expr,
                    None => return Err("syntax error".into()),
                }
            }
            Token::Name(name, called) => return self.name(name, called),
            _ => return Err("syntax error".into()),
        })
    }

    fn name(&mut self, name: String, called: bool) -> Parse<Expr> {
        if let Some(function) = FUNCTIONS.iter().find(|function| **function == name) {
            if self.op("(") {
                return Ok(Expr::Call(function, self.list(")")?));
            }
            if *function == "length" {
                return Ok(Expr::Call(function, Vec::new()));
            }
            return Err("syntax error".into());
        }
        if called {
            return Err(format!("function {name} not defined"));
        }
        if matches!(
            name.as_str(),
            "BEGIN" | "END" | "if" | "else" | "while" | "for" | "do" | "getline" | "print" | "printf" | "function" | "in"
        ) {
            return Err("syntax error".into());
        }
        if self.op("[") {
            return Ok(Expr::Index(name, self.list("]")?));
        }
        Ok(Expr::Var(name))
    }
}
