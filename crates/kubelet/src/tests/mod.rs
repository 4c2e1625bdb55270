//! A tiny runtime and API for tests of the whole machine, on virtual time. Containers behave as their command says:
//! `["sleep"]` runs until KILL, `["trap", "CODE"]` ends so on the stop signal, `["exit", "CODE", "MILLIS"]` ends by itself,
//! `["nosuch"]` cannot start. The image `missing` cannot be pulled, all others are on the node.

mod config;
mod deletion;
mod lifecycle;
mod nodes;
mod probes;
mod random;

use crate::runtime::{Acted, Action, ContainerConfig, Created, Exit, Image, Reply, Sandbox};
use crate::{Command, Config, Input, Kubelet};
use api::{Request, Status, Verb};
use base::{Duration, Rng, Text, Time};
use model::{Key, Object, resource};
use std::collections::BTreeMap;
use std::sync::Arc;
use value::{Value, obj};

struct World {
    kubelet: Kubelet,
    now: Time,
    serial: u64,
    queue: BTreeMap<(Time, u64), Input>,
    objects: BTreeMap<Key, Value>,
    revision: u64,
    /// `Normal Pulled spec.containers{app}: message`.
    notes: Vec<String>,
    /// Pod writes that changed something, as `SECONDS phase STATUS`.
    seen: Vec<String>,
    configs: BTreeMap<Text, Arc<ContainerConfig>>,
    /// Containers that run, with the moment they started.
    running: BTreeMap<Text, Time>,
    sandboxes: Vec<Text>,
    volumes: BTreeMap<Text, Vec<crate::runtime::Volume>>,
    /// What probes and hooks answer, by `exec NAME` or `http PATH`; well by default.
    answers: BTreeMap<String, Acted>,
    made: u32,
    pod_writes: u32,
    /// The API is out of reach.
    cut_off: bool,
}

fn text(value: &str) -> Text {
    value.into()
}

impl World {
    fn new() -> World {
        World::of(Config::default())
    }
    fn of(config: Config) -> World {
        let now = Time::from_secs(1_000_000);
        World {
            kubelet: Kubelet::new(config, Rng::new(1), now),
            now,
            serial: 0,
            queue: BTreeMap::new(),
            objects: BTreeMap::new(),
            revision: 0,
            notes: Vec::new(),
            seen: Vec::new(),
            configs: BTreeMap::new(),
            running: BTreeMap::new(),
            sandboxes: Vec::new(),
            volumes: BTreeMap::new(),
            answers: BTreeMap::new(),
            made: 0,
            pod_writes: 0,
            cut_off: false,
        }
    }
    /// Seconds since the world began.
    fn clock(&self) -> i64 {
        self.now.as_secs() - 1_000_000
    }
    fn later(&mut self, span: Duration, input: Input) {
        self.serial += 1;
        self.queue.insert((self.now + span, self.serial), input);
    }
    /// Lets a span of time pass.
    fn run(&mut self, seconds: i64) {
        self.run_for(Duration::from_secs(seconds));
    }
    fn run_for(&mut self, span: Duration) {
        let end = self.now + span;
        for _ in 0..1_000_000 {
            while let Some(command) = self.kubelet.poll() {
                self.obey(command);
            }
            let next = self.queue.first_key_value().map(|((at, _), _)| *at);
            let at = match (next, self.kubelet.next_deadline()) {
                (Some(a), Some(b)) => a.min(b),
                (a, b) => a.or(b).unwrap_or(end),
            };
            if at > end {
                self.now = end;
                return;
            }
            self.now = self.now.max(at);
            if next == Some(at)
                && let Some((_, input)) = self.queue.pop_first()
            {
                self.kubelet.handle(input, self.now);
            } else {
                self.kubelet.handle(Input::Tick, self.now);
            }
        }
        panic!("the kubelet never comes to rest");
    }
    fn obey(&mut self, command: Command) {
        let soon = Duration::from_millis(100);
        let answer = |id, reply| Input::Runtime { id, reply };
        match command {
            Command::Api { id, request } => {
                let reply = if self.cut_off { Status::new(503, "x", "x").into() } else { self.api(&request) };
                self.later(Duration::from_millis(1), Input::Api { id, reply });
            }
            Command::Note(note) => {
                let kind = if note.warning { "Warning" } else { "Normal" };
                let (path, reason, message) = (note.about["fieldPath"].s(), &note.reason, &note.message);
                self.notes.push(format!("{kind} {reason} {path}: {message}"));
            }
            Command::SetVolumes { id, pod, volumes } => {
                self.volumes.insert(pod.uid, volumes);
                self.later(Duration::ZERO, answer(id, Reply::Volumes(Ok(()))));
            }
            Command::RemoveVolumes { pod } => drop(self.volumes.remove(&pod.uid)),
            Command::RunSandbox { id, .. } => {
                self.made += 1;
                let sandbox = Sandbox { id: format!("box{}", self.made).into(), ips: vec![text("10.244.0.9")] };
                self.sandboxes.push(sandbox.id.clone());
                self.later(soon, answer(id, Reply::Sandbox(Ok(sandbox))));
            }
            Command::StopSandbox { id, .. } => self.later(Duration::ZERO, answer(id, Reply::SandboxStopped)),
            Command::RemoveSandbox { sandbox } => self.sandboxes.retain(|s| *s != sandbox),
            Command::ImageStatus { id, image } => {
                let image = if image == "missing" { None } else { Some(present(&image)) };
                self.later(Duration::ZERO, answer(id, Reply::Image(image)));
            }
            Command::PullImage { id, image, .. } => {
                let result = if image == "missing" { Err(text("not found")) } else { Ok(present(&image)) };
                self.later(Duration::SECOND, answer(id, Reply::Pulled(result)));
            }
            Command::CreateContainer { id, config } => {
                self.made += 1;
                let name: Text = format!("c{}", self.made).into();
                self.configs.insert(name.clone(), config);
                let created = Created { id: name, groups: vec![0], ..Created::default() };
                self.later(soon, answer(id, Reply::Created(Ok(created))));
            }
            Command::StartContainer { id, container } => self.start(id, container),
            Command::StopContainer { container, grace } => self.stop(&container, grace),
            Command::UpdateContainer { .. } => {}
            Command::RemoveContainer { container } => drop(self.configs.remove(&container)),
            Command::Act { id, action, timeout, .. } => {
                let key = match &action {
                    Action::Exec { command } => format!("exec {}", command[0]),
                    Action::HttpGet { path, .. } => format!("http {path}"),
                    Action::TcpConnect { port, .. } | Action::Grpc { port, .. } => format!("port {port}"),
                };
                let acted = self.answers.get(&key).cloned().unwrap_or(match action {
                    Action::Exec { .. } => Acted::Exited { code: 0, output: Text::new() },
                    _ => Acted::Connected,
                });
                let span = if acted == Acted::TimedOut { timeout } else { Duration::from_millis(10) };
                self.later(span, answer(id, Reply::Acted(acted)));
            }
        }
    }
    fn start(&mut self, id: u64, container: Text) {
        let words = self.configs[&container].command.clone();
        let soon = Duration::from_millis(100);
        if words.first().is_some_and(|w| w == "nosuch") {
            let error = text("exec: \"nosuch\": executable file not found in $PATH");
            self.later(soon, Input::Runtime { id, reply: Reply::Started(Err(error)) });
            return;
        }
        self.running.insert(container.clone(), self.now + soon);
        self.later(soon, Input::Runtime { id, reply: Reply::Started(Ok(())) });
        if words.first().is_some_and(|w| w == "exit") {
            let millis = words[2].parse().unwrap();
            self.end(&container, words[1].parse().unwrap(), soon + Duration::from_millis(millis));
        }
    }
    fn stop(&mut self, container: &Text, grace: Duration) {
        let words = self.configs[container].command.clone();
        match words[0].as_str() {
            "trap" => self.end(container, words[1].parse().unwrap(), Duration::from_millis(200)),
            "sleep" => self.end(container, 137, grace),
            _ => {}
        }
    }
    fn end(&mut self, container: &Text, code: i32, after: Duration) {
        let Some(started_at) = self.running.remove(container) else { return };
        let finished_at = self.now + after;
        let exit = Exit { container: container.clone(), code, started_at, finished_at, ..Exit::default() };
        self.later(after, Input::Exited(exit));
    }
}

fn present(name: &str) -> Image {
    Image { name: format!("docker.io/library/{name}").into(), id: text("sha"), size: 42, ..Image::default() }
}

// === the API ===

impl World {
    fn put(&mut self, resource: &Text, mut object: Value) -> Key {
        self.revision += 1;
        object.set(&["metadata", "resourceVersion"], self.revision.to_string());
        let object = Object::new(resource, object);
        self.objects.insert(object.key(), object.value.clone());
        if *resource == resource::PODS {
            let status = &object.value["status"];
            let state = &status["containerStatuses"][0]["state"];
            let word = state.entries().first().map_or("-", |(word, _)| word.as_str());
            let reason = state[word]["reason"].s();
            let line = format!("{} {} {word} {reason}", self.clock(), status["phase"].s());
            self.seen.push(line.trim_end().to_string());
            self.later(Duration::from_millis(1), Input::Pod(Arc::new(object.clone())));
        }
        object.key()
    }
    /// Creates a pod named `app` in namespace `ns`, bound to the node, from the JSON of its spec.
    fn pod(&mut self, spec: &str) -> Key {
        self.named_pod("app", spec)
    }
    fn named_pod(&mut self, name: &str, spec: &str) -> Key {
        let mut spec = Value::from_json(spec).unwrap();
        spec.set(&["nodeName"], "node-1");
        let metadata = obj! { "name" => name, "namespace" => "ns", "uid" => format!("uid-{name}"), "generation" => 1 };
        let pod = obj! {
            "apiVersion" => "v1", "kind" => "Pod", "metadata" => metadata,
            "spec" => spec, "status" => obj! { "phase" => "Pending" },
        };
        self.put(&resource::PODS, pod)
    }
    fn change(&mut self, key: &Key, path: &[&str], to: impl value::IntoValue) {
        let mut object = self.objects[key].clone();
        object.set(path, to);
        self.put(&key.resource.clone(), object);
    }
    fn delete(&mut self, key: &Key, grace: i64) {
        let mut object = self.objects[key].clone();
        object.set(&["metadata", "deletionTimestamp"], self.now + Duration::from_secs(grace));
        object.set(&["metadata", "deletionGracePeriodSeconds"], grace);
        self.put(&key.resource.clone(), object);
    }
    fn api(&mut self, request: &Request) -> api::Reply {
        let key = request.key();
        let found = self.objects.get(&key).cloned();
        match (request.verb, found) {
            (Verb::Create, _) => {
                let resource = request.group_resource();
                let mut object = request.body.clone();
                object.set(&["metadata", "uid"], "made");
                let key = self.put(&resource, object);
                api::Reply::ok(self.objects[&key].clone())
            }
            (_, None) => Status::not_found(&key.resource, &key.name).into(),
            (Verb::Patch(_), Some(mut object)) => {
                merge(&mut object, &request.body);
                if key.resource == resource::PODS {
                    self.pod_writes += 1;
                }
                if object != self.objects[&key] {
                    self.put(&key.resource.clone(), object);
                }
                api::Reply::ok(self.objects[&key].clone())
            }
            (Verb::Delete, Some(object)) => {
                self.objects.remove(&key);
                self.later(Duration::from_millis(1), Input::PodGone(object["metadata"]["uid"].text()));
                api::Reply::ok(object)
            }
            (_, Some(object)) => api::Reply::ok(object),
        }
    }
    fn status(&self, key: &Key) -> Value {
        self.objects[key]["status"].clone()
    }
    fn container(&self, key: &Key) -> Value {
        self.status(key)["containerStatuses"][0].clone()
    }
    /// The conditions as `Ready=False ContainersNotReady message`.
    fn conditions(&self, key: &Key) -> Vec<String> {
        let line = |c: &Value| {
            let (kind, status) = (c["type"].s(), c["status"].s());
            format!("{kind}={status} {} {}", c["reason"].s(), c["message"].s()).trim_end().to_string()
        };
        self.status(key)["conditions"].items().iter().map(line).collect()
    }
    /// Events about pods so far, without the kubelet's own start.
    fn pod_notes(&self) -> Vec<&str> {
        self.notes.iter().filter(|n| !n.contains("Node") && !n.contains("Starting")).map(String::as_str).collect()
    }
}

/// A JSON merge patch.
fn merge(into: &mut Value, patch: &Value) {
    for (field, value) in patch.entries() {
        if value.is_null() {
            into.remove(&[field.as_str()]);
        } else if value.as_map().is_some() && into[field.as_str()].as_map().is_some() {
            merge(into.at_mut(&[field.as_str()]), value);
        } else {
            into.set(&[field.as_str()], value);
        }
    }
}
