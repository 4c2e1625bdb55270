//! `cargo xtask size`: what a browser fetches before it shows anything, against the budget in `web/size-budget` (kB).
//!
//! The bytes on the wire are those after brotli at its best, which every static host can serve.

use crate::page::{self, Kind};
use crate::process::{self, Result};
use crate::{module, project};
use std::collections::BTreeMap;
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
    weights(&page.unoptimised)?;
    let sizes = process::output(Command::new("node").args(["-e", BROTLI]).args(&page.first_load))?;
    let mut total = 0;
    println!("{:>10} {:>10}  file", "wasm-opt", "brotli");
    for (path, line) in page.first_load.iter().zip(sizes.lines()) {
        let (raw, brotli) = line.split_once(' ').ok_or("node printed no sizes")?;
        println!("{raw:>10} {brotli:>10}  {}", path.file_name().unwrap_or_default().to_string_lossy());
        total += brotli.parse::<u64>().map_err(|error| error.to_string())?;
    }
    let budget = project::read(&project::root().join("web/size-budget"))?;
    let budget: u64 = budget.trim().parse().map_err(|_| "web/size-budget is not a number of kB".to_owned())?;
    println!("first load {} kB brotli", total.div_ceil(1000));
    if total > budget * 1000 { Err(format!("{total} bytes are over the budget of {budget} kB")) } else { Ok(()) }
}

/// Who takes the bytes, before wasm-opt: the heaviest crates and functions.
fn weights(module: &Path) -> Result {
    let bytes = std::fs::read(module).map_err(|error| format!("{}: {error}", module.display()))?;
    let weights = module::weights(&bytes)?;
    let mut crates = BTreeMap::<String, usize>::new();
    let mut copies = BTreeMap::<String, usize>::new();
    let mut functions = Vec::new();
    for (symbol, size) in &weights.functions {
        let (owner, path) = module::demangled(symbol);
        *crates.entry(owner).or_default() += size;
        *copies.entry(module::without_types(&path)).or_default() += size;
        functions.push((path, *size));
    }
    let code: usize = functions.iter().map(|(_, size)| size).sum();
    print_heaviest("functions of each crate", crates.into_iter().collect());
    print_heaviest("functions, all their copies for different types together", copies.into_iter().collect());
    print_heaviest("heaviest functions", functions);
    println!("{code:>10}  all functions\n{:>10}  constants\n", weights.data);
    Ok(())
}

fn print_heaviest(title: &str, mut rows: Vec<(String, usize)>) {
    rows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    println!("{:>10}  {title}", "bytes");
    for (name, size) in rows.iter().take(20) {
        println!("{size:>10}  {name:.100}");
    }
    println!();
}
