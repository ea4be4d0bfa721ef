//! The copies of an entity in the spaces other than the one in which it is shown.
//!
//! Each space has a state of its own for an entity, a function of the changes of that space. One of
//! them is the home: its row stands in `entities` and its text in `texts`, and the views show it. The
//! others stand in `copies`. Which one is the home depends on the states alone
//! ([`holdfast_model::copying::precedence`]), so devices that hold the same changes show the same.

use crate::project::Rows;
use crate::texts::{OpenText, StoredText};
use crate::{StoreError, Tx, columns, entities};
use holdfast_model::copying::precedence;
use holdfast_model::text::{TextDoc, Version};
use holdfast_model::{EntityId, EntityState, Kind, conflict};
use holdfast_oplog::Space;
use rusqlite::OptionalExtension;

/// A text as it is kept beside the home's.
#[derive(Debug, Clone)]
pub(crate) struct CopiedText {
    pub(crate) field: String,
    pub(crate) version: Vec<u8>,
    pub(crate) plain: String,
    pub(crate) snapshot: Vec<u8>,
}

impl Tx<'_> {
    /// The space in which an entity is shown.
    pub fn home(&self, id: EntityId) -> Result<Option<Space>, StoreError> {
        let space: Option<String> = self
            .sql
            .prepare_cached("SELECT space FROM entities WHERE id = ?1")?
            .query_row([id.as_bytes()], |row| row.get(0))
            .optional()?;
        space.map(|space| columns::space(&space)).transpose()
    }

    /// What an entity is in one space, whether it is shown from there or not.
    pub fn entity_in(&self, id: EntityId, space: Space) -> Result<Option<EntityState>, StoreError> {
        match self.entity(id)? {
            Some((state, home)) if home == space => Ok(Some(state)),
            _ => self.copy_row(id, space),
        }
    }

    pub(crate) fn copy_row(
        &self,
        id: EntityId,
        space: Space,
    ) -> Result<Option<EntityState>, StoreError> {
        let bytes: Option<Vec<u8>> = self
            .sql
            .prepare_cached("SELECT state FROM copies WHERE entity = ?1 AND space = ?2")?
            .query_row((id.as_bytes(), space.as_str()), |row| row.get(0))
            .optional()?;
        bytes.map(|bytes| entities::decode_state(&bytes)).transpose()
    }

    /// Whether anything is in several spaces.
    pub(crate) fn has_copies(&self) -> Result<bool, StoreError> {
        Ok(self.sql.prepare_cached("SELECT 1 FROM copies LIMIT 1")?.exists([])?)
    }

    /// What an entity is in the spaces from which it is not shown.
    pub fn copies(&self, id: EntityId) -> Result<Vec<(EntityState, Space)>, StoreError> {
        let mut statement = self
            .sql
            .prepare_cached("SELECT state, space FROM copies WHERE entity = ?1 ORDER BY space")?;
        let rows = statement.query_map([id.as_bytes()], |row| {
            Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, String>(1)?))
        })?;
        rows.map(|row| {
            let (state, space) = row?;
            Ok((entities::decode_state(&state)?, columns::space(&space)?))
        })
        .collect()
    }

    /// Everything of a kind that is held of one space: each entity's state there, and its text.
    pub fn held_in(
        &self,
        space: Space,
        kind: Kind,
    ) -> Result<Vec<(EntityState, Option<StoredText>)>, StoreError> {
        let mut statement = self.sql.prepare_cached(&format!(
            "SELECT e.state, t.plain, t.version, e.id AS id FROM entities e
             LEFT JOIN texts t ON t.entity = e.id WHERE kind = ?2 {} AND e.space = ?1
             UNION ALL
             SELECT state, plain, version, entity FROM copies WHERE kind = ?2 AND space = ?1
             ORDER BY id",
            entities::indexed(kind.as_str())
        ))?;
        let mut rows = statement.query((space.as_str(), kind.as_str()))?;
        let mut held = Vec::new();
        while let Some(row) = rows.next()? {
            let state = entities::decode_state(&row.get::<_, Vec<u8>>(0)?)?;
            let (plain, version): (Option<String>, Option<Vec<u8>>) = (row.get(1)?, row.get(2)?);
            let text = match plain.zip(version) {
                Some((plain, version)) => {
                    Some(StoredText { plain, version: Version::from_bytes(&version)? })
                }
                None => None,
            };
            held.push((state, text));
        }
        Ok(held)
    }

    fn copied_text(&self, id: EntityId, space: Space) -> Result<Option<CopiedText>, StoreError> {
        Ok(self
            .sql
            .prepare_cached(
                "SELECT field, version, plain, snapshot FROM copies
                 WHERE entity = ?1 AND space = ?2 AND snapshot IS NOT NULL",
            )?
            .query_row((id.as_bytes(), space.as_str()), |row| {
                Ok(CopiedText {
                    field: row.get(0)?,
                    version: row.get(1)?,
                    plain: row.get(2)?,
                    snapshot: row.get(3)?,
                })
            })
            .optional()?)
    }

    /// What people would read of an entity's text in one space.
    pub fn plain_in(&self, id: EntityId, space: Space) -> Result<String, StoreError> {
        let plain = if self.home(id)? == Some(space) {
            self.text_plain(id)?
        } else {
            self.copied_text(id, space)?.map(|text| text.plain)
        };
        Ok(plain.unwrap_or_default())
    }

    /// The text of an entity in one space, to be edited by a writer; empty where it has none there.
    pub fn open_text_in(
        &self,
        id: EntityId,
        space: Space,
        writer: u64,
    ) -> Result<TextDoc, StoreError> {
        if self.home(id)? == Some(space) {
            return self.open_text(id, writer);
        }
        Ok(match self.copied_text(id, space)? {
            Some(text) => TextDoc::load(&text.snapshot, writer)?,
            None => TextDoc::new(writer),
        })
    }

    /// Opens the text of a copy to take edits in; `doc` is one that holds an edit already.
    pub(crate) fn open_copy(
        &self,
        id: EntityId,
        space: Space,
        doc: Option<TextDoc>,
    ) -> Result<OpenText, StoreError> {
        let snapshot = self.copied_text(id, space)?.map(|text| text.snapshot);
        OpenText::apart(snapshot.as_deref(), doc)
    }

    /// Writes a copy. Its text stays as it is where none is given.
    pub(crate) fn save_copy(
        &self,
        state: &EntityState,
        space: Space,
        text: Option<&CopiedText>,
    ) -> Result<(), StoreError> {
        self.sql
            .prepare_cached(
                "INSERT INTO copies (entity, space, kind, life, state) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (entity, space) DO UPDATE SET kind = excluded.kind,
                    life = excluded.life, state = excluded.state",
            )?
            .execute((
                state.id.as_bytes(),
                space.as_str(),
                &state.kind,
                crate::project::life(state),
                holdfast_oplog::encode(state)?,
            ))?;
        if let Some(text) = text {
            self.sql
                .prepare_cached(
                    "UPDATE copies SET field = ?3, version = ?4, plain = ?5, snapshot = ?6
                     WHERE entity = ?1 AND space = ?2",
                )?
                .execute((
                    state.id.as_bytes(),
                    space.as_str(),
                    &text.field,
                    &text.version,
                    &text.plain,
                    &text.snapshot,
                ))?;
        }
        Ok(())
    }

    /// Shows an entity from the space from which it is to be shown; whether that is another one now.
    pub(crate) fn settle_home(&self, id: EntityId) -> Result<bool, StoreError> {
        let copies = self.copies(id)?;
        if copies.is_empty() {
            return Ok(false);
        }
        let Some((state, home)) = self.entity(id)? else { return Ok(false) };
        let best = copies.iter().min_by_key(|(copy, space)| precedence(copy, *space));
        match best {
            Some((copy, space)) if precedence(copy, *space) < precedence(&state, home) => {
                self.exchange_home(&state, home, copy, *space)?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Lets two copies of an entity change places: `state` was shown, `copy` will be.
    fn exchange_home(
        &self,
        state: &EntityState,
        home: Space,
        copy: &EntityState,
        space: Space,
    ) -> Result<(), StoreError> {
        let id = state.id;
        let shown = self.text_apart(id)?;
        let text = self.copied_text(id, space)?;
        for table in ["texts", "text_bases", "text_reviews", "text_updates"] {
            self.sql
                .prepare_cached(&format!("DELETE FROM {table} WHERE entity = ?1"))?
                .execute([id.as_bytes()])?;
        }
        for table in ["item_tags", "item_links"] {
            self.sql
                .prepare_cached(&format!("DELETE FROM {table} WHERE item = ?1"))?
                .execute([id.as_bytes()])?;
        }
        for text in shown.iter().chain(&text) {
            // It is reviewed anew: what stands in one space says nothing about another's text.
            self.unlist_conflict(conflict::id(id, &text.field))?;
        }
        self.sql
            .prepare_cached("DELETE FROM copies WHERE entity = ?1 AND space = ?2")?
            .execute((id.as_bytes(), space.as_str()))?;
        self.save_copy(state, home, shown.as_ref())?;
        self.save_entity(&mut Rows::new(), copy, space)?;
        if let Some(text) = text {
            self.sql
                .prepare_cached(
                    "INSERT INTO texts (entity, field, version, plain, snapshot, review)
                     VALUES (?1, ?2, ?3, ?4, x'', x'')",
                )?
                .execute((id.as_bytes(), text.field, text.version, text.plain))?;
            self.sql
                .prepare_cached("INSERT INTO text_bases (entity, snapshot) VALUES (?1, ?2)")?
                .execute((id.as_bytes(), text.snapshot))?;
        }
        Ok(())
    }

    /// The home's text as one piece.
    fn text_apart(&self, id: EntityId) -> Result<Option<CopiedText>, StoreError> {
        let field: Option<String> = self
            .sql
            .prepare_cached("SELECT field FROM texts WHERE entity = ?1")?
            .query_row([id.as_bytes()], |row| row.get(0))
            .optional()?;
        field.map(|field| self.open_for_writing(id, None)?.copied(&field)).transpose()
    }
}
