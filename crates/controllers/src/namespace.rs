//! Namespace deletion: pods first, then everything else, then the finalizer `kubernetes`.
//! Models pkg/controller/namespace. Which resources exist is read off the objects that are there.

use crate::Controller;
use crate::fields::push;
use api::{Op, Outcome};
use base::{Duration, Time};
use model::resource::{NAMESPACES, PODS};
use model::{Condition, Key, Object, resource};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{Commit, Snapshot};
use value::{Value, obj};

const FINALIZER: &str = "kubernetes";

/// Deletion begins so long after it was asked for, so that every API server knows that the namespace is going.
const GRACE: Duration = Duration::from_secs(5);

/// The namespace controller.
pub struct Namespaces;

impl Controller for Namespaces {
    fn name(&self) -> &'static str {
        "namespace-controller"
    }

    fn keys(&self, snap: &Snapshot, commit: &Commit, out: &mut Vec<Key>) {
        if commit.key.resource == NAMESPACES {
            push(out, commit.key.clone());
        } else if !commit.key.namespace.is_empty() {
            let namespace = Key::cluster(&NAMESPACES, commit.key.namespace.clone());
            if snap.get(&namespace).is_some_and(|n| n.is_terminating()) {
                push(out, namespace);
            }
        }
    }

    fn reconcile(&self, snap: &Snapshot, key: &Key, now: Time) -> Outcome {
        let Some(namespace) = snap.get(key).filter(|n| n.is_terminating()) else { return Outcome::nothing() };
        let finalizers = namespace.spec()["finalizers"].items();
        if !finalizers.iter().any(|f| f.s() == FINALIZER) {
            return Outcome::nothing();
        }
        let due = Time::parse(namespace.value["metadata"]["deletionTimestamp"].s()).unwrap_or_default() + GRACE;
        if due > now {
            return Outcome { again_at: Some(due), ..Outcome::nothing() };
        }
        let content: Vec<&Arc<Object>> = snap.all().filter(|o| o.meta.namespace == key.name).collect();
        if content.is_empty() {
            let mut object = namespace.value.clone();
            let left: Vec<Value> = finalizers.iter().filter(|f| f.s() != FINALIZER).cloned().collect();
            object.set(&["spec", "finalizers"], left);
            return Outcome::op(Op::Finalize { object });
        }
        let pods_first = content.iter().any(|o| o.resource == PODS);
        let going = content.iter().filter(|o| !o.is_terminating() && (!pods_first || o.resource == PODS));
        let mut ops: Vec<Op> = going.map(|o| delete(o)).collect();
        if ops.is_empty() {
            let status = with_conditions(namespace.status(), &content, now);
            if status != *namespace.status() {
                ops.push(Op::status(namespace, status));
            }
        }
        Outcome { ops, ..Outcome::nothing() }
    }
}

fn delete(object: &Object) -> Op {
    Op::Delete { key: object.key(), uid: object.meta.uid.clone(), options: obj! { "propagationPolicy" => "Background" } }
}

/// What is left, as the five conditions tell it.
fn with_conditions(status: &Value, content: &[&Arc<Object>], now: Time) -> Value {
    let mut of_resource: BTreeMap<String, u32> = BTreeMap::new();
    let mut of_finalizer: BTreeMap<&str, u32> = BTreeMap::new();
    for object in content {
        let (plural, group) = resource::split(&object.resource);
        *of_resource.entry(format!("{plural}.{group}")).or_default() += 1;
        for finalizer in &object.meta.finalizers {
            *of_finalizer.entry(finalizer).or_default() += 1;
        }
    }
    let resources: Vec<String> = of_resource.iter().map(|(r, n)| format!("{r} has {n} resource instances")).collect();
    let finalizers: Vec<String> = of_finalizer.iter().map(|(f, n)| format!("{f} in {n} resource instances")).collect();
    let remaining = format!("Some resources are remaining: {}", resources.join(", "));
    let held = format!("Some content in the namespace has finalizers remaining: {}", finalizers.join(", "));
    let with_finalizers = if finalizers.is_empty() {
        ("False", "ContentHasNoFinalizers", "All content-preserving finalizers finished")
    } else {
        ("True", "SomeFinalizersRemain", held.as_str())
    };
    let rows = [
        ("NamespaceDeletionDiscoveryFailure", ("False", "ResourcesDiscovered", "All resources successfully discovered")),
        (
            "NamespaceDeletionGroupVersionParsingFailure",
            ("False", "ParsedGroupVersions", "All legacy kube types successfully parsed"),
        ),
        (
            "NamespaceDeletionContentFailure",
            ("False", "ContentDeleted", "All content successfully deleted, may be waiting on finalization"),
        ),
        ("NamespaceContentRemaining", ("True", "SomeResourcesRemain", remaining.as_str())),
        ("NamespaceFinalizersRemaining", with_finalizers),
    ];
    let mut new = status.clone();
    for (kind, (status, reason, message)) in rows {
        Condition { kind, status, reason, message }.put(&mut new, now);
    }
    new
}
