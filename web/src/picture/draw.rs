//! The canvas: frames, bars, lines and the mass of cells, one path for each colour and shape. Texts are the document's.

use crate::picture::cells;
use crate::picture::flight;
use crate::picture::motion::Sprites;
use crate::picture::packets::{Moment, Story};
use crate::picture::scene::{Edge, NodeBox, Rect, Scene};
use crate::services::State;
use crate::status::Health;
use js_sys::Array;
use model::{Key, resource};
use wasm_bindgen::JsValue;
use web_sys::CanvasRenderingContext2d;

/// The stylesheet's colours as they are now, resolved.
#[derive(Clone, Default, PartialEq, Debug)]
pub struct Colours(Vec<String>);

/// The stylesheet's names, in the order of [`Colours`].
pub const NAMES: [&str; 13] = [
    "surface",
    "raised",
    "line",
    "text",
    "quiet",
    "accent",
    "on-accent",
    "ready",
    "starting",
    "waiting",
    "failing",
    "ending",
    "done",
];

impl Colours {
    pub fn new(all: Vec<String>) -> Colours {
        Colours(all)
    }
    /// By the stylesheet's name.
    pub fn of(&self, name: &str) -> &str {
        let at = NAMES.iter().position(|known| *known == name);
        at.and_then(|at| self.0.get(at)).map_or("gray", String::as_str)
    }
    pub fn health(&self, health: Health) -> &str {
        self.of(health.class())
    }
}

/// Everything that a frame shows.
pub struct View<'a> {
    pub scene: &'a Scene,
    pub sprites: &'a Sprites,
    pub colours: &'a Colours,
    pub selection: Option<&'a Key>,
    pub hover: Option<&'a Key>,
    /// What the keyboard is at.
    pub focus: Option<Rect>,
    pub flight: Option<(&'a Story, Moment)>,
    /// Milliseconds.
    pub now: f64,
    pub still: bool,
    /// Device pixels for one of CSS.
    pub ratio: f64,
}

/// Draws a frame.
pub fn draw(ctx: &CanvasRenderingContext2d, view: &View) {
    let scene = view.scene;
    let _ = ctx.set_transform(view.ratio, 0.0, 0.0, view.ratio, 0.0, 0.0);
    ctx.clear_rect(0.0, 0.0, scene.width, scene.height);
    ctx.set_line_cap("round");
    ctx.set_line_join("round");
    lane(ctx, view);
    for node in &scene.nodes {
        node_box(ctx, view, node);
    }
    edges(ctx, view);
    cells::draw(ctx, view);
    outside(ctx, view);
    services(ctx, view);
    rings(ctx, view);
    if let Some((story, moment)) = view.flight {
        flight::draw(ctx, view, (story, moment));
    }
}

/// Starts a path with one rounded rectangle.
pub fn path(ctx: &CanvasRenderingContext2d, rect: Rect, radius: f64) {
    ctx.begin_path();
    add(ctx, rect, radius);
}

/// Adds a rounded rectangle to the path.
pub fn add(ctx: &CanvasRenderingContext2d, rect: Rect, radius: f64) {
    let _ = ctx.round_rect_with_f64(rect.x, rect.y, rect.w.max(0.0), rect.h.max(0.0), radius);
}

/// Sets the dashes; none for an empty slice.
pub fn dash(ctx: &CanvasRenderingContext2d, lengths: &[f64]) {
    let _ = ctx.set_line_dash(&lengths.iter().map(|length| JsValue::from_f64(*length)).collect::<Array>());
}

fn half(rect: Rect) -> Rect {
    Rect::new(rect.x + 0.5, rect.y + 0.5, rect.w - 1.0, rect.h - 1.0)
}

fn stroke(ctx: &CanvasRenderingContext2d, colour: &str, width: f64) {
    ctx.set_stroke_style_str(colour);
    ctx.set_line_width(width);
    ctx.stroke();
}

fn lane(ctx: &CanvasRenderingContext2d, view: &View) {
    let Some(lane) = &view.scene.lane else { return };
    path(ctx, half(lane.frame.rect), 10.0);
    dash(ctx, &[6.0, 5.0]);
    stroke(ctx, view.colours.of("waiting"), 1.25);
    dash(ctx, &[]);
}

fn node_box(ctx: &CanvasRenderingContext2d, view: &View, node: &NodeBox) {
    let colours = view.colours;
    path(ctx, half(node.frame.rect), 10.0);
    ctx.set_fill_style_str(colours.of("raised"));
    ctx.fill();
    if node.node.health == Health::Failing {
        ctx.set_global_alpha(0.07);
        ctx.set_fill_style_str(colours.of("failing"));
        ctx.fill();
        ctx.set_global_alpha(1.0);
        dash(ctx, &[7.0, 4.0]);
        stroke(ctx, colours.of("failing"), 1.5);
        dash(ctx, &[]);
    } else {
        stroke(ctx, colours.of("line"), 1.0);
    }
    for bar in node.bars.iter().filter(|bar| bar.rect.w > 0.0) {
        path(ctx, bar.rect, 2.0);
        ctx.set_fill_style_str(colours.of("line"));
        ctx.fill();
        let width = (bar.rect.w * bar.share.clamp(0.0, 1.0)).max(if bar.share > 0.0 { 3.0 } else { 0.0 });
        path(ctx, Rect::new(bar.rect.x, bar.rect.y, width, bar.rect.h), 2.0);
        ctx.set_fill_style_str(colours.of(if bar.share > 0.9 { "starting" } else { "quiet" }));
        ctx.fill();
    }
    for heap in &node.frame.heaps {
        let width = (heap.rect.w * heap.share).max(3.0);
        path(ctx, Rect::new(heap.rect.x, heap.rect.y + 2.0, width, heap.rect.h - 4.0), 4.0);
        ctx.set_fill_style_str(colours.health(heap.glyph.health()));
        ctx.set_global_alpha(0.22);
        ctx.fill();
        ctx.set_global_alpha(1.0);
    }
}

/// Lines of the Service or pod that someone looks at stand out.
fn is_meant(scene: &Scene, edge: &Edge, key: Option<&Key>) -> bool {
    let Some(key) = key else { return false };
    let cell = edge.cell.is_some_and(|at| scene.cells[at].pod.key == *key);
    cell || scene.services[edge.service].service.key == *key
}

fn edges(ctx: &CanvasRenderingContext2d, view: &View) {
    let scene = view.scene;
    let looked_at = view.hover.filter(|key| key.resource != resource::NODES).or(view.selection);
    for meant in [false, true] {
        for (state, dashes, colour) in [
            (State::Ready, &[][..], "ready"),
            (State::NotReady, &[6.0, 5.0], "starting"),
            (State::Terminating, &[0.5, 5.0], "ending"),
        ] {
            dash(ctx, dashes);
            ctx.set_stroke_style_str(view.colours.of(colour));
            ctx.set_global_alpha(if meant { 1.0 } else { 0.42 });
            let wanted = |edge: &&Edge| edge.state == state && is_meant(scene, edge, looked_at) == meant;
            for edge in scene.edges.iter().filter(wanted) {
                ctx.begin_path();
                curve(ctx, scene.is_wide, edge.from, edge.to);
                let weight = 1.25 + f64::from(edge.count).ln() * 0.7;
                ctx.set_line_width(if meant { weight + 0.75 } else { weight });
                ctx.stroke();
            }
        }
    }
    dash(ctx, &[]);
    ctx.set_global_alpha(1.0);
}

fn curve(ctx: &CanvasRenderingContext2d, is_wide: bool, from: (f64, f64), to: (f64, f64)) {
    ctx.move_to(from.0, from.1);
    if is_wide {
        // It bends in the gap between the columns, so that it crosses cells flat.
        let bend = (from.0 + 44.0).min(to.0);
        ctx.bezier_curve_to((from.0 + bend) / 2.0, from.1, (from.0 + bend) / 2.0, to.1, bend, to.1);
        ctx.line_to(to.0, to.1);
    } else {
        let middle = (from.1 + to.1) / 2.0;
        ctx.bezier_curve_to(from.0, middle, to.0, middle, to.0, to.1);
    }
}

fn outside(ctx: &CanvasRenderingContext2d, view: &View) {
    let (scene, colours) = (view.scene, view.colours);
    path(ctx, half(scene.client), 10.0);
    ctx.set_fill_style_str(colours.of("surface"));
    ctx.fill();
    stroke(ctx, colours.of("quiet"), 1.0);
    for balancer in &scene.balancers {
        let card = &scene.services[balancer.service];
        let (from, to) = if scene.is_wide && scene.client.bottom() < balancer.rect.y {
            ((balancer.rect.right(), balancer.rect.middle().1), (card.rect.x, card.rect.middle().1))
        } else {
            ((balancer.rect.middle().0, balancer.rect.bottom()), (card.rect.middle().0, card.rect.y))
        };
        ctx.begin_path();
        ctx.move_to(from.0, from.1);
        ctx.line_to(to.0, to.1);
        ctx.set_global_alpha(0.6);
        stroke(ctx, colours.of("quiet"), 1.25);
        ctx.set_global_alpha(1.0);
        let waits = card.service.balancer.as_ref().is_none_or(String::is_empty);
        path(ctx, half(balancer.rect), 20.0);
        ctx.set_fill_style_str(colours.of("surface"));
        ctx.fill();
        dash(ctx, if waits { &[4.0, 4.0] } else { &[] });
        stroke(ctx, colours.of(if waits { "waiting" } else { "accent" }), 1.25);
        dash(ctx, &[]);
    }
}

fn services(ctx: &CanvasRenderingContext2d, view: &View) {
    let colours = view.colours;
    for card in &view.scene.services {
        ctx.set_global_alpha(if card.service.faint { 0.35 } else { 1.0 });
        path(ctx, half(card.rect), 8.0);
        ctx.set_fill_style_str(colours.of("surface"));
        ctx.fill();
        let is_empty = card.service.tally()[0] == 0 && !card.service.is_external;
        dash(ctx, if card.service.is_external { &[3.0, 3.0] } else { &[] });
        stroke(ctx, colours.of(if is_empty { "failing" } else { "accent" }), if is_empty { 1.5 } else { 1.0 });
        dash(ctx, &[]);
    }
    ctx.set_global_alpha(1.0);
}

fn ring(ctx: &CanvasRenderingContext2d, rect: Rect, radius: f64) {
    path(ctx, Rect::new(rect.x - 2.0, rect.y - 2.0, rect.w + 4.0, rect.h + 4.0), radius + 2.0);
}

fn radius_of(rect: Rect) -> f64 {
    if rect.h < 12.0 {
        2.0
    } else if rect.h < 20.0 {
        3.0
    } else if rect.h < 40.0 {
        6.0
    } else {
        9.0
    }
}

fn rings(ctx: &CanvasRenderingContext2d, view: &View) {
    let (scene, colours) = (view.scene, view.colours);
    let service = [view.selection, view.hover].into_iter().flatten().find(|key| key.resource == resource::SERVICES);
    if let Some(service) = service
        && scene.edges.iter().all(|edge| edge.cell.is_none())
    {
        // Lines would be too many: the pods themselves are marked.
        ctx.begin_path();
        for cell in scene.cells.iter().filter(|cell| scene.is_behind(service, &cell.pod.key)) {
            let r = cell.rect;
            add(ctx, Rect::new(r.x - 1.0, r.y - 1.0, r.w + 2.0, r.h + 2.0), radius_of(r));
        }
        stroke(ctx, colours.of("accent"), 1.25);
    }
    for (key, width) in [(view.hover, 1.0), (view.selection, 2.0)] {
        if let Some(rect) = key.and_then(|key| scene.find(key)) {
            ring(ctx, rect, radius_of(rect));
            stroke(ctx, colours.of("accent"), width);
        }
    }
    if let Some(rect) = view.focus {
        ring(ctx, rect, radius_of(rect));
        dash(ctx, &[3.0, 3.0]);
        stroke(ctx, colours.of("text"), 2.0);
        dash(ctx, &[]);
    }
}
