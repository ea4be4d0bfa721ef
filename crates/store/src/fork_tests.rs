use crate::{Store, StoreError, columns};
use holdfast_model::change::FORMAT;
use holdfast_model::text::{branch_name, writer_of};
use holdfast_model::{Change, Dep, Hlc};
use holdfast_oplog::{ActorId, Hash, LogId, Space, VaultId};

/// A branch whose writer id was ground to be another device's takes nothing from anybody, whichever comes first.
#[test]
fn a_branch_under_the_writer_id_of_another_device_begins_and_gets_another_id() {
    let (author, first) = (ActorId([1; 16]), Hash::of(b"first"));
    let writer = writer_of(&branch_name(author, first).0);
    // Looking for an identity with this writer would take long; a branch of another log can have it too.
    let other = ActorId::of_branch(writer, Hash::of(b"another"));
    let log = LogId { space: Space::Everywhere, actor: author };
    let at = LogId { space: Space::Everywhere, actor: other };
    let mut seen = Vec::new();
    for turn in 0..2 {
        let mut store = Store::in_memory(VaultId([7; 16])).unwrap();
        let honest = |tx: &crate::Tx<'_>| {
            tx.begin_branch(log, author, 1, first)?;
            tx.set_applied(LogId { actor: branch_name(author, first), ..log }, 1)
        };
        let ground = |tx: &crate::Tx<'_>| {
            tx.set_held(at, 1, Hash::of(b"text"))?;
            tx.set_applied(at, 1)
        };
        let write = |tx: &crate::Tx<'_>| {
            if turn == 0 { honest(tx).and(ground(tx)) } else { ground(tx).and(honest(tx)) }
        };
        store.write(write).unwrap();
        let writers = store.read(|tx| tx.writers(Space::Everywhere)).unwrap();
        let ids = [branch_name(author, first), other].map(|name| writers.of(name));
        assert_ne!(ids[0], ids[1]);
        seen.push(writers);
    }
    assert_eq!(seen[0], seen[1]);
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
