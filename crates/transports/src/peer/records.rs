//! Who belongs to the vault, as two devices tell each other.

use super::protocol::{Answer, Ask, MESSAGE, News, Records};
use super::{Call, MEMBERSHIP_PLACE, PeerError};
use crate::bundle::preview::device_notices;
use holdfast_oplog::Hash;
use holdfast_store::Tx;
use holdfast_sync::devices::{HANDOVER_PLACE, HANDOVERS, SealedRecords, take_in_records};
use holdfast_sync::{Session, membership};
use holdfast_vault::membership::pack;
use holdfast_vault::{DeviceKeys, Keyring, Membership, Purpose, seal_blob};
use rand_core::CryptoRngCore;
use serde_bytes::ByteBuf;

/// What else is in a message beside sealed bytes.
const OUTER: usize = 64;

/// The hash over everything that is known: equal on two devices exactly when they know the same.
pub(super) fn hash(tx: &Tx<'_>) -> Result<Hash, PeerError> {
    let mut known = membership(tx)?.records().to_vec();
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
    let packed = pack(membership(tx)?.records())?;
    let known = seal_blob(keyring, Purpose::Membership, MEMBERSHIP_PLACE, &packed, &mut rng)?;
    // What does not fit into one message comes by another way, or with the next device: the shortest
    // ones go first, so that a long one holds up none.
    let mut room = MESSAGE.saturating_sub(known.len()).saturating_sub(OUTER);
    let mut handovers = Vec::new();
    let mut all = tx.handovers()?;
    all.sort_by_key(Vec::len);
    for handover in all {
        let Some(left) = room.checked_sub(handover.len().saturating_add(OUTER)) else { continue };
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

/// What is known once that was asked.
pub(super) struct Known {
    pub(super) keyring: Keyring,
    /// What changed about the devices, in words.
    pub(super) notices: Vec<String>,
}

/// Asks who belongs to the vault, where the other side may know more.
pub(super) fn ask(
    session: &mut Session<'_>,
    call: &mut dyn Call,
    news: &News,
) -> Result<Known, PeerError> {
    let Session { store, keys, keyring, rng, .. } = session;
    let me = keys.device_id();
    let mut known = Known { keyring: (*keyring).clone(), notices: Vec::new() };
    let same = store.read(|tx| Ok::<_, PeerError>(hash(tx)? == news.records))?;
    if !same {
        let ours = store.read(|tx| seal(tx, keyring, *rng))?;
        let Answer::Records(theirs) = call.ask(Ask::Records(ours))? else {
            return Err(PeerError::Unexpected);
        };
        let (before, members, after) = store.write(|tx| {
            let before = membership(tx)?;
            let (members, after) = take_in(tx, keys, keyring, &theirs)?;
            Ok::<_, PeerError>((before, members, after))
        })?;
        known.notices = device_notices(&before, &members);
        known.keyring = after;
        if !members.is_active(me) {
            return Err(PeerError::NotAMember);
        }
    }
    Ok(known)
}
