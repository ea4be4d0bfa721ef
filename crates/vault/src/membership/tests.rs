use super::*;
use crate::VaultError;
use crate::epochs::{Keyring, VaultKey};
use crate::invitation::InviteKey;
use crate::keys::DeviceKeys;
use holdfast_oplog::Space;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

fn who(name: &str, actor: u8, time: u64) -> Introduction<'_> {
    Introduction { name, platform: "linux", actor: ActorId([actor; 16]), time }
}

/// A laptop that founded a vault and let a phone in.
struct Home {
    vault: VaultId,
    laptop: DeviceKeys,
    phone: DeviceKeys,
    invite: InviteKey,
    invite_hash: Hash,
    records: Vec<Vec<u8>>,
}

impl Home {
    fn new() -> Self {
        let mut rng = rng(1);
        let laptop = DeviceKeys::generate(&mut rng);
        let phone = DeviceKeys::generate(&mut rng);
        let (vault, genesis) = found(&laptop, who("laptop", 1, 10), &mut rng).unwrap();
        let invite = InviteKey::generate(&mut rng);
        let (invited, invite_hash) = super::invite(vault, &laptop, &invite, Some(100), 20).unwrap();
        let joined = join(vault, &phone, &invite, invite_hash, who("phone", 2, 30)).unwrap();
        let records = vec![genesis, invited, joined];
        Self { vault, laptop, phone, invite, invite_hash, records }
    }

    fn with(&self, more: &[Vec<u8>]) -> Membership {
        let all: Vec<Vec<u8>> = self.records.iter().chain(more).cloned().collect();
        Membership::from_records(self.vault, &all)
    }

    /// Lets another device in, by `inviter`.
    fn admit(&self, inviter: &DeviceKeys, keys: &DeviceKeys, actor: u8) -> [Vec<u8>; 2] {
        let key = InviteKey::generate(&mut rng(u64::from(actor)));
        let (invited, hash) = super::invite(self.vault, inviter, &key, None, 40).unwrap();
        [invited, join(self.vault, keys, &key, hash, who("tablet", actor, 50)).unwrap()]
    }

    fn removal(&self, by: &DeviceKeys, device: DeviceId, records: Vec<Hash>) -> Vec<u8> {
        let log = ChangeId { space: Space::Everywhere, actor: ActorId([2; 16]), seq: 1 }.log();
        let accepted = [(log, 7)].into_iter().collect();
        let removing = Removing {
            device,
            accepted,
            records,
            epoch: 2,
            wrapped: Vec::new(),
            key: None,
            without: None,
            time: 60,
        };
        remove(self.vault, by, removing).unwrap()
    }
}

impl Home {
    fn hand_over(&self, by: &DeviceKeys, epoch: u32, wrapped: Vec<Wrapped>) -> Vec<u8> {
        let handing = HandingOver { epoch, wrapped, key: None, without: None, time: 70 };
        hand_over(self.vault, by, handing).unwrap()
    }
}

fn problem_of(membership: &Membership, record: &[u8]) -> Option<Problem> {
    let hash = Hash::of(record);
    membership.problems().iter().find(|(of, _)| *of == hash).map(|(_, problem)| problem.clone())
}

#[test]
fn a_device_founds_a_vault_and_another_joins() {
    let home = Home::new();
    let members = home.with(&[]);
    let names: Vec<&str> = members.devices().iter().map(|device| device.name.as_str()).collect();
    assert_eq!(names, ["laptop", "phone"]);
    assert_eq!(members.problems(), []);
    assert_eq!(members.device_of(ActorId([2; 16])).unwrap().id, home.phone.device_id());
    assert_eq!(members.public_of(ActorId([1; 16])), Some(home.laptop.public()));
    assert_eq!(members.public_of(ActorId([9; 16])), None);
    assert_eq!(members.devices()[1].invited_by, Some(home.laptop.device_id()));
    assert!(members.is_active(home.phone.device_id()));
    assert_eq!(members.records().len(), 3);
}

#[test]
fn names_and_actors_follow_the_latest_record() {
    let home = Home::new();
    let phone = home.phone.device_id();
    let members = home.with(&[
        rename(home.vault, &home.laptop, phone, "Ada's phone", 200).unwrap(),
        rename(home.vault, &home.phone, phone, "old phone", 150).unwrap(),
        new_actor(home.vault, &home.phone, ActorId([5; 16]), 90).unwrap(),
    ]);
    assert_eq!(members.name(phone), Some("Ada's phone"));
    assert_eq!(members.device(phone).unwrap().actors, [ActorId([2; 16]), ActorId([5; 16])]);
    assert_eq!(members.device_of(ActorId([5; 16])).unwrap().id, phone);
}

#[test]
fn nobody_takes_over_the_vault_or_a_device_or_an_actor() {
    let home = Home::new();
    let thief = DeviceKeys::generate(&mut rng(66));
    let (_, other_genesis) = found(&thief, who("thief", 66, 1), &mut rng(2)).unwrap();
    let stranger = rename(home.vault, &thief, home.laptop.device_id(), "mine", 999).unwrap();
    let claim = new_actor(home.vault, &home.phone, ActorId([1; 16]), 999).unwrap();
    let members = home.with(&[other_genesis.clone(), stranger.clone(), claim]);
    assert_eq!(problem_of(&members, &other_genesis), Some(Problem::OtherVault));
    assert_eq!(problem_of(&members, &stranger), Some(Problem::NotYet));
    assert_eq!(members.name(home.laptop.device_id()), Some("laptop"));
    assert_eq!(members.device_of(ActorId([1; 16])).unwrap().id, home.laptop.device_id());
    // A first record that names this vault, but not the keys that its id was made from.
    let mut forged = record::Envelope {
        vault: home.vault,
        kind: "genesis".into(),
        body: holdfast_oplog::decode::<record::Envelope>(&other_genesis, 9999, "x").unwrap().body,
        signatures: Vec::new(),
    };
    let signature = thief.sign_raw(&record::signed(home.vault, "genesis", &forged.body));
    forged.signatures.push(serde_bytes::ByteArray::new(signature));
    let forged = holdfast_oplog::encode(&forged).unwrap();
    assert_eq!(
        problem_of(&home.with(std::slice::from_ref(&forged)), &forged),
        Some(Problem::BadSignature)
    );
}

#[test]
fn an_invitation_is_for_one_device_and_runs_out() {
    let home = Home::new();
    let tablet = DeviceKeys::generate(&mut rng(3));
    let again =
        join(home.vault, &tablet, &home.invite, home.invite_hash, who("tablet", 3, 31)).unwrap();
    let members = home.with(std::slice::from_ref(&again));
    assert_eq!(members.devices().len(), 2);
    let used = members.problems().iter().filter(|(_, p)| *p == Problem::InviteUsed).count();
    assert_eq!(used, 1);
    let late =
        join(home.vault, &tablet, &home.invite, home.invite_hash, who("tablet", 3, 101)).unwrap();
    let members = home.with(std::slice::from_ref(&late));
    assert_eq!(problem_of(&members, &late), Some(Problem::InviteExpired));
    let guess = InviteKey::generate(&mut rng(4));
    let guessed =
        join(home.vault, &tablet, &guess, home.invite_hash, who("tablet", 3, 31)).unwrap();
    let members = home.with(std::slice::from_ref(&guessed));
    assert_eq!(problem_of(&members, &guessed), Some(Problem::BadSignature));
    assert!(members.is_active(home.phone.device_id()));
}

#[test]
fn a_record_waits_for_what_it_needs() {
    let home = Home::new();
    let late = Membership::from_records(home.vault, &home.records[2..]);
    assert_eq!(late.devices(), []);
    assert_eq!(problem_of(&late, &home.records[2]), Some(Problem::NotYet));
    assert_eq!(late.records(), &home.records[2..]);
}

#[test]
fn a_removed_device_keeps_what_was_accepted_and_no_more() {
    let home = Home::new();
    let phone = home.phone.device_id();
    let tablet = DeviceKeys::generate(&mut rng(5));
    let admitted = home.admit(&home.phone, &tablet, 3);
    let before = home.with(&admitted);
    let removal = home.removal(&home.laptop, phone, before.records_by(phone));
    let intruder = DeviceKeys::generate(&mut rng(6));
    let [invited, joined] = home.admit(&home.phone, &intruder, 4);
    let after = home.with(&[
        admitted[0].clone(),
        admitted[1].clone(),
        removal,
        invited.clone(),
        joined.clone(),
        home.removal(&home.phone, tablet.device_id(), Vec::new()),
    ]);
    assert!(!after.is_active(phone) && after.is_active(tablet.device_id()));
    assert!(after.device(intruder.device_id()).is_none());
    assert_eq!(problem_of(&after, &invited), Some(Problem::MakerRemoved));
    assert_eq!(after.epoch(), 2);
    let change =
        |actor, seq| ChangeId { space: Space::Everywhere, actor: ActorId([actor; 16]), seq };
    assert!(after.accepts(change(2, 7)) && !after.accepts(change(2, 8)));
    assert!(after.accepts(change(1, 1000)) && !after.accepts(change(9, 1)));
    assert!(after.public_of(ActorId([2; 16])).is_some());
    let names: Vec<_> = after.active().map(|device| device.id).collect();
    assert_eq!(names, [home.laptop.device_id(), tablet.device_id()]);
}

#[test]
fn what_a_member_had_taken_in_counts_and_removes_nobody() {
    let home = Home::new();
    let phone = home.phone.device_id();
    let tablet = DeviceKeys::generate(&mut rng(5));
    let admitted = home.admit(&home.laptop, &tablet, 3);
    let log = holdfast_oplog::LogId { space: Space::Everywhere, actor: ActorId([2; 16]) };
    let later = holdfast_oplog::LogId { space: Space::Everywhere, actor: ActorId([8; 16]) };
    let identity = new_actor(home.vault, &home.phone, ActorId([8; 16]), 55).unwrap();
    let known = home.with(&[admitted[0].clone(), admitted[1].clone(), identity.clone()]);
    let had = [(log, 9), (later, 2)].into_iter().collect();
    let records = known.actor_records_by(phone);
    assert_eq!(records.len(), 1);
    let vouched = accept(home.vault, &tablet, phone, had, records, 60).unwrap();
    let change =
        |actor, seq| ChangeId { space: Space::Everywhere, actor: ActorId([actor; 16]), seq };
    let mut records = vec![admitted[0].clone(), admitted[1].clone(), identity, vouched.clone()];
    // By itself it removes nobody.
    assert!(home.with(&records).is_active(phone));
    records.push(home.removal(&home.laptop, phone, Vec::new()));
    let members = home.with(&records);
    assert!(!members.is_active(phone));
    assert!(members.accepts(change(2, 9)) && !members.accepts(change(2, 10)));
    assert!(members.accepts(change(8, 2)) && !members.accepts(change(8, 3)));
    // The word of one that was removed before counts for nothing.
    records.push(home.removal(&home.laptop, tablet.device_id(), Vec::new()));
    let members = home.with(&records);
    assert!(members.accepts(change(2, 7)) && !members.accepts(change(2, 8)));
    assert_eq!(problem_of(&members, &vouched), Some(Problem::MakerRemoved));
    // Nobody vouches for itself.
    let own = [(log, 50)].into_iter().collect();
    let own = accept(home.vault, &home.phone, phone, own, Vec::new(), 60).unwrap();
    records.push(own);
    assert!(!home.with(&records).accepts(change(2, 8)));
}

#[test]
fn of_two_that_remove_each_other_neither_stays() {
    let home = Home::new();
    let (laptop, phone) = (home.laptop.device_id(), home.phone.device_id());
    let tablet = DeviceKeys::generate(&mut rng(5));
    let admitted = home.admit(&home.phone, &tablet, 3);
    let listed = home.with(&admitted).records_by(phone);
    let mut records = admitted.to_vec();
    records.push(home.removal(&home.phone, laptop, Vec::new()));
    records.push(home.removal(&home.laptop, phone, listed));
    let members = home.with(&records);
    assert!(!members.is_active(laptop) && !members.is_active(phone));
    // What the other's removal lists counts, and each is told by whom it was removed.
    assert!(members.is_active(tablet.device_id()));
    assert_eq!(members.device(laptop).unwrap().removal.as_ref().unwrap().by, [phone]);
    assert_eq!(members.device(phone).unwrap().removal.as_ref().unwrap().by, [laptop]);
    // Alone, the removal of the one who let the other in is good.
    let members = home.with(&[home.removal(&home.phone, laptop, Vec::new())]);
    assert!(!members.is_active(laptop) && members.is_active(phone));
}

#[test]
fn keys_reach_those_they_were_wrapped_for() {
    let home = Home::new();
    let mut rng = rng(7);
    let laptop_ring = Keyring::generate(home.vault, &mut rng);
    let mut phone_ring = laptop_ring.clone();
    let (epoch, key) = laptop_ring.next(&mut rng).unwrap();
    let members = home.with(&[]);
    let wrapped = members.wrap_for_active(epoch, &key, None, &mut rng).unwrap();
    let handed = home.hand_over(&home.laptop, epoch, wrapped);
    let members = home.with(&[handed]);
    assert_eq!(members.receive_keys(&home.phone, &mut phone_ring).unwrap(), 1);
    assert_eq!(members.receive_keys(&home.phone, &mut phone_ring).unwrap(), 0);
    assert_eq!((phone_ring.current(), members.epoch()), (1, 2), "nobody needs it yet");
    assert_eq!(phone_ring.of(2).next(), Some(&key));
}

/// A kind that is not known yet, which says in `by` who made it, as all kinds do.
fn of_the_future(home: &Home, by: &DeviceKeys, fill: usize) -> Vec<u8> {
    #[derive(serde::Serialize)]
    struct Future {
        by: DeviceId,
        #[serde(with = "serde_bytes")]
        what: Vec<u8>,
    }
    let body = Future { by: by.device_id(), what: vec![7; fill] };
    let body = serde_bytes::ByteBuf::from(holdfast_oplog::encode(&body).unwrap());
    let signature = by.sign_raw(&record::signed(home.vault, "holiday", &body));
    let future = record::Envelope {
        vault: home.vault,
        kind: "holiday".into(),
        body,
        signatures: vec![serde_bytes::ByteArray::new(signature)],
    };
    holdfast_oplog::encode(&future).unwrap()
}

#[test]
fn an_unknown_kind_is_kept_and_passed_on_where_a_device_of_the_vault_signed_it() {
    let home = Home::new();
    let future = of_the_future(&home, &home.phone, 9);
    let members = home.with(std::slice::from_ref(&future));
    assert_eq!(members.unknown(), 1);
    assert!(members.records().contains(&future));
    assert_eq!(members.devices(), home.with(&[]).devices());
    // Nobody's is not kept; a stranger's waits apart; and none is larger than there is room for.
    let mut unsigned = holdfast_oplog::decode::<record::Envelope>(&future, 9999, "x").unwrap();
    unsigned.signatures.clear();
    let unsigned = holdfast_oplog::encode(&unsigned).unwrap();
    let nobodys = record::Envelope {
        vault: home.vault,
        kind: "holiday".into(),
        body: serde_bytes::ByteBuf::from(vec![0xc0]),
        signatures: Vec::new(),
    };
    let nobodys = holdfast_oplog::encode(&nobodys).unwrap();
    let large = of_the_future(&home, &home.phone, crate::limits::UNKNOWN_RECORD);
    let stranger = of_the_future(&home, &DeviceKeys::generate(&mut rng(66)), 9);
    let members = home.with(&[unsigned.clone(), nobodys.clone(), large.clone(), stranger.clone()]);
    assert_eq!(members.unknown(), 0);
    for refused in [unsigned, nobodys, large] {
        assert!(!members.records().contains(&refused));
    }
    assert!(members.records().contains(&stranger));
    assert_eq!(problem_of(&members, &stranger), Some(Problem::NotYet));
}

#[test]
fn lists_are_packed_within_bounds() {
    let home = Home::new();
    assert_eq!(unpack(&pack(&home.records).unwrap()).unwrap(), home.records);
    assert!(pack(&vec![Vec::new(); crate::limits::RECORDS + 1]).is_err());
    assert!(unpack(&vec![0; crate::limits::RECORD_LIST + 1]).is_err());
    let long = "é".repeat(200);
    let record = rename(home.vault, &home.laptop, home.phone.device_id(), &long, 1).unwrap();
    let members = home.with(&[record]);
    assert_eq!(members.name(home.phone.device_id()).unwrap().len(), 256);
}

/// Everything at once: admissions, removals both ways, renames, a used invitation, a bad record.
fn busy() -> (VaultId, Vec<Vec<u8>>) {
    let home = Home::new();
    let tablet = DeviceKeys::generate(&mut rng(8));
    let watch = DeviceKeys::generate(&mut rng(9));
    let phone = home.phone.device_id();
    let mut records = home.records.clone();
    records.extend(home.admit(&home.phone, &tablet, 3));
    records.extend(home.admit(&tablet, &watch, 4));
    let before = Membership::from_records(home.vault, &records);
    records.push(home.removal(&home.laptop, phone, before.records_by(phone)));
    records.push(home.removal(&home.phone, home.laptop.device_id(), Vec::new()));
    records.push(home.removal(&watch, tablet.device_id(), Vec::new()));
    records.push(rename(home.vault, &watch, tablet.device_id(), "a", 70).unwrap());
    records.push(rename(home.vault, &home.laptop, tablet.device_id(), "b", 70).unwrap());
    records
        .push(join(home.vault, &watch, &home.invite, home.invite_hash, who("w", 6, 35)).unwrap());
    records.push(new_actor(home.vault, &tablet, ActorId([3; 16]), 80).unwrap());
    records.push(new_actor(home.vault, &watch, ActorId([3; 16]), 70).unwrap());
    records.push(vec![1, 2, 3]);
    (home.vault, records)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// The state depends on the set of records alone.
    #[test]
    fn order_and_repetition_change_nothing(
        picks in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
        shuffled in Just((0..busy().1.len()).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let (vault, records) = busy();
        let expected = Membership::from_records(vault, &records);
        let mut others: Vec<Vec<u8>> = shuffled.iter().map(|at| records[*at].clone()).collect();
        others.extend(picks.iter().map(|pick| pick.get(&records).clone()));
        prop_assert_eq!(Membership::from_records(vault, &others), expected);
    }

    /// Passing on what one device keeps gives the next device the same state.
    #[test]
    fn what_is_kept_is_enough(some in prop::sample::subsequence((0..busy().1.len()).collect::<Vec<_>>(), 0..12)) {
        let (vault, records) = busy();
        let some: Vec<Vec<u8>> = some.into_iter().map(|at| records[at].clone()).collect();
        let here = Membership::from_records(vault, &some);
        let there = Membership::from_records(vault, here.records());
        prop_assert_eq!(here.devices(), there.devices());
        prop_assert_eq!(here.records(), there.records());
    }
}

/// Whatever becomes of one record on its way, the others stand and nothing panics.
#[test]
fn twenty_thousand_changed_records_never_harm_the_rest() {
    use rand_core::RngCore;
    let home = Home::new();
    let phone = home.phone.device_id();
    let mut rng = rng(10);
    let sample = [
        home.records[0].clone(),
        home.records[1].clone(),
        home.records[2].clone(),
        rename(home.vault, &home.laptop, phone, "x", 5).unwrap(),
        home.removal(&home.laptop, phone, vec![Hash::ZERO]),
    ];
    let whole = home.with(&[]);
    for round in 0..20_000 {
        let mut bytes = sample[round % sample.len()].clone();
        let at = rng.next_u32() as usize % bytes.len();
        match rng.next_u32() % 3 {
            0 => bytes[at] ^= 1 << (rng.next_u32() % 8),
            1 => bytes.truncate(at),
            _ => bytes.insert(at, rng.next_u32() as u8),
        }
        if sample.contains(&bytes) {
            continue;
        }
        // Alone it can do nothing, and that is cheap to see; beside the others now and then.
        let alone = Membership::from_records(home.vault, std::slice::from_ref(&bytes));
        assert_eq!(alone.devices(), []);
        if round % 10 == 0 {
            assert_eq!(home.with(&[bytes]).devices(), whole.devices(), "round {round}");
        }
    }
}

#[path = "cost_tests.rs"]
mod cost;
#[path = "crowding_tests.rs"]
mod crowding;
#[path = "hostile_tests.rs"]
mod hostile;
#[path = "leading_tests.rs"]
mod leading;
#[path = "left_tests.rs"]
mod left;
