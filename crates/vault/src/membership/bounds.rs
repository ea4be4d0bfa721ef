//! Last step: what is kept and passed on. One device cannot make the others keep more than
//! [`limits`] allow, nor crowd out what another one signed; and what is kept always fits into one
//! list on its way. See "What one device can cost the others" in docs/encryption.md.

use super::fold::{Folded, maker};
use super::record::Body;
use super::verify::{Checked, Problem};
use crate::limits;
#[cfg(feature = "planted")]
use holdfast_oplog::planted;
use holdfast_oplog::{DeviceId, Hash};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// A record that may be kept.
struct Candidate {
    raw: Hash,
    size: usize,
    /// Whose account it is on: the place among the devices, or none where nobody is known.
    place: Option<usize>,
    class: Class,
    /// What of a class comes first.
    order: (Reverse<u64>, Hash),
    counts: bool,
}

/// In the order in which a device's records are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Admission,
    Removal,
    Keys,
    Acceptance,
    Identity,
    Name,
    Invitation,
    Unknown,
    Idle,
    Waiting,
}

impl Class {
    /// How many of it one device may have.
    const fn most(self) -> usize {
        match self {
            Self::Admission => 2 * limits::ADMITTED,
            Self::Removal | Self::Acceptance => limits::SAID,
            Self::Keys | Self::Name | Self::Invitation | Self::Unknown | Self::Idle => limits::FEW,
            Self::Identity => limits::IDENTITIES,
            Self::Waiting => limits::WAITING,
        }
    }

    /// How many bytes of it one device may have.
    const fn bytes(self) -> usize {
        match self {
            Self::Unknown | Self::Idle => limits::IDLE,
            Self::Waiting => limits::WAITING_BYTES,
            _ => limits::OF_ONE,
        }
    }
}

/// What is kept, and what is not although it is well formed.
pub(super) struct Kept {
    pub(super) chosen: BTreeSet<Hash>,
    pub(super) dropped: BTreeSet<Hash>,
    /// Whether something that counted is among what was dropped.
    pub(super) changes: bool,
}

/// Chooses what is kept.
pub(super) fn choose(
    checked: &Checked,
    folded: &Folded<'_>,
    problems: &BTreeMap<Hash, Problem>,
) -> Kept {
    let places: BTreeMap<DeviceId, usize> =
        folded.entries.iter().zip(0..).map(|(entry, place)| (entry.device, place)).collect();
    let mut candidates = candidates(checked, folded, problems, &places);
    #[cfg(feature = "planted")]
    if planted::is(planted::Bug::UnboundedRecords) {
        let chosen = candidates.iter().map(|candidate| candidate.raw).collect();
        return Kept { chosen, dropped: BTreeSet::new(), changes: false };
    }
    candidates.sort_by_key(|of| (of.place, of.class, of.order));
    let mut ranked: Vec<(usize, Candidate)> = Vec::new();
    let mut dropped: BTreeSet<Hash> = BTreeSet::new();
    let mut changes = false;
    let (mut place, mut class, mut count, mut bytes, mut total) = (None, None, 0, 0, 0_usize);
    for candidate in candidates {
        if place != Some(candidate.place) {
            (place, class, total) = (Some(candidate.place), None, 0);
        }
        if class != Some(candidate.class) {
            (class, count, bytes) = (Some(candidate.class), 0, 0);
        }
        let fits = count < candidate.class.most()
            && candidate.size.saturating_add(bytes) <= candidate.class.bytes();
        if fits {
            (count, bytes) = (count.saturating_add(1), candidate.size.saturating_add(bytes));
            total = total.saturating_add(candidate.size);
            ranked.push((total / limits::SHARE, candidate));
        } else {
            changes |= candidate.counts;
            dropped.insert(candidate.raw);
        }
    }
    // All get a share before anybody gets another one.
    ranked.sort_by_key(|(share, of)| {
        (of.class == Class::Waiting, *share, of.place, of.class, of.order)
    });
    let (mut room, mut left) = (limits::KEPT_BYTES, limits::KEPT);
    let mut identities = limits::ALL_IDENTITIES.saturating_sub(folded.entries.len());
    let mut kept = BTreeSet::new();
    for (_, candidate) in ranked {
        let identity = usize::from(candidate.class == Class::Identity);
        // Beside the bytes themselves, a list has at most five bytes for each.
        let cost = candidate.size.saturating_add(5);
        if cost > room || left == 0 || identity > identities {
            changes |= candidate.counts;
            dropped.insert(candidate.raw);
            continue;
        }
        (room, left) = (room.saturating_sub(cost), left.saturating_sub(1));
        identities = identities.saturating_sub(identity);
        kept.insert(candidate.raw);
    }
    Kept { chosen: kept, dropped, changes }
}

fn candidates(
    checked: &Checked,
    folded: &Folded<'_>,
    problems: &BTreeMap<Hash, Problem>,
    places: &BTreeMap<DeviceId, usize>,
) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    let size = |raw: &Hash| checked.kept.get(raw).map_or(0, Vec::len);
    for (hash, record) in &checked.verified {
        let raw = record.raw;
        let counts = !problems.contains_key(&raw);
        let place = maker(checked, &record.body).and_then(|maker| places.get(&maker)).copied();
        let late = |time: &u64| (Reverse(*time), raw);
        let least = (Reverse(0), raw);
        let (class, order) = match &record.body {
            Body::Genesis(_) => (Class::Admission, least),
            _ if place.is_none() => (Class::Waiting, least),
            _ if !counts => (Class::Idle, least),
            Body::Invite(i) if !folded.admitted(*hash) => (Class::Invitation, late(&i.time)),
            Body::Invite(_) | Body::Join(_) => (Class::Admission, least),
            Body::Remove(_) => (Class::Removal, least),
            Body::Keys(_) => (Class::Keys, least),
            Body::Accept(_) => (Class::Acceptance, least),
            // The first ones stay: what was written under them counts.
            Body::Actor(a) => (Class::Identity, (Reverse(u64::MAX.saturating_sub(a.time)), raw)),
            Body::Rename(r) => (Class::Name, late(&r.time)),
            Body::Unknown(_) => (Class::Unknown, least),
        };
        candidates.push(Candidate { raw, size: size(&raw), place, class, order, counts });
    }
    for raw in &checked.waiting {
        let (class, order) = (Class::Waiting, (Reverse(0), *raw));
        let of = Candidate { raw: *raw, size: size(raw), place: None, class, order, counts: false };
        candidates.push(of);
    }
    candidates
}
