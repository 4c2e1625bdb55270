//! The `read` builtin: a line of standard input into variables.

use crate::kernel::{Io, Read};
use crate::parse::is_name;
use crate::shell::{Frame, Shell};
use crate::tool::{On, Step};
use base::{Duration, Text, Time, text};

/// A `read` that waits for its line.
#[derive(Clone, Debug)]
pub(crate) struct ReadLine {
    names: Vec<Text>,
    raw: bool,
    fd: u8,
    /// `-n`: so many bytes.
    count: Option<usize>,
    until: Time,
    line: Vec<u8>,
}

impl ReadLine {
    pub(crate) fn parse(args: &[Text], io: &mut Io) -> Result<ReadLine, String> {
        let mut read = ReadLine { names: Vec::new(), raw: false, fd: 0, count: None, until: Time::NEVER, line: Vec::new() };
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let Some(letters) = arg.strip_prefix('-').filter(|letters| !letters.is_empty() && read.names.is_empty()) else {
                if !is_name(arg) {
                    return Err(format!("'{arg}': not a valid identifier"));
                }
                read.names.push(arg.clone());
                continue;
            };
            let mut letters = letters.chars();
            while let Some(letter) = letters.next() {
                if matches!(letter, 'r' | 's' | 'e') {
                    read.raw |= letter == 'r';
                    continue;
                }
                let attached: String = letters.by_ref().collect();
                let value = if attached.is_empty() { args.next().cloned().unwrap_or_default() } else { Text::from(attached) };
                match letter {
                    'p' => io.err(value.as_str()),
                    't' => {
                        let secs = value.parse::<f64>().ok().filter(|secs| *secs >= 0.0).ok_or("invalid timeout")?;
                        read.until = io.now + Duration::from_micros((secs * 1e6) as i64);
                    }
                    'n' | 'N' => read.count = Some(value.parse().map_err(|_| "invalid count")?),
                    'u' => read.fd = value.parse().map_err(|_| "invalid file descriptor")?,
                    'd' | 'a' => return Err(format!("option -{letter} is not supported")),
                    _ => return Err(format!("illegal option -{letter}")),
                }
            }
        }
        if read.names.is_empty() {
            read.names.push(text!("REPLY"));
        }
        Ok(read)
    }
}

impl Shell {
    pub(crate) fn read_line(&mut self, mut read: ReadLine, io: &mut Io) -> Step {
        let found = match read.count {
            Some(count) => io.read(read.fd, count.saturating_sub(read.line.len()).max(1)),
            None => io.read_line(read.fd),
        };
        let mut ended = false;
        match found {
            Read::Data(bytes) => {
                read.line.extend(bytes);
                let more = match read.count {
                    Some(count) => read.line.len() < count && !read.line.contains(&b'\n'),
                    None => !read.raw && read.line.ends_with(b"\\\n"),
                };
                if more && read.line.len() < crate::expand::MAX_TEXT {
                    if read.count.is_none() {
                        read.line.truncate(read.line.len() - 2);
                    }
                    self.frames.push(Frame::ReadLine(Box::new(read)));
                    return Step::More;
                }
            }
            Read::Wait if io.now < read.until => {
                let (fd, until) = (io.core.fds.get(read.fd).cloned(), read.until);
                self.frames.push(Frame::ReadLine(Box::new(read)));
                let Some(fd) = fd else { return Step::More };
                return Step::Wait(if until == Time::NEVER { On::Read(fd) } else { On::ReadUntil(fd, until) });
            }
            Read::Wait => {
                self.status = if self.is_bash() { 142 } else { 1 };
                return self.check_errexit(io);
            }
            Read::End => ended = true,
        }
        let complete = read.line.last() == Some(&b'\n') || read.count.is_some_and(|count| read.line.len() >= count);
        if read.line.last() == Some(&b'\n') {
            read.line.pop();
        }
        let line = String::from_utf8_lossy(&read.line).into_owned();
        self.assign_fields(&read, &line);
        self.status = i32::from(ended || !complete);
        self.check_errexit(io)
    }

    fn assign_fields(&mut self, read: &ReadLine, line: &str) {
        let ifs = self.get("IFS").unwrap_or_else(|| text!(" \t\n"));
        let chars = unescape(line, read.raw);
        let separates = |mark: &(char, bool)| !mark.1 && ifs.contains(mark.0);
        let blank = |mark: &(char, bool)| separates(mark) && mark.0.is_ascii_whitespace();
        let mut at = 0;
        for (nth, name) in read.names.iter().enumerate() {
            while chars.get(at).is_some_and(blank) {
                at += 1;
            }
            let last = nth + 1 == read.names.len();
            let start = at;
            let end = if last {
                let mut end = chars.len();
                while end > start && chars.get(end - 1).is_some_and(blank) {
                    end -= 1;
                }
                end
            } else {
                chars[at..].iter().position(separates).map_or(chars.len(), |len| at + len)
            };
            let value: String = chars[start..end].iter().map(|mark| mark.0).collect();
            let _ = self.set(name, Text::from(value));
            at = end;
            while chars.get(at).is_some_and(blank) {
                at += 1;
            }
            if chars.get(at).is_some_and(|mark| separates(mark) && !blank(mark)) && at >= end {
                at += 1;
            }
        }
    }
}

/// Characters with whether a backslash protects them.
fn unescape(line: &str, raw: bool) -> Vec<(char, bool)> {
    let mut out = Vec::new();
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' if !raw => out.extend(chars.next().map(|next| (next, true))),
            _ => out.push((c, false)),
        }
    }
    out
}
