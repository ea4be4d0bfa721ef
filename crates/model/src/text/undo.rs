//! Taking back one earlier edit under everything that came after it.

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
    /// Errors: [`TextError::UnknownVersion`].
    pub fn inverse(&self, before: &Version, after: &Version) -> Result<Inverse, TextError> {
        let old: Vec<char> = self.at(before)?.chars().collect();
        let places = places(&old, &self.changes(before, after)?);
        let since = self.changes(after, &self.version())?;
        let mut inverse = Inverse::default();
        // How much longer the current text has become by the splices given so far.
        let mut grown: isize = 0;
        for place in places {
            match now(&place, &since) {
                Now::At(pos) => {
                    let splice = Splice {
                        pos: pos.saturating_add_signed(grown),
                        delete: place.put,
                        insert: place.took,
                    };
                    grown += splice.insert.chars().count().cast_signed();
                    grown -= splice.delete.cast_signed();
                    inverse.splices.push(splice);
                }
                Now::Gone if place.took.is_empty() => {}
                Now::Gone | Now::Changed => inverse.skipped = true,
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

/// What became of a place.
enum Now {
    /// It is whole, and begins here in the current text.
    At(usize),
    /// None of what was put in is left.
    Gone,
    /// Something in it was changed.
    Changed,
}

fn now(place: &Place, since: &[Splice]) -> Now {
    let (start, end) = (place.at, place.at + place.put);
    let mut shift: isize = 0;
    for splice in since {
        let inserted = splice.insert.chars().count().cast_signed();
        // The splice's position in the text right after the edit.
        let from = splice.pos.saturating_add_signed(-shift);
        let to = from + splice.delete;
        if place.put == 0 {
            if from >= start {
                break;
            }
            if to > start {
                // The surroundings are gone too: what was taken goes where they were.
                return Now::At(splice.pos);
            }
        } else {
            if from >= end {
                break;
            }
            if from <= start && to >= end {
                return Now::Gone;
            }
            if to > start {
                return Now::Changed;
            }
        }
        shift += inserted - splice.delete.cast_signed();
    }
    Now::At(start.saturating_add_signed(shift))
}

#[cfg(test)]
mod tests {
    use super::super::splice::apply;
    use super::*;

    fn undo(doc: &TextDoc, before: &Version, after: &Version) -> (String, bool) {
        let inverse = doc.inverse(before, after).unwrap();
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
        assert_eq!(typed.inverse(&empty, &far), Err(TextError::UnknownVersion));
    }
}
