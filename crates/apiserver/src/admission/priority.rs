//! Priority: the number and preemption policy of a pod come from its class. Models plugin/pkg/admission/priority.

use api::Status;
use model::{Key, Object, resource::PRIORITY_CLASSES};
use std::sync::Arc;
use store::Snapshot;
use value::Value;

/// Name, value and description of the built-in classes.
pub fn system_classes() -> [(&'static str, i64, &'static str); 2] {
    [
        ("system-node-critical", 2_000_001_000, "Used for system critical pods that must not be moved from their current node."),
        (
            "system-cluster-critical",
            2_000_000_000,
            "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
        ),
    ]
}

pub fn is_system_class(name: &str) -> bool {
    system_classes().iter().any(|class| class.0 == name)
}

/// Resolves the class of a new pod.
pub fn admit(snap: &Snapshot, key: &Key, pod: &mut Value) -> Result<(), Status> {
    let spec = pod.at_mut(&["spec"]);
    let refuse = |why: String| Err(Status::forbidden(&key.resource, &key.name, &why));
    let class = match spec["priorityClassName"].s() {
        "" => default_class(snap),
        name => match snap.find(&PRIORITY_CLASSES, "", name) {
            Some(class) => Some(class),
            None => return refuse(format!("no PriorityClass with name {name} was found")),
        },
    };
    let priority = class.map_or(0, |c| c.value["value"].as_i64().unwrap_or(0));
    let policy = class.map_or("", |c| c.value["preemptionPolicy"].s());
    let policy = if policy.is_empty() { "PreemptLowerPriority" } else { policy };
    if let Some(have) = spec["priority"].as_i64()
        && have != priority
    {
        return refuse(format!(
            "the integer value of priority ({have}) must not be provided in pod spec; priority admission controller computed {priority} from the given PriorityClass name"
        ));
    }
    let have = spec["preemptionPolicy"].s();
    if !have.is_empty() && have != policy {
        return refuse(format!(
            "the string value of PreemptionPolicy ({have}) must not be provided in pod spec; priority admission controller computed {policy} from the given PriorityClass name"
        ));
    }
    let map = spec.as_map_mut();
    if let Some(class) = class {
        map.insert("priorityClassName", &class.meta.name);
    }
    map.insert("priority", priority);
    map.insert("preemptionPolicy", policy);
    Ok(())
}

/// The class marked `globalDefault`; the lowest of several.
fn default_class(snap: &Snapshot) -> Option<&Arc<Object>> {
    snap.list(&PRIORITY_CLASSES, "")
        .filter(|class| class.value["globalDefault"].is_true())
        .min_by_key(|class| class.value["value"].as_i64().unwrap_or(0))
}
