//! The canvas in the document: its size, its colours, and frames for as long as something moves and no longer.

use crate::bridge::canvas::{Frame, Pen, colours, is_calm};
use crate::bridge::frames::millis;
use crate::picture::draw::{Colours, NAMES, View, draw};
use crate::picture::glyph::Glyph;
use crate::picture::motion::Sprites;
use crate::picture::packets::{Moment, Story, moment};
use crate::picture::scene::{Rect, Scene};
use model::Key;
use std::cell::RefCell;
use std::rc::Rc;
use yew::{Callback, NodeRef};

/// What the component wants to be shown.
#[derive(Clone, PartialEq)]
pub struct Shown {
    pub scene: Rc<Scene>,
    pub selection: Option<Key>,
    pub hover: Option<Key>,
    pub focus: Option<Rect>,
    pub story: Option<Rc<Story>>,
    /// The packet stays at this step.
    pub held: Option<usize>,
    /// How often the flight was asked for again.
    pub replays: u32,
}

struct Flight {
    /// The request and how often it was replayed.
    id: (u64, u32),
    since: f64,
}

#[derive(Default)]
struct Inner {
    canvas: NodeRef,
    probe: NodeRef,
    shown: Option<Shown>,
    sprites: Sprites,
    flight: Option<Flight>,
    frame: Option<Frame>,
    step: Option<usize>,
    on_step: Callback<Option<usize>>,
}

/// A handle of the canvas.
#[derive(Clone, Default)]
pub struct Stage(Rc<RefCell<Inner>>);

impl PartialEq for Stage {
    fn eq(&self, other: &Stage) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Stage {
    /// Takes the elements on, and whom to tell which step a packet is at.
    pub fn mount(&self, (canvas, probe): (&NodeRef, &NodeRef), on_step: Callback<Option<usize>>) {
        let mut inner = self.0.borrow_mut();
        inner.canvas = canvas.clone();
        inner.probe = probe.clone();
        inner.on_step = on_step;
    }
    /// The elements are gone.
    pub fn unmount(&self) {
        self.0.borrow_mut().frame = None;
    }
    /// Shows something else from the next frame on.
    pub fn show(&self, shown: Shown) {
        self.0.borrow_mut().take_on(shown);
        self.kick();
    }
    /// Draws with the next frame, and goes on while anything moves.
    pub fn kick(&self) {
        if self.0.borrow().frame.is_some() {
            return;
        }
        let stage = self.clone();
        let frame = Frame::next(move || {
            let (busy, told) = {
                let mut inner = stage.0.borrow_mut();
                inner.frame = None;
                inner.paint(millis())
            };
            if let Some((callback, step)) = told {
                callback.emit(step);
            }
            if busy {
                stage.kick();
            }
        });
        self.0.borrow_mut().frame = Some(frame);
    }
}

type Told = Option<(Callback<Option<usize>>, Option<usize>)>;

impl Inner {
    fn take_on(&mut self, shown: Shown) {
        let (now, before) = (millis(), self.shown.as_ref());
        let old = before.map(|before| before.scene.clone());
        if !old.as_ref().is_some_and(|old| Rc::ptr_eq(old, &shown.scene)) {
            // A new size is no event of the cluster.
            let resized = old.is_none_or(|old| old.width != shown.scene.width);
            self.sprites.show(&shown.scene, now, resized || is_calm());
        }
        let id = shown.story.as_ref().map(|story| (story.id, shown.replays));
        if id != self.flight.as_ref().map(|flight| flight.id) {
            let since = if is_calm() { f64::MIN } else { now };
            self.flight = id.map(|id| Flight { id, since });
        }
        self.shown = Some(shown);
    }
    /// Draws. Whether something moves on, and the step to tell about.
    fn paint(&mut self, now: f64) -> (bool, Told) {
        let Some(shown) = &self.shown else { return (false, None) };
        let Some(pen) = Pen::of(&self.canvas, (shown.scene.width, shown.scene.height)) else { return (false, None) };
        let colours = Colours::new(colours(&self.probe, NAMES.len()));
        let still = is_calm();
        let at = match (&shown.story, &self.flight) {
            (Some(story), Some(flight)) => Some(match shown.held {
                Some(step) => Moment::At(step),
                None => moment(story, now - flight.since),
            }),
            _ => None,
        };
        draw(
            &pen,
            &View {
                scene: &shown.scene,
                sprites: &self.sprites,
                colours: &colours,
                selection: shown.selection.as_ref(),
                hover: shown.hover.as_ref(),
                focus: shown.focus,
                flight: shown.story.as_deref().zip(at),
                now,
                still,
            },
        );
        let spins = !still && self.sprites.iter().any(|sprite| sprite.glyph == Glyph::Creating);
        let flies = shown.held.is_none() && at.is_some_and(|at| at != Moment::Over);
        let step = shown.story.as_deref().zip(at).and_then(|(story, at)| at.step(story));
        let told = (step != self.step).then(|| (self.on_step.clone(), step));
        self.step = step;
        (self.sprites.is_busy(now) || spins || flies, told)
    }
}
