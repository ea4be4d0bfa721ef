//! The line end of a text's last line: stored, and not shown.
//!
//! **Invariant.** What people read is the stored text without one line end at its end, where there is one,
//! and an edit that reaches the end of a text leaves one there. So the last line is closed like
//! every other: two people who begin one text apart, or go on at its end, each write lines of their own
//! ([`super::lines`]), and nothing of theirs runs together into one word. A text of which all is deleted
//! holds nothing. Texts of older apps have no such line end before somebody writes at their end; older apps
//! show it as an empty last line.
//!
//! Owns this rule; never says where in a text a line goes.

use super::error::TextError;
use super::rewrite;
use super::splice::{self, Splice};

/// What people read of a stored text.
pub fn shown(stored: &str) -> &str {
    stored.strip_suffix('\n').unwrap_or(stored)
}

/// A whole text as it is stored.
pub fn stored(shown: &str) -> String {
    if shown.is_empty() { String::new() } else { format!("{shown}\n") }
}

/// An edit of what people read of `before`, as an edit of what is stored.
///
/// Errors: [`TextError::OutOfBounds`] where it speaks of characters that nobody reads.
pub fn edit(before: &str, splices: &[Splice]) -> Result<Vec<Splice>, TextError> {
    let read = shown(before);
    let closed = read.len() < before.len();
    let mut len = read.chars().count();
    splice::check(splices, len)?;
    let mut at_end = false;
    for splice in splices {
        at_end |= !splice.is_empty() && splice.pos + splice.delete == len;
        len = len - splice.delete + splice.insert.chars().count();
    }
    let mut edit = splices.to_vec();
    if len == 0 && closed {
        edit.push(Splice::new(0, 1, ""));
    } else if len > 0 && !closed && at_end {
        // In one piece with what stands before it, as the beginning of a text is one piece.
        match edit.last_mut() {
            Some(last) if last.pos + last.insert.chars().count() == len => last.insert.push('\n'),
            _ => edit.push(Splice::new(len, 0, "\n")),
        }
    }
    Ok(edit)
}

/// What `splices` of stored texts, which lead from `before` to `after`, change in what people read.
pub fn seen(before: &str, after: &str, splices: Vec<Splice>) -> Vec<Splice> {
    let (read, read_after) = (shown(before), shown(after));
    let closed = read.len() < before.len();
    let mut len = read.chars().count();
    let mut inside = closed == (read_after.len() < after.len());
    for splice in &splices {
        inside &= splice.pos.saturating_add(splice.delete) <= len;
        len = len.saturating_sub(splice.delete) + splice.insert.chars().count();
    }
    if inside { splices } else { rewrite::splices_between(read, read_after) }
}

/// The smallest splices that can be found in bounded time between two texts that people read.
pub fn between(old: &str, new: &str) -> Vec<Splice> {
    rewrite::splices_between(old, new)
}

#[cfg(test)]
mod tests {
    use super::super::splice::apply;
    use super::super::*;
    use super::*;
    use proptest::prelude::*;

    /// What two people see who each edit `start` apart and meet, whoever of them is called what.
    fn meet(start: &str, one: &str, other: &str) -> [String; 2] {
        [(11, 22), (22, 11)].map(|(a, b)| {
            let mut left = TextDoc::new(a);
            let mut right = TextDoc::new(b);
            if !start.is_empty() {
                let mut first = TextDoc::new(5);
                first.replace(&stored(start)).unwrap();
                let snapshot = first.snapshot().unwrap();
                left = TextDoc::load(&snapshot, a).unwrap();
                right = TextDoc::load(&snapshot, b).unwrap();
            }
            let from_left = write(&mut left, one);
            let from_right = write(&mut right, other);
            left.import(&from_right.update, b).unwrap();
            right.import(&from_left.update, a).unwrap();
            assert_eq!(left.plain(), right.plain());
            shown(&left.plain()).to_owned()
        })
    }

    fn write(doc: &mut TextDoc, wanted: &str) -> Edit {
        let before = doc.plain();
        let splices = edit(&before, &between(shown(&before), wanted)).unwrap();
        let edit = doc.type_in(&splices).unwrap();
        assert_eq!(shown(&doc.plain()), wanted);
        edit
    }

    fn lines_of(text: &str) -> Vec<&str> {
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_unstable();
        lines
    }

    #[test]
    fn a_text_that_two_people_begin_apart_has_both_their_lines() {
        for text in meet("", "from the laptop", "from the phone") {
            assert_eq!(lines_of(&text), ["from the laptop", "from the phone"]);
        }
        for text in meet("", "one\ntwo", "three") {
            assert_eq!(lines_of(&text), ["one", "three", "two"]);
            assert!(text.contains("one\ntwo"));
        }
    }

    #[test]
    fn what_two_people_add_at_the_end_of_a_text_is_in_lines_of_its_own() {
        for text in meet("oak", "oak\nfrom the laptop", "oak\nfrom the phone") {
            assert_eq!(lines_of(&text), ["from the laptop", "from the phone", "oak"]);
        }
        for text in meet("oak", "oaks", "oak\nnails") {
            assert_eq!(text, "oaks\nnails");
        }
        for text in meet("oak\n", "oak\nnails", "oak\nscrews") {
            assert_eq!(lines_of(&text), ["nails", "oak", "screws"]);
        }
    }

    #[test]
    fn a_text_of_an_older_app_gets_its_line_end_with_what_is_added_at_its_end() {
        let mut doc = TextDoc::new(1);
        doc.replace("oak").unwrap();
        assert_eq!(edit("oak", &[Splice::new(0, 1, "O")]), Ok(vec![Splice::new(0, 1, "O")]));
        write(&mut doc, "oak\nash");
        assert_eq!(doc.plain(), "oak\nash\n");
    }

    #[test]
    fn a_text_of_which_all_is_deleted_holds_nothing() {
        let mut doc = TextDoc::new(1);
        write(&mut doc, "oak");
        assert_eq!(doc.plain(), "oak\n");
        write(&mut doc, "");
        assert_eq!(doc.plain(), "");
        write(&mut doc, "ash");
        assert_eq!(doc.plain(), "ash\n");
        assert!(edit("ash\n", &[Splice::new(4, 0, "x")]).is_err());
    }

    proptest! {
        /// Whatever is typed into whatever is stored, people read what was typed.
        #[test]
        fn people_read_what_was_typed(before in "[ab\n]{0,8}", wanted in "[abc\n]{0,8}") {
            let splices = between(shown(&before), &wanted);
            let after = apply(&before, &edit(&before, &splices).unwrap()).unwrap();
            prop_assert_eq!(shown(&after), wanted);
        }

        /// What an editor is told leads from what it shows to what people read now.
        #[test]
        fn an_editor_is_told_what_changed_in_what_is_read(
            before in "[ab\n]{0,8}",
            edits in prop::collection::vec((any::<usize>(), 0_usize..4, "[c\n]{0,3}"), 0..4),
        ) {
            let mut splices = Vec::new();
            let mut len = before.chars().count();
            for (pos, delete, insert) in edits {
                let pos = pos % (len + 1);
                let delete = delete.min(len - pos);
                len = len - delete + insert.chars().count();
                splices.push(Splice::new(pos, delete, insert));
            }
            let after = apply(&before, &splices).unwrap();
            let told = seen(&before, &after, splices);
            prop_assert_eq!(apply(shown(&before), &told).unwrap(), shown(&after));
        }
    }
}
