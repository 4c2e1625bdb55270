//! RollingUpdate: the new ReplicaSet grows as far as the surge allows, the old ones shrink as far as enough pods stay
//! available. Models pkg/controller/deployment/rolling.go.

use super::{Rollout, scale};
use crate::fields::{int, replicas};
use api::{Op, Outcome};
use model::Object;

impl Rollout<'_> {
    pub(super) fn roll(&self) -> Outcome {
        let Some(new) = self.sets.new else { return self.make_new() };
        if let Some(op) = self.grow_new(new) {
            return self.sync_rollout(vec![op]);
        }
        let ops = self.shrink_old(new);
        if !ops.is_empty() {
            return self.sync_rollout(ops);
        }
        let complete = super::progress::is_complete(self.deployment, self.deployment.status());
        self.sync_rollout(if complete { self.clean_up() } else { Vec::new() })
    }

    /// Growing stops at the surge; a new ReplicaSet that is too big shrinks at once.
    fn grow_new(&self, new: &Object) -> Option<Op> {
        let (size, have) = (replicas(self.deployment), replicas(new));
        let to = if have > size { size } else { scale::new_size(self.deployment, self.sets.wanted(), have) };
        scale::resize_if_other(self.deployment, new, to)
    }

    /// Unhealthy old pods go first; healthy ones only as far as enough stay available.
    fn shrink_old(&self, new: &Object) -> Vec<Op> {
        if self.sets.old.iter().all(|set| replicas(set) == 0) {
            return Vec::new();
        }
        let least = replicas(self.deployment) - scale::max_unavailable(self.deployment);
        let unavailable_new = replicas(new) - int(new.status(), &["availableReplicas"]);
        let most = self.sets.wanted() - least - unavailable_new;
        if most <= 0 {
            return Vec::new();
        }
        let unhealthy = self.shrink(most, |set| (replicas(set) - int(set.status(), &["availableReplicas"])).max(0));
        if unhealthy.is_empty() { self.shrink(self.sets.available() - least, replicas) } else { unhealthy }
    }

    /// Takes up to `most` pods from the old ReplicaSets, oldest first, from each at most what `spare` says.
    fn shrink(&self, most: i64, spare: fn(&Object) -> i64) -> Vec<Op> {
        let mut left = most;
        let mut ops = Vec::new();
        for set in &self.sets.old {
            let part = spare(set).min(left);
            if part > 0 {
                left -= part;
                ops.extend(scale::resize_if_other(self.deployment, set, replicas(set) - part));
            }
        }
        ops
    }
}
