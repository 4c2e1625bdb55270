//! `Timeline`: a world with its journal of inputs, checkpoints and a clock. It can be paused, stepped, rewound to any
//! moment and gone on with from there; the same journal always gives the same history.

use crate::input::{Fault, Input};
use crate::network::Place;
use crate::setup::Setup;
use crate::world::World;
use base::{Duration, Text, Time};
use kubectl::Chunk;

/// A checkpoint is kept about this often.
const EVERY: Duration = Duration::from_secs(5);
/// How many checkpoints are kept; older ones are thinned out.
const CHECKPOINTS: usize = 48;
/// A command line that [`Timeline::run`] waits for may take this long.
const PATIENCE: Duration = Duration::from_secs(3600);

/// A world that remembers how it came about.
#[derive(Clone)]
pub struct Timeline {
    world: World,
    journal: Vec<(Time, Input)>,
    /// How many inputs of the journal the world has seen.
    done: usize,
    /// Worlds at earlier moments, with the number of inputs that they had seen.
    checkpoints: Vec<(usize, World)>,
    /// How far this history is known.
    end: Time,
    speed: f64,
    paused: bool,
}

/// The end of a command line.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// What a command line runs with besides itself.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Given {
    pub stdin: Option<Text>,
    pub files: Vec<(Text, Text)>,
    /// The namespace of the kubeconfig; empty: `default`.
    pub namespace: Text,
    /// Where the shell runs; `None`: the client outside.
    pub place: Option<Place>,
}

impl Timeline {
    /// A new cluster whose nodes and add-ons are up.
    pub fn new(setup: &Setup) -> Timeline {
        let mut world = World::new(setup);
        world.run_while(Duration::from_secs(60), |w| w.is_settled());
        Timeline::of(world)
    }
    /// A history that begins with a world.
    pub fn of(world: World) -> Timeline {
        let end = world.now();
        Timeline { checkpoints: vec![(0, world.clone())], world, journal: Vec::new(), done: 0, end, speed: 1.0, paused: false }
    }
    pub fn world(&self) -> &World {
        &self.world
    }
    pub fn world_mut(&mut self) -> &mut World {
        &mut self.world
    }
    pub fn journal(&self) -> &[(Time, Input)] {
        &self.journal
    }
    /// The first and last moment of this history.
    pub fn range(&self) -> (Time, Time) {
        (self.checkpoints.first().map_or(self.end, |(_, w)| w.now()), self.end)
    }

    /// Carries an input out at this moment. What was known of the future from here is given up.
    pub fn input(&mut self, input: Input) -> Option<u32> {
        self.journal.truncate(self.done);
        let now = self.world.now();
        self.checkpoints.retain(|(_, w)| w.now() <= now);
        self.end = now;
        let opened = self.world.input(&input);
        self.journal.push((now, input));
        self.done += 1;
        opened
    }
    pub fn fault(&mut self, fault: Fault) {
        self.input(Input::Fault(fault));
    }
    pub fn open(&mut self, place: Place) -> Option<u32> {
        let opened = self.input(Input::Open { place });
        self.run_now();
        opened
    }
    /// Types into a terminal and lets everything run that is due at this moment.
    pub fn type_text(&mut self, terminal: u32, text: &str) {
        self.input(Input::Type { terminal, text: text.into() });
        self.run_now();
    }
    pub fn interrupt(&mut self, terminal: u32) {
        self.input(Input::Interrupt { terminal });
        self.run_now();
    }
    pub fn end_input(&mut self, terminal: u32) {
        self.input(Input::EndInput { terminal });
        self.run_now();
    }
    pub fn close(&mut self, terminal: u32) {
        self.input(Input::Close { terminal });
    }
    pub fn take_output(&mut self, terminal: u32) -> Vec<Chunk> {
        self.world.take_output(terminal)
    }
    /// The prompt of a terminal that waits for a command; `None` while it is busy or its program reads by itself.
    pub fn prompt(&self, terminal: u32) -> Option<String> {
        let found = self.world.terminal(terminal)?;
        if found.at_prompt() { Some(format!("{}$ ", found.place.short())) } else { None }
    }
    pub fn is_busy(&self, terminal: u32) -> bool {
        self.world.terminal(terminal).is_some_and(|t| !t.at_prompt())
    }
    /// Runs a command line to its end; virtual time passes only while the command waits.
    pub fn run(&mut self, line: &str, given: Given) -> Ran {
        let place = given.place.unwrap_or(Place::Outside);
        let input = Input::Run { place, line: line.into(), stdin: given.stdin, files: given.files, namespace: given.namespace };
        let Some(id) = self.input(input) else {
            return Ran { code: 126, out: String::new(), err: "the command could not be started\n".into() };
        };
        let limit = self.world.now() + PATIENCE;
        let mut ran = Ran::default();
        let exited = loop {
            let exited = self.world.terminal(id).and_then(|t| t.exited());
            if exited.is_some() || !self.world.step(limit) {
                break exited;
            }
            self.checkpoint();
        };
        for chunk in self.world.take_output(id) {
            let text = String::from_utf8_lossy(&chunk.bytes).into_owned();
            if chunk.fd == 1 { ran.out += &text } else { ran.err += &text }
        }
        ran.code = exited.unwrap_or(124);
        if exited.is_none() {
            ran.err += "the command did not end within an hour of virtual time\n";
        }
        self.end = self.end.max(self.world.now());
        self.close(id);
        ran
    }

    /// One frame of a clock: `elapsed` of real time has passed; at most `budget` steps are taken. False: the world could
    /// not keep up, and the missing time is given up.
    pub fn frame(&mut self, elapsed: Duration, budget: u64) -> bool {
        if self.paused {
            return true;
        }
        let span = if self.speed.is_finite() {
            Duration::from_micros((elapsed.as_micros() as f64 * self.speed) as i64)
        } else {
            Duration::HOUR
        };
        let reached = self.run_until(self.world.now() + span, budget);
        reached || !self.speed.is_finite()
    }
    pub fn pause(&mut self) {
        self.paused = true;
    }
    pub fn resume(&mut self) {
        self.paused = false;
    }
    pub fn is_paused(&self) -> bool {
        self.paused
    }
    /// 0.1 to 100 times real time, or infinity: as fast as the machine can.
    pub fn set_speed(&mut self, speed: f64) {
        self.speed = if speed.is_finite() { speed.clamp(0.1, 100.0) } else { f64::INFINITY };
    }
    pub fn speed(&self) -> f64 {
        self.speed
    }
    /// Runs to the next commit, if one comes within an hour. Answers whether one came.
    pub fn step_event(&mut self) -> bool {
        let rev = self.world.control().store().rev();
        let limit = self.world.now() + Duration::HOUR;
        while self.world.control().store().rev() == rev {
            if !self.step_to(limit) {
                return false;
            }
        }
        true
    }
    /// Runs for a span.
    pub fn advance(&mut self, span: Duration) {
        self.run_until(self.world.now() + span, u64::MAX);
    }
    /// Runs until something is true, at most for a span.
    pub fn run_while(&mut self, span: Duration, mut wanted: impl FnMut(&World) -> bool) -> bool {
        let limit = self.world.now() + span;
        loop {
            if wanted(&self.world) {
                return true;
            }
            if !self.step_to(limit) {
                return wanted(&self.world);
            }
        }
    }
    /// Goes to a moment: back by a checkpoint and a replay, forward by running.
    pub fn seek(&mut self, to: Time) {
        if to < self.world.now() {
            let Some((done, world)) =
                self.checkpoints.iter().rev().find(|(_, w)| w.now() <= to).or(self.checkpoints.first()).cloned()
            else {
                return;
            };
            self.done = done;
            self.world = world;
        }
        self.run_until(to, u64::MAX);
        self.world.drop_outputs();
    }
    /// A second history with the same past.
    pub fn branch(&self) -> Timeline {
        self.clone()
    }

    fn run_now(&mut self) {
        let now = self.world.now();
        while self.world.step(now) {}
    }
    fn step_to(&mut self, limit: Time) -> bool {
        let next = self.world.next_deadline().filter(|at| *at <= limit);
        self.run_until(next.unwrap_or(limit), u64::MAX);
        next.is_some()
    }
    /// Runs to a moment; inputs of the journal that lie before it are carried out again.
    fn run_until(&mut self, until: Time, budget: u64) -> bool {
        let mut budget = budget;
        while let Some((at, input)) = self.journal.get(self.done).filter(|(at, _)| *at <= until).cloned() {
            if !self.run_part(at, &mut budget) {
                return false;
            }
            self.world.input(&input);
            self.done += 1;
        }
        let reached = self.run_part(until, &mut budget);
        self.end = self.end.max(self.world.now());
        reached
    }
    fn run_part(&mut self, until: Time, budget: &mut u64) -> bool {
        loop {
            let pause = self.checkpoints.last().map_or(until, |(_, w)| (w.now() + EVERY).min(until));
            let part = if pause > self.world.now() { pause } else { until };
            if !self.world.run_until(part, budget) {
                return false;
            }
            self.checkpoint();
            if part >= until {
                return true;
            }
        }
    }
    fn checkpoint(&mut self) {
        let due = self.checkpoints.last().is_none_or(|(_, w)| w.now() + EVERY <= self.world.now());
        if !due {
            return;
        }
        self.checkpoints.push((self.done, self.world.clone()));
        if self.checkpoints.len() > CHECKPOINTS {
            // Every second one of the older half goes; the first and the last stay.
            let half = self.checkpoints.len() / 2;
            let mut place = 0;
            self.checkpoints.retain(|_| {
                place += 1;
                place == 1 || place > half || place % 2 == 1
            });
        }
    }
}
