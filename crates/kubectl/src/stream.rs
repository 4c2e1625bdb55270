//! Logs that are followed, and sessions in containers.

use crate::call::{Answer, Call};
use crate::delete::{self, Deletion, Victim};
use crate::dry::DryRun;
use crate::fail::Fail;
use crate::follow::Io;
use api::{Request, Status, User};
use base::{Duration, Text, Time};
use std::collections::VecDeque;

/// Ids of calls that a follower makes itself; record slots never reach so far.
const OWN_IDS: u64 = 1 << 32;

/// Logs of one or more containers: one after the other, or all at once with `-f`.
#[derive(Clone)]
pub(crate) struct Tail {
    waiting: VecDeque<(Request, String)>,
    open: Vec<Source>,
    together: bool,
    ignore_errors: bool,
    next: u64,
    /// Containers that had not started, and when to look again.
    later: Option<(Time, Vec<(Request, String)>)>,
}

#[derive(Clone)]
struct Source {
    id: u64,
    request: Request,
    prefix: String,
    /// A line whose end has not come yet, where lines have prefixes.
    partial: Vec<u8>,
}

impl Tail {
    /// Requests and the prefix of each one's lines.
    pub fn new(sources: Vec<(Request, String)>, together: bool, ignore_errors: bool) -> Tail {
        Tail { waiting: sources.into(), open: Vec::new(), together, ignore_errors, next: OWN_IDS, later: None }
    }
    pub fn start(&mut self, io: &mut Io) -> Option<i32> {
        self.open_next(io);
        self.open.is_empty().then_some(0)
    }
    fn open_next(&mut self, io: &mut Io) {
        while self.together || self.open.is_empty() {
            let Some((request, prefix)) = self.waiting.pop_front() else { break };
            let id = self.next;
            self.next += 1;
            io.calls.push_back((id, Call::Connect(request.clone())));
            self.open.push(Source { id, request, prefix, partial: Vec::new() });
        }
    }
    pub fn answer(&mut self, id: u64, answer: Answer, io: &mut Io) -> Option<i32> {
        let at = self.open.iter().position(|source| source.id == id)?;
        match answer {
            Answer::Data { bytes, .. } => {
                self.open[at].print(&bytes, io);
                return None;
            }
            // A follower waits until the container starts, and says so each time it looks.
            Answer::Failed(status) if self.together && status.message.contains("is waiting to start") => {
                io.output.err(&format!("{}\n", status.message));
                let source = self.open.remove(at);
                let again = io.now + Duration::SECOND;
                self.later.get_or_insert((again, Vec::new())).1.push((source.request, source.prefix));
                return None;
            }
            Answer::Failed(status) => {
                let message = Fail::Server(status).message();
                if !self.ignore_errors {
                    io.output.err(&message);
                    return Some(1);
                }
                io.output.out(message.strip_prefix("error: ").unwrap_or(&message));
            }
            Answer::Closed | Answer::Exit(_) => {}
            Answer::Reply(_)
            | Answer::Event(_)
            | Answer::File(_)
            | Answer::Folder(_)
            | Answer::Written(_)
            | Answer::Edited(_) => {
                return None;
            }
        }
        let source = self.open.remove(at);
        if !source.partial.is_empty() {
            io.output.write(1, source.prefix.as_bytes());
            io.output.write(1, &source.partial);
        }
        self.open_next(io);
        (self.open.is_empty() && self.later.is_none()).then_some(0)
    }
    pub fn deadline(&self) -> Time {
        self.later.as_ref().map_or(Time::NEVER, |(time, _)| *time)
    }
    /// Looks again for containers that had not started.
    pub fn retry(&mut self, io: &mut Io) {
        if let Some((_, sources)) = self.later.take() {
            self.waiting.extend(sources);
            self.open_next(io);
        }
    }
}

impl Source {
    fn print(&mut self, bytes: &[u8], io: &mut Io) {
        if self.prefix.is_empty() {
            io.output.write(1, bytes);
            return;
        }
        self.partial.extend_from_slice(bytes);
        while let Some(end) = self.partial.iter().position(|b| *b == b'\n') {
            let line: Vec<u8> = self.partial.drain(..=end).collect();
            io.output.write(1, self.prefix.as_bytes());
            io.output.write(1, &line);
        }
    }
}

/// A connection that could not be made, in the words of the client that tried to upgrade to one.
fn broken(status: &Status) -> Fail {
    const INTERNAL: &str = "Internal error occurred: ";
    let message = status.message.strip_prefix(INTERNAL).unwrap_or(&status.message);
    Fail::Plain(match status.reason.as_str() {
        "Forbidden" | "NotFound" => return Fail::Server(status.clone()),
        "InternalError" if message.starts_with("unable to upgrade") => message.to_string(),
        "InternalError" => status.message.to_string(),
        _ => format!("unable to upgrade connection: {message}"),
    })
}

/// A command, or the main process, of a container with its streams on the terminal.
#[derive(Clone)]
pub(crate) struct Session {
    stream: u64,
    /// A person types into it.
    typed: bool,
    /// A command of `exec`: a code that is not 0 is told.
    exec: bool,
    stdin: bool,
    piped: Option<Text>,
    removal: Option<Box<Removal>>,
    /// `run`: what is said if the pod's process fails; empty if its code does not matter, as it is restarted.
    ending: Option<String>,
}

/// The pod that `run --rm` deletes at the end.
#[derive(Clone)]
struct Removal {
    request: Request,
    told: String,
    code: i32,
}

impl Session {
    pub fn new(stream: u64, typed: bool, exec: bool) -> Session {
        Session { stream, typed, exec, stdin: false, piped: None, removal: None, ending: None }
    }
    pub fn with_input(self, stdin: bool, piped: Option<Text>) -> Session {
        Session { stdin, piped, ..self }
    }
    pub fn with_removal(mut self, victim: Option<Victim>, user: User) -> Session {
        self.removal = victim.map(|victim| {
            let deletion = Deletion { grace: -1, policy: "Background", dry: DryRun::None, name_only: false };
            let request = Request { user, ..delete::request(&victim.kind, &victim.namespace, &victim.name, &deletion) };
            let told = format!("pod {:?} deleted from {} namespace\n", victim.name.as_str(), victim.namespace);
            Box::new(Removal { request, told, code: 0 })
        });
        self
    }
    pub fn with_ending(self, ending: Option<String>) -> Session {
        Session { ending, ..self }
    }
    pub fn start(&mut self, io: &mut Io) {
        if self.stdin && !self.typed {
            if let Some(text) = self.piped.take() {
                io.calls.push_back((self.stream, Call::Send { stream: self.stream, data: Some(text) }));
            }
            io.calls.push_back((self.stream, Call::Send { stream: self.stream, data: None }));
        }
    }
    pub fn input_stream(&self) -> Option<u64> {
        self.typed.then_some(self.stream)
    }
    pub fn answer(&mut self, id: u64, answer: Answer, io: &mut Io) -> Option<i32> {
        if id == OWN_IDS {
            let removal = self.removal.take()?;
            io.output.out(&removal.told);
            return Some(self.over(removal.code, io));
        }
        match answer {
            Answer::Data { fd, bytes } => {
                io.output.write(fd, &bytes);
                None
            }
            Answer::Exit(code) => {
                if code != 0 && self.exec {
                    io.output.err(&format!("command terminated with exit code {code}\n"));
                }
                self.end(code, io)
            }
            Answer::Failed(status) => {
                io.output.err(&broken(&status).message());
                self.end(1, io)
            }
            Answer::Closed => self.end(0, io),
            Answer::Reply(_)
            | Answer::Event(_)
            | Answer::File(_)
            | Answer::Folder(_)
            | Answer::Written(_)
            | Answer::Edited(_) => None,
        }
    }
    /// The last words, and the exit code.
    fn over(&self, code: i32, io: &mut Io) -> i32 {
        match &self.ending {
            Some(words) if words.is_empty() => 0,
            Some(words) if code != 0 => {
                io.output.err(words);
                code
            }
            Some(_) | None => code,
        }
    }
    fn end(&mut self, code: i32, io: &mut Io) -> Option<i32> {
        self.typed = false;
        let Some(removal) = &mut self.removal else { return Some(self.over(code, io)) };
        removal.code = code;
        io.calls.push_back((OWN_IDS, Call::Request(removal.request.clone())));
        None
    }
}
