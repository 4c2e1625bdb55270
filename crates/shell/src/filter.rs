//! `Filter`: tools that read files or standard input and write what becomes of it, line by line, so that a pipeline
//! passes on what it has while its source still runs. The driver opens files, keeps to the pace and tells errors.

use crate::kernel::{Access, Fd, Io, Read};
use crate::tool::{On, Step, Tool};
use crate::tree::Errno;
use base::Text;
use std::fmt::Debug;

/// What a filter wants next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Flow {
    Go,
    /// Enough of this file.
    NextFile,
    /// Done with everything.
    Stop(i32),
}

pub(crate) trait Filter: Send + Sync {
    /// A file (or `None`, standard input) begins.
    fn begin(&mut self, _name: Option<&Text>, _out: &mut Vec<u8>) -> Flow {
        Flow::Go
    }
    /// A line with its end, or a piece of the data if `whole_lines` is false.
    fn take(&mut self, data: &[u8], out: &mut Vec<u8>) -> Flow;
    fn end_file(&mut self, _out: &mut Vec<u8>) {}
    /// All input was read; the code unless a file could not be read.
    fn end(&mut self, _out: &mut Vec<u8>) -> i32 {
        0
    }
    fn whole_lines(&self) -> bool {
        true
    }
    /// What went wrong besides, for standard error.
    fn complaint(&mut self) -> Option<String> {
        None
    }
    /// Steps that a take costs, beyond its length.
    fn cost(&mut self) -> usize {
        0
    }
    /// What it wrote to files: their names, whether they go on, and the bytes.
    fn side(&mut self) -> Vec<(Text, bool, Vec<u8>)> {
        Vec::new()
    }
    fn copy(&self) -> Box<dyn Filter>;
}

impl Debug for dyn Filter {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Filter")
    }
}

/// How a tool tells that a file cannot be opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wording {
    /// `cat: can't open 'x': No such file or directory`
    CantOpen,
    /// `head: x: No such file or directory`
    Plain,
    Silent,
}

/// Runs a filter over files.
#[derive(Debug)]
pub(crate) struct Filtering {
    filter: Box<dyn Filter>,
    files: Vec<Text>,
    next: usize,
    open: bool,
    wording: Wording,
    /// The code if a file could not be read.
    failure: i32,
    failed: bool,
    finished: Option<i32>,
    /// Bytes without a line end, to notice a line that never ends.
    endless: usize,
}

/// How GNU's tools tell that a file cannot be opened.
fn gnu_words(tool: &str, name: &str, error: Errno) -> String {
    let why = error.words();
    match tool {
        _ if error == Errno::IsDirectory => format!("{name}: {why}"),
        "head" | "tail" => format!("cannot open '{name}' for reading: {why}"),
        "tac" => format!("failed to open '{name}' for reading: {why}"),
        "sort" => format!("cannot read: {name}: {why}"),
        "sed" => format!("can't read {name}: {why}"),
        "awk" | "mawk" => format!("cannot open {name} ({why})"),
        _ => format!("{name}: {why}"),
    }
}

/// The descriptor that the files are read from.
const SOURCE: u8 = 60;
/// A line longer than this is more than the container's memory.
const MEMORY: usize = 32 << 20;

impl Clone for Filtering {
    fn clone(&self) -> Filtering {
        Filtering { filter: self.filter.copy(), files: self.files.clone(), ..*self }
    }
}

impl Filtering {
    pub(crate) fn over(filter: impl Filter + 'static, files: Vec<Text>, wording: Wording) -> Box<dyn Tool> {
        Filtering::failing(filter, files, wording, 1)
    }
    pub(crate) fn failing(filter: impl Filter + 'static, files: Vec<Text>, wording: Wording, failure: i32) -> Box<dyn Tool> {
        let filter = Box::new(filter);
        Box::new(Filtering { filter, files, next: 0, open: false, wording, failure, failed: false, finished: None, endless: 0 })
    }

    fn open_next(&mut self, io: &mut Io, out: &mut Vec<u8>) -> Flow {
        let name = if self.files.is_empty() && self.next == 0 { None } else { self.files.get(self.next).cloned() };
        self.next += 1;
        if name.is_none() && self.next > 1 {
            return Flow::Stop(0);
        }
        let fd = match name.as_deref() {
            None | Some("-") => io.core.fds.get(0).cloned().ok_or(Errno::BadDescriptor),
            Some(path) => io.open(path, Access::Read),
        };
        match fd {
            Ok(fd) => {
                io.core.fds.set(SOURCE, Some(fd));
                self.open = true;
                self.filter.begin(name.as_ref(), out)
            }
            Err(error) => {
                self.failed = true;
                let name = name.unwrap_or_default();
                let directory = error == Errno::IsDirectory;
                match self.wording {
                    Wording::Silent => {}
                    _ if directory && !io.is_bash() && self.wording == Wording::CantOpen => {
                        io.complain("read error: Is a directory")
                    }
                    Wording::CantOpen if !io.is_bash() => io.complain(&format!("can't open '{name}': {}", error.words())),
                    _ if io.is_bash() => {
                        let words = gnu_words(&io.tool_name(), &name, error);
                        io.complain(&words);
                    }
                    Wording::CantOpen | Wording::Plain => io.complain(&format!("{name}: {}", error.words())),
                }
                Flow::Go
            }
        }
    }

    fn read(&mut self, io: &mut Io, out: &mut Vec<u8>) -> Result<Flow, Fd> {
        let data = if self.filter.whole_lines() { io.read_line(SOURCE) } else { io.read(SOURCE, 16 << 10) };
        match data {
            Read::Data(data) => {
                io.spend(data.len() / 64 + 1);
                if self.filter.whole_lines() {
                    self.endless = if data.last() == Some(&b'\n') { 0 } else { self.endless + data.len() };
                    if self.endless > MEMORY {
                        io.kernel.out_of_memory = true;
                        return Ok(Flow::Stop(137));
                    }
                }
                let flow = self.filter.take(&data, out);
                io.spend(self.filter.cost());
                Ok(flow)
            }
            Read::Wait => Err(io.core.fds.get(SOURCE).cloned().unwrap_or(Fd::Null)),
            Read::End => Ok(Flow::NextFile),
        }
    }

    fn turn(&mut self, io: &mut Io, out: &mut Vec<u8>) -> Result<(), Fd> {
        let flow = if self.open { self.read(io, out)? } else { self.open_next(io, out) };
        match flow {
            Flow::Go => {}
            Flow::NextFile => {
                self.open = false;
                io.core.fds.set(SOURCE, None);
                self.filter.end_file(out);
            }
            Flow::Stop(137) if io.kernel.out_of_memory => self.finished = Some(137),
            Flow::Stop(code) => {
                let ended = self.filter.end(out);
                let code = if code != 0 { code } else { ended };
                self.finished = Some(if self.failed && (code == 0 || self.failure > 1) { self.failure } else { code });
            }
        }
        Ok(())
    }
}

impl Tool for Filtering {
    fn step(&mut self, io: &mut Io) -> Step {
        if let Some(full) = io.output_full() {
            return Step::Wait(On::Write(full));
        }
        let mut out = Vec::new();
        let mut blocked = None;
        while self.finished.is_none() && out.len() < 16 << 10 && *io.budget > 0 {
            if let Err(fd) = self.turn(io, &mut out) {
                blocked = Some(fd);
                break;
            }
            *io.budget = io.budget.saturating_sub(1);
        }
        if !out.is_empty() {
            io.out(&out);
        }
        for (name, goes_on, bytes) in self.filter.side() {
            match io.open(&name, if goes_on { Access::Append } else { Access::Write }) {
                Ok(fd) => {
                    io.core.fds.set(SOURCE + 1, Some(fd));
                    io.write(SOURCE + 1, &bytes);
                    io.core.fds.set(SOURCE + 1, None);
                }
                Err(error) => io.complain(&format!("{name}: {}", error.words())),
            }
        }
        if let Some(words) = self.filter.complaint() {
            io.complain(&words);
        }
        match (self.finished, blocked) {
            (Some(code), _) => Step::Exit(code),
            (None, Some(fd)) => Step::Wait(On::Read(fd)),
            (None, None) => Step::More,
        }
    }
    fn copy(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
}
