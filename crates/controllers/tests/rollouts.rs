//! Properties of Deployments and ReplicaSets under seeded interleavings: a fixpoint is reached, the same one after
//! crashes between any two ops, and a rolling update never has too many pods or too few available ones.

mod plant;

use base::Duration;
use model::Condition;
use model::resource::{DEPLOYMENTS, ENDPOINT_SLICES, ENDPOINTS, PODS, REPLICA_SETS, SERVICES};
use plant::Plant;
use value::{Value, list, obj};

fn deployment(replicas: i64, strategy: Value) -> Value {
    obj! {
        "apiVersion" => "apps/v1", "kind" => "Deployment", "metadata" => obj! { "name" => "web", "namespace" => "default" },
        "spec" => obj! {
            "replicas" => replicas, "progressDeadlineSeconds" => 600, "revisionHistoryLimit" => 10, "strategy" => strategy,
            "selector" => obj! { "matchLabels" => obj! { "app" => "web" } },
            "template" => obj! {
                "metadata" => obj! { "labels" => obj! { "app" => "web" } },
                "spec" => obj! { "containers" => list![obj! { "name" => "web", "image" => "nginx:1" }] },
            },
        },
    }
}

fn rolling(surge: Value, unavailable: Value) -> Value {
    obj! { "type" => "RollingUpdate", "rollingUpdate" => obj! { "maxSurge" => surge, "maxUnavailable" => unavailable } }
}

fn percent() -> Value {
    rolling(Value::str("25%"), Value::str("25%"))
}

fn set_image(plant: &mut Plant, image: &str) {
    plant.edit(&DEPLOYMENTS, "web", |d| {
        d.set(&["spec", "template", "spec", "containers"], list![obj! { "name" => "web", "image" => image }])
    });
}

/// image, wanted, current, available of every ReplicaSet by image; then the Deployment's counts.
fn sizes(plant: &Plant) -> Vec<(String, i64, i64, i64)> {
    let number = |v: &Value| v.as_i64().unwrap_or(0);
    let mut rows: Vec<_> = plant
        .list(&REPLICA_SETS)
        .iter()
        .map(|set| {
            let image = set.spec()["template"]["spec"]["containers"][0]["image"].s().to_string();
            let status = set.status();
            (image, number(&set.spec()["replicas"]), number(&status["replicas"]), number(&status["availableReplicas"]))
        })
        .collect();
    rows.sort();
    rows
}

fn messages(plant: &Plant, reason: &str) -> Vec<String> {
    let hashless = |text: &str| {
        let words = text.split(' ').map(|w| if w.starts_with("web-") { "SET" } else { w });
        words.collect::<Vec<_>>().join(" ")
    };
    plant.notes.iter().filter(|n| n.reason == reason).map(|n| hashless(&n.message)).collect()
}

fn reasons(plant: &Plant) -> Vec<String> {
    plant.get(&DEPLOYMENTS, "web").status()["conditions"].items().iter().map(|c| c["reason"].s().to_string()).collect()
}

#[test]
fn first_rollout_ends_complete() {
    let mut plant = Plant::new(1);
    plant.create(&DEPLOYMENTS, deployment(3, percent()));
    plant.settle();
    assert_eq!(sizes(&plant), [("nginx:1".to_string(), 3, 3, 3)]);
    assert_eq!(messages(&plant, "ScalingReplicaSet"), ["Scaled up replica set SET from 0 to 3"]);
    assert_eq!(messages(&plant, "SuccessfulCreate").len(), 3);
    assert_eq!(reasons(&plant), ["MinimumReplicasAvailable", "NewReplicaSetAvailable"]);
    let web = plant.get(&DEPLOYMENTS, "web");
    assert_eq!(web.meta.annotation("deployment.kubernetes.io/revision"), "1");
    assert_eq!(web.status()["terminatingReplicas"].as_i64(), Some(0));
    let set = &plant.list(&REPLICA_SETS)[0];
    assert_eq!(set.meta.annotation("deployment.kubernetes.io/max-replicas"), "4");
    assert_eq!(set.meta.label("pod-template-hash"), set.meta.name.trim_start_matches("web-"));
    let rev = plant.store.rev();
    plant.restart();
    plant.settle();
    assert_eq!(plant.store.rev(), rev, "a restart at the fixpoint writes nothing");
}

#[test]
fn stuck_rollouts_stop_where_upstream_does() {
    for (replicas, surge, unavailable, old, new) in [
        (10, "25%", "25%", 8, 5),
        (4, "25%", "25%", 3, 2),
        (3, "25%", "25%", 3, 1),
        (5, "50%", "50%", 3, 5),
        (7, "30%", "0", 7, 3),
        (10, "0", "33%", 7, 3),
        (4, "1", "100%", 0, 4),
        (2, "0", "1", 1, 1),
        (10, "0%", "5%", 9, 1),
        (1, "25%", "25%", 1, 1),
    ] {
        for seed in 0..5 {
            let count = |s: &str| s.parse::<i64>().map_or_else(|_| Value::str(s), Value::Int);
            let mut plant = Plant::new(seed);
            plant.create(&DEPLOYMENTS, deployment(replicas, rolling(count(surge), count(unavailable))));
            plant.settle();
            plant.broken = Some("web");
            set_image(&mut plant, "nginx:2");
            plant.settle();
            let found: Vec<i64> = sizes(&plant).iter().map(|row| row.1).collect();
            assert_eq!(found, [old, new], "{replicas} {surge} {unavailable} seed {seed}");
        }
    }
}

#[test]
fn a_rolling_update_keeps_its_bounds_and_ends_the_same_after_crashes() {
    for seed in 0..60 {
        let mut plant = Plant::new(seed);
        let replicas = plant.dice.between(1, 8);
        let (surge, unavailable) = (plant.dice.between(0, 3), plant.dice.between(0, 3));
        let unavailable = if surge == 0 { unavailable.max(1) } else { unavailable };
        plant.create(&DEPLOYMENTS, deployment(replicas, rolling(Value::Int(surge), Value::Int(unavailable))));
        plant.settle();
        plant.crashes = if seed % 2 == 0 { 30 } else { 0 };
        set_image(&mut plant, "nginx:2");
        let rollover = plant.dice.below(40);
        for step in 0.. {
            if step == rollover {
                set_image(&mut plant, "nginx:3");
            }
            let more = plant.step();
            let pods = plant.list(&PODS);
            let wanted: i64 = sizes(&plant).iter().map(|row| row.1).sum();
            let ready = pods.iter().filter(|p| p.pod().is_active() && p.pod().is_ready()).count() as i64;
            assert!(wanted <= replicas + surge, "seed {seed}: {wanted} pods wanted of {replicas}+{surge}");
            assert!(ready >= replicas - unavailable, "seed {seed}: {ready} ready of {replicas}-{unavailable}");
            if !more && step > rollover {
                break;
            }
        }
        let last = sizes(&plant).pop().expect("a ReplicaSet");
        assert_eq!(last, ("nginx:3".to_string(), replicas, replicas, replicas), "seed {seed}");
        assert_eq!(plant.list(&PODS).len() as i64, replicas);
        assert_eq!(reasons(&plant), ["MinimumReplicasAvailable", "NewReplicaSetAvailable"], "seed {seed}");
    }
}

#[test]
fn recreate_has_no_old_pod_beside_a_new_one() {
    for seed in 0..10 {
        let mut plant = Plant::new(seed);
        plant.create(&DEPLOYMENTS, deployment(3, obj! { "type" => "Recreate" }));
        plant.settle();
        set_image(&mut plant, "nginx:2");
        while plant.step() {
            let images: std::collections::BTreeSet<String> =
                plant.list(&PODS).iter().map(|p| p.spec()["containers"][0]["image"].s().to_string()).collect();
            assert!(images.len() <= 1, "{images:?}");
        }
        assert_eq!(sizes(&plant), [("nginx:1".to_string(), 0, 0, 0), ("nginx:2".to_string(), 3, 3, 3)]);
    }
}

#[test]
fn scaling_in_a_stuck_rollout_is_proportional() {
    let mut plant = Plant::new(5);
    plant.create(&DEPLOYMENTS, deployment(10, rolling(Value::Int(3), Value::Int(2))));
    plant.settle();
    plant.broken = Some("web");
    set_image(&mut plant, "nginx:2");
    plant.settle();
    let wanted = |plant: &Plant| sizes(plant).iter().map(|row| row.1).collect::<Vec<_>>();
    assert_eq!(wanted(&plant), [8, 5]);
    // The old template's pods do run: only those of the new one are stuck.
    plant.broken = None;
    let scale = |plant: &mut Plant, to: i64| {
        plant.edit(&DEPLOYMENTS, "web", |d| d.set(&["spec", "replicas"], to));
        let web = plant.get(&DEPLOYMENTS, "web").key();
        (0..200).for_each(|_| _ = plant.controllers_only());
        assert_eq!(plant.snap().get(&web).map(|d| d.spec()["replicas"].as_i64()), Some(Some(to)));
    };
    scale(&mut plant, 15);
    assert_eq!(wanted(&plant), [11, 7]);
}

#[test]
fn undo_gives_the_old_set_the_next_number_and_history_is_cut() {
    let mut plant = Plant::new(2);
    let mut web = deployment(1, percent());
    web.set(&["spec", "revisionHistoryLimit"], 1);
    plant.create(&DEPLOYMENTS, web);
    plant.settle();
    for image in ["nginx:2", "nginx:1", "nginx:3"] {
        set_image(&mut plant, image);
        plant.settle();
    }
    let sets = plant.list(&REPLICA_SETS);
    let mut rows: Vec<_> = sets
        .iter()
        .map(|s| {
            (
                s.meta.annotation("deployment.kubernetes.io/revision"),
                s.meta.annotation("deployment.kubernetes.io/revision-history"),
            )
        })
        .collect();
    rows.sort();
    assert_eq!(rows, [("3", "1"), ("4", "")], "revision 2 is beyond the limit");
}

#[test]
fn pause_waits_and_resume_rolls_once() {
    let mut plant = Plant::new(3);
    plant.create(&DEPLOYMENTS, deployment(2, percent()));
    plant.settle();
    plant.edit(&DEPLOYMENTS, "web", |d| d.set(&["spec", "paused"], true));
    set_image(&mut plant, "nginx:2");
    set_image(&mut plant, "nginx:3");
    plant.edit(&DEPLOYMENTS, "web", |d| d.set(&["spec", "replicas"], 4));
    plant.settle();
    assert_eq!(sizes(&plant), [("nginx:1".to_string(), 4, 4, 4)]);
    assert!(reasons(&plant).contains(&"DeploymentPaused".to_string()));
    plant.edit(&DEPLOYMENTS, "web", |d| _ = d.remove(&["spec", "paused"]));
    plant.settle();
    assert_eq!(sizes(&plant), [("nginx:1".to_string(), 0, 0, 0), ("nginx:3".to_string(), 4, 4, 4)]);
}

#[test]
fn the_deadline_passes_without_progress() {
    let mut plant = Plant::new(4);
    plant.broken = Some("web");
    plant.create(&DEPLOYMENTS, deployment(2, percent()));
    plant.pass(Duration::from_secs(590));
    let progressing =
        |plant: &Plant| Condition::find(plant.get(&DEPLOYMENTS, "web").status(), "Progressing")["reason"].s().to_string();
    assert_eq!(progressing(&plant), "ReplicaSetUpdated");
    plant.pass(Duration::from_secs(20));
    assert_eq!(progressing(&plant), "ProgressDeadlineExceeded");
}

#[test]
fn min_ready_seconds_delays_availability() {
    let mut plant = Plant::new(4);
    let mut web = deployment(2, percent());
    web.set(&["spec", "minReadySeconds"], 12);
    plant.create(&DEPLOYMENTS, web);
    plant.pass(Duration::from_secs(5));
    let available = |plant: &Plant| plant.get(&DEPLOYMENTS, "web").status()["availableReplicas"].as_i64();
    assert_eq!(available(&plant), None);
    plant.pass(Duration::from_secs(10));
    assert_eq!(available(&plant), Some(2));
}

#[test]
fn over_quota_is_told_and_forgotten() {
    let mut plant = Plant::new(6);
    plant.quota.insert(PODS.clone(), 2);
    plant.create(&DEPLOYMENTS, deployment(4, percent()));
    plant.settle();
    let set = plant.list(&REPLICA_SETS)[0].clone();
    assert!(Condition::find(set.status(), "ReplicaFailure")["message"].s().contains("is forbidden: exceeded quota: small"));
    assert!(plant.notes.iter().any(|n| n.reason == "FailedCreate" && n.message.starts_with("Error creating: pods ")));
    assert!(reasons(&plant).contains(&"FailedCreate".to_string()));
    plant.quota.clear();
    plant.restart();
    plant.settle();
    assert_eq!(reasons(&plant), ["MinimumReplicasAvailable", "NewReplicaSetAvailable"]);
}

#[test]
fn a_service_follows_its_pods() {
    for seed in 0..20 {
        let mut plant = Plant::new(seed);
        plant.crashes = 10;
        plant.create(
            &SERVICES,
            obj! {
                "apiVersion" => "v1", "kind" => "Service", "metadata" => obj! { "name" => "web", "namespace" => "default" },
                "spec" => obj! {
                    "type" => "ClusterIP", "clusterIP" => "10.96.0.20", "selector" => obj! { "app" => "web" },
                    "ports" => list![obj! { "port" => 80, "protocol" => "TCP", "targetPort" => 8080 }],
                },
            },
        );
        plant.settle();
        let slices = plant.list(&ENDPOINT_SLICES);
        assert_eq!(slices.len(), 1);
        assert!(slices[0].value["ports"].is_null() && slices[0].value["endpoints"].is_null());
        plant.create(&DEPLOYMENTS, deployment(130, percent()));
        plant.settle();
        let in_slices = |plant: &Plant| {
            let slices = plant.list(&ENDPOINT_SLICES);
            let counts: Vec<usize> = slices.iter().map(|s| s.value["endpoints"].items().len()).collect();
            assert!(counts.iter().all(|n| *n <= 100), "{counts:?}");
            (slices.len(), counts.iter().sum::<usize>())
        };
        assert_eq!(in_slices(&plant), (2, 130));
        assert_eq!(plant.get(&ENDPOINTS, "web").value["subsets"][0]["addresses"].items().len(), 130);
        plant.edit(&DEPLOYMENTS, "web", |d| d.set(&["spec", "replicas"], 20));
        plant.settle();
        assert_eq!(in_slices(&plant).1, 20);
    }
}
