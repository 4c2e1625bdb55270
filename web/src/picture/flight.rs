//! The packet of a request on the canvas: the way it has taken, where it is, and where it stopped.

use crate::bridge::canvas::Pen;
use crate::picture::draw::View;
use crate::picture::packets::{Moment, Story, along};
use crate::picture::roads::Point;
use crate::picture::scene::Scene;
use std::f64::consts::TAU;

/// The exit of each step's place; a place that is not drawn has none.
type Exits = Vec<Option<Vec<Point>>>;

fn exits(scene: &Scene, story: &Story) -> Exits {
    story.steps.iter().map(|step| scene.exit(&step.at, step.node.as_deref())).collect()
}

fn stand(exits: &Exits, step: usize) -> Option<Point> {
    exits.get(step)?.as_ref()?.first().copied()
}

fn leg(scene: &Scene, exits: &Exits, step: usize) -> Vec<Point> {
    match (exits.get(step), exits.get(step + 1)) {
        (Some(Some(from)), Some(Some(to))) => scene.way(from, to),
        _ => stand(exits, step).or(stand(exits, step + 1)).into_iter().collect(),
    }
}

/// The whole way up to a step.
fn way(scene: &Scene, exits: &Exits, until: usize) -> Vec<Point> {
    let mut points: Vec<Point> = stand(exits, 0).into_iter().collect();
    for step in 0..until {
        points.extend(leg(scene, exits, step));
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
    let scene = view.scene;
    let exits = exits(scene, story);
    let last = story.steps.len().saturating_sub(1);
    let (until, packet, share) = match moment {
        Moment::At(step) => (step, stand(&exits, step), 0.0),
        Moment::Between(step, part) => (step, along(&leg(scene, &exits, step), ease(part)), ease(part)),
        Moment::Back(part) => (last, along(&way(scene, &exits, last), 1.0 - ease(part)), 0.0),
        Moment::Over => (last, None, 0.0),
    };
    let end = view.colours.of(if story.ok { "ready" } else { "failing" });
    let is_over = matches!(moment, Moment::Over | Moment::Back(_));
    let colour = if is_over { end } else { view.colours.of("accent") };
    let mut done = way(scene, &exits, until);
    if let Moment::Between(step, _) = moment {
        done.extend(part_of(&leg(scene, &exits, step), share));
    }
    pen.alpha(0.75);
    trace(pen, &done);
    pen.stroke(view.colours.of("surface"), 6.0);
    pen.alpha(1.0);
    trace(pen, &done);
    pen.stroke(colour, 2.5);
    badges(pen, view, (story, until), &exits);
    if let Some(point) = packet {
        dot(pen, view, point, colour);
    }
}

/// The first part of a way.
fn part_of(points: &[Point], share: f64) -> Vec<Point> {
    const PARTS: i32 = 24;
    (0..=PARTS).filter_map(|part| along(points, share * f64::from(part) / f64::from(PARTS))).collect()
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
fn badges(pen: &Pen, view: &View, (story, until): (&Story, usize), exits: &Exits) {
    let last = story.steps.len().saturating_sub(1);
    let mut seen: Vec<Point> = Vec::new();
    for (at, step) in story.steps.iter().enumerate().take(until + 1) {
        let Some(point) = stand(exits, at) else { continue };
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
