//! `IntOrString`: a number, or a text such as a port name or `25%`. Models k8s.io/apimachinery/pkg/util/intstr.

use std::fmt;

/// A number or a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum IntOrString {
    Int(i32),
    Str(String),
}

/// What happens to the part of a pod that a percentage leaves over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Round {
    Up,
    Down,
}

impl IntOrString {
    /// A number if the text is one, as flags and annotations are read.
    pub fn parse(text: &str) -> IntOrString {
        go_int(text).map_or_else(|| IntOrString::Str(text.into()), IntOrString::Int)
    }
    /// The number before the percent sign.
    pub fn percent(&self) -> Option<i32> {
        match self {
            IntOrString::Int(_) => None,
            IntOrString::Str(s) => s.strip_suffix('%').and_then(go_int),
        }
    }
    /// The number itself, or the percentage of `total`; the error is upstream's.
    pub fn scaled(&self, total: i64, round: Round) -> Result<i64, String> {
        let text = match self {
            IntOrString::Int(number) => return Ok((*number).into()),
            IntOrString::Str(text) => text,
        };
        let Some(digits) = text.strip_suffix('%') else {
            return Err("invalid value for IntOrString: invalid type: string is not a percentage".into());
        };
        let Some(percent) = go_int(digits) else {
            return Err(format!(
                "invalid value for IntOrString: invalid value {text:?}: strconv.Atoi: parsing {digits:?}: invalid syntax"
            ));
        };
        let product = i64::from(percent).saturating_mul(total);
        let floor = product.div_euclid(100);
        Ok(floor + i64::from(round == Round::Up && product.rem_euclid(100) != 0))
    }
}

/// Go's strconv.Atoi: an optional sign and decimal digits.
fn go_int(text: &str) -> Option<i32> {
    text.parse().ok()
}

impl fmt::Display for IntOrString {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IntOrString::Int(number) => write!(out, "{number}"),
            IntOrString::Str(text) => out.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_round() {
        let p = IntOrString::parse("25%");
        assert_eq!((p.scaled(3, Round::Up), p.scaled(3, Round::Down)), (Ok(1), Ok(0)));
        assert_eq!((p.scaled(10, Round::Up), p.scaled(10, Round::Down)), (Ok(3), Ok(2)));
        assert_eq!(p.percent(), Some(25));
        assert_eq!(IntOrString::parse("7"), IntOrString::Int(7));
        assert_eq!(IntOrString::Int(7).scaled(1, Round::Up), Ok(7));
        assert!(IntOrString::parse("http").scaled(1, Round::Up).unwrap_err().contains("not a percentage"));
        assert!(IntOrString::parse("x%").scaled(1, Round::Up).unwrap_err().contains("parsing \"x\""));
    }
}
