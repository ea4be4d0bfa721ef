//! What a text's history tells: versions, what changed between two of them, who typed what, and the
//! operations for the review. Never changes the text.

use loro::event::Diff;
use loro::{Frontiers, ID, IdSpan, JsonOpContent, JsonTextOp, LoroDoc, VersionVector};
use serde::{Deserialize, Serialize};

use super::{TextDoc, guarded, malformed, splices, unreadable};
use crate::text::begun::Begun;
use crate::text::error::TextError;
use crate::text::splice::{self, Splice};
use crate::text::version::Version;

/// A stretch of the visible text that one writer typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Who typed it.
    pub writer: u64,
    /// The first code point.
    pub start: usize,
    /// How many code points.
    pub len: usize,
}

/// A stretch of one writer's operations and what its first one directly follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::text) struct Piece {
    pub(in crate::text) writer: u64,
    /// Operation numbers of the writer.
    pub(in crate::text) start: u32,
    pub(in crate::text) end: u32,
    /// The (writer, operation number) that the first operation was written after.
    pub(in crate::text) deps: Vec<(u64, u32)>,
}

/// What an operation did, at the position its writer saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::text) enum Action {
    /// Characters put in before the one at `pos`.
    Insert {
        /// In code points.
        pos: usize,
        text: Vec<char>,
    },
    /// `len` characters taken away from `pos` on.
    Delete {
        /// In code points.
        pos: usize,
        len: usize,
    },
}

/// Operations `start..` of `writer`: one for each character put in or taken away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::text) struct Op {
    pub(in crate::text) writer: u64,
    pub(in crate::text) start: u32,
    pub(in crate::text) action: Action,
}

impl TextDoc {
    /// Everything this text holds.
    pub fn version(&self) -> Version {
        match self.begun() {
            Some(begun) => begun.version(),
            None if self.is_pristine() => Version::empty(),
            None => from_vv(&self.open().doc.oplog_vv()),
        }
    }

    /// The text at a version that it once had here or elsewhere.
    ///
    /// Errors: [`TextError::UnknownVersion`].
    pub fn at(&self, version: &Version) -> Result<String, TextError> {
        let now = self.plain();
        let splices = self.changes(&self.version(), version)?;
        splice::apply(&now, &splices)
    }

    /// The splices that turn the text at `from` into the text at `to`, following each character.
    pub fn changes(&self, from: &Version, to: &Version) -> Result<Vec<Splice>, TextError> {
        let (from, to) = (self.frontiers(from)?, self.frontiers(to)?);
        if from == to {
            return Ok(Vec::new());
        }
        let diff = guarded(|| self.open().doc.diff(&from, &to))?.map_err(malformed)?;
        self.take_heard();
        Ok(diff
            .iter()
            .filter(|(id, _)| **id == self.open().root)
            .flat_map(|(_, diff)| match diff {
                Diff::Text(delta) => splices(delta),
                _ => Vec::new(),
            })
            .collect())
    }

    /// The heads of `version`, when it is one this text went through.
    pub(super) fn frontiers(&self, version: &Version) -> Result<Frontiers, TextError> {
        if !self.version().covers(version) {
            return Err(TextError::UnknownVersion);
        }
        let vv = to_vv(version)?;
        let heads = guarded(|| self.open().doc.vv_to_frontiers(&vv))?;
        // A version that holds an edit without what that edit followed comes back larger.
        let back = guarded(|| self.open().doc.frontiers_to_vv(&heads))?
            .ok_or(TextError::UnknownVersion)?;
        if from_vv(&back) == *version { Ok(heads) } else { Err(TextError::UnknownVersion) }
    }

    /// The version that holds operation `counter` of `writer` and all it followed, and no more.
    pub(in crate::text) fn version_of(
        &self,
        writer: u64,
        counter: u32,
    ) -> Result<Version, TextError> {
        let counter = i32::try_from(counter).map_err(|_| TextError::UnknownVersion)?;
        let head = Frontiers::from_id(ID::new(writer, counter));
        let vv =
            guarded(|| self.open().doc.frontiers_to_vv(&head))?.ok_or(TextError::UnknownVersion)?;
        Ok(from_vv(&vv))
    }

    /// The versions right before and right after an edit of `writer` that this text holds.
    ///
    /// Errors: [`TextError::Malformed`], [`TextError::UnknownVersion`].
    pub fn span_of(&self, update: &[u8], writer: u64) -> Result<(Version, Version), TextError> {
        if let Some(begun) = Begun::from_update(update, writer) {
            let after = begun?.version();
            return if self.version().covers(&after) {
                Ok((Version::empty(), after))
            } else {
                Err(TextError::UnknownVersion)
            };
        }
        let meta =
            guarded(|| LoroDoc::decode_import_blob_meta(update, true))?.map_err(malformed)?;
        let Some((writer, end)) = meta.partial_end_vv.iter().next() else {
            return Err(TextError::UnknownVersion);
        };
        let start = meta.partial_start_vv.get(writer).copied().unwrap_or(0);
        let last = u32::try_from(end - 1).map_err(|_| TextError::UnknownVersion)?;
        let first = u32::try_from(start).map_err(|_| TextError::UnknownVersion)?;
        let after = self.version_of(*writer, last)?;
        Ok((self.version_of(*writer, first)?.without(*writer, first), after))
    }

    /// Who typed which part of the visible text.
    pub fn authors(&self) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for start in 0..self.len_chars() {
            let Some(writer) = self.open().text.get_editor_at_unicode_pos(start) else { continue };
            match runs.last_mut() {
                Some(run) if run.writer == writer && run.start + run.len == start => run.len += 1,
                _ => runs.push(Run { writer, start, len: 1 }),
            }
        }
        runs
    }

    /// The stretches of operations that this text holds beyond `from`, by writer.
    pub(in crate::text) fn pieces_since(&self, from: &Version) -> Result<Vec<Piece>, TextError> {
        let mut pieces = Vec::new();
        for (writer, end) in self.version().entries() {
            let mut start = from.count(writer);
            while start < end {
                let counter = i32::try_from(start).map_err(|_| unreadable())?;
                let change =
                    self.open().doc.get_change(ID::new(writer, counter)).ok_or_else(unreadable)?;
                let first = u32::try_from(change.id.counter).map_err(|_| unreadable())?;
                let len = u32::try_from(change.len).map_err(|_| unreadable())?;
                let deps = if first < start {
                    vec![(writer, start - 1)]
                } else {
                    // A writer may have named what another name already implies.
                    let deps = guarded(|| self.open().doc.minimize_frontiers(&change.deps))?;
                    let deps = deps.map_err(|_| unreadable())?;
                    deps.iter().map(|id| (id.peer, id.counter.unsigned_abs())).collect()
                };
                let stop = first.saturating_add(len).min(end);
                if stop <= start {
                    return Err(unreadable());
                }
                pieces.push(Piece { writer, start, end: stop, deps });
                start = stop;
            }
        }
        Ok(pieces)
    }

    /// What operations `start..end` of `writer` did.
    pub(in crate::text) fn ops(
        &self,
        writer: u64,
        start: u32,
        end: u32,
    ) -> Result<Vec<Op>, TextError> {
        let counter = |at: u32| i32::try_from(at).map_err(|_| unreadable());
        let span = IdSpan::new(writer, counter(start)?, counter(end)?);
        let mut ops = Vec::new();
        for change in self.open().doc.export_json_in_id_span(span) {
            for op in change.ops {
                let action = match op.content {
                    JsonOpContent::Text(JsonTextOp::Insert { pos, text }) => {
                        Action::Insert { pos: pos as usize, text: text.chars().collect() }
                    }
                    JsonOpContent::Text(JsonTextOp::Delete { pos, len, .. }) => {
                        // A negative length counts leftwards from the character at `pos`.
                        let backwards = len < 0;
                        let len = len.unsigned_abs() as usize;
                        let pos = usize::try_from(pos).map_err(|_| unreadable())?;
                        let pos = if backwards {
                            (pos + 1).checked_sub(len).ok_or_else(unreadable)?
                        } else {
                            pos
                        };
                        Action::Delete { pos, len }
                    }
                    _ => return Err(TextError::Unsupported),
                };
                let start = u32::try_from(op.counter).map_err(|_| unreadable())?;
                ops.push(Op { writer, start, action });
            }
        }
        Ok(ops)
    }
}

fn from_vv(vv: &VersionVector) -> Version {
    Version::from_entries(
        vv.iter().filter_map(|(writer, count)| Some((*writer, u32::try_from(*count).ok()?))),
    )
}

fn to_vv(version: &Version) -> Result<VersionVector, TextError> {
    version
        .entries()
        .map(|(writer, count)| {
            Ok((writer, i32::try_from(count).map_err(|_| TextError::UnknownVersion)?))
        })
        .collect()
}
