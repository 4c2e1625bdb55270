//! The pure crates ask nothing of the machine they run on: linked whole for wasm32, they import not one function.

use super::{layers, none};
use crate::process::{self, Result};
use crate::wasm::{self, Route};
use std::path::Path;

/// Shells import what browsers and machines offer; that is their work.
const SHELLS: [&str; 2] = ["web", "xtask"];

/// Links each crate that no other pure crate uses (the others are inside it) and looks at the imports.
pub fn check() -> Result {
    let route = Route::find()?;
    let packages = layers::packages()?;
    let mut findings = Vec::new();
    for name in packages.keys().filter(|name| !SHELLS.contains(&name.as_str())) {
        let used = |(user, uses): (&String, &Vec<String>)| !SHELLS.contains(&user.as_str()) && uses.contains(name);
        if !packages.iter().any(used) {
            let found = imports(&link(&route, name)?)?;
            findings.extend(found.into_iter().map(|import| format!("{name} imports {import}")));
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

/// The `module.name` of every import of a wasm module.
fn imports(module: &[u8]) -> Result<Vec<String>> {
    let mut bytes = Reader(module.get(8..).ok_or("not a wasm module")?);
    while !bytes.0.is_empty() {
        let id = bytes.byte()?;
        let size = bytes.number()?;
        let section = bytes.take(size)?;
        if id == 2 {
            return import_section(Reader(section));
        }
    }
    Ok(Vec::new())
}

fn import_section(mut bytes: Reader<'_>) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for _ in 0..bytes.number()? {
        let (module, name) = (bytes.name()?, bytes.name()?);
        names.push(format!("{module}.{name}"));
        match bytes.byte()? {
            0 => bytes.skip_numbers(1)?,
            1 => bytes.byte().and_then(|_| bytes.skip_limits())?,
            2 => bytes.skip_limits()?,
            3 => bytes.skip_numbers(2)?,
            other => return Err(format!("{module}.{name}: an import of unknown kind {other}")),
        }
    }
    Ok(names)
}

/// The few parts of the binary format that imports need.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, size: usize) -> Result<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(size).ok_or("a wasm module that ends too soon")?;
        self.0 = rest;
        Ok(head)
    }

    fn byte(&mut self) -> Result<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn number(&mut self) -> Result<usize> {
        let mut value = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            value |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err("a number that is too long".to_owned())
    }

    fn name(&mut self) -> Result<String> {
        let size = self.number()?;
        self.take(size).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    fn skip_numbers(&mut self, count: usize) -> Result {
        (0..count).try_for_each(|_| self.number().map(drop))
    }

    fn skip_limits(&mut self) -> Result {
        let bounded = self.byte()? & 1;
        self.skip_numbers(1 + usize::from(bounded))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_named() {
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        assert_eq!(imports(&module).unwrap(), Vec::<String>::new());
        module.extend(b"\x02\x11\x02\x03env\x01f\x00\x00\x01m\x01n\x02\x01\x01\x02");
        assert_eq!(imports(&module).unwrap(), ["env.f", "m.n"]);
        assert!(imports(b"").is_err());
    }
}
