//! The page: a Yew application that shows one simulated cluster in a browser tab.
//!
//! Loading the module mounts the page when the document has an element `#tabernetes`; elsewhere (Node, a worker, a
//! document that only wants the JavaScript interface) it does nothing by itself.

mod app;

pub use app::App;

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(start)]
fn start() {
    let root = web_sys::window().and_then(|w| w.document()).and_then(|d| d.get_element_by_id("tabernetes"));
    if let Some(root) = root {
        yew::Renderer::<App>::with_root(root).render();
    }
}
