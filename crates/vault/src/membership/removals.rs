//! Which removals take effect. Nobody is senior to anybody: whoever is not removed himself removes
//! whom he likes, and of devices that remove each other in a circle none stays, since nothing in
//! signed records tells who was first.
//!
//! A removal **threatens** the device that it names, and those that this one let in by records
//! that the removal does not list and on which nobody else built. A removal lists what it says and
//! what its maker itself had built on. Whoever is threatened by nobody is heard first, and so is a
//! removal that all list who threaten its maker: it counts whether they are heard or not. So is one on
//! which a member built, where all who threaten that member list its word, unless it removes somebody
//! who threatens its maker. None of these is where its maker merely hangs on somebody who is removed.
//! Where there is nothing such, those that threaten each other in a circle are all out; of what they signed only
//! what the others' removals list counts, or what another member had built on. So a device that was
//! removed can take its remover with it, and whatever it lets in afterwards is a part of itself.
//!
//! What cannot be had: where all hang on the first device, and this one is a thief's, it can make a
//! second set of devices that looks exactly like the first. No rule over the records alone tells the
//! two apart; so both are out, and the vault is founded anew. See docs/decisions/0023.

use super::bits::Bits;
use super::fold::{Folded, How};
use super::index::Index;
use holdfast_oplog::{DeviceId, Hash, VersionVector};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// What a removal lists: what its maker stands and had built on, the same for all that it removes, and
/// what it says. Records by their places among the names of all.
#[derive(Debug)]
struct Listed {
    names: Rc<[Hash]>,
    base: Rc<Bits>,
    records: Vec<usize>,
}

impl Listed {
    /// The places of all that is listed.
    fn all(&self) -> Bits {
        let mut all = Bits::clone(&self.base);
        for place in &self.records {
            all.insert(*place);
        }
        all
    }

    fn has_at(&self, place: usize) -> bool {
        self.base.has(place) || self.records.binary_search(&place).is_ok()
    }

    fn has(&self, record: Hash) -> bool {
        self.names.binary_search(&record).is_ok_and(|place| self.has_at(place))
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
    circle: Option<Rc<BTreeSet<DeviceId>>>,
}

/// What one round says of a device: out, and what of it counts.
#[derive(Default)]
pub(super) struct Ruling {
    by: BTreeSet<DeviceId>,
    time: u64,
    /// What a removal that names the device lists; nothing where it is only threatened.
    lists: Vec<(Rc<Listed>, VersionVector)>,
    /// Those that threaten each other, the device among them or what it hangs on.
    circle: Option<Rc<BTreeSet<DeviceId>>>,
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
        let Some(first) = self.lists.first() else { return false };
        let Ok(place) = first.names.binary_search(&record) else { return false };
        if self.circle.is_none() {
            return self.lists.iter().any(|listed| listed.has_at(place));
        }
        !self.is_bare && self.lists.iter().all(|listed| listed.has_at(place))
    }

    /// Where only devices removed it that are out by the same circle: these.
    pub(super) fn circle(&self) -> Option<&BTreeSet<DeviceId>> {
        self.circle.as_deref()
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
                Rc::make_mut(here).extend(circle.iter().copied());
                self.lists.extend(lists);
                for other in accepted {
                    self.accepted = self.accepted.meet(&other);
                }
            }
        }
    }
}

/// The removals of one device by another that are not in force yet: one, however often it is signed.
/// Devices by their places, which are few: so this stays small, and asking costs little.
struct Pending {
    hashes: Vec<Hash>,
    /// Where those are among the names.
    places: Vec<usize>,
    by: usize,
    device: usize,
    accepted: VersionVector,
    time: u64,
    listed: Rc<Listed>,
    threatens: Bits,
}

/// The removals that take effect next; none where all that count are in force.
pub(super) fn next(index: &Index<'_>, folded: &Folded<'_>) -> Option<Round> {
    let pending = pending(index, folded);
    if pending.is_empty() {
        return None;
    }
    let mut round = Round { applied: Vec::new(), removed: BTreeMap::new() };
    let mut made: BTreeMap<usize, Vec<&Pending>> = BTreeMap::new();
    for removal in &pending {
        made.entry(removal.by).or_default().push(removal);
    }
    let mut words = Words { pending: &pending, listed: BTreeMap::new() };
    for (maker, own) in &made {
        let against = pending.iter().filter(|of| of.by != *maker && of.threatens.has(*maker));
        let against: Vec<&Pending> = against.collect();
        for removal in own {
            // One whose maker merely hangs on somebody is not heard before it is known that this one entered.
            if against.iter().any(|of| of.device != removal.by) {
                continue;
            }
            let is_rival = against.iter().any(|of| of.by == removal.device);
            if counts_anyway(removal, &against) || !is_rival && words.hold(index, folded, removal) {
                round.apply(folded, removal, None);
            }
        }
    }
    if !round.applied.is_empty() {
        return Some(round);
    }
    let mut edges: BTreeMap<usize, Bits> = BTreeMap::new();
    let mut rivals: BTreeMap<usize, Vec<&Pending>> = BTreeMap::new();
    for removal in &pending {
        edges.entry(removal.by).or_default().join(&removal.threatens);
        rivals.entry(removal.device).or_default().push(removal);
    }
    let reach: BTreeMap<usize, Bits> =
        edges.keys().map(|maker| (*maker, reached(&edges, *maker))).collect();
    let reaches = |from: usize, to: usize| reach.get(&from).is_some_and(|reach| reach.has(to));
    for (maker, own) in &made {
        let before: Bits = edges.keys().copied().filter(|other| reaches(*other, *maker)).collect();
        if before.iter().any(|other| !reaches(*maker, other)) {
            continue;
        }
        let circle = before.iter().nth(1).is_some().then_some(&before);
        let members = circle.map(|circle| {
            let devices = circle.iter().filter_map(|at| device_at(folded, at));
            Rc::new(devices.collect::<BTreeSet<DeviceId>>())
        });
        for removal in own {
            // Who hangs on the device that it removes has no say beside one that does not.
            let hangs =
                circle.is_some()
                    && rivals.get(&removal.device).into_iter().flatten().any(|other| {
                        other.threatens.has(*maker) && !removal.threatens.has(other.by)
                    });
            if !hangs && circle.is_none_or(|circle| circle.meets(&removal.threatens)) {
                round.apply(folded, removal, circle.zip(members.as_ref()));
            }
        }
    }
    // One that changes nothing would come again for ever.
    Some(round).filter(|round| !round.applied.is_empty())
}

/// Whether a removal counts whatever comes of the others: all that threaten its maker list it.
fn counts_anyway(removal: &Pending, against: &[&Pending]) -> bool {
    against.iter().all(|other| removal.places.iter().all(|place| other.listed.has_at(*place)))
}

/// Whose word stands whatever comes of the others.
struct Words<'p> {
    pending: &'p [Pending],
    /// Of devices that are threatened, by their places: what all list who threaten them.
    listed: BTreeMap<usize, Option<Bits>>,
}

impl Words<'_> {
    /// Whether a removal counts in any case: a member built on it, and all who threaten that one list that it did.
    fn hold(&mut self, index: &Index<'_>, folded: &Folded<'_>, removal: &Pending) -> bool {
        removal.hashes.iter().flat_map(|hash| index.builders(folded, *hash)).any(|(by, with)| {
            let Some(at) = folded.place(by).filter(|_| !folded.removed.contains_key(&by)) else {
                return false;
            };
            at != removal.by && at != removal.device && self.stands(index, at, with)
        })
    }

    /// Whether all who threaten a device list a record of it.
    fn stands(&mut self, index: &Index<'_>, at: usize, with: Hash) -> bool {
        let pending = self.pending;
        let listed = self.listed.entry(at).or_insert_with(|| {
            let against = pending.iter().filter(|of| of.threatens.has(at));
            against.map(|of| of.listed.all()).reduce(|all, other| all.meet(&other))
        });
        listed.as_ref().is_none_or(|all| index.place(with).is_some_and(|with| all.has(with)))
    }
}

/// The device at a place.
fn device_at(folded: &Folded<'_>, place: usize) -> Option<DeviceId> {
    folded.entries.get(place).map(|entry| entry.device)
}

impl Round {
    fn apply(
        &mut self,
        folded: &Folded<'_>,
        removal: &Pending,
        circle: Option<(&Bits, &Rc<BTreeSet<DeviceId>>)>,
    ) {
        let device = |place: usize| device_at(folded, place);
        let Some((by, out)) = device(removal.by).zip(device(removal.device)) else { return };
        self.applied.extend(&removal.hashes);
        let members = circle.map(|(_, members)| Rc::clone(members));
        let of = members.as_ref().and_then(|members| members.first().copied());
        let ruling = self.removed.entry((out, of)).or_default();
        ruling.by.insert(by);
        ruling.time = ruling.time.max(removal.time);
        ruling.lists.push((Rc::clone(&removal.listed), removal.accepted.clone()));
        ruling.circle.clone_from(&members);
        // Whoever is in the circle is out, whether a removal names it or what it hangs on.
        for place in circle.into_iter().flat_map(|(circle, _)| circle.iter()) {
            let Some(device) = device(place) else { continue };
            if place != removal.by && place != removal.device && removal.threatens.has(place) {
                let ruling = self.removed.entry((device, of)).or_default();
                ruling.by.insert(by);
                ruling.time = ruling.time.max(removal.time);
                ruling.circle.clone_from(&members);
            }
        }
    }
}

fn reached(edges: &BTreeMap<usize, Bits>, from: usize) -> Bits {
    let mut reached: Bits = [from].into_iter().collect();
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        for to in edges.get(&at).into_iter().flat_map(Bits::iter) {
            if edges.contains_key(&to) && reached.insert(to) {
                open.push(to);
            }
        }
    }
    reached
}

/// Somebody whom another device let in, by its place.
struct Child {
    join: Hash,
    /// It, and all whom it let in, and so on.
    under: Bits,
    /// Who built on its having joined, or lists that and removes the other device.
    holders: Bits,
}

/// Somebody who is in by one of several joins by an invitation, since others built on it: it hangs on these as well
/// as on whoever invited it.
struct Contested {
    place: usize,
    join: Hash,
    under: Bits,
    holders: Bits,
}

/// Who was let in by each device, and who hangs on whom beside.
fn children(
    index: &Index<'_>,
    folded: &Folded<'_>,
) -> (BTreeMap<usize, Vec<Child>>, Vec<Contested>) {
    let mut under: Vec<Bits> =
        (0..folded.entries.len()).map(|at| [at].into_iter().collect()).collect();
    let mut children: BTreeMap<usize, Vec<Child>> = BTreeMap::new();
    let mut contested = Vec::new();
    // Whoever lets another in comes before that one.
    for (place, entry) in (0..).zip(&folded.entries).collect::<Vec<_>>().into_iter().rev() {
        let inviter = entry.inviter.and_then(|inviter| folded.place(inviter));
        let (Some(inviter), How::Joined { invite, join, .. }) = (inviter, &entry.how) else {
            continue;
        };
        let below = under.get(place).cloned().unwrap_or_default();
        if let Some(above) = under.get_mut(inviter) {
            above.join(&below);
        }
        let holders = index.joined_on_by(folded, (*join, entry.device));
        if index.is_contested(*invite) && !holders.has(inviter) {
            let (under, holders) = (below.clone(), holders.clone());
            contested.push(Contested { place, join: *join, under, holders });
        }
        let child = Child { join: *join, under: below, holders };
        children.entry(inviter).or_default().push(child);
    }
    (children, contested)
}

/// The records on which each device stands: those by which it and those before it entered, and what those
/// who let them in knew. Whatever the device removes, it stands on these.
fn grounds(index: &Index<'_>, folded: &Folded<'_>) -> Vec<Bits> {
    let mut grounds: Vec<Bits> = Vec::new();
    for entry in &folded.entries {
        let above = entry.inviter.and_then(|inviter| folded.place(inviter));
        let mut ground = above.and_then(|above| grounds.get(above)).cloned().unwrap_or_default();
        if let How::Joined { invite, join, knows, .. } = entry.how {
            for place in [invite, join].iter().chain(knows).filter_map(|on| index.place(*on)) {
                ground.insert(place);
            }
        }
        grounds.push(ground);
    }
    grounds
}

fn pending(index: &Index<'_>, folded: &Folded<'_>) -> Vec<Pending> {
    let mut pending = Vec::new();
    let mut grounds = grounds(index, folded).into_iter();
    for (by, entry) in (0..).zip(&folded.entries) {
        let maker = entry.device;
        let mut base = grounds.next().unwrap_or_default();
        let mut own: BTreeMap<usize, (Pending, Vec<usize>)> = BTreeMap::new();
        for (hash, remove) in index.removes.get(&maker).into_iter().flatten() {
            let device = folded.place(remove.device).filter(|device| *device != by);
            let (Some(device), Some(at)) = (device, index.place(*hash)) else { continue };
            if folded.applied.contains(hash) {
                continue;
            }
            let but = |by| by == maker || by == remove.device;
            if !folded.vouches(*hash, maker) && !index.is_built_on(folded, *hash, but) {
                continue;
            }
            let empty = || {
                let (names, base) = (index.names(), Rc::default());
                let removal = Pending {
                    hashes: Vec::new(),
                    places: Vec::new(),
                    by,
                    device,
                    accepted: VersionVector::new(),
                    time: 0,
                    listed: Rc::new(Listed { names, base, records: Vec::new() }),
                    threatens: Bits::default(),
                };
                (removal, Vec::new())
            };
            let (same, records) = own.entry(device).or_insert_with(empty);
            same.hashes.push(*hash);
            same.places.push(at);
            same.accepted.join(&remove.accepted);
            same.time = same.time.max(remove.time);
            records.extend(remove.records.iter().filter_map(|on| index.place(*on)));
        }
        if own.is_empty() {
            continue;
        }
        for place in index.built_by(maker) {
            base.insert(*place);
        }
        let base = Rc::new(base);
        for (mut removal, mut records) in own.into_values() {
            records.sort_unstable();
            records.dedup();
            removal.listed =
                Rc::new(Listed { names: index.names(), base: Rc::clone(&base), records });
            pending.push(removal);
        }
    }
    let (mut children, contested) =
        if pending.is_empty() { Default::default() } else { children(index, folded) };
    for removal in &pending {
        for child in children.get_mut(&removal.device).into_iter().flatten() {
            if removal.listed.has(child.join) {
                child.holders.insert(removal.by);
            }
        }
    }
    for removal in &mut pending {
        removal.threatens = threatened(folded, &children, &contested, removal);
    }
    pending
}

/// How long a row of devices is followed each of which hangs on the one before. Who makes a longer one may as well
/// remove others itself.
const HANGING: usize = 8;

/// A device, and all that hang on records of it that are not listed, and on which nobody built who
/// is not among them; nor does anybody list them who is not, and removes it as well.
fn threatened(
    folded: &Folded<'_>,
    children: &BTreeMap<usize, Vec<Child>>,
    contested: &[Contested],
    removal: &Pending,
) -> Bits {
    let removed = device_at(folded, removal.device).and_then(|of| folded.removed.get(&of));
    let listed = |hash: Hash| removal.listed.has(hash) || removed.is_some_and(|r| r.lists(hash));
    let let_in = children.get(&removal.device).into_iter().flatten();
    let mut open: Vec<&Child> = let_in.filter(|child| !listed(child.join)).collect();
    loop {
        let mut threatened: Bits = [removal.device].into_iter().collect();
        for child in &open {
            threatened.join(&child.under);
        }
        for _ in 0..HANGING {
            let mut but = threatened.clone();
            but.insert(removal.by);
            let hangs = |of: &&Contested| {
                of.place != removal.by
                    && !threatened.has(of.place)
                    && !listed(of.join)
                    && !of.holders.has_beside(&but)
            };
            let more: Vec<&Contested> = contested.iter().filter(hangs).collect();
            for of in &more {
                threatened.join(&of.under);
            }
            if more.is_empty() {
                break;
            }
        }
        let mut but = threatened.clone();
        but.insert(removal.by);
        let before = open.len();
        open.retain(|child| !child.holders.has_beside(&but));
        if open.len() == before {
            return threatened;
        }
    }
}
