//! The store on disk: one file that holds every object and the commits of the last while. What [`Datastore::append`] has
//! answered survives whatever happens to the process; a file that is damaged is told, never half read.

mod backup;
mod datastore;
mod failure;
mod record;

pub use backup::{Backup, File};
pub use datastore::{Datastore, Sizes};
pub use failure::Failure;
