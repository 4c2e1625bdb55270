//! The grammar inside a word: quotes, `$name`, `${…}`, `$(…)`, backquotes and `$((…))`.

use crate::ast::{Param, ParamOp, Part, Replace, Word};
use crate::parse::{Parse, Parser, SyntaxError};
use base::Text;
use std::sync::Arc;

/// Where a run of word parts ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    /// A blank or operator.
    Blank,
    /// The closing double quote.
    Quote,
    /// One of these bytes, unquoted (inside `${…}`).
    Bytes(&'static [u8]),
    /// The end of the text (here-documents, arithmetic).
    End,
    /// A blank or ` ]]` (the right side of `=~`, where parentheses and bars are text).
    Regex,
}

impl Parser<'_> {
    pub(crate) fn word(&mut self) -> Parse<Word> {
        self.parts(Until::Blank, Quoting::None).map(Word)
    }
    pub(crate) fn regex_word(&mut self) -> Parse<Word> {
        self.parts(Until::Regex, Quoting::None).map(Word)
    }
    /// The whole text as the body of a here-document.
    pub(crate) fn whole_here(mut self) -> Parse<Word> {
        Ok(Word(vec![Part::Double(self.parts(Until::End, Quoting::Here)?)]))
    }
    /// The whole text as an arithmetic expression.
    pub(crate) fn whole_arith(mut self) -> Parse<Word> {
        Ok(Word(vec![Part::Double(self.parts(Until::End, Quoting::Here)?)]))
    }

    fn parts(&mut self, until: Until, quoting: Quoting) -> Parse<Vec<Part>> {
        self.enter()?;
        let mut parts = Vec::new();
        let mut literal = String::new();
        loop {
            let Some(byte) = self.peek() else {
                match until {
                    Until::Quote => return Err(SyntaxError::Incomplete("unterminated quoted string".into())),
                    Until::Bytes(_) => return Err(SyntaxError::Incomplete("missing '}'".into())),
                    Until::Blank | Until::End | Until::Regex => break,
                }
            };
            let ends = match until {
                Until::Blank => b" \t\r\n;&|()<>".contains(&byte),
                Until::Regex => b" \t\r\n".contains(&byte),
                Until::Quote => byte == b'"',
                Until::Bytes(bytes) => bytes.contains(&byte),
                Until::End => false,
            };
            if ends {
                break;
            }
            let part = match byte {
                b'\\' => self.backslash(quoting, &mut literal),
                b'\'' if quoting == Quoting::None => Some(self.single_quoted()?),
                b'"' if quoting != Quoting::Here => Some(self.double_quoted()?),
                b'$' => self.dollar(quoting)?,
                b'`' => Some(self.backquoted(quoting)?),
                _ => None,
            };
            match part {
                Some(part) => {
                    flush(&mut literal, &mut parts, quoting);
                    parts.push(part);
                }
                None => self.literal_char(&mut literal),
            }
        }
        flush(&mut literal, &mut parts, quoting);
        self.leave();
        Ok(parts)
    }

    fn literal_char(&mut self, literal: &mut String) {
        if let Some(c) = self.text[self.at..].chars().next() {
            literal.push(c);
            self.at += c.len_utf8();
        }
    }

    fn backslash(&mut self, quoting: Quoting, literal: &mut String) -> Option<Part> {
        let next = self.text[self.at + 1..].chars().next();
        let escapes = match (quoting, next) {
            (_, Some('\n')) => {
                self.at += 2;
                return Some(Part::Quoted(base::text!("")));
            }
            (Quoting::None, Some(_)) => true,
            (Quoting::Double, Some(c)) => "$`\"\\".contains(c),
            (Quoting::Here, Some(c)) => "$`\\".contains(c),
            (_, None) => false,
        };
        let c = next.filter(|_| escapes)?;
        self.at += 1 + c.len_utf8();
        if quoting == Quoting::None {
            return Some(Part::Quoted(Text::from(c.encode_utf8(&mut [0; 4]) as &str)));
        }
        literal.push(c);
        // The character is taken: an empty part keeps the caller from taking another one.
        Some(Part::Quoted(base::text!("")))
    }

    fn single_quoted(&mut self) -> Parse<Part> {
        let rest = &self.text[self.at + 1..];
        let Some(end) = rest.find('\'') else {
            return Err(SyntaxError::Incomplete("unterminated quoted string".into()));
        };
        self.at += end + 2;
        Ok(Part::Quoted(Text::from(&rest[..end])))
    }

    fn double_quoted(&mut self) -> Parse<Part> {
        self.at += 1;
        let parts = self.parts(Until::Quote, Quoting::Double)?;
        self.at += 1;
        Ok(Part::Double(parts))
    }

    fn dollar(&mut self, quoting: Quoting) -> Parse<Option<Part>> {
        let rest = &self.text[self.at + 1..];
        let Some(byte) = rest.bytes().next() else { return Ok(None) };
        if rest.starts_with("((") {
            self.at += 1;
            if let Some(end) = self.arith_end() {
                let word = self.sub_parser(&self.text[self.at + 2..end]).whole_arith()?;
                self.at = end + 2;
                return Ok(Some(Part::Arith(Arc::new(word))));
            }
            self.at -= 1;
        }
        match byte {
            b'(' => self.command_substitution().map(Some),
            b'{' => self.braced(quoting).map(Some),
            b'\'' if quoting == Quoting::None => self.ansi_quoted().map(Some),
            b'"' if quoting == Quoting::None => {
                self.at += 1;
                self.double_quoted().map(Some)
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                let end = rest.bytes().position(|c| !c.is_ascii_alphanumeric() && c != b'_').unwrap_or(rest.len());
                self.at += 1 + end;
                Ok(Some(get(&rest[..end])))
            }
            b'0'..=b'9' | b'?' | b'$' | b'!' | b'#' | b'@' | b'*' | b'-' => {
                self.at += 2;
                Ok(Some(get(&rest[..1])))
            }
            _ => Ok(None),
        }
    }

    fn command_substitution(&mut self) -> Parse<Part> {
        self.at += 2;
        self.enter()?;
        let node = self.list(&[])?;
        self.leave();
        if self.eat(")") {
            return Ok(Part::Command(node));
        }
        match self.peek() {
            None => Err(SyntaxError::Incomplete("unexpected end of file (expecting \")\")".into())),
            Some(_) => Err(SyntaxError::Unexpected("word".into(), Some(")"))),
        }
    }

    fn backquoted(&mut self, quoting: Quoting) -> Parse<Part> {
        let mut inner = String::new();
        let mut chars = self.text[self.at + 1..].char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '`' => {
                    self.at += at + 2;
                    self.enter()?;
                    // A fresh parser, as deep as this one: nested backquotes are bounded too.
                    let node = self.sub_parser(&inner).list(&[]);
                    self.leave();
                    return node.map(Part::Command);
                }
                '\\' => match chars.next() {
                    Some((_, next)) if "$`\\".contains(next) || quoting == Quoting::Double && next == '"' => inner.push(next),
                    Some((_, next)) => inner.extend(['\\', next]),
                    None => break,
                },
                _ => inner.push(c),
            }
        }
        Err(SyntaxError::Incomplete("EOF in backquote substitution".into()))
    }

    /// `$'a\n'`
    fn ansi_quoted(&mut self) -> Parse<Part> {
        let rest = &self.text[self.at + 2..];
        let mut chars = rest.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => _ = chars.next(),
                '\'' => {
                    self.at += 2 + at + 1;
                    let bytes = crate::escape::unescape(&rest[..at]).0;
                    return Ok(Part::Quoted(Text::from(String::from_utf8_lossy(&bytes).as_ref())));
                }
                _ => {}
            }
        }
        Err(SyntaxError::Incomplete("unterminated quoted string".into()))
    }

    /// `${…}`
    fn braced(&mut self, quoting: Quoting) -> Parse<Part> {
        self.at += 2;
        let bad = || SyntaxError::Wrong("bad substitution".into());
        let length = self.peek() == Some(b'#') && !matches!(self.text.as_bytes().get(self.at + 1), Some(b'}') | None);
        let indirect = self.peek() == Some(b'!') && !matches!(self.text.as_bytes().get(self.at + 1), Some(b'}') | None);
        if length || indirect {
            self.at += 1;
        }
        let rest = &self.text[self.at..];
        let end = match rest.bytes().next() {
            Some(c) if c.is_ascii_alphabetic() || c == b'_' => {
                rest.bytes().position(|c| !c.is_ascii_alphanumeric() && c != b'_').unwrap_or(rest.len())
            }
            Some(c) if c.is_ascii_digit() => rest.bytes().position(|c| !c.is_ascii_digit()).unwrap_or(rest.len()),
            Some(b'?' | b'$' | b'!' | b'#' | b'@' | b'*' | b'-') => 1,
            None => return Err(SyntaxError::Incomplete("missing '}'".into())),
            Some(_) => return Err(bad()),
        };
        let name = Text::from(&rest[..end]);
        self.at += end;
        let mut index = None;
        if self.eat("[") {
            let rest = &self.text[self.at..];
            let end = rest.find(']').ok_or_else(bad)?;
            index = Some(Text::from(&rest[..end]));
            self.at += end + 1;
        }
        let op = if length {
            ParamOp::Length
        } else if indirect {
            ParamOp::Indirect
        } else {
            self.param_op(quoting)?
        };
        if !self.eat("}") {
            return Err(if self.peek().is_none() { SyntaxError::Incomplete("missing '}'".into()) } else { bad() });
        }
        Ok(Part::Param(Arc::new(Param { name, index, op })))
    }

    fn param_op(&mut self, quoting: Quoting) -> Parse<ParamOp> {
        let empty_too = self.eat(":");
        let Some(byte) = self.peek() else { return Ok(ParamOp::Get) };
        let words = quoting;
        if matches!(byte, b'-' | b'=' | b'?' | b'+') {
            self.at += 1;
            let word = Word(self.parts(Until::Bytes(b"}"), words)?);
            return Ok(match byte {
                b'-' => ParamOp::Default { empty_too, word },
                b'=' => ParamOp::Assign { empty_too, word },
                b'?' => ParamOp::Error { empty_too, word },
                _ => ParamOp::Alternative { empty_too, word },
            });
        }
        if empty_too {
            let from = Word(vec![Part::Double(self.parts(Until::Bytes(b":}"), Quoting::Here)?)]);
            let length =
                if self.eat(":") { Some(Word(vec![Part::Double(self.parts(Until::Bytes(b"}"), Quoting::Here)?)])) } else { None };
            return Ok(ParamOp::Slice { from, length });
        }
        match byte {
            b'#' | b'%' => {
                let longest = self.eat("##") || self.eat("%%");
                if !longest {
                    self.at += 1;
                }
                let pattern = Word(self.parts(Until::Bytes(b"}"), Quoting::None)?);
                let start = byte == b'#';
                Ok(if start { ParamOp::TrimStart { longest, pattern } } else { ParamOp::TrimEnd { longest, pattern } })
            }
            b'/' => {
                self.at += 1;
                let how = match self.peek() {
                    Some(b'/') => Replace::All,
                    Some(b'#') => Replace::AtStart,
                    Some(b'%') => Replace::AtEnd,
                    _ => Replace::First,
                };
                if how != Replace::First {
                    self.at += 1;
                }
                let pattern = Word(self.parts(Until::Bytes(b"/}"), Quoting::None)?);
                let with = if self.eat("/") { Word(self.parts(Until::Bytes(b"}"), words)?) } else { Word::default() };
                Ok(ParamOp::Replace { how, pattern, with })
            }
            b'^' | b',' => {
                let all = self.eat("^^") || self.eat(",,");
                if !all {
                    self.at += 1;
                }
                Ok(ParamOp::Case { upper: byte == b'^', all })
            }
            _ => Ok(ParamOp::Get),
        }
    }
}

/// Which characters quotes leave special.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Quoting {
    None,
    Double,
    Here,
}

fn get(name: &str) -> Part {
    Part::Param(Arc::new(Param { name: Text::from(name), index: None, op: ParamOp::Get }))
}

fn flush(literal: &mut String, parts: &mut Vec<Part>, quoting: Quoting) {
    if literal.is_empty() {
        return;
    }
    let text = Text::from(literal.as_str());
    literal.clear();
    parts.push(if quoting == Quoting::None { Part::Plain(text) } else { Part::Quoted(text) });
}
