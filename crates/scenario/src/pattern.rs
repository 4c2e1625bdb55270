//! Expected output against what came: line by line, with tokens for what varies.

use crate::normal::squeeze;
use crate::scan::age;

/// Whether the lines fit; a line `...` stands for any lines.
pub fn lines_fit(want: &[String], got: &[&str]) -> bool {
    let Some((first, rest)) = want.split_first() else { return got.is_empty() };
    if first.trim() == "..." {
        return (0..=got.len()).any(|skip| lines_fit(rest, &got[skip..]));
    }
    got.split_first().is_some_and(|(line, more)| line_fits(first, line) && lines_fit(rest, more))
}

/// Whether a line fits, widths of columns aside.
pub fn line_fits(want: &str, got: &str) -> bool {
    fits(&squeeze(want), &squeeze(got))
}

fn fits(want: &str, got: &str) -> bool {
    let next = ["<", "..."].iter().filter_map(|mark| want.find(mark)).min();
    let Some(start) = next else { return want == got };
    let (head, rest) = want.split_at(start);
    let Some(got) = got.strip_prefix(head) else { return false };
    if let Some(rest) = rest.strip_prefix("...") {
        return ends(got).any(|end| fits(rest, &got[end..]));
    }
    if let Some((lengths, rest)) = rest.split_once('>').and_then(|(token, rest)| Some((token_lengths(&token[1..], got)?, rest))) {
        return lengths.into_iter().any(|end| got.is_char_boundary(end) && fits(rest, &got[end..]));
    }
    let Some(more) = got.strip_prefix('<') else { return false };
    fits(&rest[1..], more)
}

fn ends(text: &str) -> impl Iterator<Item = usize> + '_ {
    text.char_indices().map(|(at, _)| at).chain([text.len()])
}

/// The lengths that a token may have at the beginning of a text; `None` if it is no token.
fn token_lengths(token: &str, text: &str) -> Option<Vec<usize>> {
    let run = |allowed: fn(u8) -> bool| text.bytes().take_while(|b| allowed(*b)).count();
    let several = |most: usize, least: usize| (least..=most).rev().collect::<Vec<_>>();
    let exactly = |most: usize, wanted: usize| if most >= wanted { vec![wanted] } else { Vec::new() };
    Some(match token {
        "age" => age(text),
        "ip" => several(run(|b| b.is_ascii_digit() || b == b'.'), 7),
        "hash" => several(run(|b| b.is_ascii_alphanumeric()).min(10), 8),
        "rand" => exactly(run(|b| b.is_ascii_alphanumeric()), 5),
        "uid" => exactly(run(|b| b.is_ascii_hexdigit() || b == b'-'), 36),
        "time" if text.as_bytes().get(3) == Some(&b',') => exactly(text.len(), "Thu, 01 Jan 2026 00:00:00 +0000".len()),
        "time" => several(run(|b| b.is_ascii_digit() || b"-:TZ.+".contains(&b)), 20),
        "port" => several(run(|b| b.is_ascii_digit()).min(5), 1),
        "n" => several(run(|b| b.is_ascii_digit()), 1),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(want: &str, got: &str, fit: bool) {
        assert_eq!(line_fits(want, got), fit, "{want} / {got}");
    }

    #[test]
    fn tokens() {
        check("web-<hash>-<rand>  1/1  <age>", "web-54dc6c76f6-4qsv8   1/1     5m3s", true);
        check("web-<hash>-<rand>  1/1  <age>", "web-54dc6c76f6-4qsv8   0/1     5m3s", false);
        check("IP: <ip>", "IP: 10.96.0.1", true);
        check("IP: <ip>", "IP: none", false);
        check("a ... b", "a and so on b", true);
        check("<none>  <age>", "<none>   5s", true);
        check("<none>", "<some>", false);
        check("x (x<n> over <age>)", "x (x12 over 3m)", true);
        check("at <time>", "at Thu, 01 Jan 2026 00:00:00 +0000", true);
        check("at <time>", "at 2026-01-01T00:00:00Z", true);
        check("plain", "plain", true);
        check("80:<port>/TCP", "80:31234/TCP", true);
    }

    #[test]
    fn any_lines() {
        let want = ["a", "...", "z"].map(String::from);
        assert!(lines_fit(&want, &["a", "z"]));
        assert!(lines_fit(&want, &["a", "b", "c", "z"]));
        assert!(!lines_fit(&want, &["a", "b"]));
    }
}
