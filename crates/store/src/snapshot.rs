//! `Snapshot`: every object at one revision, and the indexes that controllers ask.

use base::Text;
use imbl::OrdMap;
use model::{Key, Object, Resource, resource};
use std::sync::Arc;

/// All objects at one revision. Cloning is O(1).
#[derive(Clone, Default)]
pub struct Snapshot {
    pub(crate) rev: u64,
    pub(crate) objects: OrdMap<Key, Arc<Object>>,
    /// (controller's uid | `orphan/NAMESPACE` | `node/NAME` | `port/NUMBER` | `told/NODE`, key of the dependent)
    pub(crate) index: OrdMap<(Text, Key), Arc<Object>>,
}

impl Snapshot {
    /// The revision of the last commit seen here.
    pub fn rev(&self) -> u64 {
        self.rev
    }
    pub fn get(&self, key: &Key) -> Option<&Arc<Object>> {
        self.objects.get(key)
    }
    /// The object of a resource by namespace (`""` for cluster scope) and name.
    pub fn find(&self, resource: &Resource, namespace: &str, name: &str) -> Option<&Arc<Object>> {
        self.objects.get(&Key::new(resource, namespace, name))
    }
    /// All objects of a resource in (namespace, name) order; `namespace` empty means all.
    pub fn list<'a>(&'a self, resource: &'a Resource, namespace: &str) -> impl Iterator<Item = &'a Arc<Object>> + use<'a> {
        let from = Key::new(resource, namespace, Text::new());
        let only: Text = namespace.into();
        self.objects
            .range(from..)
            .map(|(_, object)| object)
            .take_while(move |o| o.resource == *resource && (only.is_empty() || o.meta.namespace == only))
    }
    /// Every object, in key order.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Object>> {
        self.objects.values()
    }
    pub fn len(&self) -> usize {
        self.objects.len()
    }
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }
    /// The objects of a resource whose *controller* has this uid.
    pub fn controlled_by<'a>(&'a self, uid: &Text, resource: &'a Resource) -> impl Iterator<Item = &'a Arc<Object>> + use<'a> {
        self.tagged(uid.clone()).filter(move |o| o.resource == *resource)
    }
    /// Every object with an owner of this uid, whether that owner controls it or not.
    pub fn dependents<'a>(&'a self, uid: &Text) -> impl Iterator<Item = &'a Arc<Object>> + use<'a> {
        self.tagged(uid.clone()).chain(self.tagged(format!("owner/{uid}").into()))
    }
    /// The objects of a resource in a namespace that no controller owns.
    pub fn orphans<'a>(&'a self, namespace: &str, resource: &'a Resource) -> impl Iterator<Item = &'a Arc<Object>> + use<'a> {
        self.tagged(format!("orphan/{namespace}").into()).filter(move |o| o.resource == *resource)
    }
    /// The pods bound to a node.
    pub fn pods_on<'a>(&'a self, node: &str) -> impl Iterator<Item = &'a Arc<Object>> + use<'a> {
        self.tagged(format!("node/{node}").into())
    }
    /// The service that holds a node port (or a health check port).
    pub fn service_on(&self, port: u16) -> Option<&Arc<Object>> {
        self.tagged(port_tag(port.into())).next()
    }
    /// The events about a node, in the order of their names.
    pub fn told_of_node(&self, node: &str) -> impl Iterator<Item = &Arc<Object>> + use<'_> {
        self.tagged(format!("told/{node}").into())
    }
    fn tagged(&self, tag: Text) -> impl Iterator<Item = &Arc<Object>> + use<'_> {
        let nothing = Text::new();
        let from = (tag.clone(), Key::new(&nothing, nothing.clone(), nothing.clone()));
        self.index.range(from..).take_while(move |((have, _), _)| *have == tag).map(|(_, object)| object)
    }

    pub(crate) fn put(&mut self, key: &Key, new: Option<Arc<Object>>) {
        let old = self.objects.get(key);
        let (before, after) = (old.map(|o| tags(o)).unwrap_or_default(), new.as_ref().map(|o| tags(o)).unwrap_or_default());
        for tag in before.into_iter().filter(|tag| !after.contains(tag)) {
            self.index.remove(&(tag, key.clone()));
        }
        if let Some(object) = &new {
            for tag in after {
                self.index.insert((tag, key.clone()), object.clone());
            }
        }
        match new {
            Some(object) => self.objects.insert(key.clone(), object),
            None => self.objects.remove(key),
        };
    }
}

fn tags(object: &Object) -> Vec<Text> {
    let mut tags = Vec::with_capacity(2);
    let is_pod = object.resource == resource::PODS;
    match object.meta.controller() {
        Some(owner) => tags.push(owner.uid.clone()),
        None if is_pod || object.resource == resource::REPLICA_SETS => {
            tags.push(format!("orphan/{}", object.meta.namespace).into())
        }
        None => {}
    }
    let others = object.meta.owners.iter().filter(|owner| Some(*owner) != object.meta.controller());
    tags.extend(others.map(|owner| Text::from(format!("owner/{}", owner.uid))));
    if is_pod && !object.pod().node().is_empty() {
        tags.push(format!("node/{}", object.pod().node()).into());
    }
    if object.resource == resource::EVENTS {
        let about = &object.value["involvedObject"];
        if about["kind"].s() == "Node" {
            tags.push(format!("told/{}", about["name"].s()).into());
        }
    }
    if object.resource == resource::SERVICES {
        let spec = object.spec();
        let ports = spec["ports"].items().iter().map(|p| &p["nodePort"]).chain([&spec["healthCheckNodePort"]]);
        tags.extend(ports.filter_map(value::Value::as_i64).filter(|p| *p != 0).map(port_tag));
    }
    tags
}

fn port_tag(port: i64) -> Text {
    format!("port/{port}").into()
}
