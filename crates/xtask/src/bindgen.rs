//! `bindgen WASM FOLDER`: writes the JavaScript around a wasm module, as `wasm-bindgen --target web` does.
//!
//! It links wasm-bindgen's own back end, so that nobody has to install a command of the very same version. Apart from
//! `xtask`, because it takes half a minute to build and most commands do not need it.

use std::path::Path;
use wasm_bindgen_cli_support::Bindgen;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [wasm, folder] = args.as_slice() else {
        eprintln!("usage: bindgen WASM FOLDER");
        std::process::exit(2);
    };
    let mut bindgen = Bindgen::new();
    bindgen.input_path(wasm).typescript(true).demangle(false);
    let done = bindgen.web(true).and_then(|bindgen| bindgen.generate(Path::new(folder)));
    if let Err(error) = done {
        eprintln!("bindgen: {error:?}");
        std::process::exit(1);
    }
}
