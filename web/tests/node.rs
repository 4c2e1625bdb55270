//! What must hold without a browser: these tests run in Node, because the file does not ask for a browser.
#![cfg(target_arch = "wasm32")]

use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn the_module_loads_without_a_document() {
    // Starting the module has already happened; it must not have failed for want of a window.
    assert!(web_sys::window().is_none());
}
