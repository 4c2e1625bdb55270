//! Times as the API reads and writes them, and Go's words for those that are none. Models time.Parse.

use super::Changed;
use crate::kind::Type;
use base::Time;
use value::Value;

/// The parts of a layout; digits stand for as many digits, everything else for itself.
const PARTS: [&str; 11] = ["2006", "-", "01", "-", "02", "T", "15", ":", "04", ":", "05"];

/// The text in its canonical form: whole seconds or microseconds, UTC.
pub(super) fn decode(ty: &Type, text: &str) -> Result<Changed, String> {
    let micro = *ty == Type::MicroTime;
    let Some(time) = Time::parse(text) else { return Err(refusal(text, micro)) };
    let canonical = if micro { time.rfc3339_micro() } else { time.rfc3339() };
    Ok(if canonical == text { None } else { Some(Value::str(&canonical)) })
}

/// `parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"`
fn refusal(text: &str, micro: bool) -> String {
    let fraction = if micro { ".000000" } else { "" };
    let head = format!("parsing time {text:?} as \"2006-01-02T15:04:05{fraction}Z07:00\": ");
    let mut rest = text;
    for part in PARTS {
        let Some(after) = after(rest, part) else { return format!("{head}cannot parse {rest:?} as {part:?}") };
        if let Some(what) = out_of_range(&rest[..part.len()], part) {
            return format!("parsing time {text:?}: {what} out of range");
        }
        rest = after;
    }
    if micro && !rest.starts_with('.') {
        return format!("{head}cannot parse {rest:?} as {fraction:?}");
    }
    let digits = rest.strip_prefix('.').map_or(rest, |rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    match digits.strip_prefix('Z') {
        Some("") => format!("parsing time {text:?}: day out of range"),
        Some(extra) => format!("parsing time {text:?}: extra text: {extra:?}"),
        None => format!("{head}cannot parse {digits:?} as \"Z07:00\""),
    }
}

fn after<'a>(rest: &'a str, part: &str) -> Option<&'a str> {
    let digits = part.as_bytes()[0].is_ascii_digit();
    let (head, tail) = rest.split_at_checked(part.len())?;
    let fits = if digits { head.bytes().all(|b| b.is_ascii_digit()) } else { head == part };
    fits.then_some(tail)
}

fn out_of_range(digits: &str, part: &str) -> Option<&'static str> {
    let number: u32 = digits.parse().unwrap_or(0);
    let (what, fits) = match part {
        "01" => ("month", (1..=12).contains(&number)),
        "02" => ("day", (1..=31).contains(&number)),
        "15" => ("hour", number < 24),
        "04" => ("minute", number < 60),
        "05" => ("second", number < 60),
        _ => return None,
    };
    if fits { None } else { Some(what) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ty: Type, text: &str, want: &str) {
        let got = decode(&ty, text).map(|changed| changed.map_or(text.to_string(), |v| v.s().to_string()));
        assert_eq!(got.unwrap_or_else(|wrong| wrong), want);
    }

    #[test]
    fn times() {
        check(Type::Time, "2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z");
        check(Type::Time, "2026-01-02T03:04:05.9+01:00", "2026-01-02T02:04:05Z");
        check(Type::MicroTime, "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000000Z");
        let words = "parsing time \"yesterday\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"yesterday\" as \"2006\"";
        check(Type::Time, "yesterday", words);
        let words = "parsing time \"2026-01-02\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"\" as \"T\"";
        check(Type::Time, "2026-01-02", words);
        check(Type::Time, "2026-13-02T03:04:05Z", "parsing time \"2026-13-02T03:04:05Z\": month out of range");
        check(Type::Time, "2026-02-30T03:04:05Z", "parsing time \"2026-02-30T03:04:05Z\": day out of range");
    }
}
