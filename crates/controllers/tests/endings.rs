//! How things end: owners and dependents, namespaces, silent and vanished nodes, load balancers that are given back.

mod plant;

use base::Duration;
use model::resource::{CONFIG_MAPS, DEPLOYMENTS, NAMESPACES, NODES, PODS, REPLICA_SETS, SERVICE_ACCOUNTS, SERVICES};
use model::{Condition, Key, Object};
use plant::Plant;
use value::{Value, list, obj};

fn config_map(name: &str, owners: Value) -> Value {
    obj! { "apiVersion" => "v1", "kind" => "ConfigMap", "metadata" => obj! { "name" => name, "namespace" => "default", "ownerReferences" => owners } }
}

fn owned_by(owner: &Object) -> Value {
    let reference = obj! { "apiVersion" => &owner.value["apiVersion"], "kind" => owner.kind(), "name" => &owner.meta.name, "uid" => &owner.meta.uid };
    list![reference]
}

fn namespace(name: &str) -> Value {
    obj! {
        "apiVersion" => "v1", "kind" => "Namespace", "metadata" => obj! { "name" => name },
        "spec" => obj! { "finalizers" => list!["kubernetes"] }, "status" => obj! { "phase" => "Active" },
    }
}

fn deployment(namespace: &str) -> Value {
    obj! {
        "apiVersion" => "apps/v1", "kind" => "Deployment", "metadata" => obj! { "name" => "web", "namespace" => namespace },
        "spec" => obj! {
            "replicas" => 3, "progressDeadlineSeconds" => 600, "strategy" => obj! { "type" => "RollingUpdate" },
            "selector" => obj! { "matchLabels" => obj! { "app" => "web" } },
            "template" => obj! {
                "metadata" => obj! { "labels" => obj! { "app" => "web" } },
                "spec" => obj! { "containers" => list![obj! { "name" => "web", "image" => "nginx:1" }] },
            },
        },
    }
}

fn names(plant: &Plant, resource: &model::Resource) -> Vec<String> {
    plant.list(resource).iter().map(|o| o.meta.name.to_string()).filter(|name| name != "kube-root-ca.crt").collect()
}

#[test]
fn a_chain_of_owners_falls_from_the_top() {
    let mut plant = Plant::new(1);
    plant.create(&CONFIG_MAPS, config_map("top", Value::Null));
    let top = owned_by(plant.get(&CONFIG_MAPS, "top"));
    plant.create(&CONFIG_MAPS, config_map("middle", top.clone()));
    let middle = owned_by(plant.get(&CONFIG_MAPS, "middle"));
    plant.create(&CONFIG_MAPS, config_map("bottom", middle.clone()));
    plant.create(&CONFIG_MAPS, config_map("other", Value::Null));
    let mut both = middle[0].clone();
    both = list![both, owned_by(plant.get(&CONFIG_MAPS, "other"))[0].clone()];
    plant.create(&CONFIG_MAPS, config_map("two-owners", both));
    plant.settle();
    assert_eq!(names(&plant, &CONFIG_MAPS).len(), 5);
    plant.delete(&CONFIG_MAPS, "top", "");
    plant.settle();
    assert_eq!(names(&plant, &CONFIG_MAPS), ["other", "two-owners"]);
    assert_eq!(plant.get(&CONFIG_MAPS, "two-owners").meta.owners.len(), 1, "the lost owner is taken out");
}

#[test]
fn wrong_uids_and_namespaces_count_as_absent_unknown_kinds_do_not() {
    let mut plant = Plant::new(2);
    plant.create(&CONFIG_MAPS, config_map("top", Value::Null));
    let mut wrong = owned_by(plant.get(&CONFIG_MAPS, "top"))[0].clone();
    wrong.set(&["uid"], "another");
    plant.create(&CONFIG_MAPS, config_map("wrong", list![wrong]));
    let unknown = obj! { "apiVersion" => "example.com/v1", "kind" => "Widget", "name" => "w", "uid" => "w" };
    plant.create(&CONFIG_MAPS, config_map("unknown", list![unknown]));
    let mut far = config_map("far", Value::Null);
    far.set(&["metadata", "namespace"], "elsewhere");
    plant.create(&CONFIG_MAPS, far);
    let far = plant.snap().find(&CONFIG_MAPS, "elsewhere", "far").map(|o| owned_by(o)).expect("made just now");
    plant.create(&CONFIG_MAPS, config_map("child", far));
    plant.settle();
    let mut left = names(&plant, &CONFIG_MAPS);
    left.sort();
    assert_eq!(left, ["far", "top", "unknown"]);
    let note = plant.notes.iter().find(|n| n.reason == "OwnerRefInvalidNamespace").expect("told");
    assert!(note.message.starts_with("ownerRef [v1/ConfigMap, namespace: default, name: far, uid: uid-"), "{}", note.message);
}

#[test]
fn policies_of_a_deployments_deletion() {
    for (policy, sets, pods) in [("Background", 0, 0), ("Foreground", 0, 0), ("Orphan", 1, 3)] {
        for seed in 0..8 {
            let mut plant = Plant::new(seed);
            plant.crashes = 20;
            plant.create(&DEPLOYMENTS, deployment("default"));
            plant.settle();
            plant.delete(&DEPLOYMENTS, "web", policy);
            let mut order = Vec::new();
            while plant.step() {
                order.push((names(&plant, &DEPLOYMENTS).len(), names(&plant, &REPLICA_SETS).len(), names(&plant, &PODS).len()));
            }
            assert_eq!(names(&plant, &DEPLOYMENTS).len(), 0, "{policy}");
            assert_eq!((names(&plant, &REPLICA_SETS).len(), names(&plant, &PODS).len()), (sets, pods), "{policy} seed {seed}");
            if policy == "Foreground" {
                assert!(order.iter().all(|(d, r, p)| d >= r && (*r > 0 || *p == 0)), "owners go last: {order:?}");
            }
            if policy == "Orphan" {
                assert!(plant.list(&REPLICA_SETS)[0].meta.owners.is_empty());
                plant.create(&DEPLOYMENTS, deployment("default"));
                plant.settle();
                assert_eq!(names(&plant, &PODS).len(), 3, "adopted, not doubled");
            }
        }
    }
}

#[test]
fn a_namespace_gets_its_own_and_goes_with_everything() {
    for seed in 0..8 {
        let mut plant = Plant::new(seed);
        plant.crashes = 10;
        plant.create(&NAMESPACES, namespace("shop"));
        plant.settle();
        assert!(plant.snap().find(&SERVICE_ACCOUNTS, "shop", "default").is_some());
        let ca = plant.snap().find(&CONFIG_MAPS, "shop", "kube-root-ca.crt").expect("published");
        assert!(ca.value["data"]["ca.crt"].s().starts_with("-----BEGIN CERTIFICATE-----\nMIIDC"));
        plant.create(&DEPLOYMENTS, deployment("shop"));
        plant.settle();
        let shop = plant.snap().find(&NAMESPACES, "", "shop").expect("still there").clone();
        plant.apply(&api::Op::delete(&shop)).expect("deletable");
        plant.pass(Duration::from_secs(10));
        plant.settle();
        assert!(plant.snap().all().all(|o| o.meta.namespace != "shop" && o.meta.name != "shop"), "seed {seed}");
    }
}

#[test]
fn a_held_namespace_says_what_holds_it() {
    let mut plant = Plant::new(1);
    plant.create(&NAMESPACES, namespace("shop"));
    let mut held = config_map("held", Value::Null);
    held.set(&["metadata", "namespace"], "shop");
    held.set(&["metadata", "finalizers"], list!["example.com/hold"]);
    plant.create(&CONFIG_MAPS, held);
    plant.settle();
    let shop = plant.snap().find(&NAMESPACES, "", "shop").expect("there").clone();
    plant.apply(&api::Op::delete(&shop)).expect("deletable");
    plant.pass(Duration::from_secs(10));
    plant.settle();
    let shop = plant.snap().find(&NAMESPACES, "", "shop").expect("held").clone();
    let message = |kind| Condition::find(shop.status(), kind)["message"].s();
    assert_eq!(shop.status()["conditions"].items().len(), 5);
    assert_eq!(message("NamespaceContentRemaining"), "Some resources are remaining: configmaps. has 1 resource instances");
    assert_eq!(
        message("NamespaceFinalizersRemaining"),
        "Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances"
    );
}

fn taints(plant: &Plant, node: &str) -> Vec<String> {
    let node = plant.snap().find(&NODES, "", node).expect("there");
    node.node().taints().iter().map(|t| format!("{}:{}", t["key"].s(), t["effect"].s())).collect()
}

/// Keeps the other nodes alive while time passes.
fn pass(plant: &mut Plant, seconds: i64, alive: &[&str]) {
    for _ in 0..seconds / 10 {
        plant.pass(Duration::from_secs(10));
        for node in alive {
            let now = plant.now;
            plant.edit(&NODES, node, |node| {
                let mut ready = node["status"]["conditions"][0].clone();
                ready.set(&["lastHeartbeatTime"], now);
                if ready["status"].s() != "True" {
                    ready.set(&["lastTransitionTime"], now);
                }
                ready.set(&["status"], "True");
                node.set(&["status", "conditions"], list![ready]);
            });
        }
        plant.settle();
    }
}

fn on_node(plant: &Plant, node: &str) -> usize {
    plant.list(&PODS).iter().filter(|p| p.pod().node() == node && !p.is_terminating()).count()
}

#[test]
fn a_silent_node_loses_its_pods() {
    let mut plant = Plant::new(7);
    let mut web = deployment("default");
    let tolerate = |key: &str| obj! { "key" => key, "operator" => "Exists", "effect" => "NoExecute", "tolerationSeconds" => 300 };
    let tolerations = list![tolerate("node.kubernetes.io/not-ready"), tolerate("node.kubernetes.io/unreachable")];
    web.set(&["spec", "replicas"], 9);
    web.set(&["spec", "template", "spec", "tolerations"], tolerations);
    plant.create(&DEPLOYMENTS, web);
    plant.settle();
    assert!(on_node(&plant, "node-1") > 0);
    assert_eq!(plant.notes.iter().filter(|n| n.reason == "RegisteredNode").count(), 3);
    let mut ranges: Vec<String> = plant.list(&NODES).iter().map(|n| n.node().pod_cidr().to_string()).collect();
    ranges.sort();
    assert_eq!(ranges, ["10.244.0.0/24", "10.244.1.0/24", "10.244.2.0/24"]);
    pass(&mut plant, 40, &["node-2", "node-3"]);
    assert_eq!(taints(&plant, "node-1").len(), 0, "not silent for long enough");
    pass(&mut plant, 20, &["node-2", "node-3"]);
    let mut have = taints(&plant, "node-1");
    have.sort();
    assert_eq!(have, ["node.kubernetes.io/unreachable:NoExecute", "node.kubernetes.io/unreachable:NoSchedule"]);
    assert!(plant.list(&PODS).iter().all(|p| p.pod().node() != "node-1" || !p.pod().is_ready()), "its pods are not ready");
    assert_eq!(plant.notes.iter().filter(|n| n.message == "Node node-1 status is now: NodeNotReady").count(), 1);
    pass(&mut plant, 280, &["node-2", "node-3"]);
    assert!(on_node(&plant, "node-1") > 0, "tolerated for 300 seconds");
    pass(&mut plant, 30, &["node-2", "node-3"]);
    assert!(
        plant
            .notes
            .iter()
            .any(|n| n.reason == "TaintManagerEviction" && n.message.starts_with("Marking for deletion Pod default/web-"))
    );
    pass(&mut plant, 10, &["node-1", "node-2", "node-3"]);
    assert_eq!(taints(&plant, "node-1").len(), 0, "it speaks again");
}

#[test]
fn pods_of_a_node_that_is_gone_are_collected() {
    let mut plant = Plant::new(9);
    plant.broken = Some("lost");
    plant.create(
        &PODS,
        obj! {
            "apiVersion" => "v1", "kind" => "Pod",
            "metadata" => obj! { "name" => "lost", "namespace" => "default", "labels" => obj! { "app" => "lost" } },
            "spec" => obj! { "nodeName" => "ghost" },
        },
    );
    let everyone = ["node-1", "node-2", "node-3"];
    pass(&mut plant, 30, &everyone);
    assert_eq!(names(&plant, &PODS), ["lost"]);
    pass(&mut plant, 20, &everyone);
    assert_eq!(names(&plant, &PODS).len(), 0);
    let end = plant.store.since(0).map(|c| c.filter(|c| c.key.resource == PODS).last().cloned()).ok().flatten().expect("ended");
    assert_eq!(Condition::find(end.object.status(), "DisruptionTarget")["message"].s(), "PodGC: node no longer exists");
    let node = plant.snap().find(&NODES, "", "node-3").expect("there").clone();
    plant.apply(&api::Op::delete(&node)).expect("deletable");
    plant.settle();
    assert_eq!(plant.notes.iter().filter(|n| n.reason == "RemovingNode").count(), 1);
}

#[test]
fn a_load_balancer_has_an_address_until_its_type_changes() {
    let mut plant = Plant::new(3);
    for name in ["a", "b"] {
        plant.create(
            &SERVICES,
            obj! {
                "apiVersion" => "v1", "kind" => "Service", "metadata" => obj! { "name" => name, "namespace" => "default" },
                "spec" => obj! { "type" => "LoadBalancer", "clusterIP" => "10.96.0.9", "ports" => list![obj! { "port" => 80 }] },
                "status" => obj! { "loadBalancer" => obj! {} },
            },
        );
        plant.settle();
    }
    let ip = |plant: &Plant, name: &str| plant.get(&SERVICES, name).service().ingress_ips().next().map(String::from);
    assert_eq!((ip(&plant, "a").as_deref(), ip(&plant, "b").as_deref()), (Some("203.0.113.10"), Some("203.0.113.11")));
    assert_eq!(plant.get(&SERVICES, "a").value["status"]["loadBalancer"]["ingress"][0]["ipMode"].s(), "VIP");
    plant.edit(&SERVICES, "a", |s| s.set(&["spec", "type"], "ClusterIP"));
    plant.settle();
    assert!(ip(&plant, "a").is_none() && plant.get(&SERVICES, "a").meta.finalizers.is_empty());
    plant.delete(&SERVICES, "b", "");
    plant.settle();
    assert!(plant.snap().get(&Key::new(&SERVICES, "default", "b")).is_none());
    let told: Vec<&str> = plant.notes.iter().filter(|n| n.source == "service-controller").map(|n| n.reason.as_str()).collect();
    let (made, gone) = (["EnsuringLoadBalancer", "EnsuredLoadBalancer"], ["DeletingLoadBalancer", "DeletedLoadBalancer"]);
    assert_eq!(told, [made, made, gone, gone].concat());
}
