//! Vaults with their members, founded once for each number of devices: every history starts from a
//! copy, because making the tables and the signatures anew would take longer than many a history.

use holdfast_oplog::{ActorId, VaultId};
use holdfast_store::{Store, StoreError};
use holdfast_vault::membership::{Introduction, found, invite, join};
use holdfast_vault::{DeviceKeys, InviteKey, Keyring, Membership};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A vault, its keys and those of its devices.
pub(crate) struct Founded {
    pub(crate) vault: VaultId,
    pub(crate) keys: Vec<DeviceKeys>,
    pub(crate) keyring: Keyring,
    pub(crate) members: Membership,
    /// A database that knows the members and nothing else.
    empty: Mutex<Store>,
}

/// Under which the device at a place writes.
pub(crate) fn actor(place: usize) -> ActorId {
    ActorId([place as u8 + 1; 16])
}

static FOUNDED: OnceLock<Mutex<BTreeMap<usize, Arc<Founded>>>> = OnceLock::new();

/// The vault of so many devices; the same in every history.
pub(crate) fn founded(devices: usize) -> Arc<Founded> {
    let all = FOUNDED.get_or_init(Mutex::default);
    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(all.entry(devices).or_insert_with(|| Arc::new(Founded::new(devices))))
}

impl Founded {
    fn new(devices: usize) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(devices as u64);
        let keys: Vec<DeviceKeys> = (0..devices).map(|_| DeviceKeys::generate(&mut rng)).collect();
        let names: Vec<String> = (0..devices).map(|place| format!("device {place}")).collect();
        let who = |place: usize| Introduction {
            name: &names[place],
            platform: "linux",
            actor: actor(place),
            time: place as u64,
        };
        let (vault, genesis) = found(&keys[0], who(0), &mut rng).unwrap();
        let mut records = vec![genesis];
        for place in 1..devices {
            let key = InviteKey::generate(&mut rng);
            let (invited, hash) = invite(vault, &keys[0], &key, None, 0).unwrap();
            records.push(invited);
            records.push(join(vault, &keys[place], &key, hash, who(place)).unwrap());
        }
        let keyring = Keyring::generate(vault, &mut rng);
        let mut empty = Store::in_memory(vault).unwrap();
        empty
            .write(|tx| {
                for record in &records {
                    tx.add_membership(record)?;
                }
                Ok::<_, StoreError>(())
            })
            .unwrap();
        let members = Membership::from_records(vault, &records);
        Self { vault, keys, keyring, members, empty: Mutex::new(empty) }
    }

    /// A database of a device that has just joined.
    pub(crate) fn store(&self) -> Store {
        let empty = self.empty.lock().unwrap_or_else(PoisonError::into_inner);
        empty.copy_in_memory().unwrap()
    }
}
