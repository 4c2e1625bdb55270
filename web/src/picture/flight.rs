//! The packet of a request on the canvas: the way it has taken, where it is, and where it stopped.

use crate::bridge::canvas::Pen;
use crate::picture::draw::View;
use crate::picture::packets::{Moment, Story, along};
use crate::picture::scene::Scene;
use std::f64::consts::TAU;

type Point = (f64, f64);

/// Where each step happens; a place that is not drawn is skipped.
pub fn stations(scene: &Scene, story: &Story) -> Vec<Option<Point>> {
    story.steps.iter().map(|step| scene.anchor(&step.at, step.node.as_deref())).collect()
}

/// The way from one station to another: level at both ends.
fn leg(from: Point, to: Point) -> Vec<Point> {
    const PARTS: i32 = 14;
    let level = (to.0 - from.0).abs() > (to.1 - from.1).abs();
    let (c1, c2) = if level {
        let middle = (from.0 + to.0) / 2.0;
        ((middle, from.1), (middle, to.1))
    } else {
        let middle = (from.1 + to.1) / 2.0;
        ((from.0, middle), (to.0, middle))
    };
    let at = |t: f64| {
        let u = 1.0 - t;
        let mix = |a: f64, b: f64, c: f64, d: f64| u * u * u * a + 3.0 * u * u * t * b + 3.0 * u * t * t * c + t * t * t * d;
        (mix(from.0, c1.0, c2.0, to.0), mix(from.1, c1.1, c2.1, to.1))
    };
    (0..=PARTS).map(|part| at(f64::from(part) / f64::from(PARTS))).collect()
}

/// The whole way up to a step.
fn way(stations: &[Option<Point>], until: usize) -> Vec<Point> {
    let known: Vec<Point> = stations.iter().take(until + 1).flatten().copied().collect();
    let mut points: Vec<Point> = known.first().copied().into_iter().collect();
    for pair in known.windows(2) {
        points.extend(leg(pair[0], pair[1]).into_iter().skip(1));
    }
    points
}

fn trace(pen: &Pen, points: &[Point]) {
    pen.begin();
    for (at, (x, y)) in points.iter().enumerate() {
        if at == 0 { pen.move_to(*x, *y) } else { pen.line_to(*x, *y) }
    }
}

/// Draws a story at a moment.
pub fn draw(pen: &Pen, view: &View, (story, moment): (&Story, Moment)) {
    let stations = stations(view.scene, story);
    let last = story.steps.len().saturating_sub(1);
    let (until, packet) = match moment {
        Moment::At(step) => (step, stations.get(step).copied().flatten()),
        Moment::Between(step, part) => {
            let pair = (stations.get(step).copied().flatten(), stations.get(step + 1).copied().flatten());
            let packet = match pair {
                (Some(from), Some(to)) => along(&leg(from, to), ease(part)),
                (from, to) => from.or(to),
            };
            (step, packet)
        }
        Moment::Back(part) => (last, along(&way(&stations, last), 1.0 - ease(part))),
        Moment::Over => (last, None),
    };
    let end = view.colours.of(if story.ok { "ready" } else { "failing" });
    let is_over = matches!(moment, Moment::Over | Moment::Back(_));
    let colour = if is_over { end } else { view.colours.of("accent") };
    pen.alpha(0.75);
    trace(pen, &way(&stations, until));
    pen.stroke(view.colours.of("surface"), 6.0);
    pen.alpha(1.0);
    trace(pen, &way(&stations, until));
    if let (Moment::Between(..), Some((x, y))) = (moment, packet) {
        pen.line_to(x, y);
    }
    pen.stroke(colour, 2.5);
    badges(pen, view, (story, until), &stations);
    if let Some(point) = packet {
        dot(pen, view, point, colour);
    }
}

fn ease(t: f64) -> f64 {
    t * t * (3.0 - 2.0 * t)
}

fn dot(pen: &Pen, view: &View, (x, y): Point, colour: &str) {
    for (radius, alpha) in [(13.0, 0.22), (6.5, 1.0)] {
        pen.alpha(alpha);
        pen.begin();
        pen.arc((x, y), radius, 0.0, TAU);
        pen.fill(colour);
    }
    pen.stroke(view.colours.of("surface"), 2.0);
}

/// A number at each station; a cross or a tick at the end.
fn badges(pen: &Pen, view: &View, (story, until): (&Story, usize), stations: &[Option<Point>]) {
    let last = story.steps.len().saturating_sub(1);
    let mut seen: Vec<Point> = Vec::new();
    for (at, (step, point)) in story.steps.iter().zip(stations).enumerate().take(until + 1) {
        let Some(point) = *point else { continue };
        let next_is_here = story.steps.get(at + 1).is_some_and(|next| next.at == step.at && at < until);
        if next_is_here {
            continue;
        }
        let again = seen.iter().filter(|other| **other == point).count() as f64;
        seen.push(point);
        let (x, y) = (point.0 - again * 19.0, point.1);
        let is_end = at == last;
        let colour = match (is_end, story.ok) {
            (true, true) => "ready",
            (true, false) => "failing",
            (false, _) => "accent",
        };
        pen.begin();
        pen.arc((x, y), 8.5, 0.0, TAU);
        pen.fill(view.colours.of(colour));
        pen.stroke(view.colours.of("surface"), 1.5);
        let text = match (is_end, story.ok) {
            (true, true) => "✓".to_owned(),
            (true, false) => "✕".to_owned(),
            (false, _) => (at + 1).to_string(),
        };
        pen.text(&text, (x, y + 0.5), view.colours.of("on-accent"));
    }
}
