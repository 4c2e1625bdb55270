//! What a command has printed, in order, and how much of it the host has taken. A command that runs again from its start prints
//! the same text again; what was there already is compared away by its length.

/// A piece of output: 1 is stdout, 2 is stderr.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chunk {
    pub fd: u8,
    pub bytes: Vec<u8>,
}

/// The output so far.
#[derive(Clone, Default, Debug)]
pub struct Output {
    waiting: Vec<Chunk>,
    /// Bytes printed in earlier runs, and in this one.
    before: usize,
    printed: usize,
}

impl Output {
    pub(crate) fn out(&mut self, text: &str) {
        self.write(1, text.as_bytes());
    }
    pub(crate) fn err(&mut self, text: &str) {
        self.write(2, text.as_bytes());
    }
    pub(crate) fn write(&mut self, fd: u8, bytes: &[u8]) {
        let skip = self.before.saturating_sub(self.printed).min(bytes.len());
        self.printed += bytes.len();
        let fresh = &bytes[skip..];
        if fresh.is_empty() {
            return;
        }
        match self.waiting.last_mut() {
            Some(last) if last.fd == fd => last.bytes.extend_from_slice(fresh),
            _ => self.waiting.push(Chunk { fd, bytes: fresh.to_vec() }),
        }
    }
    /// The command starts again.
    pub(crate) fn rewind(&mut self) {
        self.before = self.before.max(self.printed);
        self.printed = 0;
    }
    pub(crate) fn take(&mut self) -> Vec<Chunk> {
        std::mem::take(&mut self.waiting)
    }
    pub(crate) fn take_fd(&mut self, fd: u8) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.waiting.retain(|chunk| {
            if chunk.fd == fd {
                bytes.extend_from_slice(&chunk.bytes);
            }
            chunk.fd != fd
        });
        bytes
    }
}
