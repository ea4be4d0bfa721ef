//! Moves, by name, on bare stores: circles, orphans, and that each is asked about once and decided once.

use holdfast_model::entity::{DELETED, Draft, PURGED, Seen};
use holdfast_model::fields::{LIST, PARENT, TITLE};
use holdfast_model::{EntityId, Kind, Value};
use holdfast_store::StoreError;
use holdfast_store::query::TaskFilter;
use holdfast_tests::Replica;
use std::collections::BTreeMap;

const NOW: i64 = 1_800_000_000_000;

fn id(name: &str) -> EntityId {
    EntityId::named(name)
}

fn make(device: &mut Replica, kind: Kind, name: &str) {
    let mut draft = Draft::new(id(name), kind.as_str());
    draft.set(TITLE, name, &Seen::All);
    device.edit(NOW, draft.finish().into_iter().collect()).unwrap();
}

fn put(device: &mut Replica, now: i64, name: &str, field: &str, into: Option<&str>) {
    let (state, _) = device.store.read(|tx| tx.expect_entity(id(name), "item")).unwrap();
    let mut draft = state.draft();
    let value = into.map_or(Value::Null, |into| id(into).to_string().into());
    let dots = state.register(field).map(holdfast_model::Register::dots).unwrap_or_default();
    draft.set(field, value, &Seen::Versions(dots));
    device.edit(now, draft.finish().into_iter().collect()).unwrap();
}

fn end(device: &mut Replica, now: i64, name: &str, life: &str) {
    let (state, _) = device.store.read(|tx| tx.expect_entity(id(name), "item")).unwrap();
    let mut draft = state.draft();
    draft.life(life, &Seen::All);
    device.edit(now, draft.finish().into_iter().collect()).unwrap();
}

/// Devices that hold the same items.
fn devices<const N: usize>(kind: Kind, names: &[&str]) -> [Replica; N] {
    let mut devices: [Replica; N] = std::array::from_fn(|n| Replica::new(n as u8 + 1, 0).unwrap());
    for name in names {
        make(&mut devices[0], kind, name);
    }
    for other in 1..N {
        let [first, other] = devices.get_disjoint_mut([0, other]).unwrap();
        other.fetch(NOW, first).unwrap();
    }
    devices
}

/// Everyone gets everything; all show and ask the same.
fn meet(devices: &mut [Replica], now: i64) {
    for _ in 0..2 {
        for to in 0..devices.len() {
            for from in 0..devices.len() {
                if let Ok([one, other]) = devices.get_disjoint_mut([from, to]) {
                    other.fetch(now, one).unwrap();
                }
            }
        }
    }
    let first =
        (devices[0].dump().unwrap(), devices[0].conflicts().unwrap(), above(&mut devices[0]));
    for device in devices.iter_mut() {
        assert_eq!((device.dump().unwrap(), device.conflicts().unwrap(), above(device)), first);
        // And made anew from the log.
        device.store.write(|tx| tx.rebuild()).unwrap();
        assert_eq!((device.dump().unwrap(), device.conflicts().unwrap(), above(device)), first);
    }
}

/// Below what each list and task is shown.
fn above(device: &mut Replica) -> BTreeMap<EntityId, Option<EntityId>> {
    device
        .store
        .read(|tx| {
            let lists = tx.lists()?.into_iter().map(|list| (list.id, list.parent));
            let tasks = tx.tasks(&TaskFilter::All, 100)?;
            let shown = lists.chain(tasks.into_iter().map(|task| (task.id, task.parent)));
            Ok::<_, StoreError>(shown.collect())
        })
        .unwrap()
}

fn asked(device: &mut Replica) -> Vec<(EntityId, String, bool)> {
    device.listed().unwrap()
}

fn moves_into_each_other(kind: Kind) {
    let mut devices: [Replica; 2] = devices(kind, &["a", "b"]);
    put(&mut devices[0], NOW + 1_000, "a", PARENT, Some("b"));
    put(&mut devices[1], NOW + 2_000, "b", PARENT, Some("a"));
    meet(&mut devices, NOW + 3_000);
    // The later move gives way, is shown at the top, and is the one question.
    let shown = BTreeMap::from([(id("a"), Some(id("b"))), (id("b"), None)]);
    assert_eq!(above(&mut devices[0]), shown);
    assert_eq!(asked(&mut devices[0]), [(id("b"), PARENT.to_owned(), true)]);
    // Decided on one device, it is decided on both.
    put(&mut devices[0], NOW + 4_000, "b", PARENT, None);
    meet(&mut devices, NOW + 5_000);
    assert_eq!(asked(&mut devices[1]), []);
    assert_eq!(above(&mut devices[1]), shown);
}

#[test]
fn lists_moved_into_each_other_close_no_circle_and_ask_once() {
    moves_into_each_other(Kind::List);
}

#[test]
fn subtasks_moved_into_each_other_close_no_circle_and_ask_once() {
    moves_into_each_other(Kind::Task);
}

fn three_moves_in_a_ring(kind: Kind) {
    let mut devices: [Replica; 3] = devices(kind, &["a", "b", "c"]);
    for (at, (what, into)) in [("a", "b"), ("b", "c"), ("c", "a")].into_iter().enumerate() {
        put(&mut devices[at], NOW + 1_000 * at as i64, what, PARENT, Some(into));
    }
    meet(&mut devices, NOW + 9_000);
    let shown =
        BTreeMap::from([(id("a"), Some(id("b"))), (id("b"), Some(id("c"))), (id("c"), None)]);
    assert_eq!(above(&mut devices[2]), shown);
    assert_eq!(asked(&mut devices[2]), [(id("c"), PARENT.to_owned(), true)]);
    // Opening the ring at another place heals the move that gave way: nothing is left to decide.
    put(&mut devices[1], NOW + 10_000, "a", PARENT, None);
    meet(&mut devices, NOW + 11_000);
    assert_eq!(asked(&mut devices[0]), []);
    assert_eq!(above(&mut devices[0])[&id("c")], Some(id("a")));
}

#[test]
fn three_lists_moved_in_a_ring_ask_once_and_heal() {
    three_moves_in_a_ring(Kind::List);
}

#[test]
fn three_subtasks_moved_in_a_ring_ask_once_and_heal() {
    three_moves_in_a_ring(Kind::Task);
}

#[test]
fn a_task_moved_below_one_that_was_deleted_elsewhere_can_be_reached() {
    for (life, name) in [(DELETED, "deleted"), (PURGED, "purged")] {
        let mut devices: [Replica; 2] = devices(Kind::Task, &["child", "parent"]);
        put(&mut devices[0], NOW + 1_000, "child", PARENT, Some("parent"));
        end(&mut devices[1], NOW + 2_000, "parent", DELETED);
        if life == PURGED {
            end(&mut devices[1], NOW + 3_000, "parent", PURGED);
        }
        meet(&mut devices, NOW + 4_000);
        for device in &mut devices {
            assert_eq!(above(device), BTreeMap::from([(id("child"), None)]), "{name}");
            let inbox = device.store.read(|tx| tx.tasks(&TaskFilter::Inbox, 10)).unwrap();
            assert_eq!(inbox.len(), 1, "{name}: the task is in the inbox");
            assert_eq!(asked(device), [], "{name}");
        }
    }
}

#[test]
fn a_list_moved_below_one_that_was_deleted_elsewhere_can_be_reached() {
    for purged in [false, true] {
        let mut devices: [Replica; 2] = devices(Kind::List, &["child", "parent"]);
        put(&mut devices[0], NOW + 1_000, "child", PARENT, Some("parent"));
        end(&mut devices[1], NOW + 2_000, "parent", DELETED);
        if purged {
            end(&mut devices[1], NOW + 3_000, "parent", PURGED);
        }
        meet(&mut devices, NOW + 4_000);
        // It moved into what is recovered from the deleted list.
        let shown = BTreeMap::from([(id("child"), Some(id("parent"))), (id("parent"), None)]);
        assert_eq!(above(&mut devices[0]), shown);
        let lists = devices[1].store.read(|tx| tx.lists()).unwrap();
        let recovered: Vec<_> = lists.iter().filter(|l| l.recovered).map(|l| l.id).collect();
        assert_eq!(recovered, [id("parent")]);
    }
}

#[test]
fn a_task_moved_to_two_lists_is_one_question_decided_once() {
    let mut devices: [Replica; 2] = devices(Kind::Task, &["task"]);
    let [first, second] = &mut devices;
    make(first, Kind::List, "here");
    make(first, Kind::List, "there");
    second.fetch(NOW, first).unwrap();
    put(&mut devices[0], NOW + 1_000, "task", LIST, Some("here"));
    put(&mut devices[1], NOW + 2_000, "task", LIST, Some("there"));
    meet(&mut devices, NOW + 3_000);
    assert_eq!(asked(&mut devices[0]), [(id("task"), LIST.to_owned(), true)]);
    put(&mut devices[0], NOW + 4_000, "task", LIST, Some("here"));
    meet(&mut devices, NOW + 5_000);
    assert_eq!(asked(&mut devices[1]), []);
    let task = devices[1].store.read(|tx| tx.tasks(&TaskFilter::List(id("here")), 9)).unwrap();
    assert_eq!(task.len(), 1);
}
