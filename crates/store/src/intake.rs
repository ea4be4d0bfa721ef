//! Taking in a snapshot: the base of another device, as records.
//!
//! Taking in joins two sets of changes, each closed under dependency: the base becomes what both hold,
//! and changes of the log that it covers leave the log. Whoever makes a snapshot is a member and no more:
//! that each log's author signed where the log stands says nothing about the records. So:
//!
//! Invariant: nothing that is held here goes by a snapshot's word. What it covers is folded into the base
//! from this device's own log first, and the records are joined with that: what a change that is held wrote
//! cannot be told otherwise, what stands here goes only where something that is not held took its place,
//! and a snapshot without a record of something that it covers is refused. What is new in it is kept with
//! the name of the device that told it ([`crate::told`]). What vanishes by it is told like any deletion.
//! A snapshot that covers a change that is held, and not what that one depends on, is refused: folded, the
//! change would count before what it replaced.

use crate::applied::{Applied, ItemChange, ItemEvent, is_emptied};
use crate::apply::title_or;
use crate::base::{BaseHead, holds};
use crate::entities::decode_state;
use crate::fold::Fold;
use crate::loss::visible;
use crate::snapshot::BaseRecord;
use crate::{StoreError, Tx, columns};
use holdfast_model::change::Change;
use holdfast_model::fields::{LIST, TITLE};
use holdfast_model::text::{TextDoc, writer_of};
use holdfast_model::{Dep, EntityId, EntityState, Kind};
#[cfg(feature = "planted")]
use holdfast_oplog::planted;
use holdfast_oplog::{ActorId, ChangeId, DeviceId, Hash, LogId, OplogError, Space, VersionVector};
use std::collections::{BTreeMap, BTreeSet};

/// The writer id of documents that are only read from.
const READER: u64 = 1;

/// A snapshot that is being taken in.
pub struct Intake {
    heads: Vec<BaseHead>,
    theirs: VersionVector,
    /// The changes that the base here was made of before.
    base: VersionVector,
    /// The changes that the base here is made of, those among them that were folded just now.
    ours: VersionVector,
    /// Those of them that were applied in order.
    closed: VersionVector,
    /// Who made it.
    by: DeviceId,
    known: bool,
    /// Of what it covers, what has no record yet.
    lacking: BTreeSet<(Space, EntityId)>,
    /// How items stood before, to tell what changed.
    before: BTreeMap<EntityId, Stood>,
}

struct Stood {
    alive: bool,
    life: String,
    kind: String,
    /// Bytes of its title and text.
    words: usize,
    list: Option<EntityId>,
    open: usize,
    hash: Hash,
}

impl Stood {
    /// Whether people see less of it by now.
    fn shows_less(&self, now: &Self) -> bool {
        let gone = !now.alive || now.kind != self.kind || is_emptied(self.words, now.words);
        self.alive && self.is_counted() && gone
    }

    /// Whether it went from the trash for good.
    fn is_purged(&self, now: &Self) -> bool {
        self.is_counted() && self.life == "deleted" && now.life == "purged"
    }

    fn is_counted(&self) -> bool {
        matches!(Kind::parse(&self.kind), Some(Kind::Task | Kind::Note | Kind::List))
    }
}

impl Tx<'_> {
    /// Begins to take in a snapshot that `by` made. Its heads are verified already: [`Intake::take`] follows
    /// for each record, then [`Intake::finish`], all in this transaction.
    ///
    /// Errors: [`StoreError::Forked`] where a log differs or parts before the snapshot, or where this device's own log goes on in
    /// the snapshot: then it was restored or cloned and needs a new identity first.
    pub fn begin_intake(
        &self,
        heads: Vec<BaseHead>,
        own: Option<ActorId>,
        by: DeviceId,
    ) -> Result<Intake, StoreError> {
        let theirs: VersionVector = heads.iter().map(|head| (head.log, head.seq)).collect();
        let held = self.held()?;
        for head in &heads {
            let here = held.get(head.log);
            let differs = here >= head.seq
                && self.hash_of(head.log, head.seq)?.is_some_and(|known| known != head.hash);
            let went_on = own == Some(head.log.actor) && here < head.seq;
            // Which branch the snapshot means, no number tells.
            let parts = here < head.seq && self.parts(head.log)?;
            if differs || went_on || parts {
                let seq = if differs { head.seq } else { here.saturating_add(1) };
                return Err(StoreError::Forked { actor: head.log.actor.to_string(), seq });
            }
        }
        let base = self.base_vector()?;
        let mut intake = Intake {
            known: held.includes(&theirs),
            theirs,
            ours: base.clone(),
            closed: base.clone(),
            base,
            by,
            lacking: BTreeSet::new(),
            before: BTreeMap::new(),
            heads,
        };
        if !intake.known {
            self.point_before_snapshot()?;
            intake.before = self.how_items_stand()?;
            intake.expect_base(self)?;
            intake.fold_held(self)?;
        }
        Ok(intake)
    }

    fn how_items_stand(&self) -> Result<BTreeMap<EntityId, Stood>, StoreError> {
        let mut statement = self.sql.prepare(
            "SELECT e.id, e.life, e.state, t.version,
                (SELECT count(*) FROM conflicts c WHERE c.entity = e.id AND c.state = 'open'),
                e.kind, octet_length(t.plain)
             FROM entities e LEFT JOIN texts t ON t.entity = e.id",
        )?;
        let mut rows = statement.query([])?;
        let mut stand = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let mut bytes: Vec<u8> = row.get(2)?;
            let state = decode_state(&bytes)?;
            bytes.extend(row.get::<_, Option<Vec<u8>>>(3)?.unwrap_or_default());
            let open: i64 = row.get(4)?;
            let text: i64 = row.get::<_, Option<i64>>(6)?.unwrap_or(0);
            stand.insert(
                columns::entity_at(row, 0)?,
                Stood {
                    alive: row.get::<_, String>(1)? == "alive",
                    life: row.get(1)?,
                    kind: row.get(5)?,
                    words: usize::try_from(text)
                        .unwrap_or(0)
                        .saturating_add(visible(state.text(TITLE).trim())),
                    list: state.text(LIST).parse().ok(),
                    open: usize::try_from(open).unwrap_or(0),
                    hash: Hash::of(&bytes),
                },
            );
        }
        Ok(stand)
    }
}

impl Intake {
    /// Whether everything in the snapshot is here already. Its records then change nothing.
    pub const fn is_known(&self) -> bool {
        self.known
    }

    /// What of the base here the snapshot must know: what changes that it covers wrote.
    fn expect_base(&mut self, tx: &Tx<'_>) -> Result<(), StoreError> {
        #[cfg(feature = "planted")]
        if planted::is(planted::Bug::SnapshotCovers) {
            return Ok(());
        }
        for space in spaces_of(&self.heads) {
            let covered = holds(&self.theirs, space);
            let told = tx.told_in(space)?;
            let mut statement =
                tx.sql.prepare_cached("SELECT state FROM base_entities WHERE space = ?1")?;
            let mut rows = statement.query([space.as_str()])?;
            while let Some(row) = rows.next()? {
                let state = decode_state(&row.get::<_, Vec<u8>>(0)?)?;
                // What somebody told, another need not know.
                if state.named().any(|dot| covered(dot) && told.by(dot).is_none()) {
                    self.lacking.insert((space, state.id));
                }
            }
        }
        Ok(())
    }

    /// Folds what is held of what the snapshot covers into the base, as it was written here.
    fn fold_held(&mut self, tx: &Tx<'_>) -> Result<(), StoreError> {
        #[cfg(feature = "planted")]
        if planted::is(planted::Bug::SnapshotCovers) {
            return Ok(());
        }
        let mut positions: Vec<i64> = Vec::new();
        for head in &self.heads {
            let (space, actor) = (head.log.space.as_str(), head.log.actor.0);
            let seq = columns::number(head.seq);
            let mut statement = tx.sql.prepare_cached(
                "SELECT pos FROM changes WHERE space = ?1 AND actor = ?2 AND seq <= ?3",
            )?;
            let rows = statement.query_map((space, actor, seq), |row| row.get::<_, i64>(0))?;
            for row in rows {
                positions.push(row?);
            }
            let here = tx.head(head.log)?;
            self.closed.advance(head.log, here.applied.min(head.seq));
            self.ours.advance(head.log, here.applied.min(head.seq));
        }
        positions.sort_unstable();
        let mut fold = Fold::new(tx);
        for position in positions {
            let change = tx.change_at_position(position)?;
            self.require_closed(&change)?;
            self.lacking.extend(change.edits().map(|edit| (change.space, edit.entity)));
            fold.take(&change)?;
        }
        let logs: Vec<LogId> = self.heads.iter().map(|head| head.log).collect();
        for log in logs {
            self.fold_waiting(tx, log, &mut fold)?;
        }
        fold.finish()
    }

    /// Folds what waits for changes that the snapshot is made of too: it is held, and signed.
    fn fold_waiting(
        &mut self,
        tx: &Tx<'_>,
        log: LogId,
        fold: &mut Fold<'_, '_>,
    ) -> Result<(), StoreError> {
        if tx.branch_of(log)?.is_some() {
            return Ok(());
        }
        let covered = columns::number(self.theirs.get(log));
        let mut statement = tx.sql.prepare_cached(
            "SELECT seq, body FROM waiting WHERE space = ?1 AND actor = ?2 AND seq <= ?3 ORDER BY seq",
        )?;
        let mut rows = statement.query((log.space.as_str(), log.actor.0, covered))?;
        while let Some(row) = rows.next()? {
            let seq = columns::seq(row.get(0)?)?;
            let place = ChangeId { space: log.space, actor: log.actor, seq };
            // What only a newer app understands, the snapshot's maker has to tell.
            let change = match Change::decode(&row.get::<_, Vec<u8>>(1)?, place) {
                Ok(change) if !change.is_too_new() => change,
                _ => break,
            };
            self.require_closed(&change)?;
            self.lacking.extend(change.edits().map(|edit| (log.space, edit.entity)));
            fold.take(&change)?;
            self.ours.advance(log, seq);
        }
        Ok(())
    }

    /// Refuses a snapshot that covers a change and not everything that the change depends on.
    fn require_closed(&self, change: &Change) -> Result<(), StoreError> {
        let covered = |vector: &VersionVector, dep: &Dep| {
            vector.get(LogId { space: change.space, actor: dep.actor }) >= dep.seq
        };
        let is_in = |dep: &Dep| covered(&self.theirs, dep) || covered(&self.base, dep);
        let replaces = change.replaces().into_iter();
        let mut replaced = replaces.map(|(actor, seq)| Dep { actor, seq, hash: None });
        if change.deps.iter().all(is_in) && replaced.all(|dep| is_in(&dep)) {
            return Ok(());
        }
        Err(malformed("a change in it depends on one that is not"))
    }

    /// Takes one record in. It is checked also where everything is known.
    pub fn take(&mut self, tx: &Tx<'_>, record: &BaseRecord) -> Result<(), StoreError> {
        let space = record.space();
        if !self.heads.iter().any(|head| head.log.space == space) {
            return Err(malformed("a record of a space that the snapshot does not name"));
        }
        match record {
            BaseRecord::Entity { state, .. } => {
                let told = decode_state(state).map_err(|e| malformed(&e.to_string()))?;
                self.take_state(tx, space, told)
            }
            BaseRecord::Text { entity, snapshot, .. } => {
                self.take_text(tx, space, *entity, TextDoc::load(snapshot, READER)?)
            }
        }
    }

    fn take_state(
        &mut self,
        tx: &Tx<'_>,
        space: Space,
        told: EntityState,
    ) -> Result<(), StoreError> {
        let there = holds(&self.theirs, space);
        if !told.id.may_be(&told.kind) {
            return Err(malformed("an item that is something else than its id vouches for"));
        }
        // A change that is not in the snapshot may still come, and must count then.
        if told.named().any(|dot| dot.seq == 0 || !there(dot)) {
            return Err(malformed("an item by changes that are not in it"));
        }
        if self.known {
            return Ok(());
        }
        self.lacking.remove(&(space, told.id));
        let (here, closed) = (holds(&self.ours, space), holds(&self.closed, space));
        let merged = match tx.base_state(space, told.id)? {
            Some(ours) => Some(ours.merge_told(&here, &closed, &told, &there)),
            None => told.only_news(&here, &there),
        };
        merged.map_or(Ok(()), |merged| tx.set_base_state(space, &merged))
    }

    fn take_text(
        &self,
        tx: &Tx<'_>,
        space: Space,
        entity: EntityId,
        told: TextDoc,
    ) -> Result<(), StoreError> {
        if self.known {
            return Ok(());
        }
        let ours = tx.base_text(space, entity)?;
        let mut text = match &ours {
            Some(ours) => TextDoc::load(ours, READER)?,
            None => TextDoc::new(READER),
        };
        let (before, news) = (text.version(), told.version());
        for head in self.heads.iter().filter(|head| head.log.space == space) {
            // Of an author all of whose changes are here, nothing more can be told.
            let writer = writer_of(&head.log.actor.0);
            if self.closed.get(head.log) >= head.seq && news.count(writer) > before.count(writer) {
                return Err(malformed("a text with more in it than its author wrote"));
            }
        }
        // What is here first: of operations of one name, the first that is known stands.
        text.merge(&told)?;
        tx.set_base_text(space, entity, &text)?;
        tx.note_told_text(space, entity, &before, &text.version(), self.by)
    }

    /// Puts the snapshot under the log, and makes the views anew. What changed.
    ///
    /// Errors: [`StoreError::SnapshotLacks`] where something that the snapshot covers has no record in it.
    pub fn finish(self, tx: &Tx<'_>, wall_ms: i64) -> Result<Applied, StoreError> {
        if self.known {
            return tx.apply_ready(wall_ms);
        }
        if !self.lacking.is_empty() {
            return Err(StoreError::SnapshotLacks(self.lacking.len() as u64));
        }
        tx.snapshot_arrived()?;
        for head in &self.heads {
            tx.note_told(head.log, self.ours.get(head.log), head.seq, self.by)?;
            tx.cover(head)?;
        }
        tx.rebuild()?;
        let mut applied = tx.apply_ready(wall_ms)?;
        applied.items = self.changed(tx)?;
        applied.position = tx.position()?;
        Ok(applied)
    }

    fn changed(&self, tx: &Tx<'_>) -> Result<Vec<ItemChange>, StoreError> {
        let after = tx.how_items_stand()?;
        let mut items = Vec::new();
        for (id, now) in after {
            let before = self.before.get(&id);
            if before.is_some_and(|before| before.hash == now.hash && before.open == now.open) {
                continue;
            }
            let Some((state, _)) = tx.entity(id)? else { continue };
            let plain = tx.text_plain(id)?.unwrap_or_default();
            let writer = state.life.shown().map_or(state.edited.1, |version| version.dot);
            items.push(ItemChange {
                id,
                kind: state.kind.clone(),
                title: title_or(&state, &plain),
                event: match before {
                    None => ItemEvent::Added,
                    Some(before) if before.alive && !now.alive => ItemEvent::Deleted,
                    Some(before) if before.is_purged(&now) => ItemEvent::Deleted,
                    Some(_) => ItemEvent::Changed,
                },
                alive: now.alive,
                conflict: now.open > before.map_or(0, |before| before.open),
                merged: false,
                lost: before.is_some_and(|before| before.shows_less(&now)),
                purged: before.is_some_and(|before| before.is_purged(&now)),
                words: before.map(|before| (before.words, now.words)).unwrap_or_default(),
                by: Some(writer.actor),
                list: before.map_or_else(|| state.text(LIST).parse().ok(), |before| before.list),
            });
        }
        Ok(items)
    }
}

impl Tx<'_> {
    /// A change by its position in the log.
    fn change_at_position(&self, position: i64) -> Result<Change, StoreError> {
        let mut statement = self
            .sql
            .prepare_cached("SELECT space, actor, seq, body FROM changes WHERE pos = ?1")?;
        let mut rows = statement.query([position])?;
        let row = rows.next()?.ok_or_else(|| StoreError::Damaged("a change is gone".into()))?;
        crate::history::change_at(row)
    }

    /// Puts one log of a snapshot under the log that is held: what it covers is in the base by now, and
    /// leaves the log.
    fn cover(&self, head: &BaseHead) -> Result<(), StoreError> {
        let ours = self.base_head(head.log)?.map_or(0, |known| known.seq);
        let (space, actor) = (head.log.space.as_str(), head.log.actor.0);
        let seq = columns::number(head.seq);
        let applied: i64 = self.sql.query_row(
            "SELECT coalesce(max(applied), 0) FROM logs WHERE space = ?1 AND actor = ?2",
            (space, actor),
            |row| row.get(0),
        )?;
        if head.seq > ours {
            self.set_base_head(head, columns::seq(applied.min(seq))?)?;
        }
        self.sql.execute(
            "INSERT INTO cut_exchanges (exchange) SELECT DISTINCT exchange FROM changes
             WHERE space = ?1 AND actor = ?2 AND seq <= ?3 AND exchange IS NOT NULL
             ON CONFLICT DO NOTHING",
            (space, actor, seq),
        )?;
        for table in ["changes", "waiting"] {
            self.sql.execute(
                &format!("DELETE FROM {table} WHERE space = ?1 AND actor = ?2 AND seq <= ?3"),
                (space, actor, seq),
            )?;
        }
        // Whoever handed it over had been let.
        self.approve(head.log, head.seq)?;
        self.sql.execute(
            "INSERT INTO logs (space, actor, held, held_hash, applied, dep)
             VALUES (?1, ?2, ?3, ?4, ?3, 0)
             ON CONFLICT (space, actor) DO UPDATE SET
                held_hash = CASE WHEN held < ?3 THEN ?4 ELSE held_hash END,
                held = max(held, ?3), applied = max(applied, ?3)",
            (space, actor, seq, head.hash.0),
        )?;
        Ok(())
    }
}

/// The spaces of a snapshot, each once: a signed list need not be in order.
fn spaces_of(heads: &[BaseHead]) -> BTreeSet<Space> {
    heads.iter().map(|head| head.log.space).collect()
}

fn malformed(what: &str) -> StoreError {
    StoreError::Oplog(OplogError::Malformed(format!("a snapshot: {what}")))
}

#[cfg(test)]
#[path = "intake_tests.rs"]
mod tests;
