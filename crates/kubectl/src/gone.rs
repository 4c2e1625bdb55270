//! The end of `kubectl delete`: waiting until everything that was deleted is gone, one object after the other. The state is
//! explicit, so that a thousand objects take a thousand steps and no step looks back at the others.

use crate::call::{Answer, Call};
use crate::delete::Victim;
use crate::fail::Fail;
use crate::follow::Io;
use api::{Request, User, Verb, WatchKind};
use base::{Text, Time};
use std::collections::VecDeque;

/// Ids of calls that a follower makes itself; record slots never reach so far.
const OWN_IDS: u64 = 1 << 32;

/// Objects that are waited for.
#[derive(Clone)]
pub(crate) struct Gone {
    victims: VecDeque<Victim>,
    user: User,
    pub deadline: Time,
    fails: Vec<Fail>,
    next: u64,
    /// The call whose answer counts, and the open watch.
    asked: u64,
    watch: Option<u64>,
}

impl Gone {
    pub fn new(victims: Vec<Victim>, user: User, deadline: Time) -> Gone {
        Gone { victims: victims.into(), user, deadline, fails: Vec::new(), next: OWN_IDS, asked: 0, watch: None }
    }
    fn call(&mut self, call: Call, io: &mut Io) -> u64 {
        let id = self.next;
        self.next += 1;
        io.calls.push_back((id, call));
        id
    }
    /// Looks at the first object that is left; a code if there is none.
    pub fn start(&mut self, io: &mut Io) -> Option<i32> {
        let Some(victim) = self.victims.front() else { return Some(self.over(io)) };
        let request = Request { user: self.user.clone(), ..victim.kind.get(&victim.namespace, &victim.name) };
        self.asked = self.call(Call::Request(request), io);
        None
    }
    fn over(&mut self, io: &mut Io) -> i32 {
        match self.fails.len() {
            0 => 0,
            1 => {
                io.output.err(&self.fails[0].message());
                1
            }
            _ => {
                io.output.err(&Fail::Many(std::mem::take(&mut self.fails)).message());
                1
            }
        }
    }
    fn done(&mut self, fail: Option<Fail>, io: &mut Io) -> Option<i32> {
        self.fails.extend(fail);
        self.close(io);
        self.victims.pop_front();
        self.start(io)
    }
    fn close(&mut self, io: &mut Io) {
        if let Some(stream) = self.watch.take() {
            self.call(Call::Close { stream }, io);
        }
    }
    pub fn answer(&mut self, id: u64, answer: Answer, io: &mut Io) -> Option<i32> {
        if self.watch == Some(id) {
            return match answer {
                Answer::Event(event) if event.kind == WatchKind::Deleted => self.done(None, io),
                Answer::Event(event) if event.kind != WatchKind::Error => None,
                _ => {
                    self.close(io);
                    self.start(io)
                }
            };
        }
        let (true, Answer::Reply(reply)) = (id == self.asked, answer) else { return None };
        let victim = self.victims.front()?;
        match reply.failure() {
            Some(status) if status.reason == "NotFound" => self.done(None, io),
            Some(status) => self.done(Some(Fail::Server(status)), io),
            None if !victim.uid.is_empty() && reply.body["metadata"]["uid"].s() != victim.uid => self.done(None, io),
            None => {
                let mut watch = victim.kind.request(Verb::Watch, &victim.namespace, "");
                watch.user = self.user.clone();
                watch.query.field_selector = format!("metadata.name={}", victim.name).into();
                watch.query.resource_version = reply.body["metadata"]["resourceVersion"].text();
                self.watch = Some(self.call(Call::Watch(watch), io));
                None
            }
        }
    }
    /// The deadline has come: everything that is left counts as not gone.
    pub fn timeout(&mut self, io: &mut Io) -> Option<i32> {
        let timed_out = |victim: &Victim| {
            let name: &Text = &victim.name;
            Fail::Plain(format!("timed out waiting for the condition on {}/{name}", victim.kind.plural))
        };
        let left: Vec<Fail> = self.victims.iter().map(timed_out).collect();
        self.fails.extend(left);
        Some(self.over(io))
    }
}
