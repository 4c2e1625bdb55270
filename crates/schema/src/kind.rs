//! What the table says about types: their fields, how each is encoded, listed, merged and written.

use std::borrow::Cow;
use std::sync::Arc;

/// Text of the table (static) or of a custom resource definition.
pub type Str = Cow<'static, str>;

/// The number of a type in a [`crate::Schema`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct TypeId(pub(crate) u32);

/// What a field holds.
#[derive(Clone, PartialEq, Debug)]
pub enum Type {
    Str,
    /// Text in base64.
    Bytes,
    Bool,
    Int32,
    Int64,
    Double,
    Quantity,
    IntOrString,
    Time,
    MicroTime,
    /// Any JSON.
    Any,
    /// Any JSON object.
    Object,
    Struct(TypeId),
    List(Arc<Type>),
    Map(Arc<Type>),
}

/// `x-kubernetes-list-type` and `x-kubernetes-map-type`: who owns what in server-side apply.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Topology {
    /// Not said: lists are atomic, maps granular.
    Unset,
    Atomic,
    Set,
    Map,
    Granular,
}

/// How a strategic merge patch treats a field; all false: replace a list, merge a map.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PatchStrategy {
    /// Lists are merged: by the merge key, or as a set when there is none.
    pub merge: bool,
    /// `$retainKeys` belongs into patches: the object is a union.
    pub retain_keys: bool,
    /// A map is replaced as a whole.
    pub replace: bool,
}

/// One field of a type.
#[derive(Clone, PartialEq, Debug)]
pub struct Field {
    pub name: Str,
    pub ty: Type,
    pub required: bool,
    /// A given zero (`0`, `""`, `false`) is kept: a pointer in Go. Otherwise it is dropped, unless `always`.
    pub keep_zero: bool,
    /// Written even when it was not given: as `{}`, `""`, `0`, or null for lists, times and pointers.
    pub always: bool,
    pub topology: Topology,
    /// The fields that tell the items of a list apart in server-side apply.
    pub map_keys: Vec<Str>,
    pub patch: PatchStrategy,
    /// The field that tells the items of a list apart in a strategic merge patch; empty if there is none.
    pub merge_key: Str,
    /// The values that a text may have, if the API documents list them.
    pub allowed: Vec<Str>,
    /// The default as JSON, where the API documents name one that is not zero; empty otherwise.
    pub default: Str,
    /// The Go type where it has a name of its own; empty otherwise.
    pub(crate) go: Str,
}

/// One type: `io.k8s.api.core.v1` `PodSpec`.
#[derive(Clone, PartialEq, Debug)]
pub struct TypeInfo {
    pub package: Str,
    pub name: Str,
    /// Group and version, where the type is a kind of exactly one of them.
    pub group_version: Option<(Str, Str)>,
    /// `x-kubernetes-map-type: atomic`: owned and replaced as a whole by server-side apply.
    pub atomic: bool,
    /// Sorted by name.
    pub fields: Vec<Field>,
    /// Unknown fields are kept without a word (custom resources).
    pub keeps_unknown: bool,
}

impl TypeInfo {
    pub fn field(&self, name: &str) -> Option<&Field> {
        let at = self.fields.binary_search_by(|field| field.name.as_ref().cmp(name)).ok()?;
        Some(&self.fields[at])
    }
    /// `io.k8s.api.core.v1.PodSpec`
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.package, self.name)
    }
    /// `v1.PodSpec`, as Go's errors name it.
    pub fn go_name(&self) -> String {
        let package = self.package.rsplit('.').next().unwrap_or("");
        format!("{package}.{}", self.name)
    }
}
