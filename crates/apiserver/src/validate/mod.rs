//! Validation: what is wrong with an object, kind by kind, in upstream's words and order.
//! Models pkg/apis/*/validation.

pub mod meta;

use crate::field::Errors;
use crate::kinds::Kind;
use crate::strategy;
use model::Object;
use value::Value;

/// A new object.
pub fn create(kind: &Kind, object: &Value, errors: &mut Errors) {
    meta::object_meta(object, kind.namespaced, strategy::name_rule(&kind.resource), errors);
}

/// A changed object: valid by itself, and changed only where it may be.
pub fn update(kind: &Kind, new: &Value, old: &Object, errors: &mut Errors) {
    meta::object_meta_update(new, &old.meta, &old.value, errors);
    if errors.is_empty() {
        meta::object_meta(new, kind.namespaced, strategy::name_rule(&kind.resource), errors);
    }
}

/// A write of the status or another subresource.
pub fn update_status(_kind: &Kind, new: &Value, old: &Object, errors: &mut Errors) {
    meta::object_meta_update(new, &old.meta, &old.value, errors);
}
