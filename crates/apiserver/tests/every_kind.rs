//! Every kind of the table goes through its life: created, read, listed, watched, patched, deleted. And whatever is sent,
//! nothing panics.

use api::{Accept, Cause, Origin, PatchType, Reply, Request, User, Verb};
use apiserver::{Config, Context, Plan, admit, birth, finish};
use base::{Rng, Text, Time};
use model::Key;
use schema::{ResourceInfo, Schema, Type, TypeId};
use store::Store;
use value::{List, Value, obj};

struct World {
    store: Store,
    rng: Rng,
    config: Config,
}

impl World {
    fn new() -> World {
        let config = Config::default();
        let mut world = World { store: Store::default(), rng: Rng::new(1), config };
        for write in birth(&world.config, Time::EPOCH, &mut world.rng) {
            world.store.commit(write, Cause::new("test", Origin::Start), Time::EPOCH).expect("a cluster");
        }
        let account = obj! { "metadata" => obj! { "name" => "default" } };
        let key = Key::new(&"serviceaccounts".into(), "default", "");
        world.ask(&Request { body: account, ..Request::of(&User::master("test"), Verb::Create, &key) });
        world
    }
    fn ask(&mut self, request: &Request) -> Reply {
        let now = Time::from_secs(1_000);
        let mut context = Context { now, rng: &mut self.rng, config: &self.config };
        match admit(self.store.now(), request, &mut context) {
            Plan::Reply(reply) => reply,
            Plan::Watch(_) | Plan::Connect(_) => Reply::ok(Value::Null),
            Plan::Write(plan) => {
                let mut commits = Vec::new();
                for write in plan.writes {
                    match self.store.commit(write, Cause::new("test", Origin::Start), now) {
                        Ok(commit) => commits.push(commit),
                        Err(status) => return status.into(),
                    }
                }
                finish(&plan.answer, &commits)
            }
        }
    }
}

fn request(row: &ResourceInfo, verb: Verb, name: &str) -> Request {
    let namespace = if row.namespaced { "default" } else { "" };
    let key = Key::new(&row.group_resource().into(), namespace, name);
    Request { version: row.version.as_ref().into(), ..Request::of(&User::master("test"), verb, &key) }
}

/// What a kind needs to be valid beyond a name.
fn body(row: &ResourceInfo) -> Value {
    let template = r#""template": {"metadata": {"labels": {"a": "b"}}, "spec": {"restartPolicy": "X", "containers": [{"name": "a", "image": "b"}]}}"#;
    let always = template.replace("X", "Always");
    let rest = match row.plural.as_ref() {
        "pods" => r#"{"spec": {"containers": [{"name": "a", "image": "b"}]}}"#.into(),
        "replicationcontrollers" => format!(r#"{{"spec": {{"selector": {{"a": "b"}}, {always}}}}}"#),
        "deployments" | "replicasets" | "statefulsets" | "daemonsets" => {
            format!(r#"{{"spec": {{"selector": {{"matchLabels": {{"a": "b"}}}}, {always}}}}}"#)
        }
        "jobs" => format!(r#"{{"spec": {{{}}}}}"#, template.replace("X", "Never")),
        "cronjobs" => {
            format!(r#"{{"spec": {{"schedule": "@daily", "jobTemplate": {{"spec": {{{}}}}}}}}}"#, template.replace("X", "Never"))
        }
        "services" => r#"{"spec": {"type": "NodePort", "ports": [{"port": 80}]}}"#.into(),
        "endpointslices" => r#"{"addressType": "IPv4"}"#.into(),
        "persistentvolumeclaims" => {
            r#"{"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}"#.into()
        }
        "persistentvolumes" => {
            r#"{"spec": {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}, "hostPath": {"path": "/x"}}}"#.into()
        }
        "ingresses" => r#"{"spec": {"rules": [{"host": "a.b"}]}}"#.into(),
        "ingressclasses" => r#"{"spec": {"controller": "a.b/c"}}"#.into(),
        "storageclasses" => r#"{"provisioner": "a/b"}"#.into(),
        "horizontalpodautoscalers" => {
            r#"{"spec": {"maxReplicas": 2, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "a"}}}"#
                .into()
        }
        "rolebindings" | "clusterrolebindings" => r#"{"roleRef": {"kind": "ClusterRole", "name": "a"}}"#.into(),
        "events" => r#"{"involvedObject": {"namespace": "default"}, "regarding": {"namespace": "default"}}"#.into(),
        _ => "{}".to_string(),
    };
    let mut object = Value::from_json(&rest).expect("a body");
    if row.plural == "events" {
        object.remove(&[if row.group.is_empty() { "regarding" } else { "involvedObject" }]);
    }
    object
}

fn life(world: &mut World, row: &ResourceInfo) -> Result<(), String> {
    let mut object = body(row);
    let name = if row.plural == "ipaddresses" { "10.96.0.77" } else { "a" };
    object.set(&["metadata", "name"], name);
    let mut must = |what: &str, request: Request| {
        let reply = world.ask(&request);
        if reply.is_success() { Ok(reply.body) } else { Err(format!("{what} {}: {}", row.plural, reply.body.to_json())) }
    };
    let made = must("create", Request { body: object.clone(), ..request(row, Verb::Create, "") })?;
    if made["apiVersion"].s() != row.api_version() || made["metadata"]["uid"].is_empty() {
        return Err(format!("{}: made {}", row.plural, made.to_json()));
    }
    must("get", request(row, Verb::Get, name))?;
    let list = must("list", request(row, Verb::List, ""))?;
    if list["kind"].s() != row.list_kind || !list["items"].items().iter().any(|o| o["metadata"]["name"].s() == name) {
        return Err(format!("{}: listed {}", row.plural, list.to_json()));
    }
    let table = must("table", Request { accept: Accept::Table, ..request(row, Verb::List, "") })?;
    let columns = table["columnDefinitions"].items().len();
    if table["rows"].items().iter().any(|r| r["cells"].items().len() != columns) {
        return Err(format!("{}: {}", row.plural, table.to_json()));
    }
    let labels = obj! { "metadata" => obj! { "labels" => obj! { "x" => "y" } } };
    for kind in [PatchType::Merge, PatchType::Strategic] {
        must("patch", Request { body: labels.clone(), ..request(row, Verb::Patch(kind), name) })?;
    }
    let selected = must("select", {
        let mut request = request(row, Verb::List, "");
        request.query.label_selector = "x=y".into();
        request
    })?;
    if selected["items"].items().len() != 1 {
        return Err(format!("{}: selected {}", row.plural, selected.to_json()));
    }
    must("delete", request(row, Verb::Delete, name))?;
    Ok(())
}

#[test]
fn every_kind_lives() {
    let mut failures = Vec::new();
    for row in Schema::builtin().resources() {
        let stored = ["create", "get", "list", "patch", "delete"].iter().all(|verb| row.verbs.has(verb));
        if stored && let Err(why) = life(&mut World::new(), row) {
            failures.push(why);
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// A value of a type, sensible or not.
fn any(rng: &mut Rng, ty: &Type, depth: u32) -> Value {
    const WORDS: [&str; 14] = [
        "",
        "a",
        "A_b",
        "10.96.0.3",
        "None",
        "ClusterIP",
        "LoadBalancer",
        "50%",
        "1Gi",
        "-1",
        "a.b/c",
        "é",
        "2026-01-01T00:00:00Z",
        "*",
    ];
    const NUMBERS: [i64; 8] = [0, 1, -1, 80, 30_000, 70_000, i32::MAX as i64, i64::MAX];
    if depth == 0 || rng.chance(8) {
        return Value::Null;
    }
    let word = WORDS[rng.below(WORDS.len() as u64) as usize];
    let number = NUMBERS[rng.below(NUMBERS.len() as u64) as usize];
    match ty {
        Type::Bool => Value::Bool(rng.chance(50)),
        Type::Int32 | Type::Int64 => Value::Int(if *ty == Type::Int32 { number.min(i32::MAX.into()) } else { number }),
        Type::Double => Value::Float(1.5),
        Type::IntOrString if rng.chance(50) => Value::Int(number.min(i32::MAX.into())),
        Type::Quantity => Value::str(["1", "-2", "500m", "3Gi"][rng.below(4) as usize]),
        Type::Time | Type::MicroTime => Value::str("2026-01-01T00:00:00Z"),
        Type::Bytes => Value::str("YQ=="),
        Type::Str | Type::IntOrString => Value::str(word),
        Type::Any | Type::Object => obj! { "a" => word },
        Type::Struct(id) => structure(rng, *id, depth - 1),
        Type::List(item) => {
            let count = rng.below(3);
            Value::List((0..count).map(|_| any(rng, item, depth - 1)).collect::<List>())
        }
        Type::Map(item) => {
            let item = any(rng, item, depth - 1);
            Value::Map([(Text::from(word), item)].into_iter().collect())
        }
    }
}

fn structure(rng: &mut Rng, id: TypeId, depth: u32) -> Value {
    let mut out = Value::map();
    for field in &Schema::builtin().type_info(id).fields {
        if rng.chance(45) {
            let to = match field.allowed.as_slice() {
                [] => any(rng, &field.ty, depth),
                words => Value::str(&words[rng.below(words.len() as u64) as usize]),
            };
            out.set(&[&field.name], to);
        }
    }
    out
}

#[test]
fn nothing_panics() {
    let mut world = World::new();
    let mut rng = Rng::new(20_260_101);
    let rows: Vec<&ResourceInfo> =
        Schema::builtin().resources().filter(|r| r.verbs.has("create") && r.verbs.has("get")).collect();
    for round in 0..4_000 {
        let row = rows[rng.below(rows.len() as u64) as usize];
        let Some(id) = row.type_id else { continue };
        let mut body = structure(&mut rng, id, 9);
        for field in ["apiVersion", "kind"] {
            body.remove(&[field]);
        }
        let name = format!("n{}", rng.below(4));
        body.set(&["metadata"], obj! { "name" => &name, "labels" => obj! { "a" => "b" } });
        let verb = match round % 6 {
            0 | 1 => Verb::Create,
            2 => Verb::Update,
            3 => Verb::Patch(PatchType::Merge),
            4 => Verb::Patch(PatchType::Strategic),
            _ => Verb::Delete,
        };
        let in_url = if verb == Verb::Create { "" } else { name.as_str() };
        let mut request = Request { body, ..request(row, verb, in_url) };
        if verb == Verb::Delete {
            request.body = obj! { "gracePeriodSeconds" => if rng.chance(50) { i64::MAX } else { -1 } };
        } else if verb != Verb::Create && rng.chance(30) {
            let subs = &row.subresources;
            request.subresource = subs.get(rng.below(subs.len() as u64 + 1) as usize).map_or("", |s| s.name.as_ref()).into();
        }
        let reply = world.ask(&request);
        assert!(reply.code != 500 || reply.body["reason"].s() != "InternalError", "{}", reply.body.to_json());
        world.ask(&Request { accept: Accept::Table, ..self::request(row, Verb::List, "") });
    }
}
