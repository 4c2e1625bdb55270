//! What moves: every cell of the canvas as a sprite that appears, goes to its place, changes state and leaves. Pure: the
//! moment is an argument, in milliseconds.

use crate::picture::glyph::Glyph;
use crate::picture::scene::{Rect, Scene};
use model::Key;

const MOVE: f64 = 420.0;
const FADE: f64 = 380.0;
const PULSE: f64 = 700.0;

/// A cell on its way.
#[derive(Clone, PartialEq, Debug)]
pub struct Sprite {
    pub key: Key,
    pub glyph: Glyph,
    pub hue: u16,
    pub faint: bool,
    from: Rect,
    to: Rect,
    moved: f64,
    born: f64,
    changed: f64,
    gone: Option<f64>,
}

/// A cell at a moment.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Look {
    pub rect: Rect,
    /// 0 to 1.
    pub alpha: f64,
    /// 1 right after a change of state, then less.
    pub pulse: f64,
}

impl Sprite {
    /// How it looks at a moment; `None` once it is gone.
    pub fn at(&self, now: f64) -> Option<Look> {
        let moving = ease((now - self.moved) / MOVE);
        let mix = |a: f64, b: f64| a + (b - a) * moving;
        let rect = Rect::new(
            mix(self.from.x, self.to.x),
            mix(self.from.y, self.to.y),
            mix(self.from.w, self.to.w),
            mix(self.from.h, self.to.h),
        );
        let born = ease((now - self.born) / FADE);
        let gone = self.gone.map_or(0.0, |gone| ((now - gone) / FADE).clamp(0.0, 1.0));
        if gone >= 1.0 {
            return None;
        }
        let pulse = (1.0 - (now - self.changed) / PULSE).clamp(0.0, 1.0);
        Some(Look { rect: scaled(rect, 0.6 + 0.4 * born * (1.0 - gone)), alpha: born * (1.0 - gone), pulse })
    }
    /// Until when it moves.
    fn busy_until(&self) -> f64 {
        let gone = self.gone.map_or(0.0, |gone| gone + FADE);
        (self.moved + MOVE).max(self.born + FADE).max(self.changed + PULSE).max(gone)
    }
}

fn scaled(rect: Rect, by: f64) -> Rect {
    let (x, y) = rect.middle();
    Rect::new(x - rect.w * by / 2.0, y - rect.h * by / 2.0, rect.w * by, rect.h * by)
}

/// Fast at first, then slower: the stylesheet's `cubic-bezier(.215, .61, .355, 1)`.
fn ease(t: f64) -> f64 {
    1.0 - (1.0 - t.clamp(0.0, 1.0)).powi(3)
}

/// All cells of the canvas.
#[derive(Clone, Default, Debug)]
pub struct Sprites {
    /// In key order.
    all: Vec<Sprite>,
    until: f64,
}

const LONG_AGO: f64 = -1e9;

impl Sprites {
    pub fn iter(&self) -> impl Iterator<Item = &Sprite> {
        self.all.iter()
    }
    /// Whether anything moves at this moment.
    pub fn is_busy(&self, now: f64) -> bool {
        now < self.until
    }
    /// Takes on a scene. `still`: everything is at its place at once.
    pub fn show(&mut self, scene: &Scene, now: f64, still: bool) {
        let mut cells: Vec<_> = scene.cells.iter().collect();
        cells.sort_by(|a, b| a.pod.key.cmp(&b.pod.key));
        let since = if still { LONG_AGO } else { now };
        let mut old = std::mem::take(&mut self.all).into_iter().peekable();
        let mut new = Vec::with_capacity(cells.len());
        for cell in cells {
            while let Some(left) = old.next_if(|sprite| sprite.key < cell.pod.key) {
                new.extend(leave(left, now, still));
            }
            let before = old.next_if(|sprite| sprite.key == cell.pod.key);
            let (pod, to) = (&cell.pod, cell.rect);
            new.push(match before {
                Some(sprite) => {
                    let place = sprite.at(now).map_or(to, |look| look.rect);
                    let moved = sprite.to != to;
                    Sprite {
                        from: if moved { place } else { sprite.from },
                        moved: if moved { since } else { sprite.moved },
                        changed: if sprite.glyph == pod.glyph { sprite.changed } else { since },
                        born: if sprite.gone.is_some() { since } else { sprite.born },
                        gone: None,
                        glyph: pod.glyph,
                        faint: pod.faint,
                        to,
                        ..sprite
                    }
                }
                None => Sprite {
                    key: pod.key.clone(),
                    glyph: pod.glyph,
                    hue: pod.hue,
                    faint: pod.faint,
                    from: to,
                    to,
                    moved: LONG_AGO,
                    born: since,
                    changed: LONG_AGO,
                    gone: None,
                },
            });
        }
        for left in old {
            new.extend(leave(left, now, still));
        }
        self.until = new.iter().map(Sprite::busy_until).fold(0.0, f64::max);
        self.all = new;
    }
}

fn leave(sprite: Sprite, now: f64, still: bool) -> Option<Sprite> {
    sprite.at(now).filter(|_| !still)?;
    Some(Sprite { gone: Some(sprite.gone.unwrap_or(now)), ..sprite })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::census::census;
    use crate::picture::scene::scene;
    use crate::picture::testing::{Wanted, cluster};

    fn drawn(pods: u32) -> Scene {
        scene(census(&cluster(&Wanted { pods, ..Wanted::default() }), "", false), 970.0, 480.0)
    }

    #[test]
    fn cells_appear_and_leave() {
        let mut sprites = Sprites::default();
        sprites.show(&drawn(3), 0.0, false);
        let alpha = |sprites: &Sprites, now| sprites.iter().map(|s| s.at(now).map_or(0.0, |look| look.alpha)).sum::<f64>();
        assert_eq!(alpha(&sprites, 0.0), 0.0);
        assert!(alpha(&sprites, 100.0) > 0.0 && sprites.is_busy(100.0));
        assert_eq!(alpha(&sprites, 1_000.0), 3.0);
        assert!(!sprites.is_busy(1_000.0));
        sprites.show(&drawn(1), 2_000.0, false);
        assert_eq!(sprites.iter().count(), 3);
        assert!(alpha(&sprites, 2_100.0) < 3.0);
        assert_eq!(alpha(&sprites, 3_000.0), 1.0);
        sprites.show(&drawn(1), 4_000.0, false);
        assert_eq!(sprites.iter().count(), 1);
    }

    #[test]
    fn still_means_at_once() {
        let mut sprites = Sprites::default();
        sprites.show(&drawn(30), 0.0, true);
        assert!(!sprites.is_busy(0.0));
        assert!(sprites.iter().all(|sprite| sprite.at(0.0).is_some_and(|look| look.alpha == 1.0 && look.rect == sprite.to)));
        sprites.show(&drawn(3), 1.0, true);
        assert_eq!(sprites.iter().count(), 3);
    }
}
