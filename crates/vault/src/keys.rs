//! A device's own keys and the root secret that protects what a device keeps for itself.

use crate::aead;
use crate::reader::Reader;
use crate::{VaultError, aead::Key};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use holdfast_oplog::DeviceId;
use rand_core::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};
use std::fmt;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// First byte of encoded device keys.
const DEVICE_KEYS_FORMAT: u8 = 1;

/// A device's two secret keys: Ed25519 to sign, X25519 to receive wrapped vault keys.
pub struct DeviceKeys {
    sign: SigningKey,
    agree: StaticSecret,
}

/// See [`DeviceKeys::derived_rng`].
pub(crate) struct DerivedRng(blake3::OutputReader);

impl RngCore for DerivedRng {
    fn next_u32(&mut self) -> u32 {
        rand_core::impls::next_u32_via_fill(self)
    }
    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_fill(self)
    }
    fn fill_bytes(&mut self, dest: &mut [u8]) {
        self.0.fill(dest);
    }
    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(dest);
        Ok(())
    }
}

impl CryptoRng for DerivedRng {}

impl DeviceKeys {
    /// New keys from a generator that is fit for secrets.
    pub fn generate(rng: &mut (impl CryptoRng + RngCore)) -> Self {
        Self { sign: SigningKey::generate(rng), agree: StaticSecret::random_from_rng(rng) }
    }

    /// The public half.
    pub fn public(&self) -> DevicePublic {
        DevicePublic {
            sign: self.sign.verifying_key().to_bytes(),
            agree: PublicKey::from(&self.agree).to_bytes(),
        }
    }

    /// The device's id, which follows from its public keys.
    pub fn device_id(&self) -> DeviceId {
        self.public().device_id()
    }

    /// Signs `message` for one use. A signature made for one `context` is worth nothing in another.
    pub fn sign(&self, context: &str, message: &[u8]) -> [u8; 64] {
        self.sign_raw(&in_context(context, message))
    }

    /// The signing key as a PKCS#8 document (RFC 8410, section 7), from which the device's TLS
    /// certificate is made. What TLS and certificates sign begins otherwise than anything that this
    /// crate signs, so a signature of one kind is never one of another.
    pub fn sign_pkcs8(&self) -> Zeroizing<Vec<u8>> {
        const BEFORE_THE_SEED: [u8; 16] = [
            0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22,
            0x04, 0x20,
        ];
        let mut out = Zeroizing::new(Vec::with_capacity(48));
        out.extend_from_slice(&BEFORE_THE_SEED);
        out.extend_from_slice(self.sign.as_bytes());
        out
    }

    pub(crate) fn sign_raw(&self, message: &[u8]) -> [u8; 64] {
        self.sign.sign(message).to_bytes()
    }

    /// Randomness that follows from this device's secrets, a use and its particulars, and that nobody
    /// else can tell. For what has to come out the same when it is done again.
    pub(crate) fn derived_rng(&self, context: &'static str, parts: &[&[u8]]) -> DerivedRng {
        let mut hasher = blake3::Hasher::new_derive_key(context);
        hasher.update(self.sign.as_bytes()).update(self.agree.as_bytes());
        for part in parts {
            hasher.update(&(part.len() as u64).to_be_bytes()).update(part);
        }
        DerivedRng(hasher.finalize_xof())
    }

    /// The shared secret with an ephemeral key; refuses keys that give away the result.
    pub(crate) fn agree(&self, with: [u8; 32]) -> Result<Key, VaultError> {
        let shared = self.agree.diffie_hellman(&PublicKey::from(with));
        if !shared.was_contributory() {
            return Err(VaultError::BadPublicKey);
        }
        Ok(Zeroizing::new(shared.to_bytes()))
    }

    /// The secrets as bytes, for the device's private database (sealed with [`seal_with_root`]).
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(Vec::with_capacity(65));
        out.push(DEVICE_KEYS_FORMAT);
        out.extend_from_slice(self.sign.as_bytes());
        out.extend_from_slice(self.agree.as_bytes());
        out
    }

    /// Reads what [`DeviceKeys::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Result<Self, VaultError> {
        let mut reader = Reader::new(bytes, "this device's keys");
        if reader.array::<1>()? != [DEVICE_KEYS_FORMAT] {
            return Err(VaultError::NewerFormat { what: "this device's keys" });
        }
        let sign = Zeroizing::new(reader.array::<32>()?);
        let agree = Zeroizing::new(reader.array::<32>()?);
        reader.end()?;
        Ok(Self { sign: SigningKey::from_bytes(&sign), agree: StaticSecret::from(*agree) })
    }
}

impl fmt::Debug for DeviceKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceKeys({})", self.device_id())
    }
}

/// A device's two public keys.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DevicePublic {
    /// Ed25519.
    #[serde(with = "serde_bytes")]
    pub sign: [u8; 32],
    /// X25519.
    #[serde(with = "serde_bytes")]
    pub agree: [u8; 32],
}

impl DevicePublic {
    /// The device's id: the first 16 bytes of a BLAKE3 hash of both keys. Nobody can claim a
    /// device's id without its keys.
    pub fn device_id(&self) -> DeviceId {
        let mut id = [0u8; 16];
        self.hasher("holdfast 2026 device id").finalize_xof().fill(&mut id);
        DeviceId(id)
    }

    pub(crate) fn verify_change_bytes(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        verify_raw(&self.sign, message, signature).is_ok()
    }

    /// Checks a signature by [`DeviceKeys::sign`].
    pub fn verify(
        &self,
        context: &str,
        message: &[u8],
        signature: &[u8; 64],
    ) -> Result<(), VaultError> {
        verify_raw(&self.sign, &in_context(context, message), signature)
    }

    fn hasher(&self, context: &str) -> blake3::Hasher {
        let mut hasher = blake3::Hasher::new_derive_key(context);
        hasher.update(&self.sign).update(&self.agree);
        hasher
    }
}

impl fmt::Debug for DevicePublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DevicePublic({})", self.device_id())
    }
}

/// The bytes that are signed for `message` in `context`.
fn in_context(context: &str, message: &[u8]) -> Vec<u8> {
    let mut bytes = b"holdfast signed v1\0".to_vec();
    bytes.extend_from_slice(&(context.len() as u64).to_be_bytes());
    bytes.extend_from_slice(context.as_bytes());
    bytes.extend_from_slice(message);
    bytes
}

/// Ed25519 with the strict rules: small-order keys and malleable signatures are refused.
pub(crate) fn verify_raw(
    public: &[u8; 32],
    message: &[u8],
    signature: &[u8; 64],
) -> Result<(), VaultError> {
    VerifyingKey::from_bytes(public)
        .map_err(|_| VaultError::BadPublicKey)?
        .verify_strict(message, &Signature::from_bytes(signature))
        .map_err(|_| VaultError::BadSignature)
}

/// Whether a device can be known by this Ed25519 key: a point that is written in the one proper way
/// and is not of small order (anybody could sign for such a key).
pub fn is_sound_key(public: &[u8; 32]) -> bool {
    VerifyingKey::from_bytes(public)
        .is_ok_and(|key| !key.is_weak() && key.to_edwards().compress().to_bytes() == *public)
}

/// What two people compare to be sure of a device: 8 groups of 5 digits, 132 bits.
pub fn fingerprint(public: &DevicePublic) -> String {
    let mut bytes = [0u8; 40];
    public.hasher("holdfast 2026 device fingerprint").finalize_xof().fill(&mut bytes);
    let groups: Vec<String> = bytes
        .chunks(5)
        .map(|chunk| {
            let number = chunk.iter().fold(0u64, |sum, byte| (sum << 8) | u64::from(*byte));
            format!("{:05}", number % 100_000)
        })
        .collect();
    groups.join(" ")
}

/// The one secret that the system keychain or the key file keeps; everything else that a device
/// keeps for itself is sealed under it.
#[derive(Zeroize, ZeroizeOnDrop, Clone)]
pub struct RootSecret([u8; 32]);

impl RootSecret {
    /// A new one.
    pub fn generate(rng: &mut (impl CryptoRng + RngCore)) -> Self {
        let mut bytes = [0u8; 32];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }
    /// From the 32 bytes that the keychain kept.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, VaultError> {
        bytes.try_into().map(Self).map_err(|_| VaultError::Malformed("the root secret"))
    }
    /// The bytes to keep. They open everything: hand them to the keychain alone.
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for RootSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RootSecret(…)")
    }
}

fn root_key(root: &RootSecret, purpose: &str) -> Key {
    aead::derive(&root.0, b"holdfast root v1", &[purpose.as_bytes()])
}

/// Seals bytes for this device alone. What was sealed for one `purpose` does not open for another.
pub fn seal_with_root(
    root: &RootSecret,
    purpose: &str,
    bytes: &[u8],
    rng: &mut (impl CryptoRng + RngCore),
) -> Result<Vec<u8>, VaultError> {
    aead::seal(&root_key(root, purpose), b"", bytes, rng)
}

/// Opens what [`seal_with_root`] sealed.
pub fn open_with_root(
    root: &RootSecret,
    purpose: &str,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    aead::open(&root_key(root, purpose), b"", sealed, "what this device keeps for itself")
}
