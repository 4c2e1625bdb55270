//! What can go wrong with a file, in words that say what to do.

use std::fmt;
use std::path::Path;

/// Why the store on disk cannot be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Failure {
    /// Another process has it open.
    InUse(String),
    /// What it holds is not what was written.
    Damaged(String),
    /// A later version of this program wrote it.
    Newer(u64),
    /// The machine refuses: no space, no right, no such file.
    Machine(String),
}

impl Failure {
    pub(crate) fn at(path: &Path, error: &dyn fmt::Display) -> Failure {
        Failure::Machine(format!("{}: {error}", path.display()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::InUse(path) => write!(out, "{path} is in use by another process"),
            Failure::Damaged(why) => write!(out, "the store is damaged: {why}; `tabernetes restore` puts a backup in its place"),
            Failure::Newer(format) => write!(out, "the store has format {format}, which a later version wrote"),
            Failure::Machine(why) => write!(out, "{why}"),
        }
    }
}

impl std::error::Error for Failure {}

impl From<redb::StorageError> for Failure {
    fn from(error: redb::StorageError) -> Failure {
        match error {
            redb::StorageError::Corrupted(why) => Failure::Damaged(why),
            other => Failure::Machine(other.to_string()),
        }
    }
}

impl From<redb::TableError> for Failure {
    fn from(error: redb::TableError) -> Failure {
        match error {
            redb::TableError::Storage(error) => error.into(),
            other => Failure::Damaged(other.to_string()),
        }
    }
}

impl From<redb::TransactionError> for Failure {
    fn from(error: redb::TransactionError) -> Failure {
        match error {
            redb::TransactionError::Storage(error) => error.into(),
            other => Failure::Machine(other.to_string()),
        }
    }
}

impl From<redb::CommitError> for Failure {
    fn from(error: redb::CommitError) -> Failure {
        match error {
            redb::CommitError::Storage(error) => error.into(),
            other => Failure::Machine(other.to_string()),
        }
    }
}
