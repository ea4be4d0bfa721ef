//! Taking back one earlier edit under everything that came after it.
//!
//! **Invariant.** A character that an edit took away and another brought back by taking that edit back is
//! the same character. So an edit can be taken back whatever was undone and done again since.

use super::cells::{Cells, Found};
use super::crdt::TextDoc;
use super::error::TextError;
use super::splice::Splice;
use super::version::Version;

/// What takes an earlier edit back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inverse {
    /// Splices against the current text, in code points, in order.
    pub splices: Vec<Splice>,
    /// Whether part of the edit was left alone because those characters changed since.
    pub skipped: bool,
}

/// A later edit of the text as it was taken in here, one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Later {
    /// The text before it.
    pub before: Version,
    /// The text after it.
    pub after: Version,
    /// Which of the later edits it takes back, by its place among them.
    pub takes_back: Option<usize>,
}

/// One place that the edit changed.
struct Place {
    /// Where, in the text right after the edit.
    at: usize,
    /// How many characters the edit put there.
    put: usize,
    /// What the edit took away from there.
    took: String,
}

impl TextDoc {
    /// What puts back what the edit between `before` and `after` replaced, with positions carried
    /// through everything that happened since. Where the characters that the edit put in were
    /// changed again, they stay as they are now and `skipped` is set.
    ///
    /// `later` are the edits that lead from `after` to the text as it is now, each from where the one
    /// before it ended; edits that cancel each other may be left out. Without them everything since
    /// counts as one edit.
    ///
    /// Errors: [`TextError::UnknownVersion`].
    pub fn inverse(
        &self,
        before: &Version,
        after: &Version,
        later: Option<&[Later]>,
    ) -> Result<Inverse, TextError> {
        let old: Vec<char> = self.at(before)?.chars().collect();
        let edit = self.changes(before, after)?;
        let places = places(&old, &edit);
        let put: usize = edit.iter().map(|splice| splice.insert.chars().count()).sum();
        let gone: usize = edit.iter().map(|splice| splice.delete).sum();
        let mut cells = Cells::of((old.len() + put).saturating_sub(gone));
        match later {
            None => {
                cells.apply(&self.changes(after, &self.version())?, None);
            }
            Some(later) => {
                let mut taken = Vec::with_capacity(later.len());
                for step in later {
                    let back = step.takes_back.and_then(|at| taken.get(at).cloned());
                    let splices = self.changes(&step.before, &step.after)?;
                    taken.push(cells.apply(&splices, back));
                }
            }
        }
        let mut inverse = Inverse::default();
        // How much longer the current text has become by the splices given so far.
        let mut grown: isize = 0;
        for place in places {
            match cells.find(place.at, place.put) {
                Found::At(pos) => {
                    let splice = Splice {
                        pos: pos.saturating_add_signed(grown),
                        delete: place.put,
                        insert: place.took,
                    };
                    grown += splice.insert.chars().count().cast_signed();
                    grown -= splice.delete.cast_signed();
                    inverse.splices.push(splice);
                }
                Found::Gone if place.took.is_empty() => {}
                Found::Gone | Found::Changed => inverse.skipped = true,
            }
        }
        Ok(inverse)
    }
}

/// The places that `splices`, ascending over the text `old`, changed.
fn places(old: &[char], splices: &[Splice]) -> Vec<Place> {
    let (mut put, mut took) = (0, 0);
    splices
        .iter()
        .map(|splice| {
            // Ahead of this place the new text has `put` more and `took` fewer characters.
            let start = (splice.pos + took).saturating_sub(put);
            let gone = old.get(start..start + splice.delete).unwrap_or_default();
            let place = Place {
                at: splice.pos,
                put: splice.insert.chars().count(),
                took: gone.iter().collect(),
            };
            put += place.put;
            took += splice.delete;
            place
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::splice::apply;
    use super::*;

    fn undo(doc: &TextDoc, before: &Version, after: &Version) -> (String, bool) {
        let inverse = doc.inverse(before, after, None).unwrap();
        (apply(&doc.plain(), &inverse.splices).unwrap(), inverse.skipped)
    }

    #[test]
    fn takes_back_an_edit_under_later_ones() {
        let mut doc = TextDoc::new(1);
        doc.replace("The brown fox. It ran.\nLast line.\n").unwrap();
        let before = doc.version();
        doc.replace("The red fox. It ran far.\nLast line.\n").unwrap();
        let after = doc.version();
        assert_eq!(
            undo(&doc, &before, &after),
            ("The brown fox. It ran.\nLast line.\n".into(), false)
        );
        doc.replace("First.\nThe red fox. It ran far.\nLast words.\n").unwrap();
        assert_eq!(
            undo(&doc, &before, &after),
            ("First.\nThe brown fox. It ran.\nLast words.\n".into(), false)
        );
    }

    #[test]
    fn leaves_alone_what_was_changed_again() {
        let mut doc = TextDoc::new(1);
        doc.replace("one two three").unwrap();
        let before = doc.version();
        doc.splice(&[Splice::new(0, 3, "ONE"), Splice::new(8, 5, "THREE")]).unwrap();
        let after = doc.version();
        doc.splice(&[Splice::new(1, 1, "x")]).unwrap();
        assert_eq!(undo(&doc, &before, &after), ("OxE two three".into(), true));
    }

    #[test]
    fn deletions_come_back_even_where_the_surroundings_went() {
        let mut doc = TextDoc::new(1);
        doc.replace("abcdef").unwrap();
        let before = doc.version();
        doc.splice(&[Splice::new(2, 2, "")]).unwrap();
        let after = doc.version();
        doc.splice(&[Splice::new(1, 2, "")]).unwrap();
        assert_eq!(doc.plain(), "af");
        assert_eq!(undo(&doc, &before, &after), ("acdf".into(), false));
        let mut typed = TextDoc::new(1);
        let empty = typed.version();
        typed.replace("x").unwrap();
        let written = typed.version();
        typed.replace("").unwrap();
        assert_eq!(undo(&typed, &empty, &written), (String::new(), false));
        let far = Version::from_entries([(9, 1)]);
        assert_eq!(typed.inverse(&empty, &far, None), Err(TextError::UnknownVersion));
    }

    #[test]
    fn what_was_taken_back_and_brought_again_is_the_same_as_before() {
        let mut doc = TextDoc::new(1);
        let versions = |doc: &TextDoc| doc.version();
        let empty = versions(&doc);
        doc.replace("hello").unwrap();
        let typed = versions(&doc);
        doc.splice(&[Splice::new(1, 3, "")]).unwrap();
        let cut = versions(&doc);
        // Another device writes between the cut and its undo.
        let mut other = TextDoc::load(&doc.snapshot().unwrap(), 2).unwrap();
        let foreign = other.splice(&[Splice::new(2, 0, " there")]).unwrap();
        doc.import(&foreign.update, 2).unwrap();
        let heard = versions(&doc);
        doc.splice(&[Splice::new(1, 0, "ell")]).unwrap();
        assert_eq!(doc.plain(), "hello there");
        let step = |before: &Version, after: &Version, takes_back| Later {
            before: before.clone(),
            after: after.clone(),
            takes_back,
        };
        let back = versions(&doc);
        let later =
            [step(&typed, &cut, None), step(&cut, &heard, None), step(&heard, &back, Some(0))];
        let inverse = doc.inverse(&empty, &typed, Some(&later)).unwrap();
        assert_eq!(
            (apply(&doc.plain(), &inverse.splices).unwrap(), inverse.skipped),
            (" there".into(), false)
        );
        // Without knowing what takes back what, the characters that came again are others.
        assert!(doc.inverse(&empty, &typed, None).unwrap().skipped);
    }
}
