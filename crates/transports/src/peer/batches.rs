//! Batches of another device's logs, one after the other. While one is worked on, the next is on its way.

use super::protocol::{Answer, Ask};
use super::{Call, PeerError};
use holdfast_oplog::{LogId, Range, SealedBatch};
use holdfast_sync::SyncError;
use std::collections::{BTreeSet, VecDeque};

/// A batch that waits to be taken in.
#[derive(Debug)]
pub(super) struct Staged {
    /// The part of a range that was asked for, from the batch's first change to the range's last.
    pub(super) range: Range,
    /// The encoded batch.
    pub(super) bytes: Vec<u8>,
    /// How many changes it says that it holds.
    pub(super) changes: u64,
}

/// Asks for all batches of some ranges, in their order.
pub(super) struct Batches<'c> {
    call: &'c mut dyn Call,
    /// What is still to be asked for.
    ranges: VecDeque<Range>,
    /// What was asked for and has no answer yet.
    sent: Option<Range>,
    /// Logs of which nothing more is asked for.
    left: BTreeSet<LogId>,
}

impl<'c> Batches<'c> {
    /// Begins to ask.
    pub(super) fn new(
        call: &'c mut dyn Call,
        ranges: impl IntoIterator<Item = Range>,
    ) -> Result<Self, PeerError> {
        let ranges = ranges.into_iter().collect();
        let mut batches = Self { call, ranges, sent: None, left: BTreeSet::new() };
        batches.send()?;
        Ok(batches)
    }

    /// Asks for nothing more of a log.
    pub(super) fn leave(&mut self, log: LogId) {
        self.ranges.retain(|range| range.log != log);
        self.left.insert(log);
    }

    /// The next batch; none where that was the last. Waits for it.
    pub(super) fn next(&mut self) -> Result<Option<Staged>, PeerError> {
        while self.sent.is_some() {
            if let Some(staged) = self.come()? {
                return Ok(Some(staged));
            }
        }
        Ok(None)
    }

    /// The next batch, where it is here already.
    pub(super) fn next_here(&mut self) -> Result<Option<Staged>, PeerError> {
        while self.sent.is_some() && self.call.is_here() {
            if let Some(staged) = self.come()? {
                return Ok(Some(staged));
            }
        }
        Ok(None)
    }

    /// Waits for the answer to what was asked, and asks for what comes after it.
    fn come(&mut self) -> Result<Option<Staged>, PeerError> {
        let Some(range) = self.sent.take() else { return Ok(None) };
        let Answer::Batch(batch) = self.call.wait()? else { return Err(PeerError::Unexpected) };
        let Some(bytes) = batch else {
            // Of this range there is no more.
            self.send()?;
            return Ok(None);
        };
        let header = SealedBatch::decode(&bytes)?.header()?;
        if header.log() != range.log || header.last < range.first {
            return Err(SyncError::Unexpected.into());
        }
        let first = header.last.saturating_add(1);
        if first <= range.last && !self.left.contains(&range.log) {
            self.ranges.push_front(Range { first, ..range });
        }
        self.send()?;
        let changes = header.last.saturating_sub(header.first).saturating_add(1);
        Ok(Some(Staged { range, bytes: bytes.into_vec(), changes }))
    }

    fn send(&mut self) -> Result<(), PeerError> {
        self.sent = self.ranges.pop_front();
        match self.sent {
            Some(range) => self.call.send(Ask::Batch(range)),
            None => Ok(()),
        }
    }
}

/// How much fits into a transaction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    pub(super) bytes: usize,
    pub(super) changes: u64,
}

impl Room {
    pub(super) const fn fill(&mut self, bytes: usize, changes: u64) {
        self.bytes = self.bytes.saturating_sub(bytes);
        self.changes = self.changes.saturating_sub(changes);
    }

    pub(super) const fn is_left(&self) -> bool {
        self.bytes > 0 && self.changes > 0
    }
}
