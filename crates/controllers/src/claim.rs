//! Taking and giving up ownership. Models pkg/controller/controller_ref_manager.go: what the selector matches and nobody
//! controls is adopted, what is controlled and no longer matches is released.

use crate::fields::push;
use crate::pods::controller_of;
use api::{Op, PatchType};
use base::Text;
use model::{Key, Object, OwnerRef, Resource, Selector};
use std::sync::Arc;
use store::Snapshot;
use value::{list, obj};

/// What belongs to an owner, and the ops that make the rest so.
pub struct Claim<'a> {
    pub owned: Vec<&'a Arc<Object>>,
    pub ops: Vec<Op>,
}

/// The objects of a resource that an owner has, adopts or releases. Only those that `counts` accepts change hands.
pub fn claim<'a>(snap: &'a Snapshot, owner: &Object, resource: &'static Resource, counts: fn(&Object) -> bool) -> Claim<'a> {
    let selector = Selector::of(&owner.spec()["selector"]);
    let mut claim = Claim { owned: Vec::new(), ops: Vec::new() };
    for object in snap.controlled_by(&owner.meta.uid, resource) {
        if object.meta.namespace != owner.meta.namespace {
            continue;
        }
        if selector.matches(&object.meta.labels) {
            claim.owned.push(object);
        } else if counts(object) && !owner.is_terminating() {
            claim.ops.push(release(object, &owner.meta.uid));
        }
    }
    if !owner.is_terminating() {
        let free = snap.orphans(&owner.meta.namespace, resource);
        let wanted = free.filter(|o| selector.matches(&o.meta.labels) && !o.is_terminating() && counts(o));
        claim.ops.extend(wanted.map(|o| adopt(o, owner)));
    }
    claim
}

/// The keys of those to whom an object matters: its controller, or as long as it has none, all whose selector matches it.
pub fn keys_of_claimants(snap: &Snapshot, owners: &'static Resource, object: &Object, out: &mut Vec<Key>) {
    if object.meta.controller().is_some() {
        let Some((group, _, kind, _)) = model::resource::known(owners) else { return };
        if let Some(name) = controller_of(object, group, kind) {
            push(out, Key::new(owners, object.meta.namespace.clone(), name));
        }
        return;
    }
    for owner in snap.list(owners, &object.meta.namespace) {
        if Selector::of(&owner.spec()["selector"]).matches(&object.meta.labels) {
            push(out, owner.key());
        }
    }
}

/// The patch that makes `owner` the controller of `object`.
pub fn adopt(object: &Object, owner: &Object) -> Op {
    patch_owners(object, obj! { "ownerReferences" => list![OwnerRef::controlled_by(owner)], "uid" => &object.meta.uid })
}

/// The patch that takes the owner with this uid out of `object`.
fn release(object: &Object, owner: &Text) -> Op {
    let gone = obj! { "$patch" => "delete", "uid" => owner };
    patch_owners(object, obj! { "ownerReferences" => list![gone], "uid" => &object.meta.uid })
}

fn patch_owners(object: &Object, metadata: value::Value) -> Op {
    Op::Patch { key: object.key(), subresource: Text::new(), kind: PatchType::Strategic, patch: obj! { "metadata" => metadata } }
}
