//! The vault's keys as the records hand them out: taking them up, which of them to seal under, and
//! beginning an epoch where none is clean.

use super::epochs::Begun;
use super::record::{HandingOver, Wrapped, hand_over, lacks};
use super::{Device, Membership};
use crate::epochs::{Keyring, VaultKey, unwrap_key, wrap_key};
use crate::keys::DeviceKeys;
use crate::{VaultError, limits};
#[cfg(feature = "planted")]
use holdfast_oplog::planted;
use holdfast_oplog::{DeviceId, Hash};
use rand_core::{CryptoRng, RngCore};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// A key: its epoch and its id.
type Of = (u32, [u8; 16]);

/// Why a key is kept where there is no room for all, the least reason first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    /// No record names it.
    Unknown,
    Named,
    First,
    Clean,
    Own,
}

/// A record, and the key to seal it under, where there is one.
type HandedOn = (Vec<u8>, Option<Of>);

/// A reason; of keys that have the same, each maker's first ones before further ones of anybody.
type Worth = (Reason, Reverse<u64>);

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

    /// The devices that entered and were removed.
    pub fn removed(&self) -> impl Iterator<Item = DeviceId> {
        let entered = self.devices().iter().filter(|device| device.entered);
        entered.filter(|device| device.removal.is_some()).map(|device| device.id)
    }

    /// Puts every epoch's key that was handed to this device into its keyring, and says how many
    /// were new; and notes there under which keys may be sealed. What does not open is left: it is
    /// of no use to anyone. Where there is no room, clean keys and those that this device made come
    /// first, then of each maker as many as of any other.
    pub fn receive_keys(
        &self,
        keys: &DeviceKeys,
        keyring: &mut Keyring,
    ) -> Result<usize, VaultError> {
        let me = keys.device_id();
        let mut begun: Vec<&Begun> = self.begun.iter().collect();
        begun.sort_by_key(|of| (of.by, !of.clean, !of.is_built_on, of.epoch, of.hash));
        let mut worth: BTreeMap<Of, Worth> = BTreeMap::new();
        let mut handed = Vec::new();
        let (mut maker, mut place) = (None, 0_u64);
        for begun in begun {
            place = if maker == Some(begun.by) { place.saturating_add(1) } else { 0 };
            maker = Some(begun.by);
            let held = begun.key.filter(|named| keyring.holds(&(begun.epoch, *named)));
            let id = if let Some(named) = held {
                named
            } else {
                let Some(key) = self.handed_to(keys, begun) else { continue };
                let id = key.id();
                handed.push((begun.epoch, key));
                id
            };
            let reason = match begun {
                Begun { by, .. } if *by == me => Reason::Own,
                Begun { clean: true, .. } => Reason::Clean,
                _ => Reason::Named,
            };
            let this = (reason, Reverse(place));
            let known = worth.entry((begun.epoch, id)).or_insert(this);
            *known = (*known).max(this);
        }
        let of = |of: &Of| {
            let other = if of.0 == 1 { Reason::First } else { Reason::Unknown };
            worth.get(of).copied().unwrap_or((other, Reverse(0)))
        };
        let mut new = 0;
        for (epoch, key) in handed {
            new += usize::from(keyring.put(epoch, key, of));
        }
        self.choose_sealing(me, keyring);
        Ok(new)
    }

    /// The key that a record hands to this device: one for each record.
    fn handed_to(&self, keys: &DeviceKeys, begun: &Begun) -> Option<VaultKey> {
        let me = keys.device_id();
        let own = begun.wrapped.iter().find(|wrapped| wrapped.device == me)?;
        unwrap_key(self.vault(), begun.epoch, &own.key, keys)
            .ok()
            .filter(|key| begun.key.is_none_or(|named| named == key.id()))
    }

    /// Notes in a keyring under which keys may be sealed: those of epochs that records began, and
    /// once a device was removed only those that no device has that is out. A device that is out
    /// itself has nothing to choose.
    fn choose_sealing(&self, me: DeviceId, keyring: &mut Keyring) {
        #[cfg(feature = "planted")]
        if planted::is(planted::Bug::HighestKeySeals) {
            keyring.seal_only_under(None, None);
            return;
        }
        let mut clean_keys: BTreeSet<Of> = BTreeSet::new();
        // Epochs of which no record names its key, all of them clean and for everybody: of a key without a name
        // nobody can say that it does not open.
        let mut plain: BTreeMap<u32, bool> = BTreeMap::new();
        for begun in &self.begun {
            let has: BTreeSet<DeviceId> = begun.wrapped.iter().map(|of| of.device).collect();
            let is_for_all = || self.active().all(|of| of.id == begun.by || has.contains(&of.id));
            let is_plain = plain.entry(begun.epoch).or_insert(true);
            *is_plain &= begun.clean && begun.key.is_none() && is_for_all();
            let id = begun.key.filter(|_| begun.clean);
            clean_keys.extend(id.map(|id| (begun.epoch, id)));
        }
        let nobody_is_out = self.removed().next().is_none();
        let may = |of: &Of| {
            if nobody_is_out {
                return of.0 <= self.epoch;
            }
            clean_keys.contains(of) || plain.get(&of.0).is_some_and(|plain| *plain)
        };
        let all: BTreeSet<Of> = keyring.iter().map(|(epoch, key)| (epoch, key.id())).collect();
        let clean: BTreeSet<Of> = all.iter().copied().filter(may).collect();
        // One that all members have comes first, then the oldest: whoever begins epochs that nobody
        // needs, and hands their keys to some, parts nobody from the others.
        let lacking = self.who_lack(&clean, None);
        let whole = |of: &Of| lacking.get(of).is_none_or(BTreeSet::is_empty);
        let first = clean.iter().min_by_key(|of| (!whole(of), **of)).copied();
        let latest = all.iter().max_by_key(|of| (of.0, Reverse(of.1)));
        if !self.is_active(me) || clean == all && first.as_ref() == latest {
            keyring.seal_only_under(None, None);
        } else {
            keyring.seal_only_under(Some(clean), first);
        }
    }

    /// For each of the keys the members that lack it, as far as they tell: those to whom no record hands it
    /// that names it and of which they did not say that it does not open. Who joined by an invitation
    /// came with the vault's keys; nothing is said of one that has said nothing yet. `me` knows what it
    /// wrapped itself.
    fn who_lack(
        &self,
        keys: &BTreeSet<Of>,
        me: Option<DeviceId>,
    ) -> BTreeMap<Of, BTreeSet<DeviceId>> {
        let spoke: BTreeSet<DeviceId> = self.made.iter().map(|(_, maker, _)| *maker).collect();
        let asked: BTreeSet<DeviceId> =
            self.active().map(|device| device.id).filter(|id| spoke.contains(id)).collect();
        // The first epoch's is everybody's until somebody is out.
        let founding = |of: &Of| of.0 == 1 && self.removed().next().is_none();
        let mut lack: BTreeMap<Of, BTreeSet<DeviceId>> =
            keys.iter().filter(|of| !founding(of)).map(|of| (*of, asked.clone())).collect();
        for begun in &self.begun {
            let of = begun.key.and_then(|named| lack.get_mut(&(begun.epoch, named)));
            let Some(lack) = of else { continue };
            let sure = Some(begun.by) == me;
            for wrapped in begun.wrapped.iter().map(|wrapped| &wrapped.device) {
                if sure || !begun.lacking.contains(wrapped) {
                    lack.remove(wrapped);
                }
            }
            lack.retain(|device| {
                begun.lacking.contains(device)
                    || begun.by != *device && !self.has_built_on(*device, begun.hash)
            });
        }
        lack
    }

    /// The keys of a ring but the one in use of which a member said that it lacks them, and to which this device
    /// did not hand them: what is sealed under one of these does not reach everybody. Of a key that no record
    /// names this is told by all the records of its epoch that name none; where there is none of these either, it may be anybody's.
    pub fn lacked_keys(&self, me: DeviceId, keyring: &Keyring) -> BTreeSet<(u32, [u8; 16])> {
        let all = keyring.iter().map(|(epoch, key)| (epoch, key.id()));
        let all: BTreeSet<Of> = all.filter(|of| keyring.in_use() != Some(*of)).collect();
        let told = |begun: &&Begun| begun.lacking.iter().any(|device| self.is_active(*device));
        let told: Vec<&Begun> = self.begun.iter().filter(told).collect();
        let named: BTreeSet<(u32, Option<[u8; 16]>)> =
            self.begun.iter().map(|begun| (begun.epoch, begun.key)).collect();
        let lack = if told.is_empty() { BTreeMap::new() } else { self.who_lack(&all, Some(me)) };
        let is_lacked = |of: &Of| {
            let is_named = named.contains(&(of.0, Some(of.1)));
            // Of a later epoch's key of which no record is left nobody can say anything.
            let is_unknown = of.0 > 1 && !is_named && !named.contains(&(of.0, None));
            is_unknown
                || told.iter().any(|begun| {
                    let lacks = |device| lack.get(of).is_some_and(|lack| lack.contains(device));
                    begun.epoch == of.0
                        && begun.key == is_named.then_some(of.1)
                        && (!is_named || begun.lacking.iter().any(lacks))
                })
        };
        all.iter().filter(|of| is_lacked(of)).copied().collect()
    }

    /// Says of the keys that this device does not hold that it lacks them, so that whoever seals under one of
    /// them hands it on, and nobody takes what is sealed under it for what reaches everybody; nothing where
    /// all that was said. The clean ones come first. Doing it again makes the same record.
    pub fn say_lacking(
        &self,
        keys: &DeviceKeys,
        keyring: &Keyring,
    ) -> Result<Option<Vec<u8>>, VaultError> {
        let me = keys.device_id();
        let mut lacked: Vec<&Begun> = self
            .begun
            .iter()
            .filter(|begun| {
                let named = |named| keyring.holds(&(begun.epoch, named));
                // What was handed to nobody, only its maker has.
                let handed = || begun.wrapped.is_empty() || self.handed_to(keys, begun).is_some();
                begun.by != me && !begun.key.map_or_else(handed, named)
            })
            .collect();
        // It only grows, and so takes the place of what was said before.
        lacked.sort_by_key(|begun| (!begun.lacking.contains(&me), !begun.clean));
        lacked.truncate(limits::LACKED);
        if lacked.iter().all(|begun| begun.lacking.contains(&me)) {
            return Ok(None);
        }
        let records = lacked.into_iter().map(|begun| begun.hash).collect();
        lacks(self.vault(), keys, records, self.latest_removal()).map(Some)
    }

    /// The records of others that hand out keys which are held here, each with its maker.
    pub fn keys_held(&self, me: DeviceId, keyring: &Keyring) -> Vec<(Hash, DeviceId)> {
        let held = self.begun.iter().filter(|begun| {
            let held = begun.key.is_some_and(|named| keyring.holds(&(begun.epoch, named)));
            held && begun.by != me && !begun.lacking.contains(&me)
        });
        held.map(|begun| (begun.hash, begun.by)).collect()
    }

    /// Hands the key under which this device seals to the members that lack it: the record, and a key
    /// that they have to seal it under, where there is one; none where nobody lacks it. Doing it again
    /// makes the same record.
    pub fn hand_on(
        &self,
        keys: &DeviceKeys,
        keyring: &Keyring,
    ) -> Result<Option<HandedOn>, VaultError> {
        let me = keys.device_id();
        let Some(of) = keyring.in_use() else { return Ok(None) };
        let Some(key) = keyring.key(&of) else { return Ok(None) };
        // Who says again and again that it lacks something gets no more than this.
        let own = self.begun.iter().filter(|begun| begun.by == me).count();
        let lack = self.who_lack(&BTreeSet::from([of]), Some(me)).remove(&of).unwrap_or_default();
        let lack: Vec<&Device> =
            self.active().filter(|d| d.id != me && lack.contains(&d.id)).collect();
        if lack.is_empty() || own >= limits::FEW / 2 || !keyring.may_seal_under(of) {
            return Ok(None);
        }
        let (vault, epoch) = (self.vault(), of.0);
        let number = epoch.to_be_bytes();
        let mut parts: Vec<&[u8]> = vec![&vault.0, &number, &of.1];
        parts.extend(lack.iter().map(|device| &device.id.0[..]));
        let mut rng = keys.derived_rng("holdfast 2026 key handed on", &parts);
        let mut wrapped = Vec::new();
        for device in &lack {
            if let Ok(key) = wrap_key(vault, epoch, key, &device.public, &mut rng) {
                wrapped.push(Wrapped { device: device.id, key });
            }
        }
        if wrapped.is_empty() {
            return Ok(None);
        }
        let without = Some(self.removed().collect());
        let time = self.latest_removal();
        let handing = HandingOver { epoch, wrapped, key: Some(of.1), without, time };
        let others = keyring.iter().map(|(epoch, key)| (epoch, key.id()));
        let others: BTreeSet<Of> = others.filter(|other| *other != of).collect();
        let lacked = self.who_lack(&others, Some(me));
        let has = |other: &Of| {
            lacked.get(other).is_none_or(|not| lack.iter().all(|device| !not.contains(&device.id)))
        };
        // One that nobody has who is out, where there is one; else the latest that they have. The first
        // epoch's key everybody has who was ever let in.
        let theirs: Vec<Of> =
            others.iter().copied().filter(|other| other.0 == 1 || has(other)).collect();
        let good = theirs.iter().rev().find(|other| keyring.may_seal_under(**other));
        let under = good.or(theirs.last()).copied();
        Ok(Some((hand_over(vault, keys, handing)?, under)))
    }

    /// When the last removal was, as its maker said.
    fn latest_removal(&self) -> u64 {
        let times = self.devices().iter().filter_map(|device| device.removal.as_ref());
        times.map(|removal| removal.time).max().unwrap_or(0)
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
        for device in self.devices().iter().filter(|device| device.entered) {
            parts.push(&device.id.0);
            parts.push(if device.removal.is_some() { b"out" } else { b"in" });
        }
        let mut rng = keys.derived_rng("holdfast 2026 epoch begun", &parts);
        let key = VaultKey::generate(&mut rng);
        let wrapped = self.wrap_for_active(epoch, &key, None, &mut rng)?;
        let time = self.latest_removal();
        let (named, without) = (Some(key.id()), Some(without));
        let handing = HandingOver { epoch, wrapped, key: named, without, time };
        Ok(Beginning { record: hand_over(self.vault(), keys, handing)?, epoch, key })
    }
}
