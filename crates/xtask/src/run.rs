//! `cargo xtask run`: build, serve, and build again whenever a source changes.

use crate::page::{self, Kind};
use crate::process::Result;
use crate::wasm::Route;
use crate::{project, serve};
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime};

struct Options {
    port: u16,
    kind: Kind,
    watch: bool,
}

/// Serves until it is interrupted.
pub fn run(args: &[String]) -> Result {
    let options = options(args)?;
    let route = Route::find()?;
    let started = Instant::now();
    let mut seen = sources();
    page::build_with(&route, options.kind)?;
    let port = serve::start(page::dist(), options.port)?;
    println!("built in {} s; serving http://127.0.0.1:{port}/ (Ctrl-C ends it)", started.elapsed().as_secs());
    loop {
        std::thread::sleep(Duration::from_secs(1));
        if options.watch {
            let now = sources();
            if now != seen {
                rebuild(&route, options.kind);
                seen = now;
            }
        }
    }
}

fn options(args: &[String]) -> Result<Options> {
    let mut options = Options { port: 8080, kind: Kind::Dev, watch: true };
    let mut words = args.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--release" => options.kind = Kind::Release,
            "--no-watch" => options.watch = false,
            "--port" => {
                let port = words.next().ok_or("--port needs a number")?;
                options.port = port.parse().map_err(|_| format!("{port} is not a port"))?;
            }
            other => return Err(format!("unknown argument {other}; it takes --port N, --release, --no-watch")),
        }
    }
    Ok(options)
}

/// A broken source leaves the last good page served; the compiler's words are on the terminal.
fn rebuild(route: &Route, kind: Kind) {
    let started = Instant::now();
    match page::build_with(route, kind) {
        Ok(_) => println!("built again in {:.1} s; reload the page", started.elapsed().as_secs_f32()),
        Err(error) => eprintln!("still serving the last good page: {error}"),
    }
}

/// Every file that the page is made of, with when it was last written.
fn sources() -> Vec<(PathBuf, Option<SystemTime>)> {
    let root = project::root();
    let mut files = vec![root.join("Cargo.toml"), root.join("Cargo.lock")];
    for folder in ["crates", "web", "static"] {
        files.extend(project::files(&root.join(folder)));
    }
    files.retain(|path| !path.starts_with(root.join("crates/xtask")));
    files.into_iter().map(|path| (path.clone(), path.metadata().and_then(|meta| meta.modified()).ok())).collect()
}
