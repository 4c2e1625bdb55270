//! The canvas: frames, bars, lines and the mass of cells, one path for each colour and shape. Texts are the document's.

use crate::bridge::canvas::Pen;
use crate::picture::cells;
use crate::picture::flight;
use crate::picture::motion::Sprites;
use crate::picture::packets::{Moment, Story};
use crate::picture::scene::{Edge, NodeBox, Rect, Scene};
use crate::services::State;
use crate::status::Health;
use model::{Key, resource};

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
}

/// Draws a frame.
pub fn draw(pen: &Pen, view: &View) {
    let scene = view.scene;
    lane(pen, view);
    for node in &scene.nodes {
        node_box(pen, view, node);
    }
    edges(pen, view);
    cells::draw(pen, view);
    outside(pen, view);
    services(pen, view);
    rings(pen, view);
    if let Some((story, moment)) = view.flight {
        flight::draw(pen, view, (story, moment));
    }
}

/// Starts a path with one rounded rectangle.
pub fn path(pen: &Pen, rect: Rect, radius: f64) {
    pen.begin();
    add(pen, rect, radius);
}

/// Adds a rounded rectangle to the path.
pub fn add(pen: &Pen, rect: Rect, radius: f64) {
    pen.rect((rect.x, rect.y), (rect.w, rect.h), radius);
}

fn half(rect: Rect) -> Rect {
    Rect::new(rect.x + 0.5, rect.y + 0.5, rect.w - 1.0, rect.h - 1.0)
}

fn lane(pen: &Pen, view: &View) {
    let Some(lane) = &view.scene.lane else { return };
    path(pen, half(lane.frame.rect), 10.0);
    pen.dash(&[6.0, 5.0]);
    pen.stroke(view.colours.of("waiting"), 1.25);
    pen.dash(&[]);
}

fn node_box(pen: &Pen, view: &View, node: &NodeBox) {
    let colours = view.colours;
    path(pen, half(node.frame.rect), 10.0);
    pen.fill(colours.of("raised"));
    if node.node.health == Health::Failing {
        pen.alpha(0.07);
        pen.fill(colours.of("failing"));
        pen.alpha(1.0);
        pen.dash(&[7.0, 4.0]);
        pen.stroke(colours.of("failing"), 1.5);
        pen.dash(&[]);
    } else {
        pen.stroke(colours.of("line"), 1.0);
    }
    for bar in node.bars.iter().filter(|bar| bar.rect.w > 0.0) {
        path(pen, bar.rect, 2.0);
        pen.fill(colours.of("line"));
        let width = (bar.rect.w * bar.share.clamp(0.0, 1.0)).max(if bar.share > 0.0 { 3.0 } else { 0.0 });
        path(pen, Rect::new(bar.rect.x, bar.rect.y, width, bar.rect.h), 2.0);
        pen.fill(colours.of(if bar.share > 0.9 { "starting" } else { "quiet" }));
    }
    for heap in &node.frame.heaps {
        let width = (heap.rect.w * heap.share).max(3.0);
        path(pen, Rect::new(heap.rect.x, heap.rect.y + 2.0, width, heap.rect.h - 4.0), 4.0);
        pen.alpha(0.22);
        pen.fill(colours.health(heap.glyph.health()));
        pen.alpha(1.0);
    }
}

/// Lines of the Service or pod that someone looks at stand out.
fn is_meant(scene: &Scene, edge: &Edge, key: Option<&Key>) -> bool {
    let Some(key) = key else { return false };
    let cell = edge.cell.is_some_and(|at| scene.cells[at].pod.key == *key);
    cell || scene.services[edge.service].service.key == *key
}

fn edges(pen: &Pen, view: &View) {
    let scene = view.scene;
    let looked_at = view.hover.filter(|key| key.resource != resource::NODES).or(view.selection);
    // On a narrow pane lines would run through everything: only those that are asked for are drawn.
    let all = if scene.is_wide { &[false, true][..] } else { &[true] };
    for &meant in all {
        for (state, dashes, colour) in [
            (State::Ready, &[][..], "ready"),
            (State::NotReady, &[6.0, 5.0], "starting"),
            (State::Terminating, &[0.5, 5.0], "ending"),
        ] {
            pen.dash(dashes);
            pen.alpha(if meant { 1.0 } else { 0.42 });
            let wanted = |edge: &&Edge| edge.state == state && is_meant(scene, edge, looked_at) == meant;
            for edge in scene.edges.iter().filter(wanted) {
                pen.begin();
                curve(pen, scene.is_wide, edge);
                let weight = (1.25 + f64::from(edge.count).ln() * 0.3).min(3.0);
                pen.stroke(view.colours.of(colour), if meant { weight + 0.75 } else { weight });
            }
        }
    }
    pen.dash(&[]);
    pen.alpha(1.0);
}

fn curve(pen: &Pen, is_wide: bool, edge: &Edge) {
    let (from, to) = (edge.from, edge.to);
    pen.move_to(from.0, from.1);
    if is_wide {
        // It bends in the gap between the columns.
        let (bend, level) = ((from.0 + 36.0).min(to.0), edge.along.unwrap_or(to.1));
        let middle = (from.0 + bend) / 2.0;
        pen.curve_to((middle, from.1), (middle, level), (bend, level));
        if edge.along.is_some() {
            pen.line_to(to.0 - 3.0, level);
            pen.curve_to((to.0, level), (to.0, level), to);
        } else {
            pen.line_to(to.0, to.1);
        }
    } else {
        let middle = (from.1 + to.1) / 2.0;
        pen.curve_to((from.0, middle), (to.0, middle), to);
    }
}

fn outside(pen: &Pen, view: &View) {
    let (scene, colours) = (view.scene, view.colours);
    path(pen, half(scene.client), 10.0);
    pen.fill(colours.of("surface"));
    pen.stroke(colours.of("quiet"), 1.0);
    for balancer in &scene.balancers {
        let card = &scene.services[balancer.service];
        if balancer.rect.right() < card.rect.x && balancer.rect.y + 60.0 > card.rect.y {
            pen.begin();
            pen.move_to(balancer.rect.right(), balancer.rect.middle().1);
            pen.line_to(card.rect.x, card.rect.middle().1);
            pen.alpha(0.6);
            pen.stroke(colours.of("quiet"), 1.25);
            pen.alpha(1.0);
        }
        let waits = card.service.balancer.as_ref().is_none_or(String::is_empty);
        path(pen, half(balancer.rect), 20.0);
        pen.fill(colours.of("surface"));
        pen.dash(if waits { &[4.0, 4.0] } else { &[] });
        pen.stroke(colours.of(if waits { "waiting" } else { "accent" }), 1.25);
        pen.dash(&[]);
    }
}

fn services(pen: &Pen, view: &View) {
    let colours = view.colours;
    for card in &view.scene.services {
        pen.alpha(if card.service.faint { 0.35 } else { 1.0 });
        path(pen, half(card.rect), 8.0);
        pen.fill(colours.of("surface"));
        let is_empty = card.service.tally()[0] == 0 && !card.service.is_external;
        pen.dash(if card.service.is_external { &[3.0, 3.0] } else { &[] });
        pen.stroke(colours.of(if is_empty { "failing" } else { "accent" }), if is_empty { 1.5 } else { 1.0 });
        pen.dash(&[]);
    }
    pen.alpha(1.0);
}

fn ring(pen: &Pen, rect: Rect, radius: f64) {
    path(pen, Rect::new(rect.x - 2.0, rect.y - 2.0, rect.w + 4.0, rect.h + 4.0), radius + 2.0);
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

fn rings(pen: &Pen, view: &View) {
    let (scene, colours) = (view.scene, view.colours);
    let service = [view.selection, view.hover].into_iter().flatten().find(|key| key.resource == resource::SERVICES);
    if let Some(service) = service
        && scene.edges.iter().all(|edge| edge.cell.is_none())
    {
        // Lines would be too many: the pods themselves are marked.
        pen.begin();
        for cell in scene.cells.iter().filter(|cell| scene.is_behind(service, &cell.pod.key)) {
            let r = cell.rect;
            add(pen, Rect::new(r.x - 1.0, r.y - 1.0, r.w + 2.0, r.h + 2.0), radius_of(r));
        }
        pen.stroke(colours.of("accent"), 1.25);
    }
    // The Service whose rules work on the packet.
    let acting = view.flight.and_then(|(story, moment)| story.steps.get(moment.step(story)?)?.service.as_ref());
    for (key, width) in [(view.hover, 1.0), (acting, 2.0), (view.selection, 2.0)] {
        if let Some(rect) = key.and_then(|key| scene.find(key)) {
            ring(pen, rect, radius_of(rect));
            pen.stroke(colours.of("accent"), width);
        }
    }
    if let Some(rect) = view.focus {
        ring(pen, rect, radius_of(rect));
        pen.dash(&[3.0, 3.0]);
        pen.stroke(colours.of("text"), 2.0);
        pen.dash(&[]);
    }
}
