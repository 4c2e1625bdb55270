//! Which thing of the scene is at a point, by arithmetic.

use crate::picture::scene::Scene;
use model::Key;

/// The pod, node or Service at a point.
pub fn hit(scene: &Scene, x: f64, y: f64) -> Option<Key> {
    for card in &scene.services {
        if card.rect.has(x, y) {
            return Some(card.service.key.clone());
        }
    }
    for balancer in &scene.balancers {
        if balancer.rect.has(x, y) {
            return Some(scene.services[balancer.service].service.key.clone());
        }
    }
    let lane = scene.lane.iter().map(|lane| (&lane.frame, None));
    for (frame, key) in scene.nodes.iter().map(|n| (&n.frame, Some(&n.node.key))).chain(lane) {
        if frame.rect.has(x, y) {
            let cell = scene.cells[frame.cells.clone()].iter().find(|cell| cell.rect.has(x, y));
            return cell.map(|cell| &cell.pod.key).or(key).cloned();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::census::census;
    use crate::picture::scene::scene;
    use crate::picture::testing::{Wanted, cluster};

    #[test]
    fn every_thing_is_hit_in_its_middle() {
        for (pods, width) in [(3, 970.0), (1_000, 970.0), (40, 374.0)] {
            let wanted = Wanted { pods, waiting: 2, services: 2, ..Wanted::default() };
            let scene = scene(census(&cluster(&wanted), "", false), width, 500.0);
            for cell in &scene.cells {
                let (x, y) = cell.rect.middle();
                assert_eq!(hit(&scene, x, y).as_ref(), Some(&cell.pod.key));
            }
            for card in &scene.services {
                let (x, y) = card.rect.middle();
                assert_eq!(hit(&scene, x, y).as_ref(), Some(&card.service.key));
            }
            for node in &scene.nodes {
                assert_eq!(hit(&scene, node.frame.rect.x + 1.0, node.frame.rect.y + 1.0).as_ref(), Some(&node.node.key));
            }
            assert_eq!(hit(&scene, 1.0, 1.0), None);
        }
    }
}
