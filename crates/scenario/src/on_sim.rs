//! The simulated cluster as a target.

use crate::parse::File;
use crate::run::{Mode, run};
use crate::target::{Command, Ran, Target};
use base::{Duration, Time};
use sim::{Fault, Given, Place, Timeline};
use value::Value;

/// Commands do not come faster than a program starts.
const START: Duration = Duration::from_millis(50);

/// A timeline that a scenario runs on.
#[derive(Clone)]
pub struct OnSim {
    pub timeline: Timeline,
}

impl OnSim {
    pub fn new(timeline: Timeline) -> OnSim {
        OnSim { timeline }
    }
    fn place(&self, name: &str) -> Result<Place, String> {
        if name.is_empty() || name == "outside" {
            return Ok(Place::Outside);
        }
        if let Some(pod) = name.strip_prefix("pod/") {
            return Ok(Place::Pod { namespace: "default".into(), name: pod.into() });
        }
        let known = self.timeline.world().nodes().any(|n| n.name() == name);
        if known { Ok(Place::Node(name.into())) } else { Err(format!("there is no node {name}")) }
    }
    /// `svc/web:80` and `pod/a:80` become addresses.
    fn address(&mut self, to: &str) -> Result<String, String> {
        let Some((kind, rest)) = to.split_once('/').filter(|(kind, _)| matches!(*kind, "svc" | "pod")) else {
            return Ok(to.into());
        };
        let (name, port) = rest.split_once(':').unwrap_or((rest, "80"));
        let ran = self.look(&Command { line: format!("kubectl get {kind} {name} -o json"), ..Command::default() });
        let object = Value::from_json(&ran.out).map_err(|_| ran.err)?;
        let ip = if kind == "svc" { &object["spec"]["clusterIP"] } else { &object["status"]["podIP"] };
        Ok(format!("{}:{port}", ip.s()))
    }
}

impl Target for OnSim {
    fn now(&self) -> Time {
        self.timeline.world().now()
    }
    fn run(&mut self, command: &Command) -> Ran {
        let place = match self.place(&command.node) {
            Ok(place) => place,
            Err(why) => return Ran { code: 255, out: String::new(), err: format!("{why}\n") },
        };
        let files = command.files.iter().map(|(path, text)| (path.as_str().into(), text.as_str().into())).collect();
        let stdin = command.stdin.as_ref().map(|text| text.as_str().into());
        self.timeline.advance(START);
        let ran = self.timeline.run(&command.line, Given { stdin, files, place: Some(place), ..Given::default() });
        Ran { code: ran.code, out: ran.out, err: ran.err }
    }
    fn look(&mut self, command: &Command) -> Ran {
        OnSim::new(Timeline::of(self.timeline.world().clone())).run(command)
    }
    fn advance(&mut self, span: Duration) -> Result<(), String> {
        self.timeline.advance(span);
        Ok(())
    }
    fn rewind(&mut self, span: Duration) -> Result<(), String> {
        let to = self.now() - span;
        if to < self.timeline.range().0 {
            return Err("the history does not go back that far".into());
        }
        self.timeline.seek(to);
        Ok(())
    }
    fn power(&mut self, node: &str, on: bool) -> Result<(), String> {
        self.place(node)?;
        self.timeline.fault(if on { Fault::NodeUp(node.into()) } else { Fault::NodeDown(node.into()) });
        Ok(())
    }
    fn trace(&mut self, from: &str, to: &str) -> Result<Vec<String>, String> {
        let (from, to) = (self.place(from)?, self.address(to)?);
        let target = sim::Target::parse(&to).ok_or_else(|| format!("`{to}` is no address"))?;
        let world = self.timeline.world();
        let traced = world.trace(&from, &target);
        let mut lines = traced.exchange.explain();
        if let Some(why) = traced.exchange.why_failed() {
            lines.push(why);
            lines.extend(world.fixes(&from, &target).iter().map(|fix| ["fix: ", &fix.line()].concat()));
        }
        Ok(lines)
    }
}

/// Runs the sections of a scenario file that are meant for the simulation, each on a copy of a cluster: their names, and the
/// hashes of what was committed in them.
pub fn histories(booted: &OnSim, text: &str) -> Vec<(String, u64)> {
    let file = File::parse(text).unwrap_or_default();
    let sections = file.sections.iter().filter(|s| s.targets.iter().any(|t| t == "sim"));
    sections
        .map(|section| {
            let mut target = booted.clone();
            // Where a section fails is part of its history.
            let _ = run(section, &mut target, Mode::Compare);
            (section.name.clone(), target.timeline.world().hash())
        })
        .collect()
}
