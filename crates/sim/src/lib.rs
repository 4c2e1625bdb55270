//! A simulated cluster on virtual time: the real control plane, kubelets, proxies and DNS over simulated machines, images
//! and wires. [`World`] is the cluster at one moment, [`Timeline`] its history, which can be paused, rewound and branched.

mod agenda;
mod client;
mod connect;
mod container;
mod exchange;
mod explain;
mod fix;
mod image;
mod input;
mod instant;
mod lookups;
mod manifest;
mod network;
mod node;
mod processes;
mod remedies;
mod resolve;
mod runtime;
mod server;
mod setup;
mod streams;
mod terminal;
mod timeline;
mod trace;
mod why;
mod world;

pub use container::{Container, LogLine, State};
pub use exchange::{Caller, Exchange};
pub use fix::{Fix, Fixes, Goal, Search};
pub use input::{Fault, Input};
pub use kubectl::{Answer, Chunk};
pub use manifest::{Applied, Problem};
pub use network::{End, Hop, Network, OUTSIDE, Path, Place};
pub use node::Node;
pub use runtime::Runtime;
pub use setup::{Machines, Setup};
pub use terminal::Terminal;
pub use timeline::{Given, Ran, Timeline};
pub use trace::{Target, Traced};
pub use why::Link;
pub use world::World;
