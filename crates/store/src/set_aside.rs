//! What a device wrote after it was removed. It is kept and counted, never applied or passed on, unless it
//! turns out that a member had taken it in before it heard of the removal.

use crate::runs::Run;
use crate::{StoreError, Tx, columns};
use holdfast_oplog::{ActorId, chain_hash};

impl Tx<'_> {
    /// Keeps the changes of a run from its place `from` on without taking them in. How many were not
    /// kept before.
    pub fn set_aside(&self, run: &Run, from: u64) -> Result<u64, StoreError> {
        let mut hash = run.prev_hash;
        let mut new = 0;
        for (place, (seq, body)) in (0..).zip((run.first..).zip(&run.changes)) {
            hash = chain_hash(hash, body);
            if place < from {
                continue;
            }
            let added = self.sql.execute(
                "INSERT INTO set_aside (space, actor, seq, hash, body) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT DO NOTHING",
                (run.log.space.as_str(), run.log.actor.0, columns::number(seq), hash.0, body),
            )?;
            new += added as u64;
        }
        Ok(new)
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
        Ok(())
    }

    /// How many changes of each actor were set aside.
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
}
