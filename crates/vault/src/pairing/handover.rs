use super::{PairingError, Role};
use crate::aead::{self, Key};
use rand_core::{CryptoRng, RngCore};
use std::fmt;
use zeroize::Zeroizing;

/// The secret that two paired devices share for what they hand over. Wiped when dropped.
pub struct PairingSecret {
    key: Key,
    transcript: [u8; 32],
}

impl PairingSecret {
    pub(super) const fn new(key: Key, transcript: [u8; 32]) -> Self {
        Self { key, transcript }
    }

    fn key_of(&self, role: Role) -> Key {
        aead::derive(
            self.key.as_slice(),
            &self.transcript,
            &[b"holdfast handover v1 ", role.name()],
        )
    }

    fn bound_to(&self, role: Role) -> Vec<u8> {
        let mut bytes = b"holdfast handover v1\0".to_vec();
        bytes.extend_from_slice(role.name());
        bytes.push(0);
        bytes.extend_from_slice(&self.transcript);
        bytes
    }
}

impl fmt::Debug for PairingSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PairingSecret(…)")
    }
}

/// Seals what the device in `role` hands to the other one, so that it does not rest on TLS alone.
/// It opens only with the secret of this pairing and as coming from this role; the order of several
/// is that of the connection.
pub fn seal_handover(
    secret: &PairingSecret,
    role: Role,
    bytes: &[u8],
    rng: &mut (impl CryptoRng + RngCore),
) -> Result<Vec<u8>, PairingError> {
    aead::seal(&secret.key_of(role), &secret.bound_to(role), bytes, rng)
        .map_err(|_| PairingError::HandoverTooLarge)
}

/// Opens what the device in `role` sealed with [`seal_handover`].
pub fn open_handover(
    secret: &PairingSecret,
    role: Role,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, PairingError> {
    aead::open(&secret.key_of(role), &secret.bound_to(role), sealed, "what was handed over")
        .map_err(|_| PairingError::HandoverDoesNotOpen)
}
