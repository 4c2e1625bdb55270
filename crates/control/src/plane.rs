//! `Control`: requests in, background work step by step. The way of data is one direction:
//! request, plan, commit, keys, reconcile, ops, requests.
//!
//! Ops are committed before the next key is looked at, so a controller always sees its own writes.

use crate::expiry::Expiry;
use crate::queue::Queue;
use crate::recorder::{Entry, Recorder};
use api::{Cause, Change, Expect, Note, Op, Origin, Outcome, PatchType, Reply, Request, Status, User, Verb, WatchKind, Write};
use apiserver::{Config, Context, Plan, WatchPlan};
use base::{Duration, Rng, Text, Time};
use controllers::CONTROLLERS;
use model::{Key, Object, resource};
use scheduler::{Decision, Scheduler};
use std::sync::Arc;
use store::{Commit, Snapshot, Store};
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
        Control::resume(Store::default(), (config, options), rng, now)
    }
    /// The control plane of a store that another one, which is no more, has left. Controllers and scheduler are shown what
    /// is there, as their informers do it after a start, and what was deleted lately.
    pub fn resume(store: Store, (config, options): (Config, Options), rng: &Rng, now: Time) -> Control {
        let mut control = Control {
            seen: store.rev(),
            store,
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
        };
        control.relist(now);
        control.bear(now);
        control.feed(now);
        control
    }
    /// Makes the objects that every cluster is born with. In one that has a past only those come back that no cluster can be
    /// without: services that somebody deleted stay away.
    fn bear(&mut self, now: Time) {
        let cause = Cause::new("kube-apiserver", Origin::Start);
        let first = self.store.rev() == 0;
        for write in apiserver::birth(&self.config, now, &mut self.admission_dice) {
            let there = self.store.now().get(&write.key).cloned();
            if let Some(moved) = there.as_ref().and_then(|there| moved(there, &write)) {
                let written = self.store.commit(moved, cause.clone(), now);
                debug_assert!(written.is_ok(), "the object is there");
            }
            let gone = there.is_none();
            let service = matches!(write.key.resource.as_str(), "services" | "ipaddresses.networking.k8s.io");
            if gone && (first || !service) {
                let written = self.store.commit(write, cause.clone(), now);
                debug_assert!(written.is_ok(), "a new cluster's objects do not conflict");
            }
        }
    }
    fn relist(&mut self, now: Time) {
        let cause = Cause::new("kube-apiserver", Origin::Start);
        let snap = self.store.snapshot();
        let mut events = Vec::new();
        for object in snap.all() {
            let key = object.key();
            let (rev, object) = (object.meta.revision, object.clone());
            if key.resource == resource::EVENTS {
                let told = Time::parse(object.value["lastTimestamp"].s()).unwrap_or(object.meta.created);
                events.push((told, key.namespace.clone(), key.name.clone(), rev));
            }
            self.show(&Commit { rev, time: now, cause: cause.clone(), kind: WatchKind::Added, key, before: None, object }, now);
        }
        events.sort();
        for (created, namespace, name, rev) in events {
            self.expiry.add(created, namespace, name, rev);
        }
        let lately: Vec<Arc<Commit>> = self.store.since(self.store.oldest() - 1).into_iter().flatten().cloned().collect();
        for commit in lately.iter().filter(|commit| commit.kind == WatchKind::Deleted) {
            self.enqueue(commit, now);
        }
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
            self.show(&commit, now);
        }
    }
    fn show(&mut self, commit: &Commit, now: Time) {
        if self.options.scheduler {
            self.scheduler.handle(self.store.now(), commit, now);
        }
        self.enqueue(commit, now);
    }
    fn enqueue(&mut self, commit: &Commit, now: Time) {
        if !self.options.controllers {
            return;
        }
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
            let write = Write { key: key.clone(), expect: Expect::Revision(rev), change: Change::Delete };
            let gone = self.store.commit(write, Cause::new(Text::from("kube-apiserver"), Origin::Timer(rev)), now);
            debug_assert!(gone.is_ok());
            self.recorder.forget(&key.namespace, &key.name);
        }
        true
    }
}

/// The change of an endpoints object that leads to where the API server was before, if this is one.
fn moved(there: &Object, born: &Write) -> Option<Write> {
    let Change::Put(value) = &born.change else { return None };
    let fields: &[&str] = match born.key.resource.as_str() {
        "endpoints" => &["subsets"],
        "endpointslices.discovery.k8s.io" => &["endpoints", "ports"],
        _ => return None,
    };
    if fields.iter().all(|field| there.value[*field] == value[*field]) {
        return None;
    }
    let mut new = there.value.clone();
    fields.iter().for_each(|field| new.set(&[field], &value[*field]));
    Some(Write { key: born.key.clone(), expect: Expect::Revision(there.meta.revision), change: Change::Put(new) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use value::{list, obj};

    fn run(control: &mut Control, until: Time) {
        while let Some(at) = control.next_deadline().filter(|at| *at <= until) {
            control.step(at);
        }
    }

    #[test]
    fn what_was_left_undone_is_done_after_a_restart() {
        let (now, rng) = (Time::from_civil(2026, 1, 1), Rng::new(1));
        let settings = || (Config::default(), Options::default());
        let mut first = Control::new(Config::default(), Options::default(), &rng, now);
        let labels = obj! { "app" => "web" };
        let container = obj! { "name" => "c", "image" => "nginx" };
        let deployment = obj! {
            "apiVersion" => "apps/v1", "kind" => "Deployment", "metadata" => obj! { "name" => "web" },
            "spec" => obj! {
                "replicas" => 2, "selector" => obj! { "matchLabels" => &labels },
                "template" => obj! { "metadata" => obj! { "labels" => &labels }, "spec" => obj! { "containers" => list![container] } },
            },
        };
        let key = Key::new(&resource::DEPLOYMENTS, "default", "");
        let create = Request { body: deployment, ..Request::of(&User::master("me"), Verb::Create, &key) };
        assert!(matches!(first.request(&create, Origin::Start, now), Answered::Reply(reply) if reply.code == 201));
        let born = first.store().rev();

        let mut second = Control::resume(first.store().clone(), settings(), &Rng::new(2), now);
        assert_eq!(second.store().rev(), born, "nothing is born twice");
        let elsewhere = Config { advertise_address: [192, 0, 2, 1].into(), ..Config::default() };
        let third = Control::resume(first.store().clone(), (elsewhere, Options::default()), &Rng::new(2), now);
        let endpoints = third.snapshot().find(&resource::ENDPOINTS, "default", "kubernetes").expect("born");
        assert_eq!(endpoints.value["subsets"][0]["addresses"][0]["ip"].s(), "192.0.2.1");
        assert_eq!(third.store().rev(), born + 2, "a server that moved tells it");
        let later = now + Duration::from_secs(5);
        run(&mut second, later);
        assert_eq!(second.snapshot().list(&resource::PODS, "default").count(), 2);

        // The owner goes, and the plane with it.
        let key = Key::new(&resource::DEPLOYMENTS, "default", "web");
        second.request(&Request::of(&User::master("me"), Verb::Delete, &key), Origin::Start, later);
        let mut third = Control::resume(second.store().clone(), settings(), &Rng::new(3), later);
        let end = later + Duration::from_secs(60);
        run(&mut third, end);
        assert_eq!(third.snapshot().list(&resource::REPLICA_SETS, "default").count(), 0);
    }
}
