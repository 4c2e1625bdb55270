//! `Regex`: POSIX basic and extended expressions with GNU's additions, for grep, sed, awk and `=~`.
//! A backtracking machine that never visits a place of the program twice at the same place of the text, so time is at
//! most program times text; it looks for the leftmost, then longest match. Back-references give that bound up for a
//! step limit.

use crate::pattern::class;

/// A compiled expression.
#[derive(Clone, Debug)]
pub(crate) struct Regex {
    program: Vec<Op>,
    groups: usize,
    ignore_case: bool,
    back_references: bool,
    /// Every match begins with this byte.
    first: Option<u8>,
}

#[derive(Clone, PartialEq, Debug)]
enum Op {
    Char(char),
    Any,
    Set { negated: bool, ranges: Vec<(char, char)> },
    Split(usize, usize),
    Jump(usize),
    Save(usize),
    Start,
    End,
    WordStart,
    WordEnd,
    Boundary { at: bool },
    Back(usize),
    Match,
}

/// Where a match is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Found {
    pub(crate) start: usize,
    pub(crate) end: usize,
    saves: Vec<Option<usize>>,
}

impl Found {
    /// The bytes of a group.
    pub(crate) fn group(&self, nth: usize) -> Option<(usize, usize)> {
        if nth == 0 {
            return Some((self.start, self.end));
        }
        Some(((*self.saves.get(nth * 2)?)?, (*self.saves.get(nth * 2 + 1)?)?))
    }
}

const SIZE: usize = 10_000;
const DEPTH: u32 = 40;
const STEPS: usize = 4 << 20;

enum Tree {
    Empty,
    Op(Op),
    Seq(Vec<Tree>),
    Alt(Vec<Tree>),
    Repeat(Box<Tree>, u32, Option<u32>),
    Group(Box<Tree>, usize),
}

impl Regex {
    /// Reads an expression; the error is what glibc says.
    pub(crate) fn new(text: &str, extended: bool, ignore_case: bool) -> Result<Regex, &'static str> {
        let mut parser = Parser { chars: text.chars().collect(), at: 0, extended, groups: 0, depth: 0 };
        let tree = parser.alternatives()?;
        if parser.at < parser.chars.len() {
            return Err("Unmatched ) or \\)");
        }
        let mut regex = Regex { program: Vec::new(), groups: parser.groups, ignore_case, back_references: false, first: None };
        regex.emit(&tree)?;
        regex.program.push(Op::Match);
        regex.back_references = regex.program.iter().any(|op| matches!(op, Op::Back(_)));
        regex.first = match regex.program.iter().find(|op| !matches!(op, Op::Save(_))) {
            Some(Op::Char(c)) if c.is_ascii() && !ignore_case => Some(*c as u8),
            _ => None,
        };
        Ok(regex)
    }

    /// An expression that matches just this text.
    pub(crate) fn literal(text: &str, ignore_case: bool) -> Regex {
        let mut program: Vec<Op> = text.chars().map(Op::Char).collect();
        program.push(Op::Match);
        let first = text.bytes().next().filter(|byte| byte.is_ascii() && !ignore_case);
        Regex { program, groups: 0, ignore_case, back_references: false, first }
    }

    pub(crate) const fn groups(&self) -> usize {
        self.groups
    }

    fn emit(&mut self, tree: &Tree) -> Result<(), &'static str> {
        if self.program.len() > SIZE {
            return Err("Regular expression too big");
        }
        match tree {
            Tree::Empty => {}
            Tree::Op(op) => self.program.push(op.clone()),
            Tree::Seq(parts) => parts.iter().try_for_each(|part| self.emit(part))?,
            Tree::Group(inner, nth) => {
                self.program.push(Op::Save(nth * 2));
                self.emit(inner)?;
                self.program.push(Op::Save(nth * 2 + 1));
            }
            Tree::Alt(choices) => {
                let mut jumps = Vec::new();
                for (nth, choice) in choices.iter().enumerate() {
                    let split = self.program.len();
                    let last = nth + 1 == choices.len();
                    if !last {
                        self.program.push(Op::Split(split + 1, 0));
                    }
                    self.emit(choice)?;
                    if !last {
                        jumps.push(self.program.len());
                        self.program.push(Op::Jump(0));
                        let next = self.program.len();
                        self.program[split] = Op::Split(split + 1, next);
                    }
                }
                let end = self.program.len();
                jumps.into_iter().for_each(|jump| self.program[jump] = Op::Jump(end));
            }
            Tree::Repeat(inner, least, most) => self.repeat(inner, *least, *most)?,
        }
        Ok(())
    }

    fn repeat(&mut self, inner: &Tree, least: u32, most: Option<u32>) -> Result<(), &'static str> {
        for _ in 0..least {
            self.emit(inner)?;
        }
        match most {
            None => {
                let split = self.program.len();
                self.program.push(Op::Split(split + 1, 0));
                self.emit(inner)?;
                self.program.push(Op::Jump(split));
                let end = self.program.len();
                self.program[split] = Op::Split(split + 1, end);
            }
            Some(most) => {
                let mut splits = Vec::new();
                for _ in least..most {
                    splits.push(self.program.len());
                    self.program.push(Op::Match);
                    self.emit(inner)?;
                }
                let end = self.program.len();
                splits.into_iter().for_each(|split| self.program[split] = Op::Split(split + 1, end));
            }
        }
        Ok(())
    }

    pub(crate) fn is_match(&self, text: &[u8]) -> bool {
        self.find(text, 0).is_some()
    }

    /// The leftmost, longest match from a place on.
    pub(crate) fn find(&self, text: &[u8], from: usize) -> Option<Found> {
        let len = text.len() + 1 - from.min(text.len());
        let mut machine = Machine {
            regex: self,
            text,
            base: from,
            width: len,
            visited: vec![0; (self.program.len() * len).div_ceil(64)],
            steps: 0,
        };
        for start in from..=text.len() {
            if self.first.is_some_and(|first| text.get(start) != Some(&first)) {
                continue;
            }
            // Not in the middle of a character.
            if text.get(start).is_some_and(|byte| byte & 0xc0 == 0x80) {
                continue;
            }
            if let Some(found) = machine.run(start) {
                return Some(found);
            }
            if machine.steps > STEPS {
                return None;
            }
        }
        None
    }
}

struct Machine<'a> {
    regex: &'a Regex,
    text: &'a [u8],
    base: usize,
    width: usize,
    visited: Vec<u64>,
    steps: usize,
}

enum Todo {
    At(usize, usize),
    Restore(usize, Option<usize>),
}

impl Machine<'_> {
    fn run(&mut self, start: usize) -> Option<Found> {
        let mut saves = vec![None; (self.regex.groups + 1) * 2];
        let mut best: Option<Found> = None;
        let mut stack = vec![Todo::At(0, start)];
        while let Some(todo) = stack.pop() {
            let (mut op, mut at) = match todo {
                Todo::At(op, at) => (op, at),
                Todo::Restore(slot, old) => {
                    saves[slot] = old;
                    continue;
                }
            };
            loop {
                self.steps += 1;
                if self.steps > STEPS {
                    return best;
                }
                if !self.regex.back_references {
                    let place = op * self.width + at - self.base;
                    if self.visited[place / 64] & (1 << (place % 64)) != 0 {
                        break;
                    }
                    self.visited[place / 64] |= 1 << (place % 64);
                }
                match &self.regex.program[op] {
                    Op::Match => {
                        if best.as_ref().is_none_or(|best| at > best.end) {
                            best = Some(Found { start, end: at, saves: saves.clone() });
                        }
                        break;
                    }
                    Op::Jump(to) => op = *to,
                    Op::Split(first, second) => {
                        stack.push(Todo::At(*second, at));
                        op = *first;
                    }
                    Op::Save(slot) => {
                        stack.push(Todo::Restore(*slot, saves[*slot]));
                        saves[*slot] = Some(at);
                        op += 1;
                    }
                    other => match self.takes(other, at, &saves) {
                        Some(len) => {
                            at += len;
                            op += 1;
                        }
                        None => break,
                    },
                }
            }
        }
        best
    }

    /// How many bytes an operation takes here; `None` if it does not match.
    fn takes(&self, op: &Op, at: usize, saves: &[Option<usize>]) -> Option<usize> {
        let word =
            |at: Option<usize>| at.and_then(|at| self.text.get(at)).is_some_and(|c| c.is_ascii_alphanumeric() || *c == b'_');
        let (before, here) = (word(at.checked_sub(1)), word(Some(at)));
        let holds = |truth: bool| truth.then_some(0);
        match op {
            Op::Start => holds(at == 0),
            Op::End => holds(at == self.text.len()),
            Op::WordStart => holds(!before && here),
            Op::WordEnd => holds(before && !here),
            Op::Boundary { at: wanted } => holds((before != here) == *wanted),
            Op::Back(nth) => {
                let (from, to) = (saves[nth * 2]?, saves[nth * 2 + 1]?);
                let part = &self.text[from..to];
                self.text[at..].starts_with(part).then_some(part.len())
            }
            _ => {
                let (c, len) = char_at(self.text, at)?;
                let fold = |c: char| if self.regex.ignore_case { c.to_ascii_lowercase() } else { c };
                let matches = match op {
                    Op::Char(want) => fold(*want) == fold(c),
                    Op::Set { negated, ranges } => {
                        let inside = |c: char| ranges.iter().any(|(low, high)| (*low..=*high).contains(&c));
                        let both = self.regex.ignore_case && (inside(c.to_ascii_lowercase()) || inside(c.to_ascii_uppercase()));
                        (inside(c) || both) != *negated
                    }
                    _ => true,
                };
                matches.then_some(len)
            }
        }
    }
}

/// The character at a place and its length; a byte that is no text counts as one character.
fn char_at(text: &[u8], at: usize) -> Option<(char, usize)> {
    let byte = *text.get(at)?;
    if byte < 0x80 {
        return Some((char::from(byte), 1));
    }
    let len = match byte {
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xff => 4,
        _ => 1,
    };
    let decoded = text.get(at..at + len).and_then(|bytes| std::str::from_utf8(bytes).ok()).and_then(|text| text.chars().next());
    Some(decoded.map_or((char::REPLACEMENT_CHARACTER, 1), |c| (c, len)))
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    extended: bool,
    groups: usize,
    depth: u32,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }
    /// An operator: plain in extended expressions, after a backslash in basic ones.
    fn operator(&self, c: char) -> bool {
        if self.extended { self.peek() == Some(c) } else { self.peek() == Some('\\') && self.chars.get(self.at + 1) == Some(&c) }
    }
    fn eat(&mut self, c: char) -> bool {
        let found = self.operator(c);
        if found {
            self.at += if self.extended { 1 } else { 2 };
        }
        found
    }

    fn alternatives(&mut self) -> Result<Tree, &'static str> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err("Regular expression too big");
        }
        let mut choices = vec![self.sequence()?];
        while self.eat('|') {
            choices.push(self.sequence()?);
        }
        self.depth -= 1;
        Ok(if choices.len() == 1 { choices.remove(0) } else { Tree::Alt(choices) })
    }

    fn sequence(&mut self) -> Result<Tree, &'static str> {
        let mut parts = Vec::new();
        while self.peek().is_some() && !self.operator('|') {
            if self.operator(')') && (self.depth > 1 || !self.extended) {
                break;
            }
            let first = parts.is_empty();
            let atom = self.atom(first)?;
            parts.push(self.repeated(atom)?);
        }
        Ok(match parts.len() {
            0 => Tree::Empty,
            1 => parts.remove(0),
            _ => Tree::Seq(parts),
        })
    }

    fn repeated(&mut self, mut atom: Tree) -> Result<Tree, &'static str> {
        let mut layers = 0;
        loop {
            let (least, most) = if self.peek() == Some('*') {
                self.at += 1;
                (0, None)
            } else if self.eat('+') {
                (1, None)
            } else if self.eat('?') {
                (0, Some(1))
            } else if self.operator('{')
                && (!self.extended || self.chars.get(self.at + 1).is_some_and(|c| c.is_ascii_digit() || *c == ','))
            {
                self.eat('{');
                self.bounds()?
            } else {
                return Ok(atom);
            };
            layers += 1;
            if layers > 4 {
                return Err("Regular expression too big");
            }
            atom = Tree::Repeat(Box::new(atom), least, most);
        }
    }

    fn bounds(&mut self) -> Result<(u32, Option<u32>), &'static str> {
        let mut number = || {
            let start = self.at;
            while self.peek().is_some_and(|c| c.is_ascii_digit()) {
                self.at += 1;
            }
            self.chars[start..self.at].iter().collect::<String>().parse::<u32>().ok()
        };
        let least = number();
        let most = if self.peek() == Some(',') {
            self.at += 1;
            let start = self.at;
            while self.peek().is_some_and(|c| c.is_ascii_digit()) {
                self.at += 1;
            }
            self.chars[start..self.at].iter().collect::<String>().parse::<u32>().ok()
        } else {
            least
        };
        if !self.eat('}') {
            return Err("Unmatched { or \\{");
        }
        let least = least.unwrap_or(0);
        if least > 1000 || most.is_some_and(|most| most > 1000 || most < least) {
            return Err("Invalid content of \\{\\}");
        }
        Ok((least, most))
    }

    fn atom(&mut self, first: bool) -> Result<Tree, &'static str> {
        if self.eat('(') {
            self.groups += 1;
            let nth = self.groups;
            let inner = self.alternatives()?;
            if !self.eat(')') {
                return Err("Unmatched ( or \\(");
            }
            return Ok(Tree::Group(Box::new(inner), nth));
        }
        let Some(c) = self.peek() else { return Ok(Tree::Empty) };
        self.at += 1;
        let op = match c {
            '.' => Op::Any,
            '[' => self.set()?,
            '^' if self.extended || first => Op::Start,
            '$' if self.extended || self.peek().is_none() || self.operator(')') || self.operator('|') => Op::End,
            '*' if first && !self.extended => Op::Char('*'),
            '*' | '+' | '?' if first && self.extended => return Err("Invalid preceding regular expression"),
            '\\' => self.escape()?,
            _ => Op::Char(c),
        };
        Ok(Tree::Op(op))
    }

    fn escape(&mut self) -> Result<Op, &'static str> {
        let Some(c) = self.peek() else { return Err("Trailing backslash") };
        self.at += 1;
        let named = |name: &str, negated: bool, more: &[(char, char)]| {
            let mut ranges = class(name).unwrap_or_default().to_vec();
            ranges.extend(more);
            Op::Set { negated, ranges }
        };
        Ok(match c {
            'w' => named("alnum", false, &[('_', '_')]),
            'W' => named("alnum", true, &[('_', '_')]),
            's' => named("space", false, &[]),
            'S' => named("space", true, &[]),
            '<' => Op::WordStart,
            '>' => Op::WordEnd,
            'b' => Op::Boundary { at: true },
            'B' => Op::Boundary { at: false },
            '`' => Op::Start,
            '\'' => Op::End,
            'n' => Op::Char('\n'),
            't' => Op::Char('\t'),
            '1'..='9' => {
                let nth = c as usize - '0' as usize;
                if nth > self.groups {
                    return Err("Invalid back reference");
                }
                Op::Back(nth)
            }
            _ => Op::Char(c),
        })
    }

    fn set(&mut self) -> Result<Op, &'static str> {
        let negated = self.peek() == Some('^');
        if negated {
            self.at += 1;
        }
        let mut ranges = Vec::new();
        let first = self.at;
        loop {
            let Some(c) = self.peek() else { return Err("Unmatched [, [^, [:, [., or [=") };
            self.at += 1;
            if c == ']' && self.at - 1 > first {
                return Ok(Op::Set { negated, ranges });
            }
            if c == '[' && self.peek() == Some(':') {
                let rest: String = self.chars[self.at + 1..].iter().take(12).collect();
                let end = rest.find(":]").ok_or("Unmatched [, [^, [:, [., or [=")?;
                ranges.extend(class(&rest[..end]).ok_or("Invalid character class name")?);
                self.at += end + 3;
                continue;
            }
            let c = match (c, self.peek()) {
                ('\\', Some('n')) => {
                    self.at += 1;
                    '\n'
                }
                ('\\', Some('t')) => {
                    self.at += 1;
                    '\t'
                }
                ('\\', Some(']')) if self.chars.get(self.at + 1) == Some(&']') => {
                    self.at += 1;
                    ']'
                }
                _ => c,
            };
            match (self.peek(), self.chars.get(self.at + 1).copied()) {
                (Some('-'), Some(high)) if high != ']' => {
                    if high < c {
                        return Err("Invalid range end");
                    }
                    ranges.push((c, high));
                    self.at += 2;
                }
                _ => ranges.push((c, c)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str, extended: bool, text: &str) -> String {
        match Regex::new(pattern, extended, false) {
            Ok(regex) => regex.find(text.as_bytes(), 0).map_or("-".into(), |found| text[found.start..found.end].into()),
            Err(words) => format!("error: {words}"),
        }
    }

    #[test]
    fn basic_and_extended() {
        for (pattern, extended, text, want) in [
            ("a*b", false, "xaab", "aab"),
            ("a\\+", false, "xaa", "aa"),
            ("a+", false, "xa+", "a+"),
            ("\\(a\\|b\\)c", false, "xbc", "bc"),
            ("a|ab|abc", true, "xabcd", "abc"),
            ("^[0-9]{4}-[0-9]{2}$", true, "2026-11", "2026-11"),
            ("[^ ]*[0-9]", false, "url x9y8z", "x9y8"),
            ("https\\?://[^ ]*", false, "at http://x/y z", "http://x/y"),
            ("\\.", true, "a.b", "."),
            ("*a", false, "*a", "*a"),
            ("(a)(b)?\\1", true, "xaa", "aa"),
            ("\\bfoo\\b", true, "a foo b", "foo"),
            ("[[:alpha:]]+", true, "12ab3", "ab"),
            ("[]a]+", true, "x]a]", "]a]"),
            ("x$", true, "xyx", "x"),
            ("", true, "abc", ""),
            ("é.", true, "aéàb", "éà"),
            ("(a*)*b", true, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", "-"),
            ("(", true, "", "error: Unmatched ( or \\("),
            ("[a", true, "", "error: Unmatched [, [^, [:, [., or [="),
            ("a{2}", true, "aaa", "aa"),
            ("a{,2}b", true, "aab", "aab"),
            ("{", true, "{", "{"),
            ("a)", true, "a)", "a)"),
        ] {
            assert_eq!(found(pattern, extended, text), want, "{pattern} on {text}");
        }
        assert!(Regex::new(&"(".repeat(10_000), true, false).is_err());
        assert!(Regex::new("((a{1000}){1000}){1000}", true, false).is_err());
    }

    #[test]
    fn groups() {
        let regex = Regex::new("([a-z]+)=([0-9]*)(x)?", true, false).unwrap();
        let found = regex.find(b"  ab=12;", 0).unwrap();
        assert_eq!(
            (found.group(0), found.group(1), found.group(2), found.group(3)),
            (Some((2, 7)), Some((2, 4)), Some((5, 7)), None)
        );
    }
}
