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
/// The largest file of any kind.
pub(super) const LARGEST: usize = 8 * 1024 * 1024;
/// How often an exchange begins anew because a file turned out to be forged, or another one is needed.
pub(super) const ROUNDS: usize = 64;
