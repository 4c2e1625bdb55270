//! One control plane: the API server in front of the store, controllers and scheduler behind it, under any clock.
//! [`Control::request`] answers a client; [`Control::step`] does the next piece of background work that is due.
//! Everything is a plain value: cloning a `Control` clones the whole plane.

mod expiry;
mod plane;
mod queue;
mod recorder;

pub use plane::{Answered, Control, Options};
