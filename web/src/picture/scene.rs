//! `Scene`: everything in the picture with its place, as one immutable value. Made by arithmetic from a census and a size;
//! drawing, hit-testing, the labels and the tree all read it.
//!
//! Columns on a wide pane: outside, Services, nodes; on a narrow one they lie above each other. Pods are cells inside their
//! node; the more there are, the smaller the cells, until only counts by state remain.

use crate::picture::census::{Census, Node, Pod, Service};
use crate::picture::glyph::Glyph;
use crate::picture::layout;
use crate::services::State;
use model::{Key, resource};
use std::collections::BTreeMap;

/// A rectangle in CSS pixels.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Rect {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

impl Rect {
    pub fn new(x: f64, y: f64, w: f64, h: f64) -> Rect {
        Rect { x, y, w, h }
    }
    pub fn right(self) -> f64 {
        self.x + self.w
    }
    pub fn bottom(self) -> f64 {
        self.y + self.h
    }
    pub fn middle(self) -> (f64, f64) {
        (self.x + self.w / 2.0, self.y + self.h / 2.0)
    }
    pub fn has(self, x: f64, y: f64) -> bool {
        x >= self.x && x < self.right() && y >= self.y && y < self.bottom()
    }
}

/// How large the cells are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum Tier {
    /// Name and state in words.
    Big,
    /// The name.
    Medium,
    /// A shape.
    Small,
    /// A small shape.
    Tiny,
    /// No cells: counts by state.
    Heap,
}

/// A pod with its place.
#[derive(Clone, PartialEq, Debug)]
pub struct Cell {
    pub pod: Pod,
    pub rect: Rect,
}

/// So many pods of a node are in a state.
#[derive(Clone, PartialEq, Debug)]
pub struct Heap {
    pub glyph: Glyph,
    pub count: u32,
    pub rect: Rect,
    /// Of all pods of the node.
    pub share: f64,
}

/// A group of pods in a frame: a node, or those that are on no node.
#[derive(Clone, PartialEq, Debug)]
pub struct Frame {
    pub rect: Rect,
    /// Indexes into [`Scene::cells`].
    pub cells: std::ops::Range<usize>,
    pub heaps: Vec<Heap>,
}

/// A node with its place.
#[derive(Clone, PartialEq, Debug)]
pub struct NodeBox {
    /// Its pods are in [`Scene::cells`].
    pub node: Node,
    pub frame: Frame,
    /// One line high: an aside node.
    pub is_strip: bool,
    pub bars: [Bar; 2],
}

/// What is requested of what there is.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Bar {
    pub rect: Rect,
    /// May be above 1.
    pub share: f64,
}

/// The pods that are on no node.
#[derive(Clone, PartialEq, Debug)]
pub struct Lane {
    pub frame: Frame,
    pub count: usize,
    pub reason: String,
}

/// A Service with its place.
#[derive(Clone, PartialEq, Debug)]
pub struct ServiceCard {
    pub service: Service,
    pub rect: Rect,
    /// 3 to 1.
    pub lines: u8,
}

/// A cloud load balancer, by its Service.
#[derive(Clone, PartialEq, Debug)]
pub struct Balancer {
    /// Index into [`Scene::services`].
    pub service: usize,
    pub rect: Rect,
}

/// A line from a Service to a pod, or to a node with so many pods.
#[derive(Clone, PartialEq, Debug)]
pub struct Edge {
    pub service: usize,
    pub from: (f64, f64),
    pub to: (f64, f64),
    /// It runs along this height, between things, and then down.
    pub along: Option<f64>,
    pub state: State,
    pub count: u32,
    /// Index into [`Scene::cells`] if it leads to one pod.
    pub cell: Option<usize>,
}

/// The picture.
#[derive(Clone, PartialEq, Debug)]
pub struct Scene {
    pub width: f64,
    pub height: f64,
    pub tier: Tier,
    /// Of square cells.
    pub side: f64,
    pub client: Rect,
    pub balancers: Vec<Balancer>,
    pub services: Vec<ServiceCard>,
    /// Services for which there was no room.
    pub more_services: usize,
    pub services_rect: Rect,
    pub nodes: Vec<NodeBox>,
    pub lane: Option<Lane>,
    /// In the order of frames, lane last.
    pub cells: Vec<Cell>,
    pub edges: Vec<Edge>,
    /// Pods by state, states without pods left out.
    pub counts: Vec<(Glyph, u32)>,
    /// Columns of services lie left of the nodes.
    pub is_wide: bool,
}

/// Lays a census out. `height` is what can be seen without scrolling; the scene may be higher.
pub fn scene(census: Census, width: f64, height: f64) -> Scene {
    let mut scene = layout::place(census, width.max(240.0), height.max(160.0));
    scene.counts = counts(scene.cells.iter().map(|cell| &cell.pod));
    let heaped = scene.nodes.iter().flat_map(|n| &n.frame.heaps).chain(scene.lane.iter().flat_map(|l| &l.frame.heaps));
    for heap in heaped {
        match scene.counts.iter_mut().find(|(glyph, _)| *glyph == heap.glyph) {
            Some((_, count)) => *count += heap.count,
            None => scene.counts.push((heap.glyph, heap.count)),
        }
    }
    scene.counts.sort_by_key(|(glyph, _)| *glyph);
    scene.edges = edges(&scene);
    scene
}

/// Pods by state.
pub fn counts<'a>(pods: impl Iterator<Item = &'a Pod>) -> Vec<(Glyph, u32)> {
    let mut found: BTreeMap<Glyph, u32> = BTreeMap::new();
    for pod in pods {
        *found.entry(pod.glyph).or_default() += 1;
    }
    found.into_iter().collect()
}

const STATES: [State; 3] = [State::Ready, State::NotReady, State::Terminating];

/// More lines than this are no help; then they lead to nodes.
const MOST_LINES: usize = 60;

fn edges(scene: &Scene) -> Vec<Edge> {
    let cells: BTreeMap<&Key, usize> = scene.cells.iter().enumerate().map(|(at, cell)| (&cell.pod.key, at)).collect();
    let total: usize = scene.services.iter().map(|card| card.service.endpoints.len()).sum();
    let to_pods = scene.tier <= Tier::Medium && total <= MOST_LINES;
    let first = scene.cells.iter().map(|cell| cell.rect.x).fold(f64::MAX, f64::min);
    let mut found = Vec::new();
    for (service, card) in scene.services.iter().enumerate() {
        let mut by_node: BTreeMap<(usize, usize), u32> = BTreeMap::new();
        for (key, state) in &card.service.endpoints {
            let Some(&at) = cells.get(key) else { continue };
            if to_pods {
                let (to, along) = cell_end(scene, scene.cells[at].rect, first);
                found.push(Edge { service, from: start(scene, card), to, along, state: *state, count: 1, cell: Some(at) });
            } else if let Some(node) = scene.nodes.iter().position(|n| n.frame.cells.contains(&at)) {
                *by_node.entry((node, *state as usize)).or_default() += 1;
            }
        }
        found.extend(by_node.into_iter().map(|((node, state), count)| {
            let rect = scene.nodes[node].frame.rect;
            let (to, along) = ((rect.x + 16.0, rect.y), scene.is_wide.then_some(rect.y - 5.0));
            Edge { service, from: start(scene, card), to, along, state: STATES[state], count, cell: None }
        }));
    }
    found
}

fn start(scene: &Scene, card: &ServiceCard) -> (f64, f64) {
    let rect = card.rect;
    if scene.is_wide { (rect.right(), rect.y + rect.h / 2.0) } else { (rect.x + rect.w / 2.0, rect.bottom()) }
}

/// Cells of the first column are reached from the side, the others from the gap above them.
fn cell_end(scene: &Scene, rect: Rect, first: f64) -> ((f64, f64), Option<f64>) {
    if !scene.is_wide {
        ((rect.x + 20.0, rect.y), None)
    } else if rect.x < first + 1.0 {
        ((rect.x, rect.y + rect.h / 2.0), None)
    } else {
        ((rect.x + 20.0, rect.y), Some(rect.y - if scene.tier == Tier::Big { 3.0 } else { 2.0 }))
    }
}

impl Scene {
    /// The rectangle of an object, if it is in the picture.
    pub fn find(&self, key: &Key) -> Option<Rect> {
        if key.resource == resource::PODS {
            self.cells.iter().find(|cell| cell.pod.key == *key).map(|cell| cell.rect)
        } else if key.resource == resource::NODES {
            self.nodes.iter().find(|n| n.node.key == *key).map(|n| n.frame.rect)
        } else {
            self.services.iter().find(|s| s.service.key == *key).map(|s| s.rect)
        }
    }
    /// The pods behind a Service of the picture.
    pub fn is_behind(&self, service: &Key, pod: &Key) -> bool {
        let card = self.services.iter().find(|card| card.service.key == *service);
        card.is_some_and(|card| card.service.endpoints.binary_search_by(|(key, _)| key.cmp(pod)).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::census::census;
    use crate::picture::testing::{Wanted, cluster};

    fn drawn(wanted: &Wanted, width: f64, height: f64) -> Scene {
        scene(census(&cluster(wanted), "", false), width, height)
    }

    fn overlap(a: Rect, b: Rect) -> bool {
        a.x < b.right() - 0.01 && b.x < a.right() - 0.01 && a.y < b.bottom() - 0.01 && b.y < a.bottom() - 0.01
    }

    /// Nothing overlaps, everything is inside, every pod is drawn or counted.
    fn check(wanted: &Wanted, width: f64, height: f64) -> Scene {
        check_all(&census(&cluster(wanted), "", false), width, height)
    }

    fn check_all(census: &Census, width: f64, height: f64) -> Scene {
        let scene = scene(census.clone(), width, height);
        let mut rects: Vec<Rect> = vec![scene.client];
        rects.extend(scene.nodes.iter().map(|n| n.frame.rect));
        rects.extend(scene.services.iter().map(|s| s.rect));
        rects.extend(scene.balancers.iter().map(|b| b.rect));
        rects.extend(scene.lane.iter().map(|l| l.frame.rect));
        for (at, rect) in rects.iter().enumerate() {
            assert!(rect.x >= 0.0 && rect.right() <= scene.width + 0.01, "{rect:?} of {}", scene.width);
            assert!(rect.bottom() <= scene.height + 0.01, "{rect:?} of {}", scene.height);
            for other in &rects[at + 1..] {
                assert!(!overlap(*rect, *other), "{rect:?} and {other:?} at {width}x{height}");
            }
        }
        let frames = scene.nodes.iter().map(|n| &n.frame).chain(scene.lane.iter().map(|l| &l.frame));
        for frame in frames {
            for cell in &scene.cells[frame.cells.clone()] {
                let r = cell.rect;
                let inside = r.x >= frame.rect.x && r.right() <= frame.rect.right() && r.bottom() <= frame.rect.bottom();
                assert!(inside && r.y >= frame.rect.y, "{r:?} in {:?} {:?}", frame.rect, scene.tier);
            }
        }
        let total: u32 = scene.counts.iter().map(|(_, count)| count).sum();
        let pods = census.nodes.iter().map(|n| n.pods.len()).sum::<usize>() + census.waiting.len();
        assert_eq!(total as usize, pods, "{:?}", scene.tier);
        scene
    }

    #[test]
    fn any_number_of_pods_fits_on_any_pane() {
        for (pods, waiting) in [(0, 0), (0, 2), (3, 0), (12, 2), (60, 0), (60, 100), (1_000, 0)] {
            let wanted = Wanted { pods, waiting, services: 1 + pods / 50, ..Wanted::default() };
            let census = census(&cluster(&wanted), "", false);
            assert_eq!(census.nodes.iter().map(|n| n.pods.len()).sum::<usize>(), pods as usize);
            for (width, height) in [(970.0, 480.0), (590.0, 480.0), (374.0, 600.0), (1600.0, 900.0), (300.0, 200.0)] {
                check_all(&census, width, height);
            }
        }
        check(&Wanted { nodes: 100, pods: 400, ..Wanted::default() }, 970.0, 480.0);
        check(&Wanted { nodes: 0, ..Wanted::default() }, 970.0, 480.0);
    }

    #[test]
    fn cells_shrink_and_at_last_are_counted() {
        let size = |pods| {
            let scene = check(&Wanted { pods, ..Wanted::default() }, 970.0, 520.0);
            (scene.tier, -scene.side)
        };
        assert_eq!(size(3).0, Tier::Big);
        assert_eq!(size(45).0, Tier::Medium);
        assert_eq!(size(1_000).0, Tier::Small);
        assert!(size(3) < size(45) && size(45) < size(100) && size(100) < size(1_000));
        assert_eq!(check(&Wanted { pods: 2_000, ..Wanted::default() }, 240.0, 160.0).tier, Tier::Heap);
    }

    #[test]
    fn a_thousand_pods_are_seen_without_scrolling() {
        let scene = check(&Wanted { pods: 1_000, ..Wanted::default() }, 970.0, 520.0);
        assert!(scene.height <= 520.0, "{}", scene.height);
    }

    #[test]
    fn edges_lead_to_pods_while_they_are_few() {
        let few = drawn(&Wanted { pods: 6, services: 2, ..Wanted::default() }, 970.0, 480.0);
        assert_eq!(few.edges.len(), 6);
        assert!(few.edges.iter().all(|edge| edge.cell.is_some() && edge.count == 1));
        let many = drawn(&Wanted { pods: 900, services: 1, ..Wanted::default() }, 970.0, 480.0);
        assert!(many.edges.len() <= 9, "{}", many.edges.len());
        assert_eq!(many.edges.iter().map(|edge| edge.count).sum::<u32>(), 900);
    }
}
