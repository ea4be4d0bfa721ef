use super::*;
use crate::{Author, LocalChange, Run, Store};
use holdfast_model::entity::Draft;
use holdfast_model::fields::TITLE;
use holdfast_model::text::branch_name;
use holdfast_oplog::{ActorId, LogId, Range, VaultId};

const LAPTOP: ActorId = ActorId([1; 16]);
const PHONE: ActorId = ActorId([2; 16]);

fn oak() -> EntityId {
    EntityId::named("oak")
}

const fn dot(actor: ActorId, seq: u64) -> Dot {
    Dot { actor, seq }
}

fn store() -> Store {
    Store::in_memory(VaultId([7; 16])).unwrap()
}

fn write(store: &mut Store, actor: ActorId, title: &str, supersedes: Vec<Dot>) {
    let mut edit = Draft::new(oak(), "task").finish().unwrap();
    edit.set.insert(TITLE.into(), Write::new(title, supersedes));
    let author = Author { actor, sign: &|_, _| [0; 64], wall_ms: 1_000 };
    store
        .write(|tx| tx.append(author, LocalChange { edits: vec![edit], ..Default::default() }))
        .unwrap();
}

fn decided(store: &mut Store) -> Vec<Decided> {
    store.read(|tx| tx.decided(None, 10)).unwrap()
}

/// A list of what is replaced may name one change thousands of times, and each of them is large.
#[test]
fn a_decision_keeps_each_version_once_and_so_much_of_all_and_no_more() {
    let mut store = store();
    let large = |number: u8| format!("{number}{}", "x".repeat(200_000));
    for number in 0..8 {
        write(&mut store, ActorId([number + 10; 16]), &large(number), Vec::new());
    }
    let named: Vec<Dot> = (0..8).map(|number| dot(ActorId([number + 10; 16]), 1)).collect();
    let many: Vec<Dot> = named.iter().copied().cycle().take(3_000).collect();
    write(&mut store, LAPTOP, "Oak", many);
    let [found] = decided(&mut store).try_into().unwrap();
    assert_eq!(found.by, dot(LAPTOP, 1));
    assert_eq!(found.replaced.len(), 5, "a megabyte of them");
    let kept = |store: &mut Store| -> i64 {
        store
            .read(|tx| {
                Ok::<_, StoreError>(tx.sql.query_row(
                    "SELECT max(length(replaced)) FROM decided",
                    [],
                    |row| row.get(0),
                )?)
            })
            .unwrap()
    };
    assert!(kept(&mut store) < 1_100_000);
}

/// Where a log parts, a decision goes under the name of its branch like the change that made it.
#[test]
fn what_a_branch_decided_goes_under_its_name() {
    let log = LogId { space: Space::Everywhere, actor: LAPTOP };
    let (mut here, mut there) = (store(), store());
    for store in [&mut here, &mut there] {
        write(store, LAPTOP, "Oak", Vec::new());
    }
    write(&mut here, PHONE, "Ash", Vec::new());
    write(&mut here, LAPTOP, "Elm", vec![dot(LAPTOP, 1), dot(PHONE, 1)]);
    assert_eq!(decided(&mut here)[0].by, dot(LAPTOP, 2));
    write(&mut there, LAPTOP, "Fir", vec![dot(LAPTOP, 1)]);
    let hash = here.read(|tx| tx.hash_of(log, 2)).unwrap().unwrap();
    let run: Run = there.read(|tx| tx.run(Range { log, first: 2, last: 2 })).unwrap().unwrap();
    here.write(|tx| {
        tx.receive(&run, None)?;
        tx.apply_ready(2_000)
    })
    .unwrap();
    let branch = branch_name(LAPTOP, hash);
    let [found] = decided(&mut here).try_into().unwrap();
    assert_eq!(found.by, dot(branch, 2));
    let replaced: Vec<Dot> = found.replaced.iter().map(|again| again.origin).collect();
    assert!(
        replaced.contains(&dot(LAPTOP, 1)) && replaced.contains(&dot(PHONE, 1)),
        "{replaced:?}"
    );
    let change = here.read(|tx| tx.change(found.by.in_space(Space::Everywhere))).unwrap().unwrap();
    assert_eq!(here.read(|tx| tx.decided_by(&change)).unwrap().len(), 1);
}
