//! `Object`: an immutable revision of one API object.

use crate::facts::PodFacts;
use crate::{Key, Meta, Resource, resource};
use value::Value;

/// One revision of an object: its resource, parsed metadata, and the whole value (with apiVersion, kind, metadata).
#[derive(Clone, PartialEq, Debug)]
pub struct Object {
    pub resource: Resource,
    pub meta: Meta,
    pub value: Value,
    /// Empty for what is no pod.
    pub(crate) facts: PodFacts,
}

impl Object {
    pub fn new(resource: &Resource, value: Value) -> Object {
        let facts = if *resource == resource::PODS { PodFacts::of(&value) } else { PodFacts::default() };
        Object { resource: resource.clone(), meta: Meta::of(&value), value, facts }
    }
    pub fn key(&self) -> Key {
        Key { resource: self.resource.clone(), namespace: self.meta.namespace.clone(), name: self.meta.name.clone() }
    }
    pub fn kind(&self) -> &str {
        self.value["kind"].s()
    }
    pub fn spec(&self) -> &Value {
        &self.value["spec"]
    }
    pub fn status(&self) -> &Value {
        &self.value["status"]
    }
    /// True once its deletion was asked for.
    pub fn is_terminating(&self) -> bool {
        self.meta.deleted.is_some()
    }
}
