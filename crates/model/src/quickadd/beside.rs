//! What stands beside a run of pieces: the words before and after that say something of their own.

use super::pieces::Form;
use super::recognise::Scan;
use crate::dates::{Meaning, Token, token};

/// How many words after a phrase are looked at.
const AFTER: usize = 5;

impl Scan<'_> {
    /// Whether nothing follows that a phrase before this piece could belong to: the end of the line,
    /// or something recognised by its mark.
    pub(super) fn is_closed(&self, at: usize) -> bool {
        let Some(piece) = self.pieces.get(at) else { return true };
        let text = self.text(&piece.at);
        piece.form != Form::Word
            || (!piece.glued && text.starts_with(['#', '@', '!', '*']))
            || matches!(text.as_bytes(), [b'p' | b'P', b'1'..=b'3', ..])
    }

    /// The word at a piece, where it is one that stays text by nobody's wish.
    fn plain(&self, at: usize) -> Option<Token> {
        let piece = self.pieces.get(at).filter(|piece| piece.form == Form::Word)?;
        let taken = |s: &super::Span| s.start < piece.at.end && piece.at.start < s.end;
        let free = !self.dismissed(&piece.at) && !self.into.spans.iter().any(taken);
        free.then(|| token(self.text(&piece.at)))
    }

    /// What the two words before a piece mean, the nearer one first.
    pub(super) fn before(&self, at: usize) -> [Meaning; 2] {
        let mut before = [Meaning::Unknown; 2];
        for (back, meaning) in before.iter_mut().enumerate() {
            let word = at.checked_sub(back + 1).and_then(|at| self.plain(at));
            let Some(word) = word.filter(|word| !word.ends) else { break };
            *meaning = word.meaning;
        }
        before
    }

    /// What the words from a piece on mean, up to the end of their sentence.
    pub(super) fn after(&self, at: usize) -> Vec<Meaning> {
        let mut after = Vec::new();
        for place in at..at.saturating_add(AFTER) {
            let glued = self.pieces.get(place).is_some_and(|piece| piece.glued);
            let Some(word) = self.plain(place).filter(|_| !glued) else { break };
            after.push(word.meaning);
            if word.ends {
                break;
            }
        }
        after
    }
}
