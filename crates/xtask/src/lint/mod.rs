//! `cargo xtask lint`: what must hold of every commit, without running the product.
//!
//! Each check is a function that returns what it found wrong; the last line says how many checks held.

mod clippy;
mod layers;
mod purity;
mod tidy;

use crate::process::{self, Result};
use crate::project;

type Check = fn() -> Result;

const CHECKS: [(&str, Check); 6] = [
    ("fmt", fmt),
    ("tidy", tidy::check),
    ("layers", layers::check),
    ("clippy", clippy::workspace),
    ("clippy-web", clippy::page),
    ("purity", purity::check),
];

/// Runs the named checks, or all of them; all run even when an early one fails.
pub fn run(args: &[String]) -> Result {
    if let Some(unknown) = args.iter().find(|arg| !CHECKS.iter().any(|(name, _)| name == arg)) {
        return Err(format!("no check is called {unknown}; there are {}", CHECKS.map(|(name, _)| name).join(", ")));
    }
    let mut passed = 0_u32;
    let mut failed = Vec::new();
    for (name, check) in CHECKS.iter().filter(|(name, _)| args.is_empty() || args.iter().any(|arg| arg == name)) {
        eprintln!("lint {name}");
        match check() {
            Ok(()) => passed += 1,
            Err(error) => {
                eprintln!("lint {name} failed:\n{error}");
                failed.push(*name);
            }
        }
    }
    println!("lint: {passed} passed, {} failed", failed.len());
    if failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", failed.join(", "))) }
}

fn fmt() -> Result {
    process::run(project::cargo().args(["fmt", "--all", "--check", "--", "--files-with-diff"]))
}

/// No findings are well; otherwise one per line.
fn none(findings: &[String]) -> Result {
    if findings.is_empty() { Ok(()) } else { Err(findings.iter().map(|line| format!("  {line}\n")).collect()) }
}
