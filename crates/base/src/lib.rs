//! The ground every crate stands on: text, time, durations, dice, quantities, names and addresses.
//! Everything here is a plain value; nothing tells the time or rolls dice by itself.

mod backoff;
mod cidr;
mod duration;
mod encoding;
mod int_or_string;
pub mod names;
mod quantity;
mod rng;
mod shared;
mod sorted;
mod text;
mod time;

pub use backoff::Backoff;
pub use cidr::{Cidr, cidr_warnings, ip_warning, parse_ip};
pub use duration::Duration;
pub use encoding::{base64_decode, base64_encode, fnv32a, fnv32a_more, fnv64a, safe_encode};
pub use int_or_string::{IntOrString, Round};
pub use quantity::{Quantity, QuantityError, QuantityFormat};
pub use rng::Rng;
pub use shared::Shared;
pub use sorted::{Sort, SortedMap, SortedSet};
pub use text::{Text, text};
pub use time::Time;
