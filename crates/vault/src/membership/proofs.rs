//! Laws of membership over random sets of records by honest and dishonest devices.

use super::*;
use crate::invitation::InviteKey;
use crate::keys::DeviceKeys;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::sync::LazyLock;

const DEVICES: usize = 6;

static KEYS: LazyLock<Vec<DeviceKeys>> = LazyLock::new(|| {
    let mut rng = ChaCha20Rng::seed_from_u64(77);
    (0..DEVICES * 2).map(|_| DeviceKeys::generate(&mut rng)).collect()
});

/// What a device signs.
#[derive(Debug, Clone)]
enum Step {
    /// Lets another one in.
    Admit(usize, usize),
    /// Removes another one; what it lists: all it could, nothing, or half.
    Remove(usize, usize, u8),
    /// Builds on all that it knows.
    Build(usize),
    /// Hands out a key of any epoch.
    Keys(usize, u32),
    Rename(usize, usize),
    Actor(usize, u8),
}

fn step() -> impl Strategy<Value = Step> {
    let of = 0..DEVICES;
    prop_oneof![
        3 => (of.clone(), of.clone()).prop_map(|(a, b)| Step::Admit(a, b)),
        4 => (of.clone(), of.clone(), 0..3_u8).prop_map(|(a, b, c)| Step::Remove(a, b, c)),
        2 => of.clone().prop_map(Step::Build),
        1 => (of.clone(), prop_oneof![Just(2), Just(3), Just(9), Just(u32::MAX)])
            .prop_map(|(a, b)| Step::Keys(a, b)),
        1 => (of.clone(), of.clone()).prop_map(|(a, b)| Step::Rename(a, b)),
        1 => (of, any::<u8>()).prop_map(|(a, b)| Step::Actor(a, b)),
    ]
}

fn id(place: usize) -> DeviceId {
    KEYS[place].device_id()
}

struct Vault {
    id: VaultId,
    records: Vec<Vec<u8>>,
    admitted: u64,
}

impl Vault {
    fn new() -> Self {
        let who = Introduction { name: "0", platform: "x", actor: ActorId([100; 16]), time: 1 };
        let (id, genesis) = found(&KEYS[0], who, &mut ChaCha20Rng::seed_from_u64(5)).unwrap();
        Self { id, records: vec![genesis], admitted: 0 }
    }

    fn members(&self) -> Membership {
        Membership::from_records(self.id, &self.records)
    }

    fn admit(&mut self, by: usize, other: usize) {
        self.admitted += 1;
        let key = InviteKey::generate(&mut ChaCha20Rng::seed_from_u64(self.admitted));
        let (invited, hash) = invite(self.id, &KEYS[by], &key, None, 5).unwrap();
        let actor = ActorId([100 + other as u8; 16]);
        let who = Introduction { name: "n", platform: "x", actor, time: 6 };
        let joined = join(self.id, &KEYS[other], &key, hash, who).unwrap();
        self.records.extend([invited, joined]);
    }

    fn remove(&mut self, by: usize, device: DeviceId, records: Vec<Hash>) {
        let epoch = 2;
        let removing = Removing {
            device,
            accepted: VersionVector::new(),
            records,
            epoch,
            wrapped: Vec::new(),
            key: None,
            without: None,
            time: 9,
        };
        self.records.push(remove(self.id, &KEYS[by], removing).unwrap());
    }

    /// As an honest device does once it hears of removals: see `crates/sync`.
    fn build(&mut self, by: usize) {
        let members = self.members();
        self.build_on(&members, by);
    }

    fn build_on(&mut self, members: &Membership, by: usize) {
        if !members.is_active(id(by)) {
            return;
        }
        let joins = members.active().filter_map(|device| Some((device.id, device.join?)));
        let removals = members.removals().map(|(hash, device, _)| (device, hash));
        let on: Vec<(DeviceId, Hash)> = joins.chain(removals).collect();
        for (device, hash) in on.into_iter().filter(|(device, _)| *device != id(by)) {
            let nothing = VersionVector::new();
            let built = accept(self.id, &KEYS[by], device, nothing, vec![hash], 7).unwrap();
            self.records.push(built);
        }
    }

    fn all_build(&mut self) {
        let members = self.members();
        (0..DEVICES).for_each(|place| self.build_on(&members, place));
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Admit(by, other) => self.admit(by, other),
            Step::Remove(by, other, lists) => {
                let mut records = self.members().records_by(id(other));
                match lists {
                    0 => {}
                    1 => records.clear(),
                    _ => records.truncate(records.len() / 2),
                }
                self.remove(by, id(other), records);
            }
            Step::Build(by) => self.build(by),
            Step::Keys(by, epoch) => {
                let handing =
                    HandingOver { epoch, wrapped: Vec::new(), key: None, without: None, time: 3 };
                self.records.push(hand_over(self.id, &KEYS[by], handing).unwrap());
            }
            Step::Rename(by, other) => {
                self.records.push(rename(self.id, &KEYS[by], id(other), "r", 8).unwrap());
            }
            Step::Actor(by, actor) => {
                let actor = ActorId([actor % 8; 16]);
                self.records.push(new_actor(self.id, &KEYS[by], actor, 4).unwrap());
            }
        }
    }
}

fn active(members: &Membership) -> Vec<DeviceId> {
    members.active().map(|device| device.id).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 60, ..ProptestConfig::default() })]

    /// The state depends on the set alone; what is kept is enough; whoever a removal in force names
    /// is out; and epochs never leap.
    #[test]
    fn any_set_of_records_in_any_order_means_the_same(
        steps in prop::collection::vec(step(), 0..22),
        seed in any::<u64>(),
    ) {
        let mut vault = Vault::new();
        for step in &steps {
            vault.take(step);
        }
        let members = vault.members();
        let mut shuffled = vault.records.clone();
        shuffled.extend(vault.records.iter().step_by(3).cloned());
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        for at in (1..shuffled.len()).rev() {
            let other = (rand_core::RngCore::next_u32(&mut rng) as usize) % (at + 1);
            shuffled.swap(at, other);
        }
        prop_assert_eq!(&Membership::from_records(vault.id, &shuffled), &members);
        let next = Membership::from_records(vault.id, members.records());
        prop_assert_eq!((next.devices(), next.records()), (members.devices(), members.records()));
        for (_, device, by) in members.removals() {
            prop_assert!(!members.is_active(device));
            prop_assert!(members.device(device).unwrap().removal.as_ref().unwrap().by.contains(&by));
        }
        prop_assert!(members.epoch() as usize <= vault.records.len());
    }

    /// Every active member can be removed by every other, at any time, whatever was signed before;
    /// and nobody else is out by it.
    #[test]
    fn every_member_can_be_removed_by_every_other(
        steps in prop::collection::vec(step(), 0..18),
        pick in any::<(prop::sample::Index, prop::sample::Index)>(),
    ) {
        let mut vault = Vault::new();
        for step in &steps {
            vault.take(step);
        }
        let before = vault.members();
        let there = active(&before);
        prop_assume!(there.len() > 1);
        let (by, other) = (*pick.0.get(&there), *pick.1.get(&there));
        prop_assume!(by != other);
        let place = (0..KEYS.len()).find(|place| id(*place) == by).unwrap();
        vault.remove(place, other, before.records_by(other));
        let after = active(&vault.members());
        let expected: Vec<DeviceId> =
            there.into_iter().filter(|device| *device != other).collect();
        prop_assert_eq!(after, expected);
    }

    /// A removed device that signs whatever it likes afterwards, also with devices that it lets in,
    /// comes back in no way, and takes nobody with it but those that removed it.
    #[test]
    fn a_removed_device_takes_its_remover_with_it_at_most(
        inviters in prop::collection::vec(any::<prop::sample::Index>(), DEVICES - 1),
        pick in any::<(prop::sample::Index, prop::sample::Index)>(),
        hostile in prop::collection::vec((0..3_usize, 0..DEVICES + 3, any::<bool>()), 1..8),
    ) {
        let mut vault = Vault::new();
        for (place, inviter) in (1..DEVICES).zip(&inviters) {
            vault.admit(inviter.index(place), place);
        }
        // All are honest so far, and have heard of each other.
        vault.all_build();
        let (by, out) = (pick.0.index(DEVICES), pick.1.index(DEVICES));
        prop_assume!(by != out);
        let listed = vault.members().records_by(id(out));
        vault.remove(by, id(out), listed);
        vault.all_build();
        let before = active(&vault.members());
        prop_assert_eq!(before.len(), DEVICES - 1);
        let hand = [out, DEVICES, DEVICES + 1];
        vault.admit(out, DEVICES);
        vault.admit(DEVICES, DEVICES + 1);
        for (with, of, lists) in hostile.iter().copied() {
            let own: Vec<Hash> = if lists { own(&vault, &hand) } else { Vec::new() };
            let of = if of < DEVICES { of } else { hand[of - DEVICES] };
            vault.remove(hand[with], id(of), own);
        }
        vault.build(DEVICES);
        let after = active(&vault.members());
        for device in hand {
            prop_assert!(!after.contains(&id(device)), "it is in again");
        }
        // Where all hang on the device that is out, and it removes with devices of its own, nobody can
        // tell the two sides apart: see docs/decisions/0023.
        let apart = out == 0 && hostile.iter().any(|(with, _, _)| *with > 0);
        for device in before {
            prop_assert!(apart || device == id(by) || after.contains(&device), "another one is out");
        }
    }
}

/// The hashes of what hostile devices signed, to list each other.
fn own(vault: &Vault, hand: &[usize]) -> Vec<Hash> {
    let checked = verify::check(vault.id, vault.records.iter().map(Vec::as_slice));
    let by: Vec<DeviceId> = hand.iter().map(|place| id(*place)).collect();
    let made = |body: &Body| fold::maker(&checked, body).is_some_and(|maker| by.contains(&maker));
    let own = checked.verified.iter().filter(|(_, record)| made(&record.body));
    own.map(|(hash, _)| *hash).collect()
}

/// A device removes one that had removed others in advance, and is removed itself: those stay.
#[test]
fn a_removal_that_the_removal_of_its_maker_lists_is_no_part_of_a_circle() {
    let mut vault = Vault::new();
    vault.admit(0, 4);
    vault.remove(4, id(1), Vec::new());
    let listed = vault.members().records_by(id(0));
    vault.remove(1, id(0), listed);
    vault.admit(0, 1);
    let before = vault.members();
    assert_eq!(active(&before), [id(0), id(4)]);
    vault.remove(0, id(4), before.records_by(id(4)));
    assert_eq!(active(&vault.members()), [id(0)]);
}
