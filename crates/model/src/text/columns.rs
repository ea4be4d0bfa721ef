//! What a person compares who decides: one column for each writer who has a say.
//!
//! **Invariant.** Whatever somebody wrote after the original is in the column of whoever wrote it, so
//! that nothing can be taken out of a text by deciding that was in no column. A writer of the
//! disagreement keeps the text as it was before it met the others', with what it wrote since; anyone
//! else who wrote since the original has a column with the text as they saw it.

use std::collections::BTreeMap;

use super::crdt::TextDoc;
use super::error::TextError;
use super::graph;
use super::review::{Divergence, Side};
use super::weave::{self, Span};

impl TextDoc {
    /// A divergence of this text with everything that was written since it was found.
    ///
    /// Errors: [`TextError::UnknownVersion`] where it is of another text, [`TextError::Malformed`].
    pub fn columns(&self, found: Divergence) -> Result<Divergence, TextError> {
        let now = self.version();
        let mut shown = found.original_version.clone();
        for side in &found.versions {
            shown = shown.union(&side.version);
        }
        let own = |side: &Side| side.version.count(side.writer) == now.count(side.writer);
        if shown.covers(&now) && found.versions.iter().all(own) {
            return Ok(Divergence { merged: self.plain(), ..found });
        }
        let start = &found.original_version;
        let runs: Vec<graph::EditRun> = graph::bubbles(&self.pieces_since(start)?, start)?
            .into_iter()
            .flat_map(|bubble| bubble.runs)
            .collect();
        let ops = runs
            .iter()
            .map(|run| self.ops(run.writer, run.start, run.end))
            .collect::<Result<Vec<_>, _>>()?;
        let original: Vec<char> = found.original.chars().collect();
        let spans = weave::weave(&original, &runs, &ops)?;

        let mut columns: BTreeMap<u64, Side> = BTreeMap::new();
        for side in found.versions {
            // Its text before it met the others', and what it wrote since.
            let mut held = weave::held(&runs, &side.version);
            for (held, run) in held.iter_mut().zip(&runs) {
                *held |= run.writer == side.writer;
            }
            columns.insert(side.writer, Side { text: text(&spans, &held), ..side });
        }
        let mut others: BTreeMap<u64, u32> = BTreeMap::new();
        for run in runs.iter().filter(|run| !run.in_version(&shown)) {
            if !columns.contains_key(&run.writer) {
                let end = others.entry(run.writer).or_default();
                *end = run.end.max(*end);
            }
        }
        for (writer, end) in others {
            let version = self.version_of(writer, end.saturating_sub(1))?;
            let text = text(&spans, &weave::held(&runs, &version));
            columns.insert(writer, Side { writer, text, version });
        }
        Ok(Divergence {
            versions: columns.into_values().collect(),
            merged: self.plain(),
            original: found.original,
            original_version: found.original_version,
            passages: found.passages,
        })
    }
}

/// The text where these runs are held.
fn text(spans: &[Span], held: &[bool]) -> String {
    spans.iter().filter(|span| span.shown_in(held)).flat_map(|span| span.chars.iter()).collect()
}
