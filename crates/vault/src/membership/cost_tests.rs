//! What looking at one list costs, whoever made it: no more than some steps for each of its records and
//! each of the devices that a vault may have.

use super::*;
use crate::limits;
use std::time::{Duration, Instant};

/// Far more than it takes unoptimised, and far less than where each record is held against each other one.
const SOON: Duration = Duration::from_secs(60);

/// Looks at records as they fit into one list.
fn look(home: &Home, mut records: Vec<Vec<u8>>) -> Membership {
    records.truncate(limits::RECORDS - home.records.len());
    let mut bytes: usize = home.records.iter().map(Vec::len).sum();
    records.retain(|record| {
        bytes += record.len() + 5;
        bytes <= limits::RECORD_LIST
    });
    let all: Vec<Vec<u8>> = home.records.iter().cloned().chain(records).collect();
    assert!(pack(&all).is_ok());
    let start = Instant::now();
    let members = Membership::from_records(home.vault, &all);
    let took = start.elapsed();
    println!("{} records: {took:?}", all.len());
    assert!(took < SOON, "{took:?}");
    assert!(pack(members.records()).is_ok());
    members
}

/// Two hundred devices, each let in by the one before or by the phone.
fn crowd(home: &Home, is_chain: bool) -> (Vec<DeviceKeys>, Vec<Vec<u8>>) {
    let mut keys: Vec<DeviceKeys> = Vec::new();
    let mut records = Vec::new();
    for number in 0..200_u64 {
        let new = DeviceKeys::generate(&mut rng(10_000 + number));
        let by = keys.last().filter(|_| is_chain).unwrap_or(&home.phone);
        let key = InviteKey::generate(&mut rng(20_000 + number));
        let (invited, hash) = super::invite(home.vault, by, &key, None, 40).unwrap();
        let actor = ActorId([7; 16]);
        let who = Introduction { name: "x", platform: "x", actor, time: 50 };
        records.extend([invited, join(home.vault, &new, &key, hash, who).unwrap()]);
        keys.push(new);
    }
    (keys, records)
}

fn removes(home: &Home, by: &DeviceKeys, device: DeviceId, records: Vec<Hash>) -> Vec<u8> {
    let removing = Removing {
        device,
        accepted: VersionVector::new(),
        records,
        epoch: 2,
        wrapped: Vec::new(),
        key: None,
        without: None,
        time: 60,
    };
    remove(home.vault, by, removing).unwrap()
}

/// Everybody removes everybody.
#[test]
fn a_list_in_which_all_remove_each_other_is_looked_at_soon() {
    for is_chain in [false, true] {
        let home = Home::new();
        let (keys, mut records) = crowd(&home, is_chain);
        for (at, by) in keys.iter().enumerate() {
            for of in (1..70).map(|step| &keys[(at + step) % keys.len()]) {
                records.push(removes(&home, by, of.device_id(), Vec::new()));
            }
        }
        let members = look(&home, records);
        assert!(members.is_active(home.laptop.device_id()));
        assert!(members.is_active(home.phone.device_id()));
    }
}

/// What names the records of a list.
fn names(home: &Home, records: &[Vec<u8>]) -> Vec<Hash> {
    let all = home.records.iter().chain(records).map(Vec::as_slice);
    verify::check(home.vault, all).verified.into_keys().collect()
}

/// Each removes the next ones, and says that it built on hundreds of records.
#[test]
fn a_list_in_which_each_device_built_on_hundreds_of_records_is_looked_at_soon() {
    let home = Home::new();
    let (keys, mut records) = crowd(&home, true);
    let names = names(&home, &records);
    for (at, by) in keys.iter().enumerate() {
        let nothing = VersionVector::new();
        let of = keys[(at + 1) % keys.len()].device_id();
        records.push(accept(home.vault, by, of, nothing, names.clone(), 50).unwrap());
        for of in (1..16).map(|step| &keys[(at + step) % keys.len()]) {
            records.push(removes(&home, by, of.device_id(), names[..4].to_vec()));
        }
    }
    look(&home, records);
}

/// One invitation that knows hundreds of records, and thousands of joins by it.
#[test]
fn thousands_of_joins_by_one_invitation_cost_no_more_than_one() {
    let home = Home::new();
    let (_, mut records) = crowd(&home, false);
    let key = InviteKey::generate(&mut rng(9));
    let knows = names(&home, &records);
    let invited = invite_knowing(home.vault, &home.phone, &key, None, 40, knows).unwrap();
    records.push(invited.0);
    for number in 0..4000 {
        let keys = DeviceKeys::generate(&mut rng(30_000 + number));
        let who = Introduction { name: "x", platform: "x", actor: ActorId([7; 16]), time: 50 };
        records.push(join(home.vault, &keys, &key, invited.1, who).unwrap());
    }
    let members = look(&home, records);
    assert!(members.problems().len() > 3900, "they are listed, or too many");
    assert!(members.is_active(home.phone.device_id()));
}
