//! The root component of the page.

use yew::prelude::{Html, component, html};

/// The whole page.
#[component]
pub fn App() -> Html {
    html! { <main><h1>{ "Tabernetes" }</h1></main> }
}
