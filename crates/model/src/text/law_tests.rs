//! Laws of merged texts, each on random histories: runs stay whole, every character is accounted for,
//! what an undo takes back is one edit and nothing else, and a review costs what is new.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

/// A character that is typed only once, so that it can be followed.
fn mark(number: usize) -> char {
    char::from_u32(0x4e00 + number as u32).unwrap()
}

fn marks(from: usize, count: usize) -> String {
    (from..from + count).map(mark).collect()
}

/// Takes in all edits in the order given, again and again until none came too early.
fn take_all(doc: &mut TextDoc, edits: &[&(u64, Edit)]) {
    let mut left = edits.to_vec();
    while !left.is_empty() {
        let before = left.len();
        left.retain(|(writer, edit)| doc.import(&edit.update, *writer).is_err());
        assert!(left.len() < before, "stuck");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// What one person types in one go, keystroke by keystroke, stays together however many type at the
    /// same place at the same time, and however the keystrokes are mixed on their way.
    #[test]
    fn runs_typed_apart_are_never_interleaved(
        base in 0_usize..6,
        runs in prop::collection::vec((any::<usize>(), 1_usize..8), 2..5),
        order in any::<u64>(),
    ) {
        let mut first = TextDoc::new(500);
        first.replace(&"abcdef"[..base]).unwrap();
        let snapshot = first.snapshot().unwrap();
        let mut edits: Vec<(u64, Edit)> = Vec::new();
        let mut words = Vec::new();
        for (n, (pos, len)) in runs.iter().enumerate() {
            let writer = n as u64 + 1;
            let mut doc = TextDoc::load(&snapshot, writer).unwrap();
            let word = marks(n * 8, *len);
            let pos = pos % (base + 1);
            for (at, c) in word.chars().enumerate() {
                edits.push((writer, doc.splice(&[Splice::new(pos + at, 0, c)]).unwrap()));
            }
            words.push(word);
        }
        let mut shuffled: Vec<&(u64, Edit)> = edits.iter().collect();
        // A permutation that depends on the number alone.
        shuffled.sort_by_key(|(writer, edit)| {
            let mut hash = blake3::Hasher::new();
            hash.update(&order.to_le_bytes()).update(&writer.to_le_bytes()).update(&edit.update);
            *hash.finalize().as_bytes()
        });
        take_all(&mut first, &shuffled);
        let text = first.plain();
        for word in &words {
            prop_assert!(text.contains(word.as_str()), "{word} is torn apart in {text}");
        }
        let typed: usize = words.iter().map(|word| word.chars().count()).sum();
        prop_assert_eq!(first.len_chars(), base + typed);
        let rest: String = text.chars().filter(|c| c.is_ascii()).collect();
        prop_assert_eq!(rest, "abcdef"[..base].to_owned());
    }

    /// Every character that someone typed is in the merged text exactly when nobody took it out.
    #[test]
    fn every_character_is_accounted_for(
        steps in prop::collection::vec((0_usize..3, any::<usize>(), 0_usize..5, any::<bool>()), 1..40),
    ) {
        let mut docs: Vec<TextDoc> = (1..4).map(TextDoc::new).collect();
        let mut edits: Vec<(u64, Edit)> = Vec::new();
        let mut alive: BTreeSet<char> = BTreeSet::new();
        let mut gone: BTreeSet<char> = BTreeSet::new();
        for (n, (at, pos, len, meet)) in steps.into_iter().enumerate() {
            let doc = &mut docs[at];
            let text: Vec<char> = doc.plain().chars().collect();
            let pos = pos % (text.len() + 1);
            let delete = len.min(text.len() - pos);
            let insert = if len % 2 == 0 { marks(n * 3, 3) } else { String::new() };
            gone.extend(&text[pos..pos + delete]);
            alive.extend(insert.chars());
            edits.push((doc.writer(), doc.splice(&[Splice::new(pos, delete, insert)]).unwrap()));
            if meet {
                take_all(&mut docs[(at + 1) % 3], &edits.iter().collect::<Vec<_>>());
            }
        }
        let expected: BTreeSet<char> = alive.difference(&gone).copied().collect();
        for doc in &mut docs {
            take_all(doc, &edits.iter().collect::<Vec<_>>());
            prop_assert_eq!(doc.plain().chars().collect::<BTreeSet<char>>(), expected.clone());
            prop_assert_eq!(doc.len_chars(), expected.len(), "a character stands twice");
        }
    }

    /// Undoing an edit under everything that came after takes out what it put in, puts back what it
    /// took out, and touches no other character. What somebody changed since stays, and is said.
    #[test]
    fn undo_takes_back_one_edit_and_nothing_else(
        steps in prop::collection::vec((0_usize..2, any::<usize>(), 0_usize..4, any::<bool>()), 2..20),
        which in any::<usize>(),
    ) {
        let mut first = TextDoc::new(500);
        first.replace(&marks(10_000, 12)).unwrap();
        let start = first.snapshot().unwrap();
        let mut docs: Vec<TextDoc> =
            (1..3).map(|writer| TextDoc::load(&start, writer).unwrap()).collect();
        let mut edits: Vec<(u64, Edit)> = Vec::new();
        let mut did: Vec<(BTreeSet<char>, BTreeSet<char>)> = Vec::new();
        for (n, (at, pos, len, meet)) in steps.into_iter().enumerate() {
            let doc = &mut docs[at];
            let text: Vec<char> = doc.plain().chars().collect();
            let pos = pos % (text.len() + 1);
            let delete = len.min(text.len() - pos);
            let insert = if len % 2 == 0 { marks(n * 3, 3) } else { String::new() };
            let edit = doc.splice(&[Splice::new(pos, delete, insert.clone())]).unwrap();
            if !edit.update.is_empty() {
                did.push((insert.chars().collect(), text[pos..pos + delete].iter().copied().collect()));
                edits.push((doc.writer(), edit));
            }
            if meet {
                take_all(&mut docs[1 - at], &edits.iter().collect::<Vec<_>>());
            }
        }
        prop_assume!(!edits.is_empty());
        let which = which % edits.len();
        let doc = &mut docs[0];
        take_all(doc, &edits.iter().collect::<Vec<_>>());
        let (before, after) = doc.span_of(&edits[which].1.update, edits[which].0).unwrap();
        let inverse = doc.inverse(&before, &after, None).unwrap();
        let was: Vec<char> = doc.plain().chars().collect();
        doc.splice(&inverse.splices).unwrap();
        let is: Vec<char> = doc.plain().chars().collect();
        let (put, took) = &did[which];
        let others = |text: &[char]| -> Vec<char> {
            text.iter().copied().filter(|c| !put.contains(c) && !took.contains(c)).collect()
        };
        prop_assert_eq!(others(&is), others(&was), "another's character was touched");
        if !inverse.skipped {
            prop_assert!(is.iter().all(|c| !put.contains(c)), "what the edit put in is still there");
            let back = is.iter().filter(|c| took.contains(*c)).copied().collect::<BTreeSet<_>>();
            prop_assert_eq!(&back, took, "what the edit took out is not back");
        }
    }
}

/// What a review has to remember follows the text and the last divergences, not the length of a history
/// that nobody looked through.
#[test]
fn the_cache_of_a_review_does_not_grow_with_the_history() {
    let mut a = TextDoc::new(1);
    let mut b = TextDoc::new(2);
    let mut cache = ReviewCache::default();
    let mut sizes: BTreeMap<usize, usize> = BTreeMap::new();
    for round in 0..200 {
        // The text has the same length after each round.
        let text = format!("round {:03} here\nround {:03} there\n", round % 3, round % 3);
        let from_a = a.replace(&text.replace("here", "hers")).unwrap();
        let from_b = b.replace(&text.replace("there", "these")).unwrap();
        a.import(&from_b.update, 2).unwrap();
        b.import(&from_a.update, 1).unwrap();
        let review = a.review(&[], &mut cache).unwrap();
        assert_eq!(review, b.review(&[], &mut ReviewCache::default()).unwrap());
        assert!(review.conflict.is_some() || review.merged_automatically.is_some());
        sizes.insert(round, rmp_serde::to_vec_named(&cache).unwrap().len());
        let settled = a.replace("settled\n").unwrap();
        b.import(&settled.update, 1).unwrap();
    }
    let (early, late) = (sizes[&20], sizes[&199]);
    assert!(late < early * 2, "{early} bytes after 20 rounds, {late} after 199");
}
