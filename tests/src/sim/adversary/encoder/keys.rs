//! The keys of a device, and what is made with them.

use super::pack::{Value, bin, map};
use super::sealing::{Id, Key, derive, open, seal};
use ed25519_dalek::{Signer, SigningKey};
use rand::RngCore;
use x25519_dalek::{PublicKey, StaticSecret};

/// The keys of one device.
pub(crate) struct DeviceHand {
    sign: SigningKey,
    agree: StaticSecret,
}

/// The public half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Public {
    pub(crate) sign: [u8; 32],
    pub(crate) agree: [u8; 32],
}

impl Public {
    /// The id that follows from the keys.
    pub(crate) fn id(&self) -> Id {
        let mut id = [0; 16];
        let mut hasher = blake3::Hasher::new_derive_key("holdfast 2026 device id");
        hasher.update(&self.sign).update(&self.agree).finalize_xof().fill(&mut id);
        id
    }

    /// As records hold it.
    pub(crate) fn value(&self) -> Value {
        map([("sign", bin(&self.sign)), ("agree", bin(&self.agree))])
    }
}

impl DeviceHand {
    /// New keys.
    pub(crate) fn new(rng: &mut dyn RngCore) -> Self {
        let (mut sign, mut agree) = ([0; 32], [0; 32]);
        rng.fill_bytes(&mut sign);
        rng.fill_bytes(&mut agree);
        Self { sign: SigningKey::from_bytes(&sign), agree: StaticSecret::from(agree) }
    }

    pub(crate) fn public(&self) -> Public {
        let sign = self.sign.verifying_key().to_bytes();
        Public { sign, agree: PublicKey::from(&self.agree).to_bytes() }
    }

    pub(crate) fn id(&self) -> Id {
        self.public().id()
    }

    pub(crate) const fn signing(&self) -> &SigningKey {
        &self.sign
    }

    /// Signs bytes as they stand.
    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.sign.sign(message).to_bytes()
    }

    /// Signs a message for one use.
    pub(crate) fn sign_for(&self, context: &str, message: &[u8]) -> [u8; 64] {
        let length = (context.len() as u64).to_be_bytes();
        let all = [b"holdfast signed v1\0".as_slice(), &length, context.as_bytes(), message];
        self.sign(&all.concat())
    }

    /// The key of an epoch that was wrapped for this device.
    pub(crate) fn unwrap(&self, vault: Id, epoch: u32, wrapped: &[u8]) -> Option<Key> {
        let ephemeral: [u8; 32] = wrapped.get(..32)?.try_into().ok()?;
        let shared = self.agree.diffie_hellman(&PublicKey::from(ephemeral));
        let context = context(vault, epoch, self.id());
        let salt = [ephemeral, self.public().agree].concat();
        let key = derive(shared.as_bytes(), &salt, &context);
        open(&key, &context, wrapped.get(32..)?)?.try_into().ok()
    }
}

fn context(vault: Id, epoch: u32, device: Id) -> Vec<u8> {
    [b"holdfast wrap v1".as_slice(), &vault, &epoch.to_be_bytes(), &device].concat()
}

/// Wraps the key of an epoch for a device.
pub(crate) fn wrap(
    vault: Id,
    epoch: u32,
    key: &Key,
    to: &Public,
    rng: &mut dyn RngCore,
) -> Vec<u8> {
    let mut secret = [0; 32];
    rng.fill_bytes(&mut secret);
    let secret = StaticSecret::from(secret);
    let ephemeral = PublicKey::from(&secret).to_bytes();
    let shared = secret.diffie_hellman(&PublicKey::from(to.agree));
    let context = context(vault, epoch, to.id());
    let wrapping = derive(shared.as_bytes(), &[ephemeral, to.agree].concat(), &context);
    [ephemeral.as_slice(), &seal(&wrapping, &context, key, rng)].concat()
}
