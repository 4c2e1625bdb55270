//! `Process`: a program that runs in a container (or a terminal), as a value. It holds tasks (shells, tools, stages of
//! pipelines, background jobs) which take turns; nothing waits inside, a turn ends with what is being waited for.

use crate::call::{Call, CallId, Reply, Signal};
use crate::files::{Files, Owner};
use crate::kernel::{Core, Fd, Fds, Io, Kernel, Row};
use crate::shell::Shell;
use crate::table::Table;
use crate::tool::{self, On, Step, Tool};
use base::{Text, Time};
use std::collections::VecDeque;
use std::sync::Arc;

/// The machine and user that a process runs as; shared by all processes of a container.
#[derive(Clone, Debug)]
pub struct Machine {
    pub hostname: Text,
    pub uid: u32,
    pub gid: u32,
    pub groups: Vec<u32>,
    /// bash and GNU tools instead of busybox (the terminal).
    pub bash: bool,
    /// Programs that the host runs itself (`kubectl`, an image's own server).
    pub programs: Vec<Text>,
    /// Names of tools that are not there although we know them (an image without `curl`).
    pub missing: Vec<Text>,
    pub seed: u64,
}

impl Machine {
    /// A busybox machine with the user root.
    pub fn new(hostname: &str) -> Machine {
        Machine {
            hostname: Text::from(hostname),
            uid: 0,
            gid: 0,
            groups: Vec::new(),
            bash: false,
            programs: Vec::new(),
            missing: Vec::new(),
            seed: 1,
        }
    }
    pub fn owner(&self) -> Owner<'_> {
        Owner { uid: self.uid, gid: self.gid, groups: &self.groups }
    }
}

/// What to start.
#[derive(Clone, Debug)]
pub struct Start {
    pub argv: Vec<Text>,
    pub env: Vec<(Text, Text)>,
    pub cwd: Text,
    pub machine: Arc<Machine>,
    /// 1 for a container's first process: it ignores signals that it does not trap.
    pub pid: u32,
    /// Standard input is a terminal (`-t`): a shell is interactive.
    pub tty: bool,
    pub now: Time,
}

/// Why nothing was started, as a container runtime tells it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StartError {
    /// No such program in `$PATH`.
    NotInPath,
    /// The path does not exist.
    NoEntry,
    IsDirectory,
    NotExecutable,
}

/// How a turn ended. Take the outputs and calls after every turn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    Exited(i32),
    /// Nothing happens before that time (perhaps `Time::NEVER`), a reply, a signal or, if `reading`, input.
    Waiting {
        until: Time,
        reading: bool,
    },
    /// The budget is used up, or output waits to be taken: run again.
    Ready,
}

#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) parent: u32,
    pub(crate) core: Core,
    pub(crate) program: Program,
    pub(crate) on: On,
    pub(crate) signals: Vec<Signal>,
}

#[derive(Clone, Debug)]
pub(crate) enum Program {
    Shell(Box<Shell>),
    Tool(Box<dyn Tool>),
}

/// A process and all that it started.
#[derive(Clone, Debug)]
pub struct Process {
    kernel: Kernel,
    tasks: Table<u32, Task>,
    main: u32,
    exited: Option<i32>,
}

/// Steps that one task takes before the next one's turn.
const SLICE: u32 = 64;

impl Process {
    /// Starts a program; nothing runs yet.
    pub fn start(start: Start, files: &Files) -> Result<Process, StartError> {
        let mut kernel = Kernel::new(start.machine.clone(), start.pid + 1);
        kernel.tty = start.tty;
        let argv = Arc::new(start.argv.clone());
        let core = Core {
            pid: start.pid,
            fds: Fds::standard(),
            cwd: start.cwd.clone(),
            env: Arc::new(start.env.clone()),
            argv: argv.clone(),
            calls: Vec::new(),
            broken_pipe: false,
        };
        let program = tool::program(&start, files)?;
        kernel.rows.insert(start.pid, Row { argv });
        let task = Task { parent: 0, core, program, on: On::Ready, signals: Vec::new() };
        let mut tasks = Table::new();
        tasks.insert(start.pid, task);
        Ok(Process { kernel, tasks, main: start.pid, exited: None })
    }

    /// Runs until everything waits, the process ends or the budget is used up.
    pub fn run(&mut self, files: &mut Files, now: Time, budget: &mut u32) -> Turn {
        loop {
            if let Some(code) = self.exited {
                return Turn::Exited(code);
            }
            let mut moved = false;
            let pids: Vec<u32> = self.tasks.keys().copied().collect();
            for pid in pids {
                moved |= self.deliver(pid, files, now, budget);
                if self.exited.is_some() {
                    break;
                }
                if !self.is_ready(pid, now) {
                    continue;
                }
                if *budget == 0 {
                    return Turn::Ready;
                }
                moved = true;
                self.slice(pid, files, now, budget);
                self.adopt();
            }
            let killed = self.apply_kills();
            if !moved && !killed && self.exited.is_none() {
                return self.waiting();
            }
        }
    }

    /// Lets one task run for a while.
    fn slice(&mut self, pid: u32, files: &mut Files, now: Time, budget: &mut u32) {
        let Some(mut task) = self.tasks.remove(&pid) else { return };
        for _ in 0..SLICE {
            *budget = budget.saturating_sub(1);
            let step = {
                let mut io = Io { kernel: &mut self.kernel, files, now, budget, core: &mut task.core };
                match &mut task.program {
                    Program::Shell(shell) => shell.step(&mut io),
                    Program::Tool(tool) => tool.step(&mut io),
                }
            };
            if task.core.broken_pipe {
                self.end(task, Signal::Pipe.exit_code());
                return;
            }
            match step {
                Step::More => {
                    task.on = On::Ready;
                    if *budget == 0 {
                        break;
                    }
                }
                Step::Wait(on) => {
                    task.on = on;
                    break;
                }
                Step::Become(program, core) => {
                    if let Some(row) = self.kernel.rows.get_mut(&pid) {
                        row.argv = core.argv.clone();
                    }
                    task.core = *core;
                    task.program = program;
                    task.on = On::Ready;
                    self.tasks.insert(pid, task);
                    self.sweep();
                    return;
                }
                Step::Exit(code) => {
                    self.end(task, code);
                    return;
                }
            }
        }
        self.tasks.insert(pid, task);
    }

    fn end(&mut self, task: Task, code: i32) {
        let pid = task.core.pid;
        for id in task.core.calls {
            self.kernel.replies.remove(&id);
            self.kernel.calls.push((id, Call::Cancel(id)));
        }
        self.kernel.rows.remove(&pid);
        if self.kernel.rows.contains_key(&task.parent) {
            self.kernel.exits.insert(pid, code);
        }
        if pid == self.main {
            self.exited = Some(code);
            let rest = std::mem::take(&mut self.tasks);
            for id in rest.into_values().flat_map(|task| task.core.calls) {
                self.kernel.calls.push((id, Call::Cancel(id)));
            }
            return;
        }
        self.adopt();
        self.sweep();
    }

    fn adopt(&mut self) {
        for task in std::mem::take(&mut self.kernel.spawned) {
            self.tasks.insert(task.core.pid, task);
        }
    }

    fn sweep(&mut self) {
        let mut held: Vec<&Fd> = Vec::new();
        for task in self.tasks.values() {
            held.extend(task.core.fds.iter());
            match &task.program {
                Program::Shell(shell) => shell.saved_fds(&mut held),
                Program::Tool(tool) => tool.held(&mut held),
            }
        }
        self.kernel.sweep(&held);
    }

    fn is_ready(&self, pid: u32, now: Time) -> bool {
        let Some(task) = self.tasks.get(&pid) else { return false };
        let kernel = &self.kernel;
        let interrupted = matches!(&task.program, Program::Shell(shell) if shell.has_caught());
        match &task.on {
            On::Ready => true,
            On::Until(at) => now >= *at || interrupted,
            On::Read(fd) => kernel.readable(fd) || interrupted,
            On::ReadUntil(fd, at) => now >= *at || kernel.readable(fd) || interrupted,
            On::Write(fd) => kernel.writable(fd),
            On::Child(pid) => kernel.exits.contains_key(pid) || !kernel.rows.contains_key(pid),
            On::ChildUntil(pid, at) => now >= *at || kernel.exits.contains_key(pid) || !kernel.rows.contains_key(pid),
            On::Jobs(pids) => interrupted || pids.iter().any(|pid| kernel.exits.contains_key(pid)),
            On::Reply(id, at) => now >= *at || kernel.replies.get(id).is_none_or(|queue| !queue.is_empty()),
            On::ReplyOrRead(id, fd) => kernel.replies.get(id).is_none_or(|queue| !queue.is_empty()) || kernel.readable(fd),
            On::Never => interrupted,
        }
    }

    fn waiting(&self) -> Turn {
        let mut until = Time::NEVER;
        let mut reading = false;
        for task in self.tasks.values() {
            match &task.on {
                On::Until(at) | On::ChildUntil(_, at) | On::Reply(_, at) => until = until.min(*at),
                On::ReadUntil(fd, at) => {
                    until = until.min(*at);
                    reading |= *fd == Fd::Input;
                }
                On::Read(fd) | On::ReplyOrRead(_, fd) => reading |= *fd == Fd::Input,
                // The host has to take what is written before anything goes on.
                On::Write(Fd::Output | Fd::Error | Fd::MainOutput | Fd::MainError) => return Turn::Ready,
                On::Ready | On::Write(_) | On::Child(_) | On::Jobs(_) | On::Never => {}
            }
        }
        Turn::Waiting { until, reading }
    }

    fn apply_kills(&mut self) -> bool {
        let kills = std::mem::take(&mut self.kernel.kills);
        let any = !kills.is_empty();
        for (pid, signal) in kills {
            if let Some(task) = self.tasks.get_mut(&pid)
                && task.signals.len() < 64
            {
                task.signals.push(signal);
            }
        }
        any
    }

    /// Lets the signals of a task take effect; false if there were none.
    fn deliver(&mut self, pid: u32, files: &mut Files, now: Time, budget: &mut u32) -> bool {
        let Some(task) = self.tasks.get_mut(&pid).filter(|task| !task.signals.is_empty()) else { return false };
        let signals = std::mem::take(&mut task.signals);
        let Some(mut task) = self.tasks.remove(&pid) else { return false };
        for signal in signals {
            let mut io = Io { kernel: &mut self.kernel, files, now, budget, core: &mut task.core };
            let handled = match &mut task.program {
                _ if matches!(signal, Signal::Cont | Signal::Stop) => true,
                _ if signal == Signal::Kill => false,
                Program::Shell(shell) => shell.catch(signal),
                Program::Tool(tool) => tool.signal(signal, &mut io),
            };
            if !handled && (pid != 1 || signal == Signal::Kill) {
                self.end(task, signal.exit_code());
                return true;
            }
        }
        self.tasks.insert(pid, task);
        true
    }

    /// Sends a signal to the first task. The effect comes with the next turn.
    pub fn signal(&mut self, signal: Signal) {
        self.kernel.kills.push((self.main, signal));
        self.apply_kills();
    }
    /// Ctrl-C at the terminal: every task gets SIGINT, an interactive shell gives up its command.
    pub fn interrupt(&mut self) {
        self.kernel.kills.extend(self.tasks.keys().map(|pid| (*pid, Signal::Int)));
        self.apply_kills();
        self.kernel.input.clear();
    }
    /// Bytes for standard input.
    pub fn stdin(&mut self, bytes: &[u8]) {
        let room = (1_usize << 20).saturating_sub(self.kernel.input.len());
        self.kernel.input.extend(&bytes[..bytes.len().min(room)]);
    }
    /// No more input comes (Ctrl-D, or nothing is attached).
    pub fn close_stdin(&mut self) {
        self.kernel.input_ended = true;
    }
    /// How many more bytes of input are taken now.
    pub fn stdin_room(&self) -> usize {
        (1_usize << 20).saturating_sub(self.kernel.input.len())
    }
    /// An answer to a call; one that nobody waits for any more is dropped.
    pub fn reply(&mut self, id: CallId, reply: Reply) {
        if let Some(queue) = self.kernel.replies.get_mut(&id) {
            queue.push_back(reply);
        }
    }
    pub fn take_calls(&mut self) -> Vec<(CallId, Call)> {
        std::mem::take(&mut self.kernel.calls)
    }
    pub fn take_stdout(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.kernel.out)
    }
    pub fn take_stderr(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.kernel.err)
    }
    /// What was written to `/proc/1/fd/1` and `/proc/1/fd/2`: it belongs to the container's log.
    pub fn take_main_output(&mut self) -> (Vec<u8>, Vec<u8>) {
        (std::mem::take(&mut self.kernel.main_out), std::mem::take(&mut self.kernel.main_err))
    }
    /// The process used more memory than there is (`tail /dev/zero`); it ended with 137.
    pub const fn out_of_memory(&self) -> bool {
        self.kernel.out_of_memory
    }
    pub const fn exit_code(&self) -> Option<i32> {
        self.exited
    }
    /// An interactive shell that waits for a command.
    pub fn at_prompt(&self) -> bool {
        match self.tasks.get(&self.main).map(|task| &task.program) {
            Some(Program::Shell(shell)) => shell.at_prompt(),
            _ => false,
        }
    }
    /// `$?` of the shell.
    pub fn last_status(&self) -> Option<i32> {
        match self.tasks.get(&self.main).map(|task| &task.program) {
            Some(Program::Shell(shell)) => Some(shell.status),
            _ => self.exited,
        }
    }
    /// The folder that the shell is in.
    pub fn cwd(&self) -> Option<Text> {
        self.tasks.get(&self.main).map(|task| match &task.program {
            Program::Shell(shell) => shell.cwd.clone(),
            Program::Tool(_) => task.core.cwd.clone(),
        })
    }
    /// Number and command line of everything that runs, as `ps` shows it.
    pub fn rows(&self) -> Vec<(u32, String)> {
        self.kernel.rows.iter().map(|(pid, row)| (*pid, row.command())).collect()
    }
    /// Other processes of the container, for `ps`.
    pub fn set_neighbours(&mut self, rows: Vec<(u32, String)>) {
        self.kernel.neighbours = rows;
    }
    /// Calls that wait for a reply.
    pub fn open_calls(&self) -> impl Iterator<Item = CallId> + '_ {
        self.kernel.replies.iter().filter(|(_, queue): &(_, &VecDeque<Reply>)| queue.is_empty()).map(|(id, _)| *id)
    }
}

impl Row {
    pub(crate) fn command(&self) -> String {
        self.argv.iter().map(Text::as_str).collect::<Vec<_>>().join(" ")
    }
}
