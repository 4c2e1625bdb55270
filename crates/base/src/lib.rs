//! The ground every crate stands on: text, time, durations, dice, quantities, names and addresses.
//! Everything here is a plain value; nothing tells the time or rolls dice by itself.

mod duration;
mod rng;
mod text;
mod time;

pub use duration::Duration;
pub use rng::Rng;
pub use text::{Text, text};
pub use time::Time;
