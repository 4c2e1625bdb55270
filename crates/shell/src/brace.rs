//! `{a,b}` and `{1..5}`, as bash expands them before anything else.

use crate::ast::{Part, Word};
use base::Text;

const MOST: usize = 1000;

/// The words of a word with braces; `None` if it has none.
pub(crate) fn expand(word: &Word) -> Option<Vec<Word>> {
    let mut done = Vec::new();
    let mut todo = vec![word.clone()];
    let mut found = false;
    while let Some(word) = todo.pop() {
        match first(&word) {
            Some(words) if done.len() + todo.len() + words.len() <= MOST => {
                found = true;
                todo.extend(words.into_iter().rev());
            }
            _ => done.push(word),
        }
    }
    found.then_some(done)
}

/// The word with its first braces replaced by each alternative.
fn first(word: &Word) -> Option<Vec<Word>> {
    word.0.iter().enumerate().find_map(|(nth, part)| {
        let Part::Plain(text) = part else { return None };
        let (start, end, alternatives) = braces(text)?;
        let one = |alternative: &String| {
            let text = format!("{}{alternative}{}", &text[..start], &text[end..]);
            let mut parts = word.0.clone();
            parts[nth] = Part::Plain(Text::from(text));
            Word(parts)
        };
        Some(alternatives.iter().map(one).collect())
    })
}

/// Where the first braces are, and what they stand for.
fn braces(text: &str) -> Option<(usize, usize, Vec<String>)> {
    for (start, _) in text.match_indices('{') {
        let mut depth = 0;
        let mut cuts = vec![start];
        for (at, c) in text[start..].char_indices() {
            match c {
                '{' => depth += 1,
                ',' if depth == 1 => cuts.push(start + at),
                '}' => depth -= 1,
                _ => {}
            }
            if depth > 0 {
                continue;
            }
            let inner = &text[start + 1..start + at];
            cuts.push(start + at);
            let alternatives = if cuts.len() > 2 {
                Some(cuts.windows(2).map(|pair| text[pair[0] + 1..pair[1]].to_string()).collect())
            } else {
                range(inner)
            };
            match alternatives {
                Some(alternatives) => return Some((start, start + at + 1, alternatives)),
                None => break,
            }
        }
    }
    None
}

fn range(inner: &str) -> Option<Vec<String>> {
    let mut parts = inner.split("..");
    let (from, to) = (parts.next()?, parts.next()?);
    let step = parts.next().map_or(Some(1), |step| step.parse::<i64>().ok().map(i64::abs))?.max(1);
    let letter = |text: &str| text.chars().next().filter(|c| text.len() == 1 && c.is_ascii_alphabetic()).map(|c| c as i64);
    let (low, high, is_letter) = match (from.parse::<i64>(), to.parse::<i64>()) {
        (Ok(from), Ok(to)) => (from, to, false),
        _ => (letter(from)?, letter(to)?, true),
    };
    let width = if from.starts_with('0') || to.starts_with('0') { from.len().max(to.len()) } else { 0 };
    let count = (high.checked_sub(low)?.checked_abs()? / step).min(MOST as i64);
    let show = |n: i64| if is_letter { char::from(n as u8).to_string() } else { format!("{n:0width$}") };
    Some((0..=count).map(|k| show(if high >= low { low + k * step } else { low - k * step })).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        for (text, want) in [
            ("a{b,c}d", "abd acd"),
            ("{1..4}", "1 2 3 4"),
            ("{3..1}", "3 2 1"),
            ("{08..10}", "08 09 10"),
            ("{a..c}{1,2}", "a1 a2 b1 b2 c1 c2"),
            ("x{a,{b,c}}", "xa xb xc"),
            ("{}", ""),
            ("{a}", ""),
            ("{-9223372036854775808..9223372036854775807}", ""),
        ] {
            let words = expand(&Word(vec![Part::Plain(Text::from(text))])).unwrap_or_default();
            let got: Vec<&str> = words.iter().filter_map(|w| w.plain().map(Text::as_str)).collect();
            assert_eq!(got.join(" "), want, "{text}");
        }
        assert!(expand(&Word(vec![Part::Plain(Text::from("{1..1000000000}"))])).is_none_or(|w| w.len() <= MOST));
    }
}
