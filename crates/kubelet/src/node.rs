//! The node's own object: registration, status, lease. Models pkg/kubelet/kubelet_node_status.go and
//! k8s.io/component-helpers/apimachinery/lease.

use crate::Config;
use crate::core::{Asked, Core, NodeAsked};
use crate::timers::Timer;
use api::{PatchType, Reply, Request, Verb};
use base::{Duration, Text, Time, text};
use model::{Condition, Key, resource};
use value::{Map, Value, list, obj};

const LEASES: &str = "kube-node-lease";
/// A server out of reach at registration is asked again after this.
const REGISTER_RETRY: Duration = Duration::from_secs(1);
/// type, status, reason, message, event.
const CONDITIONS: [(&str, &str, &str, &str, &str); 4] = [
    (
        "MemoryPressure",
        "False",
        "KubeletHasSufficientMemory",
        "kubelet has sufficient memory available",
        "NodeHasSufficientMemory",
    ),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure", "NodeHasNoDiskPressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available", "NodeHasSufficientPID"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status", "NodeReady"),
];

/// How far the API knows the node.
#[derive(Clone, Default)]
pub(crate) struct NodeAgent {
    registered: bool,
    reported_at: Option<Time>,
    uid: Text,
}

impl NodeAgent {
    /// The kubelet starts.
    pub(crate) fn start(&mut self, core: &mut Core) {
        core.node_note("Starting", "Starting kubelet.".into());
        let name = core.config.node.clone();
        for (.., event) in CONDITIONS.iter().take(3) {
            core.node_note(event, format!("Node {name} status is now: {event}"));
        }
        core.node_note("NodeAllocatableEnforced", "Updated Node Allocatable limit across pods".into());
        core.node_note("NodeReady", format!("Node {name} status is now: NodeReady"));
        if core.config.register {
            self.register(core);
        } else {
            self.registered = true;
            self.report(core);
        }
        self.renew(core);
    }
    fn register(&mut self, core: &mut Core) {
        let request =
            Request { body: object(core), ..Request::of(&core.user, Verb::Create, &Key::cluster(&resource::NODES, Text::new())) };
        core.api(Asked::Node(NodeAsked::Register), request);
        core.timers.set(Timer::NodeStatus, core.now + core.config.status_period);
    }
    pub(crate) fn status_due(&mut self, core: &mut Core) {
        if !self.registered {
            self.register(core);
            return;
        }
        core.timers.set(Timer::NodeStatus, core.now + core.config.status_period);
        let stale = self.reported_at.is_none_or(|at| core.now - at >= core.config.report_period);
        let doubted = core.node.as_ref().is_some_and(|node| !node.node().is_ready());
        if stale || doubted {
            self.report(core);
        }
    }
    fn report(&mut self, core: &mut Core) {
        self.reported_at = Some(core.now);
        let key = Key::cluster(&resource::NODES, core.config.node.clone());
        let request = Request {
            subresource: text!("status"),
            body: obj! { "status" => status(core) },
            ..Request::of(&core.user, Verb::Patch(PatchType::Merge), &key)
        };
        core.api(Asked::Node(NodeAsked::Status), request);
        core.timers.set(Timer::NodeStatus, core.now + core.config.status_period);
    }
    pub(crate) fn lease_due(&mut self, core: &mut Core) {
        self.renew(core);
    }
    fn renew(&mut self, core: &mut Core) {
        core.timers.set(Timer::Lease, core.now + core.config.lease_period);
        let key = Key::new(&resource::LEASES, text!("kube-node-lease"), core.config.node.clone());
        let body = obj! { "spec" => obj! { "renewTime" => core.now.rfc3339_micro() } };
        let request = Request { body, ..Request::of(&core.user, Verb::Patch(PatchType::Merge), &key) };
        core.api(Asked::Node(NodeAsked::RenewLease), request);
    }
    fn create_lease(&mut self, core: &mut Core) {
        let name = &core.config.node;
        let uid = core.node.as_ref().map_or_else(|| self.uid.clone(), |n| n.meta.uid.clone());
        let mut body = obj! {
            "apiVersion" => "coordination.k8s.io/v1", "kind" => "Lease",
            "metadata" => obj! { "name" => name, "namespace" => LEASES },
            "spec" => obj! {
                "holderIdentity" => name, "leaseDurationSeconds" => core.config.lease_duration.as_secs(),
                "renewTime" => core.now.rfc3339_micro(),
            },
        };
        if !uid.is_empty() {
            let owner = obj! { "apiVersion" => "v1", "kind" => "Node", "name" => name, "uid" => uid };
            body.set(&["metadata", "ownerReferences"], list![owner]);
        }
        let key = Key::new(&resource::LEASES, text!("kube-node-lease"), Text::new());
        let request = Request { body, ..Request::of(&core.user, Verb::Create, &key) };
        core.api(Asked::Node(NodeAsked::CreateLease), request);
    }
    pub(crate) fn answered(&mut self, core: &mut Core, what: NodeAsked, reply: &Reply) {
        match what {
            NodeAsked::Register if reply.is_success() => {
                self.registered = true;
                self.uid = reply.body["metadata"]["uid"].text();
                self.reported_at = Some(core.now);
                if Condition::find(&reply.body["status"], "Ready").is_null() {
                    self.report(core);
                }
            }
            NodeAsked::Register if reply.code == 409 => {
                self.registered = true;
                self.report(core);
            }
            NodeAsked::Register => core.timers.set(Timer::NodeStatus, core.now + REGISTER_RETRY),
            NodeAsked::Status if !reply.is_success() => self.reported_at = None,
            NodeAsked::RenewLease if reply.code == 404 => self.create_lease(core),
            NodeAsked::Status | NodeAsked::RenewLease | NodeAsked::CreateLease => {}
        }
    }
}

/// The labels that the node registers with.
pub(crate) fn labels(config: &Config) -> Map {
    let arch = config.node_info["architecture"].text();
    let os = config.node_info["operatingSystem"].text();
    let mut labels: Map = [
        (text!("beta.kubernetes.io/arch"), Value::Str(arch.clone())),
        (text!("beta.kubernetes.io/os"), Value::Str(os.clone())),
        (text!("kubernetes.io/arch"), Value::Str(arch)),
        (text!("kubernetes.io/hostname"), Value::Str(config.node.clone())),
        (text!("kubernetes.io/os"), Value::Str(os)),
    ]
    .into_iter()
    .collect();
    for (key, value) in &config.labels {
        labels.insert(key, value);
    }
    labels
}

fn object(core: &Core) -> Value {
    let config = &core.config;
    let mut annotations = obj! { "volumes.kubernetes.io/controller-managed-attach-detach" => "true" };
    for (key, value) in &config.annotations {
        annotations.set(&[key.as_str()], value);
    }
    let mut node = obj! {
        "apiVersion" => "v1", "kind" => "Node",
        "metadata" => obj! { "name" => &config.node, "labels" => labels(config), "annotations" => annotations },
        "spec" => obj! {}, "status" => status(core),
    };
    if !config.pod_cidr.is_empty() {
        node.set(&["spec", "podCIDR"], &config.pod_cidr);
        node.set(&["spec", "podCIDRs"], list![&config.pod_cidr]);
    }
    if !config.provider_id.is_empty() {
        node.set(&["spec", "providerID"], &config.provider_id);
    }
    if !config.taints.is_empty() {
        node.set(&["spec", "taints"], config.taints.clone());
    }
    node
}

fn status(core: &Core) -> Value {
    let config = &core.config;
    let mut addresses = vec![obj! { "type" => "InternalIP", "address" => &config.ip }];
    if !config.external_ip.is_empty() {
        addresses.push(obj! { "type" => "ExternalIP", "address" => &config.external_ip });
    }
    addresses.push(obj! { "type" => "Hostname", "address" => &config.node });
    let allocatable = if config.allocatable.is_empty() { &config.capacity } else { &config.allocatable };
    let handler =
        |name: &str| obj! { "name" => name, "features" => obj! { "recursiveReadOnlyMounts" => true, "userNamespaces" => true } };
    obj! {
        "addresses" => addresses, "allocatable" => allocatable, "capacity" => &config.capacity,
        "conditions" => conditions(core),
        "daemonEndpoints" => obj! { "kubeletEndpoint" => obj! { "Port" => 10250 } },
        "features" => obj! { "supplementalGroupsPolicy" => true },
        "nodeInfo" => &config.node_info,
        "runtimeHandlers" => list![handler(""), handler("runc")],
    }
}

fn conditions(core: &Core) -> Vec<Value> {
    let known = core.node.as_ref().map_or(&Value::Null, |n| n.status());
    let foreign = known["conditions"].items().iter();
    let mut list: Vec<Value> = foreign.filter(|c| !CONDITIONS.iter().any(|own| own.0 == c["type"].s())).cloned().collect();
    for (kind, status, reason, message, _) in CONDITIONS {
        let old = Condition::find(known, kind);
        let since = match &old["lastTransitionTime"] {
            same if old["status"].s() == status && !same.is_null() => same.clone(),
            _ => Value::Str(core.now.rfc3339().into()),
        };
        list.push(obj! {
            "type" => kind, "status" => status, "reason" => reason, "message" => message,
            "lastHeartbeatTime" => core.now, "lastTransitionTime" => since,
        });
    }
    list
}
