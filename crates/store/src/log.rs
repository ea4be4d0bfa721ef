use crate::apply::{Applied, Applier};
use crate::{StoreError, Tx, columns};
use holdfast_model::change::{Change, Edit, FORMAT, Op, SCHEMA};
use holdfast_model::text::TextDoc;
use holdfast_model::{Dot, EntityId, Hlc, HybridClock};
#[cfg(feature = "planted")]
use holdfast_oplog::planted;
use holdfast_oplog::{
    ActorId, ChangeId, Hash, LogId, Range, Space, VersionVector, chain_hash, decode, encode, limits,
};
use rusqlite::OptionalExtension;

/// Who writes on this device.
#[derive(Clone, Copy)]
pub struct Author<'a> {
    /// The device's current writing identity.
    pub actor: ActorId,
    /// Signs a change by its place and hash.
    pub sign: &'a dyn Fn(ChangeId, Hash) -> [u8; 64],
    /// This device's clock, in milliseconds since 1970.
    pub wall_ms: i64,
}

/// An action of the person on this device, about to become a change.
#[derive(Debug, Default)]
pub struct LocalChange {
    /// Where its items live.
    pub space: Space,
    /// What the person did, as a short code.
    pub action: String,
    /// Shared by the changes of one action that did not fit into one.
    pub group: Option<u64>,
    /// The change that this one undoes or does again.
    pub reverts: Option<Dot>,
    /// What it does.
    pub edits: Vec<Edit>,
    /// Texts that contain the edits already, so that they need not be loaded again.
    pub texts: Vec<(EntityId, TextDoc)>,
}

/// Consecutive changes of one log with the signature on the last.
#[derive(Debug, Clone)]
pub struct Run {
    /// The log.
    pub log: LogId,
    /// Number of the first change.
    pub first: u64,
    /// Hash of the change before it.
    pub prev_hash: Hash,
    /// Encoded changes.
    pub changes: Vec<Vec<u8>>,
    /// Hash of the last change.
    pub last_hash: Hash,
    /// Signature on the last change.
    pub signature: [u8; 64],
}

impl Run {
    /// Number of the last change.
    pub fn last(&self) -> u64 {
        self.first + (self.changes.len() as u64).saturating_sub(1)
    }
}

/// What became of a received run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// So many were new.
    New(u64),
    /// Everything was known.
    Known,
    /// The run starts after what is held: an earlier part is missing, from this number on.
    Gap {
        /// The first number that is missing.
        missing: u64,
    },
}

pub(crate) struct Head {
    pub(crate) held: u64,
    pub(crate) held_hash: Hash,
    pub(crate) applied: u64,
}

impl Tx<'_> {
    pub(crate) fn head(&self, log: LogId) -> Result<Head, StoreError> {
        let row: Option<(i64, Vec<u8>, i64)> = self
            .sql
            .prepare_cached(
                "SELECT held, held_hash, applied FROM logs WHERE space = ?1 AND actor = ?2",
            )?
            .query_row((log.space.as_str(), log.actor.0), |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))
            .optional()?;
        row.map_or(
            Ok(Head { held: 0, held_hash: Hash::ZERO, applied: 0 }),
            |(held, hash, applied)| {
                Ok(Head {
                    held: columns::seq(held)?,
                    held_hash: columns::hash(&hash)?,
                    applied: columns::seq(applied)?,
                })
            },
        )
    }

    pub(crate) fn set_held(&self, log: LogId, held: u64, hash: Hash) -> Result<(), StoreError> {
        self.sql
            .prepare_cached(
                "INSERT INTO logs (space, actor, held, held_hash, applied, dep)
                 VALUES (?1, ?2, ?3, ?4, 0, 0)
                 ON CONFLICT (space, actor) DO UPDATE SET held = excluded.held, held_hash = excluded.held_hash",
            )?
            .execute((log.space.as_str(), log.actor.0, columns::number(held), hash.0))?;
        Ok(())
    }

    pub(crate) fn set_applied(&self, log: LogId, applied: u64) -> Result<(), StoreError> {
        self.sql
            .prepare_cached("UPDATE logs SET applied = ?3 WHERE space = ?1 AND actor = ?2")?
            .execute((log.space.as_str(), log.actor.0, columns::number(applied)))?;
        Ok(())
    }

    /// The hybrid clock as it stands in the database.
    fn clock(&self) -> Result<HybridClock, StoreError> {
        let last: Option<Hlc> = self
            .meta("clock")?
            .map(|bytes| decode(&bytes, 64, "clock"))
            .transpose()
            .map_err(|error| StoreError::Damaged(error.to_string()))?;
        Ok(HybridClock::after(last.unwrap_or_default()))
    }

    pub(crate) fn keep_clock(&self, clock: HybridClock) -> Result<(), StoreError> {
        self.set_meta("clock", &encode(&clock.last())?)
    }

    /// Makes the person's action a change, appends it to this device's log and applies it.
    pub fn append(&self, author: Author<'_>, action: LocalChange) -> Result<Applied, StoreError> {
        let log = LogId { space: action.space, actor: author.actor };
        let head = self.head(log)?;
        let mut clock = self.clock()?;
        let change = Change {
            format: FORMAT,
            space: action.space,
            actor: author.actor,
            seq: head.held + 1,
            deps: self.new_deps(log)?,
            time: clock.tick(author.wall_ms),
            schema: SCHEMA,
            action: action.action,
            group: action.group,
            reverts: action.reverts,
            ops: action.edits.into_iter().map(|edit| Op::Edit(Box::new(edit))).collect(),
        };
        self.keep_clock(clock)?;
        let body = change.encode()?;
        let hash = chain_hash(head.held_hash, &body);
        let signature = (author.sign)(change.id(), hash);
        self.set_held(log, change.seq, hash)?;
        let mut applier = Applier::new(self)?;
        for (entity, text) in action.texts {
            applier.bring_text(entity, text);
        }
        applier.apply(&change, &body, hash, Some(&signature), None)?;
        self.set_applied(log, change.seq)?;
        applier.finish()
    }

    /// What this device's next change in the space depends on beyond its previous one.
    fn new_deps(&self, own: LogId) -> Result<Vec<Dot>, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT actor, applied FROM logs
             WHERE space = ?1 AND actor <> ?2 AND applied > dep ORDER BY actor",
        )?;
        let rows = statement.query_map((own.space.as_str(), own.actor.0), |row| {
            Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, i64>(1)?))
        })?;
        let mut deps = Vec::new();
        for row in rows {
            let (actor, seq) = row?;
            deps.push(Dot { actor: columns::actor(&actor)?, seq: columns::seq(seq)? });
        }
        if !deps.is_empty() {
            self.sql
                .prepare_cached("UPDATE logs SET dep = applied WHERE space = ?1 AND actor <> ?2")?
                .execute((own.space.as_str(), own.actor.0))?;
        }
        Ok(deps)
    }

    /// Takes in a verified run of another device. Nothing is applied yet: see [`Tx::apply_ready`].
    pub fn receive(&self, run: &Run, exchange: Option<i64>) -> Result<Received, StoreError> {
        let mended = self.mend(run)?;
        let head = self.head(run.log)?;
        if run.first > head.held + 1 {
            return Ok(Received::Gap { missing: head.held + 1 });
        }
        let mut hash = run.prev_hash;
        if run.first == head.held + 1 && hash != head.held_hash {
            return Err(forked(run.log, run.first.saturating_sub(1)));
        }
        let mut new = 0;
        for (seq, body) in (run.first..).zip(&run.changes) {
            hash = chain_hash(hash, body);
            if seq <= head.held {
                if self.hash_of(run.log, seq)?.is_some_and(|known| known != hash) {
                    return Err(forked(run.log, seq));
                }
            } else {
                let signature = (seq == run.last()).then_some(run.signature);
                self.sql
                    .prepare_cached(
                        "INSERT INTO waiting (space, actor, seq, hash, signature, exchange, parked, body)
                         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7)",
                    )?
                    .execute((
                        run.log.space.as_str(),
                        run.log.actor.0,
                        columns::number(seq),
                        hash.0,
                        signature,
                        exchange,
                        body,
                    ))?;
                new += 1;
            }
        }
        if new > 0 {
            self.set_held(run.log, run.last(), hash)?;
            // It was approved where it comes from.
            self.approve(run.log, run.last())?;
        }
        Ok(match new + mended {
            0 => Received::Known,
            new => Received::New(new),
        })
    }

    pub(crate) fn hash_of(&self, log: LogId, seq: u64) -> Result<Option<Hash>, StoreError> {
        let bytes: Option<Vec<u8>> = self
            .sql
            .prepare_cached(
                "SELECT hash FROM changes WHERE space = ?1 AND actor = ?2 AND seq = ?3
                 UNION ALL SELECT hash FROM waiting WHERE space = ?1 AND actor = ?2 AND seq = ?3
                 UNION ALL SELECT hash FROM base_logs WHERE space = ?1 AND actor = ?2 AND seq = ?3",
            )?
            .query_row((log.space.as_str(), log.actor.0, columns::number(seq)), |row| row.get(0))
            .optional()?;
        bytes.map(|bytes| columns::hash(&bytes)).transpose()
    }

    /// Applies every waiting change whose dependencies are there, in causal order.
    pub fn apply_ready(&self, wall_ms: i64) -> Result<Applied, StoreError> {
        #[cfg(feature = "planted")]
        self.expire_tombstones(wall_ms)?;
        self.rebuild_if_mended()?;
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

    fn waiting_logs(&self) -> Result<Vec<LogId>, StoreError> {
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
        loop {
            let row: Option<WaitingRow> = self
                .sql
                .prepare_cached(
                    "SELECT body, hash, signature, exchange FROM waiting
                     WHERE space = ?1 AND actor = ?2 AND seq = ?3",
                )?
                .query_row((log.space.as_str(), log.actor.0, columns::number(applied + 1)), |r| {
                    Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?))
                })
                .optional()?;
            let Some((body, hash, signature, exchange)) = row else {
                return Ok(if self.waits(log)? {
                    Drained::Stuck { moved }
                } else {
                    Drained::Empty
                });
            };
            let place = ChangeId { space: log.space, actor: log.actor, seq: applied + 1 };
            let change = match Change::decode(&body, place) {
                Ok(change) if !change.is_too_new() && self.has_all(log.space, &change.deps)? => {
                    change
                }
                Ok(change) if !change.is_too_new() => return Ok(Drained::Stuck { moved }),
                // Too new, or in a form that only a newer app may read: kept and passed on.
                _ => {
                    self.park(place)?;
                    return Ok(Drained::Stuck { moved });
                }
            };
            clock.observe(change.time, wall_ms);
            applier.apply(&change, &body, columns::hash(&hash)?, signature.as_deref(), exchange)?;
            self.sql
                .prepare_cached("DELETE FROM waiting WHERE space = ?1 AND actor = ?2 AND seq = ?3")?
                .execute((log.space.as_str(), log.actor.0, columns::number(place.seq)))?;
            self.set_applied(log, place.seq)?;
            applied = place.seq;
            moved = true;
        }
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

    fn has_all(&self, space: Space, deps: &[Dot]) -> Result<bool, StoreError> {
        #[cfg(feature = "planted")]
        if planted::is(planted::Bug::ApplyBeforeDeps) {
            return Ok(true);
        }
        for dep in deps {
            if self.head(LogId { space, actor: dep.actor })?.applied < dep.seq {
                return Ok(false);
            }
        }
        Ok(true)
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

    /// Writes down what is held, apart from the changes themselves; returns what it was.
    #[cfg(feature = "planted")]
    pub fn planted_held(
        &self,
        log: LogId,
        held: u64,
        hash: Hash,
    ) -> Result<(u64, Hash), StoreError> {
        let before = self.head(log)?;
        self.set_held(log, held, hash)?;
        Ok((before.held, before.held_hash))
    }

    /// What is held, whether applied already or not: what others need not send.
    pub fn held(&self) -> Result<VersionVector, StoreError> {
        let mut statement = self.sql.prepare_cached("SELECT space, actor, held FROM logs")?;
        let rows = statement.query_map([], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, i64>(2)?))
        })?;
        let mut held = VersionVector::new();
        for row in rows {
            let (space, actor, seq) = row?;
            let log = LogId { space: columns::space(&space)?, actor: columns::actor(&actor)? };
            held.advance(log, columns::seq(seq)?);
        }
        Ok(held)
    }

    /// The first part of a range that fits into one batch, cut at a change that carries a signature.
    /// `None` when nothing of the range is held; [`StoreError::Pruned`] when its begin is in the base.
    pub fn run(&self, range: Range) -> Result<Option<Run>, StoreError> {
        let pruned = self.base_head(range.log)?.map_or(0, |head| head.seq);
        if range.first <= pruned {
            return Err(StoreError::Pruned { actor: range.log.actor.to_string(), seq: pruned });
        }
        let prev_hash = if range.first <= 1 {
            Hash::ZERO
        } else {
            self.hash_of(range.log, range.first - 1)?
                .ok_or_else(|| StoreError::Damaged("a change is missing from a log".into()))?
        };
        let mut statement = self.sql.prepare_cached(
            "SELECT seq, hash, signature, body FROM changes
             WHERE space = ?1 AND actor = ?2 AND seq BETWEEN ?3 AND ?4
             UNION ALL
             SELECT seq, hash, signature, body FROM waiting
             WHERE space = ?1 AND actor = ?2 AND seq BETWEEN ?3 AND ?4
             ORDER BY seq",
        )?;
        let mut rows = statement.query((
            range.log.space.as_str(),
            range.log.actor.0,
            columns::number(range.first),
            columns::number(range.last),
        ))?;
        let mut changes: Vec<Vec<u8>> = Vec::new();
        let mut size = 0;
        let mut signed: Option<(usize, Hash, [u8; 64])> = None;
        while let Some(row) = rows.next()? {
            let body: Vec<u8> = row.get(3)?;
            size += body.len() + 8;
            // A received run is never larger than a batch, so a cut is found before this is exceeded.
            let full = changes.len() >= limits::BATCH_CHANGES || size > BATCH_TARGET;
            if full && signed.is_some() {
                break;
            }
            changes.push(body);
            let signature: Option<Vec<u8>> = row.get(2)?;
            if let Some(signature) = signature {
                let signature = signature
                    .try_into()
                    .map_err(|_| StoreError::Damaged("a signature has a wrong length".into()))?;
                signed =
                    Some((changes.len(), columns::hash(&row.get::<_, Vec<u8>>(1)?)?, signature));
            }
        }
        Ok(signed.map(|(count, last_hash, signature)| {
            changes.truncate(count);
            Run { log: range.log, first: range.first, prev_hash, changes, last_hash, signature }
        }))
    }

    /// Changes that this build cannot apply yet, by actor: made by a newer app (`true`), or waiting for
    /// changes of other devices.
    pub fn unapplied(&self) -> Result<Vec<(ActorId, bool, u64)>, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT actor, max(parked), count(*) FROM waiting GROUP BY actor ORDER BY actor",
        )?;
        let rows = statement.query_map([], |row| {
            Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
        })?;
        rows.map(|row| {
            let (actor, parked, count) = row?;
            Ok((columns::actor(&actor)?, parked != 0, columns::seq(count)?))
        })
        .collect()
    }
}

/// Bytes of changes from which on a batch is closed; well under the sealed bound, since text that
/// does not compress must fit too.
const BATCH_TARGET: usize = 512 * 1024;

/// Body, hash, signature, exchange.
type WaitingRow = (Vec<u8>, Vec<u8>, Option<Vec<u8>>, Option<i64>);

enum Drained {
    Empty,
    Stuck { moved: bool },
}

pub(crate) fn forked(log: LogId, seq: u64) -> StoreError {
    StoreError::Forked { actor: log.actor.to_string(), seq }
}
