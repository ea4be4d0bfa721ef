//! The vault's keys as the records hand them out: taking them up, which of them to seal under, and
//! beginning an epoch where none is clean.

use super::Membership;
use super::epochs::Begun;
use super::record::{HandingOver, Wrapped, hand_over};
use crate::VaultError;
use crate::epochs::{Keyring, VaultKey, unwrap_key, wrap_key};
use crate::keys::DeviceKeys;
use holdfast_oplog::DeviceId;
#[cfg(feature = "planted")]
use holdfast_oplog::planted;
use rand_core::{CryptoRng, RngCore};
use std::collections::BTreeSet;

/// An epoch that begins.
#[derive(Debug)]
pub struct Beginning {
    /// The record that hands its key to all members.
    pub record: Vec<u8>,
    /// Its number.
    pub epoch: u32,
    /// Its key.
    pub key: VaultKey,
}

impl Beginning {
    /// Randomness to seal with what goes along with the record: the same whenever it begins again.
    pub fn rng(&self, keys: &DeviceKeys) -> impl CryptoRng + RngCore + use<> {
        keys.derived_rng("holdfast 2026 epoch handed over", &[&self.record])
    }
}

impl Membership {
    /// The latest epoch that a record began; 1 before any removal. A keyring whose current epoch
    /// is lower has a key to receive.
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// The number of the epoch that would begin now.
    pub fn next_epoch(&self) -> Result<u32, VaultError> {
        self.epoch.checked_add(1).ok_or(VaultError::NoMoreEpochs)
    }

    /// The devices that were removed.
    pub fn removed(&self) -> impl Iterator<Item = DeviceId> {
        self.devices().iter().filter(|device| device.removal.is_some()).map(|device| device.id)
    }

    /// Puts every epoch's key that was handed to this device into its keyring, and says how many
    /// were new; and notes there under which keys may be sealed. What does not open is left: it is
    /// of no use to anyone.
    pub fn receive_keys(
        &self,
        keys: &DeviceKeys,
        keyring: &mut Keyring,
    ) -> Result<usize, VaultError> {
        let mut new = 0;
        for begun in &self.begun {
            for key in self.handed_to(keys, begun) {
                // One that has no room for more keeps what it has.
                new += usize::from(keyring.insert(begun.epoch, key).unwrap_or(false));
            }
        }
        self.choose_sealing(keys, keyring);
        Ok(new)
    }

    fn handed_to<'a>(
        &'a self,
        keys: &'a DeviceKeys,
        begun: &'a Begun,
    ) -> impl Iterator<Item = VaultKey> + 'a {
        let me = keys.device_id();
        let own = begun.wrapped.iter().filter(move |wrapped| wrapped.device == me);
        own.filter_map(|wrapped| unwrap_key(self.vault(), begun.epoch, &wrapped.key, keys).ok())
            .filter(|key| begun.key.is_none_or(|named| named == key.id()))
    }

    /// Notes in a keyring under which keys may be sealed: those of epochs that records began, and
    /// once a device was removed only those that no device has that is out. A device that is out
    /// itself has nothing to choose.
    fn choose_sealing(&self, keys: &DeviceKeys, keyring: &mut Keyring) {
        #[cfg(feature = "planted")]
        if planted::is(planted::Bug::HighestKeySeals) {
            keyring.seal_only_under(None, None);
            return;
        }
        let all: BTreeSet<(u32, [u8; 16])> =
            keyring.iter().map(|(epoch, key)| (epoch, key.id())).collect();
        let may = |of: &(u32, [u8; 16])| {
            if self.removed().next().is_none() {
                return of.0 <= self.epoch;
            }
            let of_epoch = || self.begun.iter().filter(|begun| begun.epoch == of.0);
            of_epoch().any(|begun| {
                let this = match begun.key {
                    Some(named) => named == of.1,
                    None => self.handed_to(keys, begun).any(|key| key.id() == of.1),
                };
                begun.clean && this
            }) || of_epoch().next().is_some() && of_epoch().all(|b| b.clean && b.key.is_none())
        };
        let clean: BTreeSet<(u32, [u8; 16])> = all.iter().copied().filter(may).collect();
        // One that all members were handed comes first, then the oldest: whoever begins epochs that
        // nobody needs, and hands their keys to some, parts nobody from the others.
        let first = clean.iter().min_by_key(|of| (!self.is_everybodys(of), **of)).copied();
        let latest = all.iter().max_by_key(|of| (of.0, std::cmp::Reverse(of.1)));
        if !self.is_active(keys.device_id()) || clean == all && first.as_ref() == latest {
            keyring.seal_only_under(None, None);
        } else {
            keyring.seal_only_under(Some(clean), first);
        }
    }

    /// Whether a key was handed to all members.
    fn is_everybodys(&self, of: &(u32, [u8; 16])) -> bool {
        let handed = |begun: &Begun| {
            let has = |device: &DeviceId| begun.wrapped.iter().any(|key| key.device == *device);
            self.active().all(|device| has(&device.id))
        };
        let founding = of.0 == 1 && self.removed().next().is_none();
        founding
            || self.begun.iter().any(|begun| {
                begun.epoch == of.0 && begun.key.is_none_or(|named| named == of.1) && handed(begun)
            })
    }

    /// Wraps an epoch's key for every active device but `except`. A device that gave a key to which
    /// nothing can be wrapped gets none.
    pub fn wrap_for_active(
        &self,
        epoch: u32,
        key: &VaultKey,
        except: Option<DeviceId>,
        rng: &mut (impl CryptoRng + RngCore),
    ) -> Result<Vec<Wrapped>, VaultError> {
        let mut all = Vec::new();
        for device in self.active().filter(|device| Some(device.id) != except) {
            match wrap_key(self.vault(), epoch, key, &device.public, rng) {
                Ok(key) => all.push(Wrapped { device: device.id, key }),
                Err(VaultError::BadPublicKey) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(all)
    }

    /// Begins an epoch whose key no device has that is out. The key follows from this device's
    /// secrets and from who is in and out: doing it again makes the same record.
    pub fn begin_epoch(&self, keys: &DeviceKeys) -> Result<Beginning, VaultError> {
        let epoch = self.next_epoch()?;
        let without: Vec<DeviceId> = self.removed().collect();
        let (vault, number) = (self.vault(), epoch.to_be_bytes());
        let mut parts: Vec<&[u8]> = vec![&vault.0, &number];
        for device in self.devices() {
            parts.push(&device.id.0);
            parts.push(if device.removal.is_some() { b"out" } else { b"in" });
        }
        let mut rng = keys.derived_rng("holdfast 2026 epoch begun", &parts);
        let key = VaultKey::generate(&mut rng);
        let wrapped = self.wrap_for_active(epoch, &key, None, &mut rng)?;
        let time = self.devices().iter().filter_map(|device| device.removal.as_ref());
        let time = time.map(|removal| removal.time).max().unwrap_or(0);
        let (named, without) = (Some(key.id()), Some(without));
        let handing = HandingOver { epoch, wrapped, key: named, without, time };
        Ok(Beginning { record: hand_over(self.vault(), keys, handing)?, epoch, key })
    }
}
