//! What the page remembers between visits, on this computer only. A browser that allows no storage just forgets.

/// Between the items of a list; nobody types it.
const SEPARATOR: char = '\u{1e}';

fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}

fn full(key: &str) -> String {
    ["tabernetes.", key].concat()
}

/// What was kept under a key.
pub fn get(key: &str) -> Option<String> {
    storage()?.get_item(&full(key)).ok().flatten()
}

/// Keeps a text.
pub fn set(key: &str, text: &str) {
    if let Some(storage) = storage() {
        let _ = storage.set_item(&full(key), text);
    }
}

/// A list of texts.
pub fn get_list(key: &str) -> Vec<String> {
    get(key).filter(|text| !text.is_empty()).map(|text| text.split(SEPARATOR).map(str::to_owned).collect()).unwrap_or_default()
}

/// Keeps the last `most` texts of a list.
pub fn set_list(key: &str, list: &[String], most: usize) {
    let from = list.len().saturating_sub(most);
    set(key, &list[from..].join(&SEPARATOR.to_string()));
}
