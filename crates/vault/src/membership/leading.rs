//! What leads others to a record that removes a device or begins an epoch: few records that show it by
//! themselves, and the key under which everybody can open them.

use super::Membership;
use super::list::pack;
use super::record::Body;
use super::verify::{self, Checked};
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
    /// device that it removes entered, one record for each epoch before it, and itself; where its maker is
    /// out, also who says that it built on it, since it counts by that word. Where that is not enough, all
    /// that lead further; where that is not enough either, none.
    pub fn leading_to(&self, ending: Hash) -> Option<Vec<Vec<u8>>> {
        let checked = verify::check(self.vault, self.kept.iter().map(Vec::as_slice));
        let (hash, record) = checked.verified.iter().find(|(_, record)| record.raw == ending)?;
        let mut names = BTreeSet::from([*hash]);
        if let Some(handed) = record.body.handed_out() {
            let mut ladder: BTreeMap<u32, Hash> = BTreeMap::new();
            for begun in self.begun.iter().filter(|begun| begun.epoch < handed.epoch) {
                ladder.entry(begun.epoch).or_insert(begun.hash);
            }
            names.extend(ladder.into_values());
        }
        let bodies = names.iter().filter_map(|name| checked.verified.get(name));
        let devices = bodies.flat_map(|record| match (&record.body, record.body.handed_out()) {
            (Body::Join(join), _) => vec![join.device],
            (_, Some(of)) => [of.by].into_iter().chain(of.removes).collect(),
            _ => Vec::new(),
        });
        let devices: Vec<DeviceId> = devices.collect();
        let hangs = self.hanging.contains(&ending).then_some(*hash);
        self.add_entering(&checked, devices, hangs, &mut names);
        let is_first = |body: &Body| matches!(body, Body::Genesis(_));
        let few = checked
            .verified
            .iter()
            .filter(|(name, record)| names.contains(*name) || is_first(&record.body));
        let few = few.filter_map(|(_, record)| checked.kept.get(&record.raw).cloned()).collect();
        let words = checked.verified.values().filter(|record| match &record.body {
            Body::Accept(accept) => self.is_active(accept.by),
            _ => false,
        });
        let words: BTreeSet<Hash> = words.map(|record| record.raw).collect();
        let leads =
            |bytes: &&Vec<u8>| verify::leads(self.vault, bytes) || words.contains(&Hash::of(bytes));
        let all = self.kept.iter().filter(leads).cloned();
        let shows = |records: &Vec<Vec<u8>>| {
            let alone = Self::from_records(self.vault, records);
            alone.endings.contains_key(&ending) && self.is_held_by(ending, &alone.holders(ending))
        };
        Some(few).filter(shows).or_else(|| Some(all.collect()).filter(shows))
    }

    /// Adds how devices entered, and those who let them in. Of an invitation by which several joined, also
    /// another join, and who says that the one which counts was built on. Of the record that `hangs` on such a
    /// word that too.
    fn add_entering(
        &self,
        checked: &Checked,
        mut open: Vec<DeviceId>,
        hangs: Option<Hash>,
        names: &mut BTreeSet<Hash>,
    ) {
        let places = (0..).zip(&self.devices).filter(|(_, device)| device.removal.is_none());
        let places: BTreeMap<DeviceId, usize> =
            places.map(|(place, device)| (device.id, place)).collect();
        let mut joins: BTreeMap<Hash, Vec<Hash>> = BTreeMap::new();
        // The one that is nearest to the first device says it best: what it hangs on is less.
        let mut built: BTreeMap<Hash, BTreeSet<(usize, Hash, DeviceId)>> = BTreeMap::new();
        for (name, record) in &checked.verified {
            let (by, on) = match &record.body {
                Body::Join(join) => {
                    joins.entry(join.invite).or_default().push(*name);
                    continue;
                }
                Body::Accept(accept) => (accept.by, &accept.records),
                Body::Invite(invite) => (invite.by, &invite.knows),
                _ => continue,
            };
            let Some(place) = places.get(&by) else { continue };
            for on in on {
                built.entry(*on).or_default().insert((*place, *name, by));
            }
        }
        // Who joined by an invitation that knows a record built on it as well.
        for (place, device) in (0..).zip(&self.devices).filter(|(_, of)| of.removal.is_none()) {
            let join = device.join.and_then(|name| Some((name, checked.verified.get(&name)?)));
            let Some((name, Body::Join(join))) = join.map(|(name, of)| (name, &of.body)) else {
                continue;
            };
            if let Some(Body::Invite(invite)) =
                checked.verified.get(&join.invite).map(|of| &of.body)
            {
                for on in &invite.knows {
                    built.entry(*on).or_default().insert((place, name, device.id));
                }
            }
        }
        if let Some((_, said, by)) = hangs.and_then(|on| built.get(&on)?.first()) {
            names.insert(*said);
            open.push(*by);
        }
        let mut added = BTreeSet::new();
        while let Some(device) = open.pop() {
            if !added.insert(device) {
                continue;
            }
            let Some(of) = self.device(device) else { continue };
            let Some((join, inviter)) = of.join.zip(of.invited_by) else { continue };
            let invite = match checked.verified.get(&join).map(|record| &record.body) {
                Some(Body::Join(join)) => join.invite,
                _ => continue,
            };
            names.extend([invite, join]);
            open.push(inviter);
            let mut others = joins.get(&invite).into_iter().flatten();
            if let Some(other) = others.find(|other| **other != join) {
                names.insert(*other);
                let mut by = built.get(&join).into_iter().flatten();
                if let Some((_, said, by)) = by.find(|(.., by)| *by != device) {
                    names.insert(*said);
                    open.push(*by);
                }
            }
        }
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
