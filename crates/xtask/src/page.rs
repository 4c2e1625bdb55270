//! `cargo xtask build`: the page in `dist/`.
//!
//! cargo makes the wasm module, `bindgen` the JavaScript around it, for a release `parts` cuts it in two and npm's
//! wasm-opt shrinks them, and `web/index.html` is filled in. Files of the first load carry a hash of their content in the name, so that a browser
//! may keep them for ever; `web.js` has a fixed name for pages that embed this one. All addresses are relative.

use crate::html::{self, Link, LinkKind};
use crate::process::{self, Result};
use crate::wasm::{self, Route};
use crate::{project, split};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Which page to build.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Soon built.
    Dev,
    /// Small and fast.
    Release,
}

impl Kind {
    /// From a command's arguments, which may be `--release` and nothing else.
    pub fn from_args(args: &[String]) -> Result<Kind> {
        match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            [] => Ok(Kind::Dev),
            ["--release"] => Ok(Kind::Release),
            other => Err(format!("unknown arguments {other:?}; it takes --release")),
        }
    }

    /// The cargo profile of the same purpose.
    pub fn profile(self) -> &'static str {
        match self {
            Kind::Dev => "web-dev",
            Kind::Release => "release",
        }
    }
}

/// A page that was built.
pub struct Page {
    dist: PathBuf,
    /// The files that a browser fetches before it shows anything, `index.html` first.
    pub first_load: Vec<PathBuf>,
    /// The module (or its first part) before wasm-opt, with the names of its functions.
    pub unoptimised: PathBuf,
}

impl Page {
    /// Says where it is.
    pub fn report(&self) {
        println!("{}", self.dist.display());
    }
}

/// Where the page goes.
pub fn dist() -> PathBuf {
    project::root().join("dist")
}

/// Builds the page, with whatever is missing for it.
pub fn build(kind: Kind) -> Result<Page> {
    build_with(&Route::find()?, kind)
}

/// Builds the page with a toolchain that is already known.
pub fn build_with(route: &Route, kind: Kind) -> Result<Page> {
    // Two cargos at once: they share no target folder, and the first build of bindgen's crates takes a while.
    let mut tool = tool_build(kind);
    let tool_build = process::start(&mut tool)?;
    let mut cargo = route.cargo("rustc");
    cargo.args(["--package", "web", "--lib", "--profile", kind.profile()]);
    if kind == Kind::Release {
        // What refers to what: with that the constants are shared out between the module's two parts.
        cargo.args(["--", "-Clink-arg=--emit-relocs"]);
    }
    let built = process::run(&mut cargo);
    process::wait(&tool, tool_build)?;
    built?;
    let glue = wasm::artefacts(kind.profile()).join("bindgen");
    bind(kind, &glue)?;
    let module = glue.join("web_bg.wasm");
    if kind == Kind::Dev {
        return publish(&glue, module);
    }
    let unoptimised = glue.join("named.wasm");
    std::fs::rename(&module, &unoptimised).map_err(|error| error.to_string())?;
    let first = split::in_two(&glue, &linked(kind), &unoptimised)?;
    publish(&glue, first)
}

/// `bindgen`, and `parts` where the module is cut.
fn tool_build(kind: Kind) -> Command {
    let mut cargo = project::cargo();
    cargo.args(["build", "--quiet", "--package", "xtask", "--bin", "bindgen", "--features", "bindgen", "--profile", "tool"]);
    if kind == Kind::Release {
        cargo.args(["--bin", "parts"]);
    }
    cargo
}

fn bind(kind: Kind, glue: &Path) -> Result {
    if glue.exists() {
        std::fs::remove_dir_all(glue).map_err(|error| error.to_string())?;
    }
    let mut bindgen = Command::new(project::target().join("tool/bindgen"));
    process::run(bindgen.arg(linked(kind)).arg(glue))
}

fn linked(kind: Kind) -> PathBuf {
    wasm::artefacts(kind.profile()).join("web.wasm")
}

/// Puts the folder together beside the old one and then swaps them, so that a page that is being served stays whole.
fn publish(glue: &Path, unoptimised: PathBuf) -> Result<Page> {
    let fresh = project::target().join("web/dist");
    let index = assemble(glue, &fresh)?;
    let dist = dist();
    remove_dir(&dist)?;
    copy_dir(&fresh, &dist)?;
    let mut first_load = vec![dist.join("index.html")];
    first_load.extend(html::references(&index).iter().map(|name| dist.join(name)).filter(|path| path.is_file()));
    first_load.extend(project::files(&dist.join("snippets")));
    Ok(Page { dist, first_load, unoptimised })
}

/// The page in a folder that is empty before; answers the text of its `index.html`.
pub fn assemble(glue: &Path, fresh: &Path) -> Result<String> {
    remove_dir(fresh)?;
    let module = place_module(glue, fresh)?;
    let web = project::root().join("web");
    let source = project::read(&web.join("index.html"))?;
    let index = html::replace(&source, &html::links(&source)?, |link| fill(link, &module, &web, fresh))?;
    project::write(&fresh.join("index.html"), &index)?;
    Ok(index)
}

fn remove_dir(folder: &Path) -> Result {
    if !folder.exists() {
        return Ok(());
    }
    std::fs::remove_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))
}

/// The names of the module's files.
struct Module {
    js: String,
    wasm: String,
    /// What fetches the second part, if there are two.
    rest: Option<String>,
}

fn place_module(glue: &Path, fresh: &Path) -> Result<Module> {
    let bytes = std::fs::read(glue.join("web_bg.wasm")).map_err(|error| format!("bindgen's output: {error}"))?;
    let wasm = format!("web-{}_bg.wasm", content_hash(&bytes));
    let rest = split::place(glue, fresh)?;
    let mut script = project::read(&glue.join("web.js"))?.replace("web_bg.wasm", &wasm);
    if let Some(rest) = &rest {
        script = split::attach(&script, rest)?;
    }
    let js = format!("web-{}.js", content_hash(script.as_bytes()));
    project::write(&fresh.join(&wasm), bytes)?;
    project::write(&fresh.join(&js), script)?;
    project::write(&fresh.join("web.js"), format!("export * from './{js}';\nexport {{ default }} from './{js}';\n"))?;
    if glue.join("web.d.ts").is_file() {
        project::write(&fresh.join("web.d.ts"), project::read(&glue.join("web.d.ts"))?)?;
    }
    if glue.join("snippets").is_dir() {
        copy_dir(&glue.join("snippets"), &fresh.join("snippets"))?;
    }
    Ok(Module { js, wasm, rest })
}

fn fill(link: &Link, module: &Module, web: &Path, fresh: &Path) -> Result<String> {
    match &link.kind {
        LinkKind::Rust => Ok(start_script(module)),
        LinkKind::Css(href) => {
            let text = project::read(&web.join(href))?;
            let stem = Path::new(href).file_stem().unwrap_or_default().to_string_lossy();
            let name = format!("{stem}-{}.css", content_hash(text.as_bytes()));
            project::write(&fresh.join(&name), text)?;
            Ok(format!("<link rel=\"stylesheet\" href=\"./{name}\">"))
        }
        LinkKind::CopyFile(href) => {
            let bytes = std::fs::read(web.join(href)).map_err(|error| format!("{href}: {error}"))?;
            project::write(&fresh.join(last_name(href)), bytes)?;
            Ok(String::new())
        }
        LinkKind::CopyDir(href) => copy_dir(&web.join(href), &fresh.join(last_name(href))).map(|()| String::new()),
    }
}

/// As trunk writes it: the bindings are left in `window.wasmBindings` and an event says that the module has started.
fn start_script(module: &Module) -> String {
    let Module { js, wasm, rest } = module;
    let rest = rest.as_ref().map(|name| format!("<link rel=\"modulepreload\" href=\"./{name}\">\n")).unwrap_or_default();
    format!(
        "<link rel=\"modulepreload\" href=\"./{js}\">\n{rest}\
         <link rel=\"preload\" href=\"./{wasm}\" as=\"fetch\" type=\"application/wasm\" crossorigin>\n\
         <script type=\"module\">\n\
         import init, * as bindings from './{js}';\n\
         const wasm = await init({{ module_or_path: './{wasm}' }});\n\
         window.wasmBindings = bindings;\n\
         dispatchEvent(new CustomEvent('TrunkApplicationStarted', {{ detail: {{ wasm }} }}));\n\
         </script>"
    )
}

fn last_name(href: &str) -> PathBuf {
    Path::new(href).file_name().map_or_else(PathBuf::new, PathBuf::from)
}

fn copy_dir(from: &Path, to: &Path) -> Result {
    for file in project::files(from) {
        let inside = file.strip_prefix(from).unwrap_or(&file);
        let bytes = std::fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        project::write(&to.join(inside), bytes)?;
    }
    Ok(())
}

/// FNV-1a, 64 bits: a name for bytes, not a seal.
pub fn content_hash(bytes: &[u8]) -> String {
    let hash =
        bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}
