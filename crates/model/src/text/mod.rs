//! Note text and task notes: a sequence CRDT with its whole history, the review of edits that were
//! made apart, and the differences that the review screen shows.
//!
//! Owns the meaning of a text edit: what bytes a change carries, which text results, who wrote what,
//! which edits overlap. Never reads a clock, a random source, a file or the network, and never
//! decides anything from the order in which edits arrived.

mod asked;
mod crdt;
pub mod diff;
mod error;
mod evaluate;
mod graph;
mod passages;
mod review;
mod rewrite;
pub mod splice;
mod transcript;
mod undo;
mod version;
mod weave;

pub use crdt::{Edit, Imported, Run, TextDoc};
pub use error::TextError;
pub use review::{Divergence, ReviewCache, Side, TextReview};
pub use splice::Splice;
pub use transcript::Transcript;
pub use undo::Inverse;
pub use version::Version;

/// The writer id under which `actor` edits texts: the first eight bytes of the actor's BLAKE3 hash.
///
/// `u64::MAX` is reserved by the sequence CRDT and is never returned.
pub fn writer_of(actor: &[u8; 16]) -> u64 {
    let hash = blake3::hash(actor);
    let mut first = [0_u8; 8];
    for (to, from) in first.iter_mut().zip(hash.as_bytes()) {
        *to = *from;
    }
    match u64::from_be_bytes(first) {
        u64::MAX => u64::MAX - 1,
        writer => writer,
    }
}

#[cfg(test)]
mod crdt_tests;
#[cfg(test)]
mod exchange_tests;
#[cfg(test)]
mod law_tests;
#[cfg(test)]
mod review_tests;
#[cfg(test)]
mod trace_tests;
