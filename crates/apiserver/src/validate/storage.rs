//! Volumes, claims and storage classes. Models the parts of pkg/apis/core/validation and pkg/apis/storage/validation.

use super::common::{self, immutable};
use super::volumes;
use crate::field::{Errors, Path};
use base::{Quantity, names};
use model::Object;
use value::Value;

const SPEC: Path<'static> = Path::root("spec");
const ROOT: Path<'static> = Path::root("");
const MODES: [&str; 4] = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

pub fn claim(object: &Value, errors: &mut Errors) {
    claim_spec(&object["spec"], &SPEC, errors);
}

fn access_modes(spec: &Value, path: &Path, errors: &mut Errors) {
    let list = spec["accessModes"].items();
    let at = path.child("accessModes");
    for mode in list.iter().filter(|m| !MODES.contains(&m.s())) {
        errors.unsupported(&at, mode, &MODES);
    }
    if list.len() > 1 && list.iter().any(|m| m.s() == "ReadWriteOncePod") {
        errors.forbidden(&at, "may not use ReadWriteOncePod with other access modes");
    }
}

/// The spec of a claim, or of a claim template.
pub fn claim_spec(spec: &Value, path: &Path, errors: &mut Errors) {
    if spec["accessModes"].is_empty() {
        errors.required(&path.child("accessModes"), "at least 1 access mode is required");
    }
    access_modes(spec, path, errors);
    let resources = path.child("resources");
    let storage = &spec["resources"]["requests"]["storage"];
    if storage.is_null() {
        errors.required(&resources.key("storage"), "");
    } else if Quantity::parse(storage.s()).is_ok_and(|q| q.is_negative() || q.is_zero()) {
        errors.invalid(&resources.key("storage"), storage, "must be greater than zero");
    }
    let class = spec["storageClassName"].s();
    if !class.is_empty() {
        errors.complaints(&path.child("storageClassName"), class, names::dns1123_subdomain(class));
    }
    common::optional_word(spec, "volumeMode", &["Block", "Filesystem"], path, errors);
}

/// A claim stays as it was made, but a bound one may grow, and an unbound one without a class may get one.
pub fn claim_update(new: &Value, old: &Object, errors: &mut Errors) {
    let (mut to, mut from) = (new["spec"].clone(), old.spec().clone());
    let bound = old.status()["phase"].s() == "Bound";
    if from["storageClassName"].is_null() {
        to.remove(&["storageClassName"]);
    }
    if from["volumeName"].is_empty() {
        to.remove(&["volumeName"]);
    }
    if bound {
        for spec in [&mut to, &mut from] {
            spec.remove(&["resources", "requests"]);
            spec.remove(&["volumeAttributesClassName"]);
        }
    }
    if to != from {
        let words = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
        errors.forbidden(&SPEC, &format!("{words}\n{}", super::diff::lines(&from, &to)));
    }
}

pub fn volume(object: &Value, errors: &mut Errors) {
    let (spec, path) = (&object["spec"], SPEC.child("capacity"));
    if spec["accessModes"].is_empty() {
        errors.required(&SPEC.child("accessModes"), "");
    }
    access_modes(spec, &SPEC, errors);
    let capacity = &spec["capacity"];
    if capacity.is_empty() {
        errors.required(&path, "");
    }
    if capacity["storage"].is_null() || capacity.entries().len() > 1 {
        errors.unsupported(&path, capacity, &["storage"]);
    }
    for (name, quantity) in capacity.entries() {
        if Quantity::parse(quantity.s()).is_ok_and(|q| q.is_negative() || q.is_zero()) {
            errors.invalid(&path.key(name), quantity, "must be greater than zero");
        }
    }
    let policy = &spec["persistentVolumeReclaimPolicy"];
    let at = SPEC.child("persistentVolumeReclaimPolicy");
    if !matches!(policy.s(), "Delete" | "Recycle" | "Retain") {
        errors.unsupported(&at, policy, &["Delete", "Recycle", "Retain"]);
    }
    volumes::persistent(spec, &SPEC, errors);
    if !spec["local"].is_null() && spec["nodeAffinity"].is_null() {
        errors.required(&SPEC.child("nodeAffinity"), "Local volume requires node affinity");
    }
    if spec["hostPath"]["path"].s() == "/" && policy.s() == "Recycle" {
        errors.forbidden(&at, "may not be 'recycle' for a hostPath mount of '/'");
    }
    common::optional_word(spec, "volumeMode", &["Block", "Filesystem"], &SPEC, errors);
}

/// What a volume is stays; what it is called and who claims it may change.
pub fn volume_update(new: &Value, old: &Object, errors: &mut Errors) {
    let (mut to, mut from) = (Value::map(), Value::map());
    for field in volumes::PERSISTENT {
        for (spec, out) in [(&new["spec"], &mut to), (old.spec(), &mut from)] {
            if let Some(source) = spec.get(field) {
                out.set(&[field], source);
            }
        }
    }
    if to != from {
        let words = "spec.persistentvolumesource is immutable after creation";
        errors.forbidden(&SPEC.child("persistentvolumesource"), &format!("{words}\n{}", super::diff::lines(&from, &to)));
    }
    immutable(&new["spec"]["volumeMode"], &old.spec()["volumeMode"], &Path::root("volumeMode"), errors);
}

pub fn class(object: &Value, errors: &mut Errors) {
    if object["provisioner"].is_empty() {
        errors.required(&Path::root("provisioner"), "");
    }
    common::optional_word(object, "reclaimPolicy", &["Delete", "Retain"], &ROOT, errors);
    common::optional_word(object, "volumeBindingMode", &["Immediate", "WaitForFirstConsumer"], &ROOT, errors);
}

pub fn class_update(new: &Value, old: &Object, errors: &mut Errors) {
    for field in ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"] {
        immutable(&new[field], &old.value[field], &Path::root(field), errors);
    }
}
