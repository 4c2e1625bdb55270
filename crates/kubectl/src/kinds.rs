//! Which resource a word or an object means. Built-in kinds come from the table; custom ones are asked for when a word is unknown.

use crate::ctx::Ctx;
use crate::fail::{Run, plain};
use api::{Accept, Query, Request, User, Validation, Verb};
use base::Text;
use schema::{ResourceInfo, Schema};
use value::Value;

/// A resource as commands need it.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Kind {
    pub group: Text,
    pub version: Text,
    pub kind: Text,
    pub plural: Text,
    pub singular: Text,
    pub namespaced: bool,
    /// Known to this program, with its fields.
    pub builtin: bool,
}

impl Kind {
    pub fn of(info: &ResourceInfo) -> Kind {
        Kind {
            group: info.group.as_ref().into(),
            version: info.version.as_ref().into(),
            kind: info.kind.as_ref().into(),
            plural: info.plural.as_ref().into(),
            singular: info.singular.as_ref().into(),
            namespaced: info.namespaced,
            builtin: true,
        }
    }
    /// A kind of the built-in table by its plural and group.
    pub fn builtin(group: &str, plural: &str) -> Option<Kind> {
        Schema::builtin().resource(group, plural).map(Kind::of)
    }
    /// `apps/v1`
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_string() } else { format!("{}/{}", self.group, self.version) }
    }
    /// `deployments.apps`
    pub fn group_resource(&self) -> Text {
        model::resource::join(&self.group, &self.plural)
    }
    /// `deployment.apps/web`, `pod/web`
    pub fn show(&self, name: &str) -> String {
        shown(&self.group, &self.kind, name)
    }
    /// A request about this kind.
    pub fn request(&self, verb: Verb, namespace: &str, name: &str) -> Request {
        Request {
            user: User::default(),
            verb,
            group: self.group.clone(),
            version: self.version.clone(),
            resource: self.plural.clone(),
            subresource: Text::new(),
            namespace: if self.namespaced { namespace.into() } else { Text::new() },
            name: name.into(),
            query: Query { validation: Validation::Warn, ..Query::default() },
            accept: Accept::Object,
            body: Value::Null,
        }
    }
    pub fn get(&self, namespace: &str, name: &str) -> Request {
        self.request(Verb::Get, namespace, name)
    }
    pub fn list(&self, namespace: &str) -> Request {
        self.request(Verb::List, namespace, "")
    }
    pub fn info(&self) -> Option<&'static ResourceInfo> {
        Schema::builtin().resource_version(&self.group, &self.version, &self.plural)
    }
}

/// `deployment.apps/web`, `pod/web`
pub(crate) fn shown(group: &str, kind: &str, name: &str) -> String {
    let kind = kind.to_lowercase();
    if group.is_empty() { format!("{kind}/{name}") } else { format!("{kind}.{group}/{name}") }
}

/// The group in an `apiVersion`.
pub(crate) fn group_of(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

/// `deployment.apps/web` of any object.
pub(crate) fn show_object(object: &Value) -> String {
    shown(group_of(object["apiVersion"].s()), object["kind"].s(), object["metadata"]["name"].s())
}

impl Ctx<'_> {
    /// The kind that a word on the command line means.
    pub fn kind(&mut self, word: &str) -> Run<Kind> {
        let schema = Schema::builtin();
        if let Some(info) = schema.by_any_name(word) {
            self.warn_of_short_name(word, info);
            return Ok(Kind::of(info));
        }
        for kind in self.custom_kinds()? {
            if kind_matches(&kind, word) {
                return Ok(kind.0);
            }
        }
        plain(format!("the server doesn't have a resource type {:?}", word.split('.').next().unwrap_or("")))
    }
    fn warn_of_short_name(&mut self, word: &str, info: &ResourceInfo) {
        let lower = word.to_ascii_lowercase();
        if info.plural == lower || info.singular == lower || info.kind.eq_ignore_ascii_case(word) {
            return;
        }
        let others: Vec<&ResourceInfo> =
            Schema::builtin().by_short_name(word).filter(|r| r.group != info.group || r.plural != info.plural).collect();
        for other in others {
            self.warn(&format!("short name {word:?} could also match lower priority resource {}", other.group_resource()));
        }
    }
    /// The kind of an object's apiVersion and kind, if the cluster has it.
    pub fn kind_of(&mut self, api_version: &str, kind: &str) -> Run<Option<Kind>> {
        if let Some(info) = Schema::builtin().by_api_version(api_version, kind) {
            return Ok(Some(Kind::of(info)));
        }
        if !group_of(api_version).contains('.') {
            return Ok(None);
        }
        let custom = self.custom_kinds()?;
        Ok(custom.into_iter().map(|(k, _)| k).find(|k| k.kind == kind && k.api_version() == api_version))
    }
    /// Kinds of custom resource definitions, each with its short names and categories.
    pub fn custom_kinds(&mut self) -> Run<Vec<(Kind, Value)>> {
        let Some(crds) = Kind::builtin("apiextensions.k8s.io", "customresourcedefinitions") else { return Ok(Vec::new()) };
        let Ok(list) = self.ask(crds.list(""))? else { return Ok(Vec::new()) };
        let mut kinds = Vec::new();
        for crd in list["items"].items() {
            let spec = &crd["spec"];
            for version in spec["versions"].items().iter().filter(|v| v["served"].is_true()) {
                let kind = Kind {
                    group: spec["group"].text(),
                    version: version["name"].text(),
                    kind: spec["names"]["kind"].text(),
                    plural: spec["names"]["plural"].text(),
                    singular: spec["names"]["singular"].text(),
                    namespaced: spec["scope"].s() == "Namespaced",
                    builtin: false,
                };
                kinds.push((kind, spec["names"].clone()));
            }
        }
        Ok(kinds)
    }
}

fn kind_matches((kind, names): &(Kind, Value), word: &str) -> bool {
    let (name, group) = word.split_once('.').unwrap_or((word, ""));
    let lower = name.to_ascii_lowercase();
    let called = kind.plural == lower || kind.singular == lower || kind.kind.eq_ignore_ascii_case(name);
    let short = names["shortNames"].items().iter().any(|s| s.s() == name);
    let versioned =
        group.strip_prefix(kind.version.as_str()).is_some_and(|rest| rest.strip_prefix('.').is_some_and(|g| g == kind.group));
    (called || short) && (kind.group.starts_with(group) || versioned)
}
