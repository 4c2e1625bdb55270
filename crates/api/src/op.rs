//! What a decider wants done: ops (each becomes one request), the next time to look, and notes.

use crate::{Note, PatchType, Query, Request, User, Verb};
use base::{Text, Time};
use model::{Key, Object, Resource};
use value::{Value, obj};

/// One change a component asks of the API server.
#[derive(Clone, PartialEq, Debug)]
pub enum Op {
    /// Creates the object (`metadata.name` or `generateName`, namespace inside).
    Create { resource: Resource, object: Value },
    /// Replaces the object; refused if its resourceVersion moved.
    Update { resource: Resource, object: Value },
    /// Replaces the status subresource; refused if the resourceVersion inside moved (absent: unconditional).
    UpdateStatus { resource: Resource, object: Value },
    /// Replaces `spec.finalizers` of a namespace; the last one gone, the namespace goes.
    Finalize { object: Value },
    /// Patches the object, or a subresource of it (`""` for none).
    Patch { key: Key, subresource: Text, kind: PatchType, patch: Value },
    /// Deletes the object with this uid.
    Delete { key: Key, uid: Text, options: Value },
    /// Binds a pod to a node.
    Bind { key: Key, uid: Text, node: Text },
    /// Asks for a pod's eviction, which budgets may refuse.
    Evict { key: Key, uid: Text },
}

/// What one reconcile answers.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Outcome {
    pub ops: Vec<Op>,
    /// Look again at this time even if nothing happens.
    pub again_at: Option<Time>,
    pub notes: Vec<Note>,
}

impl Outcome {
    pub fn nothing() -> Outcome {
        Outcome::default()
    }
    pub fn op(op: Op) -> Outcome {
        Outcome { ops: vec![op], ..Outcome::default() }
    }
    /// Remembers the earlier of two times to look again.
    pub fn again(&mut self, at: Time) {
        self.again_at = Some(self.again_at.map_or(at, |have| have.min(at)));
    }
}

impl Op {
    /// A Delete of this very object with default options.
    pub fn delete(object: &Object) -> Op {
        Op::Delete { key: object.key(), uid: object.meta.uid.clone(), options: Value::Null }
    }
    /// A status write with the object's own resourceVersion as precondition.
    pub fn status(object: &Object, status: Value) -> Op {
        let mut new = object.value.clone();
        new.set(&["status"], status);
        Op::UpdateStatus { resource: object.resource.clone(), object: new }
    }
    /// The request that carries this op out.
    pub fn request(&self, user: &User) -> Request {
        match self {
            Op::Create { resource, object } => of_object(user, Verb::Create, resource, object),
            Op::Update { resource, object } => of_object(user, Verb::Update, resource, object),
            Op::UpdateStatus { resource, object } => {
                Request { subresource: base::text!("status"), ..of_object(user, Verb::Update, resource, object) }
            }
            Op::Finalize { object } => Request {
                subresource: base::text!("finalize"),
                ..of_object(user, Verb::Update, &model::resource::NAMESPACES, object)
            },
            Op::Patch { key, subresource, kind, patch } => {
                Request { subresource: subresource.clone(), body: patch.clone(), ..Request::of(user, Verb::Patch(*kind), key) }
            }
            Op::Delete { key, uid, options } => {
                let mut body = options.clone();
                body.set(&["preconditions", "uid"], uid);
                Request { body, ..Request::of(user, Verb::Delete, key) }
            }
            Op::Bind { key, uid, node } => Request {
                subresource: base::text!("binding"),
                body: binding(key, uid, node),
                ..Request::of(user, Verb::Create, key)
            },
            Op::Evict { key, uid } => {
                let body = obj! {
                    "apiVersion" => "policy/v1", "kind" => "Eviction",
                    "metadata" => obj! { "name" => &key.name, "namespace" => &key.namespace },
                    "deleteOptions" => obj! { "preconditions" => obj! { "uid" => uid } },
                };
                Request { subresource: base::text!("eviction"), body, ..Request::of(user, Verb::Create, key) }
            }
        }
    }
}

fn binding(key: &Key, uid: &Text, node: &Text) -> Value {
    obj! {
        "apiVersion" => "v1", "kind" => "Binding",
        "metadata" => obj! { "name" => &key.name, "namespace" => &key.namespace, "uid" => uid },
        "target" => obj! { "apiVersion" => "v1", "kind" => "Node", "name" => node },
    }
}

fn of_object(user: &User, verb: Verb, resource: &Resource, object: &Value) -> Request {
    let meta = &object["metadata"];
    let name = if verb == Verb::Create { Text::new() } else { meta["name"].text() };
    let key = Key::new(resource, meta["namespace"].text(), name);
    Request { body: object.clone(), query: Query::default(), ..Request::of(user, verb, &key) }
}
