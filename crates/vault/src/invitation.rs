//! Invitations: what a device that is not in the vault yet needs to enter it, under a passphrase.

use crate::epochs::Keyring;
use crate::membership::text;
use crate::passphrase::{self, Passphrase};
use crate::reader::Reader;
use crate::{VaultError, limits};
use ed25519_dalek::{Signer, SigningKey};
use holdfast_oplog::Hash;
use rand_core::{CryptoRng, RngCore};
use std::fmt;
use zeroize::Zeroizing;

const MAGIC: [u8; 4] = *b"HFIN";
const FORMAT: u8 = 1;
const WHAT: &str = "the invitation";

/// The secret key of one invitation. Whoever holds it can enter the vault once.
pub struct InviteKey(SigningKey);

impl InviteKey {
    /// A new one, for one invitation.
    pub fn generate(rng: &mut (impl CryptoRng + RngCore)) -> Self {
        Self(SigningKey::generate(rng))
    }
    /// The public half, which the invite record holds.
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }
    pub(crate) fn sign_raw(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for InviteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InviteKey(…)")
    }
}

/// What an invitation gives to the device that opens it.
#[derive(Debug)]
pub struct Invitation {
    /// The vault's keys; they name the vault.
    pub keyring: Keyring,
    /// Signs the join record.
    pub key: InviteKey,
    /// The invite record that the join record must name.
    pub invite: Hash,
    /// The inviting device's name, to show before joining.
    pub inviter: String,
}

impl Invitation {
    /// The secrets as bytes; they must be sealed: see [`seal_invitation`].
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        let keyring = self.keyring.encode();
        let name = text(&self.inviter);
        let mut plain = Zeroizing::new(Vec::with_capacity(1 + 64 + 4 + name.len() + keyring.len()));
        plain.push(FORMAT);
        plain.extend_from_slice(self.key.0.as_bytes());
        plain.extend_from_slice(&self.invite.0);
        plain.extend_from_slice(&(name.len() as u32).to_be_bytes());
        plain.extend_from_slice(name.as_bytes());
        plain.extend_from_slice(&keyring);
        plain
    }

    /// Reads what [`Invitation::encode`] wrote.
    pub fn decode(plain: &[u8]) -> Result<Self, VaultError> {
        let mut reader = Reader::new(plain, WHAT);
        if reader.array::<1>()? != [FORMAT] {
            return Err(VaultError::NewerFormat { what: WHAT });
        }
        let key = InviteKey(SigningKey::from_bytes(&Zeroizing::new(reader.array()?)));
        let invite = Hash(reader.array()?);
        let len = reader.u32()? as usize;
        if len > limits::NAME {
            return Err(VaultError::Malformed(WHAT));
        }
        let inviter = std::str::from_utf8(reader.take(len)?)
            .map_err(|_| VaultError::Malformed(WHAT))?
            .to_owned();
        let keyring = Keyring::decode(reader.rest())?;
        // No record begins the first epoch, so a vault has one key of it. With a second one, which nobody else has,
        // the newcomer would seal for nobody.
        if keyring.of(1).nth(1).is_some() {
            return Err(VaultError::Malformed(WHAT));
        }
        Ok(Self { keyring, key, invite, inviter })
    }
}

/// Wraps an invitation under a passphrase. Takes a good part of a second on purpose.
pub fn seal_invitation(
    invitation: &Invitation,
    passphrase: &Passphrase,
    rng: &mut (impl CryptoRng + RngCore),
) -> Result<Vec<u8>, VaultError> {
    passphrase::wrap(MAGIC, passphrase, &invitation.encode(), rng)
}

/// Opens an invitation with the passphrase that the person was told.
pub fn open_invitation(bytes: &[u8], passphrase: &Passphrase) -> Result<Invitation, VaultError> {
    Invitation::decode(&passphrase::unwrap(MAGIC, passphrase, bytes, WHAT)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::epochs::VaultKey;
    use holdfast_oplog::VaultId;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    /// With a second one, which nobody else has, the newcomer would seal for nobody.
    #[test]
    fn an_invitation_with_two_keys_of_the_first_epoch_is_refused() {
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let mut keyring = Keyring::generate(VaultId([1; 16]), &mut rng);
        for (epoch, opens) in [(2, true), (1, false)] {
            keyring.insert(epoch, VaultKey::generate(&mut rng)).unwrap();
            let invitation = Invitation {
                keyring: keyring.clone(),
                key: InviteKey::generate(&mut rng),
                invite: Hash([2; 32]),
                inviter: "Laptop".into(),
            };
            assert_eq!(Invitation::decode(&invitation.encode()).is_ok(), opens);
        }
    }
}
