//! Vaults of honest devices and one that is not, founded once for each number of devices.

use super::encoder::records::{Entering, Name, join};
use super::encoder::sealing::{Id, Key};
use super::hostile::Hand;
use ed25519_dalek::SigningKey;
use holdfast_oplog::{ActorId, VaultId};
use holdfast_store::{Store, StoreError};
use holdfast_vault::membership::{Introduction, found, invite_knowing, join as honest_join};
use holdfast_vault::{DeviceKeys, Invitation, InviteKey, Keyring, Membership};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A vault, its devices, and what came to the adversary when it was let in.
pub(super) struct Founded {
    pub(super) vault: VaultId,
    pub(super) keys: Vec<DeviceKeys>,
    pub(super) keyring: Keyring,
    pub(super) records: Vec<Vec<u8>>,
    pub(super) hostile_actor: Id,
    /// The vault's keys by epoch.
    pub(super) handed: Vec<(u32, Key)>,
    /// The invitation by which the second device joined: its secret, and the record that it names.
    pub(super) found: (SigningKey, Name),
    empty: Mutex<Store>,
}

/// Under which the honest device at a place writes.
pub(super) const fn actor(place: usize) -> ActorId {
    ActorId([place as u8 + 1; 16])
}

static FOUNDED: OnceLock<Mutex<BTreeMap<usize, Arc<Founded>>>> = OnceLock::new();

/// The vault of so many honest devices; the same in every history.
pub(super) fn founded(honest: usize) -> Arc<Founded> {
    let all = FOUNDED.get_or_init(Mutex::default);
    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(all.entry(honest).or_insert_with(|| Arc::new(Founded::new(honest))))
}

/// What an invitation says, read without the engine.
struct Handed {
    secret: SigningKey,
    invite: Name,
    keys: Vec<(u32, Key)>,
}

fn read_invitation(plain: &[u8]) -> Option<Handed> {
    let secret = SigningKey::from_bytes(plain.get(1..33)?.try_into().ok()?);
    let invite = plain.get(33..65)?.try_into().ok()?;
    let length = u32::from_be_bytes(plain.get(65..69)?.try_into().ok()?) as usize;
    // The keyring: format, vault, count, then an epoch and a key each.
    let keyring = plain.get(69 + length..)?;
    let keys = keyring.get(21..)?.chunks_exact(36).filter_map(|one| {
        let (number, key) = one.split_first_chunk::<4>()?;
        Some((u32::from_be_bytes(*number), key.try_into().ok()?))
    });
    Some(Handed { secret, invite, keys: keys.collect() })
}

impl Founded {
    fn new(honest: usize) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(honest as u64);
        let keys: Vec<DeviceKeys> = (0..honest).map(|_| DeviceKeys::generate(&mut rng)).collect();
        let names: Vec<String> = (0..honest).map(|place| format!("device {place}")).collect();
        let who = |place: usize| Introduction {
            name: &names[place],
            platform: "linux",
            actor: actor(place),
            time: place as u64,
        };
        let (vault, genesis) = found(&keys[0], who(0), &mut rng).unwrap();
        let keyring = Keyring::generate(vault, &mut rng);
        let mut records = vec![genesis];
        let mut invitation = |records: &mut Vec<Vec<u8>>, by: usize| {
            let key = InviteKey::generate(&mut rng);
            // As the engine does it: whoever invites says whom it knows to have joined.
            let knows = Membership::from_records(vault, records).joins();
            let invited = invite_knowing(vault, &keys[by], &key, None, 0, knows);
            let (record, hash) = invited.unwrap();
            records.push(record);
            Invitation { keyring: keyring.clone(), key, invite: hash, inviter: "it".into() }
        };
        let mut found = None;
        for (place, device) in keys.iter().enumerate().skip(1) {
            let invited = invitation(&mut records, place - 1);
            let record =
                honest_join(vault, device, &invited.key, invited.invite, who(place)).unwrap();
            records.push(record);
            found = found.or_else(|| read_invitation(&invited.encode()));
        }
        let found = found.expect("there are two");
        let handed = invitation(&mut records, 0);
        let handed = read_invitation(&handed.encode()).expect("as it is written down");
        let hand = Hand::new(0, [0xe0; 16]);
        let entering = Entering { name: "laptop", actor: hand.actor, time: 9 };
        let joined = join(vault.0, &hand.keys, &handed.secret, handed.invite, &entering);
        records.push(joined.bytes);
        let mut empty = Store::in_memory(vault).unwrap();
        empty
            .write(|tx| {
                for record in &records {
                    tx.add_membership(record)?;
                }
                Ok::<_, StoreError>(())
            })
            .unwrap();
        Self {
            vault,
            keys,
            keyring,
            records,
            hostile_actor: hand.actor,
            handed: handed.keys,
            found: (found.secret, found.invite),
            empty: Mutex::new(empty),
        }
    }

    /// A database that knows the members and nothing else.
    pub(super) fn store(&self) -> Store {
        let empty = self.empty.lock().unwrap_or_else(PoisonError::into_inner);
        empty.copy_in_memory().unwrap()
    }
}
