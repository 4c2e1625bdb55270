//! A tiny host for controllers: applies their ops straight to a store and plays the kubelet and scheduler with dice.
//! Steps come in a seeded order; a crash may lose the ops that follow any op.
#![allow(dead_code, reason = "each test file uses a part")]

use api::{Cause, Change, Expect, Note, Op, Origin, Outcome, Status, Write};
use base::{Duration, Rng, Time};
use controllers::CONTROLLERS;
use model::resource::{EVENTS, NAMESPACES, NODES, PODS};
use model::{Key, Object, Resource};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use store::{Snapshot, Store};
use value::{Value, list, obj};

pub struct Plant {
    pub store: Store,
    pub now: Time,
    pub dice: Rng,
    pub notes: Vec<Note>,
    /// Lose the rest of the ops so many times in a hundred after each op.
    pub crashes: u32,
    /// A Job's pods fail so many times in a hundred.
    pub failures: u32,
    /// Pods with this label value under `app` never become ready.
    pub broken: Option<&'static str>,
    /// Resources whose creation is refused once so many exist.
    pub quota: BTreeMap<Resource, usize>,
    waiting: BTreeSet<(usize, Key)>,
    timers: BTreeMap<(usize, Key), Time>,
    seen: u64,
    made: u64,
}

impl Plant {
    pub fn new(seed: u64) -> Plant {
        let mut plant = Plant {
            store: Store::default(),
            now: Time::from_secs(1_700_000_000),
            dice: Rng::new(seed),
            notes: Vec::new(),
            crashes: 0,
            failures: 0,
            broken: None,
            quota: BTreeMap::new(),
            waiting: BTreeSet::new(),
            timers: BTreeMap::new(),
            seen: 0,
            made: 0,
        };
        for n in 1..=3 {
            let name = format!("node-{n}");
            let labels = obj! { "topology.kubernetes.io/zone" => format!("zone-{n}") };
            let ready = obj! { "type" => "Ready", "status" => "True", "lastHeartbeatTime" => plant.now, "lastTransitionTime" => plant.now };
            plant.create(
                &NODES,
                obj! {
                    "apiVersion" => "v1", "kind" => "Node", "metadata" => obj! { "name" => name, "labels" => labels },
                    "spec" => obj! {}, "status" => obj! { "conditions" => list![ready] },
                },
            );
        }
        plant
    }
    pub fn snap(&self) -> &Snapshot {
        self.store.now()
    }
    pub fn get(&self, resource: &Resource, name: &str) -> &Object {
        self.snap().find(resource, "default", name).unwrap_or_else(|| panic!("{resource} {name} is there"))
    }
    pub fn list(&self, resource: &Resource) -> Vec<Arc<Object>> {
        self.snap().all().filter(|o| o.resource == *resource).cloned().collect()
    }

    // === what a user does ===

    pub fn create(&mut self, resource: &Resource, object: Value) -> String {
        self.apply(&Op::Create { resource: resource.clone(), object }).expect("a user's object is accepted")["metadata"]["name"]
            .s()
            .into()
    }
    pub fn edit(&mut self, resource: &Resource, name: &str, edit: impl FnOnce(&mut Value)) {
        let key = Key::new(resource, if *resource == NODES { "" } else { "default" }, name);
        let mut object = self.snap().get(&key).expect("edited objects exist").value.clone();
        edit(&mut object);
        self.write(&key, object, true).expect("an edit of the newest revision is accepted");
    }
    pub fn delete(&mut self, resource: &Resource, name: &str, policy: &str) {
        let object = self.snap().find(resource, "default", name).expect("deleted objects exist").clone();
        let options = if policy.is_empty() {
            Value::Null
        } else {
            obj! { "propagationPolicy" => policy }
        };
        self.apply(&Op::Delete { key: object.key(), uid: object.meta.uid.clone(), options }).expect("deletable");
    }

    // === steps ===

    /// One random step of a controller or of the fake kubelet; false when nothing is left to do.
    pub fn step(&mut self) -> bool {
        self.feed();
        let idle: Vec<Key> = self.snap().list(&PODS, "").filter(|pod| self.wants_kubelet(pod)).map(|pod| pod.key()).collect();
        let places = self.waiting.len() + idle.len();
        if places == 0 {
            return false;
        }
        let at = self.dice.below(places as u64) as usize;
        match at.checked_sub(self.waiting.len()) {
            Some(at) => self.run_pod(&idle[at]),
            None => {
                let (place, key) = self.waiting.iter().nth(at).cloned().expect("within its length");
                self.waiting.remove(&(place, key.clone()));
                self.reconcile(place, &key);
            }
        }
        true
    }
    /// One random step of a controller; the kubelet rests.
    pub fn controllers_only(&mut self) -> bool {
        self.feed();
        let Some((place, key)) = self.waiting.pop_first() else { return false };
        self.reconcile(place, &key);
        true
    }
    /// Steps to the fixpoint without letting time pass.
    pub fn settle(&mut self) {
        let mut steps = 0;
        while self.step() {
            steps += 1;
            assert!(steps < 100_000, "no fixpoint: {:?}", self.waiting);
        }
    }
    /// Lets time pass, waking the keys that asked for it.
    pub fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        self.settle();
        while let Some((item, at)) =
            self.timers.iter().min_by_key(|(_, at)| **at).map(|(i, at)| (i.clone(), *at)).filter(|(_, at)| *at <= end)
        {
            self.now = self.now.max(at);
            self.timers.remove(&item);
            self.waiting.insert(item);
            self.settle();
        }
        self.now = end;
    }
    /// A restart of the controllers: every object is looked at again.
    pub fn restart(&mut self) {
        self.seen = 0;
        self.feed();
    }

    fn feed(&mut self) {
        let commits: Vec<_> = self.store.since(self.seen).map(|c| c.cloned().collect()).unwrap_or_default();
        for commit in commits {
            self.seen = commit.rev;
            for (place, controller) in CONTROLLERS.iter().enumerate() {
                let mut keys = Vec::new();
                controller.keys(self.store.now(), &commit, &mut keys);
                self.waiting.extend(keys.into_iter().map(|key| (place, key)));
            }
        }
    }
    fn reconcile(&mut self, place: usize, key: &Key) {
        let controller = CONTROLLERS[place];
        let before = self.store.snapshot();
        let outcome = controller.reconcile(&before, key, self.now);
        if let Some(at) = outcome.again_at {
            self.timers.insert((place, key.clone()), at);
        }
        outcome.notes.into_iter().for_each(|note| self.tell(note));
        for op in &outcome.ops {
            match self.apply(op) {
                Ok(made) => controller.applied(&before, key, op, &made).into_iter().for_each(|note| self.tell(note)),
                Err(status) => return self.refused(place, key, op, &status),
            }
            if self.dice.chance(self.crashes) {
                self.waiting.insert((place, key.clone()));
                return;
            }
        }
    }
    /// Keeps a note, and stores the first of its reason about an object as an event.
    fn tell(&mut self, note: Note) {
        let name = format!("{}.{}", note.about["name"].s(), note.reason.to_lowercase());
        let namespace = match note.about["namespace"].s() {
            "" => "default",
            namespace => namespace,
        };
        let event = obj! {
            "apiVersion" => "v1", "kind" => "Event", "metadata" => obj! { "name" => name, "namespace" => namespace },
            "involvedObject" => &note.about, "reason" => &note.reason, "lastTimestamp" => self.now,
        };
        let _ = self.make(&EVENTS, event);
        self.notes.push(note);
    }
    fn refused(&mut self, place: usize, key: &Key, op: &Op, status: &Status) {
        let outcome: Outcome = CONTROLLERS[place].refused(self.store.now(), key, op, status, self.now);
        self.notes.extend(outcome.notes);
        for op in &outcome.ops {
            let _ = self.apply(op);
        }
        if self.quota.is_empty() {
            self.waiting.insert((place, key.clone()));
        }
    }

    // === the API server, in short ===

    pub fn apply(&mut self, op: &Op) -> Result<Value, Status> {
        match op {
            Op::Create { resource, object } => self.make(resource, object.clone()),
            Op::Update { resource, object } => self.put(resource, object, false),
            Op::UpdateStatus { resource, object } => self.put(resource, object, true),
            Op::Finalize { object } => {
                let key = Key::cluster(&NAMESPACES, object["metadata"]["name"].text());
                let mut new = self.now_at(&key)?.value.clone();
                new.set(&["spec", "finalizers"], &object["spec"]["finalizers"]);
                if !new["spec"]["finalizers"].is_empty() {
                    return self.write(&key, new, true);
                }
                let expect = Expect::Revision(self.now_at(&key)?.meta.revision);
                self.commit(Write { key, expect, change: Change::Delete })
            }
            Op::Patch { key, patch, .. } => {
                let old = self.now_at(key)?;
                let version = patch["metadata"]["resourceVersion"].s();
                if !version.is_empty() && version != old.meta.revision.to_string() {
                    return Err(Status::modified(&key.resource, &key.name));
                }
                let mut object = old.value.clone();
                merge(&mut object, patch);
                self.write(key, object, true)
            }
            Op::Delete { key, uid, options } => self.end(key, uid, options),
            Op::Bind { .. } | Op::Evict { .. } => panic!("no controller here binds or evicts"),
        }
    }
    fn now_at(&self, key: &Key) -> Result<Arc<Object>, Status> {
        self.snap().get(key).cloned().ok_or_else(|| Status::not_found(&key.resource, &key.name))
    }
    fn make(&mut self, resource: &Resource, mut object: Value) -> Result<Value, Status> {
        let meta = object.at_mut(&["metadata"]);
        if meta["name"].is_empty() {
            let name = format!("{}{}", meta["generateName"].s(), self.dice.name_suffix(5));
            meta.set(&["name"], name);
        }
        self.made += 1;
        meta.set(&["uid"], format!("uid-{}", self.made));
        meta.set(&["creationTimestamp"], self.now);
        meta.set(&["generation"], 1);
        let namespaced = model::resource::known(resource).is_none_or(|row| row.3);
        if namespaced && meta["namespace"].is_empty() {
            meta.set(&["namespace"], "default");
        }
        if *resource == PODS {
            object.set(&["status", "phase"], "Pending");
        }
        let key = Key::new(resource, object["metadata"]["namespace"].text(), object["metadata"]["name"].text());
        if self.snap().find(&NAMESPACES, "", &key.namespace).is_some_and(|n| n.is_terminating()) {
            let mut status = Status::forbidden(resource, &key.name, "its namespace is being terminated");
            status.details.causes.push(("NamespaceTerminating".into(), Default::default(), Default::default()));
            return Err(status);
        }
        let have = self.snap().list(resource, &key.namespace).count();
        if self.quota.get(resource).is_some_and(|most| have >= *most) {
            return Err(Status::forbidden(resource, &key.name, "exceeded quota: small"));
        }
        self.commit(Write { key, expect: Expect::Absent, change: Change::Put(object) })
    }
    fn put(&mut self, resource: &Resource, object: &Value, status: bool) -> Result<Value, Status> {
        let meta = &object["metadata"];
        let key = Key::new(resource, meta["namespace"].text(), meta["name"].text());
        let old = self.now_at(&key)?;
        if meta["resourceVersion"].s() != old.meta.revision.to_string() {
            return Err(Status::modified(resource, &key.name));
        }
        let mut new = object.clone();
        if status {
            new.set(&["spec"], old.spec());
        } else if old.value.get("status").is_some() {
            new.set(&["status"], old.status());
        }
        self.write(&key, new, status)
    }
    fn write(&mut self, key: &Key, mut new: Value, _status: bool) -> Result<Value, Status> {
        let old = self.now_at(key)?;
        let expect = Expect::Revision(old.meta.revision);
        if old.is_terminating() && !old.meta.finalizers.is_empty() && new["metadata"]["finalizers"].is_empty() {
            return self.commit(Write { key: key.clone(), expect, change: Change::Delete });
        }
        if new["spec"] != *old.spec() {
            new.set(&["metadata", "generation"], old.meta.generation + 1);
        }
        if new == old.value {
            return Ok(new);
        }
        self.commit(Write { key: key.clone(), expect, change: Change::Put(new) })
    }
    fn end(&mut self, key: &Key, uid: &str, options: &Value) -> Result<Value, Status> {
        let old = self.now_at(key)?;
        if old.meta.uid != uid {
            return Err(Status::conflict(&key.resource, &key.name, "another uid"));
        }
        let mut finalizers: Vec<Value> = old
            .meta
            .finalizers
            .iter()
            .filter(|f| !["orphan", "foregroundDeletion"].contains(&f.as_str()))
            .map(|f| Value::Str(f.clone()))
            .collect();
        match options["propagationPolicy"].s() {
            "Foreground" => finalizers.push(Value::str("foregroundDeletion")),
            "Orphan" => finalizers.push(Value::str("orphan")),
            _ => {}
        }
        let expect = Expect::Revision(old.meta.revision);
        let waits = old.resource == PODS && !old.pod().node().is_empty() && options["gracePeriodSeconds"].as_i64() != Some(0);
        let namespace = !old.spec()["finalizers"].is_empty();
        if finalizers.is_empty() && !waits && !namespace {
            return self.commit(Write { key: key.clone(), expect, change: Change::Delete });
        }
        let mut new = old.value.clone();
        if finalizers.is_empty() {
            new.remove(&["metadata", "finalizers"]);
        } else {
            new.set(&["metadata", "finalizers"], finalizers);
        }
        if !old.is_terminating() {
            new.set(&["metadata", "deletionTimestamp"], self.now);
            new.set(&["metadata", "generation"], old.meta.generation + 1);
        }
        if new == old.value {
            return Ok(new);
        }
        self.commit(Write { key: key.clone(), expect, change: Change::Put(new) })
    }
    fn commit(&mut self, write: Write) -> Result<Value, Status> {
        self.store.commit(write, Cause::new("test", Origin::Start), self.now).map(|c| c.object.value.clone())
    }

    // === kubelet and scheduler, in short ===

    fn wants_kubelet(&self, pod: &Object) -> bool {
        if pod.is_terminating() {
            return pod.meta.finalizers.is_empty();
        }
        pod.pod().phase() == "Pending" && self.broken.is_none_or(|app| pod.meta.label("app") != app)
    }
    /// Binds and starts a pod, or ends one that is going.
    fn run_pod(&mut self, key: &Key) {
        let pod = self.now_at(key).expect("listed just now");
        if pod.is_terminating() {
            let expect = Expect::Revision(pod.meta.revision);
            self.commit(Write { key: key.clone(), expect, change: Change::Delete }).expect("current");
            return;
        }
        let mut value = pod.value.clone();
        if pod.pod().node().is_empty() {
            value.set(&["spec", "nodeName"], format!("node-{}", self.dice.between(1, 3)));
        }
        let number = self.made + self.store.rev();
        let ip = format!("10.244.{}.{}", number / 250 % 250, number % 250 + 1);
        value.set(
            &["status"],
            obj! {
                "phase" => "Running", "podIP" => &ip, "podIPs" => list![obj! { "ip" => &ip }],
                "conditions" => list![obj! { "type" => "Ready", "status" => "True", "lastTransitionTime" => self.now }],
            },
        );
        if pod.meta.controller().is_some_and(|owner| owner.kind == "Job") {
            let fails = self.dice.chance(self.failures);
            value.set(
                &["status"],
                obj! {
                    "phase" => if fails { "Failed" } else { "Succeeded" },
                    "containerStatuses" => list![obj! { "name" => "main", "state" => obj! { "terminated" => obj! {
                        "exitCode" => i64::from(fails), "finishedAt" => self.now - Duration::from_secs(100_000),
                    } } }],
                },
            );
        }
        self.write(key, value, true).expect("current");
    }
}

/// Merge patch; owners merge by uid, conditions by type, and owners know `$patch: delete`.
fn merge(into: &mut Value, patch: &Value) {
    for (field, new) in patch.entries() {
        if let Some(list) = field.strip_prefix("$deleteFromPrimitiveList/") {
            let kept: Vec<Value> = into[list].items().iter().filter(|item| !new.items().contains(item)).cloned().collect();
            if kept.is_empty() {
                _ = into.remove(&[list])
            } else {
                into.set(&[list], kept)
            }
            continue;
        }
        match new {
            Value::Null => _ = into.remove(&[field]),
            Value::Map(_) => merge(into.at_mut(&[field]), new),
            Value::List(items) if field == "ownerReferences" || field == "conditions" => {
                let key = if field == "conditions" { "type" } else { "uid" };
                let owners = into.at_mut(&[field]).as_list_mut();
                for item in items.iter() {
                    owners.retain(|owner| owner[key] != item[key]);
                    if item["$patch"].s() != "delete" {
                        owners.push(item.clone());
                    }
                }
            }
            other => into.set(&[field], other),
        }
    }
}
