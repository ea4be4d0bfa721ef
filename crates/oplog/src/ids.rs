use crate::{OplogError, Space};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// Serialises 16 bytes as a binary string, and as a UUID where the format is for people (JSON).
mod bytes16 {
    use super::{Deserializer, Serializer, Uuid};
    use serde::{Deserialize, Serialize};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8; 16], s: S) -> Result<S::Ok, S::Error> {
        if s.is_human_readable() {
            Uuid::from_bytes(*bytes).serialize(s)
        } else {
            serde_bytes::Bytes::new(bytes).serialize(s)
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<[u8; 16], D::Error> {
        if d.is_human_readable() {
            Ok(*Uuid::deserialize(d)?.as_bytes())
        } else {
            Ok(*serde_bytes::ByteArray::<16>::deserialize(d)?)
        }
    }
}

macro_rules! id16 {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(#[serde(with = "bytes16")] pub [u8; 16]);

        impl $name {
            /// From a UUID.
            pub const fn from_uuid(id: Uuid) -> Self {
                Self(*id.as_bytes())
            }
            /// As a UUID.
            pub const fn uuid(self) -> Uuid {
                Uuid::from_bytes(self.0)
            }
            /// The bytes.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
            /// From a slice of exactly 16 bytes.
            pub fn from_slice(bytes: &[u8]) -> Result<Self, OplogError> {
                bytes
                    .try_into()
                    .map(Self)
                    .map_err(|_| OplogError::Malformed(concat!("bad length of ", stringify!($name)).into()))
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.uuid().fmt(f)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.uuid())
            }
        }
        impl FromStr for $name {
            type Err = OplogError;
            fn from_str(s: &str) -> Result<Self, OplogError> {
                Uuid::parse_str(s)
                    .map(Self::from_uuid)
                    .map_err(|_| OplogError::Malformed(format!("'{s}' is not an id")))
            }
        }
    };
}

id16!(
    /// All data of one person, shared by their devices.
    VaultId
);
id16!(
    /// One installation.
    DeviceId
);
id16!(
    /// A device's current writing identity. A device restored from an old backup, or cloned, gets a new one.
    ActorId
);

/// Marks the names of branches of logs; no device may call itself so.
const BRANCH: [u8; 3] = *b"\xffbr";
/// Marks writing identities that follow from the device that writes under them.
const OWN: [u8; 3] = *b"\xffow";

impl ActorId {
    /// A writing identity of a device: three bytes of chance, and for the rest what follows from the
    /// device's id and these. No other device can say that it is its own ([`Self::is_of`]).
    pub fn own(device: DeviceId, chance: [u8; 3]) -> Self {
        let (mut before, mut after) = ([0; 5], [0; 5]);
        let mut hasher = blake3::Hasher::new_derive_key("holdfast 2026 writing identity");
        let mut follows = hasher.update(&device.0).update(&chance).finalize_xof();
        follows.fill(&mut before);
        follows.fill(&mut after);
        let parts = chance.into_iter().chain(before).chain(OWN).chain(after);
        let mut name = [0; 16];
        for (to, from) in name.iter_mut().zip(parts) {
            *to = from;
        }
        Self(name)
    }

    /// Whether an identity is a device's own, where identities tell: those of before
    /// [`ActorId::own`] do not.
    pub fn is_of(&self, device: DeviceId) -> Option<bool> {
        let [x, y, z, ..] = self.0;
        let marked = self.0.get(8..11) == Some(&OWN[..]);
        marked.then(|| *self == Self::own(device, [x, y, z]))
    }

    /// The name of the branch that begins with a change. It holds `number`, so that whatever is
    /// derived from an actor can stay close to what it was for the author of the log.
    pub fn of_branch(number: u64, first: Hash) -> Self {
        let mut name = [0; 16];
        let parts =
            number.to_be_bytes().into_iter().chain(BRANCH).chain(first.0.into_iter().skip(8));
        for (to, from) in name.iter_mut().zip(parts) {
            *to = from;
        }
        Self(name)
    }

    /// The number in the name of a branch, where it is one.
    pub fn branch_number(&self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk::<8>()?;
        rest.starts_with(&BRANCH).then(|| u64::from_be_bytes(*number))
    }
}

/// A BLAKE3 hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Hash(#[serde(with = "bytes32")] pub [u8; 32]);

mod bytes32 {
    use super::{Deserializer, Serializer};
    use serde::{Deserialize, Serialize};
    pub(super) fn serialize<S: Serializer>(bytes: &[u8; 32], s: S) -> Result<S::Ok, S::Error> {
        serde_bytes::Bytes::new(bytes).serialize(s)
    }
    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<[u8; 32], D::Error> {
        Ok(*serde_bytes::ByteArray::<32>::deserialize(d)?)
    }
}

impl Hash {
    /// The predecessor hash of a log's first change.
    pub const ZERO: Self = Self([0; 32]);

    /// Hashes bytes with BLAKE3.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }
    /// From a slice of exactly 32 bytes.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, OplogError> {
        bytes.try_into().map(Self).map_err(|_| OplogError::Malformed("bad length of hash".into()))
    }
    /// Lower-case hexadecimal.
    pub fn to_hex(self) -> String {
        blake3::Hash::from_bytes(self.0).to_hex().to_string()
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({})", self.to_hex())
    }
}

/// The changes of one actor in one space, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LogId {
    /// How far the log may travel.
    pub space: Space,
    /// Who writes it.
    pub actor: ActorId,
}

/// The place of one change: its log and its number there, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ChangeId {
    /// How far the change may travel.
    pub space: Space,
    /// Who wrote it.
    pub actor: ActorId,
    /// Number in the log, from 1.
    pub seq: u64,
}

impl ChangeId {
    /// The log that the change belongs to.
    pub const fn log(self) -> LogId {
        LogId { space: self.space, actor: self.actor }
    }
}

impl fmt::Display for ChangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.space, self.actor, self.seq)
    }
}

impl FromStr for ChangeId {
    type Err = OplogError;
    fn from_str(s: &str) -> Result<Self, OplogError> {
        let malformed = || OplogError::Malformed(format!("'{s}' is not the id of a change"));
        let mut parts = s.split('/');
        let (Some(space), Some(actor), Some(seq), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(malformed());
        };
        Ok(Self {
            space: space.parse()?,
            actor: actor.parse()?,
            seq: seq.parse().map_err(|_| malformed())?,
        })
    }
}
