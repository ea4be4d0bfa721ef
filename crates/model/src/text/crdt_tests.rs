use proptest::prelude::*;

use super::crdt::foreign;
use super::*;

const A: u64 = 11;
const B: u64 = 22;

/// Two texts that both hold `text`, written by `A`.
fn pair(text: &str) -> (TextDoc, TextDoc) {
    let (mut a, mut b) = (TextDoc::new(A), TextDoc::new(B));
    let edit = a.replace(text).unwrap();
    b.import(&edit.update, A).unwrap();
    (a, b)
}

#[test]
fn writers_come_from_actors() {
    assert_eq!(writer_of(&[1; 16]), writer_of(&[1; 16]));
    assert_ne!(writer_of(&[1; 16]), writer_of(&[2; 16]));
}

#[test]
fn edits_travel_and_are_heard_as_splices() {
    let (mut a, mut b) = pair("one two three");
    let edit = a.splice(&[Splice::new(4, 3, "2"), Splice::new(0, 0, "> ")]).unwrap();
    let heard = b.import(&edit.update, A).unwrap();
    assert!(!heard.concurrent);
    assert_eq!(splice::apply("one two three", &heard.splices).unwrap(), "> one 2 three");
    assert_eq!((a.plain(), b.plain()), ("> one 2 three".into(), "> one 2 three".into()));
    assert_eq!(a.version(), b.version());
    assert_eq!(b.import(&edit.update, A), Ok(Imported::default()));
    assert_eq!(b.len_chars(), 13);
}

#[test]
fn concurrent_edits_say_so() {
    let (mut a, mut b) = pair("x");
    let from_a = a.splice(&[Splice::new(0, 0, "a")]).unwrap();
    let from_b = b.splice(&[Splice::new(1, 0, "b")]).unwrap();
    assert!(a.import(&from_b.update, B).unwrap().concurrent);
    assert!(b.import(&from_a.update, A).unwrap().concurrent);
    assert_eq!((a.plain(), b.plain()), ("axb".into(), "axb".into()));
    let after = a.splice(&[Splice::new(3, 0, "!")]).unwrap();
    assert!(!b.import(&after.update, A).unwrap().concurrent);
}

#[test]
fn bounds_are_checked_before_anything_is_applied() {
    let mut a = TextDoc::new(A);
    a.replace("ab").unwrap();
    let version = a.version();
    let error = a.splice(&[Splice::new(0, 1, ""), Splice::new(1, 1, "x")]).unwrap_err();
    assert_eq!(error, TextError::OutOfBounds { end: 2, len: 1 });
    assert_eq!((a.plain(), a.version()), ("ab".into(), version));
    assert_eq!(a.splice(&[]), Ok(Edit::default()));
    assert_eq!(TextDoc::new(u64::MAX).replace("x"), Err(TextError::ReservedWriter));
}

#[test]
fn utf16_positions() {
    let mut a = TextDoc::new(A);
    a.replace("a😀b").unwrap();
    a.splice_utf16(&[Splice::new(3, 1, "c")]).unwrap();
    assert_eq!(a.plain(), "a😀c");
    assert_eq!(
        a.splice_utf16(&[Splice::new(2, 1, "")]),
        Err(TextError::SplitsCharacter { pos: 3 })
    );
}

#[test]
fn refuses_foreign_and_premature_edits_and_stays_as_it_was() {
    let (mut a, mut b) = pair("start");
    let first = a.splice(&[Splice::new(5, 0, " one")]).unwrap();
    let second = a.splice(&[Splice::new(9, 0, " two")]).unwrap();
    assert_eq!(b.import(&second.update, A), Err(TextError::MissingEarlier));
    assert_eq!(b.import(&first.update, B), Err(TextError::ForeignWriter { expected: B, found: A }));
    assert_eq!(b.plain(), "start");

    // An edit that follows another writer's edit which is not here.
    let mut c = TextDoc::load(&a.snapshot().unwrap(), 33).unwrap();
    let third = c.splice(&[Splice::new(0, 0, "c")]).unwrap();
    assert_eq!(b.import(&third.update, 33), Err(TextError::MissingEarlier));
    assert_eq!(b.plain(), "start");
    for (update, writer) in [(&first, A), (&second, A), (&third, 33)] {
        b.import(&update.update, writer).unwrap();
    }
    assert_eq!(b.plain(), "cstart one two");
    assert_eq!(b.version(), c.version());
    // Nothing of the refused edits waits anywhere: the text still travels whole.
    assert_eq!(TextDoc::load(&b.snapshot().unwrap(), B).unwrap().plain(), b.plain());
}

/// The log proves a cloned device by its hash chain; here the first edit under an id simply stays.
#[test]
fn a_reused_operation_brings_nothing() {
    let (mut a, mut b) = pair("start");
    let mut clone = TextDoc::load(&a.snapshot().unwrap(), A).unwrap();
    let first = a.splice(&[Splice::new(0, 0, "one")]).unwrap();
    let other = clone.splice(&[Splice::new(0, 0, "two")]).unwrap();
    b.import(&first.update, A).unwrap();
    assert!(b.import(&other.update, A).is_err() || b.plain() == "onestart");
    assert_eq!(b.plain(), "onestart");
}

#[test]
fn only_text_is_taken_in() {
    let (_, mut b) = pair("start");
    for build in [
        |doc: &foreign::Doc| doc.map(),
        |doc: &foreign::Doc| doc.other_text(),
        |doc: &foreign::Doc| doc.mark(),
    ] {
        let update = build(&foreign::Doc::new(44));
        assert_eq!(b.import(&update, 44), Err(TextError::Unsupported));
        assert_eq!(b.plain(), "start");
        assert_eq!(b.version().count(44), 0);
    }
    assert_eq!(b.import(&b.snapshot().unwrap(), A), Err(TextError::Unsupported));
}

#[test]
fn versions_can_be_read_back() {
    let (mut a, mut b) = pair("one\n");
    let start = a.version();
    let from_b = b.replace("one\ntwo\n").unwrap();
    a.replace("zero\none\n").unwrap();
    let left = a.version();
    a.import(&from_b.update, B).unwrap();
    assert_eq!(a.at(&start).unwrap(), "one\n");
    assert_eq!(a.at(&left).unwrap(), "zero\none\n");
    assert_eq!(a.at(&b.version()).unwrap(), "one\ntwo\n");
    assert_eq!(a.at(&Version::empty()).unwrap(), "");
    assert_eq!(a.at(&a.version()).unwrap(), "zero\none\ntwo\n");
    assert_eq!(a.plain(), "zero\none\ntwo\n");
    assert_eq!(b.at(&a.version()), Err(TextError::UnknownVersion));
    let torn = Version::from_entries([(B, 1)]);
    assert_eq!(a.at(&torn), Err(TextError::UnknownVersion));
    // Reading the past leaves no trace in what an open editor hears next.
    let more = b.replace("one\ntwo\nthree\n").unwrap();
    let heard = a.import(&more.update, B).unwrap();
    assert_eq!(heard.splices, [Splice::new(13, 0, "three\n")]);
}

#[test]
fn authors_of_the_visible_text() {
    let (mut a, mut b) = pair("hello world");
    let edit = b.splice(&[Splice::new(5, 0, " big")]).unwrap();
    a.import(&edit.update, B).unwrap();
    let run = |writer, start, len| Run { writer, start, len };
    assert_eq!(a.authors(), [run(A, 0, 5), run(B, 5, 4), run(A, 9, 6)]);
    assert_eq!(TextDoc::new(A).authors(), []);
}

#[test]
fn paragraphs_typed_at_the_same_place_stay_whole() {
    let (mut a, mut b) = pair("top\nbottom\n");
    let (first, second) = ("From the laptop.\n", "And this from the phone.\n");
    let mut edits = Vec::new();
    for (doc, writer, paragraph) in [(&mut a, A, first), (&mut b, B, second)] {
        for (offset, typed) in paragraph.chars().enumerate() {
            let splice = Splice::new(4 + offset, 0, typed.to_string());
            edits.push((writer, doc.splice(&[splice]).unwrap()));
        }
    }
    for (writer, edit) in &edits {
        a.import(&edit.update, *writer).unwrap();
        b.import(&edit.update, *writer).unwrap();
    }
    assert_eq!(a.plain(), b.plain());
    assert!(a.plain().contains(first) && a.plain().contains(second), "{}", a.plain());
}

#[test]
fn damaged_bytes_neither_panic_nor_change_anything() {
    let (mut a, mut b) = pair("some text to damage");
    let edit = a.splice(&[Splice::new(4, 5, " words"), Splice::new(0, 1, "S")]).unwrap();
    let before = (b.plain(), b.version());
    for index in 0..edit.update.len() {
        for bit in [1, 0x80] {
            let mut damaged = edit.update.clone();
            damaged[index] ^= bit;
            if b.import(&damaged, A).is_err() {
                assert_eq!((b.plain(), b.version()), before);
            } else {
                // Twelve bytes of the header mean nothing; the edit is whole.
                assert_eq!(b.plain(), a.plain());
                b = pair("some text to damage").1;
            }
        }
        assert!(b.import(&edit.update[..index], A).is_err() || index == 0);
    }
    b.import(&edit.update, A).unwrap();
    assert_eq!(a.plain(), b.plain());
    let snapshot = a.snapshot().unwrap();
    for index in 0..snapshot.len() {
        let mut damaged = snapshot.clone();
        damaged[index] ^= 0x40;
        let _ = TextDoc::load(&damaged, B).map(|doc| doc.plain());
    }
    assert!(TextDoc::load(&edit.update, B).is_err());
    assert!(TextDoc::load(&[], B).is_err());
}

/// The same damage, with the checksum made right again so that it reaches the decoder.
#[test]
fn damage_under_a_valid_checksum_is_survived() {
    let (mut a, mut b) = pair("some text to damage, with more words than one");
    let edit = a.splice(&[Splice::new(4, 5, " words"), Splice::new(0, 1, "S")]).unwrap();
    let before = (b.plain(), b.version());
    for index in 22..edit.update.len() {
        for bit in [1, 4, 0x40] {
            let mut damaged = edit.update.clone();
            damaged[index] ^= bit;
            foreign::sign(&mut damaged);
            match b.import(&damaged, A) {
                Err(_) => assert_eq!((b.plain(), b.version()), before),
                Ok(_) => {
                    // Damage that still reads as an edit; start over from a clean text.
                    b = pair("some text to damage, with more words than one").1;
                }
            }
        }
    }
    b.import(&edit.update, A).unwrap();
    assert_eq!(a.plain(), b.plain());
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 1..200)) {
        let (_, mut b) = pair("start");
        prop_assert!(b.import(&bytes, A).is_err());
        prop_assert!(TextDoc::load(&bytes, A).is_err());
        let mut headed = b"loro".to_vec();
        headed.extend(&bytes);
        prop_assert!(b.import(&headed, A).is_err());
        prop_assert!(TextDoc::load(&headed, A).is_err());
        prop_assert_eq!(b.plain(), "start");
    }
}
