//! Random sessions: whatever people do, nothing panics and the cluster comes to rest; and going back a thousand revisions
//! and forward again makes the same history.

use base::{Duration, Rng};
use model::resource;
use sim::{Fault, Given, Setup, Timeline, World};

const SESSIONS: u64 = 200;

/// One thing that somebody does.
fn act(timeline: &mut Timeline, dice: &mut Rng) {
    let web = ["web", "api", "db"][dice.below(3) as usize];
    let node = ["node-1", "node-2", "node-3"][dice.below(3) as usize];
    let count = dice.below(6);
    let line = match dice.below(16) {
        0 | 1 => format!("kubectl create deployment {web} --image=nginx --replicas={count}"),
        2 => format!("kubectl scale deployment {web} --replicas={count}"),
        3 => format!("kubectl set image deployment/{web} nginx=nginx:1.{}", 20 + count),
        4 => format!("kubectl rollout undo deployment/{web}"),
        5 => format!(
            "kubectl expose deployment {web} --port 80 --type {}",
            ["ClusterIP", "NodePort", "LoadBalancer"][count as usize % 3]
        ),
        6 => format!("kubectl delete deployment,service {web}"),
        7 => format!("kubectl delete pod -l app={web} --wait=false"),
        8 => format!("kubectl run one-{count} --image=busybox -- sh -c 'sleep {count}; exit {}'", count % 2),
        9 => format!("kubectl {} {node}", if count < 3 { "cordon" } else { "uncordon" }),
        10 => format!("kubectl drain {node} --force --ignore-daemonsets --timeout=5s"),
        11 => format!("kubectl taint node {node} a=b:NoExecute{}", if count < 3 { "" } else { "-" }),
        12 => format!("kubectl label pods --all x={count} --overwrite; kubectl rollout restart deployment/{web}"),
        13 => return timeline.fault(Fault::NodeDown(node.into())),
        14 => return timeline.fault(Fault::NodeUp(node.into())),
        _ => return timeline.advance(Duration::from_secs(count as i64 * 20)),
    };
    timeline.run(&line, Given::default());
}

/// The commits from now on that are no heartbeats.
fn busy(world: &World, from: u64) -> Vec<String> {
    let restless = |name: &str| matches!(name, "leases.coordination.k8s.io" | "events" | "nodes");
    let commits = world.control().store().since(from).expect("the log is long enough");
    commits
        .filter(|c| !restless(&c.key.resource))
        .map(|c| format!("{} {} by {}", c.key.path(), c.kind.as_str(), c.cause.by))
        .collect()
}

fn session(booted: &Timeline, seed: u64) {
    let mut dice = Rng::new(seed);
    let mut timeline = booted.clone();
    for _ in 0..dice.between(4, 12) {
        act(&mut timeline, &mut dice);
        timeline.advance(Duration::from_millis(dice.between(0, 3_000)));
    }
    for node in ["node-1", "node-2", "node-3"] {
        timeline.fault(Fault::NodeUp(node.into()));
    }
    // Containers that end again and again never rest.
    timeline.run("kubectl delete pods --field-selector=status.phase!=Pending -l run --wait=false", Given::default());
    let mut world = timeline.world().clone();
    world.advance(Duration::from_secs(700));
    let from = world.snapshot().rev();
    world.advance(Duration::from_secs(30));
    let busy = busy(&world, from);
    let pods: Vec<String> = world.snapshot().list(&resource::PODS, "default").map(|p| p.meta.name.to_string()).collect();
    assert!(busy.is_empty(), "session {seed} does not come to rest: {busy:?} with {pods:?}");
}

fn sessions(seeds: impl Iterator<Item = u64>) {
    let booted = Timeline::new(&Setup::default());
    seeds.for_each(|seed| session(&booted, seed));
}

#[test]
fn even_sessions_come_to_rest() {
    sessions((0..SESSIONS).step_by(2));
}

#[test]
fn odd_sessions_come_to_rest() {
    sessions((1..SESSIONS).step_by(2));
}

#[test]
fn a_thousand_revisions_back_and_forward() {
    let mut timeline = Timeline::new(&Setup::default());
    let begin = timeline.world().now();
    let first = timeline.world().snapshot().rev();
    timeline.run("kubectl create deployment web --image=nginx --replicas=40", Given::default());
    timeline.advance(Duration::from_secs(20));
    let mut round = 0;
    while timeline.world().snapshot().rev() < first + 1000 {
        round += 1;
        assert!(round < 100, "a thousand revisions come");
        timeline.run(&format!("kubectl scale deployment web --replicas={}", 10 + round % 2 * 40), Given::default());
        timeline.advance(Duration::from_secs(10));
    }
    let (end, rev, hash) = (timeline.world().now(), timeline.world().snapshot().rev(), timeline.world().hash());
    timeline.seek(begin);
    assert!(timeline.world().snapshot().rev() <= first + 20, "it is back at the beginning");
    timeline.seek(end);
    assert_eq!((timeline.world().snapshot().rev(), timeline.world().hash()), (rev, hash));
}
