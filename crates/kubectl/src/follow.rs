//! What remains of a command once it only follows streams: its state and what each answer does to it.

use crate::call::{Answer, Call};
use crate::gone::Gone;
use crate::output::Output;
use crate::stream::{Session, Tail};
use crate::watch::WatchPrinter;
use base::Time;
use std::collections::VecDeque;

/// A command that follows streams. Closed: watches, logs, sessions in containers, deletions.
#[derive(Clone)]
pub(crate) enum Follow {
    Watch(WatchPrinter),
    Logs(Tail),
    Session(Session),
    Gone(Gone),
}

/// Where a follower prints and asks.
pub(crate) struct Io<'a> {
    pub output: &'a mut Output,
    pub calls: &'a mut VecDeque<(u64, Call)>,
    pub now: Time,
}

impl Follow {
    /// Asks for what the followed streams need.
    pub fn start(&mut self, io: &mut Io) -> Option<i32> {
        match self {
            Follow::Logs(tail) => tail.start(io),
            Follow::Session(session) => {
                session.start(io);
                None
            }
            Follow::Gone(gone) => gone.start(io),
            Follow::Watch(_) => None,
        }
    }
    /// Takes an answer; a code ends the command.
    pub fn answer(&mut self, id: u64, answer: Answer, io: &mut Io) -> Option<i32> {
        match self {
            Follow::Watch(watch) => watch.answer(id, answer, io),
            Follow::Logs(tail) => tail.answer(id, answer, io),
            Follow::Session(session) => session.answer(id, answer, io),
            Follow::Gone(gone) => gone.answer(id, answer, io),
        }
    }
    pub fn deadline(&self) -> Time {
        match self {
            Follow::Watch(watch) => watch.deadline,
            Follow::Logs(tail) => tail.deadline(),
            Follow::Gone(gone) => gone.deadline,
            Follow::Session(_) => Time::NEVER,
        }
    }
    /// The deadline has come; a code ends the command.
    pub fn timeout(&mut self, io: &mut Io) -> Option<i32> {
        match self {
            Follow::Logs(tail) => {
                tail.retry(io);
                None
            }
            Follow::Gone(gone) => gone.timeout(io),
            Follow::Watch(_) | Follow::Session(_) => Some(0),
        }
    }
    /// The connection that takes what a person types.
    pub fn input_stream(&self) -> Option<u64> {
        match self {
            Follow::Session(session) => session.input_stream(),
            Follow::Watch(_) | Follow::Logs(_) | Follow::Gone(_) => None,
        }
    }
}
