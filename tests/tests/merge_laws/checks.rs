//! The laws, each in words beside its test.

use crate::world::World;
use holdfast_model::fields::PARENT;
use holdfast_model::{EntityId, Kind, Value};
use holdfast_oplog::VersionVector;
use holdfast_store::query::TaskFilter;
use holdfast_store::{Received, StoreError};
use holdfast_tests::Replica;
use holdfast_tests::oracle::{InSpace, without_texts};
use holdfast_tests::replica::verify;
use std::collections::{BTreeMap, BTreeSet};

const MANY: usize = 10_000;

/// What must hold on each device at any time, whatever has arrived.
pub(crate) fn each_device_alone(world: &mut World) {
    for device in 0..world.devices.len() {
        let at = world.oracle.applied(device).clone();
        let replica = &mut world.devices[device];
        // A field shows several values exactly when writes of it that did not know of each other
        // stand and differ; a decision took away only what its maker saw; an item deleted here and
        // edited there is still there; an element of a set is there unless someone who saw it took it
        // out: all of it is what the oracle says.
        assert_eq!(
            without_texts(&replica.dump().unwrap()),
            world.oracle.dump(&at),
            "device {device} shows something else than what was written"
        );
        // A question is listed exactly where the oracle finds one.
        let listed: BTreeSet<(EntityId, String)> = replica
            .store
            .read::<_, StoreError>(|tx| tx.conflicts(None))
            .unwrap()
            .into_iter()
            .filter(|conflict| conflict.kind != "text")
            .map(|conflict| (conflict.entity, conflict.field))
            .collect();
        assert_eq!(listed, world.oracle.disputes(&at), "device {device} asks something else");
        texts(world, device);
        everything_can_be_seen(world, device);
    }
}

/// Every character that someone typed and nobody deleted is in the text.
fn texts(world: &mut World, device: usize) {
    let at = world.oracle.applied(device).clone();
    let items: Vec<InSpace> = world.oracle.items_with_text(&at).collect();
    for item in items {
        let text = world.devices[device].store.read(|tx| tx.text(item.0)).unwrap();
        world.oracle.check_text(item, &at, &text.map(|t| t.plain).unwrap_or_default());
    }
}

/// The trees have no circles, and every item in use can be reached from what a window shows: the
/// inbox, the lists and the subtasks of what is reached.
fn everything_can_be_seen(world: &mut World, device: usize) {
    world.devices[device]
        .store
        .read(|tx| {
            let lists = tx.lists()?;
            let parents: BTreeMap<EntityId, Option<EntityId>> =
                lists.iter().map(|list| (list.id, list.parent)).collect();
            acyclic(&parents);
            for (list, parent) in &parents {
                let shown = parent.is_none_or(|parent| parents.contains_key(&parent));
                assert!(shown, "list {list} hangs below one that is not shown");
            }
            let alive = tx.tasks(&TaskFilter::All, MANY)?;
            acyclic(&alive.iter().map(|task| (task.id, task.parent)).collect());
            let mut open: Vec<EntityId> = Vec::new();
            let mut reached: BTreeSet<EntityId> = BTreeSet::new();
            let mut roots = vec![TaskFilter::Inbox, TaskFilter::Completed];
            roots.extend(parents.keys().map(|list| TaskFilter::List(*list)));
            for root in roots {
                open.extend(tx.tasks(&root, MANY)?.iter().map(|task| task.id));
            }
            let listed: BTreeSet<EntityId> = open.iter().copied().collect();
            while let Some(task) = open.pop() {
                if reached.insert(task) {
                    let below = tx.tasks(&TaskFilter::Children(task), MANY)?;
                    open.extend(below.iter().map(|task| task.id));
                }
            }
            for task in &alive {
                assert!(reached.contains(&task.id), "task {} is in use and nowhere", task.id);
                // What is to be done stands in a list of its own, whatever became of what it is a part of.
                let closed = matches!(task.status.as_str(), "done" | "cancelled");
                assert!(
                    closed || listed.contains(&task.id),
                    "task {} is open and in no view",
                    task.id
                );
            }
            for (list, _) in tx.entities_of(Kind::List.as_str())? {
                let shown = !list.is_alive() || parents.contains_key(&list.id);
                assert!(shown, "list {} is in use and nowhere", list.id);
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

fn acyclic(parents: &BTreeMap<EntityId, Option<EntityId>>) {
    for start in parents.keys() {
        let mut at = parents.get(start).copied().flatten();
        for _ in 0..parents.len() {
            assert_ne!(at, Some(*start), "{start} lies within itself");
            at = at.and_then(|id| parents.get(&id).copied().flatten());
        }
    }
}

/// What must hold once every device has everything.
pub(crate) fn all_devices_together(world: &mut World) {
    // Nothing that was acknowledged has vanished: every change is held and applied everywhere, and
    // nothing waits.
    let everything = world.oracle.everything();
    for (device, replica) in world.devices.iter_mut().enumerate() {
        let held: BTreeMap<_, _> = replica.held().unwrap().iter().collect();
        assert_eq!(held, everything, "device {device} lacks a change");
        assert_eq!(&everything, world.oracle.applied(device));
        assert_eq!(replica.store.read(|tx| tx.unapplied()).unwrap(), Vec::new());
        replica
            .store
            .read(|tx| {
                let wrong: Vec<_> =
                    tx.check(&verify, &|_| true)?.into_iter().filter(|line| !line.ok).collect();
                assert!(wrong.is_empty(), "device {device}: {wrong:?}");
                Ok::<_, StoreError>(())
            })
            .unwrap();
    }
    each_device_alone(world);
    // The same changes give the same data and the same conflicts, byte for byte.
    let dump = world.devices[0].dump().unwrap();
    let conflicts = world.devices[0].conflicts().unwrap();
    for device in 1..3 {
        assert_eq!(world.devices[device].dump().unwrap(), dump, "device {device} differs");
        assert_eq!(
            world.devices[device].conflicts().unwrap(),
            conflicts,
            "device {device} differs"
        );
    }
    if world.prunes() {
        joined_now(world, &dump, &conflicts);
    } else {
        in_any_order(world, &dump, &conflicts);
        everything_again(world, &dump, &conflicts);
    }
    made_anew(world, &dump, &conflicts);
}

/// A device that gets everything in yet another order comes to the same, whether it comes bit by bit
/// and waits or at once and is applied as it comes.
fn in_any_order(world: &mut World, dump: &str, conflicts: &str) {
    let mut late = Replica::new(9, 0).unwrap();
    for run in world.shuffled_runs(1) {
        late.take_in(world.now(), &run).unwrap();
    }
    assert_eq!(late.dump().unwrap(), dump, "another order gives other data");
    assert_eq!(late.conflicts().unwrap(), conflicts, "another order gives other conflicts");
    let mut at_once = Replica::new(9, 0).unwrap();
    let runs = world.shuffled_runs(2);
    let applied = at_once.take_all(world.now(), &runs).unwrap();
    let count: u64 = runs.iter().map(|run| run.changes.len() as u64).sum();
    assert_eq!(applied.changes, count, "something waits although everything is there");
    assert_eq!(at_once.dump().unwrap(), dump, "at once gives other data");
    assert_eq!(at_once.conflicts().unwrap(), conflicts, "at once gives other conflicts");
    let grown = at_once.store.try_out(|tx| tx.view_sums()).unwrap();
    at_once.store.write(|tx| tx.rebuild()).unwrap();
    let anew = at_once.store.try_out(|tx| tx.view_sums()).unwrap();
    assert_eq!(grown, anew, "views that grew at once are not those made anew");
}

/// A device that begins from a snapshot, with whatever comes after it, comes to the same; one that
/// gets a snapshot of what it has already changes nothing.
fn joined_now(world: &mut World, dump: &str, conflicts: &str) {
    let now = world.now();
    for device in 0..3 {
        for whole in [false, true] {
            let mut late = Replica::new(9, 0).unwrap();
            late.take_snapshot(now, &mut world.devices[device], whole).unwrap();
            late.fetch(now, &mut world.devices[device]).unwrap();
            assert_eq!(late.dump().unwrap(), dump, "a snapshot of {device} gives other data");
            assert_eq!(late.conflicts().unwrap(), conflicts, "a snapshot gives other conflicts");
            let before = world.devices[0].store.read(|tx| tx.position()).unwrap();
            world.devices[0].take_snapshot(now, &mut late, true).unwrap();
            let after = world.devices[0].store.read(|tx| tx.position()).unwrap();
            assert_eq!(before, after, "a snapshot of what is known did something");
            assert_eq!(world.devices[0].dump().unwrap(), dump);
        }
    }
}

/// Applying everything again changes nothing.
fn everything_again(world: &mut World, dump: &str, conflicts: &str) {
    let now = world.now();
    let all = world.devices[1].runs(&VersionVector::new(), || 5).unwrap();
    let device = &mut world.devices[0];
    let position = device.store.read(|tx| tx.position()).unwrap();
    for run in &all {
        assert_eq!(device.take_in(now, run).unwrap(), Received::Known);
    }
    assert_eq!(device.store.read(|tx| tx.position()).unwrap(), position);
    assert_eq!(device.dump().unwrap(), dump);
    assert_eq!(device.conflicts().unwrap(), conflicts);
}

/// The views made anew from the log are the views that grew.
fn made_anew(world: &mut World, dump: &str, conflicts: &str) {
    for replica in &mut world.devices {
        replica.store.write(|tx| tx.rebuild()).unwrap();
        assert_eq!(replica.dump().unwrap(), dump, "made anew, the data differ");
        assert_eq!(replica.conflicts().unwrap(), conflicts, "made anew, the conflicts differ");
    }
}

/// What is disputed, with the values: apart from circles, where the later move gives way and so
/// clocks name the item that is asked about.
pub(crate) fn disputes_apart_from_circles(
    world: &mut World,
) -> Vec<(EntityId, String, bool, Vec<Value>)> {
    let replica = &mut world.devices[0];
    let listed = replica.listed().unwrap();
    let mut disputes = Vec::new();
    for (item, field, open) in listed {
        let (state, _) = replica.store.read(|tx| tx.expect_entity(item, "item")).unwrap();
        let mut values: Vec<Value> = state
            .register(&field)
            .map(|r| r.distinct().into_iter().map(|v| v.value.clone()).collect())
            .unwrap_or_default();
        values.sort();
        if field != PARENT || values.len() > 1 {
            disputes.push((item, field, open, values));
        }
    }
    disputes
}
