//! Sealing and opening of batches, and of pieces that are not changes.

use crate::epochs::{Keyring, Purpose};
use crate::keys::{DeviceKeys, DevicePublic, verify_raw};
use crate::reader::Reader;
use crate::{VaultError, aead, padding};
use holdfast_oplog::{
    ActorId, BatchHeader, ChangeId, Hash, SealedBatch, VaultId, chain_hash, limits, signed_bytes,
};
use rand_core::{CryptoRng, RngCore};
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_bytes::{ByteArray, ByteBuf};
use std::fmt;
use std::io::Read;

/// zstd's window while opening, as a power of two: no more than a whole batch.
const WINDOW_LOG: u32 = 23;
const BLOB_FORMAT: u8 = 1;

/// What a batch holds before compression.
#[derive(Serialize, Deserialize)]
struct Content {
    changes: Changes,
    signature: ByteArray<64>,
}

/// Changes as binary strings; reading stops at the bound of their number.
struct Changes(Vec<Vec<u8>>);

impl Serialize for Changes {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_seq(self.0.iter().map(|change| serde_bytes::Bytes::new(change)))
    }
}

impl<'de> Deserialize<'de> for Changes {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Bounded;
        impl<'de> Visitor<'de> for Bounded {
            type Value = Changes;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a bounded list of changes")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Changes, A::Error> {
                let mut changes = Vec::new();
                while let Some(change) = seq.next_element::<ByteBuf>()? {
                    if changes.len() >= limits::BATCH_CHANGES {
                        return Err(A::Error::custom("too many changes"));
                    }
                    changes.push(change.into_vec());
                }
                Ok(Changes(changes))
            }
        }
        d.deserialize_seq(Bounded)
    }
}

/// A batch that was opened, verified and may be applied.
#[derive(Clone, PartialEq, Eq)]
pub struct Opened {
    /// The header, which the encryption vouches for.
    pub header: BatchHeader,
    /// The changes, encoded, in order from `header.first`.
    pub changes: Vec<Vec<u8>>,
    /// The chain hash of each change.
    pub hashes: Vec<Hash>,
    /// The author's signature on the last change.
    pub signature: [u8; 64],
}

/// Shows where the changes belong, never what they say: it may end in a log.
impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened").field("header", &self.header).finish_non_exhaustive()
    }
}

/// Signs a change: its place and its chain hash, and thereby everything before it in its log.
pub fn sign_change(keys: &DeviceKeys, vault: VaultId, id: ChangeId, hash: Hash) -> [u8; 64] {
    keys.sign_raw(&signed_bytes(vault, id, hash))
}

/// Whether a signature of [`sign_change`] is the device's.
pub fn verify_change(
    public: &DevicePublic,
    vault: VaultId,
    id: ChangeId,
    hash: Hash,
    signature: &[u8; 64],
) -> bool {
    public.verify_change_bytes(&signed_bytes(vault, id, hash), signature)
}

/// Seals consecutive changes. `signature` is [`sign_change`]'s for the last. Refuses what
/// [`open_batch`] would refuse, so that nothing leaves which nobody can take in;
/// [`VaultError::TooLarge`] means: seal fewer changes at a time.
pub fn seal_batch(
    keyring: &Keyring,
    header: BatchHeader,
    changes: &[Vec<u8>],
    signature: [u8; 64],
    rng: &mut (impl CryptoRng + RngCore),
) -> Result<SealedBatch, VaultError> {
    if header.vault != keyring.vault() {
        return Err(VaultError::ForeignVault { found: header.vault });
    }
    check_changes(&header, changes)?;
    let key = keyring.sealing(header.epoch, Purpose::Changes)?;
    let content =
        Content { changes: Changes(changes.to_vec()), signature: ByteArray::new(signature) };
    let plain = holdfast_oplog::encode(&content)?;
    too_large("the content of a batch", plain.len(), limits::BATCH_PLAIN)?;
    let packed = zstd::bulk::compress(&plain, 1).map_err(|_| VaultError::Malformed("a batch"))?;
    let padded = padding::pad(&packed)?;
    let header = holdfast_oplog::encode(&header)?;
    let sealed = aead::seal(&key, &header, &padded, rng)?;
    let batch = SealedBatch { header, sealed };
    // As bounded when read: checking here would come too late for who receives it.
    batch.header()?;
    too_large("a batch", batch.encode()?.len(), limits::BATCH)?;
    Ok(batch)
}

/// Opens a batch and verifies everything about it: the vault, the key, the bounds, the count, the
/// chain of hashes, and the signature by the device that `verifier` names for the actor.
pub fn open_batch(
    keyring: &Keyring,
    batch: &SealedBatch,
    verifier: impl Fn(ActorId) -> Option<DevicePublic>,
) -> Result<Opened, VaultError> {
    let header = batch.header()?;
    if header.vault != keyring.vault() {
        return Err(VaultError::ForeignVault { found: header.vault });
    }
    too_large("a batch", batch.header.len() + batch.sealed.len(), limits::BATCH)?;
    let padded = try_keys(keyring, header.epoch, Purpose::Changes, |key| {
        aead::open_content(key, &batch.header, &batch.sealed, "a batch")
    })?;
    let plain = decompress(padding::unpad(&padded)?)?;
    let content: Content = holdfast_oplog::decode(&plain, limits::BATCH_PLAIN, "batch content")?;
    let changes = content.changes.0;
    let hashes = check_changes(&header, &changes)?;
    let id = header.place(header.last);
    let public = verifier(id.actor).ok_or(VaultError::UnknownActor(id.actor))?;
    let signature = content.signature.into_array();
    verify_raw(&public.sign, &signed_bytes(header.vault, id, header.last_hash), &signature)?;
    Ok(Opened { header, changes, hashes, signature })
}

/// Tries each key of an epoch: two devices may have begun it apart.
fn try_keys<T>(
    keyring: &Keyring,
    epoch: u32,
    purpose: Purpose,
    open: impl Fn(&aead::Key) -> Result<T, VaultError>,
) -> Result<T, VaultError> {
    let mut outcome = Err(VaultError::UnknownEpoch { epoch });
    for (key, _) in keyring.opening(epoch, purpose) {
        outcome = open(&key);
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

fn too_large(what: &'static str, size: usize, limit: usize) -> Result<(), VaultError> {
    if size > limit { Err(VaultError::TooLarge { what, size, limit }) } else { Ok(()) }
}

/// Count, sizes and chain; the hash of each change.
fn check_changes(header: &BatchHeader, changes: &[Vec<u8>]) -> Result<Vec<Hash>, VaultError> {
    let expected = header.last.saturating_sub(header.first).saturating_add(1);
    if header.first == 0 || header.last < header.first || changes.len() as u64 != expected {
        return Err(VaultError::WrongCount { found: changes.len(), expected });
    }
    too_large("the number of changes in a batch", changes.len(), limits::BATCH_CHANGES)?;
    let mut previous = header.prev_hash;
    // A branch that leaves a log after its first change goes on from there.
    let from_zero = header.place(header.first).seq == 1;
    if from_zero && previous != Hash::ZERO {
        return Err(VaultError::BadChain);
    }
    let mut hashes = Vec::with_capacity(changes.len());
    for change in changes {
        too_large("a change", change.len(), limits::CHANGE)?;
        previous = chain_hash(previous, change);
        hashes.push(previous);
    }
    if previous != header.last_hash {
        return Err(VaultError::BadChain);
    }
    Ok(hashes)
}

/// Decompresses at most [`limits::BATCH_PLAIN`] bytes, whatever the compressed bytes claim.
fn decompress(packed: &[u8]) -> Result<Vec<u8>, VaultError> {
    const WHAT: VaultError = VaultError::Malformed("the content of a batch");
    let mut decoder = zstd::stream::read::Decoder::with_buffer(packed).map_err(|_| WHAT)?;
    decoder.window_log_max(WINDOW_LOG).map_err(|_| WHAT)?;
    let mut plain = Vec::new();
    let mut bounded = decoder.single_frame().take(limits::BATCH_PLAIN as u64 + 1);
    bounded.read_to_end(&mut plain).map_err(|_| WHAT)?;
    too_large("the content of a batch", plain.len(), limits::BATCH_PLAIN)?;
    if !bounded.into_inner().finish().is_empty() {
        return Err(WHAT);
    }
    Ok(plain)
}

/// What authenticates a blob beside its bytes: format, epoch, and where it belongs.
fn blob_ad(epoch: u32, ad: &[u8]) -> Vec<u8> {
    let mut bytes = b"holdfast blob v1".to_vec();
    bytes.push(BLOB_FORMAT);
    bytes.extend_from_slice(&epoch.to_be_bytes());
    bytes.extend_from_slice(ad);
    bytes
}

/// Seals something that is not a change under the current epoch. `ad` says where it belongs (for a
/// piece of an attachment its id and place): elsewhere it does not open.
pub fn seal_blob(
    keyring: &Keyring,
    purpose: Purpose,
    ad: &[u8],
    bytes: &[u8],
    rng: &mut (impl CryptoRng + RngCore),
) -> Result<Vec<u8>, VaultError> {
    seal_blob_in(keyring, keyring.current(), purpose, ad, bytes, rng)
}

/// [`seal_blob`] under an epoch's key that need not be the current one.
pub fn seal_blob_in(
    keyring: &Keyring,
    epoch: u32,
    purpose: Purpose,
    ad: &[u8],
    bytes: &[u8],
    rng: &mut (impl CryptoRng + RngCore),
) -> Result<Vec<u8>, VaultError> {
    let key = keyring.sealing(epoch, purpose)?;
    let mut out = vec![BLOB_FORMAT];
    out.extend_from_slice(&epoch.to_be_bytes());
    out.extend_from_slice(&aead::seal(&key, &blob_ad(epoch, ad), bytes, rng)?);
    Ok(out)
}

/// Opens what [`seal_blob`] sealed. Bounding its size is up to who read it.
pub fn open_blob(
    keyring: &Keyring,
    purpose: Purpose,
    ad: &[u8],
    sealed: &[u8],
) -> Result<Vec<u8>, VaultError> {
    Ok(open_blob_telling(keyring, purpose, ad, sealed)?.0)
}

/// [`open_blob`], and whether the key that opened it is one that devices still seal under. What is
/// sealed under another may come from a device that was removed.
pub fn open_blob_telling(
    keyring: &Keyring,
    purpose: Purpose,
    ad: &[u8],
    sealed: &[u8],
) -> Result<(Vec<u8>, bool), VaultError> {
    let mut reader = Reader::new(sealed, "sealed data");
    let [format] = reader.array::<1>()?;
    match format {
        0 => return Err(VaultError::Malformed("sealed data")),
        BLOB_FORMAT => {}
        _ => return Err(VaultError::NewerFormat { what: "sealed data" }),
    }
    let epoch = reader.u32()?;
    let (ad, sealed) = (blob_ad(epoch, ad), reader.rest());
    let mut outcome = Err(VaultError::UnknownEpoch { epoch });
    for (key, seals) in keyring.opening(epoch, purpose) {
        outcome = aead::open_content(&key, &ad, sealed, "sealed data").map(|open| (open, seals));
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

#[cfg(test)]
#[path = "seal_tests.rs"]
mod tests;
