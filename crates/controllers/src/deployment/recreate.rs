//! Recreate: every old pod goes before the first new one comes. Models pkg/controller/deployment/recreate.go.

use super::{Rollout, scale};
use crate::fields::{int, replicas};
use api::Outcome;
use model::resource::PODS;

impl Rollout<'_> {
    pub(super) fn recreate(&self) -> Outcome {
        let down: Vec<_> = self.sets.old.iter().filter_map(|set| scale::resize_if_other(self.deployment, set, 0)).collect();
        if !down.is_empty() || self.old_pods_run() {
            return self.sync_rollout(down);
        }
        let Some(new) = self.sets.new else { return self.make_new() };
        if let Some(op) = scale::resize_if_other(self.deployment, new, replicas(self.deployment)) {
            return self.sync_rollout(vec![op]);
        }
        let complete = super::progress::is_complete(self.deployment, self.deployment.status());
        self.sync_rollout(if complete { self.clean_up() } else { Vec::new() })
    }

    /// Pods that are going still run.
    fn old_pods_run(&self) -> bool {
        self.sets.old.iter().any(|set| {
            int(set.status(), &["replicas"]) > 0
                || self.snap.controlled_by(&set.meta.uid, &PODS).any(|pod| !pod.pod().is_finished())
        })
    }
}
