//! DefaultStorageClass and DefaultIngressClass: claims and ingresses without a class get the default one.
//! Models plugin/pkg/admission/storage/storageclass/setdefault and network/defaultingressclass.

use api::Status;
use base::{Text, text};
use model::{Object, Resource};
use std::sync::Arc;
use store::Snapshot;
use value::Value;

static STORAGE_CLASSES: Resource = text!("storageclasses.storage.k8s.io");
static INGRESS_CLASSES: Resource = text!("ingressclasses.networking.k8s.io");

/// A claim that names no class at all gets the newest default.
pub fn default_storage_class(snap: &Snapshot, claim: &mut Value) {
    if !claim["spec"]["storageClassName"].is_null() {
        return;
    }
    let marks = ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];
    let is_default = |class: &&Arc<Object>| marks.iter().any(|mark| class.meta.annotation(mark) == "true");
    let newest = snap
        .list(&STORAGE_CLASSES, "")
        .filter(is_default)
        .max_by_key(|c| (c.meta.created, std::cmp::Reverse(c.meta.name.clone())));
    if let Some(class) = newest {
        claim.set(&["spec", "storageClassName"], &class.meta.name);
    }
}

/// An ingress without class and class annotation gets the default class.
pub fn default_ingress_class(snap: &Snapshot, ingress: &mut Value) -> Result<(), Status> {
    let annotated = !ingress["metadata"]["annotations"]["kubernetes.io/ingress.class"].is_null();
    if annotated || !ingress["spec"]["ingressClassName"].is_null() {
        return Ok(());
    }
    let is_default = |class: &&Arc<Object>| class.meta.annotation("ingressclass.kubernetes.io/is-default-class") == "true";
    let mut newest: Vec<&Arc<Object>> = snap.list(&INGRESS_CLASSES, "").filter(is_default).collect();
    newest.sort_by_key(|c| (std::cmp::Reverse(c.meta.created), c.meta.name.clone()));
    if let Some(class) = newest.first() {
        let name: &Text = &class.meta.name;
        ingress.set(&["spec", "ingressClassName"], name);
    }
    Ok(())
}
