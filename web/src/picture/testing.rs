//! Clusters for tests of the picture, filled by hand.

use api::{Cause, Change, Expect, Origin, Write};
use base::Time;
use model::{Object, Resource, resource};
use store::{Snapshot, Store};
use value::{Value, list, obj};

/// What a cluster has.
pub struct Wanted {
    pub nodes: u32,
    /// Pods on nodes, in several states.
    pub pods: u32,
    /// Pods that fit nowhere.
    pub waiting: u32,
    /// Services; each selects its share of the pods. The first is a load balancer.
    pub services: u32,
}

impl Default for Wanted {
    fn default() -> Wanted {
        Wanted { nodes: 3, pods: 3, waiting: 0, services: 1 }
    }
}

/// Fills a store.
pub fn cluster(wanted: &Wanted) -> Snapshot {
    let mut store = Store::default();
    let control_plane = obj! { "node-role.kubernetes.io/control-plane" => "" };
    put(&mut store, &resource::NODES, node("control-plane", control_plane));
    for n in 1..=wanted.nodes {
        put(&mut store, &resource::NODES, node(&format!("node-{n}"), obj! {}));
    }
    for n in 0..wanted.pods {
        let home = format!("node-{}", n % wanted.nodes.max(1) + 1);
        put(&mut store, &resource::PODS, pod(n, &home, state(n)));
    }
    for n in 0..wanted.waiting {
        let message = "0/4 nodes are available: 3 Insufficient cpu. preemption: no";
        let refused = obj! { "type" => "PodScheduled", "status" => "False", "reason" => "Unschedulable", "message" => message };
        put(&mut store, &resource::PODS, pod(100_000 + n, "", obj! { "phase" => "Pending", "conditions" => list![refused] }));
    }
    for n in 0..wanted.services {
        let behind = (0..wanted.pods).filter(|pod| pod % wanted.services == n);
        put(&mut store, &resource::SERVICES, service(n));
        put(&mut store, &resource::ENDPOINT_SLICES, slice(n, behind));
    }
    store.snapshot()
}

fn put(store: &mut Store, of: &Resource, value: Value) {
    let key = Object::new(of, value.clone()).key();
    let write = Write { key, expect: Expect::Absent, change: Change::Put(value) };
    assert!(store.commit(write, Cause { by: "test".into(), from: Origin::Start }, Time::default()).is_ok());
}

fn node(name: &str, labels: Value) -> Value {
    let ready = obj! { "type" => "Ready", "status" => "True" };
    let allocatable = obj! { "cpu" => "4", "memory" => "8Gi", "pods" => "110" };
    obj! {
        "apiVersion" => "v1", "kind" => "Node", "metadata" => obj! { "name" => name, "labels" => labels },
        "status" => obj! { "conditions" => list![ready], "allocatable" => allocatable },
    }
}

fn state(n: u32) -> Value {
    let ready = list![obj! { "type" => "Ready", "status" => "True" }];
    let waits = |reason: &str| list![obj! { "name" => "c", "state" => obj! { "waiting" => obj! { "reason" => reason } } }];
    match n % 7 {
        3 => obj! { "phase" => "Running", "containerStatuses" => waits("CrashLoopBackOff") },
        4 => obj! { "phase" => "Pending", "containerStatuses" => waits("ContainerCreating") },
        5 => obj! { "phase" => "Running" },
        _ => obj! { "phase" => "Running", "conditions" => ready },
    }
}

fn pod(n: u32, home: &str, status: Value) -> Value {
    let labels = obj! { "app" => "web", "pod-template-hash" => "abc" };
    let requests = obj! { "cpu" => "100m", "memory" => "64Mi" };
    let container = obj! { "name" => "c", "resources" => obj! { "requests" => requests } };
    obj! {
        "apiVersion" => "v1", "kind" => "Pod",
        "metadata" => obj! { "name" => format!("web-abc-{n:05}"), "namespace" => "default", "labels" => labels },
        "spec" => obj! { "nodeName" => home, "containers" => list![container] }, "status" => status,
    }
}

fn service(n: u32) -> Value {
    let kind = if n == 0 { "LoadBalancer" } else { "ClusterIP" };
    let ports = list![obj! { "port" => 80, "protocol" => "TCP" }];
    obj! {
        "apiVersion" => "v1", "kind" => "Service",
        "metadata" => obj! { "name" => format!("web-{n}"), "namespace" => "default" },
        "spec" => obj! { "type" => kind, "clusterIP" => format!("10.96.0.{}", n % 250), "ports" => ports },
    }
}

fn slice(n: u32, pods: impl Iterator<Item = u32>) -> Value {
    let endpoint = |pod: u32| {
        obj! {
            "addresses" => list!["10.244.1.2"], "conditions" => obj! { "ready" => pod % 7 < 3 },
            "targetRef" => obj! { "kind" => "Pod", "name" => format!("web-abc-{pod:05}") },
        }
    };
    let endpoints: Vec<Value> = pods.map(endpoint).collect();
    let labels = obj! { "kubernetes.io/service-name" => format!("web-{n}") };
    obj! {
        "apiVersion" => "discovery.k8s.io/v1", "kind" => "EndpointSlice",
        "metadata" => obj! { "name" => format!("web-{n}-x"), "namespace" => "default", "labels" => labels },
        "endpoints" => endpoints,
    }
}
