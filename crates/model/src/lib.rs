//! Placeholder.
pub mod dates;
pub mod quickadd;
pub mod recurrence;
