use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// Names a list, task, note, tag, attachment or setting. A UUIDv7, or a UUIDv5 where devices must
/// arrive at the same one without asking each other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EntityId(pub Uuid);

/// Namespace of every id that is derived from a name.
const NAMES: Uuid = Uuid::from_u128(0x6f1d_3f0a_52c4_5d0f_9a53_7f1b_2f6e_8c11);

/// What the names in links are for: with it the same bytes give another name than for any other use.
const LINKS: &str = "holdfast 2026-11-30 names of items in links";

impl EntityId {
    /// The id that every device derives from a name, such as `policy/title` or `tag/shop`.
    pub fn named(name: &str) -> Self {
        Self(Uuid::new_v5(&NAMES, name.as_bytes()))
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
