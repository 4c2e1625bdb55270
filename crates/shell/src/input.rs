//! Where a shell's commands come from: a script, standard input line by line, sourced texts; and the prompt.

use crate::kernel::{Fd, Io, Read};
use crate::parse::{SyntaxError, parse_line};
use crate::shell::{Frame, Input, Shell};
use crate::tool::{On, Step};
use base::Text;

impl Shell {
    /// The next commands of a sourced text.
    pub(crate) fn lines(&mut self, text: Text, at: usize, io: &mut Io) -> Step {
        if at >= text.len() {
            return Step::More;
        }
        match parse_line(&text[at..], true) {
            Ok((node, len)) => {
                if at + len < text.len() {
                    self.frames.push(Frame::Lines { text, at: at + len.max(1) });
                }
                self.push(node);
                Step::More
            }
            Err(error) => self.syntax_error(&error, io),
        }
    }

    fn syntax_error(&mut self, error: &SyntaxError, io: &mut Io) -> Step {
        let words = if self.is_bash() { error.bash_words() } else { error.words() };
        self.complain(io, &words);
        self.status = 2;
        self.unwind(io);
        if self.interactive {
            return Step::More;
        }
        self.exit(2, io)
    }

    /// Nothing is left on the stack: read on.
    pub(crate) fn next_commands(&mut self, io: &mut Io) -> Step {
        match std::mem::replace(&mut self.input, Input::Nothing) {
            Input::Nothing => self.exit(self.status, io),
            Input::Script { text, at } => {
                if at >= text.len() {
                    return self.exit(self.status, io);
                }
                match parse_line(&text[at..], true) {
                    Ok((node, len)) => {
                        let next = at + len.max(1);
                        if next < text.len() {
                            self.input = Input::Script { text, at: next };
                        }
                        self.push(node);
                        Step::More
                    }
                    Err(error) => self.syntax_error(&error, io),
                }
            }
            Input::Lines { pending, prompted } => self.next_line(pending, prompted, io),
        }
    }

    fn next_line(&mut self, mut pending: String, prompted: bool, io: &mut Io) -> Step {
        if self.interactive && !prompted {
            let prompt = if pending.is_empty() { self.prompt() } else { "> ".into() };
            io.err(prompt);
        }
        match io.read_line(0) {
            Read::Wait => {
                self.input = Input::Lines { pending, prompted: true };
                return Step::Wait(On::Read(Fd::Input));
            }
            Read::End if pending.is_empty() => return self.exit(self.status, io),
            Read::End => {
                self.input = Input::Nothing;
                return match parse_line(&pending, true) {
                    Ok((node, _)) => {
                        self.push(node);
                        Step::More
                    }
                    Err(error) => self.syntax_error(&error, io),
                };
            }
            Read::Data(bytes) => pending += &String::from_utf8_lossy(&bytes),
        }
        let (pending, step) = match parse_line(&pending, false) {
            Ok((node, _)) => {
                self.push(node);
                (String::new(), Step::More)
            }
            Err(SyntaxError::Incomplete(_)) if pending.len() < crate::expand::MAX_TEXT => (pending, Step::More),
            Err(error) => {
                self.input = Input::Lines { pending: String::new(), prompted: false };
                return self.syntax_error(&error, io);
            }
        };
        self.input = Input::Lines { pending, prompted: false };
        step
    }

    /// busybox's `/ # `, bash's `root@host:/# `, or what `PS1` says.
    fn prompt(&self) -> String {
        let sign = if self.machine.uid == 0 { "#" } else { "$" };
        let home = self.get("HOME").filter(|home| home.len() > 1 && self.cwd.starts_with(home.as_str()));
        let place = home.map_or_else(|| self.cwd.to_string(), |home| format!("~{}", &self.cwd[home.len()..]));
        let standard = if self.is_bash() { "\\u@\\h:\\w\\$ " } else { "\\w \\$ " };
        let format = self.get("PS1").unwrap_or_else(|| Text::from(standard));
        let user = crate::tools::users::name_of(self.machine.uid);
        format.replace("\\u", &user).replace("\\h", &self.machine.hostname).replace("\\w", &place).replace("\\$", sign)
    }
}
