//! One recorded case: its steps run one after the other in a world of its own, and what came is compared with what a real
//! cluster answered, after everything that may differ between two runs became a token.

use super::http;
use api::{Origin, Request, User, Verb, WatchEvent};
use base::{Duration, Text};
use control::Answered;
use model::{Key, resource};
use scenario::{Tokens, pick};
use sim::{Input, Place, World};
use std::collections::BTreeMap;
use value::{List, Value, obj, yaml};

const NAMESPACE: &str = "t19fa3c07d52";
/// The folder in which commands run.
const FOLDER: &str = "/root";
/// A command takes this long to start.
const START: Duration = Duration::from_millis(120);
const PATIENCE: f64 = 90.0;
const REPEAT: Duration = Duration::from_millis(300);
/// A watch is there after this.
const WATCH: Duration = Duration::from_millis(300);

/// What differed, step by step.
pub struct Difference {
    pub step: usize,
    pub what: String,
    pub text: String,
}

pub struct Case<'a> {
    world: World,
    namespace: &'static str,
    files: BTreeMap<String, Text>,
    saved: BTreeMap<String, Value>,
    watches: BTreeMap<String, (u64, Box<apiserver::WatchPlan>)>,
    tokens: Tokens,
    case: &'a Value,
}

impl<'a> Case<'a> {
    pub fn new(case: &'a Value, world: World) -> Case<'a> {
        let namespace = if case["namespace"].as_bool() == Some(false) { "" } else { NAMESPACE };
        let mut tokens = Tokens::default();
        (tokens.namespace, tokens.folder) = (namespace.into(), FOLDER.into());
        tokens.real_node = case["needs"].s() == "real-node";
        let mut new =
            Case { world, namespace, files: BTreeMap::new(), saved: BTreeMap::new(), watches: BTreeMap::new(), tokens, case };
        new.prepare();
        new
    }
    /// Runs all steps.
    pub fn replay(mut self) -> Vec<Difference> {
        let mut differences = Vec::new();
        for (number, step) in self.case["steps"].items().iter().enumerate() {
            let what = ["run", "until", "collect"].iter().map(|k| step[*k].s()).find(|t| !t.is_empty());
            let what = what.map_or_else(|| format!("{} {}", step["http"]["method"].s(), step["http"]["path"].s()), String::from);
            let got = self.step(step);
            let texts = compare(step, &got);
            differences.extend(texts.into_iter().map(|text| Difference { step: number, what: what.clone(), text }));
        }
        differences
    }
    fn prepare(&mut self) {
        for (name, text) in self.case["files"].entries() {
            let text = self.expand(text.s());
            self.files.insert(format!("{FOLDER}/{name}"), text.as_str().into());
        }
        if self.namespace.is_empty() {
            return;
        }
        let body = obj! { "apiVersion" => "v1", "kind" => "Namespace", "metadata" => obj! { "name" => self.namespace } };
        let key = Key::new(&resource::NAMESPACES, Text::new(), Text::new());
        self.world
            .request(&Request { body, ..Request::of(&User::master("kubernetes-admin"), Verb::Create, &key) }, Origin::Start);
        let namespace = self.namespace;
        self.world.run_while(Duration::from_secs(5), |w| {
            w.snapshot().find(&resource::SERVICE_ACCOUNTS, namespace, "default").is_some()
        });
        self.world.advance(Duration::from_millis(100));
    }
    fn step(&mut self, step: &Value) -> Value {
        if let Some(seconds) = step["sleep"].as_f64() {
            self.world.advance(seconds_of(seconds));
            Value::map()
        } else if !step["until"].is_null() {
            self.until(step)
        } else if !step["run"].is_null() {
            self.run(step)
        } else if !step["watch"].is_null() {
            self.watch(step);
            Value::map()
        } else if !step["collect"].is_null() {
            self.collect(step)
        } else {
            self.http(step)
        }
    }
    fn until(&mut self, step: &Value) -> Value {
        let end = self.world.now() + seconds_of(step["timeout"].as_f64().unwrap_or(60.0));
        let line = self.expand(step["until"].s());
        loop {
            if self.shell(&line, None, 30.0).0 == 0 {
                return obj! { "code" => 0 };
            }
            if self.world.now() > end {
                return obj! { "code" => 1 };
            }
            self.world.advance(REPEAT);
        }
    }
    fn run(&mut self, step: &Value) -> Value {
        let stdin = step["stdin"].as_str().map(|text| self.expand(text));
        let line = self.expand(step["run"].s());
        let (code, out, err) = self.shell(&line, stdin, step["timeout"].as_f64().unwrap_or(PATIENCE));
        let out = self.form(step, &out);
        obj! { "code" => i64::from(code), "out" => out, "err" => self.tokens.text(&err) }
    }
    fn form(&mut self, step: &Value, out: &str) -> Value {
        let parsed = match step["form"].s() {
            "json" => Value::from_json(out).ok(),
            "yaml" => yaml::documents(out).into_iter().map(|d| d.value.ok()).collect::<Option<List>>().map(Value::List),
            _ => None,
        };
        if let Some(parsed) = parsed.filter(|_| !out.trim().is_empty()) {
            return self.tokens.value(&parsed);
        }
        let text = self.tokens.text(out);
        if !step["unordered"].is_true() {
            return Value::str(&text);
        }
        let mut lines: Vec<&str> = text.split('\n').collect();
        lines.sort_unstable();
        Value::str(&lines.join("\n"))
    }
    /// Runs a command line; files that it writes are there for the next one.
    fn shell(&mut self, line: &str, stdin: Option<String>, timeout: f64) -> (i32, String, String) {
        self.world.advance(START);
        let files = self.files.iter().map(|(path, text)| (path.as_str().into(), text.clone())).collect();
        let stdin = stdin.map(Text::from);
        let input = Input::Run { place: Place::Outside, line: line.into(), stdin, files, namespace: self.namespace.into() };
        let Some(id) = self.world.input(&input) else { return (126, String::new(), "the shell did not start\n".into()) };
        let limit = self.world.now() + seconds_of(timeout);
        let code = loop {
            let exited = self.world.terminal(id).and_then(sim::Terminal::exited);
            if exited.is_some() || !self.world.step(limit) {
                break exited;
            }
        };
        let (mut out, mut err) = (Vec::new(), Vec::new());
        for chunk in self.world.take_output(id) {
            if chunk.fd == 1 { out.extend(chunk.bytes) } else { err.extend(chunk.bytes) }
        }
        if let Some(terminal) = self.world.terminal(id) {
            self.files = terminal.files_in(FOLDER).into_iter().collect();
        }
        self.world.input(&Input::Close { terminal: id });
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        (code.unwrap_or(124), text(out), text(err))
    }
    fn request(&mut self, step: &Value) -> Option<Request> {
        let mut request = http::request(step, &|text| self.expand(text))?;
        let alice = step["headers"]
            .entries()
            .iter()
            .any(|(k, v)| k.eq_ignore_ascii_case("Authorization") && v.s().ends_with("alicetoken"));
        if alice {
            request.user = User { name: "alice".into(), groups: vec!["dev".into(), "system:authenticated".into()] };
        }
        Some(request)
    }
    fn http(&mut self, step: &Value) -> Value {
        self.world.advance(Duration::from_millis(5));
        let Some(request) = self.request(&step["http"]) else { return obj! { "code" => 0, "body" => "not asked" } };
        let reply = match self.world.request(&request, Origin::Start) {
            Answered::Reply(reply) => reply,
            Answered::Watch(_) | Answered::Connect(_) => return obj! { "code" => 0, "body" => "a stream" },
        };
        for (name, path) in step["save"].entries() {
            self.saved.insert(name.to_string(), pick(&reply.body, path.s()));
        }
        let mut body = self.tokens.value(&without(&reply.body, step["drop"].items()));
        if !step["pick"].is_null() {
            body = Value::Map(step["pick"].items().iter().map(|p| (p.text(), pick(&body, p.s()))).collect());
        }
        obj! { "code" => i64::from(reply.code), "body" => body }
    }
    fn watch(&mut self, step: &Value) {
        let path = step["watch"].s();
        let joined = format!("{path}{}watch=1", if path.contains('?') { "&" } else { "?" });
        let asked = obj! { "method" => "GET", "path" => joined, "headers" => &step["headers"] };
        let Some(request) = self.request(&asked) else { return };
        if let Answered::Watch(plan) = self.world.request(&request, Origin::Start) {
            self.watches.insert(step["as"].s().into(), (plan.from, plan));
        }
        self.world.advance(WATCH);
    }
    fn collect(&mut self, step: &Value) -> Value {
        self.world.advance(seconds_of(step["after"].as_f64().unwrap_or(1.0)));
        let Some((from, plan)) = self.watches.get(step["collect"].s()) else { return obj! { "rows" => "no such watch" } };
        let mut events = plan.initial.clone();
        match self.world.control().store().since(*from) {
            Ok(commits) => events.extend(commits.filter_map(|commit| plan.event(commit))),
            Err(_) => return obj! { "rows" => "the watch is too old" },
        }
        obj! { "rows" => self.rows(step, &events) }
    }
    fn rows(&mut self, step: &Value, events: &[WatchEvent]) -> List {
        let mut rows: Vec<Value> = Vec::new();
        let mut last: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for event in events {
            let fields: Vec<Value> = step["fields"].items().iter().map(|f| pick(&event.object, f.s())).collect();
            if step["changes"].is_true() {
                let uid = event.object["metadata"]["uid"].s().to_string();
                if event.kind.as_str() == "MODIFIED" && last.get(&uid) == Some(&fields) {
                    continue;
                }
                last.insert(uid, fields.clone());
            }
            let mut row = vec![Value::str(event.kind.as_str()), event.object["metadata"]["name"].clone()];
            row.extend(fields);
            let row = self.tokens.value(&Value::List(row.into()));
            if rows.last() != Some(&row) {
                rows.push(row);
            }
        }
        if step["unordered"].is_true() {
            rows.sort_by_key(Value::to_json);
        }
        rows.into()
    }
    fn expand(&self, text: &str) -> String {
        let mut text = text.replace("$NS", self.namespace);
        while let Some((start, end, times)) = repeated(&text) {
            let one = text[start + 2..].chars().next().map(String::from).unwrap_or_default();
            text.replace_range(start..=end, &one.repeat(times));
        }
        for (name, value) in &self.saved {
            let value = value.as_str().map_or_else(|| value.to_json(), String::from);
            text = text.replace(&format!("${{{name}}}"), &value);
        }
        text
    }
}

/// `${x*1000}`: where it is, and how often.
fn repeated(text: &str) -> Option<(usize, usize, usize)> {
    text.match_indices("${").find_map(|(start, _)| {
        let inner = &text[start + 2..];
        let first = inner.chars().next()?;
        let rest = inner[first.len_utf8()..].strip_prefix('*')?;
        let end = rest.find('}')?;
        let times = rest[..end].parse().ok()?;
        Some((start, start + 2 + first.len_utf8() + 1 + end, times))
    })
}

fn seconds_of(seconds: f64) -> Duration {
    Duration::from_micros((seconds * 1e6) as i64)
}

fn without(value: &Value, keys: &[Value]) -> Value {
    match value {
        Value::Map(map) => {
            let kept = map.iter().filter(|(k, _)| !keys.iter().any(|key| key.s() == k.as_str()));
            Value::Map(kept.map(|(k, v)| (k.clone(), without(v, keys))).collect())
        }
        Value::List(list) => Value::List(list.iter().map(|v| without(v, keys)).collect()),
        other => other.clone(),
    }
}

/// What differs between the recorded outcome of a step and the one that came.
fn compare(step: &Value, got: &Value) -> Vec<String> {
    let want = &step["want"];
    let skipped = |part: &str| {
        let listed = |list: &str| step[list].items().iter().any(|p| p.s() == part);
        // Headers are a matter of the transport, but for warnings, which kubectl prints.
        matches!(part, "raw" | "headers") || listed("ignore") || listed("unstable")
    };
    let mut parts: Vec<&str> = want.entries().iter().chain(got.entries()).map(|(k, _)| k.as_str()).collect();
    parts.sort_unstable();
    parts.dedup();
    let differs = |part: &&str| !skipped(part) && kept(&want[*part], &got[*part]) != got[*part];
    parts.into_iter().filter(differs).map(|part| format!("{part}:\n{}", show(&want[part], &got[part]))).collect()
}

/// Objects that the control plane itself makes have no managedFields here.
fn kept(want: &Value, got: &Value) -> Value {
    let names = [Value::str("managedFields")];
    if without(got, &names) == *got { without(want, &names) } else { want.clone() }
}

/// The lines that only one of the two has.
fn show(want: &Value, got: &Value) -> String {
    let lines = |value: &Value| -> Vec<String> {
        let text = value.as_str().map_or_else(|| value.to_json_pretty(), String::from);
        text.split('\n').map(String::from).collect()
    };
    let (want, got) = (lines(want), lines(got));
    let same = want.iter().zip(&got).take_while(|(a, b)| a == b).count();
    let tail = want[same..].iter().rev().zip(got[same..].iter().rev()).take_while(|(a, b)| a == b).count();
    let part = |lines: &[String], sign: char| -> String {
        lines[same..lines.len() - tail]
            .iter()
            .take(14)
            .map(|l| format!("      {sign} {}\n", l.chars().take(400).collect::<String>()))
            .collect()
    };
    part(&want, '-') + &part(&got, '+')
}
