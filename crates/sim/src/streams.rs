//! Open streams: watches, followed logs, programs exec'ed for a client. Each belongs to one kubectl of one terminal, which
//! takes its answers in order.

use api::{Status, WatchEvent};
use apiserver::WatchPlan;
use base::Text;
use kubectl::Answer;
use shell::CallId;
use std::collections::{BTreeMap, VecDeque};
use store::Commit;

/// All open streams of a world.
#[derive(Clone, Default)]
pub struct Streams {
    open: BTreeMap<u64, Stream>,
    last: u64,
}

/// One stream and what waits in it.
#[derive(Clone)]
pub struct Stream {
    pub owner: Owner,
    pub kind: Kind,
    pub queue: VecDeque<Answer>,
}

/// Who reads a stream: a terminal, the kubectl in it, and that kubectl's own number of the call.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Owner {
    pub terminal: u32,
    pub program: CallId,
    pub call: u64,
}

#[derive(Clone)]
pub enum Kind {
    Watch(Box<WatchPlan>),
    /// Follows the log of a container from a line number on.
    Log {
        node: Text,
        container: Text,
        next: u64,
        timestamps: bool,
    },
    /// The streams of a container's first process, from a piece of output on.
    Attach {
        node: Text,
        container: Text,
        next: u64,
    },
    /// A program in a container.
    Exec {
        node: Text,
        container: Text,
        number: u32,
    },
    /// Nothing more will come than what is queued.
    Ended,
}

impl Streams {
    /// Opens a stream; answers its number.
    pub fn open(&mut self, owner: Owner, kind: Kind) -> u64 {
        self.last += 1;
        self.open.insert(self.last, Stream { owner, kind, queue: VecDeque::new() });
        self.last
    }
    /// The number that the next stream will get.
    pub fn upcoming(&self) -> u64 {
        self.last + 1
    }
    pub fn push(&mut self, number: u64, answer: Answer) {
        if let Some(stream) = self.open.get_mut(&number) {
            stream.queue.push_back(answer);
        }
    }
    /// A stream that is refused at once.
    pub fn refuse(&mut self, owner: Owner, status: Status) {
        let number = self.open(owner, Kind::Ended);
        self.push(number, Answer::Failed(status));
    }
    pub fn event(&mut self, number: u64, event: WatchEvent) {
        self.push(number, Answer::Event(event));
    }
    /// Shows a commit to all watches.
    pub fn feed(&mut self, commit: &Commit) {
        for stream in self.open.values_mut() {
            if let Kind::Watch(plan) = &stream.kind
                && let Some(event) = plan.event(commit)
            {
                stream.queue.push_back(Answer::Event(event));
            }
        }
    }
    pub fn data(&mut self, number: u64, fd: u8, bytes: Vec<u8>) {
        self.push(number, Answer::Data { fd, bytes });
    }
    pub fn exit(&mut self, number: u64, code: i32) {
        self.push(number, Answer::Exit(code));
        if let Some(stream) = self.open.get_mut(&number) {
            stream.kind = Kind::Ended;
        }
    }
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&u64, &mut Stream)> {
        self.open.iter_mut()
    }
    /// The terminals for which something waits.
    pub fn waiting(&self) -> impl Iterator<Item = u32> {
        self.open.values().filter(|s| !s.queue.is_empty()).map(|s| s.owner.terminal)
    }
    /// The answers that wait for a terminal, oldest stream first. Ended streams are forgotten.
    pub fn take(&mut self, terminal: u32) -> Vec<(Owner, Answer)> {
        let mut taken = Vec::new();
        for stream in self.open.values_mut().filter(|s| s.owner.terminal == terminal) {
            taken.extend(stream.queue.drain(..).map(|answer| (stream.owner, answer)));
        }
        self.open.retain(|_, s| !(matches!(s.kind, Kind::Ended) && s.queue.is_empty()));
        taken
    }
    pub fn find(&self, terminal: u32, program: CallId, call: u64) -> Option<&Stream> {
        self.open.values().find(|s| s.owner == Owner { terminal, program, call })
    }
    pub fn close_terminal(&mut self, terminal: u32) {
        self.open.retain(|_, s| s.owner.terminal != terminal);
    }
    /// Forgets the streams of a program, or one of them.
    pub fn close(&mut self, terminal: u32, program: CallId, call: Option<u64>) -> Vec<Kind> {
        let gone = |o: &Owner| o.terminal == terminal && o.program == program && call.is_none_or(|c| c == o.call);
        let numbers: Vec<u64> = self.open.iter().filter(|(_, s)| gone(&s.owner)).map(|(n, _)| *n).collect();
        numbers.into_iter().filter_map(|n| self.open.remove(&n)).map(|s| s.kind).collect()
    }
}
