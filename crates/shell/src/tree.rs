//! `Tree`: a small file system as a value. Directories and files are shared until they are written, so a clone costs
//! one pointer: an image's files are a tree, a container's files are a clone of it, a volume is a tree of its own.

use crate::table::Table;
use base::{Text, Time};
use std::sync::Arc;

/// The most bytes (and 256 for every entry) that one tree holds.
pub const CAPACITY: u64 = 64 << 20;
/// The most entries of one directory.
pub const ENTRIES: usize = 20_000;
/// The deepest that directories nest.
pub const DEPTH: usize = 100;

/// Why a file operation failed, with the words of the C library.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Errno {
    NoEntry,
    NotDirectory,
    IsDirectory,
    Exists,
    ReadOnly,
    Access,
    NotPermitted,
    NotEmpty,
    Loop,
    NoSpace,
    NameTooLong,
    Invalid,
    BadDescriptor,
}

impl Errno {
    pub const fn words(self) -> &'static str {
        match self {
            Errno::NoEntry => "No such file or directory",
            Errno::NotDirectory => "Not a directory",
            Errno::IsDirectory => "Is a directory",
            Errno::Exists => "File exists",
            Errno::ReadOnly => "Read-only file system",
            Errno::Access => "Permission denied",
            Errno::NotPermitted => "Operation not permitted",
            Errno::NotEmpty => "Directory not empty",
            Errno::Loop => "Too many levels of symbolic links",
            Errno::NoSpace => "No space left on device",
            Errno::NameTooLong => "File name too long",
            Errno::Invalid => "Invalid argument",
            Errno::BadDescriptor => "Bad file descriptor",
        }
    }
}

/// The bytes of a file: a literal of the program or shared.
#[derive(Clone, Debug)]
pub enum Data {
    Static(&'static [u8]),
    Shared(Arc<Vec<u8>>),
}

impl Data {
    pub fn bytes(&self) -> &[u8] {
        match self {
            Data::Static(bytes) => bytes,
            Data::Shared(bytes) => bytes,
        }
    }
    /// The bytes to change, copied first if they are shared.
    pub fn to_mut(&mut self) -> &mut Vec<u8> {
        if let Data::Static(bytes) = self {
            *self = Data::Shared(Arc::new(bytes.to_vec()));
        }
        match self {
            Data::Shared(bytes) => Arc::make_mut(bytes),
            Data::Static(_) => unreachable!("made shared above"),
        }
    }
}

impl From<Vec<u8>> for Data {
    fn from(bytes: Vec<u8>) -> Data {
        Data::Shared(Arc::new(bytes))
    }
}
impl From<&'static str> for Data {
    fn from(text: &'static str) -> Data {
        Data::Static(text.as_bytes())
    }
}

/// Mode bits, owner and time of a file or directory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Meta {
    pub mode: u16,
    pub uid: u32,
    pub gid: u32,
    pub mtime: Time,
}

impl Meta {
    pub const fn file() -> Meta {
        Meta { mode: 0o644, uid: 0, gid: 0, mtime: Time::EPOCH }
    }
    pub const fn dir() -> Meta {
        Meta { mode: 0o755, uid: 0, gid: 0, mtime: Time::EPOCH }
    }
}

/// One entry of a tree.
#[derive(Clone, Debug)]
pub enum Node {
    Dir(Arc<Dir>),
    File(Arc<File>),
    Link(Text),
}

#[derive(Clone, Debug)]
pub struct Dir {
    pub meta: Meta,
    pub entries: Table<Text, Node>,
}

#[derive(Clone, Debug)]
pub struct File {
    pub meta: Meta,
    pub data: Data,
}

impl Node {
    pub fn empty_dir(meta: Meta) -> Node {
        Node::Dir(Arc::new(Dir { meta, entries: Table::new() }))
    }
    pub fn file(data: impl Into<Data>, meta: Meta) -> Node {
        Node::File(Arc::new(File { meta, data: data.into() }))
    }
    pub fn meta(&self) -> Meta {
        match self {
            Node::Dir(dir) => dir.meta,
            Node::File(file) => file.meta,
            Node::Link(_) => Meta { mode: 0o777, ..Meta::file() },
        }
    }
    pub fn meta_mut(&mut self) -> Option<&mut Meta> {
        match self {
            Node::Dir(dir) => Some(&mut Arc::make_mut(dir).meta),
            Node::File(file) => Some(&mut Arc::make_mut(file).meta),
            Node::Link(_) => None,
        }
    }
    pub const fn is_dir(&self) -> bool {
        matches!(self, Node::Dir(_))
    }
    pub fn size(&self) -> u64 {
        match self {
            Node::Dir(_) => 4096,
            Node::File(file) => file.data.bytes().len() as u64,
            Node::Link(target) => target.len() as u64,
        }
    }
    /// What the entry and all below it take from the tree's capacity.
    pub fn weight(&self) -> u64 {
        256 + match self {
            Node::Dir(dir) => dir.entries.values().map(Node::weight).sum(),
            Node::File(file) => file.data.bytes().len() as u64,
            Node::Link(target) => target.len() as u64,
        }
    }
    /// How many directories are nested in it, itself included.
    pub fn height(&self) -> usize {
        match self {
            Node::Dir(dir) => 1 + dir.entries.values().map(Node::height).max().unwrap_or(0),
            Node::File(_) | Node::Link(_) => 1,
        }
    }
    pub fn child(&self, name: &str) -> Option<&Node> {
        match self {
            Node::Dir(dir) => dir.entries.get(name),
            Node::File(_) | Node::Link(_) => None,
        }
    }
}

/// A file system: a root entry (a directory, or one file when a single file is mounted) and the space it uses.
#[derive(Clone, Debug)]
pub struct Tree {
    pub(crate) root: Node,
    pub(crate) used: u64,
}

impl Default for Tree {
    fn default() -> Tree {
        Tree::new()
    }
}

impl Tree {
    /// An empty directory.
    pub fn new() -> Tree {
        Tree { root: Node::empty_dir(Meta::dir()), used: 0 }
    }
    /// A single file, to be mounted as one (`/etc/hosts`, a ConfigMap key by subPath).
    pub fn of_file(data: impl Into<Data>) -> Tree {
        Tree { root: Node::file(data, Meta::file()), used: 0 }
    }
    /// Puts an entry at a path, with the directories above it; whatever was there is replaced. For hosts: nothing is checked.
    pub fn put(&mut self, path: &str, node: Node) {
        self.used += node.weight();
        let mut here = &mut self.root;
        let mut names = path.split('/').filter(|name| !name.is_empty()).peekable();
        while let Some(name) = names.next() {
            if !here.is_dir() {
                *here = Node::empty_dir(Meta::dir());
            }
            let Node::Dir(dir) = here else { return };
            let entries = &mut Arc::make_mut(dir).entries;
            if names.peek().is_none() {
                entries.insert(Text::from(name), node);
                return;
            }
            here = entries.or_insert_with(Text::from(name), || Node::empty_dir(Meta::dir()));
        }
        self.root = node;
    }
    /// Puts a file with mode 0644.
    pub fn put_file(&mut self, path: &str, data: impl Into<Data>) {
        self.put(path, Node::file(data, Meta::file()));
    }
    /// Puts an executable file.
    pub fn put_program(&mut self, path: &str, data: impl Into<Data>) {
        self.put(path, Node::file(data, Meta { mode: 0o755, ..Meta::file() }));
    }
    pub fn put_dir(&mut self, path: &str, mode: u16) {
        self.put(path, Node::empty_dir(Meta { mode, ..Meta::dir() }));
    }
    pub fn put_link(&mut self, path: &str, target: &str) {
        self.put(path, Node::Link(Text::from(target)));
    }
    /// Sets the mode and owner of the root itself, as `emptyDir` and `fsGroup` do.
    pub fn set_root(&mut self, meta: Meta) {
        if let Some(root) = self.root.meta_mut() {
            *root = meta;
        }
    }
    /// The entry at a path of names (no links are followed).
    pub fn node<S: AsRef<str>>(&self, names: impl IntoIterator<Item = S>) -> Option<&Node> {
        let mut here = &self.root;
        for name in names {
            here = here.child(name.as_ref())?;
        }
        Some(here)
    }
    pub(crate) fn node_mut(&mut self, names: &[Text]) -> Option<&mut Node> {
        let mut here = &mut self.root;
        for name in names {
            let Node::Dir(dir) = here else { return None };
            here = Arc::make_mut(dir).entries.get_mut(name)?;
        }
        Some(here)
    }
    /// The bytes of the file at a path, no links followed.
    pub fn read(&self, path: &str) -> Option<&[u8]> {
        match self.node(path.split('/').filter(|name| !name.is_empty()))? {
            Node::File(file) => Some(file.data.bytes()),
            Node::Dir(_) | Node::Link(_) => None,
        }
    }
}
