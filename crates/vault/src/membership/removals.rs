//! Which removals take effect. Nobody is senior to anybody: whoever is not removed himself removes
//! whom he likes, and of devices that remove each other in a circle none stays, since nothing in
//! signed records tells who was first.
//!
//! A removal **threatens** the device that it names, and those that this one let in by records
//! that the removal does not list and on which nobody else built. A removal lists what it says and
//! what its maker itself had built on. Whoever is threatened by nobody is heard first. Where there
//! is nobody such, those that threaten each other in a circle are all out; of what they signed only
//! what the others' removals list counts, or what another member had built on. So a device that was
//! removed can take its remover with it, and whatever it lets in afterwards is a part of itself.
//!
//! What cannot be had: where all hang on the first device, and this one is a thief's, it can make a
//! second set of devices that looks exactly like the first. No rule over the records alone tells the
//! two apart; so both are out, and the vault is founded anew. See docs/decisions/0023.

use super::fold::{Folded, How, Index};
use super::record::Remove;
use holdfast_oplog::{DeviceId, Hash, VersionVector};
use std::collections::{BTreeMap, BTreeSet};

/// What is known of a removal; several removals of one device are taken together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Removed {
    pub(super) by: BTreeSet<DeviceId>,
    pub(super) accepted: VersionVector,
    /// Records of new identities, under which it wrote what counts.
    pub(super) identities: BTreeSet<Hash>,
    pub(super) time: u64,
    records: BTreeSet<Hash>,
    circle: Option<BTreeSet<DeviceId>>,
}

/// What one round says of a device: out, and what of it counts.
#[derive(Default)]
pub(super) struct Ruling {
    by: BTreeSet<DeviceId>,
    time: u64,
    /// What a removal that names the device lists; nothing where it is only threatened.
    lists: Vec<(BTreeSet<Hash>, VersionVector)>,
    /// Those that threaten each other, the device among them or what it hangs on.
    circle: Option<BTreeSet<DeviceId>>,
}

/// What takes effect next.
pub(super) struct Round {
    pub(super) applied: Vec<Hash>,
    /// By the device, and by one of the circle that removes it where it is one.
    pub(super) removed: BTreeMap<(DeviceId, Option<DeviceId>), Ruling>,
}

impl Removed {
    /// Whether a record of the removed device counts.
    pub(super) fn lists(&self, record: Hash) -> bool {
        self.records.contains(&record)
    }

    /// Where only devices removed it that are out by the same circle: these.
    pub(super) fn circle(&self) -> Option<&BTreeSet<DeviceId>> {
        self.circle.as_ref()
    }

    /// Takes in another ruling. Where somebody stands who removed the device, what any of those
    /// accepts counts; within a circle only what all of them accept.
    pub(super) fn take(&mut self, ruling: Ruling) {
        let first = self.by.is_empty();
        self.by.extend(ruling.by);
        self.time = self.time.max(ruling.time);
        let lists = ruling.lists.into_iter();
        match (&mut self.circle, ruling.circle) {
            (here, None) => {
                if here.take().is_some() {
                    self.records.clear();
                    self.accepted = VersionVector::new();
                }
                for (records, accepted) in lists {
                    self.records.extend(records);
                    self.accepted.join(&accepted);
                }
            }
            (None, Some(circle)) if first => {
                let all = lists.reduce(|(records, accepted), (more, other)| {
                    (&records & &more, accepted.meet(&other))
                });
                (self.records, self.accepted) = all.unwrap_or_default();
                self.circle = Some(circle);
            }
            (None, Some(_)) => {}
            (Some(here), Some(circle)) => {
                here.extend(circle);
                for (records, accepted) in lists {
                    self.records = &self.records & &records;
                    self.accepted = self.accepted.meet(&accepted);
                }
            }
        }
    }
}

/// A removal that is not in force yet.
struct Pending<'a> {
    hash: Hash,
    remove: &'a Remove,
    lists: BTreeSet<Hash>,
    threatens: BTreeSet<DeviceId>,
}

/// The removals that take effect next; none where all that count are in force.
pub(super) fn next(index: &Index<'_>, folded: &Folded<'_>) -> Option<Round> {
    let pending = pending(index, folded);
    if pending.is_empty() {
        return None;
    }
    let mut edges: BTreeMap<DeviceId, BTreeSet<DeviceId>> = BTreeMap::new();
    for removal in &pending {
        edges.entry(removal.remove.by).or_default().extend(&removal.threatens);
    }
    let reach: BTreeMap<DeviceId, BTreeSet<DeviceId>> =
        edges.keys().map(|maker| (*maker, reached(&edges, *maker))).collect();
    let reaches = |from: DeviceId, to: DeviceId| reach.get(&from).is_some_and(|r| r.contains(&to));
    let mut round = Round { applied: Vec::new(), removed: BTreeMap::new() };
    for maker in edges.keys().copied() {
        let before: BTreeSet<DeviceId> =
            edges.keys().copied().filter(|other| reaches(*other, maker)).collect();
        if before.iter().any(|other| !reaches(maker, *other)) {
            continue;
        }
        let circle = (before.len() > 1).then_some(before);
        let own = pending.iter().filter(|removal| removal.remove.by == maker);
        for removal in own {
            // Who hangs on the device that it removes has no say beside one that does not.
            let hangs = circle.is_some()
                && pending.iter().any(|other| {
                    other.remove.device == removal.remove.device
                        && other.threatens.contains(&maker)
                        && !removal.threatens.contains(&other.remove.by)
                });
            let meets = |circle: &BTreeSet<DeviceId>| !circle.is_disjoint(&removal.threatens);
            if !hangs && circle.as_ref().is_none_or(meets) {
                round.apply(removal, circle.as_ref());
            }
        }
    }
    Some(round)
}

impl Round {
    fn apply(&mut self, removal: &Pending<'_>, circle: Option<&BTreeSet<DeviceId>>) {
        let (remove, by) = (removal.remove, removal.remove.by);
        self.applied.push(removal.hash);
        let of = circle.and_then(|circle| circle.first().copied());
        let ruling = self.removed.entry((remove.device, of)).or_default();
        ruling.by.insert(by);
        ruling.time = ruling.time.max(remove.time);
        ruling.lists.push((removal.lists.clone(), remove.accepted.clone()));
        ruling.circle = circle.cloned();
        // Whoever is in the circle is out, whether a removal names it or what it hangs on.
        for device in circle.into_iter().flatten() {
            if *device != by && *device != remove.device && removal.threatens.contains(device) {
                let ruling = self.removed.entry((*device, of)).or_default();
                ruling.by.insert(by);
                ruling.time = ruling.time.max(remove.time);
                ruling.circle = circle.cloned();
            }
        }
    }
}

fn reached(edges: &BTreeMap<DeviceId, BTreeSet<DeviceId>>, from: DeviceId) -> BTreeSet<DeviceId> {
    let mut reached = BTreeSet::from([from]);
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        for to in edges.get(&at).into_iter().flatten() {
            if edges.contains_key(to) && reached.insert(*to) {
                open.push(*to);
            }
        }
    }
    reached
}

fn pending<'a>(index: &Index<'a>, folded: &Folded<'_>) -> Vec<Pending<'a>> {
    let mut children: BTreeMap<DeviceId, Vec<(DeviceId, [Hash; 2])>> = BTreeMap::new();
    for entry in &folded.entries {
        if let (Some(inviter), How::Joined { invite, join, .. }) = (entry.inviter, &entry.how) {
            children.entry(inviter).or_default().push((entry.device, [*invite, *join]));
        }
    }
    let mut pending = Vec::new();
    for entry in &folded.entries {
        let maker = entry.device;
        for (hash, remove) in index.removes.get(&maker).into_iter().flatten() {
            let known = folded.knows(remove.device) && remove.device != maker;
            if !known || folded.applied.contains(hash) {
                continue;
            }
            let but = |by| by == maker || by == remove.device;
            if folded.vouches(*hash, maker) || index.is_built_on(folded, *hash, but) {
                let mut lists = folded.ground(maker);
                lists.extend(index.built_by(maker));
                lists.extend(remove.records.iter().copied());
                let threatens = BTreeSet::new();
                pending.push(Pending { hash: *hash, remove, lists, threatens });
            }
        }
    }
    let threatened: Vec<BTreeSet<DeviceId>> = pending
        .iter()
        .map(|removal| threatened(index, folded, &children, removal, &pending))
        .collect();
    for (removal, threatens) in pending.iter_mut().zip(threatened) {
        removal.threatens = threatens;
    }
    pending
}

/// A device, and all that hang on records of it that are not listed, and on which nobody built who
/// is not among them; nor does anybody list them who is not, and removes it as well.
fn threatened(
    index: &Index<'_>,
    folded: &Folded<'_>,
    children: &BTreeMap<DeviceId, Vec<(DeviceId, [Hash; 2])>>,
    removal: &Pending<'_>,
    pending: &[Pending<'_>],
) -> BTreeSet<DeviceId> {
    let (maker, device) = (removal.remove.by, removal.remove.device);
    let removed = folded.removed.get(&device);
    let listed =
        |hash: &Hash| removal.lists.contains(hash) || removed.is_some_and(|r| r.lists(*hash));
    let let_in = children.get(&device).into_iter().flatten();
    let mut open: Vec<(DeviceId, [Hash; 2])> =
        let_in.filter(|(_, [_, join])| !listed(join)).copied().collect();
    loop {
        let mut threatened = BTreeSet::from([device]);
        let mut under: Vec<DeviceId> = open.iter().map(|(child, _)| *child).collect();
        while let Some(at) = under.pop() {
            if threatened.insert(at) {
                under.extend(children.get(&at).into_iter().flatten().map(|(child, _)| *child));
            }
        }
        let before = open.len();
        let but = |by: DeviceId| by == maker || threatened.contains(&by);
        let others = || {
            pending.iter().filter(|other| other.remove.device == device && !but(other.remove.by))
        };
        open.retain(|(child, by)| {
            let [_, join] = *by;
            let also = others().any(|other| other.lists.contains(&join));
            !also && !index.is_joined_on(folded, (join, *child), but)
        });
        if open.len() == before {
            return threatened;
        }
    }
}

/// Where circles leave nobody in the vault, since all had been let in by one device that they removed:
/// whom that device let in stays. Not where devices removed it that it had let in apart: each of them
/// may be the one that speaks for the others.
pub(super) fn rescue(folded: &Folded<'_>) -> Option<DeviceId> {
    if folded.entries.iter().any(|entry| !folded.removed.contains_key(&entry.device)) {
        return None;
    }
    folded.entries.iter().map(|entry| entry.device).find(|device| {
        let removed = folded.removed.get(device).filter(|removed| removed.circle().is_some());
        removed.is_some_and(|removed| {
            let by = removed.by.iter().filter_map(|by| child_of(folded, *device, *by));
            by.collect::<BTreeSet<DeviceId>>().len() == 1
        })
    })
}

/// By which device that `above` let in itself the other one came.
fn child_of(folded: &Folded<'_>, above: DeviceId, device: DeviceId) -> Option<DeviceId> {
    let mut at = folded.entry(device)?;
    loop {
        let inviter = at.inviter?;
        if inviter == above {
            return Some(at.device);
        }
        at = folded.entry(inviter)?;
    }
}
