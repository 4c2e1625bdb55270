//! A program that the host runs: its output comes as replies, its input and signals go as calls.

use crate::call::{Call, CallId, Program, Reply, Signal};
use crate::kernel::{Fd, Finished, Io, Read};
use crate::tool::{On, Step, Tool};
use base::Time;

#[derive(Clone, Debug)]
struct Hosted {
    call: Option<CallId>,
    /// The program wants input.
    reading: bool,
}

pub(crate) fn start(_io: &mut Io) -> Result<Box<dyn Tool>, i32> {
    Ok(Box::new(Hosted { call: None, reading: false }))
}

impl Tool for Hosted {
    fn step(&mut self, io: &mut Io) -> Step {
        let Some(id) = self.call else {
            let piped_input = io.core.fds.get(0).is_some_and(|fd| *fd != Fd::Input);
            let tty = io.kernel.tty && io.core.fds.get(1) == Some(&Fd::Output);
            let program =
                Program { argv: io.core.argv.to_vec(), env: io.core.env.to_vec(), cwd: io.core.cwd.clone(), piped_input, tty };
            self.call = Some(io.call(Call::Program(program)));
            return Step::More;
        };
        if let Some(full) = io.output_full() {
            return Step::Wait(On::Write(full));
        }
        match io.reply(id) {
            Some(Reply::Output { out, err }) => {
                io.out(out);
                io.err(err);
                return Step::More;
            }
            Some(Reply::WantInput) => {
                self.reading = true;
                return Step::More;
            }
            Some(Reply::Exit(code)) => {
                io.forget(id, Finished::Yes);
                return Step::Exit(code);
            }
            Some(_) => return Step::More,
            None => {}
        }
        if !self.reading {
            return Step::Wait(On::Reply(id, Time::NEVER));
        }
        match io.read(0, 16 << 10) {
            Read::Data(bytes) => {
                io.tell(Call::Input { to: id, bytes, end: false });
                Step::More
            }
            Read::End => {
                self.reading = false;
                io.tell(Call::Input { to: id, bytes: Vec::new(), end: true });
                Step::More
            }
            Read::Wait => {
                let fd = io.core.fds.get(0).cloned().unwrap_or(Fd::Null);
                Step::Wait(On::ReplyOrRead(id, fd))
            }
        }
    }
    fn copy(&self) -> Box<dyn Tool> {
        Box::new(self.clone())
    }
    fn signal(&mut self, signal: Signal, io: &mut Io) -> bool {
        if let Some(to) = self.call {
            io.tell(Call::Signal { to, signal });
        }
        self.call.is_some()
    }
}
