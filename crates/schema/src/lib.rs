//! The generated table of kinds, and what is read off it: strict decoding, defaults, strategic merge, apply.
//!
//! - [`Schema::builtin`] is Kubernetes 1.36's own table, decoded on first use. A cluster with custom resources clones it
//!   and adds rows ([`Schema::with_kind`]); lookups are the same.
//! - [`Schema::resource`], [`Schema::by_kind`], [`Schema::by_api_version`], [`Schema::by_any_name`],
//!   [`Schema::by_category`]: a [`ResourceInfo`] (verbs, names, subresources …). [`Schema::resources`] is the order of
//!   discovery: what `kubectl api-resources` and `get all` print.
//! - [`Schema::type_info`]: a [`TypeInfo`] with its [`Field`]s, types, merge keys and how Go writes them.
//! - [`Schema::decode`]: strict decoding of a sent object, with [`Words`] of the decoder that upstream uses for it;
//!   [`Schema::check_metadata`] is the part of it that clients do.
//! - [`Schema::strategic`]: strategic merge patches, `apply`, `two_way` and `three_way` (what `kubectl apply` sends).
//!
//! No descriptions are here (they would be ten times the rest), so `explain` has types and names only.

mod decode;
mod kind;
mod resource;
mod strategic;
mod table;

pub use decode::{Decoded, Words, default_of};
pub use kind::{Field, PatchStrategy, Str, Topology, Type, TypeId, TypeInfo};
pub use resource::{ResourceInfo, Subresource, Verbs};
pub use strategic::{PatchError, Strategic};

use std::sync::{Arc, OnceLock};
use table::Table;

/// The kinds that a cluster knows. Cloning is cheap.
#[derive(Clone)]
pub struct Schema {
    table: &'static Table,
    custom: Arc<Custom>,
}

/// The rows that custom resource definitions add; their types are numbered after the built-in ones.
#[derive(Clone, Default)]
struct Custom {
    types: Vec<TypeInfo>,
    resources: Vec<ResourceInfo>,
}

impl Schema {
    /// The kinds of Kubernetes itself.
    pub fn builtin() -> &'static Schema {
        static BUILTIN: OnceLock<Schema> = OnceLock::new();
        static TABLE: OnceLock<Table> = OnceLock::new();
        BUILTIN.get_or_init(|| Schema { table: TABLE.get_or_init(Table::builtin), custom: Arc::default() })
    }
    /// `1`, `36`, `v1.36.2`: the version that the table was made from.
    pub fn version(&self) -> (&'static str, &'static str, &'static str) {
        (self.table.major, self.table.minor, self.table.git_version)
    }
    /// FNV-1a of the documents that the table was made from.
    pub fn digest(&self) -> u64 {
        self.table.digest
    }
    /// Every resource in every version, in the order of discovery; custom ones last.
    pub fn resources(&self) -> impl Iterator<Item = &ResourceInfo> {
        self.table.resources.iter().chain(&self.custom.resources)
    }
    pub fn type_info(&self, id: TypeId) -> &TypeInfo {
        let at = id.0 as usize;
        self.table.types.get(at).unwrap_or_else(|| &self.custom.types[at - self.table.types.len()])
    }
    /// Every type, built-in ones first.
    pub fn types(&self) -> impl Iterator<Item = (TypeId, &TypeInfo)> {
        let types = self.table.types.iter().chain(&self.custom.types);
        types.enumerate().map(|(at, info)| (TypeId(at as u32), info))
    }
    /// The type of a kind that need not be a resource (`DeleteOptions` has no single group and is found by name).
    pub fn type_of_kind(&self, group: &str, version: &str, kind: &str) -> Option<TypeId> {
        let custom = || self.custom.resources.iter().find(|r| r.kind == kind && r.group == group && r.version == version);
        table::find_kind(&self.table.types, group, version, kind).or_else(|| custom().and_then(|r| r.type_id))
    }
    /// The type with a full name: `io.k8s.api.core.v1.PodSpec`.
    pub fn type_named(&self, full_name: &str) -> Option<TypeId> {
        let (package, name) = full_name.rsplit_once('.')?;
        self.types().find(|(_, t)| t.name == name && t.package == package).map(|(id, _)| id)
    }
    /// This schema with a custom resource more: its types (numbered from [`Schema::next_type`]), then its row.
    pub fn with_kind(&self, types: Vec<TypeInfo>, resource: ResourceInfo) -> Schema {
        let mut custom = Custom::clone(&self.custom);
        custom.types.extend(types);
        custom.resources.push(resource);
        Schema { table: self.table, custom: Arc::new(custom) }
    }
    /// The number of the first type that [`Schema::with_kind`] adds, and of the `offset`-th after it.
    pub fn next_type(&self, offset: usize) -> TypeId {
        TypeId((self.table.types.len() + self.custom.types.len() + offset) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_table_decodes() {
        let schema = Schema::builtin();
        assert_eq!(schema.version(), ("1", "36", "v1.36.2"));
        assert_ne!(schema.digest(), 0);
        assert_eq!(schema.types().count(), 584);
        let spec = schema.type_named("io.k8s.api.core.v1.PodSpec").unwrap();
        let containers = schema.type_info(spec).field("containers").unwrap();
        assert!(containers.required && containers.patch.merge);
        assert_eq!((containers.merge_key.as_ref(), containers.topology), ("name", Topology::Map));
        let Type::List(item) = &containers.ty else { panic!("a list") };
        let Type::Struct(container) = **item else { panic!("of structs") };
        let container = schema.type_info(container);
        assert_eq!(container.go_name(), "v1.Container");
        assert_eq!(container.field("ports").unwrap().map_keys, ["containerPort", "protocol"]);
        assert!(container.field("imagePullPolicy").unwrap().allowed.contains(&Str::Borrowed("Never")));
        for (_, info) in schema.types() {
            assert!(info.fields.windows(2).all(|pair| pair[0].name < pair[1].name), "{}", info.full_name());
        }
    }

    #[test]
    fn custom_kinds_are_more_rows() {
        let schema = Schema::builtin();
        let mut row = schema.resource("apps", "deployments").unwrap().clone();
        (row.group, row.plural, row.kind) = ("example.com".into(), "shirts".into(), "Shirt".into());
        row.singular = "shirt".into();
        row.type_id = Some(schema.next_type(0));
        let info = schema.type_info(schema.type_named("io.k8s.api.core.v1.ConfigMap").unwrap()).clone();
        let more = schema.with_kind(vec![TypeInfo { name: "Shirt".into(), ..info }], row);
        let shirt = more.by_any_name("shirt.example").unwrap();
        assert_eq!(more.type_info(shirt.type_id.unwrap()).name, "Shirt");
        assert_eq!(more.type_of_kind("example.com", "v1", "Shirt"), shirt.type_id);
        assert!(schema.by_any_name("shirts").is_none());
    }
}
