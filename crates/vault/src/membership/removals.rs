//! Which removals take effect. Nobody is senior to anybody: whoever is not removed himself removes
//! whom he likes, and of devices that remove each other in a circle none stays, since nothing in
//! signed records tells who was first.
//!
//! A removal **threatens** the device that it names, and those that this one let in by records
//! that the removal does not list and on which nobody else built. A removal lists what it says and
//! what its maker itself had built on. Whoever is threatened by nobody is heard first, and so is a
//! removal that all list who threaten its maker: it counts whether they are heard or not. Where there
//! is nothing such, those that threaten each other in a circle are all out; of what they signed only
//! what the others' removals list counts, or what another member had built on. So a device that was
//! removed can take its remover with it, and whatever it lets in afterwards is a part of itself.
//!
//! What cannot be had: where all hang on the first device, and this one is a thief's, it can make a
//! second set of devices that looks exactly like the first. No rule over the records alone tells the
//! two apart; so both are out, and the vault is founded anew. See docs/decisions/0023.

use super::fold::{Folded, How};
use super::index::Index;
use holdfast_oplog::{DeviceId, Hash, VersionVector};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// What a removal lists: what its maker stands and had built on, the same for all that it removes, and
/// what it says.
#[derive(Debug)]
struct Listed {
    base: Rc<BTreeSet<Hash>>,
    records: BTreeSet<Hash>,
}

impl Listed {
    fn has(&self, record: Hash) -> bool {
        self.base.contains(&record) || self.records.contains(&record)
    }
}

/// What is known of a removal; several removals of one device are taken together.
#[derive(Debug, Clone, Default)]
pub(super) struct Removed {
    pub(super) by: BTreeSet<DeviceId>,
    pub(super) accepted: VersionVector,
    /// Records of new identities, under which it wrote what counts.
    pub(super) identities: BTreeSet<Hash>,
    pub(super) time: u64,
    lists: Vec<Rc<Listed>>,
    /// Within a circle: whether it is only threatened, so that nothing is listed.
    is_bare: bool,
    circle: Option<BTreeSet<DeviceId>>,
}

/// What one round says of a device: out, and what of it counts.
#[derive(Default)]
pub(super) struct Ruling {
    by: BTreeSet<DeviceId>,
    time: u64,
    /// What a removal that names the device lists; nothing where it is only threatened.
    lists: Vec<(Rc<Listed>, VersionVector)>,
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
    /// Whether a record of the removed device counts: where somebody stands who removed it and lists
    /// this; within a circle, where all who removed it list this.
    pub(super) fn lists(&self, record: Hash) -> bool {
        if self.circle.is_none() {
            return self.lists.iter().any(|listed| listed.has(record));
        }
        !self.is_bare
            && !self.lists.is_empty()
            && self.lists.iter().all(|listed| listed.has(record))
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
        let (lists, accepted): (Vec<Rc<Listed>>, Vec<VersionVector>) =
            ruling.lists.into_iter().unzip();
        match (&mut self.circle, ruling.circle) {
            (here, None) => {
                if here.take().is_some() {
                    self.lists.clear();
                    self.accepted = VersionVector::new();
                }
                self.lists.extend(lists);
                for more in &accepted {
                    self.accepted.join(more);
                }
            }
            (None, Some(circle)) if first => {
                self.is_bare = lists.is_empty();
                self.lists = lists;
                let all = accepted.into_iter().reduce(|all, other| all.meet(&other));
                self.accepted = all.unwrap_or_default();
                self.circle = Some(circle);
            }
            (None, Some(_)) => {}
            (Some(here), Some(circle)) => {
                here.extend(circle);
                self.lists.extend(lists);
                for other in accepted {
                    self.accepted = self.accepted.meet(&other);
                }
            }
        }
    }
}

/// The removals of one device by another that are not in force yet: one, however often it is signed.
struct Pending {
    hashes: Vec<Hash>,
    by: DeviceId,
    device: DeviceId,
    accepted: VersionVector,
    time: u64,
    listed: Rc<Listed>,
    threatens: BTreeSet<DeviceId>,
}

/// The removals that take effect next; none where all that count are in force.
pub(super) fn next(index: &Index<'_>, folded: &Folded<'_>) -> Option<Round> {
    let pending = pending(index, folded);
    if pending.is_empty() {
        return None;
    }
    let mut round = Round { applied: Vec::new(), removed: BTreeMap::new() };
    for removal in pending.iter().filter(|removal| counts_anyway(removal, &pending)) {
        round.apply(removal, None);
    }
    if !round.applied.is_empty() {
        return Some(round);
    }
    let mut edges: BTreeMap<DeviceId, BTreeSet<DeviceId>> = BTreeMap::new();
    for removal in &pending {
        edges.entry(removal.by).or_default().extend(&removal.threatens);
    }
    let mut rivals: BTreeMap<DeviceId, Vec<&Pending>> = BTreeMap::new();
    for removal in &pending {
        rivals.entry(removal.device).or_default().push(removal);
    }
    let reach: BTreeMap<DeviceId, BTreeSet<DeviceId>> =
        edges.keys().map(|maker| (*maker, reached(&edges, *maker))).collect();
    let reaches = |from: DeviceId, to: DeviceId| reach.get(&from).is_some_and(|r| r.contains(&to));
    for maker in edges.keys().copied() {
        let before: BTreeSet<DeviceId> =
            edges.keys().copied().filter(|other| reaches(*other, maker)).collect();
        if before.iter().any(|other| !reaches(maker, *other)) {
            continue;
        }
        let circle = (before.len() > 1).then_some(before);
        let own = pending.iter().filter(|removal| removal.by == maker);
        for removal in own {
            // Who hangs on the device that it removes has no say beside one that does not.
            let hangs = circle.is_some()
                && rivals.get(&removal.device).into_iter().flatten().any(|other| {
                    other.threatens.contains(&maker) && !removal.threatens.contains(&other.by)
                });
            let meets = |circle: &BTreeSet<DeviceId>| !circle.is_disjoint(&removal.threatens);
            if !hangs && circle.as_ref().is_none_or(meets) {
                round.apply(removal, circle.as_ref());
            }
        }
    }
    // One that changes nothing would come again for ever.
    Some(round).filter(|round| !round.applied.is_empty())
}

/// Whether a removal counts whatever comes of the others: all that threaten its maker list it.
fn counts_anyway(removal: &Pending, all: &[Pending]) -> bool {
    all.iter()
        .filter(|other| other.by != removal.by && other.threatens.contains(&removal.by))
        .all(|other| removal.hashes.iter().all(|hash| other.listed.has(*hash)))
}

impl Round {
    fn apply(&mut self, removal: &Pending, circle: Option<&BTreeSet<DeviceId>>) {
        let by = removal.by;
        self.applied.extend(&removal.hashes);
        let of = circle.and_then(|circle| circle.first().copied());
        let ruling = self.removed.entry((removal.device, of)).or_default();
        ruling.by.insert(by);
        ruling.time = ruling.time.max(removal.time);
        ruling.lists.push((Rc::clone(&removal.listed), removal.accepted.clone()));
        ruling.circle = circle.cloned();
        // Whoever is in the circle is out, whether a removal names it or what it hangs on.
        for device in circle.into_iter().flatten() {
            if *device != by && *device != removal.device && removal.threatens.contains(device) {
                let ruling = self.removed.entry((*device, of)).or_default();
                ruling.by.insert(by);
                ruling.time = ruling.time.max(removal.time);
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

/// Who was let in by each device, with the record by which.
type Children = BTreeMap<DeviceId, Vec<(DeviceId, Hash)>>;

fn pending(index: &Index<'_>, folded: &Folded<'_>) -> Vec<Pending> {
    let mut children = Children::new();
    for entry in &folded.entries {
        if let (Some(inviter), How::Joined { join, .. }) = (entry.inviter, &entry.how) {
            children.entry(inviter).or_default().push((entry.device, *join));
        }
    }
    let mut pending = Vec::new();
    for entry in &folded.entries {
        let maker = entry.device;
        // What its maker stands on is the same for all that it removes.
        let mut base: Option<Rc<BTreeSet<Hash>>> = None;
        let mut own: BTreeMap<DeviceId, Pending> = BTreeMap::new();
        for (hash, remove) in index.removes.get(&maker).into_iter().flatten() {
            let known = folded.knows(remove.device) && remove.device != maker;
            if !known || folded.applied.contains(hash) {
                continue;
            }
            let but = |by| by == maker || by == remove.device;
            if !folded.vouches(*hash, maker) && !index.is_built_on(folded, *hash, but) {
                continue;
            }
            let base = base.get_or_insert_with(|| {
                let ground = folded.ground(maker).into_iter().filter(|on| index.has(*on));
                Rc::new(ground.chain(index.built_by(maker)).collect())
            });
            let records = remove.records.iter().copied().filter(|on| index.has(*on));
            if let Some(same) = own.get_mut(&remove.device) {
                same.hashes.push(*hash);
                same.accepted.join(&remove.accepted);
                same.time = same.time.max(remove.time);
                // Nobody else has it yet.
                if let Some(listed) = Rc::get_mut(&mut same.listed) {
                    listed.records.extend(records);
                }
                continue;
            }
            let removal = Pending {
                hashes: vec![*hash],
                by: maker,
                device: remove.device,
                accepted: remove.accepted.clone(),
                time: remove.time,
                listed: Rc::new(Listed { base: Rc::clone(base), records: records.collect() }),
                threatens: BTreeSet::new(),
            };
            own.insert(remove.device, removal);
        }
        pending.extend(own.into_values());
    }
    // Who lists which of those that a device let in, and removes this device.
    let mut listers: BTreeMap<Hash, Vec<DeviceId>> = BTreeMap::new();
    for removal in &pending {
        for (_, join) in children.get(&removal.device).into_iter().flatten() {
            if removal.listed.has(*join) {
                listers.entry(*join).or_default().push(removal.by);
            }
        }
    }
    for removal in &mut pending {
        removal.threatens = threatened(index, folded, &children, removal, &listers);
    }
    pending
}

/// A device, and all that hang on records of it that are not listed, and on which nobody built who
/// is not among them; nor does anybody list them who is not, and removes it as well.
fn threatened(
    index: &Index<'_>,
    folded: &Folded<'_>,
    children: &Children,
    removal: &Pending,
    listers: &BTreeMap<Hash, Vec<DeviceId>>,
) -> BTreeSet<DeviceId> {
    let (maker, device) = (removal.by, removal.device);
    let removed = folded.removed.get(&device);
    let listed = |hash: Hash| removal.listed.has(hash) || removed.is_some_and(|r| r.lists(hash));
    let let_in = children.get(&device).into_iter().flatten();
    let mut open: Vec<(DeviceId, Hash)> =
        let_in.filter(|(_, join)| !listed(*join)).copied().collect();
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
        open.retain(|(child, join)| {
            let also = listers.get(join).into_iter().flatten().any(|by| !but(*by));
            !also && !index.is_joined_on(folded, (*join, *child), but)
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
