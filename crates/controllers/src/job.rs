//! Job: runs pods until enough have succeeded, or too many have failed. Models pkg/controller/job.
//! A pod's end is counted once: its uid goes to `uncountedTerminatedPods`, then its finalizer goes, then it is counted.

mod indexes;
mod pods;
mod policy;
mod ttl;

pub use ttl::FinishedJobs;

use crate::claim::claim;
use crate::fields::{int, push, set_count, sides};
use crate::{Controller, pods::controller_of};
use api::{Note, Op, Outcome, Status};
use base::{Duration, Text, Time};
use indexes::Indexes;
use model::resource::{JOBS, PODS};
use model::{Condition, Key, Object};
use policy::Verdict;
use store::{Commit, Snapshot};
use value::Value;

/// Most pods made or deleted in one go.
const BURST: usize = 500;
const NAME: &str = "job-controller";

/// The Job controller.
pub struct Jobs;

impl Controller for Jobs {
    fn name(&self) -> &'static str {
        NAME
    }

    fn keys(&self, _snap: &Snapshot, commit: &Commit, out: &mut Vec<Key>) {
        if commit.key.resource == JOBS {
            push(out, commit.key.clone());
        } else if commit.key.resource == PODS {
            for pod in sides(commit) {
                if let Some(name) = controller_of(pod, "batch", "Job") {
                    push(out, Key::new(&JOBS, pod.meta.namespace.clone(), name));
                }
                if pods::is_tracked(pod) && pod.is_terminating() {
                    push(out, commit.key.clone());
                }
            }
        }
    }

    fn reconcile(&self, snap: &Snapshot, key: &Key, now: Time) -> Outcome {
        if key.resource == PODS {
            return let_go_if_orphaned(snap, key);
        }
        let Some(job) = snap.get(key).filter(|job| is_ours(job)) else { return Outcome::nothing() };
        if finished(job.status()).is_some() {
            return Outcome::nothing();
        }
        let claimed = claim(snap, job, &PODS, |_| true);
        if !claimed.ops.is_empty() {
            return Outcome { ops: claimed.ops, ..Outcome::nothing() };
        }
        let pods: Vec<&Object> = claimed.owned.iter().map(|pod| &***pod).collect();
        Run::of(job, &pods, now).step()
    }

    fn applied(&self, snap: &Snapshot, key: &Key, op: &Op, made: &Value) -> Vec<Note> {
        let Some(job) = snap.get(key).filter(|_| key.resource == JOBS) else { return Vec::new() };
        match op {
            Op::Create { .. } => {
                vec![Note::normal(job, NAME, "SuccessfulCreate", format!("Created pod: {}", made["metadata"]["name"].s()))]
            }
            Op::Delete { key, .. } => vec![Note::normal(job, NAME, "SuccessfulDelete", format!("Deleted pod: {}", key.name))],
            Op::UpdateStatus { object, .. } => told_by_status(job, &object["status"]),
            Op::Update { .. } | Op::Finalize { .. } | Op::Patch { .. } | Op::Bind { .. } | Op::Evict { .. } => Vec::new(),
        }
    }

    fn refused(&self, snap: &Snapshot, key: &Key, op: &Op, why: &Status, now: Time) -> Outcome {
        let (Some(job), Op::Create { .. }) = (snap.get(key), op) else { return Outcome::nothing() };
        if why.details.causes.iter().any(|(reason, _, _)| reason == "NamespaceTerminating") {
            return Outcome::nothing();
        }
        let owned = claim(snap, job, &PODS, |_| true).owned;
        let pods: Vec<&Object> = owned.iter().map(|pod| &***pod).collect();
        let status = Run::of(job, &pods, now).counted();
        let note = Note::warning(job, NAME, "FailedCreate", format!("Error creating: {}", why.message));
        let ops = if status == *job.status() { Vec::new() } else { vec![Op::status(job, status)] };
        Outcome { ops, again_at: None, notes: vec![note] }
    }
}

fn is_ours(job: &Object) -> bool {
    matches!(job.spec()["managedBy"].s(), "" | "kubernetes.io/job-controller")
}

/// The condition that ended the Job.
fn finished(status: &Value) -> Option<&Value> {
    pods::true_condition(status, &["Complete", "Failed"])
}

/// A pod whose Job is gone is no longer tracked by anybody.
fn let_go_if_orphaned(snap: &Snapshot, key: &Key) -> Outcome {
    let Some(pod) = snap.get(key).filter(|pod| pods::is_tracked(pod)) else { return Outcome::nothing() };
    let owner = pod.meta.controller().filter(|owner| owner.kind == "Job");
    let job = owner.and_then(|owner| snap.find(&JOBS, &key.namespace, &owner.name).filter(|job| job.meta.uid == owner.uid));
    if job.is_some_and(|job| finished(job.status()).is_none()) { Outcome::nothing() } else { Outcome::op(pods::untrack(pod)) }
}

/// The events of what a written status says for the first time.
fn told_by_status(job: &Object, new: &Value) -> Vec<Note> {
    let old = job.status();
    let mut notes = Vec::new();
    if let Some(end) = finished(new).filter(|_| finished(old).is_none()) {
        notes.push(match end["type"].s() {
            "Complete" => Note::normal(job, NAME, "Completed", "Job completed"),
            _ => Note::warning(job, NAME, end["reason"].s(), end["message"].text()),
        });
    }
    let suspended = |status| Condition::is_true(status, "Suspended");
    match (suspended(old), suspended(new)) {
        (false, true) => notes.push(Note::normal(job, NAME, "Suspended", "Job suspended")),
        (true, false) => notes.push(Note::normal(job, NAME, "Resumed", "Job resumed")),
        (true, true) | (false, false) => {}
    }
    notes
}

/// A Job and its pods at one moment, counted.
struct Run<'a> {
    job: &'a Object,
    pods: &'a [&'a Object],
    active: Vec<&'a Object>,
    now: Time,
    /// For an Indexed Job: how many indexes there are.
    indexed: Option<i64>,
    succeeded_indexes: Indexes,
    failed_indexes: Indexes,
    succeeded: i64,
    failed: i64,
    again_at: Option<Time>,
}

impl<'a> Run<'a> {
    fn of(job: &'a Object, pods: &'a [&'a Object], now: Time) -> Run<'a> {
        let indexed = job.spec()["completions"].as_i64().filter(|_| job.spec()["completionMode"].s() == "Indexed");
        let active = pods.iter().copied().filter(|pod| pod.pod().is_active()).collect();
        let mut run = Run {
            job,
            pods,
            active,
            now,
            indexed,
            succeeded: 0,
            failed: 0,
            again_at: None,
            succeeded_indexes: Indexes::default(),
            failed_indexes: Indexes::default(),
        };
        run.count();
        run
    }

    /// Counts what the status has, what it is about to count, and pods that ended since.
    fn count(&mut self) {
        let status = self.job.status();
        let uncounted = |list: &str| status["uncountedTerminatedPods"][list].items().iter().map(Value::s).collect::<Vec<_>>();
        let (waiting_ok, waiting_bad) = (uncounted("succeeded"), uncounted("failed"));
        self.succeeded = int(status, &["succeeded"]) + waiting_ok.len() as i64;
        self.failed = int(status, &["failed"]) + waiting_bad.len() as i64;
        for pod in self.pods.iter().filter(|pod| pods::is_tracked(pod)) {
            let uid = pod.meta.uid.as_str();
            if pod.pod().phase() == "Succeeded" && !waiting_ok.contains(&uid) {
                self.succeeded += 1;
            } else if pods::is_failed(self.job, pod) && !waiting_bad.contains(&uid) && self.counts(pod) {
                self.failed += 1;
            }
        }
        if let Some(completions) = self.indexed {
            self.count_indexes(completions);
        }
    }

    fn count_indexes(&mut self, completions: i64) {
        self.succeeded_indexes = Indexes::parse(self.job.status()["completedIndexes"].s(), completions);
        for pod in self.pods.iter().filter(|pod| pods::is_tracked(pod) && pod.pod().phase() == "Succeeded") {
            self.succeeded_indexes.0.extend(pods::valid_index(pod, completions));
        }
        self.succeeded = self.succeeded_indexes.total();
        if let Some(limit) = self.job.spec()["backoffLimitPerIndex"].as_i64() {
            self.failed_indexes = Indexes::parse(self.job.status()["failedIndexes"].s(), completions);
            for pod in self.pods.iter().filter(|pod| pods::is_failed(self.job, pod)) {
                let index = pods::valid_index(pod, completions).filter(|_| pods::fails_index(self.job, pod, limit));
                self.failed_indexes.0.extend(index.filter(|index| !self.succeeded_indexes.has(*index)));
            }
        }
    }

    /// Whether the failure of a pod counts.
    fn counts(&self, pod: &Object) -> bool {
        policy::verdict(self.job, pod) != Verdict::Ignore
    }

    fn is_suspended(&self) -> bool {
        self.job.spec()["suspend"].is_true()
    }

    fn step(mut self) -> Outcome {
        let verdict = self.verdict();
        let mut ops = Vec::new();
        let mut active = self.active.len() as i64;
        let mut ready = pods::ready(&self.active);
        if let Some(verdict) = &verdict {
            // Pods that a success makes needless are not failures: nobody tracks them any more.
            let succeeds = verdict["type"].s() == "SuccessCriteriaMet";
            for pod in &self.active {
                ops.extend((succeeds && pods::is_tracked(pod)).then(|| pods::untrack(pod)));
                ops.push(Op::delete(pod));
            }
            (active, ready) = (0, 0);
        } else if !self.job.is_terminating() {
            let change = self.manage();
            active += change.made - change.deleted.len() as i64;
            ready -= pods::ready(&change.deleted);
            ops.extend(change.ops);
        }
        let is_done = verdict.is_none() && self.is_complete(active);
        let verdict = verdict.or(is_done.then(|| {
            let why = ("CompletionsReached", "Reached expected number of succeeded pods");
            pods::condition(("SuccessCriteriaMet", "True"), why, self.now)
        }));
        let mut status = self.counted();
        set_count(&mut status, "active", active);
        status.set(&["ready"], ready);
        let finished = self.track(&mut status, verdict.as_ref());
        if verdict.is_none() && !self.job.is_terminating() {
            self.suspend_or_resume(&mut status);
        }
        if status != *self.job.status() {
            ops.push(Op::status(self.job, status));
        }
        ops.extend(finished);
        Outcome { ops, again_at: self.again_at, notes: Vec::new() }
    }

    /// The status with start time and counts of the pods that are there.
    fn counted(&self) -> Value {
        let mut status = self.job.status().clone();
        if status["startTime"].is_null() && !self.is_suspended() {
            status.set(&["startTime"], self.now);
        }
        set_count(&mut status, "active", self.active.len() as i64);
        status.set(&["ready"], pods::ready(&self.active));
        let terminating = self.pods.iter().filter(|pod| pod.is_terminating() && !pod.pod().is_finished()).count();
        status.set(&["terminating"], terminating as i64);
        if status["uncountedTerminatedPods"].is_null() {
            status.set(&["uncountedTerminatedPods"], Value::map());
        }
        status
    }

    /// Why the Job is to end, if it is: the condition FailureTarget or SuccessCriteriaMet.
    fn verdict(&mut self) -> Option<Value> {
        if let Some(known) = pods::true_condition(self.job.status(), &["FailureTarget", "SuccessCriteriaMet"]) {
            return Some(known.clone());
        }
        let failed = self.pods.iter().filter(|pod| pods::is_failed(self.job, pod));
        for pod in failed {
            if let Verdict::FailJob(message) = policy::verdict(self.job, pod) {
                return self.fails("PodFailurePolicy", &message);
            }
        }
        let limit = self.job.spec()["backoffLimit"].as_i64().unwrap_or(6);
        if self.failed > limit || self.restarted_too_often(limit) {
            return self.fails("BackoffLimitExceeded", "Job has reached the specified backoff limit");
        }
        if let Some(end) = self.deadline() {
            if end <= self.now {
                return self.fails("DeadlineExceeded", "Job was active longer than specified deadline");
            }
            self.again(end);
        }
        let completions = self.indexed?;
        let most = self.job.spec()["maxFailedIndexes"].as_i64();
        if most.is_some_and(|most| self.failed_indexes.total() > most) {
            return self.fails("MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes");
        }
        let decided = self.failed_indexes.total() + self.succeeded_indexes.total();
        if self.failed_indexes.total() > 0 && decided >= completions {
            return self.fails("FailedIndexes", "Job has failed indexes");
        }
        let message = policy::success(self.job, completions, &self.succeeded_indexes)?;
        Some(pods::condition(("SuccessCriteriaMet", "True"), ("SuccessPolicy", &message), self.now))
    }

    fn fails(&self, reason: &str, message: &str) -> Option<Value> {
        Some(pods::condition(("FailureTarget", "True"), (reason, message), self.now))
    }

    fn again(&mut self, at: Time) {
        self.again_at = Some(self.again_at.map_or(at, |have| have.min(at)));
    }

    /// With restartPolicy OnFailure it is restarts of containers that count.
    fn restarted_too_often(&self, limit: i64) -> bool {
        if self.job.spec()["template"]["spec"]["restartPolicy"].s() != "OnFailure" {
            return false;
        }
        let of_pod = |pod: &&&Object| {
            let lists = ["initContainerStatuses", "containerStatuses"];
            lists.iter().flat_map(|list| pod.status()[*list].items()).map(|s| int(s, &["restartCount"])).sum::<i64>()
        };
        let live = self.pods.iter().filter(|pod| matches!(pod.pod().phase(), "Running" | "Pending"));
        let restarts: i64 = live.map(|pod| of_pod(&pod)).sum();
        if limit == 0 { restarts > 0 } else { restarts >= limit }
    }

    fn deadline(&self) -> Option<Time> {
        let seconds = self.job.spec()["activeDeadlineSeconds"].as_i64().filter(|_| !self.is_suspended())?;
        let start = Time::parse(self.job.status()["startTime"].s()).unwrap_or(self.now);
        Some(start + Duration::from_secs(seconds))
    }

    fn is_complete(&self, active: i64) -> bool {
        match self.job.spec()["completions"].as_i64() {
            None => self.succeeded > 0 && active == 0,
            Some(completions) => self.succeeded >= completions && active == 0,
        }
    }

    /// Moves ended pods along their way to being counted. Answers the patches that take their finalizers.
    fn track(&self, status: &mut Value, verdict: Option<&Value>) -> Vec<Op> {
        let failing = verdict.is_some_and(|c| c["type"].s() == "FailureTarget");
        let mut uncounted = status["uncountedTerminatedPods"].clone();
        let mut patches = Vec::new();
        let mut tracked: Vec<&Text> = Vec::new();
        for pod in self.pods.iter().filter(|pod| pods::is_tracked(pod)) {
            let uid = &pod.meta.uid;
            let ok = pod.pod().phase() == "Succeeded";
            let bad = pods::is_failed(self.job, pod);
            if !(ok || bad || failing || self.job.is_terminating()) {
                continue;
            }
            tracked.push(uid);
            patches.push(pods::untrack(pod));
            let known = ["succeeded", "failed"].iter().any(|l| uncounted[*l].items().iter().any(|u| u.s() == uid.as_str()));
            let list = match (ok, bad || failing) {
                (true, _) if self.indexed.is_none() => "succeeded",
                (false, true) if self.counts(pod) => "failed",
                _ => continue,
            };
            if !known {
                uncounted.at_mut(&[list]).as_list_mut().push(Value::Str(uid.clone()));
            }
        }
        for list in ["succeeded", "failed"] {
            let (waiting, gone): (Vec<Value>, Vec<Value>) =
                uncounted[list].items().iter().cloned().partition(|uid| tracked.iter().any(|t| t.as_str() == uid.s()));
            let total = int(status, &[list]) + gone.len() as i64;
            set_count(status, list, total);
            if waiting.is_empty() { _ = uncounted.remove(&[list]) } else { uncounted.set(&[list], waiting) }
        }
        if self.indexed.is_some() {
            self.write_indexes(status);
        }
        let settled = uncounted.is_empty() && patches.is_empty();
        status.set(&["uncountedTerminatedPods"], uncounted);
        if let Some(verdict) = verdict {
            self.write_end(status, verdict, settled);
        }
        patches
    }

    fn write_indexes(&self, status: &mut Value) {
        set_count(status, "succeeded", self.succeeded_indexes.total());
        let text = self.succeeded_indexes.to_string();
        if text.is_empty() {
            _ = status.remove(&["completedIndexes"])
        } else {
            status.set(&["completedIndexes"], text)
        }
        if !self.job.spec()["backoffLimitPerIndex"].is_null() {
            status.set(&["failedIndexes"], self.failed_indexes.to_string());
        }
    }

    /// The interim condition at once, the final one when nothing is left to count or to wait for.
    fn write_end(&self, status: &mut Value, verdict: &Value, settled: bool) {
        let kind = verdict["type"].s();
        if Condition::find(status, kind).is_null() {
            status.at_mut(&["conditions"]).as_list_mut().push(verdict.clone());
            return;
        }
        let waits = int(status, &["terminating"]) > 0 || !self.active.is_empty();
        if !settled || waits {
            return;
        }
        let last = if kind == "FailureTarget" { "Failed" } else { "Complete" };
        let why = (verdict["reason"].s(), verdict["message"].s());
        status.at_mut(&["conditions"]).as_list_mut().push(pods::condition((last, "True"), why, self.now));
        if last == "Complete" {
            status.set(&["completionTime"], self.now);
        }
    }

    fn suspend_or_resume(&self, status: &mut Value) {
        let have = Condition::find(status, "Suspended")["status"].s().to_owned();
        let (word, why) = match (self.is_suspended(), have.as_str()) {
            (true, "True") | (false, "False" | "") => return,
            (true, _) => ("True", ("JobSuspended", "Job suspended")),
            (false, _) => ("False", ("JobResumed", "Job resumed")),
        };
        let new = pods::condition(("Suspended", word), why, self.now);
        let list = status.at_mut(&["conditions"]).as_list_mut();
        match list.iter_mut().find(|c| c["type"].s() == "Suspended") {
            Some(place) => *place = new,
            None => list.push(new),
        }
        if self.is_suspended() {
            status.remove(&["startTime"]);
        } else {
            status.set(&["startTime"], self.now);
        }
    }
}

/// Pods made and deleted in one go.
#[derive(Default)]
struct Change<'a> {
    ops: Vec<Op>,
    made: i64,
    deleted: Vec<&'a Object>,
}

impl<'a> Run<'a> {
    /// Brings the number of active pods to the wanted one. Deleting comes first, and alone.
    fn manage(&mut self) -> Change<'a> {
        let active = self.active.len() as i64;
        let wanted = self.wanted_active();
        let surplus = self.surplus((active - wanted).max(0));
        if !surplus.is_empty() {
            let ops = surplus.iter().flat_map(|pod| {
                let untrack = pods::is_tracked(pod).then(|| pods::untrack(pod));
                untrack.into_iter().chain([Op::delete(pod)])
            });
            return Change { ops: ops.collect(), made: 0, deleted: surplus };
        }
        let going = if pods::replaces_only_failed(self.job) {
            self.pods.iter().filter(|pod| pod.is_terminating() && !pod.pod().is_finished()).count() as i64
        } else {
            0
        };
        let missing = usize::try_from(wanted - active - going).unwrap_or(0).min(BURST);
        if missing == 0 {
            return Change::default();
        }
        let ops = match self.indexed {
            Some(completions) => self.next_indexes(completions, missing),
            None => self.next_pods(missing),
        };
        Change { made: ops.len() as i64, ops, deleted: Vec::new() }
    }

    fn wanted_active(&self) -> i64 {
        if self.is_suspended() {
            return 0;
        }
        let parallelism = self.job.spec()["parallelism"].as_i64().unwrap_or(1);
        match self.job.spec()["completions"].as_i64() {
            None if self.succeeded > 0 => self.active.len() as i64,
            None => parallelism,
            Some(completions) => (completions - self.succeeded - self.failed_indexes.total()).min(parallelism).max(0),
        }
    }

    /// Pods of indexes that are no longer wanted or have two, then as many as are too many.
    fn surplus(&self, most: i64) -> Vec<&'a Object> {
        let mut ranked = self.active.clone();
        ranked.sort_by_key(|pod| {
            let view = pod.pod();
            (
                !view.node().is_empty(),
                view.phase() == "Running",
                view.is_ready(),
                std::cmp::Reverse(pod.meta.created),
                pod.meta.uid.clone(),
            )
        });
        let (mut gone, mut kept) = (Vec::new(), Vec::new());
        let mut seen = Indexes::default();
        for pod in ranked.into_iter().rev() {
            let unwanted = self.indexed.is_some_and(|completions| match pods::valid_index(pod, completions) {
                Some(index) => !seen.0.insert(index) || self.succeeded_indexes.has(index) || self.failed_indexes.has(index),
                None => true,
            });
            if unwanted { gone.push(pod) } else { kept.push(pod) }
        }
        let more = usize::try_from(most).unwrap_or(0).saturating_sub(gone.len());
        gone.extend(kept.into_iter().rev().take(more));
        gone.truncate(BURST);
        gone
    }

    fn next_pods(&mut self, missing: usize) -> Vec<Op> {
        if self.must_wait(None) {
            return Vec::new();
        }
        (0..missing).map(|_| pods::create(self.job, None)).collect()
    }

    fn next_indexes(&mut self, completions: i64, missing: usize) -> Vec<Op> {
        let limit = self.job.spec()["backoffLimitPerIndex"].as_i64();
        if limit.is_none() && self.must_wait(None) {
            return Vec::new();
        }
        let only_failed = pods::replaces_only_failed(self.job);
        let taken = self
            .pods
            .iter()
            .filter(|pod| pod.pod().is_active() || (only_failed && pod.is_terminating() && !pod.pod().is_finished()));
        let taken = Indexes(taken.filter_map(|pod| indexes::of_pod(pod)).collect());
        let mut ops = Vec::new();
        for index in 0..completions {
            if ops.len() == missing {
                break;
            }
            let done = self.succeeded_indexes.has(index) || self.failed_indexes.has(index) || taken.has(index);
            if done || (limit.is_some() && self.must_wait(Some(index))) {
                continue;
            }
            let failures = limit.map(|_| {
                let of_index =
                    self.pods.iter().filter(|pod| indexes::of_pod(pod) == Some(index) && pods::is_failed(self.job, pod));
                of_index.map(|pod| pods::failures_of_index(self.job, pod)).max().unwrap_or(0)
            });
            ops.push(pods::create(self.job, Some((index, failures))));
        }
        ops
    }

    /// Whether new pods (of an index, or any) must wait for the back-off; the key comes back when it is over.
    fn must_wait(&mut self, index: Option<i64>) -> bool {
        let pods = self.pods.iter().copied().filter(|pod| index.is_none() || indexes::of_pod(pod) == index);
        match pods::backoff_until(self.job, pods).filter(|until| *until > self.now) {
            Some(until) => {
                self.again(until);
                true
            }
            None => false,
        }
    }
}
