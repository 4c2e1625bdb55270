//! RollingUpdate of a DaemonSet: a few nodes at a time lose their old pod first, or get the new one first (surge).
//! Models pkg/controller/daemon/update.go.

use super::Run;
use super::placement::Place;
use crate::fields::scaled;
use base::Round;
use model::Object;

/// The new and the old pod of a node that has at most one of each.
type Pair<'a> = (Option<&'a Object>, Option<&'a Object>);

impl<'a> Run<'a> {
    pub(super) fn surge_and_unavailable(&self) -> (i64, i64) {
        let desired = self.nodes.values().filter(|place| **place == Place::Run).count() as i64;
        let limits = &self.set.spec()["updateStrategy"]["rollingUpdate"];
        let surge = scaled(&limits["maxSurge"], desired, Round::Up);
        let unavailable = scaled(&limits["maxUnavailable"], desired, Round::Up);
        (surge, if surge == 0 && unavailable == 0 { 1 } else { unavailable })
    }

    pub(super) fn roll(&mut self) {
        let (surge, unavailable) = self.surge_and_unavailable();
        if surge == 0 { self.replace(unavailable) } else { self.surge(surge) }
    }

    fn pair(&self, node: &str) -> Option<Pair<'a>> {
        let (mut new, mut old) = (None, None);
        for pod in self.on(node).iter().copied().filter(|pod| !pod.is_terminating()) {
            let place = if self.is_updated(pod) { &mut new } else { &mut old };
            if place.replace(pod).is_some() {
                return None;
            }
        }
        Some((new, old))
    }

    /// Old pods go as far as few enough nodes are without an available pod.
    fn replace(&mut self, most: i64) {
        let (mut unavailable, mut dead, mut candidates) = (0, Vec::new(), Vec::new());
        let nodes: Vec<&str> = self.nodes_with_pods();
        for node in nodes {
            match self.pair(node) {
                Some((Some(new), None)) => unavailable += i64::from(!self.is_available(new)),
                Some((None, Some(old))) if self.is_available(old) => candidates.push(old),
                Some((None, Some(old))) => {
                    dead.push(old);
                    unavailable += 1;
                }
                Some((None, None) | (Some(_), Some(_))) | None => unavailable += 1,
            }
        }
        candidates.truncate(usize::try_from(most - unavailable).unwrap_or(0));
        dead.extend(candidates);
        self.change(&dead, &[]);
    }

    /// New pods come beside old ones on a few nodes; an old one goes when the new one serves.
    fn surge(&mut self, most: i64) {
        let (mut surging, mut gone, mut allowed, mut candidates) = (0, Vec::new(), Vec::new(), Vec::new());
        for node in self.nodes_with_pods() {
            match self.pair(node) {
                None => surging += 1,
                Some((_, None)) => {}
                Some((None, Some(old))) if self.is_available(old) => candidates.push(node),
                Some((None, Some(_))) => allowed.push(node),
                Some((Some(_), Some(old))) if !self.is_available(old) => gone.push(old),
                Some((Some(new), Some(old))) => {
                    surging += 1;
                    if self.is_available(new) {
                        gone.push(old);
                    }
                }
            }
        }
        candidates.truncate(usize::try_from(most - surging).unwrap_or(0));
        allowed.extend(candidates);
        self.change(&gone, &allowed);
    }

    fn nodes_with_pods(&self) -> Vec<&'a str> {
        self.nodes
            .iter()
            .filter(|(node, place)| **place != Place::Never && !self.on(node).is_empty())
            .map(|(node, _)| *node)
            .collect()
    }
}
