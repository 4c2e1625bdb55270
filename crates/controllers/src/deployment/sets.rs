//! The ReplicaSets of a Deployment: which one is new, which are old, numbering them, and making the new one.
//! Models getAllReplicaSetsAndSyncRevision of pkg/controller/deployment/sync.go.

use super::annotations::{self, REVISION};
use super::{NAME, conditions, scale};
use crate::fields::{int, replicas};
use api::{Note, Op, Outcome, Status};
use base::{Text, Time, fnv32a, fnv32a_more, safe_encode};
use model::resource::REPLICA_SETS;
use model::{Condition, Object, OwnerRef};
use std::sync::Arc;
use store::Snapshot;
use value::{Value, list, obj};

const HASH: &str = "pod-template-hash";

/// A Deployment's ReplicaSets, oldest first.
pub struct Sets<'a> {
    pub new: Option<&'a Arc<Object>>,
    pub old: Vec<&'a Arc<Object>>,
}

impl<'a> Sets<'a> {
    /// The new one is the oldest with the Deployment's template.
    pub fn of(deployment: &Object, mut owned: Vec<&'a Arc<Object>>) -> Sets<'a> {
        owned.sort_by(|a, b| (a.meta.created, &a.meta.name).cmp(&(b.meta.created, &b.meta.name)));
        let wanted = &deployment.spec()["template"];
        let at = owned.iter().position(|set| same_template(&set.spec()["template"], wanted));
        let new = at.map(|at| owned.remove(at));
        Sets { new, old: owned }
    }
    /// Old ones first, the new one last.
    pub fn all(&self) -> impl Iterator<Item = &'a Arc<Object>> {
        self.old.iter().copied().chain(self.new)
    }
    /// Those that should have pods.
    pub fn active(&self) -> Vec<&'a Arc<Object>> {
        self.all().filter(|set| replicas(set) > 0).collect()
    }
    /// The sum of the wanted sizes.
    pub fn wanted(&self) -> i64 {
        self.all().map(|set| replicas(set)).sum()
    }
    /// Pods that are available and will stay: a set that was just made smaller may still tell of more.
    pub fn available(&self) -> i64 {
        self.all().map(|set| int(set.status(), &["availableReplicas"]).min(replicas(set))).sum()
    }
    /// Brings numbers and copied annotations of an existing new ReplicaSet up to date, then those of the Deployment.
    pub fn revise(&self, deployment: &Object, now: Time) -> Option<Op> {
        let new = self.new?;
        let annotations = annotations::of_newest(deployment, &new.meta.annotations, self.next_revision());
        let min_ready = int(deployment.spec(), &["minReadySeconds"]);
        if annotations != new.meta.annotations || int(new.spec(), &["minReadySeconds"]) != min_ready {
            let mut object = new.value.clone();
            object.set(&["metadata", "annotations"], annotations);
            crate::fields::set_count(object.at_mut(&["spec"]), "minReadySeconds", min_ready);
            return Some(Op::Update { resource: REPLICA_SETS.clone(), object });
        }
        let mut value = numbered(deployment, new.meta.annotation(REVISION));
        let known = !Condition::find(deployment.status(), conditions::PROGRESSING).is_null();
        if conditions::deadline(deployment).is_some() && !known {
            let message = format!("Found new replica set \"{}\"", new.meta.name);
            let found =
                Condition { kind: conditions::PROGRESSING, status: "True", reason: "FoundNewReplicaSet", message: &message };
            conditions::put(value.at_mut(&["status"]), &found, now);
        }
        (value != deployment.value).then(|| Op::UpdateStatus { resource: deployment.resource.clone(), object: value })
    }
    fn next_revision(&self) -> i64 {
        self.old.iter().map(|set| annotations::revision(set)).max().unwrap_or(0) + 1
    }
}

/// The Deployment with this revision in its annotations.
fn numbered(deployment: &Object, revision: &str) -> Value {
    let mut value = deployment.value.clone();
    if deployment.meta.annotation(REVISION) != revision {
        value.set(&["metadata", "annotations", REVISION], revision);
    }
    value
}

fn same_template(of_set: &Value, wanted: &Value) -> bool {
    without_hash(of_set) == without_hash(wanted)
}

fn without_hash(template: &Value) -> Value {
    let mut plain = template.clone();
    if !plain["metadata"]["labels"][HASH].is_null() {
        plain.remove(&["metadata", "labels", HASH]);
    }
    plain
}

/// The hash that names a template: equal for equal templates, another one after each collision.
fn template_hash(deployment: &Object) -> String {
    let template = fnv32a(deployment.spec()["template"].to_json().as_bytes());
    let hash = match deployment.status()["collisionCount"].as_i64() {
        Some(count) => fnv32a_more(template, &(count as i32).to_le_bytes()),
        None => template,
    };
    safe_encode(&hash.to_string())
}

/// The ops that make the new ReplicaSet; if its name is somebody else's, the count of collisions goes up instead.
pub fn create(snap: &Snapshot, deployment: &Object, sets: &Sets<'_>, now: Time) -> Outcome {
    let hash = template_hash(deployment);
    let name = format!("{}-{hash}", deployment.meta.name);
    if snap.find(&REPLICA_SETS, &deployment.meta.namespace, &name).is_some() {
        let mut status = deployment.status().clone();
        status.set(&["collisionCount"], int(&status, &["collisionCount"]) + 1);
        return Outcome::op(Op::status(deployment, status));
    }
    let revision = sets.next_revision();
    let object = new_set(deployment, sets, &hash, revision);
    let mut value = numbered(deployment, &revision.to_string());
    if conditions::deadline(deployment).is_some() {
        let message = format!("Created new replica set \"{name}\"");
        let made = Condition { kind: conditions::PROGRESSING, status: "True", reason: "NewReplicaSetCreated", message: &message };
        conditions::put(value.at_mut(&["status"]), &made, now);
    }
    let mut out = Outcome::op(Op::Create { resource: REPLICA_SETS.clone(), object });
    out.ops.push(Op::UpdateStatus { resource: deployment.resource.clone(), object: value });
    out
}

fn new_set(deployment: &Object, sets: &Sets<'_>, hash: &str, revision: i64) -> Value {
    let mut template = deployment.spec()["template"].clone();
    template.set(&["metadata", "labels", HASH], hash);
    let mut selector = deployment.spec()["selector"].clone();
    selector.set(&["matchLabels", HASH], hash);
    let desired = replicas(deployment);
    let annotations = annotations::of_newest(deployment, &value::Map::default(), revision);
    let annotations = annotations::with_sizes(&annotations, desired, desired + scale::max_surge(deployment));
    let mut spec = obj! {
        "replicas" => scale::new_size(deployment, sets.wanted(), 0), "selector" => selector, "template" => &template,
    };
    crate::fields::set_count(&mut spec, "minReadySeconds", int(deployment.spec(), &["minReadySeconds"]));
    obj! {
        "apiVersion" => "apps/v1", "kind" => "ReplicaSet",
        "metadata" => obj! {
            "name" => format!("{}-{hash}", deployment.meta.name), "namespace" => &deployment.meta.namespace,
            "labels" => &template["metadata"]["labels"], "annotations" => annotations,
            "ownerReferences" => list![OwnerRef::controlled_by(deployment)],
        },
        "spec" => spec,
    }
}

/// The condition and the event after the API server refused a new ReplicaSet.
pub fn creation_failed(deployment: &Object, object: &Value, why: &Status, now: Time) -> Outcome {
    let going = why.details.causes.iter().any(|(reason, _, _)| reason == "NamespaceTerminating");
    if going || why.reason == "AlreadyExists" {
        return Outcome::nothing();
    }
    let name = object["metadata"]["name"].s();
    let message = Text::from(format!("Failed to create new replica set \"{name}\": {}", why.message));
    let mut out =
        Outcome { notes: vec![Note::warning(deployment, NAME, "ReplicaSetCreateError", message.clone())], ..Outcome::nothing() };
    if conditions::deadline(deployment).is_some() {
        let failed =
            Condition { kind: conditions::PROGRESSING, status: "False", reason: "ReplicaSetCreateError", message: &message };
        let mut status = deployment.status().clone();
        conditions::put(&mut status, &failed, now);
        if status != *deployment.status() {
            out.ops.push(Op::status(deployment, status));
        }
    }
    out
}
