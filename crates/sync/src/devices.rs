//! Who belongs to the vault, on its way: membership records and the keys that they hand over.
//!
//! Records travel sealed under the current epoch's key. A device that was away while another was
//! removed does not have that key; so whoever removes a device also seals, under the epoch that
//! ends, exactly the records known at that moment. Everyone keeps and passes these handovers on:
//! whoever missed an epoch opens its handover, finds the wrapped key in it, and so comes through any
//! number of epochs. The removed device can open its own handover too, and learns from it nothing but
//! that it was removed.

use crate::{Session, SyncError, membership};
use holdfast_oplog::{DeviceId, VersionVector};
use holdfast_store::{StoreError, Tx};
use holdfast_vault::membership::{Removing, accept, pack, remove, unpack};
use holdfast_vault::{DeviceKeys, Keyring, Membership, Purpose, open_blob, seal_blob_in};
use serde_json::json;

/// What a handover belongs to.
pub const HANDOVER_PLACE: &[u8] = b"handover";
/// Handovers that are kept and passed on; there is one for each removal.
pub const HANDOVERS: usize = 256;

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
        let (epoch, key) = keyring.next(&mut rng)?;
        let wrapped = members.wrap_for_active(epoch, &key, Some(device), &mut rng)?;
        let removing = Removing {
            device,
            accepted: written_by(tx, &members, device)?,
            records: members.records_by(device),
            epoch,
            wrapped,
            time: wall_ms.cast_unsigned(),
        };
        let record = remove(tx.vault(), keys, removing)?;
        let mut records = members.records().to_vec();
        records.push(record.clone());
        let place = HANDOVER_PLACE;
        let ending = keyring.current();
        let packed = pack(&records)?;
        let handover =
            seal_blob_in(keyring, ending, Purpose::Membership, place, &packed, &mut rng)?;
        tx.add_membership(&record)?;
        tx.add_handover(&handover)?;
        let name = members.name(device).unwrap_or_default();
        tx.add_notice(*wall_ms, "removed", &json!({ "name": name }))?;
        let mut keyring = (*keyring).clone();
        keyring.insert(epoch, key)?;
        Ok(keyring)
    })
}

/// What is held of a device's logs, and of branches of them.
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
    Ok(logs)
}

/// Says of every removed device what of its logs was taken in here before this device heard of the
/// removal: that counts for everyone, since it was shown here and built upon. What it writes from now on
/// is set aside.
fn vouch(
    tx: &Tx<'_>,
    keys: &DeviceKeys,
    before: &Membership,
    members: Membership,
) -> Result<Membership, SyncError> {
    if !members.is_active(keys.device_id()) {
        return Ok(members);
    }
    let mut said = false;
    for device in members.devices() {
        let Some(removal) = &device.removal else { continue };
        let mut held = written_by(tx, before, device.id)?;
        held.join(&written_by(tx, &members, device.id)?);
        if held.missing_in(&removal.accepted).is_empty() {
            continue;
        }
        let records = before.actor_records_by(device.id);
        let record = accept(tx.vault(), keys, device.id, held, records, removal.time)?;
        tx.add_membership(&record)?;
        said = true;
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
    let mut members = membership(tx)?;
    let before = members.clone();
    members.receive_keys(keys, &mut keyring)?;
    let mut closed: Vec<SealedRecords<'_>> = sealed.to_vec();
    loop {
        let mut records = members.records().to_vec();
        let known = records.len();
        let mut opened = Vec::new();
        closed.retain(|list| {
            let packed = open_blob(&keyring, Purpose::Membership, list.place, list.bytes)
                .and_then(|packed| unpack(&packed));
            match packed {
                Ok(more) => {
                    records.extend(more);
                    opened.push(*list);
                    false
                }
                Err(_) => true,
            }
        });
        for list in &opened {
            if list.place == HANDOVER_PLACE && tx.handovers()?.len() < HANDOVERS {
                tx.add_handover(list.bytes)?;
            }
        }
        if records.len() > known {
            members = Membership::from_records(tx.vault(), &records);
            for record in members.records() {
                tx.add_membership(record)?;
            }
        }
        members.receive_keys(keys, &mut keyring)?;
        if opened.is_empty() || closed.is_empty() {
            return Ok((vouch(tx, keys, &before, members)?, keyring));
        }
    }
}
