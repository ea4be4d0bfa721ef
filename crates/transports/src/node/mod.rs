//! Connections to the paired devices on this network: who is there, what they ask, what they tell.
//!
//! Owns when a device is dialled, that there is one connection to each, that both ends notice when it
//! is dead, and in which thread the database is asked. Never decides what is exchanged, that is
//! [`crate::peer`]'s, and holds no key but the one by which it proves who this device is.

mod candidates;
mod connection;
mod host;

pub use candidates::{Backoff, Candidates};
pub use connection::{Timing, run};
pub use host::{Host, HostSession};
