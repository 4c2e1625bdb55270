//! `cargo xtask size`: what a browser fetches before it shows anything, against the budget in `web/size-budget` (kB).
//!
//! The bytes on the wire are those after brotli at its best, which every static host can serve.

use crate::page::{self, Kind};
use crate::process::{self, Result};
use crate::project;
use std::path::Path;
use std::process::Command;

/// Prints `RAW BROTLI` for each path it is given.
const BROTLI: &str = "const fs = require('fs'), z = require('zlib'), c = z.constants;\
    for (const path of process.argv.slice(1)) {\
        const raw = fs.readFileSync(path);\
        const params = {[c.BROTLI_PARAM_QUALITY]: 11, [c.BROTLI_PARAM_LGWIN]: 24, [c.BROTLI_PARAM_SIZE_HINT]: raw.length};\
        console.log(raw.length, z.brotliCompressSync(raw, {params}).length);\
    }";

/// Builds the release page, measures it and compares.
pub fn run() -> Result {
    let page = page::build(Kind::Release)?;
    let sizes = process::output(Command::new("node").args(["-e", BROTLI]).args(&page.first_load))?;
    let mut total = 0;
    println!("{:>10} {:>10} {:>10}  file", "bindgen", "raw", "brotli");
    for (path, line) in page.first_load.iter().zip(sizes.lines()) {
        let (raw, brotli) = line.split_once(' ').ok_or("node printed no sizes")?;
        let before = if is_wasm(path) { page.unoptimised.to_string() } else { String::new() };
        println!("{before:>10} {raw:>10} {brotli:>10}  {}", path.file_name().unwrap_or_default().to_string_lossy());
        total += brotli.parse::<u64>().map_err(|error| error.to_string())?;
    }
    let budget = project::read(&project::root().join("web/size-budget"))?;
    let budget: u64 = budget.trim().parse().map_err(|_| "web/size-budget is not a number of kB".to_owned())?;
    println!("first load {} kB brotli", total.div_ceil(1000));
    if total > budget * 1000 { Err(format!("{total} bytes are over the budget of {budget} kB")) } else { Ok(()) }
}

fn is_wasm(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "wasm")
}
