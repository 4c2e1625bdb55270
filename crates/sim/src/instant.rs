//! Nodes that run nothing: a bound pod is Running and Ready at once, a Job's pod succeeds at once, a deleted one vanishes at
//! once. Only the heartbeat of such a node is real. For what is about the control plane alone.

use crate::world::World;
use api::{Origin, PatchType, Request, User, Verb, WatchKind};
use base::{Duration, Text, Time, text};
use model::{Key, Object};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::Commit;
use value::{List, Value, list, obj};

/// What "at once" is for a start: sooner than anybody looks.
const START: Duration = Duration::from_millis(20);
/// What "at once" is for an end: late enough that controllers see the pod going.
const END: Duration = Duration::from_millis(100);

/// The pods that something is to happen to.
#[derive(Clone, Default)]
pub(crate) struct Instant {
    due: BTreeMap<(Time, u64), Key>,
    count: u64,
    addresses: u32,
}

impl Instant {
    pub(crate) fn next_deadline(&self) -> Option<Time> {
        self.due.first_key_value().map(|((at, _), _)| *at)
    }
    pub(crate) fn handle(&mut self, commit: &Commit, now: Time) {
        let wait = match commit.kind {
            WatchKind::Deleted => return,
            _ if ends(&commit.object) => END,
            _ if starts(&commit.object) => START,
            _ => return,
        };
        self.count += 1;
        self.due.insert((now + wait, self.count), commit.key.clone());
    }
    fn address(&mut self) -> Text {
        self.addresses += 1;
        let n = self.addresses + 1;
        format!("10.244.{}.{}", n / 250 % 250, n % 250 + 2).into()
    }
}

fn ends(pod: &Object) -> bool {
    let meta = &pod.value["metadata"];
    !meta["deletionTimestamp"].is_null() && meta["deletionGracePeriodSeconds"].as_i64() != Some(0)
}

fn starts(pod: &Object) -> bool {
    let status = &pod.value["status"];
    !pod.pod().node().is_empty() && status["phase"].s() == "Pending" && status["startTime"].is_null()
}

impl World {
    /// Starts and ends the pods whose time has come.
    pub(crate) fn step_instant(&mut self) {
        while let Some(key) =
            self.instant.as_mut().and_then(|i| i.due.first_entry().filter(|e| e.key().0 <= self.now).map(|e| e.remove()))
        {
            let Some(pod) = self.snapshot().get(&key).cloned() else { continue };
            let user = User::master(format!("system:node:{}", pod.pod().node()));
            let request = if ends(&pod) {
                let body = obj! { "gracePeriodSeconds" => 0, "preconditions" => obj! { "uid" => &pod.meta.uid } };
                Request { body, ..Request::of(&user, Verb::Delete, &key) }
            } else if starts(&pod) {
                let body = obj! { "status" => self.instant_status(&pod) };
                Request { subresource: text!("status"), body, ..Request::of(&user, Verb::Patch(PatchType::Merge), &key) }
            } else {
                continue;
            };
            self.request(&request, Origin::Revision(pod.meta.revision));
        }
    }
    fn instant_status(&mut self, pod: &Arc<Object>) -> Value {
        let now = Value::str(&self.now.rfc3339());
        let host = self.network.nodes.get(pod.pod().node()).map(|n| n.ip.to_string()).unwrap_or_default();
        let own = self.instant.as_mut().map(Instant::address).unwrap_or_default();
        let ip = if pod.spec()["hostNetwork"].is_true() { Text::from(host.as_str()) } else { own };
        let done = pod.value["metadata"]["ownerReferences"].items().iter().any(|o| o["kind"].s() == "Job");
        let condition = |kind: &str, fine: bool| {
            let mut out = obj! { "type" => kind, "status" => if fine { "True" } else { "False" }, "lastProbeTime" => Value::Null, "lastTransitionTime" => &now };
            if !fine {
                out.set(&["reason"], "PodCompleted");
            }
            out
        };
        let state = if done {
            obj! { "terminated" => obj! { "exitCode" => 0, "reason" => "Completed", "startedAt" => &now, "finishedAt" => &now } }
        } else {
            obj! { "running" => obj! { "startedAt" => &now } }
        };
        let container = |c: &Value| {
            obj! {
                "name" => &c["name"], "image" => &c["image"], "imageID" => "", "restartCount" => 0, "ready" => !done,
                "lastState" => Value::map(), "state" => &state,
            }
        };
        let containers: List = pod.spec()["containers"].items().iter().map(container).collect();
        obj! {
            "phase" => if done { "Succeeded" } else { "Running" }, "startTime" => &now,
            "hostIP" => &host, "hostIPs" => list![obj! { "ip" => &host }], "podIP" => &ip, "podIPs" => list![obj! { "ip" => &ip }],
            "conditions" => list![condition("Initialized", true), condition("Ready", !done), condition("ContainersReady", !done), condition("PodScheduled", true)],
            "containerStatuses" => containers,
        }
    }
}
