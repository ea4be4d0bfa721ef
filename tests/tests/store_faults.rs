//! Faults by name, each on bare stores: what goes wrong, and what must hold.

use holdfast_model::change::{Change, Edit, FORMAT, Op, SCHEMA, Write};
use holdfast_model::entity::{ALIVE, Draft, Seen};
use holdfast_model::fields::{STATUS, TITLE, WHEN};
use holdfast_model::{EntityId, EntityState, Hlc, Kind, Value};
use holdfast_oplog::{ActorId, Hash, Space, chain_hash};
use holdfast_store::query::TaskFilter;
use holdfast_store::{Received, Run, Store, StoreError};
use holdfast_tests::Replica;
use holdfast_tests::replica::{VAULT, log, seal};
use std::collections::BTreeMap;

const NOW: i64 = 1_800_000_000_000;
const YEAR: i64 = 365 * 24 * 3_600_000;

fn task() -> EntityId {
    EntityId::named("the task")
}

fn state(replica: &mut Replica) -> EntityState {
    replica.store.read(|tx| tx.expect_entity(task(), "task")).unwrap().0
}

fn set(replica: &mut Replica, now: i64, field: &str, value: impl Into<Value>) {
    let state = state(replica);
    let mut draft = state.draft();
    draft.set(field, value, &Seen::All);
    replica.edit(now, draft.finish().into_iter().collect()).unwrap();
}

fn new_task() -> Vec<Edit> {
    let mut draft = Draft::new(task(), Kind::Task.as_str());
    draft.set(TITLE, "Buy boards", &Seen::All);
    draft.finish().into_iter().collect()
}

/// Two devices with the same task.
fn pair() -> (Replica, Replica) {
    let (mut laptop, mut phone) = (Replica::new(1, 0).unwrap(), Replica::new(2, 0).unwrap());
    laptop.edit(NOW, new_task()).unwrap();
    phone.fetch(NOW, &mut laptop).unwrap();
    (laptop, phone)
}

/// Both get what the other has; both show the same.
fn exchange(laptop: &mut Replica, phone: &mut Replica, now: i64) {
    phone.fetch(now, laptop).unwrap();
    laptop.fetch(now, phone).unwrap();
    assert_eq!(laptop.dump().unwrap(), phone.dump().unwrap());
    assert_eq!(laptop.conflicts().unwrap(), phone.conflicts().unwrap());
}

/// A run of changes made by hand, as another program might make them.
fn run_of(actor: ActorId, bodies: Vec<Vec<u8>>) -> Run {
    let hash = bodies.iter().fold(Hash::ZERO, |hash, body| chain_hash(hash, body));
    let log = log(Space::Everywhere, actor);
    let place = holdfast_oplog::ChangeId { space: log.space, actor, seq: bodies.len() as u64 };
    Run {
        log,
        first: 1,
        prev_hash: Hash::ZERO,
        changes: bodies,
        last_hash: hash,
        signature: seal(place, hash),
    }
}

fn change(actor: ActorId, seq: u64, schema: u32, ops: Vec<Op>) -> Change {
    Change {
        format: FORMAT,
        space: Space::Everywhere,
        actor,
        seq,
        deps: Vec::new(),
        time: Hlc::new(NOW, 0),
        schema,
        action: "test".into(),
        group: None,
        more: false,
        reverts: None,
        ops,
    }
}

#[test]
fn two_edits_of_one_title_five_seconds_apart_are_both_there_to_choose_from() {
    let (mut laptop, mut phone) = pair();
    set(&mut laptop, NOW + 1_000, TITLE, "Buy oak boards");
    set(&mut phone, NOW + 6_000, TITLE, "Buy ash boards");
    exchange(&mut laptop, &mut phone, NOW + 10_000);
    let title = state(&mut laptop).registers[TITLE].clone();
    let mut values: Vec<&str> =
        title.distinct().into_iter().filter_map(|v| v.value.as_str()).collect();
    values.sort_unstable();
    assert_eq!(values, ["Buy ash boards", "Buy oak boards"]);
    assert_eq!(laptop.listed().unwrap(), [(task(), TITLE.to_owned(), true)]);
}

#[test]
fn the_title_here_and_the_date_there_merge_without_a_question() {
    let (mut laptop, mut phone) = pair();
    set(&mut laptop, NOW + 1_000, TITLE, "Buy oak boards");
    set(&mut phone, NOW + 2_000, WHEN, "2026-12-01");
    exchange(&mut laptop, &mut phone, NOW + 10_000);
    assert_eq!(state(&mut phone).text(TITLE), "Buy oak boards");
    assert_eq!(state(&mut laptop).text(WHEN), "2026-12-01");
    assert_eq!(laptop.listed().unwrap(), []);
}

#[test]
fn the_same_value_on_both_is_no_conflict() {
    let (mut laptop, mut phone) = pair();
    set(&mut laptop, NOW + 1_000, WHEN, "2026-12-01");
    set(&mut phone, NOW + 2_000, WHEN, "2026-12-01");
    exchange(&mut laptop, &mut phone, NOW + 10_000);
    assert!(!state(&mut laptop).registers[WHEN].is_disputed());
    assert_eq!(laptop.listed().unwrap(), []);
}

#[test]
fn a_deletion_meets_an_edit_and_the_item_stays_until_decided() {
    let (mut laptop, mut phone) = pair();
    let before = state(&mut laptop);
    let mut draft = before.draft();
    draft.life(holdfast_model::entity::DELETED, &Seen::All);
    laptop.edit(NOW + 1_000, draft.finish().into_iter().collect()).unwrap();
    set(&mut phone, NOW + 2_000, TITLE, "Buy oak boards");
    exchange(&mut laptop, &mut phone, NOW + 10_000);
    assert!(state(&mut laptop).is_alive());
    assert_eq!(laptop.listed().unwrap(), [(task(), "life".to_owned(), true)]);
    assert_eq!(state(&mut laptop).text(TITLE), "Buy oak boards");
}

/// An operation, a field and a value of a newer app survive an older one: they are kept byte for
/// byte, passed on, and the value is not overwritten by an edit of something else.
#[test]
fn what_a_newer_app_wrote_survives_an_older_one() {
    let newer = ActorId([9; 16]);
    let set = BTreeMap::from([
        (TITLE.to_owned(), Write::new("From the future", Vec::new())),
        (STATUS.to_owned(), Write::new("delegated", Vec::new())),
        (
            "assignee".to_owned(),
            Write::new(
                Value::Map(BTreeMap::from([(
                    "nested".to_owned(),
                    Value::List(vec![Value::Int(1), Value::Bytes(vec![0, 255])]),
                )])),
                Vec::new(),
            ),
        ),
    ]);
    let edit = Edit {
        entity: task(),
        kind: "task".into(),
        life: Some(Write::new(ALIVE, Vec::new())),
        set,
        add: BTreeMap::new(),
        remove: BTreeMap::new(),
        text: BTreeMap::new(),
        kept: None,
        takes_back: None,
    };
    let unknown =
        rmpv::Value::Map(vec![("op".into(), "attach-voice".into()), ("length".into(), 90.into())]);
    let ops = vec![Op::Unknown(unknown), Op::Edit(Box::new(edit))];
    let body = change(newer, 1, SCHEMA, ops).encode().unwrap();
    let (mut old, mut third) = (Replica::new(1, 0).unwrap(), Replica::new(2, 0).unwrap());
    old.take_in(NOW, &run_of(newer, vec![body.clone()])).unwrap();
    // The older app shows the unknown status as it is, and edits something else.
    let rows = old.store.read(|tx| tx.tasks(&TaskFilter::All, 10)).unwrap();
    assert_eq!(rows[0].status, "delegated");
    self::set(&mut old, NOW + 1_000, TITLE, "Edited here");
    third.fetch(NOW, &mut old).unwrap();
    let seen = state(&mut third);
    assert_eq!(seen.text(TITLE), "Edited here");
    assert_eq!(seen.text(STATUS), "delegated");
    assert!(matches!(seen.value("assignee"), Value::Map(map) if map.contains_key("nested")));
    assert_eq!(third.dump().unwrap(), old.dump().unwrap());
    let passed_on = third.runs(&holdfast_oplog::VersionVector::new(), || 1).unwrap();
    assert!(passed_on.iter().any(|run| run.changes == [body.clone()]), "not byte for byte");
}

/// A change that this app may not interpret is kept, named, passed on, and holds up only what follows
/// it in its own log.
#[test]
fn a_change_of_a_newer_schema_is_parked_and_passed_on() {
    let newer = ActorId([9; 16]);
    let edit = Edit {
        entity: EntityId::named("other"),
        kind: "task".into(),
        life: Some(Write::new(ALIVE, Vec::new())),
        set: BTreeMap::new(),
        add: BTreeMap::new(),
        remove: BTreeMap::new(),
        text: BTreeMap::new(),
        kept: None,
        takes_back: None,
    };
    let first = change(newer, 1, SCHEMA + 1, vec![Op::Edit(Box::new(edit.clone()))]);
    let second = change(newer, 2, SCHEMA, vec![Op::Edit(Box::new(edit))]);
    let bodies = vec![first.encode().unwrap(), second.encode().unwrap()];
    let (mut laptop, mut phone) = pair();
    laptop.take_in(NOW, &run_of(newer, bodies.clone())).unwrap();
    assert_eq!(laptop.store.read(|tx| tx.unapplied()).unwrap(), [(newer, true, 2)]);
    assert_eq!(laptop.store.read(|tx| tx.entity(EntityId::named("other"))).unwrap(), None);
    // Others go on.
    set(&mut phone, NOW + 1_000, TITLE, "Buy oak boards");
    exchange(&mut laptop, &mut phone, NOW + 2_000);
    assert_eq!(state(&mut laptop).text(TITLE), "Buy oak boards");
    assert_eq!(phone.store.read(|tx| tx.unapplied()).unwrap(), [(newer, true, 2)]);
    let log = log(Space::Everywhere, newer);
    let range = holdfast_oplog::Range { log, first: 1, last: 2 };
    let run = phone.store.read(|tx| tx.run(range)).unwrap().unwrap();
    assert_eq!(run.changes, bodies);
}

/// A change whose dependency is missing waits, is named, and is applied once it is there.
#[test]
fn a_change_waits_for_what_its_writer_had_seen() {
    let (mut laptop, mut phone) = pair();
    set(&mut phone, NOW + 1_000, TITLE, "Buy oak boards");
    let mut third = Replica::new(3, 0).unwrap();
    let all = phone.runs(&holdfast_oplog::VersionVector::new(), || 10).unwrap();
    let of_phone = all.iter().find(|run| run.log.actor == phone.actor).unwrap();
    third.take_in(NOW, of_phone).unwrap();
    assert_eq!(third.store.read(|tx| tx.unapplied()).unwrap(), [(phone.actor, false, 1)]);
    third.fetch(NOW, &mut laptop).unwrap();
    assert_eq!(third.store.read(|tx| tx.unapplied()).unwrap(), []);
    assert_eq!(third.dump().unwrap(), phone.dump().unwrap());
}

/// A crash between applying and saving leaves the transaction undone: the same changes come again and
/// change nothing more than they would have the first time.
#[test]
fn a_crash_between_applying_and_saving_is_made_good_by_sending_again() {
    let (mut laptop, mut phone) = pair();
    set(&mut phone, NOW + 1_000, TITLE, "Buy oak boards");
    set(&mut laptop, NOW + 1_000, TITLE, "Buy ash boards");
    let before = laptop.dump().unwrap();
    let held = laptop.held().unwrap();
    let runs = phone.runs(&held, || 10).unwrap();
    let crashed: Result<(), StoreError> = laptop.store.write(|tx| {
        for run in &runs {
            tx.receive(run, None)?;
        }
        tx.apply_ready(NOW)?;
        Err(StoreError::DiskFull)
    });
    assert!(matches!(crashed, Err(StoreError::DiskFull)));
    assert_eq!(laptop.dump().unwrap(), before);
    assert_eq!(laptop.held().unwrap(), held);
    for run in &runs {
        assert_eq!(laptop.take_in(NOW, run).unwrap(), Received::New(1));
    }
    let after = (laptop.dump().unwrap(), laptop.conflicts().unwrap());
    for run in &runs {
        assert_eq!(laptop.take_in(NOW, run).unwrap(), Received::Known);
    }
    assert_eq!((laptop.dump().unwrap(), laptop.conflicts().unwrap()), after);
}

#[test]
fn a_database_of_a_newer_app_is_refused_and_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault.db");
    drop(Store::create(&path, VAULT).unwrap());
    // As a newer app leaves it: a higher number in the header of the file (bytes 60 to 63).
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[60..64].copy_from_slice(&99_u32.to_be_bytes());
    std::fs::write(&path, &bytes).unwrap();
    let refused = Store::open(&path);
    assert!(matches!(refused, Err(StoreError::NewerDatabase { found: 99, .. })), "{refused:?}");
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
}

/// A device whose clock is a year ahead is taken seriously and drags nobody along: the next edit on
/// the others carries their own time.
#[test]
fn a_clock_a_year_ahead_drags_nobody_along() {
    let (mut laptop, mut phone) = pair();
    phone.skew_ms = YEAR;
    set(&mut phone, NOW + 1_000, TITLE, "From next year");
    exchange(&mut laptop, &mut phone, NOW + 2_000);
    assert_eq!(state(&mut laptop).text(TITLE), "From next year");
    set(&mut laptop, NOW + 3_000, TITLE, "From today");
    let written = state(&mut laptop).registers[TITLE].shown().unwrap().time;
    assert_eq!((written.order_ms(), written.shown_ms()), (NOW + 3_000, NOW + 3_000));
    exchange(&mut laptop, &mut phone, NOW + 4_000);
    // It had seen the other: no conflict, and the later edit stands although its time is smaller.
    assert_eq!(state(&mut phone).text(TITLE), "From today");
    assert_eq!(phone.listed().unwrap(), []);
}

/// A device a year behind is not buried either.
#[test]
fn an_edit_of_a_device_a_year_behind_is_not_buried() {
    let (mut laptop, mut phone) = pair();
    phone.skew_ms = -YEAR;
    set(&mut phone, NOW + 1_000, TITLE, "From last year");
    exchange(&mut laptop, &mut phone, NOW + 2_000);
    assert_eq!(state(&mut laptop).text(TITLE), "From last year");
    assert_eq!(laptop.listed().unwrap(), []);
}

/// A device whose clock is behind edits an item that another has just made, and takes the edit back:
/// the edit is undone, the item is not.
#[test]
fn undoing_an_edit_never_deletes_an_item_that_another_device_made() {
    let (mut laptop, mut phone) = pair();
    phone.skew_ms = -2 * 3_600_000;
    set(&mut phone, NOW + 1_000, TITLE, "Buy oak boards");
    let actor = phone.actor;
    let step = phone.store.read(|tx| tx.undo_step(actor)).unwrap().unwrap();
    let plan =
        phone.store.read(|tx| tx.plan_undo(&step.changes[..1], actor, &step.changes)).unwrap();
    phone.edit(NOW + 2_000, plan.edits).unwrap();
    exchange(&mut laptop, &mut phone, NOW + 3_000);
    assert!(state(&mut laptop).is_alive());
    assert_eq!(state(&mut laptop).text(TITLE), "Buy boards");
}

/// A decided deletion that is taken back stands in question again, and an edit of the content does not
/// decide it by the way.
#[test]
fn an_edit_does_not_decide_a_deletion_that_is_in_question_again() {
    let (mut laptop, mut phone) = pair();
    let before = state(&mut laptop);
    let mut draft = before.draft();
    draft.life(holdfast_model::entity::DELETED, &Seen::All);
    laptop.edit(NOW + 1_000, draft.finish().into_iter().collect()).unwrap();
    set(&mut phone, NOW + 2_000, TITLE, "Buy oak boards");
    exchange(&mut laptop, &mut phone, NOW + 3_000);
    let disputed = state(&mut laptop);
    let mut draft = disputed.draft();
    draft.life(ALIVE, &Seen::All);
    laptop.edit(NOW + 4_000, draft.finish().into_iter().collect()).unwrap();
    assert_eq!(laptop.listed().unwrap(), []);
    let actor = laptop.actor;
    let step = laptop.store.read(|tx| tx.undo_step(actor)).unwrap().unwrap();
    let plan =
        laptop.store.read(|tx| tx.plan_undo(&step.changes[..1], actor, &step.changes)).unwrap();
    laptop.edit(NOW + 5_000, plan.edits).unwrap();
    set(&mut laptop, NOW + 6_000, TITLE, "Buy elm boards");
    exchange(&mut laptop, &mut phone, NOW + 7_000);
    assert_eq!(phone.listed().unwrap(), [(task(), "life".to_owned(), true)]);
}

/// A under B here, B under A there: the later move gives way, and both tasks can be seen.
#[test]
fn tasks_moved_into_each_other_are_both_to_be_seen() {
    let (mut laptop, mut phone) = pair();
    let other = EntityId::named("the other task");
    let mut draft = Draft::new(other, Kind::Task.as_str());
    draft.set(TITLE, "Varnish", &Seen::All);
    laptop.edit(NOW + 1_000, draft.finish().into_iter().collect()).unwrap();
    exchange(&mut laptop, &mut phone, NOW + 2_000);
    set(&mut laptop, NOW + 3_000, "parent", other.to_string());
    let below = phone.store.read(|tx| tx.expect_entity(other, "task")).unwrap().0;
    let mut draft = below.draft();
    draft.set("parent", task().to_string(), &Seen::All);
    phone.edit(NOW + 4_000, draft.finish().into_iter().collect()).unwrap();
    exchange(&mut laptop, &mut phone, NOW + 5_000);
    let inbox = laptop.store.read(|tx| tx.tasks(&TaskFilter::Inbox, 10)).unwrap();
    let (ids, tops): (Vec<_>, Vec<_>) = inbox.iter().map(|task| (task.id, task.parent)).unzip();
    assert!(ids.contains(&other) && ids.contains(&task()), "{ids:?}");
    assert_eq!(tops.iter().filter(|parent| parent.is_none()).count(), 1);
    let below = laptop.store.read(|tx| tx.tasks(&TaskFilter::Children(other), 10)).unwrap();
    assert_eq!(below.iter().map(|task| task.id).collect::<Vec<_>>(), [task()]);
    assert_eq!(laptop.listed().unwrap(), [(other, "parent".to_owned(), true)]);
    assert_eq!(laptop.store.read(|tx| tx.task_counts("2026-12-01")).unwrap().0, 2);
}
