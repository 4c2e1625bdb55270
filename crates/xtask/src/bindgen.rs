//! `bindgen WASM FOLDER [release]`: writes the JavaScript around a wasm module, as `wasm-bindgen --target web` does.
//!
//! It links wasm-bindgen's own back end, so that nobody has to install a command of the very same version. Apart from
//! `xtask`, because it takes half a minute to build and most commands do not need it.

use std::path::Path;
use wasm_bindgen_cli_support::Bindgen;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [wasm, folder, rest @ ..] = args.as_slice() else {
        eprintln!("usage: bindgen WASM FOLDER [release]");
        std::process::exit(2);
    };
    let release = rest.iter().any(|word| word == "release");
    let mut bindgen = Bindgen::new();
    bindgen.input_path(wasm).typescript(true).remove_name_section(release).remove_producers_section(release);
    let done = bindgen.web(true).and_then(|bindgen| bindgen.generate(Path::new(folder)));
    if let Err(error) = done {
        eprintln!("bindgen: {error:?}");
        std::process::exit(1);
    }
}
