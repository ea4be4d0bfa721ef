use super::*;

const A: u64 = 11;
const B: u64 = 22;
const C: u64 = 33;

const START: &str = "One here. Two here.\nSecond line.\nThird line.\n";

/// A text that `writers` hold, written by the first of them.
fn shared<const N: usize>(text: &str, writers: [u64; N]) -> [TextDoc; N] {
    let mut first = TextDoc::new(writers[0]);
    first.replace(text).unwrap();
    let snapshot = first.snapshot().unwrap();
    writers.map(|writer| TextDoc::load(&snapshot, writer).unwrap())
}

/// Replaces what `doc` shows and hands the edit to nobody.
fn write(doc: &mut TextDoc, from: &str, to: &str) -> Edit {
    let text = doc.plain();
    assert!(text.contains(from), "{text:?} has no {from:?}");
    doc.replace(&text.replacen(from, to, 1)).unwrap()
}

fn scratch(doc: &TextDoc, decisions: &[Version]) -> TextReview {
    doc.review(decisions, &mut ReviewCache::default()).unwrap()
}

/// Two writers edit apart; what both see when they have met.
fn meet(start: &str, by_a: (&str, &str), by_b: (&str, &str)) -> (TextDoc, TextReview) {
    let [mut a, mut b] = shared(start, [A, B]);
    let (from_a, from_b) = (write(&mut a, by_a.0, by_a.1), write(&mut b, by_b.0, by_b.1));
    a.import(&from_b.update, B).unwrap();
    b.import(&from_a.update, A).unwrap();
    let review = scratch(&a, &[]);
    assert_eq!(review, scratch(&b, &[]));
    (a, review)
}

#[test]
fn edits_one_after_the_other_need_no_review() {
    let [mut a, mut b] = shared(START, [A, B]);
    let edit = write(&mut a, "Second", "2nd");
    b.import(&edit.update, A).unwrap();
    write(&mut b, "2nd", "Second");
    assert_eq!(scratch(&b, &[]), TextReview::default());
    assert_eq!(scratch(&TextDoc::new(A), &[]), TextReview::default());
}

#[test]
fn the_same_sentence_is_a_conflict() {
    let (_, review) = meet(START, ("Two here", "Two there"), ("Two here", "Twice here"));
    let conflict = review.conflict.unwrap();
    assert_eq!(review.merged_automatically, None);
    assert_eq!(conflict.original, START);
    assert_eq!(conflict.passages, 1);
    assert_eq!(conflict.merged, START.replace("Two here", "Twice there"));
    let sides: Vec<_> = conflict.versions.iter().map(|v| (v.writer, v.text.clone())).collect();
    assert_eq!(
        sides,
        [(A, START.replace("Two here", "Two there")), (B, START.replace("Two here", "Twice here"))]
    );
}

#[test]
fn other_passages_merge_by_themselves() {
    for (by_a, by_b) in [
        (("One here", "One there"), ("Two here", "Two there")),
        (("Second", "2nd"), ("Third", "3rd")),
        (("Second line.\n", "Second line.\nNew.\n"), ("Second", "2nd")),
        (("Second line.\n", "Second line.\nNew.\n"), ("Third", "3rd")),
        (("Second line.\n", ""), ("Third", "3rd")),
    ] {
        let (doc, review) = meet(START, by_a, by_b);
        assert_eq!(review.conflict, None, "{by_a:?} {by_b:?}");
        let merged = review.merged_automatically.unwrap();
        assert_eq!((merged.versions.len(), merged.merged), (2, doc.plain()));
    }
}

#[test]
fn overlaps_of_every_kind() {
    for (by_a, by_b) in [
        (("Second line.\n", ""), ("Second", "2nd")),
        (("Second line.\n", "Second line.\nNew.\n"), ("Second line.\n", "Second line.\nOther.\n")),
        (("Second line.\nThird line.\n", ""), ("Second line.\n", "Second line.\nNew.\n")),
        (("Second", "2nd"), ("line.\nThird", "line. Third")),
    ] {
        let (_, review) = meet(START, by_a, by_b);
        assert!(review.conflict.is_some(), "{by_a:?} {by_b:?}");
        assert_eq!(review.merged_automatically, None);
    }
}

#[test]
fn the_same_removal_is_no_conflict_but_a_doubled_insertion_is() {
    let removal = ("Second line.\n", "");
    let (_, review) = meet(START, removal, removal);
    assert_eq!(review.conflict, None);
    let word = ("Second", "Second best");
    let (doc, review) = meet(START, word, word);
    assert!(doc.plain().contains("Second best best"));
    assert!(review.conflict.is_some());
}

#[test]
fn a_decision_settles_what_its_maker_saw() {
    let [mut a, mut b, mut c] = shared(START, [A, B, C]);
    let from_a = write(&mut a, "Two here", "Two there");
    let from_b = write(&mut b, "Two here", "Twice here");
    let from_c = write(&mut c, "Two", "Too");
    a.import(&from_b.update, B).unwrap();
    let decision = a.version();
    assert_eq!(scratch(&a, std::slice::from_ref(&decision)), TextReview::default());
    assert!(scratch(&a, &[]).conflict.is_some());
    // What nobody had seen when deciding is asked about anew.
    a.import(&from_c.update, C).unwrap();
    let review = scratch(&a, std::slice::from_ref(&decision));
    assert_eq!(review.conflict.unwrap().versions.len(), 3);
    let both = [decision, a.version()];
    assert_eq!(scratch(&a, &both), TextReview::default());
    // Work after the decision, by who had seen everything, opens nothing.
    write(&mut a, "Third", "3rd");
    assert_eq!(scratch(&a, &both), TextReview::default());
    b.import(&from_a.update, A).unwrap();
}

#[test]
fn a_conflict_and_a_quiet_merge_stand_side_by_side() {
    let [mut a, mut b, mut c] = shared(START, [A, B, C]);
    let edits = [
        (A, write(&mut a, "One here", "One there")),
        (B, write(&mut b, "One here", "Once here")),
        (C, write(&mut c, "Third", "3rd")),
    ];
    for (writer, edit) in &edits {
        a.import(&edit.update, *writer).unwrap();
    }
    let review = scratch(&a, &[]);
    let writers = |divergence: &Divergence| -> Vec<u64> {
        divergence.versions.iter().map(|side| side.writer).collect()
    };
    assert_eq!(writers(&review.conflict.unwrap()), [A, B]);
    assert_eq!(writers(&review.merged_automatically.unwrap()), [A, B, C]);
}

#[test]
fn original_is_the_earliest_and_sides_are_the_latest() {
    let [mut a, mut b] = shared(START, [A, B]);
    for (one, other) in [("1", "uno"), ("2", "due")] {
        let from = a.plain();
        let word = from.split(' ').next().unwrap().to_owned();
        let from_a = write(&mut a, &word, one);
        let from_b = write(&mut b, &word, other);
        a.import(&from_b.update, B).unwrap();
        b.import(&from_a.update, A).unwrap();
        let edit = a.replace(&START.replace("One", "Both")).unwrap();
        b.import(&edit.update, A).unwrap();
    }
    let conflict = scratch(&a, &[]).conflict.unwrap();
    assert_eq!(conflict.original, START);
    assert_eq!(conflict.passages, 2);
    assert_eq!(conflict.versions[0].text, START.replace("One", "2"));
    assert_eq!(conflict.versions[1].text, START.replace("One", "due"));
    assert_eq!(conflict.merged, START.replace("One", "Both"));
}

#[test]
fn a_cache_is_kept_beside_the_text_and_may_be_ahead_of_it() {
    let (doc, review) = meet(START, ("Two", "2"), ("Two", "zwei"));
    let mut cache = ReviewCache::default();
    assert_eq!(doc.review(&[], &mut cache).unwrap(), review);
    let packed = rmp_serde::to_vec_named(&cache).unwrap();
    let mut unpacked: ReviewCache = rmp_serde::from_slice(&packed).unwrap();
    assert_eq!(unpacked, cache);
    assert_eq!(doc.review(&[], &mut unpacked).unwrap(), review);
    // The text as an older backup has it, with the newer cache.
    let [older] = shared(START, [A]);
    assert_eq!(older.review(&[], &mut cache).unwrap(), TextReview::default());
    assert_eq!(doc.review(&[], &mut cache).unwrap(), review);
}
