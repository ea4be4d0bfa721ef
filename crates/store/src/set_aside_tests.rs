use super::*;
use crate::Store;
use holdfast_oplog::{Hash, Space, VaultId};

fn run(actor: u8, first: u64, count: usize, size: usize) -> Run {
    let log = LogId { space: Space::Everywhere, actor: ActorId([actor; 16]) };
    let changes = vec![vec![actor; size]; count];
    let prev_hash = Hash([first as u8; 32]);
    Run { log, first, prev_hash, changes, last_hash: Hash::ZERO, signature: [0; 64] }
}

fn count(tx: &Tx<'_>) -> u64 {
    tx.count_set_aside().unwrap().iter().map(|(_, count)| count).sum()
}

#[test]
fn of_a_removed_device_the_first_changes_are_kept_and_the_rest_is_counted() {
    let mut store = Store::in_memory(VaultId([7; 16])).unwrap();
    let own = [ActorId([1; 16]), ActorId([2; 16])];
    store
        .write(|tx| {
            let most = CHANGES as usize;
            let first = run(1, 1, most - 10, 8);
            assert_eq!(tx.set_aside(&first, 0, &own, AsideWhy::Removed)?.kept, CHANGES - 10);
            // Another identity of the same device is on the same account.
            let second = run(2, 1, 30, 8);
            let outcome = tx.set_aside(&second, 0, &own, AsideWhy::Removed)?;
            assert_eq!(outcome, SetAside { kept: 10, dropped: 20 });
            assert_eq!((count(tx), tx.count_beyond_aside(own[1])?), (CHANGES, 20));
            // Again: nothing is counted twice.
            let outcome = tx.set_aside(&second, 0, &own, AsideWhy::Removed)?;
            assert_eq!(outcome, SetAside { kept: 0, dropped: 20 });
            assert_eq!((count(tx), tx.count_beyond_aside(own[1])?), (CHANGES, 20));
            // Another device has an account of its own, in bytes as well.
            let large = run(3, 1, 70, 256 * 1024);
            let outcome = tx.set_aside(&large, 0, &[ActorId([3; 16])], AsideWhy::Removed)?;
            assert_eq!(outcome, SetAside { kept: 64, dropped: 6 });
            assert_eq!(tx.count_beyond_aside(ActorId([3; 16]))?, 6);
            // What counts after all is forgotten here.
            tx.release_aside(&second)?;
            assert_eq!(tx.count_beyond_aside(own[1])?, 0);
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

#[test]
fn of_all_together_no_more_is_kept_than_of_four() {
    let mut store = Store::in_memory(VaultId([7; 16])).unwrap();
    store
        .write(|tx| {
            for actor in 1..=6 {
                let changes = run(actor, 1, CHANGES as usize, 1);
                tx.set_aside(&changes, 0, &[ActorId([actor; 16])], AsideWhy::Removed)?;
            }
            assert_eq!(count(tx), CHANGES * ALL);
            // What a device that stays wrote has a room of its own.
            let stays = run(9, 1, 10, 1);
            let outcome = tx.set_aside(&stays, 0, &[ActorId([9; 16])], AsideWhy::PartsInBase)?;
            assert_eq!(outcome, SetAside { kept: 10, dropped: 0 });
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

/// Else what came by one way first would decide what is kept.
#[test]
fn one_change_that_does_not_fit_keeps_no_smaller_one_away() {
    let mut store = Store::in_memory(VaultId([7; 16])).unwrap();
    let own = [ActorId([1; 16])];
    store
        .write(|tx| {
            let mut changes = run(1, 1, 64, 256 * 1024 - 100);
            changes.changes.extend([vec![1; 256 * 1024], vec![1; 50]]);
            let outcome = tx.set_aside(&changes, 0, &own, AsideWhy::Removed)?;
            assert_eq!(outcome, SetAside { kept: 65, dropped: 1 });
            assert_eq!(tx.count_beyond_aside(own[0])?, 1);
            Ok::<_, StoreError>(())
        })
        .unwrap();
}
