//! YAML in colours: one `<div>` per line, as HTML text that lies under the editor's transparent letters. Not a parser: it
//! looks at lines, and what it does not know stays plain.

use std::collections::BTreeMap;

/// What to write at the end of a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lens {
    pub text: String,
    pub kind: LensKind,
}

/// How to look at it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LensKind {
    Problem,
    Done,
}

/// The whole text; lenses by line, counted from 1.
pub fn html(text: &str, lenses: &BTreeMap<u32, Lens>) -> String {
    let mut out = String::with_capacity(text.len() * 3);
    let mut block: Option<usize> = None;
    for (number, line) in (1..).zip(text.split('\n')) {
        let lens = lenses.get(&number);
        out.push_str(match lens.map(|lens| lens.kind) {
            None => "<div class=l>",
            Some(LensKind::Problem) => "<div class=\"l bad\">",
            Some(LensKind::Done) => "<div class=\"l done\">",
        });
        let depth = line.len() - line.trim_start().len();
        let in_block = block.is_some_and(|of| line.trim().is_empty() || depth > of);
        if in_block {
            span(&mut out, "s", line);
        } else {
            block = if opens_block(line) { Some(depth) } else { None };
            code(&mut out, line);
        }
        if let Some(lens) = lens {
            span(&mut out, "lens", &lens.text);
        }
        out.push_str("\n</div>");
    }
    out
}

fn code(out: &mut String, line: &str) {
    let (code, comment) = line.split_at(comment_start(line));
    if code.trim_end() == "---" || code.trim_end() == "..." {
        span(out, "d", code);
    } else {
        entry(out, code);
    }
    if !comment.is_empty() {
        span(out, "c", comment);
    }
}

/// `  - key: value`, or a part of it.
fn entry(out: &mut String, code: &str) {
    let rest = code.trim_start_matches([' ', '-']);
    let dashes = &code[..code.len() - rest.len()];
    // A dash that belongs to a word, such as `-c`, is part of the word.
    let (dashes, rest) = if dashes.ends_with('-') && !rest.is_empty() { code.split_at(dashes.len() - 1) } else { (dashes, rest) };
    escape(out, dashes);
    match key_end(rest) {
        Some(end) => {
            span(out, "k", &rest[..end]);
            out.push(':');
            scalar(out, &rest[end + 1..]);
        }
        None => scalar(out, rest),
    }
}

fn scalar(out: &mut String, text: &str) {
    let word = text.trim();
    let class = if word.starts_with(['"', '\'']) {
        "s"
    } else if word.parse::<f64>().is_ok() || matches!(word, "true" | "false" | "null" | "~") {
        "n"
    } else {
        return escape(out, text);
    };
    span(out, class, text);
}

fn key_end(text: &str) -> Option<usize> {
    if text.starts_with(['"', '\'', '{', '[']) {
        return None;
    }
    let end = text.find(": ").or_else(|| text.trim_end().strip_suffix(':').map(str::len))?;
    Some(end).filter(|end| *end > 0)
}

fn opens_block(line: &str) -> bool {
    let code = line[..comment_start(line)].trim_end();
    ["|", ">", "|-", ">-", "|+", ">+"].iter().any(|mark| {
        code.strip_suffix(mark).is_some_and(|before| before.ends_with(": ") || before.trim() == "-" || before.ends_with("- "))
    })
}

/// Where the comment starts: `#` at the start or after a blank, outside quotes.
fn comment_start(line: &str) -> usize {
    let mut quote = None;
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c == '#' && before.is_whitespace() => return at,
            None if (c == '"' || c == '\'') && (before.is_whitespace() || before == '[' || before == ',') => quote = Some(c),
            None => {}
        }
        before = c;
    }
    line.len()
}

fn span(out: &mut String, class: &str, text: &str) {
    for part in ["<span class=", class, ">"] {
        out.push_str(part);
    }
    escape(out, text);
    out.push_str("</span>");
}

fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, wanted: &str) {
        assert_eq!(html(line, &BTreeMap::new()), format!("<div class=l>{wanted}\n</div>"));
    }

    #[test]
    fn lines_have_colours() {
        check("# hi", "<span class=c># hi</span>");
        check("kind: Pod", "<span class=k>kind</span>: Pod");
        check("- name: 'x # y' # z", "- <span class=k>name</span>:<span class=s> 'x # y' </span><span class=c># z</span>");
        check("  replicas: 3", "  <span class=k>replicas</span>:<span class=n> 3</span>");
        check("---", "<span class=d>---</span>");
        check("- -c", "- -c");
        check("a<b&c", "a&lt;b&amp;c");
    }

    #[test]
    fn blocks_are_texts() {
        let out = html("a: |\n  b: c\nd: e", &BTreeMap::new());
        assert!(out.contains("<span class=s>  b: c</span>"));
        assert!(out.contains("<span class=k>d</span>"));
    }

    #[test]
    fn a_lens_is_on_its_line() {
        let lens = Lens { text: "no <such> field".to_owned(), kind: LensKind::Problem };
        let out = html("a: 1\nb: 2", &BTreeMap::from([(2, lens)]));
        assert!(out.contains("<div class=\"l bad\"><span class=k>b</span>:<span class=n> 2</span><span class=lens>no &lt;such>"));
    }
}
