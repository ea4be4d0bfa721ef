use crate::SyncError;
use holdfast_oplog::{Range, VersionVector};

/// What carries an exchange: opaque bytes in and out. It never sees a key, and what it says is
/// verified by who asked.
pub trait Transport {
    /// What the other side holds, within the spaces that this transport carries.
    fn holds(&mut self) -> Result<VersionVector, SyncError>;

    /// An encoded sealed batch that begins at or before the range's first change and holds it;
    /// `None` where the other side has none, or has it not yet in whole.
    fn pull(&mut self, range: Range) -> Result<Option<Vec<u8>>, SyncError>;

    /// Hands over an encoded sealed batch. When this returns, the other side keeps it.
    fn push(&mut self, batch: Vec<u8>) -> Result<(), SyncError>;

    /// Whether something arrived on the other side since this was asked last: a hint to exchange.
    fn notified(&mut self) -> Result<bool, SyncError>;

    /// Hands over a sealed [`crate::Acknowledgement`] of this device, in place of its last one.
    fn acknowledge(&mut self, said: Vec<u8>) -> Result<(), SyncError>;

    /// The sealed acknowledgements that are there, of this device's own too. Those of others may be
    /// anything: they are opened and verified by who asked.
    fn acknowledged(&mut self) -> Result<Vec<Vec<u8>>, SyncError>;
}
