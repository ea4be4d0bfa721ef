//! Upper bounds of what is read of a folder, in bytes: anybody who can write there can fill it.

/// In one exchange. What is left is read in the next one.
pub(super) const READ: u64 = 256 * 1024 * 1024;
/// What one file counts at least.
pub(super) const AT_LEAST: u64 = 4 * 1024;
/// Batches that wait in memory to be taken in within one transaction.
pub(super) const STAGED: usize = 32 * 1024 * 1024;
/// Heads that are read of one writer: an honest one leaves two at most.
pub(super) const HEADS: usize = 8;
/// Files with membership records that are read of one writer.
pub(super) const DEVICES: usize = 64;
/// A file that was not whole so often, at one size, is damaged.
pub(super) const DAMAGED_AFTER: u32 = 3;
/// The largest file of membership records.
pub(super) const RECORDS: usize = 4 * 1024 * 1024 + 4096;
/// The largest file of a piece of an attachment or a snapshot: what it holds, and what is around that.
pub(super) const PIECE: usize = holdfast_oplog::limits::ATTACHMENT_CHUNK + 4096;
/// As [`PIECE`].
pub(super) const SNAPSHOT_PIECE: usize = holdfast_oplog::limits::SNAPSHOT_PIECE + 1024;
/// The largest file of any kind.
pub(super) const LARGEST: usize = 8 * 1024 * 1024;
/// Of that, for membership records: somebody who fills the folder with these leaves room for the rest.
pub(super) const READ_OF_DEVICES: u64 = READ / 4;
/// How often an exchange begins anew because files turned out to be forged, or other ones are needed. Then
/// it goes on with what is there.
pub(super) const ROUNDS: usize = 8;
/// Files that are remembered because they do not open, or are not whole.
pub(super) const REMEMBERED: usize = 20_000;
/// A file that is not whole is looked at again at this many exchanges, then at each second, fourth and so
/// on.
pub(super) const OFTEN: u32 = 8;
/// At the latest after two to the power of this.
pub(super) const LEAST_OFTEN: u32 = 6;
