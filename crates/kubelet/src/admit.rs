//! Whether this node takes a pod that was bound to it. Models pkg/kubelet/lifecycle/predicate.go.

use crate::core::{Core, Used, quantity, resources};
use crate::worker::Worker;
use model::Requirement;
use value::{Map, Value, obj};

/// Why a pod is refused: reason and message.
pub(crate) struct Refusal {
    pub reason: String,
    pub message: String,
}

/// Kernel settings that any pod may have.
const SAFE_SYSCTLS: [&str; 12] = [
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
];

/// What a pod takes of the node (models resource.PodRequests).
pub(crate) fn size(spec: &Value) -> Used {
    let mut sum = Used { pods: 1, ..Used::default() };
    for container in spec["containers"].items() {
        let r = resources(&container["resources"]);
        sum.cpu_milli += r.cpu_request_milli;
        sum.memory += r.memory_request;
    }
    let (mut sidecars, mut most) = (Used::default(), Used::default());
    for container in spec["initContainers"].items() {
        let r = resources(&container["resources"]);
        if container["restartPolicy"].s() == "Always" {
            sidecars.cpu_milli += r.cpu_request_milli;
            sidecars.memory += r.memory_request;
            most.cpu_milli = most.cpu_milli.max(sidecars.cpu_milli);
            most.memory = most.memory.max(sidecars.memory);
        } else {
            most.cpu_milli = most.cpu_milli.max(sidecars.cpu_milli + r.cpu_request_milli);
            most.memory = most.memory.max(sidecars.memory + r.memory_request);
        }
    }
    sum.cpu_milli = (sum.cpu_milli + sidecars.cpu_milli).max(most.cpu_milli);
    sum.memory = (sum.memory + sidecars.memory).max(most.memory);
    sum.cpu_milli += quantity(&spec["overhead"]["cpu"]).as_milli();
    sum.memory += quantity(&spec["overhead"]["memory"]).value();
    sum
}

/// Refuses a pod, or answers what it takes of the node. `taken` are the host ports of the pods that run here.
pub(crate) fn admit(worker: &Worker, core: &Core, taken: &[(String, i64)]) -> Result<Used, Refusal> {
    let spec = worker.spec();
    for sysctl in spec["securityContext"]["sysctls"].items() {
        let name = sysctl["name"].s();
        if !SAFE_SYSCTLS.contains(&name) {
            return refuse("SysctlForbidden", format!("forbidden sysctl: \"{name}\" not allowlisted"));
        }
    }
    let size = size(spec);
    fits(core, size)?;
    if !affinity(spec, &core.node_labels(), &core.config.node) {
        return refuse("NodeAffinity", "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector".into());
    }
    if host_ports(spec).iter().any(|port| taken.contains(port)) {
        let message = "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports";
        return refuse("NodePorts", message.into());
    }
    Ok(size)
}

fn refuse<T>(reason: &str, message: String) -> Result<T, Refusal> {
    Err(Refusal { reason: reason.into(), message })
}

fn fits(core: &Core, size: Used) -> Result<(), Refusal> {
    let used = core.used;
    let rows = [
        ("pods", size.pods, used.pods, core.allocatable("pods").value()),
        ("cpu", size.cpu_milli, used.cpu_milli, core.allocatable("cpu").as_milli()),
        ("memory", size.memory, used.memory, core.allocatable("memory").value()),
    ];
    for (resource, wanted, used, capacity) in rows {
        if wanted > 0 && used + wanted > capacity {
            let message =
                format!("Node didn't have enough resource: {resource}, requested: {wanted}, used: {used}, capacity: {capacity}");
            return refuse(&format!("OutOf{resource}"), message);
        }
    }
    Ok(())
}

/// The host ports of a pod: protocol and number.
pub(crate) fn host_ports(spec: &Value) -> Vec<(String, i64)> {
    let fields = ["initContainers", "containers"];
    let ports = fields.iter().flat_map(|f| spec[*f].items()).flat_map(|c| c["ports"].items());
    let port = |p: &Value| (p["protocol"].s().to_string(), p["hostPort"].as_i64().unwrap_or(0));
    ports.map(port).filter(|(_, number)| *number > 0).collect()
}

/// The pod's node selector and required node affinity hold here.
fn affinity(spec: &Value, labels: &Map, node: &str) -> bool {
    let selected = spec["nodeSelector"].entries().iter().all(|(key, value)| labels.get(key) == Some(value));
    let required = &spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
    let fields: Map = obj! { "metadata.name" => node }.as_map().cloned().unwrap_or_default();
    let all = |list: &Value, map: &Map| list.items().iter().all(|r| Requirement::of(r).is_some_and(|r| r.matches(map)));
    let term = |t: &Value| {
        let empty = t["matchExpressions"].is_empty() && t["matchFields"].is_empty();
        !empty && all(&t["matchExpressions"], labels) && all(&t["matchFields"], &fields)
    };
    selected && (required.is_null() || required["nodeSelectorTerms"].items().iter().any(term))
}
