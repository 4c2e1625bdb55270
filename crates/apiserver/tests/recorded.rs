//! Replays HTTP recordings of a real API server (Kubernetes 1.36.2) in tests/recorded/api against [`apiserver::admit`] on a
//! bare store, and counts how many steps answer the same. The count may not fall; `RECORDED=name cargo test -p apiserver`
//! prints the differences of the cases whose path contains `name`.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros, reason = "a test reads recordings and tells what differs")]

#[path = "recorded/compare.rs"]
mod compare;
#[path = "recorded/http.rs"]
mod http;
#[path = "recorded/world.rs"]
mod world;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use value::Value;

/// As many steps passed when this was last raised.
const STEPS_AT_LEAST: u32 = 1110;

fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/recorded/api");
    let mut files = Vec::new();
    for area in std::fs::read_dir(root).expect("tests/recorded/api is there").flatten() {
        let listed = std::fs::read_dir(area.path()).into_iter().flatten().flatten();
        files.extend(listed.map(|f| f.path()).filter(|p| p.extension().is_some_and(|e| e == "json")));
    }
    files.sort();
    files
}

#[test]
fn recorded_answers() {
    let only = std::env::var("RECORDED").ok();
    let mut areas: BTreeMap<String, (u32, u32, u32, u32)> = BTreeMap::new();
    for file in cases() {
        let path = file.display().to_string();
        if only.as_ref().is_some_and(|only| !path.contains(only.as_str())) {
            continue;
        }
        let text = std::fs::read_to_string(&file).expect("a readable case");
        let case = Value::from_json(&text).expect("a case in JSON");
        let (passed, all, differences) = world::replay(&case);
        let area = file.parent().and_then(Path::file_name).map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let count = areas.entry(area).or_default();
        *count = (count.0 + passed, count.1 + all, count.2 + u32::from(passed == all), count.3 + 1);
        if only.is_some() {
            differences.iter().for_each(|d| println!("{}: {d}", case["name"].s()));
        } else if std::env::var("RECORDED_LIST").is_ok() && passed < all {
            println!("{passed}/{all} {}", case["name"].s());
        }
    }
    let mut total = 0;
    for (area, (passed, all, whole, cases)) in &areas {
        println!("{area}: {passed} of {all} steps, {whole} of {cases} cases");
        total += passed;
    }
    println!("{total} steps pass");
    if only.is_none() {
        assert!(total >= STEPS_AT_LEAST, "{total} steps pass, {STEPS_AT_LEAST} did before");
    }
}
