//! Looking through a text for what has a certain shape, and putting something else there.

/// A place in a text.
pub struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }
    pub fn head(&self) -> &'a str {
        &self.text[..self.at]
    }
    pub fn before(&self) -> Option<char> {
        self.head().chars().next_back()
    }
    pub fn line_start(&self) -> bool {
        self.before().is_none_or(|c| c == '\n')
    }
}

/// Asks at every place of a text, from left to right: `Some` is the length to take away and what to put there.
pub fn replace(text: &str, rule: impl Fn(&Cursor) -> Option<(usize, String)>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if let Some((length, new)) = rule(&Cursor { text, at }).filter(|(length, _)| *length > 0) {
            out.push_str(&new);
            at += length;
            continue;
        }
        let Some(c) = text[at..].chars().next() else { break };
        out.push(c);
        at += c.len_utf8();
    }
    out
}

/// A character of a word, as regular expressions count.
pub fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The alphabet of Kubernetes' random suffixes.
pub fn rand(byte: u8) -> bool {
    b"bcdfghjklmnpqrstvwxz2456789".contains(&byte)
}

/// How many digits a text begins with.
pub fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// How many small hexadecimal digits a text begins with.
pub fn hex(text: &str) -> usize {
    text.bytes().take_while(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(b)).count()
}

/// The lengths of the ages that a text begins with: of `5m3s` those of `5m3s` and `5m`, longest first.
pub fn age(text: &str) -> Vec<usize> {
    let first = digits(text);
    let Some(unit) = text[first..].bytes().next().filter(|unit| first > 0 && b"smhdy".contains(unit)) else { return Vec::new() };
    let rest = &text[first + 1..];
    let second = digits(rest);
    let smaller = match unit {
        b'y' => 'd',
        b'd' => 'h',
        b'h' => 'm',
        b'm' => 's',
        _ => '\0',
    };
    let long = second > 0 && rest[second..].starts_with(smaller);
    let mut lengths = if long { vec![first + 1 + second + 1] } else { Vec::new() };
    lengths.push(first + 1);
    lengths
}
