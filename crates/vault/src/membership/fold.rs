//! Second step: from rightly signed records to who is a member. A pure function of the set of
//! records: all iteration is in the order of hashes, nothing depends on how the records came.
//!
//! Seniority: devices are ranked by how many invitations they are away from the first device, then
//! by the hash of their join record. Removals take effect in that order, so of two devices that
//! remove each other the senior one stays. What a removed device made counts only as far as its
//! removal lists it.

use super::record::{Body, Genesis, Invite, Join, Remove, Wrapped};
use super::verify::{Checked, Problem, Verified};
use holdfast_oplog::{DeviceId, Hash, VersionVector};
use std::collections::{BTreeMap, BTreeSet};

/// One device that entered, and by what.
pub(super) struct Entry<'a> {
    pub(super) device: DeviceId,
    pub(super) how: How<'a>,
    pub(super) inviter: Option<DeviceId>,
}

/// By which record a device entered.
pub(super) enum How<'a> {
    Founded(&'a Genesis),
    Joined(&'a Join),
}

/// What is known of a removal; several removals of one device are taken together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Removed {
    pub(super) by: BTreeSet<DeviceId>,
    pub(super) accepted: VersionVector,
    pub(super) records: BTreeSet<Hash>,
    /// Records of new identities, under which it wrote what counts.
    pub(super) identities: BTreeSet<Hash>,
    pub(super) time: u64,
}

/// The outcome.
pub(super) struct Folded<'a> {
    /// In order of seniority.
    pub(super) entries: Vec<Entry<'a>>,
    known: BTreeSet<DeviceId>,
    pub(super) removed: BTreeMap<DeviceId, Removed>,
    /// By the hash of the record.
    pub(super) problems: BTreeMap<Hash, Problem>,
}

impl Folded<'_> {
    /// Whether a device ever entered.
    pub(super) fn knows(&self, device: DeviceId) -> bool {
        self.known.contains(&device)
    }

    /// Whether a new identity of a removed device counts, because what it wrote under it does.
    pub(super) fn is_accepted(&self, record: Hash, device: DeviceId) -> bool {
        self.removed.get(&device).is_some_and(|removal| removal.identities.contains(&record))
    }

    /// Whether what a device made counts. The problem where it does not.
    pub(super) fn counts(&self, record: Hash, maker: DeviceId) -> Result<(), Problem> {
        if !self.knows(maker) {
            return Err(Problem::NotYet);
        }
        if kept(&self.removed, record, maker) { Ok(()) } else { Err(Problem::MakerRemoved) }
    }
}

fn kept(removed: &BTreeMap<DeviceId, Removed>, record: Hash, maker: DeviceId) -> bool {
    removed.get(&maker).is_none_or(|removal| removal.records.contains(&record))
}

/// The records by what they refer to, so that walking costs what is there.
struct Index<'a> {
    geneses: Vec<(Hash, &'a Genesis)>,
    invites: BTreeMap<DeviceId, Vec<(Hash, &'a Invite)>>,
    joins: BTreeMap<Hash, Vec<(Hash, &'a Join)>>,
    removes: BTreeMap<DeviceId, Vec<(Hash, &'a Remove)>>,
}

impl<'a> Index<'a> {
    fn new(verified: &'a BTreeMap<Hash, Verified>) -> Self {
        let mut index = Self {
            geneses: Vec::new(),
            invites: BTreeMap::new(),
            joins: BTreeMap::new(),
            removes: BTreeMap::new(),
        };
        for (hash, record) in verified {
            match &record.body {
                Body::Genesis(g) => index.geneses.push((*hash, g)),
                Body::Invite(i) => index.invites.entry(i.by).or_default().push((*hash, i)),
                Body::Join(j) => index.joins.entry(j.invite).or_default().push((*hash, j)),
                Body::Remove(r) => index.removes.entry(r.by).or_default().push((*hash, r)),
                _ => {}
            }
        }
        index
    }

    /// Everyone who entered, given who is removed, most senior first.
    fn walk(&self, removed: BTreeMap<DeviceId, Removed>) -> Folded<'a> {
        let mut out = Folded {
            entries: Vec::new(),
            known: BTreeSet::new(),
            removed,
            problems: BTreeMap::new(),
        };
        let mut geneses = self.geneses.iter();
        let Some((_, genesis)) = geneses.next() else { return out };
        out.problems.extend(geneses.map(|(hash, _)| (*hash, Problem::OtherBeginning)));
        out.known.insert(genesis.device);
        let how = How::Founded(genesis);
        out.entries.push(Entry { device: genesis.device, how, inviter: None });
        let mut level = vec![genesis.device];
        while !level.is_empty() {
            let mut next: BTreeMap<Hash, (DeviceId, &'a Join)> = BTreeMap::new();
            for inviter in level {
                for (invite_hash, invite) in self.invites.get(&inviter).into_iter().flatten() {
                    if !kept(&out.removed, *invite_hash, inviter) {
                        out.problems.insert(*invite_hash, Problem::MakerRemoved);
                        continue;
                    }
                    if let Some((hash, join)) = self.first_join(&mut out, *invite_hash, invite) {
                        next.insert(hash, (inviter, join));
                    }
                }
            }
            level = Vec::new();
            for (inviter, join) in next.into_values() {
                // A device that is in already only used up the invitation.
                if out.known.insert(join.device) {
                    let (device, how, inviter) = (join.device, How::Joined(join), Some(inviter));
                    out.entries.push(Entry { device, how, inviter });
                    level.push(device);
                }
            }
        }
        out
    }

    /// The one join that an invitation is good for: among those in time and not made by a removed
    /// inviter, the one with the least hash.
    fn first_join(
        &self,
        out: &mut Folded<'a>,
        invite_hash: Hash,
        invite: &Invite,
    ) -> Option<(Hash, &'a Join)> {
        let mut first = None;
        for (hash, join) in self.joins.get(&invite_hash).into_iter().flatten() {
            let problem = if invite.expires.is_some_and(|expires| join.time > expires) {
                Problem::InviteExpired
            } else if !kept(&out.removed, *hash, invite.by) {
                Problem::MakerRemoved
            } else if first.is_some() {
                Problem::InviteUsed
            } else {
                first = Some((*hash, *join));
                continue;
            };
            out.problems.insert(*hash, problem);
        }
        first
    }
}

/// Works out who is in, who was removed, and which records do not count.
pub(super) fn fold(checked: &Checked) -> Folded<'_> {
    let index = Index::new(&checked.verified);
    let mut removed: BTreeMap<DeviceId, Removed> = BTreeMap::new();
    let mut applied: BTreeSet<Hash> = BTreeSet::new();
    loop {
        let folded = index.walk(removed);
        // The most senior device with removals that are not in force yet. A removal that took
        // effect stays in effect, so that this ends after at most one round a device.
        let due = folded.entries.iter().find_map(|entry| {
            let due: Vec<(Hash, &Remove)> = index
                .removes
                .get(&entry.device)
                .into_iter()
                .flatten()
                .filter(|(hash, remove)| {
                    !applied.contains(hash)
                        && folded.counts(*hash, entry.device).is_ok()
                        && folded.knows(remove.device)
                })
                .copied()
                .collect();
            (!due.is_empty()).then_some(due)
        });
        let Some(due) = due else { return with_accepted(checked, folded) };
        removed = folded.removed;
        for (hash, remove) in due {
            applied.insert(hash);
            let removal = removed.entry(remove.device).or_default();
            removal.by.insert(remove.by);
            removal.accepted.join(&remove.accepted);
            removal.records.extend(remove.records.iter().copied());
            removal.time = removal.time.max(remove.time);
        }
    }
}

/// Adds what members had of removed devices when they heard of the removal. It says nothing of who is in.
fn with_accepted<'a>(checked: &Checked, mut folded: Folded<'a>) -> Folded<'a> {
    let mut accepts = Vec::new();
    for (hash, record) in &checked.verified {
        if let Body::Accept(accept) = &record.body
            && folded.counts(*hash, accept.by).is_ok()
            && accept.by != accept.device
        {
            accepts.push(accept);
        }
    }
    for accept in accepts {
        if let Some(removal) = folded.removed.get_mut(&accept.device) {
            removal.accepted.join(&accept.accepted);
            removal.identities.extend(accept.records.iter().copied());
        }
    }
    folded
}

/// Who made a record; for a join, who made the invitation.
pub(super) fn maker(checked: &Checked, body: &Body) -> Option<DeviceId> {
    match body {
        Body::Genesis(g) => Some(g.device),
        Body::Invite(i) => Some(i.by),
        Body::Join(j) => match checked.verified.get(&j.invite).map(|record| &record.body) {
            Some(Body::Invite(invite)) => Some(invite.by),
            _ => None,
        },
        Body::Actor(a) => Some(a.device),
        Body::Rename(r) => Some(r.by),
        Body::Remove(r) => Some(r.by),
        Body::Keys(e) => Some(e.by),
        Body::Accept(a) => Some(a.by),
        Body::Unknown => None,
    }
}

/// The epoch and wrapped keys that a record hands out, if it does.
pub(super) fn handed_out(body: &Body) -> Option<(u32, &[Wrapped])> {
    match body {
        Body::Remove(r) => Some((r.epoch, &r.wrapped)),
        Body::Keys(e) => Some((e.epoch, &e.wrapped)),
        _ => None,
    }
}
