//! Defaults of the smaller kinds: secrets, namespaces, nodes, storage, quotas, RBAC, classes.

use super::{each, fill, fill_absent, inside};
use base::base64_encode;
use value::{Value, list};

pub fn secret(object: &mut Value) {
    fill(object, "type", "Opaque");
    if let Some(plain) = object.remove(&["stringData"]) {
        for (key, text) in plain.entries() {
            object.at_mut(&["data"]).as_map_mut().insert(key, base64_encode(text.s().as_bytes()));
        }
    }
}

pub fn namespace(object: &mut Value) {
    let name = object["metadata"]["name"].clone();
    if !name.is_empty() {
        object.at_mut(&["metadata", "labels"]).as_map_mut().insert("kubernetes.io/metadata.name", name);
    }
    let status = object.at_mut(&["status"]);
    fill(status, "phase", "Active");
}

pub fn node(object: &mut Value) {
    let spec = object.at_mut(&["spec"]);
    spec.as_map_mut();
    if spec["podCIDRs"].is_empty() && !spec["podCIDR"].is_empty() {
        let range = spec["podCIDR"].clone();
        spec.set(&["podCIDRs"], list![range]);
    }
    let status = object.at_mut(&["status"]);
    let capacity = status["capacity"].clone();
    if !capacity.is_empty() {
        fill(status, "allocatable", capacity);
    }
}

pub fn persistent_volume(object: &mut Value) {
    let spec = object.at_mut(&["spec"]);
    fill(spec, "persistentVolumeReclaimPolicy", "Retain");
    fill_absent(spec, "volumeMode", "Filesystem");
    inside(spec, "hostPath", |path| fill_absent(path, "type", ""));
    fill(object.at_mut(&["status"]), "phase", "Pending");
}

pub fn persistent_volume_claim(object: &mut Value) {
    let spec = object.at_mut(&["spec"]);
    fill_absent(spec, "volumeMode", "Filesystem");
    fill_absent(spec, "resources", Value::map());
    let source = spec["dataSource"].clone();
    if !source.is_null() && spec["dataSourceRef"].is_null() {
        fill_absent(spec, "dataSourceRef", source);
        let group = spec["dataSource"]["apiGroup"].clone();
        spec.set(&["dataSourceRef", "apiGroup"], group);
    }
    fill(object.at_mut(&["status"]), "phase", "Pending");
}

pub fn limit_range(object: &mut Value) {
    each(object.at_mut(&["spec"]), "limits", |item| {
        if item["type"].s() != "Container" {
            return;
        }
        copy_missing(item, "max", "default");
        copy_missing(item, "default", "defaultRequest");
        copy_missing(item, "min", "defaultRequest");
    });
}

fn copy_missing(item: &mut Value, from: &str, to: &str) {
    for (name, quantity) in item[from].clone().entries() {
        fill_absent(item.at_mut(&[to]), name, quantity);
    }
}

pub fn storage_class(object: &mut Value) {
    fill_absent(object, "reclaimPolicy", "Delete");
    fill_absent(object, "volumeBindingMode", "Immediate");
}

pub fn priority_class(object: &mut Value) {
    fill_absent(object, "preemptionPolicy", "PreemptLowerPriority");
    fill_absent(object, "value", 0);
}

pub fn role(object: &mut Value) {
    object.as_map_mut().entry("rules");
}

pub fn role_binding(object: &mut Value) {
    const GROUP: &str = "rbac.authorization.k8s.io";
    fill(object.at_mut(&["roleRef"]), "apiGroup", GROUP);
    each(object, "subjects", |subject| match subject["kind"].s() {
        "User" | "Group" => fill(subject, "apiGroup", GROUP),
        _ => {}
    });
}

pub fn csi_driver(object: &mut Value) {
    let spec = object.at_mut(&["spec"]);
    fill_absent(spec, "attachRequired", true);
    fill_absent(spec, "fsGroupPolicy", "ReadWriteOnceWithFSType");
    for field in ["podInfoOnMount", "storageCapacity", "requiresRepublish", "seLinuxMount"] {
        fill_absent(spec, field, false);
    }
    if spec["volumeLifecycleModes"].is_empty() {
        spec.set(&["volumeLifecycleModes"], list!["Persistent"]);
    }
}

/// Custom resource definitions: no conversion, and names that follow from the kind.
pub fn definition(object: &mut Value) {
    let spec = object.at_mut(&["spec"]);
    fill(spec.at_mut(&["conversion"]), "strategy", "None");
    let kind = spec["names"]["kind"].s().to_string();
    let names = spec.at_mut(&["names"]);
    fill(names, "singular", kind.to_ascii_lowercase());
    fill(names, "listKind", format!("{kind}List"));
}
