//! Devices that are removed while others are away.

use super::BundleError;
use super::fixture_tests::{Device, EVERYTHING, devices};
use holdfast_oplog::DeviceId;
use holdfast_sync::devices::{HANDOVER_PLACE, SealedRecords, remove_device, take_in_records};
use holdfast_sync::membership;
use holdfast_vault::membership::unpack;
use holdfast_vault::{Purpose, open_blob};

fn remove(device: &mut Device, other: DeviceId) {
    let keyring = remove_device(&mut device.session(), other).unwrap();
    device.keyring = keyring;
}

fn carry(from: &mut Device, to: &mut Device) -> Result<(), BundleError> {
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
fn row_45_two_devices_that_remove_each_other_end_in_the_same_membership_everywhere() {
    let [mut laptop, mut phone, mut tablet] = devices(["laptop", "phone", "tablet"]);
    remove(&mut laptop, phone.id());
    remove(&mut phone, laptop.id());
    // The tablet hears of both, in the order that is worse for the one that stays.
    let _ = carry(&mut phone, &mut tablet);
    carry(&mut laptop, &mut tablet).unwrap();
    assert_eq!(carry(&mut laptop, &mut phone).unwrap_err().code(), "not_a_member");
    let expected = members(&mut laptop);
    assert_eq!(expected.iter().filter(|(_, removed)| *removed).count(), 1);
    assert_eq!(members(&mut phone), expected);
    assert_eq!(members(&mut tablet), expected);
    let word = laptop.add("from the one that stays");
    carry(&mut laptop, &mut tablet).unwrap();
    assert!(tablet.has(word));
}

#[test]
fn what_a_removed_device_wrote_later_is_set_aside_and_counted() {
    let [mut laptop, mut phone, mut tablet] = devices(["laptop", "phone", "tablet"]);
    let before = phone.add("before the removal");
    carry(&mut phone, &mut laptop).unwrap();
    remove(&mut laptop, phone.id());
    let late = phone.add("after the removal");
    // The tablet has heard of the removal when it comes.
    carry(&mut laptop, &mut tablet).unwrap();
    let (path, _) = phone.export(EVERYTHING);
    for _ in 0..2 {
        for other in [&mut laptop, &mut tablet] {
            let _ = other.import(&path);
        }
    }
    for other in [&mut laptop, &mut tablet] {
        assert!(other.has(before) && !other.has(late));
        let aside = other.write(|tx| tx.count_set_aside().unwrap());
        assert_eq!(aside, [(phone.actor, 1)], "counted once");
    }
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
