//! Who belongs to the vault, as two devices tell each other.

use super::protocol::{MESSAGE, Records};
use super::{MEMBERSHIP_PLACE, PeerError};
use holdfast_oplog::Hash;
use holdfast_store::Tx;
use holdfast_sync::devices::{HANDOVER_PLACE, HANDOVERS, SealedRecords, take_in_records};
use holdfast_vault::membership::pack;
use holdfast_vault::{DeviceKeys, Keyring, Membership, Purpose, seal_blob};
use rand_core::CryptoRngCore;
use serde_bytes::ByteBuf;

/// What else is in a message beside sealed bytes.
const OUTER: usize = 64;

/// The hash over everything that is known: equal on two devices exactly when they know the same.
pub(super) fn hash(tx: &Tx<'_>) -> Result<Hash, PeerError> {
    let mut known = tx.membership()?;
    known.sort_unstable();
    known.append(&mut tx.handovers()?);
    Ok(Hash::of(&known.iter().flat_map(|part| Hash::of(part).0).collect::<Vec<u8>>()))
}

/// Everything that is known, sealed.
pub(super) fn seal(
    tx: &Tx<'_>,
    keyring: &Keyring,
    mut rng: &mut dyn CryptoRngCore,
) -> Result<Records, PeerError> {
    let packed = pack(&tx.membership()?)?;
    let known = seal_blob(keyring, Purpose::Membership, MEMBERSHIP_PLACE, &packed, &mut rng)?;
    // What does not fit into one message comes by another way, or with the next device.
    let mut room = MESSAGE.saturating_sub(known.len()).saturating_sub(OUTER);
    let mut handovers = Vec::new();
    for handover in tx.handovers()? {
        let Some(left) = room.checked_sub(handover.len().saturating_add(OUTER)) else { break };
        room = left;
        handovers.push(ByteBuf::from(handover));
    }
    Ok(Records { known: known.into(), handovers })
}

/// Takes in what the other side knows. Who belongs to the vault then, and the vault's keys.
pub(super) fn take_in(
    tx: &Tx<'_>,
    keys: &DeviceKeys,
    keyring: &Keyring,
    records: &Records,
) -> Result<(Membership, Keyring), PeerError> {
    let mut sealed = vec![SealedRecords { place: MEMBERSHIP_PLACE, bytes: &records.known }];
    let handovers = records.handovers.iter().take(HANDOVERS);
    sealed.extend(handovers.map(|bytes| SealedRecords { place: HANDOVER_PLACE, bytes }));
    Ok(take_in_records(tx, keys, keyring, &sealed)?)
}
