//! The parts of the editor that know nothing of a browser: colours for YAML, indentation, the examples.

pub mod edit;
pub mod examples;
pub mod highlight;
