//! Where an object lives: resource, namespace, name.

use crate::Resource;
use base::Text;
use std::fmt;

/// An object's address in the store. `namespace` is empty for cluster-scoped kinds.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Key {
    pub resource: Resource,
    pub namespace: Text,
    pub name: Text,
}

impl Key {
    pub fn new(resource: &Resource, namespace: impl Into<Text>, name: impl Into<Text>) -> Key {
        Key { resource: resource.clone(), namespace: namespace.into(), name: name.into() }
    }
    /// A cluster-scoped key.
    pub fn cluster(resource: &Resource, name: impl Into<Text>) -> Key {
        Key::new(resource, Text::new(), name)
    }
    /// `namespace/name`, or the name alone in the cluster's scope.
    pub fn path(&self) -> String {
        if self.namespace.is_empty() { self.name.to_string() } else { format!("{}/{}", self.namespace, self.name) }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.resource, self.path())
    }
}
