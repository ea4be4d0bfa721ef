use super::codes::Codes;
use super::meeting::{Meeting, MeetingError};
use super::{Admission, Tag};
use crate::peer::{Answer, Ask, Call, News, PeerError};
use holdfast_oplog::DeviceId;
use std::net::SocketAddr;
use std::sync::Arc;

/// What connections need of the app. Called from threads that may wait.
pub trait Host: Send + Sync + 'static {
    /// What to think of a device that connects, by its key.
    fn admission(&self, key: &[u8; 32]) -> Admission;

    /// Which device of the vault has a key; none where it is none, or was removed and learned it.
    fn device(&self, key: &[u8; 32]) -> Option<DeviceId>;

    /// The keys of all other devices of the vault.
    fn keys(&self) -> Vec<[u8; 32]>;

    /// The tag by which devices of the vault know this one now; none where there is no vault yet.
    fn tag(&self) -> Option<Tag>;

    /// What the connection to a device uses: a way to the database of its own.
    fn session(&self, device: DeviceId) -> Result<Box<dyn HostSession>, PeerError>;

    /// The codes that this device shows.
    fn codes(&self) -> Arc<Codes>;

    /// The code of that number was tried, which used it up: by a device that proved that it knows it, or
    /// that did not. At most once for each code; may wait for the person.
    fn tried(&self, from: SocketAddr, number: u64, outcome: Result<Meeting, MeetingError>);

    /// How the connections stand; called whenever that changed.
    fn neighbours(&self, neighbours: &[Neighbour]);
}

/// One thread's way to the database.
pub trait HostSession: Send {
    /// What this device holds now.
    fn news(&mut self) -> Result<News, PeerError>;

    /// Answers a question of the other device.
    fn answer(&mut self, ask: Ask) -> Answer;

    /// Asks for what the other device has and this one lacks. An error ends the connection: what the
    /// person has to decide is none.
    fn receive(&mut self, call: &mut dyn Call, news: &News) -> Result<(), PeerError>;
}

/// How the connection to a device stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbour {
    /// The device; none where an address was tried and it never got so far.
    pub device: Option<DeviceId>,
    /// Where it is or was.
    pub address: SocketAddr,
    /// Whether it is connected.
    pub connected: bool,
    /// Why it is not: a stable name, and words.
    pub trouble: Option<(String, String)>,
}
