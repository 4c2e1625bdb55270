//! The scenario files of tests/scenarios on the simulated cluster: each runs twice, the second time with rewinds at random
//! moments, and both histories have the same hash. `UPDATE_GOLDEN=1` writes what commands print into the files;
//! `SCENARIO=part/of/name` chooses.
#![allow(clippy::disallowed_methods, reason = "a test reads its files")]

#[path = "../../../tests/scenarios/all.rs"]
mod all;

use base::{Duration, Rng, Time};
use scenario::{Command, Failure, File, Mode, OnSim, Ran, Section, Target};
use sim::{Setup, Timeline};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scenarios")
}

fn chosen() -> Vec<(&'static str, PathBuf, String)> {
    let only = std::env::var("SCENARIO").unwrap_or_default();
    let all = all::ALL.iter().filter(|(name, _)| name.contains(&only));
    all.map(|(name, _)| {
        let path = root().join(name).with_extension("test");
        let text = std::fs::read_to_string(&path).expect("a listed scenario is there");
        (*name, path, text)
    })
    .collect()
}

fn parse(name: &str, text: &str) -> File {
    File::parse(text).unwrap_or_else(|m| panic!("tests/scenarios/{name}.test:{}: {}", m.line, m.message))
}

/// Runs a section; a known failure must fail.
fn run(name: &str, section: &Section, target: &mut dyn Target, mode: Mode) -> Result<Vec<scenario::Rewrite>, String> {
    let place = |line: u32| format!("tests/scenarios/{name}.test:{line}: {}", section.name);
    match (scenario::run(section, target, mode), &section.known_failure) {
        (Ok(rewrites), None) => Ok(rewrites),
        (Err(_), Some(_)) => Ok(Vec::new()),
        (Ok(_), Some(why)) => Err(format!("{}: passes now; its [known-failure: {why}] can go", place(section.line))),
        (Err(Failure { line, message }), None) => Err(format!("{}\n  {message}", place(line))),
    }
}

#[test]
fn scenarios() {
    let booted = OnSim::new(Timeline::new(&Setup::default()));
    let mode = if std::env::var("UPDATE_GOLDEN").is_ok() { Mode::Update } else { Mode::Compare };
    let mut failures = Vec::new();
    for (name, path, text) in chosen() {
        let mut rewrites = Vec::new();
        for section in parse(name, &text).sections.iter().filter(|s| s.targets.iter().any(|t| t == "sim")) {
            let mut target = booted.clone();
            match run(name, section, &mut target, mode) {
                Ok(new) => rewrites.extend(new),
                Err(failure) => failures.push(failure),
            }
            let mut restless = Restless { inner: booted.clone(), dice: Rng::new(u64::from(section.line)) };
            // Its outcome is that of the first run, or the hash differs.
            let _ = scenario::run(section, &mut restless, Mode::Compare);
            let (one, two) = (target.timeline.world().hash(), restless.inner.timeline.world().hash());
            if mode == Mode::Compare && one != two && section.known_failure.is_none() {
                failures.push(format!(
                    "tests/scenarios/{name}.test:{}: {}: rewinding changed the history",
                    section.line, section.name
                ));
            }
        }
        if !rewrites.is_empty() {
            std::fs::write(&path, scenario::rewrite(&text, &rewrites)).expect("scenario files can be written");
        }
    }
    assert!(failures.is_empty(), "{} failed\n{}", failures.len(), failures.join("\n\n"));
}

/// A target that is taken back some seconds before some steps, and comes forward again.
struct Restless {
    inner: OnSim,
    dice: Rng,
}

impl Restless {
    fn wander(&mut self) {
        if !self.dice.chance(25) {
            return;
        }
        let (now, first) = (self.inner.now(), self.inner.timeline.range().0);
        let back = now - Duration::from_millis(self.dice.between(1, 20_000));
        self.inner.timeline.seek(if back < first { first } else { back });
        self.inner.timeline.seek(now);
    }
}

impl Target for Restless {
    fn now(&self) -> Time {
        self.inner.now()
    }
    fn run(&mut self, command: &Command) -> Ran {
        self.wander();
        self.inner.run(command)
    }
    fn look(&mut self, command: &Command) -> Ran {
        self.inner.look(command)
    }
    fn advance(&mut self, span: Duration) -> Result<(), String> {
        self.inner.advance(span)?;
        self.wander();
        Ok(())
    }
    fn rewind(&mut self, span: Duration) -> Result<(), String> {
        self.inner.rewind(span)
    }
    fn power(&mut self, node: &str, on: bool) -> Result<(), String> {
        self.inner.power(node, on)
    }
    fn trace(&mut self, from: &str, to: &str) -> Result<Vec<String>, String> {
        self.inner.trace(from, to)
    }
}

#[test]
fn every_file_is_listed() {
    let mut found = Vec::new();
    for area in std::fs::read_dir(root()).expect("tests/scenarios is there").flatten().filter(|e| e.path().is_dir()) {
        for entry in std::fs::read_dir(area.path()).into_iter().flatten().flatten() {
            let path = entry.path().with_extension("");
            found.push(path.strip_prefix(root()).unwrap_or(&path).to_string_lossy().into_owned());
        }
    }
    found.sort();
    let listed: Vec<&str> = all::ALL.iter().map(|(name, _)| *name).collect();
    assert_eq!(listed, found, "tests/scenarios/all.rs lists every file, in order");
}

#[test]
fn names_are_unique() {
    let mut names: Vec<String> = Vec::new();
    for (name, text) in all::ALL {
        names.extend(parse(name, text).sections.into_iter().map(|s| s.name));
    }
    names.sort();
    let twice: Vec<&String> = names.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| &pair[0]).collect();
    assert!(twice.is_empty(), "{twice:?}");
}
