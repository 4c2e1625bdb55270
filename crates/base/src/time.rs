//! A moment of virtual time in microseconds since 1970, and its RFC 3339 forms.
//! Kubernetes stores whole seconds (`metav1.Time`) and, in leases and events, microseconds (`MicroTime`).

use crate::Duration;
use std::fmt;
use std::ops::{Add, Sub};

/// A moment: microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash, Debug)]
pub struct Time(i64);

impl Time {
    pub const EPOCH: Time = Time(0);
    /// Later than any moment a world reaches.
    pub const NEVER: Time = Time(i64::MAX);

    pub const fn from_micros(micros: i64) -> Self {
        Time(micros)
    }
    pub const fn from_secs(secs: i64) -> Self {
        Time(secs.saturating_mul(1_000_000))
    }
    pub const fn as_micros(self) -> i64 {
        self.0
    }
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }
    /// The moment cut to whole seconds, as the API stores it.
    pub const fn whole_second(self) -> Time {
        Time(self.0.div_euclid(1_000_000) * 1_000_000)
    }
    /// Year, month (1-12), day (1-31), hour, minute, second.
    pub fn civil(self) -> (i64, u32, u32, u32, u32, u32) {
        let secs = self.as_secs();
        let (days, rest) = (secs.div_euclid(86_400), secs.rem_euclid(86_400) as u32);
        let (year, month, day) = civil_from_days(days);
        (year, month, day, rest / 3600, rest / 60 % 60, rest % 60)
    }
    /// 0 is Sunday.
    pub fn weekday(self) -> u32 {
        (self.as_secs().div_euclid(86_400) + 4).rem_euclid(7) as u32
    }
    pub fn from_civil(year: i64, month: u32, day: u32) -> Time {
        Time::from_secs(days_from_civil(year, month, day) * 86_400)
    }
    /// `2026-01-02T03:04:05Z`.
    pub fn rfc3339(self) -> String {
        let (year, month, day, hour, minute, second) = self.civil();
        if !(0..10_000).contains(&year) {
            return format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z");
        }
        // Every commit writes some of these, and `format!` takes its time.
        let mut out = String::with_capacity(20);
        let parts = [year as u32 / 100, year as u32 % 100, month, day, hour, minute, second];
        for (part, sign) in parts.into_iter().zip(["", "-", "-", "T", ":", ":", "Z"]) {
            out.push(char::from(b'0' + (part / 10) as u8));
            out.push(char::from(b'0' + (part % 10) as u8));
            out.push_str(sign);
        }
        out
    }
    /// `2026-01-02T03:04:05.000006Z`.
    pub fn rfc3339_micro(self) -> String {
        let mut out = self.rfc3339();
        out.pop();
        out + &format!(".{:06}Z", self.0.rem_euclid(1_000_000))
    }
    /// Reads RFC 3339 with any offset and fraction; `None` if it is not one.
    pub fn parse(s: &str) -> Option<Time> {
        let b = s.as_bytes();
        if b.len() < 20
            || !b.is_ascii()
            || b[4] != b'-'
            || b[7] != b'-'
            || !matches!(b[10], b'T' | b't')
            || b[13] != b':'
            || b[16] != b':'
        {
            return None;
        }
        let (year, month, day) = (digits(&s[0..4])?, digits(&s[5..7])?, digits(&s[8..10])?);
        let (hour, minute, second) = (digits(&s[11..13])?, digits(&s[14..16])?, digits(&s[17..19])?);
        if !(1..=12).contains(&month) || !(1..=days_in(year, month)).contains(&day) || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let (micros, zone) = parse_fraction(&s[19..])?;
        let secs = days_from_civil(year, month as u32, day as u32) * 86_400 + hour * 3600 + minute * 60 + second;
        Some(Time((secs - parse_zone(zone)?) * 1_000_000 + micros))
    }
}

fn digits(s: &str) -> Option<i64> {
    if s.bytes().all(|c| c.is_ascii_digit()) { s.parse().ok() } else { None }
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn parse_fraction(s: &str) -> Option<(i64, &str)> {
    let Some(rest) = s.strip_prefix('.') else { return Some((0, s)) };
    let end = rest.bytes().position(|c| !c.is_ascii_digit())?;
    if end == 0 {
        return None;
    }
    let mut micros = 0;
    for i in 0..6 {
        micros = micros * 10 + rest.as_bytes().get(i).filter(|_| i < end).map_or(0, |c| i64::from(c - b'0'));
    }
    Some((micros, &rest[end..]))
}

fn parse_zone(s: &str) -> Option<i64> {
    if s == "Z" || s == "z" {
        return Some(0);
    }
    let sign = match s.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    if s.len() != 6 || s.as_bytes()[3] != b':' {
        return None;
    }
    Some(sign * (digits(&s[1..3])? * 3600 + digits(&s[4..6])? * 60))
}

/// Howard Hinnant's proleptic Gregorian arithmetic.
fn civil_from_days(days: i64) -> (i64, u32, u32) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = (doy - (153 * mp + 2) / 5 + 1) as u32;
    let month = if mp < 10 { mp + 3 } else { mp - 9 } as u32;
    (yoe + era * 400 + i64::from(month <= 2), month, day)
}

fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let m = i64::from(month);
    let doy = (153 * (if m > 2 { m - 3 } else { m + 9 }) + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

impl fmt::Display for Time {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.rfc3339())
    }
}

impl Add<Duration> for Time {
    type Output = Time;
    fn add(self, span: Duration) -> Time {
        Time(self.0.saturating_add(span.as_micros()))
    }
}
impl Sub<Duration> for Time {
    type Output = Time;
    fn sub(self, span: Duration) -> Time {
        Time(self.0.saturating_sub(span.as_micros()))
    }
}
impl Sub<Time> for Time {
    type Output = Duration;
    fn sub(self, other: Time) -> Duration {
        Duration::from_micros(self.0.saturating_sub(other.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips() {
        for s in ["1970-01-01T00:00:00Z", "2024-02-29T23:59:59Z", "2026-11-23T21:21:00Z"] {
            assert_eq!(Time::parse(s).unwrap().rfc3339(), s);
        }
        assert_eq!(Time::parse("2026-01-01T02:00:00.5+02:00").unwrap().rfc3339_micro(), "2026-01-01T00:00:00.500000Z");
    }

    #[test]
    fn refuses() {
        for s in [
            "",
            "2026-01-01",
            "2026-13-01T00:00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-01-01T00:00:00",
            "2026-01-01T00:00:00.Z",
            "é026-01-01T00:00:0Z",
        ] {
            assert_eq!(Time::parse(s), None, "{s}");
        }
    }
}
