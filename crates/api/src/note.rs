//! A note: what a component wants to tell people about an object. The control plane turns notes into Events.

use base::Text;
use model::Object;
use value::{Value, obj};

/// An event before it is counted and stored.
#[derive(Clone, PartialEq, Debug)]
pub struct Note {
    /// The ObjectReference of what it is about.
    pub about: Value,
    pub warning: bool,
    pub reason: Text,
    pub message: Text,
    /// The reporting component, `replicaset-controller`.
    pub source: Text,
    /// The node of a kubelet's note, else empty.
    pub host: Text,
}

impl Note {
    /// A `Normal` note about an object.
    pub fn normal(about: &Object, source: &str, reason: &str, message: impl Into<Text>) -> Note {
        Note {
            about: reference(about),
            warning: false,
            reason: reason.into(),
            message: message.into(),
            source: source.into(),
            host: Text::new(),
        }
    }
    /// A `Warning` note about an object.
    pub fn warning(about: &Object, source: &str, reason: &str, message: impl Into<Text>) -> Note {
        Note { warning: true, ..Note::normal(about, source, reason, message) }
    }
    /// Narrows the note to a part of the object, as `spec.containers{web}`.
    pub fn at(mut self, field_path: &str) -> Note {
        self.about.set(&["fieldPath"], field_path);
        self
    }
    pub fn on_host(mut self, host: &str) -> Note {
        self.host = host.into();
        self
    }
}

/// The ObjectReference of an object.
fn reference(object: &Object) -> Value {
    let mut about = obj! {
        "apiVersion" => &object.value["apiVersion"], "kind" => &object.value["kind"],
        "name" => &object.meta.name, "uid" => &object.meta.uid, "resourceVersion" => object.meta.revision.to_string(),
    };
    if !object.meta.namespace.is_empty() {
        about.set(&["namespace"], &object.meta.namespace);
    }
    about
}
