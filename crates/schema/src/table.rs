//! The reader of `table.bin`, which `cargo xtask schema` writes (the format is told in crates/xtask/src/schema.rs).
//!
//! Nothing is copied but small vectors: every text stays in the bytes of the program.

use crate::kind::{Field, PatchStrategy, Str, Topology, Type, TypeId, TypeInfo};
use crate::resource::{ResourceInfo, Subresource, Verbs};
use std::sync::Arc;

const BYTES: &[u8] = include_bytes!("table.bin");
const MARK: &[u8] = b"tab1";

/// Everything in the file.
pub(crate) struct Table {
    pub digest: u64,
    pub major: &'static str,
    pub minor: &'static str,
    pub git_version: &'static str,
    pub types: Vec<TypeInfo>,
    pub resources: Vec<ResourceInfo>,
}

impl Table {
    /// Reads the built-in file. It is a part of the program, so a broken one is a bug of ours.
    pub fn builtin() -> Table {
        assert!(BYTES.starts_with(MARK), "table.bin: not a table of this version");
        let mut digest = [0; 8];
        digest.copy_from_slice(&BYTES[4..12]);
        let mut reader = Reader { rest: &BYTES[12..], texts: Vec::new() };
        reader.read_texts();
        let (major, minor, git_version) = (reader.text(), reader.text(), reader.text());
        let types: Vec<TypeInfo> = (0..reader.count()).map(|_| reader.type_info()).collect();
        let resources = reader.groups(&types);
        assert!(reader.rest.is_empty(), "table.bin: bytes left over");
        Table { digest: u64::from_le_bytes(digest), major, minor, git_version, types, resources }
    }
}

struct Reader {
    rest: &'static [u8],
    texts: Vec<&'static str>,
}

impl Reader {
    fn number(&mut self) -> u64 {
        let mut number = 0;
        for (at, byte) in self.rest.iter().enumerate() {
            number |= u64::from(byte & 0x7f) << (7 * at);
            if byte & 0x80 == 0 {
                self.rest = &self.rest[at + 1..];
                return number;
            }
        }
        panic!("table.bin: cut short");
    }
    fn count(&mut self) -> usize {
        self.number() as usize
    }
    fn flag(&mut self) -> bool {
        self.number() != 0
    }
    fn read_texts(&mut self) {
        let lengths: Vec<usize> = (0..self.count()).map(|_| self.count()).collect();
        for length in lengths {
            let (text, rest) = self.rest.split_at(length);
            self.texts.push(std::str::from_utf8(text).unwrap_or_default());
            self.rest = rest;
        }
    }
    fn text(&mut self) -> &'static str {
        let number = self.count();
        self.texts[number]
    }
    fn str(&mut self) -> Str {
        Str::Borrowed(self.text())
    }
    fn strs(&mut self) -> Vec<Str> {
        (0..self.count()).map(|_| self.str()).collect()
    }

    fn type_info(&mut self) -> TypeInfo {
        let (package, name) = (self.str(), self.str());
        let group_version = self.flag().then(|| (self.str(), self.str()));
        let atomic = self.flag();
        let fields = (0..self.count()).map(|_| self.field()).collect();
        TypeInfo { package, name, group_version, atomic, fields, keeps_unknown: false }
    }

    fn field(&mut self) -> Field {
        let (name, ty, flags) = (self.str(), self.shape(), self.number());
        let has = |bit: u32| flags & (1 << bit) != 0;
        let topology = match flags >> 11 {
            1 => Topology::Atomic,
            2 => Topology::Set,
            3 => Topology::Map,
            4 => Topology::Granular,
            _ => Topology::Unset,
        };
        // The order of these reads is the order in the file.
        let allowed = if has(3) { self.strs() } else { Vec::new() };
        let default = if has(4) { self.str() } else { Str::Borrowed("") };
        let go = if has(5) { self.str() } else { Str::Borrowed("") };
        let merge_key = if has(6) { self.str() } else { Str::Borrowed("") };
        let map_keys = if has(7) { self.strs() } else { Vec::new() };
        let patch = PatchStrategy { merge: has(8), retain_keys: has(9), replace: has(10) };
        let (required, keep_zero, always) = (has(0), has(1), has(2));
        Field { name, ty, required, keep_zero, always, topology, map_keys, patch, merge_key, allowed, default, go }
    }

    fn shape(&mut self) -> Type {
        match self.number() {
            0 => Type::Str,
            1 => Type::Bytes,
            2 => Type::Bool,
            3 => Type::Int32,
            4 => Type::Int64,
            5 => Type::Double,
            6 => Type::Quantity,
            7 => Type::IntOrString,
            8 => Type::Time,
            9 => Type::MicroTime,
            11 => Type::Object,
            12 => Type::Struct(TypeId(self.number() as u32)),
            13 => Type::List(Arc::new(self.shape())),
            14 => Type::Map(Arc::new(self.shape())),
            _ => Type::Any,
        }
    }

    fn groups(&mut self, types: &[TypeInfo]) -> Vec<ResourceInfo> {
        let mut resources = Vec::new();
        for _ in 0..self.count() {
            let group = self.text();
            for version_rank in 0..self.count() {
                let version = self.text();
                for _ in 0..self.count() {
                    let mut resource = self.resource((group, version));
                    resource.preferred = version_rank == 0;
                    resource.type_id = find_kind(types, &resource.group, &resource.version, &resource.kind);
                    resources.push(resource);
                }
            }
        }
        resources
    }

    fn resource(&mut self, own: (&'static str, &'static str)) -> ResourceInfo {
        let (plural, singular) = (self.str(), self.str());
        let (_, _, kind) = self.kind(own);
        ResourceInfo {
            group: own.0.into(),
            version: own.1.into(),
            list_kind: format!("{kind}List").into(),
            kind,
            plural,
            singular,
            namespaced: self.flag(),
            storage_version_hash: self.str(),
            verbs: Verbs(self.number() as u8),
            short_names: self.strs(),
            categories: self.strs(),
            subresources: (0..self.count()).map(|_| self.subresource(own)).collect(),
            type_id: None,
            preferred: false,
        }
    }

    fn subresource(&mut self, own: (&'static str, &'static str)) -> Subresource {
        let name = self.str();
        let (group, version, kind) = self.kind(own);
        Subresource { name, group, version, kind, verbs: Verbs(self.number() as u8) }
    }

    fn kind(&mut self, own: (&'static str, &'static str)) -> (Str, Str, Str) {
        let (group, version, kind) = (self.str(), self.str(), self.str());
        if version.is_empty() { (own.0.into(), own.1.into(), kind) } else { (group, version, kind) }
    }
}

/// The type that is the kind.
pub(crate) fn find_kind(types: &[TypeInfo], group: &str, version: &str, kind: &str) -> Option<TypeId> {
    let matches = |t: &TypeInfo| t.name == kind && t.group_version.as_ref().is_some_and(|(g, v)| g == group && v == version);
    types.iter().position(matches).map(|at| TypeId(at as u32))
}
