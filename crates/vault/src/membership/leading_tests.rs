//! What comes by lists under keys that are over, what leads to a removal, and keys that hang on whoever
//! was removed.

use super::*;

fn named(key: &VaultKey, epoch: u32, wrapped: Vec<Wrapped>, without: Vec<DeviceId>) -> HandingOver {
    HandingOver { epoch, wrapped, key: Some(key.id()), without: Some(without), time: 70 }
}

/// Laptop and phone, a guest whom the laptop let in, and whom the guest let in.
fn hanging() -> (Home, DeviceKeys, DeviceKeys, Vec<Vec<u8>>) {
    let home = Home::new();
    let (guest, puppet) = (DeviceKeys::generate(&mut rng(41)), DeviceKeys::generate(&mut rng(42)));
    let mut records = home.admit(&home.laptop, &guest, 3).to_vec();
    records.extend(home.admit(&guest, &puppet, 4));
    (home, guest, puppet, records)
}

/// The phone removes the puppet; the laptop, which has not heard of it, the guest. Nobody can say that the
/// puppet is out, since it was never in.
#[test]
fn whoever_hangs_on_a_device_that_is_out_keeps_nobody_from_sealing() {
    let (home, guest, puppet, mut records) = hanging();
    let (guest, puppet) = (guest.device_id(), puppet.device_id());
    records.push(home.removal(&home.phone, puppet, Vec::new()));
    records.push(home.removal(&home.laptop, guest, Vec::new()));
    let members = home.with(&records);
    assert!(members.device(puppet).is_none());
    let begins = members.begin_epoch(&home.phone).unwrap();
    records.push(begins.record.clone());
    let mut ring = Keyring::generate(home.vault, &mut rng(1));
    home.with(&records).receive_keys(&home.phone, &mut ring).unwrap();
    assert!(ring.can_seal() && ring.may_seal_under((begins.epoch, begins.key.id())));
}

/// Whom somebody let in that is out has its keys like one that was removed.
#[test]
fn a_key_that_was_given_to_whoever_hangs_on_a_device_that_is_out_does_not_seal() {
    let (home, guest, puppet, mut records) = hanging();
    let key = VaultKey::generate(&mut rng(2));
    let before = home.with(&records);
    let wrapped = before.wrap_for_active(2, &key, Some(guest.device_id()), &mut rng(3)).unwrap();
    assert!(wrapped.iter().any(|wrapped| wrapped.device == puppet.device_id()));
    let out = vec![guest.device_id()];
    records.push(hand_over(home.vault, &home.phone, named(&key, 2, wrapped, out)).unwrap());
    records.push(home.removal(&home.laptop, guest.device_id(), Vec::new()));
    let mut ring = Keyring::generate(home.vault, &mut rng(1));
    home.with(&records).receive_keys(&home.phone, &mut ring).unwrap();
    assert!(ring.has(2) && !ring.may_seal_under((2, key.id())));
}

/// The phone hands out a key, the laptop builds on it and perhaps seals; then the tablet removes the phone
/// and lists nothing. What was sealed must open.
#[test]
fn keys_on_which_another_built_open_also_where_their_maker_is_out() {
    let home = Home::new();
    let tablet = DeviceKeys::generate(&mut rng(43));
    let mut records = home.admit(&home.laptop, &tablet, 3).to_vec();
    let key = VaultKey::generate(&mut rng(2));
    let wrapped = home.with(&records).wrap_for_active(2, &key, None, &mut rng(3)).unwrap();
    records.push(hand_over(home.vault, &home.phone, named(&key, 2, wrapped, Vec::new())).unwrap());
    let on = home.with(&records).begun[0].hash;
    records.push(home.removal(&tablet, home.phone.device_id(), Vec::new()));
    let holds = |records: &[Vec<u8>]| {
        let mut ring = Keyring::generate(home.vault, &mut rng(1));
        home.with(records).receive_keys(&tablet, &mut ring).unwrap();
        assert!(!ring.may_seal_under((2, key.id())));
        ring.holds(&(2, key.id()))
    };
    assert!(!holds(&records), "nobody can have sealed under it");
    let (phone, nothing) = (home.phone.device_id(), VersionVector::new());
    records.push(accept(home.vault, &home.laptop, phone, nothing, vec![on], 50).unwrap());
    assert!(holds(&records));
}

#[test]
fn a_list_under_a_key_that_is_over_brings_what_members_signed_that_stay() {
    let home = Home::new();
    let tablet = DeviceKeys::generate(&mut rng(43));
    let mut records = home.admit(&home.laptop, &tablet, 3).to_vec();
    records.push(home.removal(&home.laptop, home.phone.device_id(), Vec::new()));
    let here = home.with(&records);
    let by = |keys: &DeviceKeys| rename(home.vault, keys, keys.device_id(), "new", 90).unwrap();
    let (stays, out) = (by(&tablet), by(&home.phone));
    assert!(here.led_by(vec![out.clone()]).is_none());
    let with = here.led_by(vec![out.clone(), stays.clone()]).unwrap();
    assert!(with.records().contains(&stays) && !with.records().contains(&out));
    assert!(with.led_by(vec![out, stays]).is_none());
}

/// Whoever opens it was let in once, and learns no more than is needed.
#[test]
fn what_leads_to_a_removal_shows_it_and_says_little_else() {
    let home = Home::new();
    let keys: Vec<DeviceKeys> = (50..60).map(|seed| DeviceKeys::generate(&mut rng(seed))).collect();
    let mut records = Vec::new();
    for (actor, keys) in (10..).zip(&keys) {
        records.extend(home.admit(&home.laptop, keys, actor));
        records.push(rename(home.vault, keys, keys.device_id(), "a name", 90).unwrap());
    }
    let removal = home.removal(&home.phone, keys[3].device_id(), Vec::new());
    records.push(removal.clone());
    let members = home.with(&records);
    let few = members.leading_to(Hash::of(&removal)).unwrap();
    assert_eq!(few.len(), 6, "the first device, two that it let in, and the removal");
    let alone = Membership::from_records(home.vault, &few);
    assert!(!alone.is_active(keys[3].device_id()) && alone.is_active(home.phone.device_id()));
    assert!(members.leading_to(Hash::of(&records[0])).is_none());
}

/// The phone let the tablet in, which hears of the one who found the phone's invitation, and not yet that the
/// laptop built on the phone's having joined.
#[test]
fn which_of_two_joins_counts_can_be_shown_with_who_built_on_it() {
    let home = Home::new();
    let tablet = DeviceKeys::generate(&mut rng(43));
    let mut records = home.admit(&home.phone, &tablet, 3).to_vec();
    let join = home.with(&records).device(home.phone.device_id()).unwrap().join.unwrap();
    let found = (100..).find_map(|seed| {
        let keys = DeviceKeys::generate(&mut rng(seed));
        let who = who("found it", 9, 30);
        let found = super::join(home.vault, &keys, &home.invite, home.invite_hash, who).unwrap();
        let with = home.with(std::slice::from_ref(&found));
        with.is_active(keys.device_id()).then_some((keys.device_id(), found))
    });
    let (finder, found) = found.unwrap();
    records.push(found);
    let misled = home.with(&records);
    assert!(misled.is_active(finder) && !misled.is_active(tablet.device_id()));
    let (phone, nothing) = (home.phone.device_id(), VersionVector::new());
    records.push(accept(home.vault, &home.laptop, phone, nothing, vec![join], 50).unwrap());
    let knows = home.with(&records);
    assert!(knows.is_active(phone) && knows.is_active(tablet.device_id()));
    let few = knows.leading_to(Hash::of(&home.records[2])).unwrap();
    let led = misled.led_by(few).unwrap();
    assert!(led.is_active(phone) && led.is_active(tablet.device_id()) && !led.is_active(finder));
}

/// The laptop removes the phone, which removed the tablet before; the watch built on that. Whoever hears of both
/// removals needs the watch's word as well.
#[test]
fn a_removal_by_a_device_that_is_out_is_shown_with_who_built_on_it() {
    let home = Home::new();
    let [tablet, watch] = [43, 44].map(|seed| DeviceKeys::generate(&mut rng(seed)));
    let mut records = home.admit(&home.laptop, &tablet, 3).to_vec();
    records.extend(home.admit(&home.laptop, &watch, 4));
    let by_phone = home.removal(&home.phone, tablet.device_id(), Vec::new());
    let on = home.with(&[records.clone(), vec![by_phone.clone()]].concat());
    let (on, ..) = on.removals().next().unwrap();
    let by_laptop = home.removal(&home.laptop, home.phone.device_id(), Vec::new());
    let has_not_heard = home.with(&[records.clone(), vec![by_laptop.clone()]].concat());
    let (of, nothing) = (tablet.device_id(), VersionVector::new());
    records.push(accept(home.vault, &watch, of, nothing, vec![on], 50).unwrap());
    records.extend([by_phone.clone(), by_laptop]);
    let knows = home.with(&records);
    let ending = Hash::of(&by_phone);
    assert!(!knows.is_active(of) && knows.endings().contains_key(&ending));
    let few = knows.leading_to(ending).unwrap();
    let alone = Membership::from_records(home.vault, &few);
    assert!(knows.is_held_by(ending, &alone.holders(ending)));
    assert!(!knows.is_held_by(ending, &BTreeSet::new()));
    assert!(has_not_heard.is_active(of));
    assert!(!has_not_heard.led_by(few).unwrap().is_active(of));
}

/// The tablet removes the phone, the phone its own puppet, and the puppet the tablet: a circle. The laptop had built
/// on the puppet's removal, so that this one counts whatever becomes of the others, and the puppet's does not.
#[test]
fn a_removal_on_which_a_member_built_is_no_part_of_a_circle() {
    let home = Home::new();
    let [tablet, puppet] = [43, 44].map(|seed| DeviceKeys::generate(&mut rng(seed)));
    let mut records = home.admit(&home.laptop, &tablet, 3).to_vec();
    records.extend(home.admit(&home.phone, &puppet, 4));
    records.push(home.removal(&home.phone, puppet.device_id(), Vec::new()));
    let (on, ..) = home.with(&records).removals().next().unwrap();
    records.push(home.removal(&puppet, tablet.device_id(), Vec::new()));
    records.push(home.removal(&tablet, home.phone.device_id(), Vec::new()));
    assert!(!home.with(&records).is_active(tablet.device_id()), "nothing tells who was first");
    let (of, nothing) = (puppet.device_id(), VersionVector::new());
    records.push(accept(home.vault, &home.laptop, of, nothing, vec![on], 50).unwrap());
    let members = home.with(&records);
    assert!(members.is_active(tablet.device_id()) && !members.is_active(of));
    assert!(!members.is_active(home.phone.device_id()));
    let word = members.records_by(home.laptop.device_id());
    let removal = home.removal(&tablet, home.laptop.device_id(), word);
    let without = home.with(&[records, vec![removal]].concat());
    assert!(without.is_active(tablet.device_id()), "it lists that the laptop had built on it");
    assert!(!without.is_active(home.laptop.device_id()));
}

/// The phone hands a key without a name to the laptop alone, and may write under it.
#[test]
fn of_a_key_without_a_name_it_is_told_who_lacks_it() {
    let home = Home::new();
    let tablet = DeviceKeys::generate(&mut rng(43));
    let mut records = home.admit(&home.laptop, &tablet, 3).to_vec();
    let key = VaultKey::generate(&mut rng(2));
    let mut wrapped = home.with(&records).wrap_for_active(2, &key, None, &mut rng(3)).unwrap();
    wrapped.retain(|of| of.device == home.laptop.device_id());
    records.push(home.hand_over(&home.phone, 2, wrapped));
    let ring = |records: &[Vec<u8>], keys: &DeviceKeys| {
        let mut ring = Keyring::generate(home.vault, &mut rng(1));
        home.with(records).receive_keys(keys, &mut ring).unwrap();
        ring
    };
    let members = home.with(&records);
    assert!(members.say_lacking(&home.laptop, &ring(&records, &home.laptop)).unwrap().is_none());
    assert!(members.lacked_keys(home.laptop.device_id(), &ring(&records, &home.laptop)).is_empty());
    let lacks = members.say_lacking(&tablet, &ring(&records, &tablet)).unwrap();
    records.push(lacks.unwrap());
    let members = home.with(&records);
    assert!(members.say_lacking(&tablet, &ring(&records, &tablet)).unwrap().is_none());
    let here = ring(&records, &home.laptop);
    assert_eq!(
        members.lacked_keys(home.laptop.device_id(), &here),
        BTreeSet::from([(2, key.id())])
    );
    assert!(!here.without(&members.lacked_keys(home.laptop.device_id(), &here)).has(2));
}

/// The tablet was let in by the phone alone, which the laptop removes and does not list: so it never entered. That the
/// watch had built on what it signed does not let a removal of it count before that is known.
#[test]
fn a_removal_whose_maker_merely_hangs_is_not_heard_first() {
    let home = Home::new();
    let [hand, tablet, watch] = [43, 44, 45].map(|seed| DeviceKeys::generate(&mut rng(seed)));
    let mut records = home.admit(&home.laptop, &tablet, 3).to_vec();
    records.extend(home.admit(&home.laptop, &watch, 4));
    records.extend(home.admit(&home.phone, &hand, 5));
    let by_hand = home.removal(&hand, tablet.device_id(), Vec::new());
    records.push(by_hand);
    let (on, ..) = home.with(&records).removals().next().unwrap();
    records.push(home.removal(&home.phone, hand.device_id(), vec![on]));
    let (of, nothing) = (tablet.device_id(), VersionVector::new());
    records.push(accept(home.vault, &watch, of, nothing, vec![on], 50).unwrap());
    assert!(!home.with(&records).is_active(of));
    records.push(home.removal(&home.laptop, home.phone.device_id(), Vec::new()));
    let members = home.with(&records);
    assert!(members.device(hand.device_id()).is_none(), "it never entered");
    let again = Membership::from_records(home.vault, members.records());
    assert_eq!(again.devices(), members.devices());
    let removals: Vec<DeviceId> = members.removals().map(|(_, of, _)| of).collect();
    for device in members.removed() {
        assert!(removals.contains(&device), "whoever is out is out by a record that counts");
    }
}

/// A record that handed out a key was dropped before anybody said that it lacks the key.
#[test]
fn a_key_of_which_no_record_is_left_may_be_anybodys() {
    let home = Home::new();
    let mut ring = Keyring::generate(home.vault, &mut rng(1));
    let key = VaultKey::generate(&mut rng(2));
    let of = (2, key.id());
    ring.insert(2, key).unwrap();
    let members = home.with(&[]);
    let first = ring.iter().next().map(|(epoch, key)| (epoch, key.id())).unwrap();
    let ring = ring.sealing_under(first);
    assert_eq!(members.lacked_keys(home.laptop.device_id(), &ring), BTreeSet::from([of]));
}
