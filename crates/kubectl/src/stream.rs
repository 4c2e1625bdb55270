//! Logs that are followed, and sessions in containers.

use crate::call::Answer;
use crate::follow::Io;

#[derive(Clone)]
pub(crate) struct Tail {}

#[derive(Clone)]
pub(crate) struct Session {
    stream: u64,
}

impl Tail {
    pub fn answer(&mut self, _: u64, _: Answer, _: &mut Io) -> Option<i32> {
        None
    }
}

impl Session {
    pub fn answer(&mut self, _: u64, _: Answer, _: &mut Io) -> Option<i32> {
        None
    }
    pub fn input_stream(&self) -> Option<u64> {
        Some(self.stream)
    }
}
