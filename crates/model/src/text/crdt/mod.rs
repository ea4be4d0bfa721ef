//! The sequence CRDT itself: the one module that knows loro.
//!
//! Owns a note's text with its whole history. Everything here is a function of the edits the text
//! holds; the order in which they came changes nothing that can be read.
//!
//! Bytes that come from others are checked before and after loro sees them. Loro's decoder is meant
//! to return errors, but it holds assertions that damaged or hostile bytes may reach; such a panic is
//! caught, and because the document may then be half changed it is put together again from bytes
//! kept for that purpose: its last snapshot and the updates since.

mod history;
mod past;
mod taking_in;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use loro::event::Diff;
use loro::{ContainerID, ContainerTrait, ExportMode, LoroDoc, LoroText, Subscription, TextDelta};
use serde::{Deserialize, Serialize};

pub use history::Run;
pub(super) use history::{Action, Op, Piece};
pub(super) use loro::{
    ID as OpId, JsonChange, JsonOp, JsonOpContent as JsonContent, JsonTextOp as JsonText,
};

use super::begun::Begun;
use super::error::TextError;
use super::lines;
use super::rewrite;
use super::splice::{self, Splice};

/// The root container that holds a note's text.
const ROOT: &str = "text";

/// Updates are kept beside the last snapshot up to this many bytes more than the snapshot has.
const TAIL: usize = 64 * 1024;

/// Code points a text may have; positions inside the CRDT are 32 bits wide.
pub(super) const LONGEST: usize = 64 * 1024 * 1024;

/// What one edit adds to the text's history: what a change carries to other devices.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Edit {
    /// The operations, encoded. Empty when the edit changed nothing.
    #[serde(with = "serde_bytes")]
    pub update: Vec<u8>,
}

/// What an edit that came from elsewhere did here.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Imported {
    /// What changed in the visible text, in code points, in order.
    pub splices: Vec<Splice>,
    /// Whether the edit's writer had not seen everything that this text held.
    pub concurrent: bool,
}

/// What the text said it changed since it was last asked.
type Heard = Arc<Mutex<Vec<Splice>>>;

/// A note's text with its whole history, written here under one writer id.
///
/// Positions are Unicode code points unless a function's name says `utf16`.
///
/// As long as the text is nothing but its beginning, the sequence CRDT is not set up: most texts of a
/// first sync are read long before they are edited, if they ever are.
pub struct TextDoc {
    writer: u64,
    /// What it began with, where that came in its short form.
    begun: Option<Begun>,
    open: OnceLock<Open>,
    /// From which the text can be put together again: a snapshot, or what it began with, and the
    /// updates after it.
    saved: Vec<u8>,
    tail: Vec<Vec<u8>>,
    tail_len: usize,
}

/// The sequence CRDT, set up.
struct Open {
    doc: LoroDoc,
    text: LoroText,
    root: ContainerID,
    heard: Heard,
    /// Ends with the document; dropping it would silence `heard`.
    _subscription: Subscription,
}

impl Open {
    fn over(doc: LoroDoc, writer: u64) -> Self {
        // Refused for u64::MAX alone, which `splice` refuses in turn.
        let _ = doc.set_peer_id(writer);
        let text = doc.get_text(ROOT);
        let root = text.id();
        let heard = Heard::default();
        let hears = Arc::clone(&heard);
        let subscription = doc.subscribe(
            &root,
            Arc::new(move |event| {
                let mut heard = hears.lock().unwrap_or_else(PoisonError::into_inner);
                for change in &event.events {
                    if let Diff::Text(delta) = &change.diff {
                        heard.extend(splices(delta));
                    }
                }
            }),
        );
        Self { doc, text, root, heard, _subscription: subscription }
    }
}

impl std::fmt::Debug for TextDoc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TextDoc").field("writer", &self.writer).finish_non_exhaustive()
    }
}

impl TextDoc {
    /// An empty text, to be edited as `writer` (see [`super::writer_of`]).
    pub fn new(writer: u64) -> Self {
        Self {
            writer,
            begun: None,
            open: OnceLock::new(),
            saved: Vec::new(),
            tail: Vec::new(),
            tail_len: 0,
        }
    }

    /// A text of which [`TextDoc::begun`] told what it consists of, to be edited as `writer`.
    pub fn begin(begun: Begun, writer: u64) -> Self {
        Self { begun: Some(begun), ..Self::new(writer) }
    }

    /// What the text consists of, as long as that is one beginning and nobody looked at its history.
    pub fn begun(&self) -> Option<&Begun> {
        self.begun.as_ref().filter(|_| self.open.get().is_none())
    }

    /// Whether nothing was ever written into it.
    fn is_pristine(&self) -> bool {
        self.begun.is_none() && self.open.get().is_none()
    }

    fn open(&self) -> &Open {
        self.open.get_or_init(|| Open::over(self.beginning(), self.writer))
    }

    /// The document as it began.
    fn beginning(&self) -> LoroDoc {
        self.begun.as_ref().and_then(|begun| document(begun).ok()).unwrap_or_default()
    }

    /// The text that [`TextDoc::snapshot`] gave.
    ///
    /// Errors: [`TextError::Malformed`] when the bytes are no snapshot, [`TextError::Unsupported`]
    /// when the history in it is cut off.
    pub fn load(snapshot: &[u8], writer: u64) -> Result<Self, TextError> {
        guarded(|| -> Result<Self, TextError> {
            let meta = LoroDoc::decode_import_blob_meta(snapshot, true).map_err(malformed)?;
            if !meta.mode.is_snapshot() {
                return Err(TextError::Malformed("no snapshot".into()));
            }
            let doc = LoroDoc::from_snapshot(snapshot).map_err(malformed)?;
            if doc.is_shallow() {
                return Err(TextError::Unsupported);
            }
            let loaded = Self::over(doc, writer, snapshot.to_vec());
            // Reading brings out damage that decoding alone passes over.
            let chars = loaded.plain().chars().count();
            if chars == loaded.len_chars() {
                Ok(loaded)
            } else {
                Err(TextError::Malformed("length".into()))
            }
        })?
    }

    fn over(doc: LoroDoc, writer: u64, saved: Vec<u8>) -> Self {
        Self { open: OnceLock::from(Open::over(doc, writer)), saved, ..Self::new(writer) }
    }

    /// The text with its whole history, to be kept.
    pub fn snapshot(&self) -> Result<Vec<u8>, TextError> {
        self.open().doc.export(ExportMode::Snapshot).map_err(malformed)
    }

    /// The visible text.
    pub fn plain(&self) -> String {
        match self.begun() {
            Some(begun) => begun.text().to_owned(),
            None if self.is_pristine() => String::new(),
            None => self.open().text.to_string(),
        }
    }

    /// The visible text's length in code points.
    pub fn len_chars(&self) -> usize {
        match self.begun() {
            Some(begun) => begun.chars() as usize,
            None if self.is_pristine() => 0,
            None => self.open().text.len_unicode(),
        }
    }

    /// Who edits here.
    pub fn writer(&self) -> u64 {
        self.writer
    }

    /// Edits here as `writer` from now on.
    pub fn write_as(&mut self, writer: u64) {
        if self.writer != writer {
            if let Some(open) = self.open.get() {
                // As in `over`.
                let _ = open.doc.set_peer_id(writer);
            }
            self.writer = writer;
        }
    }

    /// Applies `splices` in order as one edit.
    ///
    /// Errors: [`TextError::OutOfBounds`], [`TextError::TooLong`], [`TextError::ReservedWriter`];
    /// then nothing was applied.
    pub fn splice(&mut self, splices: &[Splice]) -> Result<Edit, TextError> {
        if self.writer == u64::MAX {
            return Err(TextError::ReservedWriter);
        }
        splice::check(splices, self.len_chars())?;
        let typed: usize = splices.iter().map(|splice| splice.insert.chars().count()).sum();
        if self.len_chars().saturating_add(typed) > LONGEST {
            return Err(TextError::TooLong);
        }
        if splices.iter().all(Splice::is_empty) {
            return Ok(Edit::default());
        }
        if self.is_pristine()
            && let Some(text) = one_piece(splices)
        {
            let begun = Begun::new(self.writer, text)?;
            let update = begun.to_update();
            self.begun = Some(begun);
            return Ok(Edit { update });
        }
        let before = self.open().doc.oplog_vv();
        let applied = guarded(|| -> Result<Vec<u8>, loro::LoroError> {
            for splice in splices {
                if splice.delete > 0 {
                    self.open().text.delete(splice.pos, splice.delete)?;
                }
                if !splice.insert.is_empty() {
                    self.open().text.insert(splice.pos, &splice.insert)?;
                }
            }
            self.open().doc.commit();
            Ok(self.open().doc.export(ExportMode::updates(&before))?)
        });
        self.take_heard();
        match applied {
            Ok(Ok(update)) => {
                self.keep(update.clone());
                Ok(Edit { update })
            }
            Ok(Err(error)) => {
                self.restore();
                Err(malformed(error))
            }
            Err(error) => {
                self.restore();
                Err(error)
            }
        }
    }

    /// [`TextDoc::splice`] with positions and lengths in UTF-16 units.
    pub fn splice_utf16(&mut self, splices: &[Splice]) -> Result<Edit, TextError> {
        let text = self.plain();
        let splices = splice::from_utf16(&text, splices)?;
        self.splice(&lines::apart(&text, &splices))
    }

    /// [`TextDoc::splice`] for what a person typed: lines typed apart stay lines when they meet.
    pub fn type_in(&mut self, splices: &[Splice]) -> Result<Edit, TextError> {
        splice::check(splices, self.len_chars())?;
        let splices = lines::apart(&self.plain(), splices);
        self.splice(&splices)
    }

    /// Makes the text `whole` with the fewest, smallest splices that can be found in bounded time,
    /// so that edits made elsewhere at the same time merge well.
    pub fn replace(&mut self, whole: &str) -> Result<Edit, TextError> {
        let text = self.plain();
        let splices = rewrite::splices_between(&text, whole);
        self.splice(&lines::apart(&text, &splices))
    }

    fn take_heard(&self) -> Vec<Splice> {
        std::mem::take(&mut *self.open().heard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Runs `work`, which reaches loro with bytes or versions from elsewhere.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, TextError> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| unreadable())
}

/// The document that consists of a beginning. Two devices make the same of it.
fn document(begun: &Begun) -> Result<LoroDoc, loro::LoroError> {
    let doc = LoroDoc::new();
    doc.set_peer_id(begun.writer())?;
    doc.get_text(ROOT).insert(0, begun.text())?;
    doc.commit();
    Ok(doc)
}

/// The text, where splices put one piece into an empty text and do nothing else.
fn one_piece(splices: &[Splice]) -> Option<&str> {
    let mut filled = splices.iter().filter(|splice| !splice.is_empty());
    let first = filled.next()?;
    (filled.next().is_none() && first.delete == 0).then_some(first.insert.as_str())
}

fn unreadable() -> TextError {
    TextError::Malformed("history".into())
}

fn malformed(error: impl std::fmt::Display) -> TextError {
    TextError::Malformed(error.to_string())
}

/// A delta as splices; neighbouring removals and insertions become one. Cost: the delta's length.
fn splices(delta: &[TextDelta]) -> Vec<Splice> {
    let mut found: Vec<Splice> = Vec::new();
    let mut pos = 0;
    // Where what the last splice put in ends.
    let mut end = None;
    for part in delta {
        let (delete, insert) = match part {
            TextDelta::Retain { retain, .. } => {
                pos += retain;
                continue;
            }
            TextDelta::Insert { insert, .. } => (0, insert.as_str()),
            TextDelta::Delete { delete } => (*delete, ""),
        };
        match found.last_mut() {
            Some(last) if end == Some(pos) => {
                last.delete += delete;
                last.insert.push_str(insert);
            }
            _ => found.push(Splice::new(pos, delete, insert)),
        }
        pos += insert.chars().count();
        end = Some(pos);
    }
    found
}

#[cfg(test)]
pub(super) mod foreign;
