//! echo and printf, and the formats that awk shares with them.

use crate::escape::unescape;
use crate::kernel::Io;

pub(crate) fn echo(io: &mut Io) -> i32 {
    let argv = io.core.argv.clone();
    let (mut newline, mut escapes) = (true, false);
    let mut at = 1;
    while let Some(flags) = argv.get(at).and_then(|word| word.strip_prefix('-')) {
        if flags.is_empty() || !flags.bytes().all(|c| b"neE".contains(&c)) {
            break;
        }
        for flag in flags.bytes() {
            match flag {
                b'n' => newline = false,
                b'e' => escapes = true,
                _ => escapes = false,
            }
        }
        at += 1;
    }
    let text = argv[at.min(argv.len())..].iter().map(|word| word.as_str()).collect::<Vec<_>>().join(" ");
    let (mut bytes, stopped) = if escapes { unescape(&text) } else { (text.into_bytes(), false) };
    if newline && !stopped {
        bytes.push(b'\n');
    }
    io.out(bytes);
    0
}

pub(crate) fn printf(io: &mut Io) -> i32 {
    let argv = io.core.argv.clone();
    let from = if argv.get(1).is_some_and(|word| word == "--") { 2 } else { 1 };
    let Some(format) = argv.get(from) else {
        io.complain("usage: printf FORMAT [ARGUMENT...]");
        return if io.is_bash() { 2 } else { 1 };
    };
    let args: Vec<&str> = argv[from + 1..].iter().map(|word| word.as_str()).collect();
    let mut code = 0;
    let mut at = 0;
    let mut out = Vec::new();
    loop {
        let before = at;
        let mut next = |conversion: char| {
            let arg = args.get(at).copied();
            at += 1;
            let text = arg.unwrap_or_default();
            match conversion {
                's' | 'b' | 'c' | 'q' => Ok(Arg::Text(text.into())),
                _ => number(text).map(Arg::Number).map_err(|value| {
                    code = 1;
                    (format!("invalid number '{text}'"), Arg::Number(value))
                }),
            }
        };
        let (stop, errors) = format_all(format, &mut next, &mut out);
        for words in errors {
            io.complain(&words);
        }
        if stop || at == before || at >= args.len() || out.len() > 1 << 20 {
            break;
        }
    }
    io.out(out);
    code
}

/// A number with a sign, hexadecimal, octal, or the code of a character after a quote; what could be read if it is wrong.
fn number(text: &str) -> Result<f64, f64> {
    let trimmed = text.trim();
    if let Some(c) = trimmed.strip_prefix(['\'', '"']).and_then(|rest| rest.chars().next()) {
        return Ok(f64::from(u32::from(c)));
    }
    if trimmed.is_empty() {
        return if text.is_empty() { Ok(0.0) } else { Err(0.0) };
    }
    match crate::arith::number(trimmed) {
        Some(value) => Ok(value as f64),
        None => trimmed.parse::<f64>().map_err(|_| {
            let end = trimmed.bytes().position(|c| !c.is_ascii_digit()).unwrap_or(trimmed.len());
            trimmed[..end].parse().unwrap_or(0.0)
        }),
    }
}

/// An argument of a format.
pub(crate) enum Arg {
    Text(String),
    Number(f64),
}

type Next<'a> = dyn FnMut(char) -> Result<Arg, (String, Arg)> + 'a;

/// Writes a format with its arguments; true if `\c` stopped it, and the words of what went wrong.
pub(crate) fn format_all(format: &str, next: &mut Next, out: &mut Vec<u8>) -> (bool, Vec<String>) {
    let mut errors = Vec::new();
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        let (bytes, stop) = unescape(&rest[..at]);
        out.extend(bytes);
        if stop {
            return (true, errors);
        }
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            out.push(b'%');
            rest = after;
            continue;
        }
        let (spec, after) = Spec::read(rest, next);
        rest = after;
        let Some(conversion) = spec.conversion else {
            errors.push("invalid format".into());
            return (true, errors);
        };
        let arg = next(conversion).unwrap_or_else(|(words, arg)| {
            errors.push(words);
            arg
        });
        if spec.write(&arg, conversion, out) {
            return (true, errors);
        }
    }
    let (bytes, stop) = unescape(rest);
    out.extend(bytes);
    (stop, errors)
}

#[derive(Default)]
struct Spec {
    left: bool,
    zero: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    width: usize,
    precision: Option<usize>,
    conversion: Option<char>,
}

impl Spec {
    fn read<'a>(text: &'a str, next: &mut Next) -> (Spec, &'a str) {
        let mut spec = Spec::default();
        let mut chars = text.char_indices().peekable();
        while let Some((_, flag)) = chars.next_if(|(_, c)| "-0+ #".contains(*c)) {
            match flag {
                '-' => spec.left = true,
                '0' => spec.zero = true,
                '+' => spec.plus = true,
                ' ' => spec.space = true,
                _ => spec.alternate = true,
            }
        }
        let mut number = |chars: &mut std::iter::Peekable<std::str::CharIndices>| {
            if chars.next_if(|(_, c)| *c == '*').is_some() {
                return match next('d') {
                    Ok(Arg::Number(value)) => value as i64,
                    _ => 0,
                };
            }
            let mut value = 0_i64;
            while let Some((_, digit)) = chars.next_if(|(_, c)| c.is_ascii_digit()) {
                value = (value * 10 + i64::from(digit as u8 - b'0')).min(10_000);
            }
            value
        };
        let width = number(&mut chars);
        spec.left |= width < 0;
        spec.width = width.unsigned_abs().min(10_000) as usize;
        if chars.next_if(|(_, c)| *c == '.').is_some() {
            spec.precision = Some(number(&mut chars).clamp(0, 1000) as usize);
        }
        while chars.next_if(|(_, c)| "hlLjzt".contains(*c)).is_some() {}
        spec.conversion = chars.next().map(|(_, c)| c).filter(|c| "sbcdiuoxXeEfFgGq".contains(*c));
        let after = chars.peek().map_or(text.len(), |(at, _)| *at);
        (spec, &text[after..])
    }

    /// True if `%b` met `\c`.
    fn write(&self, arg: &Arg, conversion: char, out: &mut Vec<u8>) -> bool {
        let (text, value) = match arg {
            Arg::Text(text) => (text.as_str(), 0.0),
            Arg::Number(value) => ("", *value),
        };
        let mut stop = false;
        let body: Vec<u8> = match conversion {
            's' => text.chars().take(self.precision.unwrap_or(usize::MAX)).collect::<String>().into_bytes(),
            'q' => crate::words::quote(text).into_bytes(),
            'c' => text.chars().take(1).collect::<String>().into_bytes(),
            'b' => {
                let (bytes, stopped) = unescape(text);
                stop = stopped;
                bytes
            }
            _ => self.number(value, conversion).into_bytes(),
        };
        let shown = String::from_utf8_lossy(&body).chars().count();
        let pad = self.width.saturating_sub(shown);
        let numeric = !"sqcb".contains(conversion);
        if self.left {
            out.extend(body);
            out.extend(std::iter::repeat_n(b' ', pad));
        } else if self.zero && numeric && (self.precision.is_none() || "eEfFgG".contains(conversion)) {
            let sign = body.iter().take_while(|byte| b"+- ".contains(byte)).count();
            out.extend(&body[..sign]);
            out.extend(std::iter::repeat_n(b'0', pad));
            out.extend(&body[sign..]);
        } else {
            out.extend(std::iter::repeat_n(b' ', pad));
            out.extend(body);
        }
        stop
    }

    fn number(&self, value: f64, conversion: char) -> String {
        let whole = value.trunc().clamp(i64::MIN as f64, i64::MAX as f64) as i64;
        let least = self.precision.unwrap_or(1);
        let sign = if value < 0.0 {
            "-"
        } else if self.plus {
            "+"
        } else if self.space {
            " "
        } else {
            ""
        };
        match conversion {
            'd' | 'i' => format!("{sign}{:0least$}", whole.unsigned_abs()),
            'u' => format!("{:0least$}", whole as u64),
            'o' => format!("{:0least$o}", whole as u64),
            'x' => format!("{}{:0least$x}", if self.alternate { "0x" } else { "" }, whole as u64),
            'X' => format!("{}{:0least$X}", if self.alternate { "0X" } else { "" }, whole as u64),
            'e' | 'E' => exponent(value, self.precision.unwrap_or(6), conversion == 'E'),
            'g' | 'G' => general(value, self.precision.unwrap_or(6)),
            _ => {
                let places = self.precision.unwrap_or(6);
                let text = format!("{:.places$}", value.abs());
                format!("{sign}{text}")
            }
        }
    }
}

fn exponent(value: f64, places: usize, upper: bool) -> String {
    let text = format!("{value:.places$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let number: i32 = exponent.parse().unwrap_or(0);
    let letter = if upper { 'E' } else { 'e' };
    format!("{mantissa}{letter}{}{:02}", if number < 0 { '-' } else { '+' }, number.abs())
}

/// `%g`: the shorter of the two forms, without zeros at the end.
pub(crate) fn general(value: f64, digits: usize) -> String {
    if value == 0.0 || !value.is_finite() {
        return if value.is_nan() {
            "nan".into()
        } else if value.is_infinite() {
            "inf".into()
        } else {
            "0".into()
        };
    }
    let digits = digits.max(1);
    let scientific = format!("{:.*e}", digits - 1, value);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let power: i32 = exponent.parse().unwrap_or(0);
    let trim = |text: &str| {
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text.to_string() }
    };
    if power < -4 || power >= digits as i32 {
        return format!("{}e{}{:02}", trim(mantissa), if power < 0 { '-' } else { '+' }, power.abs());
    }
    trim(&format!("{:.*}", (digits as i32 - 1 - power).max(0) as usize, value))
}
