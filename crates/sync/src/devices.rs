//! Who belongs to the vault, on its way: membership records and the keys that they hand over.
//!
//! Records travel sealed under the current epoch's key. A device that was away while another was
//! removed does not have that key; so whoever removes a device also seals, under the epoch that
//! ends, exactly the records known at that moment. Everyone keeps and passes these handovers on:
//! whoever missed an epoch opens its handover, finds the wrapped key in it, and so comes through any
//! number of epochs. The removed device can open its own handover too, and learns from it nothing but
//! that it was removed.
//!
//! Whoever has old keys can seal a list under them for ever, a removed device as well. From such a list
//! only what leads to a removal or to keys is taken, and a handover is kept only where it does: how much
//! is kept at all is bounded by [`Membership::from_records`].

use crate::carrier::bounded;
use crate::{Session, SyncError, handovers, membership};
use holdfast_oplog::{DeviceId, Hash, VersionVector, limits};
use holdfast_store::{StoreError, Tx};
use holdfast_vault::membership::{Removing, accept, pack, remove, unpack};
use holdfast_vault::{
    DeviceKeys, Keyring, Membership, Purpose, VaultKey, open_blob_telling, seal_blob_in,
};
use serde_json::json;
use std::collections::BTreeSet;

/// What a handover belongs to.
pub const HANDOVER_PLACE: &[u8] = b"handover";
/// Handovers that are kept and passed on; there is one for each removal.
pub const HANDOVERS: usize = 256;
/// Up to so many devices, each says of each other one that it built on its having joined; of more, only
/// where few others do.
const ALL_BUILD: usize = 12;
/// How many others are enough.
const BUILD: usize = 3;
/// Logs of one device that a record names: two such lists together are read everywhere.
const WRITTEN: usize = limits::LOGS / 2;

/// A sealed list of records as it came, and what it says that it belongs to.
#[derive(Debug, Clone, Copy)]
pub struct SealedRecords<'a> {
    /// What it belongs to: a carrier's own place, or [`HANDOVER_PLACE`].
    pub place: &'a [u8],
    /// The bytes.
    pub bytes: &'a [u8],
}

/// Removes a device from the vault: its membership ends, a new epoch begins whose key it does not
/// get, and what of its changes is known here is what counts. The vault's keys with the new one: to
/// be kept in place of the old. Should that fail, [`Membership::receive_keys`] finds it again.
pub fn remove_device(session: &mut Session<'_>, device: DeviceId) -> Result<Keyring, SyncError> {
    let Session { store, keys, keyring, wall_ms, rng, .. } = session;
    let me = keys.device_id();
    let mut rng = &mut **rng;
    store.write(|tx| {
        let members = membership(tx)?;
        if !members.is_active(me) {
            return Err(SyncError::NotAMember);
        }
        if device == me || !members.is_active(device) {
            return Err(SyncError::NoSuchDevice(device));
        }
        let (epoch, key) = (members.next_epoch()?, VaultKey::generate(&mut rng));
        let wrapped = members.wrap_for_active(epoch, &key, Some(device), &mut rng)?;
        let removing = Removing {
            device,
            accepted: written_by(tx, &members, device)?,
            records: members.records_by(device),
            epoch,
            wrapped,
            key: Some(key.id()),
            without: Some(members.removed().chain([device]).collect()),
            time: wall_ms.cast_unsigned(),
        };
        let record = remove(tx.vault(), keys, removing)?;
        end_epoch(tx, keyring, &members, &record, &mut rng)?;
        let name = members.name(device).unwrap_or_default();
        tx.add_notice(*wall_ms, "removed", &json!({ "name": name }))?;
        let mut keyring = (*keyring).clone();
        keyring.insert(epoch, key)?;
        membership(tx)?.receive_keys(keys, &mut keyring)?;
        Ok(keyring)
    })
}

/// Keeps a record that ends the epoch that stands, and its handover.
fn end_epoch(
    tx: &Tx<'_>,
    keyring: &Keyring,
    members: &Membership,
    record: &[u8],
    mut rng: &mut dyn rand_core::CryptoRngCore,
) -> Result<(), SyncError> {
    let mut records = members.records().to_vec();
    records.push(record.to_vec());
    // Whoever stays has the latest that counts, or comes to it by its own handover.
    let ending = match keyring.current() {
        0 => (1..=members.epoch()).rev().find(|epoch| keyring.has(*epoch)).unwrap_or(1),
        epoch => epoch,
    };
    let packed = pack(&records)?;
    let handover =
        seal_blob_in(keyring, ending, Purpose::Membership, HANDOVER_PLACE, &packed, &mut rng)?;
    tx.add_membership(record)?;
    tx.add_handover(&handover)?;
    Ok(())
}

/// Sees to it that this device has a key to seal under which nobody has who is out: takes up those
/// that were handed to it, and begins an epoch where none is such.
pub fn ready_keys(
    tx: &Tx<'_>,
    keys: &DeviceKeys,
    keyring: &mut Keyring,
) -> Result<Membership, SyncError> {
    let members = membership(tx)?;
    members.receive_keys(keys, keyring)?;
    if keyring.can_seal() || !members.is_active(keys.device_id()) {
        return Ok(members);
    }
    let begins = members.begin_epoch(keys)?;
    let mut rng = begins.rng(keys);
    end_epoch(tx, keyring, &members, &begins.record, &mut rng)?;
    let members = membership(tx)?;
    members.receive_keys(keys, keyring)?;
    Ok(members)
}

/// What is held of a device's logs, and of branches of them: as much as a record takes.
fn written_by(
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

/// Says what this device built on before it heard of anything else. Of every removed device, what of
/// its logs was taken in here: that counts for everyone, since it was shown here and built upon; what
/// it writes from now on is set aside. And of every device that it joined, or was removed: so nobody
/// can say later that it was not so.
fn vouch(
    tx: &Tx<'_>,
    keys: &DeviceKeys,
    before: &Membership,
    members: Membership,
) -> Result<Membership, SyncError> {
    let me = keys.device_id();
    if !members.is_active(me) {
        return Ok(members);
    }
    let mut said = false;
    let none = VersionVector::new();
    for device in members.devices() {
        let Some(removal) = &device.removal else { continue };
        let mut held = written_by(tx, before, device.id)?;
        held.join(&written_by(tx, &members, device.id)?);
        let built = |hash: &Hash| members.has_built_on(me, *hash);
        let mut records: Vec<Hash> = members
            .removals()
            .filter(|(hash, of, by)| *of == device.id && *by != me && !built(hash))
            .map(|(hash, ..)| hash)
            .collect();
        let more = !held.missing_in(&removal.accepted).is_empty();
        if !more && records.is_empty() {
            continue;
        }
        records.extend(before.actor_records_by(device.id));
        let held = if more { held } else { none.clone() };
        let record = accept(tx.vault(), keys, device.id, held, records, removal.time)?;
        said |= tx.add_membership(&record)?;
    }
    let active: Vec<_> = members.active().collect();
    for device in &active {
        let Some(join) = device.join.filter(|_| device.id != me) else { continue };
        let others = active.iter().filter(|other| {
            Some(other.id) != device.invited_by && members.has_built_on(other.id, join)
        });
        let enough = active.len() > ALL_BUILD && others.count() >= BUILD;
        // Of two there is nobody third to whom it could be told.
        if active.len() > 2 && !enough && !members.has_built_on(me, join) {
            let record =
                accept(tx.vault(), keys, device.id, none.clone(), vec![join], device.joined)?;
            said |= tx.add_membership(&record)?;
        }
    }
    if said { Ok(membership(tx)?) } else { Ok(members) }
}

/// Opens lists of records until nothing more opens, since a key that one hands over may open the
/// next. Keeps the records that are worth keeping, and the handovers. Who is in the vault then, and
/// the vault's keys.
pub fn take_in_records(
    tx: &Tx<'_>,
    keys: &DeviceKeys,
    keyring: &Keyring,
    sealed: &[SealedRecords<'_>],
) -> Result<(Membership, Keyring), SyncError> {
    let mut keyring = keyring.clone();
    let before = membership(tx)?;
    let mut members = before.clone();
    members.receive_keys(keys, &mut keyring)?;
    let mut closed: Vec<SealedRecords<'_>> = sealed.to_vec();
    let mut handed = Vec::new();
    loop {
        let mut opened = false;
        let mut left = Vec::new();
        for list in closed {
            let open = open_blob_telling(&keyring, Purpose::Membership, list.place, list.bytes);
            let Ok((packed, seals)) = open else {
                left.push(list);
                continue;
            };
            opened = true;
            let Ok(records) = unpack(&packed) else { continue };
            if list.place == HANDOVER_PLACE {
                handed.push(list.bytes);
            }
            let over = !seals || list.place == HANDOVER_PLACE;
            if let Some(more) = joined(&members, records, over) {
                members = more;
            }
        }
        members.receive_keys(keys, &mut keyring)?;
        closed = left;
        if !opened || closed.is_empty() {
            break;
        }
    }
    // Also where nothing came: an older app kept what is too much.
    let changed = tx.keep_membership(members.records())?;
    if changed {
        members = membership(tx)?;
    }
    handovers::keep(tx, &keyring, &members, &handed)?;
    members = vouch(tx, keys, &before, members)?;
    if members.is_active(keys.device_id()) {
        members = ready_keys(tx, keys, &mut keyring)?;
    }
    Ok((members, keyring))
}

/// What follows once a list is joined with what is known; nothing where it brings nothing.
fn joined(members: &Membership, records: Vec<Vec<u8>>, over: bool) -> Option<Membership> {
    let known: BTreeSet<&[u8]> = members.records().iter().map(Vec::as_slice).collect();
    let mut new = records;
    new.retain(|record| !known.contains(record.as_slice()));
    if over && !new.is_empty() {
        new = members.leading(new);
    }
    if new.is_empty() {
        return None;
    }
    let all: Vec<Vec<u8>> = members.records().iter().cloned().chain(new).collect();
    Some(Membership::from_records(members.vault(), &all))
}
