//! One invocation of kubectl as a machine without IO: the host asks whose turn it is, carries calls out and replies.
//!
//! Commands are straight-line functions. A function that needs an answer which is not there yet stops; when the answer has come it runs
//! again from the start with everything recorded so far, and what it printed already is not printed twice. Endless streams
//! (`get -w`, `logs -f`, `exec -it`) leave that scheme once they are set up: a [`Follow`] keeps their state.

use crate::call::{Answer, Call, Turn};
use crate::command::{self, Plan};
use crate::ctx::{Ctx, Parts};
use crate::env::Env;
use crate::fail::Stop;
use crate::follow::{Follow, Io};
use crate::output::{Chunk, Output};
use crate::record::Record;
use base::{Text, Time};
use std::collections::VecDeque;

/// A running (or ended) kubectl.
#[derive(Clone)]
pub struct Kubectl {
    env: Env,
    plan: Plan,
    record: Record,
    output: Output,
    state: State,
    calls: VecDeque<(u64, Call)>,
}

#[derive(Clone)]
enum State {
    /// Run the function (again).
    Ready,
    /// The function waits for an answer, or for a moment.
    Blocked(Time),
    Following(Follow),
    Done(i32),
}

impl Kubectl {
    /// Starts `kubectl ARGV…` (without the word kubectl).
    pub fn start(argv: &[Text], env: Env) -> Kubectl {
        let plan = command::plan(argv);
        let record = Record::new(env.now);
        Kubectl { env, plan, record, output: Output::default(), state: State::Ready, calls: VecDeque::new() }
    }
    /// Whose turn it is. Call again after every [`Turn::Call`], after [`Kubectl::reply`], and when the time of a [`Turn::Wait`] has come.
    #[must_use]
    pub fn poll(&mut self, now: Time) -> Turn {
        self.poll_with(now, &mut |_, _| None)
    }
    /// As [`Kubectl::poll`]; calls that `host` answers at once need no turn, and the command goes on without a pause. It need not
    /// answer any.
    #[must_use]
    pub fn poll_with(&mut self, now: Time, host: &mut dyn FnMut(u64, &Call) -> Option<Answer>) -> Turn {
        loop {
            if let Some((id, call)) = self.calls.pop_front() {
                return Turn::Call { id, call };
            }
            match &mut self.state {
                State::Done(code) => return Turn::Done(*code),
                State::Ready => self.run(now, host),
                State::Blocked(until) if *until <= now => self.run(now, host),
                State::Blocked(until) => return Turn::Wait(*until),
                State::Following(follow) => {
                    let deadline = follow.deadline();
                    if deadline > now {
                        return Turn::Wait(deadline);
                    }
                    let mut io = Io { output: &mut self.output, calls: &mut self.calls, now };
                    if let Some(code) = follow.timeout(&mut io) {
                        self.end(code);
                    }
                }
            }
        }
    }
    /// Hands over the answer to a call. Answers to streams that were closed are ignored.
    pub fn reply(&mut self, id: u64, answer: Answer, now: Time) {
        match &mut self.state {
            State::Ready | State::Blocked(_) => {
                self.record.answer(id, answer);
                self.state = State::Ready;
            }
            State::Following(follow) => {
                let mut io = Io { output: &mut self.output, calls: &mut self.calls, now };
                if let Some(code) = follow.answer(id, answer, &mut io) {
                    self.end(code);
                }
            }
            State::Done(_) => {}
        }
    }
    /// What a person types while the command runs (`exec -it`); `None` is the end of input.
    pub fn input(&mut self, data: Option<&str>) {
        if let State::Following(follow) = &self.state
            && let Some(stream) = follow.input_stream()
        {
            self.calls.push_back((stream, Call::Send { stream, data: data.map(Text::from) }));
        }
    }
    /// True while [`Kubectl::input`] reaches a terminal in a container, which echoes by itself.
    pub fn takes_input(&self) -> bool {
        matches!(&self.state, State::Following(follow) if follow.input_stream().is_some())
    }
    /// Ctrl-C: the command ends with exit code 130.
    pub fn interrupt(&mut self) {
        self.end(130);
    }
    /// Everything printed since the last time, in order.
    pub fn take_output(&mut self) -> Vec<Chunk> {
        self.output.take()
    }
    /// What was printed to standard output since the last time. Use either this and [`Kubectl::take_err`], or
    /// [`Kubectl::take_output`].
    pub fn take_out(&mut self) -> Vec<u8> {
        self.output.take_fd(1)
    }
    pub fn take_err(&mut self) -> Vec<u8> {
        self.output.take_fd(2)
    }
    /// The surroundings as the command left them (`config` changes the kubeconfig).
    pub fn env(&self) -> &Env {
        &self.env
    }

    fn end(&mut self, code: i32) {
        if !matches!(self.state, State::Done(_)) {
            self.calls.clear();
            self.state = State::Done(code);
        }
    }

    fn run(&mut self, now: Time, host: &mut dyn FnMut(u64, &Call) -> Option<Answer>) {
        self.record.rewind();
        self.output.rewind();
        let parts = Parts { record: &mut self.record, output: &mut self.output, calls: &mut self.calls, host };
        let mut ctx = Ctx::new(&self.env, &self.plan, parts, now);
        let result = command::run(&mut ctx, &self.plan);
        let env = ctx.changed_env();
        match result {
            Ok(()) => self.finish(0, env),
            Err(Stop::Pending(until)) => self.state = State::Blocked(until),
            Err(Stop::Exit(code)) => self.finish(code, env),
            Err(Stop::Fail(fail)) => {
                self.output.err(&fail.message());
                self.finish(fail.code(), env);
            }
            Err(Stop::Follow(mut follow)) => {
                let mut io = Io { output: &mut self.output, calls: &mut self.calls, now };
                let mut code = follow.start(&mut io);
                for (id, answer) in self.record.drain() {
                    code = code.or_else(|| follow.answer(id, answer, &mut io));
                }
                self.state = code.map_or(State::Following(*follow), State::Done);
            }
        }
    }

    fn finish(&mut self, code: i32, env: Option<Env>) {
        if let Some(env) = env {
            self.env = env;
        }
        self.state = State::Done(code);
    }
}
