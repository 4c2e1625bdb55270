//! The components in a real browser: `cargo xtask test web`.
#![cfg(target_arch = "wasm32")]

use std::time::Duration;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
async fn the_page_says_its_name() {
    let document = web_sys::window().unwrap().document().unwrap();
    let root = document.create_element("div").unwrap();
    document.body().unwrap().append_child(&root).unwrap();
    yew::Renderer::<web::App>::with_root(root.clone()).render();
    gloo::timers::future::sleep(Duration::from_millis(20)).await;
    assert_eq!(root.query_selector("h1").unwrap().unwrap().text_content().unwrap(), "Tabernetes");
}
