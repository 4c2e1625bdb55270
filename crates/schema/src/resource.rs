//! Resources as discovery tells them, and how kubectl finds one by any of its names.
//! Models k8s.io/apimachinery/pkg/api/meta (priority and default REST mappers) and client-go/restmapper (short names).

use crate::Schema;
use crate::kind::{Str, TypeId};

/// A set of API verbs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Verbs(pub(crate) u8);

const VERBS: [&str; 8] = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

impl Verbs {
    /// Those of the names that are verbs.
    pub fn of(names: &[&str]) -> Verbs {
        let bits = names.iter().filter_map(|name| VERBS.iter().position(|v| v == name));
        Verbs(bits.fold(0, |set, bit| set | 1 << bit))
    }
    pub fn has(self, verb: &str) -> bool {
        VERBS.iter().position(|v| *v == verb).is_some_and(|bit| self.0 & (1 << bit) != 0)
    }
    /// In the order of discovery, which is alphabetical.
    pub fn iter(self) -> impl Iterator<Item = &'static str> {
        VERBS.into_iter().enumerate().filter(move |(bit, _)| self.0 & (1 << bit) != 0).map(|(_, verb)| verb)
    }
}

/// One resource in one version of its group.
#[derive(Clone, PartialEq, Debug)]
pub struct ResourceInfo {
    /// Empty for the core group.
    pub group: Str,
    pub version: Str,
    pub kind: Str,
    pub list_kind: Str,
    pub plural: Str,
    pub singular: Str,
    pub short_names: Vec<Str>,
    pub namespaced: bool,
    pub verbs: Verbs,
    pub categories: Vec<Str>,
    pub subresources: Vec<Subresource>,
    /// None for a custom resource without a schema.
    pub type_id: Option<TypeId>,
    /// This version is the one that clients use when nobody names one.
    pub preferred: bool,
    pub storage_version_hash: Str,
}

/// `pods/log`, `deployments/scale` …
#[derive(Clone, PartialEq, Debug)]
pub struct Subresource {
    pub name: Str,
    /// Group, version and kind of what is sent and answered.
    pub group: Str,
    pub version: Str,
    pub kind: Str,
    pub verbs: Verbs,
}

impl ResourceInfo {
    /// `apps/v1`, `v1`
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_string() } else { format!("{}/{}", self.group, self.version) }
    }
    /// `deployments.apps`, `pods`
    pub fn group_resource(&self) -> String {
        if self.group.is_empty() { self.plural.to_string() } else { format!("{}.{}", self.plural, self.group) }
    }
    pub fn subresource(&self, name: &str) -> Option<&Subresource> {
        self.subresources.iter().find(|sub| sub.name == name)
    }
    pub fn has_short_name(&self, name: &str) -> bool {
        self.short_names.iter().any(|short| short == name)
    }
    fn is_called(&self, lower: &str) -> bool {
        self.plural == lower || self.singular == lower || self.kind.eq_ignore_ascii_case(lower)
    }
}

/// A resource argument (`deploy`, `deployments.apps`, `deployments.v1.apps`) and what its dots may mean.
struct Argument<'a> {
    name: &'a str,
    /// `name.version.group`, when there are two dots.
    versioned: Option<(&'a str, &'a str)>,
    group: &'a str,
}

impl<'a> Argument<'a> {
    fn parse(text: &'a str) -> Argument<'a> {
        let (name, group) = text.split_once('.').unwrap_or((text, ""));
        Argument { name, versioned: group.split_once('.'), group }
    }
}

impl Schema {
    /// The preferred version of a resource by its exact plural and group.
    pub fn resource(&self, group: &str, plural: &str) -> Option<&ResourceInfo> {
        self.resources().find(|r| r.preferred && r.plural == plural && r.group == group)
    }
    /// A resource in a version of its group; an empty version means the preferred one.
    pub fn resource_version(&self, group: &str, version: &str, plural: &str) -> Option<&ResourceInfo> {
        if version.is_empty() {
            return self.resource(group, plural);
        }
        self.resources().find(|r| r.plural == plural && r.group == group && r.version == version)
    }
    /// The resource of a kind; an empty version means the preferred one.
    pub fn by_kind(&self, group: &str, version: &str, kind: &str) -> Option<&ResourceInfo> {
        let matches = |r: &&ResourceInfo| r.kind == kind && r.group == group;
        if version.is_empty() {
            return self.resources().find(|r| matches(r) && r.preferred);
        }
        self.resources().find(|r| matches(r) && r.version == version)
    }
    /// The resource of an object by its `apiVersion` and `kind`.
    pub fn by_api_version(&self, api_version: &str, kind: &str) -> Option<&ResourceInfo> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        self.by_kind(group, version, kind)
    }
    /// The resource that kubectl takes for a name: plural, singular or kind in any case, a short name, each with a group
    /// (a prefix of it is enough) or with version and group. Core wins, then the order of discovery.
    pub fn by_any_name(&self, name: &str) -> Option<&ResourceInfo> {
        let wanted = Argument::parse(name);
        let full =
            wanted.versioned.and_then(|(version, group)| self.named(wanted.name, |r| r.version == version && r.group == group));
        full.or_else(|| self.named(wanted.name, |r| r.preferred && r.group == wanted.group))
            .or_else(|| self.named(wanted.name, |r| r.preferred && r.group.starts_with(wanted.group)))
    }
    fn named(&self, name: &str, accept: impl Fn(&ResourceInfo) -> bool) -> Option<&ResourceInfo> {
        let lower = name.to_ascii_lowercase();
        self.resources()
            .find(|r| accept(r) && r.is_called(&lower))
            .or_else(|| self.resources().find(|r| accept(r) && r.has_short_name(name)))
    }
    /// Everything that a short name could mean, best first; kubectl warns when there is more than one.
    pub fn by_short_name<'a>(&'a self, short: &'a str) -> impl Iterator<Item = &'a ResourceInfo> {
        self.resources().filter(move |r| r.preferred && r.has_short_name(short))
    }
    /// The resources of a category (`all`, `api-extensions`), in the order of discovery.
    pub fn by_category<'a>(&'a self, category: &'a str) -> impl Iterator<Item = &'a ResourceInfo> {
        self.resources().filter(move |r| r.preferred && r.categories.iter().any(|c| c == category))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, want: &str) {
        let found = Schema::builtin().by_any_name(name);
        assert_eq!(found.map(|r| format!("{}/{}", r.api_version(), r.plural)).unwrap_or_default(), want, "{name}");
    }

    #[test]
    fn names() {
        for name in ["po", "pod", "pods", "Pod", "PODS"] {
            check(name, "v1/pods");
        }
        for name in ["deploy", "deployments.apps", "deployments.v1.apps", "deploy.apps", "deployment.app", "Deployment"] {
            check(name, "apps/v1/deployments");
        }
        check("events", "v1/events");
        check("ev", "v1/events");
        check("events.events.k8s.io", "events.k8s.io/v1/events");
        check("hpa", "autoscaling/v2/horizontalpodautoscalers");
        check("hpa.v1.autoscaling", "autoscaling/v1/horizontalpodautoscalers");
        check("ing.networking", "networking.k8s.io/v1/ingresses");
        check("pods.v1.", "v1/pods");
        for unknown in ["PO", "pants", "pods.apps", "", "deployments.v2.apps"] {
            check(unknown, "");
        }
    }

    #[test]
    fn discovery_order() {
        let schema = Schema::builtin();
        let all: Vec<&str> = schema.by_category("all").map(|r| r.plural.as_ref()).collect();
        let want = "pods replicationcontrollers services daemonsets deployments replicasets statefulsets \
                    horizontalpodautoscalers cronjobs jobs";
        assert_eq!(all.join(" "), want);
        assert_eq!(schema.by_short_name("ev").count(), 2);
        assert_eq!(schema.resources().next().map(|r| r.plural.as_ref()), Some("bindings"));
    }

    #[test]
    fn a_resource_tells_everything() {
        let schema = Schema::builtin();
        let pods = schema.by_api_version("v1", "Pod").unwrap();
        assert!(pods.namespaced && pods.verbs.has("watch") && !pods.verbs.has("connect"));
        assert_eq!(pods.list_kind, "PodList");
        let eviction = pods.subresource("eviction").unwrap();
        assert_eq!((eviction.group.as_ref(), eviction.kind.as_ref()), ("policy", "Eviction"));
        assert_eq!(pods.verbs.iter().count(), 8);
        assert_eq!(schema.by_kind("", "", "Namespace").unwrap().verbs.iter().last(), Some("watch"));
        assert!(schema.resources().all(|r| r.type_id.is_some()));
    }
}
