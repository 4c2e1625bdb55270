//! Who owns which field: `metadata.managedFields`, kept by every write of an object that has it, and server-side apply.
//! Models k8s.io/apimachinery/pkg/util/managedfields over sigs.k8s.io/structured-merge-diff.

mod entries;
mod shape;
mod typed;
mod updater;

pub use entries::{Entries, same_but_times};
pub use updater::{Updater, put, track};
