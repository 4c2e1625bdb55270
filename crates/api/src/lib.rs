//! What components say to each other: requests and replies, statuses, ops, notes, writes and their causes.
//! No transport type is known here; HTTP is one way to carry a [`Request`].

mod cause;
mod note;
mod op;
mod request;
mod status;
mod watch;
mod write;

pub use cause::{Cause, Origin};
pub use note::Note;
pub use op::{Op, Outcome};
pub use request::{Accept, PatchType, Query, Reply, Request, User, Validation, Verb};
pub use status::{Detail, Status};
pub use watch::{WatchEvent, WatchKind};
pub use write::{Change, Expect, Write};
