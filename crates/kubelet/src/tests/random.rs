//! Whatever a runtime answers, nothing panics, and a deleted pod leaves nothing behind.

use super::*;

const SPECS: [&str; 4] = [
    r#"{"containers":[{"name":"app","image":"busybox","command":["trap","0"],"readinessProbe":{"exec":{"command":["ok"]}},
    "livenessProbe":{"exec":{"command":["ok"]},"periodSeconds":1,"failureThreshold":1}}]}"#,
    r#"{"initContainers":[{"name":"init","image":"busybox","command":["exit","0","10"]},
    {"name":"side","image":"busybox","restartPolicy":"Always","command":["trap","0"]}],
    "containers":[{"name":"app","image":"busybox","command":["trap","0"],"lifecycle":{"preStop":{"exec":{"command":["ok"]}},
    "postStart":{"exec":{"command":["ok"]}}}}]}"#,
    r#"{"restartPolicy":"OnFailure","containers":[{"name":"a","image":"missing"},{"name":"b","image":"busybox","command":["exit","1","50"]}]}"#,
    r#"{"terminationGracePeriodSeconds":2,"containers":[{"name":"app","image":"busybox","command":["sleep"],"imagePullPolicy":"Always"}]}"#,
];

fn spoil(rng: &mut Rng, reply: Reply) -> Reply {
    let why = text("broken");
    match reply {
        Reply::Volumes(_) => Reply::Volumes(Err((text("v"), why))),
        Reply::Sandbox(_) => Reply::Sandbox(Err(why)),
        Reply::SandboxStopped => Reply::SandboxStopped,
        Reply::Image(_) => Reply::Image(None),
        Reply::Pulled(_) => Reply::Pulled(Err(why)),
        Reply::Created(_) => Reply::Created(Err(why)),
        Reply::Started(_) => Reply::Started(Err(why)),
        Reply::Acted(_) => Reply::Acted(match rng.below(5) {
            0 => Acted::TimedOut,
            1 => Acted::Refused,
            2 => Acted::Failed(why),
            3 => Acted::Unhealthy(why),
            _ => Acted::Exited { code: 1, output: why },
        }),
    }
}

/// Turns some waiting answers into failures, and ends some containers by themselves.
fn disturb(world: &mut World, rng: &mut Rng) {
    for input in world.queue.values_mut() {
        if let Input::Runtime { reply, .. } = input
            && rng.chance(20)
        {
            // A container that the runtime has started does run, whatever it says: those answers stay as they are.
            if !matches!(reply, Reply::Started(Ok(()))) {
                *reply = spoil(rng, reply.clone());
            }
        }
    }
    let ids: Vec<Text> = world.running.keys().cloned().collect();
    for id in ids {
        if rng.chance(2) {
            world.end(&id, 1, Duration::ZERO);
        }
    }
}

fn session(seed: u64) -> u64 {
    let mut rng = Rng::new(seed);
    let mut world = World::new();
    let mut keys = Vec::new();
    for n in 0..3 {
        let spec = SPECS[rng.below(4) as usize];
        keys.push(world.named_pod(&format!("p{n}"), spec));
        for _ in 0..rng.below(60) {
            world.run_for(Duration::from_millis(rng.between(1, 700)));
            disturb(&mut world, &mut rng);
        }
    }
    for key in &keys {
        if world.objects.contains_key(key) {
            world.delete(key, rng.between(1, 30));
        }
        world.run_for(Duration::from_millis(rng.between(1, 3000)));
        disturb(&mut world, &mut rng);
    }
    world.run(120);
    let left = keys.iter().filter(|k| world.objects.contains_key(k)).count();
    assert_eq!(left, 0, "seed {seed}");
    assert!(world.kubelet.pods.is_empty() && world.kubelet.core.containers.is_empty(), "seed {seed}");
    assert!(world.running.is_empty(), "seed {seed}: {:?}", world.running);
    for key in &keys {
        let uid = format!("uid-{}", key.name);
        assert!(world.kubelet.core.timers.none_of(&uid) && !world.kubelet.core.waits_for(&uid), "seed {seed}");
    }
    assert_eq!(world.kubelet.core.used, crate::core::Used::default(), "seed {seed}");
    world.notes.iter().map(|n| base::fnv64a(n.as_bytes())).fold(0, u64::wrapping_add)
}

#[test]
fn nothing_stays() {
    for seed in 0..200 {
        session(seed);
    }
    assert_eq!(session(7), session(7), "the same seed gives the same story");
}
