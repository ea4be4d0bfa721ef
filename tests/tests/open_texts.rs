//! Texts that were edited lately stay open between transactions. Laws: what a transaction did that was
//! not committed never shows in a later edit, and what anyone else committed always does.

use holdfast_model::entity::{Draft, Seen};
use holdfast_model::fields::{TEXT, TITLE};
use holdfast_model::text::{Splice, TextDoc, writer_of};
use holdfast_model::{EntityId, Kind};
use holdfast_oplog::{ActorId, VersionVector};
use holdfast_store::{LocalChange, Store, StoreError, Tx};
use holdfast_tests::Replica;
use holdfast_tests::replica::VAULT;

const NOW: i64 = 1_800_000_000_000;

fn note() -> EntityId {
    EntityId::named("the note")
}

fn edit(tx: &Tx<'_>, mut doc: TextDoc, splice: Splice) -> Result<LocalChange, StoreError> {
    let update = doc.splice(&[splice])?.update;
    let (state, space) = tx.expect_entity(note(), "note")?;
    let mut draft = state.draft();
    draft.text(TEXT, update);
    let edits = draft.finish().into_iter().collect();
    let texts = vec![(note(), doc)];
    Ok(LocalChange { space, action: "text.edit".into(), edits, texts, ..LocalChange::default() })
}

/// Puts text in at the end, as one keystroke does.
fn append(tx: &Tx<'_>, device: ActorId, insert: &str) -> Result<(), StoreError> {
    let doc = tx.open_text(note(), writer_of(&device.0))?;
    let end = doc.len_chars();
    let author = holdfast_store::Author {
        actor: device,
        sign: &holdfast_tests::replica::seal,
        wall_ms: NOW,
    };
    tx.append(author, edit(tx, doc, Splice::new(end, 0, insert))?)?;
    Ok(())
}

fn typed(device: &mut Replica, insert: &str) {
    let actor = device.actor;
    device.store.write(|tx| append(tx, actor, insert)).unwrap();
}

fn start(device: &mut Replica) {
    let mut draft = Draft::new(note(), Kind::Note.as_str());
    draft.set(TITLE, "A note", &Seen::All);
    device.edit(NOW, draft.finish().into_iter().collect()).unwrap();
    typed(device, "one");
}

fn read(device: &mut Replica) -> String {
    device.store.read(|tx| tx.text(note())).unwrap().unwrap().plain
}

/// The text is what everyone else makes of this device's changes, and what its own log makes anew.
fn expect(device: &mut Replica, text: &str) {
    assert_eq!(read(device), text);
    let mut other = Replica::new(77, 0).unwrap();
    for run in device.runs(&VersionVector::new(), || u64::MAX).unwrap() {
        other.take_in(NOW, &run).unwrap();
    }
    assert_eq!(read(&mut other), text);
    assert_eq!(other.dump().unwrap(), device.dump().unwrap());
    // The next keystroke goes on from there, and from the log.
    device.store.write(|tx| tx.rebuild()).unwrap();
    assert_eq!(read(device), text);
    typed(device, "!");
    assert_eq!(read(device), format!("{text}!"));
}

#[test]
fn a_keystroke_that_was_not_committed_is_not_in_the_next_one() {
    let mut device = Replica::new(1, 0).unwrap();
    start(&mut device);
    let actor = device.actor;
    let failed = device.store.write(|tx| {
        append(tx, actor, " lost")?;
        Err::<(), _>(StoreError::Damaged("the disk is full".into()))
    });
    assert!(failed.is_err());
    typed(&mut device, " two.");
    expect(&mut device, "one two.");
}

#[test]
fn a_keystroke_that_was_only_tried_out_is_not_in_the_next_one() {
    let mut device = Replica::new(1, 0).unwrap();
    start(&mut device);
    let actor = device.actor;
    device.store.try_out(|tx| append(tx, actor, " tried")).unwrap();
    typed(&mut device, " then");
    expect(&mut device, "one then");
}

#[test]
fn a_part_that_was_undone_leaves_nothing_in_the_rest_of_its_transaction() {
    let mut device = Replica::new(1, 0).unwrap();
    start(&mut device);
    let actor = device.actor;
    device
        .store
        .write(|tx| {
            append(tx, actor, " two")?;
            let part = tx.attempt(|| {
                append(tx, actor, " lost")?;
                Err::<(), _>(StoreError::Damaged("no".into()))
            })?;
            assert!(part.is_err());
            append(tx, actor, " more")
        })
        .unwrap();
    expect(&mut device, "one two more");
}

#[test]
fn what_another_process_wrote_is_in_the_next_keystroke() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault.db");
    let open = |store| Replica { store, actor: ActorId([1; 16]), skew_ms: 0 };
    let mut window = open(Store::create(&path, VAULT).unwrap());
    start(&mut window);
    let mut command_line = open(Store::open(&path).unwrap());
    // Both write as this device, in turn.
    for (window_types, command_line_types) in [(" a", " b"), (" c", " d")] {
        typed(&mut window, window_types);
        typed(&mut command_line, command_line_types);
    }
    typed(&mut window, " e");
    assert_eq!(read(&mut command_line), "one a b c d e");
    expect(&mut window, "one a b c d e");
}

#[test]
fn a_text_opened_before_another_transaction_wrote_loses_nothing_of_that() {
    let mut device = Replica::new(1, 0).unwrap();
    start(&mut device);
    let writer = writer_of(&device.actor.0);
    let early = device.store.read(|tx| tx.open_text(note(), writer)).unwrap();
    // Meanwhile something of another device arrives.
    let mut other = Replica::new(2, 0).unwrap();
    other.fetch(NOW, &mut device).unwrap();
    typed(&mut other, " two");
    device.fetch(NOW, &mut other).unwrap();
    let author = device.author(NOW);
    let splice = Splice::new(0, 0, "zero ");
    device.store.write(|tx| tx.append(author, edit(tx, early, splice)?)).unwrap();
    assert_eq!(read(&mut device), "zero one two");
    expect(&mut device, "zero one two");
}

#[test]
fn keystrokes_here_and_there_in_turn_are_all_there() {
    let (mut laptop, mut phone) = (Replica::new(1, 0).unwrap(), Replica::new(2, 0).unwrap());
    start(&mut laptop);
    let mut text = "one".to_owned();
    for round in 0..90 {
        phone.fetch(NOW, &mut laptop).unwrap();
        typed(&mut phone, &format!(" p{round}"));
        laptop.fetch(NOW, &mut phone).unwrap();
        typed(&mut laptop, &format!(" l{round}"));
        text.push_str(&format!(" p{round} l{round}"));
    }
    phone.fetch(NOW, &mut laptop).unwrap();
    assert_eq!(phone.listed().unwrap(), []);
    assert_eq!(read(&mut phone), text);
    expect(&mut laptop, &text);
}

/// The text of a note that another device wrote in one piece, and how it is kept.
fn arrived(text: &str) -> (Replica, Replica) {
    let (mut there, mut here) = (Replica::new(1, 0).unwrap(), Replica::new(2, 0).unwrap());
    let mut doc = TextDoc::new(writer_of(&there.actor.0));
    let update = doc.splice(&[Splice::new(0, 0, text)]).unwrap().update;
    let mut draft = Draft::new(note(), Kind::Note.as_str());
    draft.set(TITLE, "A note", &Seen::All).text(TEXT, update);
    there.edit(NOW, draft.finish().into_iter().collect()).unwrap();
    here.fetch(NOW, &mut there).unwrap();
    (there, here)
}

#[test]
fn a_text_of_one_piece_is_kept_as_it_is_until_somebody_edits_it() {
    let (mut there, mut here) = arrived("one");
    for device in [&mut there, &mut here] {
        let sizes = device.store.read(|tx| tx.sizes()).unwrap();
        assert_eq!(sizes.texts, 20, "a mark and a sum, neither snapshot nor updates");
        assert_eq!(read(device), "one");
        let sums = device.store.try_out(|tx| tx.view_sums()).unwrap();
        device.store.write(|tx| tx.rebuild()).unwrap();
        assert_eq!(device.store.try_out(|tx| tx.view_sums()).unwrap(), sums);
    }
    typed(&mut here, " two");
    typed(&mut there, " three");
    here.fetch(NOW, &mut there).unwrap();
    there.fetch(NOW, &mut here).unwrap();
    assert_eq!(read(&mut here), read(&mut there));
    for part in ["one", " two", " three"] {
        assert_eq!(read(&mut here).matches(part).count(), 1);
    }
    expect(&mut here, &read(&mut there));
}

#[test]
fn a_change_says_that_it_needs_a_newer_app_only_where_it_does() {
    let (mut there, _) = arrived("one");
    typed(&mut there, " two");
    let mut draft = Draft::new(EntityId::named("a task"), Kind::Task.as_str());
    draft.set(TITLE, "A task", &Seen::All);
    there.edit(NOW, draft.finish().into_iter().collect()).unwrap();
    let runs = there.runs(&VersionVector::new(), || u64::MAX).unwrap();
    let schemas: Vec<u32> = runs
        .iter()
        .flat_map(|run| &run.changes)
        .map(|body| holdfast_model::change::Envelope::decode(body).unwrap().schema)
        .collect();
    assert_eq!(schemas, [2, 1, 1]);
}

#[test]
fn a_flipped_bit_in_a_text_of_one_piece_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("copy.db");
    let (_, here) = arrived("Oak boards, two metres.");
    drop(here.copy(&file).unwrap());
    let raw = rusqlite::Connection::open(&file).unwrap();
    raw.execute("UPDATE texts SET plain = replace(plain, 'two', 'ten')", []).unwrap();
    drop(raw);
    let mut store = Store::open(&file).unwrap();
    let found = store.write(|tx| tx.open_text(note(), 1).map(|_| ()));
    assert!(matches!(found, Err(StoreError::Damaged(_))), "{found:?}");
}
