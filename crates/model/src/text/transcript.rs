//! Writing a text anew in another space: its present words alone, never the history that led to them.
//!
//! Devices that move the same item apart must not put its text there twice. So the operations are
//! worked out from what was there and what shall be there and from nothing else, and are written under
//! a writer id that is worked out from the same. Equal moves are then the same operations, and taking
//! them in again changes nothing. Moves of different texts stand beside each other as edits made apart.

use super::crdt::TextDoc;
use super::error::TextError;
use super::rewrite;
use super::splice::Splice;
use super::version::Version;
use serde::{Deserialize, Serialize};

/// Code points that go into one change at most.
const PART: usize = 40_000;

/// What a text that is written anew is made of; says under which writer id.
///
/// A writer id cannot be chosen freely through this: it is a hash of what is said here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transcript {
    /// The version that stood in the receiving space before.
    #[serde(rename = "b")]
    pub base: Version,
    /// BLAKE3 hash of the text that stands after it.
    #[serde(rename = "h", with = "serde_bytes")]
    pub hash: [u8; 32],
}

impl Transcript {
    /// That `text` is written over the version `base`.
    pub fn new(base: Version, text: &str) -> Self {
        Self { base, hash: *blake3::hash(text.as_bytes()).as_bytes() }
    }

    /// The writer id, for an entity in a space.
    pub fn writer(&self, entity: &[u8; 16], space: &str) -> u64 {
        let mut hasher = blake3::Hasher::new_derive_key("holdfast text written anew in a space");
        hasher.update(entity);
        hasher.update(&(space.len() as u64).to_be_bytes());
        hasher.update(space.as_bytes());
        hasher.update(&self.base.to_bytes());
        hasher.update(&self.hash);
        let mut first = [0_u8; 8];
        for (to, from) in first.iter_mut().zip(hasher.finalize().as_bytes()) {
            *to = *from;
        }
        match u64::from_be_bytes(first) {
            u64::MAX => u64::MAX - 1,
            writer => writer,
        }
    }
}

impl TextDoc {
    /// Makes the text `whole`, in edits that each fit into one change. The document has to be opened
    /// under [`Transcript::writer`].
    ///
    /// Errors: as [`TextDoc::splice`].
    pub fn transcribe(&mut self, whole: &str) -> Result<Vec<Vec<u8>>, TextError> {
        let mut parts: Vec<Vec<Splice>> = Vec::new();
        let mut open: Vec<Splice> = Vec::new();
        let mut size = 0;
        for splice in rewrite::splices_between(&self.plain(), whole) {
            let chars: Vec<char> = splice.insert.chars().collect();
            let mut pieces = chars.chunks(PART);
            let first: String = pieces.next().unwrap_or_default().iter().collect();
            let mut pos = splice.pos + first.chars().count();
            let mut next = vec![Splice::new(splice.pos, splice.delete, first)];
            for piece in pieces {
                next.push(Splice::new(pos, 0, piece.iter().collect::<String>()));
                pos += piece.len();
            }
            for splice in next {
                let len = splice.insert.chars().count();
                if size + len > PART && !open.is_empty() {
                    parts.push(std::mem::take(&mut open));
                    size = 0;
                }
                size += len;
                open.push(splice);
            }
        }
        parts.push(open);
        let mut updates = Vec::new();
        for part in parts {
            let update = self.splice(&part)?.update;
            if !update.is_empty() {
                updates.push(update);
            }
        }
        Ok(updates)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ITEM: [u8; 16] = [9; 16];

    /// The text written anew over `before`: the document and the changes' updates with their writer.
    fn moved(before: &TextDoc, text: &str) -> (TextDoc, Vec<Vec<u8>>, u64) {
        let writer = Transcript::new(before.version(), text).writer(&ITEM, "nearby");
        let mut doc = if before.version().is_empty() {
            TextDoc::new(writer)
        } else {
            TextDoc::load(&before.snapshot().unwrap(), writer).unwrap()
        };
        let updates = doc.transcribe(text).unwrap();
        (doc, updates, writer)
    }

    #[test]
    fn the_same_text_moved_apart_is_there_once() {
        for text in ["Buy oak.\nNot ash.", &"long line of words\n".repeat(9_000)] {
            let (mut one, first, writer) = moved(&TextDoc::new(1), text);
            let (_, second, same) = moved(&TextDoc::new(2), text);
            assert_eq!((&first, writer), (&second, same));
            assert!(text.len() < PART || first.len() > 1, "a long text takes several changes");
            for update in &second {
                assert!(one.import(update, writer).unwrap().splices.is_empty());
            }
            let mut elsewhere = TextDoc::new(3);
            for update in first.iter().chain(&second) {
                elsewhere.import(update, writer).unwrap();
            }
            assert_eq!((one.plain(), elsewhere.plain()), (text.to_owned(), text.to_owned()));
        }
    }

    #[test]
    fn what_was_deleted_before_is_not_in_what_is_written() {
        let mut doc = TextDoc::new(1);
        doc.replace("The secret is 4711. Buy oak.").unwrap();
        doc.replace("Buy oak.").unwrap();
        let (copy, updates, _) = moved(&TextDoc::new(1), &doc.plain());
        let bytes = [updates.concat(), copy.snapshot().unwrap()].concat();
        assert!(!bytes.windows(4).any(|at| at == b"4711"));
        assert!(bytes.windows(7).any(|at| at == b"Buy oak"), "the bytes can be read at all");
    }

    #[test]
    fn moving_back_brings_the_earlier_copy_up_to_date() {
        let mut before = TextDoc::new(1);
        before.replace("Buy oak.\nSoon.").unwrap();
        let (one, first, writer) = moved(&before, "Buy ash.\nSoon.");
        let (_, second, _) = moved(&before, "Buy ash.\nSoon.");
        assert_eq!((one.plain().as_str(), first.clone()), ("Buy ash.\nSoon.", second));
        before.import(&first[0], writer).unwrap();
        assert_eq!(before.plain(), one.plain());
        assert!(moved(&before, "Buy ash.\nSoon.").1.is_empty(), "nothing is left to write");
    }

    #[test]
    fn different_texts_moved_apart_are_both_kept_and_reviewed() {
        let (mut one, first, writer) = moved(&TextDoc::new(1), "Buy oak.");
        let (_, second, other) = moved(&TextDoc::new(1), "Buy ash.");
        assert_ne!(writer, other);
        one.import(&second[0], other).unwrap();
        assert!(one.plain().contains("Buy oak.") && one.plain().contains("Buy ash."));
        let review = one.review(&[], &mut super::super::ReviewCache::default()).unwrap();
        let conflict = review.conflict.expect("listed for the person");
        assert_eq!(conflict.versions.len(), 2);
        assert!(!first.is_empty());
    }
}
