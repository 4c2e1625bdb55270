//! How long decisions take: creating, binding, updating and listing pods and services on a store that fills up.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::disallowed_types,
    reason = "a benchmark tells time and prints"
)]

use api::{Cause, Origin, Request, User, Verb};
use apiserver::{Config, Context, Plan, admit, birth};
use base::{Rng, Time};
use model::Key;
use std::time::Instant;
use store::Store;
use value::{Value, list, obj};

struct World {
    store: Store,
    rng: Rng,
    config: Config,
    /// Time spent in decisions alone.
    deciding: std::time::Duration,
}

impl World {
    fn ask(&mut self, request: &Request) {
        let now = Time::from_secs(1_000_000);
        let mut context = Context { now, rng: &mut self.rng, config: &self.config };
        let start = Instant::now();
        let plan = admit(self.store.now(), request, &mut context);
        self.deciding += start.elapsed();
        match plan {
            Plan::Write(plan) => {
                for write in plan.writes {
                    self.store.commit(write, Cause::new("bench", Origin::Start), now).expect("a commit");
                }
            }
            Plan::Reply(reply) => assert!(reply.is_success(), "{}", reply.body.to_json()),
            Plan::Watch(_) | Plan::Connect(_) => {}
        }
    }
    fn create(&mut self, resource: &str, body: Value) {
        let namespaced = if resource == "namespaces" { "" } else { "default" };
        let key = Key::new(&resource.into(), namespaced, "");
        self.ask(&Request { body, ..Request::of(&User::master("bench"), Verb::Create, &key) });
    }
    fn time(&mut self, what: &str, count: u32, mut each: impl FnMut(&mut World, u32)) {
        let start = Instant::now();
        self.deciding = std::time::Duration::ZERO;
        (0..count).for_each(|i| each(self, i));
        let per = |time: std::time::Duration| time.as_secs_f64() * 1e6 / f64::from(count);
        println!("{what}: {:.1} us, of which deciding {:.1} us", per(start.elapsed()), per(self.deciding));
    }
}

fn main() {
    let config = Config::default();
    let mut world = World { store: Store::default(), rng: Rng::new(1), config, deciding: std::time::Duration::ZERO };
    for write in birth(&world.config, Time::EPOCH, &mut world.rng) {
        world.store.commit(write, Cause::new("bench", Origin::Start), Time::EPOCH).expect("a commit");
    }
    world.create("serviceaccounts", obj! { "metadata" => obj! { "name" => "default" } });
    let pod = |name: String| {
        let container = obj! {
            "name" => "web", "image" => "nginx:1.27", "ports" => list![obj! { "containerPort" => 80, "name" => "http" }],
            "resources" => obj! { "requests" => obj! { "cpu" => "100m", "memory" => "64Mi" } },
            "env" => list![obj! { "name" => "A", "value" => "b" }],
            "readinessProbe" => obj! { "httpGet" => obj! { "path" => "/", "port" => "http" } },
        };
        let labels = obj! { "app" => "web", "pod-template-hash" => "5d8f8d7b9c" };
        obj! {
            "apiVersion" => "v1", "kind" => "Pod", "metadata" => obj! { "name" => name, "labels" => labels },
            "spec" => obj! { "containers" => list![container] },
        }
    };
    world.time("create a pod", 5000, |w, i| w.create("pods", pod(format!("web-{i}"))));
    world.time("bind a pod", 5000, |w, i| {
        let key = Key::new(&"pods".into(), "default", format!("web-{i}"));
        let op = api::Op::Bind { uid: "".into(), key, node: format!("node-{}", i % 100).into() };
        w.ask(&op.request(&User::master("bench")));
    });
    world.time("patch a pod's status", 5000, |w, i| {
        let key = Key::new(&"pods".into(), "default", format!("web-{i}"));
        let patch = obj! { "status" => obj! { "phase" => "Running", "podIP" => "10.244.0.1" } };
        let op = api::Op::Patch { key, subresource: "status".into(), kind: api::PatchType::Merge, patch };
        w.ask(&op.request(&User::master("bench")));
    });
    let service = |name: String| {
        let spec = obj! { "type" => "NodePort", "selector" => obj! { "app" => "web" }, "ports" => list![obj! { "port" => 80 }] };
        obj! { "apiVersion" => "v1", "kind" => "Service", "metadata" => obj! { "name" => name }, "spec" => spec }
    };
    world.time("create a NodePort service", 2000, |w, i| w.create("services", service(format!("s{i}"))));
    let all = Request::of(&User::master("bench"), Verb::List, &Key::new(&"pods".into(), "default", ""));
    world.time("list 5000 pods", 20, |w, _| w.ask(&all));
    let table = Request { accept: api::Accept::Table, ..all.clone() };
    world.time("list 5000 pods as a table", 20, |w, _| w.ask(&table));
}
