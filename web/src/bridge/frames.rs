//! `requestAnimationFrame` as a loop: a callback gets the real seconds since the last frame.

use gloo::render::{AnimationFrame, request_animation_frame};
use std::cell::RefCell;
use std::rc::Rc;

/// A tab that was hidden for a while goes on where it was.
const LONGEST: f64 = 0.1;

/// Calls back on every frame for as long as it lives.
pub struct Frames(#[expect(dead_code, reason = "dropping it ends the loop")] Rc<RefCell<Option<AnimationFrame>>>);

impl Frames {
    /// Starts the loop.
    pub fn run(each: impl Fn(f64) + 'static) -> Frames {
        let slot = Rc::new(RefCell::new(None));
        next(Rc::downgrade(&slot), Rc::new(each), None);
        Frames(slot)
    }
}

fn next(slot: std::rc::Weak<RefCell<Option<AnimationFrame>>>, each: Rc<dyn Fn(f64)>, last: Option<f64>) {
    let Some(alive) = slot.upgrade() else { return };
    let frame = request_animation_frame(move |millis| {
        each(last.map_or(0.0, |last| ((millis - last) / 1000.0).clamp(0.0, LONGEST)));
        next(slot, each, Some(millis));
    });
    *alive.borrow_mut() = Some(frame);
}

/// A clock of real time in milliseconds.
pub fn millis() -> f64 {
    web_sys::window().and_then(|w| w.performance()).map_or(0.0, |clock| clock.now())
}
