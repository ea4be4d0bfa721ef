use proptest::prelude::*;

use super::*;

const A: u64 = 11;
const B: u64 = 22;
const C: u64 = 33;

/// A text that three writers hold.
fn three(text: &str) -> [TextDoc; 3] {
    let mut first = TextDoc::new(A);
    first.replace(text).unwrap();
    let snapshot = first.snapshot().unwrap();
    [A, B, C].map(|writer| TextDoc::load(&snapshot, writer).unwrap())
}

fn write(doc: &mut TextDoc, from: &str, to: &str) -> Edit {
    let text = doc.plain();
    assert!(text.contains(from), "{text:?} has no {from:?}");
    doc.replace(&text.replacen(from, to, 1)).unwrap()
}

fn conflict(doc: &TextDoc, decisions: &[Version]) -> Option<Divergence> {
    let review = doc.review(decisions, &mut ReviewCache::default()).unwrap();
    review.conflict.map(|found| doc.columns(found).unwrap())
}

fn sides(found: &Divergence) -> Vec<(u64, &str)> {
    found.versions.iter().map(|side| (side.writer, side.text.as_str())).collect()
}

/// A and B edited one sentence apart and have met; C has all of it.
fn disputed() -> [TextDoc; 3] {
    let [mut a, mut b, mut c] = three("Buy oak.\nCall Bob.\n");
    let from_a = write(&mut a, "oak", "oak boards");
    let from_b = write(&mut b, "oak", "oak beams");
    a.import(&from_b.update, B).unwrap();
    b.import(&from_a.update, A).unwrap();
    c.import(&from_a.update, A).unwrap();
    c.import(&from_b.update, B).unwrap();
    [a, b, c]
}

#[test]
fn what_is_typed_into_a_disputed_text_is_in_the_column_of_whoever_typed_it() {
    let [mut a, mut b, _] = disputed();
    let later = write(&mut b, "Call Bob.\n", "Call Bob.\nAsk for nails.\n");
    a.import(&later.update, B).unwrap();
    let found = conflict(&a, &[]).unwrap();
    assert_eq!(
        sides(&found),
        [(A, "Buy oak boards.\nCall Bob.\n"), (B, "Buy oak beams.\nCall Bob.\nAsk for nails.\n"),]
    );
    assert_eq!(found.merged, a.plain());
    assert_eq!(conflict(&b, &[]).unwrap(), found);
}

#[test]
fn whoever_has_no_part_in_the_disagreement_has_a_column_for_what_they_wrote_since() {
    let [mut a, _, mut c] = disputed();
    let later = write(&mut c, "Call Bob.", "Call Bob at 9.");
    a.import(&later.update, C).unwrap();
    let found = conflict(&a, &[]).unwrap();
    assert_eq!(found.versions.len(), 3);
    assert_eq!(found.versions[2].writer, C);
    // As C saw it: both sides are in it.
    assert_eq!(found.versions[2].text, a.plain());
}

#[test]
fn an_edit_apart_of_another_passage_is_in_a_column_too() {
    let [mut a, mut b, mut c] = three("Buy oak.\nCall Bob.\n");
    let edits = [
        (A, write(&mut a, "oak", "oak boards")),
        (B, write(&mut b, "oak", "oak beams")),
        (C, write(&mut c, "Bob", "Ann")),
    ];
    for (writer, edit) in &edits {
        a.import(&edit.update, *writer).unwrap();
    }
    let found = conflict(&a, &[]).unwrap();
    assert_eq!(found.versions.len(), 3);
    assert_eq!(found.versions[2].text, "Buy oak.\nCall Ann.\n");
}

#[test]
fn a_decision_leaves_alone_what_came_after_it_was_read() {
    let [mut a, mut b, _] = disputed();
    let read = a.version();
    let elsewhere = write(&mut b, "Call Bob.\n", "Call Bob.\nAsk for nails.\n");
    let here_too = write(&mut b, "Buy oak", "Today: buy oak");
    for edit in [&elsewhere, &here_too] {
        a.import(&edit.update, B).unwrap();
    }
    let (pieces, decided) = a.replace_at(&read, "Buy oak boards.\nCall Bob.\n").unwrap();
    assert_eq!(a.plain(), "Today: buy oak boards.\nCall Bob.\nAsk for nails.\n");
    for piece in &pieces {
        b.import(piece, A).unwrap();
    }
    assert_eq!(b.plain(), a.plain());
    // What was decided is; what came meanwhile into the same sentence is a question of its own.
    let found = conflict(&a, std::slice::from_ref(&decided)).unwrap();
    assert_eq!(conflict(&b, &[decided]).unwrap(), found);
    assert!(found.versions.iter().any(|side| side.text.contains("Today: buy oak")));
}

#[test]
fn whoever_wrote_on_is_asked_to_look_again_and_nothing_changes() {
    let [mut a, _, _] = disputed();
    let read = a.version();
    write(&mut a, "Bob", "Ann");
    let before = (a.plain(), a.version());
    assert_eq!(a.replace_at(&read, "Buy oak.\n"), Err(TextError::WrittenSince));
    assert_eq!((a.plain(), a.version()), before);
}

#[test]
fn an_earlier_version_is_found_by_leaving_out_what_came_after() {
    let [mut a, mut b, _] = disputed();
    let read = a.version();
    let first = write(&mut b, "Bob", "Ann");
    let second = write(&mut b, "Ann", "Eve");
    a.import(&first.update, B).unwrap();
    a.import(&second.update, B).unwrap();
    let edits = [(first.update.as_slice(), B), (second.update.as_slice(), B)];
    assert_eq!(a.version_without(edits), read);
    let back = a.back_to(&read).unwrap();
    assert_eq!(back.plain(), a.plain().replace("Eve", "Bob"));
    assert_eq!(back.version(), read);
}

/// A character that is typed only once, so that it can be followed.
fn mark(number: usize) -> char {
    char::from_u32(0x4e00 + number as u32).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// However three writers edit and meet: every character that is in the text and not in the original
    /// is in the column of whoever typed it, whatever was decided before.
    #[test]
    fn nothing_is_in_no_column(
        steps in prop::collection::vec((0_usize..3, any::<usize>(), 0_usize..4, 0_usize..4), 2..30),
        decide in prop::option::of(0_usize..30),
    ) {
        let mut docs = three("One.\nTwo.\nThree.\n");
        let mut edits: Vec<(u64, Edit)> = Vec::new();
        let mut decisions: Vec<Version> = Vec::new();
        let mut typed: Vec<(u64, char)> = Vec::new();
        for (n, (at, pos, delete, meet)) in steps.into_iter().enumerate() {
            let doc = &mut docs[at];
            let text: Vec<char> = doc.plain().chars().collect();
            let pos = pos % (text.len() + 1);
            let delete = delete.min(text.len() - pos);
            typed.push((doc.writer(), mark(n)));
            let edit = doc.splice(&[Splice::new(pos, delete, mark(n))]).unwrap();
            edits.push((doc.writer(), edit));
            if meet < 2 {
                let other = &mut docs[(at + 1 + meet) % 3];
                for (writer, edit) in &edits {
                    let _ = other.import(&edit.update, *writer);
                }
            }
            if decide == Some(n) {
                decisions.push(docs[at].version());
            }
        }
        for (writer, edit) in &edits {
            for doc in &mut docs {
                // In the order in which they were written, so none comes too early.
                doc.import(&edit.update, *writer).unwrap();
            }
        }
        let doc = &docs[0];
        let review = doc.review(&decisions, &mut ReviewCache::default()).unwrap();
        for found in [review.conflict, review.merged_automatically].into_iter().flatten() {
            let found = doc.columns(found).unwrap();
            let now = doc.plain();
            for (writer, c) in typed.iter().filter(|(_, c)| now.contains(*c)) {
                if found.original.contains(*c) {
                    continue;
                }
                let side = found.versions.iter().find(|side| side.writer == *writer);
                let anywhere = found.versions.iter().any(|side| side.text.contains(*c));
                prop_assert!(anywhere, "{c} is in no column");
                if let Some(side) = side {
                    prop_assert!(side.text.contains(*c), "{c} is not in its writer's column");
                }
            }
            for other in &docs[1..] {
                let review = other.review(&decisions, &mut ReviewCache::default()).unwrap();
                let theirs = [review.conflict, review.merged_automatically].into_iter().flatten();
                let same = theirs.map(|found| other.columns(found).unwrap()).any(|one| one == found);
                prop_assert!(same, "devices show different columns");
            }
        }
    }
}
