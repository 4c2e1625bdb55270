//! Shell patterns (`*`, `?`, `[a-z]`): matching, trimming, replacing and file names. Quoted characters stand for themselves.

use crate::files::{Files, Kind, join};

/// A character with whether it was quoted.
pub(crate) type Mark = (char, bool);

#[derive(Clone, PartialEq, Debug)]
enum Item {
    Char(char),
    One,
    Many,
    Set { negated: bool, ranges: Vec<(char, char)> },
}

/// A compiled pattern.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Pattern(Vec<Item>);

impl Pattern {
    pub(crate) fn new(marks: &[Mark]) -> Pattern {
        let mut items = Vec::new();
        let mut at = 0;
        while let Some(&(c, quoted)) = marks.get(at) {
            at += 1;
            items.push(match c {
                _ if quoted => Item::Char(c),
                '?' => Item::One,
                '*' => {
                    if items.last() == Some(&Item::Many) {
                        continue;
                    }
                    Item::Many
                }
                '[' => match set(&marks[at..]) {
                    Some((item, len)) => {
                        at += len;
                        item
                    }
                    None => Item::Char(c),
                },
                _ => Item::Char(c),
            });
        }
        Pattern(items)
    }
    pub(crate) fn unquoted(text: &str) -> Pattern {
        Pattern::new(&marks(text))
    }
    /// Whether any part is more than a character.
    fn is_special(&self) -> bool {
        self.0.iter().any(|item| !matches!(item, Item::Char(_)))
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        self.run(&text.chars().collect::<Vec<_>>())
    }

    /// Two pointers and the last star: time is at most pattern times text.
    fn run(&self, text: &[char]) -> bool {
        let (mut item, mut at) = (0, 0);
        let mut star: Option<(usize, usize)> = None;
        while at < text.len() {
            match self.0.get(item) {
                Some(Item::Many) => {
                    star = Some((item, at));
                    item += 1;
                }
                Some(one) if one.takes(text[at]) => {
                    item += 1;
                    at += 1;
                }
                _ => match star {
                    Some((star_item, star_at)) => {
                        item = star_item + 1;
                        at = star_at + 1;
                        star = Some((star_item, star_at + 1));
                    }
                    None => return false,
                },
            }
        }
        self.0[item..].iter().all(|item| *item == Item::Many)
    }

    /// How many characters a match at the start (or the end) takes: the most or the fewest.
    pub(crate) fn trim(&self, text: &[char], from_start: bool, longest: bool) -> Option<usize> {
        let fixed = !self.0.contains(&Item::Many);
        let candidates: Box<dyn Iterator<Item = usize>> = if fixed {
            Box::new(std::iter::once(self.0.len()).filter(|len| *len <= text.len()))
        } else if longest {
            Box::new((0..=text.len()).rev().take(limit(text.len())))
        } else {
            Box::new((0..=text.len()).take(limit(text.len())))
        };
        for len in candidates {
            let part = if from_start { &text[..len] } else { &text[text.len() - len..] };
            if self.run(part) {
                return Some(len);
            }
        }
        None
    }
}

/// How many places of a long text are tried, so that time stays bounded.
fn limit(len: usize) -> usize {
    if len < 4096 { len + 1 } else { (16 << 20) / len + 64 }
}

impl Item {
    fn takes(&self, c: char) -> bool {
        match self {
            Item::Char(want) => *want == c,
            Item::One => true,
            Item::Many => false,
            Item::Set { negated, ranges } => ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated,
        }
    }
}

/// `a-z]` after the bracket: the set and how many marks it took.
fn set(marks: &[Mark]) -> Option<(Item, usize)> {
    let mut at = 0;
    let negated = matches!(marks.first(), Some(('!' | '^', false)));
    if negated {
        at += 1;
    }
    let mut ranges = Vec::new();
    let first = at;
    loop {
        let (c, quoted) = *marks.get(at)?;
        if c == ']' && !quoted && at > first {
            return Some((Item::Set { negated, ranges }, at + 1));
        }
        if c == '[' && marks.get(at + 1).is_some_and(|m| m.0 == ':') {
            let end = marks[at..].windows(2).position(|w| w[0].0 == ':' && w[1].0 == ']').filter(|end| *end > 1)?;
            let name: String = marks[at + 2..at + end].iter().map(|m| m.0).collect();
            ranges.extend(class(&name)?);
            at += end + 2;
            continue;
        }
        match (marks.get(at + 1), marks.get(at + 2)) {
            (Some(('-', false)), Some((high, quoted))) if *high != ']' || *quoted => {
                ranges.push((c, *high));
                at += 3;
            }
            _ => {
                ranges.push((c, c));
                at += 1;
            }
        }
    }
}

/// The ranges of `[:name:]`.
pub(crate) fn class(name: &str) -> Option<&'static [(char, char)]> {
    Some(match name {
        "alpha" => &[('a', 'z'), ('A', 'Z')],
        "digit" => &[('0', '9')],
        "alnum" => &[('a', 'z'), ('A', 'Z'), ('0', '9')],
        "upper" => &[('A', 'Z')],
        "lower" => &[('a', 'z')],
        "space" => &[(' ', ' '), ('\t', '\r')],
        "blank" => &[(' ', ' '), ('\t', '\t')],
        "punct" => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        "xdigit" => &[('0', '9'), ('a', 'f'), ('A', 'F')],
        "print" => &[(' ', '~')],
        "graph" => &[('!', '~')],
        "cntrl" => &[('\0', '\u{1f}'), ('\u{7f}', '\u{7f}')],
        _ => return None,
    })
}

pub(crate) fn marks(text: &str) -> Vec<Mark> {
    text.chars().map(|c| (c, false)).collect()
}

/// The paths that a word with pattern characters names, in order; `None` if there are none or it is no pattern.
pub(crate) fn glob(word: &[Mark], cwd: &str, files: &Files) -> Option<Vec<String>> {
    if !word.iter().any(|(c, quoted)| !quoted && "*?[".contains(*c)) {
        return None;
    }
    let mut found = vec![String::new()];
    if word.first().is_some_and(|mark| mark.0 == '/') {
        found[0].push('/');
    }
    let parts: Vec<&[Mark]> = word.split(|mark| mark.0 == '/').filter(|part| !part.is_empty()).collect();
    for (nth, part) in parts.iter().enumerate() {
        let last = nth + 1 == parts.len();
        let pattern = Pattern::new(part);
        let literal: String = part.iter().map(|mark| mark.0).collect();
        let mut next = Vec::new();
        for base in found {
            if !pattern.is_special() {
                let path = format!("{base}{literal}");
                if files.lstat(&join(cwd, &path)).is_ok() {
                    next.push(path + if last { "" } else { "/" });
                }
                continue;
            }
            let dir = if base.is_empty() { cwd.to_string() } else { join(cwd, &base) };
            for (name, stat) in files.list(&dir).unwrap_or_default() {
                let hidden = name.starts_with('.') && part[0].0 != '.';
                let enter = last || stat.kind != Kind::File;
                if !hidden && enter && pattern.matches(&name) && next.len() < 10_000 {
                    next.push(format!("{base}{name}{}", if last { "" } else { "/" }));
                }
            }
        }
        found = next;
    }
    if word.last().is_some_and(|mark| mark.0 == '/') {
        found.iter_mut().for_each(|path| path.push('/'));
    }
    crate::table::sort_by(&mut found, Ord::cmp);
    if found.is_empty() { None } else { Some(found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches() {
        for (pattern, text, want) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abcd", false),
            ("[a-c]?", "bx", true),
            ("[!a-c]", "b", false),
            ("[]x]", "]", true),
            ("[[:digit:]]*", "7up", true),
            ("[a", "[a", true),
            ("*.json", "a.json", true),
            ("10.244.0.*", "10.244.0.17", true),
            ("*a*b*c*", "xxaxxbxxcxx", true),
        ] {
            assert_eq!(Pattern::unquoted(pattern).matches(text), want, "{pattern} {text}");
        }
        let many = Pattern::unquoted(&"*a".repeat(200));
        assert!(!many.matches(&"a".repeat(199)));
    }

    #[test]
    fn trims() {
        let text: Vec<char> = "a.b.c".chars().collect();
        let dot = Pattern::unquoted("*.");
        assert_eq!((dot.trim(&text, true, false), dot.trim(&text, true, true)), (Some(2), Some(4)));
        let end = Pattern::unquoted(".*");
        assert_eq!((end.trim(&text, false, false), end.trim(&text, false, true)), (Some(2), Some(4)));
        assert_eq!(Pattern::unquoted("x*").trim(&text, true, true), None);
    }
}
