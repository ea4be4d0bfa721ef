//! Changes of a log, and batches of them.

use super::keys::DeviceHand;
use super::pack::{Value, bin, bytes, fixed, get, list, map, number, read};
use super::sealing::{Epoch, Id};
use rand::RngCore;

/// A hash in a log's chain.
pub(crate) type Hash = [u8; 32];

/// Who wrote a change, and its number.
pub(crate) type Dot = (Id, u64);

/// Where a change stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Log {
    pub(crate) space: String,
    pub(crate) actor: Id,
}

/// A change that is to be.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) space: String,
    pub(crate) actor: Id,
    pub(crate) seq: u64,
    pub(crate) deps: Vec<Dot>,
    pub(crate) ms: i64,
    pub(crate) schema: u32,
    pub(crate) ops: Vec<Value>,
}

/// A version as changes name it.
pub(crate) fn dot(dot: &Dot) -> Value {
    map([("actor", bin(&dot.0)), ("seq", Value::from(dot.1))])
}

/// A moment of hybrid time.
pub(crate) fn time(ms: i64) -> Value {
    map([("ms", Value::from(ms)), ("counter", Value::from(0))])
}

/// A value that replaces versions.
pub(crate) fn write(value: Value, replaces: &[Dot]) -> Value {
    map([("v", value), ("s", list(replaces.iter().map(dot)))])
}

/// A value that is said to be another's: written first by `origin`.
pub(crate) fn write_as(value: Value, replaces: &[Dot], origin: Dot, ms: i64) -> Value {
    let again = map([("v", value.clone()), ("d", dot(&origin)), ("t", time(ms))]);
    map([("v", value), ("s", list(replaces.iter().map(dot))), ("a", list([again]))])
}

/// An edit of an item: `parts` are the fields `life`, `set`, `text`, … as they are encoded.
pub(crate) fn edit(item: &Id, kind: &str, parts: Vec<(&str, Value)>) -> Value {
    let mut entries = vec![
        (Value::from("op"), Value::from("edit")),
        (Value::from("id"), bin(item)),
        (Value::from("kind"), Value::from(kind)),
    ];
    entries.extend(parts.into_iter().map(|(name, value)| (Value::from(name), value)));
    Value::Map(entries)
}

impl Draft {
    /// The bytes that are chained and signed.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        bytes(&map([
            ("format", Value::from(1)),
            ("space", Value::from(self.space.as_str())),
            ("actor", bin(&self.actor)),
            ("seq", Value::from(self.seq)),
            ("deps", list(self.deps.iter().map(dot))),
            ("time", time(self.ms)),
            ("schema", Value::from(self.schema)),
            ("action", Value::from("task.edit")),
            ("ops", list(self.ops.iter().cloned())),
        ]))
    }
}

/// The hash of a change behind another.
pub(crate) fn chain(previous: &Hash, change: &[u8]) -> Hash {
    let mut hasher = blake3::Hasher::new_derive_key("holdfast 2026 change chain");
    *hasher.update(previous).update(change).finalize().as_bytes()
}

/// What a device signs of a change.
pub(crate) fn signed(vault: Id, log: &Log, seq: u64, hash: &Hash) -> Vec<u8> {
    let space = log.space.as_bytes();
    let parts: [&[u8]; 7] =
        [b"holdfast change v1", &vault, space, &[0], &log.actor, &seq.to_be_bytes(), hash];
    parts.concat()
}

/// Consecutive changes of one log with what vouches for them.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) log: Log,
    pub(crate) first: u64,
    pub(crate) previous: Hash,
    pub(crate) changes: Vec<Vec<u8>>,
    pub(crate) signature: [u8; 64],
}

impl Run {
    /// Signed by a device, whether the log is its own or not.
    pub(crate) fn signed_by(
        device: &DeviceHand,
        vault: Id,
        log: Log,
        first: u64,
        previous: Hash,
        changes: Vec<Vec<u8>>,
    ) -> Self {
        let mut run = Self { log, first, previous, changes, signature: [0; 64] };
        run.signature = device.sign(&signed(vault, &run.log, run.last(), &run.last_hash()));
        run
    }

    pub(crate) fn last(&self) -> u64 {
        self.first.saturating_add(self.changes.len() as u64).saturating_sub(1)
    }

    pub(crate) fn last_hash(&self) -> Hash {
        self.changes.iter().fold(self.previous, |hash, change| chain(&hash, change))
    }

    /// Sealed under an epoch; `branch` says that it leaves the log of another identity.
    pub(crate) fn sealed(
        &self,
        epoch: &Epoch,
        branch: Option<(Id, u64)>,
        rng: &mut dyn RngCore,
    ) -> Vec<u8> {
        let mut header = vec![
            ("format", Value::from(1)),
            ("vault", bin(&epoch.vault)),
            ("space", Value::from(self.log.space.as_str())),
            ("actor", bin(&self.log.actor)),
            ("first", Value::from(self.first)),
            ("last", Value::from(self.last())),
            ("prev_hash", bin(&self.previous)),
            ("last_hash", bin(&self.last_hash())),
            ("epoch", Value::from(epoch.number)),
        ];
        if let Some((author, after)) = branch {
            let of = map([("author", bin(&author)), ("after", Value::from(after))]);
            header.push(("branch", of));
        }
        let header = Value::Map(header.into_iter().map(|(k, v)| (Value::from(k), v)).collect());
        let changes = list(self.changes.iter().map(|change| bin(change)));
        let content = map([("changes", changes), ("signature", bin(&self.signature))]);
        epoch.batch(&bytes(&header), &bytes(&content), rng)
    }

    /// Reads what an honest device sealed.
    pub(crate) fn opened(epoch: &Epoch, batch: &[u8]) -> Option<Self> {
        let (header, content) = epoch.open_batch(batch)?;
        let (header, content) = (read(&header)?, read(&content)?);
        let changes = get(&content, "changes")?.as_array()?;
        Some(Self {
            log: Log {
                space: get(&header, "space")?.as_str()?.to_owned(),
                actor: fixed(&header, "actor")?,
            },
            first: number(&header, "first")?,
            previous: fixed(&header, "prev_hash")?,
            changes: changes.iter().filter_map(|c| c.as_slice().map(<[u8]>::to_vec)).collect(),
            signature: fixed(&content, "signature")?,
        })
    }
}
