//! The records by what they refer to, and who built on which of them.

use super::bits::Bits;
use super::fold::{Folded, How, is_late, maker};
use super::record::{Body, Genesis, Invite, Join, Remove};
use super::verify::{Checked, Verified};
use holdfast_oplog::{DeviceId, Hash};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Joins by one invitation that nobody names, of which it is asked whether they count: only the one with
/// the least hash can, and whether it is alone is asked as well.
const UNNAMED: usize = 2;

/// Records of one device, each with the place of what they name in it.
type With = BTreeMap<DeviceId, Vec<(Hash, usize)>>;

/// The records by what they refer to, so that walking costs what is there.
pub(super) struct Index<'a> {
    /// The names of all records, in order.
    names: Rc<[Hash]>,
    pub(super) geneses: Vec<(Hash, &'a Genesis)>,
    pub(super) invites: BTreeMap<DeviceId, Vec<(Hash, &'a Invite)>>,
    /// All joins by an invitation.
    pub(super) joins: BTreeMap<Hash, Vec<(Hash, &'a Join)>>,
    /// Those that can count.
    pub(super) open_joins: BTreeMap<Hash, Vec<(Hash, &'a Join)>>,
    pub(super) removes: BTreeMap<DeviceId, Vec<(Hash, &'a Remove)>>,
    /// For a record, who said to have built on it, or knew it when it invited somebody.
    built: BTreeMap<Hash, With>,
    /// The places of the records on which a device said to have built.
    built_by: BTreeMap<DeviceId, Vec<usize>>,
    /// For a device, who handed it a key, and by which records.
    wrapped: BTreeMap<DeviceId, BTreeMap<DeviceId, BTreeSet<Hash>>>,
}

impl<'a> Index<'a> {
    pub(super) fn new(verified: &'a BTreeMap<Hash, Verified>) -> Self {
        let mut index = Self {
            names: verified.keys().copied().collect(),
            geneses: Vec::new(),
            invites: BTreeMap::new(),
            joins: BTreeMap::new(),
            open_joins: BTreeMap::new(),
            removes: BTreeMap::new(),
            built: BTreeMap::new(),
            built_by: BTreeMap::new(),
            wrapped: BTreeMap::new(),
        };
        let mut named: BTreeSet<Hash> = BTreeSet::new();
        for (hash, record) in verified {
            match &record.body {
                Body::Genesis(g) => index.geneses.push((*hash, g)),
                Body::Invite(i) => {
                    index.invites.entry(i.by).or_default().push((*hash, i));
                    named.extend(i.knows.iter().filter(|on| index.has(**on)));
                    // Its maker signed that it knew these.
                    index.build(i.by, *hash, &i.knows);
                }
                Body::Join(j) => index.joins.entry(j.invite).or_default().push((*hash, j)),
                Body::Remove(r) => {
                    index.removes.entry(r.by).or_default().push((*hash, r));
                    named.extend(r.records.iter().filter(|on| index.has(**on)));
                }
                Body::Accept(a) => index.build(a.by, *hash, &a.records),
                _ => {}
            }
            if let Some(handed) = record.body.handed_out() {
                for wrapped in handed.wrapped {
                    let of = index.wrapped.entry(wrapped.device).or_default();
                    of.entry(handed.by).or_default().insert(*hash);
                }
            }
        }
        index.open_joins(&named);
        index
    }

    /// What names nothing that is here costs nothing.
    fn build(&mut self, by: DeviceId, with: Hash, on: &[Hash]) {
        for (place, on) in (0..).zip(on) {
            let Some(at) = self.place(*on) else { continue };
            self.built.entry(*on).or_default().entry(by).or_default().push((with, place));
            self.built_by.entry(by).or_default().push(at);
        }
    }

    /// Whoever holds an invitation can sign any number of joins by it.
    fn open_joins(&mut self, named: &BTreeSet<Hash>) {
        let invites: BTreeMap<Hash, &Invite> = self.invites.values().flatten().copied().collect();
        for (invite, joins) in &self.joins {
            let Some(by) = invites.get(invite) else { continue };
            let mut unnamed = 0_usize;
            let can = |(hash, join): &&(Hash, &'a Join)| {
                let is_named = named.contains(hash)
                    || self.built.contains_key(hash)
                    || self.wrapped.contains_key(&join.device);
                unnamed = unnamed.saturating_add(usize::from(!is_named && !is_late(by, join)));
                !is_late(by, join) && (is_named || unnamed <= UNNAMED)
            };
            let open: Vec<(Hash, &'a Join)> = joins.iter().filter(can).copied().collect();
            self.open_joins.insert(*invite, open);
        }
    }

    /// Whether more than one can have joined by an invitation.
    pub(super) fn is_contested(&self, invite: Hash) -> bool {
        self.open_joins.get(&invite).is_some_and(|joins| joins.len() > 1)
    }

    /// The place of a record among the names.
    pub(super) fn place(&self, record: Hash) -> Option<usize> {
        self.names.binary_search(&record).ok()
    }

    /// The names of all records, in order.
    pub(super) fn names(&self) -> Rc<[Hash]> {
        Rc::clone(&self.names)
    }

    /// Whether a record is here.
    pub(super) fn has(&self, record: Hash) -> bool {
        self.place(record).is_some()
    }

    /// The places of the records on which a device said that it built: it cannot say later that these do
    /// not count.
    pub(super) fn built_by(&self, device: DeviceId) -> &[usize] {
        self.built_by.get(&device).map_or(&[], Vec::as_slice)
    }

    /// The members that built on a record, and by which records that count: what they said, or the joins by
    /// invitations that knew it.
    pub(super) fn builders(
        &self,
        folded: &Folded<'_>,
        record: Hash,
    ) -> impl Iterator<Item = (DeviceId, Hash)> {
        let said = self.built.get(&record).into_iter().flatten();
        let said = said.filter(|(by, _)| folded.knows(**by));
        let said = said.flat_map(|(by, with)| with.iter().map(|(with, _)| (*by, *with)));
        let knew = folded.known_by(record).iter().copied();
        said.chain(knew).filter(|(by, with)| folded.vouches(*with, *by))
    }

    /// Whether a member other than `but` built on a record.
    pub(super) fn is_built_on(
        &self,
        folded: &Folded<'_>,
        record: Hash,
        but: impl Fn(DeviceId) -> bool,
    ) -> bool {
        self.builders(folded, record).any(|(by, _)| !but(by))
    }

    /// The members that built on a device's having joined, beside itself.
    fn joined_on(
        &self,
        folded: &Folded<'_>,
        (hash, device): (Hash, DeviceId),
    ) -> impl Iterator<Item = DeviceId> {
        let handed = self.wrapped.get(&device).into_iter().flatten();
        let handed = handed.filter(|(by, with)| {
            folded.knows(**by) && with.iter().any(|with| folded.vouches(*with, **by))
        });
        let handed = handed.map(|(by, _)| *by);
        let built = self.builders(folded, hash).map(|(by, _)| by);
        built.chain(handed).filter(move |by| *by != device)
    }

    /// Whether a member other than `but` built on a device's having joined.
    pub(super) fn is_joined_on(
        &self,
        folded: &Folded<'_>,
        join: (Hash, DeviceId),
        but: impl Fn(DeviceId) -> bool,
    ) -> bool {
        self.joined_on(folded, join).any(|by| !but(by))
    }

    /// The places of the members that built on a device's having joined.
    pub(super) fn joined_on_by(&self, folded: &Folded<'_>, join: (Hash, DeviceId)) -> Bits {
        self.joined_on(folded, join).filter_map(|by| folded.place(by)).collect()
    }
}

/// Who built on which records, so that they are kept on their account.
pub(super) fn payers(
    checked: &Checked,
    index: &Index<'_>,
    folded: &Folded<'_>,
) -> BTreeMap<Hash, BTreeMap<DeviceId, usize>> {
    let mut payers: BTreeMap<Hash, BTreeMap<DeviceId, usize>> = BTreeMap::new();
    let mut pay = |record: Hash, by: DeviceId, place: usize| {
        let known = payers.entry(record).or_default().entry(by).or_insert(place);
        *known = place.min(*known);
    };
    let mut build = |on: Hash, by: DeviceId, with: Hash, place: usize| {
        let Some(record) = checked.verified.get(&on) else { return };
        let join = match &record.body {
            Body::Join(join) => Some(join),
            _ => None,
        };
        let own = maker(checked, &record.body) == Some(by) || join.is_some_and(|j| j.device == by);
        if !own && folded.vouches(with, by) {
            pay(on, by, place);
            // Whoever built on a join built on the invitation.
            if let Some(join) = join {
                pay(join.invite, by, place);
            }
        }
    };
    for (on, said) in &index.built {
        for (by, with) in said.iter().filter(|(by, _)| folded.knows(**by)) {
            for (with, place) in with {
                build(*on, *by, *with, *place);
            }
        }
    }
    for entry in &folded.entries {
        let How::Joined { join, knows, .. } = entry.how else { continue };
        for (place, on) in (0..).zip(knows) {
            build(*on, entry.device, join, place);
        }
    }
    for entry in &folded.entries {
        let How::Joined { invite, join, .. } = entry.how else { continue };
        for (by, with) in index.wrapped.get(&entry.device).into_iter().flatten() {
            let own = *by == entry.device || entry.inviter == Some(*by);
            if !own && folded.knows(*by) && with.iter().any(|with| folded.vouches(*with, *by)) {
                pay(join, *by, entry.level);
                pay(invite, *by, entry.level);
            }
        }
    }
    payers
}
