//! Small words for the document: values of inputs, focus, scrolling, the theme, keys for the whole page.

use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Document, Element, HtmlElement, HtmlInputElement, HtmlSelectElement};
use yew::{Event, InputEvent, KeyboardEvent, NodeRef, TargetCast};

fn document() -> Option<Document> {
    web_sys::window()?.document()
}

/// The element that the page is mounted on, if this is a browser and the document has one.
pub fn root() -> Option<Element> {
    document()?.get_element_by_id("tabernetes")
}

/// The text of the `<input>` that an event came from.
pub fn input_value(event: &InputEvent) -> String {
    event.target_dyn_into::<HtmlInputElement>().map(|input| input.value()).unwrap_or_default()
}

/// Whether the `<input type=checkbox>` that an event came from is checked.
pub fn is_checked(event: &Event) -> bool {
    event.target_dyn_into::<HtmlInputElement>().is_some_and(|input| input.checked())
}

/// The value chosen in the `<select>` that an event came from.
pub fn chosen(event: &Event) -> String {
    event.target_dyn_into::<HtmlSelectElement>().map(|select| select.value()).unwrap_or_default()
}

/// Puts a `<select>` that works as a menu back to its title.
pub fn unchoose(event: &Event) {
    if let Some(select) = event.target_dyn_into::<HtmlSelectElement>() {
        select.set_selected_index(0);
    }
}

/// The text of an `<input>`.
pub fn text_of(node: &NodeRef) -> String {
    node.cast::<HtmlInputElement>().map(|input| input.value()).unwrap_or_default()
}

/// Sets the text of an `<input>`; the caret goes to its end.
pub fn set_text(node: &NodeRef, text: &str) {
    if let Some(input) = node.cast::<HtmlInputElement>() {
        input.set_value(text);
    }
}

/// The caret of an `<input>` in UTF-16 units.
pub fn caret(node: &NodeRef) -> u32 {
    node.cast::<HtmlInputElement>().and_then(|input| input.selection_end().ok().flatten()).unwrap_or(0)
}

/// Moves the focus to the element with an id.
pub fn focus(id: &str) {
    if let Some(element) = document().and_then(|d| d.get_element_by_id(id)).and_then(|e| e.dyn_into::<HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

/// Scrolls to the end, unless the reader has scrolled up.
pub fn follow(node: &NodeRef, even_if_scrolled: bool) {
    if let Some(element) = node.cast::<Element>() {
        let below = element.scroll_height() - element.client_height() - element.scroll_top();
        if even_if_scrolled || below < 120 {
            element.set_scroll_top(element.scroll_height());
        }
    }
}

/// Text that a person has selected somewhere: then a click is no wish to type.
pub fn has_selection() -> bool {
    let selection = web_sys::window().and_then(|w| w.get_selection().ok().flatten());
    selection.is_some_and(|s| !s.is_collapsed())
}

/// `light`, `dark`, or nothing for what the system says.
pub fn set_theme(theme: Option<&str>) {
    let Some(root) = document().and_then(|d| d.document_element()) else { return };
    let _ = match theme {
        Some(name) => root.set_attribute("data-theme", name),
        None => root.remove_attribute("data-theme"),
    };
}

/// Whether the keyboard has a command key.
pub fn is_apple() -> bool {
    let platform = web_sys::window().and_then(|w| w.navigator().platform().ok()).unwrap_or_default();
    platform.starts_with("Mac") || platform.starts_with("iP")
}

/// The plain text of a paste.
pub fn pasted(event: &Event) -> String {
    let event = event.dyn_ref::<web_sys::ClipboardEvent>();
    event.and_then(|e| e.clipboard_data()).and_then(|data| data.get_data("text").ok()).unwrap_or_default()
}

/// Listens to keys anywhere on the page, for as long as it lives.
pub struct Keys(Closure<dyn Fn(KeyboardEvent)>);

impl Keys {
    /// Starts to listen.
    pub fn listen(handler: impl Fn(KeyboardEvent) + 'static) -> Keys {
        let closure = Closure::new(handler);
        if let Some(window) = web_sys::window() {
            let _ = window.add_event_listener_with_callback("keydown", closure.as_ref().unchecked_ref());
        }
        Keys(closure)
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        if let Some(window) = web_sys::window() {
            let _ = window.remove_event_listener_with_callback("keydown", self.0.as_ref().unchecked_ref());
        }
    }
}
