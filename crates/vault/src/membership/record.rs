//! What a membership record says, and how it is written and signed.

use super::epochs::Handed;
use crate::invitation::InviteKey;
use crate::keys::{DeviceKeys, DevicePublic};
use crate::{VaultError, limits};
use holdfast_oplog::{ActorId, DeviceId, Hash, VaultId, VersionVector};
use rand_core::{CryptoRng, RngCore};
use serde::{Deserialize, Serialize};
use serde_bytes::{ByteArray, ByteBuf};

/// The outer form. What it says is opaque bytes, so that a kind which an older app does not know
/// is kept and passed on as it came.
#[derive(Serialize, Deserialize)]
pub(super) struct Envelope {
    pub(super) vault: VaultId,
    pub(super) kind: String,
    pub(super) body: ByteBuf,
    pub(super) signatures: Vec<ByteArray<64>>,
}

/// Bytes that are signed, and hashed to name the record: vault, kind, body.
pub(super) fn signed(vault: VaultId, kind: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = b"holdfast membership v1\0".to_vec();
    bytes.extend_from_slice(&vault.0);
    bytes.extend_from_slice(&(kind.len() as u64).to_be_bytes());
    bytes.extend_from_slice(kind.as_bytes());
    bytes.extend_from_slice(body);
    bytes
}

/// The first record of a vault, signed by the device that made it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Genesis {
    pub(super) nonce: ByteArray<16>,
    pub(super) device: DeviceId,
    pub(super) public: DevicePublic,
    pub(super) name: String,
    pub(super) platform: String,
    pub(super) actor: ActorId,
    pub(super) time: u64,
}

/// A member lets one more device in, signed by the member.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Invite {
    pub(super) by: DeviceId,
    pub(super) public: ByteArray<32>,
    pub(super) expires: Option<u64>,
    pub(super) time: u64,
    /// The joins of the members that the member knew. Whoever joins by the invitation signs its
    /// hash, and so builds on these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) knows: Vec<Hash>,
}

/// A device enters, signed by the invitation's key and by the device's own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Join {
    pub(super) invite: Hash,
    pub(super) device: DeviceId,
    pub(super) public: DevicePublic,
    pub(super) name: String,
    pub(super) platform: String,
    pub(super) actor: ActorId,
    pub(super) time: u64,
}

/// A device writes under a new identity from now on, signed by the device.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct NewActor {
    pub(super) device: DeviceId,
    pub(super) actor: ActorId,
    pub(super) time: u64,
}

/// A device gets another name, signed by any member.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Rename {
    pub(super) by: DeviceId,
    pub(super) device: DeviceId,
    pub(super) name: String,
    pub(super) time: u64,
}

/// An epoch's key for one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wrapped {
    /// Who can open it.
    pub device: DeviceId,
    /// What [`crate::wrap_key`] made.
    #[serde(with = "serde_bytes")]
    pub key: Vec<u8>,
}

/// A device is removed, signed by the member that removes it: one record with everything that
/// belongs to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Remove {
    pub(super) by: DeviceId,
    pub(super) device: DeviceId,
    pub(super) accepted: VersionVector,
    pub(super) records: Vec<Hash>,
    pub(super) epoch: u32,
    pub(super) wrapped: Vec<Wrapped>,
    pub(super) time: u64,
    /// What names the key of the epoch, and who is out as far as the member knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<ByteArray<16>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) without: Option<Vec<DeviceId>>,
}

/// Hands an epoch's key to devices, signed by a member.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Keys {
    pub(super) by: DeviceId,
    pub(super) epoch: u32,
    pub(super) wrapped: Vec<Wrapped>,
    pub(super) time: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<ByteArray<16>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) without: Option<Vec<DeviceId>>,
}

/// Who made a record of a kind that this app does not know: as all kinds, it says so in `by` or in
/// `device`.
#[derive(Deserialize)]
struct Maker {
    #[serde(default)]
    by: Option<DeviceId>,
    #[serde(default)]
    device: Option<DeviceId>,
}

/// More of a removed device's logs counts: a member had taken it in before it heard of the removal.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Accept {
    pub(super) by: DeviceId,
    pub(super) device: DeviceId,
    pub(super) accepted: VersionVector,
    pub(super) records: Vec<Hash>,
    pub(super) time: u64,
    /// By which the device joined, where it does not count as having entered. Nobody builds on it by that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) joined: Option<Hash>,
}

/// Keys that records hand out do not open on a device, or were not handed to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Lacks {
    pub(super) by: DeviceId,
    pub(super) records: Vec<Hash>,
    pub(super) time: u64,
}

/// What a record says, as far as this app knows.
#[derive(Debug, Clone)]
pub(super) enum Body {
    Genesis(Genesis),
    Invite(Invite),
    Join(Join),
    Actor(NewActor),
    Rename(Rename),
    Remove(Remove),
    Keys(Keys),
    Accept(Accept),
    Lacks(Lacks),
    /// Of a kind that this app does not know; who made it, where it says so.
    Unknown(Option<DeviceId>),
}

impl Body {
    pub(super) fn parse(kind: &str, body: &[u8]) -> Result<Self, VaultError> {
        const WHAT: &str = "membership record";
        let parsed = match kind {
            "genesis" => Self::Genesis(holdfast_oplog::decode(body, limits::RECORD, WHAT)?),
            "invite" => Self::Invite(holdfast_oplog::decode(body, limits::RECORD, WHAT)?),
            "join" => Self::Join(holdfast_oplog::decode(body, limits::RECORD, WHAT)?),
            "actor" => Self::Actor(holdfast_oplog::decode(body, limits::RECORD, WHAT)?),
            "rename" => Self::Rename(holdfast_oplog::decode(body, limits::RECORD, WHAT)?),
            "remove" => Self::Remove(holdfast_oplog::decode(body, limits::RECORD, WHAT)?),
            "keys" => Self::Keys(holdfast_oplog::decode(body, limits::RECORD, WHAT)?),
            "accept" => Self::Accept(holdfast_oplog::decode(body, limits::RECORD, WHAT)?),
            "lacks" => Self::Lacks(holdfast_oplog::decode(body, limits::RECORD, WHAT)?),
            _ => {
                let maker = holdfast_oplog::decode(body, limits::UNKNOWN_RECORD, WHAT).ok();
                Self::Unknown(maker.and_then(|maker: Maker| maker.by.or(maker.device)))
            }
        };
        let (texts, wraps): ([&str; 2], usize) = match &parsed {
            Self::Genesis(g) => ([&g.name, &g.platform], 0),
            Self::Join(j) => ([&j.name, &j.platform], 0),
            Self::Rename(r) => ([&r.name, ""], 0),
            Self::Remove(r) => (["", ""], r.wrapped.len()),
            Self::Keys(e) => (["", ""], e.wrapped.len()),
            Self::Invite(i) => (["", ""], i.knows.len()),
            Self::Actor(_) | Self::Accept(_) | Self::Lacks(_) | Self::Unknown(_) => (["", ""], 0),
        };
        let identity = match &parsed {
            Self::Genesis(g) => Some((g.actor, g.device)),
            Self::Join(j) => Some((j.actor, j.device)),
            Self::Actor(a) => Some((a.actor, a.device)),
            _ => None,
        };
        // What follows from another device's id is never this one's, whoever says so and whenever.
        let strange = |(actor, device): (ActorId, DeviceId)| {
            actor.branch_number().is_some() || actor.is_of(device) == Some(false)
        };
        if identity.is_some_and(strange) {
            return Err(VaultError::Malformed("a device's writing identity"));
        }
        for text in texts {
            if text.len() > limits::NAME {
                let (size, limit) = (text.len(), limits::NAME);
                return Err(VaultError::TooLarge { what: "a device's name", size, limit });
            }
        }
        if wraps > limits::WRAPS {
            let limit = limits::WRAPS;
            return Err(VaultError::TooLarge { what: "a list of devices", size: wraps, limit });
        }
        Ok(parsed)
    }

    /// How large a record of this kind may be.
    pub(super) const fn most_bytes(&self) -> usize {
        match self {
            Self::Invite(_)
            | Self::Remove(_)
            | Self::Keys(_)
            | Self::Accept(_)
            | Self::Lacks(_) => limits::RECORD,
            Self::Genesis(_) | Self::Join(_) | Self::Actor(_) | Self::Rename(_) => {
                limits::SMALL_RECORD
            }
            Self::Unknown(_) => limits::UNKNOWN_RECORD,
        }
    }

    /// The epoch and the wrapped keys that the record hands out, if it does.
    pub(super) fn handed_out(&self) -> Option<Handed<'_>> {
        let named = |key: &Option<ByteArray<16>>| key.map(ByteArray::into_array);
        match self {
            Self::Remove(r) => Some(Handed {
                by: r.by,
                epoch: r.epoch,
                key: named(&r.key),
                wrapped: &r.wrapped,
                without: r.without.as_deref(),
                removes: Some(r.device),
            }),
            Self::Keys(e) => Some(Handed {
                by: e.by,
                epoch: e.epoch,
                key: named(&e.key),
                wrapped: &e.wrapped,
                without: e.without.as_deref(),
                removes: None,
            }),
            _ => None,
        }
    }
}

/// The id of a vault: the hash of its first device's keys and a nonce, so that only that device
/// can write the vault's first record.
pub(super) fn vault_id(public: &DevicePublic, nonce: &[u8; 16]) -> VaultId {
    let mut id = [0u8; 16];
    let mut hasher = blake3::Hasher::new_derive_key("holdfast 2026 vault id");
    hasher.update(&public.sign).update(&public.agree).update(nonce).finalize_xof().fill(&mut id);
    VaultId(id)
}

/// A name cut to [`limits::NAME`] bytes at a character's end.
pub(crate) fn text(name: &str) -> &str {
    let mut end = name.len().min(limits::NAME);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name.get(..end).unwrap_or_default()
}

fn envelope<T: Serialize>(
    vault: VaultId,
    kind: &str,
    body: &T,
    sign: impl Fn(&[u8]) -> Vec<[u8; 64]>,
) -> Result<(Vec<u8>, Hash), VaultError> {
    let body = holdfast_oplog::encode(body)?;
    let signed = signed(vault, kind, &body);
    let signatures = sign(&signed).into_iter().map(ByteArray::new).collect();
    let envelope = Envelope { vault, kind: kind.to_owned(), body: ByteBuf::from(body), signatures };
    let bytes = holdfast_oplog::encode(&envelope)?;
    if bytes.len() > limits::RECORD {
        let (size, limit) = (bytes.len(), limits::RECORD);
        return Err(VaultError::TooLarge { what: "a membership record", size, limit });
    }
    Ok((bytes, Hash::of(&signed)))
}

/// What a device says of itself when it founds or joins a vault.
#[derive(Debug, Clone, Copy)]
pub struct Introduction<'a> {
    /// Its name, for people.
    pub name: &'a str,
    /// Its platform, for people and icons ("linux", "macos", "windows").
    pub platform: &'a str,
    /// Its first writing identity.
    pub actor: ActorId,
    /// Now, in milliseconds since 1970.
    pub time: u64,
}

/// Founds a vault: its id and its first record.
pub fn found(
    keys: &DeviceKeys,
    who: Introduction<'_>,
    rng: &mut (impl CryptoRng + RngCore),
) -> Result<(VaultId, Vec<u8>), VaultError> {
    let mut nonce = [0u8; 16];
    rng.fill_bytes(&mut nonce);
    let public = keys.public();
    let vault = vault_id(&public, &nonce);
    let body = Genesis {
        nonce: ByteArray::new(nonce),
        device: public.device_id(),
        public,
        name: text(who.name).to_owned(),
        platform: text(who.platform).to_owned(),
        actor: who.actor,
        time: who.time,
    };
    let (record, _) = envelope(vault, "genesis", &body, |m| vec![keys.sign_raw(m)])?;
    Ok((vault, record))
}

/// Lets one device in: the record, and its hash, which the invitation names. `expires` (ms) is
/// compared with the time that the joining device states.
pub fn invite(
    vault: VaultId,
    keys: &DeviceKeys,
    key: &InviteKey,
    expires: Option<u64>,
    time: u64,
) -> Result<(Vec<u8>, Hash), VaultError> {
    invite_knowing(vault, keys, key, expires, time, Vec::new())
}

/// [`invite`], with the joins of the members that are known
/// ([`Membership::joins`](super::Membership::joins)): whoever enters by it cannot say later that these
/// do not count.
pub fn invite_knowing(
    vault: VaultId,
    keys: &DeviceKeys,
    key: &InviteKey,
    expires: Option<u64>,
    time: u64,
    knows: Vec<Hash>,
) -> Result<(Vec<u8>, Hash), VaultError> {
    let public = ByteArray::new(key.public());
    let body = Invite { by: keys.device_id(), public, expires, time, knows };
    envelope(vault, "invite", &body, |m| vec![keys.sign_raw(m)])
}

/// Enters a vault by an invitation.
pub fn join(
    vault: VaultId,
    keys: &DeviceKeys,
    key: &InviteKey,
    invite: Hash,
    who: Introduction<'_>,
) -> Result<Vec<u8>, VaultError> {
    let public = keys.public();
    let body = Join {
        invite,
        device: public.device_id(),
        public,
        name: text(who.name).to_owned(),
        platform: text(who.platform).to_owned(),
        actor: who.actor,
        time: who.time,
    };
    let sign = |m: &[u8]| vec![key.sign_raw(m), keys.sign_raw(m)];
    Ok(envelope(vault, "join", &body, sign)?.0)
}

/// Takes a new writing identity for this device.
pub fn new_actor(
    vault: VaultId,
    keys: &DeviceKeys,
    actor: ActorId,
    time: u64,
) -> Result<Vec<u8>, VaultError> {
    let body = NewActor { device: keys.device_id(), actor, time };
    Ok(envelope(vault, "actor", &body, |m| vec![keys.sign_raw(m)])?.0)
}

/// Gives a device, this one or another, a new name.
pub fn rename(
    vault: VaultId,
    keys: &DeviceKeys,
    device: DeviceId,
    name: &str,
    time: u64,
) -> Result<Vec<u8>, VaultError> {
    let body = Rename { by: keys.device_id(), device, name: text(name).to_owned(), time };
    Ok(envelope(vault, "rename", &body, |m| vec![keys.sign_raw(m)])?.0)
}

/// What a removal is made of.
#[derive(Debug, Clone)]
pub struct Removing {
    /// Who is removed.
    pub device: DeviceId,
    /// What of its logs is accepted; what it writes beyond is set aside.
    pub accepted: VersionVector,
    /// Which of its membership records are accepted:
    /// [`Membership::records_by`](super::Membership::records_by).
    pub records: Vec<Hash>,
    /// The epoch that begins.
    pub epoch: u32,
    /// That epoch's key for everyone who stays.
    pub wrapped: Vec<Wrapped>,
    /// What names that key.
    pub key: Option<[u8; 16]>,
    /// Who else is out, as far as the member knows.
    pub without: Option<Vec<DeviceId>>,
    /// Now, in milliseconds since 1970.
    pub time: u64,
}

/// Removes a device.
pub fn remove(
    vault: VaultId,
    keys: &DeviceKeys,
    removing: Removing,
) -> Result<Vec<u8>, VaultError> {
    let Removing { device, accepted, records, epoch, wrapped, key, without, time } = removing;
    let (by, key) = (keys.device_id(), key.map(ByteArray::new));
    let body = Remove { by, device, accepted, records, epoch, wrapped, time, key, without };
    Ok(envelope(vault, "remove", &body, |m| vec![keys.sign_raw(m)])?.0)
}

/// An epoch's key for devices.
#[derive(Debug, Clone)]
pub struct HandingOver {
    /// The epoch.
    pub epoch: u32,
    /// Its key for each device.
    pub wrapped: Vec<Wrapped>,
    /// What names the key.
    pub key: Option<[u8; 16]>,
    /// Who is out, as far as the member knows.
    pub without: Option<Vec<DeviceId>>,
    /// Now, in milliseconds since 1970.
    pub time: u64,
}

/// Hands an epoch's key to devices that lack it, or begins an epoch.
pub fn hand_over(
    vault: VaultId,
    keys: &DeviceKeys,
    handing: HandingOver,
) -> Result<Vec<u8>, VaultError> {
    let HandingOver { epoch, wrapped, key, without, time } = handing;
    let (by, key) = (keys.device_id(), key.map(ByteArray::new));
    let body = Keys { by, epoch, wrapped, time, key, without };
    Ok(envelope(vault, "keys", &body, |m| vec![keys.sign_raw(m)])?.0)
}

/// Says that more of a removed device's logs counts than its removal lists: what this device had taken in
/// before it heard of it, and identities ([`Membership::actor_records_by`](super::Membership::actor_records_by))
/// under which that was written. Without it, devices that heard of a removal at different times would show
/// different things for ever. With the hash of a join or a removal among `records` it says that this
/// device built on it: that stands even where its maker turns out to be removed by a device that it
/// removed. `time` is now, in milliseconds since 1970.
pub fn accept(
    vault: VaultId,
    keys: &DeviceKeys,
    device: DeviceId,
    accepted: VersionVector,
    records: Vec<Hash>,
    time: u64,
) -> Result<Vec<u8>, VaultError> {
    let body = Accept { by: keys.device_id(), device, accepted, records, time, joined: None };
    Ok(envelope(vault, "accept", &body, |m| vec![keys.sign_raw(m)])?.0)
}

/// Says what this device had taken in of a device that does not count as having entered, and `joined`, the record by
/// which that one joined: see [`accept`], and docs/decisions/0044. This device does not build on its having joined.
pub fn accept_of_nobody(
    vault: VaultId,
    keys: &DeviceKeys,
    (device, joined): (DeviceId, Hash),
    accepted: VersionVector,
    records: Vec<Hash>,
) -> Result<Vec<u8>, VaultError> {
    let (by, joined) = (keys.device_id(), Some(joined));
    let body = Accept { by, device, accepted, records, time: 0, joined };
    Ok(envelope(vault, "accept", &body, |m| vec![keys.sign_raw(m)])?.0)
}

/// Says that keys which records hand out are not held by this device: whoever seals under one of them
/// hands it to this device. `time` is now, in milliseconds since 1970.
pub fn lacks(
    vault: VaultId,
    keys: &DeviceKeys,
    records: Vec<Hash>,
    time: u64,
) -> Result<Vec<u8>, VaultError> {
    let body = Lacks { by: keys.device_id(), records, time };
    Ok(envelope(vault, "lacks", &body, |m| vec![keys.sign_raw(m)])?.0)
}
