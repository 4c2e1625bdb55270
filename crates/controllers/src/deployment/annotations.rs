//! The annotations that carry a rollout's memory: revision, its history, and the sizes a ReplicaSet was last scaled for.
//! Models pkg/controller/deployment/util/deployment_util.go.

use base::Text;
use model::Object;
use value::{Map, Value};

pub const REVISION: &str = "deployment.kubernetes.io/revision";
const HISTORY: &str = "deployment.kubernetes.io/revision-history";
const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
const MAX: &str = "deployment.kubernetes.io/max-replicas";
/// What stays with the Deployment.
const NOT_COPIED: [&str; 6] =
    ["kubectl.kubernetes.io/last-applied-configuration", REVISION, HISTORY, DESIRED, MAX, "deprecated.deployment.rollback.to"];
/// The history is cut to so many characters.
const HISTORY_LIMIT: usize = 2000;

/// The revision of a ReplicaSet; 0 for one that never got a number.
pub fn revision(set: &Object) -> i64 {
    set.meta.annotation(REVISION).parse().unwrap_or(0)
}

/// The size of the Deployment when the ReplicaSet was last scaled.
pub fn desired(set: &Object) -> Option<i64> {
    set.meta.annotation(DESIRED).parse().ok()
}

/// The most pods of all ReplicaSets when the ReplicaSet was last scaled.
pub fn max(set: &Object) -> Option<i64> {
    set.meta.annotation(MAX).parse().ok()
}

/// The annotations of a ReplicaSet that is scaled for these sizes.
pub fn with_sizes(annotations: &Map, desired: i64, max: i64) -> Map {
    let mut new = annotations.clone();
    for (key, size) in [(DESIRED, desired), (MAX, max)] {
        let size = size.to_string();
        if new.str(key) != size {
            new.insert(key, size);
        }
    }
    new
}

/// The annotations of the newest ReplicaSet: the Deployment's own, and its number. `next` is the number it should at
/// least have; a set that rises to it keeps its former number in its history.
pub fn of_newest(deployment: &Object, have: &Map, next: i64) -> Map {
    let mut new = have.clone();
    for (key, value) in deployment.meta.annotations.iter() {
        if !NOT_COPIED.contains(&key.as_str()) && new.get(key) != Some(value) {
            new.insert(key.as_str(), value);
        }
    }
    let former: Text = have.get(REVISION).map(Value::text).unwrap_or_default();
    if former.parse::<i64>().unwrap_or(0) < next {
        new.insert(REVISION, next.to_string());
        if !former.is_empty() {
            remember(&mut new, &former);
        }
    }
    new
}

fn remember(annotations: &mut Map, former: &str) {
    let history = annotations.str(HISTORY);
    let mut numbers: Vec<&str> = history.split(',').filter(|n| !n.is_empty()).collect();
    numbers.push(former);
    let mut length: usize = numbers.iter().map(|n| n.len() + 1).sum::<usize>() - 1;
    let mut dropped = 0;
    while length > HISTORY_LIMIT && dropped + 1 < numbers.len() {
        length -= numbers[dropped].len() + 1;
        dropped += 1;
    }
    let new = numbers[dropped..].join(",");
    annotations.insert(HISTORY, new);
}
