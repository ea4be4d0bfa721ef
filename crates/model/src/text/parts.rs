//! One edit of a text in as many pieces as it takes for each to fit into one change.

use super::crdt::TextDoc;
use super::error::TextError;
use super::lines;
use super::rewrite;
use super::splice::{self, Splice};

/// Bytes that a text may have after an edit made here. What others made together may be more: it is kept,
/// and can be made shorter. People read up to 16 MiB; one more is the line end of the last line.
pub const LARGEST: usize = 16 * 1024 * 1024 + 1;
/// Bytes put in by one piece.
const PIECE: usize = 160 * 1024;
/// What a splice costs beside the bytes that it puts in.
const SPLICE: usize = 32;

impl TextDoc {
    /// The splices that make the text `whole`, as [`TextDoc::replace`] finds them.
    pub fn splices_to(&self, whole: &str) -> Vec<Splice> {
        rewrite::splices_between(&self.plain(), whole)
    }

    /// [`TextDoc::splice_in_pieces`] for what a person typed: see [`TextDoc::type_in`].
    ///
    /// Errors: as there.
    pub fn type_in_pieces(&mut self, splices: &[Splice]) -> Result<Vec<Vec<u8>>, TextError> {
        splice::check(splices, self.len_chars())?;
        let splices = lines::apart(&self.plain(), splices);
        self.splice_in_pieces(&splices)
    }

    /// Applies `splices` in order as one edit; the updates of its pieces, in order. None where nothing
    /// would change. Cost: what the splices put in.
    ///
    /// Errors: as [`TextDoc::splice`], and [`TextError::TooLong`] where the text would have more than
    /// [`LARGEST`] bytes; then nothing was applied.
    pub fn splice_in_pieces(&mut self, splices: &[Splice]) -> Result<Vec<Vec<u8>>, TextError> {
        splice::check(splices, self.len_chars())?;
        self.refuse_too_long(splices)?;
        let mut updates = Vec::new();
        for piece in pieces(splices) {
            let update = self.splice(&piece)?.update;
            if !update.is_empty() {
                updates.push(update);
            }
        }
        Ok(updates)
    }

    fn refuse_too_long(&self, splices: &[Splice]) -> Result<(), TextError> {
        let put = splices.iter().map(|splice| splice.insert.len()).sum::<usize>();
        // A character has four bytes at most, so that most edits are known to be short enough.
        if put == 0 || self.len_chars().saturating_mul(4).saturating_add(put) <= LARGEST {
            return Ok(());
        }
        let before = self.plain();
        let after = splice::apply(&before, splices)?.len();
        if after > LARGEST && after > before.len() { Err(TextError::TooLong) } else { Ok(()) }
    }
}

/// The same splices in pieces that put in a bounded number of bytes each.
fn pieces(splices: &[Splice]) -> Vec<Vec<Splice>> {
    let mut found: Vec<Vec<Splice>> = Vec::new();
    let mut open: Vec<Splice> = Vec::new();
    let mut size = 0;
    let mut put = |splice: Splice, cost: usize| {
        if size + cost > PIECE && !open.is_empty() {
            found.push(std::mem::take(&mut open));
            size = 0;
        }
        size += cost;
        open.push(splice);
    };
    for splice in splices {
        let (mut pos, mut delete) = (splice.pos, splice.delete);
        let mut rest = splice.insert.as_str();
        loop {
            let (piece, after) = rest.split_at(boundary(rest, PIECE - SPLICE));
            put(Splice::new(pos, delete, piece), piece.len() + SPLICE);
            if after.is_empty() {
                break;
            }
            (pos, delete, rest) = (pos + piece.chars().count(), 0, after);
        }
    }
    if !open.is_empty() {
        found.push(open);
    }
    found
}

/// The last place at or before `most` bytes at which a text may be cut.
fn boundary(text: &str, most: usize) -> usize {
    if text.len() <= most {
        return text.len();
    }
    (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_edit_is_the_same_in_pieces_and_each_fits_into_a_change() {
        let long = "One line of words, ß, 日本, 😀.\n".repeat(20_000);
        let mut whole = TextDoc::new(1);
        whole.replace("start end").unwrap();
        let mut cut = TextDoc::load(&whole.snapshot().unwrap(), 1).unwrap();
        let splices =
            [Splice::new(0, 1, "S"), Splice::new(6, 3, long.as_str()), Splice::new(0, 0, "> ")];
        whole.splice(&splices).unwrap();
        let updates = cut.splice_in_pieces(&splices).unwrap();
        assert_eq!(cut.plain(), whole.plain());
        assert!(updates.len() > 3);
        assert!(updates.iter().all(|update| update.len() < 200 * 1024));
        let many: Vec<Splice> = (0..20_000).map(|at| Splice::new(at * 3, 1, "x")).collect();
        let updates = cut.splice_in_pieces(&many).unwrap();
        assert!(updates.iter().all(|update| update.len() < 200 * 1024));
        assert_eq!(cut.splice_in_pieces(&[]), Ok(Vec::new()));
        assert_eq!(cut.splice_in_pieces(&[Splice::new(0, 0, "")]), Ok(Vec::new()));
    }

    #[test]
    fn what_is_too_long_is_refused_before_anything_is_applied() {
        let mut doc = TextDoc::new(1);
        let most = "x".repeat(LARGEST);
        let over = [Splice::new(0, 0, format!("{most}y"))];
        assert_eq!(doc.splice_in_pieces(&over), Err(TextError::TooLong));
        assert_eq!(doc.plain(), "");
        doc.splice_in_pieces(&[Splice::new(0, 0, most)]).unwrap();
        assert_eq!(doc.splice_in_pieces(&[Splice::new(5, 0, "y")]), Err(TextError::TooLong));
        doc.splice_in_pieces(&[Splice::new(5, 1, "y")]).unwrap();
        assert_eq!(doc.plain().len(), LARGEST);
    }
}
