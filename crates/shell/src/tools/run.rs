//! Tools that run other programs: env, timeout, xargs, nohup, time.

use crate::call::Signal;
use crate::kernel::{Fd, Io, Read};
use crate::tool::{On, Options, Step, Tool, options, replace, spawn};
use crate::tree::Errno;
use base::{Text, Time};
use std::sync::Arc;

type Made = Result<Box<dyn Tool>, i32>;

/// Tells that a program cannot be run; answers the code.
fn cannot(io: &mut Io, name: &str, error: Errno) -> i32 {
    let (words, code) = match error {
        Errno::NoEntry => ("No such file or directory", 127),
        Errno::NoSpace => ("Resource temporarily unavailable", 126),
        _ => ("Permission denied", 126),
    };
    let tool = io.tool_name();
    let gnu = io.is_bash() && tool != "xargs";
    let line = match tool.as_str() {
        _ if gnu && tool == "timeout" => format!("failed to run command ‘{name}’: {words}"),
        _ if gnu => format!("‘{name}’: {words}"),
        "env" | "timeout" | "nohup" | "time" => format!("can't execute '{name}': {words}"),
        _ => format!("{name}: {words}"),
    };
    io.complain(&line);
    code
}

/// A tool that becomes another program in its first step.
#[derive(Clone, Debug)]
struct Becoming {
    argv: Vec<Text>,
    env: Arc<Vec<(Text, Text)>>,
}

impl Tool for Becoming {
    fn step(&mut self, io: &mut Io) -> Step {
        io.core.env = self.env.clone();
        match replace(self.argv.clone(), io) {
            Ok(step) => step,
            Err(error) => Step::Exit(cannot(io, &self.argv[0], error)),
        }
    }
    fn copy(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}

pub(crate) fn env(io: &mut Io) -> Made {
    let options = options(io, "+iu:0", &[("ignore-environment", 'i'), ("unset", 'u')])?;
    let mut env =
        if options.has('i') || options.rest.first().is_some_and(|word| word == "-") { Vec::new() } else { io.core.env.to_vec() };
    env.retain(|row| options.values('u').all(|name| *name != row.0));
    let mut words = options.rest.iter().skip_while(|word| *word == "-").peekable();
    while let Some((name, value)) = words.peek().and_then(|word| word.split_once('=')) {
        match env.iter_mut().find(|row| row.0 == name) {
            Some(row) => row.1 = Text::from(value),
            None => env.push((Text::from(name), Text::from(value))),
        }
        words.next();
    }
    let argv: Vec<Text> = words.cloned().collect();
    if argv.is_empty() {
        env.iter().for_each(|(name, value)| io.out(format!("{name}={value}\n")));
        return Err(0);
    }
    Ok(Box::new(Becoming { argv, env: Arc::new(env) }))
}

pub(crate) fn nohup(io: &mut Io) -> Made {
    let argv = io.core.argv[1..].to_vec();
    if argv.is_empty() {
        io.complain_usage("missing operand");
        return Err(127);
    }
    Ok(Box::new(Becoming { argv, env: io.core.env.clone() }))
}

/// A child that is waited for: `timeout` until a moment, `time` with a report at the end.
#[derive(Clone, Debug)]
struct Running {
    pid: Option<u32>,
    argv: Vec<Text>,
    kind: Kind,
    started: Time,
}

#[derive(Clone, Debug)]
enum Kind {
    Timeout { until: Time, signal: Signal, kill_after: Option<base::Duration>, fired: bool, keep_code: bool },
    Time,
}

pub(crate) fn timeout(io: &mut Io) -> Made {
    let long = [("signal", 's'), ("kill-after", 'k'), ("preserve-status", 'p'), ("foreground", 'f')];
    let options = options(io, "+s:k:pfv", &long)?;
    let [span, argv @ ..] = options.rest.as_slice() else {
        io.complain_usage("missing operand");
        return Err(125);
    };
    let spans = |text: &Text| super::time::span_of(text, 1_000_000);
    let (Some(limit), false) = (spans(span), argv.is_empty()) else {
        io.complain(&if argv.is_empty() { "missing operand".into() } else { format!("invalid number '{span}'") });
        return Err(125);
    };
    let signal = options.value('s').map_or(Some(Signal::Term), |name| Signal::parse(name));
    let Some(signal) = signal else {
        io.complain("bad signal name");
        return Err(125);
    };
    let until = if limit == base::Duration::ZERO { Time::NEVER } else { io.now + limit };
    let keep_code = options.has('p') || !io.is_bash();
    let kind = Kind::Timeout { until, signal, kill_after: options.value('k').and_then(spans), fired: false, keep_code };
    Ok(Box::new(Running { pid: None, argv: argv.to_vec(), kind, started: io.now }))
}

pub(crate) fn time(io: &mut Io) -> Made {
    let options = options(io, "+pv", &[])?;
    Ok(Box::new(Running { pid: None, argv: options.rest, kind: Kind::Time, started: io.now }))
}

impl Tool for Running {
    fn step(&mut self, io: &mut Io) -> Step {
        let Some(pid) = self.pid else {
            if self.argv.is_empty() {
                return self.report(0, io);
            }
            return match spawn(self.argv.clone(), io) {
                Ok(pid) => {
                    self.pid = Some(pid);
                    Step::More
                }
                Err(error) => Step::Exit(cannot(io, &self.argv[0].clone(), error)),
            };
        };
        if let Some(code) = io.exited(pid) {
            return self.report(code, io);
        }
        let Kind::Timeout { until, signal, kill_after, fired, .. } = &mut self.kind else { return Step::Wait(On::Child(pid)) };
        if io.now >= *until {
            io.kill(pid, if *fired { Signal::Kill } else { *signal });
            *until = match kill_after.take() {
                Some(more) if !*fired => io.now + more,
                _ => Time::NEVER,
            };
            *fired = true;
        }
        Step::Wait(if *until == Time::NEVER { On::Child(pid) } else { On::ChildUntil(pid, *until) })
    }
    fn copy(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
    /// A signal to `timeout` goes to what it runs.
    fn signal(&mut self, signal: Signal, io: &mut Io) -> bool {
        self.pid.is_some_and(|pid| io.kill(pid, signal))
    }
}

impl Running {
    fn report(&self, code: i32, io: &mut Io) -> Step {
        match &self.kind {
            Kind::Timeout { fired: true, keep_code, .. } => Step::Exit(if *keep_code {
                code
            } else if code == 137 {
                137
            } else {
                124
            }),
            Kind::Timeout { .. } => Step::Exit(code),
            Kind::Time => {
                let micros = (io.now - self.started).as_micros();
                let (minutes, secs, millis) = (micros / 60_000_000, micros / 1_000_000 % 60, micros / 1000 % 1000);
                io.err(if io.is_bash() {
                    format!("\nreal\t{minutes}m{secs}.{millis:03}s\nuser\t0m0.000s\nsys\t0m0.000s\n")
                } else {
                    format!("real\t{minutes}m {secs}.{:02}s\nuser\t0m 0.00s\nsys\t0m 0.00s\n", millis / 10)
                });
                Step::Exit(code)
            }
        }
    }
}

/// `xargs`: reads all its input, then runs the command for its words.
#[derive(Clone, Debug)]
struct Xargs {
    command: Vec<Text>,
    replace: Option<Text>,
    per_run: usize,
    by_line: bool,
    by_nul: bool,
    skip_empty: bool,
    trace: bool,
    input: Vec<u8>,
    runs: Option<Vec<Vec<Text>>>,
    child: Option<u32>,
    code: i32,
}

pub(crate) fn xargs(io: &mut Io) -> Made {
    let long = [
        ("no-run-if-empty", 'r'),
        ("replace", 'I'),
        ("max-args", 'n'),
        ("max-procs", 'P'),
        ("null", '0'),
        ("verbose", 't'),
        ("max-lines", 'L'),
    ];
    let options: Options = options(io, "+rI:n:P:0tL:d:", &long)?;
    let number = |letter: char| options.value(letter).and_then(|text| text.parse::<usize>().ok()).filter(|count| *count > 0);
    let command = if options.rest.is_empty() { vec![base::text!("echo")] } else { options.rest.clone() };
    Ok(Box::new(Xargs {
        command,
        replace: options.value('I').cloned(),
        per_run: number('n').or(number('L')).unwrap_or(5000),
        by_line: options.has('I') || options.has('L') || options.has('d'),
        by_nul: options.has('0'),
        skip_empty: options.has('r') || options.has('I'),
        trace: options.has('t'),
        input: Vec::new(),
        runs: None,
        child: None,
        code: 0,
    }))
}

impl Xargs {
    fn plan(&self) -> Vec<Vec<Text>> {
        let text = String::from_utf8_lossy(&self.input);
        let items: Vec<Text> = if self.by_nul {
            text.split('\0').filter(|item| !item.is_empty()).map(Text::from).collect()
        } else if self.by_line {
            text.lines().map(str::trim).filter(|item| !item.is_empty()).map(Text::from).collect()
        } else {
            items(&text)
        };
        if let Some(mark) = &self.replace {
            let fill = |item: &Text| self.command.iter().map(|word| Text::from(word.replace(mark.as_str(), item))).collect();
            return items.iter().map(fill).collect();
        }
        if items.is_empty() {
            return if self.skip_empty { Vec::new() } else { vec![self.command.clone()] };
        }
        items.chunks(self.per_run).map(|chunk| self.command.iter().chain(chunk).cloned().collect()).collect()
    }
}

/// Words with quotes, as xargs reads them.
fn items(text: &str) -> Vec<Text> {
    let mut out = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            _ if c.is_whitespace() => out.extend(word.take().map(Text::from)),
            '\\' => word.get_or_insert_default().extend(chars.next()),
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                word.extend(chars.by_ref().take_while(|inner| *inner != c));
            }
            _ => word.get_or_insert_default().push(c),
        }
    }
    out.extend(word.map(Text::from));
    out
}

impl Tool for Xargs {
    fn step(&mut self, io: &mut Io) -> Step {
        let Some(runs) = &mut self.runs else {
            match io.read(0, 16 << 10) {
                Read::Data(bytes) if self.input.len() < 4 << 20 => self.input.extend(bytes),
                Read::Wait => return Step::Wait(On::Read(io.core.fds.get(0).cloned().unwrap_or(Fd::Null))),
                Read::Data(_) | Read::End => {
                    let mut runs = self.plan();
                    runs.reverse();
                    self.runs = Some(runs);
                    self.input = Vec::new();
                    io.core.fds.set(0, Some(Fd::Null));
                }
            }
            return Step::More;
        };
        if let Some(pid) = self.child {
            let Some(code) = io.exited(pid) else { return Step::Wait(On::Child(pid)) };
            self.child = None;
            if code == 255 {
                return Step::Exit(124);
            }
            if code != 0 {
                self.code = 123;
            }
        }
        let Some(argv) = runs.pop() else { return Step::Exit(self.code) };
        if self.trace {
            let line = argv.iter().map(Text::as_str).collect::<Vec<_>>().join(" ");
            io.err(line + "\n");
        }
        match spawn(argv.clone(), io) {
            Ok(pid) => {
                self.child = Some(pid);
                Step::Wait(On::Child(pid))
            }
            Err(error) => Step::Exit(cannot(io, &argv[0], error)),
        }
    }
    fn copy(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}
