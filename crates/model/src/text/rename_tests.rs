//! Two runs of one writer's operations with the same numbers, taken into one text.

use super::{Splice, TextDoc, Version, WriterNames};

const A: u64 = 11;
const B: u64 = 22;
const X: u64 = 12;
const Y: u64 = 13;

fn names(path: &[u64], aside: &[u64]) -> WriterNames {
    let mut names = WriterNames::new();
    names.add(A, path.to_vec());
    for writer in aside {
        names.set_aside(*writer);
    }
    names
}

fn edit(doc: &mut TextDoc, pos: usize, delete: usize, insert: &str) -> Vec<u8> {
    doc.splice(&[Splice::new(pos, delete, insert)]).unwrap().update
}

/// A text of one writer, and the copy that was used elsewhere.
fn twins() -> (TextDoc, TextDoc, Vec<u8>) {
    let mut one = TextDoc::new(A);
    let first = edit(&mut one, 0, 0, "one two three");
    let other = TextDoc::load(&one.snapshot().unwrap(), A).unwrap();
    (one, other, first)
}

#[test]
fn both_runs_are_in_the_text_and_every_order_gives_the_same() {
    let (mut one, mut other, first) = twins();
    let left = [edit(&mut one, 0, 3, "ONE"), edit(&mut one, 13, 0, " four")];
    // The removal takes characters of the common run and of the own one at once.
    let right = [edit(&mut other, 13, 0, "!?"), edit(&mut other, 8, 6, "drei")];
    let mut texts = Vec::new();
    for turned in [false, true] {
        let mut doc = TextDoc::new(1);
        doc.import(&first, A).unwrap();
        let mut runs = [(&left, X, Y), (&right, Y, X)];
        if turned {
            runs.reverse();
        }
        for (run, name, sibling) in runs {
            for update in run {
                let renamed =
                    doc.import_renamed(update, A, &names(&[A, name], &[sibling])).unwrap();
                assert!(!renamed.is_empty());
            }
        }
        texts.push((doc.plain(), doc.version()));
    }
    assert_eq!(texts[0], texts[1]);
    assert_eq!(texts[0].0, "ONE two drei four?");
}

#[test]
fn what_a_third_wrote_on_one_run_follows_it() {
    let (mut one, mut other, first) = twins();
    let left = edit(&mut one, 13, 0, " four");
    let right = edit(&mut other, 0, 0, "zero ");
    let mut third = TextDoc::new(B);
    third.import(&first, A).unwrap();
    third.import(&left, A).unwrap();
    // Takes away what the one run put in, and writes behind it.
    let reply = edit(&mut third, 14, 4, "FIVE");

    let mut doc = TextDoc::new(1);
    doc.import(&first, A).unwrap();
    let kept = doc.import_renamed(&right, A, &names(&[A, Y], &[X])).unwrap();
    doc.import_renamed(&left, A, &names(&[A, X], &[Y])).unwrap();
    let renamed = doc.import_renamed(&reply, B, &names(&[A, X], &[Y])).unwrap();
    assert_eq!(doc.plain(), "zero one two three FIVE");

    // What is kept in place of the edits is taken in like any other edit.
    let mut again = TextDoc::new(2);
    again.import(&first, A).unwrap();
    again.import(&kept, Y).unwrap();
    again.import_renamed(&left, A, &names(&[A, X], &[Y])).unwrap();
    again.import(&renamed, B).unwrap();
    assert_eq!((again.plain(), again.version()), (doc.plain(), doc.version()));
    assert_eq!(doc.import_renamed(&reply, B, &names(&[A, X], &[Y])).unwrap(), Vec::<u8>::new());
}

#[test]
fn versions_are_told_in_our_names() {
    let (mut one, mut other, first) = twins();
    let left = edit(&mut one, 13, 0, " four");
    let theirs = one.version();
    let right = edit(&mut other, 0, 0, "zero ");
    let mut doc = TextDoc::new(1);
    doc.import(&first, A).unwrap();
    doc.import_renamed(&left, A, &names(&[A, X], &[Y])).unwrap();
    let ours = doc.version();
    doc.import_renamed(&right, A, &names(&[A, Y], &[X])).unwrap();
    let told = names(&[A, X], &[Y]).version(&theirs, &doc.version());
    assert_eq!(told, ours);
    assert_eq!(doc.at(&told).unwrap(), one.plain());
    assert_eq!(names(&[A, X], &[Y]).version(&Version::empty(), &ours), Version::empty());
}

#[test]
fn an_edit_of_another_writer_than_named_is_refused() {
    let (mut one, _, first) = twins();
    let left = edit(&mut one, 0, 0, "x");
    let mut doc = TextDoc::new(1);
    doc.import(&first, A).unwrap();
    let before = doc.version();
    assert!(doc.import_renamed(&left, B, &names(&[A, X], &[Y])).is_err());
    assert!(doc.import_renamed(&[1, 2, 3], A, &names(&[A, X], &[Y])).is_err());
    assert_eq!(doc.version(), before);
}

#[test]
fn what_was_typed_apart_at_one_place_stands_as_the_author_of_a_branch_saw_it() {
    use super::{branch_name, writer_of};
    use holdfast_oplog::{ActorId, Hash};
    for author in 0..60_u8 {
        let (actor, other) = (ActorId([author; 16]), ActorId([200; 16]));
        let writer = writer_of(&actor.0);
        let name_of = |first: u8| writer_of(&branch_name(actor, Hash([first; 32])).0);
        let (x, y) = (name_of(author), name_of(255 - author));
        let mut here = TextDoc::new(writer);
        let typed = edit(&mut here, 0, 0, "<here>");
        let mut there = TextDoc::new(writer_of(&other.0));
        let apart = edit(&mut there, 0, 0, "<there>");
        here.import(&apart, writer_of(&other.0)).unwrap();
        let at = here.plain().find("<there>").unwrap();
        let gone = edit(&mut here, at, 7, "");

        let mut names = WriterNames::new();
        names.add(writer, vec![writer, x]);
        names.set_aside(y);
        let mut doc = TextDoc::new(1);
        doc.import(&apart, writer_of(&other.0)).unwrap();
        doc.import_renamed(&typed, writer, &names).unwrap();
        doc.import_renamed(&gone, writer, &names).unwrap();
        assert_eq!(doc.plain(), "<here>");
    }
}
