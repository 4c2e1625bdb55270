//! Finished Jobs with a time to live go when it is over. Models pkg/controller/ttlafterfinished.

use crate::Controller;
use crate::fields::push;
use api::{Op, Outcome, WatchKind};
use base::{Duration, Time};
use model::Key;
use model::resource::JOBS;
use store::{Commit, Snapshot};
use value::obj;

/// The TTL controller of Jobs.
pub struct FinishedJobs;

impl Controller for FinishedJobs {
    fn name(&self) -> &'static str {
        "ttl-after-finished-controller"
    }

    fn keys(&self, _snap: &Snapshot, commit: &Commit, out: &mut Vec<Key>) {
        let is_job = commit.key.resource == JOBS && commit.kind != WatchKind::Deleted;
        if is_job && !commit.object.spec()["ttlSecondsAfterFinished"].is_null() {
            push(out, commit.key.clone());
        }
    }

    fn reconcile(&self, snap: &Snapshot, key: &Key, now: Time) -> Outcome {
        let Some(job) = snap.get(key).filter(|job| !job.is_terminating()) else { return Outcome::nothing() };
        let Some(seconds) = job.spec()["ttlSecondsAfterFinished"].as_i64() else { return Outcome::nothing() };
        let end = super::finished(job.status()).and_then(|end| Time::parse(end["lastTransitionTime"].s()));
        let Some(due) = end.map(|end| end + Duration::from_secs(seconds)) else { return Outcome::nothing() };
        if due > now {
            return Outcome { again_at: Some(due), ..Outcome::nothing() };
        }
        let options = obj! { "propagationPolicy" => "Foreground" };
        Outcome::op(Op::Delete { key: key.clone(), uid: job.meta.uid.clone(), options })
    }
}
