//! Who belongs to a vault: signed records, and a state that is a pure function of their set.
//!
//! The vault's id vouches for its first record, the first device for those it invites, and so on.
//! Every device that holds the same records sees the same members, in whatever order and however
//! often they came. One bad record never spoils the others. Never decides what to do about a
//! member: it only says who is one.

mod fold;
mod list;
mod record;
#[cfg(test)]
mod tests;
mod verify;

pub use list::{pack, unpack};
pub(crate) use record::text;
pub use record::{
    Introduction, Removing, Wrapped, accept, found, hand_over, invite, join, new_actor, remove,
    rename,
};
pub use verify::Problem;

use crate::VaultError;
use crate::epochs::{Keyring, VaultKey, unwrap_key, wrap_key};
use crate::keys::{DeviceKeys, DevicePublic};
use fold::{Folded, How};
use holdfast_oplog::{ActorId, ChangeId, DeviceId, Hash, VaultId, VersionVector};
use rand_core::{CryptoRng, RngCore};
use record::Body;
use std::collections::BTreeMap;
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
    epoch: u32,
    wrapped: Vec<(u32, Wrapped)>,
    /// Records that count: hash and maker.
    made: Vec<(Hash, DeviceId)>,
    /// Those of them that are new identities.
    identities: Vec<(Hash, DeviceId)>,
    problems: Vec<(Hash, Problem)>,
    kept: Vec<Vec<u8>>,
    unknown: usize,
}

impl Membership {
    /// Works out the state from records in any order, with any repetition. Records that cannot be
    /// read or are not rightly signed are listed and left out; kinds that this app does not know
    /// are kept and passed on.
    pub fn from_records(vault: VaultId, records: &[Vec<u8>]) -> Self {
        let checked = verify::check(vault, records.iter().map(Vec::as_slice));
        let folded = fold::fold(&checked);
        let mut devices: Vec<Device> = folded.entries.iter().map(|e| device(e, &folded)).collect();
        let places: BTreeMap<DeviceId, usize> =
            devices.iter().enumerate().map(|(place, device)| (device.id, place)).collect();
        let mut problems = checked.problems.clone();
        let (mut made, mut identities) = (Vec::new(), Vec::new());
        let mut names: BTreeMap<usize, (u64, String)> = BTreeMap::new();
        let mut new_actors: Vec<(usize, u64, Hash, ActorId)> = Vec::new();
        let mut epoch = 1;
        let mut wrapped = Vec::new();
        for (hash, record) in &checked.verified {
            if let Err(problem) = judge(&checked, &folded, *hash, &record.body) {
                problems.insert(record.raw, problem);
                continue;
            }
            if let Some(maker) = fold::maker(&checked, &record.body) {
                made.push((*hash, maker));
            }
            if let Some((number, keys)) = fold::handed_out(&record.body) {
                epoch = epoch.max(number);
                wrapped.extend(keys.iter().map(|key| (number, key.clone())));
            }
            match &record.body {
                Body::Actor(a) => {
                    identities.push((*hash, a.device));
                    let place = places.get(&a.device);
                    new_actors.extend(place.map(|place| (*place, a.time, *hash, a.actor)));
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
        let actors = claim_actors(&mut devices);
        Self {
            vault,
            devices,
            actors,
            epoch,
            wrapped,
            made,
            identities,
            problems: problems.into_iter().collect(),
            kept: checked.kept.into_values().collect(),
            unknown: checked.unknown,
        }
    }

    /// The vault.
    pub const fn vault(&self) -> VaultId {
        self.vault
    }

    /// Every device that ever entered, the first device first, removed ones too.
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

    /// The latest epoch that a record began; 1 before any removal. A keyring whose current epoch
    /// is lower has a key to receive.
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Puts every epoch's key that was handed to this device into its keyring, and says how many
    /// were new. What does not open is left: it is of no use to anyone.
    pub fn receive_keys(
        &self,
        keys: &DeviceKeys,
        keyring: &mut Keyring,
    ) -> Result<usize, VaultError> {
        let me = keys.device_id();
        let mut new = 0;
        for (epoch, wrapped) in self.wrapped.iter().filter(|(_, wrapped)| wrapped.device == me) {
            if let Ok(key) = unwrap_key(self.vault, *epoch, &wrapped.key, keys) {
                new += usize::from(keyring.insert(*epoch, key)?);
            }
        }
        Ok(new)
    }

    /// Wraps an epoch's key for every active device but `except`.
    pub fn wrap_for_active(
        &self,
        epoch: u32,
        key: &VaultKey,
        except: Option<DeviceId>,
        rng: &mut (impl CryptoRng + RngCore),
    ) -> Result<Vec<Wrapped>, VaultError> {
        let stay = self.active().filter(|device| Some(device.id) != except);
        stay.map(|device| {
            let key = wrap_key(self.vault, epoch, key, &device.public, rng)?;
            Ok(Wrapped { device: device.id, key })
        })
        .collect()
    }

    /// The records of a device that count now, with the joins that its invitations led to: what a
    /// removal lists as accepted.
    pub fn records_by(&self, device: DeviceId) -> Vec<Hash> {
        self.made.iter().filter(|(_, maker)| *maker == device).map(|(hash, _)| *hash).collect()
    }

    /// The records by which a device took new identities, as far as they count: see [`accept`].
    pub fn actor_records_by(&self, device: DeviceId) -> Vec<Hash> {
        let by = self.identities.iter().filter(|(_, maker)| *maker == device);
        by.map(|(hash, _)| *hash).collect()
    }

    /// The records to keep and pass on, each once.
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
        How::Joined(j) => (j.public, &j.name, &j.platform, j.actor, j.time),
    };
    Device {
        id: entry.device,
        public,
        name: name.clone(),
        platform: platform.clone(),
        actors: vec![actor],
        joined,
        invited_by: entry.inviter,
        removal: folded.removed.get(&entry.device).map(|removed| Removal {
            by: removed.by.iter().copied().collect(),
            accepted: removed.accepted.clone(),
            time: removed.time,
        }),
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
    folded.counts(hash, maker)?;
    match body {
        Body::Rename(r) if !folded.knows(r.device) => Err(Problem::NotYet),
        Body::Remove(r) if !folded.knows(r.device) => Err(Problem::NotYet),
        _ => Ok(()),
    }
}

/// Which device each actor is. Where two devices claim one actor the senior one has it: an honest
/// device's actor is random, so that only malice claims another's.
fn claim_actors(devices: &mut [Device]) -> BTreeMap<ActorId, usize> {
    let mut actors = BTreeMap::new();
    for (place, device) in devices.iter_mut().enumerate() {
        device.actors.retain(|actor| *actors.entry(*actor).or_insert(place) == place);
    }
    actors
}
