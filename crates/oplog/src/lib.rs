//! Ids, version vectors and sealed batches: all that a relay may know of a vault.
//!
//! Owns the names of things (vault, device, actor, log, change) and the outer form of what travels.
//! Never decrypts, never interprets the content of a change, never does I/O.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

mod batch;
mod chain;
mod error;
mod ids;
pub mod limits;
#[cfg(feature = "planted")]
pub mod planted;
mod space;
mod version_vector;
mod wire;

pub use batch::{BATCH_FORMAT, BatchHeader, BranchOf, SealedBatch};
pub use chain::{chain_hash, signed_bytes};
pub use error::OplogError;
pub use ids::{ActorId, ChangeId, DeviceId, Hash, LogId, VaultId};
pub use space::Space;
pub use version_vector::{Range, VersionVector};
pub use wire::{decode, encode, encode_in_order};
