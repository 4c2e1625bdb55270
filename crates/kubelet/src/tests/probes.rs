//! Readiness, liveness and startup probes, readiness gates.

use super::*;

fn exec_pod(world: &mut World, probes: &str) -> Key {
    world.pod(&format!(
        r#"{{"terminationGracePeriodSeconds":1,"containers":[{{"name":"app","image":"busybox","command":["trap","137"],{probes}}}]}}"#
    ))
}

fn fail(world: &mut World, name: &str) {
    world.answers.insert(format!("exec {name}"), Acted::Exited { code: 1, output: text("no such file") });
}

#[test]
fn readiness_comes_and_goes() {
    let mut world = World::new();
    fail(&mut world, "ok");
    let key = exec_pod(&mut world, r#""readinessProbe":{"exec":{"command":["ok"]},"periodSeconds":1,"failureThreshold":2}"#);
    world.run(3);
    let unready = "Ready=False ContainersNotReady containers with unready status: [app]";
    assert_eq!(world.conditions(&key)[2], unready);
    assert!(world.container(&key)["started"].is_true());
    assert!(world.notes.iter().any(|n| n == "Warning Unhealthy spec.containers{app}: Readiness probe failed: no such file"));
    world.answers.clear();
    world.run(1);
    assert_eq!(world.conditions(&key)[2], "Ready=True");
    fail(&mut world, "ok");
    world.run(1);
    assert_eq!(world.conditions(&key)[2], "Ready=True", "one failure of two");
    world.run(1);
    assert_eq!(world.conditions(&key)[2], unready);
    assert_eq!(world.container(&key)["restartCount"].as_i64(), Some(0));
}

#[test]
fn a_ready_pod_is_ready_soon() {
    let mut world = World::new();
    let key = exec_pod(&mut world, r#""readinessProbe":{"exec":{"command":["ok"]}}"#);
    world.run(1);
    assert_eq!(world.conditions(&key)[2], "Ready=True");
    let mut late = World::new();
    let key = exec_pod(&mut late, r#""readinessProbe":{"exec":{"command":["ok"]},"initialDelaySeconds":5,"periodSeconds":1}"#);
    late.run(5);
    assert_ne!(late.conditions(&key)[2], "Ready=True");
    late.run(2);
    assert_eq!(late.conditions(&key)[2], "Ready=True");
}

#[test]
fn liveness_restarts_at_once() {
    let mut world = World::new();
    fail(&mut world, "ok");
    let key = exec_pod(&mut world, r#""livenessProbe":{"exec":{"command":["ok"]},"periodSeconds":1,"failureThreshold":3}"#);
    world.run(5);
    let container = world.container(&key);
    assert_eq!(container["restartCount"].as_i64(), Some(1));
    assert_eq!(container["lastState"]["terminated"]["exitCode"].as_i64(), Some(137));
    assert_eq!(world.notes.iter().filter(|n| n.contains("Liveness probe failed")).count(), 4);
    assert!(
        world
            .notes
            .iter()
            .any(|n| { n == "Normal Killing spec.containers{app}: Container app failed liveness probe, will be restarted" })
    );
}

#[test]
fn startup_comes_first() {
    let mut world = World::new();
    fail(&mut world, "up");
    let key = exec_pod(
        &mut world,
        r#""startupProbe":{"exec":{"command":["up"]},"periodSeconds":1,"failureThreshold":30},
        "livenessProbe":{"exec":{"command":["live"]},"periodSeconds":1}"#,
    );
    fail(&mut world, "live");
    world.run(5);
    assert_eq!(world.container(&key)["started"].as_bool(), Some(false));
    assert_eq!(world.notes.iter().filter(|n| n.contains("Liveness")).count(), 0);
    world.answers.remove("exec up");
    world.run(2);
    assert!(world.container(&key)["started"].is_true());
    world.run(3);
    assert!(world.notes.iter().any(|n| n.contains("Liveness probe failed")));
}

#[test]
fn what_failures_are_called() {
    let http = r#""livenessProbe":{"httpGet":{"path":"/x","port":8080}}"#;
    let tcp = r#""livenessProbe":{"tcpSocket":{"port":9999}}"#;
    let exec = r#""livenessProbe":{"exec":{"command":["sleep","10"]}}"#;
    let grpc = r#""livenessProbe":{"grpc":{"port":5001}}"#;
    let status = |status| Acted::Http { status, body: Text::new(), other_host: false };
    for (probe, key, answer, want) in [
        (http, "http /x", status(404), "Liveness probe failed: HTTP probe failed with statuscode: 404"),
        (
            http,
            "http /x",
            Acted::Refused,
            "Liveness probe failed: Get \"http://10.244.0.9:8080/x\": dial tcp 10.244.0.9:8080: connect: connection refused",
        ),
        (
            http,
            "http /x",
            Acted::TimedOut,
            "Liveness probe failed: Get \"http://10.244.0.9:8080/x\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
        ),
        (
            http,
            "http /x",
            Acted::Http { status: 302, body: text("b"), other_host: true },
            "Liveness probe warning: Probe terminated redirects, Response body: b",
        ),
        (tcp, "port 9999", Acted::Refused, "Liveness probe failed: dial tcp 10.244.0.9:9999: connect: connection refused"),
        (exec, "exec sleep", Acted::TimedOut, "Liveness probe failed: command timed out: \"sleep 10\" timed out after 1s"),
        (exec, "exec sleep", Acted::Failed(text("rpc error")), "Liveness probe errored and resulted in unknown state: rpc error"),
        (
            grpc,
            "port 5001",
            Acted::Refused,
            "Liveness probe failed: timeout: failed to connect service \"10.244.0.9:5001\" within 1s: context deadline exceeded",
        ),
    ] {
        let mut world = World::new();
        world.answers.insert(key.into(), answer);
        exec_pod(&mut world, probe);
        world.run(15);
        assert!(world.notes.iter().any(|n| n.ends_with(want)), "{want} in {:?}", world.pod_notes());
    }
}

#[test]
fn readiness_gates() {
    let mut world = World::new();
    let key = world
        .pod(r#"{"readinessGates":[{"conditionType":"G"}],"containers":[{"name":"app","image":"busybox","command":["sleep"]}]}"#);
    world.run(2);
    let want = "Ready=False ReadinessGatesNotReady corresponding condition of pod readiness gate \"G\" does not exist.";
    assert_eq!(world.conditions(&key)[2], want);
    let mut conditions = world.status(&key)["conditions"].clone();
    conditions.as_list_mut().push(obj! { "type" => "G", "status" => "True" });
    world.change(&key, &["status", "conditions"], conditions);
    world.run(1);
    assert_eq!(world.conditions(&key)[0], "G=True");
    assert_eq!(world.conditions(&key)[3], "Ready=True");
}

#[test]
fn a_probe_that_cannot_be_asked_is_not_asked_all_the_time() {
    for (probe, answer) in [
        (r#""readinessProbe":{"httpGet":{"port":"nope"},"periodSeconds":1}"#, Acted::Connected),
        (r#""readinessProbe":{"exec":{"command":["ok"]},"periodSeconds":1}"#, Acted::Failed(text("rpc error"))),
    ] {
        let mut world = World::new();
        world.answers.insert("exec ok".into(), answer);
        exec_pod(&mut world, probe);
        world.run(10);
        let asked = world.notes.iter().filter(|n| n.contains("resulted in unknown state")).count();
        assert!((9..=11).contains(&asked), "{asked}");
    }
}
