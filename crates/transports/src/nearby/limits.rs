//! Upper bounds of what a peer may send, in bytes, and of the time that it may take.

use holdfast_oplog::limits;
use holdfast_vault::limits::RECORD_LIST;
use std::time::Duration;

/// All that a peer may send before the hello is done, and one frame until the limit is lifted.
pub const HANDSHAKE: usize = 8 * 1024;
/// What a message may add to the largest thing that it carries.
pub const OVERHEAD: usize = 64 * 1024;
/// One frame between devices that know each other.
pub const FRAME: usize =
    largest(&[limits::BATCH, limits::ATTACHMENT_CHUNK, limits::SNAPSHOT_PIECE, RECORD_LIST])
        + OVERHEAD;
/// Reaching the other device, TLS and the hello together.
pub const HANDSHAKE_TIME: Duration = Duration::from_secs(5);
/// A certificate.
pub const CERTIFICATE: usize = 2 * 1024;
/// An app's version, as its hello names it.
pub const APP: usize = 32;
/// Addresses that are taken from one announcement.
pub const ADDRESSES: usize = 16;
/// Entries of an announcement that are looked at.
pub const TXT_ENTRIES: usize = 16;
/// An announcement's text as a whole.
pub const TXT: usize = 1024;

const fn largest(of: &[usize]) -> usize {
    let mut most = 0;
    let mut rest = of;
    while let [first, others @ ..] = rest {
        if *first > most {
            most = *first;
        }
        rest = others;
    }
    most
}
