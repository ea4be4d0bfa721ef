//! Whose word a device takes for changes that it does not hold.
//!
//! A snapshot proves where each log stands and nothing of what led there, and an author can sign as many ends of
//! its own log as it likes. What was told under one of them can never be joined with the changes under another:
//! devices that took the one and the other show different things for ever, and what is written on top of it
//! waits for ever with those who have the other. But no honest device ever needs a snapshot from just anybody:
//! changes are pruned only once every active device has said that it holds them.
//!
//! Invariant: a device that belongs to the vault takes new things by a snapshot from whoever let it in, with whose
//! word it began, and from nobody else, also where it holds nothing yet: what was pruned, whoever let it in had. Where
//! that one is out, from who let that one in, and so on. Unless it came back itself: its data were restored, copied
//! or repaired, so that others may know
//! of it what it does not know.

#[cfg(feature = "planted")]
use holdfast_oplog::planted;
use holdfast_oplog::{ActorId, DeviceId};
use holdfast_store::{StoreError, Tx};
use holdfast_vault::{Device, Membership};

/// Whether a device that writes as `own` takes in news by a snapshot that `teller` made.
pub fn believes(
    tx: &Tx<'_>,
    members: &Membership,
    own: Option<ActorId>,
    teller: DeviceId,
) -> Result<bool, StoreError> {
    #[cfg(feature = "planted")]
    if planted::is(planted::Bug::SnapshotCovers) {
        return Ok(true);
    }
    // One that is about to join is not known yet, and knows nobody but who let it in.
    let Some(own) = own else { return Ok(true) };
    let Some(me) = members.device_of(own) else { return Ok(true) };
    if me.actors.len() > 1 {
        return Ok(true);
    }
    if tx.own_actors()?.len() > 1 || tx.must_renew(own)? || !tx.holes()?.is_empty() {
        return Ok(true);
    }
    Ok(root(members, me) == Some(teller))
}

/// Who let a device in, or the nearest that stays of those who let that one in; where none of them stays, the
/// first other device that does. Nobody for the device that founded the vault: it was there before all.
fn root(members: &Membership, device: &Device) -> Option<DeviceId> {
    let mut above = device.invited_by?;
    // Each is nearer to the first device, but where it did not enter.
    for _ in members.devices() {
        if members.is_active(above) {
            return Some(above);
        }
        let Some(next) = members.device(above).and_then(|by| by.invited_by) else { break };
        above = next;
    }
    members.active().map(|other| other.id).find(|other| *other != device.id)
}
