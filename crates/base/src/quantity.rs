//! `Quantity`: an amount of a resource (`500m`, `1.5Gi`, `2e3`), exact to a billionth.
//! Models k8s.io/apimachinery/pkg/api/resource: what it accepts, how it rounds (away from zero), and its canonical text.

use std::cmp::Ordering;
use std::fmt;
use std::ops::{Add, Mul, Neg, Sub};

/// The family of suffixes that a quantity was written with and is printed with.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum QuantityFormat {
    /// `n u m k M G T P E`
    #[default]
    DecimalSi,
    /// `Ki Mi Gi Ti Pi Ei`
    BinarySi,
    /// `e3`, `e6`
    DecimalExponent,
}

/// Why a text is no quantity; prints Kubernetes' words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum QuantityError {
    Format,
    Suffix,
}

impl fmt::Display for QuantityError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            QuantityError::Format => {
                "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
            }
            QuantityError::Suffix => "unable to parse quantity's suffix",
        })
    }
}

const NANOS: i128 = 1_000_000_000;
/// The largest amount: 2^63-1, as upstream caps binary quantities.
const MAX: i128 = i64::MAX as i128 * NANOS;
/// Digits that are kept: all that a stored amount can have, or what a shift by 60 bits leaves room for. What follows only decides whether
/// the last one is rounded up.
const DECIMAL_DIGITS: usize = 28;
const BINARY_DIGITS: usize = 19;

/// A fixed-point amount with the suffix family it is printed in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quantity {
    nanos: i128,
    format: QuantityFormat,
}

impl Quantity {
    pub const ZERO: Quantity = Quantity { nanos: 0, format: QuantityFormat::DecimalSi };

    /// A whole number, printed with decimal suffixes.
    pub const fn from_int(value: i64) -> Quantity {
        Quantity { nanos: value as i128 * NANOS, format: QuantityFormat::DecimalSi }
    }
    /// Thousandths, printed with decimal suffixes.
    pub const fn from_milli(milli: i64) -> Quantity {
        Quantity { nanos: milli as i128 * 1_000_000, format: QuantityFormat::DecimalSi }
    }
    /// A whole number of bytes, printed with binary suffixes.
    pub const fn from_bytes(bytes: i64) -> Quantity {
        Quantity { nanos: bytes as i128 * NANOS, format: QuantityFormat::BinarySi }
    }
    /// Reads a quantity as the API does.
    pub fn parse(text: &str) -> Result<Quantity, QuantityError> {
        Parts::split(text)?.quantity()
    }
    /// The text under which the API stores `text`: canonical, but for the few spellings that upstream keeps as they are
    /// (`1.500`, `1E3`) because it takes them for canonical.
    pub fn canonical(text: &str) -> Result<String, QuantityError> {
        let parts = Parts::split(text)?;
        let quantity = parts.quantity()?;
        Ok(if parts.kept_as_written()? { text.into() } else { quantity.to_string() })
    }
    pub const fn format(self) -> QuantityFormat {
        self.format
    }
    pub const fn with_format(self, format: QuantityFormat) -> Quantity {
        Quantity { format, ..self }
    }
    pub const fn is_zero(self) -> bool {
        self.nanos == 0
    }
    pub const fn is_negative(self) -> bool {
        self.nanos < 0
    }
    /// The whole number, rounded away from zero.
    pub fn value(self) -> i64 {
        saturate(divide_up(self.nanos, NANOS))
    }
    /// Thousandths, rounded away from zero.
    pub fn as_milli(self) -> i64 {
        saturate(divide_up(self.nanos, 1_000_000))
    }
    pub fn as_f64(self) -> f64 {
        self.nanos as f64 / 1e9
    }
    /// True if it is a whole number.
    pub const fn is_integer(self) -> bool {
        self.nanos % NANOS == 0
    }
}

fn divide_up(value: i128, by: i128) -> i128 {
    value / by + if value % by == 0 { 0 } else { value.signum() }
}

fn saturate(value: i128) -> i64 {
    value.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}

/// A quantity's text, cut into what matters.
struct Parts<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
    suffix: &'a str,
}

enum Scale {
    Ten(i32),
    Two(u32),
}

impl<'a> Parts<'a> {
    fn split(text: &'a str) -> Result<Parts<'a>, QuantityError> {
        if text.is_empty() {
            return Err(QuantityError::Format);
        }
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (whole, rest) = split_digits(unsigned.trim_start_matches('0'));
        let (fraction, suffix) = rest.strip_prefix('.').map_or(("", rest), split_digits);
        let letters = suffix.trim_start_matches(|c| "eEinumkKMGTP".contains(c));
        if !split_digits(letters.strip_prefix(['-', '+']).unwrap_or(letters)).1.is_empty() {
            return Err(QuantityError::Format);
        }
        Ok(Parts { negative: text.starts_with('-'), whole, fraction, suffix })
    }

    fn scale(&self) -> Result<(Scale, QuantityFormat), QuantityError> {
        let decimal = |exponent| Ok((Scale::Ten(exponent), QuantityFormat::DecimalSi));
        let binary = |shift| Ok((Scale::Two(shift), QuantityFormat::BinarySi));
        match self.suffix {
            "n" => decimal(-9),
            "u" => decimal(-6),
            "m" => decimal(-3),
            "" => decimal(0),
            "k" => decimal(3),
            "M" => decimal(6),
            "G" => decimal(9),
            "T" => decimal(12),
            "P" => decimal(15),
            "E" => decimal(18),
            "Ki" => binary(10),
            "Mi" => binary(20),
            "Gi" => binary(30),
            "Ti" => binary(40),
            "Pi" => binary(50),
            "Ei" => binary(60),
            other => match other.strip_prefix(['e', 'E']).map(str::parse::<i64>) {
                Some(Ok(exponent)) => Ok((Scale::Ten(exponent.clamp(-999, 999) as i32), QuantityFormat::DecimalExponent)),
                _ => Err(QuantityError::Suffix),
            },
        }
    }

    /// The first digits as a number, the power of ten to multiply it by, and whether anything but zeros was cut off.
    fn mantissa(&self, most: usize) -> (i128, i32, bool) {
        let (mut number, mut exponent, mut used, mut cut) = (0_i128, 0_i32, 0, false);
        let digits = self.whole.bytes().map(|b| (b, false)).chain(self.fraction.bytes().map(|b| (b, true)));
        for (byte, fraction) in digits {
            let digit = i128::from(byte - b'0');
            if used < most {
                number = number * 10 + digit;
                used += usize::from(number != 0);
                exponent = exponent.saturating_sub(i32::from(fraction));
            } else {
                cut |= digit != 0;
                exponent = exponent.saturating_add(i32::from(!fraction));
            }
        }
        (number, exponent, cut)
    }

    fn quantity(&self) -> Result<Quantity, QuantityError> {
        let (scale, mut format) = self.scale()?;
        let digits = if matches!(scale, Scale::Two(_)) { BINARY_DIGITS } else { DECIMAL_DIGITS };
        let (mut number, mut exponent, cut) = self.mantissa(digits);
        match scale {
            Scale::Ten(power) => exponent = exponent.saturating_add(power),
            Scale::Two(shift) => number <<= shift,
        }
        let nanos = power_of_ten(number, exponent.saturating_add(9), cut);
        if format == QuantityFormat::BinarySi && nanos > 0 && nanos < NANOS {
            format = QuantityFormat::DecimalSi;
        }
        Ok(Quantity { nanos: if self.negative { -nanos } else { nanos }, format })
    }

    /// Upstream skips the canonical form where a look at the digits tells it that the text is canonical already.
    fn kept_as_written(&self) -> Result<bool, QuantityError> {
        let (scale, _) = self.scale()?;
        let digits = [if self.whole.is_empty() { "0" } else { self.whole }, self.fraction].concat();
        let places = self.fraction.len() as i32;
        Ok(match scale {
            Scale::Two(shift) => {
                let room = 14 - (self.whole.len() as i32) - (shift * 3 / 10) as i32;
                places == 0 && room >= 0 && digits.parse::<i64>().is_ok_and(|n| n & 7 != 0)
            }
            Scale::Ten(power) => {
                let scale = power.saturating_sub(places);
                digits.len() <= 18 && scale >= -9 && scale % 3 == 0 && !digits.ends_with("000") && !digits.starts_with('0')
            }
        })
    }
}

fn split_digits(s: &str) -> (&str, &str) {
    s.split_at(s.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(s.len()))
}

/// `number * 10^exponent`, rounded up, at most [`MAX`].
fn power_of_ten(number: i128, exponent: i32, cut: bool) -> i128 {
    if number == 0 {
        return i128::from(cut);
    }
    let power = 10_i128.checked_pow(exponent.unsigned_abs());
    if exponent >= 0 {
        return power.and_then(|p| number.checked_mul(p)).map_or(MAX, |n| (n + i128::from(cut)).min(MAX));
    }
    match power {
        Some(power) => (divide_up(number, power) + i128::from(cut && number % power == 0)).min(MAX),
        None => 1,
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nanos == 0 {
            return out.write_str("0");
        }
        match self.format {
            QuantityFormat::BinarySi if self.is_integer() && self.nanos.abs() >= 1024 * NANOS => binary(self.nanos / NANOS, out),
            QuantityFormat::DecimalExponent => {
                decimal(self.nanos, |power, out| if power == 0 { Ok(()) } else { write!(out, "e{power}") }, out)
            }
            QuantityFormat::BinarySi | QuantityFormat::DecimalSi => decimal(self.nanos, si_suffix, out),
        }
    }
}

fn binary(mut value: i128, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut step = 0;
    while value % 1024 == 0 && step < 6 {
        value /= 1024;
        step += 1;
    }
    write!(out, "{value}{}", ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"][step])
}

fn si_suffix(power: i32, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    out.write_str(["n", "u", "m", "", "k", "M", "G", "T", "P", "E"][((power + 9) / 3) as usize])
}

fn decimal(
    mut value: i128,
    suffix: fn(i32, &mut fmt::Formatter<'_>) -> fmt::Result,
    out: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let mut power = -9;
    while value % 1000 == 0 && power < 18 {
        value /= 1000;
        power += 3;
    }
    write!(out, "{value}")?;
    suffix(power, out)
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Quantity) -> bool {
        self.nanos == other.nanos
    }
}
impl Eq for Quantity {}
impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Quantity) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Quantity {
    fn cmp(&self, other: &Quantity) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }
}

/// The sum keeps the left format, unless the left side is zero.
impl Add for Quantity {
    type Output = Quantity;
    fn add(self, other: Quantity) -> Quantity {
        let format = if self.nanos == 0 { other.format } else { self.format };
        Quantity { nanos: self.nanos.saturating_add(other.nanos), format }
    }
}
impl Sub for Quantity {
    type Output = Quantity;
    fn sub(self, other: Quantity) -> Quantity {
        self + -other
    }
}
impl Neg for Quantity {
    type Output = Quantity;
    fn neg(self) -> Quantity {
        Quantity { nanos: self.nanos.saturating_neg(), format: self.format }
    }
}
impl Mul<i64> for Quantity {
    type Output = Quantity;
    fn mul(self, by: i64) -> Quantity {
        Quantity { nanos: self.nanos.saturating_mul(by.into()), format: self.format }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, canonical: &str) {
        assert_eq!(Quantity::parse(text).map(|q| q.to_string()).as_deref(), Ok(canonical), "{text}");
    }

    #[test]
    fn canonical_text() {
        for (text, want) in [
            ("0", "0"),
            ("0Gi", "0"),
            ("1000m", "1"),
            ("0.5", "500m"),
            (".5", "500m"),
            ("1.5Gi", "1536Mi"),
            ("1024Mi", "1Gi"),
            ("1000Mi", "1000Mi"),
            ("0.5Mi", "512Ki"),
            ("512", "512"),
            ("100", "100"),
            ("1000", "1k"),
            ("1500", "1500"),
            ("2000k", "2M"),
            ("1e3", "1e3"),
            ("1000e3", "1e6"),
            ("1E", "1E"),
            ("100m", "100m"),
            ("1234567n", "1234567n"),
            ("0.0000000001", "1n"),
            ("-1.5", "-1500m"),
            ("+2", "2"),
            ("001", "1"),
            ("1.", "1"),
            ("0.1Ki", "102400m"),
            ("0.0001Ki", "102400u"),
            ("9223372036854775807", "9223372036854775807"),
            ("16Ei", "9223372036854775807"),
            ("123456789012345678901234567890Gi", "9223372036854775807"),
        ] {
            check(text, want);
        }
    }

    #[test]
    fn stored_text_keeps_some_spellings() {
        for (text, want) in [
            ("1.500", "1.500"),
            ("1.5", "1500m"),
            ("1E3", "1E3"),
            ("0.500", "500m"),
            ("1000", "1k"),
            ("2048Ki", "2Mi"),
            ("3Ki", "3Ki"),
        ] {
            assert_eq!(Quantity::canonical(text).as_deref(), Ok(want), "{text}");
        }
    }

    #[test]
    fn refuses() {
        for (text, want) in [
            ("", QuantityError::Format),
            ("abc", QuantityError::Format),
            ("1 Gi", QuantityError::Format),
            ("1.2.3", QuantityError::Format),
            ("1Gb", QuantityError::Format),
            ("1ki", QuantityError::Suffix),
            ("1mi", QuantityError::Suffix),
            ("1K", QuantityError::Suffix),
            ("1MM", QuantityError::Suffix),
            ("é", QuantityError::Format),
        ] {
            assert_eq!(Quantity::parse(text).err(), Some(want), "{text}");
        }
    }

    #[test]
    fn arithmetic_and_rounding() {
        let q = |s| Quantity::parse(s).unwrap();
        assert_eq!(q("1500m").value(), 2);
        assert_eq!(q("-1500m").value(), -2);
        assert_eq!(q("1u").as_milli(), 1);
        assert_eq!(q("1Gi").value(), 1 << 30);
        assert_eq!((q("1Gi") - q("512Mi")).to_string(), "512Mi");
        assert_eq!((Quantity::ZERO + q("1Gi")).to_string(), "1Gi");
        assert_eq!((q("1") + q("100m")).to_string(), "1100m");
        assert!(q("1k") == q("1000") && q("1Ki") > q("1k"));
        assert_eq!(q("9E").value(), 9_000_000_000_000_000_000);
    }
}
