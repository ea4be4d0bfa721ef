//! Texts as the database keeps them: a snapshot of the sequence CRDT, the updates after it, and what
//! people read.

use crate::project::Rows;
use crate::{StoreError, Tx};
use holdfast_model::text::{Begun, TextDoc, TextError, Version, WriterNames};
use holdfast_model::{EntityId, EntityState, Kind, Policies};
use holdfast_oplog::Hash;
use rusqlite::OptionalExtension;

/// Updates are folded into the snapshot once they are this many; where the snapshot is large, once they
/// are [`FOLD_LARGE`]: writing it takes longer than taking in the updates.
const FOLD_SMALL: usize = 64;
const FOLD_LARGE: usize = 256;
/// Edits made apart are dear to merge again on every opening, edits in a row are not.
const FOLD_APART: usize = 16;
/// Or once they are this many bytes and as large as the snapshot.
const FOLD_BYTES: usize = 16 * 1024;

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
    pub(crate) doc: TextDoc,
    /// What people read, once it is saved.
    plain: String,
    /// Updates taken in since it was opened.
    fresh: Vec<(u64, Vec<u8>)>,
    stored: usize,
    stored_bytes: usize,
    /// 0 when it is not in the database yet.
    snapshot_bytes: usize,
    concurrent: bool,
    /// Whether a decision was made or taken back.
    decided: bool,
    /// Whether it began empty, so that what was taken in since is all there is.
    began_empty: bool,
    /// Whether the database has nothing of it yet.
    is_new: bool,
}

impl OpenText {
    /// A text of which nothing was written yet.
    fn empty() -> Self {
        Self { began_empty: true, ..Self::brought(TextDoc::new(READER)) }
    }

    /// A text of which the database has nothing yet.
    fn brought(doc: TextDoc) -> Self {
        Self { is_new: true, ..Self::new(doc) }
    }

    /// The text of an item of which the database has nothing.
    pub(crate) fn of_nothing(brought: Option<TextDoc>) -> Self {
        brought.map_or_else(Self::empty, Self::brought)
    }

    fn new(doc: TextDoc) -> Self {
        Self {
            began_empty: false,
            is_new: false,
            doc,
            plain: String::new(),
            fresh: Vec::new(),
            stored: 0,
            stored_bytes: 0,
            snapshot_bytes: 0,
            concurrent: false,
            decided: false,
        }
    }

    /// Takes in an edit; one that is in already only has to be kept.
    pub(crate) fn take_in(&mut self, update: &[u8], writer: u64) -> Result<(), TextError> {
        let imported = self.doc.import(update, writer)?;
        self.concurrent |= imported.concurrent;
        self.fresh.push((writer, update.to_vec()));
        Ok(())
    }

    /// Takes note that a decision on it was made or taken back.
    pub(crate) fn decided(&mut self) {
        self.decided = true;
    }

    /// Takes in an edit that names writers otherwise. The same edit in the names used here, which
    /// has to be kept with [`OpenText::take_in`].
    pub(crate) fn take_in_renamed(
        &mut self,
        update: &[u8],
        writer: u64,
        names: &WriterNames,
    ) -> Result<Vec<u8>, TextError> {
        self.concurrent = true;
        self.doc.import_renamed(update, writer, names)
    }

    pub(crate) fn version(&self) -> Version {
        self.doc.version()
    }

    /// What people read, once it is saved.
    pub(crate) fn plain(&self) -> &str {
        &self.plain
    }

    /// A text that is kept as one snapshot beside the home's: see [`crate::copies`].
    pub(crate) fn apart(
        snapshot: Option<&[u8]>,
        brought: Option<TextDoc>,
    ) -> Result<Self, StoreError> {
        Ok(Self::new(match (brought, snapshot) {
            (Some(doc), _) => doc,
            (None, Some(snapshot)) => TextDoc::load(snapshot, READER)?,
            (None, None) => TextDoc::new(READER),
        }))
    }

    /// The whole of it as one piece.
    pub(crate) fn copied(&self, field: &str) -> Result<crate::copies::CopiedText, StoreError> {
        Ok(crate::copies::CopiedText {
            field: field.to_owned(),
            version: self.doc.version().to_bytes(),
            plain: self.doc.plain(),
            snapshot: self.doc.snapshot()?,
        })
    }

    /// Whether the review may say something else than before. An edit whose writer had seen everything
    /// adds to no disagreement: it comes after all of them.
    fn is_review_due(&self) -> bool {
        self.concurrent || self.decided || self.fresh.is_empty()
    }

    fn folds(&self) -> bool {
        let count = self.stored + self.fresh.len();
        let bytes =
            self.stored_bytes + self.fresh.iter().map(|(_, body)| body.len()).sum::<usize>();
        let small = self.snapshot_bytes < FOLD_BYTES;
        let most = if small { FOLD_SMALL } else { FOLD_LARGE };
        count > most
            || (self.concurrent && (small || count > FOLD_APART))
            || (bytes > FOLD_BYTES && bytes > self.snapshot_bytes)
    }
}

struct Row {
    version: Vec<u8>,
    snapshot_bytes: usize,
}

impl Tx<'_> {
    fn text_row(&self, id: EntityId) -> Result<Option<Row>, StoreError> {
        let row: Option<(Vec<u8>, i64)> = self
            .sql
            .prepare_cached(
                "SELECT t.version, coalesce(length(b.snapshot),
                    CASE WHEN substr(t.snapshot, 1, 4) = ?2 THEN 0 ELSE length(t.snapshot) END)
                 FROM texts t LEFT JOIN text_bases b ON b.entity = t.entity WHERE t.entity = ?1",
            )?
            .query_row((id.as_bytes(), BEGUN), |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        Ok(row.map(|(version, bytes)| Row {
            version,
            snapshot_bytes: usize::try_from(bytes).unwrap_or(0),
        }))
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

    /// The text as the database has it, whatever is kept open.
    fn load_text(&self, id: EntityId, writer: u64) -> Result<TextDoc, StoreError> {
        let snapshot: Vec<u8> = self
            .sql
            .prepare_cached(
                "SELECT coalesce(b.snapshot, t.snapshot)
                 FROM texts t LEFT JOIN text_bases b ON b.entity = t.entity WHERE t.entity = ?1",
            )?
            .query_row([id.as_bytes()], |row| row.get(0))?;
        let mut doc = if snapshot.is_empty() {
            TextDoc::new(writer)
        } else if snapshot.starts_with(BEGUN) {
            self.load_begun(id, &snapshot, writer)?
        } else {
            TextDoc::load(&snapshot, writer)?
        };
        for (from, body) in self.text_updates(id)? {
            doc.import(&body, from)?;
        }
        Ok(doc)
    }

    /// A text that is nothing but its beginning.
    fn load_begun(&self, id: EntityId, mark: &[u8], writer: u64) -> Result<TextDoc, StoreError> {
        let damaged = || StoreError::Damaged(format!("the text of {id} is not what was written"));
        let StoredText { plain, version } = self.text(id)?.ok_or_else(damaged)?;
        if begun_mark(&plain) != mark {
            return Err(damaged());
        }
        let by = version.only_writer().ok_or_else(damaged)?;
        let begun = Begun::new(by, plain).map_err(|_| damaged())?;
        if begun.version() != version {
            return Err(damaged());
        }
        Ok(TextDoc::begin(begun, writer))
    }

    /// The text of an item, to be edited by a writer; empty when it has none yet.
    pub fn open_text(&self, id: EntityId, writer: u64) -> Result<TextDoc, StoreError> {
        let Some(row) = self.text_row(id)? else { return Ok(TextDoc::new(writer)) };
        match self.kept_text(id, &row) {
            Some(mut doc) => {
                doc.write_as(writer);
                Ok(doc)
            }
            None => self.load_text(id, writer),
        }
    }

    /// The text, if it was edited lately and this transaction may go on editing it.
    fn kept_text(&self, id: EntityId, row: &Row) -> Option<TextDoc> {
        if !self.writes {
            return None;
        }
        self.lately.borrow_mut().take(id, &row.version)
    }

    /// Keeps a saved text for the next edit.
    pub(crate) fn keep_text(&self, id: EntityId, open: OpenText) {
        self.lately.borrow_mut().keep(id, open.doc);
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

    /// Bytes of what people read of a text.
    pub(crate) fn text_bytes(&self, id: EntityId) -> Result<usize, StoreError> {
        let bytes: Option<i64> = self
            .sql
            .prepare_cached("SELECT octet_length(plain) FROM texts WHERE entity = ?1")?
            .query_row([id.as_bytes()], |row| row.get(0))
            .optional()?;
        Ok(usize::try_from(bytes.unwrap_or(0)).unwrap_or(0))
    }

    pub(crate) fn text_plain(&self, id: EntityId) -> Result<Option<String>, StoreError> {
        Ok(self
            .sql
            .prepare_cached("SELECT plain FROM texts WHERE entity = ?1")?
            .query_row([id.as_bytes()], |row| row.get(0))
            .optional()?)
    }

    /// Opens a text to take edits in; `brought` is one that holds an edit of this device already.
    pub(crate) fn open_for_writing(
        &self,
        id: EntityId,
        brought: Option<TextDoc>,
    ) -> Result<OpenText, StoreError> {
        let Some(row) = self.text_row(id)? else {
            return Ok(OpenText::of_nothing(brought));
        };
        let kept = self.kept_text(id, &row);
        let stored = Version::from_bytes(&row.version)?;
        // One that was opened before another transaction wrote lacks what that wrote.
        let brought = brought.filter(|doc| doc.version().covers(&stored));
        let doc = match brought.or(kept) {
            Some(doc) => doc,
            None => self.load_text(id, READER)?,
        };
        let (count, bytes): (i64, i64) = self
            .sql
            .prepare_cached(
                "SELECT count(*), coalesce(sum(length(body)), 0) FROM text_updates WHERE entity = ?1",
            )?
            .query_row([id.as_bytes()], |r| Ok((r.get(0)?, r.get(1)?)))?;
        let mut open = OpenText::new(doc);
        open.stored = usize::try_from(count).unwrap_or(0);
        open.stored_bytes = usize::try_from(bytes).unwrap_or(0);
        open.snapshot_bytes = row.snapshot_bytes;
        Ok(open)
    }

    /// Writes a text back and lists what has to be reviewed. Whether edits made apart were merged.
    pub(crate) fn save_text<'t>(
        &'t self,
        rows: &mut Rows<'t>,
        state: &EntityState,
        open: &mut OpenText,
        policies: &Policies,
    ) -> Result<bool, StoreError> {
        let id = state.id;
        let field = Kind::parse(&state.kind).and_then(Kind::text_field).unwrap_or_default();
        open.plain = open.doc.plain();
        if open.is_review_due() {
            self.review_text(state, field, &open.doc, policies)?;
        }
        let version = open.doc.version().to_bytes();
        if open.is_new
            && let Some(begun) = open.doc.begun()
        {
            rows.text.get(self)?.execute((
                id.as_bytes(),
                field,
                &version,
                begun.text(),
                begun_mark(begun.text()),
            ))?;
            return Ok(false);
        }
        // The edits that make a new text are kept as they came: most texts of a first sync are read long
        // before they are written, if they ever are, and a snapshot of each costs more than all else.
        let begins = open.began_empty && !open.fresh.is_empty();
        let folds = open.folds() || (open.snapshot_bytes == 0 && !begins);
        if begins || folds {
            self.sql
                .prepare_cached(
                    "INSERT INTO texts (entity, field, version, plain, snapshot, review)
                     VALUES (?1, ?2, ?3, ?4, x'', x'')
                     ON CONFLICT (entity) DO UPDATE SET version = excluded.version,
                        plain = excluded.plain, snapshot = x'', review = x''",
                )?
                .execute((id.as_bytes(), field, &version, &open.plain))?;
        }
        if folds {
            self.sql
                .prepare_cached(
                    "INSERT INTO text_bases (entity, snapshot) VALUES (?1, ?2)
                     ON CONFLICT (entity) DO UPDATE SET snapshot = excluded.snapshot",
                )?
                .execute((id.as_bytes(), open.doc.snapshot()?))?;
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
            if !begins {
                self.sql
                    .prepare_cached("UPDATE texts SET version = ?2, plain = ?3 WHERE entity = ?1")?
                    .execute((id.as_bytes(), &version, &open.plain))?;
            }
        }
        Ok(open.concurrent)
    }

    /// Lists the reviews of a text again, after the policies changed or another copy is shown.
    pub(crate) fn review_again(
        &self,
        state: &EntityState,
        policies: &Policies,
    ) -> Result<(), StoreError> {
        if let Some(field) = Kind::parse(&state.kind).and_then(Kind::text_field)
            && self.text_row(state.id)?.is_some()
        {
            let doc = self.load_text(state.id, READER)?;
            self.review_text(state, field, &doc, policies)?;
        }
        Ok(())
    }
}

/// What stands in place of a snapshot where a text is nothing but its beginning, with a sum behind it.
const BEGUN: &[u8] = b"text";

fn begun_mark(plain: &str) -> Vec<u8> {
    let sum = Hash::of(plain.as_bytes());
    [BEGUN, sum.0.get(..16).unwrap_or_default()].concat()
}

/// The writer id of documents that are only read from.
const READER: u64 = 1;
