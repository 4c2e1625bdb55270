//! `cargo xtask build`: the page in `dist/`.
//!
//! cargo makes the wasm module, `bindgen` the JavaScript around it, npm's wasm-opt shrinks it for a release, and
//! `web/index.html` is filled in. Files of the first load carry a hash of their content in the name, so that a browser
//! may keep them for ever; `web.js` has a fixed name for pages that embed this one. All addresses are relative.

use crate::html::{self, Link, LinkKind};
use crate::process::{self, Result};
use crate::wasm::{self, Route};
use crate::{node, project};
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
    /// The module before wasm-opt, with the names of its functions.
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
    let mut tool = bindgen_build();
    let tool_build = process::start(&mut tool)?;
    let built = process::run(route.cargo("build").args(["--package", "web", "--lib", "--profile", kind.profile()]));
    process::wait(&tool, tool_build)?;
    built?;
    let glue = wasm::artefacts(kind.profile()).join("bindgen");
    bind(kind, &glue)?;
    let module = glue.join("web_bg.wasm");
    if kind == Kind::Dev {
        return assemble(&glue, module);
    }
    let unoptimised = glue.join("named.wasm");
    std::fs::rename(&module, &unoptimised).map_err(|error| error.to_string())?;
    optimise(&unoptimised, &module)?;
    assemble(&glue, unoptimised)
}

fn bindgen_build() -> Command {
    let mut cargo = project::cargo();
    cargo.args(["build", "--quiet", "--package", "xtask", "--bin", "bindgen", "--features", "bindgen", "--profile", "tool"]);
    cargo
}

fn bind(kind: Kind, glue: &Path) -> Result {
    if glue.exists() {
        std::fs::remove_dir_all(glue).map_err(|error| error.to_string())?;
    }
    let mut bindgen = Command::new(project::target().join("tool/bindgen"));
    process::run(bindgen.arg(wasm::artefacts(kind.profile()).join("web.wasm")).arg(glue))
}

/// Takes the names out as well.
fn optimise(from: &Path, to: &Path) -> Result {
    let mut wasm_opt = Command::new(node::tool("wasm-opt")?);
    process::run(wasm_opt.args(["-Oz", "--reorder-functions", "--strip-producers"]).args(FEATURES).arg("-o").arg(to).arg(from))
}

/// Puts the folder together beside the old one and then swaps them, so that a page that is being served stays whole.
fn assemble(glue: &Path, unoptimised: PathBuf) -> Result<Page> {
    let fresh = project::target().join("web/dist");
    if fresh.exists() {
        std::fs::remove_dir_all(&fresh).map_err(|error| error.to_string())?;
    }
    let module = place_module(glue, &fresh)?;
    let web = project::root().join("web");
    let source = project::read(&web.join("index.html"))?;
    let index = html::replace(&source, &html::links(&source)?, |link| fill(link, &module, &web, &fresh))?;
    project::write(&fresh.join("index.html"), &index)?;
    let dist = dist();
    if dist.exists() {
        std::fs::remove_dir_all(&dist).map_err(|error| error.to_string())?;
    }
    copy_dir(&fresh, &dist)?;
    let mut first_load = vec![dist.join("index.html")];
    first_load.extend(html::references(&index).iter().map(|name| dist.join(name)).filter(|path| path.is_file()));
    first_load.extend(project::files(&dist.join("snippets")));
    Ok(Page { dist, first_load, unoptimised })
}

/// The names of the module's two halves.
struct Module {
    js: String,
    wasm: String,
}

fn place_module(glue: &Path, fresh: &Path) -> Result<Module> {
    let bytes = std::fs::read(glue.join("web_bg.wasm")).map_err(|error| format!("bindgen's output: {error}"))?;
    let wasm = format!("web-{}_bg.wasm", content_hash(&bytes));
    let script = project::read(&glue.join("web.js"))?.replace("web_bg.wasm", &wasm);
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
    Ok(Module { js, wasm })
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
    let Module { js, wasm } = module;
    format!(
        "<link rel=\"modulepreload\" href=\"./{js}\">\n\
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
fn content_hash(bytes: &[u8]) -> String {
    let hash =
        bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}
