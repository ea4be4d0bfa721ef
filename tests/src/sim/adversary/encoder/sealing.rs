//! Sealing and opening under the keys of a vault.

use super::pack::{bin, bytes, get, map, read};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use rand::RngCore;
use sha2::Sha256;
use std::io::Read;

/// Any secret of 32 bytes.
pub(crate) type Key = [u8; 32];
/// An id of 16 bytes.
pub(crate) type Id = [u8; 16];

/// What a key of a vault is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// Batches.
    Changes,
    /// Pieces of attachments.
    Attachments,
    /// Snapshots.
    Snapshots,
    /// Membership records, handovers, acknowledgements.
    Membership,
}

impl Use {
    const fn info(self) -> &'static [u8] {
        match self {
            Self::Changes => b"holdfast changes v1",
            Self::Attachments => b"holdfast attachments v1",
            Self::Snapshots => b"holdfast snapshots v1",
            Self::Membership => b"holdfast membership v1",
        }
    }
}

/// HKDF-SHA256 to 32 bytes.
pub(crate) fn derive(secret: &[u8], salt: &[u8], info: &[u8]) -> Key {
    let mut key = [0; 32];
    Hkdf::<Sha256>::new(Some(salt), secret).expand(info, &mut key).expect("32 bytes are few");
    key
}

/// `nonce ‖ ciphertext ‖ tag`.
pub(crate) fn seal(key: &Key, ad: &[u8], plain: &[u8], rng: &mut dyn RngCore) -> Vec<u8> {
    let mut nonce = [0; 24];
    rng.fill_bytes(&mut nonce);
    let cipher = XChaCha20Poly1305::new(key.into());
    let sealed = cipher.encrypt(XNonce::from_slice(&nonce), Payload { msg: plain, aad: ad });
    [nonce.as_slice(), &sealed.expect("it fits")].concat()
}

/// What [`seal`] sealed.
pub(crate) fn open(key: &Key, ad: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, rest) = sealed.split_at_checked(24)?;
    let cipher = XChaCha20Poly1305::new(key.into());
    cipher.decrypt(XNonce::from_slice(nonce), Payload { msg: rest, aad: ad }).ok()
}

/// A vault, one of its keys, and the epoch that it is said to be of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Epoch {
    pub(crate) vault: Id,
    pub(crate) number: u32,
    pub(crate) key: Key,
}

impl Epoch {
    fn used_for(&self, what: Use) -> Key {
        derive(&self.key, &self.vault, what.info())
    }

    /// Seals a piece that is no batch: `1 ‖ epoch ‖ sealed`.
    pub(crate) fn blob(
        &self,
        what: Use,
        place: &[u8],
        plain: &[u8],
        rng: &mut dyn RngCore,
    ) -> Vec<u8> {
        let number = self.number.to_be_bytes();
        let sealed = seal(&self.used_for(what), &blob_ad(number, place), plain, rng);
        [&[1], number.as_slice(), &sealed].concat()
    }

    /// Opens such a piece, whatever epoch it is said to be of.
    pub(crate) fn open_blob(&self, what: Use, place: &[u8], blob: &[u8]) -> Option<Vec<u8>> {
        let number = blob.get(1..5)?.try_into().ok()?;
        open(&self.used_for(what), &blob_ad(number, place), blob.get(5..)?)
    }

    /// Seals a batch: `header` as bytes, `content` before compression.
    pub(crate) fn batch(&self, header: &[u8], content: &[u8], rng: &mut dyn RngCore) -> Vec<u8> {
        let packed = pad(&zstd::bulk::compress(content, 1).expect("memory takes it"));
        let sealed = seal(&self.used_for(Use::Changes), header, &packed, rng);
        bytes(&map([("header", bin(header)), ("sealed", bin(&sealed))]))
    }

    /// Opens a batch: its header and its content.
    pub(crate) fn open_batch(&self, batch: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
        let batch = read(batch)?;
        let header = get(&batch, "header")?.as_slice()?.to_vec();
        let sealed = get(&batch, "sealed")?.as_slice()?;
        let padded = open(&self.used_for(Use::Changes), &header, sealed)?;
        Some((header, unpack(&padded)?))
    }
}

fn blob_ad(number: [u8; 4], place: &[u8]) -> Vec<u8> {
    [b"holdfast blob v1".as_slice(), &[1], &number, place].concat()
}

/// Padmé: `length ‖ content ‖ zeros`.
pub(crate) fn pad(content: &[u8]) -> Vec<u8> {
    let mut out = (content.len() as u32).to_be_bytes().to_vec();
    out.extend_from_slice(content);
    let e = out.len().ilog2();
    let mask = (1_usize << (e - e.ilog2() - 1)) - 1;
    out.resize((out.len() + mask) & !mask, 0);
    out
}

fn unpack(padded: &[u8]) -> Option<Vec<u8>> {
    let length = u32::from_be_bytes(padded.get(..4)?.try_into().ok()?) as usize;
    let packed = padded.get(4..length.checked_add(4)?)?;
    let mut plain = Vec::new();
    zstd::stream::read::Decoder::new(packed).ok()?.read_to_end(&mut plain).ok()?;
    Some(plain)
}
