use crate::applied::Applied;
use crate::apply::Applier;
use crate::runs::Run;
use crate::{StoreError, Tx, columns};
use holdfast_model::change::{Change, Edit, FORMAT, Op, schema_of};
use holdfast_model::text::TextDoc;
use holdfast_model::{Dep, Dot, EntityId, Hlc, HybridClock, ShortHash};
use holdfast_oplog::{
    ActorId, ChangeId, Hash, LogId, Space, VersionVector, chain_hash, decode, encode,
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
    /// Whether the next one goes on with the same text.
    pub more: bool,
    /// The change that this one undoes or does again.
    pub reverts: Option<Dot>,
    /// What it does.
    pub edits: Vec<Edit>,
    /// Texts that contain the edits already, so that they need not be loaded again.
    pub texts: Vec<(EntityId, TextDoc)>,
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
    /// The run goes on a branch of the log whose beginning is missing: from this number on at the
    /// latest.
    Branch {
        /// The number from which on the log is needed again.
        missing: u64,
    },
    /// The run goes on a branch that leaves the log before what was pruned here: nothing of it is
    /// taken in.
    PartsInBase {
        /// The last number that was pruned.
        seq: u64,
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
    pub(crate) fn clock(&self) -> Result<HybridClock, StoreError> {
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
        self.append_all(author, vec![action])
    }

    /// [`Tx::append`] of an action that does not fit into one change. What it touches is worked out and
    /// written once, however many changes it takes.
    pub fn append_all(
        &self,
        author: Author<'_>,
        action: Vec<LocalChange>,
    ) -> Result<Applied, StoreError> {
        self.with_writers(|| {
            let mut applier = Applier::new(self)?;
            for part in action {
                self.append_part(author, part, &mut applier)?;
            }
            applier.finish()
        })
    }

    fn append_part(
        &self,
        author: Author<'_>,
        action: LocalChange,
        applier: &mut Applier<'_, '_>,
    ) -> Result<(), StoreError> {
        let log = LogId { space: action.space, actor: author.actor };
        let head = self.head(log)?;
        if self.must_renew(author.actor)? {
            return Err(forked(log, head.held + 1));
        }
        let mut clock = self.clock()?;
        let change = Change {
            format: FORMAT,
            space: action.space,
            actor: author.actor,
            seq: head.held + 1,
            deps: self.new_deps(log, head.held == 0)?,
            time: clock.tick(author.wall_ms),
            schema: schema_of(&action.edits),
            action: action.action,
            group: action.group,
            more: action.more,
            reverts: action.reverts,
            ops: action.edits.into_iter().map(|edit| Op::Edit(Box::new(edit))).collect(),
        };
        self.keep_clock(clock)?;
        let body = change.encode()?;
        let hash = chain_hash(head.held_hash, &body);
        let signature = (author.sign)(change.id(), hash);
        self.set_held(log, change.seq, hash)?;
        for (entity, text) in action.texts {
            applier.bring_text(entity, text);
        }
        applier.apply(&change, &body, hash, Some(&signature), None)?;
        self.set_applied(log, change.seq)
    }

    /// What this device's next change in the space depends on beyond its previous one. The first one
    /// of an actor names everything.
    fn new_deps(&self, own: LogId, first: bool) -> Result<Vec<Dep>, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT l.actor, l.applied, c.hash, l.held, l.held_hash FROM logs l
             LEFT JOIN changes c ON c.space = l.space AND c.actor = l.actor AND c.seq = l.applied
             LEFT JOIN branches b ON b.space = l.space AND b.name = l.actor
             WHERE l.space = ?1 AND l.actor <> ?2 AND l.applied >= coalesce(b.first, 1)
                AND (?3 OR l.applied > l.dep) ORDER BY l.actor",
        )?;
        let mut rows = statement.query((own.space.as_str(), own.actor.0, first))?;
        let mut deps = Vec::new();
        while let Some(row) = rows.next()? {
            let actor = columns::actor(&row.get::<_, Vec<u8>>(0)?)?;
            let seq = columns::seq(row.get(1)?)?;
            let mut hash: Option<Vec<u8>> = row.get(2)?;
            if hash.is_none() && columns::seq(row.get(3)?)? == seq {
                hash = Some(row.get(4)?);
            }
            let hash = hash.map(|hash| columns::hash(&hash)).transpose()?.map(ShortHash::of);
            deps.push(Dep { actor, seq, hash });
        }
        drop(rows);
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
        if let Some(head) = self.base_head(run.log)?
            && run.first <= head.seq
        {
            // What came before the base can only be told by whether it leads there.
            let inside = (run.first..=head.seq).zip(&run.changes);
            let hash = inside.fold(run.prev_hash, |hash, (_, body)| chain_hash(hash, body));
            if run.last() >= head.seq && hash != head.hash {
                return Ok(Received::PartsInBase { seq: head.seq });
            }
            let known = usize::try_from(head.seq - run.first + 1).unwrap_or(usize::MAX);
            if known >= run.changes.len() {
                return Ok(if mended > 0 { Received::New(mended) } else { Received::Known });
            }
            let rest = Run {
                first: head.seq + 1,
                prev_hash: head.hash,
                changes: run.changes.get(known..).unwrap_or_default().to_vec(),
                ..run.clone()
            };
            return self.receive_after_base(&rest, exchange, mended);
        }
        self.receive_after_base(run, exchange, mended)
    }

    /// Takes in a run that begins after what was pruned of its log.
    fn receive_after_base(
        &self,
        run: &Run,
        exchange: Option<i64>,
        mended: u64,
    ) -> Result<Received, StoreError> {
        let mut hash = run.prev_hash;
        let Some(mut at) = self.holder(run.log, run.first.saturating_sub(1), hash)? else {
            let held = self.head(run.log)?.held;
            let parts = self.parts(run.log)?;
            let pruned = self.base_head(run.log)?.map_or(0, |head| head.seq);
            return Ok(if pruned > 0 && run.first == pruned + 1 {
                Received::PartsInBase { seq: pruned }
            } else if run.first > held + 1 && !parts {
                Received::Gap { missing: held + 1 }
            } else if parts {
                Received::Branch { missing: held + 1 }
            } else {
                // It parts somewhere before, and only the sender knows where.
                Received::Branch { missing: pruned + 1 }
            });
        };
        let mut head = self.head(at)?;
        if run.first > head.held + 1 {
            // It goes on after a hole.
            return Ok(Received::Gap { missing: head.held + 1 });
        }
        let mut parts = self.parts(at)?;
        let mut new = 0;
        for (seq, body) in (run.first..).zip(&run.changes) {
            hash = chain_hash(hash, body);
            if let Some(next) = self.next_of(at, &head, run.log.actor, seq, hash)? {
                if next != at {
                    (at, head, parts) = (next, self.head(next)?, self.parts(next)?);
                }
                continue;
            }
            if parts || head.held >= seq {
                at = self.begin_branch(at, run.log.actor, seq, hash)?;
                parts = false;
            }
            let signature = (seq == run.last()).then_some(run.signature);
            self.sql
                .prepare_cached(
                    "INSERT INTO waiting (space, actor, seq, hash, signature, exchange, parked, body)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7)",
                )?
                .execute((
                    at.space.as_str(),
                    at.actor.0,
                    columns::number(seq),
                    hash.0,
                    signature,
                    exchange,
                    body,
                ))?;
            (head.held, head.held_hash) = (seq, hash);
            new += 1;
        }
        if new == 0 {
            return Ok(if mended > 0 { Received::New(mended) } else { Received::Known });
        }
        self.set_held(at, head.held, head.held_hash)?;
        // It was approved where it comes from.
        let after = self.branch_of(at)?.map_or(0, |of| of.after);
        self.approve(at, head.held.saturating_sub(after))?;
        self.came_from_elsewhere(run.log.actor)?;
        Ok(Received::New(new + mended))
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
        let mut statement = self.sql.prepare_cached(
            "SELECT l.space, l.actor, l.held - coalesce(b.first, 1) + 1 FROM logs l
             LEFT JOIN branches b ON b.space = l.space AND b.name = l.actor",
        )?;
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

    /// Changes that this build cannot apply yet, by actor: made by a newer app (`true`), or waiting for
    /// changes of other devices.
    pub fn unapplied(&self) -> Result<Vec<(ActorId, bool, u64)>, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT coalesce(b.actor, w.actor) AS author, max(w.parked), count(*) FROM waiting w
             LEFT JOIN branches b ON b.space = w.space AND b.name = w.actor
             GROUP BY author ORDER BY author",
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

pub(crate) fn forked(log: LogId, seq: u64) -> StoreError {
    StoreError::Forked { actor: log.actor.to_string(), seq }
}
