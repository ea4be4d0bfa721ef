//! Bundle files (`*.holdfast`): an exchange that a person carries by hand.
//!
//! Owns what goes into a bundle ([`export`], [`invite`]), what is taken from one ([`import`],
//! [`inspect`], [`join`]) and the container between them (`format`). Importing and showing what an
//! import would do are the same code, in a transaction that is kept or undone. Never decides what a
//! change means.

mod export;
pub mod format;
mod format_error;
mod format_file;
mod format_reader;
mod format_writer;
mod import;
mod invite;
pub(crate) mod pieces;
pub(crate) mod preview;
mod spool;

pub(crate) use export::worth_compacting;
pub use export::{ExportRequest, ExportScope, Exported, export};
pub use format_error::BundleError;
pub(crate) use format_error::changes;
pub(crate) use import::parted_notice;
pub use import::{Imported, LARGEST, import, inspect};
pub use invite::{Joined, Joining, invite, join};
pub use preview::Preview;

/// Context of the signature over a bundle's header.
const HEADER_CONTEXT: &str = "bundle header";
/// What the sealed membership records of a bundle belong to.
const MEMBERSHIP_PLACE: &[u8] = b"bundle membership";
/// The carrier's name in the record of an exchange.
const CARRIER: &str = "bundle";
#[cfg(test)]
mod crowding_tests;
#[cfg(test)]
mod devices_tests;
#[cfg(test)]
pub(crate) mod fixture_tests;
#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod import_tests;
#[cfg(test)]
mod invite_tests;
#[cfg(test)]
mod pruned_tests;
#[cfg(test)]
mod story_tests;
