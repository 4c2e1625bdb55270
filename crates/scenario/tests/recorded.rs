//! Recorded cases of a real cluster (Kubernetes 1.36.2, tests/recorded): commands run by the terminal's own shell and kubectl
//! in process, against a control plane without nodes, one whose nodes run any pod at once, or a simulated kubelet.
//!
//! tests/recorded/passing.txt holds how many cases of each area pass; it may only grow (`UPDATE_GOLDEN=1` raises it).
//! `RECORDED=part/of/name cargo test -p scenario --test recorded -- --nocapture` shows what differs in those cases.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::disallowed_types,
    reason = "a test reads recordings on two threads and tells what differs"
)]

#[path = "recorded/case.rs"]
mod case;
#[path = "../../apiserver/tests/recorded/http.rs"]
mod http;

use api::{Origin, Request, User, Verb};
use base::Duration;
use case::{Case, Difference};
use control::Options;
use model::{Key, resource};
use sim::{Machines, Setup, World};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use value::Value;

const AREAS: [&str; 4] = ["kubectl", "controllers", "scheduler", "node"];

struct Worlds {
    api: World,
    nodes: World,
    real: World,
}

impl Worlds {
    fn new() -> Worlds {
        let options = Options { cloud: false, ..Options::default() };
        let bare =
            Setup { workers: 0, control_plane: false, dns: false, machines: Machines::Instant, options, ..Setup::default() };
        let nodes = Setup { workers: 3, ..bare.clone() };
        let real = Setup { workers: 1, dns: true, machines: Machines::Simulated, ..bare.clone() };
        let ready = |setup: &Setup, least: i64| {
            let mut world = World::new(setup);
            if !setup.dns {
                let key = Key::new(&resource::SERVICES, "kube-system", "kube-dns");
                world.request(&Request::of(&User::master("admin"), Verb::Delete, &key), Origin::Start);
            }
            world.advance(Duration::from_secs(least));
            world.run_while(Duration::from_secs(60), World::is_settled);
            world
        };
        Worlds { api: ready(&bare, 2), nodes: ready(&nodes, 5), real: ready(&real, 5) }
    }
    fn of(&self, case: &Value) -> World {
        match case["needs"].s() {
            _ if case["own_nodes"].is_true() => self.api.clone(),
            "api" => self.api.clone(),
            "nodes" => self.nodes.clone(),
            _ => self.real.clone(),
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/recorded")
}

/// The cases below a folder, each with its name below tests/recorded.
fn cases() -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = AREAS.iter().map(|area| root().join(area)).collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "json") {
                let name = path.strip_prefix(root()).unwrap_or(&path).with_extension("").to_string_lossy().into_owned();
                found.push((name, path));
            }
        }
    }
    found.sort();
    found
}

fn replay(path: &Path, worlds: &Worlds) -> Vec<Difference> {
    let text = std::fs::read_to_string(path).expect("a readable case");
    let case = Value::from_json(&text).expect("a case in JSON");
    Case::new(&case, worlds.of(&case)).replay()
}

/// Runs the cases on two threads; a panic in one is a difference of that case.
fn replay_all(cases: &[(String, PathBuf)], worlds: &Worlds) -> BTreeMap<String, Vec<Difference>> {
    let next = Mutex::new(cases.iter());
    let done = Mutex::new(BTreeMap::new());
    let work = || loop {
        let Some((name, path)) = next.lock().expect("no panic here").next() else { break };
        let began = std::time::Instant::now();
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| replay(path, worlds)));
        let differences = result.unwrap_or_else(|_| vec![Difference { step: 0, what: name.clone(), text: "it panicked".into() }]);
        if began.elapsed().as_secs() >= 5 {
            println!("{name} took {:?}", began.elapsed());
        }
        done.lock().expect("no panic here").insert(name.clone(), differences);
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(work);
        }
    });
    done.into_inner().expect("no panic here")
}

fn area(name: &str) -> String {
    name.rsplit_once('/').map_or(name, |(area, _)| area).to_string()
}

#[test]
fn recorded_cases() {
    let only = std::env::var("RECORDED").ok();
    let mut cases = cases();
    cases.retain(|(name, _)| only.as_ref().is_none_or(|only| name.contains(only.as_str())));
    let results = replay_all(&cases, &Worlds::new());
    let mut areas: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    for (name, differences) in &results {
        let count = areas.entry(area(name)).or_default();
        count.0 += u32::from(differences.is_empty());
        count.1 += 1;
        if only.is_some() || std::env::var("RECORDED_LIST").is_ok() {
            report(name, differences);
        }
    }
    let (mut passed, mut all) = (0, 0);
    for (area, (fine, of)) in &areas {
        println!("{area}: {fine} of {of}");
        passed += fine;
        all += of;
    }
    println!("{passed} of {all} recorded cases pass");
    if only.is_none() {
        keep(&areas);
    }
}

fn report(name: &str, differences: &[Difference]) {
    println!("{} {name}", if differences.is_empty() { "ok  " } else { "FAIL" });
    for one in differences {
        println!("  step {}: {}\n    {}", one.step, one.what, one.text);
    }
}

/// The counts may only grow.
fn keep(areas: &BTreeMap<String, (u32, u32)>) {
    let path = root().join("passing.txt");
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let before: BTreeMap<&str, u32> =
        text.lines().filter_map(|l| l.split_once(": ")).filter_map(|(a, n)| Some((a, n.parse().ok()?))).collect();
    let now = |area: &str| areas.get(area).map_or(0, |(fine, _)| *fine);
    let fewer: Vec<String> = before
        .iter()
        .filter(|(area, n)| now(area) < **n)
        .map(|(area, n)| format!("{area}: {} pass, {n} did before", now(area)))
        .collect();
    assert!(fewer.is_empty(), "{}", fewer.join("\n"));
    if std::env::var("UPDATE_GOLDEN").is_ok() {
        let lines: String = areas.iter().map(|(area, (fine, _))| format!("{area}: {fine}\n")).collect();
        std::fs::write(&path, lines).expect("tests/recorded can be written");
    }
}
