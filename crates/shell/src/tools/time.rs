//! sleep, seq, yes: tools that take their time or never end.

use crate::kernel::Io;
use crate::tool::{On, Step, Tool, options};
use base::{Duration, Time};

type Made = Result<Box<dyn Tool>, i32>;

#[derive(Clone, Debug)]
struct Sleep {
    until: Time,
}

/// `sleep 1.5 2m infinity`, `usleep 1000`
pub(crate) fn sleep(io: &mut Io) -> Made {
    let argv = io.core.argv.clone();
    let mut span = Duration::ZERO;
    if argv.len() < 2 {
        io.complain_usage("missing operand");
        return Err(1);
    }
    for word in &argv[1..] {
        match span_of(word, if io.tool_name() == "usleep" { 1 } else { 1_000_000 }) {
            Some(more) => span = span + more,
            None => {
                let words =
                    if io.is_bash() { format!("invalid time interval '{word}'") } else { format!("invalid number '{word}'") };
                io.complain(&words);
                return Err(1);
            }
        }
    }
    Ok(Box::new(Sleep { until: io.now + span }))
}

/// `1.5`, `2m`, `1h`, `infinity`: decimal digits only, so that nothing is lost to floating point.
pub(crate) fn span_of(text: &str, unit: i64) -> Option<Duration> {
    if matches!(text, "infinity" | "inf") {
        return Some(Duration::from_micros(i64::MAX));
    }
    let number = text.trim_end_matches(['s', 'm', 'h', 'd']);
    let scale = match &text[number.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.len() + fraction.len() == 0 || !whole.bytes().chain(fraction.bytes()).all(|c| c.is_ascii_digit()) {
        return None;
    }
    let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut micros = whole.saturating_mul(unit);
    let mut place = unit;
    for digit in fraction.bytes() {
        place /= 10;
        micros += place * i64::from(digit - b'0');
    }
    Some(Duration::from_micros(micros.saturating_mul(scale)))
}

impl Tool for Sleep {
    fn step(&mut self, io: &mut Io) -> Step {
        if io.now >= self.until { Step::Exit(0) } else { Step::Wait(On::Until(self.until)) }
    }
    fn copy(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}

/// A source of lines.
#[derive(Clone, Debug)]
enum Source {
    Yes(String),
    Seq { next: i64, last: i64, step: i64, decimals: usize, width: usize, between: String, first: bool },
}

pub(crate) fn yes(io: &mut Io) -> Made {
    let words: Vec<&str> = io.core.argv[1..].iter().map(|word| word.as_str()).collect();
    let line = if words.is_empty() { "y".into() } else { words.join(" ") };
    Ok(Box::new(Source::Yes(line + "\n")))
}

pub(crate) fn seq(io: &mut Io) -> Made {
    let argv: Vec<_> = io
        .core
        .argv
        .iter()
        .map(|word| {
            if word.starts_with('-') && word[1..].starts_with(|c: char| c.is_ascii_digit() || c == '.') {
                base::Text::from(format!("\u{1}{word}"))
            } else {
                word.clone()
            }
        })
        .collect();
    io.core.argv = std::sync::Arc::new(argv);
    let options = options(io, "+ws:f:", &[])?;
    let words: Vec<&str> = options.rest.iter().map(|word| word.trim_start_matches('\u{1}')).collect();
    let decimals =
        words.iter().map(|word| word.split_once('.').map_or(0, |(_, fraction)| fraction.len())).max().unwrap_or(0).min(9);
    let (first, step, last) = match words.as_slice() {
        [last] => ("1", "1", *last),
        [first, last] => (*first, "1", *last),
        [first, step, last] => (*first, *step, *last),
        _ => {
            io.complain(if words.is_empty() { "missing operand" } else { "extra operand" });
            return Err(1);
        }
    };
    let mut number = |word: &str| {
        fixed(word, decimals).ok_or_else(|| {
            let words = if io.is_bash() {
                format!("invalid floating point argument: '{word}'")
            } else {
                format!("invalid number '{word}'")
            };
            io.complain(&words);
            1
        })
    };
    let (next, step, last) = (number(first)?, number(step)?, number(last)?);
    if step == 0 {
        io.complain("increment is zero");
        return Err(1);
    }
    let width = if options.has('w') { first.len().max(words.last().map_or(0, |word| word.len())) } else { 0 };
    let between = options.value('s').map_or("\n", |text| text.as_str()).to_string();
    Ok(Box::new(Source::Seq { next, last, step, decimals, width, between, first: true }))
}

/// A decimal number times ten to the `decimals`.
fn fixed(text: &str, decimals: usize) -> Option<i64> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.len() + fraction.len() == 0 || whole.len() > 9 || !whole.bytes().chain(fraction.bytes()).all(|c| c.is_ascii_digit())
    {
        return None;
    }
    let value: i64 = format!("{whole}{fraction:0<decimals$}").get(..whole.len() + decimals)?.parse().unwrap_or(0);
    Some(if negative { -value } else { value })
}

fn show(value: i64, decimals: usize, width: usize) -> String {
    if decimals == 0 {
        return format!("{value:0width$}");
    }
    let digits = format!("{:0least$}", value.unsigned_abs(), least = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    let sign = if value < 0 { "-" } else { "" };
    format!("{:0>width$}", format!("{sign}{whole}.{fraction}"))
}

impl Tool for Source {
    fn step(&mut self, io: &mut Io) -> Step {
        if let Some(full) = io.output_full() {
            return Step::Wait(On::Write(full));
        }
        let mut out = String::new();
        let mut ended = false;
        while out.len() < 4096 && !ended {
            match self {
                Source::Yes(line) => out += line,
                Source::Seq { next, last, step, decimals, width, between, first } => {
                    if if *step > 0 { *next > *last } else { *next < *last } {
                        if !*first {
                            out.push('\n');
                        }
                        ended = true;
                        continue;
                    }
                    if !std::mem::replace(first, false) {
                        out += between;
                    }
                    out += &show(*next, *decimals, *width);
                    *next = next.saturating_add(*step);
                }
            }
        }
        io.out(out);
        if ended { Step::Exit(0) } else { Step::More }
    }
    fn copy(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}
