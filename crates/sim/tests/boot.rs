//! A new cluster comes up, runs what it is given, and does the same thing twice.

use base::Duration;
use model::resource;
use sim::{Given, Setup, Timeline, World};

const WEB: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 3\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec: {containers: [{name: web, image: nginx, ports: [{containerPort: 80}]}]}\n";

fn ready(world: &World, label: &str) -> usize {
    let snap = world.snapshot();
    snap.list(&resource::PODS, "default").filter(|p| p.meta.label("app") == label && p.pod().is_ready()).count()
}

#[test]
fn nodes_and_dns_come_up() {
    let timeline = Timeline::new(&Setup::default());
    let world = timeline.world();
    assert!(world.is_settled(), "after {}", world.now());
    assert_eq!(world.snapshot().list(&resource::NODES, "").count(), 4);
}

#[test]
fn a_deployment_becomes_ready_and_the_same_again() {
    let run = || {
        let mut timeline = Timeline::new(&Setup::default());
        let applied = timeline.apply(WEB);
        assert!(applied.iter().all(|a| a.ok), "{applied:?}");
        assert!(timeline.run_while(Duration::from_secs(60), |w| ready(w, "web") == 3));
        timeline
    };
    let (mut one, two) = (run(), run());
    assert_eq!(one.world().hash(), two.world().hash());
    let hash = one.world().hash();
    let now = one.world().now();
    one.seek(now - Duration::from_secs(2));
    one.seek(now);
    assert_eq!(one.world().hash(), hash);
    let ran = one.run("kubectl get pods -l app=web", Given::default());
    assert_eq!(ran.out.lines().count(), 4, "{ran:?}");
}
