//! What comes from Debian and from npm, installed when it is missing and at the versions of `package-lock.json`.

use crate::process::{self, Result};
use crate::project;
use std::path::PathBuf;
use std::process::Command;

/// Installs Debian packages, or says in one line why it cannot.
pub fn apt(packages: &[&str]) -> Result {
    let names = packages.join(" ");
    if process::which("apt-get").is_none() {
        return Err(format!("this machine has no apt-get; please install {names}"));
    }
    let root = process::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if !root && !process::succeeds(Command::new("sudo").args(["-n", "true"])) {
        return Err(format!("not root and no sudo without a password; please run: sudo apt-get install {names}"));
    }
    process::run(apt_get(root).args(["update", "-qq"]))?;
    process::run(apt_get(root).args(["install", "-y", "-qq", "--no-install-recommends"]).args(packages))
}

fn apt_get(root: bool) -> Command {
    let mut apt = Command::new(if root { "apt-get" } else { "sudo" });
    if !root {
        apt.arg("apt-get");
    }
    apt.args(["-o", "DPkg::Lock::Timeout=120", "-o", "Dpkg::Use-Pty=0"])
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdout(std::io::stderr());
    apt
}

/// A program of `node_modules`, after `npm ci` when the installed versions are not those of the lock file.
pub fn tool(name: &str) -> Result<PathBuf> {
    install()?;
    Ok(project::root().join("node_modules/.bin").join(name))
}

/// `npm ci`, unless it was done for this very lock file.
pub fn install() -> Result {
    for (program, package) in [("node", "nodejs"), ("npm", "npm")] {
        if process::which(program).is_none() {
            apt(&[package])?;
        }
    }
    let root = project::root();
    let lock = project::read(&root.join("package-lock.json"))?;
    let mark = root.join("node_modules/.lock-installed");
    if std::fs::read_to_string(&mark).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    process::run(Command::new("npm").current_dir(&root).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))?;
    project::write(&mark, lock)
}

/// Playwright asks for this much; Debian 12's own Node is older.
pub fn modern() -> Result {
    install()?;
    let version = process::output(Command::new("node").arg("--version"))?;
    let major = version.trim().trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_some_and(|major| major >= 20) {
        return Ok(());
    }
    Err(format!("the end-to-end tests need Node 20 or later, and this is {}; install one from nodejs.org", version.trim()))
}
