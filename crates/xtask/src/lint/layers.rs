//! The arrows between crates point down, and nothing that waits, rolls dice or reads a clock is below the shells.
//!
//! `ARROWS` is the picture of ARCHITECTURE.md as a table; a new arrow is a change of the architecture and is made here.

use super::none;
use crate::process::{self, Result};
use crate::project;
use serde_json::Value;
use std::collections::BTreeMap;

/// Each crate and the crates of the workspace that it may name.
const ARROWS: [(&str, &[&str]); 18] = [
    ("base", &[]),
    ("value", &["base"]),
    ("schema", &["base", "value"]),
    ("proto", &["base", "value", "schema"]),
    ("model", &["base", "value"]),
    ("api", &["base", "value", "model"]),
    ("store", &["base", "value", "model", "api"]),
    ("apiserver", &["base", "value", "schema", "model", "api", "store"]),
    ("controllers", &["base", "value", "model", "api", "store"]),
    ("scheduler", &["base", "value", "model", "api", "store"]),
    ("kubelet", &["base", "value", "model", "api"]),
    ("proxy", &["base", "value", "model", "api", "store"]),
    ("dns", &["base", "value", "model", "store"]),
    ("kubectl", &["base", "value", "schema", "model", "api"]),
    ("shell", &["base", "value"]),
    ("control", &[GROUND, STATE, "apiserver", "controllers", "scheduler", "proxy", "dns"]),
    // The terminal's commands are inputs of the journal, so the simulation runs kubectl; and it tells the scheduler's reasons.
    ("sim", &[GROUND, STATE, "control", "apiserver", "scheduler", "kubelet", "kubectl", "proxy", "dns", "shell"]),
    // The simulation is a target of scenarios behind a feature.
    ("scenario", &["base", "value", "sim"]),
];

/// base, value, schema, model, api.
const GROUND: &str = "the words";
/// store.
const STATE: &str = "the state";

/// Crates that stand outside the core: they may name whatever they need of it, and no crate of the core may name them.
pub const SHELLS: [&str; 5] = ["datastore", "serve", "tabernetes", "web", "xtask"];

/// What shells are made of: the binary of its parts.
const PARTS: [(&str, &str); 2] = [("serve", "datastore"), ("tabernetes", "serve")];

/// What must be in no pure crate's tree, at any depth.
const FORBIDDEN: [&str; 24] = [
    "async-std",
    "chrono",
    "futures-executor",
    "getrandom",
    "gloo",
    "hyper",
    "instant",
    "jiff",
    "js-sys",
    "k8s-openapi",
    "libc",
    "mio",
    "rayon",
    "regex",
    "regex-automata",
    "reqwest",
    "socket2",
    "time",
    "tokio",
    "wasm-bindgen",
    "web-sys",
    "web-time",
    "windows-sys",
    "yew",
];

/// Text formats are read and written in `value` alone.
const FORMATS: [&str; 6] = ["serde", "serde_json", "serde_yaml", "saphyr", "yaml-rust2", "unsafe-libyaml"];

/// Compares the workspace with the tables.
pub fn check() -> Result {
    let packages = packages()?;
    let mut findings = Vec::new();
    for (name, dependencies) in &packages {
        arrows(name, dependencies, &mut findings);
    }
    let pure: Vec<&str> = packages.keys().map(String::as_str).filter(|name| !SHELLS.contains(name)).collect();
    if !pure.is_empty() {
        findings.extend(forbidden(&tree(&pure)?));
    }
    none(&findings)
}

/// The workspace's crates, each with the names that it depends on (tests aside).
pub fn packages() -> Result<BTreeMap<String, Vec<String>>> {
    let text = process::output(project::cargo().args(["metadata", "--format-version", "1", "--no-deps", "--quiet"]))?;
    let metadata: Value = serde_json::from_str(&text).map_err(|error| format!("cargo metadata: {error}"))?;
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let named = |package: &Value| {
        let normal = list(&package["dependencies"]).into_iter().filter(|dependency| dependency["kind"].is_null());
        (text(&package["name"]), normal.map(|dependency| text(&dependency["name"])).collect())
    };
    Ok(list(&metadata["packages"]).iter().map(named).collect())
}

fn arrows(name: &str, dependencies: &[String], findings: &mut Vec<String>) {
    let row = ARROWS.iter().find(|(row, _)| *row == name).map(|(_, allowed)| *allowed);
    if row.is_none() && !SHELLS.contains(&name) {
        findings.push(format!("{name}: a crate without a row in {} (and in ARCHITECTURE.md)", file!()));
    }
    for dependency in dependencies.iter().map(String::as_str) {
        let ours = ARROWS.iter().any(|(row, _)| *row == dependency) || SHELLS.contains(&dependency);
        let part = PARTS.contains(&(name, dependency));
        if ours && !part && !row.map_or(!SHELLS.contains(&dependency), |row| allows(row, dependency)) {
            findings.push(format!("{name} -> {dependency}: no such arrow in the design"));
        }
        if row.is_some() && name != "value" && FORMATS.contains(&dependency) {
            findings.push(format!("{name} -> {dependency}: text formats are read and written in `value` alone"));
        }
    }
}

fn allows(row: &[&str], dependency: &str) -> bool {
    row.iter().any(|allowed| match *allowed {
        GROUND => ["base", "value", "schema", "model", "api"].contains(&dependency),
        STATE => dependency == "store",
        name => name == dependency,
    })
}

fn tree(pure: &[&str]) -> Result<String> {
    let mut cargo = project::cargo();
    cargo.args(["tree", "--quiet", "--edges", "normal", "--prefix", "depth", "--format", " {p}", "--target", "all"]);
    for name in pure {
        cargo.args(["--package", name]);
    }
    process::output(&mut cargo)
}

/// Reads cargo's tree (`DEPTH NAME VERSION` per line) and gives the path to every crate that must not be there.
fn forbidden(tree: &str) -> Vec<String> {
    let mut path: Vec<&str> = Vec::new();
    let mut findings = Vec::new();
    for line in tree.lines() {
        let mut words = line.split_whitespace();
        let (Some(depth), Some(name)) = (words.next().and_then(|depth| depth.parse::<usize>().ok()), words.next()) else {
            continue;
        };
        path.truncate(depth);
        path.push(name);
        if FORBIDDEN.contains(&name) {
            findings.push(format!("{}: {name} must not be below the shells", path.join(" -> ")));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, dependencies: &[&str], wanted: usize) {
        let mut findings = Vec::new();
        arrows(name, &dependencies.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(), &mut findings);
        assert_eq!(findings.len(), wanted, "{name}: {findings:?}");
    }

    #[test]
    fn arrows_point_down() {
        check("kubelet", &["api", "base", "imbl"], 0);
        check("kubelet", &["store"], 1);
        check("sim", &["store", "schema", "kubelet"], 0);
        check("base", &["web"], 1);
        check("web", &["sim", "kubectl", "serde_json"], 0);
        check("web", &["xtask"], 1);
        check("tabernetes", &["serve", "sim", "tokio"], 0);
        check("serve", &["tabernetes"], 1);
        check("sim", &["serve"], 1);
        check("store", &["serde_json"], 1);
        check("helpers", &[], 1);
    }

    #[test]
    fn a_forbidden_crate_is_found_with_its_path() {
        let tree = "0 sim v0.0.0\n1 imbl v7\n2 rand v1\n1 clock v1\n2 chrono v0.4\n\n0 base v0.0.0\n";
        assert_eq!(forbidden(tree), ["sim -> clock -> chrono: chrono must not be below the shells"]);
    }
}
