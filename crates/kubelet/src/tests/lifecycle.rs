//! Starts, exits, restarts, init containers and image errors.

use super::*;

fn check_notes(world: &World, want: &[&str]) {
    assert_eq!(world.pod_notes(), want);
}

const SLEEP: &str = r#"{"containers":[{"name":"app","image":"busybox","command":["sleep"]}]}"#;

#[test]
fn a_good_start_takes_two_writes() {
    let mut world = World::new();
    let key = world.pod(SLEEP);
    world.run(1);
    assert_eq!(world.seen, ["0 Pending -", "0 Pending waiting ContainerCreating", "0 Running running"]);
    assert_eq!(world.pod_writes, 2);
    check_notes(
        &world,
        &[
            "Normal Pulled spec.containers{app}: Container image \"busybox\" already present on machine and can be accessed by the pod",
            "Normal Created spec.containers{app}: Container created",
            "Normal Started spec.containers{app}: Container started",
        ],
    );
    let all = ["PodReadyToStartContainers=True", "Initialized=True", "Ready=True", "ContainersReady=True", "PodScheduled=True"];
    assert_eq!(world.conditions(&key), all);
    let status = world.status(&key);
    assert_eq!((status["podIP"].s(), status["hostIP"].s(), status["qosClass"].s()), ("10.244.0.9", "172.18.0.2", "BestEffort"));
    let container = world.container(&key);
    assert_eq!(container["image"].s(), "docker.io/library/busybox");
    assert!(container["ready"].is_true() && container["started"].is_true());
    assert_eq!(container["user"].to_json(), r#"{"linux":{"gid":0,"supplementalGroups":[0],"uid":0}}"#);
    world.run(600);
    assert_eq!(world.pod_writes, 2, "a pod at rest is not written");
}

#[test]
fn crash_loop_timing() {
    let mut world = World::new();
    let key = world.pod(r#"{"containers":[{"name":"app","image":"busybox","command":["exit","7","100"]}]}"#);
    world.run(400);
    let starts: Vec<i64> = world
        .seen
        .iter()
        .filter(|line| line.contains(" Running running"))
        .map(|line| line.split(' ').next().unwrap().parse().unwrap())
        .collect();
    // At once after the first exit, then after 10, 20, 40, 80, 160 seconds.
    let gaps: Vec<i64> = starts.windows(2).map(|w| w[1] - w[0]).collect();
    for (gap, want) in gaps.iter().zip([0, 10, 20, 40, 80, 160]) {
        assert!((want..=want + 2).contains(gap), "{gaps:?}");
    }
    assert!(gaps.len() >= 6, "{gaps:?}");
    let container = world.container(&key);
    assert_eq!(container["state"]["waiting"]["reason"].s(), "CrashLoopBackOff");
    let message = container["state"]["waiting"]["message"].s();
    assert_eq!(message, "back-off 5m0s restarting failed container=app pod=app_ns(uid-app)");
    assert_eq!(container["lastState"]["terminated"]["exitCode"].as_i64(), Some(7));
    assert_eq!(container["restartCount"].as_i64(), Some(6));
    assert!(world.notes.iter().any(|n| n.ends_with("Back-off restarting failed container app in pod app_ns(uid-app)")));
    assert!(world.configs.len() <= 2, "only one dead container is kept");
}

#[test]
fn the_end_follows_the_restart_policy() {
    for (policy, code, phase, reason) in [
        ("Never", "0", "Succeeded", "Completed"),
        ("Never", "3", "Failed", "Error"),
        ("OnFailure", "0", "Succeeded", "Completed"),
    ] {
        let mut world = World::new();
        let spec = format!(
            r#"{{"restartPolicy":"{policy}","containers":[{{"name":"app","image":"busybox","command":["exit","{code}","1000"]}}]}}"#
        );
        let key = world.pod(&spec);
        world.run(5);
        assert_eq!(world.status(&key)["phase"].s(), phase);
        assert_eq!(world.container(&key)["state"]["terminated"]["reason"].s(), reason);
        assert_eq!(world.pod_writes, 3, "ContainerCreating, Running, the end");
        let word = if phase == "Succeeded" { "PodCompleted" } else { "PodFailed" };
        assert_eq!(world.conditions(&key)[2], format!("Ready=False {word}"));
        assert_eq!(world.conditions(&key)[0], "PodReadyToStartContainers=False");
        assert!(world.kubelet.logs("ns", "app", "app", false).is_ok(), "its log can still be read");
    }
}

#[test]
fn a_program_that_is_missing() {
    let mut world = World::new();
    let key = world.pod(r#"{"containers":[{"name":"app","image":"busybox","command":["nosuch"]}]}"#);
    world.run(12);
    let last = world.container(&key)["lastState"]["terminated"].clone();
    assert_eq!(
        (last["reason"].s(), last["exitCode"].as_i64(), last["startedAt"].s()),
        ("StartError", Some(128), "1970-01-01T00:00:00Z")
    );
    let words: Vec<&str> = world.seen.iter().map(|line| line.split_once(' ').unwrap().1).collect();
    assert_eq!(
        words[..4],
        [
            "Pending -",
            "Pending waiting ContainerCreating",
            "Running waiting RunContainerError",
            "Running waiting RunContainerError",
        ]
    );
    assert_eq!(words[4], "Running waiting CrashLoopBackOff");
    assert!(world.notes.iter().any(|n| n.contains("Warning Failed spec.containers{app}: Error: exec: \"nosuch\"")));
}

#[test]
fn init_containers_run_in_order() {
    let mut world = World::new();
    let init = |name: &str| format!(r#"{{"name":"{name}","image":"busybox","command":["exit","0","1000"]}}"#);
    let spec = format!(
        r#"{{"initContainers":[{},{}],"containers":[{{"name":"app","image":"busybox","command":["sleep"]}}]}}"#,
        init("one"),
        init("two")
    );
    let key = world.pod(&spec);
    world.run_for(Duration::from_millis(800));
    assert_eq!(
        world.conditions(&key)[1],
        "Initialized=False ContainersNotInitialized containers with incomplete status: [one two]"
    );
    assert_eq!(world.container(&key)["state"].to_json(), r#"{"waiting":{"reason":"PodInitializing"}}"#);
    assert!(world.status(&key)["initContainerStatuses"][0]["started"].is_true());
    let waiting = world.kubelet.logs("ns", "app", "app", false).unwrap_err();
    assert_eq!(waiting.message, "container \"app\" in pod \"app\" is waiting to start: PodInitializing");
    world.run_for(Duration::from_millis(1000));
    assert_eq!(world.conditions(&key)[1], "Initialized=False ContainersNotInitialized containers with incomplete status: [two]");
    world.run(2);
    assert_eq!(world.conditions(&key)[1], "Initialized=True");
    let two = &world.status(&key)["initContainerStatuses"][1];
    assert!(two["ready"].is_true() && two["started"].as_bool() == Some(false));
    let started: Vec<&str> =
        world.notes.iter().filter(|n| n.contains("Started ")).map(|n| n.split(' ').nth(2).unwrap()).collect();
    assert_eq!(started, ["spec.initContainers{one}:", "spec.initContainers{two}:", "spec.containers{app}:"]);
}

#[test]
fn a_failing_init_container() {
    let mut world = World::new();
    let key = world.pod(
        r#"{"restartPolicy":"Never","initContainers":[{"name":"one","image":"busybox","command":["exit","3","10"]},
        {"name":"two","image":"busybox","command":["sleep"]}],"containers":[{"name":"app","image":"busybox","command":["sleep"]}]}"#,
    );
    world.run(3);
    assert_eq!(world.status(&key)["phase"].s(), "Failed");
    assert_eq!(
        world.conditions(&key)[1],
        "Initialized=False ContainersNotInitialized containers with incomplete status: [one two]"
    );
    assert_eq!(world.conditions(&key)[2], "Ready=False PodFailed");
    assert_eq!(world.container(&key)["state"].to_json(), r#"{"waiting":{"reason":"PodInitializing"}}"#);
}

#[test]
fn a_sidecar_stays_and_ends_last() {
    let mut world = World::new();
    let key = world.pod(
        r#"{"restartPolicy":"Never","initContainers":[{"name":"side","image":"busybox","restartPolicy":"Always","command":["trap","0"]}],
        "containers":[{"name":"app","image":"busybox","command":["exit","0","5000"]}]}"#,
    );
    world.run(3);
    assert_eq!(world.conditions(&key)[2], "Ready=True");
    assert!(world.status(&key)["initContainerStatuses"][0]["ready"].is_true());
    world.run(5);
    assert_eq!(world.status(&key)["phase"].s(), "Succeeded");
    assert!(world.notes.iter().any(|n| n == "Normal Killing spec.initContainers{side}: Stopping container side"));
    assert!(world.running.is_empty());
}

#[test]
fn image_errors_alternate() {
    let mut world = World::new();
    let key = world.pod(r#"{"containers":[{"name":"app","image":"missing"}]}"#);
    while world.seen.len() < 6 {
        world.run(1);
    }
    let words: Vec<&str> = world.seen.iter().map(|line| line.split_once(' ').unwrap().1).collect();
    assert_eq!(
        words[1..6],
        [
            "Pending waiting ContainerCreating",
            "Pending waiting ErrImagePull",
            "Pending waiting ImagePullBackOff",
            "Pending waiting ErrImagePull",
            "Pending waiting ImagePullBackOff",
        ]
    );
    let message = world.container(&key)["state"]["waiting"]["message"].clone();
    assert_eq!(message.s(), "Back-off pulling image \"missing\": ErrImagePull: not found");
    assert_eq!(
        world.pod_notes()[..4],
        [
            "Normal Pulling spec.containers{app}: Pulling image \"missing\"",
            "Warning Failed spec.containers{app}: Failed to pull image \"missing\": not found",
            "Warning Failed spec.containers{app}: Error: ErrImagePull",
            "Normal BackOff spec.containers{app}: Back-off pulling image \"missing\"",
        ]
    );
    assert_eq!(world.conditions(&key)[0], "PodReadyToStartContainers=True");
    assert_eq!(
        world.kubelet.logs("ns", "app", "app", false).unwrap_err().message,
        "container \"app\" in pod \"app\" is waiting to start: trying and failing to pull image"
    );
}

#[test]
fn images_that_are_never_pulled_or_always() {
    for (image, policy, note) in [
        (
            "missing",
            "Never",
            "Warning ErrImageNeverPull spec.containers{app}: Container image \"missing\" is not present with pull policy of Never",
        ),
        (
            "busybox",
            "Always",
            "Normal Pulled spec.containers{app}: Successfully pulled image \"busybox\" in 1s (1s including waiting). Image size: 42 bytes.",
        ),
        (
            "Nginx",
            "IfNotPresent",
            "Warning InspectFailed spec.containers{app}: Failed to apply default image tag \"Nginx\": couldn't parse image name \"Nginx\": invalid reference format: repository name (library/Nginx) must be lowercase",
        ),
    ] {
        let mut world = World::new();
        world.pod(&format!(
            r#"{{"containers":[{{"name":"app","image":"{image}","imagePullPolicy":"{policy}","command":["sleep"]}}]}}"#
        ));
        world.run(5);
        assert!(world.notes.iter().any(|n| n == note), "{:?}", world.pod_notes());
    }
}

#[test]
fn an_active_deadline_ends_the_pod() {
    let mut world = World::new();
    let key = world.pod(
        r#"{"activeDeadlineSeconds":4,"terminationGracePeriodSeconds":1,"containers":[{"name":"app","image":"busybox","command":["sleep"]}]}"#,
    );
    world.run(8);
    let status = world.status(&key);
    assert_eq!((status["phase"].s(), status["reason"].s()), ("Failed", "DeadlineExceeded"));
    assert_eq!(status["message"].s(), "Pod was active on the node longer than the specified deadline");
    assert_eq!(world.container(&key)["state"]["terminated"]["exitCode"].as_i64(), Some(137));
    let notes = world.pod_notes();
    assert_eq!(
        notes[notes.len() - 2..],
        [
            "Normal DeadlineExceeded : Pod was active on the node longer than the specified deadline",
            "Normal Killing spec.containers{app}: Stopping container app",
        ]
    );
}

#[test]
fn a_new_image_restarts_the_container() {
    let mut world = World::new();
    let key = world.pod(r#"{"containers":[{"name":"app","image":"busybox","command":["trap","0"]}]}"#);
    world.run(2);
    let mut spec = world.objects[&key]["spec"].clone();
    spec["containers"].as_list().unwrap();
    spec.at_mut(&["containers"]).as_list_mut()[0].set(&["image"], "alpine");
    world.change(&key, &["spec"], spec);
    world.run(3);
    assert_eq!(world.container(&key)["image"].s(), "docker.io/library/alpine");
    assert_eq!(world.container(&key)["restartCount"].as_i64(), Some(1));
    assert!(world.notes.iter().any(|n| n.ends_with("Container app definition changed, will be restarted")));
}
