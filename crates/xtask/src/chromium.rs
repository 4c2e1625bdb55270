//! Chromium and its driver, from Debian.

use crate::node::apt;
use crate::process::{self, Result};
use std::path::PathBuf;

/// The browser, installed when missing. `CHROMIUM` names another.
pub fn browser() -> Result<PathBuf> {
    find("CHROMIUM", "chromium")
}

/// The driver that matches it. `CHROMEDRIVER` names another.
pub fn driver() -> Result<PathBuf> {
    find("CHROMEDRIVER", "chromedriver")
}

fn find(variable: &str, program: &str) -> Result<PathBuf> {
    if let Some(path) = std::env::var_os(variable) {
        return Ok(path.into());
    }
    if process::which(program).is_none() {
        apt(&["chromium", "chromium-driver"]).map_err(|error| format!("browser tests need Chromium: {error}"))?;
    }
    process::which(program).ok_or_else(|| format!("{program} is not on PATH after it was installed"))
}
