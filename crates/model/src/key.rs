//! Where an object lives: resource, namespace, name.

use crate::Resource;
use base::Text;
use std::cmp::Ordering;
use std::fmt;

/// An object's address in the store. `namespace` is empty for cluster-scoped kinds.
#[derive(Clone, PartialEq, Eq, Debug)]
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

/// Resources and namespaces mostly are one shared text, which need not be read to be compared.
impl Ord for Key {
    fn cmp(&self, other: &Key) -> Ordering {
        let order = |a: &Text, b: &Text| if Text::ptr_eq(a, b) { Ordering::Equal } else { a.cmp(b) };
        order(&self.resource, &other.resource)
            .then_with(|| order(&self.namespace, &other.namespace))
            .then_with(|| order(&self.name, &other.name))
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Key) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.resource, self.path())
    }
}
