//! Devices on one network: finding each other, and the encrypted connection between two of them, over
//! which they exchange ([`crate::peer`]).
//!
//! Owns the device's certificate, the TLS link with its frames and its first frame (the hello), the
//! listener, and discovery by mDNS. Knows who is on the other end only by the key in its certificate.
//! Never looks into frames, never decides whom to trust ([`Admission`] comes from the caller), and
//! never tells strangers more than a random name, the protocol's version and a tag that changes.

mod budget;
mod candidates;
mod certificate;
mod codes;
mod connection;
mod discovery;
mod error;
mod found;
mod frame;
mod hello;
mod host;
mod identity;
pub mod limits;
mod link;
mod listener;
pub mod meeting;
mod node;
mod onlink;
mod pace;
mod places;
mod seats;
mod socket;
mod tag;
mod txt;
mod verifier;

pub use candidates::{Backoff, Candidates};
pub use certificate::read_key;
pub use codes::{Codes, Unproved};
pub use connection::{Timing, run};
pub use discovery::{Discovery, DiscoveryConfig, DiscoveryEvent, SERVICE};
pub use error::NearbyError;
pub use frame::{FrameReader, FrameWriter, Patience};
pub use hello::{Hello, Purpose, Versions};
pub use host::{Host, HostSession, Neighbour};
pub use identity::Identity;
pub use link::{Admission, Expected, Link, Who, accept, connect, connect_over};
pub use listener::{Arrived, Listener, ListenerLimits};
pub use node::{Node, NodeConfig};
pub use pace::Rate;
pub use tag::Tag;
pub use txt::{Txt, parse_txt};

#[cfg(test)]
mod discovery_tests;
#[cfg(test)]
mod fellows;
#[cfg(test)]
mod frame_tests;
#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod link_tests;
#[cfg(test)]
mod listener_tests;
#[cfg(test)]
mod pairing_tests;
#[cfg(test)]
mod sides;
