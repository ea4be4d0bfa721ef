//! What changes mean: entities, operations, registers, note text, conflicts, policies.
//!
//! Owns the meaning of a change and the rules of merging. Pure: time, ids and randomness are passed
//! in. Never does I/O, never reads a clock, never draws a random number.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

pub mod change;
pub mod conflict;
pub mod copying;
pub mod dates;
pub mod entity;
mod error;
pub mod fields;
pub mod hlc;
mod ids;
pub mod links;
pub mod markdown;
mod naming;
mod or_set;
pub mod policy;
pub mod quickadd;
pub mod recurrence;
mod register;
pub mod text;
mod told;
pub mod tree;
mod value;

pub use change::{Again, Change, Dep, Dot, Edit, Kept, Op, Removal, ShortHash, TextEdit, Write};
pub use copying::{Moved, Standing};
pub use entity::EntityState;
pub use error::ModelError;
pub use fields::Kind;
pub use hlc::{Hlc, HybridClock};
pub use ids::EntityId;
pub use or_set::OrSet;
pub use policy::{Policies, Policy};
pub use register::{Register, Version};
pub use value::Value;
