//! Cuts the module of a release in two: what opening the page runs, and the rest, which comes when it is used.
//!
//! What opening the page runs is measured in Chromium (`tests/e2e/probe.mjs`) with a module that remembers it. Where
//! there is no Chromium the module stays whole.

use crate::process::{self, Result};
use crate::{chromium, node, page, project};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What wasm-opt may use: what rustc uses for this target. (Named here because stripping removes the module's own list.)
const FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// No function is put into the one that calls it: fewer bytes before compression, but more after.
const NO_INLINING: [&str; 2] = ["--one-caller-inline-max-function-size=0", "--always-inline-max-function-size=0"];

/// Makes `web_bg.wasm`, and `rest.wasm` if there are two parts, of the module that the linker and then wasm-bindgen
/// made. Answers the first part before it was shrunk.
pub fn in_two(glue: &Path, linked: &Path, whole: &Path) -> Result<PathBuf> {
    let used = glue.join("used.txt");
    if let Err(error) = measure(glue, whole, &used) {
        eprintln!("the module stays whole, because what opening the page runs could not be measured: {error}");
        optimise(whole, &glue.join("web_bg.wasm"))?;
        return Ok(whole.to_owned());
    }
    let (first, rest) = (glue.join("first.wasm"), glue.join("far.wasm"));
    process::run(program().arg("cut").arg(linked).arg(whole).arg(used).arg(&first).arg(&rest))?;
    optimise(&first, &glue.join("web_bg.wasm"))?;
    optimise(&rest, &glue.join("rest.wasm"))?;
    Ok(first)
}

fn program() -> Command {
    Command::new(project::target().join("tool/parts"))
}

/// Opens a page whose module remembers what it runs.
fn measure(glue: &Path, whole: &Path, used: &Path) -> Result {
    let browser = chromium::browser()?;
    node::modern()?;
    process::run(program().arg("probe").arg(whole).arg(glue.join("web_bg.wasm")))?;
    let folder = project::target().join("web/probe");
    page::assemble(glue, &folder)?;
    let script = project::root().join("tests/e2e/probe.mjs");
    let mut probe = Command::new("node");
    process::run(probe.current_dir(project::root()).arg(script).arg(used).env("CHROMIUM", browser).env("DIST", folder))
}

/// Takes the names out as well.
fn optimise(from: &Path, to: &Path) -> Result {
    let mut wasm_opt = Command::new(node::tool("wasm-opt")?);
    wasm_opt.arg("-Oz").args(NO_INLINING).arg("--strip-producers").args(FEATURES);
    process::run(wasm_opt.arg("-o").arg(to).arg(from))
}

/// Puts the second part and the script that fetches it into a page's folder; answers the script's name.
pub fn place(glue: &Path, folder: &Path) -> Result<Option<String>> {
    let Ok(bytes) = std::fs::read(glue.join("rest.wasm")) else { return Ok(None) };
    let wasm = format!("rest-{}.wasm", page::content_hash(&bytes));
    project::write(&folder.join(&wasm), bytes)?;
    let script = project::read(&project::root().join("web/rest.js"))?.replace("rest.wasm", &wasm);
    let name = format!("rest-{}.js", page::content_hash(script.as_bytes()));
    project::write(&folder.join(&name), script)?;
    Ok(Some(name))
}

/// Tells wasm-bindgen's script of the second part: what its first part imports, and when that has come.
pub fn attach(script: &str, rest: &str) -> Result<String> {
    let changes = [
        ("\"./web_bg.js\": import0,\n", "\"./web_bg.js\": import0,\n        \"./rest.js\": rest,\n"),
        ("    wasm = instance.exports;\n", "    wasm = instance.exports;\n    rest.attach(wasm);\n"),
    ];
    let mut attached = format!("import * as rest from './{rest}';\n{script}");
    for (from, to) in changes {
        if attached.matches(from).count() != 1 {
            return Err(format!("wasm-bindgen's script has not one {from:?}"));
        }
        attached = attached.replace(from, to);
    }
    Ok(attached)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_told_of_the_rest() {
        let script = "return {\n        \"./web_bg.js\": import0,\n    };\n    wasm = instance.exports;\n    go();\n";
        let attached = attach(script, "rest-1.js").unwrap();
        assert!(attached.starts_with("import * as rest from './rest-1.js';\n"));
        assert!(attached.contains("import0,\n        \"./rest.js\": rest,\n    };"));
        assert!(attached.contains("instance.exports;\n    rest.attach(wasm);\n    go();"));
        assert!(attach("another version's script", "rest-1.js").is_err());
    }
}
