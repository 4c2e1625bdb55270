//! Node lifecycle: a node that says nothing for too long is Unknown; conditions become taints; pods of a silent node are
//! marked not ready. Models pkg/controller/nodelifecycle. A node speaks by its lease and by its Ready condition.

use crate::fields::{push, sides};
use crate::{Controller, told};
use api::{Note, Op, Outcome, PatchType, WatchKind};
use base::{Duration, Text, Time, text};
use model::resource::{LEASES, NODES};
use model::{Condition, Key, Object};
use store::{Commit, Snapshot};
use value::{Value, list, obj};

const NAME: &str = "node-controller";
const LEASE_NAMESPACE: &str = "kube-node-lease";
/// How long a node may be silent (`--node-monitor-grace-period`).
const GRACE: Duration = Duration::from_secs(50);
/// How long a new node may take to say its first word (`--node-startup-grace-period`).
const STARTUP_GRACE: Duration = Duration::from_secs(60);
const CONDITIONS: [&str; 4] = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

pub const NOT_READY: &str = "node.kubernetes.io/not-ready";
pub const UNREACHABLE: &str = "node.kubernetes.io/unreachable";
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";
/// condition type, its status, the taint that tells it
const TAINTS: [(&str, &str, &str); 6] = [
    ("Ready", "False", NOT_READY),
    ("Ready", "Unknown", UNREACHABLE),
    ("MemoryPressure", "True", "node.kubernetes.io/memory-pressure"),
    ("DiskPressure", "True", "node.kubernetes.io/disk-pressure"),
    ("NetworkUnavailable", "True", "node.kubernetes.io/network-unavailable"),
    ("PIDPressure", "True", "node.kubernetes.io/pid-pressure"),
];

/// The node lifecycle controller.
pub struct NodeLifecycle;

impl Controller for NodeLifecycle {
    fn name(&self) -> &'static str {
        NAME
    }

    fn keys(&self, snap: &Snapshot, commit: &Commit, out: &mut Vec<Key>) {
        if commit.key.resource == NODES {
            push(out, commit.key.clone());
        } else if commit.key.resource == LEASES && commit.key.namespace == LEASE_NAMESPACE {
            push(out, Key::cluster(&NODES, commit.key.name.clone()));
        } else if commit.key.resource == model::resource::PODS && commit.kind != WatchKind::Deleted {
            // A pod that comes to a silent node, or says there that it is ready.
            for pod in sides(commit).filter(|pod| !pod.pod().node().is_empty() && pod.pod().is_ready()) {
                if snap.find(&NODES, "", pod.pod().node()).is_some_and(|node| is_silent(node)) {
                    push(out, Key::cluster(&NODES, pod.pod().node()));
                }
            }
        }
    }

    fn reconcile(&self, snap: &Snapshot, key: &Key, now: Time) -> Outcome {
        let Some(node) = snap.get(key) else { return removed(snap, key) };
        let mut out = Outcome { notes: registered(snap, node, now).into_iter().collect(), ..Outcome::nothing() };
        let deadline = deadline(snap, node);
        if deadline <= now {
            let status = silenced(node, now);
            if status != *node.status() {
                out.ops.push(Op::status(node, status));
                return out;
            }
        } else {
            out.again(deadline);
        }
        let taints = taints(node, now);
        if taints != *node.spec().get("taints").unwrap_or(&Value::Null) {
            let version = node.meta.revision.to_string();
            let patch = obj! { "metadata" => obj! { "resourceVersion" => version }, "spec" => obj! { "taints" => taints } };
            out.ops.push(Op::Patch { key: key.clone(), subresource: Text::new(), kind: PatchType::Merge, patch });
        }
        if is_silent(node) {
            let ready = snap.pods_on(&key.name).filter(|pod| pod.pod().is_ready());
            out.ops.extend(ready.map(|pod| not_ready(pod, now)));
        }
        out
    }

    fn applied(&self, snap: &Snapshot, key: &Key, op: &Op, _made: &Value) -> Vec<Note> {
        match (snap.get(key), op) {
            (Some(node), Op::UpdateStatus { .. }) if node.node().is_ready() => {
                vec![Note::normal(node, NAME, "NodeNotReady", format!("Node {} status is now: NodeNotReady", key.name))]
            }
            (Some(_), Op::Patch { key, subresource, .. }) if subresource == "status" => {
                let pod = snap.get(key);
                pod.map(|pod| Note::warning(pod, NAME, "NodeNotReady", "Node is not ready")).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }
}

/// Whether this controller has found the node silent.
fn is_silent(node: &Object) -> bool {
    let ready = Condition::find(node.status(), "Ready");
    ready["status"].s() == "Unknown" && matches!(ready["reason"].s(), "NodeStatusUnknown" | "NodeStatusNeverUpdated")
}

/// When the node will have been silent for too long.
fn deadline(snap: &Snapshot, node: &Object) -> Time {
    let lease = snap.find(&LEASES, LEASE_NAMESPACE, &node.meta.name);
    let renewed = lease.and_then(|lease| Time::parse(lease.spec()["renewTime"].s()));
    let ready = Condition::find(node.status(), "Ready");
    let beat = Time::parse(ready["lastHeartbeatTime"].s()).filter(|_| ready["status"].s() != "Unknown");
    match renewed.into_iter().chain(beat).max() {
        Some(last) => last.max(node.meta.created) + GRACE,
        None => node.meta.created + STARTUP_GRACE,
    }
}

/// The status of a node that nobody hears of: every condition is Unknown.
fn silenced(node: &Object, now: Time) -> Value {
    let mut status = node.status().clone();
    for kind in CONDITIONS {
        let have = Condition::find(&status, kind);
        if have["status"].s() == "Unknown" {
            continue;
        }
        let never = have.is_null();
        let (reason, message) = if never {
            ("NodeStatusNeverUpdated", "Kubelet never posted node status.")
        } else {
            ("NodeStatusUnknown", "Kubelet stopped posting node status.")
        };
        Condition { kind, status: "Unknown", reason, message }.put(&mut status, now);
        if never {
            let list = status.at_mut(&["conditions"]).as_list_mut();
            if let Some(condition) = list.last_mut() {
                condition.set(&["lastHeartbeatTime"], node.meta.created);
            }
        }
    }
    status
}

/// The node's taints: those of its conditions, and whatever others it has. Null if there is none.
fn taints(node: &Object, now: Time) -> Value {
    let mut wanted: Vec<(&str, &str)> = Vec::new();
    for (kind, status, key) in TAINTS {
        if Condition::find(node.status(), kind)["status"].s() == status {
            wanted.push((key, "NoSchedule"));
        }
    }
    if node.node().is_unschedulable() {
        wanted.push((UNSCHEDULABLE, "NoSchedule"));
    }
    match Condition::find(node.status(), "Ready")["status"].s() {
        "False" => wanted.push((NOT_READY, "NoExecute")),
        "Unknown" => wanted.push((UNREACHABLE, "NoExecute")),
        _ => {}
    }
    let ours = |taint: &Value| {
        let (key, effect) = (taint["key"].s(), taint["effect"].s());
        let told = TAINTS.iter().any(|row| row.2 == key) || key == UNSCHEDULABLE;
        effect == "NoSchedule" && told || effect == "NoExecute" && matches!(key, NOT_READY | UNREACHABLE)
    };
    let is = |taint: &Value, (key, effect): (&str, &str)| taint["key"].s() == key && taint["effect"].s() == effect;
    let have = node.node().taints();
    let mut list: Vec<Value> =
        have.iter().filter(|taint| !ours(taint) || wanted.iter().any(|w| is(taint, *w))).cloned().collect();
    for (key, effect) in wanted {
        if !list.iter().any(|taint| is(taint, (key, effect))) {
            list.push(obj! { "key" => key, "effect" => effect, "timeAdded" => now });
        }
    }
    // Eviction counts from the time a taint was added.
    for taint in list.iter_mut().filter(|taint| taint["effect"].s() == "NoExecute" && taint["timeAdded"].is_null()) {
        taint.set(&["timeAdded"], now);
    }
    if list.is_empty() { Value::Null } else { Value::List(list.into()) }
}

fn not_ready(pod: &Object, now: Time) -> Op {
    let condition = obj! { "type" => "Ready", "status" => "False", "lastTransitionTime" => now };
    let patch = obj! { "metadata" => obj! { "uid" => &pod.meta.uid }, "status" => obj! { "conditions" => list![condition] } };
    Op::Patch { key: pod.key(), subresource: text!("status"), kind: PatchType::Strategic, patch }
}

fn registered(snap: &Snapshot, node: &Object, now: Time) -> Option<Note> {
    let young = now - node.meta.created < STARTUP_GRACE;
    if !young || told::last(snap, "RegisteredNode", &node.meta.name).is_some() {
        return None;
    }
    let message = format!("Node {0} event: Registered Node {0} in Controller", node.meta.name);
    Some(Note::normal(node, NAME, "RegisteredNode", message))
}

/// The end of a node is told once for each time it was registered.
fn removed(snap: &Snapshot, key: &Key) -> Outcome {
    let Some(registered) = told::last(snap, "RegisteredNode", &key.name) else { return Outcome::nothing() };
    let gone = told::last(snap, "RemovingNode", &key.name);
    let about = &registered.value["involvedObject"];
    if gone.is_some_and(|gone| gone.value["involvedObject"]["uid"] == about["uid"]) {
        return Outcome::nothing();
    }
    let note = Note {
        about: about.clone(),
        warning: false,
        reason: text!("RemovingNode"),
        message: format!("Node {0} event: Removing Node {0} from Controller", key.name).into(),
        source: text!("node-controller"),
        host: Text::new(),
    };
    Outcome { notes: vec![note], ..Outcome::nothing() }
}
