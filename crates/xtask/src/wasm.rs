//! The standard library for wasm32, and a cargo that finds it.
//!
//! An ordinary machine: `rustup target add` and nothing else. A Debian machine that cannot download it: Debian's own
//! rustc and sources (`rustc-web`, `rust-web-src`) build it once into the user's cache, and only the wasm32 target is
//! pointed at it. `WASM_ROUTE=rustup` or `debian` forces one.

use crate::process::{self, Result};
use crate::{node, project};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "wasm32-unknown-unknown";

/// How code for wasm32 is built on this machine.
#[derive(Clone)]
pub enum Route {
    /// The person's toolchain has the target.
    Rustup,
    /// Debian's toolchain with a standard library that we built.
    Debian { sysroot: PathBuf, linker: PathBuf },
}

impl Route {
    /// Finds or installs the standard library.
    pub fn find() -> Result<Route> {
        match std::env::var("WASM_ROUTE").as_deref() {
            Ok("rustup") => add_target().map(|()| Route::Rustup),
            Ok("debian") => debian(),
            _ if has_target() || (add_target().is_ok() && has_target()) => Ok(Route::Rustup),
            _ => debian(),
        }
    }

    /// `cargo VERB --target wasm32-unknown-unknown`, in a target folder of its own so that it never waits for (or
    /// rebuilds) what a native cargo does at the same time.
    pub fn cargo(&self, verb: &str) -> Command {
        let mut cargo = match self {
            Route::Rustup => project::cargo(),
            Route::Debian { sysroot, linker } => debian_cargo(sysroot, linker),
        };
        cargo.current_dir(project::root()).args([verb, "--target", TARGET]).arg("--target-dir").arg(target_dir());
        cargo
    }

    /// `cargo clippy` for wasm32. Debian has a clippy of its own rustc's version.
    pub fn clippy(&self) -> Result<Command> {
        let mut cargo = self.cargo("clippy");
        if matches!(self, Route::Debian { .. }) {
            if !Path::new("/usr/bin/clippy-driver").is_file() {
                node::apt(&["rust-web-clippy"])?;
            }
            // Rustup's proxies on PATH are found first; a path is a toolchain to them.
            cargo.env("RUSTUP_TOOLCHAIN", "/usr");
        }
        Ok(cargo)
    }

    /// The linker by itself.
    pub fn linker(&self) -> Result<Command> {
        let path = match self {
            Route::Rustup => linker()?,
            Route::Debian { linker, .. } => linker.clone(),
        };
        let mut linker = Command::new(&path);
        if path.ends_with("rust-lld") {
            linker.args(["-flavor", "wasm"]);
        }
        Ok(linker)
    }
}

/// Where a build with this profile leaves its artefacts.
pub fn artefacts(profile: &str) -> PathBuf {
    target_dir().join(TARGET).join(profile)
}

fn target_dir() -> PathBuf {
    project::target().join("web")
}

fn has_target() -> bool {
    let Ok(libs) = process::output(Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET])) else {
        return false;
    };
    has_std(Path::new(libs.trim()))
}

fn has_std(libs: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(libs) else { return false };
    entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
}

fn add_target() -> Result {
    process::run(Command::new("rustup").args(["target", "add", TARGET]).env("RUSTUP_MAX_RETRIES", "1"))
}

// === Debian's route ===

fn debian() -> Result<Route> {
    let sources = Path::new("/usr/lib/rustlib/src/rust/library/std");
    if !sources.is_dir() || !Path::new("/usr/bin/rustc").is_file() || !Path::new("/usr/bin/cargo").is_file() {
        node::apt(&["rustc-web", "cargo-web", "rust-web-src"]).map_err(|error| {
            format!("no standard library for {TARGET}: `rustup target add {TARGET}` failed, and Debian's rust-web-src: {error}")
        })?;
    }
    let version = process::output(Command::new("/usr/bin/rustc").arg("-V"))?;
    let version = version.split(' ').nth(1).unwrap_or("unknown").to_owned();
    let sysroot = cache().join("tabernetes/wasm-std").join(version);
    let libs = sysroot.join("lib/rustlib").join(TARGET).join("lib");
    if !has_std(&libs) {
        build_std(&libs)?;
    }
    Ok(Route::Debian { sysroot, linker: linker()? })
}

fn cache() -> PathBuf {
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_else(|| "/root".into())).join(".cache");
    std::env::var_os("XDG_CACHE_HOME").map_or_else(home, PathBuf::from)
}

fn debian_cargo(sysroot: &Path, linker: &Path) -> Command {
    let mut flags = OsString::from("--sysroot=");
    flags.push(sysroot);
    let mut cargo = plain_debian_cargo();
    cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
    cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", flags);
    cargo
}

/// Rustup's proxies must not answer for Debian's programs, nor may a plain RUSTFLAGS replace the target's own.
fn plain_debian_cargo() -> Command {
    let mut cargo = Command::new("/usr/bin/cargo");
    for name in ["RUSTUP_TOOLCHAIN", "RUSTFLAGS", "CARGO", "CARGO_BUILD_TARGET", "RUSTC_WRAPPER"] {
        cargo.env_remove(name);
    }
    cargo.env("RUSTC", "/usr/bin/rustc").env("RUSTDOC", "/usr/bin/rustdoc");
    cargo
}

/// Builds std (and `test`, which the browser tests link) with an empty crate around it, and keeps the libraries.
/// Embedded bitcode is for the release build's link-time optimisation.
fn build_std(libs: &Path) -> Result {
    eprintln!("building the standard library for {TARGET} once (about 90 s)");
    let work = project::target().join("wasm-std");
    let manifest = "[package]\nname = \"stdprobe\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n";
    project::write(&work.join("Cargo.toml"), manifest)?;
    project::write(&work.join("src/lib.rs"), "")?;
    let mut cargo = plain_debian_cargo();
    cargo.current_dir(&work).env("CARGO_TARGET_DIR", work.join("t")).env("RUSTC_BOOTSTRAP", "1");
    cargo
        .env("RUSTFLAGS", "-Cembed-bitcode=yes")
        .env("CARGO_PROFILE_RELEASE_PANIC", "abort")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "0");
    process::run(cargo.args(["build", "-q", "--release", "-Zbuild-std=std,panic_abort,test", "--target", TARGET]))?;
    let built = work.join("t").join(TARGET).join("release/deps");
    for file in project::files(&built) {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with(".rlib") && !name.starts_with("libstdprobe") {
            let bytes = std::fs::read(&file).map_err(|error| error.to_string())?;
            project::write(&libs.join(name), bytes)?;
        }
    }
    std::fs::remove_dir_all(&work).map_err(|error| error.to_string())
}

/// Debian's rustc has no rust-lld: rustup's serves, or lld from apt.
fn linker() -> Result<PathBuf> {
    let sysroot = process::output(Command::new("rustc").args(["--print", "sysroot"])).unwrap_or_default();
    for file in project::files(&Path::new(sysroot.trim()).join("lib/rustlib")) {
        if file.ends_with("bin/rust-lld") {
            return Ok(file);
        }
    }
    for name in ["wasm-ld", "wasm-ld-22", "wasm-ld-19"] {
        if let Some(file) = process::which(name) {
            return Ok(file);
        }
    }
    node::apt(&["lld-19"])?;
    process::which("wasm-ld-19").ok_or_else(|| "no linker for wasm: neither rust-lld nor wasm-ld".to_owned())
}
