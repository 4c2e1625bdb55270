//! Words to fields: parameters, command substitution, arithmetic, splitting, patterns, file names.
//! Expansion is a pure function. When it meets a command substitution whose output it does not have yet it stops with
//! `Need`; the shell runs that and expands the whole command again with one more output.

use crate::arith;
use crate::ast::{Node, Param, ParamOp, Part, Replace, Word};
use crate::files::Files;
use crate::pattern::{Mark, Pattern, glob};
use crate::shell::Shell;
use base::{Text, Time};

/// Why an expansion ended early.
pub(crate) enum Stop {
    /// This command's output is needed first.
    Need(Node),
    /// The words of an error that ends a script.
    Fail(String),
}

type Expand<T> = Result<T, Stop>;

/// The longest value.
pub(crate) const MAX_TEXT: usize = 1 << 20;
const MAX_FIELDS: usize = 100_000;

pub(crate) struct Expander<'a, 'f> {
    pub(crate) shell: &'a Shell,
    pub(crate) files: &'a Files<'f>,
    pub(crate) now: Time,
    /// Outputs of command substitutions, in order.
    pub(crate) outputs: &'a [Text],
    next_output: usize,
    /// `${x:=y}` and `$((x++))`: to be done when all expansions of the command are.
    pub(crate) assigns: Vec<(Text, Text)>,
    randoms: u32,
}

/// A field in the making.
#[derive(Clone, Default)]
struct Field {
    marks: Vec<Mark>,
    /// Quotes make a field even if it is empty.
    quoted: bool,
}

impl Field {
    fn text(&self) -> String {
        self.marks.iter().map(|mark| mark.0).collect()
    }
    fn push(&mut self, text: &str, quoted: bool) {
        self.marks.extend(text.chars().map(|c| (c, quoted)));
        self.quoted |= quoted;
    }
}

impl<'a, 'f> Expander<'a, 'f> {
    pub(crate) const fn new(shell: &'a Shell, files: &'a Files<'f>, now: Time, outputs: &'a [Text]) -> Expander<'a, 'f> {
        Expander { shell, files, now, outputs, next_output: 0, assigns: Vec::new(), randoms: 0 }
    }

    /// All fields of some words.
    pub(crate) fn fields(&mut self, words: &[Word]) -> Expand<Vec<Text>> {
        let mut out = Vec::new();
        for word in words {
            if let Some(text) = word.plain().filter(|text| !text.contains(['*', '?', '[', '~', '{'])) {
                out.push(text.clone());
                continue;
            }
            let braced = if self.shell.is_bash() { crate::brace::expand(word) } else { None };
            match braced {
                Some(words) => words.iter().try_for_each(|word| self.word_fields(word, &mut out))?,
                None => self.word_fields(word, &mut out)?,
            }
            if out.len() > MAX_FIELDS {
                return Err(Stop::Fail("argument list too long".into()));
            }
        }
        Ok(out)
    }

    fn word_fields(&mut self, word: &Word, out: &mut Vec<Text>) -> Expand<()> {
        let mut fields = vec![Field::default()];
        self.parts(&word.0, Mode::Fields, &mut fields)?;
        for field in fields {
            if field.marks.is_empty() && !field.quoted {
                continue;
            }
            let names = if self.shell.options.no_glob { None } else { glob(&field.marks, &self.shell.cwd, self.files) };
            match names {
                Some(names) => out.extend(names.into_iter().map(Text::from)),
                None => out.push(Text::from(field.text())),
            }
        }
        Ok(())
    }

    /// A word as one text: no splitting, no file names.
    pub(crate) fn text(&mut self, word: &Word) -> Expand<Text> {
        if let Some(text) = word.plain().filter(|text| !text.starts_with('~')) {
            return Ok(text.clone());
        }
        Ok(Text::from(self.single(word)?.text()))
    }
    pub(crate) fn pattern(&mut self, word: &Word) -> Expand<Pattern> {
        Ok(Pattern::new(&self.single(word)?.marks))
    }
    /// The right side of `=~`: quoted characters stand for themselves.
    pub(crate) fn regex(&mut self, word: &Word) -> Expand<Text> {
        let mut out = String::new();
        for (c, quoted) in self.single(word)?.marks {
            if quoted && "\\^$.[]|()*+?{}".contains(c) {
                out.push('\\');
            }
            out.push(c);
        }
        Ok(Text::from(out))
    }
    fn single(&mut self, word: &Word) -> Expand<Field> {
        let mut fields = vec![Field::default()];
        self.parts(&word.0, Mode::Single, &mut fields)?;
        Ok(fields.into_iter().next().unwrap_or_default())
    }

    fn parts(&mut self, parts: &[Part], mode: Mode, out: &mut Vec<Field>) -> Expand<()> {
        for (nth, part) in parts.iter().enumerate() {
            match part {
                Part::Plain(text) => {
                    let text: &str = if nth == 0 && text.starts_with('~') { &self.tilde(text) } else { text };
                    last(out).push(text, mode == Mode::Quoted);
                }
                Part::Quoted(text) => {
                    last(out).push(text, true);
                    last(out).quoted = true;
                }
                Part::Double(inner) => {
                    let inner_mode = if mode == Mode::Single { Mode::Single } else { Mode::Quoted };
                    let lone_at = matches!(inner.as_slice(), [Part::Param(p)] if &*p.name == "@" && self.shell.params.is_empty());
                    if lone_at && mode == Mode::Fields {
                        continue;
                    }
                    last(out).quoted = true;
                    if inner_mode == Mode::Single {
                        let mut fields = vec![Field::default()];
                        self.parts(inner, Mode::Single, &mut fields)?;
                        let text = fields[0].text();
                        last(out).push(&text, true);
                    } else {
                        self.parts(inner, Mode::Quoted, out)?;
                    }
                }
                Part::Param(param) => self.param(param, mode, out)?,
                Part::Command(node) => {
                    let Some(text) = self.outputs.get(self.next_output).cloned() else { return Err(Stop::Need(node.clone())) };
                    self.next_output += 1;
                    self.add(&text, mode, out);
                }
                Part::Arith(word) => {
                    let value = self.arith(word)?;
                    self.add(&value.to_string(), mode, out);
                }
            }
            if last(out).marks.len() > MAX_TEXT {
                return Err(Stop::Fail("out of memory".into()));
            }
        }
        Ok(())
    }

    pub(crate) fn arith(&mut self, word: &Word) -> Expand<i64> {
        let text = self.text(word)?;
        let mut names = Vars { expander: self, unset: None };
        let value = arith::eval(&text, &mut names);
        if let Some(name) = names.unset {
            return Err(Stop::Fail(format!("{name}: parameter not set")));
        }
        value.map_err(Stop::Fail)
    }

    fn tilde(&self, text: &str) -> String {
        let rest = &text[1..];
        if rest == "root" || rest.starts_with("root/") {
            return format!("/{rest}");
        }
        if !rest.is_empty() && !rest.starts_with('/') {
            return text.into();
        }
        let home = self.shell.get("HOME").unwrap_or_else(|| base::text!("/root"));
        format!("{home}{rest}")
    }

    /// Adds a value: split into fields if it is not quoted.
    fn add(&self, value: &str, mode: Mode, out: &mut Vec<Field>) {
        match mode {
            Mode::Quoted => last(out).push(value, true),
            Mode::Single => last(out).push(value, false),
            Mode::Fields => {
                let ifs = self.shell.get("IFS").unwrap_or_else(|| base::text!(" \t\n"));
                split_into(value, &ifs, out);
            }
        }
    }

    /// A variable or special parameter; `None` if it is not set.
    pub(crate) fn value(&mut self, name: &str, index: Option<&str>) -> Option<Text> {
        if let Some((_, value)) = self.assigns.iter().rev().find(|(assigned, _)| assigned == name) {
            return Some(value.clone());
        }
        let shell = self.shell;
        if name == "PIPESTATUS" {
            let codes = || shell.pipe_status.iter().map(|code| Text::from(code.to_string()));
            return match index {
                Some("@" | "*") => Some(Text::from(codes().collect::<Vec<_>>().join(" "))),
                Some(index) => codes().nth(index.parse().ok()?),
                None => codes().next(),
            };
        }
        if index.is_some_and(|index| !matches!(index, "0" | "@" | "*")) {
            return None;
        }
        Some(match name {
            "?" => number(shell.status.into()),
            "$" => number(shell.pid.into()),
            "!" => number(shell.last_background?.into()),
            "#" => number(shell.params.len() as i64),
            "@" | "*" => {
                if shell.params.is_empty() {
                    return None;
                }
                let ifs = shell.get("IFS").unwrap_or_else(|| base::text!(" "));
                let between = if name == "@" { Some(' ') } else { ifs.chars().next() };
                let between = between.map(String::from).unwrap_or_default();
                Text::from(shell.params.iter().map(Text::as_str).collect::<Vec<_>>().join(&between))
            }
            "-" => shell.options.letters(shell.interactive),
            "0" => shell.name.clone(),
            "RANDOM" => {
                self.randoms += 1;
                number(shell.random(self.randoms))
            }
            "SECONDS" => number((self.now - shell.started).as_secs()),
            "LINENO" => base::text!("0"),
            "UID" | "EUID" if shell.is_bash() => number(shell.machine.uid.into()),
            "PPID" => base::text!("0"),
            _ if name.as_bytes()[0].is_ascii_digit() => {
                let nth = name.parse::<usize>().ok()?;
                shell.params.get(nth.checked_sub(1)?)?.clone()
            }
            _ => return shell.get(name),
        })
    }

    fn param(&mut self, param: &Param, mode: Mode, out: &mut Vec<Field>) -> Expand<()> {
        let name = &*param.name;
        if matches!(param.op, ParamOp::Get) && matches!(name, "@" | "*") && mode != Mode::Single {
            self.all_params(name == "@", mode, out);
            return Ok(());
        }
        let value = self.value(name, param.index.as_deref());
        let present = |empty_too: bool| value.as_ref().is_some_and(|value| !empty_too || !value.is_empty());
        match &param.op {
            ParamOp::Default { empty_too, word } if !present(*empty_too) => return self.parts(&word.0, mode, out),
            ParamOp::Alternative { empty_too, word } => {
                return if present(*empty_too) { self.parts(&word.0, mode, out) } else { Ok(()) };
            }
            ParamOp::Assign { empty_too, word } if !present(*empty_too) => {
                let text = self.text(word)?;
                self.assigns.push((param.name.clone(), text.clone()));
                self.add(&text, mode, out);
                return Ok(());
            }
            ParamOp::Error { empty_too, word } if !present(*empty_too) => {
                let words = self.text(word)?;
                let or_null = if *empty_too { "parameter null or not set" } else { "parameter not set" };
                let words = if words.is_empty() { or_null } else { &*words };
                return Err(Stop::Fail(format!("{name}: {words}")));
            }
            ParamOp::Get | ParamOp::Length | ParamOp::Indirect | ParamOp::Default { .. } | ParamOp::Assign { .. } => {}
            ParamOp::Error { .. } | ParamOp::TrimStart { .. } | ParamOp::TrimEnd { .. } | ParamOp::Replace { .. } => {}
            ParamOp::Slice { .. } | ParamOp::Case { .. } => {}
        }
        let Some(value) = value else {
            if self.shell.options.no_unset && !matches!(name, "@" | "*") {
                let words = if self.shell.is_bash() { "unbound variable" } else { "parameter not set" };
                return Err(Stop::Fail(format!("{name}: {words}")));
            }
            if matches!(param.op, ParamOp::Length) {
                self.add("0", mode, out);
            }
            return Ok(());
        };
        let value = self.apply(&param.op, name, value)?;
        self.add(&value, mode, out);
        Ok(())
    }

    fn apply(&mut self, op: &ParamOp, name: &str, value: Text) -> Expand<Text> {
        let chars = || value.chars().collect::<Vec<char>>();
        Ok(match op {
            ParamOp::Length if matches!(name, "@" | "*") => number(self.shell.params.len() as i64),
            ParamOp::Length => number(value.chars().count() as i64),
            ParamOp::Indirect if crate::parse::is_name(&value) => self.value(&value, None).unwrap_or_default(),
            ParamOp::Indirect => base::text!(""),
            ParamOp::TrimStart { longest, pattern } => {
                let chars = chars();
                let cut = self.pattern(pattern)?.trim(&chars, true, *longest).unwrap_or(0);
                collect(&chars[cut..])
            }
            ParamOp::TrimEnd { longest, pattern } => {
                let chars = chars();
                let cut = self.pattern(pattern)?.trim(&chars, false, *longest).unwrap_or(0);
                collect(&chars[..chars.len() - cut])
            }
            ParamOp::Replace { how, pattern, with } => {
                let (pattern, with) = (self.pattern(pattern)?, self.text(with)?);
                Text::from(replace(&chars(), &pattern, &with, *how))
            }
            ParamOp::Slice { from, length } => {
                let chars = chars();
                let len = chars.len() as i64;
                let from = self.arith(from)?;
                let start = if from < 0 { (len + from).max(0) } else { from.min(len) };
                let end = match length {
                    None => len,
                    Some(length) => match self.arith(length)? {
                        back if back < 0 => len.saturating_add(back),
                        count => start.saturating_add(count),
                    },
                };
                let end = end.clamp(start, len);
                collect(&chars[start as usize..end as usize])
            }
            ParamOp::Case { upper, all } => {
                let change = |c: char| if *upper { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
                let changed: String =
                    value.chars().enumerate().map(|(nth, c)| if *all || nth == 0 { change(c) } else { c }).collect();
                Text::from(changed)
            }
            ParamOp::Get | ParamOp::Default { .. } | ParamOp::Assign { .. } | ParamOp::Error { .. } => value,
            ParamOp::Alternative { .. } => value,
        })
    }

    /// `$@` and `$*`, quoted or not.
    fn all_params(&self, at: bool, mode: Mode, out: &mut Vec<Field>) {
        let params = &self.shell.params;
        if mode == Mode::Quoted && !at {
            let ifs = self.shell.get("IFS").unwrap_or_else(|| base::text!(" "));
            let between: String = ifs.chars().take(1).collect();
            last(out).push(&params.iter().map(Text::as_str).collect::<Vec<_>>().join(&between), true);
            return;
        }
        for (nth, param) in params.iter().enumerate() {
            if nth > 0 {
                out.push(Field::default());
            }
            self.add(param, mode, out);
            last(out).quoted |= mode == Mode::Quoted;
        }
    }
}

/// How a part is put into fields.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Unquoted in a command: values are split.
    Fields,
    /// Inside double quotes.
    Quoted,
    /// All in one text.
    Single,
}

struct Vars<'x, 'a, 'f> {
    expander: &'x mut Expander<'a, 'f>,
    unset: Option<String>,
}

impl arith::Names for Vars<'_, '_, '_> {
    fn get(&self, name: &str) -> Option<String> {
        let assigned = self.expander.assigns.iter().rev().find(|(assigned, _)| assigned == name);
        match assigned {
            Some((_, value)) => Some(value.to_string()),
            None => match name {
                "RANDOM" => Some(self.expander.shell.random(1).to_string()),
                "SECONDS" => Some((self.expander.now - self.expander.shell.started).as_secs().to_string()),
                _ => self.expander.shell.get(name).map(|text| text.to_string()),
            },
        }
    }
    fn set(&mut self, name: &str, value: i64) {
        self.expander.assigns.push((Text::from(name), number(value)));
    }
}

fn last(fields: &mut Vec<Field>) -> &mut Field {
    if fields.is_empty() {
        fields.push(Field::default());
    }
    let at = fields.len() - 1;
    &mut fields[at]
}

pub(crate) fn number(value: i64) -> Text {
    Text::from(value.to_string())
}

fn collect(chars: &[char]) -> Text {
    Text::from(chars.iter().collect::<String>())
}

/// Splits a value at the separators; the first part joins the field in the making.
fn split_into(value: &str, ifs: &str, out: &mut Vec<Field>) {
    let blank = |c: char| ifs.contains(c) && c.is_ascii_whitespace();
    let mut chars = value.chars().peekable();
    let mut between = false;
    let skip = |chars: &mut std::iter::Peekable<std::str::Chars>| {
        let mut any = false;
        while chars.peek().is_some_and(|c| blank(*c)) {
            chars.next();
            any = true;
        }
        any
    };
    if skip(&mut chars) {
        between = !last(out).marks.is_empty() || last(out).quoted;
    }
    while let Some(c) = chars.next() {
        if between {
            out.push(Field::default());
            between = false;
        }
        if !ifs.contains(c) {
            last(out).push(c.encode_utf8(&mut [0; 4]), false);
            if skip(&mut chars) {
                if chars.peek().is_some_and(|c| ifs.contains(*c)) {
                    chars.next();
                    skip(&mut chars);
                }
                between = true;
            }
            continue;
        }
        // A separator that is no blank ends a field, even an empty one.
        last(out).quoted = true;
        skip(&mut chars);
        between = true;
        if out.len() > MAX_FIELDS {
            return;
        }
    }
    if between {
        out.push(Field::default());
    }
}

fn replace(chars: &[char], pattern: &Pattern, with: &str, how: Replace) -> String {
    let mut out = String::new();
    let mut at = 0;
    let mut tries = 0_usize;
    while at <= chars.len() {
        let rest = &chars[at..];
        tries += rest.len() + 1;
        let found = match how {
            Replace::AtStart if at > 0 => None,
            Replace::AtEnd => {
                let len = pattern.trim(chars, false, true);
                out.extend(&chars[..chars.len() - len.unwrap_or(0)]);
                if len.is_some() {
                    out += with;
                }
                return out;
            }
            _ if tries > 4 << 20 => None,
            _ => pattern.trim(rest, true, true).filter(|len| *len > 0),
        };
        match found {
            Some(len) => {
                out += with;
                at += len;
                if how != Replace::All {
                    out.extend(&chars[at..]);
                    return out;
                }
            }
            None => {
                out.extend(rest.first());
                at += 1;
            }
        }
        if out.len() > MAX_TEXT {
            break;
        }
    }
    out
}
