//! Registration, lease, status, and pods that the node refuses.

use super::*;

#[test]
fn registers_and_renews() {
    let mut world = World::new();
    world.run(1);
    let node = &world.objects[&Key::cluster(&resource::NODES, "node-1")];
    assert_eq!(node["metadata"]["labels"]["kubernetes.io/hostname"].s(), "node-1");
    let kinds: Vec<&str> = node["status"]["conditions"].items().iter().map(|c| c["type"].s()).collect();
    assert_eq!(kinds, ["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"]);
    assert_eq!(world.notes[0], "Normal Starting : Starting kubelet.");
    let lease = Key::new(&resource::LEASES, "kube-node-lease", "node-1");
    let first = world.objects[&lease]["spec"]["renewTime"].clone();
    assert_eq!(world.objects[&lease]["spec"]["leaseDurationSeconds"].as_i64(), Some(40));
    world.run(10);
    assert_ne!(world.objects[&lease]["spec"]["renewTime"], first);
}

#[test]
fn refuses_what_does_not_fit() {
    for (spec, reason, message) in [
        (
            r#"{"containers":[{"name":"app","image":"busybox","resources":{"requests":{"cpu":"100"}}}]}"#,
            "OutOfcpu",
            "Pod was rejected: Node didn't have enough resource: cpu, requested: 100000, used: 0, capacity: 4000",
        ),
        (
            r#"{"nodeSelector":{"disk":"ssd"},"containers":[{"name":"app","image":"busybox"}]}"#,
            "NodeAffinity",
            "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
        ),
        (
            r#"{"securityContext":{"sysctls":[{"name":"kernel.msgmax","value":"1"}]},"containers":[{"name":"app","image":"busybox"}]}"#,
            "SysctlForbidden",
            "Pod was rejected: forbidden sysctl: \"kernel.msgmax\" not allowlisted",
        ),
    ] {
        let mut world = World::new();
        let key = world.pod(spec);
        world.run(2);
        let status = world.status(&key);
        assert_eq!((status["phase"].s(), status["reason"].s()), ("Failed", reason));
        assert_eq!(status["message"].s(), message);
        world.delete(&key, 30);
        world.run(1);
        assert!(!world.objects.contains_key(&key));
    }
}

#[test]
fn host_ports_are_given_out_once() {
    let spec = r#"{"containers":[{"name":"app","image":"busybox","command":["sleep"],"ports":[{"containerPort":80,"hostPort":8080,"protocol":"TCP"}]}]}"#;
    let mut world = World::new();
    let (one, two) = (world.named_pod("one", spec), world.named_pod("two", spec));
    world.run(2);
    assert_eq!(world.status(&one)["phase"].s(), "Running");
    assert_eq!(world.status(&two)["reason"].s(), "NodePorts");
}

#[test]
fn ports_and_containers_can_be_looked_up() {
    let mut world = World::new();
    world.pod(r#"{"containers":[{"name":"app","image":"busybox","command":["exit","1","100"]}]}"#);
    world.run(3);
    let previous = world.kubelet.logs("ns", "app", "app", true).unwrap();
    let current = world.kubelet.logs("ns", "app", "app", false).unwrap();
    assert_ne!(previous, current);
    assert_eq!(world.kubelet.exec("ns", "app", "app").unwrap_err().message, "container not found (\"app\")");
    assert_eq!(world.kubelet.owner(&current).unwrap().1, "app");
    assert_eq!(world.kubelet.containers("ns", "app")[0].restarts, 1);
    assert!(world.kubelet.sandbox("ns", "app").is_some());
}
