//! What Tab, Shift-Tab and Enter do to a text.

/// Replaces `from..to` and leaves a selection; all in bytes, the selection in the new text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Edit {
    pub from: usize,
    pub to: usize,
    pub insert: String,
    pub select: (usize, usize),
}

const STEP: &str = "  ";

/// Tab: two blanks, or every line of the selection two blanks to the right.
pub fn indent(text: &str, (start, end): (usize, usize)) -> Edit {
    if !text[start..end].contains('\n') {
        let at = start + STEP.len();
        return Edit { from: start, to: end, insert: STEP.to_owned(), select: (at, at) };
    }
    lines(text, (start, end), &|line| if line.is_empty() { String::new() } else { [STEP, line].concat() })
}

/// Shift-Tab: every line of the selection two blanks to the left.
pub fn dedent(text: &str, selection: (usize, usize)) -> Edit {
    lines(text, selection, &|line| line.strip_prefix(STEP).or(line.strip_prefix(' ')).unwrap_or(line).to_owned())
}

/// Enter: the next line starts below this one, deeper after a colon, below the text of a list's dash.
pub fn newline(text: &str, (start, end): (usize, usize)) -> Edit {
    let line = &text[line_start(text, start)..start];
    let blanks = &line[..line.len() - line.trim_start().len()];
    let code = line.split(" #").next().unwrap_or_default().trim();
    let deeper = match (code.ends_with(':'), code.starts_with("- ")) {
        (true, true) => "    ",
        (true, false) | (false, true) => STEP,
        (false, false) => "",
    };
    let insert = ["\n", blanks, if code.starts_with('#') { "" } else { deeper }].concat();
    let at = start + insert.len();
    Edit { from: start, to: end, insert, select: (at, at) }
}

fn lines(text: &str, (start, end): (usize, usize), change: &dyn Fn(&str) -> String) -> Edit {
    let from = line_start(text, start);
    let to = text[end..].find('\n').map_or(text.len(), |at| end + at);
    let old = &text[from..to];
    let insert = old.split('\n').map(change).collect::<Vec<_>>().join("\n");
    let select = if start == end {
        let moved = (start + insert.len()).saturating_sub(old.len()).max(from);
        (moved, moved)
    } else {
        (from, from + insert.len())
    };
    Edit { from, to, insert, select }
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// The byte at which so many UTF-16 units have passed, as browsers count.
pub fn bytes_of(text: &str, units: u32) -> usize {
    let mut left = units as usize;
    for (at, c) in text.char_indices() {
        if left == 0 {
            return at;
        }
        left = left.saturating_sub(c.len_utf16());
    }
    text.len()
}

/// How many UTF-16 units a prefix has.
pub fn units_of(text: &str, byte: usize) -> u32 {
    text[..byte.min(text.len())].encode_utf16().count() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(text: &str, edit: &Edit) -> String {
        [&text[..edit.from], &edit.insert, &text[edit.to..]].concat()
    }

    /// `|` marks the selection's ends.
    fn check(act: fn(&str, (usize, usize)) -> Edit, marked: &str, wanted: &str) {
        let start = marked.find('|').expect("a mark");
        let end = marked.rfind('|').expect("a mark");
        let text = marked.replace('|', "");
        let selection = (start, if end == start { start } else { end - 1 });
        let edit = act(&text, selection);
        let mut result = apply(&text, &edit);
        result.insert(edit.select.1, '|');
        if edit.select.0 != edit.select.1 {
            result.insert(edit.select.0, '|');
        }
        assert_eq!(result, wanted, "{marked}");
    }

    #[test]
    fn tab_moves_right() {
        check(indent, "a|b", "a  |b");
        check(indent, "a|b|c", "a  |c");
        check(indent, "a|\n\nb|", "|  a\n\n  b|");
    }

    #[test]
    fn shift_tab_moves_left() {
        check(dedent, "  a|", "a|");
        check(dedent, "|    a\n b|", "|  a\nb|");
        check(dedent, "a|", "a|");
    }

    #[test]
    fn enter_keeps_the_depth() {
        check(newline, "  a: b|", "  a: b\n  |");
        check(newline, "  a:|", "  a:\n    |");
        check(newline, "  a: # why|", "  a: # why\n    |");
        check(newline, "  - name: x|", "  - name: x\n    |");
        check(newline, "  - exec:|", "  - exec:\n      |");
        check(newline, "# text:|", "# text:\n|");
    }

    #[test]
    fn units_are_those_of_browsers() {
        assert_eq!(bytes_of("aé😀b", 4), 7);
        assert_eq!(units_of("aé😀b", 7), 4);
        assert_eq!(bytes_of("a", 9), 1);
    }
}
