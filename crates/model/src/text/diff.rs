//! The differences that the review screen shows: two texts against the original from which both came.
//!
//! Blocks are whole sentences (lines in long notes); inside a block, words are marked. Each side is
//! always compared with the original, so that one changed word is one marked word however much the
//! other side changed. The work is bounded by the length of the texts.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;

use super::rewrite::{Hunk, hunks, lines};

/// Bytes in all three texts beyond which blocks are lines.
const LONG: usize = 300_000;

/// Who changed a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    /// Nobody.
    Same,
    /// The left side alone.
    LeftOnly,
    /// The right side alone.
    RightOnly,
    /// Both, to the very same text.
    BothSame,
    /// Both, to different texts.
    Conflict,
}

/// Whether marked words came or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkKind {
    /// In the side's text, not in the original: `start` counts in the side's text.
    Added,
    /// In the original, not in the side's text: `start` counts in the block's original.
    Removed,
}

/// Words that differ between a side and the original.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The first UTF-16 unit, from the start of the block's text that `kind` names.
    pub start: usize,
    /// How many UTF-16 units.
    pub len: usize,
    /// Which text they are in.
    pub kind: MarkKind,
}

/// One side of a block.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BlockSide {
    /// What the side has here; may be empty.
    pub text: String,
    /// Where it differs from the original.
    pub marks: Vec<Mark>,
}

/// A stretch of the three texts. All blocks together are the whole of each text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// Who changed it.
    pub kind: BlockKind,
    /// What both sides started from; may be empty.
    pub original: String,
    /// One side.
    pub left: BlockSide,
    /// The other.
    pub right: BlockSide,
}

/// `left` and `right`, aligned with the `original` from which both came.
pub fn blocks(original: &str, left: &str, right: &str) -> Vec<Block> {
    let long = original.len().saturating_add(left.len()).saturating_add(right.len()) > LONG;
    let tokens = |text| if long { lines(text) } else { sentences(text) };
    let (old, left, right) = (tokens(original), tokens(left), tokens(right));
    let groups = grouped(&hunks(&old, &left), &hunks(&old, &right));

    let mut blocks = Vec::with_capacity(groups.len() * 2 + 1);
    let (mut at, mut at_left, mut at_right) = (0, 0, 0);
    for group in groups {
        let same = group.old.start - at;
        let (from_left, from_right) = (at_left + same, at_right + same);
        blocks.extend(unchanged(&old, at..group.old.start));
        at_left = group.left.as_ref().map_or(from_left + group.old.len(), |new| new.end);
        at_right = group.right.as_ref().map_or(from_right + group.old.len(), |new| new.end);
        at = group.old.end;
        let (kept, one, other) = (
            join(&old, group.old),
            join(&left, from_left..at_left),
            join(&right, from_right..at_right),
        );
        let kind = match (group.left.is_some(), group.right.is_some()) {
            (true, true) if one == other => BlockKind::BothSame,
            (true, true) => BlockKind::Conflict,
            (true, false) => BlockKind::LeftOnly,
            (false, _) => BlockKind::RightOnly,
        };
        blocks.push(Block {
            kind,
            left: BlockSide { marks: marks(&kept, &one), text: one },
            right: BlockSide { marks: marks(&kept, &other), text: other },
            original: kept,
        });
    }
    blocks.extend(unchanged(&old, at..old.len()));
    blocks
}

/// Sentences within lines; a line's end belongs to its last sentence.
fn sentences(text: &str) -> Vec<&str> {
    lines(text).into_iter().flat_map(UnicodeSegmentation::split_sentence_bounds).collect()
}

fn join(tokens: &[&str], range: Range<usize>) -> String {
    tokens.get(range).unwrap_or_default().concat()
}

fn unchanged(old: &[&str], range: Range<usize>) -> Option<Block> {
    let text = join(old, range);
    let side = || BlockSide { text: text.clone(), marks: Vec::new() };
    (!text.is_empty()).then(|| Block {
        kind: BlockKind::Same,
        left: side(),
        right: side(),
        original: text.clone(),
    })
}

/// Hunks of both sides that concern the same tokens of the original.
struct Group {
    old: Range<usize>,
    /// Which tokens of a side stand there, when the side changed something.
    left: Option<Range<usize>>,
    right: Option<Range<usize>>,
}

/// Puts together the hunks that overlap, or that insert at the same place.
fn grouped(left: &[Hunk], right: &[Hunk]) -> Vec<Group> {
    let mut all: Vec<(&Hunk, bool)> = left
        .iter()
        .map(|hunk| (hunk, true))
        .chain(right.iter().map(|hunk| (hunk, false)))
        .collect();
    all.sort_by_key(|(hunk, is_left)| (hunk.old.start, hunk.old.end, !is_left));
    let mut groups: Vec<Group> = Vec::new();
    for (hunk, is_left) in all {
        let joins = groups.last().is_some_and(|open| {
            hunk.old.start < open.old.end || (hunk.old == open.old && hunk.old.is_empty())
        });
        if !joins {
            groups.push(Group { old: hunk.old.clone(), left: None, right: None });
        }
        let Some(open) = groups.last_mut() else { continue };
        // The side's tokens for what the group had before this hunk, and for this hunk.
        let side = if is_left { &mut open.left } else { &mut open.right };
        let start = match side {
            Some(range) => range.start,
            None => hunk.new.start - (hunk.old.start - open.old.start),
        };
        *side = Some(start..hunk.new.end);
        let grown = hunk.old.end.saturating_sub(open.old.end);
        open.old.end += grown;
        // Both sides reach as far as the group does: unchanged tokens follow one for one.
        let beyond = open.old.end - hunk.old.end;
        let (this, that) = if is_left {
            (&mut open.left, &mut open.right)
        } else {
            (&mut open.right, &mut open.left)
        };
        if let Some(range) = this {
            range.end += beyond;
        }
        if let Some(range) = that {
            range.end += grown;
        }
    }
    groups
}

/// The words in which `side` differs from `original`.
fn marks(original: &str, side: &str) -> Vec<Mark> {
    if original == side {
        return Vec::new();
    }
    let old: Vec<&str> = original.split_word_bounds().collect();
    let new: Vec<&str> = side.split_word_bounds().collect();
    let mut marks = Vec::new();
    let (mut walk_old, mut walk_new) = (Walk::default(), Walk::default());
    for hunk in hunks(&old, &new) {
        let removed = walk_old.to(&old, hunk.old);
        let added = walk_new.to(&new, hunk.new);
        for ((start, len), kind) in [(removed, MarkKind::Removed), (added, MarkKind::Added)] {
            if len > 0 {
                marks.push(Mark { start, len, kind });
            }
        }
    }
    marks
}

/// Turns token positions, in ascending order, into UTF-16 units.
#[derive(Default)]
struct Walk {
    token: usize,
    units: usize,
}

impl Walk {
    fn to(&mut self, tokens: &[&str], range: Range<usize>) -> (usize, usize) {
        let width = |range: Range<usize>| -> usize {
            let tokens = tokens.get(range).unwrap_or_default();
            tokens.iter().flat_map(|token| token.chars()).map(char::len_utf16).sum()
        };
        let start = self.units + width(self.token..range.start);
        let len = width(range.clone());
        (self.token, self.units) = (range.end, start + len);
        (start, len)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kinds(blocks: &[Block]) -> Vec<BlockKind> {
        blocks.iter().map(|block| block.kind).collect()
    }

    fn whole(blocks: &[Block]) -> (String, String, String) {
        let text = |pick: fn(&Block) -> &str| blocks.iter().map(pick).collect::<String>();
        (text(|b| &b.original), text(|b| &b.left.text), text(|b| &b.right.text))
    }

    #[test]
    fn one_changed_word_is_one_mark() {
        let original = "Keep. The 😀 brown fox ran.\nEnd.\n";
        let left = "Keep. The 😀 red fox ran.\nEnd.\n";
        let right = "Keep. A 😀 brown fox walked.\nEnd.\n";
        let found = blocks(original, left, right);
        assert_eq!(kinds(&found), [BlockKind::Same, BlockKind::Conflict, BlockKind::Same]);
        let mark = |start, len, kind| Mark { start, len, kind };
        assert_eq!(
            found[1].left.marks,
            [mark(7, 5, MarkKind::Removed), mark(7, 3, MarkKind::Added)]
        );
        assert_eq!(
            found[1].right.marks,
            [
                mark(0, 3, MarkKind::Removed),
                mark(0, 1, MarkKind::Added),
                mark(17, 3, MarkKind::Removed),
                mark(15, 6, MarkKind::Added)
            ]
        );
    }

    #[test]
    fn each_side_alone_and_both_the_same() {
        let found = blocks("a\nb\nc\nd\n", "A\nb\nc\nD\n", "a\nb\nnew\nc\nD\n");
        assert_eq!(
            kinds(&found),
            [
                BlockKind::LeftOnly,
                BlockKind::Same,
                BlockKind::RightOnly,
                BlockKind::Same,
                BlockKind::BothSame
            ]
        );
        assert_eq!((found[2].original.as_str(), found[2].right.text.as_str()), ("", "new\n"));
    }

    #[test]
    fn neighbours_stay_apart_and_insertions_at_one_place_meet() {
        let found = blocks("a\nb\n", "A\nb\n", "a\nB\n");
        assert_eq!(kinds(&found), [BlockKind::LeftOnly, BlockKind::RightOnly]);
        let found = blocks("a\nb\n", "a\nx\nb\n", "a\ny\nb\n");
        assert_eq!(kinds(&found), [BlockKind::Same, BlockKind::Conflict, BlockKind::Same]);
        assert!(blocks("", "", "").is_empty());
    }

    #[test]
    fn a_long_note_is_compared_by_line() {
        let mut texts = ["", "left", "right"].map(|end| {
            let line = |n: u32| format!("Line {n} of words. And more of them.\n");
            let mut text: String = (0..10_000).map(line).collect();
            text.push_str(end);
            text
        });
        texts[1].insert_str(0, "new\n");
        let found = blocks(&texts[0], &texts[1], &texts[2]);
        let [original, left, right] = texts;
        assert_eq!(whole(&found), (original, left, right));
        assert_eq!(kinds(&found), [BlockKind::LeftOnly, BlockKind::Same, BlockKind::Conflict]);
    }

    proptest! {
        #[test]
        fn blocks_are_the_whole_texts(
            original in "([abc]{1,2}[.\n ]){0,14}",
            left in "([abc]{1,2}[.\n ]){0,14}",
            right in "([abc]{1,2}[.\n ]){0,14}",
        ) {
            let found = blocks(&original, &left, &right);
            prop_assert_eq!(whole(&found), (original, left, right));
            for block in &found {
                let (one, other) = (&block.left, &block.right);
                prop_assert_eq!(block.kind == BlockKind::Same,
                    block.original == one.text && block.original == other.text);
                if block.kind == BlockKind::LeftOnly {
                    prop_assert_eq!(&block.original, &other.text);
                }
                if block.kind == BlockKind::RightOnly {
                    prop_assert_eq!(&block.original, &one.text);
                }
                for side in [one, other] {
                    for mark in &side.marks {
                        let text = match mark.kind {
                            MarkKind::Added => &side.text,
                            MarkKind::Removed => &block.original,
                        };
                        prop_assert!(mark.len > 0);
                        prop_assert!(mark.start + mark.len <= text.encode_utf16().count());
                    }
                }
            }
        }
    }
}
