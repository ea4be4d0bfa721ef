//! Where the characters of a text at one moment are after later edits.
//!
//! A character keeps its identity through every edit; one that was taken away and brought back by
//! taking that edit back is the same again. Cost: the number of edits, whatever the text's length.

use super::splice::Splice;

/// Which characters: a stretch of the text at the beginning (`source` 0), or of what a later edit put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    source: usize,
    start: usize,
    len: usize,
}

impl Piece {
    /// Cut before its character `at`.
    fn cut(self, at: usize) -> (Self, Self) {
        let at = at.min(self.len);
        (Self { len: at, ..self }, Self { start: self.start + at, len: self.len - at, ..self })
    }
}

/// What became of a stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// It is whole, and begins here. An empty one: it would be here.
    At(usize),
    /// None of it is left.
    Gone,
    /// Part of it is gone, or something stands within it.
    Changed,
}

/// The characters of a text, in order.
#[derive(Debug)]
pub(super) struct Cells {
    pieces: Vec<Piece>,
    /// How many edits put something in.
    sources: usize,
}

impl Cells {
    /// A text of so many characters.
    pub(super) fn of(len: usize) -> Self {
        Self { pieces: vec![Piece { source: 0, start: 0, len }], sources: 0 }
    }

    /// Applies an edit; what it took away, one entry a splice. `back` is what the edit that it takes back
    /// had taken away: where it puts in as many characters, they are those again.
    pub(super) fn apply(
        &mut self,
        splices: &[Splice],
        back: Option<Vec<Vec<Piece>>>,
    ) -> Vec<Vec<Piece>> {
        let put: Vec<usize> = splices.iter().map(|s| s.insert.chars().count()).collect();
        let mut returns = returning(&put, back.unwrap_or_default()).into_iter();
        let mut taken = Vec::new();
        for (splice, put) in splices.iter().zip(put) {
            let fresh = if put == 0 {
                Vec::new()
            } else if let Some(again) = returns.next().flatten() {
                again
            } else {
                self.sources += 1;
                vec![Piece { source: self.sources, start: 0, len: put }]
            };
            let first = self.boundary(splice.pos);
            let last = self.boundary(splice.pos.saturating_add(splice.delete));
            taken.push(self.pieces.splice(first..last, fresh).collect());
        }
        taken
    }

    /// Makes a piece begin at a place of the text; which one that is.
    fn boundary(&mut self, pos: usize) -> usize {
        let mut at = 0;
        for index in 0..self.pieces.len() {
            let Some(piece) = self.pieces.get(index).copied() else { break };
            if at == pos {
                return index;
            }
            if pos < at + piece.len {
                let (left, right) = piece.cut(pos - at);
                self.pieces.splice(index..=index, [left, right]);
                return index + 1;
            }
            at += piece.len;
        }
        self.pieces.len()
    }

    /// What became of `len` characters from `start` on of the text at the beginning.
    pub(super) fn find(&self, start: usize, len: usize) -> Found {
        let (mut at, mut whole) = (0, true);
        let mut begins = None;
        // How far the stretch was met without a break, and where that ends in the text.
        let mut met = (start, 0);
        // The nearest character before it that is left: how near, and where it ends.
        let mut before = (0, 0);
        for piece in &self.pieces {
            if piece.source == 0 {
                let left = piece.start.max(start);
                let right = (piece.start + piece.len).min(start + len);
                if left < right {
                    let here = at + left - piece.start;
                    whole &= left == met.0 && (begins.is_none() || here == met.1);
                    begins = begins.or(Some(here));
                    met = (right, here + right - left);
                }
                let end = (piece.start + piece.len).min(start);
                if piece.start < end && end > before.0 {
                    before = (end, at + end - piece.start);
                }
            }
            at += piece.len;
        }
        match begins {
            _ if len == 0 => Found::At(before.1),
            None => Found::Gone,
            Some(begins) if whole && met.0 == start + len => Found::At(begins),
            Some(_) => Found::Changed,
        }
    }
}

/// For each splice that puts `put` characters in, the pieces that come again with it, if any do.
fn returning(put: &[usize], back: Vec<Vec<Piece>>) -> Vec<Option<Vec<Piece>>> {
    let len = |pieces: &[Piece]| pieces.iter().map(|piece| piece.len).sum::<usize>();
    let filled: Vec<usize> = put.iter().copied().filter(|put| *put > 0).collect();
    let back: Vec<Vec<Piece>> = back.into_iter().filter(|pieces| len(pieces) > 0).collect();
    let (come, went) = (filled.iter().sum::<usize>(), back.iter().map(|p| len(p)).sum::<usize>());
    if come == went {
        // All of it, however it is cut.
        let mut rest: Vec<Piece> = back.into_iter().flatten().collect();
        let mut found = Vec::new();
        for wanted in filled {
            let (mut taken, mut need) = (Vec::new(), wanted);
            while need > 0 && !rest.is_empty() {
                let (piece, left) = rest.remove(0).cut(need);
                need -= piece.len;
                taken.push(piece);
                if left.len > 0 {
                    rest.insert(0, left);
                }
            }
            found.push(Some(taken));
        }
        return found;
    }
    // A part of it: what has the right length, in order.
    let mut back = back.into_iter().peekable();
    let mut found = Vec::new();
    for wanted in filled {
        let mut rest = back.clone();
        let same = rest.by_ref().find(|pieces| len(pieces) == wanted);
        if same.is_some() {
            back = rest;
        }
        found.push(same);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_found_again_after_edits_and_after_they_came_back() {
        let mut cells = Cells::of(10);
        assert_eq!((cells.find(2, 3), cells.find(4, 0)), (Found::At(2), Found::At(4)));
        cells.apply(&[Splice::new(0, 1, "abc")], None);
        assert_eq!((cells.find(2, 3), cells.find(0, 1)), (Found::At(4), Found::Gone));
        let taken = cells.apply(&[Splice::new(5, 1, "")], None);
        assert_eq!(cells.find(2, 3), Found::Changed);
        cells.apply(&[Splice::new(0, 0, "xy")], None);
        cells.apply(&[Splice::new(7, 0, "?")], Some(taken));
        assert_eq!(cells.find(2, 3), Found::At(6));
        cells.apply(&[Splice::new(7, 0, "between")], None);
        assert_eq!(cells.find(2, 3), Found::Changed);
        assert_eq!(cells.find(0, 0), Found::At(0));
    }
}
