//! What leads others to a record that removes a device or begins an epoch: few records that show it by
//! themselves, and the key under which everybody can open them.

use super::Membership;
use super::list::pack;
use super::record::Body;
use super::verify;
use crate::VaultError;
use crate::epochs::{Keyring, Purpose};
use crate::keys::DeviceKeys;
use crate::seal::seal_blob_in;
use holdfast_oplog::{DeviceId, Hash};
use std::collections::{BTreeMap, BTreeSet};

/// A key: its epoch and its id.
type Of = (u32, [u8; 16]);

impl Membership {
    /// What follows from lists of an epoch that is over. Whoever is out can seal such a list, so from it
    /// comes what the members signed that stay, and what leads to a removal or to keys that are not known
    /// here; nothing where there is no such.
    pub fn led_by(&self, list: Vec<Vec<u8>>) -> Option<Self> {
        let here: BTreeSet<Hash> = self.kept.iter().map(|bytes| Hash::of(bytes)).collect();
        let all: Vec<Vec<u8>> = self.kept.iter().cloned().chain(list).collect();
        let with = Self::from_records(self.vault, &all);
        let leads = !with.endings.keys().all(|ending| self.endings.contains_key(ending));
        let problems: BTreeSet<Hash> = with.problems.iter().map(|(raw, _)| *raw).collect();
        let stays = with
            .made
            .iter()
            .filter(|(_, maker, raw)| with.is_active(*maker) && !problems.contains(raw));
        let stays: BTreeSet<Hash> = stays.map(|(.., raw)| *raw).collect();
        let mut taken = with.kept.into_iter().filter(|bytes| {
            let raw = Hash::of(bytes);
            let comes = stays.contains(&raw) || leads && verify::leads(self.vault, bytes);
            !here.contains(&raw) && comes
        });
        let first = taken.next()?;
        let all: Vec<Vec<u8>> = self.kept.iter().cloned().chain([first]).chain(taken).collect();
        Some(Self::from_records(self.vault, &all))
    }

    /// Whether a key of the ring opens for everybody who is in: the first epoch's, with which everybody
    /// was let in; of another one, where everybody made it or said that it is held.
    pub fn is_surely_everybodys(&self, of: Of, me: DeviceId) -> bool {
        let has = |device: DeviceId| {
            self.begun.iter().filter(|begun| (begun.epoch, begun.key) == (of.0, Some(of.1))).any(
                |begun| {
                    let holds = begun.by == device || self.has_built_on(device, begun.hash);
                    holds && !begun.lacking.contains(&device)
                },
            )
        };
        of.0 == 1 || self.active().all(|device| device.id == me || has(device.id))
    }

    /// The records that show a record of [`Membership::endings`] by themselves: how its maker and the
    /// device that it removes entered, one record for each epoch before it, and itself. Where that is not
    /// enough, all that a list of an epoch which is over may bring; where that is not enough either, none.
    pub fn leading_to(&self, ending: Hash) -> Option<Vec<Vec<u8>>> {
        let checked = verify::check(self.vault, self.kept.iter().map(Vec::as_slice));
        let (hash, record) = checked.verified.iter().find(|(_, record)| record.raw == ending)?;
        let handed = record.body.handed_out()?;
        let mut ladder: BTreeMap<u32, Hash> = BTreeMap::new();
        for begun in self.begun.iter().filter(|begun| begun.epoch < handed.epoch) {
            ladder.entry(begun.epoch).or_insert(begun.hash);
        }
        let mut names: BTreeSet<Hash> = ladder.into_values().chain([*hash]).collect();
        let mut devices: BTreeSet<DeviceId> = BTreeSet::new();
        for name in &names {
            let body = checked.verified.get(name).and_then(|record| record.body.handed_out());
            devices.extend(body.into_iter().flat_map(|of| [Some(of.by), of.removes]).flatten());
        }
        let mut above: Vec<DeviceId> = devices.iter().copied().collect();
        while let Some(device) = above.pop().and_then(|device| self.device(device)) {
            let Some((join, inviter)) = device.join.zip(device.invited_by) else { continue };
            let invite = match checked.verified.get(&join).map(|record| &record.body) {
                Some(Body::Join(join)) => Some(join.invite),
                _ => None,
            };
            names.extend(invite.into_iter().chain([join]));
            if devices.insert(inviter) {
                above.push(inviter);
            }
        }
        let is_first = |body: &Body| matches!(body, Body::Genesis(_));
        let few = checked
            .verified
            .iter()
            .filter(|(name, record)| names.contains(*name) || is_first(&record.body));
        let few = few.filter_map(|(_, record)| checked.kept.get(&record.raw).cloned()).collect();
        let all = self.kept.iter().filter(|bytes| verify::leads(self.vault, bytes)).cloned();
        let shows = |records: &Vec<Vec<u8>>| {
            Self::from_records(self.vault, records).endings.contains_key(&ending)
        };
        Some(few).filter(shows).or_else(|| Some(all.collect()).filter(shows))
    }
}

/// Records sealed for `place` under a key that need not be the current one. Doing it again makes the same.
pub fn sealed_under(
    keys: &DeviceKeys,
    keyring: &Keyring,
    of: Of,
    place: &[u8],
    records: &[Vec<u8>],
) -> Result<Vec<u8>, VaultError> {
    let packed = pack(records)?;
    let mut rng = keys.derived_rng("holdfast 2026 records handed along", &[&of.1, &packed]);
    let ring = keyring.sealing_under(of);
    seal_blob_in(&ring, of.0, Purpose::Membership, place, &packed, &mut rng)
}
