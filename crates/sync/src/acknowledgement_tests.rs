use super::*;
use holdfast_oplog::{LogId, Space};
use holdfast_vault::membership::{Introduction, Removing, found, invite, join, remove};
use holdfast_vault::{InviteKey, VaultKey};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

fn vector(last: u64) -> VersionVector {
    [(LogId { space: Space::Everywhere, actor: ActorId([1; 16]) }, last)].into_iter().collect()
}

struct World {
    keyring: Keyring,
    laptop: DeviceKeys,
    phone: DeviceKeys,
    records: Vec<Vec<u8>>,
    rng: ChaCha20Rng,
}

fn world() -> World {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let (laptop, phone) = (DeviceKeys::generate(&mut rng), DeviceKeys::generate(&mut rng));
    let who = |name, actor| Introduction {
        name,
        platform: "linux",
        actor: ActorId([actor; 16]),
        time: 1,
    };
    let (vault, genesis) = found(&laptop, who("laptop", 1), &mut rng).unwrap();
    let key = InviteKey::generate(&mut rng);
    let (invited, hash) = invite(vault, &laptop, &key, None, 2).unwrap();
    let joined = join(vault, &phone, &key, hash, who("phone", 2)).unwrap();
    let keyring = Keyring::generate(vault, &mut rng);
    World { keyring, laptop, phone, records: vec![genesis, invited, joined], rng }
}

impl World {
    fn members(&self) -> Membership {
        Membership::from_records(self.keyring.vault(), &self.records)
    }
}

fn said(by: &DeviceKeys, keyring: &Keyring) -> Vec<u8> {
    let mut rng = ChaCha20Rng::seed_from_u64(4);
    seal_acknowledgement(by, keyring, ActorId([2; 16]), 5, &vector(7), &mut rng).unwrap()
}

#[test]
fn a_members_word_is_taken_and_nobody_elses() {
    let mut world = world();
    let said = said(&world.phone, &world.keyring);
    let heard = open_acknowledgement(&world.keyring, &world.members(), &said).unwrap();
    assert_eq!((heard.device, heard.holds), (world.phone.device_id(), vector(7)));
    let stranger = DeviceKeys::generate(&mut world.rng);
    let forged = super::tests::said(&stranger, &world.keyring);
    assert!(open_acknowledgement(&world.keyring, &world.members(), &forged).is_err());
    for place in [0, said.len() / 2, said.len() - 1] {
        let mut bent = said.clone();
        bent[place] ^= 1;
        assert!(open_acknowledgement(&world.keyring, &world.members(), &bent).is_err());
    }
    assert!(
        open_acknowledgement(&world.keyring, &world.members(), &said[..said.len() - 1]).is_err()
    );
    assert!(open_acknowledgement(&world.keyring, &world.members(), &[]).is_err());
}

#[test]
fn a_removed_device_has_no_say() {
    let mut world = world();
    let said = said(&world.phone, &world.keyring);
    let (members, phone) = (world.members(), world.phone.device_id());
    let key = VaultKey::generate(&mut world.rng);
    let wrapped = members.wrap_for_active(2, &key, Some(phone), &mut world.rng).unwrap();
    let removing = Removing {
        device: phone,
        accepted: VersionVector::new(),
        records: members.records_by(phone),
        epoch: 2,
        wrapped,
        key: None,
        without: None,
        time: 9,
    };
    let vault = world.keyring.vault();
    world.records.push(remove(vault, &world.laptop, removing).unwrap());
    assert!(!world.members().is_active(phone));
    assert!(open_acknowledgement(&world.keyring, &world.members(), &said).is_err());
}
