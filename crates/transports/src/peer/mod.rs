//! An exchange with another device of the vault over a connection: news, questions and answers.
//!
//! Each side tells the other what it holds whenever that changes ([`News`]). Whoever lacks something
//! asks for it, batch by batch, verifies it and takes it in; nobody pushes anything. So there is one
//! way in, two sides that write at once send nothing twice, and a connection that is cut at any byte
//! repeats one question at most.
//!
//! Never opens a socket and knows no address: questions go through [`Call`]. Everything that leaves is
//! sealed for the vault, on top of what the connection does.

mod answer;
mod attachments;
mod base;
mod batches;
mod error;
mod parted;
mod protocol;
mod receive;
mod records;
mod report;
mod words;

pub use answer::{Answering, news};
pub use error::PeerError;
pub use protocol::{Answer, Ask, MESSAGE, Message, News};
pub use receive::{Came, Receiving, Taken, receive};

/// The carrier's name in the record of an exchange.
pub const CARRIER: &str = "nearby";
/// What sealed membership records belong to.
const MEMBERSHIP_PLACE: &[u8] = b"peer membership";

/// Asks the other side. One question at a time: whoever sends another one does not want the answer to
/// the one before.
pub trait Call {
    /// Sends a question.
    fn send(&mut self, ask: Ask) -> Result<(), PeerError>;

    /// Whether [`Call::wait`] would not have to wait.
    fn is_here(&mut self) -> bool;

    /// Waits for the answer to the question that was sent last.
    fn wait(&mut self) -> Result<Answer, PeerError>;

    /// Sends a question and waits for its answer.
    fn ask(&mut self, ask: Ask) -> Result<Answer, PeerError> {
        self.send(ask)?;
        self.wait()
    }
}

#[cfg(test)]
mod batches_tests;
#[cfg(test)]
#[path = "peer_tests.rs"]
pub(crate) mod tests;
