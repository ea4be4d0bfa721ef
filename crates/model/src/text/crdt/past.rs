//! A text as it was: read, reviewed or edited at an earlier version, while what came since stays.

use super::{TextDoc, guarded, malformed};
use crate::text::error::TextError;
use crate::text::version::Version;

impl TextDoc {
    /// The text as it stood at `version`, with its history up to there and nothing after it.
    ///
    /// Errors: [`TextError::UnknownVersion`].
    pub fn back_to(&self, version: &Version) -> Result<Self, TextError> {
        let heads = self.frontiers(version)?;
        let doc = guarded(|| self.open().doc.fork_at(&heads))?.map_err(malformed)?;
        let saved = guarded(|| doc.export(loro::ExportMode::Snapshot))?.map_err(malformed)?;
        Ok(Self::over(doc, self.writer, saved))
    }

    /// The version of this text without the given later edits, each with its writer. Edits that this
    /// text does not hold make no difference.
    pub fn version_without<'a>(&self, edits: impl IntoIterator<Item = (&'a [u8], u64)>) -> Version {
        let mut version = self.version();
        for (update, writer) in edits {
            if let Ok((before, _)) = self.span_of(update, writer) {
                version = version.without(writer, before.count(writer));
            }
        }
        version
    }

    /// Makes the text `whole` as a person means it who read it at `version`: what came since stays, and
    /// stands apart from the edit like anything else that its writer had not seen. The pieces of the edit, as
    /// [`TextDoc::splice_in_pieces`] makes them, and the version that it led to from the one that was read.
    ///
    /// Errors: [`TextError::WrittenSince`] where this writer has gone on writing after `version`, and
    /// those of [`TextDoc::splice_in_pieces`].
    pub fn replace_at(
        &mut self,
        version: &Version,
        whole: &str,
    ) -> Result<(Vec<Vec<u8>>, Version), TextError> {
        if *version == self.version() {
            let pieces = self.splice_in_pieces(&self.splices_to(whole))?;
            return Ok((pieces, self.version()));
        }
        if self.version().count(self.writer) != version.count(self.writer) {
            return Err(TextError::WrittenSince);
        }
        let mut read = self.back_to(version)?;
        let pieces = read.splice_in_pieces(&read.splices_to(whole))?;
        for piece in &pieces {
            self.import(piece, self.writer)?;
        }
        Ok((pieces, read.version()))
    }
}
