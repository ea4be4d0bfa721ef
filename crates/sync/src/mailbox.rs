use crate::{SyncError, Transport};
use holdfast_oplog::{LogId, Range, SealedBatch, VersionVector};
use std::collections::BTreeMap;

/// Acknowledgements that are kept.
const KEPT: usize = 16;

/// A transport in memory: keeps every batch and every acknowledgement that it was handed.
#[derive(Debug, Default)]
pub struct Mailbox {
    /// By log and first number: the last number, and the batch.
    batches: BTreeMap<(LogId, u64), (u64, Vec<u8>)>,
    holds: VersionVector,
    acknowledged: Vec<Vec<u8>>,
    news: bool,
}

impl Mailbox {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Transport for Mailbox {
    fn holds(&mut self) -> Result<VersionVector, SyncError> {
        Ok(self.holds.clone())
    }

    fn pull(&mut self, range: Range) -> Result<Option<Vec<u8>>, SyncError> {
        // Batches may overlap: the one that begins last need not be the one that goes on.
        let mut before = self.batches.range((range.log, 0)..=(range.log, range.first)).rev();
        let found = before.find(|(_, (last, _))| *last >= range.first);
        Ok(found.map(|(_, (_, batch))| batch.clone()))
    }

    fn push(&mut self, batch: Vec<u8>) -> Result<(), SyncError> {
        let header = SealedBatch::decode(&batch)?.header()?;
        let held = self.holds.get(header.log());
        if header.first > held.saturating_add(1) {
            return Err(SyncError::Gap { log: header.log(), missing: held.saturating_add(1) });
        }
        if header.last > held {
            self.batches.insert((header.log(), header.first), (header.last, batch));
            self.holds.advance(header.log(), header.last);
            self.news = true;
        }
        Ok(())
    }

    fn notified(&mut self) -> Result<bool, SyncError> {
        Ok(std::mem::take(&mut self.news))
    }

    fn acknowledge(&mut self, said: Vec<u8>) -> Result<(), SyncError> {
        // It cannot tell whose they are: the latest are enough for a few devices.
        if self.acknowledged.len() >= KEPT {
            self.acknowledged.remove(0);
        }
        self.acknowledged.push(said);
        Ok(())
    }

    fn acknowledged(&mut self) -> Result<Vec<Vec<u8>>, SyncError> {
        Ok(self.acknowledged.clone())
    }
}
