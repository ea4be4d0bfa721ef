//! Which handovers are kept: for each removal, and each epoch that began without one, the shortest that
//! shows it by itself. So nobody can fill the places with others, and all devices keep the same.
//!
//! Invariant: whoever counts a removal, or keys, can lead everybody else to it. Such a record may come
//! without a handover, or with one that others do not open, from a device that wants to part them: then
//! whoever holds it makes one, under a key that everybody has. A removal by a device that is out counts by the
//! word of those who built on it: a handover that shows it without one of them comes after one that does.

use crate::SyncError;
use crate::devices::{HANDOVER_PLACE, HANDOVERS};
use holdfast_oplog::{DeviceId, Hash};
use holdfast_store::{StoreError, Tx};
use holdfast_vault::membership::{sealed_under, unpack};
use holdfast_vault::{DeviceKeys, Keyring, Membership, Purpose, VaultKey, open_blob};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// The place in the list of its ending's maker, whether it shows less than others need, the size, and a hash so
/// that no two are equal.
type Rank = (usize, bool, usize, Hash);

/// A record that a handover shows by itself, and who says there that it built on it.
#[derive(Clone)]
struct Shown {
    ending: Hash,
    holders: BTreeSet<DeviceId>,
}

/// Handovers that are made at once; the others are made later.
const AT_ONCE: usize = 32;
/// Handovers of which it is tried at once whether they can be made.
const TRIED: usize = 128;

/// All handovers together, in bytes.
const BYTES: usize = 64 * 1024 * 1024;
/// Handovers of which it is remembered what they show.
const REMEMBERED: usize = 1024;

/// Keeps those of `came` that are worth it, and drops what they make superfluous.
pub(crate) fn keep(
    tx: &Tx<'_>,
    keyring: &Keyring,
    members: &Membership,
    came: &[&[u8]],
) -> Result<(), SyncError> {
    let held = tx.handovers()?;
    let known: BTreeSet<&[u8]> = held.iter().map(Vec::as_slice).collect();
    let new: BTreeSet<&[u8]> = came.iter().copied().filter(|came| !known.contains(came)).collect();
    if new.is_empty() {
        return Ok(());
    }
    // For each epoch that ends and each record that ends it, the shortest, then the least hash. Of each
    // maker of such records the first one comes before the second of anybody: so nobody fills the places.
    type Ends = (Vec<u8>, Hash);
    let mut best: BTreeMap<Ends, (Rank, &[u8])> = BTreeMap::new();
    for sealed in known.iter().chain(&new) {
        let epoch = sealed.get(1..5).unwrap_or_default().to_vec();
        for Shown { ending, holders } in shown(keyring, members, sealed) {
            let Some(place) = members.endings().get(&ending) else { continue };
            let lacks = !members.is_held_by(ending, &holders);
            let this = ((*place, lacks, sealed.len(), Hash::of(sealed)), *sealed);
            let least = best.entry((epoch.clone(), ending)).or_insert(this);
            *least = (*least).min(this);
        }
    }
    let mut first: BTreeMap<&[u8], Rank> = BTreeMap::new();
    for (rank, sealed) in best.into_values() {
        let least = first.entry(sealed).or_insert(rank);
        *least = (*least).min(rank);
    }
    let mut ranked: Vec<(Rank, &[u8])> =
        first.into_iter().map(|(sealed, rank)| (rank, sealed)).collect();
    ranked.sort_unstable();
    let (mut room, mut keep) = (BYTES, BTreeSet::new());
    for (_, sealed) in ranked {
        if keep.len() < HANDOVERS
            && let Some(left) = room.checked_sub(sealed.len())
        {
            room = left;
            keep.insert(sealed);
        }
    }
    for dropped in known.difference(&keep) {
        tx.drop_handover(dropped)?;
    }
    for kept in keep.difference(&known) {
        tx.add_handover(kept)?;
    }
    Ok(())
}

/// The epoch under which a handover is sealed.
fn sealed_in(sealed: &[u8]) -> Option<u32> {
    sealed.get(1..5).and_then(|epoch| epoch.try_into().ok()).map(u32::from_be_bytes)
}

/// Makes a handover for each record that ends an epoch or begins one, where none is held which everybody
/// opens. It says no more than is needed, since whoever was ever let in opens it.
pub(crate) fn lead(
    tx: &Tx<'_>,
    keys: &DeviceKeys,
    keyring: &Keyring,
    members: &Membership,
) -> Result<(), SyncError> {
    let of = |(epoch, key): (u32, &VaultKey)| (epoch, key.id());
    let Some(first) = keyring.iter().map(of).find(|of| of.0 == 1) else { return Ok(()) };
    if members.endings().is_empty() {
        return Ok(());
    }
    let then = state(tx, keys, members)?;
    if LED.with_borrow(|led| *led == Some(then)) {
        return Ok(());
    }
    let me = keys.device_id();
    let mut led: BTreeSet<Hash> = BTreeSet::new();
    for sealed in tx.handovers()? {
        let under = keyring.iter().map(of).filter(|of| sealed_in(&sealed) == Some(of.0));
        let under: Vec<_> = under.collect();
        if !under.is_empty() && under.iter().all(|of| members.is_surely_everybodys(*of, me)) {
            let whole = shown(keyring, members, &sealed).into_iter();
            let whole = whole.filter(|of| members.is_held_by(of.ending, &of.holders));
            led.extend(whole.map(|of| of.ending));
        }
    }
    let mut missing: Vec<(usize, Hash)> = members
        .endings()
        .iter()
        .filter(|(ending, _)| !led.contains(*ending))
        .map(|(ending, place)| (*place, *ending))
        .collect();
    missing.sort_unstable();
    let held: BTreeSet<Vec<u8>> = tx.handovers()?.into_iter().collect();
    let mut made = Vec::new();
    for (_, ending) in missing.into_iter().take(TRIED) {
        if let Some(records) = members.leading_to(ending) {
            // One that cannot be made better keeps no other from being made.
            let sealed = sealed_under(keys, keyring, first, HANDOVER_PLACE, &records)?;
            if !held.contains(&sealed) {
                made.push(sealed);
            }
        }
        if made.len() >= AT_ONCE {
            break;
        }
    }
    let made: Vec<&[u8]> = made.iter().map(Vec::as_slice).collect();
    keep(tx, keyring, members, &made)?;
    let now = state(tx, keys, members)?;
    LED.with_borrow_mut(|led| *led = Some(now));
    Ok(())
}

/// All that decides which handovers are missing.
fn state(tx: &Tx<'_>, keys: &DeviceKeys, members: &Membership) -> Result<Hash, StoreError> {
    let mut all = [members.vault().0, keys.device_id().0].concat();
    for handover in tx.handover_names()? {
        all.extend_from_slice(&handover);
    }
    for record in members.records() {
        all.extend_from_slice(&Hash::of(record).0);
    }
    Ok(Hash::of(&all))
}

thread_local! {
    /// What was known when no handover was missing that could be made.
    static LED: RefCell<Option<Hash>> = const { RefCell::new(None) };
    /// What handovers show by themselves, by the hash of their bytes: nothing else decides it.
    static SHOWN: RefCell<BTreeMap<Hash, Vec<Shown>>> = const { RefCell::new(BTreeMap::new()) };
}

/// The records that a handover shows by itself, and that count: removals, and epochs that began.
fn shown(keyring: &Keyring, members: &Membership, sealed: &[u8]) -> Vec<Shown> {
    let name = Hash::of(sealed);
    let all = SHOWN.with_borrow(|shown| shown.get(&name).cloned()).or_else(|| {
        let packed = open_blob(keyring, Purpose::Membership, HANDOVER_PLACE, sealed).ok()?;
        let records = unpack(&packed).unwrap_or_default();
        let alone = Membership::from_records(members.vault(), &records);
        let show = |ending: &Hash| Shown { ending: *ending, holders: alone.holders(*ending) };
        let all: Vec<Shown> = alone.endings().keys().map(show).collect();
        SHOWN.with_borrow_mut(|shown| {
            if shown.len() >= REMEMBERED {
                shown.clear();
            }
            shown.insert(name, all.clone());
        });
        Some(all)
    });
    let counts = |of: &Shown| members.endings().contains_key(&of.ending);
    all.unwrap_or_default().into_iter().filter(counts).collect()
}
