//! The pods of a Job: making them (with tracking finalizer and index), and which of them ended how.
//! Models the pod parts of pkg/controller/job.

use super::indexes::{self, INDEX};
use super::policy::{Verdict, verdict};
use crate::pods;
use api::{Op, PatchType};
use base::{Duration, Text, Time};
use model::{Condition, Object};
use value::{Value, obj};

pub const FINALIZER: &str = "batch.kubernetes.io/job-tracking";
const FAILURES_OF_INDEX: &str = "batch.kubernetes.io/job-index-failure-count";

pub fn is_tracked(pod: &Object) -> bool {
    pod.meta.finalizers.iter().any(|f| f == FINALIZER)
}

/// Whether only pods that have really ended are replaced.
pub fn replaces_only_failed(job: &Object) -> bool {
    job.spec()["podReplacementPolicy"].s() == "Failed"
}

/// Failed, or (unless such pods are waited for) on its way without having succeeded.
pub fn is_failed(job: &Object, pod: &Object) -> bool {
    let phase = pod.pod().phase();
    phase == "Failed" || (!replaces_only_failed(job) && pod.is_terminating() && phase != "Succeeded")
}

/// When a pod ended, as far as it can be told.
pub fn finished_at(pod: &Object) -> Time {
    let ends = pod.pod().container_statuses().iter().map(|s| Time::parse(s["state"]["terminated"]["finishedAt"].s()));
    let last = ends.collect::<Option<Vec<Time>>>().and_then(|ends| ends.into_iter().max());
    last.or(pod.meta.deleted.map(|at| at - pod.meta.grace.unwrap_or_default()))
        .or(pod.pod().ready_since())
        .unwrap_or(pod.meta.created)
}

/// The op that makes a pod, of an index or of none.
pub fn create(job: &Object, index: Option<(i64, Option<i64>)>) -> Op {
    let mut pod = pods::from_template(job, &job.spec()["template"]);
    pod.at_mut(&["metadata", "finalizers"]).as_list_mut().push(Value::str(FINALIZER));
    if let Some((index, failures)) = index {
        let name = &job.meta.name;
        pod.set(&["metadata", "generateName"], format!("{name}-{index}-"));
        pod.set(&["metadata", "labels", INDEX], index.to_string());
        pod.set(&["metadata", "annotations", INDEX], index.to_string());
        if let Some(failures) = failures {
            pod.set(&["metadata", "annotations", FAILURES_OF_INDEX], failures.to_string());
        }
        pod.set(&["spec", "hostname"], format!("{name}-{index}"));
        for containers in ["initContainers", "containers"] {
            if !pod["spec"][containers].is_empty() {
                pod.at_mut(&["spec", containers]).as_list_mut().iter_mut().for_each(tell_index);
            }
        }
    }
    Op::Create { resource: model::resource::PODS.clone(), object: pod }
}

fn tell_index(container: &mut Value) {
    const NAME: &str = "JOB_COMPLETION_INDEX";
    if container["env"].items().iter().any(|e| e["name"].s() == NAME) {
        return;
    }
    let from = obj! { "fieldRef" => obj! { "fieldPath" => format!("metadata.labels['{INDEX}']") } };
    container.at_mut(&["env"]).as_list_mut().push(obj! { "name" => NAME, "valueFrom" => from });
}

/// The patch that lets a counted pod go.
pub fn untrack(pod: &Object) -> Op {
    let gone = vec![Value::str(FINALIZER)];
    let patch = obj! { "metadata" => obj! { "$deleteFromPrimitiveList/finalizers" => gone, "uid" => &pod.meta.uid } };
    Op::Patch { key: pod.key(), subresource: Text::new(), kind: PatchType::Strategic, patch }
}

/// How often the pods of an index have failed up to this one.
pub fn failures_of_index(job: &Object, pod: &Object) -> i64 {
    let before = pod.meta.annotation(FAILURES_OF_INDEX).parse().unwrap_or(0);
    before + i64::from(verdict(job, pod) != Verdict::Ignore)
}

/// Whether a failed pod was its index' last try.
pub fn fails_index(job: &Object, pod: &Object, limit: i64) -> bool {
    verdict(job, pod) == Verdict::FailIndex || failures_of_index(job, pod) > limit
}

/// When the next pod may be made after the failures among these pods: 10 s after the first, doubled up to 10 min.
pub fn backoff_until<'a>(job: &Object, pods: impl Iterator<Item = &'a Object>) -> Option<Time> {
    let (mut failures, mut last_success) = (Vec::new(), None);
    for pod in pods {
        if pod.pod().phase() == "Succeeded" {
            last_success = last_success.max(Some(finished_at(pod)));
        } else if is_failed(job, pod) && verdict(job, pod) != Verdict::Ignore {
            failures.push(finished_at(pod));
        }
    }
    failures.retain(|at| last_success.is_none_or(|success| *at > success));
    let last = failures.iter().max()?;
    let doubled = u32::try_from(failures.len() - 1).unwrap_or(0).min(6);
    Some(*last + Duration::from_secs((10_i64 << doubled).min(600)))
}

/// Ready pods among these.
pub fn ready(pods: &[&Object]) -> i64 {
    pods.iter().filter(|pod| pod.pod().is_ready()).count() as i64
}

/// A condition in a Job's form: it also tells when it was probed.
pub fn condition((kind, status): (&str, &str), (reason, message): (&str, &str), now: Time) -> Value {
    obj! {
        "type" => kind, "status" => status, "reason" => reason, "message" => message,
        "lastProbeTime" => now, "lastTransitionTime" => now,
    }
}

/// The first condition of these types that is true.
pub fn true_condition<'v>(status: &'v Value, kinds: &[&str]) -> Option<&'v Value> {
    kinds.iter().map(|kind| Condition::find(status, kind)).find(|c| c["status"].s() == "True")
}

/// The index of a pod if it is one of the Job's.
pub fn valid_index(pod: &Object, completions: i64) -> Option<i64> {
    indexes::of_pod(pod).filter(|index| *index < completions)
}
