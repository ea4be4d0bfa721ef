//! What one device signs again and again, under hashes and times of its own choice, and that it takes
//! nothing from others: neither what they built on, nor keys, nor time.

use super::*;
use crate::limits;

/// Laptop and phone, and a tablet and a watch that the laptop let in.
fn four() -> (Home, [DeviceKeys; 2], Vec<Vec<u8>>) {
    let home = Home::new();
    let (tablet, watch) = (DeviceKeys::generate(&mut rng(21)), DeviceKeys::generate(&mut rng(22)));
    let mut records = home.admit(&home.laptop, &tablet, 3).to_vec();
    records.extend(home.admit(&home.laptop, &watch, 4));
    (home, [tablet, watch], records)
}

fn id(number: u64) -> ActorId {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    ActorId(id)
}

fn says(home: &Home, by: &DeviceKeys, about: DeviceId, on: Vec<Hash>) -> Vec<u8> {
    accept(home.vault, by, about, VersionVector::new(), on, 50).unwrap()
}

#[test]
fn an_identity_that_another_built_on_is_not_displaced_by_further_ones() {
    let (home, [tablet, watch], mut records) = four();
    let phone = home.phone.device_id();
    // More than the others keep of one device, some of which were used; all are kept that were.
    let used: Vec<ActorId> = (0..40).map(|number| id(u64::MAX - number)).collect();
    for (number, used) in (1000..).zip(&used) {
        records.push(new_actor(home.vault, &home.phone, *used, number).unwrap());
    }
    let on: Vec<Hash> = home.with(&records).identities().map(|(hash, ..)| hash).collect();
    let (first, rest) = on.split_at(20);
    records.push(says(&home, &tablet, phone, first.to_vec()));
    records.push(says(&home, &watch, phone, rest.to_vec()));
    for number in 0..200 {
        records.push(new_actor(home.vault, &home.phone, id(number), number).unwrap());
    }
    let members = home.with(&records);
    let of_it = &members.device(phone).unwrap().actors;
    assert!(used.iter().all(|used| of_it.contains(used)));
    assert_eq!(of_it.len(), 1 + limits::IDENTITIES);
    // Nor do others count for its own word.
    records.truncate(records.len() - 200);
    records.push(says(&home, &home.phone, phone, on));
    assert_eq!(home.with(&records).device(phone).unwrap().actors.len(), 41);
}

#[test]
fn a_device_that_another_built_on_is_not_displaced_by_those_let_in_later() {
    let (home, [tablet, watch], mut records) = four();
    let guest = DeviceKeys::generate(&mut rng(23));
    records.extend(home.admit(&home.phone, &guest, 5));
    let join = home.with(&records).device(guest.device_id()).unwrap().join.unwrap();
    records.push(says(&home, &tablet, guest.device_id(), vec![join]));
    for number in 0..150 {
        let (mut seeds, key) = (rng(5000 + number), InviteKey::generate(&mut rng(6000 + number)));
        let keys = DeviceKeys::generate(&mut seeds);
        let (invited, hash) = super::invite(home.vault, &home.phone, &key, None, number).unwrap();
        records.push(invited);
        records.push(join_as(&home, &keys, &key, hash));
    }
    let members = home.with(&records);
    for keys in [&home.laptop, &home.phone, &tablet, &watch, &guest] {
        assert!(members.is_active(keys.device_id()));
    }
    let by_it = members.devices().iter();
    let by_it = by_it.filter(|device| device.invited_by == Some(home.phone.device_id())).count();
    assert!(by_it <= limits::ADMITTED + 1, "{by_it}");
}

fn join_as(home: &Home, keys: &DeviceKeys, key: &InviteKey, invite: Hash) -> Vec<u8> {
    let who = Introduction { name: "x", platform: "x", actor: id(77), time: 0 };
    join(home.vault, keys, key, invite, who).unwrap()
}

#[test]
fn keys_that_another_built_on_are_not_displaced_by_further_ones() {
    let (home, [tablet, _], mut records) = four();
    let (mut rng, members) = (rng(7), home.with(&records));
    let key = VaultKey::generate(&mut rng);
    let wrapped = members.wrap_for_active(2, &key, None, &mut rng).unwrap();
    let handed = home.hand_over(&home.phone, 2, wrapped[..1].to_vec());
    records.push(handed.clone());
    let on: Vec<Hash> = home.with(&records).records_by(home.phone.device_id());
    records.push(says(&home, &tablet, home.phone.device_id(), on));
    for _ in 0..100 {
        let key = VaultKey::generate(&mut rng);
        let wrapped = members.wrap_for_active(2, &key, None, &mut rng).unwrap();
        records.push(home.hand_over(&home.phone, 2, wrapped));
    }
    let members = home.with(&records);
    assert!(members.records().contains(&handed));
    assert!(members.records().len() <= 9 + limits::FEW);
}

/// Whoever says more says all of it again, and the shorter word goes.
#[test]
fn what_a_device_built_on_is_one_record_that_grows() {
    let (home, [tablet, watch], mut records) = four();
    let on =
        |keys: &DeviceKeys| home.with(&records).device(keys.device_id()).unwrap().join.unwrap();
    let (one, two) = (on(&tablet), on(&watch));
    let of = tablet.device_id();
    let short = says(&home, &home.phone, of, vec![one]);
    let long = says(&home, &home.phone, of, vec![one, two]);
    let other = says(&home, &home.phone, watch.device_id(), vec![one]);
    records.extend([short.clone(), long.clone(), other.clone()]);
    let members = home.with(&records);
    assert!(!members.records().contains(&short));
    assert!(members.records().contains(&long) && members.records().contains(&other));
    assert_eq!(members.said(home.phone.device_id(), of), [one, two]);
    assert_eq!(members.problems(), []);
}

#[test]
fn an_identity_that_follows_from_a_device_is_nobody_elses() {
    let home = Home::new();
    let (laptop, phone) = (home.laptop.device_id(), home.phone.device_id());
    let own = ActorId::own(phone, [1, 2, 3]);
    assert_eq!((own.is_of(phone), own.is_of(laptop)), (Some(true), Some(false)));
    assert_eq!(ActorId([7; 16]).is_of(phone), None, "those of before tell nothing");
    assert_eq!(own.branch_number(), None);
    let stolen = new_actor(home.vault, &home.laptop, own, 1).unwrap();
    let taken = new_actor(home.vault, &home.phone, own, 2).unwrap();
    // Whatever comes first: it never counts, so no change under it is ever taken in.
    let members = home.with(std::slice::from_ref(&stolen));
    assert_eq!(members.device_of(own), None);
    assert!(matches!(problem_of(&members, &stolen), Some(Problem::Malformed(_))));
    let members = home.with(&[stolen, taken]);
    assert_eq!(members.device_of(own).unwrap().id, phone);
    assert_eq!(members.claims().count(), 0);
}

#[test]
fn an_identity_belongs_to_whom_it_entered_with_rather_than_to_whom_took_it_later() {
    let home = Home::new();
    let phone = home.phone.device_id();
    let claim = new_actor(home.vault, &home.laptop, ActorId([2; 16]), 0).unwrap();
    let members = home.with(&[claim]);
    assert_eq!(members.claims().count(), 0, "nothing is left for what is held to decide");
    assert_eq!(members.device_of(ActorId([2; 16])).unwrap().id, phone);
}

/// However many keys one device hands out, the ring takes up its own and those that are clean.
#[test]
fn a_full_keyring_stops_no_removal() {
    let (home, [tablet, watch], mut records) = four();
    let mut rng = rng(8);
    let mut ring = Keyring::generate(home.vault, &mut rng);
    while ring.iter().count() < limits::KEYS {
        ring.insert(2, VaultKey::generate(&mut rng)).unwrap();
    }
    let first = ring.of(1).next().cloned().unwrap();
    let members = home.with(&records);
    // One record that wraps many keys for one device hands it one of them.
    let mut many = Vec::new();
    for _ in 0..50 {
        let key = VaultKey::generate(&mut rng);
        let wrapped = members.wrap_for_active(2, &key, None, &mut rng).unwrap();
        many.extend(wrapped.into_iter().filter(|of| of.device == tablet.device_id()));
    }
    let many = home.hand_over(&home.phone, 2, many);
    let mut small = Keyring::generate(home.vault, &mut rng);
    assert_eq!(
        home.with(&[&records[..], &[many]].concat()).receive_keys(&tablet, &mut small),
        Ok(1)
    );
    let key = VaultKey::generate(&mut rng);
    let device = watch.device_id();
    let wrapped = members.wrap_for_active(2, &key, Some(device), &mut rng).unwrap();
    let removing = Removing {
        device,
        accepted: VersionVector::new(),
        records: Vec::new(),
        epoch: 2,
        wrapped,
        key: Some(key.id()),
        without: Some(vec![device]),
        time: 60,
    };
    records.push(remove(home.vault, &tablet, removing).unwrap());
    let members = home.with(&records);
    members.receive_keys(&tablet, &mut ring).unwrap();
    assert_eq!(ring.iter().count(), limits::KEYS);
    assert_eq!(ring.in_use(), Some((2, key.id())));
    assert_eq!(ring.of(1).next(), Some(&first), "the first one stays");
    assert!(Keyring::decode(&ring.encode()).is_ok());
}

/// A key of which one member says that it does not open is handed to it by whoever seals under it.
#[test]
fn a_key_with_a_wrap_that_does_not_open_is_handed_on() {
    let (home, [tablet, watch], mut records) = four();
    let mut rng = rng(9);
    let first = Keyring::generate(home.vault, &mut rng);
    let device = watch.device_id();
    let members = home.with(&records);
    let key = VaultKey::generate(&mut rng);
    let mut wrapped = members.wrap_for_active(2, &key, Some(device), &mut rng).unwrap();
    // The phone removes the watch, and wraps something else for the tablet.
    let other = VaultKey::generate(&mut rng);
    let others = members.wrap_for_active(2, &other, Some(device), &mut rng).unwrap();
    for (of, other) in wrapped.iter_mut().zip(others) {
        if of.device == tablet.device_id() {
            *of = other;
        }
    }
    let removing = Removing {
        device,
        accepted: VersionVector::new(),
        records: Vec::new(),
        epoch: 2,
        wrapped,
        key: Some(key.id()),
        without: Some(vec![device]),
        time: 60,
    };
    records.push(remove(home.vault, &home.phone, removing).unwrap());
    let (mut laptops, mut tablets) = (first.clone(), first);
    let members = home.with(&records);
    members.receive_keys(&home.laptop, &mut laptops).unwrap();
    members.receive_keys(&tablet, &mut tablets).unwrap();
    assert_eq!(laptops.in_use(), Some((2, key.id())));
    assert!(!tablets.can_seal());
    assert_eq!(members.hand_on(&home.laptop, &laptops).unwrap(), None, "nothing tells of it yet");
    let said = members.say_lacking(&tablet, &tablets).unwrap().unwrap();
    records.push(said);
    let members = home.with(&records);
    assert_eq!(members.say_lacking(&tablet, &tablets).unwrap(), None, "once is enough");
    let (handed, _) = members.hand_on(&home.laptop, &laptops).unwrap().unwrap();
    assert_eq!(members.hand_on(&home.laptop, &laptops).unwrap().unwrap().0, handed);
    records.push(handed);
    let members = home.with(&records);
    assert_eq!(members.receive_keys(&tablet, &mut tablets).unwrap(), 1);
    assert_eq!(tablets.in_use(), Some((2, key.id())));
    assert_eq!(members.hand_on(&home.laptop, &laptops).unwrap(), None);
    // Who says of everything that it lacks it is handed it once, and is out of the way.
    let of = members.records_by(home.laptop.device_id());
    records.push(lacks(home.vault, &home.phone, of, 61).unwrap());
    let members = home.with(&records);
    assert_eq!(members.hand_on(&home.laptop, &laptops).unwrap(), None);
    members.receive_keys(&home.laptop, &mut laptops).unwrap();
    assert_eq!(laptops.in_use(), Some((2, key.id())));
}

/// Somebody shows a member the key of an epoch, and not the removal with which it began.
#[test]
fn a_key_that_leaves_a_member_out_is_not_handed_to_it() {
    let (home, [tablet, watch], mut records) = four();
    let mut rng = rng(10);
    let mut ring = Keyring::generate(home.vault, &mut rng);
    records.push(home.removal(&home.laptop, watch.device_id(), Vec::new()));
    let key = VaultKey::generate(&mut rng);
    let members = home.with(&records);
    let phone = home.phone.device_id();
    let wrapped = members.wrap_for_active(3, &key, Some(phone), &mut rng).unwrap();
    let without = Some(vec![watch.device_id(), phone]);
    let handing = HandingOver { epoch: 3, wrapped, key: Some(key.id()), without, time: 70 };
    let handed = hand_over(home.vault, &home.laptop, handing).unwrap();
    records.push(handed);
    records.push(says(&home, &home.phone, tablet.device_id(), Vec::new()));
    let members = home.with(&records);
    assert_eq!(members.receive_keys(&tablet, &mut ring).unwrap(), 1);
    assert!(!ring.can_seal());
    assert_eq!(members.hand_on(&tablet, &ring).unwrap(), None);
    // With the removal it is good.
    records.push(home.removal(&home.laptop, phone, Vec::new()));
    home.with(&records).receive_keys(&tablet, &mut ring).unwrap();
    assert_eq!(ring.in_use(), Some((3, key.id())));
}

/// Removing a device a thousand times is removing it once.
#[test]
fn removals_of_one_device_by_another_are_one() {
    let (home, [tablet, watch], mut records) = four();
    let before = home.with(&records).joins();
    let log = holdfast_oplog::LogId { space: Space::Everywhere, actor: ActorId([2; 16]) };
    let accepted: VersionVector = [(log, 7)].into_iter().collect();
    let once = home.removal(&home.phone, watch.device_id(), before.clone());
    records.push(once);
    let one = home.with(&records);
    for number in 0..1000 {
        let mut listed = before.clone();
        listed.extend((0..500_u64).map(|n| Hash::of(&(number * 1000 + n).to_be_bytes())));
        let removing = Removing {
            device: watch.device_id(),
            accepted: accepted.clone(),
            records: listed,
            epoch: 2,
            wrapped: Vec::new(),
            key: None,
            without: None,
            time: 60,
        };
        records.push(remove(home.vault, &home.phone, removing).unwrap());
    }
    let many = home.with(&records);
    assert_eq!(many.device(watch.device_id()), one.device(watch.device_id()));
    assert!(many.is_active(tablet.device_id()));
    assert_eq!(many.endings().len(), 1, "one of them is enough for those who were away");
}
