//! Apps of different releases side by side. The older ones are doubles that know only what they are
//! told ([`Older`]); the newest is the product. What is older than a change keeps it, passes it on to
//! the last byte, and shows it after an update.

use holdfast_model::change::{Change, Edit, FORMAT, Op, SCHEMA, Write};
use holdfast_model::entity::{ALIVE, Draft, Seen};
use holdfast_model::fields::{LINKS, NOTES, STATUS, TAGS, TEXT, TITLE, WHEN};
use holdfast_model::text::{Splice, TextDoc, writer_of};
use holdfast_model::{EntityId, EntityState, Hlc, Value};
use holdfast_oplog::{
    ActorId, BATCH_FORMAT, OplogError, SealedBatch, Space, VersionVector, encode,
};
use holdfast_store::{Store, StoreError};
use holdfast_tests::Replica;
use holdfast_tests::older::{Knows, Older, exchange};
use std::collections::BTreeMap;

const NOW: i64 = 1_800_000_000_000;

/// A release before tags, dates, notes and texts.
const OLDEST: Knows = Knows { schema: 0, kinds: &["task"], fields: &["title"] };
/// The same with the schema of the first release.
const OLD: Knows = Knows { schema: 1, kinds: &["task"], fields: &["title", "status"] };
/// One that knows dates too.
const MIDDLE: Knows =
    Knows { schema: 1, kinds: &["task", "list"], fields: &["title", "status", "when", "list"] };

fn task() -> EntityId {
    EntityId::named("the task")
}

fn note() -> EntityId {
    EntityId::named("the note")
}

fn state(replica: &mut Replica, id: EntityId) -> EntityState {
    replica.store.read(|tx| tx.expect_entity(id, "item")).unwrap().0
}

/// A task, as simple as the oldest release knows it.
fn plain_task(replica: &mut Replica) {
    let mut draft = Draft::new(task(), "task");
    draft.set(TITLE, "Buy boards", &Seen::All).set(STATUS, "open", &Seen::All);
    replica.edit(NOW, draft.finish().into_iter().collect()).unwrap();
}

/// Everything that today's app can write: sets, dates, texts, a kind of item that is new to the others,
/// values that are no texts.
fn all_that_is_new(replica: &mut Replica) {
    let before = state(replica, task());
    let mut text = first_form(writer_of(&replica.actor.0));
    let update = text.splice(&[Splice::new(0, 0, "Two of oak.")]).unwrap().update;
    let nested = Value::Map(BTreeMap::from([(
        "who".to_owned(),
        Value::Map(BTreeMap::from([(
            "deep".to_owned(),
            Value::List(vec![Value::Int(-1), Value::Bytes(vec![0, 255]), Value::Null]),
        )])),
    )]));
    let mut draft = before.draft();
    draft
        .set(WHEN, "2026-12-01", &Seen::All)
        .set(STATUS, "delegated", &Seen::All)
        .set("assignment", nested, &Seen::All)
        .add(TAGS, "wood")
        .add(LINKS, note().to_string())
        .text(NOTES, update);
    replica.edit_with(NOW + 1, draft.finish().into_iter().collect(), vec![(task(), text)]).unwrap();
    let mut text = first_form(writer_of(&replica.actor.0));
    let update = text.splice(&[Splice::new(0, 0, "A mortise holds a tenon.")]).unwrap().update;
    let mut draft = Draft::new(note(), "note");
    draft.text(TEXT, update).set("pinned", true, &Seen::All);
    replica.edit_with(NOW + 2, draft.finish().into_iter().collect(), vec![(note(), text)]).unwrap();
}

/// An empty text that writes what the first release can read: nothing in the short form.
fn first_form(writer: u64) -> TextDoc {
    let doc = TextDoc::new(writer);
    doc.snapshot().unwrap();
    doc
}

fn bodies(replica: &mut Replica) -> BTreeMap<(ActorId, u64), Vec<u8>> {
    let runs = replica.runs(&VersionVector::new(), || u64::MAX).unwrap();
    let with_place = |run: holdfast_store::Run| {
        let actor = run.log.actor;
        run.changes.into_iter().zip(run.first..).map(move |(body, seq)| ((actor, seq), body))
    };
    runs.into_iter().flat_map(with_place).collect()
}

fn same(one: &mut Replica, other: &mut Replica) {
    assert_eq!(one.dump().unwrap(), other.dump().unwrap());
    assert_eq!(one.conflicts().unwrap(), other.conflicts().unwrap());
    assert_eq!(bodies(one), bodies(other));
}

/// Row 30, and 35 seen from the older app: it edits an item of which it knows a part.
#[test]
fn an_older_app_edits_an_item_and_what_it_does_not_know_of_it_survives() {
    let mut newest = Replica::new(1, 0).unwrap();
    let mut older = Older::new(2, OLD);
    plain_task(&mut newest);
    all_that_is_new(&mut newest);
    exchange(&mut older, &mut newest, NOW + 3);
    let id = task();
    assert_eq!(older.shown(id.as_bytes(), "title"), ["Buy boards"]);
    // A value that it does not know is shown as it is.
    assert_eq!(older.shown(id.as_bytes(), "status"), ["delegated"]);
    assert!(older.shown(id.as_bytes(), "when").is_empty(), "the double knows too much");
    older.edit(NOW + 4, id.as_bytes(), "title", "Buy oak boards");
    exchange(&mut older, &mut newest, NOW + 5);
    let after = state(&mut newest, id);
    assert_eq!((after.text(TITLE), after.text(STATUS)), ("Buy oak boards", "delegated"));
    assert_eq!(after.text(WHEN), "2026-12-01");
    assert_eq!(after.elements(TAGS), [&Value::from("wood")]);
    let Value::Map(nested) = after.value("assignment") else { panic!("not nested any more") };
    assert!(format!("{nested:?}").contains("Bytes([0, 255])"));
    assert_eq!(newest.listed().unwrap(), []);
    // A third device, which meets only the older one, gets all of it.
    let mut third = Replica::new(3, 0).unwrap();
    exchange(&mut older, &mut third, NOW + 6);
    same(&mut third, &mut newest);
    assert_eq!(third.store.read(|tx| tx.text(id)).unwrap().unwrap().plain, "Two of oak.");
}

/// The older app gets an update: everything that it kept without knowing it is there.
#[test]
fn after_an_update_the_older_app_shows_all_that_it_kept() {
    let mut newest = Replica::new(1, 0).unwrap();
    let mut older = Older::new(2, OLD);
    plain_task(&mut newest);
    all_that_is_new(&mut newest);
    exchange(&mut older, &mut newest, NOW + 3);
    older.edit(NOW + 4, task().as_bytes(), "title", "Buy oak boards");
    exchange(&mut older, &mut newest, NOW + 5);
    let (mut updated, _folder) = older.upgrade(NOW + 6);
    same(&mut updated, &mut newest);
    assert_eq!(
        updated.store.read(|tx| tx.text(note())).unwrap().unwrap().plain,
        "A mortise holds a tenon."
    );
    // Once is enough: nothing is made anew at the next start.
    assert!(updated.store.write(|tx| tx.catch_up(NOW + 7)).unwrap().is_none());
    // It goes on as any other device.
    let mut draft = state(&mut updated, task());
    draft.kind = "task".into();
    let mut edit = draft.draft();
    edit.set(WHEN, "2026-12-02", &Seen::All);
    updated.edit(NOW + 8, edit.finish().into_iter().collect()).unwrap();
    newest.fetch(NOW + 9, &mut updated).unwrap();
    same(&mut updated, &mut newest);
}

/// Operations and parts of operations that nobody here knows: row 31.
#[test]
fn unknown_operations_and_parts_of_known_ones_are_stored_and_passed_on_by_every_release() {
    let newer = ActorId([9; 16]);
    let edit = Edit {
        entity: task(),
        kind: "task".into(),
        life: Some(Write::new(ALIVE, Vec::new())),
        set: BTreeMap::from([(TITLE.to_owned(), Write::new("From the future", Vec::new()))]),
        add: BTreeMap::new(),
        remove: BTreeMap::new(),
        text: BTreeMap::new(),
        kept: None,
        takes_back: None,
    };
    let voice = rmpv::Value::Map(vec![("op".into(), "voice".into()), ("length".into(), 90.into())]);
    let change = Change {
        format: FORMAT,
        space: Space::Everywhere,
        actor: newer,
        seq: 1,
        deps: Vec::new(),
        time: Hlc::new(NOW, 0),
        // What every release reads.
        schema: 1,
        action: "voice".into(),
        group: None,
        more: false,
        reverts: None,
        ops: vec![Op::Unknown(voice), Op::Edit(Box::new(edit))],
    };
    // Names within the known operation, its writes and the change itself that are not ours.
    let mut value = rmpv::decode::read_value(&mut change.encode().unwrap().as_slice()).unwrap();
    put(&mut value, &[], "mood", "curious".into());
    put(&mut value, &["ops", "1"], "grow", rmpv::Value::Array(vec![1.into(), 2.into()]));
    put(&mut value, &["ops", "1", "set", "title"], "lang", "en".into());
    let mut body = Vec::new();
    rmpv::encode::write_value(&mut body, &value).unwrap();
    let hash = holdfast_oplog::chain_hash(holdfast_oplog::Hash::ZERO, &body);
    let log = holdfast_tests::replica::log(Space::Everywhere, newer);
    let place = holdfast_oplog::ChangeId { space: Space::Everywhere, actor: newer, seq: 1 };
    let run = holdfast_store::Run {
        log,
        first: 1,
        prev_hash: holdfast_oplog::Hash::ZERO,
        changes: vec![body.clone()],
        last_hash: hash,
        signature: holdfast_tests::replica::seal(place, hash),
    };
    let mut today = Replica::new(1, 0).unwrap();
    today.take_in(NOW, &run).unwrap();
    let mut older = Older::new(2, OLD);
    exchange(&mut older, &mut today, NOW);
    let mut third = Replica::new(3, 0).unwrap();
    exchange(&mut older, &mut third, NOW);
    assert_eq!(bodies(&mut third)[&(newer, 1)], body, "not as it was written");
    for replica in [&mut today, &mut third] {
        assert_eq!(state(replica, task()).text(TITLE), "From the future");
        assert_eq!(replica.store.read(|tx| tx.unapplied()).unwrap(), []);
    }
    assert_eq!(older.shown(task().as_bytes(), "title"), ["From the future"]);
}

/// Puts an entry into a map within maps and lists.
fn put(value: &mut rmpv::Value, path: &[&str], name: &str, entry: rmpv::Value) {
    let Some((first, rest)) = path.split_first() else {
        let rmpv::Value::Map(entries) = value else { panic!("no map at the end of the path") };
        entries.push((name.into(), entry));
        return;
    };
    let next = match value {
        rmpv::Value::Map(entries) => {
            entries.iter_mut().find(|(key, _)| key.as_str() == Some(first)).map(|(_, value)| value)
        }
        rmpv::Value::Array(list) => list.get_mut(first.parse::<usize>().unwrap()),
        _ => None,
    };
    put(next.expect("a path that is there"), rest, name, entry);
}

/// Changes of a schema that an app may not interpret: kept, counted, passed on, applied after the update.
#[test]
fn changes_of_a_newer_schema_are_parked_passed_on_and_applied_after_the_update() {
    let mut newest = Replica::new(1, 0).unwrap();
    let mut oldest = Older::new(2, OLDEST);
    oldest.edit(NOW, EntityId::named("its own").as_bytes(), "title", "Made by the oldest");
    plain_task(&mut newest);
    all_that_is_new(&mut newest);
    exchange(&mut oldest, &mut newest, NOW + 3);
    assert_eq!(oldest.parked(), 3);
    assert!(oldest.shown(task().as_bytes(), "title").is_empty(), "it interpreted what it may not");
    assert_eq!(state(&mut newest, EntityId::named("its own")).text(TITLE), "Made by the oldest");
    let mut third = Replica::new(3, 0).unwrap();
    exchange(&mut oldest, &mut third, NOW + 4);
    same(&mut third, &mut newest);
    let (mut updated, _folder) = oldest.upgrade(NOW + 5);
    assert_eq!(updated.store.read(|tx| tx.unapplied()).unwrap(), []);
    same(&mut updated, &mut newest);
}

/// What this app had to park because a newer one wrote it is looked at again by the build that knows
/// more, without waiting for something else to arrive; what it still may not read stays parked.
#[test]
fn an_update_looks_at_parked_changes_again_and_parks_what_is_still_too_new() {
    let mut oldest = Older::new(2, OLDEST);
    let mut newest = Replica::new(1, 0).unwrap();
    plain_task(&mut newest);
    // A second device of a release after today's.
    let later = Change {
        format: FORMAT,
        space: Space::Everywhere,
        actor: ActorId([9; 16]),
        seq: 1,
        deps: Vec::new(),
        time: Hlc::new(NOW, 0),
        schema: SCHEMA + 1,
        action: String::new(),
        group: None,
        more: false,
        reverts: None,
        ops: Vec::new(),
    };
    let body = later.encode().unwrap();
    let hash = holdfast_oplog::chain_hash(holdfast_oplog::Hash::ZERO, &body);
    newest
        .take_in(
            NOW,
            &holdfast_store::Run {
                log: later.log(),
                first: 1,
                prev_hash: holdfast_oplog::Hash::ZERO,
                changes: vec![body],
                last_hash: hash,
                signature: holdfast_tests::replica::seal(later.id(), hash),
            },
        )
        .unwrap();
    exchange(&mut oldest, &mut newest, NOW + 1);
    assert_eq!(oldest.parked(), 2);
    let (mut updated, _folder) = oldest.upgrade(NOW + 2);
    assert_eq!(updated.store.read(|tx| tx.unapplied()).unwrap(), [(later.actor, true, 1)]);
    assert_eq!(state(&mut updated, task()).text(TITLE), "Buy boards");
}

/// A text in the short form is parked by an app that cannot read it, whole and to be passed on, and
/// takes effect after the update; what the writer wrote before it stays readable.
#[test]
fn a_text_in_the_short_form_waits_for_the_update() {
    let mut oldest = Older::new(2, OLD);
    let mut newest = Replica::new(1, 0).unwrap();
    plain_task(&mut newest);
    let mut text = TextDoc::new(writer_of(&newest.actor.0));
    let update = text.splice(&[Splice::new(0, 0, "A mortise holds a tenon.")]).unwrap().update;
    let mut draft = Draft::new(note(), "note");
    draft.text(TEXT, update);
    newest.edit_with(NOW + 2, draft.finish().into_iter().collect(), vec![(note(), text)]).unwrap();
    exchange(&mut oldest, &mut newest, NOW + 3);
    assert_eq!(oldest.parked(), 1);
    assert_eq!(oldest.shown(task().as_bytes(), "title"), ["Buy boards"]);
    let mut third = Replica::new(3, 0).unwrap();
    exchange(&mut oldest, &mut third, NOW + 4);
    same(&mut third, &mut newest);
    let (mut updated, _folder) = oldest.upgrade(NOW + 5);
    same(&mut updated, &mut newest);
    let read = updated.store.read(|tx| tx.text(note())).unwrap().unwrap();
    assert_eq!(read.plain, "A mortise holds a tenon.");
}

/// Row 34: the newest and the oldest of three releases never meet.
#[test]
fn the_newest_and_the_oldest_of_three_releases_converge_through_the_middle_one() {
    let mut newest = Replica::new(1, 0).unwrap();
    let (mut middle, mut oldest) = (Older::new(2, MIDDLE), Older::new(3, OLD));
    plain_task(&mut newest);
    all_that_is_new(&mut newest);
    let mut now = NOW + 10;
    let mut round = |middle: &mut Older, newest: &mut Replica, oldest: &mut Older| {
        now += 10;
        exchange(middle, newest, now);
        let runs = middle.runs(&oldest.held());
        oldest.take_in(&runs);
        let runs = oldest.runs(&middle.held());
        middle.take_in(&runs);
        exchange(middle, newest, now);
    };
    round(&mut middle, &mut newest, &mut oldest);
    // All three edit apart: one field each, and the title on two.
    oldest.edit(NOW + 30, task().as_bytes(), "title", "Buy ash boards");
    middle.edit(NOW + 31, task().as_bytes(), "when", "2026-12-24");
    let before = state(&mut newest, task());
    let mut draft = before.draft();
    draft.set(TITLE, "Buy oak boards", &Seen::All).add(TAGS, "shop");
    newest.edit(NOW + 32, draft.finish().into_iter().collect()).unwrap();
    round(&mut middle, &mut newest, &mut oldest);
    round(&mut middle, &mut newest, &mut oldest);
    let held = newest.held().unwrap();
    assert_eq!((middle.held(), oldest.held()), (held.clone(), held));
    let titles = ["Buy ash boards", "Buy oak boards"];
    for older in [&middle, &oldest] {
        assert_eq!(older.shown(task().as_bytes(), "title"), titles, "a dispute got lost");
    }
    assert_eq!(newest.listed().unwrap(), [(task(), TITLE.to_owned(), true)]);
    assert_eq!(middle.shown(task().as_bytes(), "when"), ["2026-12-24"]);
    assert_eq!(state(&mut newest, task()).text(WHEN), "2026-12-24");
    // One decides, and later all are updated: one result.
    oldest.edit(NOW + 50, task().as_bytes(), "title", "Buy boards of any wood");
    round(&mut middle, &mut newest, &mut oldest);
    assert_eq!(newest.listed().unwrap(), []);
    let (mut middle, _one) = middle.upgrade(NOW + 60);
    let (mut oldest, _two) = oldest.upgrade(NOW + 60);
    same(&mut middle, &mut newest);
    same(&mut oldest, &mut newest);
    assert_eq!(state(&mut oldest, task()).text(TITLE), "Buy boards of any wood");
}

/// Row 35: a value of a newer app is shown as it is, and an edit of something else leaves it alone,
/// be it a status, a priority or the life of the item.
#[test]
fn unknown_values_are_shown_and_not_overwritten_by_editing_something_else() {
    let mut newest = Replica::new(1, 0).unwrap();
    let mut draft = Draft::new(task(), "task");
    draft
        .set(TITLE, "Buy boards", &Seen::All)
        .set(STATUS, "delegated", &Seen::All)
        .set("priority", "urgent", &Seen::All)
        .life("frozen", &Seen::All);
    newest.edit(NOW, draft.finish().into_iter().collect()).unwrap();
    let before = state(&mut newest, task());
    assert!(before.is_alive() && !before.is_trashed(), "what is not understood was hidden");
    let rows =
        newest.store.read(|tx| tx.tasks(&holdfast_store::query::TaskFilter::Inbox, 10)).unwrap();
    assert_eq!(rows.iter().map(|row| row.status.as_str()).collect::<Vec<_>>(), ["delegated"]);
    let mut draft = before.draft();
    draft.set(TITLE, "Buy oak boards", &Seen::All);
    let edit = draft.finish().unwrap();
    assert_eq!(edit.set.keys().collect::<Vec<_>>(), [TITLE]);
    newest.edit(NOW + 1, vec![edit]).unwrap();
    let after = state(&mut newest, task());
    let values = |field: &str| -> Vec<Value> {
        after.register(field).unwrap().live().iter().map(|version| version.value.clone()).collect()
    };
    assert_eq!(values(STATUS), ["delegated".into()]);
    assert_eq!(values("priority"), ["urgent".into()]);
    assert_eq!(values("life"), ["frozen".into()]);
    assert_eq!(newest.listed().unwrap(), []);
}

/// Row 32: updated, set back to the older app, updated again.
#[test]
fn updating_going_back_and_updating_again_takes_no_step_twice() {
    let mut newest = Replica::new(1, 0).unwrap();
    plain_task(&mut newest);
    let mut older = Older::new(2, OLD);
    exchange(&mut older, &mut newest, NOW);
    let (updated, folder) = older.upgrade(NOW + 1);
    let path = folder.path().join("holdfast.db");
    drop(updated);
    let bytes = std::fs::read(&path).unwrap();
    // The older app refuses it, so nothing stale can come of it ...
    assert!(!Older::opens(&path));
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
    // ... and the newer one finds what it left, and has nothing to do.
    let mut store = Store::open(&path).unwrap();
    assert!(store.write(|tx| tx.catch_up(NOW + 2)).unwrap().is_none());
    let mut again = Replica { store, actor: ActorId([2; 16]), skew_ms: 0 };
    same(&mut again, &mut newest);
    drop(again);
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
}

/// A batch of a newer format is told apart from a damaged one, whatever else is in its header.
#[test]
fn a_batch_of_a_newer_format_says_so() {
    let header = rmpv::Value::Map(vec![
        ("format".into(), (BATCH_FORMAT + 1).into()),
        ("logs".into(), rmpv::Value::Array(Vec::new())),
    ]);
    let batch = SealedBatch { header: encode(&header).unwrap(), sealed: vec![0; 40] };
    let read = SealedBatch::decode(&batch.encode().unwrap()).unwrap();
    assert!(matches!(read.header(), Err(OplogError::NewerFormat { found: 2, known: 1 })));
}

/// What a newer app left is refused by name.
#[test]
fn a_newer_database_names_both_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("holdfast.db");
    drop(Store::create(&path, holdfast_tests::replica::VAULT).unwrap());
    let conn = rusqlite::Connection::open(&path).unwrap();
    conn.pragma_update(None, "user_version", 77).unwrap();
    drop(conn);
    let Err(StoreError::NewerDatabase { found, known }) = Store::open(&path) else {
        panic!("not refused")
    };
    assert!(found == 77 && known >= 1);
}
