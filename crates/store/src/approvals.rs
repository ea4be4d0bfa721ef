//! What of the space 'ask' may leave: nothing but what a person approved, here or where it came from.

use crate::{StoreError, Tx, columns};
use holdfast_oplog::{LogId, Range, Space, VersionVector};
use rusqlite::OptionalExtension;

impl Tx<'_> {
    /// Up to which change a log of the space 'ask' may leave; 0 where nothing of it may.
    pub fn approved(&self, log: LogId) -> Result<u64, StoreError> {
        let seq: Option<i64> = self
            .sql
            .prepare_cached("SELECT seq FROM approvals WHERE actor = ?1")?
            .query_row([log.actor.0], |row| row.get(0))
            .optional()?;
        seq.map_or(Ok(0), columns::seq)
    }

    /// Lets a log of the space 'ask' leave up to a change. An approval is never taken back: what it
    /// allowed may have left already.
    pub fn approve(&self, log: LogId, seq: u64) -> Result<(), StoreError> {
        if log.space != Space::Ask {
            return Ok(());
        }
        self.sql
            .prepare_cached(
                "INSERT INTO approvals (actor, seq) VALUES (?1, ?2)
                 ON CONFLICT (actor) DO UPDATE SET seq = max(seq, excluded.seq)",
            )?
            .execute((log.actor.0, columns::number(seq)))?;
        Ok(())
    }

    /// What is held and may leave at all: everything but the space 'device', and of the space 'ask'
    /// only what was approved. Which of it a way may carry is decided on top of this.
    pub fn releasable(&self) -> Result<VersionVector, StoreError> {
        let mut may = VersionVector::new();
        for (log, held) in self.held()?.iter() {
            match log.space {
                Space::Everywhere | Space::Nearby => may.advance(log, held),
                Space::Ask => may.advance(log, held.min(self.approved(log)?)),
                Space::Device => {}
            }
        }
        Ok(may)
    }

    /// Changes of the space 'ask' that wait for an approval.
    pub fn awaiting_approval(&self) -> Result<Vec<Range>, StoreError> {
        let held = self.held()?.within(&[Space::Ask]);
        Ok(held.missing_in(&self.releasable()?))
    }
}
