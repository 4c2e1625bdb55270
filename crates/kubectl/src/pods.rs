//! Which pod and which container `logs`, `exec` and `attach` mean. Models k8s.io/kubectl/pkg/polymorphichelpers and util/podutils.

use crate::ctx::Ctx;
use crate::fail::{Run, plain};
use crate::kinds::Kind;
use base::{Text, Time};
use model::Selector;
use value::Value;

/// The selector of a workload's (or service's) pods.
pub(crate) fn selector(kind: &Kind, object: &Value) -> Option<Selector> {
    let spec = &object["spec"];
    match kind.kind.as_str() {
        "Service" | "ReplicationController" => Some(Selector::of_map(&spec["selector"])),
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "Job" => Some(Selector::of(&spec["selector"])),
        _ => None,
    }
}

/// The pods of a workload, the best to look at first.
pub(crate) fn of_workload(ctx: &mut Ctx, kind: &Kind, object: &Value) -> Run<Vec<Value>> {
    let Some(selector) = selector(kind, object) else {
        let words = format!("cannot get the logs from {}.{}: selector for {} not implemented", kind.kind, kind.group, kind.kind);
        return plain(words);
    };
    let Some(pods) = Kind::builtin("", "pods") else { return plain("pods are not known here") };
    let mut list = pods.list(object["metadata"]["namespace"].s());
    list.query.label_selector = selector.to_string().into();
    let found = ctx.request(list)?;
    let mut pods = found["items"].items().to_vec();
    pods.sort_by_key(rank);
    Ok(pods)
}

/// Assigned before not, Running before Pending, ready before not, longer ready first.
fn rank(pod: &Value) -> (bool, u8, bool, Text) {
    let phase = match pod["status"]["phase"].s() {
        "Running" => 0,
        "Unknown" => 1,
        _ => 2,
    };
    let ready = model::Condition::find(&pod["status"], "Ready");
    let since = ready["lastTransitionTime"].text();
    (pod["spec"]["nodeName"].s().is_empty(), phase, ready["status"].s() != "True", since)
}

/// The pod of `NAME`, `pod/NAME` or `deploy/NAME`.
pub(crate) fn first(ctx: &mut Ctx, target: &str, deadline: Time) -> Run<Value> {
    let (word, name) = target.split_once('/').unwrap_or(("pods", target));
    let kind = ctx.kind(word)?;
    let object = ctx.request(kind.get(&ctx.namespace(), name))?;
    if kind.kind == "Pod" {
        return Ok(object);
    }
    let _ = deadline;
    let pods = of_workload(ctx, &kind, &object)?;
    match pods.into_iter().next() {
        Some(pod) => Ok(pod),
        None => plain("timed out waiting for the condition"),
    }
}

/// Names of all containers: the ordinary ones, then init ones (marked true).
pub(crate) fn containers(pod: &Value) -> Vec<(Text, &'static str)> {
    let spec = &pod["spec"];
    let of = |list: &'static str, mark: &'static str| spec[list].items().iter().map(move |c| (c["name"].text(), mark));
    of("containers", "").chain(of("ephemeralContainers", " (ephem)")).chain(of("initContainers", " (init)")).collect()
}

/// The container to take when nobody names one; with several, stderr says which.
pub(crate) fn default_container(ctx: &mut Ctx, pod: &Value, quiet: bool) -> Text {
    let all = containers(pod);
    let annotated = pod["metadata"]["annotations"]["kubectl.kubernetes.io/default-container"].text();
    if all.iter().any(|(name, _)| *name == annotated) {
        return annotated;
    }
    let first = pod["spec"]["containers"][0]["name"].text();
    if all.len() > 1 && !quiet {
        let names: Vec<String> = all.iter().map(|(name, mark)| format!("{name}{mark}")).collect();
        ctx.complain(&format!("Defaulted container {:?} out of: {}", first.as_str(), names.join(", ")));
    }
    first
}
