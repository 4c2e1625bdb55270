//! `get -w`: rows of changes as they come.

use crate::call::Answer;
use crate::follow::Io;
use base::Time;

#[derive(Clone)]
pub(crate) struct WatchPrinter {
    pub deadline: Time,
}

impl WatchPrinter {
    pub fn answer(&mut self, _: u64, _: Answer, _: &mut Io) -> Option<i32> {
        None
    }
    pub fn timeout(&mut self, _: &mut Io) -> i32 {
        0
    }
}
