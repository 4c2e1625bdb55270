//! A request to the API server and its reply, free of any transport.

use crate::Status;
use base::{Text, text};
use model::{Key, resource};
use value::Value;

/// What is asked. `Connect` is exec, attach, log, port-forward, proxy: the reply comes from a kubelet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verb {
    Get,
    List,
    Watch,
    Create,
    Update,
    Patch(PatchType),
    Delete,
    DeleteCollection,
    Connect,
    /// GET of a path that is no resource: `/version`, `/api`, `/apis/apps/v1`, `/healthz`; the path is in `name`.
    Path,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PatchType {
    Json,
    Merge,
    Strategic,
    Apply,
}

/// The form of the answer a client wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Accept {
    #[default]
    Object,
    /// meta.k8s.io/v1 Table.
    Table,
    /// meta.k8s.io/v1 PartialObjectMetadata (and its list).
    Metadata,
    /// apidiscovery.k8s.io/v2 APIGroupDiscoveryList, of discovery's paths.
    Discovery,
}

/// What to do with unknown and duplicate fields.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Validation {
    Ignore,
    #[default]
    Warn,
    Strict,
}

/// Who asks.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct User {
    pub name: Text,
    pub groups: Vec<Text>,
}

impl User {
    /// A member of `system:masters`, to whom everything is allowed.
    pub fn master(name: impl Into<Text>) -> User {
        User { name: name.into(), groups: vec![text!("system:masters")] }
    }
}

/// The query parameters that the API knows. Texts are empty where absent.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Query {
    pub label_selector: Text,
    pub field_selector: Text,
    pub limit: i64,
    pub continue_token: Text,
    pub resource_version: Text,
    pub resource_version_match: Text,
    pub timeout_seconds: i64,
    pub send_initial_events: bool,
    pub allow_bookmarks: bool,
    pub dry_run: bool,
    pub force: bool,
    pub field_manager: Text,
    pub validation: Validation,
    /// What the body says twice, in the words of strict decoding: `duplicate field "data.k"` of JSON, `line 6: key "k" already set
    /// in map` of YAML.
    pub duplicates: Vec<Text>,
    /// `Background`, `Foreground`, `Orphan`, or empty.
    pub propagation_policy: Text,
    pub grace_period_seconds: Option<i64>,
    /// Whatever else came with the URL (`container`, `command`, `tailLines`, `follow` …), in order.
    pub other: Vec<(Text, Text)>,
}

/// A request. `resource` is the plural, `group` empty for core; an empty `version` means the preferred one.
#[derive(Clone, PartialEq, Debug)]
pub struct Request {
    pub user: User,
    pub verb: Verb,
    pub group: Text,
    pub version: Text,
    pub resource: Text,
    pub subresource: Text,
    /// Empty for cluster-scoped kinds and for all namespaces.
    pub namespace: Text,
    pub name: Text,
    pub query: Query,
    pub accept: Accept,
    /// The object, patch, or DeleteOptions; null if there is none.
    pub body: Value,
}

impl Request {
    /// A request about a key (its resource is split into plural and group).
    pub fn of(user: &User, verb: Verb, key: &Key) -> Request {
        let (plural, group) = resource::split(&key.resource);
        Request {
            user: user.clone(),
            verb,
            group: group.into(),
            version: Text::new(),
            resource: plural.into(),
            subresource: Text::new(),
            namespace: key.namespace.clone(),
            name: key.name.clone(),
            query: Query::default(),
            accept: Accept::Object,
            body: Value::Null,
        }
    }
    /// A GET of a path that is no resource.
    pub fn path(user: &User, path: &str) -> Request {
        let nothing = text!("");
        Request { name: path.into(), ..Request::of(user, Verb::Path, &Key::cluster(&nothing, nothing.clone())) }
    }
    /// `deployments.apps`, `pods`.
    pub fn group_resource(&self) -> Text {
        resource::join(&self.group, &self.resource)
    }
    pub fn key(&self) -> Key {
        Key { resource: self.group_resource(), namespace: self.namespace.clone(), name: self.name.clone() }
    }
}

/// The answer: an HTTP code, a body (object, list, table or Status) and warnings.
#[derive(Clone, PartialEq, Debug)]
pub struct Reply {
    pub code: u16,
    pub body: Value,
    pub warnings: Vec<Text>,
}

impl Reply {
    pub fn ok(body: Value) -> Reply {
        Reply { code: 200, body, warnings: Vec::new() }
    }
    pub fn is_success(&self) -> bool {
        self.code < 400
    }
    /// The failure, if it is one.
    pub fn failure(&self) -> Option<Status> {
        if self.is_success() { None } else { Some(Status::of(&self.body)) }
    }
}

impl From<Status> for Reply {
    fn from(status: Status) -> Reply {
        Reply { code: status.code, body: status.to_value(), warnings: Vec::new() }
    }
}
