use crate::Kind;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// Names a list, task, note, tag, attachment or setting. A UUIDv7 that vouches for the kind
/// ([`EntityId::of_kind`]), or a UUIDv5 where devices must arrive at the same one without asking each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EntityId(pub Uuid);

/// Namespace of every id that is derived from a name.
const NAMES: Uuid = Uuid::from_u128(0x6f1d_3f0a_52c4_5d0f_9a53_7f1b_2f6e_8c11);

/// What the names in links are for: with it the same bytes give another name than for any other use.
const LINKS: &str = "holdfast 2026-11-30 names of items in links";

/// What the last four bytes of an id vouch for a kind with.
const KINDS: &str = "holdfast 2026-11-30 kind of an item in its id";

/// The last four bytes of an id of that kind. One in four thousand million ids of older apps vouches for a
/// kind by chance.
fn vouching(id: &[u8; 16], kind: &str) -> [u8; 4] {
    let mut hasher = blake3::Hasher::new_derive_key(KINDS);
    hasher.update(id.first_chunk::<12>().unwrap_or(&[0; 12])).update(kind.as_bytes());
    let mut found = [0; 4];
    hasher.finalize_xof().fill(&mut found);
    found
}

impl EntityId {
    /// The id that every device derives from a name, such as `policy/title` or `tag/shop`.
    pub fn named(name: &str) -> Self {
        Self(Uuid::new_v5(&NAMES, name.as_bytes()))
    }
    /// A new id of an item of a kind, ordered by time: `ms` since 1970, and random bytes. Its last four bytes
    /// vouch for the kind, so that nobody who learns the id can make something else of the item.
    pub fn of_kind(kind: Kind, ms: u64, random: [u8; 10]) -> Self {
        let mut bytes =
            uuid::Builder::from_unix_timestamp_millis(ms, &random).into_uuid().into_bytes();
        let vouches = vouching(&bytes, kind.as_str());
        if let Some(last) = bytes.last_chunk_mut::<4>() {
            *last = vouches;
        }
        Self(Uuid::from_bytes(bytes))
    }

    /// Whether an edit that names this kind is one of this. It is not where the id vouches for another kind.
    /// An id that vouches for none (of an older app, or derived from a name) is of any.
    pub fn may_be(&self, kind: &str) -> bool {
        if self.0.get_version_num() != 7 {
            return true;
        }
        let vouches = |kind: &str| self.as_bytes().ends_with(&vouching(self.as_bytes(), kind));
        vouches(kind) || !Kind::ALL.iter().any(|other| vouches(other.as_str()))
    }

    /// The name by which links in texts speak of this. It is made of the id by a one-way function: who has
    /// the item finds it by it, and who does not learns neither the id nor when it was made.
    pub fn in_links(&self) -> Self {
        if self.is_link_name() {
            return *self;
        }
        let digest = blake3::derive_key(LINKS, self.as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(digest.first_chunk::<16>().unwrap_or(&[0; 16]));
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
    /// Whether this is such a name, and no id.
    pub fn is_link_name(&self) -> bool {
        self.0.get_version_num() == 8
    }
    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl fmt::Display for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl fmt::Debug for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EntityId({})", self.0)
    }
}
impl FromStr for EntityId {
    type Err = uuid::Error;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        s.parse().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Hlc;
    use crate::change::{Change, Dot, Edit, FORMAT, Op, SCHEMA};
    use crate::entity::Seen;
    use holdfast_oplog::{ActorId, Space};

    #[test]
    fn an_id_vouches_for_the_kind_of_its_item() {
        for (number, kind) in (0_u8..).zip(Kind::ALL) {
            let id = EntityId::of_kind(kind, 1_700_000_000_000, [number; 10]);
            assert_eq!(id.0.get_version_num(), 7);
            assert!(id.may_be(kind.as_str()));
            let others = Kind::ALL.iter().map(|kind| kind.as_str()).chain(["zzz", ""]);
            for other in others.filter(|other| *other != kind.as_str()) {
                assert!(!id.may_be(other), "{kind:?} {other}");
            }
        }
        // Of older apps, and of names: of any kind, as before.
        let older = uuid::Builder::from_unix_timestamp_millis(1_700_000_000_000, &[9; 10]);
        for id in [EntityId(older.into_uuid()), EntityId::named("tag/shop")] {
            assert!(id.may_be("task") && id.may_be("zzz"));
        }
    }

    /// C14: a member calls somebody's note something that nothing shows.
    #[test]
    fn an_edit_that_calls_an_item_something_else_is_no_edit_of_it() {
        let id = EntityId::of_kind(Kind::Note, 1_700_000_000_000, [7; 10]);
        let actor = ActorId([3; 16]);
        let state = crate::EntityState::new(id, "note", Hlc::default(), Dot { actor, seq: 1 });
        let edit = |kind: &str| {
            let mut draft = state.draft();
            draft.set("title", "mine now", &Seen::All);
            Op::Edit(Box::new(Edit { kind: kind.to_owned(), ..draft.finish().unwrap() }))
        };
        let change = |kinds: &[&str]| Change {
            format: FORMAT,
            space: Space::Everywhere,
            actor,
            seq: 4,
            deps: Vec::new(),
            time: Hlc::default(),
            schema: SCHEMA,
            action: String::new(),
            group: None,
            more: false,
            reverts: None,
            ops: kinds.iter().map(|kind| edit(kind)).collect(),
        };
        assert_eq!(change(&["zzz", "task", "tag"]).edits().count(), 0);
        assert_eq!(change(&["note", "zzz"]).edits().count(), 1);
    }
}
