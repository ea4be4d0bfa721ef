//! The container of a bundle file.
//!
//! Owns the outer layout: magic, clear header, sections, and a hash of the whole. It never knows
//! what a section holds: sealing, signatures and their meaning are above. The hash tells damage,
//! not malice; whatever must be trusted is sealed or signed inside.
//!
//! All numbers are big-endian:
//! ```text
//! "HOLDFAST"  format u32  length u32  header (MessagePack)
//! kind u8  length u32  bytes                                   any number of sections
//! 0  36 u32  number of sections u32  BLAKE3 of everything before these 32 bytes
//! ```

pub use super::format_error::BundleError;
pub use super::format_file::{Readers, write_atomically, write_readable};
pub use super::format_reader::{BundleReader, Section, Summary, verify};
pub use super::format_writer::BundleWriter;

use holdfast_oplog::{ActorId, DeviceId, Hash, VaultId, VersionVector, limits};
use holdfast_store::Heads;
use serde::{Deserialize, Serialize};

/// Format number that this build writes, and the highest that it reads.
pub const BUNDLE_FORMAT: u32 = 1;

/// The first eight bytes of every bundle.
pub const MAGIC: [u8; 8] = *b"HOLDFAST";

/// Largest section of a kind that this build does not know, in bytes. It is stepped over without
/// being held.
pub const UNKNOWN_SECTION: usize = 8 * 1024 * 1024;

/// The kind byte of the trailer.
pub(super) const END: u8 = 0;
/// Bytes of the trailer after its length: the number of sections and the hash.
pub(super) const TRAILER: usize = 4 + 32;
/// What sealing and naming add to a piece of an attachment or a list of records.
const OVERHEAD: usize = 4096;

/// What everyone may read of a bundle. Nothing in it is to be trusted before the signature section
/// or what is sealed confirms it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundleHeader {
    /// [`BUNDLE_FORMAT`].
    pub format: u32,
    /// What the bundle is for.
    pub kind: BundleKind,
    /// The vault.
    pub vault: VaultId,
    /// The device that made the bundle.
    pub from: DeviceId,
    /// The identity under which that device writes.
    pub actor: ActorId,
    /// When it was made, in milliseconds since 1970, by that device's clock.
    pub made: u64,
    /// What that device held, within the spaces that the bundle carries.
    pub holds: VersionVector,
    /// What the receiver was taken to hold already, within the same spaces.
    pub since: VersionVector,
    /// How much is inside.
    pub counts: Counts,
    /// Over the handovers inside, where there are any (`hash_of_handovers`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handovers: Option<Hash>,
    /// Which changes the last ones of `holds` are. Apps of before do not say it.
    #[serde(default, skip_serializing_if = "Heads::is_empty")]
    pub heads: Heads,
}

/// What a signed header says of the handovers: that they are all there, once and in this order. None
/// where there are none.
pub(super) fn hash_of_handovers(handovers: &[Vec<u8>]) -> Option<Hash> {
    let hashes: Vec<u8> = handovers.iter().flat_map(|sealed| Hash::of(sealed).0).collect();
    (!hashes.is_empty()).then(|| Hash::of(&hashes))
}

/// What a bundle is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BundleKind {
    /// Everything that the chosen spaces hold.
    Full,
    /// What changed since the last bundle for the same receiver.
    Update,
    /// Lets a new device in.
    Invitation,
}

/// How much a bundle holds, for showing before it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Sealed batches.
    pub batches: u64,
    /// Changes in those batches.
    pub changes: u64,
    /// Pieces of attachments.
    pub chunks: u64,
    /// Pieces of a snapshot.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub pieces: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// What a section holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SectionKind {
    /// A vault's keys and an invitation, under a passphrase.
    Invitation,
    /// Membership records, sealed.
    Membership,
    /// An encoded sealed batch.
    Batch,
    /// A sealed piece of an attachment, with its place.
    Chunk,
    /// The sending device's signature over the header's bytes.
    Signature,
    /// A sealed piece of a snapshot.
    Snapshot,
    /// Membership records sealed under the key of an epoch that ended with them.
    Handover,
}

impl SectionKind {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::Invitation,
        Self::Membership,
        Self::Batch,
        Self::Chunk,
        Self::Signature,
        Self::Snapshot,
        Self::Handover,
    ];

    /// The byte on disk.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Invitation => 1,
            Self::Membership => 2,
            Self::Batch => 3,
            Self::Chunk => 4,
            Self::Signature => 5,
            Self::Snapshot => 6,
            Self::Handover => 7,
        }
    }

    /// The kind of a byte, where this build knows it.
    pub fn of(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.byte() == byte)
    }

    /// Largest section of this kind, in bytes.
    pub const fn limit(self) -> usize {
        match self {
            Self::Invitation => 256 * 1024,
            Self::Membership | Self::Handover => 4 * 1024 * 1024 + OVERHEAD,
            Self::Batch => limits::BATCH,
            Self::Chunk => limits::ATTACHMENT_CHUNK + OVERHEAD,
            Self::Signature => 1024,
            Self::Snapshot => limits::SNAPSHOT_PIECE + OVERHEAD,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Invitation => "the invitation",
            Self::Membership => "the list of devices",
            Self::Batch => "a batch of changes",
            Self::Chunk => "a piece of an attachment",
            Self::Signature => "the signature",
            Self::Snapshot => "a piece of a snapshot",
            Self::Handover => "an earlier list of devices",
        }
    }
}

#[cfg(test)]
#[path = "format_tests.rs"]
mod tests;
