//! `cargo xtask bench`: every `crates/*/benches`, at full speed, natively; then the page's own figures in Chromium.

use crate::process::{self, Result};
use crate::{page, project};
use std::process::Command;

/// Runs them; the words choose benchmarks by name.
pub fn run(filter: &[String]) -> Result {
    for folder in std::fs::read_dir(project::root().join("crates")).into_iter().flatten().flatten() {
        if folder.path().join("benches").is_dir() {
            let name = folder.file_name().to_string_lossy().into_owned();
            process::run(project::cargo().args(["bench", "--package", &name, "--benches", "--"]).args(filter))?;
        }
    }
    let script = project::root().join("tests/e2e/bench.mjs");
    if !script.is_file() {
        return Ok(());
    }
    let browser = crate::chromium::browser()?;
    crate::node::modern()?;
    page::build(page::Kind::Release)?;
    let mut node = Command::new("node");
    process::run(node.current_dir(project::root()).arg(script).args(filter).env("CHROMIUM", browser).env("DIST", page::dist()))
}
