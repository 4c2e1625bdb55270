//! A write with its precondition: the only thing that changes a store.

use model::Key;
use value::Value;

/// A change of one object.
#[derive(Clone, PartialEq, Debug)]
pub struct Write {
    pub key: Key,
    pub expect: Expect,
    pub change: Change,
}

/// What must be true of the key for the write to happen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expect {
    Absent,
    /// The object is there at this revision.
    Revision(u64),
}

#[derive(Clone, PartialEq, Debug)]
pub enum Change {
    /// The whole new object; its `metadata.resourceVersion` is written by the commit.
    Put(Value),
    Delete,
}
