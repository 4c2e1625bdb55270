//! date: the virtual time in any format, and `-d` for the forms that scripts use.

use crate::kernel::Io;
use crate::tool::options;
use base::{Duration, Time};

const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

pub(crate) fn date(io: &mut Io) -> i32 {
    let long = [("utc", 'u'), ("date", 'd'), ("iso-8601", 'I'), ("rfc-email", 'R')];
    let options = match options(io, "ud:RIs:r:", &long) {
        Ok(options) => options,
        Err(code) => return code,
    };
    let mut time = io.now;
    if let Some(text) = options.value('d') {
        match parse(text, io.now) {
            Some(found) => time = found,
            None => {
                io.complain(&format!("invalid date '{text}'"));
                return 1;
            }
        }
    }
    if options.has('s') {
        io.complain("can't set date: Operation not permitted");
        return 1;
    }
    let format = options.rest.iter().find_map(|word| word.strip_prefix('+'));
    let standard = if options.has('R') {
        "%a, %d %b %Y %H:%M:%S +0000"
    } else if options.has('I') {
        "%F"
    } else {
        "%a %b %e %H:%M:%S UTC %Y"
    };
    if format.is_none() && !options.rest.is_empty() {
        io.complain(&format!("invalid date '{}'", options.rest[0]));
        return 1;
    }
    let line = show(time, format.unwrap_or(standard));
    io.out(line + "\n");
    0
}

/// A time in the format of strftime.
pub(crate) fn show(time: Time, format: &str) -> String {
    let (year, month, day, hour, minute, second) = time.civil();
    let weekday = time.weekday() as usize % 7;
    let month_name = MONTHS[(month as usize + 11) % 12];
    let micros = time.as_micros().rem_euclid(1_000_000);
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut letter = chars.next().unwrap_or('%');
        let mut digits = 9_usize;
        let mut pad = true;
        if letter == '-' {
            pad = false;
            letter = chars.next().unwrap_or('%');
        }
        if let Some(count) = letter.to_digit(10) {
            digits = count.clamp(1, 9) as usize;
            letter = chars.next().unwrap_or('N');
        }
        let two = |n: u32| if pad { format!("{n:02}") } else { n.to_string() };
        let start_of_year = Time::from_civil(year, 1, 1);
        out += &match letter {
            'Y' => year.to_string(),
            'y' => format!("{:02}", year.rem_euclid(100)),
            'C' => format!("{:02}", year / 100),
            'm' => two(month),
            'd' => two(day),
            'e' => format!("{day:2}"),
            'H' => two(hour),
            'I' => two((hour + 11) % 12 + 1),
            'M' => two(minute),
            'S' => two(second),
            'p' => if hour < 12 { "AM" } else { "PM" }.into(),
            'N' => format!("{micros:06}000")[..digits].to_string(),
            's' => time.as_secs().to_string(),
            'a' => DAYS[weekday][..3].into(),
            'A' => DAYS[weekday].into(),
            'b' | 'h' => month_name[..3].into(),
            'B' => month_name.into(),
            'u' => if weekday == 0 { 7 } else { weekday }.to_string(),
            'w' => weekday.to_string(),
            'j' => format!("{:03}", (time - start_of_year).as_secs() / 86_400 + 1),
            'F' => format!("{year:04}-{month:02}-{day:02}"),
            'T' | 'X' => format!("{hour:02}:{minute:02}:{second:02}"),
            'R' => format!("{hour:02}:{minute:02}"),
            'D' | 'x' => format!("{month:02}/{day:02}/{:02}", year.rem_euclid(100)),
            'c' => show(time, "%a %b %e %H:%M:%S %Y"),
            'Z' => "UTC".into(),
            'z' => "+0000".into(),
            'n' => "\n".into(),
            't' => "\t".into(),
            '%' => "%".into(),
            other => format!("%{other}"),
        };
    }
    out
}

/// `@123`, RFC 3339, `2026-01-02 03:04:05`, `2026-01-02`, `now`, `+5 minutes`, `1 day ago`.
fn parse(text: &str, now: Time) -> Option<Time> {
    let text = text.trim();
    if let Some(secs) = text.strip_prefix('@') {
        return secs.split('.').next()?.parse().ok().map(Time::from_secs);
    }
    let full = |text: &str| Time::parse(text).or_else(|| Time::parse(&format!("{text}Z")));
    let dashed = text.replacen(' ', "T", 1);
    let absolute = full(&dashed).or_else(|| full(&format!("{text}T00:00:00"))).or_else(|| full(&format!("{dashed}:00")));
    if absolute.is_some() || text.is_empty() {
        return absolute.or(Some(now));
    }
    let mut words = text.split_whitespace().peekable();
    let mut time = now;
    while let Some(word) = words.next() {
        let count = match word {
            "now" | "today" => continue,
            "yesterday" => -86_400,
            "tomorrow" => 86_400,
            "next" => unit(words.next()?)?,
            "last" => -unit(words.next()?)?,
            _ => {
                let split = word.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(word.len());
                let number: i64 = word[..split].parse().ok()?;
                let name = if split < word.len() { &word[split..] } else { words.next()? };
                number.checked_mul(unit(name)?)?
            }
        };
        let back = words.next_if(|word| *word == "ago").is_some();
        time = time + Duration::from_secs(if back { -count } else { count });
    }
    Some(time)
}

fn unit(name: &str) -> Option<i64> {
    Some(match name.trim_end_matches('s') {
        "" | "sec" | "second" => 1,
        "min" | "minute" => 60,
        "hour" => 3600,
        "day" => 86_400,
        "week" => 604_800,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_and_reads() {
        let time = Time::parse("2026-01-02T03:04:05.678Z").unwrap();
        for (format, want) in [
            ("%a %b %e %H:%M:%S UTC %Y", "Fri Jan  2 03:04:05 UTC 2026"),
            ("%Y-%m-%dT%H:%M:%SZ", "2026-01-02T03:04:05Z"),
            ("%s.%3N", "1767323045.678"),
            ("%-d %j %p %I %%", "2 002 AM 03 %"),
        ] {
            assert_eq!(show(time, format), want);
        }
        for (text, want) in [
            ("@60", Some(60)),
            ("1970-01-01T00:01:00Z", Some(60)),
            ("1970-01-01 00:02:00", Some(120)),
            ("1970-01-02", Some(86_400)),
            ("5 minutes ago", Some(700)),
            ("+1hour", Some(4600)),
            ("nonsense", None),
        ] {
            assert_eq!(parse(text, Time::from_secs(1000)).map(Time::as_secs), want, "{text}");
        }
    }
}
