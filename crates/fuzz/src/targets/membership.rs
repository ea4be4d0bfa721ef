//! Membership records: whatever comes beside them, the right ones count, in any order.

use crate::{Target, world};
use holdfast_oplog::VaultId;
use holdfast_vault::membership::{pack, unpack};
use holdfast_vault::{DeviceKeys, Keyring, Membership};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::sync::LazyLock;

pub(crate) const TARGET: Target = Target { name: "membership", run, seeds, mutations: 2_000 };

static KNOWN: LazyLock<(VaultId, Vec<Vec<u8>>, Keyring, DeviceKeys)> = LazyLock::new(|| {
    let world = world::fresh();
    let keys = DeviceKeys::generate(&mut ChaCha20Rng::seed_from_u64(1));
    (world.laptop.store.vault(), world.records, world.laptop.keyring, keys)
});

fn seeds() -> Vec<Vec<u8>> {
    let records = &KNOWN.1;
    (1..=records.len()).map(|count| pack(&records[..count]).expect("a list")).collect()
}

fn run(data: &[u8]) {
    let (vault, records, keyring, keys) = &*KNOWN;
    let Ok(mut list) = unpack(data) else { return };
    let members = Membership::from_records(*vault, &list);
    let mut reversed = list.clone();
    reversed.reverse();
    reversed.extend(list.iter().cloned());
    assert_eq!(Membership::from_records(*vault, &reversed), members, "order or repetition counts");
    assert!(members.records().iter().all(|record| list.contains(record)));
    for device in members.devices() {
        assert_eq!(device.id, device.public.device_id());
    }
    let mut ring = keyring.clone();
    let _ = members.receive_keys(keys, &mut ring);
    // What is thrown in beside the real records takes nobody out and lets nobody in.
    let real = Membership::from_records(*vault, records);
    list.extend(records.iter().cloned());
    let both = Membership::from_records(*vault, &list);
    let ids = |members: &Membership| members.devices().iter().map(|d| d.id).collect::<Vec<_>>();
    assert_eq!(ids(&both), ids(&real), "a forged record changed who belongs to the vault");
    assert_eq!(both.active().count(), real.active().count());
    // Keeping what is worth keeping loses nothing.
    let kept = Membership::from_records(*vault, both.records());
    assert_eq!(kept.devices(), both.devices());
}
