//! Tidiness that no compiler looks after: files that open with their purpose and stay short, no orphans, one map.

use super::{layers, none};
use crate::process::Result;
use crate::project;
use std::path::{Path, PathBuf};

/// No file is longer, but for generated ones.
const MOST_LINES: usize = 800;
/// ARCHITECTURE.md stays a short map.
const MOST_MAP_LINES: usize = 250;
/// Two versions of one of these would not fit together, or weigh twice in the page.
const ONE_VERSION: [&str; 9] = ["arcstr", "gloo", "imbl", "js-sys", "serde", "serde_json", "wasm-bindgen", "web-sys", "yew"];

/// Looks through every Rust file, the map and the lock file.
pub fn check() -> Result {
    let root = project::root();
    let mut findings = Vec::new();
    let files: Vec<PathBuf> = ["crates", "web", "tests"].iter().flat_map(|folder| project::files(&root.join(folder))).collect();
    for path in files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs")) {
        let text = project::read(path)?;
        let name = path.strip_prefix(&root).unwrap_or(path).display().to_string();
        findings.extend(file(&text).into_iter().map(|finding| format!("{name}: {finding}")));
        if is_orphan(path, &files)? {
            findings.push(format!("{name}: no `mod` names this file"));
        }
    }
    map(&root, &mut findings)?;
    let lock = project::read(&root.join("Cargo.lock"))?;
    findings.extend(ONE_VERSION.iter().filter_map(|name| versions(&lock, name)));
    none(&findings)
}

fn file(text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    let first = text.lines().next().unwrap_or_default();
    if !first.starts_with("//!") {
        findings.push("the first line is not `//! what this file is for`".to_owned());
    }
    let lines = text.lines().count();
    if lines > MOST_LINES && !first.contains("enerated") {
        findings.push(format!("{lines} lines; at most {MOST_LINES} (a generated file says so in its first line)"));
    }
    for (number, line) in text.lines().enumerate() {
        for mark in ["TO\u{44}O", "FIX\u{4d}E"] {
            if line.split(mark).nth(1).is_some_and(|after| !after.starts_with('(')) {
                findings.push(format!("line {}: {mark} without an owner, `{mark}(name)`", number + 1));
            }
        }
    }
    findings
}

/// A module file that its parent does not name is never compiled.
fn is_orphan(path: &Path, files: &[PathBuf]) -> Result<bool> {
    let parts: Vec<_> = path.iter().collect();
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let roots = ["lib", "main", "mod", "bindgen", "build"];
    if !parts.iter().any(|part| *part == "src") || roots.contains(&stem.as_str()) || parts.iter().any(|part| *part == "bin") {
        return Ok(false);
    }
    let folder = path.parent().unwrap_or(path);
    let parent = folder.with_extension("rs");
    let siblings = ["lib.rs", "main.rs", "mod.rs"].map(|name| folder.join(name));
    for candidate in siblings.iter().chain([&parent]).filter(|candidate| files.contains(candidate)) {
        let text = project::read(candidate)?;
        if text.lines().any(|line| line.trim_end().ends_with(&format!("mod {stem};"))) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn map(root: &Path, findings: &mut Vec<String>) -> Result {
    let text = project::read(&root.join("ARCHITECTURE.md")).unwrap_or_else(|error| {
        findings.push(error);
        String::new()
    });
    let lines = text.lines().count();
    if lines > MOST_MAP_LINES {
        findings.push(format!("ARCHITECTURE.md: {lines} lines; at most {MOST_MAP_LINES}"));
    }
    for name in layers::packages()?.keys() {
        if !text.contains(&format!("`{name}`")) {
            findings.push(format!("ARCHITECTURE.md: no line for the crate `{name}`"));
        }
    }
    Ok(())
}

fn versions(lock: &str, name: &str) -> Option<String> {
    let count = lock.matches(&format!("\nname = \"{name}\"\n")).count();
    (count > 1).then(|| format!("Cargo.lock: {count} versions of {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, wanted: usize) {
        assert_eq!(file(text).len(), wanted, "{text:.40}: {:?}", file(text));
    }

    #[test]
    fn files_say_what_they_are_for_and_stay_short() {
        check("//! A.\n", 0);
        check("use x;\n", 1);
        check(&format!("//! A.\n{}", "x\n".repeat(800)), 1);
        check(&format!("//! Generated.\n{}", "x\n".repeat(800)), 0);
        check("//! A.\n// TO\u{44}O: later\n", 1);
        check("//! A.\n// TO\u{44}O(ada): later\n", 0);
    }

    #[test]
    fn two_versions_are_found() {
        let lock = "[[package]]\nname = \"imbl\"\nversion = \"7\"\n[[package]]\nname = \"imbl\"\nversion = \"6\"\n";
        assert!(versions(lock, "imbl").is_some());
        assert!(versions(lock, "yew").is_none());
    }
}
