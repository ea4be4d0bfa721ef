//! What a device says that it holds: signed by the device, sealed for the vault.
//!
//! What carries an exchange is not believed when it says that a device has everything: only the
//! device's own word counts, and status is computed from it.

use crate::SyncError;
use holdfast_oplog::{
    ActorId, DeviceId, Hash, Space, VaultId, VersionVector, decode, encode, limits,
};
use holdfast_store::{Destination, Heads, StoreError, Tx, Word};
use holdfast_vault::{DeviceKeys, Keyring, Membership, Purpose, open_blob, seal_blob};
use rand_core::CryptoRngCore;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Format number that this build writes, and the highest that it reads.
const FORMAT: u32 = 1;
/// Context of the signature.
const CONTEXT: &str = "acknowledgement";
/// What a sealed acknowledgement belongs to.
const PLACE: &[u8] = b"acknowledgement";
/// Largest sealed acknowledgement in bytes: as many logs as a version vector may have.
pub const ACKNOWLEDGEMENT: usize = limits::BUNDLE_HEADER + 4096;

/// A device's word on what it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    format: u32,
    vault: VaultId,
    /// The device.
    pub device: DeviceId,
    /// Under which it writes.
    pub actor: ActorId,
    /// When it said so, in milliseconds since 1970, by its own clock.
    pub made_ms: i64,
    /// What it holds, within the spaces that the carrier may know of.
    pub holds: VersionVector,
    /// Which changes the last ones are. Apps of before do not say it.
    #[serde(default, skip_serializing_if = "Heads::is_empty")]
    pub heads: Heads,
    /// All of this with the device's signature, to be passed on.
    #[serde(skip)]
    signed: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Signed {
    #[serde(with = "serde_bytes")]
    body: Vec<u8>,
    #[serde(with = "serde_bytes")]
    signature: Vec<u8>,
}

/// Signs and seals what a device holds, without what the last changes are: see [`say_holds`].
pub fn seal_acknowledgement(
    keys: &DeviceKeys,
    keyring: &Keyring,
    actor: ActorId,
    made_ms: i64,
    holds: &VersionVector,
    rng: &mut dyn CryptoRngCore,
) -> Result<Vec<u8>, SyncError> {
    seal((keys, keyring, actor), made_ms, (holds, Heads::default()), rng)
}

/// Signs and seals what this device holds, and which changes the last ones are.
pub fn say_holds(
    tx: &Tx<'_>,
    who: (&DeviceKeys, &Keyring, ActorId),
    made_ms: i64,
    holds: &VersionVector,
    rng: &mut dyn CryptoRngCore,
) -> Result<Vec<u8>, SyncError> {
    seal(who, made_ms, (holds, tx.heads_of(holds)?), rng)
}

fn seal(
    (keys, keyring, actor): (&DeviceKeys, &Keyring, ActorId),
    made_ms: i64,
    (holds, heads): (&VersionVector, Heads),
    mut rng: &mut dyn CryptoRngCore,
) -> Result<Vec<u8>, SyncError> {
    let acknowledgement = Acknowledgement {
        format: FORMAT,
        vault: keyring.vault(),
        device: keys.device_id(),
        actor,
        made_ms,
        holds: holds.clone(),
        heads,
        signed: Vec::new(),
    };
    let body = encode(&acknowledgement)?;
    let signature = keys.sign(CONTEXT, &body).to_vec();
    let signed = encode(&Signed { body, signature })?;
    Ok(seal_blob(keyring, Purpose::Membership, PLACE, &signed, &mut rng)?)
}

/// Opens and verifies an acknowledgement. Errors: it does not open, or no active device of the vault
/// signed it.
pub fn open_acknowledgement(
    keyring: &Keyring,
    members: &Membership,
    bytes: &[u8],
) -> Result<Acknowledgement, SyncError> {
    if bytes.len() > ACKNOWLEDGEMENT {
        return Err(SyncError::Unexpected);
    }
    let opened = open_blob(keyring, Purpose::Membership, PLACE, bytes)?;
    let signed: Signed = decode(&opened, ACKNOWLEDGEMENT, CONTEXT)?;
    let mut said: Acknowledgement = decode(&signed.body, ACKNOWLEDGEMENT, CONTEXT)?;
    let signature: [u8; 64] = signed.signature.try_into().map_err(|_| SyncError::Unexpected)?;
    let device = members
        .device(said.device)
        .filter(|device| device.removal.is_none())
        .ok_or(SyncError::Unexpected)?;
    device.public.verify(CONTEXT, &signed.body, &signature)?;
    if said.vault != members.vault() || said.format > FORMAT {
        return Err(SyncError::Unexpected);
    }
    said.signed = opened;
    Ok(said)
}

/// What each device said last, by its own clock. Older words lie about too: copies that a file syncer
/// made, files that are not tidied up yet.
pub fn latest(said: Vec<Acknowledgement>) -> Vec<Acknowledgement> {
    let mut latest: BTreeMap<DeviceId, Acknowledgement> = BTreeMap::new();
    for said in said {
        match latest.entry(said.device) {
            Entry::Vacant(place) => {
                place.insert(said);
            }
            Entry::Occupied(mut known) if known.get().made_ms < said.made_ms => {
                known.insert(said);
            }
            Entry::Occupied(mut known) if known.get().made_ms == said.made_ms => {
                known.get_mut().holds.join(&said.holds);
                // They belonged to one of the two.
                known.get_mut().heads = Heads::default();
            }
            Entry::Occupied(_) => {}
        }
    }
    latest.into_values().collect()
}

/// Takes down what a device holds. What it said last counts, even where that is less: it may have
/// been restored from an older copy, or be one of two that share its data.
pub fn note_holds(destination: &mut Destination, holds: &VersionVector, made_ms: i64) {
    if destination.last_seen_ms.is_some_and(|seen| seen >= made_ms) {
        destination.holds.join(holds);
        return;
    }
    let told = |space: Space| space == Space::Everywhere || !holds.within(&[space]).is_empty();
    let untold: Vec<Space> = Space::ALL.into_iter().filter(|space| !told(*space)).collect();
    destination.holds = destination.holds.within(&untold);
    destination.holds.join(holds);
}

/// Keeps what another device said. Its own clock is believed only as far as this device's. Of a log of which
/// it holds another change than this device it holds nothing, as far as can be told here. Whether there is
/// something new in it to be passed on.
pub fn hear(tx: &Tx<'_>, said: &Acknowledgement, wall_ms: i64) -> Result<bool, StoreError> {
    let known = tx.destination(said.device)?;
    let mut destination = known.clone().unwrap_or_else(|| Destination {
        device: said.device,
        holds: VersionVector::new(),
        last_seen_ms: None,
        last_export_ms: None,
    });
    let alike = tx.held_alike(&said.holds, &said.heads)?;
    note_holds(&mut destination, &alike, said.made_ms.min(wall_ms));
    destination.last_seen_ms = destination.last_seen_ms.max(Some(said.made_ms.min(wall_ms)));
    if known.is_none_or(|known| {
        known.holds != destination.holds || known.last_seen_ms != destination.last_seen_ms
    }) {
        tx.keep_destination(&destination)?;
    }
    let about = Hash::of(&encode(&said.holds)?);
    let (device, made_ms, signed) = (said.device, said.made_ms, said.signed.clone());
    tx.keep_word(&Word { device, made_ms, about, signed })
}

/// What this device heard of devices other than itself and `to`, as a hash: two devices that know the same
/// of all others get the same.
pub fn words_hash(
    tx: &Tx<'_>,
    members: &Membership,
    me: DeviceId,
    to: DeviceId,
) -> Result<Hash, StoreError> {
    let mut known = Vec::new();
    for word in words_of(tx, members)? {
        if word.device != me && word.device != to {
            known.extend(word.device.0);
            known.extend(word.about.0);
        }
    }
    Ok(Hash::of(&known))
}

/// What this device heard of the others, sealed under the current epoch.
pub fn seal_words(
    tx: &Tx<'_>,
    keyring: &Keyring,
    members: &Membership,
    mut rng: &mut dyn CryptoRngCore,
) -> Result<Vec<Vec<u8>>, SyncError> {
    let words = words_of(tx, members)?.into_iter();
    words
        .map(|word| Ok(seal_blob(keyring, Purpose::Membership, PLACE, &word.signed, &mut rng)?))
        .collect()
}

/// The words of devices that are members still: nobody listens to others.
fn words_of(tx: &Tx<'_>, members: &Membership) -> Result<Vec<Word>, StoreError> {
    let mut words = tx.words()?;
    words.retain(|word| members.is_active(word.device));
    Ok(words)
}

#[cfg(test)]
#[path = "acknowledgement_tests.rs"]
mod tests;
