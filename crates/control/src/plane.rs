//! `Control`: requests in, background work step by step. The way of data is one direction:
//! request, plan, commit, keys, reconcile, ops, requests.
//!
//! Ops are committed before the next key is looked at, so a controller always sees its own writes.

use crate::expiry::Expiry;
use crate::queue::Queue;
use crate::recorder::{Entry, Recorder};
use api::{Cause, Note, Op, Origin, Outcome, PatchType, Reply, Request, Status, User, Verb};
use apiserver::{Config, Context, Plan, WatchPlan};
use base::{Duration, Rng, Text, Time};
use controllers::CONTROLLERS;
use model::{Key, resource};
use scheduler::{Decision, Scheduler};
use std::sync::Arc;
use store::{Snapshot, Store};
use value::Value;

/// Which parts run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    pub controllers: bool,
    pub scheduler: bool,
    /// Whether a cloud gives addresses to load balancers.
    pub cloud: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { controllers: true, scheduler: true, cloud: true }
    }
}

/// The answer to a request.
#[derive(Clone, Debug)]
pub enum Answered {
    Reply(Reply),
    /// The client may follow the store's log with this.
    Watch(Box<WatchPlan>),
    /// A kubelet has to carry this out.
    Connect(Box<apiserver::Connect>),
}

/// A control plane.
#[derive(Clone)]
pub struct Control {
    store: Store,
    config: Arc<Config>,
    options: Options,
    queue: Queue,
    scheduler: Scheduler,
    /// When the scheduler may decide again.
    free_at: Time,
    recorder: Recorder,
    expiry: Expiry,
    admission_dice: Rng,
    scheduler_dice: Rng,
    latency_dice: Rng,
    /// Commits up to this revision were shown to controllers and scheduler.
    seen: u64,
}

/// What a controller tells of an op that happened.
type Told<'a> = &'a dyn Fn(&Op, &Value) -> Vec<Note>;
/// The op that was refused, and the answer.
type Refused = Box<(Op, Status)>;

/// The controller that stands for the cloud.
const CLOUD: &str = "service-controller";
/// A decision of the scheduler takes this long.
const DECISION: Duration = Duration::from_millis(2);

impl Control {
    /// A new cluster's control plane with the objects that every cluster is born with.
    pub fn new(config: Config, options: Options, rng: &Rng, now: Time) -> Control {
        let mut control = Control {
            store: Store::default(),
            config: Arc::new(config),
            options,
            queue: Queue::default(),
            scheduler: Scheduler::new(),
            free_at: now,
            recorder: Recorder::default(),
            expiry: Expiry::default(),
            admission_dice: rng.fork("apiserver"),
            scheduler_dice: rng.fork("scheduler"),
            latency_dice: rng.fork("latency"),
            seen: 0,
        };
        let cause = Cause::new("kube-apiserver", Origin::Start);
        let born = apiserver::birth(&control.config, now, &mut control.admission_dice);
        for write in born {
            let written = control.store.commit(write, cause.clone(), now);
            debug_assert!(written.is_ok(), "a new cluster's objects do not conflict");
        }
        control.feed(now);
        control
    }
    pub fn store(&self) -> &Store {
        &self.store
    }
    pub fn snapshot(&self) -> &Snapshot {
        self.store.now()
    }
    pub fn config(&self) -> &Config {
        &self.config
    }
    /// The last decision about a pod, by its uid.
    pub fn decision(&self, uid: &str) -> Option<&Arc<Decision>> {
        self.scheduler.decision(uid)
    }
    /// Answers one request, committing what it writes.
    pub fn request(&mut self, request: &Request, origin: Origin, now: Time) -> Answered {
        let answered = self.admit(request, origin, now);
        self.feed(now);
        answered
    }
    /// Tells the world something about an object.
    pub fn note(&mut self, note: &Note, cause: &Cause, now: Time) {
        let user = User::master(cause.by.clone());
        let entry = self.recorder.record(note, now);
        let request = match entry {
            Entry::Create(object) => Op::Create { resource: resource::EVENTS.clone(), object }.request(&user),
            Entry::Raise(namespace, name, patch) => {
                let key = Key::new(&resource::EVENTS, namespace, name);
                Request { body: patch, ..Request::of(&user, Verb::Patch(PatchType::Merge), &key) }
            }
            Entry::Nothing => return,
        };
        let at = self.store.rev();
        self.admit(&request, cause.from, now);
        if let Some(commit) = self.store.commit_at(at + 1) {
            self.expiry.add(now, commit.key.namespace.clone(), commit.key.name.clone(), commit.rev);
        }
    }
    /// Does the next piece of work that is due; false if there is none at `now`.
    pub fn step(&mut self, now: Time) -> bool {
        let worked = self.expire(now) || self.reconcile(now) || self.schedule(now);
        if worked {
            self.feed(now);
        }
        worked
    }
    /// When [`Control::step`] will next have work.
    pub fn next_deadline(&self) -> Option<Time> {
        let schedule = self.scheduler.next_deadline().map(|at| at.max(self.free_at));
        [self.queue.next(), schedule, self.expiry.next()].into_iter().flatten().min()
    }

    fn admit(&mut self, request: &Request, origin: Origin, now: Time) -> Answered {
        let mut context = Context { now, rng: &mut self.admission_dice, config: &self.config };
        match apiserver::admit(self.store.now(), request, &mut context) {
            Plan::Reply(reply) => Answered::Reply(reply),
            Plan::Watch(watch) => Answered::Watch(watch),
            Plan::Connect(connect) => Answered::Connect(connect),
            Plan::Write(plan) => {
                let cause = Cause { by: request.user.name.clone(), from: origin };
                let mut commits = Vec::with_capacity(plan.writes.len());
                for write in plan.writes {
                    match self.store.commit(write, cause.clone(), now) {
                        Ok(commit) => commits.push(commit),
                        Err(status) => return Answered::Reply(status.into()),
                    }
                }
                Answered::Reply(apiserver::finish(&plan.answer, &commits))
            }
        }
    }
    /// Shows new commits to controllers and scheduler.
    fn feed(&mut self, now: Time) {
        while self.seen < self.store.rev() {
            self.seen += 1;
            let Some(commit) = self.store.commit_at(self.seen).cloned() else { continue };
            if self.options.scheduler {
                self.scheduler.handle(self.store.now(), &commit, now);
            }
            if self.options.controllers {
                self.enqueue(&commit, now);
            }
        }
    }
    fn enqueue(&mut self, commit: &store::Commit, now: Time) {
        let mut keys = Vec::new();
        let cloud = self.options.cloud;
        for (place, controller) in CONTROLLERS.iter().enumerate().filter(|(_, c)| cloud || c.name() != CLOUD) {
            controller.keys(self.store.now(), commit, &mut keys);
            for key in keys.drain(..) {
                let latency = self.batch(controller.batch_period()) + Duration::from_millis(self.latency_dice.between(2, 8));
                self.queue.add(place as u16, key, now + latency, commit.rev);
            }
        }
    }
    /// How long a controller lets changes gather: in a large cluster longer, since one look at it costs more. (Upstream needs
    /// far longer, behind its limit of 20 writes a second.)
    fn batch(&self, period: Duration) -> Duration {
        let many = self.store.now().len().saturating_sub(1000) as i64;
        if period == Duration::ZERO { period } else { period + Duration::from_millis(many / 200) }
    }
    fn reconcile(&mut self, now: Time) -> bool {
        let Some((place, key, trigger)) = self.queue.pop(now) else { return false };
        let controller = CONTROLLERS[usize::from(place)];
        let before = self.store.snapshot();
        let outcome = controller.reconcile(&before, &key, now);
        let cause = Cause::new(controller.name(), Origin::Revision(trigger));
        let again_at = outcome.again_at;
        let applied = |op: &Op, made: &Value| controller.applied(&before, &key, op, made);
        match self.apply(outcome, &cause, now, &applied) {
            Ok(()) => self.queue.forget(place, &key),
            Err(refused) => {
                let (op, status) = *refused;
                let outcome = controller.refused(self.store.now(), &key, &op, &status, now);
                // What is refused here too is tried again with the key.
                let _ = self.apply(outcome, &cause, now, &|_, _| Vec::new());
                self.queue.retry(place, key.clone(), now, trigger);
            }
        }
        if let Some(at) = again_at {
            self.queue.add(place, key, at, trigger);
        }
        true
    }
    fn schedule(&mut self, now: Time) -> bool {
        if self.free_at > now || self.scheduler.next_deadline().is_none_or(|at| at > now) {
            return false;
        }
        let Some(decision) = self.scheduler.schedule_one(self.store.now(), now, &mut self.scheduler_dice) else { return false };
        self.free_at = now + DECISION;
        let trigger = self.store.now().get(&decision.key).map_or(0, |pod| pod.meta.revision);
        let cause = Cause::new("default-scheduler", Origin::Revision(trigger));
        if self.apply(decision.outcome.clone(), &cause, now, &|_, _| Vec::new()).is_err() {
            self.scheduler.refused(&decision.key, now);
        }
        true
    }
    /// Carries ops out in order, up to the first refusal, each followed by what `applied` tells of it; then the notes.
    fn apply(&mut self, outcome: Outcome, cause: &Cause, now: Time, applied: Told<'_>) -> Result<(), Refused> {
        let user = User::master(cause.by.clone());
        let mut refused = None;
        for op in outcome.ops {
            let Answered::Reply(reply) = self.admit(&op.request(&user), cause.from, now) else { continue };
            if let Some(status) = reply.failure() {
                refused = Some(Box::new((op, status)));
                break;
            }
            for note in applied(&op, &reply.body) {
                self.note(&note, cause, now);
            }
        }
        for note in &outcome.notes {
            self.note(note, cause, now);
        }
        refused.map_or(Ok(()), Err)
    }
    fn expire(&mut self, now: Time) -> bool {
        let Some((namespace, name, rev)) = self.expiry.pop(now) else { return false };
        let key = Key::new(&resource::EVENTS, namespace, name);
        let unchanged = self.store.now().get(&key).is_some_and(|event| event.meta.revision == rev);
        if unchanged {
            let write = api::Write { key: key.clone(), expect: api::Expect::Revision(rev), change: api::Change::Delete };
            let gone = self.store.commit(write, Cause::new(Text::from("kube-apiserver"), Origin::Timer(rev)), now);
            debug_assert!(gone.is_ok());
            self.recorder.forget(&key.namespace, &key.name);
        }
        true
    }
}
