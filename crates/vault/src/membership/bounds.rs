//! Last step: what is kept and passed on. One device cannot make the others keep more than
//! [`limits`] allow, nor crowd out what another one signed; and what is kept always fits into one
//! list on its way. See "What one device can cost the others" in docs/encryption.md.
//!
//! Invariant: nobody can take away what another one built on. A record on which a member built beside
//! its maker is kept on the account of that member, in the order in which it says that it built on
//! them. So whoever signs more and more, under whatever times and hashes, displaces nothing but what
//! nobody used.

use super::fold::{Folded, maker};
use super::record::Body;
use super::verify::{Checked, Problem, Verified};
use crate::limits;
#[cfg(feature = "planted")]
use holdfast_oplog::planted;
use holdfast_oplog::{DeviceId, Hash, VersionVector};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// A record that may be kept.
struct Candidate {
    raw: Hash,
    /// What names it.
    hash: Hash,
    size: usize,
    /// Whose account it is on: the place among the devices, or none where nobody is known.
    place: Option<usize>,
    class: Class,
    /// What of a class comes first.
    order: (Reverse<u64>, Hash),
    counts: bool,
    /// Where members built on it: what these have before it on their accounts, in bytes, and how many
    /// of the class. The least.
    paid: Option<(usize, usize)>,
}

/// In the order in which a device's records are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Admission,
    Removal,
    Keys,
    Acceptance,
    Lacking,
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
            Self::Keys
            | Self::Name
            | Self::Invitation
            | Self::Lacking
            | Self::Unknown
            | Self::Idle => limits::FEW,
            Self::Identity => limits::IDENTITIES,
            Self::Waiting => limits::WAITING,
        }
    }

    /// How many bytes of it one device may have.
    const fn bytes(self) -> usize {
        match self {
            Self::Lacking | Self::Unknown | Self::Idle => limits::IDLE,
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
    let entered = folded.entries.iter().map(|entry| entry.device);
    let known = entered.chain(folded.left.iter().map(|of| of.device));
    let places: BTreeMap<DeviceId, usize> = known.zip(0..).collect();
    let mut candidates = candidates(checked, folded, problems, &places);
    #[cfg(feature = "planted")]
    if planted::is(planted::Bug::UnboundedRecords) {
        let chosen = candidates.iter().map(|candidate| candidate.raw).collect();
        return Kept { chosen, dropped: BTreeSet::new(), changes: false };
    }
    pay(folded, &mut candidates);
    candidates.sort_by_key(|of| (of.place, of.class, of.paid.is_none(), of.order));
    let mut ranked: Vec<(usize, usize, Candidate)> = Vec::new();
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
        if fits || candidate.paid.is_some() {
            let (of_it, before) = (count, total);
            (count, bytes) = (count.saturating_add(1), candidate.size.saturating_add(bytes));
            total = total.saturating_add(candidate.size);
            let (paid, paid_of_it) = candidate.paid.unwrap_or((usize::MAX, usize::MAX));
            let before = before.min(paid).saturating_add(candidate.size);
            ranked.push((before / limits::SHARE, of_it.min(paid_of_it), candidate));
        } else {
            changes |= candidate.counts;
            dropped.insert(candidate.raw);
        }
    }
    // Every device gets an identity before anybody gets another one.
    ranked.sort_by_key(|(_, of_it, of)| (*of_it, of.paid.is_none(), of.place, of.order));
    let devices = folded.entries.len().saturating_add(folded.left.len());
    let mut identities = limits::ALL_IDENTITIES.saturating_sub(devices);
    ranked.retain(|(.., candidate)| {
        if candidate.class != Class::Identity {
            return true;
        }
        let fits = identities > 0;
        identities = identities.saturating_sub(1);
        if !fits {
            changes |= candidate.counts;
            dropped.insert(candidate.raw);
        }
        fits
    });
    // All get a share before anybody gets another one.
    ranked.sort_by_key(|(share, _, of)| {
        (of.class == Class::Waiting, *share, of.paid.is_none(), of.place, of.class, of.order)
    });
    let (mut room, mut left) = (limits::KEPT_BYTES, limits::KEPT);
    let mut kept = BTreeSet::new();
    for (.., candidate) in ranked {
        // Beside the bytes themselves, a list has at most five bytes for each.
        let cost = candidate.size.saturating_add(5);
        if cost > room || left == 0 {
            changes |= candidate.counts;
            dropped.insert(candidate.raw);
            continue;
        }
        (room, left) = (room.saturating_sub(cost), left.saturating_sub(1));
        kept.insert(candidate.raw);
    }
    Kept { chosen: kept, dropped, changes }
}

/// Notes which records are on the account of a member that built on them: of each maker and class so
/// many as that one may have itself, in the order of the member's own list.
fn pay(folded: &Folded<'_>, candidates: &mut [Candidate]) {
    type Account = BTreeMap<(Option<usize>, Class), Vec<(usize, Hash, usize)>>;
    let mut accounts: BTreeMap<DeviceId, Account> = BTreeMap::new();
    for (at, candidate) in candidates.iter().enumerate().filter(|(_, of)| of.counts) {
        for (by, place) in folded.payers.get(&candidate.hash).into_iter().flatten() {
            let of = (candidate.place, candidate.class);
            let account = accounts.entry(*by).or_default().entry(of).or_default();
            account.push((*place, candidate.raw, at));
        }
    }
    for account in accounts.into_values() {
        let mut total = 0_usize;
        for ((_, class), mut built) in account {
            built.sort();
            let mut bytes = 0_usize;
            for (count, (.., at)) in built.into_iter().enumerate() {
                let Some(candidate) = candidates.get_mut(at) else { continue };
                bytes = bytes.saturating_add(candidate.size);
                if count >= class.most() || bytes > class.bytes() {
                    break;
                }
                let this = (total, count);
                candidate.paid = Some(candidate.paid.map_or(this, |paid| paid.min(this)));
                total = total.saturating_add(candidate.size);
            }
        }
    }
}

/// Whose word something is, about which device, and how that joined, where it says so.
type Word = (DeviceId, Option<DeviceId>, Option<Hash>);

/// What a record names that grows with time, and how much of a device's logs.
fn said(record: &Verified) -> Option<(Word, &[Hash], Option<&VersionVector>)> {
    match &record.body {
        Body::Accept(a) => {
            Some(((a.by, Some(a.device), a.joined), a.records.as_slice(), Some(&a.accepted)))
        }
        Body::Lacks(l) => Some(((l.by, None, None), l.records.as_slice(), None)),
        _ => None,
    }
}

/// What of the same maker about the same device says nothing that another one does not say as well:
/// whoever says more says all of it again.
fn superfluous(checked: &Checked, problems: &BTreeMap<Hash, Problem>) -> BTreeSet<Hash> {
    let mut most: BTreeMap<Word, (usize, Hash, &Verified)> = BTreeMap::new();
    for record in checked.verified.values() {
        if let Some((of, records, _)) = said(record)
            && !problems.contains_key(&record.raw)
        {
            let known = most.entry(of).or_insert((records.len(), record.raw, record));
            if (known.0, known.1) < (records.len(), record.raw) {
                *known = (records.len(), record.raw, record);
            }
        }
    }
    let mut all: BTreeMap<Word, (Hash, BTreeSet<Hash>, Option<&VersionVector>)> = BTreeMap::new();
    for (of, (_, raw, record)) in most {
        if let Some((_, records, accepted)) = said(record) {
            all.insert(of, (raw, records.iter().copied().collect(), accepted));
        }
    }
    let mut superfluous = BTreeSet::new();
    for record in checked.verified.values() {
        let Some((of, records, accepted)) = said(record) else { continue };
        let Some((raw, whole, more)) = all.get(&of) else { continue };
        let is_less = records.iter().all(|record| whole.contains(record))
            && accepted.zip(*more).is_none_or(|(accepted, more)| more.includes(accepted));
        if *raw != record.raw && is_less {
            superfluous.insert(record.raw);
        }
    }
    superfluous
}

/// Of the removals in force, of each maker and device the one that comes first: however often one device
/// removes another, the others need one of these. By the hash of their bytes.
pub(super) fn first_removals(checked: &Checked, folded: &Folded<'_>) -> BTreeSet<Hash> {
    let mut first: BTreeMap<(DeviceId, DeviceId), (bool, Hash)> = BTreeMap::new();
    for (hash, record) in &checked.verified {
        if let Body::Remove(r) = &record.body
            && folded.applied.contains(hash)
        {
            let this = (!folded.is_paid(*hash), record.raw);
            let known = first.entry((r.by, r.device)).or_insert(this);
            *known = (*known).min(this);
        }
    }
    first.into_values().map(|(_, raw)| raw).collect()
}

/// The invitations by which more than one device joined.
pub(super) fn contested(checked: &Checked) -> BTreeSet<Hash> {
    let (mut used, mut contested) = (BTreeSet::new(), BTreeSet::new());
    for record in checked.verified.values() {
        if let Body::Join(join) = &record.body
            && !used.insert(join.invite)
        {
            contested.insert(join.invite);
        }
    }
    contested
}

/// Of the other joins by invitations that let somebody in, one each: the one with the least hash.
fn losing(checked: &Checked, folded: &Folded<'_>) -> BTreeSet<Hash> {
    let mut first: BTreeMap<Hash, Hash> = BTreeMap::new();
    for (hash, record) in &checked.verified {
        if let Body::Join(join) = &record.body
            && folded.admitted(join.invite)
            && !folded.admitted(*hash)
        {
            first.entry(join.invite).or_insert(*hash);
        }
    }
    first.into_values().collect()
}

fn candidates(
    checked: &Checked,
    folded: &Folded<'_>,
    problems: &BTreeMap<Hash, Problem>,
    places: &BTreeMap<DeviceId, usize>,
) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    let superfluous = superfluous(checked, problems);
    let removals = first_removals(checked, folded);
    let size = |raw: &Hash| checked.kept.get(raw).map_or(0, Vec::len);
    let of_left = folded.left.iter();
    let of_left =
        of_left.flat_map(|of| of.joins.iter().map(|(join, record)| (of.device, *join, *record)));
    let of_left =
        of_left.flat_map(|(device, join, record)| [(join, device), (record.invite, device)]);
    let of_left: BTreeMap<Hash, DeviceId> = of_left.collect();
    let losing = losing(checked, folded);
    for (hash, record) in &checked.verified {
        let raw = record.raw;
        if superfluous.contains(&raw) {
            continue;
        }
        // How somebody came whose changes count is on the account of who says so.
        let came = of_left.get(hash).filter(|_| problems.contains_key(&raw));
        // That more than one joined by an invitation decides what hangs on what.
        let loses = losing.contains(hash);
        // A member that stays built on somebody's having joined who does not count any more: from it is told how
        // that one came, whose changes this member may have.
        let admits = matches!(record.body, Body::Join(_) | Body::Invite(_));
        let loses = loses || admits && folded.is_paid(*hash);
        let counts = came.is_some() || loses || !problems.contains_key(&raw);
        let maker = came.copied().or_else(|| maker(checked, &record.body));
        let place = maker.and_then(|maker| places.get(&maker)).copied();
        let late = |time: &u64| (Reverse(*time), raw);
        let least = (Reverse(0), raw);
        let first = |is_first: bool| (Reverse(u64::from(is_first)), raw);
        let (class, order) = match &record.body {
            Body::Genesis(_) => (Class::Admission, least),
            _ if place.is_none() => (Class::Waiting, least),
            _ if !counts => (Class::Idle, least),
            _ if came.is_some() || loses => (Class::Admission, least),
            Body::Invite(i) if !folded.admitted(*hash) => (Class::Invitation, late(&i.time)),
            Body::Invite(_) | Body::Join(_) => (Class::Admission, least),
            // The first of a device, which is enough; what counts of changes; what all can open.
            Body::Remove(_) => (Class::Removal, first(removals.contains(&raw))),
            Body::Accept(a) => (Class::Acceptance, first(!a.accepted.is_empty())),
            Body::Keys(k) => (Class::Keys, (Reverse(k.wrapped.len() as u64), raw)),
            Body::Lacks(l) => (Class::Lacking, (Reverse(l.records.len() as u64), raw)),
            Body::Actor(_) => (Class::Identity, least),
            Body::Rename(r) => (Class::Name, late(&r.time)),
            Body::Unknown(_) => (Class::Unknown, least),
        };
        let (hash, size) = (*hash, size(&raw));
        candidates.push(Candidate { raw, hash, size, place, class, order, counts, paid: None });
    }
    for raw in &checked.waiting {
        let named = checked.waiting_invites.get(raw);
        let came = named.and_then(|name| of_left.get(name));
        let place = came.and_then(|device| places.get(device)).copied();
        let counts = place.is_some();
        let class = if counts { Class::Admission } else { Class::Waiting };
        let (order, paid) = ((Reverse(0), *raw), None);
        let (raw, hash, size) = (*raw, named.copied().unwrap_or(Hash::ZERO), size(raw));
        candidates.push(Candidate { raw, hash, size, place, class, order, counts, paid });
    }
    candidates
}
