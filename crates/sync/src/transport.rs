use crate::SyncError;
use holdfast_oplog::{DeviceId, Range, VersionVector};

/// What carries an exchange: opaque bytes in and out. It never sees a key, and what it says is
/// verified by who asked.
pub trait Transport {
    /// What the other side holds, within the spaces that this transport carries.
    fn holds(&mut self) -> Result<VersionVector, SyncError>;

    /// An encoded sealed batch that begins at or before the range's first change and holds it;
    /// `None` where the other side has none.
    fn pull(&mut self, range: Range) -> Result<Option<Vec<u8>>, SyncError>;

    /// Hands over an encoded sealed batch. When this returns, the other side keeps it.
    fn push(&mut self, batch: Vec<u8>) -> Result<(), SyncError>;

    /// Whether something arrived on the other side since this was asked last: a hint to exchange.
    fn notified(&mut self) -> Result<bool, SyncError>;

    /// Tells the other side what a device holds now.
    fn acknowledge(&mut self, device: DeviceId, held: &VersionVector) -> Result<(), SyncError>;
}
