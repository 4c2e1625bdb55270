//! `Meta`: ObjectMeta parsed once per object revision.

use base::{Duration, Text, Time};
use value::{Map, Value, obj};

/// What every component asks of an object's metadata.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Meta {
    pub namespace: Text,
    pub name: Text,
    pub uid: Text,
    pub revision: u64,
    pub generation: i64,
    pub labels: Map,
    pub annotations: Map,
    pub owners: Vec<OwnerRef>,
    pub finalizers: Vec<Text>,
    pub created: Time,
    /// When the object is (to be) gone, if its deletion was asked for.
    pub deleted: Option<Time>,
    pub grace: Option<Duration>,
}

/// One entry of `metadata.ownerReferences`.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct OwnerRef {
    pub api_version: Text,
    pub kind: Text,
    pub name: Text,
    pub uid: Text,
    pub controller: bool,
    pub block_owner_deletion: bool,
}

impl Meta {
    /// Reads `metadata` of a whole object.
    pub fn of(object: &Value) -> Meta {
        let meta = &object["metadata"];
        Meta {
            namespace: meta["namespace"].text(),
            name: meta["name"].text(),
            uid: meta["uid"].text(),
            revision: meta["resourceVersion"].s().parse().unwrap_or(0),
            generation: meta["generation"].as_i64().unwrap_or(0),
            labels: meta["labels"].as_map().cloned().unwrap_or_default(),
            annotations: meta["annotations"].as_map().cloned().unwrap_or_default(),
            owners: meta["ownerReferences"].items().iter().map(OwnerRef::of).collect(),
            finalizers: meta["finalizers"].items().iter().map(Value::text).collect(),
            created: Time::parse(meta["creationTimestamp"].s()).unwrap_or_default(),
            deleted: Time::parse(meta["deletionTimestamp"].s()),
            grace: meta["deletionGracePeriodSeconds"].as_i64().map(Duration::from_secs),
        }
    }
    /// The owner that controls this object, if one does.
    pub fn controller(&self) -> Option<&OwnerRef> {
        self.owners.iter().find(|owner| owner.controller)
    }
    pub fn is_controlled_by(&self, uid: &str) -> bool {
        self.controller().is_some_and(|owner| owner.uid == uid)
    }
    pub fn label(&self, key: &str) -> &str {
        self.labels.str(key)
    }
    pub fn annotation(&self, key: &str) -> &str {
        self.annotations.str(key)
    }
}

impl OwnerRef {
    pub fn of(value: &Value) -> OwnerRef {
        OwnerRef {
            api_version: value["apiVersion"].text(),
            kind: value["kind"].text(),
            name: value["name"].text(),
            uid: value["uid"].text(),
            controller: value["controller"].is_true(),
            block_owner_deletion: value["blockOwnerDeletion"].is_true(),
        }
    }
    /// The reference a controller writes into what it makes (both flags set).
    pub fn controlled_by(owner: &crate::Object) -> Value {
        obj! {
            "apiVersion" => &owner.value["apiVersion"], "kind" => &owner.value["kind"], "name" => &owner.meta.name,
            "uid" => &owner.meta.uid, "controller" => true, "blockOwnerDeletion" => true,
        }
    }
}
