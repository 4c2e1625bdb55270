//! awk: the interpreter. Values are numbers, texts, and texts from input that look like numbers.

use crate::filter::{Filter, Filtering, Flow, Wording};
use crate::kernel::Io;
use crate::regex::Regex;
use crate::table::Table;
use crate::tool::{Options, Tool, options};
use crate::tools::awk_parse::{Expr, Pattern, Rule, Statement, To, parse};
use crate::tools::awk_value::{Value, looks_numeric};
use crate::tools::printf::{Arg, format_all};
use base::{Text, Time};
use std::sync::Arc;

/// Steps for one record, so that no loop runs forever.
const STEPS: u32 = 2_000_000;

#[derive(Clone, Debug)]
struct Awk {
    rules: Arc<Vec<Rule>>,
    vars: Table<String, Value>,
    arrays: Table<String, Table<String, Value>>,
    fields: Vec<String>,
    record: String,
    /// The ranges that are open, by rule.
    open: Vec<bool>,
    begun: bool,
    steps: u32,
    spent: usize,
    wrong: Option<String>,
    exit: Option<i32>,
    now: Time,
    random: u64,
    /// No rule needs input.
    only_begin: bool,
    /// Files that were written to.
    files: Vec<Text>,
    written: Vec<(Text, bool, Vec<u8>)>,
}

pub(crate) fn awk(io: &mut Io) -> Result<Box<dyn Tool>, i32> {
    let options = options(io, "+F:v:f:", &[])?;
    let mut rest = options.rest.clone();
    let mut text = String::new();
    for file in options.values('f') {
        match io.read_file(file) {
            Ok(data) => text += &String::from_utf8_lossy(data.bytes()),
            Err(error) => {
                io.complain(&format!("{file}: {}", error.words()));
                return Err(1);
            }
        }
    }
    if !options.has('f') {
        if rest.is_empty() {
            io.err("Usage: awk [-F fs][-v var=value][prog | -f progfile][file ...]\n");
            return Err(1);
        }
        text = rest.remove(0).to_string();
    }
    let rules = parse(&text).map_err(|words| {
        io.complain(&format!("cmd. line:1: {words}"));
        1
    })?;
    let mut vars = variables(&options);
    while let Some((name, value)) =
        rest.first().and_then(|word| word.split_once('=')).filter(|(name, _)| crate::parse::is_name(name))
    {
        vars.insert(name.into(), Value::Input(text_of(value)));
        rest.remove(0);
    }
    let mut environ = Table::new();
    for (name, value) in io.core.env.iter() {
        environ.insert(name.to_string(), Value::Input(value.to_string()));
    }
    let mut arrays = Table::new();
    arrays.insert("ENVIRON".to_string(), environ);
    let only_begin = rules.iter().all(|rule| matches!(rule.pattern, Pattern::Begin));
    let awk = Awk {
        open: vec![false; rules.len()],
        rules: Arc::new(rules),
        vars,
        arrays,
        fields: Vec::new(),
        record: String::new(),
        begun: false,
        steps: 0,
        spent: 0,
        wrong: None,
        exit: None,
        now: io.now,
        random: 0,
        only_begin,
        files: Vec::new(),
        written: Vec::new(),
    };
    let files = if only_begin { vec![base::text!("/dev/null")] } else { rest };
    Ok(Filtering::failing(awk, files, Wording::Plain, 2))
}

/// `NR`, `FS` and the others, with `-F` and `-v`.
fn variables(options: &Options) -> Table<String, Value> {
    let mut vars = Table::new();
    let separator = options.value('F').map_or(" ", |text| if text == "t" { "\t" } else { text.as_str() });
    for (name, value) in [
        ("FS", separator),
        ("OFS", " "),
        ("ORS", "\n"),
        ("RS", "\n"),
        ("SUBSEP", "\u{1c}"),
        ("OFMT", "%.6g"),
        ("CONVFMT", "%.6g"),
    ] {
        vars.insert(name.to_string(), Value::Text(text_of(value)));
    }
    for name in ["NR", "NF", "FNR", "RSTART"] {
        vars.insert(name.into(), Value::Number(0.0));
    }
    for assign in options.values('v') {
        if let Some((name, value)) = assign.split_once('=') {
            vars.insert(name.into(), Value::Input(text_of(value)));
        }
    }
    vars
}

/// A text with its escapes read.
fn text_of(text: &str) -> String {
    String::from_utf8_lossy(&crate::escape::unescape(text).0).into_owned()
}

/// How a statement ended.
enum Stop {
    Next,
    Break,
    Continue,
    Exit,
    Wrong(String),
}

type Run<T> = Result<T, Stop>;

impl Awk {
    fn get(&self, name: &str) -> Value {
        match name {
            "NF" => Value::Number(self.fields.len() as f64),
            _ => self.vars.get(name).cloned().unwrap_or(Value::Unset),
        }
    }
    fn var_text(&self, name: &str) -> String {
        self.get(name).text()
    }

    fn set_record(&mut self, text: String) {
        self.fields = self.split(&text, &self.var_text("FS"));
        self.record = text;
    }

    fn split(&self, text: &str, separator: &str) -> Vec<String> {
        if text.is_empty() {
            return Vec::new();
        }
        if separator == " " {
            return text.split_ascii_whitespace().map(String::from).collect();
        }
        let single = separator.chars().count() == 1 && separator != "\\";
        if single {
            return text.split(separator).map(String::from).collect();
        }
        if separator.is_empty() {
            return text.chars().map(String::from).collect();
        }
        let Ok(regex) = Regex::new(separator, true, false) else { return vec![text.into()] };
        let mut out = Vec::new();
        let (mut start, mut at) = (0, 0);
        while let Some(found) = regex.find(text.as_bytes(), at) {
            if found.end > found.start {
                out.push(text[start..found.start].to_string());
                (start, at) = (found.end, found.end);
            } else {
                at = found.end + 1;
            }
            if at > text.len() {
                break;
            }
        }
        out.push(text[start..].to_string());
        out
    }

    fn field(&self, nth: f64) -> Run<Value> {
        if !(0.0..=100_000.0).contains(&nth) {
            return Err(Stop::Wrong("access to negative field".into()));
        }
        Ok(match nth as usize {
            0 => Value::Input(self.record.clone()),
            nth => self.fields.get(nth - 1).map_or(Value::Unset, |text| Value::Input(text.clone())),
        })
    }

    fn assign(&mut self, place: &Expr, value: Value) -> Run<Value> {
        match place {
            Expr::Var(name) if name == "NF" => {
                self.fields.resize(value.number().clamp(0.0, 100_000.0) as usize, String::new());
                self.record = self.fields.join(&self.var_text("OFS"));
            }
            Expr::Var(name) => _ = self.vars.insert(name.clone(), value.clone()),
            Expr::Field(nth) => {
                let nth = self.eval(nth)?.number();
                if !(0.0..=100_000.0).contains(&nth) {
                    return Err(Stop::Wrong("access to negative field".into()));
                }
                match nth as usize {
                    0 => self.set_record(value.text()),
                    nth => {
                        if self.fields.len() < nth {
                            self.fields.resize(nth, String::new());
                        }
                        self.fields[nth - 1] = value.text();
                        self.record = self.fields.join(&self.var_text("OFS"));
                    }
                }
            }
            Expr::Index(name, keys) => {
                let key = self.key(keys)?;
                let array = self.array(name)?;
                array.insert(key, value.clone());
            }
            _ => return Err(Stop::Wrong("syntax error".into())),
        }
        Ok(value)
    }

    /// An array to add to; that costs what it moves.
    fn array(&mut self, name: &str) -> Run<&mut Table<String, Value>> {
        let array = self.arrays.or_insert_with(name.into(), Table::new);
        self.steps = self.steps.saturating_add((array.len() / 64) as u32);
        self.spent += array.len() / 64;
        if array.len() > 200_000 { Err(Stop::Wrong("out of memory".into())) } else { Ok(array) }
    }

    fn key(&mut self, keys: &[Expr]) -> Run<String> {
        let between = self.var_text("SUBSEP");
        let parts = keys.iter().map(|key| self.eval(key).map(|value| value.text())).collect::<Run<Vec<_>>>()?;
        Ok(parts.join(&between))
    }

    fn step(&mut self) -> Run<()> {
        self.steps += 1;
        self.spent += 1;
        if self.steps > STEPS { Err(Stop::Wrong("runs for too long".into())) } else { Ok(()) }
    }

    fn eval(&mut self, expr: &Expr) -> Run<Value> {
        self.step()?;
        let truth = |value: bool| Value::Number(f64::from(u8::from(value)));
        Ok(match expr {
            Expr::Number(number) => Value::Number(*number),
            Expr::Text(text) => Value::Text(text.clone()),
            Expr::Regex(regex) => truth(regex.is_match(self.record.as_bytes())),
            Expr::Var(name) => self.get(name),
            Expr::Field(nth) => {
                let nth = self.eval(nth)?.number();
                self.field(nth)?
            }
            Expr::Index(name, keys) => {
                let key = self.key(keys)?;
                self.array(name)?.or_insert_with(key, || Value::Unset).clone()
            }
            Expr::Assign(operator, place, right) => {
                let right = self.eval(right)?;
                let value = if *operator == '=' {
                    right
                } else {
                    Value::Number(arithmetic(*operator, self.eval(place)?.number(), right.number())?)
                };
                self.assign(place, value)?
            }
            Expr::Condition(condition, yes, no) => {
                let branch = if self.eval(condition)?.truth() { yes } else { no };
                self.eval(branch)?
            }
            Expr::And(left, right) => truth(self.eval(left)?.truth() && self.eval(right)?.truth()),
            Expr::Or(left, right) => truth(self.eval(left)?.truth() || self.eval(right)?.truth()),
            Expr::Not(inner) => truth(!self.eval(inner)?.truth()),
            Expr::Negative(inner) => Value::Number(-self.eval(inner)?.number()),
            Expr::Positive(inner) => Value::Number(self.eval(inner)?.number()),
            Expr::Binary(operator, left, right) => {
                let (left, right) = (self.eval(left)?, self.eval(right)?);
                self.binary(operator, &left, &right)?
            }
            Expr::Match { negate, text, regex } => {
                let text = self.eval(text)?.text();
                let regex = self.regex(regex)?;
                self.spent += text.len() / 8;
                truth(regex.is_match(text.as_bytes()) != *negate)
            }
            Expr::In(keys, array) => {
                let key = self.key(keys)?;
                truth(self.arrays.get(array).is_some_and(|array| array.contains_key(&key)))
            }
            Expr::Step { before, by, target } => {
                let old = self.eval(target)?.number();
                self.assign(target, Value::Number(old + by))?;
                Value::Number(if *before { old + by } else { old })
            }
            Expr::Call(name, args) => self.call(name, args)?,
        })
    }

    fn binary(&mut self, operator: &str, left: &Value, right: &Value) -> Run<Value> {
        Ok(match operator {
            " " => {
                let text = left.text() + &right.text();
                self.steps = self.steps.saturating_add((text.len() / 64) as u32);
                if text.len() > 1 << 20 {
                    return Err(Stop::Wrong("out of memory".into()));
                }
                Value::Text(text)
            }
            "+" | "-" | "*" | "/" | "%" | "^" => {
                let operator = operator.chars().next().unwrap_or('+');
                Value::Number(arithmetic(operator, left.number(), right.number())?)
            }
            _ => {
                let order = match (left.as_number(), right.as_number()) {
                    (Some(left), Some(right)) => left.partial_cmp(&right),
                    _ => Some(left.text().cmp(&right.text())),
                };
                Value::Number(f64::from(u8::from(order.is_some_and(|order| match operator {
                    "<" => order.is_lt(),
                    "<=" => order.is_le(),
                    "==" => order.is_eq(),
                    "!=" => order.is_ne(),
                    ">" => order.is_gt(),
                    _ => order.is_ge(),
                }))))
            }
        })
    }

    fn regex(&mut self, expr: &Expr) -> Run<Regex> {
        match expr {
            Expr::Regex(regex) => Ok((**regex).clone()),
            other => {
                let text = self.eval(other)?.text();
                Regex::new(&text, true, false).map_err(|words| Stop::Wrong(words.into()))
            }
        }
    }

    fn call(&mut self, name: &str, args: &[Expr]) -> Run<Value> {
        match name {
            "split" => return self.split_call(args),
            "sub" | "gsub" => return self.substitute(name == "gsub", args),
            "match" => {
                let [text, regex] = args else { return Err(Stop::Wrong("bad call of match".into())) };
                let (text, regex) = (self.eval(text)?.text(), self.regex(regex)?);
                let found = regex.find(text.as_bytes(), 0);
                let (start, len) = found.map_or((0, -1), |found| {
                    (text[..found.start].chars().count() as i64 + 1, text[found.start..found.end].chars().count() as i64)
                });
                self.vars.insert("RSTART".into(), Value::Number(start as f64));
                self.vars.insert("RLENGTH".into(), Value::Number(len as f64));
                return Ok(Value::Number(start as f64));
            }
            "length" => {
                if let [Expr::Var(name)] = args
                    && let Some(array) = self.arrays.get(name)
                {
                    return Ok(Value::Number(array.len() as f64));
                }
                let text = match args.first() {
                    None => self.record.clone(),
                    Some(arg) => self.eval(arg)?.text(),
                };
                return Ok(Value::Number(text.chars().count() as f64));
            }
            _ => {}
        }
        let values = args.iter().map(|arg| self.eval(arg)).collect::<Run<Vec<_>>>()?;
        let text = |nth: usize| values.get(nth).map(Value::text).unwrap_or_default();
        let number = |nth: usize| values.get(nth).map_or(0.0, Value::number);
        Ok(match name {
            "substr" => {
                let from = number(1).round();
                let end = if values.len() > 2 { from + number(2).round() } else { f64::INFINITY };
                let inside = |at: usize| (at as f64 + 1.0) >= from && (at as f64 + 1.0) < end;
                Value::Text(text(0).chars().enumerate().filter(|(at, _)| inside(*at)).map(|(_, c)| c).collect())
            }
            "index" => {
                let (all, part) = (text(0), text(1));
                Value::Number(all.find(&part).map_or(0.0, |at| all[..at].chars().count() as f64 + 1.0))
            }
            "sprintf" => {
                let mut out = Vec::new();
                formatted(&values, &mut out);
                Value::Text(String::from_utf8_lossy(&out).into_owned())
            }
            "tolower" => Value::Text(text(0).to_ascii_lowercase()),
            "toupper" => Value::Text(text(0).to_ascii_uppercase()),
            "int" => Value::Number(number(0).trunc()),
            "sqrt" => Value::Number(number(0).sqrt()),
            "systime" => Value::Number(self.now.as_secs() as f64),
            "strftime" => {
                let when = if values.len() > 1 { Time::from_secs(number(1) as i64) } else { self.now };
                Value::Text(super::date::show(when, &text(0)))
            }
            "rand" => {
                self.random = self.random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
                Value::Number((self.random >> 40) as f64 / (1_u64 << 24) as f64)
            }
            "srand" => {
                self.random = number(0) as u64;
                Value::Number(0.0)
            }
            "close" | "fflush" => Value::Number(0.0),
            _ => return Err(Stop::Wrong(format!("function {name} is not supported"))),
        })
    }

    fn split_call(&mut self, args: &[Expr]) -> Run<Value> {
        let (Some(text), Some(Expr::Var(array))) = (args.first(), args.get(1)) else {
            return Err(Stop::Wrong("bad call of split".into()));
        };
        let text = self.eval(text)?.text();
        let separator = match args.get(2) {
            None => self.var_text("FS"),
            Some(Expr::Regex(_)) => String::new(),
            Some(other) => self.eval(other)?.text(),
        };
        let parts = match args.get(2) {
            Some(Expr::Regex(regex)) => {
                let mut out = Vec::new();
                let mut at = 0;
                while let Some(found) = regex.find(text.as_bytes(), at).filter(|found| found.end > found.start) {
                    out.push(text[at..found.start].to_string());
                    at = found.end;
                }
                out.push(text[at..].to_string());
                out
            }
            _ => self.split(&text, &separator),
        };
        let count = parts.len();
        let mut map = Table::new();
        for (nth, part) in parts.into_iter().enumerate() {
            map.insert((nth + 1).to_string(), Value::Input(part));
        }
        self.spent += count;
        self.arrays.insert(array.clone(), map);
        Ok(Value::Number(count as f64))
    }

    fn substitute(&mut self, all: bool, args: &[Expr]) -> Run<Value> {
        let (Some(regex), Some(with)) = (args.first(), args.get(1)) else { return Err(Stop::Wrong("bad call of sub".into())) };
        let regex = self.regex(regex)?;
        let with = self.eval(with)?.text();
        let record = Expr::Field(Box::new(Expr::Number(0.0)));
        let place = args.get(2).unwrap_or(&record);
        let text = self.eval(place)?.text();
        let (mut out, mut at, mut count) = (String::new(), 0, 0);
        while let Some(found) = regex.find(text.as_bytes(), at) {
            count += 1;
            out += &text[at..found.start];
            let mut chars = with.chars();
            while let Some(c) = chars.next() {
                match c {
                    '\\' => out.extend(chars.next().map(|next| if next == '&' { '&' } else { next })),
                    '&' => out += &text[found.start..found.end],
                    _ => out.push(c),
                }
            }
            at = found.end;
            if found.end == found.start {
                out.extend(text[at..].chars().next());
                at += text[at..].chars().next().map_or(1, char::len_utf8);
            }
            self.spent += 1;
            if !all || at > text.len() || out.len() > 1 << 20 {
                break;
            }
        }
        if count > 0 {
            out += text.get(at..).unwrap_or_default();
            self.assign(place, Value::Text(out))?;
        }
        Ok(Value::Number(f64::from(count)))
    }

    fn run(&mut self, statement: &Statement, out: &mut Vec<u8>) -> Run<()> {
        self.step()?;
        if out.len() > 16 << 20 {
            return Err(Stop::Wrong("too much output".into()));
        }
        match statement {
            Statement::Expr(expr) => _ = self.eval(expr)?,
            Statement::Print(list, to) => {
                let mut line = if list.is_empty() {
                    self.record.clone()
                } else {
                    let parts = list.iter().map(|expr| self.eval(expr).map(|value| value.text())).collect::<Run<Vec<_>>>()?;
                    parts.join(&self.var_text("OFS"))
                };
                line += &self.var_text("ORS");
                self.write(to.as_ref(), line.into_bytes(), out)?;
            }
            Statement::Printf(list, to) => {
                let values = list.iter().map(|expr| self.eval(expr)).collect::<Run<Vec<_>>>()?;
                let mut bytes = Vec::new();
                formatted(&values, &mut bytes);
                self.write(to.as_ref(), bytes, out)?;
            }
            Statement::If(condition, yes, no) => {
                if self.eval(condition)?.truth() {
                    self.run(yes, out)?;
                } else if let Some(no) = no {
                    self.run(no, out)?;
                }
            }
            Statement::While(..) | Statement::Do(..) | Statement::For(..) | Statement::ForIn(..) => self.loops(statement, out)?,
            Statement::Block(list) => list.iter().try_for_each(|statement| self.run(statement, out))?,
            Statement::Next => return Err(Stop::Next),
            Statement::Break => return Err(Stop::Break),
            Statement::Continue => return Err(Stop::Continue),
            Statement::Exit(code) => {
                let code = match code {
                    Some(code) => self.eval(code)?.number() as i32 & 255,
                    None => self.exit.unwrap_or(0),
                };
                self.exit = Some(code);
                return Err(Stop::Exit);
            }
            Statement::Delete(name, None) => _ = self.arrays.remove(name),
            Statement::Delete(name, Some(keys)) => {
                let key = self.key(keys)?;
                if let Some(array) = self.arrays.get_mut(name) {
                    array.remove(&key);
                }
            }
        }
        Ok(())
    }

    /// Writes to standard output or to a file, which the first write empties.
    fn write(&mut self, to: Option<&To>, bytes: Vec<u8>, out: &mut Vec<u8>) -> Run<()> {
        let Some(to) = to else {
            out.extend(bytes);
            return Ok(());
        };
        let name = Text::from(self.eval(&to.file)?.text());
        let known = self.files.contains(&name);
        if !known {
            self.files.push(name.clone());
        }
        self.written.push((name, known || to.goes_on, bytes));
        if self.files.len() > 100 || self.written.len() > 100_000 {
            return Err(Stop::Wrong("too much output".into()));
        }
        Ok(())
    }

    fn loops(&mut self, statement: &Statement, out: &mut Vec<u8>) -> Run<()> {
        match statement {
            Statement::While(condition, body) => {
                while self.eval(condition)?.truth() {
                    if self.round(body, out)? {
                        break;
                    }
                }
            }
            Statement::Do(body, condition) => loop {
                if self.round(body, out)? || !self.eval(condition)?.truth() {
                    break;
                }
            },
            Statement::For(first, condition, next, body) => {
                if let Some(first) = first {
                    self.run(first, out)?;
                }
                loop {
                    if let Some(condition) = condition
                        && !self.eval(condition)?.truth()
                    {
                        break;
                    }
                    if self.round(body, out)? {
                        break;
                    }
                    if let Some(next) = next {
                        self.run(next, out)?;
                    }
                }
            }
            Statement::ForIn(var, array, body) => {
                let mut keys: Vec<String> =
                    self.arrays.get(array).map(|array| array.keys().cloned().collect()).unwrap_or_default();
                // Numbers in order of size, as programs tend to expect.
                crate::table::sort_by(&mut keys, |a, b| match (looks_numeric(a), looks_numeric(b)) {
                    (Some(a), Some(b)) => a.total_cmp(&b),
                    _ => a.cmp(b),
                });
                for key in keys {
                    self.vars.insert(var.clone(), Value::Input(key));
                    if self.round(body, out)? {
                        break;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// One round of a loop; true if `break` ended it.
    fn round(&mut self, body: &Statement, out: &mut Vec<u8>) -> Run<bool> {
        match self.run(body, out) {
            Ok(()) | Err(Stop::Continue) => Ok(false),
            Err(Stop::Break) => Ok(true),
            Err(stop) => Err(stop),
        }
    }

    fn selected(&mut self, nth: usize, pattern: &Pattern) -> Run<bool> {
        Ok(match pattern {
            Pattern::Begin | Pattern::End => false,
            Pattern::Always => true,
            Pattern::When(expr) => self.eval(expr)?.truth(),
            Pattern::Range(from, to) => {
                if !self.open[nth] && !self.eval(from)?.truth() {
                    return Ok(false);
                }
                self.open[nth] = !self.eval(to)?.truth();
                true
            }
        })
    }

    /// Runs the rules of one kind.
    fn rules(&mut self, wanted: fn(&Pattern) -> bool, out: &mut Vec<u8>) -> Flow {
        self.steps = 0;
        let rules = self.rules.clone();
        for (nth, rule) in rules.iter().enumerate() {
            if !wanted(&rule.pattern) {
                continue;
            }
            let special = matches!(rule.pattern, Pattern::Begin | Pattern::End);
            let selected = if special { Ok(true) } else { self.selected(nth, &rule.pattern) };
            let done = selected.and_then(|selected| match &rule.body {
                _ if !selected => Ok(()),
                Some(body) => self.run(body, out),
                None => self.run(&Statement::Print(Vec::new(), None), out),
            });
            match done {
                Ok(()) | Err(Stop::Break | Stop::Continue) => {}
                Err(Stop::Next) => return Flow::Go,
                Err(Stop::Exit) => return Flow::Stop(self.exit.unwrap_or(0)),
                Err(Stop::Wrong(words)) => {
                    self.wrong = Some(format!("cmd. line:1: {words}"));
                    self.exit = Some(2);
                    return Flow::Stop(2);
                }
            }
        }
        Flow::Go
    }

    fn begin_once(&mut self, out: &mut Vec<u8>) -> Flow {
        if std::mem::replace(&mut self.begun, true) {
            return Flow::Go;
        }
        self.rules(|pattern| matches!(pattern, Pattern::Begin), out)
    }
}

fn arithmetic(operator: char, a: f64, b: f64) -> Run<f64> {
    Ok(match operator {
        '+' => a + b,
        '-' => a - b,
        '*' => a * b,
        '/' | '%' if b == 0.0 => return Err(Stop::Wrong("Division by zero".into())),
        '/' => a / b,
        '%' => a % b,
        // Whole exponents only give the same bits everywhere.
        _ if b == b.trunc() && b.abs() < 1e6 => {
            let power = (0..b.abs() as u32).fold(1.0, |power, _| power * a);
            if b < 0.0 { 1.0 / power } else { power }
        }
        _ if b == 0.5 => a.sqrt(),
        _ => return Err(Stop::Wrong("only whole exponents are supported".into())),
    })
}

fn formatted(values: &[Value], out: &mut Vec<u8>) {
    let Some(format) = values.first().map(Value::text) else { return };
    let mut at = 0;
    let mut next = |conversion: char| {
        at += 1;
        let value = values.get(at).unwrap_or(&Value::Unset);
        Ok(match (conversion, value) {
            ('c', Value::Number(code)) => Arg::Text(char::from_u32(*code as u32).map(String::from).unwrap_or_default()),
            ('s' | 'c' | 'b' | 'q', _) => Arg::Text(value.text()),
            _ => Arg::Number(value.number()),
        })
    };
    // Escapes were read with the program's text already.
    format_all(&format.replace('\\', "\\\\"), &mut next, out);
}

impl Filter for Awk {
    fn begin(&mut self, name: Option<&Text>, out: &mut Vec<u8>) -> Flow {
        let flow = self.begin_once(out);
        self.vars.insert("FILENAME".into(), Value::Text(name.map(|name| name.to_string()).unwrap_or_default()));
        self.vars.insert("FNR".into(), Value::Number(0.0));
        if self.only_begin && flow == Flow::Go { Flow::Stop(0) } else { flow }
    }
    fn take(&mut self, data: &[u8], out: &mut Vec<u8>) -> Flow {
        let line = String::from_utf8_lossy(data.strip_suffix(b"\n").unwrap_or(data)).into_owned();
        self.spent += line.len() / 8;
        self.set_record(line);
        for name in ["NR", "FNR"] {
            let next = self.get(name).number() + 1.0;
            self.vars.insert(name.into(), Value::Number(next));
        }
        self.rules(|pattern| !matches!(pattern, Pattern::Begin | Pattern::End), out)
    }
    fn end(&mut self, out: &mut Vec<u8>) -> i32 {
        self.begin_once(out);
        if self.wrong.is_none() && !self.only_begin {
            self.rules(|pattern| matches!(pattern, Pattern::End), out);
        }
        self.exit.unwrap_or(0)
    }
    fn complaint(&mut self) -> Option<String> {
        self.wrong.take()
    }
    fn side(&mut self) -> Vec<(Text, bool, Vec<u8>)> {
        std::mem::take(&mut self.written)
    }
    fn cost(&mut self) -> usize {
        std::mem::take(&mut self.spent)
    }
    fn copy(&self) -> Box<dyn Filter> {
        Box::new(self.clone())
    }
}
