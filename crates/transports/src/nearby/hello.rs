//! The first frame on a connection: which versions each side speaks, and what the connection is for.

use super::{NearbyError, limits};
use serde::{Deserialize, Serialize};

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// Two devices that do not know each other's key yet.
    Pair,
    /// Two devices that were paired.
    Sync,
}

/// The versions of the protocol that an app speaks, and its own. Strangers are not told the latter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versions {
    /// The lowest version of the protocol.
    pub lowest: u32,
    /// The highest version of the protocol.
    pub highest: u32,
    /// The app's version, for people.
    pub app: String,
}

impl Default for Versions {
    /// Those of this build.
    fn default() -> Self {
        Self { lowest: 1, highest: 1, app: env!("CARGO_PKG_VERSION").to_owned() }
    }
}

/// The frame.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The lowest version of the protocol that the sender speaks.
    pub lowest: u32,
    /// The highest version of the protocol that the sender speaks.
    pub highest: u32,
    /// To a device of the vault, the sender's version of the app; to a stranger, the protocol's number alone:
    /// what an app's version is known to get wrong is nobody's business. At most [`limits::APP`] printable characters.
    pub app: String,
    /// What the connection is for: as the connecting side says it, and as the other repeats it.
    pub purpose: Purpose,
    /// In an answer: whether the connecting device is known. A stranger may only pair.
    #[serde(default = "yes")]
    pub known: bool,
    /// In an answer: whether the connecting device was of the vault and was removed from it.
    #[serde(default, skip_serializing_if = "is_not")]
    pub removed: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_not(value: &bool) -> bool {
    !*value
}

const fn yes() -> bool {
    true
}

impl Hello {
    /// `trusted` is whether the other side is a device of this vault.
    pub(super) fn new(versions: &Versions, purpose: Purpose, known: bool, trusted: bool) -> Self {
        let Versions { lowest, highest, app } = versions.clone();
        let app = if trusted { app } else { format!("protocol-{highest}") };
        Self { lowest, highest, app, purpose, known, removed: false }
    }

    pub(super) fn encode(&self) -> Result<Vec<u8>, NearbyError> {
        rmp_serde::to_vec_named(self).map_err(|_| NearbyError::BadIdentity)
    }

    /// Reads what a peer sent. Fields that this version does not know are passed over.
    pub fn decode(bytes: &[u8]) -> Result<Self, NearbyError> {
        const WHAT: &str = "its greeting";
        if bytes.len() > limits::HANDSHAKE {
            return Err(NearbyError::TooLarge {
                size: bytes.len() as u64,
                limit: limits::HANDSHAKE,
            });
        }
        let hello: Self = rmp_serde::from_slice(bytes).map_err(|_| NearbyError::Malformed(WHAT))?;
        let readable =
            hello.app.len() <= limits::APP && hello.app.bytes().all(|it| it.is_ascii_graphic());
        if !readable || hello.lowest > hello.highest {
            return Err(NearbyError::Malformed(WHAT));
        }
        Ok(hello)
    }

    /// The highest version that both speak, or who is to update.
    pub(super) fn agree(&self, own: &Versions) -> Result<u32, NearbyError> {
        if self.lowest > own.highest {
            return Err(NearbyError::UpdateThisDevice { app: self.app.clone() });
        }
        if self.highest < own.lowest {
            return Err(NearbyError::UpdateOtherDevice { app: self.app.clone() });
        }
        Ok(self.highest.min(own.highest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn speaks(lowest: u32, highest: u32) -> Versions {
        Versions { lowest, highest, app: "2.1".into() }
    }

    fn hello(lowest: u32, highest: u32) -> Hello {
        Hello::new(&speaks(lowest, highest), Purpose::Sync, true, true)
    }

    #[test]
    fn the_highest_common_version_is_taken_and_else_it_is_said_who_updates() {
        assert_eq!(hello(1, 3).agree(&speaks(2, 5)).unwrap(), 3);
        assert_eq!(hello(2, 5).agree(&speaks(1, 3)).unwrap(), 3);
        let newer = hello(4, 5).agree(&speaks(1, 3)).unwrap_err();
        assert_eq!(newer.code(), "nearby_update_this_device");
        assert!(newer.to_string().contains("2.1"));
        let older = hello(1, 3).agree(&speaks(4, 5)).unwrap_err();
        assert_eq!(older.code(), "nearby_update_other_device");
    }

    #[test]
    fn a_stranger_is_told_the_protocols_number_and_no_version() {
        let versions = speaks(1, 4);
        let told = Hello::new(&versions, Purpose::Pair, true, false);
        assert_eq!((told.app.as_str(), told.highest), ("protocol-4", 4));
        assert_eq!(Hello::decode(&told.encode().unwrap()).unwrap(), told);
        assert_eq!(Hello::new(&versions, Purpose::Sync, true, true).app, "2.1");
    }

    #[test]
    fn what_a_newer_app_says_besides_is_passed_over() {
        let mut fields: BTreeMap<&str, rmpv::Value> = BTreeMap::new();
        for (key, value) in [("lowest", 1), ("highest", 9), ("colour", 3)] {
            fields.insert(key, value.into());
        }
        fields.insert("app", "9.0".into());
        fields.insert("purpose", "pair".into());
        let read = Hello::decode(&rmp_serde::to_vec_named(&fields).unwrap()).unwrap();
        assert_eq!(read, Hello { app: "9.0".into(), purpose: Purpose::Pair, ..hello(1, 9) });
    }

    #[test]
    fn a_hello_that_cannot_be_meant_is_refused() {
        let mut odd = vec![hello(3, 2)];
        odd.push(Hello { app: "x".repeat(limits::APP + 1), ..hello(1, 1) });
        odd.push(Hello { app: "1.0\u{1b}[2J".into(), ..hello(1, 1) });
        for hello in odd {
            let error = Hello::decode(&hello.encode().unwrap()).unwrap_err();
            assert_eq!(error.code(), "nearby_malformed", "{hello:?}");
        }
        let deep = [vec![0x81, 0xa1, b'x'], vec![0x91; limits::HANDSHAKE - 3]].concat();
        assert!(Hello::decode(&deep).is_err());
        assert_eq!(
            Hello::decode(&[0; limits::HANDSHAKE + 1]).unwrap_err().code(),
            "nearby_too_large"
        );
    }
}
