//! How real time drives virtual time.

use base::{Duration, Time};
use sim::World;
use std::time::Instant;

/// The speed of a cluster's clock.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Pace {
    /// So many times real time.
    Times(f64),
    /// Waits are skipped: as long as something but heartbeats happens, the next event comes at once.
    Max,
}

/// Steps between two looks at the clock.
const STEPS: u64 = 8;
/// So long the world runs before somebody who asks is heard.
const SLICE: std::time::Duration = std::time::Duration::from_millis(5);
/// After the last change, time still flies for this long (the longest grace periods and back-offs that people wait for).
const LIVELY: Duration = Duration::MINUTE;
/// Without anybody asking, time flies for at most this long, whatever happens by itself.
const ALONE: Duration = Duration::HOUR;
/// A world without deadlines is looked at again after this time.
const IDLE: std::time::Duration = std::time::Duration::from_secs(60);

/// Brings a world to where its clock should be.
pub(crate) struct Pacer {
    pace: Pace,
    /// A moment of the world and the real time when it was.
    anchor: (Time, Instant),
    /// Commits up to this revision were looked at.
    seen: u64,
    flies_until: Time,
    asked: Time,
}

impl Pacer {
    pub fn new(pace: Pace, world: &World) -> Pacer {
        let now = world.now();
        Pacer { pace, anchor: (now, Instant::now()), seen: world.control().store().rev(), flies_until: now, asked: now }
    }
    /// Somebody wanted something at this moment.
    pub fn asked(&mut self, world: &World) {
        self.asked = world.now();
    }
    /// Does what is due, or a good part of it. Answers how long nothing will be.
    pub fn advance(&mut self, world: &mut World) -> std::time::Duration {
        match self.pace {
            Pace::Times(times) => self.keep_up(world, times),
            Pace::Max => {
                if !self.flies(world) {
                    return self.keep_up(world, 1.0);
                }
                run(world, self.flies_until);
                self.anchor = (world.now(), Instant::now());
                std::time::Duration::ZERO
            }
        }
    }
    fn keep_up(&self, world: &mut World, times: f64) -> std::time::Duration {
        let (from, since) = self.anchor;
        let due = from + Duration::from_micros((since.elapsed().as_micros() as f64 * times) as i64);
        if !run(world, due) {
            return std::time::Duration::ZERO;
        }
        let Some(next) = world.next_deadline() else { return IDLE };
        let micros = (next - world.now()).as_micros().max(0) as f64 / times;
        std::time::Duration::from_micros(micros as u64).min(IDLE)
    }
    /// Whether waits are to be skipped at this moment.
    fn flies(&mut self, world: &World) -> bool {
        let store = world.control().store();
        let changed = (self.seen + 1..=store.rev()).rev().filter_map(|rev| store.commit_at(rev)).find(|commit| is_change(commit));
        self.seen = store.rev();
        if let Some(commit) = changed {
            self.flies_until = (commit.time + LIVELY).min(self.asked + ALONE);
        }
        world.now() < self.flies_until
    }
}

/// Runs to a moment, or for a slice of real time. True if the moment was reached.
fn run(world: &mut World, until: Time) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < SLICE {
        let mut budget = STEPS;
        if world.run_until(until, &mut budget) {
            return true;
        }
    }
    false
}

/// Heartbeats and events about what happened are no change that somebody waits for.
fn is_change(commit: &store::Commit) -> bool {
    match commit.key.resource.as_str() {
        "leases.coordination.k8s.io" | "events" => false,
        "nodes" => commit.kind != api::WatchKind::Modified,
        _ => true,
    }
}
