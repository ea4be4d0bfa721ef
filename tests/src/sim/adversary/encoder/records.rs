//! Membership records.

use super::keys::{DeviceHand, Public};
use super::pack::{Value, bin, bytes, get, list, map, read};
use super::sealing::Id;
use ed25519_dalek::{Signer, SigningKey};

/// The hash of what is signed, which names a record.
pub(crate) type Name = [u8; 32];

/// A record as it travels.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) name: Name,
    pub(crate) bytes: Vec<u8>,
}

/// What is signed.
fn signed(vault: Id, kind: &str, body: &[u8]) -> Vec<u8> {
    let length = (kind.len() as u64).to_be_bytes();
    let parts = [b"holdfast membership v1\0".as_slice(), &vault, &length, kind.as_bytes(), body];
    parts.concat()
}

/// A record of any kind with any body, signed by any keys.
pub(crate) fn record(vault: Id, kind: &str, body: &[u8], signers: &[&SigningKey]) -> Record {
    let signed = signed(vault, kind, body);
    let signatures = signers.iter().map(|key| bin(&key.sign(&signed).to_bytes()));
    let envelope = map([
        ("vault", bin(&vault)),
        ("kind", Value::from(kind)),
        ("body", bin(body)),
        ("signatures", list(signatures)),
    ]);
    Record { name: *blake3::hash(&signed).as_bytes(), bytes: bytes(&envelope) }
}

/// What a record says: its name, its kind and its body.
pub(crate) fn read_record(vault: Id, record: &[u8]) -> Option<(Name, String, Value)> {
    let envelope = read(record)?;
    let kind = get(&envelope, "kind")?.as_str()?.to_owned();
    let body = get(&envelope, "body")?.as_slice()?;
    let name = *blake3::hash(&signed(vault, &kind, body)).as_bytes();
    Some((name, kind, read(body)?))
}

/// What a device says of itself when it enters.
#[derive(Debug, Clone)]
pub(crate) struct Entering<'a> {
    pub(crate) name: &'a str,
    pub(crate) actor: Id,
    pub(crate) time: u64,
}

/// Lets a device in that has the secret of `invited`.
pub(crate) fn invite(vault: Id, by: &DeviceHand, invited: &SigningKey, time: u64) -> Record {
    let body = map([
        ("by", bin(&by.id())),
        ("public", bin(&invited.verifying_key().to_bytes())),
        ("expires", Value::Nil),
        ("time", Value::from(time)),
    ]);
    record(vault, "invite", &bytes(&body), &[by.signing()])
}

/// Enters by an invitation.
pub(crate) fn join(
    vault: Id,
    device: &DeviceHand,
    invited: &SigningKey,
    invite: Name,
    who: &Entering<'_>,
) -> Record {
    let body = map([
        ("invite", bin(&invite)),
        ("device", bin(&device.id())),
        ("public", device.public().value()),
        ("name", Value::from(who.name)),
        ("platform", Value::from("linux")),
        ("actor", bin(&who.actor)),
        ("time", Value::from(who.time)),
    ]);
    record(vault, "join", &bytes(&body), &[invited, device.signing()])
}

/// Takes an identity, the device's own or another's.
pub(crate) fn actor(vault: Id, device: &DeviceHand, actor: Id, time: u64) -> Record {
    let device_id = bin(&device.id());
    let body = map([("device", device_id), ("actor", bin(&actor)), ("time", Value::from(time))]);
    record(vault, "actor", &bytes(&body), &[device.signing()])
}

/// Gives a device another name.
pub(crate) fn rename(vault: Id, by: &DeviceHand, device: Id, name: &str, time: u64) -> Record {
    let body = map([
        ("by", bin(&by.id())),
        ("device", bin(&device)),
        ("name", Value::from(name)),
        ("time", Value::from(time)),
    ]);
    record(vault, "rename", &bytes(&body), &[by.signing()])
}

/// What a removal, or the handing over of keys, is made of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keyed {
    /// By whom the vault's new key can be opened, and with what.
    pub(crate) wrapped: Vec<(Id, Vec<u8>)>,
    pub(crate) epoch: u32,
    pub(crate) time: u64,
}

impl Keyed {
    fn wrapped(&self) -> Value {
        let one = |(device, key): &(Id, Vec<u8>)| map([("device", bin(device)), ("key", bin(key))]);
        list(self.wrapped.iter().map(one))
    }
}

/// A version vector: space, identity, number.
pub(crate) type Vector = Vec<(String, Id, u64)>;

/// A version vector as it is written.
pub(crate) fn vector(logs: &Vector) -> Value {
    let one = |(space, actor, seq): &(String, Id, u64)| {
        list([Value::from(space.as_str()), bin(actor), Value::from(*seq)])
    };
    list(logs.iter().map(one))
}

/// Removes a device; `kept` is what of its records counts.
pub(crate) fn remove(
    vault: Id,
    by: &DeviceHand,
    device: Id,
    accepted: &Vector,
    kept: &[Name],
    keyed: &Keyed,
) -> Record {
    let body = map([
        ("by", bin(&by.id())),
        ("device", bin(&device)),
        ("accepted", vector(accepted)),
        ("records", list(kept.iter().map(|name| bin(name)))),
        ("epoch", Value::from(keyed.epoch)),
        ("wrapped", keyed.wrapped()),
        ("time", Value::from(keyed.time)),
    ]);
    record(vault, "remove", &bytes(&body), &[by.signing()])
}

/// Says that more of a removed device counts.
pub(crate) fn accept(
    vault: Id,
    by: &DeviceHand,
    device: Id,
    accepted: &Vector,
    kept: &[Name],
    time: u64,
) -> Record {
    let body = map([
        ("by", bin(&by.id())),
        ("device", bin(&device)),
        ("accepted", vector(accepted)),
        ("records", list(kept.iter().map(|name| bin(name)))),
        ("time", Value::from(time)),
    ]);
    record(vault, "accept", &bytes(&body), &[by.signing()])
}

/// Hands out the key of an epoch.
pub(crate) fn keys(vault: Id, by: &DeviceHand, keyed: &Keyed) -> Record {
    let body = map([
        ("by", bin(&by.id())),
        ("epoch", Value::from(keyed.epoch)),
        ("wrapped", keyed.wrapped()),
        ("time", Value::from(keyed.time)),
    ]);
    record(vault, "keys", &bytes(&body), &[by.signing()])
}

/// A list of records, before it is sealed.
pub(crate) fn packed<'r>(records: impl IntoIterator<Item = &'r [u8]>) -> Vec<u8> {
    bytes(&list(records.into_iter().map(bin)))
}

/// The records in a list.
pub(crate) fn unpacked(bytes: &[u8]) -> Vec<Vec<u8>> {
    let list = read(bytes);
    let records = list.as_ref().and_then(Value::as_array).into_iter().flatten();
    records.filter_map(|record| record.as_slice().map(<[u8]>::to_vec)).collect()
}

/// The public keys in a record.
pub(crate) fn public(body: &Value) -> Option<Public> {
    let public = get(body, "public")?;
    Some(Public {
        sign: super::pack::fixed(public, "sign")?,
        agree: super::pack::fixed(public, "agree")?,
    })
}
