//! The JavaScript interface: the class `Tabernetes`. Pages that embed this one, lessons and tests use it; it needs neither
//! the page's own parts nor a document. JAVASCRIPT.md beside this crate describes it for those who call it.

use crate::place;
use crate::session::{Pace, Session, Watch};
use crate::status;
use base::Duration;
use js_sys::{Array, Function, JSON, Object, Promise, Reflect};
use model::resource;
use sim::{Fix, Given, Place, Setup, Target};
use std::cell::Cell;
use std::rc::Rc;
use store::Commit;
use value::{Value, list, obj};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};

/// One simulated cluster.
#[wasm_bindgen]
pub struct Tabernetes {
    session: Session,
    watches: Vec<Watch>,
}

#[wasm_bindgen]
impl Tabernetes {
    /// A cluster of its own. Options: `seed`, `workers`.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &JsValue) -> Tabernetes {
        let mut setup = Setup::default();
        if let Some(seed) = number(options, "seed") {
            setup.seed = seed as u64;
        }
        if let Some(workers) = number(options, "workers") {
            setup.workers = workers as u32;
        }
        Tabernetes::of(Session::new(&setup))
    }

    /// Resolves when the cluster can be used.
    #[wasm_bindgen(getter)]
    pub fn ready(&self) -> Promise {
        Promise::resolve(&JsValue::TRUE)
    }

    /// Runs a command line to its end: `{code, out, err}`. Options: `stdin`, `files` (text by path), `from`, `namespace`.
    pub fn run(&self, line: &str, options: &JsValue) -> Promise {
        let given = Given {
            stdin: text(options, "stdin").map(Into::into),
            files: files(options),
            namespace: text(options, "namespace").unwrap_or_default().into(),
            place: match place_of(options, "from") {
                Ok(place) => place,
                Err(error) => return Promise::reject(&error),
            },
        };
        let ran = self.session.run(line, given);
        resolved(&obj! { "code" => i64::from(ran.code), "out" => ran.out, "err" => ran.err })
    }

    /// Applies manifests: for each document `{line, ok, text}`.
    pub fn apply(&self, yaml: &str) -> Promise {
        let applied = self.session.apply(yaml);
        let rows = applied.into_iter().map(|a| obj! { "line" => i64::from(a.line), "ok" => a.ok, "text" => a.text });
        resolved(&list_of(rows))
    }

    /// What is wrong with manifests, without applying them: `{line, column, message}` each.
    pub fn check(&self, yaml: &str) -> Promise {
        let problems = self.session.look(|t| t.check(yaml));
        let rows = problems.into_iter().map(|p| {
            obj! { "line" => i64::from(p.line), "column" => i64::from(p.column), "message" => p.message }
        });
        resolved(&list_of(rows))
    }

    /// How an HTTP request would go right now: `{ok, outcome, why, text, body}`. `from` is `outside`, `node/NAME`,
    /// `pod/NAME` or `pod/NAMESPACE/NAME`; `to` is an address such as `http://web:80/`.
    pub fn trace(&self, request: &JsValue) -> Promise {
        let (from, to) = match way_of(request) {
            Ok(way) => way,
            Err(error) => return Promise::reject(&error),
        };
        let traced = self.session.world(|world| world.trace(&from, &to));
        let exchange = &traced.exchange;
        resolved(&obj! {
            "ok" => exchange.ok, "outcome" => &exchange.outcome, "why" => exchange.why_failed().unwrap_or_default(),
            "text" => exchange.explain().join("\n"), "body" => traced.body,
        })
    }

    /// What would make a request work that fails now, the smallest change first: `{what, path, old, new, text, patch, command,
    /// to}` each. None if it works, or if no change of one field helps.
    pub fn fixes(&self, request: &JsValue) -> Promise {
        let (from, to) = match way_of(request) {
            Ok(way) => way,
            Err(error) => return Promise::reject(&error),
        };
        let fixes = self.session.world(|world| world.fixes(&from, &to));
        let row = |fix: Fix| {
            obj! {
                "what" => fix.what(), "command" => fix.command(), "to" => fix.ask.as_ref().unwrap_or(&to).to_string(),
                "path" => fix.path, "old" => fix.old, "new" => fix.new, "text" => fix.text, "patch" => fix.patch,
            }
        };
        resolved(&list_of(fixes.into_iter().map(row)))
    }

    /// Lets virtual time pass at once.
    pub fn advance(&self, seconds: f64) -> Promise {
        self.session.skip(Duration::from_micros((seconds.max(0.0) * 1e6) as i64));
        Promise::resolve(&JsValue::UNDEFINED)
    }

    /// Stops the clock of the page.
    pub fn pause(&self) {
        self.session.clock(sim::Timeline::pause);
    }
    /// Lets it go on.
    pub fn resume(&self) {
        self.session.clock(sim::Timeline::resume);
    }
    /// Virtual seconds in a real one: 0.1 to 100, or `Infinity`.
    #[wasm_bindgen(js_name = setSpeed)]
    pub fn set_speed(&self, speed: f64) {
        self.session.clock(|t| t.set_speed(speed));
    }
    /// Goes to a moment, in seconds since the start, and pauses there.
    pub fn seek(&self, seconds: f64) -> Promise {
        let start = self.session.look(|t| t.range().0);
        self.session.seek(start + Duration::from_micros((seconds.max(0.0) * 1e6) as i64));
        Promise::resolve(&JsValue::UNDEFINED)
    }

    /// The cluster now: `{time, revision, hash, nodes, pods, services}`.
    pub fn state(&self) -> JsValue {
        let value = self.session.look(|t| {
            let (world, start) = (t.world(), t.range().0);
            let snapshot = world.snapshot();
            obj! {
                "time" => crate::session::seconds(start, world.now()),
                "revision" => snapshot.rev() as i64,
                "hash" => format!("{:016x}", world.hash()),
                "nodes" => list_of(snapshot.list(&resource::NODES, "").map(|o| node(o))),
                "pods" => list_of(snapshot.list(&resource::PODS, "").map(|o| pod(o))),
                "services" => list_of(snapshot.list(&resource::SERVICES, "").map(|o| service(snapshot, o))),
            }
        });
        to_js(&value)
    }

    /// Calls back on `change` (anything moved; no argument) or `commit` (each change of the API, described). Answers a
    /// function that ends it.
    pub fn on(&mut self, event: &str, handler: Function) -> Result<Function, JsValue> {
        let alive = Rc::new(Cell::new(true));
        let (on, session) = (alive.clone(), self.session.clone());
        let seen = Cell::new(session.world(|world| world.snapshot().rev()));
        let commits = match event {
            "change" => false,
            "commit" => true,
            _ => return Err(js_sys::Error::new("the events are \"change\" and \"commit\"").into()),
        };
        let call = move || {
            if !on.get() {
                return;
            }
            if commits {
                for commit in new_commits(&session, &seen) {
                    let _ = handler.call1(&JsValue::UNDEFINED, &to_js(&commit));
                }
            } else {
                let _ = handler.call0(&JsValue::UNDEFINED);
            }
        };
        self.watches.push(self.session.watch(Pace::Calm, call));
        let end = wasm_bindgen::closure::Closure::<dyn Fn()>::new(move || alive.set(false));
        Ok(end.into_js_value().unchecked_into())
    }
}

impl Tabernetes {
    /// The interface of an existing cluster.
    pub fn of(session: Session) -> Tabernetes {
        Tabernetes { session, watches: Vec::new() }
    }
}

/// Makes `window.tabernetes` the interface of the page's cluster. What was there before (`early.js` leaves an object with
/// `ready`) inherits its methods.
pub fn publish(session: Session) {
    let Some(window) = web_sys::window() else { return };
    let interface = JsValue::from(Tabernetes::of(session));
    let early = Reflect::get(&window, &"tabernetes".into()).unwrap_or_default();
    match early.dyn_ref::<Object>() {
        Some(early) => {
            Object::set_prototype_of(early, interface.unchecked_ref());
            if let Ok(begin) = Reflect::get(early, &"begin".into())
                && let Some(begin) = begin.dyn_ref::<Function>()
            {
                let _ = begin.call0(early);
            }
        }
        None => {
            let _ = Reflect::set(&window, &"tabernetes".into(), &interface);
        }
    }
}

fn new_commits(session: &Session, seen: &Cell<u64>) -> Vec<Value> {
    session.world(|world| {
        let store = world.control().store();
        // After going back in time, the revisions start again from there.
        let from = seen.get().min(store.rev());
        seen.set(store.rev());
        store.since(from).into_iter().flatten().map(|commit| commit_value(commit)).collect()
    })
}

fn commit_value(commit: &Commit) -> Value {
    let kind = match commit.kind {
        api::WatchKind::Added => "ADDED",
        api::WatchKind::Deleted => "DELETED",
        api::WatchKind::Modified | api::WatchKind::Bookmark | api::WatchKind::Error => "MODIFIED",
    };
    obj! {
        "revision" => commit.rev as i64, "time" => commit.time.rfc3339(), "by" => &commit.cause.by, "type" => kind,
        "resource" => &commit.key.resource, "namespace" => &commit.key.namespace, "name" => &commit.key.name,
    }
}

fn node(object: &model::Object) -> Value {
    obj! {
        "name" => &object.meta.name, "status" => status::of_node(object).word,
        "address" => object.node().address("InternalIP"), "ready" => object.node().is_ready(),
    }
}

fn pod(object: &model::Object) -> Value {
    let view = object.pod();
    obj! {
        "namespace" => &object.meta.namespace, "name" => &object.meta.name, "status" => status::of_pod(object).word,
        "ready" => view.is_ready(), "node" => view.node(), "ip" => view.ip(), "restarts" => view.restarts(),
        "labels" => Value::Map(object.meta.labels.clone()),
    }
}

fn service(snapshot: &store::Snapshot, object: &model::Object) -> Value {
    let endpoint = |endpoint: crate::services::Endpoint| {
        obj! { "address" => &endpoint.address, "pod" => &endpoint.pod, "node" => &endpoint.node, "state" => endpoint.state.word() }
    };
    obj! {
        "namespace" => &object.meta.namespace, "name" => &object.meta.name, "type" => object.service().kind(),
        "clusterIP" => object.service().cluster_ip(), "ports" => &object.spec()["ports"],
        "loadBalancer" => list_of(object.service().ingress_ips().map(Value::str)),
        "endpoints" => list_of(crate::services::endpoints(snapshot, object).into_iter().map(endpoint)),
    }
}

fn list_of(items: impl Iterator<Item = Value>) -> Value {
    let mut all = list![];
    all.as_list_mut().extend(items);
    all
}

fn to_js(value: &Value) -> JsValue {
    JSON::parse(&value.to_json()).unwrap_or(JsValue::NULL)
}

fn resolved(value: &Value) -> Promise {
    Promise::resolve(&to_js(value))
}

fn get(options: &JsValue, name: &str) -> Option<JsValue> {
    if !options.is_object() {
        return None;
    }
    Reflect::get(options, &name.into()).ok().filter(|value| !value.is_undefined() && !value.is_null())
}

fn text(options: &JsValue, name: &str) -> Option<String> {
    get(options, name)?.as_string()
}

fn number(options: &JsValue, name: &str) -> Option<f64> {
    get(options, name)?.as_f64()
}

fn place_of(options: &JsValue, name: &str) -> Result<Option<Place>, JsValue> {
    let Some(text) = text(options, name) else { return Ok(None) };
    let unknown = || JsValue::from(js_sys::Error::new("a place is outside, node/NAME, pod/NAME or pod/NAMESPACE/NAME"));
    place::from_text(&text).map(Some).ok_or_else(unknown)
}

/// From where, to what.
fn way_of(request: &JsValue) -> Result<(Place, Target), JsValue> {
    let from = place_of(request, "from")?.unwrap_or(Place::Outside);
    let to = text(request, "to").as_deref().and_then(Target::parse);
    let missing = || JsValue::from(js_sys::Error::new("to: an address such as http://web:80/ is needed"));
    to.map(|to| (from, to)).ok_or_else(missing)
}

fn files(options: &JsValue) -> Vec<(base::Text, base::Text)> {
    let Some(files) = get(options, "files").and_then(|files| files.dyn_into::<Object>().ok()) else { return Vec::new() };
    let pair = |entry: JsValue| {
        let entry: Array = entry.unchecked_into();
        Some((entry.get(0).as_string()?.into(), entry.get(1).as_string()?.into()))
    };
    Object::entries(&files).iter().filter_map(pair).collect()
}
