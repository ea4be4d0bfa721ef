//! The records by what they refer to, and who built on which of them.

use super::fold::{Folded, How, maker};
use super::record::{Body, Genesis, Invite, Join, Remove};
use super::verify::{Checked, Verified};
use holdfast_oplog::{DeviceId, Hash};
use std::collections::{BTreeMap, BTreeSet};

/// The records by what they refer to, so that walking costs what is there.
pub(super) struct Index<'a> {
    verified: &'a BTreeMap<Hash, Verified>,
    pub(super) geneses: Vec<(Hash, &'a Genesis)>,
    pub(super) invites: BTreeMap<DeviceId, Vec<(Hash, &'a Invite)>>,
    pub(super) joins: BTreeMap<Hash, Vec<(Hash, &'a Join)>>,
    pub(super) removes: BTreeMap<DeviceId, Vec<(Hash, &'a Remove)>>,
    /// For a record, who built on it.
    built: BTreeMap<Hash, Vec<Built>>,
    built_by: BTreeMap<DeviceId, BTreeSet<Hash>>,
    /// For a device, who handed it a key, and by which record.
    wrapped: BTreeMap<DeviceId, Vec<(DeviceId, Hash)>>,
}

/// That a device built on a record.
#[derive(Debug, Clone, Copy)]
struct Built {
    by: DeviceId,
    /// The record that says so.
    with: Hash,
    /// The place in it.
    place: usize,
}

impl<'a> Index<'a> {
    pub(super) fn new(verified: &'a BTreeMap<Hash, Verified>) -> Self {
        let mut index = Self {
            verified,
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

    /// What names nothing that is here costs nothing.
    fn build(&mut self, by: DeviceId, with: Hash, on: &[Hash]) {
        for (place, on) in (0..).zip(on) {
            if !self.has(*on) {
                continue;
            }
            self.built.entry(*on).or_default().push(Built { by, with, place });
            self.built_by.entry(by).or_default().insert(*on);
        }
    }

    /// Whether a record is here.
    pub(super) fn has(&self, record: Hash) -> bool {
        self.verified.contains_key(&record)
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
        by.into_iter().any(|built| !but(built.by) && folded.vouches(built.with, built.by))
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
    for (on, by) in &index.built {
        let Some(record) = checked.verified.get(on) else { continue };
        let made_by = maker(checked, &record.body);
        let join = match &record.body {
            Body::Join(join) => Some(join),
            _ => None,
        };
        for built in by {
            let own = made_by == Some(built.by) || join.is_some_and(|j| j.device == built.by);
            if !own && folded.vouches(built.with, built.by) {
                pay(*on, built.by, built.place);
                // Whoever built on a join built on the invitation.
                if let Some(join) = join {
                    pay(join.invite, built.by, built.place);
                }
            }
        }
    }
    for entry in &folded.entries {
        let How::Joined { invite, join, .. } = entry.how else { continue };
        for (by, with) in index.wrapped.get(&entry.device).into_iter().flatten() {
            let own = *by == entry.device || entry.inviter == Some(*by);
            if !own && folded.vouches(*with, *by) {
                pay(join, *by, entry.level);
                pay(invite, *by, entry.level);
            }
        }
    }
    payers
}
