//! The objects that a new cluster has before anybody asks for anything.

use crate::{Config, Context};
use api::{Change, Expect, Write};
use base::{Rng, Time};

/// The writes that make a new cluster's own objects, complete with uids and times.
pub fn birth(config: &Config, now: Time, rng: &mut Rng) -> Vec<Write> {
    let _ = Context { now, rng, config };
    let _ = (Expect::Absent, Change::Delete);
    Vec::new()
}
