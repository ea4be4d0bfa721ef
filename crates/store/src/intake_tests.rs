//! What comes before a snapshot is taken in. The rest is tested where snapshots are made and told:
//! `holdfast-sync` and the merge laws.

use super::spaces_of;
use crate::{BaseHead, Store, StoreError};
use holdfast_model::EntityId;
use holdfast_model::change::{Dot, Write};
use holdfast_model::entity::Draft;
use holdfast_model::fields::TITLE;
use holdfast_oplog::{ActorId, DeviceId, Hash, LogId, Space, VaultId};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn head() -> crate::BaseHead {
    let log = LogId { space: Space::Everywhere, actor: holdfast_oplog::ActorId([1; 16]) };
    crate::BaseHead { log, seq: 3, hash: Hash::of(b"x"), signature: [0; 64] }
}

fn written() -> Store {
    let mut store = Store::in_memory(VaultId([7; 16])).unwrap();
    let author = crate::Author {
        actor: holdfast_oplog::ActorId([2; 16]),
        sign: &|_, _| [0; 64],
        wall_ms: 1,
    };
    store.write(|tx| tx.append(author, crate::LocalChange::default())).unwrap();
    store
}

#[test]
fn a_restore_point_is_made_before_a_snapshot_and_without_one_nothing_happens() {
    let mut store = written();
    let made = Arc::new(AtomicUsize::new(0));
    let counts = Arc::clone(&made);
    store.make_points_with(Box::new(move || {
        counts.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }));
    let take = |tx: &crate::Tx<'_>| -> Result<(), StoreError> {
        tx.begin_intake(vec![head()], None, DeviceId([1; 16]))?.finish(tx, 1).map(|_| ())
    };
    // A look makes none.
    store.try_out(take).unwrap();
    assert_eq!(made.load(Ordering::Relaxed), 0);
    store.write(take).unwrap();
    assert_eq!(made.load(Ordering::Relaxed), 1);
    // Nor does what is known already.
    store.write(take).unwrap();
    assert_eq!(made.load(Ordering::Relaxed), 1);

    let mut store = written();
    store.make_points_with(Box::new(|| Err("the disk is full".into())));
    let refused = store.write(take).unwrap_err();
    assert_eq!(refused.code(), "no_restore_point");
    assert_eq!(store.read(|tx| tx.base_heads()).unwrap(), Vec::new());
}

#[test]
fn a_device_with_nothing_needs_no_restore_point() {
    let mut store = Store::in_memory(VaultId([7; 16])).unwrap();
    store.make_points_with(Box::new(|| Err("never asked".into())));
    store
        .write(|tx| tx.begin_intake(vec![head()], None, DeviceId([1; 16]))?.finish(tx, 1))
        .unwrap();
}

/// Thousands of heads in an order of their own are looked at space by space.
#[test]
fn heads_in_any_order_are_looked_through_once_for_each_space() {
    let heads: Vec<BaseHead> = (0..4_096_u32)
        .map(|number| {
            let space = if number % 2 == 0 { Space::Everywhere } else { Space::Nearby };
            let mut known = head();
            known.log.space = space;
            known
        })
        .collect();
    assert_eq!(spaces_of(&heads).len(), 2);
}

/// What replaced a value would be in the base, and the value come after it and stand again.
#[test]
fn a_snapshot_with_a_change_and_without_what_it_depends_on_is_refused() {
    let (laptop, phone) = (ActorId([1; 16]), ActorId([2; 16]));
    let mut store = Store::in_memory(VaultId([7; 16])).unwrap();
    let mut write = |actor, title: &str, supersedes| {
        let mut edit = Draft::new(EntityId::named("oak"), "task").finish().unwrap();
        edit.set.insert(TITLE.into(), Write::new(title, supersedes));
        let author = crate::Author { actor, sign: &|_, _| [0; 64], wall_ms: 1 };
        let change = crate::LocalChange { edits: vec![edit], ..Default::default() };
        store.write(|tx| tx.append(author, change)).unwrap();
    };
    write(phone, "Oak", Vec::new());
    write(laptop, "Oak boards", vec![Dot { actor: phone, seq: 1 }]);
    let at = |actor| LogId { space: Space::Everywhere, actor };
    let heads = store.read(|tx| tx.heads(&[Space::Everywhere])).unwrap();
    let held = |actor| {
        let (log, seq, hash) = *heads.iter().find(|(log, ..)| *log == at(actor)).unwrap();
        BaseHead { log, seq, hash, signature: [0; 64] }
    };
    let new = BaseHead { log: at(ActorId([9; 16])), ..head() };
    let mut begin = |heads: Vec<BaseHead>| {
        store.try_out(|tx| tx.begin_intake(heads, None, DeviceId([1; 16])).map(drop))
    };
    let refused = begin(vec![held(laptop), new]).unwrap_err();
    assert_eq!(refused.code(), "malformed", "{refused}");
    begin(vec![held(laptop), held(phone), new]).unwrap();
    begin(vec![held(phone), new]).unwrap();
}
