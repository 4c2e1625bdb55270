//! `$(( … ))`: integer arithmetic with C's operators and the shell's variables.

use crate::table::Table;

/// The variables that an expression reads and writes.
pub(crate) trait Names {
    fn get(&self, name: &str) -> Option<String>;
    fn set(&mut self, name: &str, value: i64);
}

impl Names for Table<String, i64> {
    fn get(&self, name: &str) -> Option<String> {
        Table::get(self, name).map(i64::to_string)
    }
    fn set(&mut self, name: &str, value: i64) {
        self.insert(name.into(), value);
    }
}

const DEPTH: u32 = 64;

/// The value of an expression; an empty one is 0.
pub(crate) fn eval(text: &str, names: &mut dyn Names) -> Result<i64, String> {
    eval_at(text, names, 0)
}

fn eval_at(text: &str, names: &mut dyn Names, depth: u32) -> Result<i64, String> {
    let mut reader = Reader { text: text.as_bytes(), at: 0, names, depth, skip: 0 };
    reader.blank();
    if reader.at == reader.text.len() {
        return Ok(0);
    }
    let value = reader.comma()?;
    reader.blank();
    if reader.at < reader.text.len() { Err("arithmetic syntax error".into()) } else { Ok(value) }
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    names: &'a mut dyn Names,
    depth: u32,
    /// Above zero in a branch that is not taken.
    skip: u32,
}

/// Binary operators by how tightly they bind; longer ones first.
const BINARY: &[(&str, u8)] = &[
    ("||", 1),
    ("&&", 2),
    ("==", 6),
    ("!=", 6),
    ("<=", 7),
    (">=", 7),
    ("<<", 8),
    (">>", 8),
    ("**", 11),
    ("|", 3),
    ("^", 4),
    ("&", 5),
    ("<", 7),
    (">", 7),
    ("+", 9),
    ("-", 9),
    ("*", 10),
    ("/", 10),
    ("%", 10),
];

impl Reader<'_> {
    fn blank(&mut self) {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }
    fn eat(&mut self, what: &str) -> bool {
        self.blank();
        let found = self.text[self.at..].starts_with(what.as_bytes());
        if found {
            self.at += what.len();
        }
        found
    }
    fn enter(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > DEPTH { Err("expression recursion level exceeded".into()) } else { Ok(()) }
    }

    fn comma(&mut self) -> Result<i64, String> {
        loop {
            let value = self.ternary()?;
            if !self.eat(",") {
                return Ok(value);
            }
        }
    }

    fn ternary(&mut self) -> Result<i64, String> {
        self.enter()?;
        let condition = self.binary(1)?;
        let value = if self.eat("?") {
            let yes = self.skipping(condition == 0, Self::ternary)?;
            if !self.eat(":") {
                return Err("arithmetic syntax error".into());
            }
            let no = self.skipping(condition != 0, Self::ternary)?;
            if condition != 0 { yes } else { no }
        } else {
            condition
        };
        self.depth -= 1;
        Ok(value)
    }

    fn skipping(&mut self, skip: bool, read: impl FnOnce(&mut Self) -> Result<i64, String>) -> Result<i64, String> {
        self.skip += u32::from(skip);
        let value = read(self);
        self.skip -= u32::from(skip);
        value
    }

    fn operator(&mut self) -> Option<(&'static str, u8)> {
        self.blank();
        let rest = &self.text[self.at..];
        let found = BINARY.iter().find(|row| rest.starts_with(row.0.as_bytes()))?;
        // `a += 1` is no `a + = 1`; `==` was found before.
        let assigns = rest.get(found.0.len()) == Some(&b'=') && !matches!(found.0, "==" | "!=" | "<=" | ">=" | "<" | ">");
        if assigns { None } else { Some(*found) }
    }

    fn binary(&mut self, least: u8) -> Result<i64, String> {
        self.enter()?;
        let mut left = self.unary()?;
        while let Some((operator, binds)) = self.operator() {
            if binds < least {
                break;
            }
            self.at += operator.len();
            let unused = operator == "||" && left != 0 || operator == "&&" && left == 0;
            let next = if operator == "**" { binds } else { binds + 1 };
            let right = self.skipping(unused, |reader| reader.binary(next))?;
            left = if self.skip > 0 { 0 } else { apply(operator, left, right)? };
        }
        self.depth -= 1;
        Ok(left)
    }

    fn unary(&mut self) -> Result<i64, String> {
        self.enter()?;
        let value = if self.eat("++") {
            self.step(1)?
        } else if self.eat("--") {
            self.step(-1)?
        } else if self.eat("!") {
            i64::from(self.unary()? == 0)
        } else if self.eat("~") {
            !self.unary()?
        } else if self.eat("-") {
            self.unary()?.wrapping_neg()
        } else if self.eat("+") {
            self.unary()?
        } else {
            self.primary()?
        };
        self.depth -= 1;
        Ok(value)
    }

    /// `++name`
    fn step(&mut self, by: i64) -> Result<i64, String> {
        self.blank();
        let name = self.name();
        if name.is_empty() {
            return Err("arithmetic syntax error".into());
        }
        let value = self.value_of(&name)?.wrapping_add(by);
        self.set(&name, value);
        Ok(value)
    }

    fn set(&mut self, name: &str, value: i64) {
        if self.skip == 0 {
            self.names.set(name, value);
        }
    }

    fn name(&mut self) -> String {
        let rest = &self.text[self.at..];
        let end = rest.iter().position(|c| !c.is_ascii_alphanumeric() && *c != b'_').unwrap_or(rest.len());
        self.at += end;
        String::from_utf8_lossy(&rest[..end]).into_owned()
    }

    /// A variable's value is an expression itself.
    fn value_of(&self, name: &str) -> Result<i64, String> {
        let Some(text) = self.names.get(name) else { return Ok(0) };
        if self.skip > 0 {
            return Ok(0);
        }
        match number(text.trim()) {
            Some(value) => Ok(value),
            None if text.trim().is_empty() => Ok(0),
            None => eval_at(&text, &mut ReadOnly(&*self.names), self.depth + 8),
        }
    }

    fn primary(&mut self) -> Result<i64, String> {
        self.blank();
        let Some(byte) = self.text.get(self.at) else { return Err("arithmetic syntax error".into()) };
        match byte {
            b'(' => {
                self.at += 1;
                let value = self.comma()?;
                if self.eat(")") { Ok(value) } else { Err("arithmetic syntax error".into()) }
            }
            b'0'..=b'9' => {
                let word = self.name();
                if self.text.get(self.at) == Some(&b'#') {
                    self.at += 1;
                    let digits = self.name();
                    let base = word.parse::<u32>().ok().filter(|base| (2..=36).contains(base));
                    return base.and_then(|base| i64::from_str_radix(&digits, base).ok()).ok_or_else(syntax);
                }
                number(&word).ok_or_else(syntax)
            }
            c if c.is_ascii_alphabetic() || *c == b'_' => {
                let name = self.name();
                self.after_name(&name)
            }
            _ => Err(syntax()),
        }
    }

    fn after_name(&mut self, name: &str) -> Result<i64, String> {
        self.blank();
        if self.eat("++") {
            let value = self.value_of(name)?;
            self.set(name, value.wrapping_add(1));
            return Ok(value);
        }
        if self.eat("--") {
            let value = self.value_of(name)?;
            self.set(name, value.wrapping_sub(1));
            return Ok(value);
        }
        for operator in ["=", "+=", "-=", "*=", "/=", "%=", "<<=", ">>=", "&=", "^=", "|="] {
            if self.text[self.at..].starts_with(b"==") || !self.eat(operator) {
                continue;
            }
            let right = self.ternary()?;
            let value = match operator.trim_end_matches('=') {
                "" => right,
                operator => apply(operator, self.value_of(name)?, right)?,
            };
            self.set(name, value);
            return Ok(value);
        }
        self.value_of(name)
    }
}

struct ReadOnly<'a>(&'a dyn Names);

impl Names for ReadOnly<'_> {
    fn get(&self, name: &str) -> Option<String> {
        self.0.get(name)
    }
    fn set(&mut self, _: &str, _: i64) {}
}

fn syntax() -> String {
    "arithmetic syntax error".into()
}

/// `12`, `0x1f`, `017`, with a sign.
pub(crate) fn number(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (digits, base) = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hex) => (hex, 16),
        None if digits.len() > 1 && digits.starts_with('0') => (&digits[1..], 8),
        None => (digits, 10),
    };
    if digits.is_empty() || digits.starts_with(['+', '-']) {
        return None;
    }
    let value = i64::from_str_radix(digits, base).ok()?;
    Some(if negative { -value } else { value })
}

fn apply(operator: &str, a: i64, b: i64) -> Result<i64, String> {
    Ok(match operator {
        "||" => i64::from(a != 0 || b != 0),
        "&&" => i64::from(a != 0 && b != 0),
        "|" => a | b,
        "^" => a ^ b,
        "&" => a & b,
        "==" => i64::from(a == b),
        "!=" => i64::from(a != b),
        "<=" => i64::from(a <= b),
        ">=" => i64::from(a >= b),
        "<" => i64::from(a < b),
        ">" => i64::from(a > b),
        "<<" => a.wrapping_shl(b as u32),
        ">>" => a.wrapping_shr(b as u32),
        "+" => a.wrapping_add(b),
        "-" => a.wrapping_sub(b),
        "*" => a.wrapping_mul(b),
        "/" | "%" if b == 0 => return Err("divide by zero".into()),
        "/" => a.wrapping_div(b),
        "%" => a.wrapping_rem(b),
        "**" => a.wrapping_pow(u32::try_from(b).map_err(|_| "exponent less than 0")?),
        _ => return Err(syntax()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions() {
        let mut names = Table::new();
        names.insert("i".to_string(), 5);
        for (text, want) in [
            ("", Ok(0)),
            ("1 + 2 * 3", Ok(7)),
            ("(1+2)*3 - -1", Ok(10)),
            ("i++ + i", Ok(11)),
            ("i", Ok(6)),
            ("i += 4, i", Ok(10)),
            ("i == 10 ? 1 : 2", Ok(1)),
            ("0 && (i = 99)", Ok(0)),
            ("i", Ok(10)),
            ("2 ** 3 ** 2", Ok(512)),
            ("0x10 + 010 + 2#101", Ok(29)),
            ("!0 << 3 | 1", Ok(9)),
            ("a < 1", Ok(1)),
            ("7 % 4 - 7 / 4", Ok(2)),
            ("1 / 0", Err("divide by zero".to_string())),
            ("1 +", Err("arithmetic syntax error".to_string())),
            ("09", Err("arithmetic syntax error".to_string())),
            ("99999999999999999999", Err("arithmetic syntax error".to_string())),
            ("-9223372036854775807 - 2", Ok(i64::MAX)),
        ] {
            assert_eq!(eval(text, &mut names), want, "{text}");
        }
        assert!(eval(&"(".repeat(100_000), &mut names).is_err());
        assert!(eval(&"-".repeat(100_000), &mut names).is_err());
    }
}
