//! What comes before a snapshot is taken in. The rest is tested where snapshots are made and told:
//! `holdfast-sync` and the merge laws.

use crate::{Store, StoreError};
use holdfast_oplog::{DeviceId, Hash, LogId, Space, VaultId};
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
