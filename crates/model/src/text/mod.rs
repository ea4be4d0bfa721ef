//! Note text and task notes: a sequence CRDT with its whole history, the review of edits that were
//! made apart, and the differences that the review screen shows.
//!
//! Owns the meaning of a text edit: what bytes a change carries, which text results, who wrote what,
//! which edits overlap. Never reads a clock, a random source, a file or the network, and never
//! decides anything from the order in which edits arrived.

mod asked;
mod begun;
mod cells;
mod columns;
mod crdt;
pub mod diff;
pub mod ending;
mod error;
mod evaluate;
mod graph;
mod lines;
mod parts;
mod passages;
mod rename;
mod review;
mod rewrite;
pub mod splice;
mod transcript;
mod undo;
mod version;
mod weave;

pub use begun::{Begun, is_beginning};
pub use crdt::{Edit, Imported, Run, TextDoc};
pub use error::TextError;
pub use parts::LARGEST;
pub use rename::WriterNames;
pub use review::{Divergence, ReviewCache, Side, TextReview};
pub use splice::Splice;
pub use transcript::Transcript;
pub use undo::{Inverse, Later};
pub use version::Version;

/// The writer id under which `actor` edits texts: the first eight bytes of the actor's BLAKE3 hash.
///
/// `u64::MAX` is reserved by the sequence CRDT and is never returned.
///
/// A branch of an actor's log has a writer of its own beside the actor's. What is typed at one place
/// at one time stands in the order of the writers: since nobody else's lies between the two, text
/// that was typed on the branch stands among the texts of others as its author saw it.
pub fn writer_of(actor: &[u8; 16]) -> u64 {
    if let Some(writer) = holdfast_oplog::ActorId(*actor).branch_number() {
        return writer.min(u64::MAX - 1);
    }
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

/// The name of the branch of `author`'s log that begins with a change, with a writer beside the
/// author's.
pub fn branch_name(
    author: holdfast_oplog::ActorId,
    first: holdfast_oplog::Hash,
) -> holdfast_oplog::ActorId {
    let writer = writer_of(&author.0);
    let mut step = [0_u8; 4];
    for (to, from) in step.iter_mut().zip(first.0) {
        *to = from;
    }
    let step = 1 + u64::from(u32::from_be_bytes(step) >> 1);
    // Which side of the author's it lies on does not matter: nothing of the two is typed apart.
    let writer = if writer > u64::MAX / 2 { writer - step } else { writer + step };
    holdfast_oplog::ActorId::of_branch(writer, first)
}

#[cfg(test)]
mod begun_tests;
#[cfg(test)]
mod columns_tests;
#[cfg(test)]
mod crdt_tests;
#[cfg(test)]
mod exchange_tests;
#[cfg(test)]
mod law_tests;
#[cfg(test)]
mod rename_tests;
#[cfg(test)]
mod review_tests;
#[cfg(test)]
mod trace_tests;
