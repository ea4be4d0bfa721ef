//! Who belongs to a vault: signed records, and a state that is a pure function of their set.
//!
//! The vault's id vouches for its first record, the first device for those it invites, and so on.
//! Every device that holds the same records sees the same members, in whatever order and however
//! often they came. One bad record never spoils the others. Never decides what to do about a
//! member: it only says who is one.

mod bits;
mod bounds;
mod claims;
mod epochs;
mod fold;
mod index;
mod leading;
mod left;
mod list;
#[cfg(test)]
mod proofs;
mod record;
mod removals;
mod rescue;
mod sealing;
#[cfg(test)]
mod tests;
mod verify;

pub use claims::Claim;
pub use leading::sealed_under;
pub use list::{pack, unpack};
pub(crate) use record::text;
pub use record::{
    HandingOver, Introduction, Removing, Wrapped, accept, accept_of_nobody, found, hand_over,
    invite, invite_knowing, join, lacks, new_actor, remove, rename,
};
pub use verify::Problem;

use crate::keys::DevicePublic;
use claims::{claim_actors, said_own};
use epochs::{Begun, Epochs};
use fold::{Folded, How};
use holdfast_oplog::{ActorId, ChangeId, DeviceId, Hash, VaultId, VersionVector};
use left::Left;
use record::Body;
use removals::Removed;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use verify::Checked;

/// A device that entered the vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Its id, which follows from its keys.
    pub id: DeviceId,
    /// Its keys.
    pub public: DevicePublic,
    /// Its current name.
    pub name: String,
    /// Its platform, as it said.
    pub platform: String,
    /// Every identity it wrote under, the current one last.
    pub actors: Vec<ActorId>,
    /// When it says that it joined, in milliseconds since 1970.
    pub joined: u64,
    /// Who let it in; nobody for the first device.
    pub invited_by: Option<DeviceId>,
    /// The record by which it joined; none for the first device.
    pub join: Option<Hash>,
    /// Whether it counts as having entered. One that does not is out, and only some of its changes count.
    pub entered: bool,
    /// Set once it was removed.
    pub removal: Option<Removal>,
}

/// How a device was removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// Who removed it.
    pub by: Vec<DeviceId>,
    /// What of its logs counts; what it wrote beyond is set aside and shown.
    pub accepted: VersionVector,
    /// When, in milliseconds since 1970, as the remover said.
    pub time: u64,
}

/// The members of a vault, as far as the records here tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    vault: VaultId,
    devices: Vec<Device>,
    actors: BTreeMap<ActorId, usize>,
    /// Identities that more than one device claims, and the places of these.
    claimed: BTreeMap<ActorId, Vec<usize>>,
    /// Who ever said that an identity is its own, whether that counts or not.
    said_own: BTreeMap<ActorId, Vec<Claim>>,
    epoch: u32,
    begun: Vec<Begun>,
    /// Removals in force: record, device, maker.
    removals: Vec<(Hash, DeviceId, DeviceId)>,
    /// Records on which each device said that it built.
    built: BTreeSet<(DeviceId, Hash)>,
    /// The same by whom that was said about, with the place in the list.
    said: BTreeMap<(DeviceId, DeviceId), BTreeMap<Hash, usize>>,
    /// Records that count and end an epoch or begin one, by the hash of their bytes, each with how many
    /// of its maker come before it.
    endings: BTreeMap<Hash, usize>,
    /// Of these, those whose maker is out.
    hanging: BTreeSet<Hash>,
    /// For each of them the members that built on it, its maker left out.
    holders: BTreeMap<Hash, BTreeSet<DeviceId>>,
    /// Records that count: what names each, its maker, and the hash of its bytes.
    made: Vec<(Hash, DeviceId, Hash)>,
    /// Those of them that are new identities.
    identities: Vec<(Hash, DeviceId, ActorId)>,
    problems: Vec<(Hash, Problem)>,
    kept: Vec<Vec<u8>>,
    unknown: usize,
}

impl Membership {
    /// Works out the state from records in any order, with any repetition. Records that cannot be
    /// read or are not rightly signed are listed and left out; kinds that this app does not know
    /// are kept and passed on where a device of the vault signed them. What one device made is kept
    /// within bounds.
    pub fn from_records(vault: VaultId, records: &[Vec<u8>]) -> Self {
        let mut records = Cow::Borrowed(records);
        let mut dropped = BTreeMap::new();
        // Where something that counted was too much, what is left tells who is in: the next device
        // gets no more than that.
        for last in [false, false, true] {
            let (members, more, changes) = Self::bounded(vault, &records);
            dropped.extend(more.into_iter().map(|raw| (raw, Problem::TooMany)));
            if last || !changes {
                let problems = members.problems.into_iter().chain(dropped);
                return Self { problems: problems.collect(), ..members };
            }
            records = Cow::Owned(members.kept);
        }
        Self::bounded(vault, &records).0
    }

    /// Works out the state, and what is not kept; whether any of that counted.
    fn bounded(vault: VaultId, records: &[Vec<u8>]) -> (Self, BTreeSet<Hash>, bool) {
        let checked = verify::check(vault, records.iter().map(Vec::as_slice));
        let folded = fold::fold(&checked);
        let Epochs { counted, begun, ahead } = epochs::epochs(&checked, &folded);
        let mut devices: Vec<Device> = folded.entries.iter().map(|e| device(e, &folded)).collect();
        devices.extend(folded.left.iter().filter_map(|of| left_device(of, &folded)));
        let places: BTreeMap<DeviceId, usize> =
            devices.iter().enumerate().map(|(place, device)| (device.id, place)).collect();
        let entered: Vec<Vec<ActorId>> = devices
            .iter()
            .map(|of| if of.entered { of.actors.clone() } else { Vec::new() })
            .collect();
        let mut problems = checked.problems.clone();
        let mut counting = Vec::new();
        for (hash, record) in &checked.verified {
            match judge(&checked, &folded, *hash, &record.body) {
                Ok(()) => counting.push((*hash, record)),
                Err(problem) => {
                    problems.insert(record.raw, problem);
                }
            }
        }
        let chosen = bounds::choose(&checked, &folded, &problems);
        counting.retain(|(_, record)| chosen.chosen.contains(&record.raw));
        let (mut made, mut identities) = (Vec::new(), Vec::new());
        let (mut removals, mut built) = (Vec::new(), BTreeSet::new());
        let mut said: BTreeMap<(DeviceId, DeviceId), BTreeMap<Hash, usize>> = BTreeMap::new();
        let mut endings: BTreeMap<DeviceId, Vec<(bool, Hash)>> = BTreeMap::new();
        let first_removals = bounds::first_removals(&checked, &folded);
        let contested = bounds::contested(&checked);
        let (mut hanging, mut holders) = (BTreeSet::new(), BTreeMap::new());
        let mut ends = |by: DeviceId, hash: Hash, raw: Hash| {
            endings.entry(by).or_default().push((!folded.is_paid(hash), raw));
            if folded.removed.contains_key(&by) {
                hanging.insert(raw);
            }
            let built = folded.payers.get(&hash).into_iter().flat_map(BTreeMap::keys);
            let stays = built.copied().filter(|of| *of != by && !folded.removed.contains_key(of));
            holders.insert(raw, stays.collect());
        };
        let mut names: BTreeMap<usize, (u64, String)> = BTreeMap::new();
        let mut new_actors: Vec<(usize, u64, Hash, ActorId)> = Vec::new();
        for (hash, record) in counting {
            if let Some(maker) = fold::maker(&checked, &record.body) {
                made.push((hash, maker, record.raw));
            }
            let far = ahead.contains(&hash);
            if far {
                problems.insert(record.raw, Problem::EpochAhead);
            }
            match &record.body {
                Body::Actor(a) => {
                    identities.push((hash, a.device, a.actor));
                    let place = places.get(&a.device);
                    new_actors.extend(place.map(|place| (*place, a.time, hash, a.actor)));
                }
                Body::Rename(r) => {
                    if let Some(place) = places.get(&r.device) {
                        // Renames come in the order of their hashes, which breaks ties of time.
                        let latest = names.entry(*place).or_default();
                        if r.time >= latest.0 {
                            *latest = (r.time, r.name.clone());
                        }
                    }
                }
                Body::Remove(r) if folded.applied.contains(&hash) => {
                    removals.push((hash, r.device, r.by));
                    if first_removals.contains(&record.raw) {
                        ends(r.by, hash, record.raw);
                    }
                }
                Body::Keys(k) if !far => ends(k.by, hash, record.raw),
                Body::Join(j) if contested.contains(&j.invite) => ends(j.device, hash, record.raw),
                Body::Accept(a) => {
                    built.extend(a.records.iter().map(|on| (a.by, *on)));
                    let said = said.entry((a.by, a.device)).or_default();
                    for (place, on) in (0..).zip(&a.records) {
                        let known = said.entry(*on).or_insert(place);
                        *known = place.min(*known);
                    }
                }
                _ => {}
            }
        }
        for (place, (_, name)) in names {
            if let Some(device) = devices.get_mut(place) {
                device.name = name;
            }
        }
        new_actors.sort();
        for (place, _, _, actor) in new_actors {
            if let Some(device) = devices.get_mut(place) {
                device.actors.retain(|known| *known != actor);
                device.actors.push(actor);
            }
        }
        let (actors, claimed) = claim_actors(&mut devices, &entered);
        for of in endings.values_mut() {
            of.sort();
        }
        let endings = endings.values().flat_map(|of| (0..).zip(of));
        let endings = endings.map(|(place, (_, raw))| (*raw, place)).collect();
        let said_own = said_own(&checked);
        let mut kept = checked.kept;
        kept.retain(|raw, _| chosen.chosen.contains(raw));
        problems.retain(|raw, _| !chosen.dropped.contains(raw));
        let unknown = |body: &Body| matches!(body, Body::Unknown(_));
        let members = Self {
            vault,
            devices,
            actors,
            claimed,
            said_own,
            epoch: counted,
            begun,
            removals,
            built,
            said,
            endings,
            hanging,
            holders,
            made,
            identities,
            problems: problems.into_iter().collect(),
            unknown: checked
                .verified
                .values()
                .filter(|record| unknown(&record.body) && kept.contains_key(&record.raw))
                .count(),
            kept: kept.into_values().collect(),
        };
        (members, chosen.dropped, chosen.changes)
    }

    /// The vault.
    pub const fn vault(&self) -> VaultId {
        self.vault
    }

    /// Every device that ever entered, the first device first, removed ones too; behind them those that do not
    /// count as having entered, and of whose changes members had some: they are out.
    pub fn devices(&self) -> &[Device] {
        &self.devices
    }

    /// The devices that are members now.
    pub fn active(&self) -> impl Iterator<Item = &Device> {
        self.devices.iter().filter(|device| device.removal.is_none())
    }

    /// A device by its id.
    pub fn device(&self, id: DeviceId) -> Option<&Device> {
        self.devices.iter().find(|device| device.id == id)
    }

    /// A device's current name.
    pub fn name(&self, id: DeviceId) -> Option<&str> {
        self.device(id).map(|device| device.name.as_str())
    }

    /// Whether a device is a member now.
    pub fn is_active(&self, id: DeviceId) -> bool {
        self.device(id).is_some_and(|device| device.removal.is_none())
    }

    /// The device that writes, or wrote, as an actor.
    pub fn device_of(&self, actor: ActorId) -> Option<&Device> {
        self.actors.get(&actor).and_then(|place| self.devices.get(*place))
    }

    /// The keys that an actor's changes are signed with; also of a removed device, whose earlier
    /// changes stay. For [`crate::open_batch`].
    pub fn public_of(&self, actor: ActorId) -> Option<DevicePublic> {
        self.device_of(actor).map(|device| device.public)
    }

    /// Whether a change counts: its author is known, and it was not written after the author was
    /// removed, as far as the remover knew.
    pub fn accepts(&self, id: ChangeId) -> bool {
        self.device_of(id.actor).is_some_and(|device| {
            device.removal.as_ref().is_none_or(|removal| removal.accepted.get(id.log()) >= id.seq)
        })
    }

    /// The records of a device that count now, with the joins that its invitations led to: what a
    /// removal lists as accepted.
    pub fn records_by(&self, device: DeviceId) -> Vec<Hash> {
        self.made.iter().filter(|(_, maker, _)| *maker == device).map(|(hash, ..)| *hash).collect()
    }

    /// The records by which a device took new identities, as far as they count: see [`accept`].
    pub fn actor_records_by(&self, device: DeviceId) -> Vec<Hash> {
        let by = self.identities().filter(|(_, maker, _)| *maker == device);
        by.map(|(hash, ..)| hash).collect()
    }

    /// The records by which devices took new identities, as far as they count: the record, the device
    /// and the identity.
    pub fn identities(&self) -> impl Iterator<Item = (Hash, DeviceId, ActorId)> {
        self.identities.iter().copied()
    }

    /// What a device said about another one that it built on, in the order in which it said so: see
    /// [`accept`]. Whoever says more says this again, and more behind it.
    pub fn said(&self, by: DeviceId, about: DeviceId) -> Vec<Hash> {
        let said = self.said.get(&(by, about)).into_iter().flatten();
        let mut said: Vec<(usize, Hash)> = said.map(|(hash, place)| (*place, *hash)).collect();
        said.sort_unstable();
        said.into_iter().map(|(_, hash)| hash).collect()
    }

    /// Whether a device said that it built on a record, so that it counts: see [`accept`].
    pub fn has_built_on(&self, device: DeviceId, record: Hash) -> bool {
        self.built.contains(&(device, record))
    }

    /// The removals that are in force: the record, who was removed, and who did it.
    pub fn removals(&self) -> impl Iterator<Item = (Hash, DeviceId, DeviceId)> {
        self.removals.iter().copied()
    }

    /// The records that count and remove a device or begin an epoch, or are the one of several joins by an
    /// invitation that counts, by the hash of their bytes, each with how many of its maker come before it.
    /// Of several removals of one device by another one is among them. Whoever does not know one may take
    /// others for members, or be unable to open what they seal.
    pub fn endings(&self) -> &BTreeMap<Hash, usize> {
        &self.endings
    }

    /// Whether what shows a record of [`Membership::endings`] shows to everybody that it counts. Where its maker
    /// is out, it counts by the word of those who built on it: one of them must be among the `holders` whom
    /// it shows.
    pub fn is_held_by(&self, ending: Hash, holders: &BTreeSet<DeviceId>) -> bool {
        let built = self.holders.get(&ending).filter(|built| !built.is_empty());
        let hangs = built.filter(|_| self.hanging.contains(&ending));
        hangs.is_none_or(|built| !built.is_disjoint(holders))
    }

    /// The members that built on a record of [`Membership::endings`], its maker left out.
    pub fn holders(&self, ending: Hash) -> BTreeSet<DeviceId> {
        self.holders.get(&ending).cloned().unwrap_or_default()
    }

    /// The records by which the members joined: see [`invite_knowing`].
    pub fn joins(&self) -> Vec<Hash> {
        self.active().filter_map(|device| device.join).collect()
    }

    /// The records to keep and pass on, each once: always few enough for [`pack`].
    pub fn records(&self) -> &[Vec<u8>] {
        &self.kept
    }

    /// Records that do not count, by the BLAKE3 hash of their bytes, and why.
    pub fn problems(&self) -> &[(Hash, Problem)] {
        &self.problems
    }

    /// How many records are of a kind that this app does not know.
    pub const fn unknown(&self) -> usize {
        self.unknown
    }
}

fn device(entry: &fold::Entry<'_>, folded: &Folded<'_>) -> Device {
    let (public, name, platform, actor, joined) = match entry.how {
        How::Founded(g) => (g.public, &g.name, &g.platform, g.actor, g.time),
        How::Joined { record: j, .. } => (j.public, &j.name, &j.platform, j.actor, j.time),
    };
    Device {
        id: entry.device,
        public,
        name: name.clone(),
        platform: platform.clone(),
        actors: vec![actor],
        joined,
        invited_by: entry.inviter,
        join: match entry.how {
            How::Founded(_) => None,
            How::Joined { join, .. } => Some(join),
        },
        entered: true,
        removal: folded.removed.get(&entry.device).map(removal),
    }
}

/// A device that never entered, as one that is out.
fn left_device(of: &Left<'_>, folded: &Folded<'_>) -> Option<Device> {
    let join = of.joins.values().next()?;
    let actors: BTreeSet<ActorId> = of.joins.values().map(|join| join.actor).collect();
    Some(Device {
        id: of.device,
        public: join.public,
        name: join.name.clone(),
        platform: join.platform.clone(),
        actors: actors.into_iter().collect(),
        joined: join.time,
        invited_by: of.inviter,
        join: None,
        entered: false,
        removal: folded.removed.get(&of.device).map(removal),
    })
}

fn removal(removed: &Removed) -> Removal {
    Removal {
        by: removed.by.iter().copied().collect(),
        accepted: removed.accepted.clone(),
        time: removed.time,
    }
}

/// Whether a rightly signed record counts.
fn judge(checked: &Checked, folded: &Folded<'_>, hash: Hash, body: &Body) -> Result<(), Problem> {
    if let Some(problem) = folded.problems.get(&hash) {
        return Err(problem.clone());
    }
    if let Body::Genesis(_) = body {
        return Ok(());
    }
    let maker = fold::maker(checked, body).ok_or(Problem::NotYet)?;
    if matches!(body, Body::Actor(_)) && folded.is_accepted(hash, maker) {
        return Ok(());
    }
    if matches!(body, Body::Keys(_)) && epochs::hands_out(folded, hash, maker) {
        return Ok(());
    }
    folded.counts(hash, maker)?;
    match body {
        Body::Rename(r) if !folded.knows(r.device) => Err(Problem::NotYet),
        Body::Remove(r) if !folded.knows(r.device) => Err(Problem::NotYet),
        _ => Ok(()),
    }
}
