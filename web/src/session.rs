//! `Session`: the history of one cluster, the screens of its terminals, and who wants to hear of changes. It lives outside
//! Yew; components hold a handle and look.

use crate::screen::{Screen, Screens};
use base::{Duration, Text, Time};
use sim::{Applied, Fault, Given, Place, Ran, Setup, Timeline, World};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Watchers that do not need every frame hear of changes this often.
const CALM: f64 = 0.1;
/// Steps of the first frame; later ones adapt to the machine.
const STEPS: u64 = 2_000;
/// A frame's work should take about this many milliseconds.
const FRAME_MILLIS: f64 = 8.0;

/// How often a watcher wants to hear.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pace {
    /// On every frame in which something changed.
    Frame,
    /// A few times a second, and at once after what a person did.
    Calm,
}

struct Watcher {
    id: u32,
    pace: Pace,
    call: Rc<dyn Fn()>,
}

struct Inner {
    timeline: RefCell<Timeline>,
    screens: RefCell<Screens>,
    watchers: RefCell<Vec<Watcher>>,
    next: Cell<u32>,
    since_calm: Cell<f64>,
    stale: Cell<bool>,
    steps: Cell<u64>,
    behind: Cell<bool>,
    /// The last request over the network that was seen, and the last that a person's command made.
    exchanges: Cell<(u64, u64)>,
}

/// A handle; clones are the same session.
#[derive(Clone)]
pub struct Session(Rc<Inner>);

impl PartialEq for Session {
    fn eq(&self, other: &Session) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// Listens for as long as it lives.
pub struct Watch {
    session: Session,
    id: u32,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.session.0.watchers.borrow_mut().retain(|watcher| watcher.id != self.id);
    }
}

impl Session {
    /// A new cluster.
    pub fn new(setup: &Setup) -> Session {
        Session(Rc::new(Inner {
            timeline: RefCell::new(Timeline::new(setup)),
            screens: RefCell::default(),
            watchers: RefCell::default(),
            next: Cell::new(0),
            since_calm: Cell::new(0.0),
            stale: Cell::new(false),
            steps: Cell::new(STEPS),
            behind: Cell::new(false),
            exchanges: Cell::new((0, 0)),
        }))
    }

    // === reading ===

    /// Reads from the history.
    pub fn look<T>(&self, read: impl FnOnce(&Timeline) -> T) -> T {
        read(&self.0.timeline.borrow())
    }
    /// Reads from the present world.
    pub fn world<T>(&self, read: impl FnOnce(&World) -> T) -> T {
        read(self.0.timeline.borrow().world())
    }
    /// Reads a screen, if its terminal was ever opened.
    pub fn screen<T>(&self, place: &Place, read: impl FnOnce(&Screen) -> T) -> Option<T> {
        self.0.screens.borrow().at(place).map(read)
    }
    /// Whether the machine cannot keep up with the chosen speed.
    pub fn is_behind(&self) -> bool {
        self.0.behind.get()
    }
    /// The number of the last request that a person's command made; 0 before the first.
    pub fn last_request(&self) -> u64 {
        self.0.exchanges.get().1
    }
    /// The present moment is earlier than the end of what is known.
    pub fn is_past(&self) -> bool {
        self.look(|t| t.world().now() < t.range().1)
    }
    /// What a command line would print now. Nothing is changed and nothing is remembered.
    pub fn peek(&self, line: &str) -> Ran {
        let world = self.world(World::clone);
        Timeline::of(world).run(line, Given::default())
    }

    // === doing ===

    /// Changes the clock: pause, speed, seek.
    pub fn clock<T>(&self, change: impl FnOnce(&mut Timeline) -> T) -> T {
        let result = change(&mut self.0.timeline.borrow_mut());
        self.changed();
        result
    }
    /// Does what a person does. From here on the history goes another way than before, if it was known.
    pub fn act<T>(&self, change: impl FnOnce(&mut Timeline) -> T) -> T {
        let result = {
            let mut timeline = self.0.timeline.borrow_mut();
            self.0.screens.borrow_mut().forget_missing(timeline.world());
            change(&mut timeline)
        };
        self.changed();
        result
    }
    /// Applies manifests, document by document.
    pub fn apply(&self, text: &str) -> Vec<Applied> {
        self.act(|t| t.apply(text))
    }
    /// Runs a command line to its end.
    pub fn run(&self, line: &str, given: Given) -> Ran {
        self.act(|t| t.run(line, given))
    }
    /// Breaks or repairs something.
    pub fn fault(&self, fault: Fault) {
        self.act(|t| t.fault(fault));
    }
    /// Opens the terminal of a place, unless it is open.
    pub fn open(&self, place: &Place) {
        self.act(|t| self.0.screens.borrow_mut().open(place, t));
    }
    /// Types lines into the terminal of a place, each when the one before it has ended.
    pub fn submit(&self, place: &Place, lines: &str) {
        self.act(|t| self.0.screens.borrow_mut().submit(place, lines, t));
    }
    /// Ctrl-C.
    pub fn interrupt(&self, place: &Place) {
        self.act(|t| self.0.screens.borrow_mut().interrupt(place, t));
    }
    /// Ctrl-D.
    pub fn end_input(&self, place: &Place) {
        self.act(|t| self.0.screens.borrow_mut().end_input(place, t));
    }
    /// Ctrl-L.
    pub fn clear(&self, place: &Place) {
        self.0.screens.borrow_mut().clear(place);
        self.changed();
    }

    // === time ===

    /// One frame: so many real seconds have passed. `millis` is a clock, to learn how much work fits into a frame.
    pub fn frame(&self, seconds: f64, millis: &dyn Fn() -> f64) {
        let moved = self.advance(seconds, millis);
        if moved {
            self.0.stale.set(true);
            self.notify(Pace::Frame);
        }
        self.0.since_calm.set(self.0.since_calm.get() + seconds);
        if self.0.stale.get() && self.0.since_calm.get() >= CALM {
            self.0.stale.set(false);
            self.0.since_calm.set(0.0);
            self.notify(Pace::Calm);
        }
    }
    fn advance(&self, seconds: f64, millis: &dyn Fn() -> f64) -> bool {
        let mut timeline = self.0.timeline.borrow_mut();
        let before = timeline.world().now();
        let replayed = before < timeline.range().1;
        let at_work = self.0.screens.borrow().any_at_work();
        let (steps, start) = (self.0.steps.get(), millis());
        let kept_up = timeline.frame(Duration::from_micros((seconds * 1e6) as i64), steps);
        let took = millis() - start;
        if took > FRAME_MILLIS * 1.5 {
            self.0.steps.set((steps / 2).max(50));
        } else if !kept_up && took < FRAME_MILLIS / 2.0 {
            self.0.steps.set(steps * 2);
        }
        self.0.behind.set(!kept_up);
        self.0.screens.borrow_mut().pump(&mut timeline, replayed);
        self.note_exchanges(timeline.world(), at_work);
        timeline.world().now() != before
    }
    /// Lets virtual time pass at once.
    pub fn skip(&self, span: Duration) {
        self.clock(|t| t.advance(span));
    }
    /// Goes to a moment of the history and stops there.
    pub fn seek(&self, to: Time) {
        self.0.screens.borrow_mut().forget_queues();
        self.clock(|t| {
            t.pause();
            t.seek(to);
        });
    }

    // === telling ===

    /// Calls back after changes.
    pub fn watch(&self, pace: Pace, call: impl Fn() + 'static) -> Watch {
        let id = self.0.next.get();
        self.0.next.set(id + 1);
        self.0.watchers.borrow_mut().push(Watcher { id, pace, call: Rc::new(call) });
        Watch { session: self.clone(), id }
    }
    fn note_exchanges(&self, world: &World, by_person: bool) {
        let (seen, persons) = self.0.exchanges.get();
        let last = world.exchanges().next_back().map_or(0, |exchange| exchange.id);
        if last != seen {
            self.0.exchanges.set((last, if by_person && last > seen { last } else { persons.min(last) }));
        }
    }
    /// Shows what terminals printed, and tells everyone.
    fn changed(&self) {
        let mut timeline = self.0.timeline.borrow_mut();
        self.0.screens.borrow_mut().pump(&mut timeline, false);
        self.note_exchanges(timeline.world(), true);
        drop(timeline);
        self.0.stale.set(false);
        self.0.since_calm.set(0.0);
        self.notify(Pace::Frame);
        self.notify(Pace::Calm);
    }
    fn notify(&self, pace: Pace) {
        let calls: Vec<_> = self.0.watchers.borrow().iter().filter(|w| w.pace == pace).map(|w| w.call.clone()).collect();
        for call in calls {
            call();
        }
    }
}

/// The seconds between two moments.
pub fn seconds(from: Time, to: Time) -> f64 {
    (to.as_micros() - from.as_micros()) as f64 / 1e6
}

/// The namespace of a key in front of a kubectl command, empty for the cluster's scope.
pub fn namespace_flag(namespace: &Text) -> String {
    if namespace.is_empty() || namespace == "default" { String::new() } else { [" -n ", namespace].concat() }
}
