//! Graceful, forced and repeated deletion; hooks; nothing stays.

use super::*;

fn check_nothing_stays(world: &World) {
    assert!(world.running.is_empty(), "containers run on");
    assert!(world.sandboxes.is_empty() && world.volumes.is_empty());
    assert!(world.kubelet.pods.is_empty());
    assert!(world.kubelet.core.containers.is_empty());
    assert!(world.kubelet.core.timers.none_of("uid-app"));
    assert_eq!(world.kubelet.core.used, crate::core::Used::default());
}

#[test]
fn a_graceful_deletion() {
    for (command, code, seconds) in [(r#"["trap","5"]"#, 5, 1), (r#"["sleep"]"#, 137, 4)] {
        let mut world = World::new();
        let key = world.pod(&format!(
            r#"{{"terminationGracePeriodSeconds":3,"containers":[{{"name":"app","image":"busybox","command":{command}}}]}}"#
        ));
        world.run(2);
        world.delete(&key, 3);
        let deleted_at = world.clock();
        world.run(5);
        assert!(!world.objects.contains_key(&key));
        let last = world.seen.last().unwrap();
        let at: i64 = last.split(' ').next().unwrap().parse().unwrap();
        assert!(last.ends_with("Failed terminated Error"), "{last}");
        assert!(at - deleted_at <= seconds, "{last}");
        assert_eq!(world.pod_notes().last(), Some(&"Normal Killing spec.containers{app}: Stopping container app"));
        check_nothing_stays(&world);
        let _ = code;
    }
}

#[test]
fn a_pod_that_never_ran_or_is_finished_goes_at_once() {
    for spec in [
        r#"{"containers":[{"name":"app","image":"missing"}]}"#,
        r#"{"restartPolicy":"Never","containers":[{"name":"app","image":"busybox","command":["exit","0","10"]}]}"#,
    ] {
        let mut world = World::new();
        let key = world.pod(spec);
        world.run(3);
        world.delete(&key, 30);
        world.run(1);
        assert!(!world.objects.contains_key(&key));
        check_nothing_stays(&world);
    }
}

#[test]
fn a_forced_deletion_still_stops_the_containers() {
    let mut world = World::new();
    let key = world.pod(r#"{"containers":[{"name":"app","image":"busybox","command":["trap","0"]}]}"#);
    world.run(2);
    world.objects.remove(&key);
    world.later(Duration::ZERO, Input::PodGone(text("uid-app")));
    world.run(2);
    check_nothing_stays(&world);
}

#[test]
fn deletion_in_the_middle_of_a_start() {
    for millis in [0, 50, 101, 150, 205, 250, 305] {
        let mut world = World::new();
        let key = world.pod(r#"{"containers":[{"name":"app","image":"busybox","command":["trap","0"]}]}"#);
        world.run_for(Duration::from_millis(millis));
        world.delete(&key, 30);
        world.run(3);
        assert!(!world.objects.contains_key(&key), "{millis} ms");
        check_nothing_stays(&world);
    }
}

#[test]
fn a_pre_stop_hook_that_fails_or_takes_too_long() {
    for answer in [Acted::Exited { code: 1, output: Text::new() }, Acted::TimedOut] {
        let mut world = World::new();
        world.answers.insert("exec bye".into(), answer);
        let key = world.pod(
            r#"{"terminationGracePeriodSeconds":3,"containers":[{"name":"app","image":"busybox","command":["trap","0"],
            "lifecycle":{"preStop":{"exec":{"command":["bye"]}}}}]}"#,
        );
        world.run(2);
        world.delete(&key, 3);
        world.run(6);
        let notes = world.pod_notes();
        assert_eq!(
            notes[notes.len() - 2..],
            [
                "Normal Killing spec.containers{app}: Stopping container app",
                "Warning FailedPreStopHook spec.containers{app}: PreStopHook failed",
            ]
        );
        check_nothing_stays(&world);
    }
}

#[test]
fn a_sleeping_pre_stop_hook_delays_the_signal() {
    let mut world = World::new();
    let key = world.pod(
        r#"{"containers":[{"name":"app","image":"busybox","command":["trap","0"],"lifecycle":{"preStop":{"sleep":{"seconds":5}}}}]}"#,
    );
    world.run(2);
    world.delete(&key, 30);
    world.run(4);
    assert!(!world.running.is_empty());
    world.run(3);
    check_nothing_stays(&world);
}

#[test]
fn a_shorter_grace_counts() {
    let mut world = World::new();
    let key = world.pod(r#"{"containers":[{"name":"app","image":"busybox","command":["sleep"]}]}"#);
    world.run(2);
    world.delete(&key, 30);
    world.run(1);
    world.delete(&key, 2);
    world.run(40);
    check_nothing_stays(&world);
}

#[test]
fn a_failed_post_start_hook_kills() {
    let mut world = World::new();
    world.answers.insert("exec hello".into(), Acted::Exited { code: 1, output: Text::new() });
    let key = world.pod(
        r#"{"terminationGracePeriodSeconds":1,"containers":[{"name":"app","image":"busybox","command":["sleep"],
        "lifecycle":{"postStart":{"exec":{"command":["hello"]}}}}]}"#,
    );
    world.run(5);
    let notes = world.pod_notes();
    assert_eq!(
        notes[3..5],
        [
            "Warning FailedPostStartHook spec.containers{app}: PostStartHook failed",
            "Normal Killing spec.containers{app}: FailedPostStartHook",
        ]
    );
    assert!(world.container(&key)["restartCount"].as_i64() >= Some(1));
}

#[test]
fn a_write_that_fails_is_tried_again() {
    let mut world = World::new();
    world.run(1);
    world.cut_off = true;
    let key = world.pod(r#"{"containers":[{"name":"app","image":"busybox","command":["trap","0"]}]}"#);
    world.run(5);
    assert_eq!(world.status(&key)["phase"].s(), "Pending");
    world.cut_off = false;
    world.run(15);
    assert_eq!(world.status(&key)["phase"].s(), "Running");
    world.cut_off = true;
    world.delete(&key, 30);
    world.run(5);
    world.cut_off = false;
    world.run(15);
    check_nothing_stays(&world);
}
