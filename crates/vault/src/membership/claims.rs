//! Which device an identity is, and who else ever said so. Never decides who is a member.

use super::record::Body;
use super::verify::Checked;
use super::{Device, Membership};
use crate::keys::DevicePublic;
use holdfast_oplog::{ActorId, DeviceId, Hash};
use std::collections::{BTreeMap, BTreeSet};

/// That a device said of an identity that it is its own, by a record that is rightly signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claim {
    /// The device.
    pub device: DeviceId,
    /// Its keys.
    pub public: DevicePublic,
    /// A record by which it joined; none for the first device.
    pub join: Option<Hash>,
    /// The record by which it took the identity; none where it joined with it.
    pub taken: Option<Hash>,
}

impl Membership {
    /// The keys of everybody who ever said that an identity is its own, the one first whose it is taken to be. What
    /// was taken in under it may be signed by one that does not count any more; it is whole all the same.
    pub fn public_of_any(&self, actor: ActorId) -> impl Iterator<Item = DevicePublic> + '_ {
        self.public_of(actor).into_iter().chain(self.claims_of(actor).iter().map(|of| of.public))
    }

    /// Who ever said that an identity is its own, whether that counts or not.
    pub fn claims_of(&self, actor: ActorId) -> &[Claim] {
        self.said_own.get(&actor).map_or(&[], Vec::as_slice)
    }

    /// The identities that more than one device claims, each with those that do, in the order in
    /// which they are taken to own it while nothing tells more.
    pub fn claims(&self) -> impl Iterator<Item = (ActorId, Vec<&Device>)> {
        self.claimed.iter().map(|(actor, places)| {
            (*actor, places.iter().filter_map(|place| self.devices.get(*place)).collect())
        })
    }

    /// Says whose an identity is that several devices claim: the one by whose key what is held of it
    /// is signed. Another device is left as it is.
    pub fn give_claimed(&mut self, actor: ActorId, to: DeviceId) {
        let places = self.claimed.get(&actor).into_iter().flatten();
        let of = |place: &&usize| self.devices.get(**place).is_some_and(|device| device.id == to);
        let Some(to) = places.copied().find(|place| of(&place)) else { return };
        self.actors.insert(actor, to);
        for (place, device) in self.devices.iter_mut().enumerate() {
            if place != to {
                device.actors.retain(|own| *own != actor);
            } else if !device.actors.contains(&actor) {
                device.actors.insert(0, actor);
            }
        }
    }
}

/// Who says that an identity is its own, by records that are rightly signed.
pub(super) fn said_own(checked: &Checked) -> BTreeMap<ActorId, Vec<Claim>> {
    let mut said: BTreeMap<ActorId, Vec<Claim>> = BTreeMap::new();
    let mut joined: BTreeMap<DeviceId, (DevicePublic, Option<Hash>)> = BTreeMap::new();
    for (hash, record) in &checked.verified {
        let (device, public, actor, join) = match &record.body {
            Body::Genesis(g) => (g.device, g.public, g.actor, None),
            Body::Join(j) => (j.device, j.public, j.actor, Some(*hash)),
            _ => continue,
        };
        joined.entry(device).or_insert((public, join));
        said.entry(actor).or_default().push(Claim { device, public, join, taken: None });
    }
    for (hash, record) in &checked.verified {
        if let Body::Actor(a) = &record.body
            && let Some((public, join)) = joined.get(&a.device).copied()
        {
            let claim = Claim { device: a.device, public, join, taken: Some(*hash) };
            said.entry(a.actor).or_default().push(claim);
        }
    }
    said
}

/// Which device each actor is, and which several devices claim. One that follows from a device's id only
/// that device claims: see [`ActorId::own`]. Of others it belongs to whoever entered the vault with it
/// rather than to whoever took it later; and between equals to whom the changes are signed by that are
/// held; until some are, to whoever is nearer to the first device.
pub(super) fn claim_actors(
    devices: &mut [Device],
    entered: &[Vec<ActorId>],
) -> (BTreeMap<ActorId, usize>, BTreeMap<ActorId, Vec<usize>>) {
    let mut claims: BTreeMap<ActorId, BTreeSet<(bool, usize)>> = BTreeMap::new();
    for ((place, device), entered) in devices.iter().enumerate().zip(entered) {
        for actor in &device.actors {
            let taken = !entered.contains(actor);
            claims.entry(*actor).or_default().insert((taken, place));
        }
    }
    let mut actors = BTreeMap::new();
    let mut claimed = BTreeMap::new();
    for (actor, by) in claims {
        let Some((taken, first)) = by.first().copied() else { continue };
        actors.insert(actor, first);
        let equal = by.into_iter().filter(|of| of.0 == taken).map(|(_, place)| place);
        let equal: Vec<usize> = equal.collect();
        if equal.len() > 1 {
            claimed.insert(actor, equal);
        }
    }
    for (place, device) in devices.iter_mut().enumerate() {
        device.actors.retain(|actor| actors.get(actor) == Some(&place));
    }
    (actors, claimed)
}
