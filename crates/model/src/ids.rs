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

impl EntityId {
    /// The id that every device derives from a name, such as `policy/title` or `tag/shop`.
    pub fn named(name: &str) -> Self {
        Self(Uuid::new_v5(&NAMES, name.as_bytes()))
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
