//! The grammar of the shell: text to commands, by recursive descent straight on the characters.
//! Models busybox ash with what people use of bash: `[[ ]]`, `(( ))`, `&>`, `<<<`, `function`.

use crate::ast::{Command, Node, Redirect, RedirectKind, Simple, Word};
use base::Text;
use std::sync::Arc;

/// Why a text is no script.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SyntaxError {
    /// More lines could complete it; the words tell what is open.
    Incomplete(String),
    Wrong(String),
    /// The unexpected token, and what should have come.
    Unexpected(String, Option<&'static str>),
}

impl SyntaxError {
    /// The words of busybox ash.
    pub fn words(&self) -> String {
        match self {
            SyntaxError::Incomplete(words) | SyntaxError::Wrong(words) => format!("syntax error: {words}"),
            SyntaxError::Unexpected(token, expecting) => {
                let quoted = if is_description(token) { token.clone() } else { format!("\"{token}\"") };
                let expecting = expecting.map(|word| format!(" (expecting \"{word}\")")).unwrap_or_default();
                format!("syntax error: unexpected {quoted}{expecting}")
            }
        }
    }
    /// The words of bash.
    pub fn bash_words(&self) -> String {
        match self {
            SyntaxError::Incomplete(words) if words.contains("quoted") => {
                "unexpected EOF while looking for matching quote".into()
            }
            SyntaxError::Incomplete(_) => "syntax error: unexpected end of file".into(),
            SyntaxError::Wrong(words) => format!("syntax error: {words}"),
            SyntaxError::Unexpected(token, _) if token == "end of file" => "syntax error: unexpected end of file".into(),
            SyntaxError::Unexpected(token, _) => format!("syntax error near unexpected token `{token}'"),
        }
    }
}

fn is_description(token: &str) -> bool {
    matches!(token, "newline" | "end of file" | "word")
}

pub(crate) type Parse<T> = Result<T, SyntaxError>;

/// How deep commands and words nest.
const DEPTH: u32 = 60;

/// Reads a whole script.
#[cfg(test)]
pub fn parse(text: &str) -> Parse<Node> {
    let mut parser = Parser::new(text, 0);
    parser.whole = true;
    let node = parser.list(&[])?;
    if parser.at < text.len() {
        return Err(parser.unexpected(None));
    }
    Ok(node)
}

/// Reads one line (or as many as its commands need) from the start of a script, as a shell does that reads commands one
/// after the other; answers the commands and how many bytes they took.
/// `whole`: no more text will come.
pub fn parse_line(text: &str, whole: bool) -> Parse<(Node, usize)> {
    let mut parser = Parser { whole, ..Parser::new(text, 0) };
    let mut nodes = Vec::new();
    loop {
        parser.blank();
        match parser.peek() {
            None => break,
            Some(b'\n') => {
                parser.newline();
                break;
            }
            Some(_) => {}
        }
        nodes.push(parser.and_or_in_list()?);
        if !parser.separator(&mut nodes)? {
            break;
        }
    }
    Ok((Arc::new(Command::Seq(nodes)), parser.at))
}

pub(crate) struct Parser<'a> {
    pub(crate) text: &'a str,
    pub(crate) at: usize,
    pub(crate) depth: u32,
    /// Here-documents follow the end of the line at the first place and end at the second.
    here: Option<(usize, usize)>,
    /// No more text will come: the end of it ends a here-document too.
    whole: bool,
}

const RESERVED_END: &[&str] = &["then", "do", "done", "fi", "else", "elif", "esac", "}"];

impl<'a> Parser<'a> {
    pub(crate) fn new(text: &'a str, depth: u32) -> Parser<'a> {
        Parser { text, at: 0, depth, here: None, whole: false }
    }

    pub(crate) fn enter(&mut self) -> Parse<()> {
        self.depth += 1;
        if self.depth > DEPTH { Err(SyntaxError::Wrong("nested too deeply".into())) } else { Ok(()) }
    }
    pub(crate) fn leave(&mut self) {
        self.depth -= 1;
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
    pub(crate) fn starts(&self, with: &str) -> bool {
        self.text.as_bytes()[self.at..].starts_with(with.as_bytes())
    }
    pub(crate) fn eat(&mut self, what: &str) -> bool {
        let found = self.starts(what);
        if found {
            self.at += what.len();
        }
        found
    }

    /// Skips blanks, joined lines and a comment.
    pub(crate) fn blank(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r') => self.at += 1,
                Some(b'\\') if self.starts("\\\n") => self.at += 2,
                Some(b'#') => {
                    while self.peek().is_some_and(|c| c != b'\n') {
                        self.at += 1;
                    }
                }
                _ => return,
            }
        }
    }
    /// Steps over the end of a line, and the here-documents after it.
    fn newline(&mut self) {
        match self.here.take() {
            Some((end_of_line, after)) if self.at == end_of_line => self.at = after,
            here => {
                self.here = here;
                self.at += 1;
            }
        }
    }
    pub(crate) fn newlines(&mut self) {
        self.blank();
        while self.peek() == Some(b'\n') {
            self.newline();
            self.blank();
        }
    }

    /// The bare word at this place (no quotes, nothing to expand).
    pub(crate) fn bare(&self) -> &'a str {
        let rest = &self.text[self.at..];
        let end = rest.bytes().position(|c| b" \t\r\n;&|()<>".contains(&c)).unwrap_or(rest.len());
        &rest[..end]
    }
    pub(crate) fn keyword(&mut self, word: &str) -> bool {
        self.blank();
        let found = self.bare() == word;
        if found {
            self.at += word.len();
        }
        found
    }
    fn expect(&mut self, word: &'static str) -> Parse<()> {
        self.newlines();
        if self.keyword(word) { Ok(()) } else { Err(self.unexpected(Some(word))) }
    }

    pub(crate) fn unexpected(&self, expecting: Option<&'static str>) -> SyntaxError {
        let token = match self.peek() {
            None if expecting.is_some() || self.depth > 0 => {
                let expecting = expecting.map(|word| format!(" (expecting \"{word}\")")).unwrap_or_default();
                return SyntaxError::Incomplete(format!("unexpected end of file{expecting}"));
            }
            None => "end of file".into(),
            Some(b'\n') => "newline".into(),
            Some(_) => {
                let operator = [";;", "&&", "||", "<<", ">>", ";", "&", "|", "(", ")", "<", ">"];
                match operator.iter().find(|op| self.starts(op)) {
                    Some(op) => (*op).into(),
                    None if is_reserved(self.bare()) => self.bare().into(),
                    None => "word".into(),
                }
            }
        };
        SyntaxError::Unexpected(token, expecting)
    }

    /// Commands until the end, a closing word or parenthesis.
    pub(crate) fn list(&mut self, ends: &[&str]) -> Parse<Node> {
        let mut nodes = Vec::new();
        loop {
            self.newlines();
            let done = match self.peek() {
                None | Some(b')') => true,
                Some(_) => self.starts(";;") || RESERVED_END.contains(&self.bare()),
            };
            if done {
                break;
            }
            nodes.push(self.and_or_in_list()?);
            self.blank();
            if self.peek() == Some(b'\n') {
                continue;
            }
            if !self.separator(&mut nodes)? {
                break;
            }
        }
        if nodes.is_empty() && !ends.is_empty() {
            return Err(self.unexpected(None));
        }
        if nodes.len() == 1 {
            return Ok(nodes.remove(0));
        }
        Ok(Arc::new(Command::Seq(nodes)))
    }

    fn and_or_in_list(&mut self) -> Parse<Node> {
        self.enter()?;
        let node = self.and_or();
        self.leave();
        node
    }

    /// `;` or `&` after a command; false if the list ends here.
    fn separator(&mut self, nodes: &mut Vec<Node>) -> Parse<bool> {
        self.blank();
        if self.starts(";;") {
            return Ok(false);
        }
        if self.eat(";") {
            return Ok(true);
        }
        if self.starts("&") && !self.starts("&&") {
            self.at += 1;
            if let Some(last) = nodes.pop() {
                nodes.push(Arc::new(Command::Background(last)));
            }
            return Ok(true);
        }
        match self.peek() {
            None | Some(b')') => Ok(false),
            Some(b'\n') => {
                self.newline();
                Ok(false)
            }
            Some(_) if RESERVED_END.contains(&self.bare()) => Ok(false),
            Some(_) => Err(self.unexpected(None)),
        }
    }

    fn and_or(&mut self) -> Parse<Node> {
        let mut left = self.pipeline()?;
        loop {
            self.blank();
            let and = self.eat("&&");
            if !and && !self.eat("||") {
                return Ok(left);
            }
            self.newlines();
            let right = self.pipeline()?;
            left = Arc::new(if and { Command::And(left, right) } else { Command::Or(left, right) });
        }
    }

    fn pipeline(&mut self) -> Parse<Node> {
        let mut negate = false;
        while self.keyword("!") {
            negate = !negate;
        }
        let mut stages = vec![self.command()?];
        loop {
            self.blank();
            if self.starts("||") || !self.eat("|") {
                break;
            }
            if self.eat("&") {
                let last = stages.pop().into_iter();
                stages.extend(last.map(|node| Arc::new(Command::Redirected(node, vec![copy_error_to_output()]))));
            }
            self.newlines();
            stages.push(self.command()?);
        }
        if stages.len() == 1 && !negate {
            return Ok(stages.remove(0));
        }
        Ok(Arc::new(Command::Pipe { negate, stages }))
    }

    fn command(&mut self) -> Parse<Node> {
        self.enter()?;
        let node = self.command_inside();
        self.leave();
        node
    }

    fn command_inside(&mut self) -> Parse<Node> {
        self.blank();
        let compound = match self.bare() {
            "if" => self.if_command()?,
            "while" => self.loop_command(false)?,
            "until" => self.loop_command(true)?,
            "for" => self.for_command()?,
            "case" => self.case_command()?,
            "{" => {
                self.at += 1;
                let body = self.list(&["}"])?;
                self.expect("}")?;
                body
            }
            "[[" => {
                self.at += 2;
                let test = self.test_expression()?;
                self.expect("]]")?;
                Arc::new(Command::Test(test))
            }
            "function" => {
                self.at += 8;
                self.blank();
                let name = Text::from(self.bare());
                self.at += name.len();
                self.blank();
                if self.eat("(") {
                    self.blank();
                    self.eat(")");
                }
                return self.function(name);
            }
            _ if self.starts("((") && self.arith_end().is_some() => self.arith_command()?,
            _ if self.eat("(") => {
                let body = self.list(&[")"])?;
                self.newlines();
                if !self.eat(")") {
                    return Err(self.unexpected(Some(")")));
                }
                Arc::new(Command::Subshell(body))
            }
            _ => return self.simple(),
        };
        let mut redirects = Vec::new();
        loop {
            self.blank();
            if !self.redirect(&mut redirects)? {
                break;
            }
        }
        Ok(if redirects.is_empty() { compound } else { Arc::new(Command::Redirected(compound, redirects)) })
    }

    fn if_command(&mut self) -> Parse<Node> {
        let mut arms = Vec::new();
        let mut otherwise = None;
        self.at += 2;
        loop {
            let condition = self.list(&["then"])?;
            self.expect("then")?;
            let body = self.list(&["fi"])?;
            arms.push((condition, body));
            self.newlines();
            if self.keyword("elif") {
                continue;
            }
            if self.keyword("else") {
                otherwise = Some(self.list(&["fi"])?);
            }
            self.expect("fi")?;
            return Ok(Arc::new(Command::If { arms, otherwise }));
        }
    }

    fn do_group(&mut self) -> Parse<Node> {
        self.expect("do")?;
        let body = self.list(&["done"])?;
        self.expect("done")?;
        Ok(body)
    }

    fn loop_command(&mut self, until: bool) -> Parse<Node> {
        self.at += 5;
        let condition = self.list(&["do"])?;
        let body = self.do_group()?;
        Ok(Arc::new(Command::Loop { until, condition, body }))
    }

    fn for_command(&mut self) -> Parse<Node> {
        self.at += 3;
        self.blank();
        if self.starts("((") {
            return self.for_arith();
        }
        let name = self.bare();
        if self.peek().is_none() {
            return Err(self.unexpected(Some("name")));
        }
        if !is_name(name) {
            return Err(SyntaxError::Wrong("bad for loop variable".into()));
        }
        self.at += name.len();
        self.newlines();
        let mut words = None;
        if self.keyword("in") {
            let mut list = Vec::new();
            loop {
                self.blank();
                match self.peek() {
                    None => return Err(self.unexpected(Some("do"))),
                    Some(b'\n' | b';') => break,
                    Some(b'&' | b'|' | b'(' | b')' | b'<' | b'>') => return Err(self.unexpected(None)),
                    Some(_) => list.push(self.word()?),
                }
            }
            words = Some(list);
        }
        self.blank();
        self.eat(";");
        let body = self.do_group()?;
        Ok(Arc::new(Command::For { name: Text::from(name), words, body }))
    }

    /// `for ((a; b; c))` becomes `a; while ((b)); do …; ((c)); done`.
    fn for_arith(&mut self) -> Parse<Node> {
        let Some(end) = self.arith_end() else { return Err(self.unexpected(Some("))"))) };
        let mut parts = self.text[self.at + 2..end].splitn(3, ';');
        let mut part = |or: &'static str| {
            let text = parts.next().unwrap_or_default().trim();
            self.sub_parser(if text.is_empty() { or } else { text }).whole_arith()
        };
        let (first, condition, next) = (part("0")?, part("1")?, part("0")?);
        self.at = end + 2;
        self.blank();
        self.eat(";");
        let body = self.do_group()?;
        let body = Arc::new(Command::Seq(vec![body, Arc::new(Command::Arith(next))]));
        let looping = Command::Loop { until: false, condition: Arc::new(Command::Arith(condition)), body };
        Ok(Arc::new(Command::Seq(vec![Arc::new(Command::Arith(first)), Arc::new(looping)])))
    }

    pub(crate) fn sub_parser<'b>(&self, text: &'b str) -> Parser<'b> {
        Parser { whole: true, ..Parser::new(text, self.depth) }
    }

    fn arith_command(&mut self) -> Parse<Node> {
        let Some(end) = self.arith_end() else { return Err(self.unexpected(Some("))"))) };
        let word = self.sub_parser(&self.text[self.at + 2..end]).whole_arith()?;
        self.at = end + 2;
        Ok(Arc::new(Command::Arith(word)))
    }

    /// Where `((` at this place is closed by `))`.
    pub(crate) fn arith_end(&self) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let mut depth = 0_u32;
        for at in self.at..bytes.len() {
            match bytes[at] {
                b'(' => depth += 1,
                b')' => {
                    depth = depth.checked_sub(1)?;
                    if depth == 1 && bytes.get(at + 1) == Some(&b')') {
                        return Some(at);
                    }
                    if depth == 0 {
                        return None;
                    }
                }
                _ => {}
            }
        }
        None
    }

    fn case_command(&mut self) -> Parse<Node> {
        self.at += 4;
        self.blank();
        let word = self.word_or_unexpected()?;
        self.expect("in")?;
        let mut arms = Vec::new();
        loop {
            self.newlines();
            if self.keyword("esac") {
                return Ok(Arc::new(Command::Case { word, arms }));
            }
            self.eat("(");
            let mut patterns = Vec::new();
            loop {
                self.blank();
                patterns.push(self.word_or_unexpected()?);
                self.blank();
                if self.eat(")") {
                    break;
                }
                if !self.eat("|") {
                    return Err(self.unexpected(Some(")")));
                }
            }
            let body = self.list(&[])?;
            arms.push((patterns, body));
            self.newlines();
            if !self.eat(";;") && self.bare() != "esac" {
                return Err(self.unexpected(Some(";;")));
            }
        }
    }

    pub(crate) fn word_or_unexpected(&mut self) -> Parse<Word> {
        match self.peek() {
            None | Some(b'\n' | b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>') => Err(self.unexpected(Some("word"))),
            Some(_) => self.word(),
        }
    }

    fn function(&mut self, name: Text) -> Parse<Node> {
        self.newlines();
        let body = self.command()?;
        Ok(Arc::new(Command::Function { name, body }))
    }

    fn simple(&mut self) -> Parse<Node> {
        let mut simple = Simple::default();
        loop {
            self.blank();
            if self.redirect(&mut simple.redirects)? {
                continue;
            }
            match self.peek() {
                None | Some(b'\n' | b';' | b'&' | b'|' | b')') => break,
                Some(b'(') => {
                    let name = simple.words.first().and_then(Word::plain).cloned();
                    let Some(name) = name.filter(|_| simple.words.len() == 1 && simple.assigns.is_empty()) else {
                        return Err(self.unexpected(None));
                    };
                    self.at += 1;
                    self.blank();
                    if !self.eat(")") {
                        return Err(self.unexpected(Some(")")));
                    }
                    return self.function(name);
                }
                Some(b'<' | b'>') => return Err(self.unexpected(None)),
                Some(_) => {}
            }
            if simple.words.is_empty() {
                if RESERVED_END.contains(&self.bare()) {
                    break;
                }
                if let Some(name) = self.assignment() {
                    let value = match self.peek() {
                        None | Some(b' ' | b'\t' | b'\r' | b'\n' | b';' | b'&' | b'|' | b')' | b'<' | b'>') => Word::default(),
                        Some(b'(') => return Err(SyntaxError::Wrong("arrays are not supported".into())),
                        Some(_) => self.word()?,
                    };
                    simple.assigns.push((name, value));
                    continue;
                }
            }
            simple.words.push(self.word()?);
        }
        if simple.words.is_empty() && simple.assigns.is_empty() && simple.redirects.is_empty() {
            return Err(self.unexpected(None));
        }
        Ok(Arc::new(Command::Simple(simple)))
    }

    /// `NAME=` at this place.
    fn assignment(&mut self) -> Option<Text> {
        let rest = &self.text[self.at..];
        let name = &rest[..rest.find('=')?];
        if !is_name(name) {
            return None;
        }
        self.at += name.len() + 1;
        Some(Text::from(name))
    }

    /// A redirection at this place, if there is one.
    fn redirect(&mut self, out: &mut Vec<Redirect>) -> Parse<bool> {
        let rest = &self.text.as_bytes()[self.at..];
        let digits = rest.iter().take_while(|c| c.is_ascii_digit()).count();
        if !matches!(rest.get(digits), Some(b'<' | b'>')) && !self.starts("&>") || digits > 2 {
            return Ok(false);
        }
        let explicit = self.text[self.at..self.at + digits].parse::<u8>().ok();
        self.at += digits;
        const OPERATORS: &[(&str, RedirectKind, u8)] = &[
            ("&>>", RedirectKind::Both, 2),
            ("&>", RedirectKind::Both, 1),
            ("<<<", RedirectKind::Text, 0),
            ("<<-", RedirectKind::Text, 2),
            ("<<", RedirectKind::Text, 1),
            ("<&", RedirectKind::Copy, 0),
            ("<>", RedirectKind::ReadWrite, 0),
            (">&", RedirectKind::Copy, 1),
            (">>", RedirectKind::Append, 1),
            (">|", RedirectKind::Write, 1),
            ("<", RedirectKind::Read, 0),
            (">", RedirectKind::Write, 1),
        ];
        let Some((operator, kind, fd)) = OPERATORS.iter().find(|row| self.starts(row.0)) else { return Ok(false) };
        self.at += operator.len();
        self.blank();
        if *kind == RedirectKind::Text {
            let word = if *fd == 0 { self.here_string()? } else { self.here_document(*fd == 2)? };
            out.push(Redirect { fd: explicit.unwrap_or(0), kind: *kind, word });
            return Ok(true);
        }
        let word = self.word_or_unexpected()?;
        let is_number = word.plain().is_some_and(|text| text == "-" || text.bytes().all(|c| c.is_ascii_digit()));
        if *operator == ">&" && !is_number && explicit.is_none() && word.plain().is_some() {
            out.push(Redirect { fd: 1, kind: RedirectKind::Both, word });
            return Ok(true);
        }
        if *operator == "&>>" {
            out.push(Redirect { fd: 1, kind: RedirectKind::Append, word });
            out.push(copy_error_to_output());
            return Ok(true);
        }
        out.push(Redirect { fd: explicit.unwrap_or(*fd), kind: *kind, word });
        Ok(true)
    }

    fn here_string(&mut self) -> Parse<Word> {
        let mut word = self.word_or_unexpected()?;
        word = Word(vec![crate::ast::Part::Double(word.0)]);
        word.0.push(crate::ast::Part::Quoted(base::text!("\n")));
        Ok(word)
    }

    fn here_document(&mut self, strip_tabs: bool) -> Parse<Word> {
        let from = self.at;
        self.word_or_unexpected()?;
        let raw = &self.text[from..self.at];
        let quoted = raw.contains(['\'', '"', '\\']);
        let end_word: String = raw.chars().filter(|c| !"'\"\\".contains(*c)).collect();
        let (end_of_line, mut at) = match self.here {
            Some(here) => here,
            None => match self.text[self.at..].find('\n') {
                Some(offset) => (self.at + offset, self.at + offset + 1),
                None if self.whole => (self.text.len(), self.text.len()),
                None => return Err(SyntaxError::Incomplete("unterminated here-document".into())),
            },
        };
        let mut body = String::new();
        loop {
            if at >= self.text.len() {
                if self.whole {
                    break;
                }
                return Err(SyntaxError::Incomplete("unterminated here-document".into()));
            }
            let line_end = self.text[at..].find('\n').map_or(self.text.len(), |offset| at + offset);
            let line = &self.text[at..line_end];
            let line = if strip_tabs { line.trim_start_matches('\t') } else { line };
            at = (line_end + 1).min(self.text.len());
            if line == end_word {
                break;
            }
            body += line;
            body.push('\n');
        }
        self.here = Some((end_of_line, at));
        if quoted {
            return Ok(Word(vec![crate::ast::Part::Quoted(Text::from(body))]));
        }
        self.sub_parser(&body).whole_here()
    }
}

fn copy_error_to_output() -> Redirect {
    Redirect { fd: 2, kind: RedirectKind::Copy, word: Word(vec![crate::ast::Part::Plain(base::text!("1"))]) }
}

fn is_reserved(word: &str) -> bool {
    RESERVED_END.contains(&word) || matches!(word, "if" | "while" | "until" | "for" | "case" | "in" | "{" | "!")
}

/// Whether a text can name a variable.
pub fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|c| c.is_ascii_alphabetic() || c == b'_') && bytes.all(|c| c.is_ascii_alphanumeric() || c == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, want: &str) {
        let got = match parse(text) {
            Ok(_) => "ok".into(),
            Err(error @ SyntaxError::Incomplete(_)) => format!("more: {}", error.words()),
            Err(error) => error.words(),
        };
        assert_eq!(got, want, "{text}");
    }

    #[test]
    fn accepts_and_refuses() {
        for text in [
            "",
            "# only a comment\n",
            "a && b || ! c; d & e",
            "if a; then b; elif c; then d; else e; fi",
            "for i in 1 2; do echo $i; done > f 2>&1",
            "for i; do :; done",
            "case $x in a|b) c;; (*) d; esac",
            "f() { a; }; function g { b; }",
            "cat <<EOF | wc -l\na $b\nEOF\necho x",
            "cat <<A <<'B'\n1\nA\n2\nB\n",
            "[[ -f /x && ( $a == b* || $a =~ ^[0-9]+$ ) ]]",
            "(( i++ )); for ((i=0; i<3; i++)); do :; done",
            "echo \"a $(echo \"b `c`\") ${x:-\"y z\"}\"",
            "while read a; do :; done < f &",
            "x=1 y= cmd >a >>b <c <<<d &>e",
            "echo a#b # c",
            "(a; b) | { c; } | d",
            "echo done if then",
        ] {
            check(text, "ok");
        }
        check("if true; fi", "syntax error: unexpected \"fi\" (expecting \"then\")");
        check("echo done; done", "syntax error: unexpected \"done\"");
        check("for", "more: syntax error: unexpected end of file (expecting \"name\")");
        check("while true; do", "more: syntax error: unexpected end of file");
        check("echo \"a", "more: syntax error: unterminated quoted string");
        check("a || ; b", "syntax error: unexpected \";\"");
        check("a=(1 2)", "syntax error: arrays are not supported");
        check("echo )", "syntax error: unexpected \")\"");
        check("| a", "syntax error: unexpected \"|\"");
        check("cat <<EOF\nx", "ok");
        check(&"(".repeat(10_000), "syntax error: nested too deeply");
        check(&"$(".repeat(10_000), "syntax error: nested too deeply");
        check(&"${a:-".repeat(10_000), "syntax error: nested too deeply");
    }

    #[test]
    fn one_line_after_the_other() {
        let text = "echo a; echo b\nif x\nthen y\nfi\nz";
        let (_, first) = parse_line(text, true).unwrap();
        assert_eq!(&text[..first], "echo a; echo b\n");
        let (_, second) = parse_line(&text[first..], true).unwrap();
        assert_eq!(&text[first..first + second], "if x\nthen y\nfi\n");
        for open in ["if x\n", "cat <<EOF\nx\n", "cat <<EOF", "echo 'a\n", "a &&\n", "echo $(b\n"] {
            assert!(matches!(parse_line(open, false), Err(SyntaxError::Incomplete(_))), "{open}");
        }
    }
}
