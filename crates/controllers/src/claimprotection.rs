//! A volume claim that is being deleted stays until no pod uses it. Models pkg/controller/volume/pvcprotection.

use crate::Controller;
use crate::fields::{push, sides};
use api::{Op, Outcome, PatchType, WatchKind};
use base::{Text, Time};
use model::resource::{PERSISTENT_VOLUME_CLAIMS, PODS};
use model::{Key, Object};
use store::{Commit, Snapshot};
use value::{Value, obj};

const FINALIZER: &str = "kubernetes.io/pvc-protection";

/// The protection of claims in use.
pub struct ClaimProtection;

impl Controller for ClaimProtection {
    fn name(&self) -> &'static str {
        "persistentvolumeclaim-protection-controller"
    }

    fn keys(&self, snap: &Snapshot, commit: &Commit, out: &mut Vec<Key>) {
        if commit.key.resource == PERSISTENT_VOLUME_CLAIMS && commit.kind != WatchKind::Deleted {
            push(out, commit.key.clone());
        } else if commit.key.resource == PODS && (commit.kind == WatchKind::Deleted || commit.object.pod().is_finished()) {
            for claim in sides(commit).flat_map(claims) {
                let key = Key::new(&PERSISTENT_VOLUME_CLAIMS, commit.key.namespace.clone(), claim);
                if snap.get(&key).is_some_and(|claim| claim.is_terminating()) {
                    push(out, key);
                }
            }
        }
    }

    fn reconcile(&self, snap: &Snapshot, key: &Key, _now: Time) -> Outcome {
        let Some(claim) = snap.get(key).filter(|claim| claim.is_terminating()) else { return Outcome::nothing() };
        let protected = claim.meta.finalizers.iter().any(|f| f == FINALIZER);
        let mut users = snap.list(&PODS, &key.namespace).filter(|pod| !pod.pod().is_finished());
        if !protected || users.any(|pod| claims(pod).any(|name| name == key.name.as_str())) {
            return Outcome::nothing();
        }
        let gone = vec![Value::str(FINALIZER)];
        let patch = obj! { "metadata" => obj! { "$deleteFromPrimitiveList/finalizers" => gone, "uid" => &claim.meta.uid } };
        Outcome::op(Op::Patch { key: key.clone(), subresource: Text::new(), kind: PatchType::Strategic, patch })
    }
}

/// The names of the claims that a pod mounts.
fn claims(pod: &Object) -> impl Iterator<Item = &str> {
    let volumes = pod.spec()["volumes"].items().iter();
    volumes.map(|volume| volume["persistentVolumeClaim"]["claimName"].s()).filter(|name| !name.is_empty())
}
