//! Changes that wait: for what they depend on, or for an app that understands them.

use crate::applied::Applied;
use crate::apply::Applier;
use crate::{StoreError, Tx, columns};
use holdfast_model::change::Change;
use holdfast_model::{Dep, HybridClock};
#[cfg(feature = "planted")]
use holdfast_oplog::planted;
use holdfast_oplog::{ActorId, ChangeId, Hash, LogId, Space, decode, encode, limits};
use rusqlite::OptionalExtension;

/// The dependency that a change waits for is this program's own record; the bound only catches damage.
const DEP: usize = 1024;

/// Body, hash, signature, exchange.
type WaitingRow = (Vec<u8>, Vec<u8>, Option<Vec<u8>>, Option<i64>);

/// A change that waited and can be applied now.
struct Ready {
    seq: u64,
    change: Change,
    body: Vec<u8>,
    hash: Hash,
    signature: Option<Vec<u8>>,
    exchange: Option<i64>,
}

/// What of a log comes next.
enum Together {
    /// Nothing waits.
    Nothing,
    /// Something is missing of what comes next.
    Waits,
    /// These, all of them or none.
    Ready(Vec<Ready>),
}

enum Drained {
    Empty,
    Stuck { moved: bool },
}

impl Tx<'_> {
    /// Applies every waiting change whose dependencies are there, in causal order.
    pub fn apply_ready(&self, wall_ms: i64) -> Result<Applied, StoreError> {
        #[cfg(feature = "planted")]
        self.expire_tombstones(wall_ms)?;
        self.rebuild_if_mended()?;
        self.with_writers(|| self.apply_waiting(wall_ms))
    }

    fn apply_waiting(&self, wall_ms: i64) -> Result<Applied, StoreError> {
        let mut applier = Applier::new(self)?;
        let mut clock = self.clock()?;
        let mut logs: Vec<LogId> = self.waiting_logs()?;
        let mut progress = true;
        while progress && !logs.is_empty() {
            progress = false;
            let mut open = Vec::new();
            for log in logs {
                match self.drain(log, &mut applier, &mut clock, wall_ms)? {
                    Drained::Stuck { moved } => {
                        progress |= moved;
                        open.push(log);
                    }
                    Drained::Empty => progress = true,
                }
            }
            logs = open;
        }
        self.keep_clock(clock)?;
        applier.finish()
    }

    pub(crate) fn waiting_logs(&self) -> Result<Vec<LogId>, StoreError> {
        let mut statement = self
            .sql
            .prepare_cached("SELECT DISTINCT space, actor FROM waiting ORDER BY space, actor")?;
        let rows = statement
            .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?)))?;
        rows.map(|row| {
            let (space, actor) = row?;
            Ok(LogId { space: columns::space(&space)?, actor: columns::actor(&actor)? })
        })
        .collect()
    }

    /// What of a log waits and comes next; nothing where this build does not understand it.
    pub(crate) fn first_waiting(
        &self,
        log: LogId,
        author: ActorId,
    ) -> Result<Option<Change>, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT seq, body FROM waiting WHERE space = ?1 AND actor = ?2 ORDER BY seq LIMIT 1",
        )?;
        let mut rows = statement.query((log.space.as_str(), log.actor.0))?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let seq = columns::seq(row.get(0)?)?;
        let place = ChangeId { space: log.space, actor: author, seq };
        Ok(Change::decode(&row.get::<_, Vec<u8>>(1)?, place).ok())
    }

    /// Applies the ready part of one log.
    fn drain(
        &self,
        log: LogId,
        applier: &mut Applier<'_, '_>,
        clock: &mut HybridClock,
        wall_ms: i64,
    ) -> Result<Drained, StoreError> {
        let mut applied = self.head(log)?.applied;
        let mut moved = false;
        if let Some(branch) = self.branch(log)?
            && applied.saturating_add(1) == branch.first
            && self.head(LogId { actor: branch.parent, ..log })?.applied < applied
        {
            // What the branches have in common goes first.
            return Ok(if self.waits(log)? { Drained::Stuck { moved } } else { Drained::Empty });
        }
        loop {
            let next = match self.together(log, applied)? {
                Together::Nothing => return Ok(Drained::Empty),
                Together::Waits => return Ok(Drained::Stuck { moved }),
                Together::Ready(next) => next,
            };
            for Ready { seq, change, body, hash, signature, exchange } in next {
                clock.observe(change.time, wall_ms);
                applier.take_in(change, log, &body, hash, signature.as_deref(), exchange)?;
                self.sql
                    .prepare_cached(
                        "DELETE FROM waiting WHERE space = ?1 AND actor = ?2 AND seq = ?3",
                    )?
                    .execute((log.space.as_str(), log.actor.0, columns::number(seq)))?;
                self.set_applied(log, seq)?;
                applied = seq;
                moved = true;
            }
        }
    }

    /// The changes of a log after `applied` that take effect together: one, or those of one long text.
    fn together(&self, log: LogId, applied: u64) -> Result<Together, StoreError> {
        if self.is_known_to_wait(log, applied)? {
            return Ok(Together::Waits);
        }
        let mut next: Vec<Ready> = Vec::new();
        let mut seq = applied;
        loop {
            seq = seq.saturating_add(1);
            let row: Option<WaitingRow> = self
                .sql
                .prepare_cached(
                    "SELECT body, hash, signature, exchange FROM waiting
                     WHERE space = ?1 AND actor = ?2 AND seq = ?3",
                )?
                .query_row((log.space.as_str(), log.actor.0, columns::number(seq)), |r| {
                    Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?))
                })
                .optional()?;
            let Some((body, hash, signature, exchange)) = row else {
                self.note_goes_on(log, &next)?;
                let waits = !next.is_empty() || self.waits(log)?;
                return Ok(if waits { Together::Waits } else { Together::Nothing });
            };
            let place = ChangeId { space: log.space, actor: log.actor, seq };
            let author = self.author_of(log)?.actor;
            let change = match Change::decode(&body, ChangeId { actor: author, ..place }) {
                Ok(change) if !change.is_too_new() => {
                    if let Some(missing) = self.missing_dep(log.space, &change)? {
                        self.note_goes_on(log, &next)?;
                        self.note_waits_for(place, missing)?;
                        return Ok(Together::Waits);
                    }
                    change
                }
                // Too new, or in a form that only a newer app may read: kept and passed on.
                _ => {
                    self.park(place)?;
                    return Ok(Together::Waits);
                }
            };
            let goes_on = change.more && next.len().saturating_add(1) < limits::TOGETHER;
            let hash = columns::hash(&hash)?;
            next.push(Ready { seq, change, body, hash, signature, exchange });
            if !goes_on {
                return Ok(Together::Ready(next));
            }
        }
    }

    /// Whether it was noted before that what comes next in a log cannot be applied yet, and is so still: the
    /// changes themselves, which may be large and many, are not read for that.
    fn is_known_to_wait(&self, log: LogId, applied: u64) -> Result<bool, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT seq, goes_on, waits_for FROM waiting
             WHERE space = ?1 AND actor = ?2 AND seq > ?3 ORDER BY seq LIMIT ?4",
        )?;
        let most = limits::TOGETHER as u64;
        let mut rows = statement.query((
            log.space.as_str(),
            log.actor.0,
            columns::number(applied),
            columns::number(most),
        ))?;
        let mut read = 0_u64;
        while let Some(row) = rows.next()? {
            read = read.saturating_add(1);
            if columns::seq(row.get(0)?)? != applied.saturating_add(read) {
                // What lies between is missing.
                return Ok(read > 1);
            }
            if let Some(dep) = row.get::<_, Option<Vec<u8>>>(2)? {
                let dep: Dep = decode(&dep, DEP, "what a change waits for")
                    .map_err(|error| StoreError::Damaged(error.to_string()))?;
                let replaced = dep.hash.is_none()
                    && self.is_applied(LogId { actor: dep.actor, ..log }, dep.seq)?;
                if !replaced && self.applied_dep(log.space, dep)?.is_none() {
                    return Ok(true);
                }
            }
            if row.get::<_, Option<bool>>(1)? != Some(true) {
                return Ok(false);
            }
        }
        Ok(read > 0 && read < most)
    }

    /// Notes of changes that their group is not complete with them.
    fn note_goes_on(&self, log: LogId, changes: &[Ready]) -> Result<(), StoreError> {
        for Ready { seq, .. } in changes {
            self.sql
                .prepare_cached(
                    "UPDATE waiting SET goes_on = 1 WHERE space = ?1 AND actor = ?2 AND seq = ?3",
                )?
                .execute((log.space.as_str(), log.actor.0, columns::number(*seq)))?;
        }
        Ok(())
    }

    fn note_waits_for(&self, place: ChangeId, dep: Dep) -> Result<(), StoreError> {
        self.sql
            .prepare_cached(
                "UPDATE waiting SET waits_for = ?4 WHERE space = ?1 AND actor = ?2 AND seq = ?3",
            )?
            .execute((
                place.space.as_str(),
                place.actor.0,
                columns::number(place.seq),
                encode(&dep)?,
            ))?;
        Ok(())
    }

    fn waits(&self, log: LogId) -> Result<bool, StoreError> {
        Ok(self
            .sql
            .prepare_cached("SELECT 1 FROM waiting WHERE space = ?1 AND actor = ?2")?
            .exists((log.space.as_str(), log.actor.0))?)
    }

    fn park(&self, place: ChangeId) -> Result<(), StoreError> {
        self.sql
            .prepare_cached(
                "UPDATE waiting SET parked = 1 WHERE space = ?1 AND actor = ?2 AND seq = ?3",
            )?
            .execute((place.space.as_str(), place.actor.0, columns::number(place.seq)))?;
        Ok(())
    }

    pub(crate) fn has_all(&self, change: &Change) -> Result<bool, StoreError> {
        Ok(self.missing_dep(change.space, change)?.is_none())
    }

    /// The first of what must be applied before a change that is not applied here.
    fn missing_dep(&self, space: Space, change: &Change) -> Result<Option<Dep>, StoreError> {
        #[cfg(feature = "planted")]
        if planted::is(planted::Bug::ApplyBeforeDeps) {
            return Ok(None);
        }
        for dep in &change.deps {
            if self.applied_dep(space, *dep)?.is_none() {
                return Ok(Some(*dep));
            }
        }
        for (actor, seq) in change.replaces() {
            if !self.is_applied(LogId { space, actor }, seq)? {
                return Ok(Some(Dep { actor, seq, hash: None }));
            }
        }
        Ok(None)
    }

    /// Whether a change of a number is applied here, under any name where its log parts.
    fn is_applied(&self, log: LogId, seq: u64) -> Result<bool, StoreError> {
        if self.head(log)?.applied >= seq {
            return Ok(true);
        }
        if !self.parts(log)? {
            return Ok(false);
        }
        for branch in self.branches()? {
            let leads = branch.log.space == log.space && branch.first <= seq;
            let of_it = || self.ancestry(branch.log);
            if leads
                && self.head(branch.log)?.applied >= seq
                && of_it()?.iter().any(|passed| passed.parent == log.actor)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    #[cfg(feature = "planted")]
    fn expire_tombstones(&self, wall_ms: i64) -> Result<(), StoreError> {
        const THIRTY_DAYS: i64 = 30 * 24 * 3_600_000;
        if planted::is(planted::Bug::TombstonesExpire) {
            self.sql
                .prepare_cached("DELETE FROM entities WHERE life = 'purged' AND edited_ms < ?1")?
                .execute([wall_ms.saturating_sub(THIRTY_DAYS)])?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "waiting_tests.rs"]
mod tests;
