//! The base of some spaces as records, for devices that do not hold the changes in it, and taking such
//! records in.
//!
//! Taking in joins two sets of changes, each closed under dependency: the base becomes what both bases
//! hold, changes of the log that it covers leave the log, the others stay and are replayed on top. So
//! nothing that was deleted comes back, and what only this device wrote stays.

use crate::apply::{Applied, ItemChange, ItemEvent};
use crate::base::{BaseHead, holds};
use crate::entities::decode_state;
use crate::{StoreError, Tx, columns};
use holdfast_model::EntityId;
use holdfast_model::text::TextDoc;
use holdfast_oplog::{ActorId, Hash, Space, VersionVector};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The writer id of documents that are only read from.
const READER: u64 = 1;

/// One part of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum BaseRecord {
    /// The merged state of an entity; also of one that is gone, so that it stays gone.
    #[serde(rename = "e")]
    Entity {
        /// Where it lives.
        #[serde(rename = "s")]
        space: Space,
        /// Its encoded state.
        #[serde(rename = "b", with = "serde_bytes")]
        state: Vec<u8>,
    },
    /// The text of an entity with its whole history.
    #[serde(rename = "t")]
    Text {
        /// Where the entity lives.
        #[serde(rename = "s")]
        space: Space,
        /// The entity.
        #[serde(rename = "i")]
        entity: EntityId,
        /// The sequence CRDT's snapshot.
        #[serde(rename = "b", with = "serde_bytes")]
        snapshot: Vec<u8>,
    },
}

impl BaseRecord {
    /// The space that it belongs to.
    pub const fn space(&self) -> Space {
        match self {
            Self::Entity { space, .. } | Self::Text { space, .. } => *space,
        }
    }
}

/// What a base holds in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BaseSize {
    /// Entities.
    pub entities: u64,
    /// Bytes of states and texts.
    pub bytes: u64,
}

impl Tx<'_> {
    /// Hands over every record of the base of some spaces.
    pub fn each_base_record<E: From<StoreError>>(
        &self,
        spaces: &[Space],
        mut hand_over: impl FnMut(BaseRecord) -> Result<(), E>,
    ) -> Result<(), E> {
        for space in spaces {
            let mut statement = self
                .sql
                .prepare_cached("SELECT state FROM base_entities WHERE space = ?1 ORDER BY no")
                .map_err(StoreError::from)?;
            let mut rows = statement.query([space.as_str()]).map_err(StoreError::from)?;
            while let Some(row) = rows.next().map_err(StoreError::from)? {
                let state = row.get(0).map_err(StoreError::from)?;
                hand_over(BaseRecord::Entity { space: *space, state })?;
            }
            let mut statement = self
                .sql
                .prepare_cached(
                    "SELECT entity, snapshot FROM base_texts WHERE space = ?1 ORDER BY no",
                )
                .map_err(StoreError::from)?;
            let mut rows = statement.query([space.as_str()]).map_err(StoreError::from)?;
            while let Some(row) = rows.next().map_err(StoreError::from)? {
                let entity = columns::entity_at(row, 0).map_err(StoreError::from)?;
                let snapshot = row.get(1).map_err(StoreError::from)?;
                hand_over(BaseRecord::Text { space: *space, entity, snapshot })?;
            }
        }
        Ok(())
    }

    /// Whether changes of a log after `since` are no longer in the log, in any of the spaces: then a
    /// snapshot has to go along. The spaces where it is so.
    pub fn pruned_after(
        &self,
        since: &VersionVector,
        spaces: &[Space],
    ) -> Result<Vec<Space>, StoreError> {
        let mut pruned: Vec<Space> = self
            .base_heads()?
            .into_iter()
            .filter(|head| spaces.contains(&head.log.space) && since.get(head.log) < head.seq)
            .map(|head| head.log.space)
            .collect();
        pruned.dedup();
        Ok(pruned)
    }

    /// Size of the base of some spaces.
    pub fn base_size(&self, spaces: &[Space]) -> Result<BaseSize, StoreError> {
        let mut size = BaseSize::default();
        for space in spaces {
            let (entities, bytes): (i64, i64) = self.sql.query_row(
                "SELECT (SELECT count(*) FROM base_entities WHERE space = ?1),
                    (SELECT coalesce(sum(length(state)), 0) FROM base_entities WHERE space = ?1)
                  + (SELECT coalesce(sum(length(snapshot)), 0) FROM base_texts WHERE space = ?1)",
                [space.as_str()],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            size.entities = size.entities.saturating_add(columns::seq(entities)?);
            size.bytes = size.bytes.saturating_add(columns::seq(bytes)?);
        }
        Ok(size)
    }
}

/// A snapshot that is being taken in.
pub struct Intake {
    heads: Vec<BaseHead>,
    theirs: VersionVector,
    /// What the base here holds already.
    ours: VersionVector,
    known: bool,
    /// How items stood before, to tell what changed.
    before: BTreeMap<EntityId, Stood>,
}

struct Stood {
    alive: bool,
    open: usize,
    hash: Hash,
}

impl Tx<'_> {
    /// Begins to take a snapshot in. Its heads are verified already: [`Intake::take`] follows for each
    /// record, then [`Intake::finish`], all in this transaction.
    ///
    /// Errors: [`StoreError::Forked`] where a log differs or parts before the snapshot, or where this device's own log goes on in
    /// the snapshot: then it was restored or cloned and needs a new identity first.
    pub fn begin_intake(
        &self,
        heads: Vec<BaseHead>,
        own: Option<ActorId>,
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
        let known = held.includes(&theirs);
        let before = if known { BTreeMap::new() } else { self.how_items_stand()? };
        Ok(Intake { heads, theirs, ours: self.base_vector()?, known, before })
    }

    fn how_items_stand(&self) -> Result<BTreeMap<EntityId, Stood>, StoreError> {
        let mut statement = self.sql.prepare(
            "SELECT e.id, e.life, e.state, t.version,
                (SELECT count(*) FROM conflicts c WHERE c.entity = e.id AND c.state = 'open')
             FROM entities e LEFT JOIN texts t ON t.entity = e.id",
        )?;
        let mut rows = statement.query([])?;
        let mut stand = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let mut bytes: Vec<u8> = row.get(2)?;
            bytes.extend(row.get::<_, Option<Vec<u8>>>(3)?.unwrap_or_default());
            let open: i64 = row.get(4)?;
            stand.insert(
                columns::entity_at(row, 0)?,
                Stood {
                    alive: row.get::<_, String>(1)? == "alive",
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

    /// Takes one record in. It is checked also where everything is known.
    pub fn take(&self, tx: &Tx<'_>, record: &BaseRecord) -> Result<(), StoreError> {
        let space = record.space();
        if !self.heads.iter().any(|head| head.log.space == space) {
            return Err(malformed("a record of a space that the snapshot does not name"));
        }
        let (here, there) = (holds(&self.ours, space), holds(&self.theirs, space));
        match record {
            BaseRecord::Entity { state, .. } => {
                let theirs = decode_state(state).map_err(|e| malformed(&e.to_string()))?;
                if self.known {
                    return Ok(());
                }
                let merged = match tx.base_state(space, theirs.id)? {
                    Some(ours) => ours.merge(&here, &theirs, &there),
                    None => theirs,
                };
                tx.set_base_state(space, &merged)
            }
            BaseRecord::Text { entity, snapshot, .. } => {
                let mut text = TextDoc::load(snapshot, READER)?;
                if self.known {
                    return Ok(());
                }
                if let Some(ours) = tx.base_text(space, *entity)? {
                    text.merge(&TextDoc::load(&ours, READER)?)?;
                }
                tx.set_base_text(space, *entity, &text)
            }
        }
    }

    /// Puts the snapshot under the log, and makes the views anew. What changed.
    pub fn finish(self, tx: &Tx<'_>, wall_ms: i64) -> Result<Applied, StoreError> {
        if self.known {
            return tx.apply_ready(wall_ms);
        }
        tx.snapshot_arrived()?;
        for head in &self.heads {
            tx.cover(head)?;
        }
        tx.rebuild()?;
        let mut applied = tx.apply_ready(wall_ms)?;
        let after = tx.how_items_stand()?;
        let mut items = Vec::new();
        for (id, now) in after {
            let before = self.before.get(&id);
            if before.is_some_and(|before| before.hash == now.hash && before.open == now.open) {
                continue;
            }
            let Some((state, _)) = tx.entity(id)? else { continue };
            let plain = tx.text_plain(id)?.unwrap_or_default();
            items.push(ItemChange {
                id,
                kind: state.kind.clone(),
                title: crate::apply::title_or(&state, &plain),
                event: match before {
                    None => ItemEvent::Added,
                    Some(before) if before.alive && !now.alive => ItemEvent::Deleted,
                    Some(_) => ItemEvent::Changed,
                },
                alive: now.alive,
                conflict: now.open > before.map_or(0, |before| before.open),
                merged: false,
            });
        }
        applied.items = items;
        applied.position = tx.position()?;
        Ok(applied)
    }
}

impl Tx<'_> {
    /// Puts one log of a snapshot under the log that is held: what it covers leaves the log.
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

fn malformed(what: &str) -> StoreError {
    StoreError::Oplog(holdfast_oplog::OplogError::Malformed(format!("a snapshot: {what}")))
}
