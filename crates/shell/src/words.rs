//! Help for terminals: a line's words, the word at the cursor, and quoting.

use crate::builtins;
use crate::files::{Files, Kind, join};
use crate::process::Machine;
use crate::tools::TOOLS;

/// A word of a line that is being typed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Token {
    /// Without quotes.
    pub text: String,
    /// Its bytes in the line.
    pub start: usize,
    pub end: usize,
    /// An operator (`|`, `&&`, `;`, `>` …).
    pub operator: bool,
}

/// Splits a line into words and operators; open quotes end with the line.
pub fn tokenize(line: &str) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::new();
    let mut chars = line.char_indices().peekable();
    while let Some(&(start, c)) = chars.peek() {
        if c.is_whitespace() {
            chars.next();
            continue;
        }
        let mut token = Token { text: String::new(), start, end: start, operator: "|&;<>()".contains(c) };
        while let Some(&(at, c)) = chars.peek() {
            if c.is_whitespace() || "|&;<>()".contains(c) != token.operator {
                break;
            }
            chars.next();
            token.end = at + c.len_utf8();
            match c {
                '\\' => token.text.extend(chars.next().map(|(at, c)| {
                    token.end = at + c.len_utf8();
                    c
                })),
                '\'' | '"' => {
                    while let Some((at, inner)) = chars.next() {
                        token.end = at + inner.len_utf8();
                        match inner {
                            _ if inner == c => break,
                            '\\' if c == '"' => token.text.extend(chars.next().map(|(at, c)| {
                                token.end = at + c.len_utf8();
                                c
                            })),
                            _ => token.text.push(inner),
                        }
                    }
                }
                _ => token.text.push(c),
            }
        }
        out.push(token);
    }
    out
}

/// The words of a line, without quotes and operators' meaning.
pub fn split(line: &str) -> Vec<String> {
    tokenize(line).into_iter().map(|token| token.text).collect()
}

/// A word as it has to be typed.
pub fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,^".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.into() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

/// What a terminal completes: the words of the command at the cursor, the last one unfinished.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cursor {
    /// The words of this command before the unfinished one.
    pub before: Vec<String>,
    /// The unfinished word, perhaps empty.
    pub word: String,
    /// Where it begins in the line.
    pub start: usize,
    /// It is a file after `<` or `>`.
    pub file: bool,
}

/// What is being typed at byte `at` of a line.
pub fn cursor(line: &str, at: usize) -> Cursor {
    let at = (0..=at.min(line.len())).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0);
    let mut tokens = tokenize(&line[..at]);
    let unfinished = tokens.pop_if(|token| token.end == at && !token.operator);
    let (word, start) = unfinished.map_or((String::new(), at), |token| (token.text, token.start));
    let file = tokens.last().is_some_and(|token| token.operator && token.text.contains(['<', '>']));
    let is_end = |token: &Token| token.operator && !token.text.contains(['<', '>']);
    let from = tokens.iter().rposition(is_end).map_or(0, |at| at + 1);
    let words = tokens[from..].iter().filter(|token| !token.operator).map(|token| token.text.clone());
    let assigns = |word: &String| word.split_once('=').is_some_and(|(name, _)| crate::parse::is_name(name));
    let before = words.skip_while(assigns).collect();
    Cursor { before, word, start, file }
}

/// The commands that begin with a text.
pub fn commands(prefix: &str, machine: &Machine) -> Vec<String> {
    let tools = TOOLS.iter().map(|row| row.0).filter(|name| !machine.missing.iter().any(|missing| missing == name));
    let all = tools.chain(builtins::names()).map(String::from).chain(machine.programs.iter().map(|name| name.to_string()));
    let mut out: Vec<String> = all.filter(|name| name.starts_with(prefix) && name.len() > 1).collect();
    crate::table::sort_by(&mut out, Ord::cmp);
    out.dedup();
    out
}

/// The paths that begin with a text; folders end with `/`.
pub fn paths(prefix: &str, cwd: &str, files: &Files) -> Vec<String> {
    let (folder, name) = prefix.rfind('/').map_or(("", prefix), |at| prefix.split_at(at + 1));
    let place = if folder.is_empty() { cwd.to_string() } else { join(cwd, folder) };
    let entries = files.list(&place).unwrap_or_default();
    let fits =
        entries.into_iter().filter(|(entry, _)| entry.starts_with(name) && (!entry.starts_with('.') || name.starts_with('.')));
    fits.map(|(entry, stat)| format!("{folder}{entry}{}", if stat.kind == Kind::Dir { "/" } else { "" })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_line() {
        assert_eq!(split("kubectl get 'a b' \"c\\\"d\" e\\ f|wc"), ["kubectl", "get", "a b", "c\"d", "e f", "|", "wc"]);
        assert_eq!(quote("a b'c"), "'a b'\\''c'");
        for (line, before, word, file) in [
            ("kubectl get po", "kubectl get", "po", false),
            ("kubectl get ", "kubectl get", "", false),
            ("a && kub", "", "kub", false),
            ("X=1 kubectl de", "kubectl", "de", false),
            ("cat < fi", "cat", "fi", true),
            ("echo 'a b", "echo", "a b", false),
            ("", "", "", false),
            ("é", "", "é", false),
        ] {
            let cursor = cursor(line, line.len());
            assert_eq!((cursor.before.join(" ").as_str(), cursor.word.as_str(), cursor.file), (before, word, file), "{line}");
        }
        assert_eq!(cursor("é", 1).word, "");
    }
}
