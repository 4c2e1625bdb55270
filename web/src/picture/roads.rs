//! The ways of packets through the picture. Each place has an exit: the points from where a packet stands at it to the road
//! that runs above its row. Two places are joined by their exits and by the link between the roads, so that no way crosses
//! the text of another thing.

use crate::picture::scene::{NodeBox, Rect, Scene};
use sim::Place;

/// A point of the picture.
pub type Point = (f64, f64);

/// How far above a row its road runs.
const ROAD: f64 = 5.0;
/// How far inside its right edge a node lets packets run.
const CHANNEL: f64 = 4.0;

impl Scene {
    /// From where a packet is when it is at a place, to the road. A pod that is not drawn is at its node.
    pub fn exit(&self, place: &Place, node: Option<&str>) -> Option<Vec<Point>> {
        match place {
            Place::Outside => Some(self.outside_exit(self.client)),
            Place::Internet(_) => Some(vec![(self.client.x + 14.0, self.client.y)]),
            Place::LoadBalancer { namespace, service } => {
                let at = self.services.iter().position(|card| {
                    let key = &card.service.key;
                    key.namespace == *namespace && key.name == *service
                })?;
                let balancer = self.balancers.iter().find(|balancer| balancer.service == at);
                Some(self.outside_exit(balancer.map_or(self.services[at].rect, |balancer| balancer.rect)))
            }
            Place::Node(name) => Some(door(self.node_named(name)?)),
            Place::Pod { namespace, name } => {
                let is_it = |key: &model::Key| key.name == *name && key.namespace == *namespace;
                match self.cells.iter().position(|cell| is_it(&cell.pod.key)) {
                    Some(at) => self.pod_exit(at),
                    None => Some(door(self.node_named(node?)?)),
                }
            }
        }
    }
    fn node_named(&self, name: &str) -> Option<&NodeBox> {
        self.nodes.iter().find(|node| node.node.key.name == name)
    }
    fn pod_exit(&self, at: usize) -> Option<Vec<Point>> {
        let rect = self.cells[at].rect;
        let Some(home) = self.nodes.iter().find(|node| node.frame.cells.contains(&at)) else { return Some(vec![rect.middle()]) };
        let channel = home.frame.rect.right() - CHANNEL;
        let (x, y) = rect.middle();
        // Between two rows of cells when there is another cell to its right.
        let is_last = rect.right() + rect.w > channel;
        let mut exit = if is_last && rect.w > 40.0 {
            vec![(channel, y)]
        } else {
            let gap = rect.y - 1.5;
            vec![(x, y), (x, gap), (channel, gap)]
        };
        exit.extend(door(home));
        Some(exit)
    }
    fn outside_exit(&self, rect: Rect) -> Vec<Point> {
        let (x, y) = rect.middle();
        let is_left = rect.x < self.services_rect.x && self.is_wide && self.services_rect.y <= self.client.bottom();
        if is_left {
            let gap = self.services_rect.x - 14.0;
            return vec![(rect.right(), y), (gap, y), (gap, self.services_rect.y - ROAD)];
        }
        if self.is_wide {
            return vec![(x, rect.bottom()), (x, self.client.bottom() + 6.0)];
        }
        if rect.x <= self.services_rect.x + 1.0 {
            vec![(rect.x, y), (self.link(), y)]
        } else {
            vec![(x, rect.bottom()), (x, self.client.bottom() + 6.0)]
        }
    }
    /// Where roads are joined: left of the nodes.
    fn link(&self) -> f64 {
        let left = self.nodes.iter().map(|node| node.frame.rect.x).fold(f64::MAX, f64::min);
        if left == f64::MAX { self.width / 2.0 } else { left - 7.0 }
    }
    /// The way from one exit to another.
    pub fn way(&self, from: &[Point], to: &[Point]) -> Vec<Point> {
        if from.first() == to.first() {
            return from.iter().take(1).copied().collect();
        }
        let (mut from, mut to) = (from.to_vec(), to.to_vec());
        let tail = |points: &[Point]| points.len().checked_sub(2).map(|at| (points[at], points[at + 1]));
        while tail(&from).is_some() && tail(&from) == tail(&to) {
            from.pop();
            to.pop();
        }
        if from.last() == to.last() {
            from.pop();
        } else if let Some(at) = to.iter().position(|point| from.last() == Some(point)) {
            // One place is on the other's way out.
            to.truncate(at);
        } else if let Some(at) = from.iter().position(|point| to.last() == Some(point)) {
            from.truncate(at);
        } else if let (Some(a), Some(b)) = (from.last().copied(), to.last().copied())
            && a.1 != b.1
        {
            let link = self.link();
            from.extend([(link, a.1), (link, b.1)]);
        }
        from.extend(to.into_iter().rev());
        rounded(&straightened(&from))
    }
}

/// The door of a node is at its right edge, near the top.
fn door(node: &NodeBox) -> Vec<Point> {
    let rect = node.frame.rect;
    let (x, y) = (rect.right() - CHANNEL, rect.y + 14.0);
    vec![(x, y), (x, rect.y - ROAD)]
}

/// Without points at which the way does not turn, or turns back on itself.
fn straightened(points: &[Point]) -> Vec<Point> {
    let mut found: Vec<Point> = Vec::with_capacity(points.len());
    for point in points {
        while let [.., a, b] = found[..]
            && (a.0 == b.0 && b.0 == point.0 || a.1 == b.1 && b.1 == point.1)
        {
            found.pop();
        }
        if found.last() != Some(point) {
            found.push(*point);
        }
    }
    found
}

/// With round corners.
fn rounded(points: &[Point]) -> Vec<Point> {
    const RADIUS: f64 = 7.0;
    let mut found: Vec<Point> = points.first().copied().into_iter().collect();
    for corner in points.windows(3) {
        let (a, b, c) = (corner[0], corner[1], corner[2]);
        let (before, after) = (towards(b, a, RADIUS), towards(b, c, RADIUS));
        for part in 0..=4 {
            let t = f64::from(part) / 4.0;
            let mix = |p: f64, q: f64, r: f64| (1.0 - t) * (1.0 - t) * p + 2.0 * (1.0 - t) * t * q + t * t * r;
            found.push((mix(before.0, b.0, after.0), mix(before.1, b.1, after.1)));
        }
    }
    found.extend(points.last().filter(|_| points.len() > 1));
    found
}

/// A point on the way from one to another, not farther than half of it.
fn towards(from: Point, to: Point, length: f64) -> Point {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let whole = (dx * dx + dy * dy).sqrt();
    let part = if whole > 0.0 { (length / whole).min(0.5) } else { 0.0 };
    (from.0 + dx * part, from.1 + dy * part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::census::census;
    use crate::picture::scene::scene;
    use crate::picture::testing::{Wanted, cluster};

    fn drawn(pods: u32, width: f64) -> Scene {
        scene(census(&cluster(&Wanted { pods, ..Wanted::default() }), "", false), width, 520.0)
    }

    fn pod(scene: &Scene, at: usize) -> Place {
        let key = &scene.cells[at].pod.key;
        Place::Pod { namespace: key.namespace.clone(), name: key.name.clone() }
    }

    fn way(scene: &Scene, from: &Place, to: &Place) -> Vec<Point> {
        let exit = |place| scene.exit(place, None).unwrap_or_default();
        scene.way(&exit(from), &exit(to))
    }

    /// The way begins and ends at its places and crosses no Service, and no cell but theirs.
    fn check(scene: &Scene, from: &Place, to: &Place) {
        let found = way(scene, from, to);
        let ends = (found.first().copied(), found.last().copied());
        let start = |place| scene.exit(place, None).and_then(|exit| exit.first().copied());
        assert_eq!(ends, (start(from), start(to)), "{from} to {to}");
        for pair in found.windows(2) {
            for part in 1..20 {
                let t = f64::from(part) / 20.0;
                let (x, y) = (pair[0].0 + (pair[1].0 - pair[0].0) * t, pair[0].1 + (pair[1].1 - pair[0].1) * t);
                let crossed = scene.services.iter().any(|card| card.rect.has(x, y));
                assert!(!crossed, "{from} to {to} crosses a Service at {x},{y}, width {}", scene.width);
                let ends = [from, to];
                let is_end =
                    |key: &model::Key| ends.iter().any(|place| matches!(place, Place::Pod { name, .. } if *name == key.name));
                let cell = scene.cells.iter().find(|cell| cell.rect.has(x, y) && !is_end(&cell.pod.key));
                assert!(cell.is_none(), "{from} to {to} crosses {:?}", cell.map(|cell| cell.pod.key.path()));
            }
        }
    }

    #[test]
    fn ways_cross_nothing() {
        for width in [970.0, 600.0, 374.0] {
            for pods in [3, 12, 300] {
                let scene = drawn(pods, width);
                let balancer = Place::LoadBalancer { namespace: "default".into(), service: "web-0".into() };
                let node = |name: &str| Place::Node(name.into());
                check(&scene, &Place::Outside, &balancer);
                check(&scene, &balancer, &node("node-2"));
                check(&scene, &Place::Outside, &node("node-1"));
                check(&scene, &node("node-1"), &node("node-3"));
                check(&scene, &node("node-1"), &pod(&scene, 0));
                check(&scene, &pod(&scene, 0), &node("node-1"));
                check(&scene, &pod(&scene, 0), &pod(&scene, 2));
            }
        }
    }

    #[test]
    fn the_same_place_is_no_way() {
        let scene = drawn(3, 970.0);
        assert_eq!(way(&scene, &Place::Outside, &Place::Outside).len(), 1);
        assert_eq!(scene.exit(&Place::Node("moon".into()), None), None);
        let gone = Place::Pod { namespace: "default".into(), name: "gone".into() };
        assert_eq!(scene.exit(&gone, Some("node-2")), scene.exit(&Place::Node("node-2".into()), None));
    }

    #[test]
    fn corners_are_round_and_ways_do_not_turn_back() {
        assert_eq!(
            straightened(&[(0.0, 0.0), (5.0, 0.0), (9.0, 0.0), (7.0, 0.0), (7.0, 3.0)]),
            [(0.0, 0.0), (7.0, 0.0), (7.0, 3.0)]
        );
        assert!(rounded(&[(0.0, 0.0), (10.0, 0.0), (10.0, 10.0)]).len() > 3);
    }
}
