//! The hash of each scenario's history on this machine, a line each: what the same scenario must come to elsewhere (in
//! wasm). Run by `cargo xtask test web`.
#![allow(clippy::disallowed_macros, reason = "an example prints")]

#[path = "../../../tests/scenarios/all.rs"]
mod all;

use scenario::{OnSim, histories};
use sim::{Setup, Timeline};

fn main() {
    let booted = OnSim::new(Timeline::new(&Setup::default()));
    for (name, text) in all::ALL {
        for (section, hash) in histories(&booted, text) {
            println!("{name}: {section} = {hash:016x}");
        }
    }
}
