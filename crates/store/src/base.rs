//! The base: the state after the changes that were pruned from the log.
//!
//! Invariant: for each space the base holds, of each log, the changes up to [`BaseHead::seq`], and with
//! a change everything that it depends on. Entity states and texts of the base are those after exactly
//! these changes, so the base with the changes in the log on top is the whole. The log holds no change
//! of the base. Every head carries its author's signature, so that no one can claim one for another.

use crate::entities::decode_state;
use crate::project::Rows;
use crate::{StoreError, Tx, columns};
use holdfast_model::text::TextDoc;
use holdfast_model::{Dot, EntityId, EntityState, Kind, Policies};
use holdfast_oplog::{Hash, LogId, Space, VersionVector, encode};
use rusqlite::{OptionalExtension, Row};

/// Position from which on a view has seen everything in the base.
const POSITION: &str = "base_position";
/// Position from which on a view has seen what of the base was applied here change by change.
const SEEN_POSITION: &str = "base_seen_position";
/// The writer id of documents that are only read from.
const READER: u64 = 1;

/// Where one log stands in a base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BaseHead {
    /// The log.
    pub log: LogId,
    /// Its last change in the base.
    pub seq: u64,
    /// Chain hash of that change.
    pub hash: Hash,
    /// Its author's signature on that change.
    pub signature: [u8; 64],
}

impl Tx<'_> {
    /// Where the logs stand in the base.
    pub fn base_heads(&self) -> Result<Vec<BaseHead>, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT space, actor, seq, hash, signature FROM base_logs ORDER BY space, actor",
        )?;
        let mut rows = statement.query([])?;
        let mut heads = Vec::new();
        while let Some(row) = rows.next()? {
            heads.push(head(row)?);
        }
        Ok(heads)
    }

    /// Which changes are in the base.
    pub fn base_vector(&self) -> Result<VersionVector, StoreError> {
        Ok(self.base_heads()?.into_iter().map(|head| (head.log, head.seq)).collect())
    }

    pub(crate) fn base_head(&self, log: LogId) -> Result<Option<BaseHead>, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT space, actor, seq, hash, signature FROM base_logs WHERE space = ?1 AND actor = ?2",
        )?;
        let mut rows = statement.query((log.space.as_str(), log.actor.0))?;
        rows.next()?.map(head).transpose()
    }

    /// Keeps where a log stands in the base; `seen` is how far of it was applied here.
    pub(crate) fn set_base_head(&self, head: &BaseHead, seen: u64) -> Result<(), StoreError> {
        self.sql
            .prepare_cached(
                "INSERT INTO base_logs (space, actor, seq, hash, signature, seen)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (space, actor) DO UPDATE SET seq = excluded.seq, hash = excluded.hash,
                    signature = excluded.signature, seen = excluded.seen",
            )?
            .execute((
                head.log.space.as_str(),
                head.log.actor.0,
                columns::number(head.seq),
                head.hash.0,
                head.signature,
                columns::number(seen),
            ))?;
        Ok(())
    }

    /// The state of an entity in the base of a space.
    pub(crate) fn base_state(
        &self,
        space: Space,
        id: EntityId,
    ) -> Result<Option<EntityState>, StoreError> {
        let bytes: Option<Vec<u8>> = self
            .sql
            .prepare_cached("SELECT state FROM base_entities WHERE id = ?1 AND space = ?2")?
            .query_row((id.as_bytes(), space.as_str()), |row| row.get(0))
            .optional()?;
        bytes.map(|bytes| decode_state(&bytes)).transpose()
    }

    pub(crate) fn set_base_state(
        &self,
        space: Space,
        state: &EntityState,
    ) -> Result<(), StoreError> {
        self.sql
            .prepare_cached(
                "INSERT INTO base_entities (space, id, state) VALUES (?1, ?2, ?3)
                 ON CONFLICT (id, space) DO UPDATE SET state = excluded.state",
            )?
            .execute((space.as_str(), state.id.as_bytes(), encode(state)?))?;
        Ok(())
    }

    /// The snapshot of a text in the base of a space.
    pub(crate) fn base_text(
        &self,
        space: Space,
        id: EntityId,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self
            .sql
            .prepare_cached("SELECT snapshot FROM base_texts WHERE entity = ?1 AND space = ?2")?
            .query_row((id.as_bytes(), space.as_str()), |row| row.get(0))
            .optional()?)
    }

    pub(crate) fn set_base_text(
        &self,
        space: Space,
        id: EntityId,
        text: &TextDoc,
    ) -> Result<(), StoreError> {
        self.sql
            .prepare_cached(
                "INSERT INTO base_texts (space, entity, snapshot) VALUES (?1, ?2, ?3)
                 ON CONFLICT (entity, space) DO UPDATE SET snapshot = excluded.snapshot",
            )?
            .execute((space.as_str(), id.as_bytes(), text.snapshot()?))?;
        Ok(())
    }

    fn position_meta(&self, key: &str) -> Result<i64, StoreError> {
        let bytes = self.meta(key)?.and_then(|bytes| bytes.try_into().ok());
        Ok(bytes.map_or(0, i64::from_be_bytes))
    }

    /// Position from which on a view has seen everything in the base; 0 without a base.
    pub(crate) fn base_position(&self) -> Result<i64, StoreError> {
        self.position_meta(POSITION)
    }

    /// What was pruned here had been applied here up to a position.
    pub(crate) fn pruned_up_to(&self, position: i64) -> Result<(), StoreError> {
        let position = position.max(self.base_position()?).to_be_bytes();
        self.sql.execute("UPDATE base_logs SET seen = seq", [])?;
        self.set_meta(POSITION, &position)?;
        self.set_meta(SEEN_POSITION, &position)
    }

    /// A snapshot came: takes a position for it, after everything that was applied here before.
    pub(crate) fn snapshot_arrived(&self) -> Result<(), StoreError> {
        let before = self.position()?;
        let mark = before.saturating_add(1);
        self.sql.execute("UPDATE base_logs SET seen = seq", [])?;
        self.sql.execute("DELETE FROM sqlite_sequence WHERE name = 'changes'", [])?;
        self.sql
            .execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('changes', ?1)", [mark])?;
        self.set_meta(SEEN_POSITION, &before.to_be_bytes())?;
        self.set_meta(POSITION, &mark.to_be_bytes())
    }

    /// Which changes of the base a view had seen that was read at a position. Never one too many: what
    /// a person had not seen, an edit must not replace.
    pub(crate) fn base_seen_at(&self, position: i64) -> Result<VersionVector, StoreError> {
        let column = if position >= self.base_position()? {
            "seq"
        } else if position >= self.position_meta(SEEN_POSITION)? {
            "seen"
        } else {
            return Ok(VersionVector::new());
        };
        let mut statement =
            self.sql.prepare_cached(&format!("SELECT space, actor, {column} FROM base_logs"))?;
        let mut rows = statement.query([])?;
        let mut seen = VersionVector::new();
        while let Some(row) = rows.next()? {
            let space = columns::space(&row.get::<_, String>(0)?)?;
            let actor = columns::actor(&row.get::<_, Vec<u8>>(1)?)?;
            seen.advance(LogId { space, actor }, columns::seq(row.get(2)?)?);
        }
        Ok(seen)
    }

    /// Writes the views of the base alone into empty tables; the log is replayed on top.
    pub(crate) fn load_base(&self) -> Result<(), StoreError> {
        let mut moved = std::collections::BTreeSet::new();
        let ids: Vec<(i64, Space)> = {
            let mut statement = self.sql.prepare("SELECT no, space FROM base_entities")?;
            let rows =
                statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
            rows.map(|row| {
                let (no, space) = row?;
                Ok::<_, StoreError>((no, columns::space(&space)?))
            })
            .collect::<Result<_, _>>()?
        };
        let state_of = |no: i64| -> Result<EntityState, StoreError> {
            let bytes: Vec<u8> = self
                .sql
                .prepare_cached("SELECT state FROM base_entities WHERE no = ?1")?
                .query_row([no], |row| row.get(0))?;
            decode_state(&bytes)
        };
        for (no, space) in &ids {
            let state = state_of(*no)?;
            if self.home(state.id)?.is_none() {
                self.save_entity(&mut Rows::new(), &state, *space)?;
            }
        }
        // Policies are entities too, and count for what is listed.
        let policies = self.policies()?;
        let mut shown = std::collections::BTreeSet::new();
        for (no, space) in &ids {
            let state = state_of(*no)?;
            shown.insert(state.id);
            self.load_base_text(*space, &state, &policies)?;
        }
        for id in &shown {
            let rehomed = self.settle_home(*id)?;
            let Some((state, space)) = self.entity(*id)? else { continue };
            if state.register(holdfast_model::fields::PARENT).is_some() {
                moved.insert(*id);
            }
            self.project(
                &mut Rows::new(),
                &state,
                space,
                &self.text_plain(*id)?.unwrap_or_default(),
                None,
            )?;
            self.list_disputes(&state, &policies)?;
            if rehomed {
                self.review_again(&state, &policies)?;
            }
        }
        for id in &shown {
            self.list_strays(*id)?;
        }
        self.find_link_targets(shown.iter().copied())?;
        self.break_circles(&moved, &policies)
    }

    /// Writes what the base says of an entity in one space: its text where it is shown from there, else
    /// a copy.
    fn load_base_text(
        &self,
        space: Space,
        state: &EntityState,
        policies: &Policies,
    ) -> Result<(), StoreError> {
        let text = self.base_text(space, state.id)?;
        let doc = text.map(|snapshot| TextDoc::load(&snapshot, READER)).transpose()?;
        if self.home(state.id)? == Some(space) {
            if let Some(doc) = doc {
                let mut open = self.open_for_writing(state.id, Some(doc))?;
                self.save_text(&mut Rows::new(), state, &mut open, policies)?;
            }
            return Ok(());
        }
        let field = Kind::parse(&state.kind).and_then(Kind::text_field);
        let text = match (doc, field) {
            (Some(doc), Some(field)) => {
                Some(self.open_copy(state.id, space, Some(doc))?.copied(field)?)
            }
            _ => None,
        };
        self.save_copy(state, space, text.as_ref())
    }
}

fn head(row: &Row<'_>) -> Result<BaseHead, StoreError> {
    let space = columns::space(&row.get::<_, String>(0)?)?;
    let actor = columns::actor(&row.get::<_, Vec<u8>>(1)?)?;
    let signature: Vec<u8> = row.get(4)?;
    Ok(BaseHead {
        log: LogId { space, actor },
        seq: columns::seq(row.get(2)?)?,
        hash: columns::hash(&row.get::<_, Vec<u8>>(3)?)?,
        signature: signature
            .try_into()
            .map_err(|_| StoreError::Damaged("a signature has a wrong length".into()))?,
    })
}

/// Whether a version vector holds a change of a space.
pub(crate) fn holds(vector: &VersionVector, space: Space) -> impl Fn(Dot) -> bool + '_ {
    move |dot| vector.get(LogId { space, actor: dot.actor }) >= dot.seq
}
