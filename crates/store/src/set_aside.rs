//! What a device wrote after it was removed, and branches that leave their log before what was pruned here.
//! It is kept and counted, never applied or passed on, unless it turns out that a member had taken it in
//! before it heard of the removal.
//!
//! Of each device the first changes that fit are kept, up to [`CHANGES`] and [`BYTES`], and of all together
//! four times as much: the earlier, the likelier that they were written before the removal was known there.
//! What comes of devices that stay has a room of its own, so that those that were removed take nothing of it.
//! Of what is beyond, only how many there were is kept. Should it count after all, it comes again.

use crate::runs::Run;
use crate::{StoreError, Tx, columns};
use holdfast_oplog::{ActorId, LogId, chain_hash};
use rusqlite::OptionalExtension;

/// Changes of one removed device that are kept.
pub const CHANGES: u64 = 4096;
/// What they may take together, in bytes.
pub const BYTES: u64 = 16 * 1024 * 1024;
/// How many times as much is kept of all removed devices together.
const ALL: u64 = 4;

/// Why changes are set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AsideWhy {
    /// Their device was removed before it wrote them.
    Removed,
    /// They go on a branch that leaves its log before what was pruned here.
    PartsInBase,
}

/// What became of changes that were to be set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SetAside {
    /// Kept now, and not before.
    pub kept: u64,
    /// Not kept: too much is there already.
    pub dropped: u64,
}

impl Tx<'_> {
    /// Keeps the changes of a run from its place `from` on without taking them in. `own` are the
    /// identities of the device that wrote them.
    pub fn set_aside(
        &self,
        run: &Run,
        from: u64,
        own: &[ActorId],
        why: AsideWhy,
    ) -> Result<SetAside, StoreError> {
        let mut hash = run.prev_hash;
        let mut outcome = SetAside::default();
        let (mut changes, mut bytes) = self.room_aside(own, why)?;
        let mut last = None;
        for (place, (seq, body)) in (0..).zip((run.first..).zip(&run.changes)) {
            hash = chain_hash(hash, body);
            let size = body.len() as u64;
            if place < from || self.is_aside(run.log, seq, hash.0)? {
                continue;
            }
            if changes == 0 || size > bytes {
                // A later one may fit.
                last = Some(seq);
                outcome.dropped = outcome.dropped.saturating_add(1);
                continue;
            }
            self.sql.execute(
                "INSERT INTO set_aside (space, actor, seq, hash, body, parted)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
                (
                    run.log.space.as_str(),
                    run.log.actor.0,
                    columns::number(seq),
                    hash.0,
                    body,
                    why == AsideWhy::PartsInBase,
                ),
            )?;
            (changes, bytes) = (changes.saturating_sub(1), bytes.saturating_sub(size));
            outcome.kept = outcome.kept.saturating_add(1);
        }
        if let Some(last) = last {
            self.note_beyond(run.log, last)?;
        }
        Ok(outcome)
    }

    /// Forgets that changes of a run were set aside: they count after all, and were taken in.
    pub fn release_aside(&self, run: &Run) -> Result<(), StoreError> {
        let mut hash = run.prev_hash;
        for (seq, body) in (run.first..).zip(&run.changes) {
            hash = chain_hash(hash, body);
            self.sql
                .prepare_cached(
                    "DELETE FROM set_aside
                     WHERE space = ?1 AND actor = ?2 AND seq = ?3 AND hash = ?4",
                )?
                .execute((run.log.space.as_str(), run.log.actor.0, columns::number(seq), hash.0))?;
        }
        self.sql.execute("DELETE FROM meta WHERE key = ?1", [beyond_key(run.log)])?;
        Ok(())
    }

    /// How many changes of each actor were set aside and are kept.
    pub fn count_set_aside(&self) -> Result<Vec<(ActorId, u64)>, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT actor, count(*) FROM set_aside GROUP BY actor ORDER BY actor",
        )?;
        let rows = statement
            .query_map([], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, i64>(1)?)))?;
        rows.map(|row| {
            let (actor, count) = row?;
            Ok((columns::actor(&actor)?, columns::seq(count)?))
        })
        .collect()
    }

    /// How many changes of an actor came beside those that are kept, at least.
    pub fn count_beyond_aside(&self, actor: ActorId) -> Result<u64, StoreError> {
        let mut beyond = 0_u64;
        for space in holdfast_oplog::Space::ALL {
            let log = LogId { space, actor };
            let Some(last) = self.beyond(log)? else { continue };
            let (first, latest, kept): (i64, i64, i64) = self.sql.query_row(
                "SELECT coalesce(min(seq), 1), coalesce(max(seq), 0), count(DISTINCT seq)
                 FROM set_aside WHERE space = ?1 AND actor = ?2",
                (space.as_str(), actor.0),
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )?;
            let before = columns::seq(first)?.saturating_sub(1);
            let all = last.max(columns::seq(latest)?).saturating_sub(before);
            beyond = beyond.saturating_add(all.saturating_sub(columns::seq(kept)?));
        }
        Ok(beyond)
    }

    fn is_aside(&self, log: LogId, seq: u64, hash: [u8; 32]) -> Result<bool, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT 1 FROM set_aside WHERE space = ?1 AND actor = ?2 AND seq = ?3 AND hash = ?4",
        )?;
        let of = (log.space.as_str(), log.actor.0, columns::number(seq), hash);
        Ok(statement.query_row(of, |_| Ok(())).optional()?.is_some())
    }

    /// How many changes, and how many bytes, may be kept beside what is there.
    fn room_aside(&self, own: &[ActorId], why: AsideWhy) -> Result<(u64, u64), StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT actor, count(*), sum(length(body)) FROM set_aside WHERE parted = ?1 GROUP BY actor",
        )?;
        let mut rows = statement.query([why == AsideWhy::PartsInBase])?;
        let mut all = (CHANGES.saturating_mul(ALL), BYTES.saturating_mul(ALL));
        let mut of = (CHANGES, BYTES);
        while let Some(row) = rows.next()? {
            let actor = columns::actor(&row.get::<_, Vec<u8>>(0)?)?;
            let (count, size) = (columns::seq(row.get(1)?)?, columns::seq(row.get(2)?)?);
            all = (all.0.saturating_sub(count), all.1.saturating_sub(size));
            if own.contains(&actor) {
                of = (of.0.saturating_sub(count), of.1.saturating_sub(size));
            }
        }
        Ok((all.0.min(of.0), all.1.min(of.1)))
    }

    fn beyond(&self, log: LogId) -> Result<Option<u64>, StoreError> {
        let bytes = self.meta(&beyond_key(log))?;
        Ok(bytes.and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes))
    }

    fn note_beyond(&self, log: LogId, last: u64) -> Result<(), StoreError> {
        let last = self.beyond(log)?.unwrap_or(0).max(last);
        self.set_meta(&beyond_key(log), &last.to_be_bytes())
    }
}

fn beyond_key(log: LogId) -> String {
    format!("beyond aside {} {}", log.space, log.actor)
}

#[cfg(test)]
#[path = "set_aside_tests.rs"]
mod tests;
