//! The page: a Yew application that shows one simulated cluster in a browser tab.
//!
//! Loading the module mounts the page when the document has an element `#tabernetes`; elsewhere (Node, a worker, a
//! document that only wants the JavaScript interface) it does nothing by itself, and [`Tabernetes`] is there to be used.

mod app;
mod bridge;
mod complete;
mod editor;
mod hooks;
mod picture;
mod place;
mod screen;
mod services;
mod session;
mod state;
mod status;
mod views;

pub use app::{App, AppProps};
pub use bridge::interface::Tabernetes;
pub use session::Session;

use bridge::{dom, interface};
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(start)]
fn start() {
    if let Some(root) = dom::root() {
        let session = Session::new(&sim::Setup::default());
        yew::Renderer::<App>::with_root_and_props(root, AppProps { session: session.clone() }).render();
        // Once the page listens to keys and clicks, it is ready.
        gloo::timers::callback::Timeout::new(0, move || interface::publish(session)).forget();
    }
}
