//! Clippy with warnings as errors: the workspace on this machine, and the page as the browser gets it.

use crate::process::{self, Result};
use crate::project;
use crate::wasm::Route;

/// Every crate on this machine.
pub fn workspace() -> Result {
    process::run(project::cargo().args(["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

/// The page as the browser gets it.
pub fn page() -> Result {
    let mut clippy = Route::find()?.clippy()?;
    process::run(clippy.args(["--quiet", "--package", "web", "--all-targets", "--profile", "web-dev", "--", "-D", "warnings"]))
}
