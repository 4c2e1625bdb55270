//! ImageLocality: nodes that have (big) images of the pod already score higher. Models plugins/imagelocality.

use crate::Nodes;
use crate::rows::{NodeRow, PodRow};
use base::Text;

pub const NAME: &str = "ImageLocality";
pub const WEIGHT: i64 = 1;

const LOWEST: i64 = 23 << 20;
const HIGHEST_EACH: i64 = 1000 << 20;

pub fn score(pod: &PodRow, nodes: &[&NodeRow], all: &Nodes) -> Vec<i64> {
    let containers = pod.spec["containers"].items().iter().chain(pod.spec["initContainers"].items());
    let images: Vec<Text> = containers.map(|c| tagged(c["image"].s())).collect();
    let highest = HIGHEST_EACH * images.len().max(1) as i64;
    let spread: Vec<(i64, i64)> = images.iter().map(|image| (holders(all, image), all.len() as i64)).collect();
    let one = |node: &NodeRow| {
        let sum: i64 =
            images.iter().zip(&spread).map(|(i, (have, all))| node.images.get(i).map_or(0, |size| size * have / all)).sum();
        100 * (sum.clamp(LOWEST, highest) - LOWEST) / (highest - LOWEST)
    };
    nodes.iter().map(|node| one(node)).collect()
}

fn holders(all: &Nodes, image: &Text) -> i64 {
    all.values().filter(|node| node.images.contains_key(image)).count() as i64
}

fn tagged(image: &str) -> Text {
    let last = image.rsplit('/').next().unwrap_or(image);
    if last.contains(':') || image.contains('@') { image.into() } else { format!("{image}:latest").into() }
}
