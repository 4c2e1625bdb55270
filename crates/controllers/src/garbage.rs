//! Garbage collection: an object goes when none of its owners is left; foreground and orphan deletion of owners.
//! Models pkg/controller/garbagecollector. The graph is the store's index of owners.

use crate::Controller;
use crate::fields::{push, sides};
use api::{Note, Op, Outcome, PatchType, WatchKind};
use base::{Text, Time};
use model::{Key, Object, OwnerRef, resource};
use store::{Commit, Snapshot};
use value::{Value, obj};

const NAME: &str = "garbage-collector-controller";
const FOREGROUND: &str = "foregroundDeletion";
const ORPHAN: &str = "orphan";

/// The garbage collector.
pub struct GarbageCollector;

impl Controller for GarbageCollector {
    fn name(&self) -> &'static str {
        NAME
    }

    fn keys(&self, snap: &Snapshot, commit: &Commit, out: &mut Vec<Key>) {
        if commit.kind == WatchKind::Deleted {
            snap.dependents(&commit.object.meta.uid).for_each(|dependent| push(out, dependent.key()));
            sides(commit).for_each(|gone| keys_of_owners(snap, gone, out));
            return;
        }
        let (before, after) = (commit.before.as_deref(), &*commit.object);
        let changed = before.is_none_or(|before| before.meta.owners != after.meta.owners);
        if changed {
            before.into_iter().for_each(|before| keys_of_owners(snap, before, out));
            if !after.meta.owners.is_empty() && fate(snap, after) != Fate::Stays {
                push(out, commit.key.clone());
            }
        }
        if waits_for(after, FOREGROUND) || waits_for(after, ORPHAN) {
            push(out, commit.key.clone());
            if !before.is_some_and(|before| waits_for(before, FOREGROUND)) {
                snap.dependents(&after.meta.uid).for_each(|dependent| push(out, dependent.key()));
            }
        }
    }

    fn reconcile(&self, snap: &Snapshot, key: &Key, _now: Time) -> Outcome {
        let Some(object) = snap.get(key) else { return Outcome::nothing() };
        if waits_for(object, ORPHAN) {
            return orphan(snap, object);
        }
        if waits_for(object, FOREGROUND) {
            return finish_foreground(snap, object);
        }
        if object.is_terminating() {
            return Outcome::nothing();
        }
        let notes: Vec<Note> = object.meta.owners.iter().filter_map(|owner| misplaced(snap, object, owner)).collect();
        let ops = match fate(snap, object) {
            Fate::Stays => Vec::new(),
            Fate::LosesSomeOwners => vec![without_lost_owners(snap, object)],
            Fate::GoesInForeground => vec![delete(object, "Foreground")],
            Fate::Goes => vec![delete(object, "Background")],
        };
        Outcome { ops, again_at: None, notes }
    }
}

/// An owner in the foreground may be waiting for this one.
fn keys_of_owners(snap: &Snapshot, object: &Object, out: &mut Vec<Key>) {
    for owner in &object.meta.owners {
        if let Found::Here(owner) = find(snap, object, owner)
            && (waits_for(owner, FOREGROUND) || waits_for(owner, ORPHAN))
        {
            push(out, owner.key());
        }
    }
}

/// Whether the object is being deleted and this finalizer keeps it.
fn waits_for(object: &Object, finalizer: &str) -> bool {
    object.is_terminating() && object.meta.finalizers.iter().any(|f| f == finalizer)
}

/// Where the owner of a reference is.
enum Found<'a> {
    Here(&'a Object),
    Absent,
    /// Of a kind that nobody knows, or in a place that cannot be told: not judged.
    Unknown,
}

fn find<'a>(snap: &'a Snapshot, object: &Object, owner: &OwnerRef) -> Found<'a> {
    let Some(resource) = resource::of_kind(&owner.api_version, &owner.kind) else { return by_uid(snap, owner) };
    let namespaced = resource::known(&resource).is_none_or(|row| row.3);
    let namespace = match (namespaced, object.meta.namespace.as_str()) {
        (true, "") => return Found::Unknown,
        (true, namespace) => namespace,
        (false, _) => "",
    };
    match snap.find(&resource, namespace, &owner.name).filter(|found| found.meta.uid == owner.uid) {
        Some(found) => Found::Here(found),
        None => Found::Absent,
    }
}

/// Owners of rarer kinds are looked for among all objects; if there is none of that kind, the kind may not exist.
fn by_uid<'a>(snap: &'a Snapshot, owner: &OwnerRef) -> Found<'a> {
    let is_kind = |o: &&std::sync::Arc<Object>| o.kind() == owner.kind && o.value["apiVersion"].s() == owner.api_version;
    let mut of_kind = snap.all().filter(is_kind).peekable();
    if of_kind.peek().is_none() {
        return Found::Unknown;
    }
    of_kind.find(|o| o.meta.uid == owner.uid).map_or(Found::Absent, |o| Found::Here(o))
}

#[derive(PartialEq, Eq)]
enum Fate {
    Stays,
    LosesSomeOwners,
    GoesInForeground,
    Goes,
}

fn fate(snap: &Snapshot, object: &Object) -> Fate {
    let (mut solid, mut absent, mut waiting) = (0, 0, 0);
    for owner in &object.meta.owners {
        match find(snap, object, owner) {
            Found::Unknown => solid += 1,
            Found::Absent => absent += 1,
            Found::Here(owner) if waits_for(owner, FOREGROUND) => waiting += 1,
            Found::Here(_) => solid += 1,
        }
    }
    if absent + waiting == 0 {
        Fate::Stays
    } else if solid > 0 {
        Fate::LosesSomeOwners
    } else if waiting > 0 && snap.dependents(&object.meta.uid).next().is_some() {
        Fate::GoesInForeground
    } else {
        Fate::Goes
    }
}

/// A reference to an owner that lives elsewhere is told of.
fn misplaced(snap: &Snapshot, object: &Object, owner: &OwnerRef) -> Option<Note> {
    let resource = resource::of_kind(&owner.api_version, &owner.kind)?;
    let namespace = &object.meta.namespace;
    if matches!(find(snap, object, owner), Found::Here(_)) {
        return None;
    }
    snap.list(&resource, "").find(|o| o.meta.uid == owner.uid && o.meta.namespace != *namespace)?;
    let message = format!(
        "ownerRef [{}/{}, namespace: {namespace}, name: {}, uid: {}] does not exist in namespace \"{namespace}\"",
        owner.api_version, owner.kind, owner.name, owner.uid
    );
    Some(Note::warning(object, NAME, "OwnerRefInvalidNamespace", message))
}

fn delete(object: &Object, policy: &str) -> Op {
    let policy = if object.meta.finalizers.iter().any(|f| f == ORPHAN) { "Orphan" } else { policy };
    Op::Delete { key: object.key(), uid: object.meta.uid.clone(), options: obj! { "propagationPolicy" => policy } }
}

fn without_lost_owners(snap: &Snapshot, object: &Object) -> Op {
    let lost = object.meta.owners.iter().filter(|owner| match find(snap, object, owner) {
        Found::Unknown => false,
        Found::Absent => true,
        Found::Here(owner) => waits_for(owner, FOREGROUND),
    });
    without_owners(object, lost.map(|owner| owner.uid.clone()))
}

fn without_owners(object: &Object, uids: impl Iterator<Item = Text>) -> Op {
    let gone: Vec<Value> = uids.map(|uid| obj! { "$patch" => "delete", "uid" => uid }).collect();
    patch(object, PatchType::Strategic, obj! { "ownerReferences" => gone, "uid" => &object.meta.uid })
}

/// Dependents lose the reference first, then the owner its finalizer.
fn orphan(snap: &Snapshot, object: &Object) -> Outcome {
    let uid = &object.meta.uid;
    let mut ops: Vec<Op> = snap.dependents(uid).map(|dependent| without_owners(dependent, [uid.clone()].into_iter())).collect();
    if ops.is_empty() {
        ops.push(without_finalizer(object, ORPHAN));
    }
    Outcome { ops, ..Outcome::nothing() }
}

/// The owner goes when no dependent blocks it. Two that block each other are let go.
fn finish_foreground(snap: &Snapshot, object: &Object) -> Outcome {
    let uid = &object.meta.uid;
    let blocks = |dependent: &Object| dependent.meta.owners.iter().any(|owner| owner.uid == *uid && owner.block_owner_deletion);
    let owns = |dependent: &Object| object.meta.owners.iter().any(|owner| owner.uid == dependent.meta.uid);
    let circle = |dependent: &Object| owns(dependent) && waits_for(dependent, FOREGROUND);
    if snap.dependents(uid).any(|dependent| blocks(dependent) && !circle(dependent)) {
        return Outcome::nothing();
    }
    Outcome::op(without_finalizer(object, FOREGROUND))
}

fn without_finalizer(object: &Object, finalizer: &str) -> Op {
    let left: Vec<Value> = object.meta.finalizers.iter().filter(|f| *f != finalizer).map(|f| Value::Str(f.clone())).collect();
    let finalizers = if left.is_empty() { Value::Null } else { Value::List(left.into()) };
    patch(object, PatchType::Merge, obj! { "finalizers" => finalizers, "resourceVersion" => object.meta.revision.to_string() })
}

fn patch(object: &Object, kind: PatchType, metadata: Value) -> Op {
    Op::Patch { key: object.key(), subresource: Text::new(), kind, patch: obj! { "metadata" => metadata } }
}
