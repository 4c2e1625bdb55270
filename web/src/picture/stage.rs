//! The canvas in the document: its size, its colours, and frames for as long as something moves and no longer.

use crate::picture::draw::{Colours, NAMES, View, draw};
use crate::picture::glyph::Glyph;
use crate::picture::motion::Sprites;
use crate::picture::packets::{Moment, Story, moment};
use crate::picture::scene::{Rect, Scene};
use gloo::render::{AnimationFrame, request_animation_frame};
use model::Key;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{CanvasRenderingContext2d, Element, HtmlCanvasElement, ResizeObserver};
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
    canvas: Option<HtmlCanvasElement>,
    probe: Option<Element>,
    shown: Option<Shown>,
    sprites: Sprites,
    flight: Option<Flight>,
    frame: Option<AnimationFrame>,
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
        inner.canvas = canvas.cast();
        inner.probe = probe.cast();
        inner.on_step = on_step;
    }
    /// The elements are gone.
    pub fn unmount(&self) {
        let mut inner = self.0.borrow_mut();
        inner.frame = None;
        inner.canvas = None;
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
        let frame = request_animation_frame(move |_| {
            let (busy, told) = {
                let mut inner = stage.0.borrow_mut();
                inner.frame = None;
                inner.paint(now())
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
        let (now, before) = (now(), self.shown.as_ref());
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
        let (Some(canvas), Some(shown)) = (&self.canvas, &self.shown) else { return (false, None) };
        let Some(ctx) = fitted(canvas, &shown.scene) else { return (false, None) };
        let colours = self.probe.as_ref().map(colours).unwrap_or_default();
        let still = is_calm();
        let at = match (&shown.story, &self.flight) {
            (Some(story), Some(flight)) => Some(match shown.held {
                Some(step) => Moment::At(step),
                None => moment(story, now - flight.since),
            }),
            _ => None,
        };
        draw(
            &ctx,
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
                ratio: ratio(),
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

fn now() -> f64 {
    crate::bridge::frames::millis()
}

/// The person wants nothing to move.
fn is_calm() -> bool {
    let query = web_sys::window().and_then(|w| w.match_media("(prefers-reduced-motion: reduce)").ok().flatten());
    query.is_some_and(|query| query.matches())
}

fn ratio() -> f64 {
    web_sys::window().map_or(1.0, |window| window.device_pixel_ratio()).clamp(1.0, 3.0)
}

/// The canvas's pen; its pixels are made as many as the scene needs.
fn fitted(canvas: &HtmlCanvasElement, scene: &Scene) -> Option<CanvasRenderingContext2d> {
    let (width, height) = ((scene.width * ratio()).round() as u32, (scene.height * ratio()).round() as u32);
    if canvas.width() != width || canvas.height() != height {
        canvas.set_width(width);
        canvas.set_height(height);
    }
    canvas.get_context("2d").ok().flatten()?.dyn_into().ok()
}

/// The stylesheet's colours, as elements that wear them have them.
fn colours(probe: &Element) -> Colours {
    let window = web_sys::window();
    let colour = |at: usize| {
        let element = probe.children().item(at as u32)?;
        let style = window.as_ref()?.get_computed_style(&element).ok().flatten()?;
        style.get_property_value("color").ok()
    };
    Colours::new((0..NAMES.len()).map(|at| colour(at).unwrap_or_default()).collect())
}

/// Tells the size of an element and what can be seen of it, as long as it lives.
pub struct Measure {
    observer: Option<ResizeObserver>,
    _closure: Closure<dyn Fn()>,
}

impl Measure {
    /// `root` scrolls inside its parent; `stage` is the part of it that has the canvas. Tells the width, and the height
    /// that the stage may have without scrolling.
    pub fn watch(root: &NodeRef, stage: &NodeRef, tell: Callback<(u32, u32)>) -> Measure {
        let (root, stage) = (root.cast::<Element>(), stage.cast::<Element>());
        let parent = root.as_ref().and_then(|root| root.parent_element());
        let seen = (root.clone(), parent.clone());
        let closure: Closure<dyn Fn()> = Closure::new(move || {
            let (Some(root), Some(stage), Some(parent)) = (&seen.0, &stage, &seen.1) else { return };
            let others = root.client_height() - stage.client_height();
            let room = (parent.client_height() - others).max(0);
            if root.client_width() > 0 {
                tell.emit((root.client_width() as u32, room as u32));
            }
        });
        let observer = ResizeObserver::new(closure.as_ref().unchecked_ref()).ok();
        if let Some(observer) = &observer {
            for element in [root, parent].iter().flatten() {
                observer.observe(element);
            }
        }
        Measure { observer, _closure: closure }
    }
}

impl Drop for Measure {
    fn drop(&mut self) {
        if let Some(observer) = &self.observer {
            observer.disconnect();
        }
    }
}
