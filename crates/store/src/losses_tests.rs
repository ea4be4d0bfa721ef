use super::*;
use crate::Store;
use holdfast_oplog::VaultId;

const HOUR: i64 = 3_600_000;
const PHONE: DeviceId = DeviceId([2; 16]);

fn loss(at: u32) -> Loss {
    Loss { device: PHONE, entity: EntityId::named(&at.to_string()), list: None, alive: false }
}

fn store() -> Store {
    Store::in_memory(VaultId([7; 16])).unwrap()
}

fn lose(store: &mut Store, at: u32, wall_ms: i64, agreed: bool) {
    store.write(|tx| tx.note_losses(&[loss(at)], Some(i64::from(at)), agreed, wall_ms)).unwrap();
}

fn count(store: &mut Store, wall_ms: i64) -> usize {
    store.write(|tx| tx.losses(wall_ms)).unwrap().len()
}

#[test]
fn a_loss_counts_for_a_day() {
    let mut store = store();
    let start = 1_000 * HOUR;
    lose(&mut store, 1, start, false);
    lose(&mut store, 2, start + 10 * HOUR, false);
    assert_eq!(count(&mut store, start + 23 * HOUR), 2);
    assert_eq!(count(&mut store, start + 24 * HOUR), 1);
    assert_eq!(count(&mut store, start + 34 * HOUR), 0);
}

/// A clock that jumps far ahead lets one day pass, not many; set back it lets none pass.
#[test]
fn a_clock_that_jumps_moves_the_day_by_one_day_at_most() {
    let mut store = store();
    let start = 1_000 * HOUR;
    lose(&mut store, 1, start, false);
    assert_eq!(count(&mut store, start - 9_000 * HOUR), 1);
    assert_eq!(count(&mut store, start - 8_990 * HOUR), 1, "ten hours went by");
    assert_eq!(count(&mut store, start + 9_000 * HOUR), 0, "a day at once");
    lose(&mut store, 2, start + 9_000 * HOUR, false);
    assert_eq!(count(&mut store, start + 9_001 * HOUR), 1);
    // Set right again: what was counted while it was wrong counts on.
    assert_eq!(count(&mut store, start), 1);
    assert_eq!(count(&mut store, start + 22 * HOUR), 1);
    assert_eq!(count(&mut store, start + 23 * HOUR), 0);
    assert_eq!(count(&mut store, i64::MAX), 0);
    assert_eq!(count(&mut store, i64::MIN), 0);
}

#[test]
fn what_the_person_agreed_to_counts_no_more_and_is_found_by_its_exchange() {
    let mut store = store();
    for at in 1..=5 {
        lose(&mut store, at, HOUR, false);
    }
    assert_eq!(count(&mut store, HOUR), 5);
    lose(&mut store, 6, HOUR, true);
    assert_eq!(count(&mut store, HOUR), 0, "those before were seen with it");
    lose(&mut store, 7, HOUR, false);
    assert_eq!(count(&mut store, HOUR), 1);
    let lost = store.read(|tx| tx.lost_by(6)).unwrap();
    assert_eq!(lost, [EntityId::named("6")]);
}
