//! Editing note text and task notes. Edits name the version of the text that they were made on, so
//! that what another device or process wrote meanwhile is never typed over.

use crate::act::{self, Work};
use crate::session::Open;
use crate::{App, AppError, links, view};
use holdfast_model::text::{Splice, TextDoc, Version, ending, splice};
use holdfast_model::{EntityId, Kind};
use holdfast_store::{StoreError, Tx};
use std::fmt::Write as _;

fn text_error(error: holdfast_model::text::TextError) -> AppError {
    StoreError::from(error).into()
}

/// A version as the interface keeps it: hexadecimal, opaque.
pub(crate) fn version_text(version: &Version) -> String {
    version.to_bytes().iter().fold(String::new(), |mut text, byte| {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn parse_version(text: &str) -> Result<Version, AppError> {
    let bytes: Option<Vec<u8>> = (0..text.len())
        .step_by(2)
        .map(|at| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect();
    let bytes = bytes.ok_or_else(|| {
        AppError::Invalid(
            "The editor's version of the text is not valid: open the note again.".into(),
        )
    })?;
    Version::from_bytes(&bytes).map_err(text_error)
}

fn to_view(splices: Vec<Splice>) -> Vec<view::Splice> {
    splices
        .into_iter()
        .map(|s| view::Splice { pos: s.pos as u32, delete: s.delete as u32, insert: s.insert })
        .collect()
}

/// What changed since a version in what people read of a text, in UTF-16 positions of what they read then.
fn missed(doc: &TextDoc, since: &Version) -> Result<Vec<view::Splice>, AppError> {
    let before = doc.at(since).map_err(text_error)?;
    let missed = doc.changes(since, &doc.version()).map_err(text_error)?;
    let missed = ending::seen(&before, &doc.plain(), missed);
    Ok(to_view(splice::to_utf16(ending::shown(&before), &missed).map_err(text_error)?))
}

/// What became of an edit of a text.
pub(crate) struct Stored {
    /// The text after it.
    version: Version,
    /// What is stored otherwise than it was written, in UTF-16 positions of the text as it was written.
    otherwise: Vec<view::Splice>,
}

impl App {
    /// Stores what was typed, in UTF-16 positions of the text at `version`. Where that is not the
    /// current version, nothing is stored and the difference is handed back.
    pub fn splice_text(
        &self,
        id: &str,
        version: &str,
        splices: &[view::Splice],
    ) -> Result<view::SpliceResult, AppError> {
        let id = act::id(id, "note")?;
        let based_on = parse_version(version)?;
        let splices: Vec<Splice> = splices
            .iter()
            .map(|s| Splice::new(s.pos as usize, s.delete as usize, s.insert.clone()))
            .collect();
        self.with(|open| {
            let mut result = None;
            open.act("text.edit", |work| {
                let doc = work.text(id)?;
                let now = doc.version();
                if now != based_on {
                    let splices = missed(&doc, &based_on)?;
                    let version = version_text(&now);
                    result = Some(view::SpliceResult::Behind { version, splices });
                    return Ok(String::new());
                }
                let splices = splice::from_utf16(ending::shown(&doc.plain()), &splices)
                    .map_err(text_error)?;
                let stored = work.edit_text(id, doc, &splices)?;
                let version = version_text(&stored.version);
                result = Some(view::SpliceResult::Stored { version, splices: stored.otherwise });
                Ok("Text edited".into())
            })?;
            result.ok_or_else(|| AppError::Invalid("Nothing was edited.".into()))
        })
    }

    /// What changed in a text since a version that the editor has, in UTF-16 positions.
    pub fn text_since(&self, id: &str, version: &str) -> Result<view::TextChanges, AppError> {
        let id = act::id(id, "note")?;
        let from = parse_version(version)?;
        self.with(|open| {
            open.store.read(|tx| {
                let doc = tx.open_text(id, 1)?;
                let splices = missed(&doc, &from)?;
                Ok(view::TextChanges { version: version_text(&doc.version()), splices })
            })
        })
    }

    /// Replaces a whole text by another; the difference is worked out first.
    pub fn replace_text(&self, id: EntityId, text: &str) -> Result<view::Done, AppError> {
        self.with(|open| open.replace_text(id, text))
    }

    /// Puts text in and takes text away at a position counted in Unicode code points.
    pub fn splice_chars(
        &self,
        id: EntityId,
        pos: usize,
        delete: usize,
        insert: &str,
    ) -> Result<view::Done, AppError> {
        self.with(|open| {
            open.act("text.edit", |work| {
                let doc = work.text(id)?;
                work.edit_text(id, doc, &[Splice::new(pos, delete, insert)])?;
                work.ids.push(id);
                Ok("Text edited".into())
            })
        })
    }
}

impl Work<'_, '_> {
    /// Edits what people read of a text and takes the edit in, in as many pieces as it takes. Links are
    /// stored without their target's title and id.
    pub(crate) fn edit_text(
        &mut self,
        id: EntityId,
        mut doc: TextDoc,
        splices: &[Splice],
    ) -> Result<Stored, AppError> {
        let (state, space) = self.tx.expect_entity(id, "note")?;
        let field = Kind::parse(&state.kind)
            .and_then(Kind::text_field)
            .ok_or_else(|| AppError::NoSuchItem { what: "note", given: id.to_string() })?;
        let plain = doc.plain();
        let read = ending::shown(&plain);
        let written = if links::may_have_link(read, splices) {
            splice::apply(read, splices).map_err(text_error)?
        } else {
            String::new()
        };
        let settled = self.settled(&written)?;
        let edit = match &settled {
            Some(settled) => ending::edit(&plain, &ending::between(read, &settled.text)),
            None => ending::edit(&plain, splices),
        };
        let pieces = doc.type_in_pieces(&edit.map_err(text_error)?).map_err(text_error)?;
        let version = doc.version();
        if !pieces.is_empty() {
            self.push_with_text(space, state.draft(), field, doc, pieces);
        }
        let otherwise = match settled {
            Some(settled) => {
                to_view(splice::to_utf16(&written, &settled.splices).map_err(text_error)?)
            }
            None => Vec::new(),
        };
        Ok(Stored { version, otherwise })
    }

    /// Makes people read `wanted`, with the smallest edits that can be found in bounded time.
    pub(crate) fn rewrite_text(&mut self, id: EntityId, wanted: &str) -> Result<(), AppError> {
        let doc = self.text(id)?;
        let splices = ending::between(ending::shown(&doc.plain()), wanted);
        self.edit_text(id, doc, &splices).map(drop)
    }

    /// The text of a new item, and the pieces of the edit that writes it.
    pub(crate) fn begin_text(
        &self,
        id: EntityId,
        text: &str,
    ) -> Result<(TextDoc, Vec<Vec<u8>>), AppError> {
        let mut doc = self.text(id)?;
        let settled = self.settled(text)?;
        let text = settled.as_ref().map_or(text, |settled| settled.text.as_str());
        let whole = Splice::new(0, 0, ending::stored(text));
        let pieces = doc.splice_in_pieces(&[whole]).map_err(text_error)?;
        Ok((doc, pieces))
    }
}

impl Open {
    /// Replaces a text, as one action.
    pub(crate) fn replace_text(
        &mut self,
        id: EntityId,
        text: &str,
    ) -> Result<view::Done, AppError> {
        self.act("text.edit", |work| {
            work.rewrite_text(id, text)?;
            work.ids.push(id);
            Ok("Text replaced".into())
        })
    }
}

/// What people read of an item's text; nothing where it has none.
pub(crate) fn read(tx: &Tx<'_>, id: EntityId) -> Result<String, StoreError> {
    let text = tx.text(id)?.map(|text| text.plain).unwrap_or_default();
    Ok(ending::shown(&text).to_owned())
}
