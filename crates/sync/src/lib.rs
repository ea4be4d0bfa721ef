//! Plans and runs an exchange of changes.
//!
//! Owns what may travel by what ([`carried`], [`offered`]), what each side lacks ([`plan`]), how changes are
//! sealed for the way and taken in again, and what the person is told about it ([`status`]). Never
//! opens a file or a socket, never reads a clock: a [`Transport`] carries opaque bytes.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

mod acknowledgement;
mod batches;
mod believing;
mod carried_status;
mod carrier;
pub mod devices;
mod error;
mod exchange;
mod handovers;
mod mailbox;
mod mass_deletion;
mod mode;
mod moment;
mod plan;
mod pruning;
mod refused;
mod session;
pub mod snapshot;
mod status;
mod transport;
mod vouching;

pub use acknowledgement::{
    ACKNOWLEDGEMENT, Acknowledgement, hear, latest, note_holds, open_acknowledgement, say_holds,
    seal_acknowledgement, seal_words, words_hash,
};
pub use batches::{Taken, outgoing, take_in};
pub use believing::believes;
pub use carried_status::carried_status;
pub use carrier::{Carrier, carried, offer, offered, spaces};
pub use error::SyncError;
pub use exchange::{Exchanged, exchange, listen};
pub use mailbox::Mailbox;
pub use mass_deletion::{FEW, MassDeletion, Weighed, is_counted, stand_few, weigh};
pub use mode::Mode;
pub use moment::moment;
pub use plan::{Plan, plan};
pub use pruning::prune;
pub use refused::{Fault, Refusals, Taking};
pub use session::{Session, membership};
pub use status::{
    ANYONE, DestinationState, DestinationStatus, FOLDER, Facts, SyncState, SyncStatus, delivered,
    is_place, settled_destinations, status, status_of,
};
pub use transport::Transport;
