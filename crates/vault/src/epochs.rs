//! The vault's keys, one or more an epoch, and what is derived from them.
//!
//! A new epoch begins when a device is removed. Two devices may begin the same epoch apart, each
//! with its own key: both keys are kept and both open. Under which may be sealed follows from the
//! records ([`crate::Membership::receive_keys`]), and is noted here.

use crate::aead::{self, Key};
use crate::keys::{DeviceKeys, DevicePublic};
use crate::reader::Reader;
use crate::{VaultError, limits};
use holdfast_oplog::{DeviceId, VaultId};
use rand_core::{CryptoRng, RngCore};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

const KEYRING_FORMAT: u8 = 1;

/// What a derived key is for. Data sealed for one purpose does not open for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Batches of changes.
    Changes,
    /// Pieces of attachments.
    Attachments,
    /// Snapshots.
    Snapshots,
    /// Membership records on their way.
    Membership,
    /// The tag by which paired devices know each other on a network.
    Discovery,
}

impl Purpose {
    const fn info(self) -> &'static [u8] {
        match self {
            Self::Changes => b"holdfast changes v1",
            Self::Attachments => b"holdfast attachments v1",
            Self::Snapshots => b"holdfast snapshots v1",
            Self::Membership => b"holdfast membership v1",
            Self::Discovery => b"holdfast discovery v1",
        }
    }
}

/// The vault's secret of one epoch.
#[derive(Zeroize, ZeroizeOnDrop, Clone, PartialEq, Eq)]
pub struct VaultKey([u8; 32]);

impl VaultKey {
    /// A new one.
    pub fn generate(rng: &mut (impl CryptoRng + RngCore)) -> Self {
        let mut bytes = [0u8; 32];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// Names the key without telling anything about it. Orders the keys of one epoch.
    pub fn id(&self) -> [u8; 16] {
        let mut id = [0u8; 16];
        let mut hasher = blake3::Hasher::new_derive_key("holdfast 2026 vault key id");
        hasher.update(&self.0).finalize_xof().fill(&mut id);
        id
    }
}

impl fmt::Debug for VaultKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VaultKey(…)")
    }
}

/// All keys of one vault that a device holds.
#[derive(Clone, PartialEq, Eq)]
pub struct Keyring {
    vault: VaultId,
    keys: BTreeMap<(u32, [u8; 16]), VaultKey>,
    /// The keys to seal under, where that is not all of them. Not written down: it follows from
    /// who belongs to the vault.
    sealing: Option<BTreeSet<(u32, [u8; 16])>>,
    /// Which of them does, where that is not the latest.
    first: Option<(u32, [u8; 16])>,
}

impl Keyring {
    /// A keyring with a new key for epoch 1.
    pub fn generate(vault: VaultId, rng: &mut (impl CryptoRng + RngCore)) -> Self {
        let key = VaultKey::generate(rng);
        Self { vault, keys: BTreeMap::from([((1, key.id()), key)]), sealing: None, first: None }
    }

    /// The vault whose keys these are.
    pub const fn vault(&self) -> VaultId {
        self.vault
    }

    /// The epoch to seal under. 0 where there is none.
    pub fn current(&self) -> u32 {
        self.in_use().map_or(0, |(epoch, _)| epoch)
    }

    /// From now on only these of the keys seal, and `first` of them; `None` for all, and the latest.
    pub(crate) fn seal_only_under(
        &mut self,
        keys: Option<BTreeSet<(u32, [u8; 16])>>,
        first: Option<(u32, [u8; 16])>,
    ) {
        self.sealing = keys;
        self.first = first;
    }

    /// Whether there is a key to seal under. Where there is none, an epoch has to begin.
    pub fn can_seal(&self) -> bool {
        self.sealing.as_ref().is_none_or(|may| !may.is_empty())
    }

    fn may_seal(&self, epoch: u32, key: &VaultKey) -> bool {
        self.sealing.as_ref().is_none_or(|may| may.contains(&(epoch, key.id())))
    }

    /// Whether a key of the epoch is held.
    pub fn has(&self, epoch: u32) -> bool {
        self.of(epoch).next().is_some()
    }

    /// The keys of an epoch; the first that may seal does.
    pub fn of(&self, epoch: u32) -> impl Iterator<Item = &VaultKey> {
        self.keys.range((epoch, [0; 16])..=(epoch, [255; 16])).map(|(_, key)| key)
    }

    /// Every epoch and key held, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &VaultKey)> {
        self.keys.iter().map(|((epoch, _), key)| (*epoch, key))
    }

    /// A new key for the epoch after the current one. It is in force only once
    /// [`Keyring::insert`] has put it here and a membership record has wrapped it for the others.
    pub fn next(
        &self,
        rng: &mut (impl CryptoRng + RngCore),
    ) -> Result<(u32, VaultKey), VaultError> {
        let epoch = self.current().checked_add(1).ok_or(VaultError::NoMoreEpochs)?;
        Ok((epoch, VaultKey::generate(rng)))
    }

    /// Takes in a key that is worth more than the least one where there is no room left: that one goes.
    /// Returns whether it was new and is here now.
    pub(crate) fn put<W: Ord>(
        &mut self,
        epoch: u32,
        key: VaultKey,
        worth: impl Fn(&(u32, [u8; 16])) -> W,
    ) -> bool {
        let id = (epoch, key.id());
        if self.keys.contains_key(&id) {
            return false;
        }
        if self.keys.len() >= limits::KEYS {
            let least = self.keys.keys().min_by_key(|of| worth(of)).copied();
            let Some(least) = least.filter(|least| worth(least) < worth(&id)) else { return false };
            self.keys.remove(&least);
        }
        self.keys.insert(id, key).is_none()
    }

    /// Whether a key is held.
    pub(crate) fn holds(&self, of: &(u32, [u8; 16])) -> bool {
        self.keys.contains_key(of)
    }

    /// A key, where it is held.
    pub(crate) fn key(&self, of: &(u32, [u8; 16])) -> Option<&VaultKey> {
        self.keys.get(of)
    }

    /// The key to seal under, by its epoch and its id.
    pub fn in_use(&self) -> Option<(u32, [u8; 16])> {
        if let Some(may) = &self.sealing {
            return self.first.as_ref().or_else(|| may.last()).copied();
        }
        let (latest, _) = self.keys.last_key_value()?.0;
        self.keys.range((*latest, [0; 16])..).next().map(|(key, _)| *key)
    }

    /// Whether a key may seal.
    pub fn may_seal_under(&self, of: (u32, [u8; 16])) -> bool {
        self.holds(&of) && self.sealing.as_ref().is_none_or(|may| may.contains(&of))
    }

    /// The same keys, of which this one seals.
    #[must_use]
    pub fn sealing_under(&self, of: (u32, [u8; 16])) -> Self {
        let mut ring = self.clone();
        ring.seal_only_under(Some(BTreeSet::from([of])), Some(of));
        ring
    }

    /// The same keys but these: to tell what opens without them.
    #[must_use]
    pub fn without(&self, keys: &BTreeSet<(u32, [u8; 16])>) -> Self {
        let mut ring = self.clone();
        ring.keys.retain(|of, _| !keys.contains(of));
        ring
    }

    /// Takes in a key. Returns whether it was new.
    pub fn insert(&mut self, epoch: u32, key: VaultKey) -> Result<bool, VaultError> {
        let id = (epoch, key.id());
        if self.keys.len() >= limits::KEYS && !self.keys.contains_key(&id) {
            return Err(VaultError::TooLarge {
                what: "the number of vault keys",
                size: self.keys.len() + 1,
                limit: limits::KEYS,
            });
        }
        Ok(self.keys.insert(id, key).is_none())
    }

    /// The key to seal with in an epoch. Of one that is over, any: what ends an epoch is sealed
    /// under it.
    pub(crate) fn sealing(&self, epoch: u32, purpose: Purpose) -> Result<Key, VaultError> {
        let first = self.first.as_ref().filter(|of| of.0 == epoch).and_then(|of| self.keys.get(of));
        let may = first.or_else(|| self.of(epoch).find(|key| self.may_seal(epoch, key)));
        let key =
            may.or_else(|| self.of(epoch).next()).ok_or(VaultError::UnknownEpoch { epoch })?;
        Ok(aead::derive(&key.0, &self.vault.0, &[purpose.info()]))
    }

    /// The keys that may open something of an epoch, and whether each still seals.
    pub(crate) fn opening(
        &self,
        epoch: u32,
        purpose: Purpose,
    ) -> impl Iterator<Item = (Key, bool)> {
        self.of(epoch).map(move |key| {
            let opens = aead::derive(&key.0, &self.vault.0, &[purpose.info()]);
            (opens, self.may_seal(epoch, key))
        })
    }

    /// The tag of a vault on a network during one period of time, from the current key. Only who
    /// holds the key can tell whose it is, and tags of two periods cannot be linked.
    pub fn discovery_tag(&self, period: u64) -> Result<[u8; 16], VaultError> {
        let key = self.sealing(self.current(), Purpose::Discovery)?;
        let full = aead::derive(key.as_slice(), b"holdfast tag v1", &[&period.to_be_bytes()]);
        let mut tag = [0u8; 16];
        for (to, from) in tag.iter_mut().zip(full.iter()) {
            *to = *from;
        }
        Ok(tag)
    }

    /// All keys as bytes, for the private database and for invitations; they must be sealed.
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(Vec::with_capacity(21 + self.keys.len() * 36));
        out.push(KEYRING_FORMAT);
        out.extend_from_slice(&self.vault.0);
        out.extend_from_slice(&(self.keys.len() as u32).to_be_bytes());
        for ((epoch, _), key) in &self.keys {
            out.extend_from_slice(&epoch.to_be_bytes());
            out.extend_from_slice(&key.0);
        }
        out
    }

    /// Reads what [`Keyring::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Result<Self, VaultError> {
        let mut reader = Reader::new(bytes, "the vault's keys");
        if reader.array::<1>()? != [KEYRING_FORMAT] {
            return Err(VaultError::NewerFormat { what: "the vault's keys" });
        }
        let mut ring = Self {
            vault: VaultId(reader.array()?),
            keys: BTreeMap::new(),
            sealing: None,
            first: None,
        };
        let count = reader.u32()?;
        for _ in 0..count {
            let epoch = reader.u32()?;
            let key = VaultKey(reader.array()?);
            ring.insert(epoch, key)?;
        }
        reader.end()?;
        if ring.keys.is_empty() {
            return Err(VaultError::Malformed("the vault's keys"));
        }
        Ok(ring)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let epochs: Vec<u32> = self.keys.keys().map(|(epoch, _)| *epoch).collect();
        f.debug_struct("Keyring")
            .field("vault", &self.vault)
            .field("epochs", &epochs)
            .finish_non_exhaustive()
    }
}

/// What a wrapped key is bound to: format, vault, epoch, receiving device.
fn wrap_context(vault: VaultId, epoch: u32, device: DeviceId) -> Vec<u8> {
    let mut context = b"holdfast wrap v1".to_vec();
    context.extend_from_slice(&vault.0);
    context.extend_from_slice(&epoch.to_be_bytes());
    context.extend_from_slice(&device.0);
    context
}

fn wrapping_key(shared: &[u8], ephemeral: &[u8; 32], to: &DevicePublic, context: &[u8]) -> Key {
    let mut salt = [0u8; 64];
    for (place, byte) in salt.iter_mut().zip(ephemeral.iter().chain(&to.agree)) {
        *place = *byte;
    }
    aead::derive(shared, &salt, &[context])
}

/// Encrypts an epoch's key to one device: ephemeral X25519 key, then the sealed key.
pub fn wrap_key(
    vault: VaultId,
    epoch: u32,
    key: &VaultKey,
    to: &DevicePublic,
    rng: &mut (impl CryptoRng + RngCore),
) -> Result<Vec<u8>, VaultError> {
    let secret = StaticSecret::random_from_rng(&mut *rng);
    let ephemeral = PublicKey::from(&secret).to_bytes();
    let shared = secret.diffie_hellman(&PublicKey::from(to.agree));
    if !shared.was_contributory() {
        return Err(VaultError::BadPublicKey);
    }
    let context = wrap_context(vault, epoch, to.device_id());
    let wrapping = wrapping_key(shared.as_bytes(), &ephemeral, to, &context);
    let mut out = ephemeral.to_vec();
    out.extend_from_slice(&aead::seal(&wrapping, &context, &key.0, rng)?);
    Ok(out)
}

/// Opens a key that [`wrap_key`] encrypted to this device.
pub fn unwrap_key(
    vault: VaultId,
    epoch: u32,
    wrapped: &[u8],
    keys: &DeviceKeys,
) -> Result<VaultKey, VaultError> {
    const WHAT: &str = "a wrapped key";
    let mut reader = Reader::new(wrapped, WHAT);
    let ephemeral = reader.array::<32>()?;
    let shared = keys.agree(ephemeral)?;
    let public = keys.public();
    let context = wrap_context(vault, epoch, public.device_id());
    let wrapping = wrapping_key(shared.as_slice(), &ephemeral, &public, &context);
    let opened = aead::open(&wrapping, &context, reader.rest(), WHAT)?;
    opened.as_slice().try_into().map(VaultKey).map_err(|_| VaultError::Malformed(WHAT))
}
