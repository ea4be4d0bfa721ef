//! Second step: from rightly signed records to who is a member. A pure function of the set of
//! records: all iteration is in the order of hashes, nothing depends on how the records came.
//!
//! Which removals take effect is worked out in [`super::removals`]; here is who entered, given
//! those. What a removed device made counts only as far as its removal lists it, or where another
//! member had built on it before.

use super::index::{Index, payers};
use super::left::{Left, left};
use super::record::{Body, Genesis, Invite, Join};
use super::removals::{self, Removed};
use super::rescue::rescue;
use super::verify::{Checked, Problem};
use crate::limits;
use holdfast_oplog::{DeviceId, Hash};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

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
    /// For a record, who entered by an invitation that knows it, with the join by which.
    known_by: BTreeMap<Hash, Vec<(DeviceId, Hash)>>,
    /// By the hash of the record.
    pub(super) problems: BTreeMap<Hash, Problem>,
    /// For a record, the members that built on it, each with the place that it gave to it: see
    /// [`super::bounds`].
    pub(super) payers: BTreeMap<Hash, BTreeMap<DeviceId, usize>>,
    /// Devices that never entered, of whose changes some count.
    pub(super) left: Vec<Left<'a>>,
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

    /// Whether a member other than its maker built on a record.
    pub(super) fn is_paid(&self, record: Hash) -> bool {
        self.payers.contains_key(&record)
    }

    /// Who entered by an invitation that knows a record: they built on it.
    pub(super) fn known_by(&self, record: Hash) -> &[(DeviceId, Hash)] {
        self.known_by.get(&record).map_or(&[], Vec::as_slice)
    }

    /// The place of a device among those that entered.
    pub(super) fn place(&self, device: DeviceId) -> Option<usize> {
        self.places.get(&device).copied()
    }

    fn enter(&mut self, entry: Entry<'a>, index: &Index<'_>) {
        if let How::Joined { invite, join, knows, .. } = entry.how {
            self.stood.extend([invite, join]);
            for on in knows.iter().filter(|on| index.has(**on)) {
                let by = self.known_by.entry(*on).or_default();
                if by.last().is_none_or(|(last, _)| *last != entry.device) {
                    by.push((entry.device, join));
                }
            }
        }
        self.places.insert(entry.device, self.entries.len());
        self.entries.push(entry);
    }
}

fn kept(removed: &BTreeMap<DeviceId, Removed>, record: Hash, maker: DeviceId) -> bool {
    removed.get(&maker).is_none_or(|removal| removal.lists(record))
}

/// Devices that each device lets in before the next one's turn.
const FEW: usize = 4;

/// Who may enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Room {
    /// Those on whom a member built beside the one that let them in.
    Built,
    /// A few of each device.
    Few,
}

impl<'a> Index<'a> {
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
            known_by: BTreeMap::new(),
            problems: BTreeMap::new(),
            payers: BTreeMap::new(),
            left: Vec::new(),
        };
        let mut geneses = self.geneses.iter();
        let Some((_, genesis)) = geneses.next() else { return out };
        out.problems.extend(geneses.map(|(hash, _)| (*hash, Problem::OtherBeginning)));
        let how = How::Founded(genesis);
        out.enter(Entry { device: genesis.device, how, inviter: None, level: 0 }, self);
        // Grows until nothing more counts: what a device that entered built on may let in another.
        // Those on which somebody built come before the others, so that nobody takes the places of
        // these by letting in many; of the others a few of each device, and again.
        let mut let_in: BTreeMap<DeviceId, usize> = BTreeMap::new();
        loop {
            if self.enter_all(&mut out, rescued, Room::Built, &mut let_in).is_break() {
                continue;
            }
            match self.enter_all(&mut out, rescued, Room::Few, &mut let_in) {
                ControlFlow::Break(()) => {}
                // Of several joins by one invitation, none of which anybody built on, the least hash.
                ControlFlow::Continue(Some(entry)) => out.enter(entry, self),
                ControlFlow::Continue(None) => break,
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

    /// Goes through the invitations of all who entered. Stops short where somebody entered; else the
    /// first of those between whom nothing decides.
    fn enter_all(
        &self,
        out: &mut Folded<'a>,
        rescued: Option<DeviceId>,
        room: Room,
        let_in: &mut BTreeMap<DeviceId, usize>,
    ) -> ControlFlow<(), Option<Entry<'a>>> {
        let before = out.entries.len();
        // Who enters now lets others in the next time around, but for those on whom somebody built.
        let last = if room == Room::Built { usize::MAX } else { before };
        let (mut at, mut open) = (0, None);
        while let Some(entry) = out.entries.get(at).filter(|_| at < last) {
            let (inviter, level) = (entry.device, entry.level);
            let all = let_in.get(&inviter).copied().unwrap_or(0);
            let mut left = FEW.min(limits::ADMITTED.saturating_sub(all));
            for invite in self.invites.get(&inviter).into_iter().flatten() {
                if room == Room::Few && left == 0 {
                    break;
                }
                let had = out.entries.len();
                let more = self.enter_by(out, (inviter, level), *invite, rescued, room);
                open = open.or(more);
                left = left.saturating_sub(out.entries.len().saturating_sub(had));
            }
            if room == Room::Few {
                let few = FEW.min(limits::ADMITTED.saturating_sub(all)).saturating_sub(left);
                let_in.insert(inviter, all.saturating_add(few));
            }
            at = at.saturating_add(1);
        }
        if out.entries.len() > before {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(open)
        }
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
        let joins = || self.open_joins.get(&record).into_iter().flatten();
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
            joins().any(|(hash, join)| {
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
        room: Room,
    ) -> Option<Entry<'a>> {
        let joins = self.open_joins.get(&invite_hash)?;
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
            let but = |by| by == inviter;
            if room == Room::Few || self.is_joined_on(out, (*hash, join.device), but) {
                out.enter(entry(*hash, join), self);
            }
            return None;
        }
        let mut entered = used;
        for (hash, join) in &good {
            let is_new = out.entries.len() < limits::DEVICES && !out.knows(join.device);
            if is_new && self.is_joined_on(out, (*hash, join.device), |_| false) {
                out.enter(entry(*hash, join), self);
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

pub(super) fn is_late(invite: &Invite, join: &Join) -> bool {
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
        let rescue = rescue(&folded).filter(|_| rescued.is_none());
        if rescue.is_none() {
            let mut folded = with_accepted(checked, folded);
            folded.payers = payers(checked, &index, &folded);
            return with_left(checked, folded);
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

/// Adds those who never entered, and of whose changes members had some.
fn with_left<'a>(checked: &'a Checked, mut folded: Folded<'a>) -> Folded<'a> {
    let left = left(checked, &folded);
    for of in &left {
        let above = of.inviter.and_then(|inviter| folded.removed.get(&inviter));
        let mut removed = Removed::default();
        if let Some(above) = above {
            removed.by.clone_from(&above.by);
            removed.time = above.time;
        }
        removed.accepted = of.accepted.clone();
        removed.identities.clone_from(&of.identities);
        folded.removed.insert(of.device, removed);
        for (by, shown) in &of.by {
            for record in shown {
                // After what that one built on otherwise.
                folded.payers.entry(*record).or_default().entry(*by).or_insert(usize::MAX);
            }
        }
    }
    folded.left = left;
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
        Body::Lacks(l) => Some(l.by),
        Body::Unknown(by) => *by,
    }
}
