//! The pure crates ask nothing of the machine they run on: linked whole for wasm32, they import not one function.

use super::layers::{self, SHELLS};
use super::none;
use crate::module;
use crate::process::{self, Result};
use crate::wasm::{self, Route};
use std::path::Path;

/// Links each crate that no other pure crate uses (the others are inside it) and looks at the imports.
pub fn check() -> Result {
    let route = Route::find()?;
    let packages = layers::packages()?;
    let mut findings = Vec::new();
    for name in packages.keys().filter(|name| !SHELLS.contains(&name.as_str())) {
        let used = |(user, uses): (&String, &Vec<String>)| !SHELLS.contains(&user.as_str()) && uses.contains(name);
        if !packages.iter().any(used) {
            let found = module::imports(&link(&route, name)?)?;
            findings.extend(found.into_iter().map(|import| format!("{name} imports {}", import.name)));
        }
    }
    none(&findings)
}

/// A static library holds every function, called or not; so does the module linked from the whole of it.
fn link(route: &Route, name: &str) -> Result<Vec<u8>> {
    let profile = "web-dev";
    let mut cargo = route.cargo("rustc");
    process::run(cargo.args(["--quiet", "--package", name, "--lib", "--crate-type", "staticlib", "--profile", profile]))?;
    let folder = wasm::artefacts(profile);
    let module = folder.join(format!("{name}.purity.wasm"));
    let mut linker = route.linker()?;
    linker.args(["--no-entry", "--allow-undefined", "--no-gc-sections", "--whole-archive"]);
    process::run(linker.arg(folder.join(format!("lib{name}.a"))).arg("-o").arg(&module))?;
    read_bytes(&module)
}

fn read_bytes(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}
