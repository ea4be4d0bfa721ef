//! The exchange folder: a folder that some file syncer, stick or share carries between devices.
//!
//! Owns what lies in it ([`Name`], [`Files`]), what is read from it and written to it ([`exchange`]).
//! Each device writes only into a directory of its own and only whole files that never change, so
//! that nothing a syncer does to them (delay, reorder, cut and complete later, duplicate, fold case,
//! evict, remove, bring back) can make one device's work overwrite another's. What is absent means
//! nothing: no deletion is ever read from it. What is not whole is looked at again later.
//!
//! ```text
//! holdfast-<vault>/<writer>/
//!     <space>-<actor>-<first>-<last>-<hash>.hfb   a sealed batch
//!     head-<counter>-<hash>.hfh                   what this device holds, signed and sealed
//!     devices-<hash>.hfd                          membership records, sealed
//!     piece-<content>-<number>-<hash>.hfc         a sealed piece of an attachment
//!     snapshot-<id>-<number>-<of>-<hash>.hfs      a sealed piece of a snapshot
//! ```
//! `hash` is the beginning of the BLAKE3 hash of the file: it tells whether the file is whole.
//!
//! Names are claims of whoever can write into the folder: they say what may be worth reading. What counts
//! is what this device wrote itself or has opened ([`FolderMemory::verified`]).

mod carry;
mod error;
mod exchange;
mod files;
mod index;
mod limits;
mod memory;
mod name;
mod place;
mod publish;
mod receive;
mod snapshots;
mod stage;
mod verify;

pub use carry::Folder;
pub use error::FolderError;
pub use exchange::{FolderReport, FolderState, Take, check, exchange, look, waiting};
pub use files::{Entry, Files, OsFiles};
pub use memory::{FolderMemory, Useless};
pub use name::Name;
pub use place::{refuse_as_exchange_folder, refuse_as_home};

/// The carrier's name in the record of an exchange.
const CARRIER: &str = "folder";
/// What sealed membership records of a folder belong to.
const MEMBERSHIP_PLACE: &[u8] = b"folder membership";

#[cfg(test)]
mod claim_tests;
#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod pruned_tests;
#[cfg(test)]
mod reach_tests;
#[cfg(test)]
mod story_tests;
#[cfg(test)]
mod useless_tests;
