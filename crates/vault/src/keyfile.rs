//! The content of the key file: the root secret of a device that has no system keychain, plain or
//! under a passphrase. Reading and writing the file (mode 0600) is up to the caller.

use crate::VaultError;
use crate::keys::RootSecret;
use crate::passphrase::{self, Passphrase};
use crate::reader::Reader;
use rand_core::{CryptoRng, RngCore};
use zeroize::Zeroizing;

const PLAIN: [u8; 4] = *b"HFKP";
const WRAPPED: [u8; 4] = *b"HFKW";
const PLAIN_FORMAT: u8 = 1;
const WHAT: &str = "the key file";

/// A key file's content.
#[derive(Debug, Clone)]
pub enum KeyFile {
    /// Readable by whoever can read the file.
    Plain(RootSecret),
    /// Opens with a passphrase.
    Wrapped(Vec<u8>),
}

impl KeyFile {
    /// Puts the root secret under a passphrase. Takes a good part of a second on purpose.
    pub fn wrap(
        root: &RootSecret,
        passphrase: &Passphrase,
        rng: &mut (impl CryptoRng + RngCore),
    ) -> Result<Self, VaultError> {
        passphrase::wrap(WRAPPED, passphrase, root.expose(), rng).map(Self::Wrapped)
    }

    /// Whether a passphrase is needed.
    pub const fn needs_passphrase(&self) -> bool {
        matches!(self, Self::Wrapped(_))
    }

    /// The root secret. A plain file needs no passphrase and ignores one; without the one it needs
    /// a wrapped file answers [`VaultError::WrongPassphrase`].
    pub fn unlock(&self, passphrase: Option<&Passphrase>) -> Result<RootSecret, VaultError> {
        match (self, passphrase) {
            (Self::Plain(root), _) => Ok(root.clone()),
            (Self::Wrapped(_), None) => Err(VaultError::WrongPassphrase),
            (Self::Wrapped(bytes), Some(passphrase)) => {
                RootSecret::from_slice(&passphrase::unwrap(WRAPPED, passphrase, bytes, WHAT)?)
            }
        }
    }

    /// The bytes of the file.
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        match self {
            Self::Wrapped(bytes) => Zeroizing::new(bytes.clone()),
            Self::Plain(root) => {
                let mut out = Zeroizing::new(Vec::with_capacity(4 + 1 + 32 + 8));
                out.extend_from_slice(&PLAIN);
                out.push(PLAIN_FORMAT);
                out.extend_from_slice(root.expose());
                out.extend_from_slice(&checksum(root));
                out
            }
        }
    }

    /// Reads a file's bytes. A damaged plain file is noticed by its checksum: a wrong root secret
    /// would look like a database that does not open.
    pub fn parse(bytes: &[u8]) -> Result<Self, VaultError> {
        let mut reader = Reader::new(bytes, WHAT);
        let magic = reader.array::<4>()?;
        if magic == WRAPPED {
            passphrase::check(WRAPPED, bytes, WHAT)?;
            return Ok(Self::Wrapped(bytes.to_vec()));
        }
        if magic != PLAIN {
            return Err(VaultError::Malformed(WHAT));
        }
        if reader.array::<1>()? != [PLAIN_FORMAT] {
            return Err(VaultError::NewerFormat { what: WHAT });
        }
        let root = RootSecret::from_slice(reader.take(32)?)?;
        let sum = reader.array::<8>()?;
        reader.end()?;
        if sum != checksum(&root) {
            return Err(VaultError::Malformed(WHAT));
        }
        Ok(Self::Plain(root))
    }
}

/// Eight bytes that tell damage apart; they say nothing of use about 256 random bits.
fn checksum(root: &RootSecret) -> [u8; 8] {
    let mut sum = [0u8; 8];
    let mut hasher = blake3::Hasher::new_derive_key("holdfast 2026 key file");
    hasher.update(root.expose()).finalize_xof().fill(&mut sum);
    sum
}
