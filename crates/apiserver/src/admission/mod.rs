//! Admission: what the default plugins of a real cluster change or refuse, after decoding and before validation.
//! The order is upstream's: NamespaceLifecycle, ServiceAccount, TaintNodesByCondition, Priority, DefaultTolerationSeconds,
//! DefaultStorageClass, StorageObjectInUseProtection, DefaultIngressClass.

mod classes;
mod lifecycle;
mod priority;
mod service_account;
mod tolerations;

use crate::Context;
use api::Status;
use model::Key;
use store::Snapshot;
use value::{Value, obj};

pub use classes::{default_ingress_class, default_storage_class};
pub use lifecycle::{may_delete_namespace, namespace_of};
pub use priority::{is_system_class, system_classes};

/// Admits the creation of an object in place.
pub fn create(snap: &Snapshot, key: &Key, object: &mut Value, ctx: &mut Context) -> Result<(), Status> {
    match key.resource.as_str() {
        "pods" => {
            service_account::admit(snap, key, object, ctx)?;
            priority::admit(snap, key, object)?;
            tolerations::admit(object);
        }
        "nodes" => taint_new_node(object),
        "persistentvolumeclaims" => {
            default_storage_class(snap, object);
            protect(object, "kubernetes.io/pvc-protection");
        }
        "persistentvolumes" => protect(object, "kubernetes.io/pv-protection"),
        "ingresses.networking.k8s.io" => default_ingress_class(snap, object)?,
        _ => {}
    }
    Ok(())
}

/// Admits an update in place.
pub fn update(key: &Key, object: &mut Value) {
    if key.resource == "pods" {
        tolerations::admit(object);
    }
}

/// A node is born not ready. Models plugin/pkg/admission/nodetaint.
fn taint_new_node(node: &mut Value) {
    let taint = obj! { "key" => "node.kubernetes.io/not-ready", "effect" => "NoSchedule" };
    let taints = node.at_mut(&["spec", "taints"]).as_list_mut();
    if !taints.iter().any(|t| t["key"] == taint["key"] && t["effect"] == taint["effect"]) {
        taints.push(taint);
    }
}

fn protect(object: &mut Value, finalizer: &str) {
    let list = object.at_mut(&["metadata", "finalizers"]).as_list_mut();
    if !list.iter().any(|f| f.s() == finalizer) {
        list.push(Value::str(finalizer));
    }
}
