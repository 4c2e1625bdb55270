//! Gathers the rules of cluster roles that are made of others (`admin`, `edit`, `view`) by the labels that those carry.
//! Models pkg/controller/clusterroleaggregation.

use crate::Controller;
use api::{Op, Outcome, PatchType};
use base::{Text, Time, text};
use model::{Key, Selector};
use store::{Commit, Snapshot};
use value::{List, Value, obj};

static CLUSTER_ROLES: Text = text!("clusterroles.rbac.authorization.k8s.io");

/// Keeps the rules of aggregated cluster roles.
pub struct ClusterRoleAggregation;

impl Controller for ClusterRoleAggregation {
    fn name(&self) -> &'static str {
        "clusterrole-aggregation-controller"
    }

    fn keys(&self, snap: &Snapshot, commit: &Commit, out: &mut Vec<Key>) {
        if commit.key.resource == CLUSTER_ROLES {
            let gathers = |role: &&std::sync::Arc<model::Object>| !role.value["aggregationRule"].is_null();
            out.extend(snap.list(&CLUSTER_ROLES, "").filter(gathers).map(|role| role.key()));
        }
    }

    fn reconcile(&self, snap: &Snapshot, key: &Key, _now: Time) -> Outcome {
        let Some(role) = snap.get(key).filter(|role| !role.value["aggregationRule"].is_null()) else { return Outcome::nothing() };
        let mut rules: Vec<Value> = Vec::new();
        for selector in role.value["aggregationRule"]["clusterRoleSelectors"].items() {
            let selector = Selector::of(selector);
            // Lists are in the order of names.
            let others = snap.list(&CLUSTER_ROLES, "").filter(|other| other.meta.name != key.name);
            for rule in others.filter(|other| selector.matches(&other.meta.labels)).flat_map(|o| o.value["rules"].items()) {
                if !rules.contains(rule) {
                    rules.push(rule.clone());
                }
            }
        }
        if role.value["rules"].items() == rules {
            return Outcome::nothing();
        }
        let patch = obj! { "rules" => Value::List(List::from(rules)) };
        Outcome::op(Op::Patch { key: key.clone(), subresource: Text::new(), kind: PatchType::Merge, patch })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::{Cause, Change, Expect, Origin, Write};
    use store::Store;
    use value::list;

    #[test]
    fn rules_are_gathered_by_labels_once() {
        let mut store = Store::default();
        let rule = |resource: &str| obj! { "apiGroups" => list![""], "resources" => list![resource], "verbs" => list!["get"] };
        let labels = obj! { "to-view" => "true" };
        let selectors = list![obj! { "matchLabels" => &labels }];
        let roles = [
            ("a", obj! { "rules" => list![rule("pods"), rule("services")] }, true),
            ("b", obj! { "rules" => list![rule("pods"), rule("nodes")] }, true),
            ("c", obj! { "rules" => list![rule("secrets")] }, false),
            ("view", obj! { "aggregationRule" => obj! { "clusterRoleSelectors" => selectors } }, false),
        ];
        for (name, mut role, marked) in roles {
            role.set(&["metadata", "name"], name);
            if marked {
                role.set(&["metadata", "labels"], &labels);
            }
            let write = Write { key: Key::cluster(&CLUSTER_ROLES, name), expect: Expect::Absent, change: Change::Put(role) };
            store.commit(write, Cause::new("test", Origin::Start), Time::EPOCH).expect("new");
        }
        let mut keys = Vec::new();
        let commit = store.commit_at(1).expect("kept").clone();
        ClusterRoleAggregation.keys(store.now(), &commit, &mut keys);
        assert_eq!(keys, [Key::cluster(&CLUSTER_ROLES, "view")]);
        let outcome = ClusterRoleAggregation.reconcile(store.now(), &keys[0], Time::EPOCH);
        let [Op::Patch { patch, .. }] = &outcome.ops[..] else { panic!("{outcome:?}") };
        assert_eq!(patch["rules"], list![rule("pods"), rule("services"), rule("nodes")]);
    }
}
