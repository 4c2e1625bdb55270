//! Objects as the components see them: keys, metadata, selectors, conditions, and views of the kinds they act on.
//! An [`Object`] is the whole value plus its parsed [`Meta`]; views read fields of the value in place.

mod condition;
mod facts;
mod fields;
mod key;
mod meta;
mod object;
pub mod resource;
mod selector;
mod views;

pub use condition::Condition;
pub use fields::{Fields, path_text};
pub use key::Key;
pub use meta::{Meta, OwnerRef};
pub use object::Object;
pub use resource::Resource;
pub use selector::{FieldSelector, Requirement, Selector};
pub use views::*;
