//! Texts that were edited lately, kept open so that the next keystroke need not load them again.
//!
//! **Invariant.** A text is handed out only where its version is the one that the database has, in the
//! transaction at hand; what a transaction did to one that was not committed is forgotten with it. So
//! another process that writes, a rollback or a rebuild only cost the next edit a load.

use holdfast_model::EntityId;
use holdfast_model::text::TextDoc;

/// So many texts are kept.
const TEXTS: usize = 4;
/// A longer text, in code points, is loaded each time: it would hold on to too much memory.
const LONGEST: usize = 2_000_000;

/// The texts, the last edited last.
#[derive(Debug, Default)]
pub(crate) struct Lately {
    kept: Vec<Kept>,
}

#[derive(Debug)]
struct Kept {
    id: EntityId,
    doc: TextDoc,
    /// Whether the transaction that left it like this is committed.
    committed: bool,
}

impl Lately {
    /// Takes a text out, if it stands at `version`. Whoever edits a text takes it out first.
    pub(crate) fn take(&mut self, id: EntityId, version: &[u8]) -> Option<TextDoc> {
        let at = self.kept.iter().position(|kept| kept.id == id)?;
        let kept = self.kept.remove(at);
        (kept.doc.version().to_bytes() == version).then_some(kept.doc)
    }

    /// Keeps a text as the transaction at hand leaves it.
    pub(crate) fn keep(&mut self, id: EntityId, doc: TextDoc) {
        self.kept.retain(|kept| kept.id != id);
        if doc.len_chars() > LONGEST {
            return;
        }
        if self.kept.len() >= TEXTS {
            self.kept.remove(0);
        }
        self.kept.push(Kept { id, doc, committed: false });
    }

    /// The transaction at hand was committed.
    pub(crate) fn commit(&mut self) {
        for kept in &mut self.kept {
            kept.committed = true;
        }
    }

    /// What was not committed did not happen.
    pub(crate) fn roll_back(&mut self) {
        self.kept.retain(|kept| kept.committed);
    }
}
