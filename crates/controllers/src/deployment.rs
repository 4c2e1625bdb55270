//! Deployment: one ReplicaSet per template, and the way from one to the next. Models pkg/controller/deployment.
//! A reconcile makes one step: adopt · note a pause · find or make the new ReplicaSet · scale · roll · write status.

mod annotations;
mod conditions;
mod progress;
mod recreate;
mod rolling;
mod scale;
mod sets;

use crate::claim::{claim, keys_of_claimants};
use crate::fields::{push, sides};
use crate::{Controller, pods};
use api::{Note, Op, Outcome, Status, WatchKind};
use base::Time;
use model::resource::{DEPLOYMENTS, PODS, REPLICA_SETS};
use model::{Key, Object, Selector};
use sets::Sets;
use store::{Commit, Snapshot};
use value::Value;

const NAME: &str = "deployment-controller";

/// The Deployment controller.
pub struct Deployments;

impl Controller for Deployments {
    fn name(&self) -> &'static str {
        NAME
    }

    fn keys(&self, snap: &Snapshot, commit: &Commit, out: &mut Vec<Key>) {
        if commit.key.resource == DEPLOYMENTS {
            push(out, commit.key.clone());
        } else if commit.key.resource == REPLICA_SETS {
            sides(commit).for_each(|set| keys_of_claimants(snap, &DEPLOYMENTS, set, out));
        } else if commit.key.resource == PODS && commit.kind == WatchKind::Deleted {
            keys_of_gone_pod(snap, &commit.object, out);
        }
    }

    fn reconcile(&self, snap: &Snapshot, key: &Key, now: Time) -> Outcome {
        let Some(deployment) = snap.get(key) else { return Outcome::nothing() };
        if Selector::of(&deployment.spec()["selector"]).is_everything() {
            return selects_all(deployment);
        }
        let claimed = claim(snap, deployment, &REPLICA_SETS, |_| true);
        if !claimed.ops.is_empty() {
            return Outcome { ops: claimed.ops, ..Outcome::nothing() };
        }
        let rollout = Rollout { snap, deployment, sets: Sets::of(deployment, claimed.owned), now };
        rollout.step()
    }

    fn applied(&self, snap: &Snapshot, key: &Key, op: &Op, _made: &Value) -> Vec<Note> {
        let Some(deployment) = snap.get(key) else { return Vec::new() };
        scale::scaling_note(snap, deployment, op).into_iter().collect()
    }

    fn refused(&self, snap: &Snapshot, key: &Key, op: &Op, status: &Status, now: Time) -> Outcome {
        match (snap.get(key), op) {
            (Some(deployment), Op::Create { object, .. }) => sets::creation_failed(deployment, object, status, now),
            _ => Outcome::nothing(),
        }
    }
}

/// An empty selector would own every ReplicaSet there is: the Deployment is only observed.
fn selects_all(deployment: &Object) -> Outcome {
    let mut status = deployment.status().clone();
    status.set(&["observedGeneration"], deployment.meta.generation);
    if status == *deployment.status() {
        return Outcome::nothing();
    }
    let message = "This deployment is selecting all pods. A non-empty selector is required.";
    Outcome {
        ops: vec![Op::status(deployment, status)],
        notes: vec![Note::warning(deployment, NAME, "SelectingAll", message)],
        ..Outcome::nothing()
    }
}

/// Recreate waits until the last old pod is gone.
fn keys_of_gone_pod(snap: &Snapshot, pod: &Object, out: &mut Vec<Key>) {
    let Some(name) = pods::controller_of(pod, "apps", "ReplicaSet") else { return };
    let Some(set) = snap.find(&REPLICA_SETS, &pod.meta.namespace, &name) else { return };
    let Some(name) = pods::controller_of(set, "apps", "Deployment") else { return };
    let deployment = snap.find(&DEPLOYMENTS, &pod.meta.namespace, &name);
    if let Some(deployment) = deployment.filter(|d| d.spec()["strategy"]["type"].s() == "Recreate") {
        push(out, deployment.key());
    }
}

/// One Deployment with its ReplicaSets at one moment.
struct Rollout<'a> {
    snap: &'a Snapshot,
    deployment: &'a Object,
    sets: Sets<'a>,
    now: Time,
}

impl Rollout<'_> {
    fn step(&self) -> Outcome {
        let going = self.deployment.is_terminating();
        if let Some(status) = conditions::pause_or_resume(self.deployment, self.now).filter(|_| !going) {
            return Outcome::op(Op::status(self.deployment, status));
        }
        if let Some(op) = self.sets.revise(self.deployment, self.now) {
            return Outcome::op(op);
        }
        if going {
            return self.sync_status(Vec::new());
        }
        if self.is_paused() || scale::is_scaling(self.deployment, &self.sets) {
            return self.scale();
        }
        match self.deployment.spec()["strategy"]["type"].s() {
            "Recreate" => self.recreate(),
            _ => self.roll(),
        }
    }

    fn is_paused(&self) -> bool {
        self.deployment.spec()["paused"].is_true()
    }

    /// Paused, or scaled by somebody: sizes follow, templates do not.
    fn scale(&self) -> Outcome {
        let mut ops = scale::spread(self.deployment, &self.sets);
        if self.is_paused() && ops.is_empty() {
            ops = self.clean_up();
        }
        self.sync_status(ops)
    }

    /// The ops, and the status without judging progress.
    fn sync_status(&self, mut ops: Vec<Op>) -> Outcome {
        let status = progress::counted(self.deployment, &self.sets, self.now);
        if status != *self.deployment.status() {
            ops.push(Op::status(self.deployment, status));
        }
        Outcome { ops, ..Outcome::nothing() }
    }

    /// The ops, and the status with the progress of the rollout.
    fn sync_rollout(&self, mut ops: Vec<Op>) -> Outcome {
        let (status, again_at) = progress::judged(self.deployment, &self.sets, self.now);
        if status != *self.deployment.status() {
            ops.push(Op::status(self.deployment, status));
        }
        Outcome { ops, again_at, notes: Vec::new() }
    }

    /// The oldest ReplicaSets beyond the history limit go, once the rollout is complete.
    fn clean_up(&self) -> Vec<Op> {
        let limit = self.deployment.spec()["revisionHistoryLimit"].as_i64().unwrap_or(10);
        let mut alive: Vec<_> = self.sets.old.iter().filter(|set| !set.is_terminating()).collect();
        let surplus = alive.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
        alive.sort_by_key(|set| (annotations::revision(set), set.meta.created));
        let idle = |set: &Object| {
            set.status()["replicas"].as_i64().unwrap_or(0) == 0
                && crate::fields::replicas(set) == 0
                && set.meta.generation <= set.status()["observedGeneration"].as_i64().unwrap_or(0)
        };
        alive.into_iter().take(surplus).filter(|set| idle(set)).map(|set| Op::delete(set)).collect()
    }

    /// Makes the new ReplicaSet, in the size its strategy allows.
    fn make_new(&self) -> Outcome {
        sets::create(self.snap, self.deployment, &self.sets, self.now)
    }
}
