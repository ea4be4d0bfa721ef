//! Keys, device identities, membership and sealing.
//!
//! Owns every secret's shape and every format that is encrypted or signed. Never opens a file or a
//! socket, never reads a clock, never makes randomness of its own: times (milliseconds since 1970)
//! and random number generators are passed in. Never interprets the content of a change.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

mod aead;
mod epochs;
mod error;
mod invitation;
mod keyfile;
mod keys;
pub mod limits;
pub mod membership;
mod padding;
pub mod pairing;
mod passphrase;
mod reader;
mod seal;
mod snapshot;

pub use epochs::{Keyring, Purpose, VaultKey, unwrap_key, wrap_key};
pub use error::VaultError;
pub use invitation::{Invitation, InviteKey, open_invitation, seal_invitation};
pub use keyfile::KeyFile;
pub use keys::{
    DeviceKeys, DevicePublic, RootSecret, fingerprint, is_sound_key, open_with_root, seal_with_root,
};
pub use membership::{Claim, Device, Membership};
pub use passphrase::{Passphrase, STRETCH_LANES, STRETCH_MEMORY_KIB, STRETCH_PASSES};
pub use seal::{
    Opened, open_batch, open_blob, open_blob_telling, seal_batch, seal_blob, seal_blob_in,
    sign_change, verify_change,
};
pub use snapshot::{open_piece, seal_piece};
