//! Simple commands: their words, assignments and redirections, and what then runs: a function, a builtin, a tool, a child.

use crate::ast::{Command, Node, Part, Redirect, RedirectKind, Simple, Test, Word};
use crate::expand::{Expander, Stop};
use crate::kernel::{Access, Core, Fd, Fds, Io, Row};
use crate::parse::is_name;
use crate::process::{Program, Task};
use crate::shell::{Frame, Shell, Var};
use crate::tool::{self, Maker, On, Resolved, Step};
use crate::tree::Errno;
use base::{Text, text};
use std::sync::Arc;

/// A redirection after expansion.
#[derive(Debug)]
pub(crate) struct Target {
    fd: u8,
    kind: RedirectKind,
    word: Text,
}

/// A simple command after expansion.
struct Expanded {
    argv: Vec<Text>,
    assigns: Vec<(Text, Text)>,
    targets: Vec<Target>,
}

impl Shell {
    pub(crate) fn simple(&mut self, node: &Node, simple: &Simple, outputs: Vec<Text>, io: &mut Io) -> Step {
        if outputs.is_empty() {
            self.substitution_status = None;
        }
        let expanded = self.expanding(node, outputs, io, |ex| {
            let argv = command_fields(ex, &simple.words)?;
            let mut targets = Vec::new();
            for redirect in &simple.redirects {
                targets.push(Target { fd: redirect.fd, kind: redirect.kind, word: ex.text(&redirect.word)? });
            }
            let mut assigns = Vec::new();
            for (name, word) in &simple.assigns {
                let value = ex.text(word)?;
                assigns.push((name.clone(), value.clone()));
                // Later assignments of the same command see the earlier ones.
                ex.assigns.push((name.clone(), value));
            }
            if !argv.is_empty() {
                let kept = ex.assigns.len() - assigns.len();
                ex.assigns.truncate(kept);
            }
            Ok(Expanded { argv, assigns, targets })
        });
        match expanded {
            Ok(mut expanded) => {
                self.unalias(&mut expanded.argv);
                self.trace(&expanded, io);
                self.run_simple(expanded, io)
            }
            Err(step) => step,
        }
    }

    /// Replaces an alias by its words.
    fn unalias(&self, argv: &mut Vec<Text>) {
        let Some(alias) = argv.first().and_then(|name| self.aliases.get(name)) else { return };
        let words = crate::words::split(alias);
        argv.splice(0..1, words.into_iter().map(Text::from));
    }

    fn trace(&self, expanded: &Expanded, io: &mut Io) {
        if !self.options.trace {
            return;
        }
        let mut line = String::from("+");
        for (name, value) in &expanded.assigns {
            line += &format!(" {name}={}", crate::words::quote(value));
        }
        for word in &expanded.argv {
            line.push(' ');
            line += &crate::words::quote(word);
        }
        io.err(line + "\n");
    }

    fn run_simple(&mut self, expanded: Expanded, io: &mut Io) -> Step {
        let Some(name) = expanded.argv.first().cloned() else {
            // The assignments were done with the expansion.
            self.status = self.substitution_status.take().unwrap_or(0);
            let mut fds = io.core.fds.clone();
            if self.redirect(&expanded.targets, &mut fds, io).is_err() {
                self.status = 1;
            }
            return self.check_errexit(io);
        };
        if let Some(body) = self.functions.get(&name).cloned() {
            return self.call_function(body, expanded, io);
        }
        let Expanded { argv, assigns, targets } = expanded;
        if crate::builtins::is_builtin(&name) {
            return self.run_builtin(argv, assigns, &targets, io);
        }
        self.run_program(argv, assigns, &targets, io)
    }

    fn call_function(&mut self, body: Node, call: Expanded, io: &mut Io) -> Step {
        if let Err(step) = self.redirect_self(&call.targets, io) {
            return step;
        }
        let saved = self.assign_for_now(call.assigns);
        self.frames.push(Frame::Restore(saved));
        let params = std::mem::replace(&mut self.params, Arc::new(call.argv[1..].to_vec()));
        self.frames.push(Frame::Call { params, locals: Vec::new() });
        self.push(body);
        Step::More
    }

    /// Applies redirections to the shell itself, to be undone by a frame.
    pub(crate) fn redirect_self(&mut self, targets: &[Target], io: &mut Io) -> Result<(), Step> {
        if targets.is_empty() {
            return Ok(());
        }
        let before = io.core.fds.clone();
        let mut fds = before.clone();
        if self.redirect(targets, &mut fds, io).is_err() {
            self.status = 1;
            return Err(self.check_errexit(io));
        }
        let numbers = targets.iter().flat_map(|t| if t.kind == RedirectKind::Both { vec![1, 2] } else { vec![t.fd] });
        let saved = numbers.map(|number| (number, before.get(number).cloned())).collect();
        io.core.fds = fds;
        self.frames.push(Frame::Undo(saved));
        Ok(())
    }

    fn assign_for_now(&mut self, assigns: Vec<(Text, Text)>) -> Vec<(Text, Option<Var>)> {
        let mut saved = Vec::new();
        for (name, value) in assigns {
            saved.push((name.clone(), self.vars.get(&name).cloned()));
            if !self.vars.get(&name).is_some_and(|var| var.read_only) {
                self.export(&name, value);
            }
        }
        saved
    }

    fn run_builtin(&mut self, argv: Vec<Text>, assigns: Vec<(Text, Text)>, targets: &[Target], io: &mut Io) -> Step {
        if argv[0] == "exec" {
            return self.exec(argv, assigns, targets, io);
        }
        if let Err(step) = self.redirect_self(targets, io) {
            return step;
        }
        if crate::builtins::is_special(&argv[0]) {
            // Assignments before a special builtin stay.
            for (name, value) in assigns {
                if let Err(words) = self.set(&name, value) {
                    return self.fail(&words, io);
                }
            }
        } else if !assigns.is_empty() {
            let saved = self.assign_for_now(assigns);
            self.frames.push(Frame::Restore(saved));
        }
        self.builtin(&argv, io)
    }

    /// `exec`: redirections stay, and a program takes the shell's place.
    fn exec(&mut self, argv: Vec<Text>, assigns: Vec<(Text, Text)>, targets: &[Target], io: &mut Io) -> Step {
        let mut fds = io.core.fds.clone();
        if self.redirect(targets, &mut fds, io).is_err() {
            return self.exit(1, io);
        }
        if argv.len() < 2 {
            io.core.fds = fds;
            self.status = 0;
            return Step::More;
        }
        let argv = argv[1..].to_vec();
        match self.resolve(&argv[0], io) {
            Ok(found) => {
                let core = self.child_core(io.core.pid, argv, assigns, fds);
                becoming(found, core)
            }
            Err(code) => self.exit(code, io),
        }
    }

    fn child_core(&self, pid: u32, argv: Vec<Text>, assigns: Vec<(Text, Text)>, fds: Fds) -> Core {
        let mut env = self.environment();
        for (name, value) in assigns {
            match env.iter_mut().find(|row| row.0 == name) {
                Some(row) => row.1 = value,
                None => env.push((name, value)),
            }
        }
        let cwd = self.cwd.clone();
        Core { pid, fds, cwd, env: Arc::new(env), argv: Arc::new(argv), calls: Vec::new(), broken_pipe: false }
    }

    /// Finds a program; an error is told, its code answered.
    pub(crate) fn resolve(&mut self, name: &Text, io: &mut Io) -> Result<Resolved, i32> {
        let path = self.get("PATH").unwrap_or_else(|| text!("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"));
        let machine = self.machine.clone();
        tool::resolve(name, &path, &self.cwd, &machine, io.files).map_err(|error| {
            let (words, code) = match error {
                Errno::NoEntry if self.is_bash() && name.contains('/') => ("No such file or directory", 127),
                Errno::NoEntry if self.is_bash() => ("command not found", 127),
                Errno::NoEntry => ("not found", 127),
                Errno::IsDirectory if self.is_bash() => ("Is a directory", 126),
                _ => ("Permission denied", 126),
            };
            self.complain(io, &format!("{name}: {words}"));
            code
        })
    }

    /// `command name`: no functions, no redirections of its own.
    pub(crate) fn run_plain(&mut self, argv: Vec<Text>, io: &mut Io) -> Step {
        self.run_program(argv, Vec::new(), &[], io)
    }

    /// Runs a tool or another program, inline if it never waits.
    fn run_program(&mut self, argv: Vec<Text>, assigns: Vec<(Text, Text)>, targets: &[Target], io: &mut Io) -> Step {
        let mut fds = io.core.fds.clone();
        if self.redirect(targets, &mut fds, io).is_err() {
            self.status = 1;
            return self.check_errexit(io);
        }
        let found = match self.resolve_in(&argv[0], &fds, io) {
            Ok(found) => found,
            Err(code) => {
                self.status = code;
                self.pipe_status = vec![code];
                return self.check_errexit(io);
            }
        };
        if let Resolved::Tool(Maker::Once(run)) = found {
            let mut core = self.child_core(io.core.pid, argv, assigns, fds);
            let code = run(&mut io.seen_by(&mut core));
            io.core.broken_pipe |= core.broken_pipe;
            self.status = code;
            self.pipe_status = vec![code];
            return self.check_errexit(io);
        }
        if self.is_last(io) {
            let core = self.child_core(io.core.pid, argv, assigns, fds);
            return becoming(found, core);
        }
        if !io.kernel.room_for_task() {
            return self.fail("can't fork: Resource temporarily unavailable", io);
        }
        let pid = io.kernel.next_pid;
        let core = self.child_core(pid, argv, assigns, fds);
        let (program, core) = tool::launch(found, core);
        add_task(program, core, io);
        self.frames.push(Frame::Wait { pid });
        Step::More
    }

    /// As `resolve`, with errors going where the command's errors go.
    fn resolve_in(&mut self, name: &Text, fds: &Fds, io: &mut Io) -> Result<Resolved, i32> {
        let before = std::mem::replace(&mut io.core.fds, fds.clone());
        let found = self.resolve(name, io);
        io.core.fds = before;
        found
    }

    /// Nothing follows this command: a program can take the shell's place, as shells do for the last command of `-c`.
    fn is_last(&self, io: &Io) -> bool {
        let no_more = match &self.input {
            crate::shell::Input::Nothing => true,
            crate::shell::Input::Script { text, at } => text[*at..].trim().is_empty(),
            crate::shell::Input::Lines { .. } => false,
        };
        no_more && self.frames.is_empty() && self.traps.is_empty() && self.jobs.is_empty() && !io.core.broken_pipe
    }

    /// A subshell in the foreground.
    pub(crate) fn foreground(&mut self, child: Shell, io: &mut Io) -> Step {
        let fds = io.core.fds.clone();
        match self.spawn_shell(child, fds, io) {
            Some(pid) => {
                self.frames.push(Frame::Wait { pid });
                Step::More
            }
            None => self.fail("can't fork: Resource temporarily unavailable", io),
        }
    }

    pub(crate) fn spawn_shell(&mut self, child: Shell, fds: Fds, io: &mut Io) -> Option<u32> {
        if !io.kernel.room_for_task() {
            return None;
        }
        let pid = io.kernel.next_pid;
        let core = Core { pid, fds, calls: Vec::new(), broken_pipe: false, ..io.core.clone() };
        add_task(Program::Shell(Box::new(child)), core, io);
        Some(pid)
    }

    pub(crate) fn pipe(&mut self, negate: bool, stages: &[Node], io: &mut Io) -> Step {
        if let [only] = stages {
            self.frames.push(Frame::Invert);
            self.push(only.clone());
            return Step::More;
        }
        let mut input = io.core.fds.get(0).cloned();
        let mut pids = Vec::new();
        for (nth, stage) in stages.iter().enumerate() {
            let mut fds = io.core.fds.clone();
            fds.set(0, input.take());
            if nth + 1 < stages.len() {
                let pipe = io.kernel.pipe(false);
                fds.set(1, Some(Fd::PipeWrite(pipe)));
                input = Some(Fd::PipeRead(pipe));
            }
            let child = self.fork(stage.clone());
            match self.spawn_shell(child, fds, io) {
                Some(pid) => pids.push(pid),
                None => return self.fail("can't fork: Resource temporarily unavailable", io),
            }
        }
        self.frames.push(Frame::Pipeline { pids, codes: Vec::new(), negate });
        Step::More
    }

    pub(crate) fn redirected(&mut self, node: &Node, outputs: Vec<Text>, io: &mut Io) -> Step {
        let Command::Redirected(inner, redirects) = &**node else { return Step::More };
        let targets = self.expanding(node, outputs, io, |ex| {
            let target = |redirect: &Redirect, word: Text| Target { fd: redirect.fd, kind: redirect.kind, word };
            redirects.iter().map(|redirect| Ok(target(redirect, ex.text(&redirect.word)?))).collect::<Result<Vec<_>, _>>()
        });
        let targets = match targets {
            Ok(targets) => targets,
            Err(step) => return step,
        };
        if let Command::Subshell(list) = &**inner {
            let mut fds = io.core.fds.clone();
            if self.redirect(&targets, &mut fds, io).is_err() {
                self.status = 1;
                return self.check_errexit(io);
            }
            let child = self.fork(list.clone());
            return match self.spawn_shell(child, fds, io) {
                Some(pid) => {
                    self.frames.push(Frame::Wait { pid });
                    Step::More
                }
                None => self.fail("can't fork: Resource temporarily unavailable", io),
            };
        }
        if let Err(step) = self.redirect_self(&targets, io) {
            return step;
        }
        self.push(inner.clone());
        Step::More
    }

    pub(crate) fn test_command(&mut self, node: &Node, test: &Test, outputs: Vec<Text>, io: &mut Io) -> Step {
        let machine = self.machine.clone();
        let result = self.expanding(node, outputs, io, |ex| crate::tools::test::evaluate(test, ex, machine.owner()));
        match result {
            Ok(Ok(truth)) => {
                self.status = i32::from(!truth);
                self.check_errexit(io)
            }
            Ok(Err(words)) => {
                self.complain(io, &words);
                self.status = 2;
                self.check_errexit(io)
            }
            Err(step) => step,
        }
    }

    /// Opens what redirections name and puts it into `fds`; errors are told.
    pub(crate) fn redirect(&mut self, targets: &[Target], fds: &mut Fds, io: &mut Io) -> Result<(), ()> {
        for target in targets {
            // Later ones see the earlier ones: `2>&1 >f`.
            let before = std::mem::replace(&mut io.core.fds, fds.clone());
            let opened = self.open_target(target, io);
            io.core.fds = before;
            match opened {
                Ok(fd) => {
                    if target.kind == RedirectKind::Both {
                        fds.set(2, fd.clone());
                    }
                    fds.set(target.fd, fd);
                }
                Err(words) => {
                    self.complain(io, &words);
                    return Err(());
                }
            }
        }
        Ok(())
    }

    fn open_target(&self, target: &Target, io: &mut Io) -> Result<Option<Fd>, String> {
        let word = &target.word;
        let access = match target.kind {
            RedirectKind::Text => return Ok(Some(io.kernel.open_text(word.as_bytes().to_vec().into()))),
            RedirectKind::Copy if word == "-" => return Ok(None),
            RedirectKind::Copy => {
                let bad = || format!("{word}: Bad file descriptor");
                let number = word.parse::<u8>().map_err(|_| bad())?;
                return io.core.fds.get(number).cloned().map(Some).ok_or_else(bad);
            }
            RedirectKind::Read => Access::Read,
            RedirectKind::Write | RedirectKind::Both => Access::Write,
            RedirectKind::Append | RedirectKind::ReadWrite => Access::Append,
        };
        // The shell's folder, which the core of its task does not follow.
        let path = crate::files::join(&self.cwd, word);
        if access == Access::Write
            && self.options.no_clobber
            && io.files.stat(&path).is_ok_and(|s| s.kind == crate::files::Kind::File)
        {
            return Err(format!("can't create {word}: File exists"));
        }
        io.open(&path, access).map(Some).map_err(|error| match (self.is_bash(), access, error) {
            (true, _, _) => format!("{word}: {}", error.words()),
            (false, Access::Read, Errno::NoEntry) => format!("can't open {word}: no such file"),
            (false, Access::Read, _) => format!("can't open {word}: {}", error.words()),
            (false, _, Errno::NoEntry) => format!("can't create {word}: nonexistent directory"),
            (false, _, _) => format!("can't create {word}: {}", error.words()),
        })
    }
}

/// The fields of a command's words. After `export` and the like, words that assign are not split.
fn command_fields(ex: &mut Expander, words: &[Word]) -> Result<Vec<Text>, Stop> {
    let declares = ["export", "local", "readonly", "declare", "typeset", "alias"];
    if !words.first().and_then(Word::plain).is_some_and(|name| declares.contains(&name.as_str())) {
        return ex.fields(words);
    }
    let mut out = Vec::new();
    for word in words {
        let assigns =
            matches!(word.0.first(), Some(Part::Plain(text)) if text.split_once('=').is_some_and(|(name, _)| is_name(name)));
        if assigns {
            out.push(ex.text(word)?);
        } else {
            out.extend(ex.fields(std::slice::from_ref(word))?);
        }
    }
    Ok(out)
}

/// A program in the place of the shell.
fn becoming(found: Resolved, core: Core) -> Step {
    let (program, core) = tool::launch(found, core);
    Step::Become(program, Box::new(core))
}

/// Adds a child of the running task.
pub(crate) fn add_task(program: Program, core: Core, io: &mut Io) {
    let pid = core.pid;
    io.kernel.next_pid += 1;
    io.kernel.rows.insert(pid, Row { argv: core.argv.clone() });
    io.kernel.spawned.push(Task { parent: io.core.pid, core, program, on: On::Ready, signals: Vec::new() });
}
