//! Running a section against a target: steps in order, until one does not come out as written.

use crate::Tokens;
use crate::expect::{Expectation, Wanted};
use crate::parse::{Section, Step, What};
use crate::pattern::{line_fits, lines_fit};
use crate::scan::replace;
use crate::target::{Command, Ran, Target};
use base::{Duration, Time};
use value::Value;

/// How often an expectation is looked at again.
const LOOK: Duration = Duration::from_millis(500);
/// Trace words are looked for in this many lines.
const LINES: usize = 60;

/// What to do with output that is not as written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    Compare,
    /// The file is made to say what came.
    Update,
}

/// Where and why a scenario failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    pub line: u32,
    pub message: String,
}

/// New lines for a step's block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rewrite {
    /// The line of the step.
    pub line: u32,
    pub height: u32,
    pub block: Vec<String>,
}

struct Runner<'a> {
    target: &'a mut dyn Target,
    began: Time,
    files: Vec<(String, String)>,
    mode: Mode,
    rewrites: Vec<Rewrite>,
}

/// Runs a section to its end or first failure.
pub fn run(section: &Section, target: &mut dyn Target, mode: Mode) -> Result<Vec<Rewrite>, Failure> {
    let began = target.now();
    let mut runner = Runner { target, began, files: Vec::new(), mode, rewrites: Vec::new() };
    for step in &section.steps {
        runner.step(step).map_err(|message| Failure { line: step.line, message })?;
    }
    Ok(runner.rewrites)
}

/// The text of a file with some of its blocks replaced.
pub fn rewrite(text: &str, rewrites: &[Rewrite]) -> String {
    let mut lines: Vec<String> = text.lines().map(String::from).collect();
    let mut ordered: Vec<&Rewrite> = rewrites.iter().collect();
    ordered.sort_by_key(|r| std::cmp::Reverse(r.line));
    for one in ordered {
        let start = one.line as usize;
        let block = one.block.iter().map(|l| if l.is_empty() { String::new() } else { format!("  {l}") });
        lines.splice(start..start + one.height as usize, block);
    }
    lines.join("\n") + "\n"
}

impl Runner<'_> {
    fn step(&mut self, step: &Step) -> Result<(), String> {
        match &step.what {
            What::Apply => self.apply(step),
            What::File(path) => {
                self.files.retain(|(have, _)| have != path);
                self.files.push((path.clone(), step.block.join("\n") + "\n"));
                Ok(())
            }
            What::Run { node, line } => self.command(step, node, line),
            What::At(moment) => {
                let wanted = self.began + *moment;
                let now = self.target.now();
                if wanted < now {
                    return Err(format!("it is already {} after the beginning", (now - self.began).human()));
                }
                self.target.advance(wanted - now)
            }
            What::Advance(span) => self.target.advance(*span),
            What::Rewind(span) => self.target.rewind(*span),
            What::Power { node, on } => self.target.power(node, *on),
            What::Expect(expectation) => self.expect(expectation),
            What::Trace { from, to } => self.trace(step, from, to),
        }
    }
    fn apply(&mut self, step: &Step) -> Result<(), String> {
        let command =
            Command { line: "kubectl apply -f -".into(), stdin: Some(step.block.join("\n") + "\n"), ..Command::default() };
        let ran = self.target.run(&command);
        if ran.code == 0 { Ok(()) } else { Err(format!("apply failed:\n{}", indent(&ran.err))) }
    }
    fn command(&mut self, step: &Step, node: &str, line: &str) -> Result<(), String> {
        let command = Command { line: line.into(), stdin: None, files: self.files.clone(), node: node.into() };
        let ran = self.target.run(&command);
        let written = Written::of(&step.block);
        if written.fits(&ran) {
            return Ok(());
        }
        if self.mode == Mode::Update {
            self.rewrites.push(Rewrite { line: step.line, height: step.height, block: golden(&ran, &step.block) });
            return Ok(());
        }
        Err(format!(
            "`{line}` printed\n{}\nbut this is written:\n{}",
            indent(&plain(&ran).join("\n")),
            indent(&step.block.join("\n"))
        ))
    }
    fn expect(&mut self, expectation: &Expectation) -> Result<(), String> {
        let end = self.target.now() + expectation.within;
        loop {
            let Err(instead) = self.look(expectation) else { return Ok(()) };
            let left = end - self.target.now();
            if left <= Duration::ZERO {
                let within = if expectation.within == Duration::ZERO {
                    String::new()
                } else {
                    format!(" within {}", expectation.within.human())
                };
                return Err(format!("{} did not come true{within}: {instead}", expectation.of));
            }
            self.target.advance(if left < LOOK { left } else { LOOK })?;
        }
    }
    fn look(&mut self, expectation: &Expectation) -> Result<(), String> {
        let command = Command { line: format!("kubectl get {} -o json", expectation.of), ..Command::default() };
        let ran = self.target.look(&command);
        let absent = ran.code != 0 && ran.err.contains("NotFound");
        if ran.code != 0 && !absent {
            return Err(ran.err);
        }
        let answer = if absent { Value::Null } else { Value::from_json(&ran.out).map_err(|e| e.message)? };
        let empty = answer["items"].as_list().is_some_and(|items| items.is_empty());
        let is_state = matches!(expectation.wanted, Wanted::State { .. } | Wanted::Field { .. });
        expectation.judge(if is_state && empty { &Value::Null } else { &answer })
    }
    fn trace(&mut self, step: &Step, from: &str, to: &str) -> Result<(), String> {
        let lines = self.target.trace(from, to)?;
        let mut rest = lines.iter();
        for want in &step.block {
            if !rest.any(|line| line_fits(&format!("...{}...", want.trim()), line)) {
                let shown: Vec<&str> = lines.iter().take(LINES).map(String::as_str).collect();
                return Err(format!("the trace does not say `{}` (in this order):\n{}", want.trim(), indent(&shown.join("\n"))));
            }
        }
        Ok(())
    }
}

/// A block of expected output, taken apart.
struct Written {
    out: Vec<String>,
    err: Vec<String>,
    code: i32,
}

impl Written {
    fn of(block: &[String]) -> Written {
        let mut written = Written { out: Vec::new(), err: Vec::new(), code: 0 };
        for line in block {
            let exit = line.strip_prefix("[exit ").and_then(|l| l.strip_suffix(']')).and_then(|code| code.parse().ok());
            if let Some(code) = exit {
                written.code = code;
            } else if let Some(err) = line.strip_prefix("! ").or(if line == "!" { Some("") } else { None }) {
                written.err.push(err.into());
            } else {
                written.out.push(line.clone());
            }
        }
        written
    }
    fn fits(&self, ran: &Ran) -> bool {
        self.code == ran.code && lines_fit(&self.out, &lines(&ran.out)) && lines_fit(&self.err, &lines(&ran.err))
    }
}

/// The lines of an output; blank ones at its end do not show in a file.
fn lines(text: &str) -> Vec<&str> {
    text.trim_end().lines().collect()
}

/// What a command printed, as it is written in a file.
fn plain(ran: &Ran) -> Vec<String> {
    let mut lines: Vec<String> = self::lines(&ran.out).into_iter().map(|l| l.trim_end().to_string()).collect();
    lines.extend(self::lines(&ran.err).into_iter().map(|l| format!("! {l}").trim_end().to_string()));
    if ran.code != 0 {
        lines.push(format!("[exit {}]", ran.code));
    }
    lines
}

/// The block that fits what came: lines that were right stay, in new ones what varies becomes a token.
fn golden(ran: &Ran, old: &[String]) -> Vec<String> {
    let keep = |line: String| {
        let marked = line.starts_with("! ") || line.starts_with("[exit ");
        let same = old.iter().find(|o| o.trim() != "..." && (!marked || o.starts_with(&line[..2])) && line_fits(o, &line));
        same.cloned().unwrap_or_else(|| tokens(&line))
    };
    plain(ran).into_iter().map(keep).collect()
}

fn tokens(line: &str) -> String {
    let mut known = Tokens::default();
    known.real_node = true;
    let mut line = known.text(line);
    let names = [("<podip>", "<ip>"), ("<svcip>", "<ip>"), ("<nodeport>", "<port>"), ("<ago>", "(<age> ago)")];
    let machine = [("<cid>", "..."), ("sha256:<digest>", "..."), ("<hex64>", "..."), ("<dur>", "...")];
    for (from, to) in names.into_iter().chain(machine) {
        line = line.replace(from, to);
    }
    replace(&line, |at| {
        at.rest()
            .starts_with("172.18.0.")
            .then(|| (at.rest().bytes().take_while(|b| b.is_ascii_digit() || *b == b'.').count(), "<ip>".into()))
    })
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect::<String>().trim_end().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::File;

    /// A target with a clock and canned answers.
    struct Canned {
        now: Time,
        out: &'static str,
    }

    impl Target for Canned {
        fn now(&self) -> Time {
            self.now
        }
        fn run(&mut self, _: &Command) -> Ran {
            Ran { out: self.out.into(), ..Ran::default() }
        }
        fn look(&mut self, _: &Command) -> Ran {
            let phase = if self.now.as_secs() < 10 { "Pending" } else { "Running" };
            Ran { out: format!("{{\"status\":{{\"phase\":\"{phase}\"}}}}"), ..Ran::default() }
        }
        fn advance(&mut self, span: Duration) -> Result<(), String> {
            self.now = self.now + span;
            Ok(())
        }
        fn rewind(&mut self, _: Duration) -> Result<(), String> {
            Err("no way back".into())
        }
        fn power(&mut self, _: &str, _: bool) -> Result<(), String> {
            Err("no machines".into())
        }
        fn trace(&mut self, _: &str, _: &str) -> Result<Vec<String>, String> {
            Ok(["one", "two 2", "three"].map(String::from).to_vec())
        }
    }

    fn check(steps: &str, failure: Option<(u32, &str)>) {
        let file = File::parse(&format!("--- a [sim] ---\n{steps}")).expect(steps);
        let mut target = Canned { now: Time::EPOCH, out: "NAME   AGE\nweb    5m\n" };
        let got = run(&file.sections[0], &mut target, Mode::Compare);
        match (failure, got) {
            (None, Ok(_)) => {}
            (Some((line, words)), Err(got)) => {
                assert_eq!(got.line, line, "{}", got.message);
                assert!(got.message.contains(words), "{}", got.message);
            }
            (_, got) => panic!("{steps}: {got:?}"),
        }
    }

    #[test]
    fn steps_pass_and_fail() {
        check("$ x\n  NAME  AGE\n  web   <age>\n", None);
        check("advance 1s\n$ x\n  NAME  AGE\n", Some((3, "web    5m")));
        check("$ x\n  ...\n  [exit 1]\n", Some((2, "printed")));
        check("expect pod/a running within 20s\n", None);
        check("expect pod/a running within 5s\n", Some((2, "Pending")));
        check("trace pod/a -> svc/b:80\n  one\n  two <n>\n", None);
        check("trace pod/a -> svc/b:80\n  three\n  one\n", Some((2, "does not say `one`")));
        check("rewind 5s\n", Some((2, "no way back")));
        check("advance 30s\nat +10s\n", Some((3, "already 30s")));
    }

    #[test]
    fn a_file_learns_what_came() {
        let text = "--- a [sim] ---\n$ x\n  old\n$ x\n# end\n";
        let file = File::parse(text).expect("a file");
        let mut target = Canned { now: Time::EPOCH, out: "web    5m\n" };
        let rewrites = run(&file.sections[0], &mut target, Mode::Update).expect("it runs");
        assert_eq!(rewrite(text, &rewrites), "--- a [sim] ---\n$ x\n  web  <age>\n$ x\n  web  <age>\n# end\n");
    }
}
