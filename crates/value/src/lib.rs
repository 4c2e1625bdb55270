//! The compact value that every object is: maps sorted by field name, shared slices, interned names.
//! JSON and YAML enter and leave here and nowhere else.

#[macro_use]
mod build;
pub mod go;
mod json;
pub mod jsonpath;
mod list;
mod map;
mod names;
pub mod patch;
mod repeated;
mod tree;
pub mod yaml;

pub use build::IntoValue;
pub use json::JsonError;
pub use list::List;
pub use map::Map;
pub use names::name;
pub use tree::Value;

#[doc(hidden)]
pub use base::text as __text;
