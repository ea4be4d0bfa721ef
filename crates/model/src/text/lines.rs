//! Where a line that is typed is put, so that lines typed apart stay lines when they meet.
//!
//! **Invariant.** What is visible after the edit is what was asked for. What differs is to which
//! characters the new ones belong: a line brings its own line end, so that of two lines put into one
//! empty line each has one, and a line that begins at the end of another stands below whatever is
//! added to that one meanwhile. Owns nothing but this choice; never says how edits merge.

use super::passages::Work;
use super::splice::Splice;

/// Edits of more splices than this are left as they are: a rewrite, not typing.
const MOST: usize = 64;

/// The same edit of `text`, with each new line bringing its own line end.
pub(super) fn apart(text: &str, splices: &[Splice]) -> Vec<Splice> {
    if splices.len() > MOST || !splices.iter().any(|splice| splice.delete == 0) {
        return splices.to_vec();
    }
    let mut chars: Option<Vec<char>> = None;
    let mut found = Vec::with_capacity(splices.len() + 1);
    for splice in splices {
        // Only the first needs no copy of the text.
        let (before, after) = match &chars {
            Some(chars) => around(chars.iter().copied(), splice.pos),
            None => around(text.chars(), splice.pos),
        };
        match of_line(splice, before, after) {
            Some(both) => found.extend(both),
            None => found.push(splice.clone()),
        }
        if splices.len() > 1 {
            let chars = chars.get_or_insert_with(|| text.chars().collect());
            let end = splice.pos.saturating_add(splice.delete).min(chars.len());
            chars.splice(splice.pos.min(end)..end, splice.insert.chars());
        }
    }
    found
}

/// The characters before and after a position.
fn around(chars: impl Iterator<Item = char>, pos: usize) -> (Option<char>, Option<char>) {
    match pos.checked_sub(1) {
        None => (None, chars.take(1).next()),
        Some(before) => {
            let mut chars = chars.skip(before);
            (chars.next(), chars.next())
        }
    }
}

fn of_line(splice: &Splice, before: Option<char>, after: Option<char>) -> Option<Vec<Splice>> {
    let (pos, insert) = (splice.pos, splice.insert.as_str());
    if splice.delete > 0 || insert.is_empty() {
        return None;
    }
    let starts = before.is_none_or(|c| c == '\n');
    let ends = after.is_none_or(|c| c == '\n');
    if !starts && after == Some('\n') && insert.starts_with('\n') {
        // A line below the present one, which keeps its own line end.
        let line = insert.strip_prefix('\n').unwrap_or_default();
        return Some(vec![Splice::new(pos + 1, 0, format!("{line}\n"))]);
    }
    if !starts || !ends || insert.starts_with('\n') || insert.ends_with('\n') {
        return None;
    }
    let len = insert.chars().count();
    match (before, after) {
        (_, Some('\n')) => Some(vec![
            Splice::new(pos, 0, format!("{insert}\n")),
            Splice::new(pos + len + 1, 1, ""),
        ]),
        (Some('\n'), None) => {
            Some(vec![Splice::new(pos, 0, format!("\n{insert}")), Splice::new(pos - 1, 1, "")])
        }
        _ => None,
    }
}

/// What a run did to the starting `text`, without the line ends that it only put in anew.
pub(super) fn settle(work: &mut Work, text: &[char]) {
    let is_line_end = |at: usize| text.get(at) == Some(&'\n');
    for (spot, put) in &mut work.put {
        let spot = *spot;
        if put.last() == Some(&'\n') && is_line_end(spot) {
            if let Some(taken) = work.taken.iter_mut().find(|taken| taken.0 == spot) {
                taken.0 += 1;
                put.pop();
            }
        } else if put.first() == Some(&'\n')
            && let Some(last) = spot.checked_sub(1).filter(|last| is_line_end(*last))
            && let Some(taken) = work.taken.iter_mut().find(|taken| taken.1 == spot)
        {
            taken.1 = last;
            put.remove(0);
        }
    }
    work.taken.retain(|(start, end)| start < end);
    work.put.retain(|(_, put)| !put.is_empty());
}

#[cfg(test)]
mod tests {
    use super::super::splice::apply;
    use super::super::*;
    use super::*;
    use proptest::prelude::*;

    /// Two writers who edit `start` apart; what both see when they have met, whoever of them is called
    /// what.
    fn meet(start: &str, one: &str, other: &str) -> [(String, bool); 2] {
        [(11, 22), (22, 11)].map(|(a, b)| {
            let mut first = TextDoc::new(5);
            first.replace(start).unwrap();
            let snapshot = first.snapshot().unwrap();
            let mut left = TextDoc::load(&snapshot, a).unwrap();
            let mut right = TextDoc::load(&snapshot, b).unwrap();
            let (from_left, from_right) =
                (left.replace(one).unwrap(), right.replace(other).unwrap());
            assert_eq!((left.plain().as_str(), right.plain().as_str()), (one, other));
            left.import(&from_right.update, b).unwrap();
            right.import(&from_left.update, a).unwrap();
            assert_eq!(left.plain(), right.plain());
            let review = left.review(&[], &mut ReviewCache::default()).unwrap();
            (left.plain(), review.conflict.is_some())
        })
    }

    #[test]
    fn lines_typed_apart_into_one_empty_line_stay_lines() {
        for (text, asked) in meet("One\n", "One\nfrom the laptop", "One\nfrom the phone") {
            let mut lines: Vec<&str> = text.lines().collect();
            lines.sort_unstable();
            assert_eq!(lines, ["One", "from the laptop", "from the phone"]);
            assert!(asked);
        }
        for (text, _) in meet("One\n\nTwo\n", "One\nlaptop\nTwo\n", "One\nphone\nTwo\n") {
            let mut lines: Vec<&str> = text.lines().collect();
            lines.sort_unstable();
            assert_eq!(lines, ["One", "Two", "laptop", "phone"]);
        }
    }

    #[test]
    fn a_line_below_stands_below_what_is_added_to_the_line_above() {
        for (text, _) in meet("oak\nTwo\n", "oaks\nTwo\n", "oak\nnails\nTwo\n") {
            assert_eq!(text, "oaks\nnails\nTwo\n");
        }
    }

    #[test]
    fn a_line_end_that_is_only_put_in_anew_is_no_edit_of_the_line_above() {
        for (text, asked) in meet("One\n", "One\nnew", "First\n") {
            assert_eq!((text.as_str(), asked), ("First\nnew", false));
        }
        for (text, asked) in meet("One\n\nTwo\n", "One\nnew\nTwo\n", "One\n\nSecond\n") {
            assert_eq!((text.as_str(), asked), ("One\nnew\nSecond\n", false));
        }
    }

    proptest! {
        /// Whatever is typed, the text is what was typed.
        #[test]
        fn what_is_visible_is_what_was_asked_for(
            text in "[ab\n]{0,8}",
            edits in prop::collection::vec((any::<usize>(), 0_usize..3, "[c\n]{0,3}"), 1..4),
        ) {
            let mut splices = Vec::new();
            let mut len = text.chars().count();
            for (pos, delete, insert) in edits {
                let pos = pos % (len + 1);
                let delete = delete.min(len - pos);
                len = len - delete + insert.chars().count();
                splices.push(Splice::new(pos, delete, insert));
            }
            prop_assert_eq!(apply(&text, &apart(&text, &splices)), apply(&text, &splices));
        }
    }
}
