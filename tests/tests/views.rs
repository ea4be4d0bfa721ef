//! Whoever has an open task finds it in a view: any tangle of lists, parents, states and dates.

use holdfast_model::entity::{ALIVE, DELETED, Draft, PURGED, Seen};
use holdfast_model::fields::{ARCHIVED, DEADLINE, LIST, PARENT, STATUS, TITLE, WHEN};
use holdfast_model::{EntityId, Kind};
use holdfast_store::query::{TaskFilter, TaskRow};
use holdfast_tests::Replica;
use proptest::prelude::*;
use std::collections::BTreeSet;

const NOW: i64 = 1_800_000_000_000;
const TODAY: &str = "2027-01-15";
const MANY: usize = 10_000;

/// A task of the tangle. Numbers name others, and things that nobody has.
#[derive(Debug, Clone)]
struct Task {
    status: &'static str,
    life: &'static str,
    list: Option<u8>,
    parent: Option<u8>,
    plan: Option<&'static str>,
    deadline: Option<&'static str>,
}

fn tasks() -> impl Strategy<Value = Vec<Task>> {
    let status =
        proptest::sample::select(vec!["open", "open", "open", "done", "cancelled", "later"]);
    let life = proptest::sample::select(vec![ALIVE, ALIVE, ALIVE, DELETED, PURGED]);
    let day = || {
        let days = vec!["2026-12-31", TODAY, "2027-01-15T19:00", "2027-06-01", "someday"];
        proptest::option::of(proptest::sample::select(days))
    };
    let place = || proptest::option::of(0_u8..8);
    let deadline =
        proptest::option::of(proptest::sample::select(vec!["2026-12-31", TODAY, "2027-06-01"]));
    let task = (status, life, place(), place(), day(), deadline).prop_map(
        |(status, life, list, parent, plan, deadline)| Task {
            status,
            life,
            list,
            parent,
            plan,
            deadline,
        },
    );
    proptest::collection::vec(task, 1..8)
}

fn task(number: u8) -> EntityId {
    EntityId::named(&format!("task {number}"))
}

/// Lists 0 to 2 are in use, 3 is archived, 4 in the trash, 5 gone for good; of 6 nothing is here, and 7
/// is no list.
fn list(number: u8) -> EntityId {
    if number == 7 { task(0) } else { EntityId::named(&format!("list {number}")) }
}

fn world(tasks: &[Task]) -> Replica {
    let mut device = Replica::new(1, 0).unwrap();
    let mut edits = Vec::new();
    for number in 0..6 {
        let mut draft = Draft::new(list(number), Kind::List.as_str());
        draft.set(TITLE, format!("List {number}"), &Seen::All);
        draft.set(ARCHIVED, number == 3, &Seen::All);
        edits.extend(draft.finish());
    }
    for (number, one) in (0..).zip(tasks) {
        let mut draft = Draft::new(task(number), Kind::Task.as_str());
        draft.set(TITLE, format!("Task {number}"), &Seen::All).set(STATUS, one.status, &Seen::All);
        draft.set(LIST, one.list.map(|number| list(number).to_string()), &Seen::All);
        draft.set(PARENT, one.parent.map(|number| task(number).to_string()), &Seen::All);
        draft.set(WHEN, one.plan, &Seen::All).set(DEADLINE, one.deadline, &Seen::All);
        edits.extend(draft.finish());
    }
    device.edit(NOW, edits).unwrap();
    let ends = (0..).zip(tasks).map(|(number, one)| (task(number), one.life));
    for (id, life) in ends.chain([(list(4), DELETED), (list(5), PURGED)]) {
        if life != ALIVE {
            let (state, _) = device.store.read(|tx| tx.expect_entity(id, "item")).unwrap();
            let mut draft = state.draft();
            draft.life(life, &Seen::All);
            device.edit(NOW + 1, draft.finish().into_iter().collect()).unwrap();
        }
    }
    device
}

fn is_open(row: &TaskRow) -> bool {
    !matches!(row.status.as_str(), "done" | "cancelled")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_open_task_is_in_a_view_and_every_count_is_that_of_its_view(tasks in tasks()) {
        let mut device = world(&tasks);
        let seen = device.store.read(|tx| {
            let mut seen = BTreeSet::new();
            let inbox = tx.tasks(&TaskFilter::Inbox, MANY)?;
            let until = tx.tasks(&TaskFilter::Until(TODAY.into()), MANY)?;
            let (in_inbox, due, _) = tx.task_counts(TODAY)?;
            assert_eq!((in_inbox, due), (inbox.len() as u64, until.len() as u64));
            seen.extend(inbox.iter().map(|row| row.id));
            for shown in tx.lists()? {
                let rows = tx.tasks(&TaskFilter::List(shown.id), MANY)?;
                let open: Vec<EntityId> =
                    rows.iter().filter(|row| is_open(row)).map(|row| row.id).collect();
                assert_eq!(shown.open_tasks, open.len() as u64, "{}", shown.title);
                seen.extend(open);
            }
            for view in [&until, &tx.tasks(&TaskFilter::Someday, MANY)?] {
                assert!(view.iter().all(|row| row.life == ALIVE && is_open(row)));
            }
            Ok::<_, holdfast_store::StoreError>(seen)
        }).unwrap();
        let wanted: BTreeSet<EntityId> = (0..)
            .zip(&tasks)
            .filter(|(_, one)| one.life == ALIVE && !matches!(one.status, "done" | "cancelled"))
            .map(|(number, _)| task(number))
            .collect();
        prop_assert_eq!(seen, wanted);
    }
}
