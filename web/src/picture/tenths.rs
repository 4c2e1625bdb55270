//! Numbers for style sheets and labels: a digit after the point is enough, and needs no arithmetic of long numbers.

use std::fmt;

/// Prints a number with at most one digit after the point: `1.5`, `2`, `-0.1`.
pub struct Tenths(pub f64);

impl fmt::Display for Tenths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = (self.0 * 10.0).round() as i64;
        let sign = if tenths < 0 { "-" } else { "" };
        let (whole, rest) = (tenths.unsigned_abs() / 10, tenths.unsigned_abs() % 10);
        if rest == 0 { write!(f, "{sign}{whole}") } else { write!(f, "{sign}{whole}.{rest}") }
    }
}

#[cfg(test)]
mod tests {
    use super::Tenths;

    #[test]
    fn one_digit_is_enough() {
        for (number, text) in
            [(0.0, "0"), (0.04, "0"), (-0.04, "0"), (1.25, "1.3"), (-0.1, "-0.1"), (19.96, "20"), (-12.34, "-12.3")]
        {
            assert_eq!(Tenths(number).to_string(), text);
        }
    }
}
