//! `cargo xtask test`: every test there is, or one part of them.
//!
//! `native` is `cargo test`; `web` is the tests of `web/` compiled to wasm, in Node or in Chromium as each file asks;
//! `e2e` drives the built page (`tests/e2e/*.mjs`) as a person would.

use crate::page::{self, Kind};
use crate::process::{self, Result};
use crate::wasm::Route;
use crate::{chromium, node, project};
use std::path::PathBuf;
use std::process::Command;

type Part = fn(&[String]) -> Result;

const PARTS: [(&str, Part); 3] = [("native", native), ("web", web), ("e2e", e2e)];

/// Runs the parts, all of them even when one fails; a word that is not a part's name chooses tests by name.
pub fn run(args: &[String]) -> Result {
    let chosen = args.first().and_then(|word| PARTS.iter().find(|(name, _)| name == word));
    if let Some((_, part)) = chosen {
        return part(&args[1..]);
    }
    let failures: Vec<String> =
        PARTS.iter().filter_map(|(name, part)| part(args).err().map(|error| format!("{name}: {error}"))).collect();
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n")) }
}

fn native(filter: &[String]) -> Result {
    process::run(project::cargo().args(["test", "--workspace", "--no-fail-fast", "--"]).args(filter))
}

fn web(filter: &[String]) -> Result {
    let (runner, driver) = (runner()?, chromium::driver()?);
    chromium::browser()?;
    node::install()?;
    let mut cargo = Route::find()?.cargo("test");
    cargo.args(["--package", "web", "--lib", "--tests", "--no-fail-fast", "--profile", "web-dev", "--"]).args(filter);
    cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", runner).env("CHROMEDRIVER", driver);
    cargo.env("SCENARIO_HASHES", hashes()?);
    process::run(cargo.env("WASM_BINDGEN_TEST_TIMEOUT", "120"))
}

/// What the scenarios' histories come to natively: in wasm they must come to the same.
fn hashes() -> Result<String> {
    process::output(project::cargo().args(["run", "--quiet", "--package", "scenario", "--example", "hashes"]))
}

/// `--release` tests the page that people get, and its speed; the rest of the words choose tests by name.
fn e2e(args: &[String]) -> Result {
    let release = args.iter().any(|arg| arg == "--release");
    let browser = chromium::browser()?;
    node::modern()?;
    page::build(if release { Kind::Release } else { Kind::Dev })?;
    let folder = project::root().join("tests/e2e");
    let scripts = project::files(&folder).into_iter().filter(|path| path.to_string_lossy().ends_with(".test.mjs"));
    let mut command = Command::new("node");
    command.current_dir(project::root()).arg("--test").arg("--test-reporter=spec");
    for word in args.iter().filter(|arg| *arg != "--release") {
        command.arg(format!("--test-name-pattern={word}"));
    }
    command.args(scripts).env("CHROMIUM", browser).env("DIST", page::dist());
    // What the module was before it was cut in two.
    command.env("WHOLE", crate::wasm::artefacts(Kind::Release.profile()).join("bindgen"));
    process::run(command.env("PAGE", if release { "release" } else { "dev" }))
}

/// The program that runs wasm tests, of the very version of the library in Cargo.lock.
fn runner() -> Result<PathBuf> {
    let lock = project::read(&project::root().join("Cargo.lock"))?;
    let version = locked(&lock, "wasm-bindgen").ok_or("Cargo.lock has no wasm-bindgen")?;
    let tools = project::root().join(".tools");
    let runner = tools.join("bin/wasm-bindgen-test-runner");
    let installed = process::quiet_output(Command::new(&runner).arg("--version")).unwrap_or_default();
    if installed.trim().ends_with(&format!(" {version}")) {
        return Ok(runner);
    }
    let mut cargo = project::cargo();
    cargo.args(["install", "--quiet", "--debug", "--no-default-features", "--force", "--root"]).arg(&tools);
    cargo.args(["--version", &format!("={version}"), "wasm-bindgen-cli"]);
    cargo.env("CARGO_PROFILE_DEV_DEBUG", "0").env("CARGO_PROFILE_DEV_INCREMENTAL", "false").env_remove("CARGO_TARGET_DIR");
    process::run(&mut cargo)?;
    Ok(runner)
}

fn locked<'a>(lock: &'a str, name: &str) -> Option<&'a str> {
    let rest = lock.split(&format!("\nname = \"{name}\"\nversion = \"")).nth(1)?;
    rest.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locked_version_is_found() {
        let lock = "[[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\nsource = \"x\"\n";
        assert_eq!(locked(lock, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(locked(lock, "wasm"), None);
    }
}
