//! XChaCha20-Poly1305 with a random nonce in front, and HKDF-SHA256. Never chooses keys.

use crate::VaultError;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use rand_core::{CryptoRng, RngCore};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Bytes of a nonce, which precedes every ciphertext.
pub(crate) const NONCE: usize = 24;
/// Bytes of an authentication tag, which ends every ciphertext.
pub(crate) const TAG: usize = 16;

/// A symmetric key that is wiped when dropped.
pub(crate) type Key = Zeroizing<[u8; 32]>;

/// HKDF-SHA256, extract and expand, to 32 bytes. `info` is the concatenation of the parts.
pub(crate) fn derive(secret: &[u8], salt: &[u8], info: &[&[u8]]) -> Key {
    let mut key = Zeroizing::new([0u8; 32]);
    let hkdf = Hkdf::<Sha256>::new(Some(salt), secret);
    // Expanding fails only above 255 × 32 bytes.
    if hkdf.expand_multi_info(info, key.as_mut()).is_err() {
        unreachable!("32 bytes are within HKDF's bound");
    }
    key
}

/// Encrypts to `nonce ‖ ciphertext ‖ tag`.
pub(crate) fn seal(
    key: &Key,
    ad: &[u8],
    plain: &[u8],
    rng: &mut (impl CryptoRng + RngCore),
) -> Result<Vec<u8>, VaultError> {
    let mut nonce = [0u8; NONCE];
    rng.fill_bytes(&mut nonce);
    let cipher = XChaCha20Poly1305::new(key.as_slice().into());
    let sealed = cipher
        .encrypt(XNonce::from_slice(&nonce), Payload { msg: plain, aad: ad })
        .map_err(|_| VaultError::TooLarge {
            what: "the data to encrypt",
            size: plain.len(),
            limit: u32::MAX as usize,
        })?;
    let mut out = Vec::with_capacity(NONCE + sealed.len());
    out.extend_from_slice(&nonce);
    out.extend_from_slice(&sealed);
    Ok(out)
}

/// Opens a secret that [`seal`] sealed; it is wiped when dropped. `what` names it in the error.
pub(crate) fn open(
    key: &Key,
    ad: &[u8],
    sealed: &[u8],
    what: &'static str,
) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    open_content(key, ad, sealed, what).map(Zeroizing::new)
}

/// Opens content that [`seal`] sealed. It is not wiped: it goes into the database of this device, whose
/// memory and file hold the same.
pub(crate) fn open_content(
    key: &Key,
    ad: &[u8],
    sealed: &[u8],
    what: &'static str,
) -> Result<Vec<u8>, VaultError> {
    let (nonce, rest) = sealed.split_at_checked(NONCE).ok_or(VaultError::DoesNotOpen(what))?;
    if rest.len() < TAG {
        return Err(VaultError::DoesNotOpen(what));
    }
    XChaCha20Poly1305::new(key.as_slice().into())
        .decrypt(XNonce::from_slice(nonce), Payload { msg: rest, aad: ad })
        .map_err(|_| VaultError::DoesNotOpen(what))
}
