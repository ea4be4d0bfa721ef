//! Devices that do not count as ever having entered, but whose changes a member took in while it took them for
//! members: somebody removed let them in, or they joined by an invitation that another one had used. What that
//! member had of them counts, like what was held of a removed device (docs/decisions/0019): else it would show
//! for ever what nobody else can have.
//!
//! Such a device never was a member: it is out, its records count for nothing, and keys know nothing of it.

use super::fold::Folded;
use super::record::{Accept, Body, Join};
use super::verify::Checked;
use crate::limits;
use holdfast_oplog::{DeviceId, Hash, VersionVector};
use std::collections::{BTreeMap, BTreeSet};

/// Such devices that one member's word brings in, at most: as many as one device lets in.
pub(super) const OF_ONE: usize = limits::ADMITTED;

/// One of them.
pub(super) struct Left<'a> {
    pub(super) device: DeviceId,
    /// By which it joined, as members name them: it may have shown each of them another one.
    pub(super) joins: BTreeMap<Hash, &'a Join>,
    /// Who made the invitation.
    pub(super) inviter: Option<DeviceId>,
    /// What members had of its logs.
    pub(super) accepted: VersionVector,
    /// Records of new identities under which it wrote that.
    pub(super) identities: BTreeSet<Hash>,
    /// The members that say so, each with the records that show what it says.
    pub(super) by: BTreeMap<DeviceId, BTreeSet<Hash>>,
}

/// Those that the words of members who stay bring in, in the order of their ids.
pub(super) fn left<'a>(checked: &'a Checked, folded: &Folded<'_>) -> Vec<Left<'a>> {
    let mut said: BTreeMap<DeviceId, BTreeMap<DeviceId, Vec<&Accept>>> = BTreeMap::new();
    for (hash, record) in &checked.verified {
        if let Body::Accept(accept) = &record.body
            && !folded.knows(accept.device)
            && !folded.removed.contains_key(&accept.by)
            && folded.vouches(*hash, accept.by)
        {
            let of = said.entry(accept.device).or_default();
            of.entry(accept.by).or_default().push(accept);
        }
    }
    let mut brought: BTreeMap<DeviceId, usize> = BTreeMap::new();
    let room = limits::DEVICES.saturating_sub(folded.entries.len());
    let mut left = Vec::new();
    for (device, by) in said {
        let mut this: Option<Left<'a>> = None;
        for (by, accepts) in by {
            let names = || accepts.iter().flat_map(|accept| &accept.records);
            if accepts.iter().all(|accept| accept.accepted.is_empty()) {
                continue;
            }
            // Which join it was is for the member to say: a device can sign many.
            let join = accepts.iter().filter_map(|accept| accept.joined).min();
            let record = join.and_then(|join| checked.verified.get(&join)).map(|of| &of.body);
            let (Some(join), Some(Body::Join(record))) = (join, record) else { continue };
            if record.device != device {
                continue;
            }
            let count = brought.entry(by).or_default();
            if *count >= OF_ONE || this.is_none() && left.len() >= room {
                continue;
            }
            *count = count.saturating_add(1);
            let identity = |on: &&Hash| match checked.verified.get(*on).map(|of| &of.body) {
                Some(Body::Actor(taken)) => taken.device == device,
                _ => false,
            };
            let identities: BTreeSet<Hash> = names().filter(identity).copied().collect();
            let shown = identities.iter().copied().chain([join, record.invite]).collect();
            let this = this.get_or_insert_with(|| Left {
                device,
                joins: BTreeMap::new(),
                inviter: match checked.verified.get(&record.invite).map(|of| &of.body) {
                    Some(Body::Invite(invite)) => Some(invite.by),
                    _ => None,
                },
                accepted: VersionVector::new(),
                identities: BTreeSet::new(),
                by: BTreeMap::new(),
            });
            for accept in accepts {
                this.accepted.join(&accept.accepted);
            }
            this.joins.insert(join, record);
            this.identities.extend(identities);
            this.by.insert(by, shown);
        }
        left.extend(this);
    }
    left
}
