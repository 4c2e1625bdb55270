//! A span of virtual time in microseconds, with the ways in which Kubernetes prints one.

use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A signed span of time, in microseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash, Debug)]
pub struct Duration(i64);

impl Duration {
    pub const ZERO: Duration = Duration(0);
    pub const SECOND: Duration = Duration(1_000_000);
    pub const MINUTE: Duration = Duration(60_000_000);
    pub const HOUR: Duration = Duration(3_600_000_000);

    pub const fn from_micros(micros: i64) -> Self {
        Duration(micros)
    }
    pub const fn from_millis(millis: i64) -> Self {
        Duration(millis.saturating_mul(1_000))
    }
    pub const fn from_secs(secs: i64) -> Self {
        Duration(secs.saturating_mul(1_000_000))
    }
    pub const fn as_micros(self) -> i64 {
        self.0
    }
    pub const fn as_millis(self) -> i64 {
        self.0 / 1_000
    }
    /// Whole seconds, cut towards zero.
    pub const fn as_secs(self) -> i64 {
        self.0 / 1_000_000
    }
    /// Reads Go's form (`1h30m`, `300ms`, `-1.5s`); the error is Go's.
    pub fn parse(text: &str) -> Result<Duration, String> {
        go_duration(text).map_err(|why| match why {
            Wrong::Duration => format!("time: invalid duration {text:?}"),
            Wrong::NoUnit => format!("time: missing unit in duration {text:?}"),
            Wrong::Unit(unit) => format!("time: unknown unit {unit:?} in duration {text:?}"),
        })
    }
    /// The age as tables print it (`2m30s`, `3h1m`, `2d1h`, `2y80d`).
    /// Models k8s.io/apimachinery/pkg/util/duration HumanDuration.
    pub fn human(self) -> String {
        let secs = self.as_secs();
        if secs < -1 {
            return "<invalid>".into();
        }
        if secs < 0 {
            return "0s".into();
        }
        let (minutes, hours, days) = (secs / 60, secs / 3600, secs / 86_400);
        if secs < 120 {
            return format!("{secs}s");
        }
        if minutes < 10 {
            return pair(minutes, "m", secs % 60, "s");
        }
        if hours < 3 {
            return format!("{minutes}m");
        }
        if hours < 8 {
            return pair(hours, "h", minutes % 60, "m");
        }
        if hours < 48 {
            return format!("{hours}h");
        }
        if hours < 24 * 8 {
            return pair(days, "d", hours % 24, "h");
        }
        if hours < 24 * 365 * 2 {
            return format!("{days}d");
        }
        if hours < 24 * 365 * 8 {
            return pair(days / 365, "y", days % 365, "d");
        }
        format!("{}y", days / 365)
    }
}

enum Wrong<'a> {
    Duration,
    NoUnit,
    Unit(&'a str),
}

fn go_duration(text: &str) -> Result<Duration, Wrong<'_>> {
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    let mut nanos = 0_i128;
    loop {
        let number_end = rest.bytes().position(|b| !b.is_ascii_digit() && b != b'.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(number_end);
        let unit_end = after.bytes().position(|b| b.is_ascii_digit() || b == b'.').unwrap_or(after.len());
        let (unit, next) = after.split_at(unit_end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.len() + fraction.len() == 0 || fraction.contains('.') {
            return Err(Wrong::Duration);
        }
        let scale = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000_i128,
            "" => return Err(Wrong::NoUnit),
            other => return Err(Wrong::Unit(other)),
        };
        nanos += decimal(whole, fraction, scale).ok_or(Wrong::Duration)?;
        rest = next;
        if rest.is_empty() {
            break;
        }
    }
    let micros = i64::try_from(nanos).map_err(|_| Wrong::Duration)? / 1_000;
    Ok(Duration(if text.starts_with('-') { -micros } else { micros }))
}

/// `whole.fraction * scale`.
fn decimal(whole: &str, fraction: &str, scale: i128) -> Option<i128> {
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let fraction = &fraction[..fraction.len().min(15)];
    let part: i64 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    Some(i128::from(whole) * scale + i128::from(part) * scale / 10_i128.pow(fraction.len() as u32))
}

fn pair(big: i64, big_unit: &str, small: i64, small_unit: &str) -> String {
    if small == 0 { format!("{big}{big_unit}") } else { format!("{big}{big_unit}{small}{small_unit}") }
}

/// Prints as Go's time.Duration does: `1h0m5s`, `1.5s`, `20ms`, `0s`.
impl fmt::Display for Duration {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.unsigned_abs();
        if self.0 < 0 {
            out.write_str("-")?;
        }
        if micros == 0 {
            return out.write_str("0s");
        }
        if micros < 1_000 {
            return write!(out, "{micros}µs");
        }
        if micros < 1_000_000 {
            return fraction(out, micros, 1_000, "ms");
        }
        let secs = micros / 1_000_000;
        let (hours, minutes) = (secs / 3600, secs / 60 % 60);
        if hours > 0 {
            write!(out, "{hours}h")?;
        }
        if secs >= 60 {
            write!(out, "{minutes}m")?;
        }
        fraction(out, micros % 60_000_000, 1_000_000, "s")
    }
}

fn fraction(out: &mut fmt::Formatter<'_>, value: u64, unit: u64, name: &str) -> fmt::Result {
    let rest = value % unit;
    write!(out, "{}", value / unit)?;
    if rest != 0 {
        let width = if unit == 1_000 { 3 } else { 6 };
        let digits = format!("{rest:0width$}");
        write!(out, ".{}", digits.trim_end_matches('0'))?;
    }
    out.write_str(name)
}

impl Add for Duration {
    type Output = Duration;
    fn add(self, other: Duration) -> Duration {
        Duration(self.0.saturating_add(other.0))
    }
}
impl Sub for Duration {
    type Output = Duration;
    fn sub(self, other: Duration) -> Duration {
        Duration(self.0.saturating_sub(other.0))
    }
}
impl Mul<i64> for Duration {
    type Output = Duration;
    fn mul(self, by: i64) -> Duration {
        Duration(self.0.saturating_mul(by))
    }
}
impl Div<i64> for Duration {
    type Output = Duration;
    fn div(self, by: i64) -> Duration {
        Duration(self.0 / by)
    }
}
impl Neg for Duration {
    type Output = Duration;
    fn neg(self) -> Duration {
        Duration(self.0.saturating_neg())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn human_steps() {
        for (secs, want) in [
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (150, "2m30s"),
            (599, "9m59s"),
            (600, "10m"),
            (10_799, "179m"),
            (10_860, "3h1m"),
            (28_800, "8h"),
            (172_799, "47h"),
            (176_400, "2d1h"),
            (691_200, "8d"),
            (63_072_000 + 80 * 86_400, "2y80d"),
            (252_288_000, "8y"),
        ] {
            assert_eq!(Duration::from_secs(secs).human(), want, "{secs}");
        }
    }

    #[test]
    fn reads_go_form() {
        for (text, micros) in [
            ("0", 0),
            ("1h30m", 5_400_000_000),
            ("300ms", 300_000),
            ("-1.5s", -1_500_000),
            ("1m0.5s", 60_500_000),
            (".5s", 500_000),
            ("1us", 1),
            ("5ns", 0),
        ] {
            assert_eq!(Duration::parse(text).map(Duration::as_micros), Ok(micros), "{text}");
        }
        for (text, words) in [
            ("", "time: invalid duration \"\""),
            ("5", "time: missing unit in duration \"5\""),
            ("5x", "time: unknown unit \"x\" in duration \"5x\""),
            ("s", "time: invalid duration \"s\""),
            ("1.2.3s", "time: invalid duration \"1.2.3s\""),
            ("99999999999999999999h", "time: invalid duration \"99999999999999999999h\""),
            ("é", "time: invalid duration \"é\""),
        ] {
            assert_eq!(Duration::parse(text), Err(words.to_string()));
        }
    }

    #[test]
    fn go_form() {
        for (micros, want) in [
            (0, "0s"),
            (1_500_000, "1.5s"),
            (20_000, "20ms"),
            (3_605_000_000, "1h0m5s"),
            (65_000_000, "1m5s"),
            (-90_000_000, "-1m30s"),
        ] {
            assert_eq!(Duration::from_micros(micros).to_string(), want);
        }
    }
}
