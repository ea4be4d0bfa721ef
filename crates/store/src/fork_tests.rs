use crate::{Store, StoreError, columns};
use holdfast_model::change::FORMAT;
use holdfast_model::text::{branch_name, writer_of};
use holdfast_model::{Change, Dep, Hlc};
use holdfast_oplog::{ActorId, Hash, LogId, Space, VaultId};

/// A branch whose writer id was ground to be another device's.
#[test]
fn a_branch_under_the_writer_id_of_another_device_is_refused() {
    let mut store = Store::in_memory(VaultId([7; 16])).unwrap();
    let (author, first) = (ActorId([1; 16]), Hash::of(b"first"));
    let writer = writer_of(&branch_name(author, first).0);
    // Looking for an identity with this writer would take long; a branch of another log can have it too.
    let victim = ActorId::of_branch(writer, Hash::of(b"another"));
    let log = LogId { space: Space::Everywhere, actor: author };
    let at = LogId { space: Space::Everywhere, actor: victim };
    let begin = |store: &mut Store| store.write(|tx| tx.begin_branch(log, author, 1, first));
    store.write(|tx| tx.set_held(at, 1, Hash::of(b"text"))).unwrap();
    let refused = begin(&mut store).unwrap_err();
    assert!(matches!(refused, StoreError::WriterTaken(_)), "{refused}");
    assert_eq!(refused.code(), "writer_taken");
    assert_eq!(store.read(|tx| tx.branches()).unwrap(), Vec::new());
    // Elsewhere the same branch begins.
    let mut other = Store::in_memory(VaultId([7; 16])).unwrap();
    assert_eq!(begin(&mut other).unwrap().actor, branch_name(author, first));
}

/// M signs one number of its log thousands of times.
#[test]
fn the_log_of_one_author_parts_so_often_and_no_more_save_where_another_built_on_it() {
    let mut store = Store::in_memory(VaultId([7; 16])).unwrap();
    let (author, other) = (ActorId([1; 16]), ActorId([2; 16]));
    let begin = |store: &mut Store, author: ActorId, number: u64| {
        let log = LogId { space: Space::Everywhere, actor: author };
        let first = Hash::of(&number.to_be_bytes());
        store.write(|tx| tx.begin_branch(log, author, 1, first))
    };
    for number in 0..64 {
        begin(&mut store, author, number).unwrap();
    }
    let refused = begin(&mut store, author, 64).unwrap_err();
    assert_eq!(refused.code(), "too_many_branches", "{refused}");
    begin(&mut store, other, 64).unwrap();
    // Another device took this one in before and built on it: what it wrote waits for it.
    let dep =
        Dep { actor: branch_name(author, Hash::of(&64_u64.to_be_bytes())), seq: 1, hash: None };
    let change = Change {
        format: FORMAT,
        space: Space::Everywhere,
        actor: ActorId([3; 16]),
        seq: 1,
        deps: vec![dep],
        time: Hlc::default(),
        schema: 1,
        action: String::new(),
        group: None,
        more: false,
        reverts: None,
        ops: Vec::new(),
    };
    store
        .write(|tx| {
            tx.sql.execute(
                "INSERT INTO waiting (space, actor, seq, hash, parked, body)
                 VALUES (?1, ?2, ?3, zeroblob(32), 0, ?4)",
                ("everywhere", change.actor.0, columns::number(1), change.encode()?),
            )?;
            Ok::<_, StoreError>(())
        })
        .unwrap();
    begin(&mut store, author, 65).unwrap_err();
    begin(&mut store, author, 64).unwrap();
}
