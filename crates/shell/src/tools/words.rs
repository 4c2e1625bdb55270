//! Small tools on words: basename, dirname, which, expr, clear.

use crate::kernel::Io;
use crate::regex::Regex;
use base::Text;

pub(crate) fn basename(io: &mut Io) -> i32 {
    let argv = io.core.argv.clone();
    let Some(path) = argv.get(1) else {
        io.complain_usage("missing operand");
        return 1;
    };
    let trimmed = path.trim_end_matches('/');
    let base = if trimmed.is_empty() && !path.is_empty() { "/" } else { trimmed.rsplit('/').next().unwrap_or_default() };
    let suffix = argv.get(2).map_or("", Text::as_str);
    let base = base.strip_suffix(suffix).filter(|rest| !rest.is_empty()).unwrap_or(base);
    io.out(format!("{base}\n"));
    0
}

pub(crate) fn dirname(io: &mut Io) -> i32 {
    let argv = io.core.argv.clone();
    let Some(path) = argv.get(1) else {
        io.complain_usage("missing operand");
        return 1;
    };
    let trimmed = path.trim_end_matches('/');
    let dir = match trimmed.rfind('/') {
        Some(at) => trimmed[..at].trim_end_matches('/'),
        None if trimmed.is_empty() && !path.is_empty() => "",
        None => ".",
    };
    io.out(format!("{}\n", if dir.is_empty() { "/" } else { dir }));
    0
}

pub(crate) fn which(io: &mut Io) -> i32 {
    let machine = io.machine();
    let mut code = 0;
    for name in io.core.argv.clone()[1..].iter().filter(|name| !name.starts_with('-')) {
        let path = io.env("PATH").cloned().unwrap_or_else(|| Text::from(crate::tool::DEFAULT_PATH));
        match crate::tool::resolve(name, &path, &io.core.cwd, &machine, io.files) {
            Ok(_) if name.contains('/') => io.out(format!("{name}\n")),
            Ok(_) => io.out(format!("{}\n", crate::builtins::place_of(name, &machine))),
            Err(_) => code = 1,
        }
    }
    code
}

pub(crate) fn clear(io: &mut Io) -> i32 {
    io.out("\x1b[H\x1b[J");
    0
}

/// The arguments of `expr`, read from the front.
struct Reader {
    words: Vec<Text>,
    at: usize,
    depth: u32,
}

type Value = Result<String, String>;

pub(crate) fn expr(io: &mut Io) -> i32 {
    let words = io.core.argv[1..].to_vec();
    if words.is_empty() {
        io.complain("too few arguments");
        return 2;
    }
    let mut reader = Reader { words, at: 0, depth: 0 };
    let value = reader.any(0);
    match value {
        Ok(_) if reader.at < reader.words.len() => {
            io.complain("syntax error");
            2
        }
        Ok(value) => {
            io.out(format!("{value}\n"));
            i32::from(value.is_empty() || value == "0")
        }
        Err(words) => {
            io.complain(&words);
            2
        }
    }
}

const LEVELS: &[&[&str]] = &[&["|"], &["&"], &["=", "==", "!=", "<", "<=", ">", ">="], &["+", "-"], &["*", "/", "%"], &[":"]];

impl Reader {
    fn peek(&self) -> Option<&str> {
        self.words.get(self.at).map(Text::as_str)
    }

    fn any(&mut self, level: usize) -> Value {
        let Some(operators) = LEVELS.get(level) else { return self.primary() };
        let mut left = self.any(level + 1)?;
        while let Some(operator) = self.peek().filter(|word| operators.contains(word)).map(String::from) {
            self.at += 1;
            let right = self.any(level + 1)?;
            left = apply(&operator, &left, &right)?;
        }
        Ok(left)
    }

    fn primary(&mut self) -> Value {
        let Some(word) = self.peek().map(String::from) else { return Err("syntax error".into()) };
        self.at += 1;
        match word.as_str() {
            "(" => {
                self.depth += 1;
                if self.depth > 50 {
                    return Err("syntax error".into());
                }
                let value = self.any(0)?;
                if self.peek() != Some(")") {
                    return Err("syntax error".into());
                }
                self.at += 1;
                Ok(value)
            }
            "length" if self.peek().is_some() => {
                let text = self.primary()?;
                Ok(text.chars().count().to_string())
            }
            "substr" if self.words.len() >= self.at + 3 => {
                let (text, from, len) = (self.primary()?, self.primary()?, self.primary()?);
                let (from, len) = (from.parse::<usize>().unwrap_or(0), len.parse::<usize>().unwrap_or(0));
                Ok(if from == 0 { String::new() } else { text.chars().skip(from - 1).take(len).collect() })
            }
            "match" if self.words.len() >= self.at + 2 => {
                let (text, pattern) = (self.primary()?, self.primary()?);
                apply(":", &text, &pattern)
            }
            _ => Ok(word),
        }
    }
}

fn apply(operator: &str, left: &str, right: &str) -> Value {
    let is_true = |text: &str| !text.is_empty() && text != "0";
    let truth = |value: bool| Ok(i32::from(value).to_string());
    match operator {
        "|" => return Ok(if is_true(left) { left.into() } else { right.into() }),
        "&" => return Ok(if is_true(left) && is_true(right) { left.into() } else { "0".into() }),
        ":" => {
            let regex =
                Regex::new(&format!("^{}", right.trim_start_matches('^')), false, false).map_err(|words| words.to_string())?;
            let found = regex.find(left.as_bytes(), 0);
            return Ok(match found {
                Some(found) if regex.groups() > 0 => {
                    found.group(1).map_or(String::new(), |(from, to)| String::from_utf8_lossy(&left.as_bytes()[from..to]).into())
                }
                Some(found) => (found.end - found.start).to_string(),
                None if regex.groups() > 0 => String::new(),
                None => "0".into(),
            });
        }
        _ => {}
    }
    let numbers = (left.parse::<i64>().ok(), right.parse::<i64>().ok());
    match (operator, numbers) {
        ("=" | "==", (Some(a), Some(b))) => truth(a == b),
        ("!=", (Some(a), Some(b))) => truth(a != b),
        ("<", (Some(a), Some(b))) => truth(a < b),
        ("<=", (Some(a), Some(b))) => truth(a <= b),
        (">", (Some(a), Some(b))) => truth(a > b),
        (">=", (Some(a), Some(b))) => truth(a >= b),
        ("=" | "==", _) => truth(left == right),
        ("!=", _) => truth(left != right),
        ("<", _) => truth(left < right),
        ("<=", _) => truth(left <= right),
        (">", _) => truth(left > right),
        (">=", _) => truth(left >= right),
        (_, (Some(_), Some(0))) if matches!(operator, "/" | "%") => Err("division by zero".into()),
        ("+", (Some(a), Some(b))) => Ok(a.wrapping_add(b).to_string()),
        ("-", (Some(a), Some(b))) => Ok(a.wrapping_sub(b).to_string()),
        ("*", (Some(a), Some(b))) => Ok(a.wrapping_mul(b).to_string()),
        ("/", (Some(a), Some(b))) => Ok(a.wrapping_div(b).to_string()),
        ("%", (Some(a), Some(b))) => Ok(a.wrapping_rem(b).to_string()),
        _ => Err("non-integer argument".into()),
    }
}
