//! The state of the cluster: revisions, commits with causes, snapshots, indexes and the watch log.
//! A [`Snapshot`] is a clone of persistent maps: cheap to take, never changing.

mod commit;
mod hash;
mod snapshot;
mod watches;

pub use commit::{Commit, Gone, Kept, Store};
pub use snapshot::Snapshot;
pub use watches::{Filter, watch_event};
