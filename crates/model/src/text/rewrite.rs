//! A whole-text replacement turned into the small splices that merge well.
//!
//! Lines first, then words inside changed lines, then the part of a word that differs. The work is
//! bounded by the size of the texts: between anchors (tokens that occur once on either side) an exact
//! comparison runs only on stretches small enough for it, and larger ones count as rewritten. No
//! clock is asked, so the same two texts always give the same splices.

use std::collections::HashMap;
use std::hash::Hash;
use std::ops::Range;

use similar::{Algorithm, capture_diff_slices};
use unicode_segmentation::UnicodeSegmentation;

use super::splice::Splice;

/// The largest product of token counts that is compared exactly.
const EXACT: usize = 250_000;

/// Tokens `old` that became tokens `new`; either may be empty, never both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hunk {
    pub(super) old: Range<usize>,
    pub(super) new: Range<usize>,
}

/// The stretches in which `old` and `new` differ, in order and apart from each other.
pub(super) fn hunks<T: Hash + Eq + Ord>(old: &[T], new: &[T]) -> Vec<Hunk> {
    let mut found = Vec::new();
    let (mut from_old, mut from_new) = (0, 0);
    let ends = [(old.len(), new.len())];
    for (at_old, at_new) in anchors(old, new).into_iter().chain(ends) {
        between(old, new, from_old..at_old, from_new..at_new, &mut found);
        (from_old, from_new) = (at_old + 1, at_new + 1);
    }
    found
}

/// Pairs of equal tokens that occur once on either side, in the longest order both sides share.
fn anchors<T: Hash + Eq>(old: &[T], new: &[T]) -> Vec<(usize, usize)> {
    fn once<T: Hash + Eq>(tokens: &[T]) -> HashMap<&T, Option<usize>> {
        let mut seen = HashMap::with_capacity(tokens.len());
        for (index, token) in tokens.iter().enumerate() {
            seen.entry(token).and_modify(|at| *at = None).or_insert(Some(index));
        }
        seen
    }
    if old.len().saturating_mul(new.len()) <= EXACT {
        return Vec::new();
    }
    let (first, second) = (once(old), once(new));
    let pairs: Vec<(usize, usize)> = old
        .iter()
        .filter_map(|token| Some((first.get(token).copied()??, second.get(token).copied()??)))
        .collect();
    longest_ascending(&pairs)
}

/// The longest run of pairs (ascending on the left already) that ascends on the right as well.
fn longest_ascending(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // `tails` holds, for each length, the index of the pair that ends the lowest such run.
    let right = |index: usize| pairs.get(index).map_or(usize::MAX, |pair| pair.1);
    let mut tails: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (index, pair) in pairs.iter().enumerate() {
        let length = tails.partition_point(|tail| right(*tail) < pair.1);
        before.push(length.checked_sub(1).and_then(|shorter| tails.get(shorter).copied()));
        match tails.get_mut(length) {
            Some(tail) => *tail = index,
            None => tails.push(index),
        }
    }
    let mut run = Vec::with_capacity(tails.len());
    let mut next = tails.last().copied();
    while let Some(index) = next {
        run.extend(pairs.get(index).copied());
        next = before.get(index).copied().flatten();
    }
    run.reverse();
    run
}

/// Compares one stretch: equal ends are cut off, what is small enough is compared exactly.
fn between<T: Hash + Eq + Ord>(
    old: &[T],
    new: &[T],
    in_old: Range<usize>,
    in_new: Range<usize>,
    found: &mut Vec<Hunk>,
) {
    let (Some(left), Some(right)) = (old.get(in_old.clone()), new.get(in_new.clone())) else {
        return;
    };
    let head = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    let most = left.len().min(right.len()) - head;
    let tail =
        left.iter().rev().zip(right.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
    let old_part = in_old.start + head..in_old.end - tail;
    let new_part = in_new.start + head..in_new.end - tail;
    let mut push = |old: Range<usize>, new: Range<usize>| {
        if old.is_empty() && new.is_empty() {
            return;
        }
        match found.last_mut() {
            // Neighbouring differences are one.
            Some(last) if last.old.end == old.start && last.new.end == new.start => {
                last.old.end = old.end;
                last.new.end = new.end;
            }
            _ => found.push(Hunk { old, new }),
        }
    };
    let size = old_part.len().saturating_mul(new_part.len());
    if size == 0 || size > EXACT {
        push(old_part, new_part);
        return;
    }
    let (Some(left), Some(right)) = (old.get(old_part.clone()), new.get(new_part.clone())) else {
        return;
    };
    // Only what is equal is taken from the comparison: the differences are what lies between.
    let (mut at_old, mut at_new) = (old_part.start, new_part.start);
    for op in capture_diff_slices(Algorithm::Myers, left, right) {
        let (tag, a, b) = op.as_tag_tuple();
        if tag == similar::DiffTag::Equal {
            push(at_old..old_part.start + a.start, at_new..new_part.start + b.start);
            (at_old, at_new) = (old_part.start + a.end, new_part.start + b.end);
        }
    }
    push(at_old..old_part.end, at_new..new_part.end);
}

/// The code points in which `new` differs from `old`, as (range in old, range in new).
pub(super) fn char_hunks(old: &str, new: &str) -> Vec<Hunk> {
    let (old_lines, new_lines) = (lines(old), lines(new));
    let mut found = Vec::new();
    for (lines_at, hunk) in place(&old_lines, &new_lines) {
        let (left, right) = hunk;
        let (old_words, new_words): (Vec<&str>, Vec<&str>) =
            (left.split_word_bounds().collect(), right.split_word_bounds().collect());
        for (words_at, (left, right)) in place(&old_words, &new_words) {
            let (a, b): (Vec<&str>, Vec<&str>) =
                (left.graphemes(true).collect(), right.graphemes(true).collect());
            let head = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
            let most = a.len().min(b.len()) - head;
            let tail =
                a.iter().rev().zip(b.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
            let cut = count(a.get(..head).unwrap_or_default());
            let end = count(a.get(a.len() - tail..).unwrap_or_default());
            let (from_old, from_new) = (lines_at.0 + words_at.0, lines_at.1 + words_at.1);
            found.push(Hunk {
                old: from_old + cut..from_old + left.chars().count() - end,
                new: from_new + cut..from_new + right.chars().count() - end,
            });
        }
    }
    found
}

/// The splices (code points) that turn `old` into `new`.
pub(super) fn splices_between(old: &str, new: &str) -> Vec<Splice> {
    let chars: Vec<char> = new.chars().collect();
    char_hunks(old, new)
        .into_iter()
        .map(|hunk| Splice {
            // What comes before is already as in `new`, so its positions hold.
            pos: hunk.new.start,
            delete: hunk.old.len(),
            insert: chars.get(hunk.new).unwrap_or_default().iter().collect(),
        })
        .filter(|splice| !splice.is_empty())
        .collect()
}

/// A place in both texts, and what stands there in the old and the new one.
type Placed = ((usize, usize), (String, String));

/// The differing stretches of two token lists with the code point offsets at which they begin.
fn place(old: &[&str], new: &[&str]) -> Vec<Placed> {
    let (mut at_old, mut at_new, mut token_old, mut token_new) = (0, 0, 0, 0);
    let mut placed = Vec::new();
    for hunk in hunks(old, new) {
        at_old += count(old.get(token_old..hunk.old.start).unwrap_or_default());
        at_new += count(new.get(token_new..hunk.new.start).unwrap_or_default());
        let left = old.get(hunk.old.clone()).unwrap_or_default().concat();
        let right = new.get(hunk.new.clone()).unwrap_or_default().concat();
        let start = (at_old, at_new);
        at_old += left.chars().count();
        at_new += right.chars().count();
        (token_old, token_new) = (hunk.old.end, hunk.new.end);
        placed.push((start, (left, right)));
    }
    placed
}

/// Lines with their line ends.
pub(super) fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// How many code points the tokens have.
fn count(tokens: &[&str]) -> usize {
    tokens.iter().map(|token| token.chars().count()).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::splice::apply;
    use super::*;

    #[test]
    fn touches_only_what_changed() {
        let old = "one\nThe quick brown fox.\nthree\n";
        let new = "one\nThe quick red fox.\nthree\nfour\n";
        assert_eq!(
            splices_between(old, new),
            [Splice::new(14, 5, "red"), Splice::new(29, 0, "four\n")]
        );
        assert_eq!(splices_between("colour", "color"), [Splice::new(4, 1, "")]);
        assert_eq!(splices_between("same", "same"), []);
    }

    fn numbered(line: &str) -> String {
        (0..20_000).map(|n: u32| line.replace('#', &n.to_string())).collect()
    }

    #[test]
    fn large_unrelated_texts_are_bounded() {
        let old = numbered("line # of the old\n");
        let new = numbered("row #, something else\n");
        assert_eq!(apply(&old, &splices_between(&old, &new)).unwrap(), new);
        let mut edited = old.replace("line 7 of", "line seven of");
        edited.push_str("end\n");
        let splices = splices_between(&old, &edited);
        assert_eq!(splices.len(), 2);
        assert_eq!(apply(&old, &splices).unwrap(), edited);
        let words = "word ".repeat(60_000);
        let others = "other ".repeat(60_000);
        assert_eq!(apply(&words, &splices_between(&words, &others)).unwrap(), others);
    }

    proptest! {
        #[test]
        fn always_gives_the_new_text(old in "[ab é😀\n]{0,60}", new in "[ab é😀\n]{0,60}") {
            prop_assert_eq!(apply(&old, &splices_between(&old, &new)).unwrap(), new);
        }
    }
}
