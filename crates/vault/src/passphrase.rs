//! Passphrases: stretching with Argon2id and wrapping of secrets under the result.
//!
//! Layout of wrapped bytes: magic (4), format (1), memory in KiB (u32), passes (u32), lanes (u32),
//! all big-endian, salt (16), nonce (24), ciphertext and tag. Everything before the nonce is
//! authenticated. The least parameters are fixed here: a file cannot talk the app into weaker ones.

use crate::aead::{self, Key};
use crate::reader::Reader;
use crate::{VaultError, limits};
use argon2::{Algorithm, Argon2, Params, Version};
use rand_core::{CryptoRng, RngCore};
use std::fmt;
use zeroize::Zeroizing;

/// Memory used to stretch a passphrase, in KiB; no file may ask for less.
pub const STRETCH_MEMORY_KIB: u32 = 64 * 1024;
/// Passes over that memory; no file may ask for fewer.
pub const STRETCH_PASSES: u32 = 3;
/// Lanes; no file may ask for fewer.
pub const STRETCH_LANES: u32 = 4;

/// What a later version may ask for at most: a file must not exhaust the device either.
const MOST: Stretch = Stretch { memory_kib: 256 * 1024, passes: 8, lanes: 8 };
const LEAST_CHARACTERS: usize = 8;
const FORMAT: u8 = 1;
const HEAD: usize = 4 + 1 + 12 + 16;

#[derive(Clone, Copy, PartialEq, Eq)]
struct Stretch {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Stretch {
    const OURS: Self =
        Self { memory_kib: STRETCH_MEMORY_KIB, passes: STRETCH_PASSES, lanes: STRETCH_LANES };

    const fn acceptable(self) -> bool {
        self.memory_kib >= STRETCH_MEMORY_KIB
            && self.passes >= STRETCH_PASSES
            && self.lanes >= STRETCH_LANES
            && self.memory_kib <= MOST.memory_kib
            && self.passes <= MOST.passes
            && self.lanes <= MOST.lanes
    }

    fn key(self, passphrase: &Passphrase, salt: &[u8]) -> Result<Key, VaultError> {
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(32))
            .map_err(|_| VaultError::RefusedStretch)?;
        let mut key = Zeroizing::new([0u8; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(&passphrase.0, salt, key.as_mut())
            .map_err(|_| VaultError::StretchFailed)?;
        Ok(key)
    }
}

/// What a person typed: its bytes as typed, without line ends behind it. No normalisation is done,
/// so the same words typed with differently composed accents are different passphrases.
pub struct Passphrase(Zeroizing<Vec<u8>>);

impl Passphrase {
    /// To open something: any length is tried.
    pub fn typed(text: &str) -> Self {
        Self(Zeroizing::new(text.trim_end_matches(['\n', '\r']).as_bytes().to_vec()))
    }

    /// To protect something: at least 8 characters.
    pub fn chosen(text: &str) -> Result<Self, VaultError> {
        if text.trim_end_matches(['\n', '\r']).chars().count() < LEAST_CHARACTERS {
            return Err(VaultError::PassphraseTooShort { least: LEAST_CHARACTERS });
        }
        Ok(Self::typed(text))
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

/// Encrypts `plain` under a passphrase. Takes a good part of a second and 64 MiB on purpose.
pub(crate) fn wrap(
    magic: [u8; 4],
    passphrase: &Passphrase,
    plain: &[u8],
    rng: &mut (impl CryptoRng + RngCore),
) -> Result<Vec<u8>, VaultError> {
    let stretch = Stretch::OURS;
    let mut salt = [0u8; 16];
    rng.fill_bytes(&mut salt);
    let mut out = magic.to_vec();
    out.push(FORMAT);
    for number in [stretch.memory_kib, stretch.passes, stretch.lanes] {
        out.extend_from_slice(&number.to_be_bytes());
    }
    out.extend_from_slice(&salt);
    let sealed = aead::seal(&stretch.key(passphrase, &salt)?, &out, plain, rng)?;
    out.extend_from_slice(&sealed);
    Ok(out)
}

/// Checks the layout of wrapped bytes without stretching anything.
pub(crate) fn check(magic: [u8; 4], bytes: &[u8], what: &'static str) -> Result<(), VaultError> {
    parse(magic, bytes, what).map(|_| ())
}

/// The parameters, the salt, the authenticated head and the sealed rest.
type Parsed<'a> = (Stretch, [u8; 16], &'a [u8], &'a [u8]);

fn parse<'a>(
    magic: [u8; 4],
    bytes: &'a [u8],
    what: &'static str,
) -> Result<Parsed<'a>, VaultError> {
    if bytes.len() > limits::WRAPPED {
        return Err(VaultError::TooLarge { what, size: bytes.len(), limit: limits::WRAPPED });
    }
    let (head, sealed) = bytes.split_at_checked(HEAD).ok_or(VaultError::Malformed(what))?;
    let mut reader = Reader::new(head, what);
    if reader.array::<4>()? != magic {
        return Err(VaultError::Malformed(what));
    }
    if reader.array::<1>()? != [FORMAT] {
        return Err(VaultError::NewerFormat { what });
    }
    let stretch =
        Stretch { memory_kib: reader.u32()?, passes: reader.u32()?, lanes: reader.u32()? };
    if !stretch.acceptable() {
        return Err(VaultError::RefusedStretch);
    }
    let salt = reader.array()?;
    if sealed.len() < aead::NONCE + aead::TAG {
        return Err(VaultError::Malformed(what));
    }
    Ok((stretch, salt, head, sealed))
}

/// Opens what [`wrap`] made. Weaker parameters than the app's own are refused before any work.
pub(crate) fn unwrap(
    magic: [u8; 4],
    passphrase: &Passphrase,
    bytes: &[u8],
    what: &'static str,
) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let (stretch, salt, head, sealed) = parse(magic, bytes, what)?;
    aead::open(&stretch.key(passphrase, &salt)?, head, sealed, what)
        .map_err(|_| VaultError::WrongPassphrase)
}
