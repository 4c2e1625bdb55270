//! The text format of tests and lessons, and its runner. A scenario is what a person types and sees, plus time: manifests,
//! commands with their output, clocks, faults, and what must come true within how long. It runs against a [`Target`]: the
//! simulated cluster, a server, a real one.
//!
//! ```text
//! What this file shows, in words.
//!
//! --- a deployment is scaled [sim] [node] ---
//! apply
//!   apiVersion: apps/v1
//!   ...
//! expect deployment/web available within 60s
//! $ kubectl get deployment web
//!   NAME  READY  UP-TO-DATE  AVAILABLE  AGE
//!   web   3/3    3           3          <age>
//! node-1$ curl web.default
//!   ! curl: (6) Could not resolve host: web.default
//!   [exit 6]
//! kill node-2
//! at +30s
//! ```
//!
//! What is indented belongs to the line before. In expected output `<age>`, `<ip>`, `<hash>`, `<rand>`, `<uid>`, `<time>`,
//! `<port>`, `<n>` stand for what varies, `...` for anything (alone on a line: any lines); `! ` begins a line of standard
//! error. The widths of columns are not compared.

mod expect;
mod normal;
#[cfg(feature = "sim")]
mod on_sim;
mod parse;
mod pattern;
mod run;
mod scan;
mod target;

pub use expect::{Expectation, Wanted, pick};
pub use normal::{Tokens, squeeze};
#[cfg(feature = "sim")]
pub use on_sim::{OnSim, histories};
pub use parse::{File, Mistake, Section, Step, What};
pub use run::{Failure, Mode, Rewrite, rewrite, run};
pub use target::{Command, Ran, Target};
