//! The parts of the page, one file each.

pub mod clock;
pub mod curl;
pub mod details;
pub mod editor;
pub mod header;
pub mod help;
pub mod mend;
pub mod overview;
pub mod requests;
pub mod services;
pub mod terminal;
