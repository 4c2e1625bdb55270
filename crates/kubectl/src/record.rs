//! The answers that a command has got so far, in the order in which it asked. Running a command again is reading this from the start.

use crate::call::Answer;
use base::Time;
use std::collections::VecDeque;

#[derive(Clone, Debug)]
pub(crate) enum Slot {
    /// One call, one answer.
    Once(Option<Answer>),
    /// An open stream and the answers nobody has read yet.
    Stream(VecDeque<Answer>),
    /// One read of a stream (`None`: the deadline came first), or a pause.
    Read(Option<Answer>),
    /// The clock was read.
    Clock(Time),
    /// Something that needs no answer was asked for.
    Said,
}

/// Slots in order; a call's id is the number of its slot.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    slots: Vec<Slot>,
    at: usize,
    pub started: Time,
}

impl Record {
    pub fn new(started: Time) -> Record {
        Record { slots: Vec::new(), at: 0, started }
    }
    pub fn rewind(&mut self) {
        self.at = 0;
    }
    /// The number of the next slot, and whether an earlier run has filled it.
    pub fn next(&mut self) -> (usize, bool) {
        let at = self.at;
        self.at += 1;
        (at, at < self.slots.len())
    }
    /// Steps back: the slot asked for last stays open.
    pub fn unread(&mut self) {
        self.at -= 1;
    }
    pub fn push(&mut self, slot: Slot) {
        self.slots.push(slot);
    }
    pub fn slot(&self, at: usize) -> &Slot {
        &self.slots[at]
    }
    pub fn queue(&mut self, stream: u64) -> Option<&mut VecDeque<Answer>> {
        match self.slots.get_mut(usize::try_from(stream).ok()?) {
            Some(Slot::Stream(queue)) => Some(queue),
            _ => None,
        }
    }
    pub fn answer(&mut self, id: u64, answer: Answer) {
        match usize::try_from(id).ok().and_then(|at| self.slots.get_mut(at)) {
            Some(Slot::Once(place)) => *place = Some(answer),
            Some(Slot::Stream(queue)) => queue.push_back(answer),
            Some(Slot::Read(_) | Slot::Clock(_) | Slot::Said) | None => {}
        }
    }
    /// Everything that waits in streams, for the one who follows them from now on.
    pub fn drain(&mut self) -> Vec<(u64, Answer)> {
        let mut all = Vec::new();
        for (id, slot) in self.slots.iter_mut().enumerate() {
            if let Slot::Stream(queue) = slot {
                all.extend(queue.drain(..).map(|answer| (id as u64, answer)));
            }
        }
        all
    }
}
