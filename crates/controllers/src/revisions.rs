//! ControllerRevisions: the templates that a StatefulSet or DaemonSet has had, numbered. Models pkg/controller/history.

use crate::claim::adopt;
use api::Op;
use base::{Text, fnv32a, fnv32a_more, safe_encode, text};
use model::resource::DAEMON_SETS;
use model::{Object, OwnerRef, Resource, Selector};
use std::sync::Arc;
use store::Snapshot;
use value::{Value, list, obj};

pub static CONTROLLER_REVISIONS: Resource = text!("controllerrevisions.apps");
/// The label of pods that names their revision.
pub const REVISION_LABEL: &str = "controller-revision-hash";
const HASH_LABEL: &str = "controller.kubernetes.io/hash";

/// The revisions of an owner, oldest first.
pub struct History<'a> {
    pub all: Vec<&'a Arc<Object>>,
}

impl<'a> History<'a> {
    pub fn of(snap: &'a Snapshot, owner: &Object) -> History<'a> {
        let mut all: Vec<_> = snap.controlled_by(&owner.meta.uid, &CONTROLLER_REVISIONS).collect();
        all.sort_by_key(|revision| (number(revision), revision.meta.created, revision.meta.name.clone()));
        History { all }
    }
    /// Revisions of an earlier owner of the same pods are taken over.
    pub fn adoptions(snap: &Snapshot, owner: &Object) -> Vec<Op> {
        if owner.is_terminating() {
            return Vec::new();
        }
        let selector = Selector::of(&owner.spec()["selector"]);
        let free =
            snap.list(&CONTROLLER_REVISIONS, &owner.meta.namespace).filter(|revision| revision.meta.controller().is_none());
        let wanted = free.filter(|revision| selector.matches(&revision.meta.labels) && !revision.is_terminating());
        wanted.map(|revision| adopt(revision, owner)).collect()
    }
    pub fn named(&self, name: &str) -> Option<&'a Arc<Object>> {
        self.all.iter().copied().find(|revision| revision.meta.name == name)
    }
    /// The newest revision if it is the owner's template, or the op that makes it so.
    pub fn newest(&self, snap: &Snapshot, owner: &Object) -> Result<&'a Arc<Object>, Op> {
        let data = data(&owner.spec()["template"]);
        let next = self.all.last().map_or(0, |last| number(last)) + 1;
        let Some(same) = self.all.iter().rev().find(|revision| revision.value["data"] == data) else {
            return Err(create(snap, owner, data, next));
        };
        if number(same) + 1 == next {
            return Ok(same);
        }
        let mut object = same.value.clone();
        object.set(&["revision"], next);
        Err(Op::Update { resource: CONTROLLER_REVISIONS.clone(), object })
    }
    /// Takes revisions that nobody lives by away, oldest first, down to the owner's limit.
    pub fn truncate(&self, owner: &Object, live: &[&str]) -> Vec<Op> {
        let limit = owner.spec()["revisionHistoryLimit"].as_i64().and_then(|n| usize::try_from(n).ok()).unwrap_or(10);
        let dead: Vec<_> = self.all.iter().filter(|revision| !live.contains(&revision.meta.name.as_str())).collect();
        let surplus = dead.len().saturating_sub(limit);
        dead.into_iter().take(surplus).map(|revision| Op::delete(revision)).collect()
    }
}

fn hash_label(owner: &Object) -> &'static str {
    if owner.resource == DAEMON_SETS { REVISION_LABEL } else { HASH_LABEL }
}

/// The hash in a revision's name, which a DaemonSet's pods bear.
pub fn hash(revision: &Object) -> &str {
    revision.meta.label(REVISION_LABEL)
}

pub fn number(revision: &Object) -> i64 {
    revision.value["revision"].as_i64().unwrap_or(0)
}

/// The template that a revision holds.
pub fn template(revision: &Object) -> Value {
    let mut template = revision.value.at(&["data", "spec", "template"]).clone();
    template.remove(&["$patch"]);
    template
}

fn data(template: &Value) -> Value {
    let mut template = template.clone();
    template.set(&["$patch"], "replace");
    obj! { "spec" => obj! { "template" => template } }
}

/// A name that is taken by something else is avoided by counting on.
fn create(snap: &Snapshot, owner: &Object, data: Value, number: i64) -> Op {
    let plain = fnv32a(data.to_json().as_bytes());
    let hashes = (0_u32..).map(|try_| if try_ == 0 { plain } else { fnv32a_more(plain, &try_.to_le_bytes()) });
    let mut names = hashes.map(|hash| safe_encode(&hash.to_string()));
    let free = |hash: &String| {
        let name = Text::from(format!("{}-{hash}", owner.meta.name));
        snap.find(&CONTROLLER_REVISIONS, &owner.meta.namespace, &name).is_none()
    };
    let hash = names.find(free).unwrap_or_default();
    let mut labels = owner.spec()["template"]["metadata"]["labels"].clone();
    labels.set(&[hash_label(owner)], &hash);
    let mut metadata = obj! {
        "name" => format!("{}-{hash}", owner.meta.name), "namespace" => &owner.meta.namespace, "labels" => labels,
        "ownerReferences" => list![OwnerRef::controlled_by(owner)],
    };
    if !owner.meta.annotations.is_empty() {
        metadata.set(&["annotations"], &owner.meta.annotations);
    }
    let object = obj! {
        "apiVersion" => "apps/v1", "kind" => "ControllerRevision", "metadata" => metadata, "data" => data, "revision" => number,
    };
    Op::Create { resource: CONTROLLER_REVISIONS.clone(), object }
}
