//! YAML out, byte for byte as `kubectl -o yaml` prints it. Models sigs.k8s.io/yaml over go-yaml v2: keys in natural order, sequences
//! at the indent of their map, texts that mean something else in double quotes, blocks for lines, folds after column 80.

use super::scalar::is_text;
use crate::go::{FloatStyle, float_text};
use crate::{Map, Value};
use base::Text;
use std::cmp::Ordering;

/// A text breaks at the first single space after this column.
const WIDTH: usize = 80;
/// A longer key is written as `? key`.
const KEY_MAX: usize = 128;

impl Value {
    /// YAML with a final newline.
    pub fn to_yaml(&self) -> String {
        let mut page = Page::default();
        match self {
            Value::Map(fields) if !fields.is_empty() => page.map(fields, 0),
            Value::List(items) if !items.is_empty() => page.list(items.as_slice(), 0),
            other => page.scalar(other, 2),
        }
        page.line();
        // A block that keeps its last lines leaves the document open.
        if page.open_ended {
            page.out.push_str("...\n");
        }
        page.out
    }
}

#[derive(Default)]
struct Page {
    out: String,
    column: usize,
    open_ended: bool,
}

impl Page {
    fn write(&mut self, s: &str) {
        self.out.push_str(s);
        self.column += s.chars().count();
    }
    fn push(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }
    fn break_line(&mut self) {
        self.out.push('\n');
        self.column = 0;
    }
    /// Ends the line unless nothing is on it.
    fn line(&mut self) {
        if self.column > 0 {
            self.break_line();
        }
    }
    fn indent(&mut self, indent: usize) {
        (0..indent).for_each(|_| self.push(' '));
    }

    /// Fields at `indent`; the first one goes on where the line stands.
    fn map(&mut self, fields: &Map, indent: usize) {
        let mut sorted: Vec<&(Text, Value)> = fields.as_slice().iter().collect();
        if sorted.windows(2).any(|pair| natural(&pair[0].0, &pair[1].0) == Ordering::Greater) {
            sorted.sort_by(|a, b| natural(&a.0, &b.0));
        }
        for (at, (key, value)) in sorted.into_iter().enumerate() {
            if at > 0 {
                self.line();
                self.indent(indent);
            }
            if key.len() <= KEY_MAX {
                self.key(key);
                self.field(value, indent);
                continue;
            }
            self.write("? ");
            self.key(key);
            self.break_line();
            self.indent(indent);
            self.write(": ");
            self.inline(value, indent + 2);
        }
    }
    fn key(&mut self, key: &str) {
        self.open_ended = false;
        match Analysis::of(key).style(key, true) {
            Style::Plain => self.write(key),
            Style::Single => self.single_quoted(key, None),
            Style::Double | Style::Literal => self.double_quoted(key, None),
        }
        if key.len() <= KEY_MAX {
            self.push(':');
        }
    }
    fn field(&mut self, value: &Value, indent: usize) {
        match value {
            Value::Map(fields) if !fields.is_empty() => {
                self.break_line();
                self.indent(indent + 2);
                self.map(fields, indent + 2);
            }
            Value::List(items) if !items.is_empty() => {
                self.break_line();
                self.indent(indent);
                self.list(items.as_slice(), indent);
            }
            other => {
                self.push(' ');
                self.scalar(other, indent + 2);
            }
        }
    }
    fn list(&mut self, items: &[Value], indent: usize) {
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.line();
                self.indent(indent);
            }
            self.open_ended = false;
            self.write("- ");
            self.inline(item, indent + 2);
        }
    }
    /// A value that begins where the line stands, which is `indent`.
    fn inline(&mut self, value: &Value, indent: usize) {
        match value {
            Value::Map(fields) if !fields.is_empty() => self.map(fields, indent),
            Value::List(items) if !items.is_empty() => self.list(items.as_slice(), indent),
            other => self.scalar(other, indent),
        }
    }
    /// A value on one line, or whose other lines are at `indent`.
    fn scalar(&mut self, value: &Value, indent: usize) {
        self.open_ended = false;
        match value {
            Value::Null => self.write("null"),
            Value::Bool(b) => self.write(if *b { "true" } else { "false" }),
            Value::Int(i) => self.write(&i.to_string()),
            Value::Float(f) if f.is_finite() => self.write(&float_text(*f, FloatStyle::Text)),
            Value::Float(f) => self.write(if f.is_nan() {
                ".nan"
            } else if *f > 0.0 {
                ".inf"
            } else {
                "-.inf"
            }),
            Value::List(_) => self.write("[]"),
            Value::Map(_) => self.write("{}"),
            Value::Str(s) => match Analysis::of(s).style(s, false) {
                Style::Plain => self.plain(s, indent),
                Style::Single => self.single_quoted(s, Some(indent)),
                Style::Double => self.double_quoted(s, Some(indent)),
                Style::Literal => self.literal(s, indent),
            },
        }
    }
    fn fold(&mut self, indent: usize) {
        self.break_line();
        self.indent(indent);
    }
    /// True where a line may be folded: at a space after the width that has no space beside it and is not at an end.
    fn folds_at(&self, text: &[char], at: usize) -> bool {
        self.column > WIDTH && at > 0 && text[at - 1] != ' ' && text.get(at + 1).is_some_and(|c| *c != ' ')
    }
    fn plain(&mut self, s: &str, indent: usize) {
        let text: Vec<char> = s.chars().collect();
        for (at, c) in text.iter().enumerate() {
            if *c == ' ' && self.folds_at(&text, at) {
                self.fold(indent);
            } else {
                self.push(*c);
            }
        }
    }
    fn single_quoted(&mut self, s: &str, fold: Option<usize>) {
        let text: Vec<char> = s.chars().collect();
        self.push('\'');
        for (at, c) in text.iter().enumerate() {
            match (c, fold) {
                (' ', Some(indent)) if self.folds_at(&text, at) => self.fold(indent),
                ('\'', _) => self.write("''"),
                _ => self.push(*c),
            }
        }
        self.push('\'');
    }
    fn double_quoted(&mut self, s: &str, fold: Option<usize>) {
        let text: Vec<char> = s.chars().collect();
        self.push('"');
        for (at, c) in text.iter().enumerate() {
            match (c, fold) {
                (' ', Some(indent)) if self.column > WIDTH && at > 0 && at + 1 < text.len() && text[at - 1] != ' ' => {
                    self.fold(indent);
                    if text[at + 1] == ' ' {
                        self.push('\\');
                    }
                }
                ('"' | '\\', _) => {
                    self.push('\\');
                    self.push(*c);
                }
                _ if is_printable(*c) && !is_break(*c) => self.push(*c),
                _ => self.escape(*c),
            }
        }
        self.push('"');
    }
    fn escape(&mut self, c: char) {
        self.push('\\');
        let short = match c {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '\u{85}' => 'N',
            '\u{a0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => ' ',
        };
        let code = u32::from(c);
        if short != ' ' {
            self.push(short);
        } else if code <= 0xff {
            self.write(&format!("x{code:02X}"));
        } else if code <= 0xffff {
            self.write(&format!("u{code:04X}"));
        } else {
            self.write(&format!("U{code:08X}"));
        }
    }
    fn literal(&mut self, s: &str, indent: usize) {
        self.push('|');
        if s.starts_with([' ', '\n']) {
            self.push('2');
        }
        let kept = s.ends_with("\n\n") || s == "\n";
        if kept {
            self.push('+');
        } else if !s.ends_with('\n') {
            self.push('-');
        }
        self.break_line();
        for line in s.split_inclusive('\n') {
            let words = line.trim_end_matches('\n');
            if !words.is_empty() {
                self.indent(indent);
                self.write(words);
            }
            if line.ends_with('\n') {
                self.break_line();
            }
        }
        self.open_ended = kept;
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// What a text's characters allow. Models yaml_emitter_analyze_scalar.
struct Analysis {
    plain: bool,
    single: bool,
    block: bool,
}

impl Analysis {
    fn of(s: &str) -> Analysis {
        let (mut indicators, mut lines, mut special) = (s.starts_with("---") || s.starts_with("..."), false, false);
        let (mut space_break, mut break_space, mut before) = (false, false, '\n');
        let mut chars = s.chars().peekable();
        let mut first = true;
        while let Some(c) = chars.next() {
            let blank_after = chars.peek().is_none_or(|next| matches!(next, ' ' | '\t' | '\n' | '\r'));
            indicators |= match c {
                ':' => blank_after,
                '#' => matches!(before, ' ' | '\t') || is_break(before),
                '?' | '-' => first && blank_after,
                ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' => first,
                _ => false,
            };
            // Unlike go-yaml, which writes the two separators as they are: not every reader gives them back.
            special |= !is_printable(c) || matches!(c, '\u{2028}' | '\u{2029}');
            lines |= is_break(c);
            space_break |= is_break(c) && before == ' ';
            break_space |= c == ' ' && is_break(before) && !first;
            before = c;
            first = false;
        }
        let edge = |c: char| c == ' ' || is_break(c);
        let edges = s.starts_with(edge) || s.ends_with(edge);
        let none = space_break || special;
        Analysis {
            plain: !(none || edges || lines || indicators || break_space),
            single: !(none || break_space),
            block: !(none || s.is_empty() || s.ends_with(' ')),
        }
    }
    fn style(&self, s: &str, key: bool) -> Style {
        let quoted = if self.single { Style::Single } else { Style::Double };
        if s.contains('\n') {
            return if self.block && !key { Style::Literal } else { Style::Double };
        }
        match (is_text(s), self.plain) {
            (false, _) => Style::Double,
            (true, true) => Style::Plain,
            (true, false) => quoted,
        }
    }
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What go-yaml writes as it is: no tabs, no controls, nothing beyond the basic plane.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

/// The order of keys: letters after everything else, runs of digits by their number. Models keyList.Less of go-yaml v2.
fn natural(a: &str, b: &str) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let Some(at) = (0..a.len().min(b.len())).find(|i| a[*i] != b[*i]) else { return a.len().cmp(&b.len()) };
    match (a[at].is_alphabetic(), b[at].is_alphabetic()) {
        (true, true) => return a[at].cmp(&b[at]),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let zero = a[at] == '0' || b[at] == '0';
    let after_number = zero && a[..at].iter().rev().take_while(|c| c.is_ascii_digit()).any(|c| *c != '0');
    let number = |text: &[char]| {
        let digits = text[at..].iter().take_while(|c| c.is_ascii_digit());
        digits.fold((i64::from(after_number), 0), |(n, len), c| {
            (n.wrapping_mul(10).wrapping_add(i64::from(u32::from(*c) - 48)), len + 1)
        })
    };
    number(&a).cmp(&number(&b)).then(a[at].cmp(&b[at]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, want: &str) {
        let value = obj! { "a" => text };
        assert_eq!(value.to_yaml(), format!("a: {want}\n"), "{text:?}");
        assert_eq!(crate::yaml::value(&value.to_yaml()), Ok(value), "{text:?}");
    }

    #[test]
    fn texts() {
        for (text, want) in [
            ("true", "\"true\""),
            ("5", "\"5\""),
            ("", "\"\""),
            ("one\ntwo\n", "|\n  one\n  two"),
            ("one\ntwo", "|-\n  one\n  two"),
            ("a: b", "'a: b'"),
            ("a # b", "'a # b'"),
            ("it's", "it's"),
            ("say \"hi\"", "say \"hi\""),
            ("*x", "'*x'"),
            ("- x", "'- x'"),
            ("-x", "-x"),
            (" x", "' x'"),
            ("x ", "'x '"),
            ("a\tb", "\"a\\tb\""),
            ("grüße ☸", "grüße ☸"),
            ("😀", "\"\\U0001F600\""),
            ("2024-01-02", "\"2024-01-02\""),
            ("22:30", "\"22:30\""),
            ("1e3", "\"1e3\""),
            ("<a&b>", "<a&b>"),
            ("a\\b", "a\\b"),
            ("y", "\"y\""),
            ("NO", "\"NO\""),
            ("x \ny\n", "\"x \\ny\\n\""),
            ("\n x", "|2-\n\n   x"),
            ("'", "''''"),
            ("a:b", "a:b"),
            ("a:", "'a:'"),
            ("@x", "'@x'"),
            ("---", "'---'"),
            ("\u{7f}", "\"\\x7F\""),
        ] {
            check(text, want);
        }
        assert_eq!(obj! { "a" => "x\n\n" }.to_yaml(), "a: |+\n  x\n\n...\n");
    }

    #[test]
    fn folds() {
        let long = "this is a long line of text that goes on and on, well over eighty characters, to see whether it folds";
        check(long, "this is a long line of text that goes on and on, well over eighty characters, to\n  see whether it folds");
        let quoted = format!("# {long}");
        assert_eq!(crate::yaml::value(&obj! { "a" => &quoted }.to_yaml()), Ok(obj! { "a" => &quoted }));
    }

    #[test]
    fn shapes() {
        let v = obj! {
            "b" => list![obj! { "x" => 1, "y" => obj! { "z" => list![] } }, list![1, list![2]], obj! {}, Value::Null],
            "a10" => 0.5, "a9" => true, "_" => list!["l\nm"], "80" => "p",
        };
        let want =
            "_:\n- |-\n  l\n  m\n\"80\": p\na9: true\na10: 0.5\nb:\n- x: 1\n  \"y\":\n    z: []\n- - 1\n  - - 2\n- {}\n- null\n";
        assert_eq!(v.to_yaml(), want);
        assert_eq!(crate::yaml::value(want), Ok(v));
        assert_eq!(Value::map().to_yaml(), "{}\n");
        assert_eq!(list![1].to_yaml(), "- 1\n");
        assert_eq!(Value::str("x").to_yaml(), "x\n");
        let long = "k".repeat(129);
        assert_eq!(obj! { "a" => 1 }.to_yaml(), "a: 1\n");
        let mut keyed = Value::map();
        keyed.set(&[&long], list![1]);
        assert_eq!(keyed.to_yaml(), format!("? {long}\n: - 1\n"));
    }
}
