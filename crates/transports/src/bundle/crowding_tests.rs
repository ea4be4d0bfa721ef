//! A member that signs again and again what it may sign once, or what does not open.

use super::devices_tests::{carry, remove, take_in};
use super::fixture_tests::{Device, PASSPHRASE, devices};
use holdfast_oplog::{ActorId, DeviceId, VersionVector};
use holdfast_sync::devices::{HANDOVER_PLACE, SealedRecords, take_in_records};
use holdfast_sync::membership;
use holdfast_vault::membership::{Removing, new_actor, pack, remove as remove_record, rename};
use holdfast_vault::{DeviceKeys, Purpose, VaultKey, seal_blob};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

fn add_to_all(devices: &mut [&mut Device], record: &[u8]) {
    for device in devices {
        device.write(|tx| tx.add_membership(record).unwrap());
    }
}

fn removal(device: DeviceId, time: u64) -> Removing {
    Removing {
        device,
        accepted: VersionVector::new(),
        records: Vec::new(),
        epoch: 2,
        wrapped: Vec::new(),
        key: None,
        without: Some(vec![device]),
        time,
    }
}

#[test]
fn a_claimed_identity_whose_log_is_in_the_base_stops_nothing() {
    let [mut laptop, mut phone, mut tablet] = devices(["laptop", "phone", "tablet"]);
    let (vault, taken) = (laptop.store.vault(), ActorId([50; 16]));
    // An identity of before they followed from devices.
    let record = new_actor(vault, &phone.keys, taken, 1).unwrap();
    add_to_all(&mut [&mut laptop, &mut phone, &mut tablet], &record);
    phone.actor = taken;
    let oak = phone.add("oak");
    for _ in 0..6 {
        // What is in the log only makes a snapshot shorter than the log.
        phone.retitle(oak, &"oak ".repeat(60_000));
        phone.retitle(oak, "oak");
    }
    carry(&mut phone, &mut laptop).unwrap();
    let invitation = laptop.invite();
    let mut watch = Device::joining(&invitation, PASSPHRASE, 9).unwrap();
    assert_eq!(watch.write(|tx| tx.sizes().unwrap().changes), 0, "all of it is in the base");
    let claim = new_actor(vault, &tablet.keys, taken, 0).unwrap();
    for device in [&mut watch, &mut laptop] {
        device.write(|tx| tx.add_membership(&claim).unwrap());
        let members = device.write(|tx| membership(tx).unwrap());
        assert_eq!(members.claims().count(), 1);
        assert_eq!(members.device_of(taken).map(|of| of.id), Some(phone.id()));
    }
    let ash = phone.add("ash");
    carry(&mut phone, &mut laptop).unwrap();
    carry(&mut laptop, &mut watch).unwrap();
    assert!(watch.has(oak) && watch.has(ash));
    remove(&mut watch, tablet.id());
}

/// Each of them shows a removal, and all are shorter than the one that is needed.
#[test]
fn many_short_handovers_of_one_device_push_out_no_other() {
    let [mut laptop, phone, mut tablet, watch, desk] =
        devices(["laptop", "phone", "tablet", "watch", "desk"]);
    let vault = laptop.store.vault();
    let known = laptop.write(|tx| tx.membership().unwrap());
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let mut handovers = Vec::new();
    for number in 0..300 {
        let removing = removal(watch.id(), number);
        let mut shown = known.clone();
        shown.push(remove_record(vault, &phone.keys, removing).unwrap());
        let packed = pack(&shown).unwrap();
        let (ring, place) = (&phone.keyring, HANDOVER_PLACE);
        handovers.push(seal_blob(ring, Purpose::Membership, place, &packed, &mut rng).unwrap());
    }
    for number in 0..40 {
        let name = rename(vault, &laptop.keys, laptop.id(), &"x".repeat(200), number).unwrap();
        laptop.write(|tx| tx.add_membership(&name).unwrap());
    }
    remove(&mut laptop, desk.id());
    let needed = laptop.write(|tx| tx.handovers().unwrap()).remove(0);
    assert!(handovers.iter().all(|other| other.len() < needed.len()));
    take_in(&mut tablet, &handovers);
    take_in(&mut tablet, std::slice::from_ref(&needed));
    let kept = tablet.write(|tx| tx.handovers().unwrap());
    assert!(kept.contains(&needed));
    assert!(kept.len() < 8, "one removal of a device by another is enough: {}", kept.len());
}

/// A member signs a removal, hands its key to one of the others, and shows it to that one alone.
#[test]
fn a_removal_that_came_without_a_handover_reaches_everybody() {
    let [mut laptop, phone, mut tablet, watch] = devices(["laptop", "phone", "tablet", "watch"]);
    let mut rng = ChaCha20Rng::seed_from_u64(8);
    let members = laptop.write(|tx| membership(tx).unwrap());
    let key = VaultKey::generate(&mut rng);
    let mut wrapped = members.wrap_for_active(2, &key, None, &mut rng).unwrap();
    wrapped.retain(|wrapped| wrapped.device == laptop.id());
    let removing = Removing { wrapped, key: Some(key.id()), ..removal(watch.id(), 7) };
    let record = remove_record(laptop.store.vault(), &phone.keys, removing).unwrap();
    add_to_all(&mut [&mut laptop], &record);
    take_in(&mut laptop, &[]);
    let oak = laptop.add("oak");
    for _ in 0..2 {
        let _ = carry(&mut laptop, &mut tablet);
        let _ = carry(&mut tablet, &mut laptop);
    }
    carry(&mut laptop, &mut tablet).unwrap();
    assert!(tablet.has(oak));
    let members = tablet.write(|tx| membership(tx).unwrap());
    assert!(!members.is_active(watch.id()) && members.is_active(phone.id()));
}

#[test]
fn a_device_that_is_removed_again_and_again_costs_one_word() {
    let [mut laptop, phone, mut tablet, watch] = devices(["laptop", "phone", "tablet", "watch"]);
    let vault = laptop.store.vault();
    let mut counts = Vec::new();
    for number in 0..20 {
        let removing = removal(watch.id(), number);
        let record = remove_record(vault, &phone.keys, removing).unwrap();
        add_to_all(&mut [&mut laptop, &mut tablet], &record);
        take_in(&mut tablet, &[]);
        counts.push(tablet.write(|tx| tx.membership().unwrap().len()));
    }
    let more: Vec<usize> = counts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(more, [1; 19], "the removal itself, and nothing about it");
}

/// A member hands out a key that one of the others cannot open.
#[test]
fn a_key_that_one_cannot_open_parts_nobody() {
    let [mut laptop, phone, mut tablet, watch] = devices(["laptop", "phone", "tablet", "watch"]);
    let mut rng = ChaCha20Rng::seed_from_u64(6);
    let members = laptop.write(|tx| membership(tx).unwrap());
    let (key, other) = (VaultKey::generate(&mut rng), VaultKey::generate(&mut rng));
    let out = watch.id();
    let mut wrapped = members.wrap_for_active(2, &key, Some(out), &mut rng).unwrap();
    let others = members.wrap_for_active(2, &other, Some(out), &mut rng).unwrap();
    for (one, other) in wrapped.iter_mut().zip(others) {
        if one.device == tablet.id() {
            *one = other;
        }
    }
    let removing =
        Removing { wrapped, key: Some(key.id()), without: Some(vec![out]), ..removal(out, 7) };
    let record = remove_record(laptop.store.vault(), &phone.keys, removing).unwrap();
    add_to_all(&mut [&mut laptop, &mut tablet], &record);
    take_in(&mut laptop, &[]);
    take_in(&mut tablet, &[]);
    let oak = laptop.add("oak");
    for _ in 0..2 {
        let _ = carry(&mut laptop, &mut tablet);
        let _ = carry(&mut tablet, &mut laptop);
    }
    carry(&mut laptop, &mut tablet).unwrap();
    assert!(tablet.has(oak));
    let ash = tablet.add("ash");
    carry(&mut tablet, &mut laptop).unwrap();
    assert!(laptop.has(ash));
}

#[test]
fn what_many_lists_bring_is_looked_at_together_and_once() {
    let [laptop, phone, mut tablet] = devices(["laptop", "phone", "tablet"]);
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let lists: Vec<Vec<u8>> = (0..60)
        .map(|number| {
            let of = laptop.id();
            let name = rename(laptop.store.vault(), &phone.keys, of, "x", number).unwrap();
            let packed = pack(&[name]).unwrap();
            seal_blob(&phone.keyring, Purpose::Membership, b"list", &packed, &mut rng).unwrap()
        })
        .collect();
    let sealed: Vec<SealedRecords<'_>> =
        lists.iter().map(|bytes| SealedRecords { place: b"list", bytes }).collect();
    let keys = DeviceKeys::decode(&tablet.keys.encode()).unwrap();
    let keyring = tablet.keyring.clone();
    let mut seen = Vec::new();
    for _ in 0..3 {
        tablet.write(|tx| take_in_records(tx, &keys, &keyring, &sealed).unwrap());
        seen.push(tablet.write(|tx| tx.membership().unwrap()));
    }
    assert!(seen[0].len() >= 65, "each of them brought something");
    assert!(seen[0] == seen[1] && seen[1] == seen[2]);
}
