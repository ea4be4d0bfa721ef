//! Attachments on their way: sealed in pieces, put together again and checked against their hash.

use super::BundleError;
use super::format::SectionKind;
use holdfast_model::Register;
use holdfast_model::fields::Kind;
use holdfast_oplog::{Hash, LogId, Space, VersionVector, decode, encode, limits};
use holdfast_store::Tx;
use holdfast_vault::{Keyring, Purpose, open_blob, seal_blob};
use rand_core::CryptoRngCore;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The field of an attachment that names its content by hash, in hexadecimal.
const HASH: &str = "hash";

/// One piece, as a section holds it.
#[derive(Serialize, Deserialize)]
struct Chunk {
    /// Hash of the whole content.
    hash: Hash,
    /// Size of the whole content in bytes.
    size: u64,
    /// Number of the piece, from 0.
    piece: u32,
    #[serde(with = "serde_bytes")]
    sealed: Vec<u8>,
}

/// What a piece is bound to: elsewhere it does not open.
fn place(hash: Hash, size: u64, piece: u32) -> Vec<u8> {
    let mut bytes = b"bundle attachment".to_vec();
    bytes.extend_from_slice(&hash.0);
    bytes.extend_from_slice(&size.to_be_bytes());
    bytes.extend_from_slice(&piece.to_be_bytes());
    bytes
}

/// Contents that are here and that attachments name in changes that are in `holds` and not in `since`.
pub(crate) fn contents(
    tx: &Tx<'_>,
    holds: &VersionVector,
    since: &VersionVector,
) -> Result<Vec<Hash>, BundleError> {
    let mut here = Vec::new();
    for hash in named(tx, holds, since)? {
        if tx.has_blob(hash)? {
            here.push(hash);
        }
    }
    Ok(here)
}

/// Contents that attachments name in such changes, whether they are here or not. From which space an
/// attachment is shown does not matter: a space carries what its own changes name, and nothing else.
pub(crate) fn named(
    tx: &Tx<'_>,
    holds: &VersionVector,
    since: &VersionVector,
) -> Result<BTreeSet<Hash>, BundleError> {
    let mut found = BTreeSet::new();
    for space in Space::ALL {
        if holds.within(&[space]).iter().next().is_none() {
            continue;
        }
        for (state, _) in tx.held_in(space, Kind::Attachment)? {
            if !(state.is_alive() || state.is_trashed()) {
                continue;
            }
            for version in state.register(HASH).map(Register::live).unwrap_or_default() {
                let log = LogId { space, actor: version.dot.actor };
                let hash = version.value.as_str().and_then(|hex| blake3::Hash::from_hex(hex).ok());
                if let Some(hash) = hash
                    && version.dot.seq > since.get(log)
                    && version.dot.seq <= holds.get(log)
                {
                    found.insert(Hash(*hash.as_bytes()));
                }
            }
        }
    }
    Ok(found)
}

/// Seals a content and hands over each piece as a section's bytes.
pub(crate) fn seal(
    tx: &Tx<'_>,
    keyring: &Keyring,
    hash: Hash,
    mut rng: &mut dyn CryptoRngCore,
    mut hand_over: impl FnMut(&[u8]) -> Result<(), BundleError>,
) -> Result<(), BundleError> {
    let Some(bytes) = tx.blob(hash)? else { return Ok(()) };
    let size = bytes.len() as u64;
    // Nothing is still one piece, so that it arrives.
    let pieces: Vec<&[u8]> =
        if bytes.is_empty() { vec![&[]] } else { bytes.chunks(limits::ATTACHMENT_CHUNK).collect() };
    for (piece, bytes) in (0_u32..).zip(pieces) {
        let at = place(hash, size, piece);
        let sealed = seal_blob(keyring, Purpose::Attachments, &at, bytes, &mut rng)?;
        hand_over(&encode(&Chunk { hash, size, piece, sealed })?)?;
    }
    Ok(())
}

/// Seals one piece of a content as [`seal`] does; none where it has no such piece.
pub(crate) fn seal_one(
    keyring: &Keyring,
    hash: Hash,
    content: &[u8],
    piece: u32,
    mut rng: &mut dyn CryptoRngCore,
) -> Result<Option<Vec<u8>>, BundleError> {
    let start = (piece as usize).saturating_mul(limits::ATTACHMENT_CHUNK);
    if start > 0 && start >= content.len() {
        return Ok(None);
    }
    let rest = content.get(start..).unwrap_or_default();
    let bytes = rest.get(..limits::ATTACHMENT_CHUNK).unwrap_or(rest);
    let size = content.len() as u64;
    let at = place(hash, size, piece);
    let sealed = seal_blob(keyring, Purpose::Attachments, &at, bytes, &mut rng)?;
    Ok(Some(encode(&Chunk { hash, size, piece, sealed })?))
}

/// Opens the piece of a content that was asked for: its bytes, and the size of the whole.
pub(crate) fn open_one(
    keyring: &Keyring,
    hash: Hash,
    piece: u32,
    bytes: &[u8],
) -> Result<(Vec<u8>, u64), BundleError> {
    let chunk: Chunk = decode(bytes, SectionKind::Chunk.limit(), "a piece of an attachment")?;
    if (chunk.hash, chunk.piece) != (hash, piece) {
        return Err(WRONG);
    }
    let at = place(hash, chunk.size, piece);
    let opened = open_blob(keyring, Purpose::Attachments, &at, &chunk.sealed)?;
    Ok((opened, chunk.size))
}

/// Puts pieces together. They come in order, one content after the other; memory grows as they
/// arrive, not as they are announced.
#[derive(Default)]
pub(crate) struct Assembly {
    open: Option<(Hash, u64, u32, Vec<u8>)>,
}

const WRONG: BundleError = BundleError::Corrupted("attachment");

impl Assembly {
    /// Opens one piece. The content, when this was its last.
    pub(crate) fn take(
        &mut self,
        keyring: &Keyring,
        section: &[u8],
    ) -> Result<Option<Vec<u8>>, BundleError> {
        let chunk: Chunk = decode(section, SectionKind::Chunk.limit(), "a piece of an attachment")?;
        let at = place(chunk.hash, chunk.size, chunk.piece);
        let piece = open_blob(keyring, Purpose::Attachments, &at, &chunk.sealed)?;
        let (hash, size, next, mut bytes) =
            self.open.take().unwrap_or((chunk.hash, chunk.size, 0, Vec::new()));
        if (hash, size, next) != (chunk.hash, chunk.size, chunk.piece) {
            return Err(WRONG);
        }
        bytes.extend_from_slice(&piece);
        let whole = bytes.len() as u64 == size;
        if whole {
            return if Hash::of(&bytes) == hash { Ok(Some(bytes)) } else { Err(WRONG) };
        }
        if piece.len() != limits::ATTACHMENT_CHUNK || bytes.len() as u64 > size {
            return Err(WRONG);
        }
        self.open = Some((hash, size, next.saturating_add(1), bytes));
        Ok(None)
    }

    /// Refuses an end in the middle of a content.
    pub(crate) fn finish(self) -> Result<(), BundleError> {
        if self.open.is_none() { Ok(()) } else { Err(WRONG) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use holdfast_oplog::VaultId;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    /// Hash, size, number, bytes.
    type Piece<'a> = (Hash, u64, u32, &'a [u8]);

    /// Pieces as a member with bad intentions could seal them.
    fn take(pieces: &[Piece<'_>]) -> Result<Option<Vec<u8>>, BundleError> {
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let keyring = Keyring::generate(VaultId([1; 16]), &mut rng);
        let mut assembly = Assembly::default();
        let mut whole = None;
        for (hash, size, piece, bytes) in pieces.iter().copied() {
            let at = place(hash, size, piece);
            let sealed = seal_blob(&keyring, Purpose::Attachments, &at, bytes, &mut rng).unwrap();
            let section = encode(&Chunk { hash, size, piece, sealed }).unwrap();
            whole = assembly.take(&keyring, &section)?;
        }
        assembly.finish()?;
        Ok(whole)
    }

    #[test]
    fn only_a_content_that_is_whole_and_has_its_hash_is_taken() {
        let full = vec![7; limits::ATTACHMENT_CHUNK];
        let two = [full.as_slice(), b"end"].concat();
        let (small, large) = (Hash::of(b"small"), Hash::of(&two));
        let size = two.len() as u64;
        assert_eq!(take(&[(small, 5, 0, b"small")]).unwrap().unwrap(), b"small");
        let whole = take(&[(large, size, 0, &full), (large, size, 1, b"end")]).unwrap().unwrap();
        assert_eq!(Hash::of(&whole), large);
        let wrong: [&[Piece<'_>]; 7] = [
            &[(small, 5, 0, b"other")],
            &[(small, 4, 0, b"small")],
            &[(small, 6, 0, b"small")],
            &[(small, 5, 1, b"small")],
            &[(large, size, 0, &full)],
            &[(large, size, 0, &full), (large, size, 2, b"end")],
            &[(large, size, 0, &full), (small, 5, 0, b"small")],
        ];
        for pieces in wrong {
            assert_eq!(take(pieces).unwrap_err().code(), "bundle_corrupted");
        }
    }
}
