//! A canvas: its pen, its size, and the colours that the stylesheet gives; and how large elements are.

use gloo::render::{AnimationFrame, request_animation_frame};
use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{CanvasRenderingContext2d, Element, HtmlCanvasElement, ResizeObserver};
use yew::{Callback, NodeRef};

/// What draws. Names and meanings are the canvas's own.
pub struct Pen(CanvasRenderingContext2d);

impl Pen {
    /// The pen of an empty canvas of this many CSS pixels.
    pub fn of(canvas: &NodeRef, (width, height): (f64, f64)) -> Option<Pen> {
        let canvas = canvas.cast::<HtmlCanvasElement>()?;
        let ratio = web_sys::window().map_or(1.0, |window| window.device_pixel_ratio()).clamp(1.0, 3.0);
        let pixels = ((width * ratio).round() as u32, (height * ratio).round() as u32);
        // Setting the size, even to the same, is dear.
        if (canvas.width(), canvas.height()) != pixels {
            canvas.set_width(pixels.0);
            canvas.set_height(pixels.1);
        }
        let ctx: CanvasRenderingContext2d = canvas.get_context("2d").ok().flatten()?.dyn_into().ok()?;
        let _ = ctx.set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0);
        ctx.clear_rect(0.0, 0.0, width, height);
        ctx.set_line_cap("round");
        ctx.set_line_join("round");
        ctx.set_text_align("center");
        ctx.set_text_baseline("middle");
        Some(Pen(ctx))
    }
    pub fn begin(&self) {
        self.0.begin_path();
    }
    pub fn move_to(&self, x: f64, y: f64) {
        self.0.move_to(x, y);
    }
    pub fn line_to(&self, x: f64, y: f64) {
        self.0.line_to(x, y);
    }
    /// A curve by two control points.
    pub fn curve_to(&self, one: (f64, f64), two: (f64, f64), to: (f64, f64)) {
        self.0.bezier_curve_to(one.0, one.1, two.0, two.1, to.0, to.1);
    }
    /// A part of a circle, clockwise, in radians.
    pub fn arc(&self, (x, y): (f64, f64), radius: f64, from: f64, to: f64) {
        let _ = self.0.arc(x, y, radius, from, to);
    }
    pub fn rect(&self, (x, y): (f64, f64), (w, h): (f64, f64), radius: f64) {
        let _ = self.0.round_rect_with_f64(x, y, w.max(0.0), h.max(0.0), radius);
    }
    pub fn fill(&self, colour: &str) {
        self.0.set_fill_style_str(colour);
        self.0.fill();
    }
    pub fn stroke(&self, colour: &str, width: f64) {
        self.0.set_stroke_style_str(colour);
        self.0.set_line_width(width);
        self.0.stroke();
    }
    /// How much of what is drawn from now on covers what is there.
    pub fn alpha(&self, alpha: f64) {
        self.0.set_global_alpha(alpha);
    }
    /// Lengths of dashes and gaps; none for whole lines.
    pub fn dash(&self, lengths: &[f64]) {
        let _ = self.0.set_line_dash(&lengths.iter().map(|length| JsValue::from_f64(*length)).collect::<Array>());
    }
    /// A short text around a point.
    pub fn text(&self, text: &str, (x, y): (f64, f64), colour: &str) {
        self.0.set_font("600 10px system-ui, sans-serif");
        self.0.set_fill_style_str(colour);
        let _ = self.0.fill_text(text, x, y);
    }
}

/// The colours that the children of an element have now.
pub fn colours(probe: &NodeRef, count: usize) -> Vec<String> {
    let (probe, window) = (probe.cast::<Element>(), web_sys::window());
    let colour = |at: usize| {
        let child = probe.as_ref()?.children().item(at as u32)?;
        window.as_ref()?.get_computed_style(&child).ok().flatten()?.get_property_value("color").ok()
    };
    (0..count).map(|at| colour(at).unwrap_or_default()).collect()
}

/// The person wants nothing to move.
pub fn is_calm() -> bool {
    let query = web_sys::window().and_then(|w| w.match_media("(prefers-reduced-motion: reduce)").ok().flatten());
    query.is_some_and(|query| query.matches())
}

/// One frame; dropped, it is called off.
pub struct Frame(#[expect(dead_code, reason = "dropping it calls the frame off")] AnimationFrame);

impl Frame {
    /// Calls back with the next frame.
    pub fn next(call: impl FnOnce() + 'static) -> Frame {
        Frame(request_animation_frame(move |_| call()))
    }
}

/// Tells the size of an element and what can be seen of it, as long as it lives.
pub struct Measure {
    observer: Option<ResizeObserver>,
    _closure: Closure<dyn Fn()>,
}

impl Measure {
    /// `root` scrolls inside its parent; `part` is inside it. Tells the width, and the height that the part may have
    /// without scrolling.
    pub fn watch(root: &NodeRef, part: &NodeRef, tell: Callback<(u32, u32)>) -> Measure {
        let (root, part) = (root.cast::<Element>(), part.clone());
        let parent = root.as_ref().and_then(|root| root.parent_element());
        let seen = (root.clone(), parent.clone());
        let closure: Closure<dyn Fn()> = Closure::new(move || {
            let (Some(root), Some(part), Some(parent)) = (&seen.0, part.cast::<Element>(), &seen.1) else { return };
            let others: i32 = (0..root.children().length())
                .filter_map(|at| root.children().item(at))
                .filter(|child| *child != part)
                .map(|child| child.client_height())
                .sum();
            if root.client_width() > 0 {
                tell.emit((root.client_width() as u32, (parent.client_height() - others).max(0) as u32));
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
