//! `Text`: an immutable, shared string, one pointer wide; literals cost no allocation (`text!("a")`).

/// Immutable shared text. Cloning is a reference count; literals made by [`text!`] are static.
pub type Text = arcstr::ArcStr;

pub use arcstr::literal as text;
