//! A change: one atomic action of a person, all or nothing, and the operations in it.
//!
//! The encoded bytes are what is stored, hashed, signed and passed on; they are never rewritten, so
//! operations, fields and values that this build does not know survive it.

use crate::text::{Transcript, is_beginning, writer_of};
use crate::{EntityId, Hlc, ModelError, Value};
#[cfg(feature = "planted")]
use holdfast_oplog::planted;
use holdfast_oplog::{ActorId, ChangeId, LogId, Space, decode, encode, limits};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;

/// Format number of changes that this build writes.
pub const FORMAT: u32 = 1;
/// Highest schema number that this build may interpret. A change with a higher one is parked.
pub const SCHEMA: u32 = 2;
/// From which schema on a text may begin in its short form.
const SCHEMA_OF_BEGINNINGS: u32 = 2;

/// The lowest schema number that tells what some edits use: the more apps can read a change, the
/// better.
pub fn schema_of(edits: &[Edit]) -> u32 {
    let mut texts = edits.iter().flat_map(|edit| edit.text.values());
    if texts.any(|text| is_beginning(&text.update)) { SCHEMA_OF_BEGINNINGS } else { 1 }
}

/// Names a change within one space: who wrote it and its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Dot {
    /// Who wrote it.
    pub actor: ActorId,
    /// Number in the actor's log of the space, from 1.
    pub seq: u64,
}

impl Dot {
    /// The change in a given space.
    pub const fn in_space(self, space: Space) -> ChangeId {
        ChangeId { space, actor: self.actor, seq: self.seq }
    }
}

impl fmt::Display for Dot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.actor, self.seq)
    }
}

/// A change that another depends on. Number and actor name one change as long as each number of a log
/// was used once; the hash names it even where a device's data was used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Dep {
    /// Who wrote it.
    pub actor: ActorId,
    /// Number in the actor's log of the space, from 1.
    pub seq: u64,
    /// The first bytes of its hash; the first apps did not write them.
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<ShortHash>,
}

/// The first eight bytes of a change's hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ShortHash(#[serde(with = "serde_bytes")] pub [u8; 8]);

impl ShortHash {
    /// Of a hash.
    pub fn of(hash: holdfast_oplog::Hash) -> Self {
        let mut short = [0; 8];
        for (to, from) in short.iter_mut().zip(hash.0) {
            *to = from;
        }
        Self(short)
    }
}

/// A value written into a field, and the versions that the person saw and replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Write {
    /// The value.
    #[serde(rename = "v", default)]
    pub value: Value,
    /// What it replaces: exactly what was seen, not what has arrived meanwhile.
    #[serde(rename = "s", default, skip_serializing_if = "Vec::is_empty")]
    pub supersedes: Vec<Dot>,
    /// Where a decision is taken back: the versions that stand beside each other again, instead of
    /// `value`.
    #[serde(rename = "a", default, skip_serializing_if = "Vec::is_empty")]
    pub again: Vec<Again>,
}

impl Write {
    /// Writes one value.
    pub fn new(value: impl Into<Value>, supersedes: Vec<Dot>) -> Self {
        #[cfg(feature = "planted")]
        if planted::is(planted::Bug::DropSupersedes) {
            return Self { value: value.into(), supersedes: Vec::new(), again: Vec::new() };
        }
        Self { value: value.into(), supersedes, again: Vec::new() }
    }
}

/// A version that stands again after a decision was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Again {
    /// The value.
    #[serde(rename = "v", default)]
    pub value: Value,
    /// The change that wrote it first.
    #[serde(rename = "d")]
    pub origin: Dot,
    /// When that was.
    #[serde(rename = "t")]
    pub time: Hlc,
}

/// An element taken out of a set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// The element.
    #[serde(rename = "v")]
    pub value: Value,
    /// The additions that were seen.
    #[serde(rename = "s", default)]
    pub seen: Vec<Dot>,
}

/// An edit of a text field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextEdit {
    /// The sequence CRDT's own update.
    #[serde(rename = "u", with = "serde_bytes")]
    pub update: Vec<u8>,
    /// Where the text is written anew in another space: from what its writer is worked out.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub copied: Option<Transcript>,
}

impl TextEdit {
    /// Under which writer id the edit stands in the text of an entity in a space; `author` is who wrote
    /// the change.
    pub fn writer(&self, entity: EntityId, space: Space, author: ActorId) -> u64 {
        match &self.copied {
            Some(copied) => copied.writer(entity.as_bytes(), space.as_str()),
            None => writer_of(&author.0),
        }
    }
}

/// What an entity keeps of its past when it is written anew in another space.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// When it was made.
    #[serde(rename = "m")]
    pub created: Hlc,
    /// When its content was last edited.
    #[serde(rename = "e")]
    pub edited: Hlc,
    /// Where it came from, where the way became narrower: so that it can be moved back although
    /// nothing there tells of it.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Space>,
    /// What fields held before that were changed on the way.
    #[serde(rename = "b", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub before: BTreeMap<String, Value>,
}

/// Everything that one change does to one entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// The entity.
    #[serde(rename = "id")]
    pub entity: EntityId,
    /// What it is: `task`, `note`, `list`, … ; a kind of a newer app is kept as it is.
    pub kind: String,
    /// Whether it lives. Every edit of content writes it, so that a concurrent deletion meets a
    /// concurrent edit in one register: see [`crate::entity`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub life: Option<Write>,
    /// Fields with one value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, Write>,
    /// Elements put into sets.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub add: BTreeMap<String, Vec<Value>>,
    /// Elements taken out of sets.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub remove: BTreeMap<String, Vec<Removal>>,
    /// Edits of texts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub text: BTreeMap<String, TextEdit>,
    /// Where the entity is written anew in another space: its times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<Kept>,
    /// Where an edit of this entity is taken back: the change that made it. What this edit writes then
    /// stands for what that one replaced, so that a device knows its own undo and redo again.
    #[serde(rename = "back", default, skip_serializing_if = "Option::is_none")]
    pub takes_back: Option<Dot>,
}

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub enum Op {
    /// Edits an entity.
    Edit(Box<Edit>),
    /// Something that a newer app does. Kept and passed on; takes effect after an upgrade.
    Unknown(rmpv::Value),
}

/// One atomic action of a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// [`FORMAT`].
    pub format: u32,
    /// How far it may travel.
    pub space: Space,
    /// Who wrote it.
    pub actor: ActorId,
    /// Number in the log, from 1.
    pub seq: u64,
    /// The heads of the other logs of this space that the writer had applied. Its own previous change
    /// is implied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deps: Vec<Dep>,
    /// When, by the writer's hybrid clock.
    pub time: Hlc,
    /// The schema that its operations follow.
    pub schema: u32,
    /// What the person did, as a short code such as `task.add`; for undo and history.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub action: String,
    /// Changes of one action that did not fit into one change share a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<u64>,
    /// Whether the next change of this log goes on with the same text: the two take effect together.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
    /// The change that this one undoes or does again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reverts: Option<Dot>,
    /// What it does.
    pub ops: Vec<Op>,
}

impl Change {
    /// The log it belongs to.
    pub const fn log(&self) -> LogId {
        LogId { space: self.space, actor: self.actor }
    }
    /// Its place.
    pub const fn id(&self) -> ChangeId {
        ChangeId { space: self.space, actor: self.actor, seq: self.seq }
    }
    /// Its name within the space.
    pub const fn dot(&self) -> Dot {
        Dot { actor: self.actor, seq: self.seq }
    }
    /// Up to where the logs of others must be applied before it, beyond what it says itself: it replaces, or
    /// takes out, what they wrote. Who writes with an app that keeps to the rules has said so before. Without
    /// what it replaces it would take effect in one order and not in the other.
    pub fn replaces(&self) -> BTreeMap<ActorId, u64> {
        let mut seen: BTreeMap<ActorId, u64> = BTreeMap::new();
        let writes = |edit: &Edit| -> Vec<Dot> {
            let written = edit.life.iter().chain(edit.set.values());
            let taken = edit.remove.values().flatten().flat_map(|removal| &removal.seen);
            written.flat_map(|write| &write.supersedes).chain(taken).copied().collect()
        };
        for dot in self.edits().flat_map(writes).filter(|dot| dot.actor != self.actor) {
            let is_said = |dep: &Dep| dep.actor == dot.actor && dep.seq >= dot.seq;
            if !self.deps.iter().any(is_said) {
                let most = seen.entry(dot.actor).or_insert(dot.seq);
                *most = dot.seq.max(*most);
            }
        }
        seen
    }
    /// The edits that this build understands.
    ///
    /// One that calls an item something else than its id vouches for is none: whoever writes it cannot make
    /// a note of somebody's task, or something that no list shows.
    pub fn edits(&self) -> impl Iterator<Item = &Edit> {
        self.ops.iter().filter_map(|op| match op {
            Op::Edit(edit) if edit.entity.may_be(&edit.kind) => Some(edit.as_ref()),
            Op::Edit(_) | Op::Unknown(_) => None,
        })
    }
    /// Whether this build must not interpret it.
    pub const fn is_too_new(&self) -> bool {
        self.format > FORMAT || self.schema > SCHEMA
    }

    /// The bytes that are stored, hashed and signed.
    pub fn encode(&self) -> Result<Vec<u8>, ModelError> {
        let bytes = encode(self)?;
        if bytes.len() > limits::CHANGE {
            return Err(ModelError::ChangeTooLarge { size: bytes.len(), limit: limits::CHANGE });
        }
        Ok(bytes)
    }

    /// Reads a change from outside and checks that it is the one at `place`.
    pub fn decode(bytes: &[u8], place: ChangeId) -> Result<Self, ModelError> {
        Self::decode_within(bytes, place, limits::CHANGE)
    }

    /// Reads a change that this device keeps for itself: told in other names it may have grown.
    pub fn decode_kept(bytes: &[u8], place: ChangeId) -> Result<Self, ModelError> {
        Self::decode_within(bytes, place, limits::CHANGE.saturating_mul(16))
    }

    fn decode_within(bytes: &[u8], place: ChangeId, limit: usize) -> Result<Self, ModelError> {
        let change: Self = decode(bytes, limit, "change")?;
        if change.id() != place {
            return Err(ModelError::Misplaced {
                claimed: change.id().to_string(),
                found: place.to_string(),
            });
        }
        Ok(change)
    }
}

/// What a newer app's change still tells when its operations cannot be read: enough to park it.
#[derive(Debug, Clone, Deserialize)]
pub struct Envelope {
    /// Format of the change.
    pub format: u32,
    /// Schema of its operations.
    pub schema: u32,
}

impl Envelope {
    /// Reads only the envelope.
    pub fn decode(bytes: &[u8]) -> Result<Self, ModelError> {
        Ok(decode(bytes, limits::CHANGE, "change")?)
    }
}

impl Serialize for Op {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Tagged<'a> {
            op: &'static str,
            #[serde(flatten)]
            edit: &'a Edit,
        }
        match self {
            Self::Edit(edit) => Tagged { op: "edit", edit }.serialize(s),
            Self::Unknown(value) => value.serialize(s),
        }
    }
}

impl<'de> Deserialize<'de> for Op {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_map(OpVisitor)
    }
}

struct OpVisitor;

impl<'de> Visitor<'de> for OpVisitor {
    type Value = Op;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an operation")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Op, A::Error> {
        // Every writer puts `op` first; anything else is an operation of another kind.
        let Some((key, name)) = map.next_entry::<String, rmpv::Value>()? else {
            return Ok(Op::Unknown(rmpv::Value::Map(Vec::new())));
        };
        if key == "op" && name.as_str() == Some("edit") {
            let edit = Edit::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
            return Ok(Op::Edit(Box::new(edit)));
        }
        let mut entries = vec![(rmpv::Value::from(key), name)];
        while let Some(entry) = map.next_entry::<rmpv::Value, rmpv::Value>()? {
            entries.push(entry);
        }
        Ok(Op::Unknown(rmpv::Value::Map(entries)))
    }
}

#[cfg(test)]
#[path = "change_tests.rs"]
mod tests;
