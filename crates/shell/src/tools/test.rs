//! test, `[ ]` and `[[ ]]`.

use crate::ast::Test;
use crate::expand::{Expander, Stop};
use crate::files::{Files, Kind, Owner, join};
use crate::kernel::Io;
use crate::regex::Regex;
use base::Text;

pub(crate) fn test(io: &mut Io) -> i32 {
    let argv = io.core.argv.clone();
    let bracket = argv[0] == "[" || argv[0].ends_with("/[");
    let mut args = &argv[1..];
    if bracket {
        match args.split_last() {
            Some((last, rest)) if last == "]" => args = rest,
            _ => {
                say(io, if io.is_bash() { "[: missing `]'" } else { "missing ]" });
                return 2;
            }
        }
    }
    let machine = io.machine();
    let result = {
        let mut reader = Reader { args, at: 0, depth: 0, files: &*io.files, cwd: &io.core.cwd, who: machine.owner() };
        reader.whole()
    };
    match result {
        Ok(truth) => i32::from(!truth),
        Err(words) => {
            let words = if io.is_bash() { format!("{}: {}", argv[0], bash_words(&words, args)) } else { words };
            say(io, &words);
            2
        }
    }
}

/// The same error as bash tells it.
fn bash_words(words: &str, args: &[Text]) -> String {
    if let Some(text) = words.strip_suffix(": bad number") {
        return format!("{text}: integer expression expected");
    }
    match args {
        _ if !words.ends_with(": unknown operand") => words.into(),
        [operator, _] => format!("{operator}: unary operator expected"),
        [_, operator, _] => format!("{operator}: binary operator expected"),
        _ => "too many arguments".into(),
    }
}

/// As a builtin, test complains in the shell's name.
fn say(io: &mut Io, words: &str) {
    let name = if io.is_bash() { "bash" } else { "sh" };
    io.err(format!("{name}: {words}\n"));
}

struct Reader<'a, 'f> {
    args: &'a [Text],
    at: usize,
    depth: u32,
    files: &'a Files<'f>,
    cwd: &'a str,
    who: Owner<'a>,
}

type Truth = Result<bool, String>;

const BINARY: &[&str] = &["=", "==", "!=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"];

impl Reader<'_, '_> {
    /// By the number of arguments first, as POSIX wants it.
    fn whole(&mut self) -> Truth {
        let args = self.args;
        match args {
            [] => Ok(false),
            [one] => Ok(!one.is_empty()),
            [not, one] if not == "!" => Ok(one.is_empty()),
            [left, operator, right] if BINARY.contains(&operator.as_str()) => binary(left, operator, right, self.files, self.cwd),
            [not, left, operator, right] if not == "!" && BINARY.contains(&operator.as_str()) => {
                binary(left, operator, right, self.files, self.cwd).map(|truth| !truth)
            }
            _ => {
                let truth = self.or()?;
                match args.get(self.at) {
                    None => Ok(truth),
                    Some(word) => Err(format!("{word}: unknown operand")),
                }
            }
        }
    }

    fn peek(&self) -> Option<&str> {
        self.args.get(self.at).map(Text::as_str)
    }

    fn or(&mut self) -> Truth {
        let mut left = self.and()?;
        while self.peek() == Some("-o") {
            self.at += 1;
            let right = self.and()?;
            left = left || right;
        }
        Ok(left)
    }
    fn and(&mut self) -> Truth {
        let mut left = self.not()?;
        while self.peek() == Some("-a") {
            self.at += 1;
            let right = self.not()?;
            left = left && right;
        }
        Ok(left)
    }
    fn not(&mut self) -> Truth {
        let mut negate = false;
        while self.peek() == Some("!") && self.at + 1 < self.args.len() {
            self.at += 1;
            negate = !negate;
        }
        Ok(self.primary()? != negate)
    }

    fn primary(&mut self) -> Truth {
        let args = self.args;
        let Some(word) = args.get(self.at) else { return Err("argument expected".into()) };
        if word == "(" {
            self.depth += 1;
            if self.depth > 50 {
                return Err("too deep".into());
            }
            self.at += 1;
            let truth = self.or()?;
            if self.peek() != Some(")") {
                return Err("closing paren expected".into());
            }
            self.at += 1;
            return Ok(truth);
        }
        if let Some(operator) = args.get(self.at + 1).filter(|operator| BINARY.contains(&operator.as_str())) {
            let Some(right) = args.get(self.at + 2) else { return Err(format!("{operator}: argument expected")) };
            self.at += 3;
            return binary(word, operator, right, self.files, self.cwd);
        }
        if word.len() == 2 && word.starts_with('-') && word.as_bytes()[1].is_ascii_alphabetic() && self.at + 1 < args.len() {
            let value = &args[self.at + 1];
            self.at += 2;
            return unary(word, value, self.files, self.cwd, self.who);
        }
        self.at += 1;
        Ok(!word.is_empty())
    }
}

fn unary(operator: &str, value: &str, files: &Files, cwd: &str, who: Owner) -> Truth {
    let path = join(cwd, value);
    let stat = || files.stat(&path).ok().filter(|_| !value.is_empty());
    Ok(match operator {
        "-n" => !value.is_empty(),
        "-z" => value.is_empty(),
        "-e" | "-a" => stat().is_some(),
        "-f" => stat().is_some_and(|stat| stat.kind == Kind::File),
        "-d" => stat().is_some_and(|stat| stat.kind == Kind::Dir),
        "-c" => stat().is_some_and(|stat| stat.kind == Kind::Device),
        "-L" | "-h" => files.lstat(&path).is_ok_and(|stat| stat.kind == Kind::Link),
        "-s" => stat().is_some_and(|stat| stat.size > 0),
        "-r" => stat().is_some() && files.access(&path, who, 4),
        "-w" => stat().is_some() && files.access(&path, who, 2),
        "-x" => stat().is_some() && files.access(&path, who, 1),
        "-b" | "-p" | "-S" | "-t" | "-u" | "-g" | "-k" => false,
        "-O" | "-G" => stat().is_some(),
        _ => return Err(format!("{operator}: unknown operand")),
    })
}

fn binary(left: &str, operator: &str, right: &str, files: &Files, cwd: &str) -> Truth {
    let time = |path: &str| files.stat(&join(cwd, path)).ok().map(|stat| stat.meta.mtime);
    match operator {
        "=" | "==" => return Ok(left == right),
        "!=" => return Ok(left != right),
        "<" => return Ok(left < right),
        ">" => return Ok(left > right),
        "-nt" => return Ok(time(left) > time(right)),
        "-ot" => return Ok(time(left) < time(right)),
        "-ef" => return Ok(files.canonical(&join(cwd, left)).ok() == files.canonical(&join(cwd, right)).ok()),
        _ => {}
    }
    let number = |text: &str| text.trim().parse::<i64>().map_err(|_| format!("{text}: bad number"));
    let (a, b) = (number(left)?, number(right)?);
    Ok(match operator {
        "-eq" => a == b,
        "-ne" => a != b,
        "-lt" => a < b,
        "-le" => a <= b,
        "-gt" => a > b,
        "-ge" => a >= b,
        _ => return Err(format!("{operator}: unknown operand")),
    })
}

/// `[[ … ]]`
pub(crate) fn evaluate(test: &Test, ex: &mut Expander, who: Owner) -> Result<Truth, Stop> {
    Ok(match test {
        Test::And(left, right) => match evaluate(left, ex, who)? {
            Ok(true) => evaluate(right, ex, who)?,
            other => other,
        },
        Test::Or(left, right) => match evaluate(left, ex, who)? {
            Ok(false) => evaluate(right, ex, who)?,
            other => other,
        },
        Test::Not(inner) => evaluate(inner, ex, who)?.map(|truth| !truth),
        Test::Nonempty(word) => Ok(!ex.text(word)?.is_empty()),
        Test::Unary(operator, word) if operator == "-v" => {
            let name = ex.text(word)?;
            Ok(!name.is_empty() && ex.value(&name, None).is_some())
        }
        Test::Unary(operator, word) => {
            let value = ex.text(word)?;
            unary(operator, &value, ex.files, &ex.shell.cwd, who)
        }
        Test::Binary(left, operator, right) => {
            let left = ex.text(left)?;
            match operator.as_str() {
                "=" | "==" => Ok(ex.pattern(right)?.matches(&left)),
                "!=" => Ok(!ex.pattern(right)?.matches(&left)),
                "=~" => match Regex::new(&ex.regex(right)?, true, false) {
                    Ok(regex) => Ok(regex.is_match(left.as_bytes())),
                    Err(words) => Err(words.to_string()),
                },
                "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge" => {
                    // Inside `[[ ]]` both sides are arithmetic.
                    let right = ex.text(right)?;
                    let number = |text: &str| crate::arith::eval(text, &mut crate::table::Table::new());
                    match (number(&left), number(&right)) {
                        (Ok(a), Ok(b)) => binary(&a.to_string(), operator, &b.to_string(), ex.files, &ex.shell.cwd),
                        (Err(words), _) | (_, Err(words)) => Err(format!("{left}: {words}")),
                    }
                }
                _ => {
                    let right = ex.text(right)?;
                    binary(&left, operator, &right, ex.files, &ex.shell.cwd)
                }
            }
        }
    })
}
