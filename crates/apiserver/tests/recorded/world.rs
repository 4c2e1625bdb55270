//! A store with one namespace in which a case is replayed.

use crate::{compare, http};
use api::{Cause, Origin, Reply, Request, User, Verb};
use apiserver::{Config, Context, Plan, WatchPlan, admit, birth, finish};
use base::{Duration, Rng, Time};
use model::Key;
use std::collections::BTreeMap;
use store::Store;
use value::{List, Value, list, obj};

const NAMESPACE: &str = "t0a1b2c3d";

struct World {
    store: Store,
    rng: Rng,
    now: Time,
    config: Config,
    saved: BTreeMap<String, String>,
    watches: BTreeMap<String, WatchPlan>,
}

enum Answered {
    Reply(Reply),
    Watch(Box<WatchPlan>),
}

/// Replays a case; answers how many of its HTTP steps were answered as recorded, how many there are, and what differs.
pub fn replay(case: &Value) -> (u32, u32, Vec<String>) {
    let mut world = World::new();
    let (mut passed, mut all, mut differences) = (0, 0, Vec::new());
    for step in case["steps"].items() {
        if let Some(seconds) = step["sleep"].as_f64() {
            world.now = world.now + Duration::from_millis((seconds * 1000.0) as i64);
        }
        world.now = world.now + Duration::from_millis(20);
        let difference = if !step["http"].is_null() {
            match http::request(&step["http"], &|text| world.expand(text)) {
                Some(request) => world.step(step, request),
                None => continue,
            }
        } else if !step["watch"].is_null() {
            world.watch(step);
            continue;
        } else if !step["collect"].is_null() {
            world.collect(step)
        } else {
            continue;
        };
        all += 1;
        match difference {
            None => passed += 1,
            Some(d) => differences.push(format!("{} {}\n   {d}", step["http"]["method"].s(), step["http"]["path"].s())),
        }
    }
    (passed, all, differences)
}

impl World {
    fn new() -> World {
        let now = Time::parse("2026-01-01T00:00:00Z").unwrap_or_default();
        let mut world = World {
            store: Store::default(),
            rng: Rng::new(7),
            now,
            config: Config::default(),
            saved: BTreeMap::new(),
            watches: BTreeMap::new(),
        };
        for write in birth(&world.config, now, &mut world.rng) {
            world.store.commit(write, Cause::new("start", Origin::Start), now).expect("a new cluster's object");
        }
        let namespace = obj! { "metadata" => obj! { "name" => NAMESPACE } };
        world.make("namespaces", "", namespace);
        world.make("serviceaccounts", NAMESPACE, obj! { "metadata" => obj! { "name" => "default" } });
        world.make(
            "configmaps",
            NAMESPACE,
            obj! { "metadata" => obj! { "name" => "kube-root-ca.crt" }, "data" => obj! { "ca.crt" => "x" } },
        );
        world
    }
    fn make(&mut self, resource: &str, namespace: &str, body: Value) {
        let key = Key::new(&resource.into(), namespace, "");
        let request = Request { body, ..Request::of(&User::master("test"), Verb::Create, &key) };
        match self.ask(&request) {
            Answered::Reply(reply) => assert!(reply.is_success(), "{resource}: {}", reply.body.to_json()),
            Answered::Watch(_) => {}
        }
    }
    fn ask(&mut self, request: &Request) -> Answered {
        let mut context = Context { now: self.now, rng: &mut self.rng, config: &self.config };
        match admit(self.store.now(), request, &mut context) {
            Plan::Reply(reply) => Answered::Reply(reply),
            Plan::Watch(watch) => Answered::Watch(watch),
            Plan::Connect(_) => Answered::Reply(Reply::ok(Value::Null)),
            Plan::Write(plan) => {
                let mut commits = Vec::new();
                for write in plan.writes {
                    match self.store.commit(write, Cause::new("test", Origin::Start), self.now) {
                        Ok(commit) => commits.push(commit),
                        Err(status) => return Answered::Reply(status.into()),
                    }
                }
                Answered::Reply(finish(&plan.answer, &commits))
            }
        }
    }
    fn expand(&self, text: &str) -> String {
        let mut text = text.replace("$NS", NAMESPACE);
        for (name, value) in &self.saved {
            text = text.replace(&format!("${{{name}}}"), value);
        }
        while let Some(start) = text.find("${x*") {
            let Some(end) = text[start..].find('}') else { break };
            let count = text[start + 4..start + end].parse().unwrap_or(0);
            text.replace_range(start..=start + end, &"x".repeat(count));
        }
        text
    }
    /// The first difference between the answer and the recorded one.
    fn step(&mut self, step: &Value, request: Request) -> Option<String> {
        let want = &step["want"];
        let reply = match self.ask(&request) {
            Answered::Reply(reply) => reply,
            Answered::Watch(watch) => {
                let events: List = watch.initial.iter().map(|e| e.to_value()).collect();
                Reply { code: 200, body: Value::List(events), warnings: watch.warnings.clone() }
            }
        };
        for (name, path) in step["save"].entries() {
            let value = compare::pick(&reply.body, path.s());
            self.saved.insert(name.to_string(), value.as_str().map_or_else(|| value.to_json(), String::from));
        }
        if want["code"].as_i64() != Some(i64::from(reply.code)) {
            return Some(format!("code {} wanted, got {}: {}", want["code"].to_json(), reply.code, short(&reply.body)));
        }
        let body = self.with_namespace(&want["body"]);
        let dropped: Vec<&str> = step["drop"].items().iter().map(Value::s).collect();
        let got = compare::without(&normal(&reply.body), &dropped);
        let got = if step["pick"].is_null() {
            got
        } else {
            let fields = step["pick"].items().iter().map(|p| (p.text(), compare::pick(&got, p.s())));
            Value::Map(fields.collect())
        };
        let is_text = matches!(body, Value::Str(_));
        if let Some(d) = compare::difference(&normal(&body), &got, "").filter(|_| !is_text) {
            return Some(d);
        }
        self.warnings(want, &reply)
    }
    fn warnings(&self, want: &Value, reply: &Reply) -> Option<String> {
        let headers = &want["headers"];
        let wanted: Vec<String> = match headers["warnings"].items() {
            [] if headers["warning"].is_null() => Vec::new(),
            [] => vec![self.expand(headers["warning"].s())],
            list => list.iter().map(|w| self.expand(w.s())).collect(),
        };
        // What this project says about its own gaps is not in any recording.
        let own = |w: &&base::Text| w.ends_with("by this cluster");
        let got: Vec<String> = reply
            .warnings
            .iter()
            .filter(|w| !own(w))
            .map(|w| format!("299 - \"{}\"", w.replace('\\', "\\\\").replace('"', "\\\"")))
            .collect();
        let same = wanted.len() == got.len() && wanted.iter().zip(&got).all(|(w, g)| compare::matches(w, g));
        (!same).then(|| format!("warnings {wanted:?} wanted\n   got {got:?}"))
    }
    fn with_namespace(&self, want: &Value) -> Value {
        Value::from_json(&self.expand(&want.to_json())).unwrap_or_default()
    }
    fn watch(&mut self, step: &Value) {
        let path = step["watch"].s();
        let joined = format!("{path}{}watch=1", if path.contains('?') { "&" } else { "?" });
        let http = obj! { "method" => "GET", "path" => joined };
        let Some(request) = http::request(&http, &|text| self.expand(text)) else { return };
        if let Answered::Watch(plan) = self.ask(&request) {
            self.watches.insert(step["as"].s().to_string(), *plan);
        }
    }
    fn collect(&mut self, step: &Value) -> Option<String> {
        let plan = self.watches.get(step["collect"].s())?;
        let mut events = plan.initial.clone();
        if let Ok(commits) = self.store.since(plan.from) {
            events.extend(commits.filter_map(|commit| plan.event(commit)));
        }
        let rows: List = events
            .iter()
            .map(|event| {
                let mut row = vec![Value::str(event.kind.as_str()), event.object["metadata"]["name"].clone()];
                row.extend(step["fields"].items().iter().map(|f| compare::pick(&event.object, f.s())));
                Value::List(row.into())
            })
            .collect();
        compare::difference(&self.with_namespace(&step["want"]["rows"]), &Value::List(rows), "rows")
    }
}

/// What is not compared: the descriptions of columns.
fn normal(body: &Value) -> Value {
    let mut body = body.clone();
    if !body["columnDefinitions"].is_null() {
        let columns = compare::without(&body["columnDefinitions"], &["description"]);
        body.set(&["columnDefinitions"], columns);
    }
    body
}

fn short(value: &Value) -> String {
    value.to_json().chars().take(700).collect()
}

#[test]
fn a_pod_is_born() {
    let mut world = World::new();
    let pod = obj! { "metadata" => obj! { "name" => "a" }, "spec" => obj! { "containers" => list![obj! { "name" => "a", "image" => "nginx" }] } };
    world.make("pods", NAMESPACE, pod);
    assert!(world.store.now().find(&"pods".into(), NAMESPACE, "a").is_some());
}
