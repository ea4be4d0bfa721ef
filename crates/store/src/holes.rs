//! Holes: changes that were damaged on the disk and taken out of their log. Everything after a hole
//! stays applied, so nothing that is whole disappears; but the log counts as held only up to the first
//! hole, so that the next exchange or full bundle brings the missing changes again. They are put back
//! at their old places, byte for byte, and the views are then made anew.

use crate::log::forked;
use crate::{Run, StoreError, Tx, columns};
use holdfast_model::change::Change;
use holdfast_oplog::{ChangeId, Hash, LogId, chain_hash, decode, encode};
use serde::{Deserialize, Serialize};

/// Under which the holes are kept.
const HOLES: &str = "holes";
/// Set when a hole was filled and the views were not made anew yet.
const MENDED: &str = "mended";
/// The list is this program's own; the bound only catches damage.
const LIMIT: usize = 16 * 1024 * 1024;

/// A change that was damaged and taken out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hole {
    /// Its log.
    pub log: LogId,
    /// Its number.
    pub seq: u64,
    /// Where it stands in the order in which changes were applied here.
    pub(crate) position: i64,
    /// Its hash, where that was whole.
    pub(crate) hash: Option<Hash>,
    /// The exchange that brought it.
    pub(crate) exchange: Option<i64>,
}

/// How a log is noted.
pub(crate) struct LogHead {
    pub(crate) held: u64,
    pub(crate) held_hash: Hash,
    pub(crate) applied: u64,
    pub(crate) dep: u64,
}

impl Tx<'_> {
    /// The changes that are missing because they were damaged, log by log in order.
    pub fn holes(&self) -> Result<Vec<Hole>, StoreError> {
        match self.meta(HOLES)? {
            Some(bytes) => decode(&bytes, LIMIT, "the list of missing changes")
                .map_err(|error| StoreError::Damaged(error.to_string())),
            None => Ok(Vec::new()),
        }
    }

    pub(crate) fn set_holes(&self, holes: &[Hole]) -> Result<(), StoreError> {
        self.set_meta(HOLES, &encode(&holes)?)
    }

    /// Fills the holes that a verified run has the changes for. How many.
    pub(crate) fn mend(&self, run: &Run) -> Result<u64, StoreError> {
        let mut holes = self.holes()?;
        if holes.is_empty() {
            return Ok(0);
        }
        let mut names = vec![run.log];
        for branch in self.branches()? {
            if branch.log.space == run.log.space && branch.actor == run.log.actor {
                names.push(branch.log);
            }
        }
        if holes.iter().all(|hole| !names.contains(&hole.log)) {
            return Ok(0);
        }
        let mut mended = 0;
        let mut hash = run.prev_hash;
        for (seq, body) in (run.first..).zip(&run.changes) {
            let previous = hash;
            hash = chain_hash(hash, body);
            let Some(index) =
                holes.iter().position(|hole| names.contains(&hole.log) && hole.seq == seq)
            else {
                continue;
            };
            let Some(log) = holes.get(index).map(|hole| hole.log) else { continue };
            let before = if seq <= 1 { Some(Hash::ZERO) } else { self.hash_before(log, seq - 1)? };
            // Where the neighbour is missing too, the one after it or the hash tell.
            let fits = before.is_none_or(|before| before == previous)
                && holes.get(index).is_some_and(|h| h.hash.is_none_or(|known| known == hash));
            if !fits {
                return Err(forked(run.log, seq));
            }
            let hole = holes.remove(index);
            let signature = (seq == run.last()).then_some(run.signature);
            self.fill(&hole, body, hash, signature)?;
            mended += 1;
        }
        if mended > 0 {
            self.set_holes(&holes)?;
            for log in names {
                if self.last_row(log)?.is_some() {
                    self.note_held(log, &holes)?;
                }
            }
            self.set_meta(MENDED, &[1])?;
        }
        Ok(mended)
    }

    fn fill(
        &self,
        hole: &Hole,
        body: &[u8],
        hash: Hash,
        signature: Option<[u8; 64]>,
    ) -> Result<(), StoreError> {
        let place = ChangeId { space: hole.log.space, actor: hole.log.actor, seq: hole.seq };
        let author = self.author_of(hole.log)?;
        let change = Change::decode(body, ChangeId { actor: author.actor, ..place })?;
        self.sql.execute(
            "INSERT INTO changes (pos, space, actor, seq, hash, signature, time_ms, action, exchange, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            (
                hole.position,
                place.space.as_str(),
                place.actor.0,
                columns::number(place.seq),
                hash.0,
                signature,
                change.time.shown_ms(),
                &change.action,
                hole.exchange,
                body,
            ),
        )?;
        Ok(())
    }

    /// Makes the views anew, where a hole was filled since they were made.
    pub(crate) fn rebuild_if_mended(&self) -> Result<(), StoreError> {
        if self.meta(MENDED)?.is_some() {
            self.read_anew()?;
            self.sql.execute("DELETE FROM meta WHERE key = ?1", [MENDED])?;
        }
        Ok(())
    }

    /// Notes how far a log is held: up to its end, or up to before its first hole.
    pub(crate) fn note_held(&self, log: LogId, holes: &[Hole]) -> Result<(), StoreError> {
        let first = holes.iter().filter(|hole| hole.log == log).map(|hole| hole.seq).min();
        // What was pruned is held, and stands in the base.
        let base = self.base_head(log)?.map(|head| (head.seq, head.hash));
        let (held, hash) = match first {
            Some(seq) => {
                let before = seq.saturating_sub(1);
                (before, self.hash_of(log, before)?.unwrap_or(Hash::ZERO))
            }
            None => self.last_row(log)?.or(base).unwrap_or((0, Hash::ZERO)),
        };
        self.set_held(log, held, hash)?;
        let pruned = base.map_or(0, |(seq, _)| seq);
        self.set_applied(log, self.last_applied(log)?.unwrap_or(0).max(pruned))
    }

    /// Number and hash of the last change of a log that is here.
    pub(crate) fn last_row(&self, log: LogId) -> Result<Option<(u64, Hash)>, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT seq, hash FROM changes WHERE space = ?1 AND actor = ?2
             UNION ALL SELECT seq, hash FROM waiting WHERE space = ?1 AND actor = ?2
             ORDER BY seq DESC LIMIT 1",
        )?;
        let mut rows = statement.query((log.space.as_str(), log.actor.0))?;
        rows.next()?
            .map(|row| Ok((columns::seq(row.get(0)?)?, columns::hash(&row.get::<_, Vec<u8>>(1)?)?)))
            .transpose()
    }

    /// Number of the last change of a log that is applied.
    pub(crate) fn last_applied(&self, log: LogId) -> Result<Option<u64>, StoreError> {
        let last: Option<i64> = self
            .sql
            .prepare_cached("SELECT max(seq) FROM changes WHERE space = ?1 AND actor = ?2")?
            .query_row((log.space.as_str(), log.actor.0), |row| row.get(0))?;
        last.map(columns::seq).transpose()
    }

    /// All logs that are noted.
    pub(crate) fn log_heads(&self) -> Result<Vec<(LogId, LogHead)>, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT space, actor, held, held_hash, applied, dep FROM logs ORDER BY space, actor",
        )?;
        let mut rows = statement.query([])?;
        let mut heads = Vec::new();
        while let Some(row) = rows.next()? {
            let log = LogId {
                space: columns::space(&row.get::<_, String>(0)?)?,
                actor: columns::actor(&row.get::<_, Vec<u8>>(1)?)?,
            };
            let head = LogHead {
                held: columns::seq(row.get(2)?)?,
                held_hash: columns::hash(&row.get::<_, Vec<u8>>(3)?)?,
                applied: columns::seq(row.get(4)?)?,
                dep: columns::seq(row.get(5)?)?,
            };
            heads.push((log, head));
        }
        Ok(heads)
    }
}
