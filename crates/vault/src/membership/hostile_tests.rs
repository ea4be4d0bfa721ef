//! Records by devices with changed software: what each can do to the others, and what it cannot.

use super::*;
use crate::limits;

/// One device let in by each of the first two.
fn four() -> (Home, [DeviceKeys; 2], Vec<Vec<u8>>) {
    let home = Home::new();
    let (tablet, watch) = (DeviceKeys::generate(&mut rng(21)), DeviceKeys::generate(&mut rng(22)));
    let mut records = home.admit(&home.laptop, &tablet, 3).to_vec();
    records.extend(home.admit(&home.phone, &watch, 4));
    (home, [tablet, watch], records)
}

fn names(members: &Membership) -> Vec<DeviceId> {
    let mut ids: Vec<DeviceId> = members.active().map(|device| device.id).collect();
    ids.sort();
    ids
}

fn ids(keys: &[&DeviceKeys]) -> Vec<DeviceId> {
    let mut ids: Vec<DeviceId> = keys.iter().map(|keys| keys.device_id()).collect();
    ids.sort();
    ids
}

/// All that are in build on each other, as honest devices do once they hear of each other.
fn all_build(home: &Home, records: &mut Vec<Vec<u8>>, all: &[&DeviceKeys]) {
    let members = home.with(records);
    for by in all {
        for device in members.active().filter(|device| device.id != by.device_id()) {
            let Some(join) = device.join else { continue };
            let nothing = VersionVector::new();
            records.push(accept(home.vault, by, device.id, nothing, vec![join], 50).unwrap());
        }
    }
}

/// C6: a stolen first laptop that was removed signs a removal of the phone.
#[test]
fn a_stolen_first_device_takes_its_remover_with_it_and_nobody_else() {
    let (home, [tablet, watch], mut records) = four();
    let laptop = home.laptop.device_id();
    all_build(&home, &mut records, &[&home.laptop, &home.phone, &tablet, &watch]);
    let listed = home.with(&records).records_by(laptop);
    records.push(home.removal(&home.phone, laptop, listed));
    // The thief lets in a device of his own.
    let thief = DeviceKeys::generate(&mut rng(23));
    records.extend(home.admit(&home.laptop, &thief, 9));
    let stay = ids(&[&home.phone, &tablet, &watch]);
    assert_eq!(names(&home.with(&records)), stay);
    // It removes others, and is not heard; it removes its remover, and that one is out.
    records.push(home.removal(&home.laptop, tablet.device_id(), Vec::new()));
    records.push(home.removal(&thief, tablet.device_id(), Vec::new()));
    assert_eq!(names(&home.with(&records)), stay);
    records.push(home.removal(&home.laptop, home.phone.device_id(), Vec::new()));
    assert_eq!(names(&home.with(&records)), ids(&[&tablet, &watch]));
    // With a second set of devices that says of the first one what that says of it, nobody can tell the
    // two apart: then nobody is in, and the thief neither.
    records.push(home.removal(&thief, laptop, Vec::new()));
    records.push(home.removal(&thief, home.phone.device_id(), Vec::new()));
    let left = names(&home.with(&records));
    assert!(!left.contains(&thief.device_id()) && !left.contains(&laptop));
}

/// Who removes somebody below itself can be followed by all that this one let in.
#[test]
fn what_a_removed_device_lets_in_is_a_part_of_itself() {
    let (home, [tablet, watch], mut records) = four();
    let phone = home.phone.device_id();
    all_build(&home, &mut records, &[&home.laptop, &home.phone, &tablet, &watch]);
    let listed = home.with(&records).records_by(phone);
    records.push(home.removal(&tablet, phone, listed));
    let thief = DeviceKeys::generate(&mut rng(23));
    records.extend(home.admit(&home.phone, &thief, 9));
    for of in [home.laptop.device_id(), phone, watch.device_id()] {
        records.push(home.removal(&thief, of, Vec::new()));
    }
    let stay = ids(&[&home.laptop, &tablet, &watch]);
    assert_eq!(names(&home.with(&records)), stay);
    records.push(home.removal(&thief, tablet.device_id(), Vec::new()));
    assert_eq!(names(&home.with(&records)), ids(&[&home.laptop, &watch]));
}

/// A revenge with an empty list does not throw out whom the remover had let in: somebody had built on it.
#[test]
fn whom_the_remover_let_in_stays_where_another_had_built_on_it() {
    let (home, [tablet, watch], mut records) = four();
    let (laptop, phone) = (home.laptop.device_id(), home.phone.device_id());
    let before = home.with(&records);
    let join = |of: &DeviceKeys| before.device(of.device_id()).unwrap().join.unwrap();
    // The phone, before it was stolen, built on the tablet; the tablet on the watch.
    let vouch = |by: &DeviceKeys, of: &DeviceKeys| {
        let nothing = VersionVector::new();
        accept(home.vault, by, of.device_id(), nothing, vec![join(of)], 50).unwrap()
    };
    records.push(vouch(&home.phone, &tablet));
    records.push(vouch(&tablet, &watch));
    let listed = home.with(&records).records_by(phone);
    records.push(home.removal(&home.laptop, phone, listed));
    records.push(home.removal(&home.phone, laptop, Vec::new()));
    assert_eq!(names(&home.with(&records)), ids(&[&tablet, &watch]));
}

/// Where nothing shows that anybody built on it, it holds for those that were let in before.
#[test]
fn an_invitation_names_whom_its_maker_knew() {
    let home = Home::new();
    let (laptop, phone) = (home.laptop.device_id(), home.phone.device_id());
    let tablet = DeviceKeys::generate(&mut rng(24));
    let watch = DeviceKeys::generate(&mut rng(25));
    let key = InviteKey::generate(&mut rng(26));
    let knows = home.with(&[]).joins();
    assert_eq!(knows.len(), 1);
    let (invited, hash) = invite_knowing(home.vault, &home.laptop, &key, None, 40, knows).unwrap();
    let joined = join(home.vault, &tablet, &key, hash, who("tablet", 3, 50)).unwrap();
    let mut records = vec![invited, joined];
    records.extend(home.admit(&home.laptop, &watch, 5));
    let listed = home.with(&records).records_by(tablet.device_id());
    records.push(home.removal(&home.laptop, tablet.device_id(), listed));
    records.push(home.removal(&tablet, laptop, Vec::new()));
    let members = home.with(&records);
    assert_eq!(names(&members), [phone], "the watch came later, and nobody built on it");
    // As soon as one that stays did, it stays too.
    let join = home.with(&records[..4]).device(watch.device_id()).unwrap().join.unwrap();
    let nothing = VersionVector::new();
    let vouched =
        accept(home.vault, &home.phone, watch.device_id(), nothing, vec![join], 55).unwrap();
    records.push(vouched);
    assert_eq!(names(&home.with(&records)), ids(&[&home.phone, &watch]));
}

/// Where a circle leaves nobody, those stay whom its first device let in.
#[test]
fn a_circle_of_two_does_not_leave_the_vault_empty() {
    let home = Home::new();
    let tablet = DeviceKeys::generate(&mut rng(5));
    let mut records = home.admit(&home.laptop, &tablet, 3).to_vec();
    let (laptop, phone) = (home.laptop.device_id(), home.phone.device_id());
    let listed = home.with(&records).records_by(phone);
    records.push(home.removal(&home.laptop, phone, listed));
    records.push(home.removal(&home.phone, laptop, Vec::new()));
    // What the phone lets in afterwards stays out nevertheless.
    let thief = DeviceKeys::generate(&mut rng(23));
    records.extend(home.admit(&home.phone, &thief, 9));
    assert_eq!(names(&home.with(&records)), ids(&[&tablet]));
}

/// A removal of another device, once somebody built on it, does not fall with its maker.
#[test]
fn nobody_comes_back_when_its_remover_is_removed() {
    let (home, [tablet, watch], mut records) = four();
    let laptop = home.laptop.device_id();
    // The phone does not know of the other removal when it removes the laptop.
    let listed = home.with(&records).records_by(laptop);
    let removed = home.removal(&home.laptop, watch.device_id(), Vec::new());
    records.push(removed);
    let hash = home.with(&records).removals().next().unwrap().0;
    records.push(home.removal(&home.phone, laptop, listed));
    let members = home.with(&records);
    assert_eq!(names(&members), ids(&[&home.phone, &tablet, &watch]));
    let nothing = VersionVector::new();
    let built = accept(home.vault, &tablet, watch.device_id(), nothing, vec![hash], 61).unwrap();
    records.push(built);
    assert_eq!(names(&home.with(&records)), ids(&[&home.phone, &tablet]));
}

/// C6: an invitation that is found later lets its finder search for a smaller hash.
#[test]
fn a_join_on_which_a_member_built_stands_against_a_smaller_hash() {
    let home = Home::new();
    let phone = home.phone.device_id();
    let own = home.with(&[]).device(phone).unwrap().join.unwrap();
    let nothing = VersionVector::new();
    let built = accept(home.vault, &home.laptop, phone, nothing, vec![own], 31).unwrap();
    let mut displaced = 0;
    for seed in 0..40 {
        let finder = DeviceKeys::generate(&mut rng(1000 + seed));
        let other =
            join(home.vault, &finder, &home.invite, home.invite_hash, who("f", 3, 31)).unwrap();
        displaced += usize::from(!home.with(std::slice::from_ref(&other)).is_active(phone));
        let members = home.with(&[other.clone(), built.clone()]);
        assert!(members.is_active(phone) && !members.is_active(finder.device_id()));
        assert_eq!(problem_of(&members, &other), Some(Problem::InviteUsed));
    }
    assert!(displaced > 0, "no smaller hash was among them");
}

/// A guest helps in somebody who found the phone's invitation, by handing it a key, and that one removes the phone.
/// Whoever removes the guest has heard of neither: the finder is a part of the guest.
#[test]
fn whoever_is_in_by_a_removed_devices_word_alone_is_a_part_of_it() {
    let home = Home::new();
    let (guest, finder) = (DeviceKeys::generate(&mut rng(61)), DeviceKeys::generate(&mut rng(62)));
    let phone = home.phone.device_id();
    let mut records = home.admit(&home.laptop, &guest, 5).to_vec();
    let own = home.with(&[]).device(phone).unwrap().join.unwrap();
    records.push(
        accept(home.vault, &home.laptop, phone, VersionVector::new(), vec![own], 31).unwrap(),
    );
    let listed = home.with(&records).records_by(guest.device_id());
    records
        .push(join(home.vault, &finder, &home.invite, home.invite_hash, who("f", 6, 31)).unwrap());
    let key = VaultKey::generate(&mut rng(2));
    let public = finder.public();
    let key = crate::epochs::wrap_key(home.vault, 2, &key, &public, &mut rng(3)).unwrap();
    let wrapped = vec![Wrapped { device: finder.device_id(), key }];
    records.push(home.hand_over(&guest, 2, wrapped));
    records.push(home.removal(&finder, phone, Vec::new()));
    assert!(!home.with(&records).is_active(phone), "the guest is a member, and could have done it");
    records.push(home.removal(&home.laptop, guest.device_id(), listed));
    let members = home.with(&records);
    assert!(members.is_active(phone) && members.device(finder.device_id()).is_none());
    assert!(!members.is_active(guest.device_id()));
}

/// A guest lets others in by invitations that it uses twice, and a sybil of its own builds on them. Two of them remove
/// the guest without having heard of each other: they do not hang on the sybil, since they list how they came.
#[test]
fn two_that_remove_one_device_do_not_hang_on_what_it_lets_in() {
    let home = Home::new();
    let (guest, sybil) = (DeviceKeys::generate(&mut rng(65)), DeviceKeys::generate(&mut rng(66)));
    let mut records = home.admit(&home.laptop, &guest, 5).to_vec();
    let (mut removers, mut joins) = (Vec::new(), Vec::new());
    for actor in [10, 20] {
        let remover = DeviceKeys::generate(&mut rng(u64::from(actor)));
        let key = InviteKey::generate(&mut rng(100 + u64::from(actor)));
        let (invited, hash) = super::super::invite(home.vault, &guest, &key, None, 40).unwrap();
        records.push(invited);
        records.push(join(home.vault, &remover, &key, hash, who("r", actor, 50)).unwrap());
        joins.push((key, hash, remover.device_id()));
        removers.push(remover);
    }
    for remover in &removers {
        let listed = home.with(&records).records_by(guest.device_id());
        records.push(home.removal(remover, guest.device_id(), listed));
    }
    let stay: Vec<&DeviceKeys> = [&home.laptop, &home.phone].into_iter().chain(&removers).collect();
    assert_eq!(names(&home.with(&records)), ids(&stay));
    // Long afterwards: the sybil, other joins by the same invitations, and the sybil's word for the removers.
    records.extend(home.admit(&guest, &sybil, 30));
    for (actor, (key, hash, _)) in (40..).zip(&joins) {
        let other = DeviceKeys::generate(&mut rng(200 + u64::from(actor)));
        records.push(join(home.vault, &other, key, *hash, who("o", actor, 51)).unwrap());
    }
    let own: Vec<(DeviceId, Vec<Hash>)> = [10, 20]
        .iter()
        .flat_map(|actor| home.with(&records).claims_of(ActorId([*actor; 16])).to_vec())
        .map(|claim| (claim.device, claim.join.into_iter().collect()))
        .collect();
    for (device, own) in own {
        records.push(accept(home.vault, &sybil, device, VersionVector::new(), own, 60).unwrap());
    }
    assert_eq!(names(&home.with(&records)), ids(&stay));
}

/// The laptop invited a guest when it knew the phone. Somebody finds the phone's invitation, and the phone removes
/// the guest: that the laptop knew the phone counts all the same.
#[test]
fn who_invites_says_itself_whom_it_knew() {
    let home = Home::new();
    let phone = home.phone.device_id();
    let guest = DeviceKeys::generate(&mut rng(63));
    let key = InviteKey::generate(&mut rng(64));
    let knows = home.with(&[]).joins();
    let (invited, hash) = invite_knowing(home.vault, &home.laptop, &key, None, 40, knows).unwrap();
    let joined = join(home.vault, &guest, &key, hash, who("guest", 5, 50)).unwrap();
    let (mut displaced, base) = (0, vec![invited, joined]);
    for seed in 0..40 {
        let finder = DeviceKeys::generate(&mut rng(1000 + seed));
        let other =
            join(home.vault, &finder, &home.invite, home.invite_hash, who("f", 6, 31)).unwrap();
        displaced += usize::from(!home.with(std::slice::from_ref(&other)).is_active(phone));
        let mut records = base.clone();
        records.push(other);
        records.push(home.removal(&home.phone, guest.device_id(), Vec::new()));
        let members = home.with(&records);
        assert!(members.is_active(phone) && !members.is_active(guest.device_id()));
        assert!(!members.is_active(finder.device_id()));
    }
    assert!(displaced > 0, "no smaller hash was among them");
}

/// C3, C4: epochs that nothing leads up to.
#[test]
fn an_epoch_counts_only_where_the_one_before_it_does() {
    let (home, [tablet, _], mut records) = four();
    let mut rng = rng(7);
    let ring = Keyring::generate(home.vault, &mut rng);
    for epoch in [1000, u32::MAX] {
        let key = VaultKey::generate(&mut rng);
        let wrapped = home.with(&records).wrap_for_active(epoch, &key, None, &mut rng).unwrap();
        records.push(home.hand_over(&home.phone, epoch, wrapped));
    }
    let members = home.with(&records);
    assert_eq!(members.epoch(), 1);
    for far in &records[4..] {
        assert_eq!(problem_of(&members, far), Some(Problem::EpochAhead));
        assert!(members.records().contains(far), "more records might lead up to it");
    }
    let mut held = ring.clone();
    // As an older app had taken it up.
    held.insert(1000, VaultKey::generate(&mut rng)).unwrap();
    members.receive_keys(&home.laptop, &mut held).unwrap();
    assert_eq!(held.current(), 1, "never sealed under");
    // And whoever made them is removed like everybody else.
    assert_eq!(members.next_epoch().unwrap(), 2);
    let phone = home.phone.device_id();
    records.push(home.removal(&home.laptop, phone, members.records_by(phone)));
    let members = home.with(&records);
    assert!(!members.is_active(phone) && members.is_active(tablet.device_id()));
    assert_eq!(members.epoch(), 2);
    assert_eq!(members.next_epoch().unwrap(), 3);
}

/// Nothing is sealed under a key that a removed device had, whoever began its epoch.
#[test]
fn only_a_key_that_nobody_has_who_is_out_seals() {
    let (home, [tablet, watch], mut records) = four();
    let mut rng = rng(7);
    let mut ring = Keyring::generate(home.vault, &mut rng);
    let (laptop, phone) = (home.laptop.device_id(), home.phone.device_id());
    let removing = |by: &DeviceKeys, of: DeviceId, records: &[Vec<u8>], rng: &mut ChaCha20Rng| {
        let members = home.with(records);
        let key = VaultKey::generate(rng);
        let wrapped = members.wrap_for_active(2, &key, Some(of), rng).unwrap();
        let removing = Removing {
            device: of,
            accepted: VersionVector::new(),
            records: members.records_by(of),
            epoch: 2,
            wrapped,
            key: Some(key.id()),
            without: Some(vec![of]),
            time: 60,
        };
        (remove(home.vault, by, removing).unwrap(), key)
    };
    // Two devices are removed at once, each by one that does not know of the other removal.
    let before = records.clone();
    let (first, one) = removing(&tablet, phone, &before, &mut rng);
    let (second, two) = removing(&watch, laptop, &before, &mut rng);
    records.push(first);
    let members = home.with(&records);
    members.receive_keys(&tablet, &mut ring).unwrap();
    assert!(ring.can_seal() && ring.current() == 2);
    records.push(second);
    let members = home.with(&records);
    assert_eq!(names(&members), ids(&[&tablet, &watch]));
    members.receive_keys(&tablet, &mut ring).unwrap();
    assert!(ring.of(2).any(|key| *key == one) && ring.of(2).any(|key| *key == two));
    assert!(!ring.can_seal(), "the laptop has the one, the phone the other");
    // Whoever stays begins one; doing it again makes the same.
    let begun = members.begin_epoch(&tablet).unwrap();
    assert_eq!(begun.record, members.begin_epoch(&tablet).unwrap().record);
    assert_eq!(begun.epoch, 3);
    records.push(begun.record);
    let members = home.with(&records);
    for keys in [&tablet, &watch] {
        let mut ring = ring.clone();
        members.receive_keys(keys, &mut ring).unwrap();
        assert_eq!((ring.can_seal(), ring.current()), (true, 3));
    }
    for keys in [&home.laptop, &home.phone] {
        let mut other = ring.clone();
        assert_eq!(members.receive_keys(keys, &mut other).unwrap(), 0);
    }
    // A revenge that begins an epoch does not count as one.
    let revenge = home.removal(&home.phone, tablet.device_id(), Vec::new());
    records.push(revenge);
    let members = home.with(&records);
    assert_eq!(names(&members), ids(&[&watch]));
    members.receive_keys(&watch, &mut ring).unwrap();
    assert!(!ring.can_seal(), "the tablet has it");
    let begun = members.begin_epoch(&watch).unwrap();
    records.push(begun.record);
    home.with(&records).receive_keys(&watch, &mut ring).unwrap();
    assert_eq!((ring.can_seal(), ring.current()), (true, begun.epoch));
}

/// C2, C5: however much one device signs, the others keep little of it, and all of what others signed.
#[test]
fn one_device_cannot_crowd_out_the_others() {
    let (home, [tablet, watch], mut records) = four();
    let honest = records.clone();
    let vault = home.vault;
    for number in 0..400_u64 {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&number.to_be_bytes());
        records.push(new_actor(vault, &home.phone, ActorId(id), number).unwrap());
        records.push(rename(vault, &home.phone, home.laptop.device_id(), "x", number).unwrap());
        records.push(super::of_the_future(&home, &home.phone, number as usize));
    }
    let stranger = DeviceKeys::generate(&mut rng(66));
    for number in 0..1000 {
        records.push(rename(vault, &stranger, home.laptop.device_id(), "x", number).unwrap());
    }
    let members = home.with(&records);
    assert_eq!(names(&members), ids(&[&home.laptop, &home.phone, &tablet, &watch]));
    for record in home.records.iter().chain(&honest) {
        assert!(members.records().contains(record));
    }
    let phone = members.device(home.phone.device_id()).unwrap();
    assert_eq!(phone.actors.len(), 1 + limits::IDENTITIES);
    assert_eq!(members.unknown(), limits::FEW);
    let most = 7 + limits::IDENTITIES + 2 * limits::FEW + limits::WAITING;
    assert_eq!(members.records().len(), most);
    assert!(pack(members.records()).is_ok());
    // Whoever gets what is kept sees the same.
    let next = Membership::from_records(vault, members.records());
    assert_eq!((next.devices(), next.records()), (members.devices(), members.records()));
    // And it is removed like any other.
    records.push(home.removal(&home.laptop, phone.id, members.records_by(phone.id)));
    assert!(!home.with(&records).is_active(phone.id));
}

/// An encoding with something added takes the place of nothing.
#[test]
fn of_several_encodings_of_a_record_the_shortest_is_kept() {
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Padded {
        vault: VaultId,
        kind: String,
        body: serde_bytes::ByteBuf,
        signatures: Vec<serde_bytes::ByteArray<64>>,
        padding: serde_bytes::ByteBuf,
    }
    let home = Home::new();
    let own: record::Envelope = holdfast_oplog::decode(&home.records[2], 9999, "x").unwrap();
    let padded: Vec<Vec<u8>> = (0..50)
        .map(|fill| {
            let record::Envelope { vault, kind, body, signatures } =
                holdfast_oplog::decode(&home.records[2], 9999, "x").unwrap();
            let padding = serde_bytes::ByteBuf::from(vec![fill; 900]);
            holdfast_oplog::encode(&Padded { vault, kind, body, signatures, padding }).unwrap()
        })
        .collect();
    assert_eq!(own.kind, "join");
    let members = home.with(&padded);
    assert_eq!(members.records().len(), 3);
    assert!(members.records().contains(&home.records[2]));
}

/// A key that does not fit anybody's keeps no other from being removed.
#[test]
fn a_device_whose_key_takes_nothing_stops_no_removal() {
    let home = Home::new();
    let mut rng = rng(7);
    let key = VaultKey::generate(&mut rng);
    let members = home.with(&[]);
    let wrapped = members.wrap_for_active(2, &key, None, &mut rng).unwrap();
    assert_eq!(wrapped.len(), 2);
    let small = DevicePublic { agree: [0; 32], ..home.phone.public() };
    assert_eq!(
        crate::epochs::wrap_key(home.vault, 2, &key, &small, &mut rng),
        Err(VaultError::BadPublicKey)
    );
    let mut bent = members.clone();
    bent.devices[1].public = small;
    assert_eq!(bent.wrap_for_active(2, &key, None, &mut rng).unwrap().len(), 1);
}

/// Whose it is, is told by what is held; see `crates/sync`.
#[test]
fn an_identity_that_two_claim_goes_to_whom_its_changes_are_signed_by() {
    let home = Home::new();
    let (laptop, phone) = (home.laptop.device_id(), home.phone.device_id());
    let claim = |by| new_actor(home.vault, by, ActorId([5; 16]), 999).unwrap();
    let mut members = home.with(&[claim(&home.laptop), claim(&home.phone)]);
    let claims: Vec<_> = members
        .claims()
        .map(|(actor, by)| (actor, by.iter().map(|device| device.id).collect::<Vec<_>>()))
        .collect();
    assert_eq!(claims, [(ActorId([5; 16]), vec![laptop, phone])]);
    members.give_claimed(ActorId([5; 16]), phone);
    assert_eq!(members.device_of(ActorId([5; 16])).unwrap().id, phone);
    assert!(members.device(phone).unwrap().actors.contains(&ActorId([5; 16])));
    assert_eq!(members.device(laptop).unwrap().actors, [ActorId([1; 16])]);
    members.give_claimed(ActorId([5; 16]), DeviceId([9; 16]));
    assert_eq!(members.device_of(ActorId([5; 16])).unwrap().id, phone);
}
