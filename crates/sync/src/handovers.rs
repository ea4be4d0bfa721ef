//! Which handovers are kept: for each removal, and each epoch that began without one, the shortest that
//! shows it by itself. So nobody can fill the places with others, and all devices keep the same.

use crate::SyncError;
use crate::devices::{HANDOVER_PLACE, HANDOVERS};
use holdfast_oplog::Hash;
use holdfast_store::Tx;
use holdfast_vault::membership::unpack;
use holdfast_vault::{Keyring, Membership, Purpose, open_blob};
use std::collections::{BTreeMap, BTreeSet};

/// All handovers together, in bytes.
const BYTES: usize = 64 * 1024 * 1024;

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
    // For each epoch that ends and each record that ends it, the shortest, then the least hash.
    type Ends = (Vec<u8>, Hash);
    let mut best: BTreeMap<Ends, (usize, Hash, &[u8])> = BTreeMap::new();
    for sealed in known.iter().chain(&new) {
        let epoch = sealed.get(1..5).unwrap_or_default().to_vec();
        let this = (sealed.len(), Hash::of(sealed), *sealed);
        for ending in shown(keyring, members, sealed) {
            let place = best.entry((epoch.clone(), ending)).or_insert(this);
            *place = (*place).min(this);
        }
    }
    let mut room = BYTES;
    let mut keep: BTreeSet<(usize, Hash, &[u8])> = best.into_values().collect();
    while keep.len() > HANDOVERS {
        keep.pop_last();
    }
    keep.retain(|(size, ..)| match room.checked_sub(*size) {
        Some(left) => {
            room = left;
            true
        }
        None => false,
    });
    let keep: BTreeSet<&[u8]> = keep.into_iter().map(|(.., sealed)| sealed).collect();
    for dropped in known.difference(&keep) {
        tx.drop_handover(dropped)?;
    }
    for kept in keep.difference(&known) {
        tx.add_handover(kept)?;
    }
    Ok(())
}

/// The records that a handover shows by itself, and that count: removals, and epochs that began.
fn shown(keyring: &Keyring, members: &Membership, sealed: &[u8]) -> Vec<Hash> {
    let packed = open_blob(keyring, Purpose::Membership, HANDOVER_PLACE, sealed);
    let Ok(records) = packed.and_then(|packed| unpack(&packed)) else { return Vec::new() };
    let alone = Membership::from_records(members.vault(), &records);
    alone.endings().intersection(members.endings()).copied().collect()
}
