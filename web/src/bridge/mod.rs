//! The only place that names web-sys: the document, the keyboard, storage, frames, and the JavaScript interface.

pub mod canvas;
pub mod dom;
pub mod frames;
pub mod interface;
pub mod storage;
pub mod text_area;
