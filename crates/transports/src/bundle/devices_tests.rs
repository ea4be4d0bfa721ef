//! Devices that are removed while others are away.

use super::BundleError;
use super::fixture_tests::{Device, EVERYTHING, devices};
use holdfast_oplog::DeviceId;
use holdfast_sync::devices::{HANDOVER_PLACE, SealedRecords, remove_device, take_in_records};
use holdfast_sync::membership;
use holdfast_vault::membership::{new_actor, pack, rename, unpack};
use holdfast_vault::{Purpose, open_blob, seal_blob};
use rand_chacha::rand_core::SeedableRng;

pub(super) fn remove(device: &mut Device, other: DeviceId) {
    let keyring = remove_device(&mut device.session(), other).unwrap();
    device.keyring = keyring;
}

pub(super) fn carry(from: &mut Device, to: &mut Device) -> Result<(), BundleError> {
    let (path, _) = from.export(EVERYTHING);
    let imported = to.import(&path)?;
    if let Some(keyring) = imported.keyring {
        to.keyring = keyring;
    }
    Ok(())
}

/// Who is in the vault, and who was removed.
fn members(device: &mut Device) -> Vec<(DeviceId, bool)> {
    let members = device.write(|tx| membership(tx).unwrap());
    members.devices().iter().map(|device| (device.id, device.removal.is_some())).collect()
}

/// Takes handovers in as any carrier does.
pub(super) fn take_in(device: &mut Device, handovers: &[Vec<u8>]) {
    let keys = holdfast_vault::DeviceKeys::decode(&device.keys.encode()).unwrap();
    let keyring = device.keyring.clone();
    let sealed: Vec<SealedRecords<'_>> =
        handovers.iter().map(|bytes| SealedRecords { place: HANDOVER_PLACE, bytes }).collect();
    device.keyring = device.write(|tx| take_in_records(tx, &keys, &keyring, &sealed).unwrap().1);
}

#[test]
fn row_46_a_device_that_was_away_during_two_key_rotations_catches_up() {
    let [mut laptop, mut phone, mut tablet, mut desk] =
        devices(["laptop", "phone", "tablet", "desk"]);
    let first = laptop.add("before");
    carry(&mut laptop, &mut tablet).unwrap();
    remove(&mut laptop, phone.id());
    remove(&mut laptop, desk.id());
    assert_eq!((laptop.keyring.current(), tablet.keyring.current()), (3, 1));
    let last = laptop.add("under the third key");
    carry(&mut laptop, &mut tablet).unwrap();
    assert_eq!(tablet.keyring.current(), 3);
    assert!(tablet.has(first) && tablet.has(last));
    assert_eq!(members(&mut tablet), members(&mut laptop));
    // It passes on what it caught up with.
    let handovers = |device: &mut Device| device.write(|tx| tx.handovers().unwrap());
    assert_eq!(handovers(&mut tablet), handovers(&mut laptop));
    // Neither of the removed ones can open what came after.
    for removed in [&mut phone, &mut desk] {
        let refused = carry(&mut laptop, removed).unwrap_err();
        assert_eq!(refused.code(), "not_a_member");
        assert!(!removed.has(last));
        assert_eq!(removed.keyring.current(), 1, "the old keys are all that it has");
    }
}

#[test]
fn a_removed_device_learns_nothing_of_what_came_after_its_removal() {
    let [mut laptop, mut phone] = devices(["laptop", "phone"]);
    remove(&mut laptop, phone.id());
    let invitation = laptop.invite();
    let mut again = Device::joining(&invitation, super::fixture_tests::PASSPHRASE, 9).unwrap();
    carry(&mut again, &mut laptop).unwrap();
    let handovers = laptop.write(|tx| tx.handovers().unwrap());
    assert_eq!(handovers.len(), 1);
    let opened =
        open_blob(&phone.keyring, Purpose::Membership, HANDOVER_PLACE, &handovers[0]).unwrap();
    let told = unpack(&opened).unwrap().len();
    assert!(told < laptop.write(|tx| tx.membership().unwrap()).len());
    let sealed = [SealedRecords { place: HANDOVER_PLACE, bytes: &handovers[0] }];
    let (keys, keyring) = (&phone.keys, &phone.keyring);
    let (known, after) = phone
        .store
        .write(|tx| take_in_records(tx, keys, keyring, &sealed).map_err(BundleError::from))
        .unwrap();
    assert_eq!(known.devices().len(), 2, "the device that joined later is not named");
    assert_eq!(after, *keyring, "no key came with it");
}

#[test]
fn row_45_two_devices_that_remove_each_other_are_both_out_everywhere() {
    let [mut laptop, mut phone, mut tablet] = devices(["laptop", "phone", "tablet"]);
    let word = laptop.add("before");
    carry(&mut laptop, &mut phone).unwrap();
    carry(&mut phone, &mut tablet).unwrap();
    carry(&mut tablet, &mut laptop).unwrap();
    remove(&mut laptop, phone.id());
    remove(&mut phone, laptop.id());
    // The tablet hears of one removal, then of the other.
    carry(&mut laptop, &mut tablet).unwrap();
    let (path, _) = phone.export(EVERYTHING);
    assert!(tablet.import(&path).is_err(), "nothing is taken from one that was removed");
    let _ = carry(&mut phone, &mut laptop);
    // What one of them says in its bundle is taken from a third that knows both.
    let handed = phone.write(|tx| tx.handovers().unwrap());
    for device in [&mut laptop, &mut phone, &mut tablet] {
        take_in(device, &handed);
    }
    let expected = members(&mut tablet);
    assert_eq!(expected.iter().filter(|(_, removed)| *removed).count(), 2);
    // The one that stays begins an epoch whose key neither of the two has.
    assert!(tablet.keyring.can_seal());
    let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(5);
    let sealed = seal_blob(&tablet.keyring, Purpose::Changes, b"x", b"word", &mut rng).unwrap();
    for out in [&mut laptop, &mut phone] {
        let (path, _) = tablet.export(EVERYTHING);
        assert_eq!(out.import(&path).unwrap_err().code(), "not_a_member");
        assert!(open_blob(&out.keyring, Purpose::Changes, b"x", &sealed).is_err());
        assert!(out.has(word), "everything stays where it is");
    }
}

#[test]
fn what_a_removed_device_wrote_later_is_set_aside_and_counted() {
    let [mut laptop, mut phone, mut tablet] = devices(["laptop", "phone", "tablet"]);
    let before = phone.add("before the removal");
    carry(&mut phone, &mut laptop).unwrap();
    remove(&mut laptop, phone.id());
    let late = phone.add("after the removal");
    // The tablet gets it before it hears of the removal, and hands it on before that too.
    carry(&mut phone, &mut tablet).unwrap();
    let (path, _) = tablet.export(EVERYTHING);
    for _ in 0..2 {
        let _ = laptop.import(&path);
    }
    assert!(laptop.has(before) && !laptop.has(late));
    let aside = laptop.write(|tx| tx.count_set_aside().unwrap());
    assert_eq!(aside, [(phone.actor, 1)], "counted once");
}

/// Else the devices would show different things for ever, and what was built on it could go nowhere.
#[test]
fn what_a_member_had_taken_in_before_it_heard_of_the_removal_counts_for_all() {
    let [mut laptop, mut phone, mut tablet] = devices(["laptop", "phone", "tablet"]);
    let before = phone.add("before the removal");
    carry(&mut phone, &mut laptop).unwrap();
    remove(&mut laptop, phone.id());
    // The phone takes a new identity too, and the tablet builds on what it wrote.
    let early = phone.add("the laptop did not have this");
    carry(&mut phone, &mut tablet).unwrap();
    let answer = tablet.add("built on what the phone wrote");
    let (path, _) = tablet.export(EVERYTHING);
    let _ = laptop.import(&path);
    assert!(!laptop.has(early), "nobody vouches for it yet");
    assert_eq!(laptop.write(|tx| tx.count_set_aside().unwrap().len()), 1);

    carry(&mut laptop, &mut tablet).unwrap();
    let late = phone.add("after everyone knew");
    let (path, _) = phone.export(EVERYTHING);
    let _ = tablet.import(&path);
    carry(&mut tablet, &mut laptop).unwrap();
    for other in [&mut laptop, &mut tablet] {
        assert!(other.has(before) && other.has(early) && other.has(answer) && !other.has(late));
    }
    assert_eq!(laptop.dump(), tablet.dump());
    assert!(laptop.write(|tx| tx.count_set_aside().unwrap()).is_empty(), "it counts after all");
    assert_eq!(members(&mut laptop), members(&mut tablet));
}

/// C2: a removed device seals whatever it likes under the key that it has, and puts it where it can.
#[test]
fn junk_under_an_epoch_that_is_over_stops_nothing() {
    let [mut laptop, phone, mut tablet] = devices(["laptop", "phone", "tablet"]);
    let vault = laptop.store.vault();
    let name = |number: u64| {
        rename(vault, &phone.keys, laptop_id(&laptop), &"x".repeat(200), number).unwrap()
    };
    let mut junk: Vec<Vec<u8>> = (0..300).map(name).collect();
    junk.extend((0..12_000_u32).map(|number| number.to_be_bytes().to_vec()));
    let seal = |place: &[u8], rng: &mut rand_chacha::ChaCha20Rng| {
        seal_blob(&phone.keyring, Purpose::Membership, place, &pack(&junk).unwrap(), rng).unwrap()
    };
    let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(3);
    let (list, handover) = (seal(b"mailbox", &mut rng), seal(HANDOVER_PLACE, &mut rng));
    let lists = [
        SealedRecords { place: b"mailbox", bytes: &list },
        SealedRecords { place: HANDOVER_PLACE, bytes: &handover },
    ];
    let take = |device: &mut Device| {
        let keys = holdfast_vault::DeviceKeys::decode(&device.keys.encode()).unwrap();
        let keyring = device.keyring.clone();
        device.keyring = device.write(|tx| take_in_records(tx, &keys, &keyring, &lists).unwrap().1);
    };
    // Before anybody knows, the names are within what one device may have said.
    take(&mut tablet);
    assert!(tablet.write(|tx| tx.membership().unwrap().len()) < 100);
    remove(&mut laptop, phone.id());
    let before = laptop.write(|tx| (tx.membership().unwrap(), tx.handovers().unwrap()));
    take(&mut laptop);
    let mut after = laptop.write(|tx| (tx.membership().unwrap(), tx.handovers().unwrap()));
    // What it says of the others itself is all that is new.
    after.0.retain(|record| before.0.contains(record));
    assert_eq!(after, before);
    // An older app kept all of it: nothing fails, and the next exchange mends it.
    for device in [&mut laptop, &mut tablet] {
        device.write(|tx| {
            junk.iter().take(3_000).for_each(|record| {
                tx.add_membership(record).unwrap();
            });
        });
    }
    let word = laptop.add("goes on");
    carry(&mut laptop, &mut tablet).unwrap();
    carry(&mut tablet, &mut laptop).unwrap();
    assert!(tablet.has(word));
    assert!(tablet.write(|tx| tx.membership().unwrap().len()) < 200);
    laptop.invite();
    remove(&mut laptop, tablet.id());
}

fn laptop_id(laptop: &Device) -> DeviceId {
    laptop.keys.device_id()
}

#[test]
fn only_handovers_that_show_a_removal_are_kept() {
    let [mut laptop, phone, mut tablet] = devices(["laptop", "phone", "tablet"]);
    let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(4);
    let empty = pack(&[]).unwrap();
    let known = pack(&laptop.write(|tx| tx.membership().unwrap())).unwrap();
    let mut seal = |packed: &[u8]| {
        seal_blob(&phone.keyring, Purpose::Membership, HANDOVER_PLACE, packed, &mut rng).unwrap()
    };
    let mut junk: Vec<Vec<u8>> = (0..40).map(|_| seal(&empty)).collect();
    junk.extend((0..40).map(|_| seal(&known)));
    take_in(&mut tablet, &junk);
    assert!(tablet.write(|tx| tx.handovers().unwrap()).is_empty());
    remove(&mut laptop, phone.id());
    let real = laptop.write(|tx| tx.handovers().unwrap());
    assert_eq!(real.len(), 1);
    // Neither does one that shows it, with more around it, take the place of the shortest.
    let packed = open_blob(&phone.keyring, Purpose::Membership, HANDOVER_PLACE, &real[0]).unwrap();
    let mut padded = unpack(&packed).unwrap();
    padded.push(vec![0; 4_000]);
    let padded = seal(&pack(&padded).unwrap());
    for handovers in [vec![padded.clone()], junk, real.clone(), vec![padded]] {
        take_in(&mut tablet, &handovers);
    }
    assert_eq!(tablet.write(|tx| tx.handovers().unwrap()), real);
    assert_eq!(tablet.keyring.current(), 2);
}

/// C6: a device that is nearer to the first one claims what another one writes under.
#[test]
fn a_claimed_identity_belongs_to_whom_its_changes_are_signed_by() {
    let [mut laptop, mut phone, mut tablet] = devices(["laptop", "phone", "tablet"]);
    let word = phone.add("the phone's");
    carry(&mut phone, &mut tablet).unwrap();
    let claim = new_actor(laptop.store.vault(), &laptop.keys, phone.actor, 1).unwrap();
    tablet.write(|tx| tx.add_membership(&claim).unwrap());
    let owner = |device: &mut Device, actor| {
        let members = device.write(|tx| membership(tx).unwrap());
        members.device_of(actor).map(|device| device.id)
    };
    assert_eq!(owner(&mut tablet, phone.actor), Some(phone.id()));
    assert_eq!(owner(&mut tablet, laptop.actor), Some(laptop.id()));
    // And goes on being taken in.
    let more = phone.add("more of it");
    carry(&mut phone, &mut tablet).unwrap();
    assert!(tablet.has(word) && tablet.has(more));
    laptop.add("the laptop's");
    carry(&mut laptop, &mut tablet).unwrap();
}

/// The laptop lets a guest in, and the phone removes the laptop before it hears of that. What the tablet had taken in
/// of the guest everybody gets, and nothing that the guest writes later.
#[test]
fn what_was_taken_in_of_whom_a_removed_device_let_in_everybody_gets() {
    let [mut laptop, mut phone, mut tablet] = devices(["laptop", "phone", "tablet"]);
    let invitation = laptop.invite();
    let mut guest = Device::joining(&invitation, super::fixture_tests::PASSPHRASE, 9).unwrap();
    let had = guest.add("of the guest");
    carry(&mut guest, &mut tablet).unwrap();
    assert!(tablet.has(had));
    remove(&mut phone, laptop.id());
    carry(&mut phone, &mut tablet).unwrap();
    assert!(tablet.has(had) && !tablet.is_member(guest.id()));
    let later = guest.add("later");
    // It says who it is, and that it belongs; nobody takes anything of it.
    assert!(carry(&mut guest, &mut tablet).is_err());
    carry(&mut tablet, &mut phone).unwrap();
    for device in [&mut phone, &mut tablet] {
        assert!(device.has(had) && !device.has(later));
        assert!(!device.is_member(guest.id()) && device.is_known(guest.id()));
    }
    assert_eq!(phone.dump(), tablet.dump());
    for device in [&mut phone, &mut tablet] {
        let members = device.write(|tx| membership(tx).unwrap());
        let verify = |log: holdfast_oplog::LogId, seq, hash, signature: &[u8; 64]| {
            let id = holdfast_oplog::ChangeId { space: log.space, actor: log.actor, seq };
            let public = members.public_of(log.actor).unwrap();
            holdfast_vault::verify_change(&public, members.vault(), id, hash, signature)
        };
        let found = device.write(|tx| tx.check(&verify, &|_| true).unwrap());
        assert!(found.iter().all(|line| line.ok), "{found:?}");
        // Nor is anything damaged whose author nobody knows any more.
        let found = device.write(|tx| tx.check(&|_, _, _, _| false, &|_| false).unwrap());
        assert!(found.iter().all(|line| line.ok), "{found:?}");
        assert!(found.iter().any(|line| line.text.contains("nobody can verify")), "{found:?}");
    }
}
