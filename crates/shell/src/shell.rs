//! `Shell`: the interpreter. Its continuation is an explicit stack of frames, so it can stop anywhere (a child runs, a
//! line is awaited), be cloned, and go on later. One `step` does a small, bounded amount of work.

use crate::ast::{Command, Node, Word};
use crate::call::Signal;
use crate::expand::{Expander, Stop};
use crate::kernel::{Fd, Io};
use crate::process::Machine;
use crate::table::Table;
use crate::tool::{On, Step};
use base::{Text, Time, text};
use std::sync::Arc;

#[derive(Clone, Debug, Default)]
pub(crate) struct Var {
    /// `export x` without a value makes one that is not set.
    pub(crate) value: Option<Text>,
    pub(crate) exported: bool,
    pub(crate) read_only: bool,
}

/// What `set` switches.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Options {
    pub(crate) exit_on_error: bool,
    pub(crate) no_unset: bool,
    pub(crate) trace: bool,
    pub(crate) no_glob: bool,
    pub(crate) pipe_fail: bool,
    pub(crate) no_clobber: bool,
    pub(crate) export_all: bool,
}

impl Options {
    pub(crate) fn letters(self, interactive: bool) -> Text {
        let rows = [(self.exit_on_error, 'e'), (self.no_glob, 'f'), (interactive, 'i'), (self.no_unset, 'u'), (self.trace, 'x')];
        Text::from(rows.into_iter().filter(|row| row.0).map(|row| row.1).collect::<String>())
    }
}

/// The stack's depth, which bounds recursion of functions and `eval`.
const FRAMES: usize = 2000;

/// What is still to be done, from the inside out.
#[derive(Clone, Debug)]
pub(crate) enum Frame {
    /// A command, with the outputs of its substitutions so far.
    Eval {
        node: Node,
        outputs: Vec<Text>,
    },
    Seq {
        node: Node,
        next: usize,
    },
    /// The right side of `&&` and `||`.
    AndThen(Node),
    OrElse(Node),
    /// `!`
    Invert,
    /// After the condition of arm `arm`.
    If {
        node: Node,
        arm: usize,
    },
    LoopTest {
        node: Node,
    },
    LoopBody {
        node: Node,
    },
    For {
        node: Node,
        words: Arc<Vec<Text>>,
        next: usize,
    },
    /// A command substitution fills a pipe.
    Subst {
        pipe: u32,
        pid: u32,
    },
    /// A foreground child runs.
    Wait {
        pid: u32,
    },
    Pipeline {
        pids: Vec<u32>,
        codes: Vec<i32>,
        negate: bool,
    },
    /// Redirections to take back.
    Undo(Vec<(u8, Option<Fd>)>),
    /// The end of a function or sourced file: what to restore.
    Call {
        params: Arc<Vec<Text>>,
        locals: Vec<(Text, Option<Var>)>,
    },
    /// Variables that were set for one command.
    Restore(Vec<(Text, Option<Var>)>),
    /// The end of a trap's action: the status before it.
    Trap(i32),
    /// More lines of a text (a sourced file, an `eval`).
    Lines {
        text: Text,
        at: usize,
    },
    /// `wait` for jobs.
    Jobs(Vec<u32>),
    /// `read` waits for a line.
    ReadLine(Box<crate::read::ReadLine>),
    /// The exit trap ran: now exit.
    Exit(i32),
}

impl Frame {
    /// A failing command here does not end a script with `set -e`.
    const fn is_condition(&self) -> bool {
        matches!(self, Frame::If { .. } | Frame::LoopTest { .. } | Frame::AndThen(_) | Frame::OrElse(_) | Frame::Invert)
    }
}

/// Where commands come from.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    /// Only what is on the stack.
    Nothing,
    /// A script.
    Script { text: Text, at: usize },
    /// Standard input, line by line; what is not a whole command yet.
    Lines { pending: String, prompted: bool },
}

#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) pid: u32,
    pub(crate) code: Option<i32>,
}

#[derive(Clone, Debug)]
pub(crate) struct Shell {
    pub(crate) machine: Arc<Machine>,
    pub(crate) vars: Arc<Table<Text, Var>>,
    pub(crate) functions: Arc<Table<Text, Node>>,
    pub(crate) aliases: Arc<Table<Text, Text>>,
    pub(crate) params: Arc<Vec<Text>>,
    /// `$0`
    pub(crate) name: Text,
    pub(crate) status: i32,
    /// `$?` before the builtin that runs.
    pub(crate) before: i32,
    pub(crate) pipe_status: Vec<i32>,
    pub(crate) last_background: Option<u32>,
    /// `$$`
    pub(crate) pid: u32,
    pub(crate) options: Options,
    pub(crate) cwd: Text,
    pub(crate) interactive: bool,
    pub(crate) started: Time,
    pub(crate) random_state: u64,
    pub(crate) input: Input,
    pub(crate) frames: Vec<Frame>,
    pub(crate) jobs: Vec<Job>,
    /// Actions by signal; `None` is EXIT. An empty action ignores.
    pub(crate) traps: Table<Option<Signal>, Text>,
    pub(crate) caught: Vec<Signal>,
    /// The status of the last command substitution of the command in the making.
    pub(crate) substitution_status: Option<i32>,
    pub(crate) getopts_at: usize,
    pub(crate) exiting: bool,
    /// A subshell inside a condition: `set -e` does not count.
    excused: bool,
}

impl Shell {
    pub(crate) fn new(machine: Arc<Machine>, pid: u32, cwd: Text, now: Time) -> Shell {
        let random_state = machine.seed ^ u64::from(pid).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Shell {
            machine,
            vars: Arc::default(),
            functions: Arc::default(),
            aliases: Arc::default(),
            params: Arc::default(),
            name: text!("sh"),
            status: 0,
            before: 0,
            pipe_status: Vec::new(),
            last_background: None,
            pid,
            options: Options::default(),
            cwd,
            interactive: false,
            started: now,
            random_state,
            input: Input::Nothing,
            frames: Vec::new(),
            jobs: Vec::new(),
            traps: Table::new(),
            caught: Vec::new(),
            substitution_status: None,
            getopts_at: 0,
            exiting: false,
            excused: false,
        }
    }

    /// A subshell with one command to run.
    pub(crate) fn fork(&self, node: Node) -> Shell {
        let mut child = self.clone();
        child.frames = vec![Frame::Eval { node, outputs: Vec::new() }];
        child.input = Input::Nothing;
        child.interactive = false;
        child.jobs.clear();
        child.caught.clear();
        // Traps are reset in a subshell, but what is ignored stays ignored.
        child.traps.retain(|_, action| action.is_empty());
        child.exiting = false;
        child.excused = self.excused || self.frames.iter().any(Frame::is_condition);
        child.substitution_status = None;
        child
    }

    pub(crate) fn is_bash(&self) -> bool {
        self.machine.bash
    }
    pub(crate) fn get(&self, name: &str) -> Option<Text> {
        self.vars.get(name).and_then(|var| var.value.clone())
    }
    /// Sets a variable; the words of the refusal if it is read-only.
    pub(crate) fn set(&mut self, name: &Text, value: Text) -> Result<(), String> {
        let vars = Arc::make_mut(&mut self.vars);
        let var = vars.or_insert_with(name.clone(), Var::default);
        if var.read_only {
            let words = if self.machine.bash { "readonly variable" } else { "is read only" };
            return Err(format!("{name}: {words}"));
        }
        var.value = Some(value);
        var.exported |= self.options.export_all;
        Ok(())
    }
    pub(crate) fn export(&mut self, name: &Text, value: Text) {
        Arc::make_mut(&mut self.vars).insert(name.clone(), Var { value: Some(value), exported: true, read_only: false });
    }
    /// Names and values for children.
    pub(crate) fn environment(&self) -> Vec<(Text, Text)> {
        let exported = self.vars.iter().filter(|(_, var)| var.exported);
        exported.filter_map(|(name, var)| Some((name.clone(), var.value.clone()?))).collect()
    }
    /// The `n`-th number of `$RANDOM` from now on.
    pub(crate) fn random(&self, n: u32) -> i64 {
        let mut state = self.random_state.wrapping_add(u64::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((state >> 33) & 0x7fff) as i64
    }

    /// `sh: words`
    pub(crate) fn complain(&self, io: &mut Io, words: &str) {
        let name = self.name.rsplit('/').next().unwrap_or("sh");
        let name = if self.is_bash() && self.interactive { "bash" } else { name };
        io.err(format!("{name}: {words}\n"));
    }

    pub(crate) const fn has_caught(&self) -> bool {
        !self.caught.is_empty()
    }
    /// A signal came; false if it ends the shell.
    pub(crate) fn catch(&mut self, signal: Signal) -> bool {
        match self.traps.get(&Some(signal)) {
            Some(action) if action.is_empty() => true,
            Some(_) => {
                if self.caught.len() < 64 {
                    self.caught.push(signal);
                }
                true
            }
            None if self.interactive => {
                if signal == Signal::Int {
                    self.caught.push(signal);
                }
                matches!(signal, Signal::Int | Signal::Term | Signal::Quit)
            }
            None => false,
        }
    }
    pub(crate) fn at_prompt(&self) -> bool {
        self.frames.is_empty() && matches!(self.input, Input::Lines { prompted: true, .. })
    }
    pub(crate) fn saved_fds<'a>(&'a self, out: &mut Vec<&'a Fd>) {
        for frame in &self.frames {
            if let Frame::Undo(saved) = frame {
                out.extend(saved.iter().filter_map(|row| row.1.as_ref()));
            }
        }
    }

    /// One small piece of work.
    pub(crate) fn step(&mut self, io: &mut Io) -> Step {
        if let Some(full) = io.output_full() {
            return Step::Wait(On::Write(full));
        }
        if !self.caught.is_empty() && !matches!(self.frames.last(), Some(Frame::Wait { .. } | Frame::Pipeline { .. })) {
            let signal = self.caught.remove(0);
            return self.run_trap(signal, io);
        }
        if self.frames.len() > FRAMES {
            self.complain(io, "maximum recursion depth exceeded");
            self.unwind(io);
            return self.exit(2, io);
        }
        match self.frames.pop() {
            Some(frame) => self.frame(frame, io),
            None if self.exiting => Step::Exit(self.status & 255),
            None => self.next_commands(io),
        }
    }

    fn run_trap(&mut self, signal: Signal, io: &mut Io) -> Step {
        match self.traps.get(&Some(signal)).cloned() {
            Some(action) => {
                if let Some(Frame::Jobs(_) | Frame::ReadLine(_)) = self.frames.last() {
                    self.frames.pop();
                    self.status = signal.exit_code();
                }
                self.frames.push(Frame::Trap(self.status));
                self.frames.push(Frame::Lines { text: action, at: 0 });
            }
            None if signal == Signal::Int && self.interactive => {
                self.unwind(io);
                self.status = signal.exit_code();
                self.input = Input::Lines { pending: String::new(), prompted: false };
                io.err("^C\n");
            }
            None => {}
        }
        Step::More
    }

    fn frame(&mut self, frame: Frame, io: &mut Io) -> Step {
        match frame {
            Frame::Eval { node, outputs } => return self.eval(node, outputs, io),
            Frame::Seq { node, next } => self.seq(node, next),
            Frame::AndThen(node) => {
                if self.status == 0 {
                    self.push(node);
                }
            }
            Frame::OrElse(node) => {
                if self.status != 0 {
                    self.push(node);
                }
            }
            Frame::Invert => self.status = i32::from(self.status == 0),
            Frame::If { node, arm } => self.if_arm(&node, arm),
            Frame::LoopTest { node } => self.loop_test(node),
            Frame::LoopBody { node } => self.loop_start(node),
            Frame::For { node, words, next } => self.for_next(node, words, next),
            Frame::Subst { pipe, pid } => return self.substituted(pipe, pid, io),
            Frame::Wait { pid } => return self.waited(pid, io),
            Frame::Pipeline { pids, codes, negate } => return self.pipeline_ended(pids, codes, negate, io),
            Frame::Undo(saved) => self.undo(saved, io),
            Frame::Call { params, locals } => {
                self.params = params;
                self.restore(locals);
            }
            Frame::Restore(saved) => self.restore(saved),
            Frame::Trap(status) => self.status = status,
            Frame::Lines { text, at } => return self.lines(text, at, io),
            Frame::Jobs(pids) => return self.wait_jobs(pids, io),
            Frame::ReadLine(read) => return self.read_line(*read, io),
            Frame::Exit(code) => {
                self.status = code;
                return Step::Exit(code & 255);
            }
        }
        Step::More
    }

    pub(crate) fn push(&mut self, node: Node) {
        self.frames.push(Frame::Eval { node, outputs: Vec::new() });
    }

    fn eval(&mut self, node: Node, outputs: Vec<Text>, io: &mut Io) -> Step {
        match &*node {
            Command::Simple(simple) => return self.simple(&node, simple, outputs, io),
            Command::Seq(_) => self.seq(node, 0),
            Command::Pipe { negate, stages } => return self.pipe(*negate, stages, io),
            Command::And(left, right) => {
                self.frames.push(Frame::AndThen(right.clone()));
                self.push(left.clone());
            }
            Command::Or(left, right) => {
                self.frames.push(Frame::OrElse(right.clone()));
                self.push(left.clone());
            }
            Command::Background(inner) => self.background(inner, io),
            Command::If { arms, .. } => {
                let condition = arms[0].0.clone();
                self.frames.push(Frame::If { node, arm: 0 });
                self.push(condition);
            }
            Command::Loop { .. } => {
                self.status = 0;
                self.loop_start(node);
            }
            Command::For { words, .. } => return self.for_start(&node, words.as_deref(), outputs, io),
            Command::Case { .. } => return self.case(&node, outputs, io),
            Command::Function { name, body } => {
                Arc::make_mut(&mut self.functions).insert(name.clone(), body.clone());
                self.status = 0;
            }
            Command::Subshell(inner) => {
                let child = self.fork(inner.clone());
                return self.foreground(child, io);
            }
            Command::Test(test) => return self.test_command(&node, test, outputs, io),
            Command::Arith(word) => return self.arith_command(&node, word, outputs, io),
            Command::Redirected(..) => return self.redirected(&node, outputs, io),
        }
        Step::More
    }

    fn seq(&mut self, node: Node, next: usize) {
        let Command::Seq(nodes) = &*node else { return };
        let Some(command) = nodes.get(next).cloned() else { return };
        if next + 1 < nodes.len() {
            self.frames.push(Frame::Seq { node: node.clone(), next: next + 1 });
        }
        self.push(command);
    }

    fn if_arm(&mut self, node: &Node, arm: usize) {
        let Command::If { arms, otherwise } = &**node else { return };
        if self.status == 0 {
            self.push(arms[arm].1.clone());
            return;
        }
        self.status = 0;
        match arms.get(arm + 1) {
            Some((condition, _)) => {
                let condition = condition.clone();
                self.frames.push(Frame::If { node: node.clone(), arm: arm + 1 });
                self.push(condition);
            }
            None => {
                if let Some(body) = otherwise {
                    self.push(body.clone());
                }
            }
        }
    }

    fn loop_start(&mut self, node: Node) {
        let Command::Loop { condition, .. } = &*node else { return };
        let condition = condition.clone();
        // The status of the last round is the loop's, if the condition ends it.
        self.frames.push(Frame::Trap(self.status));
        self.frames.push(Frame::LoopTest { node });
        self.push(condition);
    }

    fn loop_test(&mut self, node: Node) {
        let Command::Loop { until, body, .. } = &*node else { return };
        if (self.status == 0) == *until {
            // The status of the last round comes back from the frame below.
            return;
        }
        self.frames.pop();
        self.status = 0;
        let body = body.clone();
        self.frames.push(Frame::LoopBody { node });
        self.push(body);
    }

    fn for_start(&mut self, node: &Node, words: Option<&[Word]>, outputs: Vec<Text>, io: &mut Io) -> Step {
        let fields = match words {
            None => self.params.to_vec(),
            Some(words) => match self.expanding(node, outputs, io, |ex| ex.fields(words)) {
                Ok(fields) => fields,
                Err(step) => return step,
            },
        };
        self.status = 0;
        self.for_next(node.clone(), Arc::new(fields), 0);
        Step::More
    }

    fn for_next(&mut self, node: Node, words: Arc<Vec<Text>>, next: usize) {
        let Command::For { name, body, .. } = &*node else { return };
        let Some(word) = words.get(next).cloned() else { return };
        let (name, body) = (name.clone(), body.clone());
        if self.set(&name, word).is_err() {
            self.status = 2;
            return;
        }
        self.frames.push(Frame::For { node, words, next: next + 1 });
        self.push(body);
    }

    fn case(&mut self, node: &Node, outputs: Vec<Text>, io: &mut Io) -> Step {
        let Command::Case { word, arms } = &**node else { return Step::More };
        let found = self.expanding(node, outputs, io, |ex| {
            let text = ex.text(word)?;
            for (patterns, body) in arms {
                for pattern in patterns {
                    if ex.pattern(pattern)?.matches(&text) {
                        return Ok(Some(body.clone()));
                    }
                }
            }
            Ok(None)
        });
        match found {
            Ok(body) => {
                self.status = 0;
                if let Some(body) = body {
                    self.push(body);
                }
                Step::More
            }
            Err(step) => step,
        }
    }

    fn arith_command(&mut self, node: &Node, word: &Word, outputs: Vec<Text>, io: &mut Io) -> Step {
        match self.expanding(node, outputs, io, |ex| ex.arith(word)) {
            Ok(value) => {
                self.status = i32::from(value == 0);
                self.check_errexit(io)
            }
            Err(step) => step,
        }
    }

    /// Expands words of a command; `Err` is what to do instead of going on with it.
    pub(crate) fn expanding<T>(
        &mut self,
        node: &Node,
        mut outputs: Vec<Text>,
        io: &mut Io,
        what: impl FnOnce(&mut Expander) -> Result<T, Stop>,
    ) -> Result<T, Step> {
        let mut expander = Expander::new(self, io.files, io.now, &outputs);
        let result = what(&mut expander);
        let assigns = std::mem::take(&mut expander.assigns);
        match result {
            Ok(value) => {
                self.random_state = self.random_state.wrapping_add(0x1234_5678_9abc_def1);
                for (name, value) in assigns {
                    if let Err(words) = self.set(&name, value) {
                        return Err(self.fail(&words, io));
                    }
                }
                Ok(value)
            }
            Err(Stop::Need(command)) => {
                outputs.shrink_to_fit();
                self.frames.push(Frame::Eval { node: node.clone(), outputs });
                Err(self.substitute(command, io))
            }
            Err(Stop::Fail(words)) => Err(self.fail(&words, io)),
        }
    }

    /// An error that ends a script (a terminal only gives up the line).
    pub(crate) fn fail(&mut self, words: &str, io: &mut Io) -> Step {
        self.complain(io, words);
        self.status = if self.is_bash() { 1 } else { 2 };
        self.unwind(io);
        if self.interactive { Step::More } else { self.exit(self.status, io) }
    }

    fn substitute(&mut self, command: Node, io: &mut Io) -> Step {
        let pipe = io.kernel.pipe(true);
        let child = self.fork(command);
        let mut fds = io.core.fds.clone();
        fds.set(1, Some(Fd::PipeWrite(pipe)));
        match self.spawn_shell(child, fds, io) {
            Some(pid) => self.frames.push(Frame::Subst { pipe, pid }),
            None => {
                io.kernel.drop_pipe(pipe);
                return self.fail("can't fork: Resource temporarily unavailable", io);
            }
        }
        Step::More
    }

    fn substituted(&mut self, pipe: u32, pid: u32, io: &mut Io) -> Step {
        let Some(code) = io.exited(pid) else {
            self.frames.push(Frame::Subst { pipe, pid });
            return Step::Wait(On::Child(pid));
        };
        let mut bytes = io.kernel.take_pipe(pipe);
        io.kernel.drop_pipe(pipe);
        if io.kernel.out_of_memory {
            return Step::Exit(137);
        }
        bytes.retain(|byte| *byte != 0);
        while bytes.last() == Some(&b'\n') {
            bytes.pop();
        }
        bytes.truncate(crate::expand::MAX_TEXT);
        self.substitution_status = Some(code);
        if let Some(Frame::Eval { outputs, .. }) = self.frames.last_mut() {
            outputs.push(Text::from(String::from_utf8_lossy(&bytes).as_ref()));
        }
        Step::More
    }

    fn waited(&mut self, pid: u32, io: &mut Io) -> Step {
        match io.exited(pid) {
            Some(code) => {
                self.status = code;
                self.pipe_status = vec![code];
                self.check_errexit(io)
            }
            None if !io.kernel.rows.contains_key(&pid) => {
                self.status = 127;
                Step::More
            }
            None => {
                self.frames.push(Frame::Wait { pid });
                Step::Wait(On::Child(pid))
            }
        }
    }

    fn pipeline_ended(&mut self, mut pids: Vec<u32>, mut codes: Vec<i32>, negate: bool, io: &mut Io) -> Step {
        while let Some(pid) = pids.first().copied() {
            match io.exited(pid) {
                Some(code) => codes.push(code),
                None if !io.kernel.rows.contains_key(&pid) => codes.push(127),
                None => {
                    self.frames.push(Frame::Pipeline { pids, codes, negate });
                    return Step::Wait(On::Child(pid));
                }
            }
            pids.remove(0);
        }
        let last = codes.last().copied().unwrap_or(0);
        let failed = codes.iter().rev().copied().find(|code| *code != 0);
        self.status = if self.options.pipe_fail { failed.unwrap_or(0) } else { last };
        self.pipe_status = codes;
        if negate {
            self.status = i32::from(self.status == 0);
            return Step::More;
        }
        self.check_errexit(io)
    }

    /// After a command: with `set -e` a failure ends the shell.
    pub(crate) fn check_errexit(&mut self, io: &mut Io) -> Step {
        if self.status == 0 || !self.options.exit_on_error || self.excused || self.frames.iter().any(Frame::is_condition) {
            return Step::More;
        }
        self.exit(self.status, io)
    }

    fn background(&mut self, node: &Node, io: &mut Io) {
        let child = self.fork(node.clone());
        let mut fds = io.core.fds.clone();
        if !self.interactive {
            fds.set(0, Some(Fd::Null));
        }
        match self.spawn_shell(child, fds, io) {
            Some(pid) => {
                self.last_background = Some(pid);
                self.reap(io);
                self.jobs.push(Job { pid, code: None });
                if self.interactive {
                    let number = self.jobs.len();
                    io.err(format!("[{number}] {pid}\n"));
                }
                self.status = 0;
            }
            None => {
                self.complain(io, "can't fork: Resource temporarily unavailable");
                self.status = 2;
            }
        }
    }

    /// Notes which jobs ended; forgets the oldest of many.
    pub(crate) fn reap(&mut self, io: &mut Io) {
        for job in self.jobs.iter_mut().filter(|job| job.code.is_none()) {
            job.code = io.exited(job.pid);
        }
        if self.jobs.len() > 100
            && let Some(at) = self.jobs.iter().position(|job| job.code.is_some())
        {
            self.jobs.remove(at);
        }
    }

    /// `wait`: all the jobs, or until a trapped signal comes.
    fn wait_jobs(&mut self, mut pids: Vec<u32>, io: &mut Io) -> Step {
        while let Some(pid) = pids.first().copied() {
            self.reap(io);
            let known = self.jobs.iter().position(|job| job.pid == pid);
            match known.map(|at| (at, self.jobs[at].code)) {
                Some((at, Some(code))) => {
                    self.status = code;
                    self.jobs.remove(at);
                }
                Some((_, None)) if io.kernel.rows.contains_key(&pid) => {
                    self.frames.push(Frame::Jobs(pids.clone()));
                    return Step::Wait(On::Jobs(pids));
                }
                Some((at, None)) => {
                    self.jobs.remove(at);
                    self.status = 127;
                }
                None => self.status = 127,
            }
            pids.remove(0);
        }
        self.check_errexit(io)
    }

    pub(crate) fn undo(&mut self, saved: Vec<(u8, Option<Fd>)>, io: &mut Io) {
        for (number, fd) in saved.into_iter().rev() {
            io.core.fds.set(number, fd);
        }
    }
    pub(crate) fn restore(&mut self, saved: Vec<(Text, Option<Var>)>) {
        let vars = Arc::make_mut(&mut self.vars);
        for (name, var) in saved.into_iter().rev() {
            match var {
                Some(var) => _ = vars.insert(name, var),
                None => _ = vars.remove(&name),
            }
        }
    }
    /// Takes one frame off without going on in it.
    pub(crate) fn drop_frame(&mut self, io: &mut Io) -> Option<()> {
        match self.frames.pop()? {
            Frame::Undo(saved) => self.undo(saved, io),
            Frame::Call { params, locals } => {
                self.params = params;
                self.restore(locals);
            }
            Frame::Restore(saved) => self.restore(saved),
            Frame::Subst { pipe, .. } => io.kernel.drop_pipe(pipe),
            _ => {}
        }
        Some(())
    }
    /// Gives up all that was to be done.
    pub(crate) fn unwind(&mut self, io: &mut Io) {
        while self.drop_frame(io).is_some() {}
    }

    /// Ends the shell, after its EXIT trap.
    pub(crate) fn exit(&mut self, code: i32, io: &mut Io) -> Step {
        self.unwind(io);
        self.status = code;
        self.input = Input::Nothing;
        self.interactive = false;
        let action = self.traps.remove(&None).filter(|action| !action.is_empty());
        match action {
            Some(action) => {
                self.frames.push(Frame::Exit(code));
                self.frames.push(Frame::Lines { text: action, at: 0 });
                Step::More
            }
            None => Step::Exit(code & 255),
        }
    }
}
