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

/// Such devices that one member's word brings in, at most.
pub(super) const OF_ONE: usize = 32;

/// Invitations between such a device and one that is known, at most.
const DEEP: usize = 8;

/// One of them.
pub(super) struct Left<'a> {
    pub(super) device: DeviceId,
    pub(super) record: &'a Join,
    /// The join and its invitation, and where whoever made that is not known either, how that one joined.
    pub(super) records: BTreeSet<Hash>,
    /// Who made the invitation.
    pub(super) inviter: Option<DeviceId>,
    /// What members had of its logs.
    pub(super) accepted: VersionVector,
    /// Records of new identities under which it wrote that.
    pub(super) identities: BTreeSet<Hash>,
    /// The members that say so.
    pub(super) by: BTreeSet<DeviceId>,
}

/// Those that the words of members bring in, in the order of their ids.
pub(super) fn left<'a>(checked: &'a Checked, folded: &Folded<'_>) -> Vec<Left<'a>> {
    let mut said: BTreeMap<DeviceId, Vec<&Accept>> = BTreeMap::new();
    let mut of: BTreeMap<DeviceId, BTreeSet<DeviceId>> = BTreeMap::new();
    for (hash, record) in &checked.verified {
        let Body::Accept(accept) = &record.body else { continue };
        if accept.accepted.is_empty()
            || folded.knows(accept.device)
            || !folded.vouches(*hash, accept.by)
        {
            continue;
        }
        let about = of.entry(accept.by).or_default();
        if about.contains(&accept.device) || about.len() < OF_ONE {
            about.insert(accept.device);
            said.entry(accept.device).or_default().push(accept);
        }
    }
    if said.is_empty() {
        return Vec::new();
    }
    let mut joins: BTreeMap<DeviceId, (Hash, &Join)> = BTreeMap::new();
    for (hash, record) in &checked.verified {
        if let Body::Join(join) = &record.body {
            joins.entry(join.device).or_insert((*hash, join));
        }
    }
    let inviter = |join: &Join| match checked.verified.get(&join.invite).map(|of| &of.body) {
        Some(Body::Invite(invite)) => Some(invite.by),
        _ => None,
    };
    let room = limits::DEVICES.saturating_sub(folded.entries.len());
    let mut left = Vec::new();
    for (device, accepts) in said {
        let Some((join, record)) = joins.get(&device).copied().filter(|_| left.len() < room) else {
            continue;
        };
        let mut records = BTreeSet::new();
        let mut at = Some((join, record));
        while let Some((join, record)) = at.filter(|_| records.len() < 2 * DEEP) {
            records.extend([join, record.invite]);
            let above = inviter(record).filter(|by| !folded.knows(*by));
            at = above.and_then(|by| joins.get(&by).copied());
        }
        let mut this = Left {
            device,
            record,
            records,
            inviter: inviter(record),
            accepted: VersionVector::new(),
            identities: BTreeSet::new(),
            by: BTreeSet::new(),
        };
        for accept in accepts {
            this.accepted.join(&accept.accepted);
            this.identities.extend(accept.records.iter().copied());
            this.by.insert(accept.by);
        }
        left.push(this);
    }
    left
}
