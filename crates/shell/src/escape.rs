//! Backslash escapes, as `printf`, `echo -e` and `$'…'` read them.

/// The bytes of a text with escapes; true if `\c` said to stop there.
pub(crate) fn unescape(text: &str) -> (Vec<u8>, bool) {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        at += 1;
        if byte != b'\\' || at >= bytes.len() {
            out.push(byte);
            continue;
        }
        let escape = bytes[at];
        at += 1;
        match escape {
            b'a' => out.push(7),
            b'b' => out.push(8),
            b'e' | b'E' => out.push(27),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'v' => out.push(11),
            b'c' => return (out, true),
            b'\\' | b'\'' | b'"' => out.push(escape),
            b'x' => match number(&bytes[at..], 16, 2) {
                (0, _) => out.extend(b"\\x"),
                (len, value) => {
                    at += len;
                    out.push(value as u8);
                }
            },
            b'u' => {
                let (len, value) = number(&bytes[at..], 16, 4);
                at += len;
                out.extend(char::from_u32(value).unwrap_or('?').encode_utf8(&mut [0; 4]).as_bytes());
            }
            b'0'..=b'7' => {
                let most = if escape == b'0' { 4 } else { 3 };
                let (len, value) = number(&bytes[at - 1..], 8, most);
                at = at - 1 + len;
                out.push(value as u8);
            }
            _ => out.extend([b'\\', escape]),
        }
    }
    (out, false)
}

/// How many digits there are, at most `most`, and their value.
fn number(bytes: &[u8], base: u32, most: usize) -> (usize, u32) {
    let mut value = 0;
    for (at, byte) in bytes.iter().take(most).enumerate() {
        let Some(digit) = char::from(*byte).to_digit(base) else { return (at, value) };
        value = value * base + digit;
    }
    (bytes.len().min(most), value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes() {
        for (text, want) in [
            ("a\\nb", &b"a\nb"[..]),
            ("\\001\\377\\0101", b"\x01\xffA"),
            ("\\x41\\xg\\q\\", b"A\\xg\\q\\"),
            ("a\\cb", b"a"),
            ("\\u00e9", "é".as_bytes()),
        ] {
            assert_eq!(unescape(text).0, want, "{text}");
        }
    }
}
