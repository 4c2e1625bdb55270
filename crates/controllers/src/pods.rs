//! What the workload controllers have in common about pods: making one from a template, and whether a pod's change
//! concerns anybody. Models pkg/controller/controller_utils.go.

use base::Text;
use model::{Condition, Object, OwnerRef};
use store::Commit;
use value::{Value, list, obj};

/// A pod of `owner` after a template, with a generated name.
pub fn from_template(owner: &Object, template: &Value) -> Value {
    let mut metadata = obj! {
        "generateName" => format!("{}-", owner.meta.name), "namespace" => &owner.meta.namespace,
        "ownerReferences" => list![OwnerRef::controlled_by(owner)],
    };
    for field in ["labels", "annotations", "finalizers"] {
        let wanted = &template["metadata"][field];
        if !wanted.is_empty() {
            metadata.set(&[field], wanted);
        }
    }
    obj! { "apiVersion" => "v1", "kind" => "Pod", "metadata" => metadata, "spec" => &template["spec"] }
}

/// Whether a commit of a pod changed what workload controllers count: owner, labels, phase, readiness, deletion.
pub fn counts_changed(commit: &Commit) -> bool {
    let Some(before) = commit.before.as_deref() else { return true };
    let after = &*commit.object;
    commit.kind != api::WatchKind::Modified
        || before.is_terminating() != after.is_terminating()
        || before.pod().phase() != after.pod().phase()
        || before.meta.owners != after.meta.owners
        || before.meta.labels != after.meta.labels
        || ready(before)["status"] != ready(after)["status"]
        || ready(before)["lastTransitionTime"] != ready(after)["lastTransitionTime"]
}

fn ready(pod: &Object) -> &Value {
    Condition::find(pod.status(), "Ready")
}

/// The name of the controller of a kind (any version of the group), if that is what controls the object.
pub fn controller_of(object: &Object, group: &str, kind: &str) -> Option<Text> {
    let owner = object.meta.controller()?;
    let found = owner.api_version.split_once('/').map_or("", |(group, _)| group);
    (owner.kind == kind && found == group).then(|| owner.name.clone())
}
