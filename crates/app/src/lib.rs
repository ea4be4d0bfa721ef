//! Placeholder.
pub mod import;
pub mod markup;
