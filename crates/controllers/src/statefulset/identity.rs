//! What makes a StatefulSet's pod this one and no other: name, labels, host name, claims.
//! Models pkg/controller/statefulset/stateful_set_utils.go.

use crate::pods;
use crate::revisions::REVISION_LABEL;
use api::{Op, PatchType};
use base::Text;
use model::{Object, OwnerRef};
use value::{Value, list, obj};

const POD_NAME: &str = "statefulset.kubernetes.io/pod-name";
const POD_INDEX: &str = "apps.kubernetes.io/pod-index";

pub fn pod_name(set: &Object, ordinal: i64) -> String {
    format!("{}-{ordinal}", set.meta.name)
}

/// The ordinal of a pod's name, if it is one of the set's.
pub fn ordinal(set: &Object, pod: &str) -> Option<i64> {
    let digits = pod.strip_prefix(set.meta.name.as_str())?.strip_prefix('-')?;
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) { None } else { digits.parse().ok() }
}

/// A pod of a template, with its ordinal and the name of its revision.
pub fn pod(set: &Object, template: &Value, (ordinal, revision): (i64, &str)) -> Value {
    let name = pod_name(set, ordinal);
    let mut pod = pods::from_template(set, template);
    pod.set(&["metadata", "labels", POD_NAME], &name);
    pod.set(&["metadata", "labels", POD_INDEX], ordinal.to_string());
    pod.set(&["metadata", "labels", REVISION_LABEL], revision);
    pod.set(&["spec", "hostname"], &name);
    pod.set(&["metadata", "name"], name);
    if !set.spec()["serviceName"].is_empty() {
        pod.set(&["spec", "subdomain"], &set.spec()["serviceName"]);
    }
    let mut volumes: Vec<Value> = Vec::new();
    for claim in claim_templates(set) {
        let claimed = obj! { "claimName" => claim_name(set, claim, ordinal) };
        volumes.push(obj! { "name" => &claim["metadata"]["name"], "persistentVolumeClaim" => claimed });
    }
    let claimed = |volume: &Value| claim_templates(set).iter().any(|claim| claim["metadata"]["name"] == volume["name"]);
    volumes.extend(pod["spec"]["volumes"].items().iter().filter(|volume| !claimed(volume)).cloned());
    if !volumes.is_empty() {
        pod.set(&["spec", "volumes"], volumes);
    }
    pod
}

fn claim_templates(set: &Object) -> &[Value] {
    set.spec()["volumeClaimTemplates"].items()
}

fn claim_name(set: &Object, template: &Value, ordinal: i64) -> String {
    format!("{}-{}", template["metadata"]["name"].s(), pod_name(set, ordinal))
}

/// The pod that a claim of this name belongs to.
pub fn pod_of_claim<'a>(set: &Object, claim: &'a str) -> &'a str {
    let prefixes = claim_templates(set).iter().map(|template| format!("{}-", template["metadata"]["name"].s()));
    let mut pods = prefixes.filter_map(|prefix| claim.strip_prefix(prefix.as_str()));
    pods.find(|pod| ordinal(set, pod).is_some()).unwrap_or(claim)
}

/// The claims of a pod; they belong to the set only if they are to go with it.
pub fn claims(set: &Object, ordinal: i64) -> Vec<Value> {
    let one = |template: &Value| {
        let mut labels = template["metadata"]["labels"].clone();
        for (key, value) in set.spec()["selector"]["matchLabels"].entries() {
            labels.set(&[key.as_str()], value);
        }
        let mut claim = template.clone();
        claim.set(&["apiVersion"], "v1");
        claim.set(&["kind"], "PersistentVolumeClaim");
        claim.set(&["metadata", "name"], claim_name(set, template, ordinal));
        claim.set(&["metadata", "namespace"], &set.meta.namespace);
        claim.set(&["metadata", "labels"], labels);
        claim.remove(&["status"]);
        if set.spec()["persistentVolumeClaimRetentionPolicy"]["whenDeleted"].s() == "Delete" {
            claim.set(&["metadata", "ownerReferences"], list![OwnerRef::controlled_by(set)]);
        }
        claim
    };
    claim_templates(set).iter().map(one).collect()
}

/// The patch that gives a pod back the labels that name it.
pub fn restored(set: &Object, pod: &Object, ordinal: i64) -> Option<Op> {
    let name = pod_name(set, ordinal);
    let index = ordinal.to_string();
    if pod.meta.label(POD_NAME) == name && pod.meta.label(POD_INDEX) == index {
        return None;
    }
    let mut labels = Value::map();
    labels.set(&[POD_NAME], name);
    labels.set(&[POD_INDEX], index);
    let patch = obj! { "metadata" => obj! { "labels" => labels, "uid" => &pod.meta.uid } };
    Some(Op::Patch { key: pod.key(), subresource: Text::new(), kind: PatchType::Strategic, patch })
}
