//! Where a DaemonSet's pods run, and what they look like there. Models NodeShouldRunDaemonPod and
//! pkg/controller/daemon/util.

use crate::pods;
use crate::revisions::REVISION_LABEL;
use crate::tainteviction::tolerates;
use model::{Object, Requirement, Selector};
use value::{Value, list, obj};

/// What a node is to a DaemonSet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// A pod should run there.
    Run,
    /// A pod that is there may stay.
    Stay,
    /// No pod may be there.
    Never,
}

const GENERATION: &str = "deprecated.daemonset.template.generation";
/// key, effect of what every daemon pod tolerates
const TOLERATED: [(&str, &str); 6] = [
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
];
const OF_HOST_NETWORK: (&str, &str) = ("node.kubernetes.io/network-unavailable", "NoSchedule");

/// What the node is to the set: by name, labels and taints.
pub fn place(set: &Object, node: &Object) -> Place {
    let spec = &set.spec()["template"]["spec"];
    let wanted = spec["nodeName"].s();
    if !(wanted.is_empty() || wanted == node.meta.name) || !selects(spec, node) {
        return Place::Never;
    }
    let tolerations = tolerations(spec);
    let refused = |effect: &str| {
        let mut taints = node.node().taints().iter().filter(|taint| taint["effect"].s() == effect);
        taints.any(|taint| !tolerations.iter().any(|toleration| tolerates(toleration, taint)))
    };
    match (refused("NoSchedule"), refused("NoExecute")) {
        (_, true) => Place::Never,
        (true, false) => Place::Stay,
        (false, false) => Place::Run,
    }
}

/// Node selector and required affinity.
fn selects(spec: &Value, node: &Object) -> bool {
    let plain = spec["nodeSelector"].as_map().map(Selector::of_labels).unwrap_or_default();
    let required = &spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    let terms = required["nodeSelectorTerms"].items();
    plain.matches(&node.meta.labels) && (required.is_null() || terms.iter().any(|term| term_matches(term, node)))
}

fn term_matches(term: &Value, node: &Object) -> bool {
    let (expressions, fields) = (term["matchExpressions"].items(), term["matchFields"].items());
    let named = obj! { "metadata.name" => &node.meta.name };
    let name = named.as_map().cloned().unwrap_or_default();
    let holds = |expression: &Value, labels| Requirement::of(expression).is_some_and(|r| r.matches(labels));
    !(expressions.is_empty() && fields.is_empty())
        && expressions.iter().all(|e| holds(e, &node.meta.labels))
        && fields.iter().all(|e| holds(e, &name))
}

fn tolerations(spec: &Value) -> Vec<Value> {
    let mut list = spec["tolerations"].items().to_vec();
    let host = spec["hostNetwork"].is_true().then_some(OF_HOST_NETWORK);
    for (key, effect) in TOLERATED.into_iter().chain(host) {
        let wanted = obj! { "key" => key, "operator" => "Exists", "effect" => effect };
        if !list.contains(&wanted) {
            list.push(wanted);
        }
    }
    list
}

/// The node that a daemon pod runs on, or was made for.
pub fn target(pod: &Object) -> &str {
    if !pod.pod().node().is_empty() {
        return pod.pod().node();
    }
    let affinity = &pod.spec()["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    let fields = affinity["nodeSelectorTerms"].items().iter().flat_map(|term| term["matchFields"].items());
    fields.filter(|field| field["key"].s() == "metadata.name").map(|field| field["values"][0].s()).next().unwrap_or("")
}

/// The pod of a node.
pub fn pod(set: &Object, node: &str, hash: &str) -> Value {
    let template = &set.spec()["template"];
    let mut pod = pods::from_template(set, template);
    pod.set(&["metadata", "labels", REVISION_LABEL], hash);
    pod.set(&["metadata", "labels", "pod-template-generation"], set.meta.annotation(GENERATION));
    let field = obj! { "key" => "metadata.name", "operator" => "In", "values" => list![node] };
    let terms = list![obj! { "matchFields" => list![field] }];
    let affinity = ["spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"];
    pod.set(&affinity, obj! { "nodeSelectorTerms" => terms });
    pod.set(&["spec", "tolerations"], tolerations(&template["spec"]));
    pod
}
