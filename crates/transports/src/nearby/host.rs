use crate::peer::{Answer, Ask, Call, News, PeerError};
use holdfast_oplog::DeviceId;

/// What connections need of the app. Called from threads that may wait.
pub trait Host: Send + Sync + 'static {
    /// What the connection to a device uses: a way to the database of its own.
    fn session(&self, device: DeviceId) -> Result<Box<dyn HostSession>, PeerError>;
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
