//! What this device says that it built on, so that it stands whatever others sign afterwards.

use crate::carrier::bounded;
use crate::{SyncError, membership};
use holdfast_oplog::{ActorId, ChangeId, DeviceId, Hash, VersionVector, limits};
use holdfast_store::{StoreError, Tx};
use holdfast_vault::membership::{accept, accept_of_nobody};
use holdfast_vault::{Claim, Device, DeviceKeys, Keyring, Membership, verify_change};
use std::collections::{BTreeMap, BTreeSet};

/// Up to so many devices, each says of each other one that it built on its having joined; of more, only
/// where few others do.
const ALL_BUILD: usize = 12;
/// How many others are enough.
const BUILD: usize = 3;
/// Records that one record names, at most: the first ones.
const NAMED: usize = 2048;
/// Logs of one device that a record names: two such lists together are read everywhere.
const WRITTEN: usize = limits::LOGS / 2;

/// What is held of a device's logs, and of branches of them: as much as a record takes.
pub(crate) fn written_by(
    tx: &Tx<'_>,
    members: &Membership,
    device: DeviceId,
) -> Result<VersionVector, StoreError> {
    let mut logs = VersionVector::new();
    for (log, seq) in tx.held()?.iter() {
        let author = tx.branch_of(log)?.map_or(log.actor, |of| of.author);
        if members.device_of(author).is_some_and(|by| by.id == device) {
            logs.advance(log, seq);
        }
    }
    bounded(tx, members, logs, WRITTEN)
}

/// Says what this device built on before it heard of anything else:
///
/// - of every removed device, and of each that does not count as having entered any more, what of its logs was
///   taken in here: that counts for everyone, since it was shown here and built upon; what it writes from now on
///   is set aside;
/// - of every device, that it joined, or was removed: so nobody can say later that it was not so;
/// - the identities under which it wrote what is held here, and the keys that it handed out: so it cannot
///   take them away again by signing others ([`Membership::from_records`] keeps them on this device's
///   account).
///
/// All of it in one record for each device, which grows: the one before is superfluous then.
pub(crate) fn vouch(
    tx: &Tx<'_>,
    keys: &DeviceKeys,
    keyring: &Keyring,
    before: &Membership,
    members: Membership,
) -> Result<Membership, SyncError> {
    let me = keys.device_id();
    if !members.is_active(me) {
        return Ok(members);
    }
    let held = tx.held()?;
    let written: BTreeSet<ActorId> = held.iter().map(|(log, _)| log.actor).collect();
    let handed = members.keys_held(me, keyring);
    let mut said = false;
    for (of, (logs, names)) in nobodys(tx, &members, &held)? {
        let logs = bounded(tx, &members, logs, WRITTEN)?;
        let names = names.into_iter().take(NAMED).collect();
        if let Ok(record) = accept_of_nobody(tx.vault(), keys, of, logs, names) {
            said |= tx.add_membership(&record)?;
        }
    }
    for device in members.devices().iter().filter(|device| device.id != me) {
        let new = |hash: &Hash| !members.has_built_on(me, *hash);
        let mut names = Vec::new();
        let (mut accepted, mut time) = (VersionVector::new(), device.joined);
        if let Some(removal) = &device.removal {
            time = removal.time;
            names.extend(removed(&members, me, device));
            let mut held = written_by(tx, before, device.id)?;
            held.join(&written_by(tx, &members, device.id)?);
            if !removal.accepted.includes(&held) {
                accepted = held;
            }
            if !accepted.is_empty() || !names.is_empty() {
                names.extend(before.actor_records_by(device.id).into_iter().filter(new));
            }
        } else if members.active().nth(2).is_some() {
            // Of two there is nobody third to whom it could be told.
            names.extend(joined(&members, me, device).filter(new));
            let of_it = members.identities().filter(|(_, by, actor)| {
                *by == device.id
                    && written.contains(actor)
                    && members.device_of(*actor).is_some_and(|of| of.id == *by)
            });
            names.extend(of_it.map(|(hash, ..)| hash).filter(new));
            let keys = handed.iter().filter(|(_, by)| *by == device.id);
            names.extend(keys.map(|(hash, _)| *hash).filter(new));
        }
        if names.is_empty() && accepted.is_empty() {
            continue;
        }
        let mut all = members.said(me, device.id);
        all.extend(names);
        all.truncate(NAMED);
        // What does not fit into a record cannot be said; that stops nothing else.
        if let Ok(record) = accept(tx.vault(), keys, device.id, accepted, all, time) {
            said |= tx.add_membership(&record)?;
        }
    }
    if said { Ok(membership(tx)?) } else { Ok(members) }
}

/// A device that does not count as having entered, and the record by which it joined.
type Nobody = (DeviceId, Hash);

/// What is held of logs that belong to nobody who is known, and the records of identities under which they were
/// written: by the device whose signature is on them and the record by which it joined. It does not count as having
/// entered.
fn nobodys(
    tx: &Tx<'_>,
    members: &Membership,
    held: &VersionVector,
) -> Result<BTreeMap<Nobody, (VersionVector, BTreeSet<Hash>)>, StoreError> {
    let mut found: BTreeMap<Nobody, (VersionVector, BTreeSet<Hash>)> = BTreeMap::new();
    for (log, seq) in held.iter() {
        let author = tx.branch_of(log)?.map_or(log.actor, |of| of.author);
        if members.device_of(author).is_some() {
            continue;
        }
        let claims = members.claims_of(author);
        if claims.is_empty() {
            continue;
        }
        let Some(head) = tx.signed_head(log)? else { continue };
        let id = ChangeId { space: log.space, actor: author, seq: head.seq };
        let signed = |claim: &&Claim| {
            verify_change(&claim.public, tx.vault(), id, head.hash, &head.signature)
        };
        if let Some(claim) = claims.iter().find(signed)
            && let Some(join) = claim.join
        {
            let (logs, names) = found.entry((claim.device, join)).or_default();
            logs.advance(log, seq);
            names.extend(claim.taken);
        }
    }
    Ok(found)
}

/// The removals of a device that are in force and on which nothing was built yet: one of each device that
/// removed it, however often that one did.
fn removed(members: &Membership, me: DeviceId, device: &Device) -> Vec<Hash> {
    let mut by: BTreeSet<DeviceId> = members
        .removals()
        .filter(|(hash, of, _)| *of == device.id && members.has_built_on(me, *hash))
        .map(|(_, _, by)| by)
        .collect();
    by.insert(me);
    let of = members.removals().filter(|(_, of, _)| *of == device.id);
    of.filter(|(_, _, maker)| by.insert(*maker)).map(|(hash, ..)| hash).collect()
}

/// The record by which a device joined, where not enough others built on it.
fn joined(members: &Membership, me: DeviceId, device: &Device) -> impl Iterator<Item = Hash> {
    let enough = |join: &Hash| {
        let others = members.active().filter(|other| {
            other.id != me
                && Some(other.id) != device.invited_by
                && members.has_built_on(other.id, *join)
        });
        members.active().nth(ALL_BUILD).is_some() && others.count() >= BUILD
    };
    device.join.filter(|join| !enough(join)).into_iter()
}
