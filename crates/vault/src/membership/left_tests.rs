//! Devices that do not count as having entered any more, and what members had of their changes.

use super::*;

fn log(actor: u8) -> holdfast_oplog::LogId {
    ChangeId { space: Space::Everywhere, actor: ActorId([actor; 16]), seq: 1 }.log()
}

fn change(actor: u8, seq: u64) -> ChangeId {
    ChangeId { space: Space::Everywhere, actor: ActorId([actor; 16]), seq }
}

/// The phone lets a guest in, and the laptop removes the phone before it hears of that; the tablet had taken in
/// three changes of the guest.
#[test]
fn what_a_member_had_of_whom_a_removed_device_let_in_counts() {
    let home = Home::new();
    let (tablet, guest) = (DeviceKeys::generate(&mut rng(51)), DeviceKeys::generate(&mut rng(52)));
    let mut records = home.admit(&home.laptop, &tablet, 5).to_vec();
    records.extend(home.admit(&home.phone, &guest, 6));
    for actor in [7, 8] {
        records.push(new_actor(home.vault, &guest, ActorId([actor; 16]), 60).unwrap());
    }
    let id = guest.device_id();
    let claims = home.with(&records).claims_of(ActorId([7; 16])).to_vec();
    let join = claims[0].join.unwrap();
    records.push(home.removal(&home.laptop, home.phone.device_id(), Vec::new()));
    assert!(home.with(&records).device(id).is_none());
    let had = [(log(6), 3), (log(7), 1)].into_iter().collect();
    let named = claims[0].taken.into_iter().collect();
    records.push(accept_of_nobody(home.vault, &tablet, (id, join), had, named).unwrap());
    let members = home.with(&records);
    let device = members.device(id).unwrap();
    assert!(!device.entered && !members.is_active(id), "it is out");
    assert_eq!(device.removal.as_ref().unwrap().by, [home.laptop.device_id()]);
    assert!(members.accepts(change(6, 3)) && !members.accepts(change(6, 4)));
    assert!(members.accepts(change(7, 1)) && !members.accepts(change(7, 2)));
    assert!(!members.accepts(change(8, 1)), "an identity that nobody named");
    assert_eq!(members.public_of(ActorId([6; 16])), Some(guest.public()));
    assert!(members.removed().all(|of| of != id), "keys know nothing of it");
    // What shows who it is travels along, and nothing else of it counts.
    let again = Membership::from_records(home.vault, members.records());
    assert_eq!(again.devices(), members.devices());
    let mut more = records.clone();
    more.push(home.removal(&guest, tablet.device_id(), Vec::new()));
    assert!(home.with(&more).is_active(tablet.device_id()));
    // The word of somebody who is out brings nobody in.
    let had = [(log(6), 9)].into_iter().collect();
    let said = accept_of_nobody(home.vault, &home.phone, (id, join), had, Vec::new()).unwrap();
    records.push(said);
    assert!(!home.with(&records).accepts(change(6, 4)));
}

/// Somebody found the phone's invitation, and the tablet took in what that one wrote before it heard of the phone.
#[test]
fn what_a_member_had_of_whoever_found_an_invitation_counts() {
    let home = Home::new();
    let (tablet, finder) = (DeviceKeys::generate(&mut rng(53)), DeviceKeys::generate(&mut rng(54)));
    let mut records = home.admit(&home.laptop, &tablet, 5).to_vec();
    let (phone, id) = (home.phone.device_id(), finder.device_id());
    records
        .push(join(home.vault, &finder, &home.invite, home.invite_hash, who("f", 6, 31)).unwrap());
    let own = home.with(&[]).device(phone).unwrap().join.unwrap();
    records.push(
        accept(home.vault, &home.laptop, phone, VersionVector::new(), vec![own], 31).unwrap(),
    );
    assert!(home.with(&records).device(id).is_none());
    let had = [(log(6), 2)].into_iter().collect();
    // Which join it was is for whoever says so: one that names none brings in nobody.
    let bare = accept(home.vault, &tablet, id, had, Vec::new(), 60).unwrap();
    assert!(home.with(&[records.clone(), vec![bare]].concat()).device(id).is_none());
    let join = home.with(&records).claims_of(ActorId([6; 16]))[0].join.unwrap();
    let had = [(log(6), 2)].into_iter().collect();
    let said = accept_of_nobody(home.vault, &tablet, (id, join), had, Vec::new()).unwrap();
    records.push(said);
    let members = home.with(&records);
    assert!(members.is_active(phone) && !members.is_active(id));
    assert!(members.accepts(change(6, 2)) && !members.accepts(change(6, 3)));
    assert!(members.device(id).unwrap().removal.as_ref().unwrap().by.is_empty());
}

/// A device that shows each member another join of its own has the identities of both.
#[test]
fn what_two_members_had_under_two_joins_of_one_device_counts() {
    let home = Home::new();
    let (tablet, guest) = (DeviceKeys::generate(&mut rng(58)), DeviceKeys::generate(&mut rng(59)));
    let mut records = home.admit(&home.laptop, &tablet, 5).to_vec();
    records.extend(home.admit(&home.phone, &guest, 6));
    records.extend(home.admit(&home.phone, &guest, 7));
    records.push(home.removal(&home.laptop, home.phone.device_id(), Vec::new()));
    let id = guest.device_id();
    for (by, actor) in [(&home.laptop, 6), (&tablet, 7)] {
        let join = home.with(&records).claims_of(ActorId([actor; 16]))[0].join.unwrap();
        let had = [(log(actor), 1)].into_iter().collect();
        records.push(accept_of_nobody(home.vault, by, (id, join), had, Vec::new()).unwrap());
    }
    let members = home.with(&records);
    assert!(members.accepts(change(6, 1)) && members.accepts(change(7, 1)));
    assert!(!members.accepts(change(6, 2)) && !members.accepts(change(7, 2)));
    let again = Membership::from_records(home.vault, members.records());
    assert_eq!(again.devices(), members.devices());
}

/// One member's word brings in so many such devices, the same ones whatever else it says.
#[test]
fn one_member_brings_in_so_many_of_them() {
    let home = Home::new();
    let tablet = DeviceKeys::generate(&mut rng(55));
    let mut records = home.admit(&home.laptop, &tablet, 5).to_vec();
    let mut guests = Vec::new();
    for number in 0..100_u8 {
        let guest = DeviceKeys::generate(&mut rng(1000 + u64::from(number)));
        records.extend(home.admit(&home.phone, &guest, 100 + number));
        guests.push(guest.device_id());
    }
    records.push(home.removal(&home.laptop, home.phone.device_id(), Vec::new()));
    let said = |least: u64, records: &[Vec<u8>]| -> Vec<Vec<u8>> {
        let members = home.with(records);
        let each = (100_u8..).zip(&guests).map(|(number, guest)| {
            let had = [(log(number), least)].into_iter().collect();
            let join = members.claims_of(ActorId([number; 16]))[0].join.unwrap();
            accept_of_nobody(home.vault, &tablet, (*guest, join), had, Vec::new()).unwrap()
        });
        each.collect()
    };
    let first = said(1, &records);
    records.extend(first);
    let known = |members: &Membership| -> Vec<DeviceId> {
        let left = members.devices().iter().filter(|device| !device.entered);
        left.map(|device| device.id).collect()
    };
    let members = home.with(&records);
    assert_eq!(known(&members).len(), super::super::left::OF_ONE);
    let again = Membership::from_records(home.vault, members.records());
    assert_eq!(again.devices(), members.devices());
    let more = said(2, &records);
    records.extend(more);
    assert_eq!(known(&home.with(&records)), known(&members));
}

/// A device that invites itself, and two that invite each other, belong to nobody and hold nobody up.
#[test]
fn whoever_invites_itself_is_let_in_by_nobody() {
    let home = Home::new();
    let [one, other] = [56, 57].map(|seed| DeviceKeys::generate(&mut rng(seed)));
    let mut records = Vec::new();
    for (by, of, actor) in [(&one, &one, 6), (&one, &other, 7), (&other, &one, 8)] {
        records.extend(home.admit(by, of, actor));
    }
    for actor in [6, 7, 8] {
        let claims = home.with(&records).claims_of(ActorId([actor; 16])).to_vec();
        assert!(!claims.is_empty());
        for claim in claims {
            let had = [(log(actor), 1)].into_iter().collect();
            let of = (claim.device, claim.join.unwrap());
            let said = accept_of_nobody(home.vault, &home.phone, of, had, Vec::new());
            records.push(said.unwrap());
        }
    }
    let members = home.with(&records);
    assert_eq!(members.active().count(), 2);
    assert!(members.accepts(change(7, 1)));
    let again = Membership::from_records(home.vault, members.records());
    assert_eq!(again.devices(), members.devices());
}

/// A guest lets in forty, and the phone takes in what they wrote, before it hears that the guest was removed. From how
/// they joined it tells later whose changes it has: that stays, whatever else the guest signed.
#[test]
fn how_they_joined_on_whom_a_member_built_is_kept_also_of_many() {
    let home = Home::new();
    let guest = DeviceKeys::generate(&mut rng(60));
    let mut records = home.admit(&home.laptop, &guest, 5).to_vec();
    let mut joins = Vec::new();
    for number in 0..40_u8 {
        let keys = DeviceKeys::generate(&mut rng(100 + u64::from(number)));
        let came = home.admit(&guest, &keys, 20 + number);
        let join = home.with(&[records.clone(), came.to_vec()].concat());
        let join = join.device(keys.device_id()).unwrap().join.unwrap();
        let (of, nothing) = (keys.device_id(), VersionVector::new());
        records.push(accept(home.vault, &home.phone, of, nothing, vec![join], 50).unwrap());
        joins.extend(came);
    }
    records.extend(joins.clone());
    assert_eq!(home.with(&records).active().count(), 43);
    records.push(home.removal(&home.laptop, guest.device_id(), Vec::new()));
    for number in 0..80 {
        let name = format!("name {number}");
        records.push(rename(home.vault, &guest, guest.device_id(), &name, number).unwrap());
    }
    let members = home.with(&records);
    for came in joins {
        assert!(members.records().contains(&came));
    }
}
