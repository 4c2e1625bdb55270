//! The editor's `<textarea>`. Changes go through the browser's own editing command, so that its undo knows them.

use crate::editor::edit::{Edit, bytes_of, units_of};
use wasm_bindgen::JsCast;
use web_sys::{HtmlDocument, HtmlTextAreaElement};
use yew::NodeRef;

/// The element behind a reference, once it is there.
pub struct TextArea(HtmlTextAreaElement);

impl TextArea {
    /// The mounted element.
    pub fn of(node: &NodeRef) -> Option<TextArea> {
        node.cast::<HtmlTextAreaElement>().map(TextArea)
    }

    /// What it holds.
    pub fn text(&self) -> String {
        self.0.value()
    }

    /// The selection in bytes of the text.
    pub fn selection(&self) -> (usize, usize) {
        let text = self.text();
        let at = |units: Option<u32>| bytes_of(&text, units.unwrap_or(0));
        (at(self.0.selection_start().ok().flatten()), at(self.0.selection_end().ok().flatten()))
    }

    /// Carries out an edit as if it were typed: the browser fires `input`, and undo takes it back.
    pub fn edit(&self, edit: &Edit) {
        let text = self.text();
        let _ = self.0.focus();
        self.select(&text, edit.from, edit.to);
        if !typed(&edit.insert) {
            self.0.set_value(&[&text[..edit.from], &edit.insert, &text[edit.to..]].concat());
            if let Ok(event) = web_sys::InputEvent::new("input") {
                let _ = self.0.dispatch_event(&event);
            }
        }
        let text = self.text();
        self.select(&text, edit.select.0, edit.select.1);
    }

    /// Puts another text in place of all.
    pub fn replace(&self, text: &str) {
        self.edit(&Edit { from: 0, to: self.text().len(), insert: text.to_owned(), select: (0, 0) });
        self.0.set_scroll_top(0);
    }

    /// Puts the caret at the start of a line, counted from 1, and shows it.
    pub fn go_to_line(&self, line: u32) {
        let text = self.text();
        let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1) as usize).map(str::len).sum();
        let _ = self.0.focus();
        self.select(&text, start, start);
        if let Some(scroller) = self.0.closest(".scroller").ok().flatten() {
            let height = f64::from(self.0.scroll_height()) / text.split('\n').count().max(1) as f64;
            let top = height * f64::from(line.saturating_sub(1)) - f64::from(scroller.client_height()) / 3.0;
            scroller.set_scroll_top(top as i32);
        }
    }

    fn select(&self, text: &str, from: usize, to: usize) {
        let _ = self.0.set_selection_range(units_of(text, from), units_of(text, to));
    }
}

fn typed(text: &str) -> bool {
    let document = web_sys::window().and_then(|w| w.document()).and_then(|d| d.dyn_into::<HtmlDocument>().ok());
    let command = if text.is_empty() { "delete" } else { "insertText" };
    document.is_some_and(|d| d.exec_command_with_show_ui_and_value(command, false, text).unwrap_or(false))
}
