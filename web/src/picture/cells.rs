//! The cells of the canvas. Those at rest are drawn together, one path for each shape; the others one by one.

use crate::bridge::canvas::Pen;
use crate::picture::draw::{View, add};
use crate::picture::glyph::Glyph;
use crate::picture::motion::Look;
use crate::picture::scene::{Rect, Tier};
use std::collections::BTreeMap;
use std::f64::consts::{FRAC_PI_2, PI, TAU};

type Batch = Vec<(Look, u16)>;

/// Draws all cells.
pub fn draw(pen: &Pen, view: &View) {
    let mut batches: BTreeMap<Glyph, Batch> = BTreeMap::new();
    let mut single = Vec::new();
    for sprite in view.sprites.iter() {
        let Some(look) = sprite.at(view.now) else { continue };
        if look.alpha >= 1.0 && !sprite.faint && look.pulse <= 0.0 {
            batches.entry(sprite.glyph).or_default().push((look, sprite.hue));
        } else {
            let alpha = look.alpha * if sprite.faint { 0.22 } else { 1.0 };
            single.push((sprite.glyph, alpha, (look, sprite.hue)));
        }
    }
    for (glyph, batch) in batches {
        group(pen, view, (glyph, 1.0), &batch);
    }
    for (glyph, alpha, look) in single {
        group(pen, view, (glyph, alpha), &[look]);
        if look.0.pulse > 0.0 {
            pulse(pen, view, glyph, look.0);
        }
    }
    pen.alpha(1.0);
}

fn radius(tier: Tier) -> f64 {
    match tier {
        Tier::Big => 7.0,
        Tier::Medium => 5.0,
        Tier::Small => 3.0,
        Tier::Tiny | Tier::Heap => 1.5,
    }
}

fn group(pen: &Pen, view: &View, (glyph, alpha): (Glyph, f64), batch: &[(Look, u16)]) {
    let (tier, colours) = (view.scene.tier, view.colours);
    let colour = colours.health(glyph.health());
    let is_large = tier <= Tier::Medium;
    pen.begin();
    for (look, _) in batch {
        add(pen, look.rect, radius(tier));
    }
    if is_large {
        pen.alpha(alpha);
        pen.fill(colours.of("surface"));
    }
    pen.alpha(alpha * tint(glyph, is_large));
    pen.fill(colour);
    pen.alpha(alpha);
    if is_large {
        let plain = matches!(glyph, Glyph::Ready | Glyph::Completed);
        pen.dash(if matches!(glyph, Glyph::Leaving | Glyph::Pending) { &[4.0, 3.0] } else { &[] });
        pen.stroke(if plain { colours.of("line") } else { colour }, 1.0);
        pen.dash(&[]);
    }
    if tier <= Tier::Small {
        strips(pen, tier, batch);
    }
    signs(pen, view, glyph, batch);
}

fn tint(glyph: Glyph, is_large: bool) -> f64 {
    match (glyph, is_large) {
        (Glyph::Ready | Glyph::Completed, true) => 0.04,
        (_, true) => 0.10,
        (Glyph::Pending, false) => 0.10,
        (Glyph::Crash | Glyph::Pull | Glyph::Unschedulable, false) => 0.30,
        (_, false) => 0.20,
    }
}

/// The namespace as a coloured edge.
fn strips(pen: &Pen, tier: Tier, batch: &[(Look, u16)]) {
    let mut hues: Vec<u16> = batch.iter().map(|(_, hue)| *hue).collect();
    hues.sort_unstable();
    hues.dedup();
    for hue in hues {
        pen.begin();
        for (look, _) in batch.iter().filter(|(_, other)| *other == hue) {
            let r = look.rect;
            match tier {
                Tier::Big => add(pen, Rect::new(r.x + 4.0, r.y + 6.0, 3.0, r.h - 12.0), 1.5),
                Tier::Medium => add(pen, Rect::new(r.x + 3.0, r.y + 4.0, 2.5, r.h - 8.0), 1.0),
                Tier::Small | Tier::Tiny | Tier::Heap => pen.rect((r.x, r.y + r.h - 2.0), (r.w, 2.0), 0.0),
            }
        }
        pen.fill(&format!("hsl({hue} 62% 55%)"));
    }
}

fn signs(pen: &Pen, view: &View, glyph: Glyph, batch: &[(Look, u16)]) {
    let tier = view.scene.tier;
    let colour = view.colours.health(glyph.health());
    let spin = if view.still { 0.0 } else { view.now / 1_000.0 * TAU * 0.7 };
    let (size, width) = match tier {
        Tier::Big => (6.5, 2.2),
        Tier::Medium => (5.0, 1.8),
        Tier::Small | Tier::Tiny | Tier::Heap => (view.scene.side * 0.33, (view.scene.side * 0.115).max(1.2)),
    };
    pen.begin();
    for (look, _) in batch {
        let (x, y) = centre(tier, look.rect);
        trace(pen, glyph, (x, y, size / 8.0), spin);
    }
    pen.stroke(colour, width);
    if glyph == Glyph::NotReady {
        pen.begin();
        for (look, _) in batch {
            let (x, y) = centre(tier, look.rect);
            pen.move_to(x, y + size * 0.75);
            pen.arc((x, y), size * 0.75, FRAC_PI_2, PI * 1.5);
        }
        pen.fill(colour);
    }
}

fn centre(tier: Tier, rect: Rect) -> (f64, f64) {
    let (x, y) = rect.middle();
    match tier {
        Tier::Big => (rect.x + 20.0, y),
        Tier::Medium => (rect.x + 14.0, y),
        Tier::Small => (x, y - 1.0),
        Tier::Tiny | Tier::Heap => (x, y),
    }
}

/// Adds a shape to the path: the strokes of [`Glyph::paths`], around a centre and scaled.
fn trace(pen: &Pen, glyph: Glyph, (x, y, s): (f64, f64, f64), spin: f64) {
    let line = |points: &[(f64, f64)]| {
        for (at, (dx, dy)) in points.iter().enumerate() {
            if at == 0 { pen.move_to(x + dx * s, y + dy * s) } else { pen.line_to(x + dx * s, y + dy * s) }
        }
    };
    let arc = |from: f64, to: f64| {
        let r = 5.8 * s;
        pen.move_to(x + r * from.cos(), y + r * from.sin());
        pen.arc((x, y), r, from, to);
    };
    match glyph {
        Glyph::Ready => line(&[(-5.4, 0.6), (-1.6, 4.4), (5.4, -3.8)]),
        Glyph::NotReady | Glyph::Pending => arc(0.0, TAU),
        Glyph::Creating => arc(spin, spin + PI * 1.5),
        Glyph::Unschedulable => {
            line(&[(0.0, -6.0), (0.0, 1.2)]);
            line(&[(0.0, 5.2), (0.0, 5.6)]);
        }
        Glyph::Crash => {
            line(&[(-4.6, -4.6), (4.6, 4.6)]);
            line(&[(4.6, -4.6), (-4.6, 4.6)]);
        }
        Glyph::Pull => {
            line(&[(0.0, -6.4), (0.0, 2.0)]);
            line(&[(-3.6, -1.4), (0.0, 2.2), (3.6, -1.4)]);
            line(&[(-5.0, 6.0), (5.0, 6.0)]);
        }
        Glyph::Leaving => {
            line(&[(-5.6, 0.0), (-3.0, 0.0)]);
            line(&[(-0.8, 0.0), (0.8, 0.0)]);
            line(&[(3.0, 0.0), (5.6, 0.0)]);
        }
        Glyph::Completed => {
            line(&[(-5.6, -5.6), (5.6, -5.6), (5.6, 5.6), (-5.6, 5.6), (-5.6, -5.6)]);
            line(&[(-3.0, 0.2), (-0.8, 2.4), (3.0, -2.2)]);
        }
    }
}

fn pulse(pen: &Pen, view: &View, glyph: Glyph, look: Look) {
    let grow = (1.0 - look.pulse) * 7.0;
    let r = look.rect;
    pen.begin();
    add(pen, Rect::new(r.x - grow, r.y - grow, r.w + 2.0 * grow, r.h + 2.0 * grow), radius(view.scene.tier) + grow);
    pen.alpha(look.pulse * 0.7);
    pen.stroke(view.colours.health(glyph.health()), 2.0);
}
