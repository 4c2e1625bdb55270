//! `parts probe WASM OUT` and `parts cut LINKED WASM USED FIRST REST`: makes two modules of one, so that a browser fetches
//! first what opening the page runs, and the rest when it is used.
//!
//! `probe` writes a module that remembers which of its pieces were executed, a byte for each in its memory `probe`.
//! `cut` takes those pieces' numbers, one a line. The first part keeps them and the constants that they need; each of its
//! calls into the rest goes through a table, which the rest fills when it comes. A call before that asks `./rest.js`
//! for the rest at once. So where the cut goes decides how fast things are, never what they do.

mod constants;
mod cut;
mod heights;
mod liveness;
mod outline;
mod pieces;

use std::collections::BTreeSet;
use walrus::Module;

type Result<T = ()> = std::result::Result<T, String>;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args.as_slice() {
        ["probe", wasm, out] => parse(wasm).and_then(|mut module| {
            pieces::probe(&mut module);
            write(&mut module, out)
        }),
        ["cut", linked, whole, used, first, rest] => {
            numbers(used).and_then(|used| cut::cut(&cut::Files { linked, whole, first, rest }, &used))
        }
        _ => Err("usage: parts probe WASM OUT | parts cut LINKED WASM USED FIRST REST".to_owned()),
    };
    if let Err(error) = done {
        eprintln!("parts: {error}");
        std::process::exit(1);
    }
}

fn parse(path: &str) -> Result<Module> {
    let mut config = walrus::ModuleConfig::new();
    config.generate_producers_section(false);
    let mut module = config.parse_file(path).map_err(|error| format!("{path}: {error:?}"))?;
    let customs: Vec<_> = module.customs.iter().map(|(id, _)| id).collect();
    customs.into_iter().for_each(|id| drop(module.customs.delete(id)));
    Ok(module)
}

fn write(module: &mut Module, path: &str) -> Result {
    walrus::passes::gc::run(module);
    module.emit_wasm_file(path).map_err(|error| format!("{path}: {error:?}"))
}

fn numbers(path: &str) -> Result<BTreeSet<usize>> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    text.split_whitespace().map(|word| word.parse().map_err(|_| format!("{path}: {word:?} is no number"))).collect()
}
