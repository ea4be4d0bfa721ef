//! Placeholder.
pub mod import;
pub mod markup;
pub mod view;
