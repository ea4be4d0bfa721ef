//! A text that began in the short form is the text that the sequence CRDT makes of the same edits.

use super::*;
use proptest::prelude::*;

const A: u64 = 11;
const B: u64 = 22;
const READER: u64 = 1;

/// An empty text whose CRDT is set up, so that nothing it writes is in the short form.
fn long(writer: u64) -> TextDoc {
    let doc = TextDoc::new(writer);
    doc.snapshot().unwrap();
    doc
}

#[test]
fn the_first_piece_travels_as_it_is() {
    let mut doc = TextDoc::new(A);
    let edit = doc.replace("Buy oak.").unwrap();
    assert!(is_beginning(&edit.update));
    assert_eq!(edit.update.len(), "Buy oak.".len() + 4);
    assert_eq!(doc.begun().map(Begun::text), Some("Buy oak."));
    let mut there = TextDoc::new(READER);
    let heard = there.import(&edit.update, A).unwrap();
    assert_eq!(heard.splices, [Splice::new(0, 0, "Buy oak.")]);
    assert!(!heard.concurrent);
    assert_eq!((there.plain(), there.version()), (doc.plain(), doc.version()));
    assert!(there.begun().is_some(), "nobody needed the CRDT");
    assert_eq!(there.import(&edit.update, A), Ok(Imported::default()), "once more does nothing");
}

#[test]
fn what_is_typed_further_is_no_beginning() {
    let mut doc = TextDoc::new(A);
    doc.replace("one").unwrap();
    let next = doc.splice(&[Splice::new(3, 0, " two")]).unwrap();
    assert!(!is_beginning(&next.update));
    assert!(doc.begun().is_none());
    let mut doc = TextDoc::new(A);
    let two = doc.splice(&[Splice::new(0, 0, "b"), Splice::new(0, 0, "a")]).unwrap();
    assert!(!is_beginning(&two.update), "two pieces are two");
}

#[test]
fn two_beginnings_made_apart_both_stand() {
    let (mut a, mut b) = (TextDoc::new(A), TextDoc::new(B));
    let from_a = a.replace("Oak.\n").unwrap();
    let from_b = b.replace("Ash.\n").unwrap();
    assert!(a.import(&from_b.update, B).unwrap().concurrent);
    assert!(b.import(&from_a.update, A).unwrap().concurrent);
    assert_eq!(a.plain(), b.plain());
    assert!(a.plain().contains("Oak.\n") && a.plain().contains("Ash.\n"));
    assert_eq!(a.version(), b.version());
}

#[test]
fn a_writer_begins_once() {
    let first = TextDoc::new(A).replace("ab").unwrap();
    let longer = TextDoc::new(A).replace("other").unwrap();
    let mut doc = TextDoc::new(READER);
    doc.import(&first.update, A).unwrap();
    assert!(matches!(doc.import(&longer.update, A), Err(TextError::Malformed(_))));
    assert_eq!(doc.plain(), "ab");
    let mut doc = long(A);
    doc.replace("x").unwrap();
    assert!(matches!(doc.import(&longer.update, A), Err(TextError::Malformed(_))));
    assert_eq!(doc.plain(), "x");
}

#[test]
fn what_cannot_be_a_beginning_is_refused() {
    let mut doc = TextDoc::new(READER);
    assert!(matches!(doc.import(b"text", A), Err(TextError::Malformed(_))), "nothing");
    assert!(matches!(doc.import(b"text\xff\xfe", A), Err(TextError::Malformed(_))), "no UTF-8");
    assert_eq!(doc.import(b"textx", u64::MAX), Err(TextError::ReservedWriter));
    assert!(doc.version().is_empty() && doc.plain().is_empty());
    doc.import(b"textx", A).unwrap();
    assert_eq!(doc.plain(), "x");
}

#[test]
fn a_beginning_can_be_taken_back() {
    let mut doc = TextDoc::new(A);
    let edit = doc.replace("Buy oak.").unwrap();
    let (before, after) = doc.span_of(&edit.update, A).unwrap();
    assert!(before.is_empty());
    assert_eq!(after, doc.version());
    doc.splice(&[Splice::new(8, 0, " And ash.")]).unwrap();
    let (before, after) = doc.span_of(&edit.update, A).unwrap();
    let inverse = doc.inverse(&before, &after, None).unwrap();
    doc.splice(&inverse.splices).unwrap();
    assert_eq!(doc.plain(), " And ash.");
    assert_eq!(TextDoc::new(B).span_of(&edit.update, A), Err(TextError::UnknownVersion));
}

#[test]
fn it_is_put_together_again_after_hostile_bytes() {
    let mut doc = TextDoc::new(READER);
    let begin = TextDoc::new(A).replace("Buy oak.").unwrap();
    doc.import(&begin.update, A).unwrap();
    let mut bytes = super::crdt::foreign::Doc::new(B).mark();
    assert!(doc.import(&bytes, B).is_err());
    assert_eq!(doc.plain(), "Buy oak.");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x55;
    super::crdt::foreign::sign(&mut bytes);
    assert!(doc.import(&bytes, B).is_err());
    assert_eq!(doc.plain(), "Buy oak.");
    assert_eq!(doc.version().count(A), 8);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whether devices use the short form or not changes neither what is read nor which version that
    /// is, whoever edits when and whoever hears of it in which form.
    #[test]
    fn the_form_of_a_beginning_changes_nothing(
        start in "[a-zäß😀\n ]{1,40}",
        steps in prop::collection::vec((0_usize..2, any::<usize>(), 0_usize..6, "[A-Z]{0,5}", any::<bool>()), 0..20),
    ) {
        // The same two people, once each way; edits are told to a third of each kind.
        let mut short = [TextDoc::new(A), TextDoc::new(B)];
        let mut plain = [long(A), long(B)];
        let mut readers = [TextDoc::new(READER), long(READER), TextDoc::new(READER), long(READER)];
        let mut told = vec![(A, short[0].replace(&start).unwrap(), plain[0].replace(&start).unwrap())];
        prop_assert!(is_beginning(&told[0].1.update));
        prop_assert!(!is_beginning(&told[0].2.update));
        for (who, pos, delete, insert, meet) in steps {
            let len = short[who].len_chars();
            let pos = pos % (len + 1);
            let splice = [Splice::new(pos, delete.min(len - pos), insert.as_str())];
            let one = short[who].splice(&splice).unwrap();
            let other = plain[who].splice(&splice).unwrap();
            told.push(([A, B][who], one, other));
            if meet {
                for (writer, one, other) in &told {
                    // Each side hears it in the form of the other.
                    for doc in &mut short {
                        doc.import(&other.update, *writer).unwrap();
                    }
                    for doc in &mut plain {
                        doc.import(&one.update, *writer).unwrap();
                    }
                }
            }
            prop_assert_eq!(short[who].plain(), plain[who].plain());
            prop_assert_eq!(short[who].version(), plain[who].version());
        }
        for (writer, one, other) in &told {
            for (at, reader) in readers.iter_mut().enumerate() {
                let update = if at < 2 { &one.update } else { &other.update };
                reader.import(update, *writer).unwrap();
            }
        }
        for reader in &readers {
            prop_assert_eq!(reader.plain(), readers[0].plain());
            prop_assert_eq!(reader.version(), readers[0].version());
            let again = TextDoc::load(&reader.snapshot().unwrap(), READER).unwrap();
            prop_assert_eq!(again.plain(), readers[0].plain());
        }
    }
}
