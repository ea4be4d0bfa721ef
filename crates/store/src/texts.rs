use crate::{StoreError, Tx};
use holdfast_model::fields::{REVIEWED, policy_kind};
use holdfast_model::text::{ReviewCache, TextDoc, TextError, Version};
use holdfast_model::{EntityId, EntityState, Kind, Policies, Policy, Value, conflict};
use holdfast_oplog::{decode, encode};
use rusqlite::OptionalExtension;

/// Updates are folded into the snapshot once they are this many, or this many bytes and as large as it.
const FOLD_COUNT: usize = 64;
const FOLD_BYTES: usize = 16 * 1024;
/// What this program wrote itself; the bound only catches damage.
const LOCAL_LIMIT: usize = 256 * 1024 * 1024;

/// A text as the database keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredText {
    /// What people read.
    pub plain: String,
    /// Which version that is.
    pub version: Version,
}

/// A text that is being edited within a transaction.
pub(crate) struct OpenText {
    doc: TextDoc,
    plain: String,
    /// Updates taken in since it was opened.
    fresh: Vec<(u64, Vec<u8>)>,
    stored: usize,
    stored_bytes: usize,
    snapshot_bytes: usize,
    cache: ReviewCache,
    concurrent: bool,
}

impl OpenText {
    /// Takes in an edit; one that is in already only has to be kept.
    pub(crate) fn take_in(&mut self, update: &[u8], writer: u64) -> Result<(), TextError> {
        let imported = self.doc.import(update, writer)?;
        self.concurrent |= imported.concurrent;
        self.plain = self.doc.plain();
        self.fresh.push((writer, update.to_vec()));
        Ok(())
    }

    pub(crate) fn plain(&self) -> &str {
        &self.plain
    }
}

struct Row {
    snapshot: Vec<u8>,
    review: Vec<u8>,
}

impl Tx<'_> {
    fn text_row(&self, id: EntityId) -> Result<Option<Row>, StoreError> {
        Ok(self
            .sql
            .prepare_cached("SELECT snapshot, review FROM texts WHERE entity = ?1")?
            .query_row([id.as_bytes()], |row| {
                Ok(Row { snapshot: row.get(0)?, review: row.get(1)? })
            })
            .optional()?)
    }

    fn text_updates(&self, id: EntityId) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        let mut statement = self.sql.prepare_cached(
            "SELECT writer, body FROM text_updates WHERE entity = ?1 ORDER BY no",
        )?;
        let rows = statement.query_map([id.as_bytes()], |row| {
            Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn load_doc(
        &self,
        id: EntityId,
        row: &Row,
        writer: u64,
    ) -> Result<(TextDoc, usize, usize), StoreError> {
        let mut doc = if row.snapshot.is_empty() {
            TextDoc::new(writer)
        } else {
            TextDoc::load(&row.snapshot, writer)?
        };
        let updates = self.text_updates(id)?;
        let (count, bytes) = (updates.len(), updates.iter().map(|(_, body)| body.len()).sum());
        for (from, body) in updates {
            doc.import(&body, from)?;
        }
        Ok((doc, count, bytes))
    }

    /// The text of an item, to be edited by a writer; empty when it has none yet.
    pub fn open_text(&self, id: EntityId, writer: u64) -> Result<TextDoc, StoreError> {
        match self.text_row(id)? {
            Some(row) => Ok(self.load_doc(id, &row, writer)?.0),
            None => Ok(TextDoc::new(writer)),
        }
    }

    /// What people read of an item's text, and which version it is.
    pub fn text(&self, id: EntityId) -> Result<Option<StoredText>, StoreError> {
        let row: Option<(String, Vec<u8>)> = self
            .sql
            .prepare_cached("SELECT plain, version FROM texts WHERE entity = ?1")?
            .query_row([id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        row.map(|(plain, version)| {
            Ok(StoredText { plain, version: Version::from_bytes(&version)? })
        })
        .transpose()
    }

    pub(crate) fn text_plain(&self, id: EntityId) -> Result<Option<String>, StoreError> {
        Ok(self
            .sql
            .prepare_cached("SELECT plain FROM texts WHERE entity = ?1")?
            .query_row([id.as_bytes()], |row| row.get(0))
            .optional()?)
    }

    /// Opens a text to take edits in; `doc` is one that holds an edit of this device already.
    pub(crate) fn open_for_writing(
        &self,
        id: EntityId,
        doc: Option<TextDoc>,
    ) -> Result<OpenText, StoreError> {
        let row = self.text_row(id)?;
        self.open(id, row, doc)
    }

    fn open(
        &self,
        id: EntityId,
        row: Option<Row>,
        doc: Option<TextDoc>,
    ) -> Result<OpenText, StoreError> {
        let Some(row) = row else {
            let doc = doc.unwrap_or_else(|| TextDoc::new(READER));
            let plain = doc.plain();
            return Ok(OpenText {
                doc,
                plain,
                fresh: Vec::new(),
                stored: 0,
                stored_bytes: 0,
                snapshot_bytes: 0,
                cache: ReviewCache::default(),
                concurrent: false,
            });
        };
        let cache = if row.review.is_empty() {
            ReviewCache::default()
        } else {
            // The cache is only a short cut: damaged, it is made anew.
            decode(&row.review, LOCAL_LIMIT, "the review of a text").unwrap_or_default()
        };
        let snapshot_bytes = row.snapshot.len();
        let (doc, stored, stored_bytes) = match doc {
            Some(doc) => {
                let (count, bytes): (i64, i64) = self
                    .sql
                    .prepare_cached(
                        "SELECT count(*), coalesce(sum(length(body)), 0) FROM text_updates WHERE entity = ?1",
                    )?
                    .query_row([id.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?)))?;
                (doc, count as usize, bytes as usize)
            }
            None => self.load_doc(id, &row, READER)?,
        };
        let plain = doc.plain();
        Ok(OpenText {
            doc,
            plain,
            fresh: Vec::new(),
            stored,
            stored_bytes,
            snapshot_bytes,
            cache,
            concurrent: false,
        })
    }

    /// Writes a text back and lists what has to be reviewed. Whether edits made apart were merged.
    pub(crate) fn save_text(
        &self,
        state: &EntityState,
        open: &mut OpenText,
        policies: &Policies,
    ) -> Result<bool, StoreError> {
        let id = state.id;
        let field = Kind::parse(&state.kind).and_then(Kind::text_field).unwrap_or_default();
        let fresh_bytes: usize = open.fresh.iter().map(|(_, body)| body.len()).sum();
        let tail = open.stored_bytes + fresh_bytes;
        // Edits made apart are dear to merge again on every opening, edits in a row are not.
        let fold = open.concurrent
            || open.stored + open.fresh.len() > FOLD_COUNT
            || (tail > FOLD_BYTES && tail > open.snapshot_bytes);
        let review_bytes = self.review_text(state, field, open, policies)?;
        let version = open.doc.version().to_bytes();
        if fold || open.snapshot_bytes == 0 {
            let snapshot = open.doc.snapshot()?;
            self.sql
                .prepare_cached(
                    "INSERT INTO texts (entity, field, version, plain, snapshot, review)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                     ON CONFLICT (entity) DO UPDATE SET version = excluded.version,
                        plain = excluded.plain, snapshot = excluded.snapshot, review = excluded.review",
                )?
                .execute((id.as_bytes(), field, &version, &open.plain, &snapshot, &review_bytes))?;
            if open.stored > 0 {
                self.sql
                    .prepare_cached("DELETE FROM text_updates WHERE entity = ?1")?
                    .execute([id.as_bytes()])?;
            }
        } else {
            for (writer, body) in &open.fresh {
                self.sql
                    .prepare_cached(
                        "INSERT INTO text_updates (entity, writer, body) VALUES (?1, ?2, ?3)",
                    )?
                    .execute((id.as_bytes(), writer.cast_signed(), body))?;
            }
            self.sql
                .prepare_cached(
                    "UPDATE texts SET version = ?2, plain = ?3, review = ?4 WHERE entity = ?1",
                )?
                .execute((id.as_bytes(), &version, &open.plain, &review_bytes))?;
        }
        Ok(open.concurrent)
    }

    /// Lists the text's conflict or automatic merge, if there is one; returns the cache to keep.
    fn review_text(
        &self,
        state: &EntityState,
        field: &str,
        open: &mut OpenText,
        policies: &Policies,
    ) -> Result<Vec<u8>, StoreError> {
        let policy = policies.of(policy_kind(&state.kind, field));
        let conflict_id = conflict::id(state.id, field);
        if policy == Policy::Newest {
            // Nothing is listed, so nothing needs to be found. The cache goes on from where it stands
            // when another policy is chosen.
            self.unlist_conflict(conflict_id)?;
            return Ok(encode(&open.cache)?);
        }
        // A decision in a form that is not understood decides nothing here.
        let decisions: Vec<Version> = state
            .elements(REVIEWED)
            .into_iter()
            .filter_map(|value| match value {
                Value::Bytes(bytes) => Version::from_bytes(bytes).ok(),
                _ => None,
            })
            .collect();
        let found = open.doc.review(&decisions, &mut open.cache)?;
        let row = match (found.conflict, found.merged_automatically) {
            (Some(conflict), _) => Some(("open", conflict)),
            (None, Some(merge)) if policy == Policy::Ask => Some(("open", merge)),
            (None, Some(merge)) => Some(("merged", merge)),
            (None, None) => None,
        };
        match row {
            Some((listed, found)) => self.list_conflict(
                conflict_id,
                state.id,
                conflict::ConflictKind::Text,
                field,
                listed,
                &encode(&found)?,
            )?,
            None => self.unlist_conflict(conflict_id)?,
        }
        Ok(encode(&open.cache)?)
    }

    /// Lists the reviews of a text again, after the policies changed.
    pub(crate) fn review_again(
        &self,
        state: &EntityState,
        policies: &Policies,
    ) -> Result<(), StoreError> {
        if let Some(field) = Kind::parse(&state.kind).and_then(Kind::text_field)
            && let Some(row) = self.text_row(state.id)?
        {
            let mut open = self.open(state.id, Some(row), None)?;
            self.review_text(state, field, &mut open, policies)?;
        }
        Ok(())
    }
}

/// The writer id of documents that are only read from.
const READER: u64 = 1;
