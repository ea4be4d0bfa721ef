//! Pairing by a code that one device shows and a person types on the other.
//!
//! Owns the code and its rules ([`Offers`]), the four messages that prove that both sides know it
//! ([`Offering`], [`Accepting`]), and what is sealed with the secret that comes out
//! ([`seal_handover`]). Never opens a socket, reads a clock or makes randomness: messages are bytes,
//! times and generators are passed in.
//!
//! ```text
//! accepting (code typed)            offering (code shown)
//!     element ───────────────────────────▶
//!     ◀─────────────────────────── element
//!     confirmation ──────────────────────▶   a wrong one burns the code
//!     ◀────────────────────── confirmation
//! ```
//! Whoever accepts confirms first: a stranger who connects to the device with the code learns nothing
//! from it before having shown one guess.

mod binding;
mod code;
mod error;
mod exchange;
mod handover;
mod offers;
mod pake;
mod watch;
mod words;

pub use binding::{Binding, Role};
pub use code::PairingCode;
pub use error::PairingError;
pub use exchange::{Accepting, AcceptingLast, Offering, OfferingLast, Paired};
pub use handover::{PairingSecret, open_handover, seal_handover};
pub use offers::{Attempt, Offer, Offers};
pub use pake::ELEMENT;

/// How long a code is good for, in milliseconds.
pub const CODE_MS: u64 = 120_000;
/// Codes that may be shown within [`CODES_WITHIN_MS`].
pub const CODES: usize = 5;
/// The period in which at most [`CODES`] codes are shown, in milliseconds.
pub const CODES_WITHIN_MS: u64 = 600_000;
/// Bytes of a confirmation.
pub const CONFIRMATION: usize = 32;

#[cfg(test)]
mod attack_tests;
#[cfg(test)]
mod tests;
