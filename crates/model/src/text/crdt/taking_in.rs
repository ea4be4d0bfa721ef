//! Edits of others, taken into a text: checked before and after loro sees them, and undone where it does
//! not come to terms with them.

use std::sync::OnceLock;

use loro::{
    ExportMode, Frontiers, ID, IdSpan, JsonChange, JsonOpContent, JsonSchema, JsonTextOp, LoroDoc,
    VersionVector,
};

use super::{Imported, LONGEST, Open, TAIL, TextDoc, document, guarded, malformed, unreadable};
use crate::text::begun::Begun;
use crate::text::error::TextError;
use crate::text::splice::Splice;

impl TextDoc {
    /// Takes in an edit that `expected_writer` made on another device. Taking one in again does
    /// nothing.
    ///
    /// Errors: [`TextError::Malformed`], [`TextError::ForeignWriter`],
    /// [`TextError::MissingEarlier`], [`TextError::Unsupported`]; then nothing was taken in.
    pub fn import(&mut self, update: &[u8], expected_writer: u64) -> Result<Imported, TextError> {
        if update.is_empty() {
            return Ok(Imported::default());
        }
        if let Some(begun) = Begun::from_update(update, expected_writer) {
            return self.import_beginning(begun?);
        }
        let meta =
            guarded(|| LoroDoc::decode_import_blob_meta(update, true))?.map_err(malformed)?;
        if meta.mode.is_snapshot() {
            return Err(TextError::Unsupported);
        }
        let before = self.open().doc.oplog_vv();
        for (writer, start) in meta.partial_start_vv.iter() {
            if *writer != expected_writer {
                return Err(TextError::ForeignWriter { expected: expected_writer, found: *writer });
            }
            if *start > before.get(writer).copied().unwrap_or(0) {
                return Err(TextError::MissingEarlier);
            }
        }
        if let Some((found, _)) =
            meta.partial_end_vv.iter().find(|(writer, _)| **writer != expected_writer)
        {
            return Err(TextError::ForeignWriter { expected: expected_writer, found: *found });
        }
        self.take_heard();
        let outcome = guarded(|| self.import_unguarded(update, expected_writer, &before));
        match outcome.and_then(|inner| inner) {
            Ok(concurrent) => {
                let splices = self.take_heard();
                self.keep(update.to_vec());
                Ok(Imported { splices, concurrent })
            }
            Err(error) => {
                self.restore();
                Err(error)
            }
        }
    }

    /// Takes in a beginning. A text that holds something already gets it as an edit beside that.
    fn import_beginning(&mut self, begun: Begun) -> Result<Imported, TextError> {
        let held = self.version().count(begun.writer());
        if held >= begun.chars() {
            return Ok(Imported::default());
        }
        if held > 0 {
            return Err(TextError::Malformed("a second beginning".into()));
        }
        if self.is_pristine() {
            let splices = vec![Splice::new(0, 0, begun.text())];
            self.begun = Some(begun);
            return Ok(Imported { splices, concurrent: false });
        }
        let update = guarded(|| -> Result<Vec<u8>, TextError> {
            let doc = document(&begun).map_err(malformed)?;
            doc.export(ExportMode::all_updates()).map_err(malformed)
        })??;
        self.import(&update, begun.writer())
    }

    /// Hands `update` to loro and looks at what it brought. After an error or a panic the document
    /// has to be restored.
    fn import_unguarded(
        &self,
        update: &[u8],
        writer: u64,
        before: &VersionVector,
    ) -> Result<bool, TextError> {
        let status = self.open().doc.import(update).map_err(malformed)?;
        if status.pending.is_some_and(|pending| !pending.is_empty()) {
            return Err(TextError::MissingEarlier);
        }
        let after = self.open().doc.oplog_vv();
        let known = before.get(&writer).copied().unwrap_or(0);
        let held = after.get(&writer).copied().unwrap_or(0);
        if held == known {
            return Ok(false);
        }
        for change in self.open().doc.export_json_in_id_span(IdSpan::new(writer, known, held)) {
            for op in change.ops {
                let readable = match op.content {
                    JsonOpContent::Text(JsonTextOp::Insert { text, .. }) => !text.is_empty(),
                    JsonOpContent::Text(JsonTextOp::Delete { len, .. }) => len != 0,
                    _ => false,
                };
                if !readable || op.container != self.open().root {
                    return Err(TextError::Unsupported);
                }
            }
        }
        if self.len_chars() > LONGEST {
            return Err(TextError::TooLong);
        }
        let change = self.open().doc.get_change(ID::new(writer, known)).ok_or_else(unreadable)?;
        let seen = if change.id.counter < known {
            Frontiers::from_id(ID::new(writer, known - 1))
        } else {
            change.deps
        };
        let seen = self.open().doc.frontiers_to_vv(&seen).ok_or_else(unreadable)?;
        Ok(!seen.includes_vv(before))
    }

    /// Takes in everything that another copy of the same text holds.
    ///
    /// Errors: [`TextError::Malformed`], [`TextError::MissingEarlier`], [`TextError::TooLong`]; then
    /// nothing was taken in.
    pub fn merge(&mut self, other: &Self) -> Result<(), TextError> {
        let known = self.open().doc.oplog_vv();
        let update =
            guarded(|| other.open().doc.export(ExportMode::updates(&known)))?.map_err(malformed)?;
        self.take_heard();
        let outcome = guarded(|| {
            let status = self.open().doc.import(&update).map_err(malformed)?;
            if status.pending.is_some_and(|pending| !pending.is_empty()) {
                return Err(TextError::MissingEarlier);
            }
            if self.len_chars() > LONGEST { Err(TextError::TooLong) } else { Ok(()) }
        });
        self.take_heard();
        match outcome.and_then(|inner| inner) {
            Ok(()) => {
                self.keep(update);
                Ok(())
            }
            Err(error) => {
                self.restore();
                Err(error)
            }
        }
    }

    /// Remembers an update that the document took in, for [`TextDoc::restore`].
    pub(super) fn keep(&mut self, update: Vec<u8>) {
        self.tail_len = self.tail_len.saturating_add(update.len());
        self.tail.push(update);
        if self.tail_len > TAIL.saturating_add(self.saved.len())
            && let Ok(saved) = self.snapshot()
        {
            self.saved = saved;
            self.tail.clear();
            self.tail_len = 0;
        }
    }

    /// Puts the document together again from bytes that it took in before without complaint.
    pub(super) fn restore(&mut self) {
        let (saved, tail) = (std::mem::take(&mut self.saved), std::mem::take(&mut self.tail));
        let rebuilt = guarded(|| {
            let doc = if saved.is_empty() {
                self.beginning()
            } else {
                LoroDoc::from_snapshot(&saved).unwrap_or_default()
            };
            for update in &tail {
                // Each was taken in once already, in this order.
                let _ = doc.import(update);
            }
            doc
        });
        let restored = OnceLock::from(Open::over(rebuilt.unwrap_or_default(), self.writer));
        (self.saved, self.tail) = (saved, tail);
        // After a panic the old document's locks are poisoned and its destructor would panic too, so
        // it is left where it is. That costs memory once for each hostile edit, and nothing else.
        std::mem::forget(std::mem::replace(&mut self.open, restored));
    }

    /// All operations, each under its writer's id, in an order in which they can be taken in.
    pub(in crate::text) fn all_changes(&self) -> Result<Vec<JsonChange>, TextError> {
        let none = VersionVector::default();
        let now = self.open().doc.oplog_vv();
        let all =
            guarded(|| self.open().doc.export_json_updates_without_peer_compression(&none, &now))?;
        Ok(all.map_err(malformed)?.changes)
    }

    /// The operations that `update` adds to this text as `writer`'s, which stay in this text.
    pub(in crate::text) fn decode(
        &mut self,
        update: &[u8],
        writer: u64,
    ) -> Result<Vec<JsonChange>, TextError> {
        let known = self.open().doc.oplog_vv().get(&writer).copied().unwrap_or(0);
        self.import(update, writer)?;
        let held = self.open().doc.oplog_vv().get(&writer).copied().unwrap_or(0);
        guarded(|| self.open().doc.export_json_in_id_span(IdSpan::new(writer, known, held)))
    }

    /// Takes in operations that were read from another text. What they added, encoded.
    pub(in crate::text) fn take_changes(
        &mut self,
        changes: Vec<JsonChange>,
    ) -> Result<Vec<u8>, TextError> {
        let schema = JsonSchema {
            schema_version: 1,
            start_version: Frontiers::default(),
            peers: None,
            changes,
        };
        let before = self.open().doc.oplog_vv();
        let outcome = guarded(|| -> Result<Vec<u8>, TextError> {
            let status = self.open().doc.import_json_updates(schema).map_err(malformed)?;
            if status.pending.is_some_and(|pending| !pending.is_empty()) {
                return Err(TextError::MissingEarlier);
            }
            self.open().doc.export(ExportMode::updates(&before)).map_err(malformed)
        });
        self.take_heard();
        match outcome.and_then(|inner| inner) {
            Ok(update) => {
                self.keep(update.clone());
                Ok(update)
            }
            Err(error) => {
                self.restore();
                Err(error)
            }
        }
    }
}
