//! Second step: from rightly signed records to who is a member. A pure function of the set of
//! records: all iteration is in the order of hashes, nothing depends on how the records came.
//!
//! Which removals take effect is worked out in [`super::removals`]; here is who entered, given
//! those. What a removed device made counts only as far as its removal lists it, or where another
//! member had built on it before.

use super::record::{Body, Genesis, Invite, Join, Remove};
use super::removals::{self, Removed};
use super::verify::{Checked, Problem, Verified};
use crate::limits;
use holdfast_oplog::{DeviceId, Hash};
use std::collections::{BTreeMap, BTreeSet};

/// One device that entered, and by what.
pub(super) struct Entry<'a> {
    pub(super) device: DeviceId,
    pub(super) how: How<'a>,
    pub(super) inviter: Option<DeviceId>,
    /// Invitations between it and the first device.
    pub(super) level: usize,
}

/// By which record a device entered.
pub(super) enum How<'a> {
    Founded(&'a Genesis),
    Joined { invite: Hash, join: Hash, record: &'a Join, knows: &'a [Hash] },
}

/// The outcome.
pub(super) struct Folded<'a> {
    /// By how many invitations they are away from the first device, then by the hash of the join.
    pub(super) entries: Vec<Entry<'a>>,
    places: BTreeMap<DeviceId, usize>,
    pub(super) removed: BTreeMap<DeviceId, Removed>,
    /// Removals that are in force, whoever made them.
    pub(super) applied: BTreeSet<Hash>,
    /// Invitations and joins of a removed device that count because others built on them.
    stood: BTreeSet<Hash>,
    /// By the hash of the record.
    pub(super) problems: BTreeMap<Hash, Problem>,
}

impl<'a> Folded<'a> {
    /// Whether a device ever entered.
    pub(super) fn knows(&self, device: DeviceId) -> bool {
        self.places.contains_key(&device)
    }

    /// Whether an invitation let a device in, or a join is the one by which it entered.
    pub(super) fn admitted(&self, record: Hash) -> bool {
        self.stood.contains(&record)
    }

    /// How a device entered.
    pub(super) fn entry(&self, device: DeviceId) -> Option<&Entry<'a>> {
        self.places.get(&device).and_then(|place| self.entries.get(*place))
    }

    /// Whether a new identity of a removed device counts, because what it wrote under it does.
    pub(super) fn is_accepted(&self, record: Hash, device: DeviceId) -> bool {
        self.removed.get(&device).is_some_and(|removal| removal.identities.contains(&record))
    }

    /// Whether what a device made counts as that device's word: it stays, or what removed it lists
    /// this.
    pub(super) fn vouches(&self, record: Hash, maker: DeviceId) -> bool {
        self.knows(maker) && kept(&self.removed, record, maker)
    }

    /// Whether what a device made counts. The problem where it does not.
    pub(super) fn counts(&self, record: Hash, maker: DeviceId) -> Result<(), Problem> {
        if !self.knows(maker) {
            return Err(Problem::NotYet);
        }
        let counts = kept(&self.removed, record, maker)
            || self.applied.contains(&record)
            || self.stood.contains(&record);
        if counts { Ok(()) } else { Err(Problem::MakerRemoved) }
    }

    fn enter(&mut self, entry: Entry<'a>) {
        if let How::Joined { invite, join, .. } = entry.how {
            self.stood.extend([invite, join]);
        }
        self.places.insert(entry.device, self.entries.len());
        self.entries.push(entry);
    }

    /// The records by which a device and those before it entered, and what those who let them in
    /// knew: whatever the device removes, it stands on these.
    pub(super) fn ground(&self, device: DeviceId) -> BTreeSet<Hash> {
        let mut ground = BTreeSet::new();
        let mut at = self.entry(device);
        while let Some(Entry { how: How::Joined { invite, join, knows, .. }, inviter, .. }) = at {
            ground.extend([*invite, *join]);
            ground.extend(knows.iter().copied());
            at = inviter.and_then(|inviter| self.entry(inviter));
        }
        ground
    }
}

fn kept(removed: &BTreeMap<DeviceId, Removed>, record: Hash, maker: DeviceId) -> bool {
    removed.get(&maker).is_none_or(|removal| removal.lists(record))
}

/// The records by what they refer to, so that walking costs what is there.
pub(super) struct Index<'a> {
    geneses: Vec<(Hash, &'a Genesis)>,
    invites: BTreeMap<DeviceId, Vec<(Hash, &'a Invite)>>,
    joins: BTreeMap<Hash, Vec<(Hash, &'a Join)>>,
    pub(super) removes: BTreeMap<DeviceId, Vec<(Hash, &'a Remove)>>,
    /// For a record, who built on it, and by which record.
    built: BTreeMap<Hash, Vec<(DeviceId, Hash)>>,
    built_by: BTreeMap<DeviceId, BTreeSet<Hash>>,
    /// For a device, who handed it a key, and by which record.
    wrapped: BTreeMap<DeviceId, Vec<(DeviceId, Hash)>>,
}

impl<'a> Index<'a> {
    fn new(verified: &'a BTreeMap<Hash, Verified>) -> Self {
        let mut index = Self {
            geneses: Vec::new(),
            invites: BTreeMap::new(),
            joins: BTreeMap::new(),
            removes: BTreeMap::new(),
            built: BTreeMap::new(),
            built_by: BTreeMap::new(),
            wrapped: BTreeMap::new(),
        };
        for (hash, record) in verified {
            match &record.body {
                Body::Genesis(g) => index.geneses.push((*hash, g)),
                Body::Invite(i) => index.invites.entry(i.by).or_default().push((*hash, i)),
                Body::Join(j) => index.joins.entry(j.invite).or_default().push((*hash, j)),
                Body::Remove(r) => index.removes.entry(r.by).or_default().push((*hash, r)),
                Body::Accept(a) => index.build(a.by, *hash, &a.records),
                _ => {}
            }
            if let Some(handed) = record.body.handed_out() {
                for wrapped in handed.wrapped {
                    let by = (handed.by, *hash);
                    index.wrapped.entry(wrapped.device).or_default().push(by);
                }
            }
        }
        // Whoever joined by an invitation built on what whoever made it knew.
        let invites: BTreeMap<Hash, &'a Invite> =
            index.invites.values().flatten().copied().collect();
        for (invite, joins) in index.joins.clone() {
            let knows = invites.get(&invite).map_or(&[][..], |invite| invite.knows.as_slice());
            for (hash, join) in joins {
                index.build(join.device, hash, knows);
            }
        }
        index
    }

    fn build(&mut self, by: DeviceId, with: Hash, on: &[Hash]) {
        for on in on {
            self.built.entry(*on).or_default().push((by, with));
            self.built_by.entry(by).or_default().insert(*on);
        }
    }

    /// The records on which a device said that it built: it cannot say later that these do not count.
    pub(super) fn built_by(&self, device: DeviceId) -> impl Iterator<Item = Hash> {
        self.built_by.get(&device).into_iter().flatten().copied()
    }

    /// Whether a member other than `but` built on a record.
    pub(super) fn is_built_on(
        &self,
        folded: &Folded<'_>,
        record: Hash,
        but: impl Fn(DeviceId) -> bool,
    ) -> bool {
        let by = self.built.get(&record).into_iter().flatten();
        by.into_iter().any(|(by, with)| !but(*by) && folded.vouches(*with, *by))
    }

    /// Whether a member other than `but` built on a device's having joined.
    pub(super) fn is_joined_on(
        &self,
        folded: &Folded<'_>,
        (hash, device): (Hash, DeviceId),
        but: impl Fn(DeviceId) -> bool,
    ) -> bool {
        let but = |by| by == device || but(by);
        let mut handed = self.wrapped.get(&device).into_iter().flatten();
        self.is_built_on(folded, hash, but)
            || handed.any(|(by, with)| !but(*by) && folded.vouches(*with, *by))
    }

    /// Everyone who entered, given who is removed.
    fn walk(
        &self,
        removed: BTreeMap<DeviceId, Removed>,
        applied: BTreeSet<Hash>,
        rescued: Option<DeviceId>,
    ) -> Folded<'a> {
        let mut out = Folded {
            entries: Vec::new(),
            places: BTreeMap::new(),
            removed,
            applied,
            stood: BTreeSet::new(),
            problems: BTreeMap::new(),
        };
        let mut geneses = self.geneses.iter();
        let Some((_, genesis)) = geneses.next() else { return out };
        out.problems.extend(geneses.map(|(hash, _)| (*hash, Problem::OtherBeginning)));
        let how = How::Founded(genesis);
        out.enter(Entry { device: genesis.device, how, inviter: None, level: 0 });
        // Grows until nothing more counts: what a device that entered built on may let in another.
        loop {
            let before = out.entries.len();
            let mut at = 0;
            let mut open = None;
            while let Some(entry) = out.entries.get(at) {
                let (inviter, level) = (entry.device, entry.level);
                for invite in self.invites.get(&inviter).into_iter().flatten() {
                    let more = self.enter_by(&mut out, (inviter, level), *invite, rescued);
                    open = open.or(more);
                }
                at = at.saturating_add(1);
            }
            if out.entries.len() > before {
                continue;
            }
            // Of several joins by one invitation, none of which anybody built on, the least hash.
            match open {
                Some(entry) => out.enter(entry),
                None => break,
            }
        }
        self.list_problems(&mut out, rescued);
        out.entries.sort_by_key(|entry| match entry.how {
            How::Founded(_) => (0, Hash::ZERO),
            How::Joined { join, .. } => (entry.level, join),
        });
        out.places = out.entries.iter().zip(0..).map(|(entry, at)| (entry.device, at)).collect();
        out
    }

    /// Whether an invitation, or a join by it, counts.
    fn stands(
        &self,
        out: &Folded<'_>,
        (record, join): (Hash, Option<&Join>),
        inviter: DeviceId,
        rescued: Option<DeviceId>,
    ) -> bool {
        let Some(removal) = out.removed.get(&inviter) else { return true };
        if removal.lists(record) || rescued == Some(inviter) {
            return true;
        }
        // Whoever lists a join lists the invitation that it names.
        let joins = || self.joins.get(&record).into_iter().flatten();
        if join.is_none() && joins().any(|(hash, _)| removal.lists(*hash)) {
            return true;
        }
        // Of two that remove each other nobody can say who was first. What others built on stands.
        if removal.circle().is_none() {
            return false;
        }
        let but = |by| by == inviter;
        if let Some(join) = join {
            self.is_joined_on(out, (record, join.device), but)
        } else {
            let joins = self.joins.get(&record).into_iter().flatten();
            joins.into_iter().any(|(hash, join)| {
                removal.lists(*hash) || self.is_joined_on(out, (*hash, join.device), but)
            })
        }
    }

    /// Lets in who joined by an invitation: those whose join others built on, or the only one. The
    /// one with the least hash where there are several, and nobody built on any.
    fn enter_by(
        &self,
        out: &mut Folded<'a>,
        (inviter, level): (DeviceId, usize),
        (invite_hash, invite): (Hash, &'a Invite),
        rescued: Option<DeviceId>,
    ) -> Option<Entry<'a>> {
        let joins = self.joins.get(&invite_hash)?;
        if out.entries.len() >= limits::DEVICES {
            return None;
        }
        if !self.stands(out, (invite_hash, None), inviter, rescued) {
            return None;
        }
        let entry = |join: Hash, record: &'a Join| Entry {
            device: record.device,
            how: How::Joined { invite: invite_hash, join, record, knows: &invite.knows },
            inviter: Some(inviter),
            level: level.saturating_add(1),
        };
        let good: Vec<(Hash, &'a Join)> = joins
            .iter()
            .filter(|(hash, join)| {
                !is_late(invite, join) && self.stands(out, (*hash, Some(join)), inviter, rescued)
            })
            .copied()
            .collect();
        // A device that is in already only used up the invitation.
        let used = good.iter().any(|(_, join)| out.knows(join.device));
        if let [(hash, join)] = good.as_slice()
            && !used
        {
            out.enter(entry(*hash, join));
            return None;
        }
        let mut entered = used;
        for (hash, join) in &good {
            let built = self.is_joined_on(out, (*hash, join.device), |_| false);
            let room = out.entries.len() < limits::DEVICES;
            if built && room && !out.knows(join.device) {
                out.enter(entry(*hash, join));
                entered = true;
            }
        }
        let first = good.first().filter(|_| !entered)?;
        Some(entry(first.0, first.1))
    }

    fn list_problems(&self, out: &mut Folded<'_>, rescued: Option<DeviceId>) {
        let mut problems = Vec::new();
        for (inviter, invites) in &self.invites {
            if !out.knows(*inviter) {
                continue;
            }
            for (hash, invite) in invites {
                let good = self.stands(out, (*hash, None), *inviter, rescued);
                if !good {
                    problems.push((*hash, Problem::MakerRemoved));
                }
                for (hash, join) in self.joins.get(hash).into_iter().flatten() {
                    let problem = if is_late(invite, join) {
                        Problem::InviteExpired
                    } else if !good || !self.stands(out, (*hash, Some(join)), *inviter, rescued) {
                        Problem::MakerRemoved
                    } else if !out.stood.contains(hash) {
                        Problem::InviteUsed
                    } else {
                        continue;
                    };
                    problems.push((*hash, problem));
                }
            }
        }
        out.problems.extend(problems);
    }
}

fn is_late(invite: &Invite, join: &Join) -> bool {
    invite.expires.is_some_and(|expires| join.time > expires)
}

/// Works out who is in, who was removed, and which records do not count.
pub(super) fn fold(checked: &Checked) -> Folded<'_> {
    let index = Index::new(&checked.verified);
    let mut folded = index.walk(BTreeMap::new(), BTreeSet::new(), None);
    let mut rescued = None;
    // A removal that took effect stays in effect, so this ends after as many rounds as there are
    // removals, and one for the rescue.
    loop {
        if let Some(round) = removals::next(&index, &folded) {
            let mut removed = folded.removed;
            let mut applied = folded.applied;
            applied.extend(round.applied);
            for ((device, _), ruling) in round.removed {
                removed.entry(device).or_default().take(ruling);
            }
            folded = index.walk(removed, applied, rescued);
            continue;
        }
        let rescue = removals::rescue(&folded).filter(|_| rescued.is_none());
        if rescue.is_none() {
            return with_accepted(checked, folded);
        }
        rescued = rescue;
        folded = index.walk(folded.removed, folded.applied, rescued);
    }
}

/// Adds what members had of removed devices when they heard of the removal. It says nothing of who is in.
fn with_accepted<'a>(checked: &Checked, mut folded: Folded<'a>) -> Folded<'a> {
    let mut accepts = Vec::new();
    for (hash, record) in &checked.verified {
        if let Body::Accept(accept) = &record.body
            && folded.vouches(*hash, accept.by)
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
        Body::Unknown(by) => *by,
    }
}
