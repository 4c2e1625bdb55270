//! The little kernel under a process: file descriptors, pipes, open files, children, calls to the host.
//! Tasks (shells and tools) see it as an `Io`, together with the files and the time of this turn.

use crate::call::{Call, CallId, Reply, Signal};
use crate::files::{Files, Owner, Truncate, join};
use crate::process::{Machine, Task};
use crate::table::Table;
use crate::tree::{Data, Errno};
use base::{Text, Time};
use std::collections::VecDeque;
use std::sync::Arc;

/// So many bytes wait in a pipe, or for the host, before the writer has to.
pub(crate) const FULL: usize = 64 << 10;
/// The most that a command substitution collects before it is more than the container's memory.
const CAPTURED: usize = 8 << 20;
/// The most tasks of a process.
const TASKS: usize = 200;

/// What a file descriptor refers to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Fd {
    /// The process's own input and outputs, which the host feeds and takes.
    Input,
    Output,
    Error,
    /// The outputs of the container's first process (`/proc/1/fd/1`).
    MainOutput,
    MainError,
    Null,
    Zero,
    Full,
    Random,
    PipeRead(u32),
    PipeWrite(u32),
    /// A file opened for reading: one position for all who share it.
    Read(u32),
    /// A file that writing extends.
    Write(Text),
}

/// The descriptors of a task, by number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fds(Vec<(u8, Fd)>);

impl Fds {
    pub(crate) fn standard() -> Fds {
        Fds(vec![(0, Fd::Input), (1, Fd::Output), (2, Fd::Error)])
    }
    pub fn get(&self, number: u8) -> Option<&Fd> {
        self.0.iter().find(|row| row.0 == number).map(|row| &row.1)
    }
    /// Sets or closes one; answers what it was.
    pub(crate) fn set(&mut self, number: u8, fd: Option<Fd>) -> Option<Fd> {
        let old = self.0.iter().position(|row| row.0 == number).map(|at| self.0.remove(at).1);
        if let Some(fd) = fd {
            self.0.push((number, fd));
        }
        old
    }
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Fd> {
        self.0.iter().map(|row| &row.1)
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Pipe {
    pub(crate) data: VecDeque<u8>,
    no_writers: bool,
    no_readers: bool,
    /// Read by a command substitution, which takes everything.
    capture: bool,
}

#[derive(Clone, Debug)]
struct Open {
    data: Data,
    at: usize,
}

/// A running task as others see it.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) argv: Arc<Vec<Text>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Kernel {
    pub(crate) machine: Arc<Machine>,
    pipes: Table<u32, Pipe>,
    opens: Table<u32, Open>,
    next: u32,
    pub(crate) next_pid: u32,
    pub(crate) input: VecDeque<u8>,
    pub(crate) input_ended: bool,
    pub(crate) out: Vec<u8>,
    pub(crate) err: Vec<u8>,
    pub(crate) main_out: Vec<u8>,
    pub(crate) main_err: Vec<u8>,
    pub(crate) calls: Vec<(CallId, Call)>,
    pub(crate) replies: Table<CallId, VecDeque<Reply>>,
    /// Exit codes that no parent has asked for yet.
    pub(crate) exits: Table<u32, i32>,
    pub(crate) rows: Table<u32, Row>,
    pub(crate) spawned: Vec<Task>,
    pub(crate) kills: Vec<(u32, Signal)>,
    pub(crate) neighbours: Vec<(u32, String)>,
    pub(crate) out_of_memory: bool,
    /// Standard input is a terminal.
    pub(crate) tty: bool,
}

/// What a read gave.
#[derive(Debug)]
pub(crate) enum Read {
    Data(Vec<u8>),
    /// Nothing yet.
    Wait,
    End,
}

impl Kernel {
    pub(crate) fn new(machine: Arc<Machine>, first_pid: u32) -> Kernel {
        Kernel {
            machine,
            pipes: Table::new(),
            opens: Table::new(),
            next: 0,
            next_pid: first_pid,
            input: VecDeque::new(),
            input_ended: false,
            out: Vec::new(),
            err: Vec::new(),
            main_out: Vec::new(),
            main_err: Vec::new(),
            calls: Vec::new(),
            replies: Table::new(),
            exits: Table::new(),
            rows: Table::new(),
            spawned: Vec::new(),
            kills: Vec::new(),
            neighbours: Vec::new(),
            out_of_memory: false,
            tty: false,
        }
    }

    fn number(&mut self) -> u32 {
        self.next = self.next.wrapping_add(1);
        self.next
    }

    pub(crate) fn pipe(&mut self, capture: bool) -> u32 {
        let id = self.number();
        self.pipes.insert(id, Pipe { capture, ..Pipe::default() });
        id
    }
    /// What a command substitution's pipe holds.
    pub(crate) fn take_pipe(&mut self, id: u32) -> Vec<u8> {
        self.pipes.get_mut(&id).map(|pipe| std::mem::take(&mut pipe.data).into()).unwrap_or_default()
    }
    pub(crate) fn drop_pipe(&mut self, id: u32) {
        self.pipes.remove(&id);
    }
    pub(crate) fn open_text(&mut self, data: Data) -> Fd {
        let id = self.number();
        self.opens.insert(id, Open { data, at: 0 });
        Fd::Read(id)
    }

    pub(crate) fn room_for_task(&self) -> bool {
        self.rows.len() < TASKS
    }

    /// After descriptors were closed: which pipes lost their last writer or reader, which files nobody has open.
    pub(crate) fn sweep(&mut self, held: &[&Fd]) {
        for (id, pipe) in self.pipes.iter_mut() {
            pipe.no_writers = !held.iter().any(|fd| **fd == Fd::PipeWrite(*id));
            pipe.no_readers = !pipe.capture && !held.iter().any(|fd| **fd == Fd::PipeRead(*id));
        }
        self.pipes.retain(|_, pipe| pipe.capture || !pipe.no_writers || !pipe.no_readers);
        self.opens.retain(|id, _| held.iter().any(|fd| **fd == Fd::Read(*id)));
    }

    /// Whether reading would not wait.
    pub(crate) fn readable(&self, fd: &Fd) -> bool {
        match fd {
            Fd::Input => !self.input.is_empty() || self.input_ended,
            Fd::PipeRead(id) => self.pipes.get(id).is_none_or(|pipe| !pipe.data.is_empty() || pipe.no_writers),
            _ => true,
        }
    }
    /// Whether the reader of a line finds one whole.
    fn line_ready(&self, fd: &Fd) -> bool {
        match fd {
            Fd::Input => self.input_ended || self.input.contains(&b'\n'),
            Fd::PipeRead(id) => self.pipes.get(id).is_none_or(|pipe| pipe.no_writers || pipe.data.contains(&b'\n')),
            _ => true,
        }
    }
    pub(crate) fn writable(&self, fd: &Fd) -> bool {
        match fd {
            Fd::Output => self.out.len() < FULL,
            Fd::Error => self.err.len() < FULL,
            Fd::MainOutput => self.main_out.len() < FULL,
            Fd::MainError => self.main_err.len() < FULL,
            Fd::PipeWrite(id) => self.pipes.get(id).is_none_or(|pipe| pipe.no_readers || pipe.capture || pipe.data.len() < FULL),
            _ => true,
        }
    }

    fn read(&mut self, fd: &Fd, most: usize) -> Read {
        let queue = match fd {
            Fd::Input if self.input.is_empty() => return if self.input_ended { Read::End } else { Read::Wait },
            Fd::Input => &mut self.input,
            Fd::PipeRead(id) => match self.pipes.get_mut(id) {
                Some(pipe) if !pipe.data.is_empty() => &mut pipe.data,
                Some(pipe) if !pipe.no_writers => return Read::Wait,
                _ => return Read::End,
            },
            Fd::Read(id) => {
                let Some(open) = self.opens.get_mut(id) else { return Read::End };
                let bytes = open.data.bytes();
                let from = open.at.min(bytes.len());
                let part = bytes[from..(from + most).min(bytes.len())].to_vec();
                open.at = from + part.len();
                return if part.is_empty() { Read::End } else { Read::Data(part) };
            }
            Fd::Zero | Fd::Full => return Read::Data(vec![0; most.min(16 << 10)]),
            Fd::Random => return Read::Data((0..most.min(4096)).map(|at| (at * 167 + 13) as u8).collect()),
            _ => return Read::End,
        };
        let count = most.min(queue.len());
        Read::Data(queue.drain(..count).collect())
    }

    fn read_line(&mut self, fd: &Fd) -> Read {
        if !self.line_ready(fd) {
            return Read::Wait;
        }
        let after = |at: Option<usize>| at.map_or(usize::MAX, |at| at + 1);
        let most = match fd {
            Fd::Input => after(self.input.iter().position(|byte| *byte == b'\n')),
            Fd::PipeRead(id) => self.pipes.get(id).map_or(1, |pipe| after(pipe.data.iter().position(|byte| *byte == b'\n'))),
            Fd::Read(id) => self.opens.get(id).map_or(1, |open| {
                let bytes = open.data.bytes();
                after(bytes[open.at.min(bytes.len())..].iter().position(|byte| *byte == b'\n'))
            }),
            _ => 4096,
        };
        self.read(fd, most.min(1 << 20))
    }
}

/// What belongs to a task beside its program.
#[derive(Clone, Debug)]
pub(crate) struct Core {
    pub pid: u32,
    pub fds: Fds,
    pub cwd: Text,
    pub env: Arc<Vec<(Text, Text)>>,
    pub argv: Arc<Vec<Text>>,
    /// Calls without their last reply.
    pub(crate) calls: Vec<CallId>,
    /// Wrote where nobody reads.
    pub(crate) broken_pipe: bool,
}

/// What a task sees of the world during one turn.
pub(crate) struct Io<'a, 'f> {
    pub kernel: &'a mut Kernel,
    pub files: &'a mut Files<'f>,
    pub now: Time,
    pub budget: &'a mut u32,
    pub core: &'a mut Core,
}

impl<'f> Io<'_, 'f> {
    /// The same world, seen by another task.
    pub(crate) fn seen_by<'b>(&'b mut self, core: &'b mut Core) -> Io<'b, 'f> {
        Io { kernel: self.kernel, files: self.files, now: self.now, budget: self.budget, core }
    }
    pub fn machine(&self) -> Arc<Machine> {
        self.kernel.machine.clone()
    }
    pub fn is_bash(&self) -> bool {
        self.kernel.machine.bash
    }
    /// Takes steps off the budget.
    pub fn spend(&mut self, steps: usize) {
        *self.budget = self.budget.saturating_sub(steps.min(u32::MAX as usize) as u32);
    }

    pub fn read(&mut self, number: u8, most: usize) -> Read {
        match self.core.fds.get(number) {
            Some(fd) => self.kernel.read(&fd.clone(), most),
            None => Read::End,
        }
    }
    /// A line with its end (the last may lack it).
    pub fn read_line(&mut self, number: u8) -> Read {
        match self.core.fds.get(number) {
            Some(fd) => self.kernel.read_line(&fd.clone()),
            None => Read::End,
        }
    }

    pub fn write(&mut self, number: u8, bytes: &[u8]) {
        let Some(fd) = self.core.fds.get(number).cloned() else { return };
        self.spend(bytes.len() / 256);
        self.write_fd(&fd, bytes);
    }
    fn write_fd(&mut self, fd: &Fd, bytes: &[u8]) {
        match fd {
            Fd::Output => self.kernel.out.extend_from_slice(bytes),
            Fd::Error => self.kernel.err.extend_from_slice(bytes),
            Fd::MainOutput => self.kernel.main_out.extend_from_slice(bytes),
            Fd::MainError => self.kernel.main_err.extend_from_slice(bytes),
            Fd::PipeWrite(id) => match self.kernel.pipes.get_mut(id) {
                Some(pipe) if pipe.capture && pipe.data.len() > CAPTURED => {
                    self.kernel.out_of_memory = true;
                    self.core.broken_pipe = true;
                }
                Some(pipe) if !pipe.no_readers => pipe.data.extend(bytes),
                _ => self.core.broken_pipe = true,
            },
            Fd::Write(path) => {
                let path = path.clone();
                if let Err(error) = self.files.append(&path, bytes, self.now) {
                    let name = self.core.argv.first().cloned().unwrap_or_default();
                    self.kernel.err.extend_from_slice(format!("{name}: write error: {}\n", error.words()).as_bytes());
                    self.core.broken_pipe = true;
                }
            }
            _ => {}
        }
    }
    pub fn out(&mut self, text: impl AsRef<[u8]>) {
        self.write(1, text.as_ref());
    }
    pub fn err(&mut self, text: impl AsRef<[u8]>) {
        self.write(2, text.as_ref());
    }
    /// Writes `tool: words` to standard error.
    pub fn complain(&mut self, words: &str) {
        let name = self.tool_name();
        self.err(format!("{name}: {words}\n"));
    }
    /// A wrong use of the tool; GNU's add a hint.
    pub fn complain_usage(&mut self, words: &str) {
        self.complain(words);
        if self.is_bash() {
            let name = self.tool_name();
            self.err(format!("Try '{name} --help' for more information.\n"));
        }
    }
    pub fn tool_name(&self) -> String {
        let name = self.core.argv.first().map(Text::as_str).unwrap_or_default();
        name.rsplit('/').next().unwrap_or_default().into()
    }
    /// Whether writing more would have to wait.
    pub fn output_full(&self) -> Option<Fd> {
        [1, 2].into_iter().filter_map(|number| self.core.fds.get(number)).find(|fd| !self.kernel.writable(fd)).cloned()
    }

    pub fn path(&self, path: &str) -> String {
        join(&self.core.cwd, path)
    }
    /// Runs a file operation as the task's user.
    pub fn as_user<T>(&mut self, what: impl FnOnce(&mut Files<'f>, Owner, Time) -> T) -> T {
        let machine = self.kernel.machine.clone();
        what(self.files, machine.owner(), self.now)
    }
    /// The contents of a file.
    pub fn read_file(&mut self, path: &str) -> Result<Data, Errno> {
        let path = self.path(path);
        let machine = self.kernel.machine.clone();
        self.files.read(&path, machine.owner())
    }
    pub fn env(&self, name: &str) -> Option<&Text> {
        self.core.env.iter().rev().find(|row| row.0 == name).map(|row| &row.1)
    }

    /// Opens what a redirection or a tool names.
    pub(crate) fn open(&mut self, path: &str, how: Access) -> Result<Fd, Errno> {
        let path = self.path(path);
        if let Some(fd) = self.device(&path) {
            return fd;
        }
        match how {
            Access::Read => {
                let data = self.read_file(&path)?;
                Ok(self.kernel.open_text(data))
            }
            Access::Write | Access::Append => {
                let truncate = if how == Access::Write { Truncate::Yes } else { Truncate::No };
                let real = self.as_user(|files, who, now| files.open_write(&path, truncate, who, now))?;
                Ok(Fd::Write(Text::from(real)))
            }
        }
    }

    fn device(&self, path: &str) -> Option<Result<Fd, Errno>> {
        let own = |number: u8| self.core.fds.get(number).cloned().ok_or(Errno::NoEntry);
        let numbered = path.strip_prefix("/dev/fd/").or_else(|| path.strip_prefix("/proc/self/fd/"));
        if let Some(number) = numbered.and_then(|number| number.parse::<u8>().ok()) {
            return Some(own(number));
        }
        Some(match path {
            "/dev/null" => Ok(Fd::Null),
            "/dev/zero" => Ok(Fd::Zero),
            "/dev/full" => Ok(Fd::Full),
            "/dev/random" | "/dev/urandom" => Ok(Fd::Random),
            "/dev/stdin" => own(0),
            "/dev/stdout" => own(1),
            "/dev/stderr" => own(2),
            "/dev/tty" | "/dev/console" => Ok(Fd::Output),
            "/proc/1/fd/1" => Ok(Fd::MainOutput),
            "/proc/1/fd/2" => Ok(Fd::MainError),
            _ => return None,
        })
    }

    /// Asks the host something.
    pub fn call(&mut self, call: Call) -> CallId {
        let id = CallId(self.kernel.number());
        self.kernel.calls.push((id, call));
        self.kernel.replies.insert(id, VecDeque::new());
        self.core.calls.push(id);
        id
    }
    /// Sends the host a word about an earlier call; no reply will come.
    pub fn tell(&mut self, call: Call) {
        let id = CallId(self.kernel.number());
        self.kernel.calls.push((id, call));
    }
    pub fn reply(&mut self, id: CallId) -> Option<Reply> {
        self.kernel.replies.get_mut(&id).and_then(VecDeque::pop_front)
    }
    /// No more replies are wanted.
    pub fn forget(&mut self, id: CallId, finished: Finished) {
        self.kernel.replies.remove(&id);
        self.core.calls.retain(|call| *call != id);
        if finished == Finished::No {
            self.tell(Call::Cancel(id));
        }
    }

    /// The exit code of a child that ended.
    pub fn exited(&mut self, pid: u32) -> Option<i32> {
        self.kernel.exits.remove(&pid)
    }
    pub fn kill(&mut self, pid: u32, signal: Signal) -> bool {
        let found = self.kernel.rows.contains_key(&pid);
        if found {
            self.kernel.kills.push((pid, signal));
        }
        found
    }
}

/// Whether the host has given its last reply.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Finished {
    Yes,
    No,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Access {
    Read,
    Write,
    Append,
}
